# SPDX-License-Identifier: Apache-2.0
"""Every configuration in examples/ is valid; rules.cfg and own.cfg do what their comments say."""
import glob
import os
import subprocess

import pytest

import gate

pytestmark = pytest.mark.gatehouse("the examples use what is ours too")

FOLDER = os.path.join(gate.ROOT, "examples")
FILES = sorted(glob.glob(os.path.join(FOLDER, "**", "*.cfg"), recursive=True))


@pytest.mark.parametrize("path", FILES, ids=lambda p: os.path.relpath(p, FOLDER))
def test_is_valid(path, tmp_path):
    if path.endswith("square-service.cfg"):  # that name is known only where the containers run
        here = tmp_path / "here.cfg"
        with open(path, encoding="utf-8") as f:
            here.write_text(f.read().replace("square-service:", "127.0.0.1:"), encoding="utf-8")
        path = str(here)
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


# ---- own.cfg ----


@pytest.fixture
def own(gateway, serve, connect):
    """Asks own.cfg: (answer, what its server got or None); with .log(), what stands in its log."""
    server = serve()
    with open(os.path.join(FOLDER, "own.cfg"), encoding="utf-8") as f:
        text = f.read()
    text = text.replace("127.0.0.1:5000", "127.0.0.1:@web@").replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    g = gateway(text.replace("127.0.0.1:8405", "127.0.0.1:@metrics@"))

    def ask(path, *fields, body=b""):
        before = server.count()
        lines = "".join(f + "\r\n" for f in fields)
        c = connect(g.port["web"])
        c.send(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body)
        answer = c.read_answer()
        return answer, server.requests[-1] if server.count() > before else None

    ask.gateway = g
    return ask


def test_own_metrics(own, connect):
    assert own("/admin", "X-Forwarded-For: 198.51.100.7")[0].status == 403
    assert own("/")[0].status == 200
    text = connect(own.gateway.port["metrics"]).get("/metrics").body.decode()
    assert '\ngatehouse_rule_ended_total{proxy="web",ruleset="http-request",rule="not-for-you"} 1\n' in text
    assert '\ngatehouse_server_response_time_seconds_count{proxy="services",server="s1"} 1\n' in text


def test_own_rules_have_names(own):
    assert own("/admin", "X-Forwarded-For: 198.51.100.7")[0].status == 403
    assert own("/admin", "X-Forwarded-For: 10.1.2.3, 127.0.0.1")[0].status == 200
    answer, got = own("/v1/x")
    assert answer.status == 200 and got.target == b"/v1/x"
    own.gateway.stop()
    log = own.gateway.output()
    assert '198.51.100.7 403 "POST /admin HTTP/1.1" rule not-for-you' in log
    assert "rule too-old reports: deny POST /v1/x" in log
    assert '"POST /v1/x HTTP/1.1" rule -' in log


def test_own_limits(own):
    assert own("/", body=b"x" * 32768)[0].status == 200
    assert own("/", body=b"x" * 32769)[0].status == 413
