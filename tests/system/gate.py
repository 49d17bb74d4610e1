# SPDX-License-Identifier: Apache-2.0
"""Starts and ends the gateway under test for one test, on ports of its own.

The program is the one that the environment names in GATEHOUSE (default: build/gatehouse of this
checkout). GATEHOUSE=/usr/sbin/haproxy runs the same tests on HAProxy, to see whether they ask for
what the oracle does; tests of what only Gatehouse has skip themselves there.
"""
import os
import re
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("GATEHOUSE") or os.path.join(ROOT, "build", "gatehouse"))
SQUARE = os.path.abspath(os.environ.get("SQUARE") or os.path.join(ROOT, "build", "square"))
BUILD = os.environ.get("GATEHOUSE_BUILD", "release")
SLOWNESS = {"release": 1, "asan": 3, "tsan": 6}.get(BUILD, 1)  # for the bounds of waits
TROUBLE = re.compile(r"(Address|Leak|Memory|Thread)Sanitizer|runtime error:")
PORT = re.compile(r"@([a-z]\w*)@")

_haproxy = None


def is_haproxy():
    global _haproxy
    if _haproxy is None:
        out = subprocess.run([BINARY, "-v"], capture_output=True, text=True, timeout=20).stdout
        _haproxy = out.startswith("HAProxy")
    return _haproxy


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening_ports(pid):
    """The TCP ports at which this process listens."""
    inodes = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                name = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            if name.startswith("socket:["):
                inodes.add(name[8:-1])
    except OSError:
        return set()
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as f:
                rows = f.readlines()[1:]
        except OSError:
            continue
        for row in rows:
            word = row.split()
            if word[3] == "0A" and word[9] in inodes:
                ports.add(int(word[1].rsplit(":", 1)[1], 16))
    return ports


def rss(pid):
    """Bytes of resident memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) * 1024


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(done, seconds=10.0, what="it"):
    """Polls; for what can only be polled."""
    end = time.monotonic() + seconds * SLOWNESS
    while True:
        value = done()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


class Gateway:
    """One process. In the configuration, @name@ stands for a free port, which `port["name"]` tells;
    names given as keywords stand for those values instead."""

    def __init__(self, folder, text, args=(), env=None, wrap=(), limits=None, wait=True, **values):
        self.folder = str(folder)
        self.text = text
        self.args = list(args)
        self.env = dict(os.environ, **(env or {}))
        self.wrap = list(wrap)
        self.limits = limits  # called in the child, before the program starts
        self.values = values
        self.port = {}
        self.status = None
        self.path = os.path.join(self.folder, f"gateway-{id(self):x}.cfg")
        self.output_path = self.path[:-4] + ".out"
        for _ in range(5):
            self.launch()
            if not wait or self.wait_ready():
                return
            if not re.search(r"bind|in use", self.output()):
                break
        raise AssertionError(f"it did not start; it said:\n{self.output()}")

    def fill(self, text):
        def value(m):
            name = m[1]
            if name in self.values:
                return str(self.values[name])
            if name not in self.port:
                self.port[name] = free_port()
            return str(self.port[name])

        return PORT.sub(value, text)

    def write(self, text):
        """Puts another configuration in the place of the file, all at once."""
        filled = self.fill(text)
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            f.write(filled)
        os.rename(self.path + ".new", self.path)

    def launch(self):
        self.port = {}
        self.write(self.text)
        self.out = open(self.output_path, "ab")
        self.process = subprocess.Popen(
            self.wrap + [BINARY, "-db", "-f", self.path] + self.args,
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=subprocess.STDOUT,
            env=self.env,
            cwd=self.folder,
            preexec_fn=self.limits,
            start_new_session=True,
        )
        self.pid = self.process.pid

    def wait_ready(self):
        wanted = set(self.port.values())
        end = time.monotonic() + 15 * SLOWNESS
        while time.monotonic() < end:
            if wanted <= listening_ports(self.gateway_pid()):
                return True
            if self.process.poll() is not None:
                self.out.close()
                return False
            time.sleep(0.01)
        self.kill()
        return False

    def gateway_pid(self):
        """The gateway's own pid, also when something wraps it (strace)."""
        if not self.wrap:
            return self.pid
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as f:
                found = f.read().split()
            return int(found[0]) if found else self.pid
        except OSError:
            return self.pid

    def output(self):
        with open(self.output_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_output(self, pattern, seconds=10.0, start=0):
        """Waits until the output from `start` on matches the pattern; returns the match."""
        return wait_until(
            lambda: re.search(pattern, self.output()[start:], re.M),
            seconds,
            f"{pattern!r} in the output",
        )

    def tell(self, number):
        os.kill(self.gateway_pid(), number)

    def reload(self, text, number=signal.SIGUSR2):
        self.write(text)
        self.tell(number)

    def alive(self):
        return self.process.poll() is None

    def wait_end(self, seconds=10.0):
        """The exit status; negative for a signal."""
        try:
            self.status = self.process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it has not ended within {seconds} s") from None
        self.out.close()
        return self.status

    def stop(self):
        """Ends it, however it stands, and looks at what it leaves behind."""
        if self.status is None:
            if self.alive():
                self.tell(signal.SIGINT)
            try:
                self.wait_end(5)
            except AssertionError:
                self.kill()
                raise
            assert self.status in (0, -signal.SIGINT), f"exit status {self.status}\n{self.output()}"
        assert not TROUBLE.search(self.output()), self.output()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.status = -signal.SIGKILL
        self.out.close()
