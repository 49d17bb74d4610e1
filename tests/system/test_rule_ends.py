# SPDX-License-Identifier: Apache-2.0
"""Every way in which a rule ends a request: what the client gets, what the log line says, what is
counted. The expectations are HAProxy's: GATEHOUSE=/usr/sbin/haproxy runs the same."""
import re
import socket
import time

import gate
import peers
import pytest

CONF = """
global
    maxconn 100
    nbthread 1
    log 127.0.0.1:{log} local0
    stats socket {folder}/s level admin
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    timeout tarpit 200ms
frontend fe
    bind 127.0.0.1:@fe@
    http-request deny if { path /deny }
    http-request deny status 429 if { path /deny429 }
    http-request return status 503 if { path /return }
    http-request redirect location /x if { path /redirect }
    http-request tarpit if { path /tarpit }
    http-request auth if { path /auth }
    http-request reject if { path /reject }
    http-request silent-drop if { path /drop }
    http-request wait-for-body time 200ms if { path /late /wrong /left }
    http-request return status 200 if { path /wrong }
    redirect location /x if { path /keyword }
    use_backend other if { path_beg /be- }
    default_backend be
backend other
    http-request deny if { path /be-deny }
    http-request return status 200 if { path /be-return }
    http-request tarpit if { path /be-tarpit }
    http-request reject if { path /be-reject }
    option http-restrict-req-hdr-names reject
    server s1 127.0.0.1:@server@
backend be
    http-response deny if { capture.req.uri /answer-deny }
    http-response deny status 403 if { capture.req.uri /answer-deny403 }
    http-response return status 299 if { capture.req.uri /answer-return }
    http-response redirect location /x if { capture.req.uri /answer-redirect }
    http-response silent-drop if { capture.req.uri /answer-drop }
    http-response wait-for-body time 200ms if { capture.req.uri /answer-late /answer-wrong }
    http-response set-status 299 reason odd if { capture.req.uri /status }
    http-after-response set-status 298 if { capture.req.uri /after }
    server s1 127.0.0.1:@server@
frontend connection
    bind 127.0.0.1:@connection@
    tcp-request connection reject
frontend session
    bind 127.0.0.1:@session@
    tcp-request session reject
frontend monitored
    bind 127.0.0.1:@monitored@
    monitor-uri /case
"""

# Of a path: what the client gets (the status; None: nothing, and a close; "": nothing at all), the
# log's backend/server, its times with N for a number, its status, how it ended; and the counters.
# fe, be, sv: the frontend's, the backend's, the server's.
FRONT = "fe/<NOSRV>"
CASES = [
    ("/deny", 403, FRONT, "N/-1/-1/-1/N 403", "PR", "fe.dreq fe.hrsp_4xx"),
    ("/deny429", 429, FRONT, "N/-1/-1/-1/N 429", "PR", "fe.dreq fe.hrsp_4xx"),
    ("/return", 503, FRONT, "N/-1/-1/-1/N 503", "LR", "fe.hrsp_5xx"),
    ("/redirect", 302, FRONT, "N/-1/-1/-1/N 302", "LR", "fe.hrsp_3xx"),
    ("/keyword", 302, FRONT, "N/-1/-1/-1/N 302", "LR", "fe.hrsp_3xx"),
    ("/tarpit", 500, FRONT, "-1/N/-1/-1/N 500", "PT", "fe.dreq fe.hrsp_5xx"),
    ("/auth", 401, FRONT, "N/-1/-1/-1/N 401", "LR", "fe.hrsp_4xx"),
    ("/reject", None, FRONT, "-1/-1/-1/-1/N -1", "PR", "fe.dreq fe.hrsp_other"),
    ("/drop", "", FRONT, "-1/-1/-1/-1/N -1", "PR", "fe.dreq fe.hrsp_other"),
    ("/late", 408, FRONT, "-1/-1/-1/-1/N 408", "cR", "fe.ereq fe.hrsp_4xx"),
    ("/wrong", 400, FRONT, "-1/-1/-1/-1/N 400", "PR", "fe.ereq fe.hrsp_4xx"),
    ("/be-deny", 403, "other/<NOSRV>", "N/-1/-1/-1/N 403", "PR",
     "fe.dreq fe.hrsp_4xx be.dreq be.hrsp_4xx"),
    ("/be-return", 200, "other/<NOSRV>", "N/-1/-1/-1/N 200", "LR", "fe.hrsp_2xx be.hrsp_2xx"),
    ("/be-tarpit", 500, "other/<NOSRV>", "-1/N/-1/-1/N 500", "PT",
     "fe.dreq fe.hrsp_5xx be.dreq be.hrsp_5xx"),
    ("/be-reject", None, "other/<NOSRV>", "-1/-1/-1/-1/N -1", "PR",
     "fe.dreq fe.hrsp_other be.dreq be.hrsp_other"),
    ("/be-names", 403, "other/<NOSRV>", "N/-1/-1/-1/N 403", "PR",
     "fe.dreq fe.hrsp_4xx be.dreq be.hrsp_4xx"),
    ("/plain", 200, "be/s1", "N/N/N/N/N 200", "--", "fe.hrsp_2xx be.hrsp_2xx sv.hrsp_2xx"),
    ("/answer-deny", 502, "be/s1", "N/N/N/-1/N 502", "PH",
     "fe.dresp fe.hrsp_5xx be.dresp be.hrsp_5xx sv.dresp sv.hrsp_2xx"),
    ("/answer-deny403", 403, "be/s1", "N/N/N/-1/N 403", "PH",
     "fe.dresp fe.hrsp_4xx be.dresp be.hrsp_4xx sv.dresp sv.hrsp_2xx"),
    ("/answer-return", 299, "be/s1", "N/N/N/-1/N 299", "LH", "fe.hrsp_2xx be.hrsp_2xx sv.hrsp_2xx"),
    ("/answer-redirect", 302, "be/s1", "N/N/N/-1/N 302", "LH",
     "fe.hrsp_3xx be.hrsp_3xx sv.hrsp_2xx"),
    ("/answer-drop", "", "be/s1", "N/N/N/-1/N 200", "PR",
     "fe.dreq fe.hrsp_2xx be.dreq be.hrsp_2xx sv.hrsp_2xx"),
    ("/answer-late", 504, "be/s1", "N/N/N/-1/N 504", "sR", "fe.hrsp_5xx be.hrsp_5xx sv.hrsp_2xx"),
    ("/answer-wrong", 502, "be/s1", "N/N/N/-1/N 502", "PH",
     "fe.hrsp_5xx be.hrsp_5xx be.eresp sv.eresp sv.hrsp_2xx"),
    ("/status", 299, "be/s1", "N/N/N/N/N 299", "--", "fe.hrsp_2xx be.hrsp_2xx sv.hrsp_2xx"),
    ("/after", 298, "be/s1", "N/N/N/N/N 298", "--", "fe.hrsp_2xx be.hrsp_2xx sv.hrsp_2xx"),
]
COUNTED = ("dreq", "dresp", "dcon", "dses", "ereq", "eresp", "eint", "hrsp_1xx", "hrsp_2xx", "hrsp_3xx",
           "hrsp_4xx", "hrsp_5xx", "hrsp_other")


def serve(link, server):
    while True:
        request = link.read_request()
        if request.target == b"/answer-late":
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
            time.sleep(0.6)
            return
        if request.target == b"/answer-wrong":
            link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")
            time.sleep(0.1)
            link.send(b"zz\r\n")
            return
        link.answer()


class Setup:
    def __init__(self, folder):
        self.folder = folder
        self.log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.log.bind(("127.0.0.1", 0))
        self.log.settimeout(5 * gate.SLOWNESS)
        self.server = peers.Server(serve)
        text = CONF.replace("{log}", str(self.log.getsockname()[1])).replace("{folder}", str(folder))
        self.gateway = gate.Gateway(folder, text, server=self.server.port)
        self.before = self.count()

    def count(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(f"{self.folder}/s")
        s.sendall(b"show stat\n")
        data = b""
        while True:
            got = s.recv(65536)
            if not got:
                break
            data += got
        s.close()
        rows = [line.split(",") for line in data.decode().splitlines() if line]
        names = [n.strip("# ") for n in rows[0]]
        found = {}
        for row in rows[1:]:
            r = dict(zip(names, row))
            kind = {"FRONTEND": "fe", "BACKEND": "be"}.get(r["svname"], "sv")
            for name in COUNTED:
                found[r["pxname"], kind, name] = int(r.get(name) or 0)
        return found

    def counted(self):
        """What has been counted since the last time."""
        now = self.count()
        more = {f"{kind}.{name}": n - self.before[p, kind, name]
                for (p, kind, name), n in now.items() if n != self.before[p, kind, name]}
        self.before = now
        return more

    def close(self):
        self.gateway.kill()
        self.server.close()
        self.log.close()


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    s = Setup(tmp_path_factory.mktemp("ends"))
    yield s
    s.close()


def ask(setup, path):
    """The status; None for a close, "" for silence."""
    client = peers.Client(setup.gateway.port["fe"])
    client.sock.settimeout(1.5 * gate.SLOWNESS)
    body = {"/late": "Content-Length: 5\r\n", "/wrong": "Transfer-Encoding: chunked\r\n"}.get(path, "")
    if path == "/be-names":
        body = "a_b: 1\r\n"
    client.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n{body}\r\n".encode())
    if path == "/wrong":
        time.sleep(0.05)
        client.send(b"zz\r\n")
    try:
        return client.read_answer().status
    except peers.Closed:
        return None
    except socket.timeout:
        return ""
    finally:
        client.close()


@pytest.mark.parametrize("path,status,where,times,ended,counters", CASES, ids=[c[0] for c in CASES])
def test_end(setup, path, status, where, times, ended, counters):
    got = ask(setup, path)
    assert got == status
    line = setup.log.recv(4096).decode()
    pattern = re.escape(f" fe {where} ") + times.replace("N", r"\d+") + r" \d+ - - " + ended + "-- "
    assert re.search(pattern, line), line
    assert f'"GET {path} HTTP/1.1"' in line
    assert setup.counted() == {name: 1 for name in counters.split()}


def test_client_leaves_while_its_body_is_awaited(setup):
    client = peers.Client(setup.gateway.port["fe"])
    client.send(b"POST /left HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
    time.sleep(0.05)
    client.shut()
    assert client.is_closed()
    assert re.search(r" -1 0 - - CR-- ", setup.log.recv(4096).decode())
    counted = setup.counted()
    assert counted["fe.ereq"] == 1 and counted["fe.hrsp_other"] == 1


@pytest.mark.parametrize("name,counters", [("connection", {"fe.dcon": 1}), ("session", {"fe.dses": 1})])
def test_connection_refused(setup, name, counters):
    time.sleep(0.1)
    setup.counted()  # what was still on its way
    try:
        client = peers.Client(setup.gateway.port[name])
        assert client.is_closed()
        client.close()
    except ConnectionResetError:  # before it was even used
        pass
    assert gate.wait_until(setup.counted) == counters


def test_monitor_is_not_logged(setup):
    client = peers.Client(setup.gateway.port["monitored"])
    assert client.get("/case").status == 200
    assert client.get("/other").status == 503
    assert '"GET /other HTTP/1.1"' in setup.log.recv(4096).decode()
    assert setup.counted() == {"fe.hrsp_2xx": 1, "fe.hrsp_5xx": 1}
    client.close()


def test_monitor_says_that_the_gateway_stops(tmp_path):
    """With `grace`, requests are still taken for a while after the signal."""
    if gate.is_haproxy():
        pytest.skip("HAProxy's monitor-uri does not know")
    text = CONF.replace("{log}", "1").replace("{folder}", str(tmp_path)).replace(
        "    maxconn 100\n", "    maxconn 100\n    grace 3s\n")
    server = peers.Server()
    gateway = gate.Gateway(tmp_path, text, server=server.port)
    client = peers.Client(gateway.port["monitored"])
    assert client.get("/case").status == 200
    gateway.tell(10)  # SIGUSR1
    gate.wait_until(lambda: peers.Client(gateway.port["monitored"]).get("/case").status == 503)
    gateway.kill()
    server.close()
