# SPDX-License-Identifier: Apache-2.0
"""How many user instructions a request executes. Counts, unlike times, may be asserted."""
import os
import sys

import pytest

import gate

sys.path.append(os.path.join(gate.ROOT, "bench", "lib"))

import callgrind  # noqa: E402
import sets  # noqa: E402

WARM, REQUESTS = 20, 100  # for each of what is found and what is not
MOST = 1.10  # what ten thousand patterns may cost more than ten

pytestmark = [
    pytest.mark.serial,
    pytest.mark.skipif(callgrind.missing() is not None, reason=f"there is no {callgrind.missing()}"),
]


def ask_for(client, key, number):
    assert client.get(fields=f"{sets.FIELD}: {sets.numbered(key, number)}\r\n").status == 200


def ask(client, kind, times):
    """So many requests for what is in the set, and for what is not."""
    for i in range(times):
        ask_for(client, kind.hit, i % 10)
        ask_for(client, kind.miss, i % 10)


def found_by(server, kind, form, client):
    """The server sees what the rule found, so that what is counted is the right thing."""
    seen = []
    for key in (kind.hit, kind.miss):
        ask_for(client, key, 3)
        seen.append(server.requests[-1].get(b"x-found"))
    assert seen == ([b"yes", None] if form == "acl" else [b"found", b"none"])


def counts(folder, size, gateway, serve, connect):
    """{(kind, form): instructions a request}"""
    os.makedirs(folder)
    sets.write_files(folder, size)
    tool = callgrind.Callgrind(str(folder))
    server = serve()
    text = sets.configuration(str(folder), "@{}@".format, f"127.0.0.1:{server.port}")
    g = gateway(text, wrap=tool.wrap)
    tool.begin(g.process.pid)
    found = {}
    for name, kind in sets.KINDS.items():
        for form in sets.FORMS:
            client = connect(g.port[f"{name}_{form}"])
            found_by(server, kind, form, client)
            ask(client, kind, WARM)
            n, _ = tool.count(lambda c=client, k=kind: ask(c, k, REQUESTS))
            found[name, form] = n / (2 * REQUESTS)
            client.close()
    return found


@pytest.mark.gatehouse("it tries suffixes and domains one by one")
def test_ten_thousand_patterns_cost_what_ten_do(tmp_path, gateway, serve, connect):
    few = counts(tmp_path / "few", sets.FEW, gateway, serve, connect)
    many = counts(tmp_path / "many", sets.MANY, gateway, serve, connect)
    for case in few:
        print(f"{case[0]} {case[1]}: {few[case]:.0f} with ten, {many[case]:.0f} with ten thousand, "
              f"{many[case] / few[case]:.3f}")
    assert not {case: many[case] / few[case] for case in few if many[case] > MOST * few[case]}
