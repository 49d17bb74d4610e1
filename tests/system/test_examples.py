# SPDX-License-Identifier: Apache-2.0
"""Every configuration in examples/ is valid, and rules.cfg does what its comments say."""
import glob
import os
import subprocess

import pytest

import gate

pytestmark = pytest.mark.gatehouse("the examples use what is ours too")

FOLDER = os.path.join(gate.ROOT, "examples")
FILES = sorted(glob.glob(os.path.join(FOLDER, "**", "*.cfg"), recursive=True))


@pytest.mark.parametrize("path", FILES, ids=lambda p: os.path.relpath(p, FOLDER))
def test_is_valid(path):
    done = subprocess.run([gate.BINARY, "-c", "-f", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def web(gateway, serve, connect):
    """Asks rules.cfg: (status, fields, body), and what its server got (or None)."""
    server = serve()
    with open(os.path.join(FOLDER, "rules.cfg"), encoding="utf-8") as f:
        text = f.read()
    text = text.replace("127.0.0.1:5000", "127.0.0.1:@web@").replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    g = gateway(text.replace("timeout tarpit  3s", "timeout tarpit  50ms"))

    def ask(path, *fields, host="shop.example"):
        before = server.count()
        lines = "".join(f + "\r\n" for f in fields)
        c = connect(g.port["web"])
        c.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode())
        answer = c.read_answer()
        got = server.requests[-1] if server.count() > before else None
        return answer, got

    return ask


def test_services_are_told(web):
    answer, got = web("/Cart//A?Q=1", "X-Internal-User: me", "User-Agent: Mobile/1")
    assert answer.status == 200 and got.target == b"/cart/a?Q=1"
    assert got.get(b"x-internal-user") is None and got.get(b"x-device") == b"mobile"
    assert got.get(b"x-forwarded-for") == b"127.0.0.1" and got.get(b"x-request-id").startswith(b"7F000001-")
    assert answer.get(b"x-took-s") == b"0" and answer.get(b"strict-transport-security")


def test_a_key_is_wanted(web):
    answer, got = web("/v1/orders", host="api.example:80")
    assert (answer.status, answer.body, got) == (403, b'{"error":"api-key is missing"}', None)
    answer, got = web("/v1/orders", "api-key: k", host="api.example")
    assert answer.status == 200 and got.target == b"/orders"


def test_answers_of_its_own(web):
    assert web("/alive")[0].status == 200
    assert web("/x.php")[0].status == 404
    assert web("/", host="nobody")[0].body == b"There is no such site.\n"
    answer, got = web("/whoami", "User-Agent: curl/8")
    assert answer.body == b"example: 127.0.0.1 from curl\n" and got is None
