# SPDX-License-Identifier: Apache-2.0
"""Large bodies, both ways at once, through one connection: whole, in bounded memory."""
import socket
import threading
import time
import zlib

import pytest

import gate
import peers

MIB = 1 << 20
BLOCK = bytes(range(256)) * 4096  # 1 MiB


def block(i):
    """Different for each i, cheap, and seen to be out of order."""
    return i.to_bytes(8, "big") + BLOCK[8:]


def checksum_of(blocks):
    crc = 0
    for i in range(blocks):
        crc = zlib.crc32(block(i), crc)
    return crc


class Duplex:
    """Both ends of a transfer: `blocks` up and down at the same time on one connection."""

    def __init__(self, serve, blocks, chunked=False):
        self.blocks = blocks
        self.chunked = chunked
        self.sums = {}
        self.server = serve(self.answer)

    def head(self):
        if self.chunked:
            return b"Transfer-Encoding: chunked\r\n\r\n"
        return b"Content-Length: %d\r\n\r\n" % (self.blocks * MIB)

    def put(self, sock):
        for i in range(self.blocks):
            if self.chunked:
                sock.sendall(b"%x\r\n" % MIB)
            sock.sendall(block(i))
            if self.chunked:
                sock.sendall(b"\r\n")
        if self.chunked:
            sock.sendall(b"0\r\n\r\n")

    def take(self, link, name):
        crc = 0
        left = self.blocks * MIB if not self.chunked else None
        data = memoryview(bytearray(4 * MIB))
        crc = zlib.crc32(link.data, 0) if left is not None else 0
        if left is not None:
            left -= len(link.data)
            while left > 0:
                n = link.sock.recv_into(data[: min(left, len(data))])
                if n == 0:
                    raise peers.Closed(f"{left} bytes are missing")
                crc = zlib.crc32(data[:n], crc)
                left -= n
        else:
            while True:
                size = int(link.take_until(b"\r\n"), 16)
                if size == 0:
                    link.take(2)
                    break
                crc = zlib.crc32(link.take(size), crc)
                link.take(2)
        self.sums[name] = crc

    def answer(self, link, server):
        if link.take_until(b"\r\n\r\n").startswith(b"GET"):
            link.answer(b"warm")
            link.take_until(b"\r\n\r\n")
        link.send(b"HTTP/1.1 200 OK\r\n" + self.head())
        down = threading.Thread(target=self.put, args=(link.sock,))
        down.start()
        self.take(link, "up")
        down.join()
        link.data = b""
        link.is_closed()

    def run(self, client):
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\n" + self.head())
        up = threading.Thread(target=self.put, args=(client.sock,))
        up.start()
        client.take_until(b"\r\n\r\n")
        self.take(client, "down")
        up.join()
        gate.wait_until(lambda: "up" in self.sums, 30, "the server's end of the transfer")
        expected = checksum_of(self.blocks)
        assert self.sums == {"up": expected, "down": expected}


@pytest.mark.threads
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_both_ways(gateway, serve, connect, chunked):
    d = Duplex(serve, 32 if not chunked else 8, chunked)
    g = gateway(peers.plain(), server=d.server.port)
    d.run(connect(g.port["fe"]))


def peak_rss(pid, over):
    peak = 0
    while not over.is_set():
        peak = max(peak, gate.rss(pid))
        time.sleep(0.02)
    return peak


@pytest.mark.serial
def test_one_gibibyte_both_ways_in_four_mebibytes(gateway, serve, connect):
    d = Duplex(serve, 1024)
    g = gateway(peers.plain("nbthread 1"), server=d.server.port)
    client = connect(g.port["fe"])
    assert client.get().body == b"warm"
    before = gate.rss(g.pid)
    over = threading.Event()
    peak = []
    watch = threading.Thread(target=lambda: peak.append(peak_rss(g.pid, over)))
    watch.start()
    try:
        d.run(client)
    finally:
        over.set()
        watch.join()
    print(f"RSS {before // 1024} KiB before, {peak[0] // 1024} KiB at most")
    assert peak[0] - before < 4 * MIB


def test_a_reader_that_stops_stops_the_sender(gateway, serve, connect):
    """Backpressure: what nobody reads is not read either, and memory stays bounded."""
    sent = [0]

    def flood(link, server):
        link.read_request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (256 * MIB))
        for i in range(256):
            link.send(block(i))
            sent[0] = i + 1

    server = serve(flood)
    g = gateway(peers.plain(), server=server.port)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.connect(("127.0.0.1", g.port["fe"]))
        s.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        s.recv(1000)
        level = -1
        while level != sent[0]:
            level = sent[0]
            time.sleep(0.3)
        assert level < 64, f"{level} MiB were taken in for a client that does not read"


def test_a_slow_sender_is_no_burden(gateway, serve, connect):
    """Many uploads that stand still, and one that goes through."""
    server = serve()
    g = gateway(peers.plain(), server=server.port)
    stuck = [connect(g.port["fe"]) for _ in range(50)]
    for c in stuck:
        c.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
    assert connect(g.port["fe"]).post(b"y" * 100000).status == 200
