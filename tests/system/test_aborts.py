# SPDX-License-Identifier: Apache-2.0
"""Clients that end their sending behind their request: with `option abortonclose` they have left,
without it they are waiting for their answer."""
import csv
import io
import os
import socket
import time

import pytest

import gate
import peers

TEXT = """
global
    maxconn 500
    stats socket @sock@ level admin

defaults
    mode http
    timeout connect 10s
    timeout client 10s
    timeout server 10s
    @option@

frontend fe
    bind 127.0.0.1:@fe@
    default_backend be

backend be
    server s1 127.0.0.1:@server@ maxconn @slots@
"""
GET = b"GET /a HTTP/1.1\r\nHost: h.example\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h.example\r\nContent-Length: 5\r\n\r\nhello"


def show_stat(path):
    """The rows of `show stat` by the names of proxy and server."""
    gate.wait_until(lambda: os.path.exists(path), what="the stats socket")
    text = peers.api(path, "show stat")
    rows = csv.DictReader(io.StringIO(text.removeprefix("# ").strip()))
    return {(r["pxname"], r["svname"]): r for r in rows}


class Setting:
    """A gateway in front of a server that answers when it is told to."""

    def __init__(self, gateway, serve, folder, option="option abortonclose", slots=50):
        self.begun = []  # links of requests that wait for their answer
        self.server = serve(self.handle)
        self.path = f"{folder}/stats.sock"
        self.g = gateway(TEXT, server=self.server.port, sock=self.path, option=option, slots=slots)
        self.port = self.g.port["fe"]

    def handle(self, link, server):
        while True:
            server.note(link.read_request())
            self.begun.append(link)

    def wait_for(self, n):
        gate.wait_until(lambda: len(self.begun) == n, what="the request at the server")

    def wait_let_go(self):
        """Until the gateway has closed the first server connection."""
        gate.wait_until(lambda: self.begun[0].sock.fileno() < 0, what="the server connection to be closed")

    def counter(self, server, name):
        return int(show_stat(self.path)["be", server][name])


@pytest.fixture
def setting(gateway, serve, tmp_path):
    return lambda **more: Setting(gateway, serve, tmp_path, **more)


@pytest.mark.parametrize("message", [GET, POST, GET + GET], ids=["GET", "POST", "two"])
def test_given_up_while_the_answer_is_awaited(setting, connect, message):
    s = setting()
    c = connect(s.port)
    c.send(message)
    s.wait_for(1)
    c.shut()
    answer = c.read_answer()
    assert answer.status == 400
    assert c.is_closed()
    s.wait_let_go()
    for server in ("s1", "BACKEND"):
        assert s.counter(server, "cli_abrt") == 1
    assert s.counter("BACKEND", "hrsp_4xx") == 1
    assert s.counter("s1", "srv_abrt") == s.counter("s1", "eresp") == 0


def test_given_up_at_once(setting, connect):
    """Request and end come in one go: there may be a server connection already, or not."""
    s = setting()
    c = connect(s.port)
    c.send(GET)
    c.shut()
    if not c.is_closed():
        assert c.read_answer().status == 400
        assert c.is_closed()


def test_given_up_within_the_answer(setting, connect):
    s = setting()
    c = connect(s.port)
    c.send(GET)
    s.wait_for(1)
    s.begun[0].send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    c.take_until(b"hello")
    c.shut()
    assert c.is_closed()
    s.wait_let_go()
    assert s.counter("s1", "cli_abrt") == 1


def test_given_up_in_the_queue(setting, connect):
    s = setting(slots=1)
    first, second = connect(s.port), connect(s.port)
    first.send(GET)
    s.wait_for(1)
    second.send(GET)
    gate.wait_until(lambda: s.counter("BACKEND", "qcur") == 1, what="the queue")
    second.shut()
    assert second.is_closed()
    gate.wait_until(lambda: s.counter("BACKEND", "qcur") == 0, what="the queue to be empty")
    s.begun[0].answer()
    assert first.read_answer().status == 200
    assert s.server.count() == 1
    assert s.counter("BACKEND", "cli_abrt") == 0


@pytest.fixture
def deaf():
    """The port of a listening socket whose backlog is full: a connection to it is under way for long."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for w in waiting:
            w.setblocking(False)
            w.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for w in waiting:
            w.close()


@pytest.mark.parametrize("option,left", [("option abortonclose", True), ("", False)], ids=["with", "without"])
def test_given_up_while_connecting(gateway, connect, tmp_path, deaf, option, left):
    path = f"{tmp_path}/stats.sock"
    g = gateway(TEXT, server=deaf, sock=path, option=option, slots=50)
    c = connect(g.port["fe"])
    c.send(GET)
    gate.wait_until(lambda: show_stat(path)["be", "s1"]["scur"] == "1", what="the request")
    c.shut()
    c.sock.settimeout(1)
    if left:
        assert c.is_closed()
        assert show_stat(path)["be", "BACKEND"]["cli_abrt"] == "0"
    else:
        with pytest.raises(TimeoutError):
            c.fill()


@pytest.mark.parametrize("option", ["", "no option abortonclose"])
@pytest.mark.parametrize("message", [GET, POST], ids=["GET", "POST"])
def test_still_there_without_the_option(setting, connect, option, message):
    s = setting(option=option)
    c = connect(s.port)
    c.send(message)
    s.wait_for(1)
    c.shut()
    time.sleep(0.2)
    s.begun[0].send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    c.take_until(b"hello")
    s.begun[0].send(b"world")
    assert c.take(5) == b"world"
    assert c.is_closed()
    assert s.counter("s1", "cli_abrt") == 0


def test_still_in_the_queue_without_the_option(setting, connect):
    s = setting(option="", slots=1)
    first, second = connect(s.port), connect(s.port)
    first.send(GET)
    s.wait_for(1)
    second.send(GET)
    gate.wait_until(lambda: s.counter("BACKEND", "qcur") == 1, what="the queue")
    second.shut()
    time.sleep(0.2)
    s.begun[0].answer()
    s.wait_for(2)
    s.begun[1].answer()
    assert second.read_answer().status == 200


def test_a_lost_client_counts_without_the_option(setting, connect):
    s = setting(option="")
    c = connect(s.port)
    c.send(GET)
    s.wait_for(1)
    peers.Link.reset(c)
    s.wait_let_go()
    gate.wait_until(lambda: s.counter("s1", "cli_abrt") == 1, what="the count")
