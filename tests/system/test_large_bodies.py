# SPDX-License-Identifier: Apache-2.0
"""Bodies that are large enough to be spliced (src/gateway/pump.c): every byte arrives, none that is
not theirs goes with them, and whatever ends early leaves the gateway as it was."""
import hashlib
import os
import random
import socket
import threading
import time

import pytest

import gate
import peers

KIB, MIB = 1 << 10, 1 << 20
NOISE = random.Random(6).randbytes(8 * MIB + 12345)  # no place in it looks like another
SPLICED = ("", "nosplice")  # lines of `global`: with, and without


def piece(n, at=0):
    """n bytes of an endless sequence, from that place on."""
    at %= len(NOISE)
    out = NOISE[at : at + n]
    while len(out) < n:
        out += NOISE[: n - len(out)]
    return out


def digest(data):
    return hashlib.blake2b(data).hexdigest()


def head_of(n, start=b"HTTP/1.1 200 OK\r\n"):
    return start + b"Content-Length: %d\r\n\r\n" % n


def echo_sizes(link, server):
    """Answers /N with N bytes, and notes what came."""
    while True:
        request = link.read_request()
        server.note(request)
        n = int(request.target[1:])
        link.send(head_of(n) + piece(n, at=n))


# Around what is read with a head, what is spliced, and what a pipe holds.
SIZES = [64 * KIB, 128 * KIB - 1, 132 * KIB, 144 * KIB + 1, 192 * KIB + 1, 256 * KIB, 300001, MIB - 1, MIB,
         MIB + 1, 3 * MIB + 7, 8 * MIB]


@pytest.mark.parametrize("more", SPLICED)
def test_each_size_both_ways_on_one_connection(gateway, serve, connect, more):
    server = serve(echo_sizes)
    g = gateway(peers.plain(more), server=server.port)
    client = connect(g.port["fe"])
    order = SIZES + random.Random(7).sample(SIZES, len(SIZES))
    for n in order:
        answer = client.post(piece(n), f"/{n}")
        assert answer.status == 200
        assert digest(answer.body) == digest(piece(n, at=n)), n
        assert digest(server.requests[-1].body) == digest(piece(n)), n
    assert len(server.links) == 1  # and it was kept all the time


def test_many_at_once(gateway, serve, connect):
    server = serve(echo_sizes)
    g = gateway(peers.plain(), server=server.port)
    failed = []

    def work(seed):
        choose = random.Random(seed)
        client = connect(g.port["fe"])
        for _ in range(6):
            up, down = choose.randrange(4 * MIB), choose.randrange(4 * MIB)
            answer = client.post(piece(up), f"/{down}")
            if answer.body != piece(down, at=down):
                failed.append((seed, up, down))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    wanted = sorted(digest(piece(len(r.body))) for r in server.requests)
    assert sorted(digest(r.body) for r in server.requests) == wanted and len(wanted) == 48


def test_sixty_four_mebibytes(gateway, serve, connect):
    sums = {}

    def take(link, server):
        link.take_until(b"\r\n\r\n")
        h = hashlib.blake2b()
        for _ in range(64):
            h.update(link.take(MIB))
        sums["up"] = h.hexdigest()
        link.send(head_of(64 * MIB))
        for i in range(64):
            link.send(piece(MIB, i * MIB))

    server = serve(take)
    g = gateway(peers.plain(), server=server.port)
    client = connect(g.port["fe"])
    client.send(head_of(64 * MIB, b"POST / HTTP/1.1\r\nHost: h\r\n"))
    expected, h = hashlib.blake2b(), hashlib.blake2b()
    for i in range(64):
        client.send(piece(MIB, i * MIB))
        expected.update(piece(MIB, i * MIB))
    client.take_until(b"\r\n\r\n")
    for i in range(64):
        h.update(client.take(MIB))
    assert sums["up"] == h.hexdigest() == expected.hexdigest()


def reads_slowly(link, n, pause=0.002):
    """n bytes, in short reads."""
    out = bytearray(link.data[:n])
    link.data = link.data[n:]
    while len(out) < n:
        got = link.sock.recv(min(37 * KIB, n - len(out)))
        if not got:
            raise peers.Closed(f"{n - len(out)} bytes are missing")
        out += got
        time.sleep(pause)
    return bytes(out)


def test_slow_reader(gateway, serve, connect):
    server = serve(echo_sizes)
    g = gateway(peers.plain(), server=server.port)
    client = connect(g.port["fe"])
    for _ in range(2):
        client.send(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % (6 * MIB))
        client.take_until(b"\r\n\r\n")
        time.sleep(0.2)  # until all that can wait on the way does
        assert digest(reads_slowly(client, 6 * MIB)) == digest(piece(6 * MIB, at=6 * MIB))
    assert len(server.links) == 1


def test_slow_server(gateway, serve, connect):
    bodies = []

    def slow(link, server):
        for _ in range(2):
            link.take_until(b"\r\n\r\n")
            time.sleep(0.2)
            bodies.append(reads_slowly(link, 6 * MIB))
            link.answer()

    server = serve(slow)
    g = gateway(peers.plain(), server=server.port)
    client = connect(g.port["fe"])
    for _ in range(2):
        assert client.post(piece(6 * MIB)).body == b"ok"
    assert [digest(b) for b in bodies] == [digest(piece(6 * MIB))] * 2


def test_sender_in_small_parts(gateway, serve, connect):
    """A large body that trickles in is passed on as it comes."""

    def trickle(link, server):
        link.read_request()
        link.send(head_of(2 * MIB))
        for i in range(20):
            link.send(piece(1000, i * 1000))
            time.sleep(0.01)
        link.send(piece(2 * MIB - 20000, 20000))
        link.read_request()

    server = serve(trickle)
    g = gateway(peers.plain(), server=server.port)
    client = connect(g.port["fe"])
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    client.take_until(b"\r\n\r\n")
    assert digest(client.take(2 * MIB)) == digest(piece(2 * MIB))


def test_what_is_there_goes_on_though_the_sender_pauses(gateway, serve, connect):
    go_on = threading.Event()

    def pause(link, server):
        link.read_request()
        link.send(head_of(4 * MIB) + piece(MIB + 777))
        go_on.wait(10)
        link.send(piece(3 * MIB - 777, MIB + 777))
        link.read_request()

    server = serve(pause)
    g = gateway(peers.plain(), server=server.port)
    client = connect(g.port["fe"])
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    client.take_until(b"\r\n\r\n")
    first = client.take(MIB + 777)
    go_on.set()
    assert digest(first + client.take(3 * MIB - 777)) == digest(piece(4 * MIB))


def test_pipelined_behind_a_large_upload(gateway, serve, connect):
    server = serve(echo_sizes)
    g = gateway(peers.plain(), server=server.port)
    client = connect(g.port["fe"])
    post = head_of(2 * MIB + 3, b"POST /5 HTTP/1.1\r\nHost: h\r\n") + piece(2 * MIB + 3)
    client.send(post + post + b"GET /7 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert [len(client.read_answer().body) for _ in range(3)] == [5, 5, 7]
    assert [digest(r.body) for r in server.requests] == [digest(piece(2 * MIB + 3))] * 2 + [digest(b"")]


@pytest.mark.parametrize("end", ["close", "reset"])
def test_server_ends_half_way(gateway, serve, connect, end):
    def cut(link, server):
        while True:
            if link.read_request().target == b"/":
                link.answer()
                continue
            link.send(head_of(8 * MIB) + piece(3 * MIB))
            getattr(link, end)()
            return

    server = serve(cut)
    g = gateway(peers.plain(), server=server.port)
    for _ in range(5):
        client = connect(g.port["fe"])
        client.send(b"GET /cut HTTP/1.1\r\nHost: h\r\n\r\n")
        client.take_until(b"\r\n\r\n")
        with pytest.raises(peers.Closed):
            client.take(8 * MIB)
        got = client.received.partition(b"\r\n\r\n")[2]
        assert piece(8 * MIB).startswith(got)
        assert end == "reset" or len(got) == 3 * MIB
    assert connect(g.port["fe"]).get().body == b"ok"


def descriptors(g):
    """What the gateway's open descriptors are."""
    names = []
    for fd in os.listdir(f"/proc/{g.pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{g.pid}/fd/{fd}"))
        except FileNotFoundError:
            pass
    return names


def pipes(g):
    return len({name for name in descriptors(g) if name.startswith("pipe:")})


def test_client_goes_half_way(gateway, serve, connect):
    """Down and up, read or not: nothing is left of it, neither connections nor pipes."""
    server = serve(echo_sizes)
    g = gateway(peers.plain("nbthread 1\n    maxpipes 8"), server=server.port)
    first = connect(g.port["fe"])
    assert first.get("/1").body == piece(1, at=1)
    level = len(descriptors(g))
    for i in range(20):
        down = connect(g.port["fe"])
        down.send(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % (8 * MIB))
        down.take((i + 1) * 100000)
        down.reset()
        up = connect(g.port["fe"])
        up.send(head_of(8 * MIB, b"POST /1 HTTP/1.1\r\nHost: h\r\n") + piece((i + 1) * 100000))
        up.reset()
    gate.wait_until(lambda: len(descriptors(g)) - 2 * pipes(g) <= level, 10, "connections to be closed")
    assert pipes(g) <= 8
    assert digest(first.post(piece(MIB), f"/{MIB}").body) == digest(piece(MIB, at=MIB))


def closed(link):
    """Whether the connection of this server has broken (it only sends)."""
    return link.sock.fileno() < 0


def test_timeout_while_a_pipe_is_full(gateway, serve, connect):
    """A client that does not read is waited for as ever: `timeout client`."""
    server = serve(echo_sizes)
    text = peers.plain("nbthread 1").replace("timeout client 20s", "timeout client 1s")
    g = gateway(text, server=server.port)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.connect(("127.0.0.1", g.port["fe"]))
        s.sendall(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % (32 * MIB))
        began = time.monotonic()
        gate.wait_until(lambda: server.links and closed(server.links[0]), 10, "the server's end")
        assert time.monotonic() - began > 0.9


@pytest.mark.parametrize("more", SPLICED)
def test_until_close(gateway, serve, connect, more):
    def answer(link, server):
        link.read_request()
        link.send(b"HTTP/1.0 200 OK\r\n\r\n" + piece(5 * MIB + 1))

    server = serve(answer)
    g = gateway(peers.plain(more), server=server.port)
    for _ in range(3):
        answer = connect(g.port["fe"]).get()
        assert answer.status == 200 and digest(answer.body) == digest(piece(5 * MIB + 1))


@pytest.mark.parametrize("more", SPLICED)
def test_tunnel(gateway, serve, connect, more):
    """Small messages and large ones, at the same time in both directions."""
    sums = {}

    def messages(seed):
        choose = random.Random(seed)
        sizes = [choose.choice([3, 200, 9000, 70000, 2 * MIB]) for _ in range(60)]
        return [(sum(sizes[:i]), n) for i, n in enumerate(sizes)]

    def expected(seed):
        h = hashlib.blake2b()
        for at, n in messages(seed):
            h.update(piece(n, at))
        return h.hexdigest()

    def send(link, seed):
        for at, n in messages(seed):
            link.send(piece(n, at))

    def exchange(link, sent, received):
        sending = threading.Thread(target=send, args=(link, sent))
        sending.start()
        h = hashlib.blake2b()
        for _, n in messages(received):
            h.update(link.take(n))
        sums[received] = h.hexdigest()
        sending.join()

    def upgrade(link, server):
        link.take_until(b"\r\n\r\n")
        link.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
        exchange(link, 1, 2)
        assert link.is_closed()

    server = serve(upgrade)
    g = gateway(peers.plain(more), server=server.port)
    client = connect(g.port["fe"])
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    assert client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
    exchange(client, 2, 1)
    gate.wait_until(lambda: 2 in sums, 10, "the server's end")
    client.shut()
    assert client.is_closed()
    assert sums == {1: expected(1), 2: expected(2)}


@pytest.mark.gatehouse("it splices when it likes")
@pytest.mark.parametrize("args, more", [((), ""), (("-dS",), ""), ((), "nosplice"), ((), "maxpipes 0")])
def test_splice_is_used_unless_it_is_switched_off(gateway, serve, connect, args, more):
    """Pipes stay open for the next body, so they tell."""
    server = serve(echo_sizes)
    g = gateway(peers.plain(f"nbthread 1\n    {more}"), args=args, server=server.port)
    client = connect(g.port["fe"])
    assert client.post(piece(1000), "/60000").status == 200
    assert pipes(g) == 0  # what is small is copied
    for _ in range(3):
        assert client.post(piece(4 * MIB), f"/{4 * MIB}").body == piece(4 * MIB, at=4 * MIB)
    assert pipes(g) == (0 if args or more else 1)
