# SPDX-License-Identifier: Apache-2.0
"""Signals: SIGUSR1 and SIGTERM drain, SIGINT stops, SIGHUP and SIGUSR2 reload (test_reload.py)."""
import signal
import threading
import time

import pytest

import gate
import peers

pytestmark = pytest.mark.threads


def slow(link, server):
    """Answers /slow after a while, all else at once."""
    while True:
        request = link.read_request()
        server.note(request)
        if request.target == b"/slow":
            time.sleep(0.7)
        link.answer(request.target)


def refused(port):
    try:
        peers.Client(port).close()
    except ConnectionError:  # a reset when it closes with us in its backlog
        return True
    return False


def test_sigusr1_drains(gateway, serve, connect):
    """What is under way ends well; idle connections and the listening socket are closed."""
    server = serve(slow)
    g = gateway(peers.plain(), server=server.port)
    busy, idle = connect(g.port["fe"]), connect(g.port["fe"])
    assert idle.get("/a").body == b"/a"
    busy.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    gate.wait_until(lambda: server.count() == 2, what="the request")
    g.tell(signal.SIGUSR1)
    gate.wait_until(lambda: refused(g.port["fe"]), what="the listening socket to close")
    answer = busy.read_answer()
    assert answer.body == b"/slow"
    assert idle.is_closed()
    assert g.wait_end() == 0


def test_sigusr1_announces_the_close(gateway, serve, connect):
    server = serve(slow)
    g = gateway(peers.plain(), server=server.port)
    busy = connect(g.port["fe"])
    busy.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    gate.wait_until(lambda: server.count() == 1, what="the request")
    g.tell(signal.SIGUSR1)
    answer = busy.read_answer()
    assert answer.get(b"connection") == b"close"
    assert busy.is_closed()
    assert g.wait_end() == 0


@pytest.mark.gatehouse("HAProxy stops at once on SIGTERM")
def test_sigterm_drains(gateway, serve, connect):
    server = serve(slow)
    g = gateway(peers.plain(), server=server.port)
    busy = connect(g.port["fe"])
    busy.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    gate.wait_until(lambda: server.count() == 1, what="the request")
    g.tell(signal.SIGTERM)
    assert busy.read_answer().body == b"/slow"
    assert g.wait_end() == 0


@pytest.mark.gatehouse("HAProxy stops at once on SIGTERM")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_drain_is_bounded(gateway, serve, connect, number):
    def silent(link, server):
        server.note(link.read_request())
        link.is_closed()

    server = serve(silent)
    g = gateway(peers.plain("hard-stop-after 500ms"), server=server.port)
    c = connect(g.port["fe"])
    c.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    gate.wait_until(lambda: server.count() == 1, what="the request")
    start = time.monotonic()
    g.tell(number)
    g.wait_end(5)
    assert time.monotonic() - start >= 0.45


@pytest.mark.gatehouse("HAProxy stops at once on SIGTERM")
def test_second_sigterm_stops_at_once(gateway, serve, connect):
    def silent(link, server):
        server.note(link.read_request())
        link.is_closed()

    server = serve(silent)
    g = gateway(peers.plain(), server=server.port)
    c = connect(g.port["fe"])
    c.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    gate.wait_until(lambda: server.count() == 1, what="the request")
    g.tell(signal.SIGTERM)
    gate.wait_until(lambda: refused(g.port["fe"]), what="the listening socket to close")
    assert g.alive()
    g.tell(signal.SIGTERM)
    g.wait_end(2)


def test_sigint_ends_within_two_seconds(gateway, serve, connect):
    def silent(link, server):
        server.note(link.read_request())
        link.is_closed()

    server = serve(silent)
    g = gateway(peers.plain("nbthread 2"), server=server.port)
    clients = [connect(g.port["fe"]) for _ in range(20)]
    for c in clients[:10]:
        c.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    gate.wait_until(lambda: server.count() == 10, what="the requests")
    g.tell(signal.SIGINT)
    assert g.wait_end(2) in (0, -signal.SIGINT)


def test_new_connections_while_draining_are_refused_others_served(gateway, serve, connect):
    """Draining takes what kept connections bring until they end."""
    server = serve(slow)
    g = gateway(peers.plain(), server=server.port)
    busy = connect(g.port["fe"])
    done = threading.Event()

    def ask():
        busy.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        busy.read_answer()
        done.set()

    t = threading.Thread(target=ask)
    t.start()
    gate.wait_until(lambda: server.count() == 1, what="the request")
    g.tell(signal.SIGUSR1)
    gate.wait_until(lambda: refused(g.port["fe"]), what="the listening socket to close")
    t.join()
    assert done.is_set()
    assert g.wait_end() == 0
