# SPDX-License-Identifier: Apache-2.0
"""hatop, as Debian ships it, on our Runtime API: a terminal program, so it runs in a terminal of
ours, and what it draws there is read."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import termios
import time

import pytest

import gate
import peers

HATOP = shutil.which("hatop")
pytestmark = pytest.mark.skipif(not HATOP, reason="hatop is not installed")


class Terminal:
    """A program in a terminal of 40 lines. What it has drawn so far, without what moves the cursor,
    is text."""

    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="vt100", LANG="C.UTF-8", LINES="40", COLUMNS="160")
            os.execv(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.raw = b""

    @property
    def text(self):
        plain = re.sub(rb"\x1b[\[(][0-9;?]*[A-Za-z]|[\x0e\x0f]", b" ", self.raw)
        return plain.decode("utf-8", "replace")

    def read(self):
        if not select.select([self.fd], [], [], 0.1)[0]:
            return
        try:
            self.raw += os.read(self.fd, 65536)
        except OSError:
            pass  # it has ended

    def expect(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"{pattern!r} was never shown:\n{self.text[-3000:]}"
            self.read()

    def type(self, text):
        """A key at a time, and anew what is drawn then."""
        self.raw = b""
        for key in text:
            os.write(self.fd, key.encode())

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def hatop(gateway, serve, tmp_path):
    path = str(tmp_path / "api.sock")
    server = serve()
    g = gateway(peers.plain(f"stats socket {path} mode 600 level admin\n    stats timeout 60s\n    node here"), server=server.port)
    gate.wait_until(lambda: os.path.exists(path), what="the socket")
    t = Terminal(HATOP, "-s", path, "-i", "1")
    t.gateway, t.path = g, path
    yield t
    t.close()


def test_shows_our_proxies(hatop):
    hatop.expect(r"Node: here")
    hatop.expect(r"PID: %d\b" % hatop.gateway.pid)
    hatop.expect(r"FRONTEND")
    hatop.expect(r"BACKEND")
    hatop.expect(r"\bs1\b")
    hatop.expect(r"Connections: \[ *0/")
    hatop.type("2")  # traffic
    hatop.expect(r"STOT|TOTAL|SMAX|LBTOT")
    os.kill(hatop.pid, 0)


def test_command_line(hatop):
    hatop.expect(r"\bs1\b")
    hatop.type("5")
    hatop.expect(r"haproxy command line")
    for command, answer in (("show cli level", "admin"), ("disable frontend fe", ""), ("show stat fe 1 -1", "PAUSED")):
        hatop.type(command)
        hatop.expect(command)
        hatop.type("\r")
        hatop.expect(answer)
