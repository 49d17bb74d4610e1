# SPDX-License-Identifier: Apache-2.0
"""Many clients, slow ones, and none of them at the cost of others."""
import os
import resource
import select
import socket
import threading
import time

import pytest

import gate
import peers


def test_a_byte_a_second(gateway, serve, connect):
    """Clients that drip their heads hold nobody up, and are served when they are done."""
    server = serve()
    g = gateway(peers.plain("nbthread 1"), server=server.port)
    text = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    slow = [connect(g.port["fe"]) for _ in range(30)]
    over = threading.Event()

    def drip():
        for i in range(len(text) - 1):
            for c in slow:
                c.send(text[i : i + 1])
            if over.wait(0.1):
                break
        for c in slow:
            c.send(text[i + 1 :])

    t = threading.Thread(target=drip)
    t.start()
    fast = connect(g.port["fe"])
    start = time.monotonic()
    for _ in range(300):
        assert fast.get().status == 200
    seconds = time.monotonic() - start
    over.set()
    t.join()
    assert seconds < 5 * gate.SLOWNESS
    for c in slow:
        assert c.read_answer().status == 200


def test_a_slow_body_holds_nobody_up(gateway, serve, connect):
    def handler(link, server):
        request = link.take_until(b"\r\n\r\n")
        if request.startswith(b"GET /slow"):
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(1000):
                link.send(b"x")
                time.sleep(0.02)
        else:
            while True:
                link.answer()
                link.take_until(b"\r\n\r\n")

    server = serve(handler)
    g = gateway(peers.plain("nbthread 1"), server=server.port)
    slow = [connect(g.port["fe"]) for _ in range(10)]
    for c in slow:
        c.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    fast = connect(g.port["fe"])
    start = time.monotonic()
    for _ in range(200):
        assert fast.get().body == b"ok"
    assert time.monotonic() - start < 5 * gate.SLOWNESS


def test_one_client_cannot_take_it_all(gateway, serve, connect):
    """A client that pipelines without end does not keep others from their answers."""
    server = serve()
    g = gateway(peers.plain("nbthread 1"), server=server.port)
    over = threading.Event()
    hog = connect(g.port["fe"])
    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    def push():
        while not over.is_set():
            try:
                hog.sock.sendall(request * 50)
            except OSError:
                return

    def pull():
        while not over.is_set():
            try:
                if not hog.sock.recv(1 << 16):
                    return
            except OSError:
                return

    threads = [threading.Thread(target=push), threading.Thread(target=pull)]
    for t in threads:
        t.start()
    try:
        others = [connect(g.port["fe"]) for _ in range(5)]
        for _ in range(10):
            for c in others:
                start = time.monotonic()
                assert c.get().status == 200
                assert time.monotonic() - start < 2 * gate.SLOWNESS
    finally:
        over.set()
        hog.sock.shutdown(socket.SHUT_RDWR)
        for t in threads:
            t.join()


def test_out_of_descriptors(gateway, serve, connect):
    """When the process has no descriptor left it goes on, does not spin, and recovers."""
    server = serve()
    g = gateway(peers.plain("nbthread 1"), server=server.port)
    first = connect(g.port["fe"])
    assert first.get().status == 200
    count = len(os.listdir(f"/proc/{g.pid}/fd"))
    hard = resource.prlimit(g.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(g.pid, resource.RLIMIT_NOFILE, (count + 6, hard))
    crowd = [connect(g.port["fe"]) for _ in range(30)]
    time.sleep(0.3)
    before = gate.cpu_seconds(g.pid)
    time.sleep(1)
    used = gate.cpu_seconds(g.pid) - before
    assert g.alive()
    assert first.get().status == 200
    for c in crowd:
        c.close()
    resource.prlimit(g.pid, resource.RLIMIT_NOFILE, (hard, hard))
    gate.wait_until(lambda: answers(g.port["fe"]), 10, "it to accept again")
    assert first.get().status == 200
    assert used < 0.5, f"{used:.2f} s of CPU in a second without descriptors"


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(1)
            s.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return s.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@pytest.mark.gatehouse("HAProxy does not start with so few")
def test_few_descriptors_from_the_start(gateway, serve, connect):
    """A low limit makes a low maxconn, not a crash."""
    server = serve()
    g = gateway(peers.plain("nbthread 1").replace("maxconn 500", ""), server=server.port,
                limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)))
    crowd = [connect(g.port["fe"]) for _ in range(60)]
    time.sleep(0.2)
    for c in crowd:
        c.close()
    gate.wait_until(lambda: answers(g.port["fe"]), 10, "an answer")


@pytest.mark.threads
def test_hundreds_of_short_connections(gateway, serve):
    server = serve()
    g = gateway(peers.plain("nbthread 4"), server=server.port)
    wrong = []

    def work():
        for _ in range(60):
            try:
                c = peers.Client(g.port["fe"])
                if c.get(fields="Connection: close\r\n").status != 200:
                    wrong.append("status")
                if not c.is_closed():
                    wrong.append("not closed")
                c.close()
            except Exception as e:
                wrong.append(repr(e))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, wrong[:5]


# ---- descriptors, and the connections that wait in pools ----


class Together:
    """A handler of peers.Server: holds the requests for /hold until so many are there."""

    def __init__(self, n):
        self.barrier = threading.Barrier(n)

    def __call__(self, link, server):
        while True:
            if link.read_request().target == b"/hold":
                self.barrier.wait(peers.PATIENCE)
            link.answer()


def at_once(port, n, connect):
    """So many requests at once, each on a connection of its own."""
    clients = [connect(port) for _ in range(n)]
    for c in clients:
        c.send(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
    for c in clients:
        assert c.read_answer().status == 200
    return clients


def still_open(server):
    """Its connections on which the gateway's end has not come."""
    return sum(link.sock.fileno() >= 0 for link in list(server.links))


def with_marks(low, high):
    return peers.plain("nbthread 1\n    ulimit-n 460\n"
                       f"    tune.pool-low-fd-ratio {low}\n    tune.pool-high-fd-ratio {high}").replace("maxconn 500", "maxconn 200")


@pytest.mark.parametrize("low, kept", [(100, 10), (20, 1)])
def test_low_mark_of_descriptors(gateway, serve, connect, low, kept):
    """With 120 of 460 descriptors in use, no second idle connection is kept at 20 %."""
    server = serve(Together(10))
    g = gateway(with_marks(low, 100), server=server.port)
    crowd = [connect(g.port["fe"]) for _ in range(120)]
    at_once(g.port["fe"], 10, connect)
    gate.wait_until(lambda: still_open(server) == kept, 2, f"{kept} connections to be kept")
    assert all(c.get().status == 200 for c in crowd[:5])


@pytest.mark.gatehouse("HAProxy keeps fewer")
@pytest.mark.parametrize("high, most", [(100, 11), (20, 10)])
def test_high_mark_of_descriptors(gateway, serve, connect, high, most):
    """A session's first request takes no idle connection, but may cost one its place."""
    server = serve(Together(10))
    g = gateway(with_marks(100, high), server=server.port)
    crowd = [connect(g.port["fe"]) for _ in range(120)]
    at_once(g.port["fe"], 10, connect)
    gate.wait_until(lambda: still_open(server) == 10, 2, "all ten to be kept")
    assert crowd[0].get().status == 200
    gate.wait_until(lambda: still_open(server) == most, 2, f"{most} connections to be left")


@pytest.mark.gatehouse("HAProxy does not take them back then")
@pytest.mark.parametrize("threads", [1, 2])
def test_idle_connections_give_way(gateway, serve, connect, threads):
    """Clients, and the connections for them, get the descriptors of those that are idle."""
    server = serve(Together(10))
    g = gateway(peers.plain(f"nbthread {threads}"), server=server.port)
    at_once(g.port["fe"], 10, connect)
    gate.wait_until(lambda: still_open(server) >= 9, 2, "them to be kept")
    hard = resource.prlimit(g.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(g.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{g.pid}/fd")), hard))
    for _ in range(4):
        assert connect(g.port["fe"]).get().status == 200


@pytest.mark.gatehouse("HAProxy lets some of them wait for long")
@pytest.mark.threads
@pytest.mark.parametrize("where", ["global", "frontend", "bind"])
def test_maxconn_is_exact(gateway, serve, where):
    """However many come at once, to however many threads."""
    limit, lock, now, most = 7, threading.Lock(), [0], [0]

    def handler(link, server):
        link.read_request()
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        link.answer()

    text = peers.plain("nbthread 4")
    text = {"global": text.replace("maxconn 500", f"maxconn {limit}"),
            "frontend": text.replace("frontend fe\n", f"frontend fe\n    maxconn {limit}\n"),
            "bind": text.replace("@fe@\n", f"@fe@ maxconn {limit}\n")}[where]
    server = serve(handler)
    g = gateway(text, server=server.port)
    for _ in range(3):
        clients = [peers.Client(g.port["fe"]) for _ in range(60)]
        for c in clients:
            c.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert [c.read_answer().status for c in clients] == [200] * 60
        for c in clients:
            c.close()
    assert 2 <= most[0] <= limit


# HAProxy wants two descriptors for each connection that maxconn allows, or does not start.
IDLE, MAXCONN = (9000, 9500) if gate.is_haproxy() else (10000, 12000)


@pytest.mark.serial
def test_ten_thousand_idle_clients(gateway, crowd, connect):
    text = peers.plain("nbthread 2").replace("maxconn 500", f"maxconn {MAXCONN}").replace("client 20s", "client 300s")
    g = gateway(text, server=crowd.port)
    warm = connect(g.port["fe"])
    assert warm.get().status == 200
    before = gate.rss(g.pid)
    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    idle = []
    try:
        for i in range(IDLE):
            s = socket.create_connection(("127.0.0.1", g.port["fe"]), peers.PATIENCE)
            s.sendall(request)
            idle.append(s)
            if len(idle) % 100 == 0:
                for s in idle[-100:]:
                    assert s.recv(1000).startswith(b"HTTP/1.1 200")
        time.sleep(1)
        grown = gate.rss(g.pid) - before
        print(f"RSS grew by {grown // 1024} KiB, {grown / IDLE:.0f} bytes a client")
        start = time.monotonic()
        assert connect(g.port["fe"]).get().status == 200
        assert time.monotonic() - start < 1
        cpu = gate.cpu_seconds(g.pid)
        time.sleep(1)
        assert gate.cpu_seconds(g.pid) - cpu < 0.2, "idle clients cost CPU"
        assert grown / IDLE < (2000 if gate.is_haproxy() else 600)
        poll = select.poll()
        for s in idle:
            poll.register(s, select.POLLIN)
        assert not poll.poll(0), "an idle client was sent something, or closed"
        assert len(crowd.open) < 300, "idle server connections that nobody will need"
    finally:
        for s in idle:
            s.close()
