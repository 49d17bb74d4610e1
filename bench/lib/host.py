# SPDX-License-Identifier: Apache-2.0
"""The place where a run happens: network, CPUs, ports, a scratch folder, the backend, child processes.

As root, and without root where user namespaces are allowed, a run goes on in a network namespace of
its own: no port is taken there, nothing but loopback is reachable, and TCP's settings are the bench's
and not the machine's. Else it uses the machine's network, on free ports.
"""
import contextlib
import ctypes
import fcntl
import hashlib
import os
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MARK = "GATEHOUSE_BENCH_NAMESPACE"
SYSCTLS = {"ipv4/ip_local_port_range": "10000 65000", "core/somaxconn": "16384"}
PORTS = range(4000, 9900)  # below what the kernel gives to connecting sockets


def enter_namespace(script):
    """Goes on in a network namespace, if that can be had; does not return then."""
    if in_namespace() or not shutil.which("unshare"):
        return
    unshare = ["unshare", "--net"]
    if os.geteuid():  # keeps the user, for nginx as root wants to become another one
        unshare = ["unshare", "--map-current-user", "--keep-caps", "--net"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return
    os.environ[MARK] = os.readlink("/proc/self/ns/net")
    os.execvp("unshare", unshare + [sys.executable, script] + sys.argv[1:])


def in_namespace():
    """Whether this is another network namespace than the one from which enter_namespace() set out."""
    return os.environ.get(MARK, "") not in ("", os.readlink("/proc/self/ns/net"))


def set_up_namespace(congestion_control):
    with socket.socket() as s:  # "ip link set lo up"
        up = struct.pack("16sh22x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(s, 0x8914, up)                # SIOCSIFFLAGS
    for name, value in {**SYSCTLS, "ipv4/tcp_congestion_control": congestion_control}.items():
        try:
            with open("/proc/sys/net/" + name, "w", encoding="ascii") as f:
                f.write(value)
        except OSError as e:
            print(f"note: net.{name} stays as it is: {e.strerror}", file=sys.stderr)


def file_digest(*paths):
    """Of the contents of files, and of all files below folders."""
    h = hashlib.sha256()
    for path in paths:
        below = [os.path.join(d, f) for d, _, files in os.walk(path) for f in files]
        for name in sorted(below) or [path]:
            with open(name, "rb") as f:
                h.update(f.read())
    return h.hexdigest()[:16]


class Host:
    """A context: the backend runs while it is entered, and nothing is left of it afterwards."""

    def __init__(self, out, proxy_cpus, load_cpus):
        self.tools = os.path.join(out, "bin")
        self.proxy_cpus, self.load_cpus = set(proxy_cpus), set(load_cpus)
        self.scratch = self.backend = None
        self.ports_given = set()
        self.backend_port = self.free_port()

    def build_tools(self):
        if subprocess.run(["make", "-s", "-C", BENCH, "OUT=" + self.tools], check=False).returncode:
            raise SystemExit("bench: the tools do not build (they need make, a C compiler, libssl-dev)")

    def __enter__(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        os.sched_setaffinity(0, self.load_cpus)
        try:
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.backend:
            self.backend.kill()
            self.backend.wait()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def set_up(self):
        self.scratch = tempfile.mkdtemp(prefix="gatehouse-bench-")
        os.chmod(self.scratch, 0o755)  # nginx's workers are another user's
        self.make_certificate()
        self.backend = self.start([self.tool("backend"), str(self.backend_port)], self.load_cpus)
        if not self.wait_for_port(self.backend, self.backend_port):
            raise SystemExit("bench: the backend does not start")

    def tool(self, name):
        return os.path.join(self.tools, name)

    @contextlib.contextmanager
    def cpus_for(self, workload):
        """While it is entered, proxies and load have the CPUs that this workload asks for."""
        apart = self.proxy_cpus, self.load_cpus
        if workload.same_cpus:
            self.proxy_cpus = self.load_cpus = self.proxy_cpus | self.load_cpus
        try:
            yield
        finally:
            self.proxy_cpus, self.load_cpus = apart

    def make_certificate(self):
        crt, key, pem = (os.path.join(self.scratch, "site." + x) for x in ("crt", "key", "pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", crt],
                       check=True, capture_output=True)
        with open(pem, "wb") as out:
            for name in (crt, key):
                with open(name, "rb") as f:
                    out.write(f.read())

    def free_port(self):
        """A port of loopback on which nobody listens, and that was not given out before."""
        while True:
            port = random.choice([p for p in PORTS if p not in self.ports_given])
            self.ports_given.add(port)
            with socket.socket() as s:
                try:
                    s.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue

    @staticmethod
    def listening(port):
        with open("/proc/net/tcp", encoding="ascii") as f:
            return f":{port:04X} 00000000:0000 0A" in f.read()

    def wait_for_port(self, process, port, seconds=5.0):
        """True once somebody listens there; False when the process has ended or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            if self.listening(port):
                return True
            time.sleep(.02)
        return False

    @staticmethod
    def child_setup(cpus, with_us):
        """What a child does before it becomes its program. with_us: the signal that ends it when we end."""
        def setup():
            os.sched_setaffinity(0, cpus)
            ctypes.CDLL(None).prctl(1, with_us)  # PR_SET_PDEATHSIG
        return setup

    def start(self, argv, cpus, with_us=signal.SIGKILL, **more):
        """A child in a session of its own, so that Ctrl-C goes to us alone."""
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(argv, start_new_session=True,
                                preexec_fn=self.child_setup(cpus, with_us), **more)

    def output_of(self, argv, cpus, timeout):
        """What a child prints, or None if it does not end in time."""
        with self.start(argv, cpus, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
            try:
                return child.communicate(timeout=timeout)[0]
            except BaseException as e:
                child.kill()
                if isinstance(e, subprocess.TimeoutExpired):
                    return None
                raise
