# SPDX-License-Identifier: Apache-2.0
"""Several workers: everyone is served, and what is shared is exact."""
import threading
import time

import pytest

import gate
import peers

pytestmark = pytest.mark.threads

TEXT = """
global
    maxconn 500
    nbthread @threads@

defaults
    mode http
    http-reuse @reuse@
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout queue 20s

frontend fe
    bind 127.0.0.1:@fe@
    default_backend be

backend be
    balance roundrobin
    @servers@
"""


def crowd(port, clients, requests, fresh=False):
    """So many clients at once, each with so many requests; all have to be answered."""
    wrong = []

    def work():
        try:
            c = None
            for _ in range(requests):
                if c is None:
                    c = peers.Client(port)
                if c.get().status != 200:
                    wrong.append("status")
                if fresh:
                    c.close()
                    c = None
            if c:
                c.close()
        except Exception as e:
            wrong.append(repr(e))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("reuse", ["never", "safe", "aggressive", "always"])
def test_all_are_answered(gateway, serve, threads, reuse):
    server = serve()
    g = gateway(TEXT, threads=threads, reuse=reuse, servers=f"server s1 127.0.0.1:{server.port}")
    crowd(g.port["fe"], 8, 40)
    crowd(g.port["fe"], 8, 10, fresh=True)
    assert server.count() == 400


@pytest.mark.parametrize("threads", [2, 4])
def test_connections_are_shared_between_workers(gateway, serve, threads):
    """Requests on new client connections, one at a time: far fewer server connections than those."""
    server = serve()
    g = gateway(TEXT, threads=threads, reuse="always", servers=f"server s1 127.0.0.1:{server.port}")
    for _ in range(100):
        c = peers.Client(g.port["fe"])
        assert c.get().status == 200
        c.close()
    assert server.count() == 100
    assert len(server.links) <= 20


@pytest.mark.gatehouse("HAProxy promises no exact shares")
@pytest.mark.parametrize("threads", [1, 4])
def test_round_robin_is_exact(gateway, serve, threads):
    servers = [serve() for _ in range(3)]
    lines = [f"server s{i} 127.0.0.1:{s.port} weight {w}" for (i, s), w in zip(enumerate(servers), (30, 20, 10))]
    g = gateway(TEXT, threads=threads, reuse="always", servers="\n    ".join(lines))
    crowd(g.port["fe"], 6, 50)
    assert [s.count() for s in servers] == [150, 100, 50]


@pytest.mark.parametrize("threads", [1, 4])
def test_maxconn_of_a_server_is_exact(gateway, serve, threads):
    lock = threading.Lock()
    now, most = [0], [0]

    def handler(link, server):
        while True:
            request = link.read_request()
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            server.note(request)
            with lock:
                now[0] -= 1
            link.answer()

    server = serve(handler)
    g = gateway(TEXT, threads=threads, reuse="always", servers=f"server s1 127.0.0.1:{server.port} maxconn 4")
    crowd(g.port["fe"], 20, 8)
    assert server.count() == 160
    assert 2 <= most[0] <= 4


def test_nbthread_is_shown(gateway, serve, tmp_path):
    server = serve()
    text = TEXT.replace("nbthread", f"stats socket {tmp_path}/api.sock level admin\n    nbthread")
    g = gateway(text, threads=4, reuse="safe", servers=f"server s1 127.0.0.1:{server.port}")
    c = peers.Client(f"{tmp_path}/api.sock")
    c.send(b"show info\n")
    assert b"\nNbthread: 4\n" in c.take_until(b"\n\n")
    c.close()
    assert len(gate.os.listdir(f"/proc/{g.pid}/task")) >= 4


def test_bodies_on_all_workers(gateway, serve):
    def echo(link, server):
        while True:
            request = link.read_request()
            server.note(request)
            link.answer(request.body)

    server = serve(echo)
    g = gateway(TEXT, threads=4, reuse="always", servers=f"server s1 127.0.0.1:{server.port}")
    wrong = []

    def work(n):
        try:
            c = peers.Client(g.port["fe"])
            for i in range(15):
                body = bytes([n, i]) * (1 + 7000 * (i % 5))
                if c.post(body).body != body:
                    wrong.append((n, i))
            c.close()
        except Exception as e:
            wrong.append(repr(e))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, wrong[:5]


def at_once(port, n):
    """So many connections as soon as somebody listens; the statuses that they get."""
    clients = []
    end = time.monotonic() + 10 * gate.SLOWNESS
    while len(clients) < n:
        try:
            clients.append(peers.Client(port))
        except ConnectionRefusedError:
            assert time.monotonic() < end, "nobody listens"
    for c in clients:
        c.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    found = [c.read_answer().status for c in clients]
    for c in clients:
        c.close()
    return found


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_a_crowd_at_a_new_address(gateway, serve):
    """Who comes when one worker listens already and others have not heard of it yet is served."""
    server = serve()
    g = gateway(TEXT, threads=4, reuse="always", servers=f"server s1 127.0.0.1:{server.port}")
    for _ in range(8):
        port = gate.free_port()
        text = TEXT.replace("    default_backend", f"    bind 127.0.0.1:{port}\n    default_backend")
        g.reload(text)
        assert at_once(port, 60) == [200] * 60
