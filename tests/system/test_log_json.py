# SPDX-License-Identifier: Apache-2.0
"""option jsonlog: a JSON object a line, whatever clients send; what it tells of rules; no secrets;
and W3C trace context."""
import json
import random
import re
import subprocess

import pytest

import gate
import peers

CONF = """
global
    nbthread 1
    @more@
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:@fe@
    log stdout format raw @length@ local0
@rules@
    default_backend be
backend be
    server s1 127.0.0.1:@server@
"""


def conf(rules, length=""):
    lines = "\n".join("    " + line for line in rules.strip().split("\n"))
    return CONF.replace("@rules@", lines).replace("@length@", length).replace("@more@", "")


def lines(g, n):
    """The first n lines that were logged, as objects."""
    def found():
        with open(g.output_path, "rb") as f:
            return [line for line in f.read().split(b"\n")[:-1] if line.startswith(b"{")]
    gate.wait_until(lambda: len(found()) >= n, 10, f"{n} lines")
    return [json.loads(line) for line in found()]


def raw(connect, port, data):
    c = connect(port)
    c.send(data)
    try:
        c.read_answer()
    except peers.Closed:
        pass
    c.close()


def test_members(gateway, serve, connect):
    g = gateway(conf("""
option jsonlog
unique-id-format id-%cp
http-request deny deny_status 429 name too-many if { path /denied }
http-request deny report name would if { path /reported }
"""), server=serve().port)
    c = connect(g.port["fe"])
    port = c.sock.getsockname()[1]
    assert c.get("/one?a=b", "User-Agent: me\r\n").status == 200
    assert c.get("/reported").status == 200
    assert c.get("/denied").status == 429
    one, reported, denied = lines(g, 3)
    expected = {
        "frontend": "fe", "backend": "be", "server": "s1", "client": "127.0.0.1", "client_port": port,
        "method": "GET", "target": "/one?a=b", "version": "HTTP/1.1", "user_agent": "me",
        "status": 200, "termination": "--", "retries": 0, "id": f"id-{port}",
    }
    assert expected.items() <= one.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", one["time"])
    assert set(one["ms"]) == {"idle", "request", "queue", "connect", "response", "data", "active", "total"}
    assert all(isinstance(v, int) for v in one["ms"].values())
    assert one["bytes_in"] > 50 and one["bytes_out"] > 30
    assert "rule" not in one and "decisions" not in one and "trace_id" not in one
    rules = g.text.split("\n")
    at = next(i + 1 for i, line in enumerate(rules) if "too-many" in line)
    assert denied["rule"] == {"name": "too-many", "action": "deny", "file": g.path, "line": at}
    assert denied["termination"] == "PR" and "server" not in denied
    assert denied["ms"]["connect"] is None
    assert reported["reported"]["name"] == "would" and "rule" not in reported


def test_no_request(gateway, connect, serve):
    g = gateway(conf("option jsonlog"), server=serve().port)
    raw(connect, g.port["fe"], b"GET / NOTHING\r\n\r\n")
    connect(g.port["fe"]).close()
    bad, silent = lines(g, 2)
    assert bad["bad_request"] and bad["status"] == 400 and "method" not in bad
    assert silent["bad_request"] and silent["termination"] == "CR"


def test_the_last_format_holds(gateway, serve, connect):
    g = gateway(conf("option jsonlog\nlog-format plain:%ST"), server=serve().port)
    assert connect(g.port["fe"]).get().status == 200
    g.wait_output("^plain:200$")
    g = gateway(conf("log-format plain:%ST\noption jsonlog"), server=serve().port)
    assert connect(g.port["fe"]).get().status == 200
    assert lines(g, 1)[0]["status"] == 200


@pytest.mark.parametrize("length", ["", "len 120", "len 400"])
def test_always_json(gateway, serve, connect, length):
    """Random bytes in targets and fields, and lines that are too short for what there is."""
    rng = random.Random(length)
    g = gateway(conf("""
option jsonlog decisions
option traceparent
http-request set-header x-all "%[req.hdr(x-odd)]%[req.hdr(user-agent)]"
http-request set-var(txn.b) req.hdr(x-odd),hex
http-request deny if { req.hdr(x-odd) -m sub never } or { url_param(a) -m str never }
""", length), server=serve().port)
    n = 120
    for _ in range(n):
        odd = bytes(rng.choice([b for b in range(0x20, 0x100) if b != 0x7f]) for _ in range(rng.randrange(200)))
        target = b"/" + bytes(rng.choice(b"abc%?&=\"\\{}\x80\xff") for _ in range(rng.randrange(300)))
        raw(connect, g.port["fe"], b"GET %s HTTP/1.1\r\nHost: h\r\nUser-Agent: %s\r\nX-Odd: %s\r\nConnection: close\r\n\r\n" % (target, odd[::-1], odd))
    found = lines(g, n)
    assert len(found) == n
    for line in found:
        assert isinstance(line, dict) and "time" in line
    if length:
        assert any(line.get("cut") for line in found)


def test_decisions(gateway, serve, connect):
    g = gateway(conf("""
option jsonlog decisions
http-request set-header x-seen yes if { req.hdr(x-a) -m found }
http-request deny name no-b if { req.hdr(x-b) -m str 1 } { src 127.0.0.0/8 }
use_backend be if { path_beg /app }
"""), server=serve().port)
    c = connect(g.port["fe"])
    assert c.get("/app/x", "X-A: one\r\n").status == 200
    assert c.get("/", "X-B: 1\r\n").status == 403
    served, denied = lines(g, 2)
    first, second, third = served["decisions"]["rules"]
    assert first["action"] == "set-header" and first["matched"] is True
    assert first["read"] == [["req.hdr(x-a)", "one"]]
    assert second["name"] == "no-b" and second["matched"] is False and second["read"] == [["req.hdr(x-b)", None]]
    assert "action" not in third and third["matched"] is True and third["read"] == [["path", "/app/x"]]
    assert served["decisions"]["fields"] == [["x-a", "one"]]
    assert denied["decisions"]["rules"][-1]["read"] == [["req.hdr(x-b)", "1"], ["src", "127.0.0.1"]]
    assert denied["decisions"]["fields"] == [["x-b", "1"]]


def test_explain_again(gateway, serve, connect):
    """What the line says is enough to run the request through explain, which decides the same."""
    g = gateway(conf("""
option jsonlog decisions
http-request deny name no-key unless { req.hdr(x-tenant) -m str blue green }
http-request deny name not-here if { path_beg /admin } { req.hdr(x-tenant) -m str blue }
"""), server=serve().port)
    c = connect(g.port["fe"])
    for target, fields in [("/a", ""), ("/admin/x?y=1", "X-Tenant: blue\r\n"), ("/admin", "X-Tenant: green\r\n")]:
        c.get(target, fields)
    for line in lines(g, 3):
        command = [gate.BINARY, "explain", "-f", g.path, "-X", line["method"], "--src", line["client"]]
        for name, value in line["decisions"]["fields"]:
            command += ["-H", f"{name}: {value}"]
        told = subprocess.run(command + ["http://h" + line["target"]], capture_output=True, text=True, timeout=60).stdout
        rule = line.get("rule", {}).get("name")
        if rule:
            assert "answers 403" in told, told
        else:
            assert "answers 403" not in told, told


def test_secrets_stay_out(gateway, serve, connect):
    g = gateway(conf("""
option jsonlog decisions
acl copied req.hdr(x-copy) -m found
http-request set-var(txn.key) req.hdr(api-key)
http-request set-header x-copy "<%[req.hdr(api-key)]>"
http-request set-header x-user "%[req.hdr(authorization),word(2,' '),b64dec]"
http-request set-header x-more %[var(txn.key)] if copied
http-request set-header x-less %[req.hdr(x-user)] if { req.hdr(x-more) -m found }
http-request deny if { req.hdr(x-user) -m str nobody } or { req.hdr(x-less) -m str nobody }
http-request deny if { cook(sid) -m str none } or { url_param(api_key) -m str none }
http-request deny if { url -m sub none } or { query -m sub none } or { req.hdr(cookie) -m sub none }
"""), server=serve().port)
    fields = "Api-Key: KEYKEYKEY\r\nAuthorization: Basic VVNFUjpQQVNT\r\nCookie: a=b; sid=SIDSIDSID\r\n"
    assert connect(g.port["fe"]).get("/x?api_key=URLURLURL&q=1", fields).status == 200
    (line,) = lines(g, 1)
    text = json.dumps(line)
    for secret in ["KEYKEYKEY", "VVNFUjpQQVNT", "USER:PASS", "SIDSIDSID", "URLURLURL"]:
        assert secret not in text, (secret, line)
    assert line["target"] == "/x?api_key=***&q=1"
    assert ["api-key", "***"] in line["decisions"]["fields"]
    assert ["req.hdr(api-key)", "***"] in line["decisions"]["rules"][0]["read"]


# ---- trace context ----

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def traced(gateway, serve, connect):
    """ask(fields): what the server got, and what was logged."""
    server = serve()
    g = gateway(conf("option traceparent\noption jsonlog\nhttp-request set-header x-trace %[trace.id]-%[trace.parent]-%[trace.span]-%[trace.sampled]"), server=server.port)
    state = {"n": 0}

    def ask(fields):
        c = connect(g.port["fe"])
        assert c.get("/", fields).status == 200
        c.close()
        state["n"] += 1
        return server.requests[-1], lines(g, state["n"])[-1]

    return ask


def parts(request):
    """Trace, span and flags that the server was told."""
    (value,) = [v for n, v in request.fields if n == b"traceparent"]
    found = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])", value.decode())
    assert found, value
    return found.groups()


def values(request, name):
    return [v.decode() for n, v in request.fields if n == name]


@pytest.mark.parametrize("flags", ["00", "01"])
def test_trace_goes_on(traced, flags):
    request, line = traced(f"Traceparent: 00-{ID}-{PARENT}-{flags}\r\nTracestate: a=1\r\nTracestate: b=2\r\n")
    trace, span, told = parts(request)
    assert trace == ID and span != PARENT and told == flags
    assert values(request, b"tracestate") == ["a=1", "b=2"]
    assert (line["trace_id"], line["parent_id"], line["span_id"]) == (ID, PARENT, span)
    assert line["sampled"] is (flags == "01")
    assert values(request, b"x-trace") == [f"{ID}-{PARENT}-{span}-{int(flags)}"]


@pytest.mark.parametrize("fields", [
    "",
    "Tracestate: a=1\r\n",
    f"Traceparent: 00-{ID}-{PARENT}\r\nTracestate: a=1\r\n",
    f"Traceparent: ff-{ID}-{PARENT}-01\r\n",
    f"Traceparent: 00-{'0' * 32}-{PARENT}-01\r\n",
    f"Traceparent: 00-{ID}-{PARENT}-01\r\nTraceparent: 00-{ID}-{PARENT}-01\r\n",
])
def test_trace_begins(traced, fields):
    request, line = traced(fields)
    trace, span, flags = parts(request)
    assert trace not in (ID, "0" * 32) and flags == "01"
    assert values(request, b"tracestate") == []
    assert line["trace_id"] == trace and line["span_id"] == span and "parent_id" not in line


def test_ids_differ(traced):
    found = [parts(traced("")[0]) for _ in range(20)]
    assert len({trace for trace, _, _ in found}) == 20
    assert len({span for _, span, _ in found}) == 20


def test_no_traceparent_unasked(gateway, serve, connect):
    server = serve()
    g = gateway(peers.plain(), server=server.port)
    assert connect(g.port["fe"]).get("/", "Traceparent: odd\r\n").status == 200
    assert values(server.requests[-1], b"traceparent") == ["odd"]
