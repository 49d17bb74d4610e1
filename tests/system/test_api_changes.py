# SPDX-License-Identifier: Apache-2.0
"""What commands of the Runtime API change, seen from outside: frontends that are paused and shut
down, limits, requests that are ended; and that a reload keeps what it must."""
import os
import re
import socket
import struct
import threading
import time

import pytest

import gate
import peers

CONF = """
global
    maxconn 500
    nbthread @threads@
    stats socket @sock@ mode 600 level admin
    stats timeout 20s

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend fe
    bind 127.0.0.1:@fe@
    @more@
    default_backend be

frontend other
    bind 127.0.0.1:@other@
    default_backend be

backend be
    server s1 127.0.0.1:@server@
"""


class Slow:
    """Answers at once, but for /hang, which it never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            while True:
                head = c.recv(65536)
                if not head:
                    return
                if not head.startswith(b"GET /hang"):
                    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass

    def close(self):
        self.socket.close()


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def api(gateway, tmp_path, request):
    path = str(tmp_path / "api.sock")
    server = Slow()
    g = gateway(CONF, server=server.port, sock=path, threads=request.param, more="")
    gate.wait_until(lambda: os.path.exists(path), what="the socket")

    g.ask = lambda line: peers.api(path, line)
    yield g
    server.close()


def get(port, target="/"):
    c = peers.Client(port)
    c.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    return c


def status(port):
    c = get(port)
    code = c.read_answer().status
    c.close()
    return code


def column(api, row, name):
    lines = [line.split(",") for line in api.ask("show stat").strip().splitlines()]
    names = lines[0]
    names[0] = names[0][2:]
    return next(line[names.index(name)] for line in lines if line[:2] == row.split("/"))


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def sessions(api):
    return [line for line in api.ask("show sess").splitlines() if " fe=fe " in line]


@pytest.mark.threads
def test_disabled_frontend_refuses_and_keeps_its_connections(api):
    port = api.port["fe"]
    old = get(port)
    assert old.read_answer().status == 200
    assert api.ask("disable frontend fe").strip() == ""
    assert refused(port)
    assert column(api, "fe/FRONTEND", "status") == "PAUSED"
    old.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert old.read_answer().status == 200
    assert status(api.port["other"]) == 200
    assert api.ask("enable frontend fe").strip() == ""
    assert column(api, "fe/FRONTEND", "status") == "OPEN"
    for _ in range(20):
        assert status(port) == 200


@pytest.mark.gatehouse("a reload makes a new process there")
def test_pause_outlives_a_reload(api):
    port = api.port["fe"]
    api.ask("disable frontend fe; set maxconn frontend fe 7; set maxconn global 99")
    api.reload(CONF)
    gate.wait_until(lambda: "Generation: 2\n" in api.ask("show info") and "LiveGenerations: 1\n" in api.ask("show info"), what="the reload")
    assert column(api, "fe/FRONTEND", "status") == "PAUSED"
    assert column(api, "fe/FRONTEND", "slim") == "7"
    assert "\nMaxconn: 99\nHard_maxconn: 500\n" in api.ask("show info")
    assert refused(port)
    api.ask("enable frontend fe")
    assert status(port) == 200
    # What the file says anew wins.
    api.reload(CONF.replace("@more@", "maxconn 11"))
    gate.wait_until(lambda: column(api, "fe/FRONTEND", "slim") == "11", what="the file's maxconn")


@pytest.mark.gatehouse("a reload makes a new process there")
def test_shut_down_until_the_next_reload(api):
    port = api.port["fe"]
    old = get(port)
    assert old.read_answer().status == 200
    assert api.ask("shutdown frontend fe").strip() == ""
    assert refused(port)
    assert column(api, "fe/FRONTEND", "status") == "STOP"
    old.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert old.read_answer().status == 200
    assert not refused(api.port["other"])
    api.reload(CONF)
    gate.wait_until(lambda: column(api, "fe/FRONTEND", "status") == "OPEN", what="the reload")
    gate.wait_until(lambda: not refused(port), what="the port")
    assert status(port) == 200


def test_maxconn_of_a_frontend_holds(api):
    port = api.port["fe"]
    api.ask("set maxconn frontend fe 1")
    first = get(port)
    assert first.read_answer().status == 200
    second = get(port)
    time.sleep(0.3)
    assert column(api, "fe/FRONTEND", "scur") == "1"
    api.ask("set maxconn frontend fe 2")
    assert second.read_answer().status == 200


def test_connection_rate_is_limited(api):
    port = api.port["fe"]
    api.ask("set rate-limit connections global 10")
    # HAProxy counts those to its socket as well.
    time.sleep(1.1)
    began = time.monotonic()
    for _ in range(25):
        assert status(port) == 200
    assert time.monotonic() - began > 1.0
    api.ask("set rate-limit connections global 0")
    assert status(port) == 200


@pytest.mark.threads
def test_session_is_listed_and_ended(api):
    hanging = [get(api.port["fe"], "/hang") for _ in range(4)]
    gate.wait_until(lambda: len(sessions(api)) == 4, what="four requests")
    name = next(line for line in sessions(api) if f"src=127.0.0.1:{hanging[2].sock.getsockname()[1]} " in line).split(":")[0]
    all_of_it = api.ask(f"show sess {name}")
    assert all_of_it.startswith(name + ": [")
    assert re.search(r"\n  backend=be \(id=\d+ mode=http\) addr=127\.0\.0\.1:\d+\n  server=s1 \(id=1\) addr=127\.0\.0\.1:\d+\n", all_of_it)
    assert api.ask(f"shutdown session {name}").strip() == ""
    assert hanging[2].read_answer().status == 502
    gate.wait_until(lambda: len(sessions(api)) == 3, what="three requests")
    assert column(api, "be/s1", "eresp") == "1"
    api.ask("shutdown sessions server be/s1")
    for i in (0, 1, 3):
        assert hanging[i].read_answer().status == 502
    gate.wait_until(lambda: not sessions(api), what="an end")


@pytest.mark.gatehouse("it takes longer there")
@pytest.mark.threads
def test_many_sessions_in_pieces(api):
    """The list is longer than one piece, requests end while it is told, and a client leaves in its
    midst; commands behind it on the line are carried out."""
    hanging = [get(api.port["fe"], "/hang") for _ in range(120)]
    gate.wait_until(lambda: len(sessions(api)) == 120, what="the requests")
    stop = threading.Event()

    def leave_early():
        while not stop.is_set():
            c = peers.Client(api.values["sock"])
            c.send(b"show sess all; show sess\n")
            c.fill()
            c.close()

    def end_some():
        for c in hanging[:60]:
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            c.close()

    threads = [threading.Thread(target=leave_early), threading.Thread(target=end_some)]
    for t in threads:
        t.start()
    for _ in range(20):
        text = api.ask("show sess all; show cli level; show sess; show version")
        assert text.count("\n\n") >= 4 and "\nadmin\n" in text
        assert text.count("\n  backend=be ") >= 60, text
    stop.set()
    for t in threads:
        t.join()
    gate.wait_until(lambda: len(sessions(api)) == 60, what="those that are left")
    for c in hanging[60:]:
        c.close()


@pytest.mark.gatehouse("its sockets are drained first")
def test_pausing_answers_who_was_accepted(api):
    """While a frontend is paused and enabled again and again, whoever was accepted is served. Who
    comes between the last accept and the end of listening is reset by the system."""
    port = api.port["fe"]
    stop = threading.Event()
    lost, served = [], []

    def ask_on():
        while not stop.is_set():
            try:
                s = socket.create_connection(("127.0.0.1", port), timeout=10)
            except ConnectionRefusedError:
                time.sleep(0.001)
                continue
            except ConnectionResetError:
                continue
            try:
                s.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                answer = s.recv(100)
                (served if answer.startswith(b"HTTP/1.1 200") else lost).append(answer)
            except ConnectionResetError:
                lost.append("reset")  # between the last accept and the end: see listener_hold
            except OSError as e:
                lost.append(repr(e))
            s.close()

    threads = [threading.Thread(target=ask_on) for _ in range(4)]
    for t in threads:
        t.start()
    for _ in range(30):
        api.ask("disable frontend fe")
        api.ask("enable frontend fe")
    stop.set()
    for t in threads:
        t.join()
    assert [x for x in lost if x != "reset"] == []
    assert len(lost) < len(served)
    assert status(port) == 200
