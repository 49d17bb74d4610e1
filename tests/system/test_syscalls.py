# SPDX-License-Identifier: Apache-2.0
"""How many system calls a request costs. Counts, unlike times, may be asserted."""
import re
import selectors
import signal
import socket
import subprocess

import pytest

import gate

# The benchmark's plain configuration for HTTP/1.1.
TEXT = """
global
    nbthread 1
    maxconn 9500

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always

frontend fe
    bind 127.0.0.1:@fe@
    default_backend be

backend be
    server s1 127.0.0.1:@server@
"""
CONNECTIONS = 64
REQUESTS = 1000
COUNTED = {"recvfrom", "sendto", "recvmsg", "sendmsg", "read", "write", "readv", "writev", "epoll_ctl", "setsockopt"}
REQUEST = b"GET /square/25 HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: count/1\r\nAccept: */*\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\n625"


class Script:
    """Clients and server in one thread: each client asks again when it has its answer."""

    def __init__(self, port, listener):
        self.selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self.listener = listener
        self.selector.register(listener, selectors.EVENT_READ, "accept")
        self.left = {}
        self.answers = 0
        self.port = port

    def open(self):
        for _ in range(CONNECTIONS):
            s = socket.create_connection(("127.0.0.1", self.port))
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.setblocking(False)
            self.left[s] = REQUESTS
            self.selector.register(s, selectors.EVENT_READ, "client")

    def run(self):
        for s in self.left:
            s.send(REQUEST)
        while any(self.left.values()):
            events = self.selector.select(30)
            assert events, "nothing happens any more"
            for key, _ in events:
                getattr(self, key.data)(key.fileobj)

    def accept(self, listener):
        s, _ = listener.accept()
        s.setblocking(False)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(s, selectors.EVENT_READ, "server")

    def server(self, s):
        data = s.recv(4096)
        if not data:
            self.selector.unregister(s)
            s.close()
            return
        assert data.endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n") == 1
        s.send(ANSWER)

    def client(self, s):
        data = s.recv(4096)
        assert data.startswith(b"HTTP/1.1 200") and data.endswith(b"625"), data
        self.answers += 1
        self.left[s] -= 1
        if self.left[s]:
            s.send(REQUEST)


def counts(report):
    """{system call: how often} of strace -c."""
    found = {}
    for line in report.splitlines():
        m = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$", line)
        if m and m[2] != "total":
            found[m[2]] = int(m[1])
    return found


@pytest.mark.serial
def test_four_calls_a_request(gateway, tmp_path):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    g = gateway(TEXT, server=listener.getsockname()[1])
    report = tmp_path / "strace.out"
    strace = subprocess.Popen(["strace", "-f", "-c", "-o", report, "-p", str(g.pid)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip("strace cannot attach here: " + said)
        script = Script(g.port["fe"], listener)
        script.open()
        script.run()
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(10)
        listener.close()
    found = counts(report.read_text())
    assert script.answers == CONNECTIONS * REQUESTS
    calls = {name: n for name, n in sorted(found.items(), key=lambda x: -x[1]) if n > script.answers // 1000}
    print({name: round(n / script.answers, 3) for name, n in calls.items()})
    counted = sum(n for name, n in found.items() if name in COUNTED) / script.answers
    print(f"{counted:.3f} a request")
    assert counted >= 3.9, "strace has not seen it all"
    if not gate.is_haproxy():
        assert counted <= 4.02, found
