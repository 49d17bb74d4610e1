# SPDX-License-Identifier: Apache-2.0
"""A proxy under test: its configuration, its processes, and what the kernel says that they used."""
import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time

from .host import BENCH
from .workloads import ENTRANTS


def program_path(host, name, gatehouse):
    """Where that entrant's program is, or None."""
    if name == "gatehouse":
        return gatehouse if os.access(gatehouse, os.X_OK) else None
    if os.path.exists(host.tool(name)):
        return host.tool(name)
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


def session(sid):
    """(pid, user ticks, system ticks) of each process of that session."""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="latin-1") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[3]) == sid and fields[0] != "Z":
            yield int(path.split("/")[2]), int(fields[11]), int(fields[12])


class Receiver:
    """Where a proxy sends its log: a socket that a thread reads, or one that nobody does."""

    def __init__(self, path, how):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.path = path
        if how == "read":
            threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                if not self.socket.recv(4096):
                    return
            except OSError:
                return

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        os.unlink(self.path)


class Proxy:
    """Runs from its making until stop(), on ports of its own. `failure` says why it does not.
    `wrap` goes before its command line, `options` behind it."""

    def __init__(self, host, name, workload, gatehouse, wrap=(), options=""):
        kind, _, threads = name.partition("@")
        entrant = ENTRANTS[kind]
        self.name, self.process, self.failure = name, None, ""
        self.keys, self.receiver = entrant.keys, None
        self.dir = os.path.join(host.scratch, name)
        self.ports = {k: host.free_port() for k in ("port", "tls_port", "h2c_port")}
        os.makedirs(self.dir, exist_ok=True)
        program = program_path(host, entrant.program, gatehouse)
        if not program:
            self.failure = f"{entrant.program} is not installed"
            return
        self.receiver = Receiver(os.path.join(self.dir, "log"), entrant.log) if entrant.log else None
        values = dict(self.ports, backend_port=host.backend_port, threads=threads or 1, dir=self.dir,
                      scratch=host.scratch)
        if entrant.conf:
            more = workload.blanks(values) if workload.blanks else {}
            values["conf"] = self.fill(entrant.folder or workload.conf,
                                       entrant.conf.format(needs=workload.needs), {**values, **more})
        self.start(host, [*wrap, program] + shlex.split(entrant.arguments.format(**values) + " " + options),
                   30 if wrap else 5)

    def fill(self, folder, name, values):
        """Writes the configuration with its blanks filled in; its path."""
        path = os.path.join(self.dir, name)
        with open(os.path.join(BENCH, "conf", folder, name), encoding="utf-8") as f:
            text = f.read().format(**values)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def start(self, host, argv, patience):
        log = os.path.join(self.dir, "said")
        with open(log, "wb") as f:
            self.process = host.start(argv, host.proxy_cpus, signal.SIGTERM, stdout=f, stderr=f,
                                      cwd=self.dir)
        if host.wait_for_port(self.process, self.ports["port"], patience):
            time.sleep(.2)  # for the workers behind the socket
            return
        with open(log, encoding="utf-8", errors="replace") as f:
            said = " ".join(f.read().split())
        self.failure = f"did not start: {said[:300] or 'it said nothing'}"
        self.stop()

    def stop(self):
        """Ends all of its processes."""
        if self.receiver:
            self.receiver.stop()
            self.receiver = None
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def pids(self):
        return [pid for pid, _, _ in session(self.process.pid)]

    def cpu(self):
        """(nanoseconds, user ticks, system ticks) that its living processes have used."""
        ns = user = system = 0
        for pid, u, s in session(self.process.pid):
            user += u
            system += s
            ns += time.clock_gettime_ns((~pid << 3) | 2)  # clock_getcpuclockid(3)
        return ns, user, system

    def memory(self):
        """Its resident bytes; a page that its processes share counts once."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))
        return total * 1024
