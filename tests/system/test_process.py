# SPDX-License-Identifier: Apache-2.0
"""The process: how it starts, what it gives up, how it takes over from another and how it ends."""
import ctypes
import os
import pwd
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

import gate
import peers

PR_CAPBSET_DROP = CAP_SYS_RESOURCE = 24
ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid

TEXT = """
global
    nbthread 2
    {extra}

defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s

frontend fe
    bind 127.0.0.1:{port} {options}
    {frontend}
    default_backend be

backend be
    {backend}
    server s1 127.0.0.1:{server} {server_options}
"""


def text(port="@fe@", server="@be@", extra="", options="", frontend="", backend="", server_options=""):
    return TEXT.format(**locals())


def run(*args, **more):
    return subprocess.run(
        [gate.BINARY, *map(str, args)], capture_output=True, text=True, timeout=20 * gate.SLOWNESS, **more
    )


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def limit_of(pid, name):
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        row = next(line for line in f if line.startswith(name))
    return row[26:].split()[:2]


@pytest.fixture
def daemon(tmp_path):
    """daemon(text, *args) starts one with -D and gives its number; it is stopped in the end."""
    started = []

    def start(config, *args, name="daemon"):
        path, pid_path = tmp_path / f"{name}.cfg", tmp_path / f"{name}.pid"
        path.write_text(config)
        p = run("-D", "-p", pid_path, "-f", path, *args)
        assert p.returncode == 0, p.stderr
        pid = int(pid_path.read_text())
        started.append(pid)
        return pid

    yield start
    for pid in started:
        if alive(pid):
            os.kill(pid, signal.SIGINT)
    for pid in started:
        gate.wait_until(lambda: not alive(pid), what="a daemon's end")


def get(port, **more):
    c = peers.Client(port, **more)
    try:
        return c.get()
    finally:
        c.close()


# ---- background, pid file ----


def test_daemon_is_ready_when_the_command_returns(daemon, serve):
    port = gate.free_port()
    pid = daemon(text(port, serve().port))
    assert get(port).status == 200
    assert all(os.readlink(f"/proc/{pid}/fd/{n}") == "/dev/null" for n in range(3))


def test_daemon_keyword(tmp_path, serve):
    port, pid_path = gate.free_port(), tmp_path / "pid"
    path = tmp_path / "d.cfg"
    path.write_text(text(port, serve().port, extra=f"daemon\n    pidfile {pid_path}"))
    assert run("-f", path).returncode == 0
    pid = int(pid_path.read_text())
    try:
        assert get(port).status == 200
    finally:
        os.kill(pid, signal.SIGINT)
    gate.wait_until(lambda: not alive(pid), what="the daemon's end")


def test_daemon_that_fails_says_so(tmp_path):
    """The command has the status of the process that should have gone into the background."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        path = tmp_path / "d.cfg"
        path.write_text(text(s.getsockname()[1], 1))
        p = run("-D", "-f", path)
    assert p.returncode == 1 and "in use" in p.stderr
    path.write_text(text(gate.free_port(), 1))
    p = run("-D", "-p", tmp_path / "no" / "such" / "folder", "-f", path)
    assert p.returncode == 1 and "pid" in p.stderr


@pytest.mark.gatehouse("HAProxy reloads by another process")
def test_pid_file_stays_and_goes(daemon, tmp_path):
    port = gate.free_port()
    pid = daemon(text(port, 1))
    os.kill(pid, signal.SIGHUP)
    time.sleep(0.3)
    assert int((tmp_path / "daemon.pid").read_text()) == pid
    os.kill(pid, signal.SIGTERM)
    gate.wait_until(lambda: not alive(pid), what="the end")
    assert not (tmp_path / "daemon.pid").exists()


# ---- taking over ----


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("flag", ["-sf", "-st"])
def test_takes_over(daemon, serve, threads, flag, tmp_path):
    port, server = gate.free_port(), serve().port
    config = text(port, server).replace("nbthread 2", f"nbthread {threads}")
    old = daemon(config)
    new = daemon(config, flag, old)
    assert new != old
    gate.wait_until(lambda: not alive(old), what="the old process's end")
    assert get(port).status == 200
    assert int((tmp_path / "daemon.pid").read_text()) == new


def test_takes_over_a_path(daemon, serve, tmp_path):
    """The old process leaves the socket at the path alone: it is the new one's."""
    config = text(gate.free_port(), serve().port, frontend=f"bind unix@{tmp_path}/fe.sock")
    old = daemon(config)
    daemon(config, "-sf", old)
    gate.wait_until(lambda: not alive(old), what="the old process's end")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(tmp_path / "fe.sock"))


def test_takes_over_the_runtime_api(daemon, serve, tmp_path):
    api = gate.free_port()
    config = text(
        gate.free_port(), serve().port,
        extra=f"stats socket 127.0.0.1:{api}\n    stats socket {tmp_path}/api.sock",
    )
    old = daemon(config)
    new = daemon(config, "-sf", old)
    gate.wait_until(lambda: not alive(old), what="the old process's end")
    for address in (("127.0.0.1", api), str(tmp_path / "api.sock")):
        with socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX) as s:
            s.settimeout(10 * gate.SLOWNESS)
            s.connect(address)
            s.sendall(b"show info\n")
            answer = b""
            while f"\nPid: {new}\n".encode() not in answer:
                got = s.recv(4096)
                assert got, answer
                answer += got


@pytest.mark.gatehouse("HAProxy's sockets can always be shared with another HAProxy")
def test_does_not_share_a_port_without_being_asked(daemon, tmp_path):
    port = gate.free_port()
    daemon(text(port, 1))
    path = tmp_path / "second.cfg"
    path.write_text(text(port, 1))
    p = run("-D", "-f", path)
    assert p.returncode == 1 and "in use" in p.stderr


def test_waits_for_the_port_of_an_old_process(tmp_path, gateway, serve):
    """Somebody who does not share it holds the port, and lets go when told to (SIGTTOU)."""
    code = (
        "import signal, socket, time\n"
        "s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "s.bind(('127.0.0.1', 0)); s.listen()\n"
        "signal.signal(signal.SIGTTOU, lambda *_: s.close())\n"
        "signal.signal(signal.SIGUSR1, lambda *_: exit(7))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    old = subprocess.Popen(["/usr/bin/python3", "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        port = int(old.stdout.readline())
        gateway(text("@fe@", serve().port), args=["-sf", str(old.pid)], fe=port)
        assert old.wait(10 * gate.SLOWNESS) == 7
        gate.wait_until(lambda: port in listening(port), what="the port")
        assert get(port).status == 200
    finally:
        old.kill()
        old.wait()


def listening(port):
    with socket.socket() as s:
        return {port} if s.connect_ex(("127.0.0.1", port)) == 0 else set()


@pytest.mark.parametrize("pids", [["abc"], ["1x"], ["0"]])
def test_numbers_of_processes_are_numbers(tmp_path, pids):
    path = tmp_path / "x.cfg"
    path.write_text(text(gate.free_port(), 1))
    assert run("-c", "-f", path, "-sf", *pids).returncode == 1


def test_overlapping_addresses(gateway, serve):
    """An address and "any" on the same port, each with its own frontend."""
    g = gateway(
        text("@fe@", serve().port)
        + "frontend any\n    bind *:@fe@\n    default_backend none\nbackend none\n"
    )
    assert get(g.port["fe"]).status == 200
    assert get(("127.0.0.2", g.port["fe"])).status == 503


# ---- limits ----


def test_descriptors(gateway):
    g = gateway(text(server=1), limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 4000)))
    assert int(limit_of(g.pid, "Max open files")[0]) >= 3999


@pytest.mark.gatehouse("HAProxy does not lower the limit")
def test_ulimit_n(gateway):
    g = gateway(text(server=1, extra="ulimit-n 500"))
    assert limit_of(g.pid, "Max open files")[0] == "500"


@pytest.mark.gatehouse("HAProxy does not lower the limit")
def test_fd_hard_limit(gateway):
    g = gateway(text(server=1, extra="fd-hard-limit 700"))
    assert int(limit_of(g.pid, "Max open files")[0]) <= 700


def lower_limits():
    """And nobody may raise them again."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0)


def test_maxconn_that_can_not_be(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(text(gate.free_port(), 1, extra="maxconn 2000"))
    p = run("-db", "-f", path, preexec_fn=lower_limits)
    assert p.returncode == 1
    assert "limit is 300" in p.stderr


@pytest.mark.gatehouse("HAProxy needs two descriptors for every client")
def test_maxconn_that_can_just_be(gateway):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (3000, 3000))

    g = gateway(text(server=1, extra="maxconn 2500\n    fd-hard-limit 3000"), args=["-dW"], limits=limit)
    assert "notice" in g.output() and "3000" in g.output()


@pytest.mark.skipif(gate.BUILD != "release", reason="sanitizers need all the address space")
def test_memory(gateway, serve):
    g = gateway(text(server=serve().port), args=["-m", "700"])
    assert get(g.port["fe"]).status == 200
    assert limit_of(g.pid, "Max address space")[0] == str(700 << 20)


@pytest.mark.parametrize("where", ["-n", "maxconn"])
def test_maxconn_of_the_command_line_wins(gateway, serve, where):
    extra, args = "maxconn 1", []
    if where == "-n":
        extra, args = "maxconn 50", ["-n", "1"]
    g = gateway(text(server=serve().port, extra=extra), args=args)
    first = peers.Client(g.port["fe"])
    assert first.get().status == 200
    second = peers.Client(g.port["fe"])
    second.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    second.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        second.fill()
    first.close()
    second.sock.settimeout(peers.PATIENCE)
    assert second.read_answer().status == 200
    second.close()


def test_maxconn_of_frontends(gateway, serve):
    g = gateway(text(server=serve().port), args=["-N", "1"])
    first, second = peers.Client(g.port["fe"]), None
    assert first.get().status == 200
    second = peers.Client(g.port["fe"])
    second.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    second.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        second.fill()
    first.close()
    second.close()


# ---- privileges ----


def serving(g):
    """It listens before it gives anything up, and answers after."""
    assert get(g.port["fe"]).status in (200, 503)
    return g


def test_no_new_privileges(gateway):
    assert status_of(serving(gateway(text(server=1))).pid)["NoNewPrivs"] == "1"
    g = serving(gateway(text(server=1, extra="insecure-setuid-wanted")))
    assert status_of(g.pid)["NoNewPrivs"] == "0"


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.parametrize("how", ["user nobody\n    group nogroup", f"uid {NOBODY}\n    gid 65534"])
def test_becomes_another_user(gateway, serve, how):
    g = serving(gateway(text(server=serve().port, extra=how)))
    status = status_of(g.pid)
    assert set(status["Uid"].split()) == {str(NOBODY)}
    assert set(status["Gid"].split()) == {"65534"}
    assert status["Groups"].split() == []
    assert status["CapEff"] == "0" * 16


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_all_threads_become_another_user(gateway):
    g = serving(gateway(text(server=1, extra="user nobody")))
    for task in os.listdir(f"/proc/{g.pid}/task"):
        with open(f"/proc/{g.pid}/task/{task}/status", encoding="ascii") as f:
            assert re.search(rf"^Uid:\t{NOBODY}\t{NOBODY}\t", f.read(), re.M)


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.skipif(gate.BUILD != "release", reason="sanitizers look into /proc at the end")
def test_changes_its_root(gateway, serve, tmp_path):
    jail = tmp_path / "jail"
    jail.mkdir()
    g = serving(gateway(text(server=serve().port, extra=f"chroot {jail}\n    user nobody")))
    assert os.readlink(f"/proc/{g.pid}/root") == str(jail)
    assert get(g.port["fe"]).status == 200


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.skipif(gate.BUILD != "release", reason="sanitizers look into /proc at the end")
@pytest.mark.gatehouse("HAProxy's master is outside of the jail")
def test_reload_in_a_jail_is_refused_and_says_so(gateway, serve, tmp_path):
    jail = tmp_path / "jail"
    jail.mkdir()
    g = serving(gateway(text(server=serve().port, extra=f"chroot {jail}")))
    g.tell(signal.SIGHUP)
    g.wait_output("No such file")
    g.wait_output("the one in use stays")
    assert get(g.port["fe"]).status == 200


@pytest.mark.parametrize("line", ["chroot /no/such/folder", "user no-such-user", "group no-such-group"])
def test_what_can_not_be_given_up(tmp_path, line):
    path = tmp_path / "x.cfg"
    path.write_text(text(gate.free_port(), 1, extra=line))
    p = run("-db", "-f", path)
    assert p.returncode == 1
    assert line.split()[0] in p.stderr


# ---- the service manager ----


@pytest.fixture
def manager(tmp_path):
    """What listens at NOTIFY_SOCKET: wait(state) gives the first message that has it."""

    class Manager:
        def __init__(self):
            self.path = str(tmp_path / "notify")
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.sock.bind(self.path)
            self.sock.settimeout(10 * gate.SLOWNESS)

        def wait(self, state):
            while True:
                message = self.sock.recv(4096).decode()
                if state in message.split("\n"):
                    return dict(line.split("=", 1) for line in message.strip().split("\n"))

    m = Manager()
    yield m
    m.sock.close()


@pytest.mark.gatehouse("HAProxy has a master, which ends otherwise")
def test_notifies_readiness(gateway, manager):
    g = gateway(text(server=1), args=["-Ws"], env={"NOTIFY_SOCKET": manager.path}, wait=False)
    manager.wait("READY=1")
    assert gate.listening_ports(g.pid) == {g.port["fe"]}


@pytest.mark.gatehouse("HAProxy 2.6 says less")
def test_notifies_reload_and_end(gateway, manager):
    g = gateway(text(server=1), args=["-Ws"], env={"NOTIFY_SOCKET": manager.path})
    assert manager.wait("READY=1")["MAINPID"] == str(g.pid)
    g.tell(signal.SIGHUP)
    assert int(manager.wait("RELOADING=1")["MONOTONIC_USEC"]) > 0
    assert "generation 2" in manager.wait("READY=1")["STATUS"]
    g.reload(text(server=1) + "no such thing\n")
    manager.wait("RELOADING=1")
    assert "not reloaded" in manager.wait("READY=1")["STATUS"]
    g.tell(signal.SIGTERM)
    manager.wait("STOPPING=1")
    assert g.wait_end() == 0


def test_notifies_nobody_unless_asked(gateway, manager):
    gateway(text(server=1), args=["-W"] if not gate.is_haproxy() else [], env={"NOTIFY_SOCKET": manager.path})
    manager.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        manager.sock.recv(4096)


# ---- the environment ----


@pytest.mark.gatehouse("HAProxy prints its notices in another form")
def test_variables(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(
        "global\n"
        '    .notice "peer=${HAPROXY_LOCALPEER} worker=${HAPROXY_MWORKER-no} version=${HAPROXY_STARTUP_VERSION}"\n'
        "    localpeer me\n"
        '    .notice "peer=${HAPROXY_LOCALPEER}"\n'
    )
    host = socket.gethostname()
    err = run("-c", "-f", path).stderr
    assert f"peer={host} worker=no version=2.6" in err and "peer=me" in err
    p = run("-c", "-W", "-L", "them", "-f", path)
    assert "peer=them worker=1" in p.stderr and "peer=me" not in p.stderr
    assert "'localpeer' is ignored" in p.stderr


# ---- the end ----


@pytest.mark.gatehouse("HAProxy has its own proxies besides")
def test_logs_the_end_of_proxies(gateway, serve):
    log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    log.bind(("127.0.0.1", 0))
    log.settimeout(5 * gate.SLOWNESS)
    extra = f"log 127.0.0.1:{log.getsockname()[1]} local0 notice"
    g = gateway(text(server=serve().port, extra=extra, frontend="log global"))
    assert get(g.port["fe"]).status == 200
    g.tell(signal.SIGUSR1)
    line = log.recv(4096).decode()
    assert line.startswith("<132>")
    assert line.strip().endswith("Proxy fe stopped (cumulated conns: FE: 1, BE: 0).")
    log.close()


def test_grace(gateway, serve):
    """A stop goes on accepting for a while."""
    g = gateway(text(server=serve().port, extra="grace 700ms"))
    start = time.monotonic()
    g.tell(signal.SIGUSR1)
    time.sleep(0.2)
    assert get(g.port["fe"]).status == 200
    g.wait_end()
    assert time.monotonic() - start >= 0.65


def test_grace_is_told(gateway, serve, tmp_path):
    """During `grace`, which is before anything ends, it is known already that it will."""
    path = f"{tmp_path}/stats.sock"
    g = gateway(text(server=serve().port, extra=f"grace 10s\n    stats socket {path} level admin"))

    def stopping():
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(b"show info\n")
            s.shutdown(socket.SHUT_WR)
            return "Stopping: 1" in s.makefile("r").read()

    gate.wait_until(lambda: os.path.exists(path), what="the stats socket")
    assert not stopping()
    g.tell(signal.SIGUSR1)
    gate.wait_until(stopping, 3, "Stopping in show info")
    assert get(g.port["fe"]).status == 200


# ---- listening sockets ----


def sockets_on(port):
    """Listening sockets on a TCP port."""
    found = 0
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            word = line.split()
            found += word[3] == "0A" and int(word[1].split(":")[1], 16) == port
    return found


@pytest.mark.gatehouse("HAProxy has one socket for all threads by default")
@pytest.mark.parametrize("how,sockets", [("", 2), ("noreuseport", 1), ("-dR", 1)])
def test_a_socket_for_each_thread(gateway, serve, how, sockets):
    args = [how] if how.startswith("-") else []
    g = gateway(text(server=serve().port, extra="" if args else how), args=args)
    assert sockets_on(g.port["fe"]) == sockets
    for _ in range(4):
        assert get(g.port["fe"]).status == 200


def test_mode_of_a_path(gateway, tmp_path):
    g = gateway(text(server=1, frontend=f"bind unix@{tmp_path}/fe.sock mode 640"))
    assert os.stat(tmp_path / "fe.sock").st_mode & 0o777 == 0o640
    if gate.is_haproxy():
        return
    g.reload(text(server=1, frontend=f"bind unix@{tmp_path}/fe.sock mode 604"))
    gate.wait_until(lambda: os.stat(tmp_path / "fe.sock").st_mode & 0o777 == 0o604, what="another mode")


def test_unix_bind(gateway, tmp_path):
    gateway(
        text(
            server=1, extra=f"unix-bind prefix {tmp_path}/ mode 600",
            frontend="bind unix@a.sock\n    bind unix@b.sock mode 660",
        )
    )
    assert os.stat(tmp_path / "a.sock").st_mode & 0o777 == 0o600
    assert os.stat(tmp_path / "b.sock").st_mode & 0o777 == 0o660


@pytest.mark.gatehouse("HAProxy starts another process to reload")
@pytest.mark.parametrize("address", ["127.0.0.1:@more@", "unix@{folder}/more.sock"])
def test_an_address_that_goes_and_comes_back(gateway, serve, connect, tmp_path, address):
    """Also while a connection from before is still there, which keeps what it came by alive."""
    address = address.format(folder=tmp_path)
    server = serve().port
    without, there = text(server=server), text(server=server, frontend=f"bind {address}")
    g = gateway(there)
    where = g.port.get("more") or str(tmp_path / "more.sock")
    for _ in range(3):
        held = connect(where)
        held.send(b"GET / HTTP/1.1\r\n")
        g.reload(without)
        gate.wait_until(lambda: refused(where), what="the address to go")
        g.reload(there)
        gate.wait_until(lambda: not refused(where), what="the address to come back")
        assert get(where).status == 200


def refused(where):
    try:
        peers.Client(where).close()
    except (ConnectionError, FileNotFoundError):
        return True
    return False


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_what_a_reload_can_not_change(gateway, serve, connect):
    g = gateway(text(server=serve().port))
    for extra, name in (
        ("nbthread 3", "nbthread"),
        ("user nobody", "user"),
        ("chroot /tmp", "chroot"),
        ("tune.bufsize 32768", "tune.bufsize"),
        ("daemon", "daemon"),
    ):
        before = len(g.output())
        g.reload(text(server=serve().port, extra=extra))
        g.wait_output(r"the one in use stays", start=before)
        assert re.search(rf":\d+:\d+: error: a reload can't change '{name}'", g.output()[before:])
    assert get(g.port["fe"]).status == 200


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_what_a_reload_can_not_change_of_a_socket(gateway, serve):
    g = gateway(text(server=serve().port))
    g.reload(text(server=serve().port, options="transparent"))
    g.wait_output("a reload can't change 'transparent' of an address that is bound")
    g.wait_output("the one in use stays")


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_reload_while_stopping_is_ignored(gateway, serve, connect):
    g = gateway(text(server=serve().port, extra="grace 2s"))
    g.tell(signal.SIGUSR1)
    time.sleep(0.1)  # both at once would be taken in the order of their numbers
    g.tell(signal.SIGHUP)
    g.wait_output("no reload while we are stopping")
    assert g.wait_end() == 0


# ---- connections to servers ----


def test_source(gateway, serve, connect):
    seen = []

    def note(link, server):
        seen.append(link.sock.getpeername()[0])
        peers.answer_all(link, server)

    server = serve(note).port
    g = gateway(
        text(server=server, backend="source 127.0.0.5\n    http-reuse never\n    balance roundrobin")
        + f"    server s2 127.0.0.1:{server} source 127.0.0.6\n"
    )
    for _ in range(4):
        assert get(g.port["fe"]).status == 200
    assert sorted(seen) == ["127.0.0.5"] * 2 + ["127.0.0.6"] * 2


def keepalive_timers(port, side):
    """Established connections of a port with a keepalive timer (/proc/net/tcp's "02")."""
    found = 0
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            word = line.split()
            at = int(word[1 if side == "local" else 2].split(":")[1], 16)
            found += at == port and word[3] == "01" and word[5].startswith("02")
    return found


def test_keepalive(gateway, serve, connect):
    server = serve().port
    g = gateway(
        text(server=server, frontend="option clitcpka\n    clitcpka-idle 100s", backend="option srvtcpka")
    )
    c = connect(g.port["fe"])
    assert c.get().status == 200
    assert keepalive_timers(g.port["fe"], "local") == 1
    assert keepalive_timers(server, "remote") == 1
    if gate.is_haproxy():
        return
    g.reload(text(server=server))
    g.wait_output("generation 2")
    d = connect(g.port["fe"])
    assert d.get().status == 200
    assert keepalive_timers(g.port["fe"], "local") == 1


@pytest.mark.parametrize(
    "options", ["mss 1000", "tcp-ut 10s", "defer-accept", "tfo", "backlog 5", "maxconn 5", "id 7 name x", "v4v6"]
)
def test_options_of_bind(gateway, serve, options):
    g = gateway(text(server=serve().port, options=options))
    assert get(g.port["fe"]).status == 200


def test_backlog(gateway):
    g = gateway(text(server=1, frontend="backlog 17"))
    ss = subprocess.run(["ss", "-ltnH", f"sport = :{g.port['fe']}"], capture_output=True, text=True)
    assert {line.split()[2] for line in ss.stdout.splitlines()} == {"17"}


@pytest.mark.parametrize("line", ["tune.sndbuf.client 20000", "tune.rcvbuf.server 20000", "tune.maxaccept 1",
                                  "tune.idle-pool.shared off", "tune.bufsize 2048", "tune.maxrewrite 100"])
def test_tuning(gateway, serve, line):
    g = gateway(text(server=serve().port, extra=line))
    for _ in range(3):
        assert get(g.port["fe"]).status == 200


# ---- splice ----


def large(link, server):
    while True:
        link.read_request()
        link.answer(b"x" * (4 << 20))


def pipes_of(pid):
    found = 0
    for n in os.listdir(f"/proc/{pid}/fd"):
        try:
            found += os.readlink(f"/proc/{pid}/fd/{n}").startswith("pipe:")
        except OSError:
            pass
    return found


@pytest.mark.gatehouse("HAProxy splices only when asked")
@pytest.mark.parametrize("how", ["", "nosplice", "maxpipes 0", "-dS"])
def test_splice(gateway, serve, how):
    """It is used for a large body unless it is switched off; pipes stay open for the next one."""
    args = [how] if how.startswith("-") else []
    g = gateway(text(server=serve(large).port, extra="" if args else how), args=args)
    before = pipes_of(g.pid)
    assert len(get(g.port["fe"]).body) == 4 << 20
    assert (pipes_of(g.pid) > before) == (how == "")
