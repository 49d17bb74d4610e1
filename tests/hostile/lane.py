# SPDX-License-Identifier: Apache-2.0
"""A lane: one client and one server of the judge's, with the gateway between them. A thread runs
the cases of a lane one after the other, so that what turns up at the server belongs to the case at
hand; server connections live on from case to case, as the gateway likes."""
import json
import selectors
import socket
import struct
import time

from model import ANSWERED, FIN, RST, Answer, Pause
from wire import Wrong, parse_request, parse_response

PATIENCE = 4.0  # seconds for anything that has to come
QUIET = 0.4  # seconds for anything that must not come


def linger_reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Upstream:
    """A connection that the gateway has opened to our server."""

    def __init__(self, sock, number):
        self.sock = sock
        self.number = number
        self.data = b""
        self.served = 0  # whole requests
        self.poisoned = False  # must not bring another request
        self.answered_head = False  # of the request that is coming in
        self.steps = []  # what to do at what time: (time, step)
        self.closed = False

    def close(self):
        if not self.closed:
            self.closed = True
            self.sock.close()


class Lane:
    def __init__(self, address, listener, piece=0):
        self.address = address
        self.piece = piece  # bytes a segment of what the client sends; 0: all at once
        self.listener = listener
        self.selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ, None)
        self.upstreams = []
        self.count = 0
        self.client = None
        self.reset()

    def reset(self):
        self.case = None
        self.ident = b""
        self.requests = []  # (Message, Upstream) that were whole
        self.faults = []  # what the gateway sent to the server that follows no grammar
        self.data = b""  # what the client received
        self.over = False  # the client has read the end
        self.cut = False  # by a reset
        self.shut = False  # the client has shut its side
        self.greeted = False

    # ---- The server ----

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.count += 1
            up = Upstream(sock, self.count)
            self.upstreams.append(up)
            self.selector.register(sock, selectors.EVENT_READ, up)
            if self.case is not None and self.case.greet and not self.greeted:
                self.greeted = True
                self.plan(up, self.case.greet)

    def drop(self, up):
        if not up.closed:
            self.selector.unregister(up.sock)
            up.close()

    def retire(self, ups):
        """Ends server connections, and sees to it that the gateway has noticed: the next case must
        not begin with a race."""
        for up in ups:
            up.steps = []
            try:
                up.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        self.pump_until(lambda: all(u.closed for u in ups), QUIET)
        for up in ups:
            self.drop(up)

    def plan(self, up, steps):
        when = time.monotonic()
        for step in steps:
            if isinstance(step, Pause):
                when += step.ms / 1000
            else:
                up.steps.append((when, step))
        self.perform(up)

    def perform(self, up):
        """Does the steps whose time has come."""
        while up.steps and not up.closed and up.steps[0][0] <= time.monotonic():
            step = up.steps.pop(0)[1]
            if step == RST:
                self.selector.unregister(up.sock)
                up.closed = True
                linger_reset(up.sock)
            elif step == FIN:
                self.drop(up)
            else:
                self.send(up.sock, step.replace(b"@@", self.ident))

    def send(self, sock, data):
        try:
            sock.setblocking(True)
            sock.settimeout(PATIENCE)
            sock.sendall(data)
            sock.setblocking(False)
        except OSError:
            pass

    def read_upstream(self, up):
        try:
            got = up.sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            self.drop(up)
            return
        up.data += got
        self.serve(up)

    def serve(self, up):
        if self.case is None:  # between two cases
            return
        while up.data and not up.closed:
            try:
                message, used = parse_request(up.data)
            except Wrong as e:
                self.faults.append(f"{e} on server connection {up.number}")
                self.drop(up)
                return
            if message is None:
                return
            if not message.whole:
                if self.case.early and not up.answered_head:
                    up.answered_head = True
                    self.answer(up, message)
                return
            up.data = up.data[used:]
            if up.poisoned:
                self.faults.append(f"another request ({message.target!r}) on a spoilt server connection")
            up.served += 1
            self.requests.append((message, up))
            if not up.answered_head:
                self.answer(up, message)
            up.answered_head = False

    def answer(self, up, message):
        if self.scripted() and message.target.endswith(b"/case" + self.ident):
            up.poisoned = self.case.drop
            self.plan(up, self.case.steps)
            return
        body = json.dumps(
            [message.method.decode(), message.target.decode("latin-1"), len(message.body)]
        ).encode()
        head = b"HTTP/1.1 200 OK\r\nX-From: server\r\nContent-Length: %d\r\n\r\n" % len(body)
        if message.method == b"CONNECT":
            head = b"HTTP/1.1 403 Forbidden\r\nX-From: server\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.send(up.sock, head + (b"" if message.method == b"HEAD" else body))

    def scripted(self):
        """Whether the server is the hostile one."""
        return self.case is not None and isinstance(self.case.allowed[0], Answer)

    # ---- The client ----

    def connect(self):
        self.hang_up()
        self.client = socket.create_connection(self.address, PATIENCE)
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.setblocking(False)
        self.selector.register(self.client, selectors.EVENT_READ, self)
        self.data = b""
        self.over = self.cut = False
        self.shut = False

    def hang_up(self):
        if self.client is not None:
            try:
                self.selector.unregister(self.client)
            except KeyError:
                pass
            self.client.close()
            self.client = None

    def read_client(self):
        try:
            got = self.client.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:  # a reset: what came before it is not whole
            got = b""
            self.cut = True
        if got:
            self.data += got
        else:
            self.over = True
            self.selector.unregister(self.client)

    def client_step(self, step):
        if step == FIN:
            self.shut = True
            try:
                self.client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        elif step == RST:
            self.selector.unregister(self.client)
            linger_reset(self.client)
            self.client = None
            self.over = True
        else:
            self.send_pieces(step.replace(b"@@", self.ident))

    def send_pieces(self, data):
        """The beginning in small segments, where so asked: a parser must not depend on them."""
        at = 0
        while self.piece and at < min(len(data), 500) and not self.over:
            self.send(self.client, data[at : at + self.piece])
            at += self.piece
            self.pump(0)
        if not self.over:
            self.send(self.client, data[at:])

    # ---- Both ----

    def pump(self, seconds):
        """Handles what comes within so many seconds, at most one round of it."""
        timed = [u.steps[0][0] for u in self.upstreams if u.steps and not u.closed]
        if timed:
            seconds = max(0.0, min([seconds] + [t - time.monotonic() for t in timed]))
        for key, _ in self.selector.select(seconds):
            if key.data is None:
                self.accept()
            elif key.data is self:
                self.read_client()
            elif not key.data.closed:
                self.read_upstream(key.data)
        for up in self.upstreams:
            self.perform(up)
        self.upstreams = [u for u in self.upstreams if not u.closed]

    def pump_until(self, done, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.pump(min(left, 0.05))
        return True

    def settle(self):
        """Takes in all that is already under way."""
        for _ in range(3):
            self.pump(0)

    def answers(self, methods):
        """What the client received so far, as messages without the interim ones; the last one may
        not be whole. Raises Wrong."""
        found, at = [], 0
        while at < len(self.data):
            method = methods[len(found)] if len(found) < len(methods) else b"GET"
            # A window first: whoever sends a thousand interim answers is not to be waited for long.
            message, used = parse_response(self.data[at : at + 2048], method, False)
            if message is None or message.status >= 200 or not message.whole:
                message, used = parse_response(self.data[at:], method, self.over and not self.cut)
            if message is None:
                break
            at += used
            if message.status >= 200 or message.status == 101:
                found.append(message)
            if not message.whole:
                break
        return found, self.data[at:]

    def do_steps(self, steps):
        for step in steps:
            if isinstance(step, Pause):
                end = time.monotonic() + step.ms / 1000
                while time.monotonic() < end:
                    self.pump(max(0.0, end - time.monotonic()))
            elif step == ANSWERED:
                self.pump_until(lambda: self.over or b"\r\n\r\n" in self.data)
            elif self.client is None:
                return
            else:
                self.client_step(step)
                self.pump(0)

    def marker(self, before, expected_on_wire):
        """A further request, on the client's connection where that is open: whether its own answer
        came, and nothing else; or a text that says what came instead. `before` answers, to these
        methods, are already there."""
        target = b"/marker" + self.ident
        methods = list(expected_on_wire) + [b"GET"]
        seen = len(self.requests)
        if self.over or self.shut or self.client is None:
            self.connect()
            before, methods = 0, [b"GET"]
        self.client_step(b"GET " + target + b" HTTP/1.1\r\nHost: h.example\r\n\r\n")

        def done():
            found, _ = self.answers(methods)
            return self.over or (len(found) > before and found[-1].whole)

        came = self.pump_until(done)
        if self.over and not self.data and before == 0:
            return "the connection was closed on the next request"
        found, rest = self.answers(methods)
        if self.over and len(found) == before:
            # It may close when it has answered; then the next request has to do on a new one.
            return self.marker_anew() if seen == len(self.requests) else "next request unanswered"
        if not came:
            return "the next request got no answer"
        if len(found) != before + 1 or rest:
            return f"{len(found) - before} answers to the next request, {rest[:60]!r} after them"
        return self.own_answer(found[-1], b"GET", target, 0)

    def marker_anew(self):
        self.hang_up()
        self.over = True
        return self.marker(0, [])

    def own_answer(self, message, method, target, length):
        """None if this answer of our server is that to the given request."""
        if message.get(b"x-from") != b"server":
            return f"status {message.status} of the gateway's own, not the server's answer"
        if method == b"HEAD":
            return None
        try:
            said = json.loads(message.body)
        except ValueError:
            return f"answer {message.body[:60]!r}"
        if said != [method.decode(), target.decode("latin-1"), length]:
            return f"the answer to another request: {said}"
        return None

    def half_requests_end(self):
        """Whether every server connection with a part of a request on it gets closed."""
        return self.pump_until(lambda: not any(u.data for u in self.upstreams if not u.closed), 1.5)
