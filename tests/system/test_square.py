# SPDX-License-Identifier: Apache-2.0
"""The Square service by itself: the guide's step 0."""
import json
import os
import re
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

MOST = 3037000499  # the largest number whose square fits in a signed 64-bit number


@pytest.fixture(scope="module")
def square():
    """A running service without its request log; .port is where it listens."""
    p = subprocess.Popen([os.environ["SQUARE"], "-q", "0"], stdout=subprocess.PIPE)
    p.port = int(re.fullmatch(r"Running on (\d+)", json.loads(p.stdout.readline())["msg"])[1])
    yield p
    p.send_signal(signal.SIGTERM)
    assert p.stdout.read() == b""
    assert p.wait(10) == 0


class Client:
    """Sends bytes, reads answers."""

    def __init__(self, square):
        self.socket = socket.create_connection(("127.0.0.1", square.port), timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, head=False):
        """(status, fields, body) of the next answer."""
        status = int(self.file.readline().split()[1])
        fields = {}
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            fields[name.lower()] = value.strip()
        return status, fields, b"" if head else self.file.read(int(fields["content-length"]))

    def at_end(self):
        return self.file.read() == b""


@pytest.fixture
def client(square):
    c = Client(square)
    yield c
    c.socket.close()


def ask(square, target, method="GET", more=""):
    c = Client(square)
    c.send(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n".encode())
    result = c.answer(head=method == "HEAD")
    assert c.at_end()
    return result


@pytest.mark.parametrize(
    "number, result",
    [("0", 0), ("1", 1), ("25", 625), ("-5", 25), ("+7", 49), ("007", 49), ("-0", 0)]
    + [(str(MOST), MOST**2), (str(-MOST), MOST**2)],
)
def test_squares(square, number, result):
    status, fields, body = ask(square, f"/square/{number}")
    assert (status, body) == (200, str(result).encode())
    assert fields["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "number", ["", "abc", "1.5", "1e3", "0x10", "-", "+-1", "25/", " 25", "25%20", "9" * 30, str(2**63)]
)
def test_not_a_number(square, number):
    status, _, body = ask(square, f"/square/{number}".replace(" ", "%20"))
    assert status == 400 and b"whole number" in body


@pytest.mark.parametrize("number", [MOST + 1, -MOST - 1, 2**63 - 1, -(2**63)])
def test_square_does_not_fit(square, number):
    status, _, body = ask(square, f"/square/{number}")
    assert status == 400 and b"does not fit" in body and str(number).encode() in body


@pytest.mark.parametrize("path", ["/", "/square", "/squares/25", "/x", "*"])
def test_other_paths(square, path):
    assert ask(square, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_other_methods(square, method):
    status, fields, _ = ask(square, "/square/25", method)
    assert status == 405 and fields["allow"] == "GET, HEAD"


def test_query_and_absolute_form(square):
    assert ask(square, "/square/25?x=1")[2] == b"625"
    assert ask(square, "http://square.example/square/25?x=1")[2] == b"625"
    assert ask(square, "http://square.example")[0] == 404


def test_head_has_no_body(client):
    client.send(b"HEAD /square/25 HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    for _ in range(2):
        status, fields, _ = client.answer(head=True)
        assert status == 200 and fields["content-length"] == "3"


def test_pipelining_past_every_buffer(client):
    numbers = range(3000)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(
            client.send, b"".join(b"GET /square/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in numbers)
        )
        for n in numbers:
            assert client.answer()[2] == str(n * n).encode()
        sent.result()


def test_byte_by_byte(client):
    for byte in b"\r\nGET /square/12 HTTP/1.1\r\nHost: x\r\n\r\n":
        client.send(bytes([byte]))
    assert client.answer()[2] == b"144"


def test_a_body_is_stepped_over(client):
    body = b"GET /square/1 HTTP/1.1\r\n\r\n" * 4000
    client.send(b"POST /square/2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
    client.send(body + b"GET /square/3 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer()[0] == 405
    assert client.answer()[2] == b"9"


@pytest.mark.parametrize("more", ["Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n"])
def test_a_body_that_is_not_read_ends_the_connection(square, more):
    status, fields, body = ask(square, "/square/25", more=more)
    assert (status, body) == (200, b"625") and fields["connection"] == "close"


def test_http10(square):
    c = Client(square)
    c.send(b"GET /square/4 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /square/5 HTTP/1.0\r\n\r\n")
    status, fields, body = c.answer()
    assert body == b"16" and fields["connection"] == "keep-alive"
    assert c.answer()[2] == b"25"
    assert c.at_end()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /square/25\r\n\r\n",
        b"GET  /square/25 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /square/25 HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET /square/25 HTTP/1.1\r\n\r\n",
        b"GET /square/25 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /square/25 HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /square/25 HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET /square/25 HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"POST /square/25 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /square/25 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /square/25 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /square/25 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ],
)
def test_bad_requests(client, head):
    client.send(head + b"GET /square/25 HTTP/1.1\r\nHost: x\r\n\r\n")
    status, fields, _ = client.answer()
    assert status == 400 and fields["connection"] == "close"
    assert client.at_end()


def test_a_head_that_is_too_large(client):
    client.send(b"GET /square/25 HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20000)
    assert client.answer()[0] == 431


def test_the_log(square):
    date = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    port = square.port
    other = subprocess.Popen([os.environ["SQUARE"]], stdout=subprocess.PIPE, env={**os.environ, "PORT": "0"})
    try:
        first = other.stdout.readline().decode()
        shape = r'{"level":"info","msg":"Running on (\d+)","time":"' + date + '"}\n'
        other.port = int(re.fullmatch(shape, first)[1])
        assert other.port != port
        agent = b'User-Agent: curl/7.64.1 "\\\t\xc3\xa9\xff\r\n'
        c = Client(other)
        c.send(b"GET /square/25?q HTTP/1.1\r\nHost: x\r\n" + agent + b"\r\n")
        assert c.answer()[2] == b"625"
        line = other.stdout.readline().decode()
        duration = r"(\d+ns|\d+(\.\d*[1-9])?(µs|ms|s))"
        msg = r'GET \| /square/25\?q \| curl/7\.64\.1 \\"\\\\\\u0009é\\ufffd \| ' + duration
        assert re.fullmatch('{"level":"info","msg":"' + msg + '","time":"' + date + '"}\n', line)
        assert json.loads(line)["level"] == "info"
    finally:
        other.terminate()
        assert other.wait(10) == 0


def test_a_taken_port_is_named(square):
    p = subprocess.run([os.environ["SQUARE"], str(square.port)], capture_output=True, timeout=10)
    assert p.returncode == 1 and p.stderr == f"square: port {square.port} is taken\n".encode()


def test_many_connections(square):
    clients = [Client(square) for _ in range(400)]
    for n, c in enumerate(clients):
        c.send(b"GET /square/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n)
    for n, c in enumerate(clients):
        assert c.answer()[2] == str(n * n).encode()
        c.socket.close()
