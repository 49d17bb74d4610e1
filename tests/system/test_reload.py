# SPDX-License-Identifier: Apache-2.0
"""Reload inside the process: the new file takes effect, nothing that runs notices."""
import os
import random
import signal
import threading
import time

import pytest

import gate
import peers

pytestmark = [pytest.mark.gatehouse("HAProxy starts another process to reload"), pytest.mark.threads]

TEXT = """
global
    maxconn 500
    nbthread 2

defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s

frontend fe
    bind 127.0.0.1:@fe@
    default_backend @use@

backend one
    server s1 127.0.0.1:@a@

backend two
    server s1 127.0.0.1:@b@
"""


def name_of(letter):
    def handler(link, server):
        while True:
            request = link.read_request()
            server.note(request)
            link.answer(letter)

    return handler


def using(backend, text=TEXT):
    return text.replace("@use@", backend)


@pytest.fixture
def pair(gateway, serve):
    """A gateway with two backends, and two servers that answer with their names."""
    a, b = serve(name_of(b"A")), serve(name_of(b"B"))
    g = gateway(using("one"), a=a.port, b=b.port)
    g.servers = a, b
    return g


def effective(client, body):
    """Waits until the kept connection gets this answer."""
    gate.wait_until(lambda: client.get().body == body, 5, f"answers {body}")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2])
def test_takes_effect_on_a_kept_connection(pair, connect, number):
    kept = connect(pair.port["fe"])
    assert kept.get().body == b"A"
    pair.reload(using("two"), number)
    effective(kept, b"B")
    pair.reload(using("one"), number)
    effective(kept, b"A")
    assert pair.alive()


def test_bad_file_changes_nothing_and_says_why(pair, connect):
    kept = connect(pair.port["fe"])
    assert kept.get().body == b"A"
    mark = len(pair.output())
    pair.reload(using("two").replace("server s1", "sevrer s1"))
    pair.wait_output(r":\d+:\d+: error: .*'sevrer'", start=mark)
    for _ in range(3):
        assert kept.get().body == b"A"
    assert connect(pair.port["fe"]).get().body == b"A"
    pair.reload(using("two"))
    effective(kept, b"B")


def test_missing_file_changes_nothing(pair, connect):
    kept = connect(pair.port["fe"])
    mark = len(pair.output())
    os.rename(pair.path, pair.path + ".away")
    pair.tell(signal.SIGUSR2)
    pair.wait_output("No such file", start=mark)
    assert kept.get().body == b"A"


@pytest.mark.parametrize("line", ["nbthread 3", "user nobody", "chroot /var/empty"])
def test_what_cannot_change_is_refused_by_name(pair, connect, line):
    kept = connect(pair.port["fe"])
    assert kept.get().body == b"A"
    mark = len(pair.output())
    text = using("two")
    text = text.replace("nbthread 2", line) if "nbthread" in line else text.replace("nbthread 2", "nbthread 2\n    " + line)
    pair.reload(text)
    pair.wait_output(line.split()[0], start=mark)
    assert kept.get().body == b"A"


def test_listeners_come_and_go(pair, connect):
    kept = connect(pair.port["fe"])
    assert kept.get().body == b"A"
    pair.reload(using("one").replace("default_backend", "bind 127.0.0.1:@second@\n    default_backend", 1))
    gate.wait_until(lambda: pair.port["second"] in gate.listening_ports(pair.pid), 5, "the new listener")
    other = connect(pair.port["second"])
    assert other.get().body == b"A"
    pair.reload(using("one"))
    gate.wait_until(lambda: pair.port["second"] not in gate.listening_ports(pair.pid), 5, "the listener's end")
    assert pair.port["fe"] in gate.listening_ports(pair.pid)
    assert kept.get().body == b"A"


def test_an_address_in_use_changes_nothing(pair, connect, serve):
    kept = connect(pair.port["fe"])
    assert kept.get().body == b"A"
    mark = len(pair.output())
    taken = serve().port
    pair.reload(using("two").replace("default_backend", f"bind 127.0.0.1:{taken}\n    default_backend", 1))
    pair.wait_output(str(taken), start=mark)
    assert kept.get().body == b"A"
    pair.reload(using("two"))
    effective(kept, b"B")


def test_a_request_under_way_ends_on_what_it_began(gateway, serve, connect):
    go = threading.Event()

    def handler(link, server):
        while not link.take_until(b"\r\n\r\n").startswith(b"GET /slow "):
            link.answer(b"A")
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        go.wait(20)
        link.send(b"56789")
        link.is_closed()

    a, b = serve(handler), serve(name_of(b"B"))
    g = gateway(using("one"), a=a.port, b=b.port)
    busy = connect(g.port["fe"])
    busy.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    busy.take_until(b"01234")
    gone = using("two").replace("backend one\n    server s1 127.0.0.1:@a@\n", "")
    g.reload(gone)
    effective(connect(g.port["fe"]), b"B")
    go.set()
    assert busy.take(5) == b"56789"
    assert busy.get().body == b"B"


def test_a_tunnel_outlives_reloads(gateway, serve, connect):
    def handler(link, server):
        link.take_until(b"\r\n\r\n")
        link.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        while True:
            link.send(link.take(1))

    a, b = serve(handler), serve(name_of(b"B"))
    g = gateway(using("one"), a=a.port, b=b.port)
    tunnel = connect(g.port["fe"])
    tunnel.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
    tunnel.take_until(b"\r\n\r\n")
    for backend in ("two", "one", "two"):
        g.reload(using(backend))
        tunnel.send(b"x")
        assert tunnel.take(1) == b"x"
    effective(connect(g.port["fe"]), b"B")
    tunnel.send(b"y")
    assert tunnel.take(1) == b"y"


def test_counts_survive(pair, connect):
    kept = connect(pair.port["fe"])
    for _ in range(5):
        kept.get()
    sock = pair.folder + "/api.sock"
    text = using("one").replace("nbthread 2", f"nbthread 2\n    stats socket {sock} level admin")
    pair.reload(text)
    gate.wait_until(lambda: os.path.exists(sock), 5, "the socket")
    c = connect(sock)
    c.send(b"show stat fe 1 -1\n")
    table = c.take_until(b"\n\n").decode().splitlines()
    row = dict(zip(table[0].lstrip("# ").split(","), table[1].split(",")))
    assert row["req_tot"] == "5"
    assert row["scur"] == "1"


# ---- Under load ----


class Load:
    """Clients that ask without a pause, on kept connections and on new ones; counts what goes
    wrong."""

    def __init__(self, port, kept=4, fresh=2):
        self.port = port
        self.over = False
        self.answered = [0] * (kept + fresh)
        self.wrong = []
        jobs = [self.keep] * kept + [self.renew] * fresh
        self.threads = [threading.Thread(target=job, args=(i,), daemon=True) for i, job in enumerate(jobs)]
        for t in self.threads:
            t.start()

    def check(self, i, answer):
        if answer.status != 200 or answer.body not in (b"A", b"B"):
            self.wrong.append(f"status {answer.status}")
        self.answered[i] += 1

    def keep(self, i):
        try:
            client = peers.Client(self.port)
            while not self.over:
                answer = client.post(b"x" * random.randint(1, 3000)) if i % 2 else client.get()
                self.check(i, answer)
                if answer.get(b"connection") == b"close":
                    self.wrong.append("a kept connection was told to close")
            client.close()
        except Exception as e:
            self.wrong.append(f"kept connection: {type(e).__name__} {e}")

    def renew(self, i):
        while not self.over:
            try:
                client = peers.Client(self.port)
                self.check(i, client.get())
                client.close()
            except Exception as e:
                self.wrong.append(f"new connection: {type(e).__name__} {e}")

    def end(self):
        self.over = True
        for t in self.threads:
            t.join(30)
        assert not self.wrong, (len(self.wrong), self.wrong[:5], self.answered)
        assert all(self.answered), self.answered


def reload_under_load(g, times, pause):
    load = Load(g.port["fe"])
    watcher = peers.Client(g.port["fe"])
    for i in range(times):
        backend, letter = ("two", b"B") if i % 2 == 0 else ("one", b"A")
        g.reload(using(backend))
        effective(watcher, letter)
        time.sleep(pause)
    watcher.close()
    load.end()
    return sum(load.answered)


def test_twenty_reloads_under_load(pair):
    reload_under_load(pair, 20, 0.1)


@pytest.mark.serial
def test_two_hundred_reloads_in_a_minute(pair):
    start = time.monotonic()
    answered = reload_under_load(pair, 200, 0.2)
    seconds = time.monotonic() - start
    print(f"{answered} requests, 200 reloads in {seconds:.0f} s")
    assert seconds < 90
    # Old snapshots are freed: what lives is the one in use, and perhaps one on its way out.
    assert gate.rss(pair.pid) < 64 << 20
