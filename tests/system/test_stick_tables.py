# SPDX-License-Identifier: Apache-2.0
"""Stick tables in a process: reloads keep them, entries expire by themselves, a full table says so,
dumps of any length go on beside the traffic."""
import os
import re
import threading

import pytest

import gate
import peers

pytestmark = [pytest.mark.gatehouse("HAProxy starts another process to reload"), pytest.mark.threads]

TEXT = """
global
    stats socket @sock@ level admin
    nbthread 2
    log stdout format raw local0

defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

frontend fe
    bind 127.0.0.1:@fe@
    http-request return status 200 hdr n "%[req.hdr(k),table_gpc0(keys)]" hdr used "%[table_cnt(keys)]"

backend keys
    stick-table type string len 8 size 2 store gpc0
"""

TABLE = "stick-table type string len 8 size 2 store gpc0"


@pytest.fixture
def start(gateway, tmp_path):
    path = str(tmp_path / "api.sock")

    def begin(table=TABLE):
        g = gateway(TEXT.replace(TABLE, table), sock=path)
        gate.wait_until(lambda: os.path.exists(path), what="the socket")

        g.ask = lambda line: peers.api(path, line)
        g.with_table = lambda text: g.reload(TEXT.replace(TABLE, text))
        return g

    return begin


def generation(g, n):
    """Waits until that configuration is in use."""
    g.wait_output(rf"generation {n}\b")


def told(client, key):
    """What the gateway tells of it: its gpc0, and how many entries there are."""
    answer = client.get(fields=f"k: {key}\r\n")
    return answer.get(b"n").decode(), answer.get(b"used").decode()


def keys(answer):
    return re.findall(r"key=(\S+)", answer)


def test_a_reload_keeps_the_entries(start, connect):
    g = start()
    client = connect(g.port["fe"])
    assert g.ask("set table keys key a data.gpc0 5") == "\n"
    where = re.search(r"0x\w+", g.ask("show table keys"))[0]
    g.with_table(TABLE.replace("size 2", "size 3 expire 1h"))
    generation(g, 2)
    shown = g.ask("show table keys")
    assert "size:3, used:1\n" in shown and where in shown and "gpc0=5" in shown
    assert re.search(r"exp=3[56]\d+", shown)
    gate.wait_until(lambda: told(client, "a") == ("5", "1"), what="the count")


def test_another_layout_starts_empty_with_a_warning(start):
    g = start()
    g.ask("set table keys key a data.gpc0 5")
    for n, other in enumerate(
        [TABLE + ",gpt0", TABLE.replace("len 8", "len 9"), "stick-table type ip size 2 store gpc0"], 2
    ):
        mark = len(g.output())
        g.with_table(other)
        g.wait_output(r"warning: stick-table 'keys' .* starts empty", start=mark)
        generation(g, n)
        assert "used:0\n" in g.ask("show table keys")
        g.ask("set table keys key 1.2.3.4")
        assert "used:1\n" in g.ask("show table keys")


def test_a_refused_configuration_leaves_the_table_alone(start):
    g = start()
    g.ask("set table keys key a data.gpc0 5")
    mark = len(g.output())
    g.with_table(TABLE + ",gpt0\n    nonsense")
    g.wait_output("not reloaded", start=mark)
    assert "gpc0=5" in g.ask("show table keys") and "gpt0" not in g.ask("show table keys")


def test_a_table_that_vanished_and_came_back_is_empty(start):
    g = start()
    g.ask("set table keys key a")
    g.reload(TEXT.replace(TABLE, "").replace("%[req.hdr(k),table_gpc0(keys)]", "x").replace("%[table_cnt(keys)]", "x"))
    generation(g, 2)
    assert g.ask("show table keys") == "No such table\n\n"
    assert g.ask("show table") == "\n"
    g.with_table(TABLE)
    generation(g, 3)
    gate.wait_until(lambda: "used:0\n" in g.ask("show table keys"), what="an empty table")


def test_entries_expire(start, connect):
    g = start(TABLE + " expire 1s")
    client = connect(g.port["fe"])
    g.ask("set table keys key a data.gpc0 5")
    assert told(client, "a") == ("5", "1")
    gate.wait_until(lambda: "used:0\n" in g.ask("show table"), what="expiry")
    assert told(client, "a") == ("0", "0")


def test_a_full_table_says_so(start):
    g = start()
    for key in "abcd":
        g.ask(f"set table keys key {key}")
    assert keys(g.ask("show table keys")) == ["c", "d"]
    g.wait_output(r"stick-table keys is full \(2 entries\): 2 old ones were given up")


def test_a_full_table_with_nopurge_refuses(start):
    g = start(TABLE + " nopurge")
    for key in "ab":
        assert g.ask(f"set table keys key {key}") == "\n"
    assert g.ask("set table keys key c") == "Unable to allocate a new entry\n\n"
    assert keys(g.ask("show table keys")) == ["a", "b"]
    g.wait_output(r"stick-table keys is full \(2 entries\): 1 new ones were refused")


@pytest.mark.parametrize("n", [3000, 70000])
def test_a_long_dump_shows_all(start, connect, n):
    g = start(TABLE.replace("size 2", "size 100k"))
    for at in range(0, n, 500):
        g.ask(";".join(f"set table keys key {i:06d}" for i in range(at, min(at + 500, n))))
    client = connect(g.port["fe"])
    seen = []
    dump = threading.Thread(target=lambda: seen.append(g.ask("show table keys")))
    dump.start()
    while dump.is_alive():
        assert told(client, "000001") == ("0", str(n))
    dump.join()
    found = keys(seen[0])
    assert len(found) == n and sorted(found) == [f"{i:06d}" for i in range(n)]
    if n < 65536:
        assert found == sorted(found)
    assert g.ask("clear table keys data.gpc0 eq 0") == "\n"
    assert "used:0\n" in g.ask("show table keys")


@pytest.mark.skipif(gate.BUILD != "release", reason="sanitizers have memory of their own")
def test_bytes_of_an_entry(start):
    """HAProxy 2.6 takes 208 for a string of 32 bytes and a counter."""
    n = 100000
    g = start("stick-table type string len 32 size 1m store gpc0")
    g.ask("show table")
    before = gate.rss(g.pid)
    for at in range(0, n, 200):
        g.ask(";".join(f"set table keys key api-key-{i:024d}" for i in range(at, at + 200)))
    assert f"used:{n}\n" in g.ask("show table")
    assert (gate.rss(g.pid) - before) / n < 100
