# SPDX-License-Identifier: Apache-2.0
"""Peers of the gateway for tests: servers whose every byte is scripted, and which keep every byte
that they receive; clients that read answers to the letter."""
import os
import select
import socket
import struct
import threading

import gate
from wire import parse_response

PATIENCE = 10.0 * gate.SLOWNESS


class Closed(Exception):
    """The other side has closed, or reset, the connection."""


class Link:
    """One connection, either side. What has been read and not used is in `data`."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self.data = b""
        self.pieces = []

    @property
    def received(self):
        """All that has come so far, used or not."""
        return b"".join(self.pieces)

    def send(self, data):
        self.sock.sendall(data)

    def fill(self):
        """Reads some more; raises Closed at the end."""
        try:
            got = self.sock.recv(1 << 16)
        except ConnectionResetError:
            got = b""
        if not got:
            raise Closed(self.data[:200])
        self.data += got
        self.pieces.append(got)

    def take(self, n):
        if n > len(self.data) + (1 << 16):
            self.data = self.take_many(n - len(self.data))
        while len(self.data) < n:
            self.fill()
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def take_many(self, more):
        """All data there is and so many bytes more, without copying it for every piece."""
        parts = [self.data]
        while more > 0:
            self.data = b""
            self.fill()
            parts.append(self.data)
            more -= len(self.data)
        return b"".join(parts)

    def take_until(self, mark):
        while mark not in self.data:
            self.fill()
        return self.take(self.data.index(mark) + len(mark))

    def is_closed(self):
        """Waits for the end; false if bytes come instead."""
        if self.data:
            return False
        try:
            self.fill()
        except Closed:
            return True
        return False

    def shut(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


class Request:
    def __init__(self, head):
        lines = head.split(b"\r\n")
        self.method, self.target, self.version = lines[0].split(b" ")
        self.fields = [tuple(x.strip() for x in line.split(b":", 1)) for line in lines[1:] if line]

    def get(self, name):
        for n, v in self.fields:
            if n.lower() == name:
                return v
        return None


class Inbound(Link):
    """A connection that a server of ours has accepted."""

    def __init__(self, sock, number):
        super().__init__(sock)
        self.number = number

    def read_request(self):
        """The next request with its body (in .body); raises Closed when there is none."""
        request = Request(self.take_until(b"\r\n\r\n"))
        request.body = b""
        if request.get(b"content-length"):
            request.body = self.take(int(request.get(b"content-length")))
        elif request.get(b"transfer-encoding"):
            while True:
                size = int(self.take_until(b"\r\n"), 16)
                if size == 0:
                    while self.take_until(b"\r\n") != b"\r\n":
                        pass
                    break
                request.body += self.take(size)
                self.take(2)
        return request

    def answer(self, body=b"ok", status=b"200 OK", fields=b""):
        self.send(b"HTTP/1.1 " + status + b"\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def answer_all(link, server):
    """Answers every request with "ok"."""
    while True:
        request = link.read_request()
        server.note(request)
        link.answer()


class Server:
    """Accepts connections and runs `handler(link, server)` for each in a thread; the connection is
    closed when that returns. `links` has all of them, `requests` what was noted."""

    def __init__(self, handler=answer_all, family=socket.AF_INET, path=None, port=0, backlog=512):
        if path:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.bind(path)
        else:
            self.sock = socket.socket(family)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
            self.port = self.sock.getsockname()[1]
        self.sock.listen(backlog)
        self.path = path
        self.handler = handler
        self.lock = threading.Lock()
        self.links = []
        self.requests = []
        self.failed = []
        threading.Thread(target=self.accept_all, daemon=True).start()

    def accept_all(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            with self.lock:
                link = Inbound(sock, len(self.links))
                self.links.append(link)
            threading.Thread(target=self.run, args=(link,), daemon=True).start()

    def run(self, link):
        try:
            self.handler(link, self)
        except (Closed, OSError):
            pass
        except Exception as e:  # shown when the test ends
            self.failed.append(e)
        link.close()

    def note(self, request):
        with self.lock:
            self.requests.append(request)

    def count(self):
        with self.lock:
            return len(self.requests)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        for link in list(self.links):
            try:
                link.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if self.path and os.path.exists(self.path):
            os.unlink(self.path)
        assert not self.failed, self.failed


class Crowd:
    """A server for many connections in one thread: answers every request, whole in what has come,
    with the same bytes. `open` has the connections that are open now, `most` how many ever were."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        self.open = {}
        self.most = 0
        self.requests = 0
        self.over = False
        self.epoll = select.epoll()
        self.epoll.register(self.sock.fileno(), select.EPOLLIN)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over:
            for fd, _ in self.epoll.poll(0.2):
                if fd == self.sock.fileno():
                    self.accept_all()
                else:
                    self.serve(self.open[fd])

    def accept_all(self):
        try:
            while True:
                sock, _ = self.sock.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.open[sock.fileno()] = sock
                self.most = max(self.most, len(self.open))
                self.epoll.register(sock.fileno(), select.EPOLLIN)
        except BlockingIOError:
            pass

    def serve(self, sock):
        try:
            data = sock.recv(1 << 16)
        except OSError:
            data = b""
        n = data.count(b"\r\n\r\n")
        if n:
            self.requests += n
            sock.send(self.ANSWER * n)
        else:
            del self.open[sock.fileno()]
            sock.close()

    def close(self):
        self.over = True
        self.thread.join()
        for sock in [self.sock, *self.open.values()]:
            sock.close()
        self.epoll.close()


class Client(Link):
    """A client connection; `where` is a port of 127.0.0.1, an address or a path."""

    def __init__(self, where, source=None):
        if isinstance(where, str):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(PATIENCE)
            sock.connect(where)
        else:
            address = ("127.0.0.1", where) if isinstance(where, int) else where
            sock = socket.create_connection(address, PATIENCE, source)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock)

    def read_answer(self, method=b"GET"):
        """The next whole answer, interim ones included; raises Closed if it is cut short."""
        over = False
        while True:
            message, used = parse_response(self.data, method, over)
            if message is not None and message.whole:
                self.data = self.data[used:]
                return message
            if over:
                raise Closed(self.data[:200])
            try:
                self.fill()
            except Closed:
                over = True

    def get(self, target="/", fields="", method="GET"):
        """One request and its answer."""
        self.send(f"{method} {target} HTTP/1.1\r\nHost: h.example\r\n{fields}\r\n".encode())
        return self.read_answer(method.encode())

    def post(self, body, target="/", fields=""):
        head = f"POST {target} HTTP/1.1\r\nHost: h.example\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
        self.send(head.encode() + body)
        return self.read_answer()


def api(where, line, shut=True):
    """All that a socket of the Runtime API says to that line; `shut`: to a client that ends its own
    side behind it, as socat does."""
    c = Client(where)
    c.send(line.encode() + b"\n")
    if shut:
        c.shut()
    try:
        while True:
            c.fill()
    except Closed:
        pass
    c.close()
    return c.data.decode()


PLAIN = """
global
    maxconn 500
    @more@

defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s

frontend fe
    bind 127.0.0.1:@fe@
    default_backend be

backend be
    server s1 127.0.0.1:@server@
"""


def plain(more=""):
    """A small configuration with one frontend `fe` and one server, with these lines in `global`."""
    return PLAIN.replace("@more@", more)
