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


# HAProxy wants two descriptors for each connection that maxconn allows, or does not start.
IDLE, MAXCONN = (9000, 9500) if gate.is_haproxy() else (10000, 12000)


@pytest.mark.serial
def test_ten_thousand_idle_clients(gateway, serve, connect):
    server = serve()
    text = peers.plain("nbthread 2").replace("maxconn 500", f"maxconn {MAXCONN}").replace("client 20s", "client 300s")
    g = gateway(text, server=server.port)
    warm = connect(g.port["fe"])
    assert warm.get().status == 200
    before = gate.rss(g.pid)
    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    idle = []
    try:
        for i in range(IDLE):
            s = socket.create_connection(("127.0.0.1", g.port["fe"]))
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
    finally:
        for s in idle:
            s.close()
