# SPDX-License-Identifier: Apache-2.0
"""`show stat` and `show info` beside HAProxy's: the same configuration and the same traffic on both,
and then every column that does not depend on time has to be equal."""
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import gate
import peers

HAPROXY = shutil.which(os.environ.get("HAPROXY", "haproxy"))
pytestmark = pytest.mark.skipif(not HAPROXY, reason="there is no haproxy to compare with")

CONF = """
global
    maxconn 500
    nbthread 1
    stats socket @sock@ level admin
    stats socket @sock@.user level user
    stats timeout 5s

defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    @defaults@

frontend fe
    bind 127.0.0.1:@fe@
    default_backend be
    @frontend@

backend be
    @backend@
"""

# What depends on time or on addresses, and where HAProxy estimates.
VARIES = set(
    "addr lastchg lastsess downtime bin bout rate rate_max req_rate req_rate_max conn_rate "
    "conn_rate_max qtime ctime rtime ttime qtime_max ctime_max rtime_max ttime_max srv_icur "
    "idle_conn_cur safe_conn_cur used_conn_cur need_conn_est".split()
)


def table(text):
    """The rows of a CSV dump: (proxy, server) → {column: value}, HAProxy's columns only."""
    lines = text.splitlines()
    names = lines[0].removeprefix("# ").split(",")[:103]
    return {tuple(line.split(",")[:2]): dict(zip(names, line.split(","))) for line in lines[1:] if line}


class Side:
    """The gateway under test, or the oracle."""

    def __init__(self, folder, binary, monkeypatch):
        folder.mkdir()
        self.folder = folder
        self.binary = binary
        self.monkeypatch = monkeypatch
        self.sock = str(folder / "api.sock")
        self.servers = []
        self.clients = []

    def start(self, text=CONF, backend="", defaults="", frontend="", **values):
        self.monkeypatch.setattr(gate, "BINARY", self.binary)
        self.gateway = gate.Gateway(self.folder, text, sock=self.sock, backend=backend, defaults=defaults,
                                    frontend=frontend, **values)
        gate.wait_until(lambda: os.path.exists(self.sock), what="the socket")

    def serve(self, handler=peers.answer_all):
        self.servers.append(peers.Server(handler))
        return f"127.0.0.1:{self.servers[-1].port}"

    def connect(self):
        self.clients.append(peers.Client(self.gateway.port["fe"]))
        return self.clients[-1]

    def rows(self, ignore=()):
        rows = table(peers.api(self.sock, "show stat"))
        return {k: {n: v for n, v in row.items() if n not in VARIES and n not in ignore} for k, row in rows.items()}

    def stop(self):
        for c in self.clients:
            c.close()
        self.gateway.stop()
        for s in self.servers:
            s.close()


@pytest.fixture
def sides(tmp_path, monkeypatch):
    if gate.is_haproxy():
        pytest.skip("it would be compared with itself")
    both = [Side(tmp_path / "oracle", HAPROXY, monkeypatch), Side(tmp_path / "ours", gate.BINARY, monkeypatch)]
    yield both
    for side in both:
        if hasattr(side, "gateway"):
            side.stop()


# ---- traffic ----

SCENARIOS = {}


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


def saying(what, then_wait=False):
    """A server that answers each connection's first request with these bytes, then closes or waits."""

    def handler(link, server):
        link.read_request()
        link.send(what)
        while then_wait:
            link.fill()

    return handler


GET = b"GET / HTTP/1.1\r\nHost: h.example\r\n\r\n"


def post(head, body):
    return b"POST / HTTP/1.1\r\nHost: h.example\r\n" + head + b"\r\n\r\n" + body


@scenario
def five_on_one_connection(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    for _ in range(5):
        c.get()


@scenario
def three_connections(s):
    s.start(backend="server s1 " + s.serve())
    for _ in range(3):
        s.connect().get()
        time.sleep(0.05)


@scenario
def pipelined(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.send(GET * 4)
    for _ in range(4):
        c.read_answer()


@scenario
def nothing_said(s):
    s.start(backend="server s1 " + s.serve())
    s.connect().close()


@scenario
def nothing_said_and_ignored(s):
    s.start(frontend="option http-ignore-probes", backend="server s1 " + s.serve())
    s.connect().close()


@scenario
def half_a_head(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.send(GET[:10])
    time.sleep(0.1)
    c.close()


@scenario
def half_a_second_head(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.get()
    c.send(GET[:10])
    time.sleep(0.1)
    c.close()


@scenario
def no_request(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.send(b"GET / \x01\r\n\r\n")
    assert c.read_answer().status == 400


@scenario
def head_too_late(s):
    s.start(defaults="timeout http-request 200ms", backend="server s1 " + s.serve())
    c = s.connect()
    c.send(GET[:10])
    assert c.read_answer().status == 408


@scenario
def no_backend(s):
    s.start(CONF.replace("default_backend be", ""), backend="server s1 127.0.0.1:1")
    assert s.connect().get().status == 503


@scenario
def no_server(s):
    s.start()
    assert s.connect().get().status == 503


@scenario
def servers_disabled(s):
    s.start(backend="server s1 127.0.0.1:1 disabled")
    assert s.connect().get().status == 503


@scenario
def refused(s):
    s.start(backend="retries 2\n timeout connect 100ms\n server s1 127.0.0.1:1")
    assert s.connect().get().status == 503


@scenario
def redispatched(s):
    s.start(backend="retries 2\n timeout connect 100ms\n option redispatch 1\n server s1 127.0.0.1:1\n"
            " server s2 " + s.serve())
    assert s.connect().get().status == 200


@scenario
def redispatched_to_the_same(s):
    """Which is a retry then, and no choice."""
    go, handler = slow_server()
    s.start(backend="retries 2\n timeout connect 100ms\n option redispatch 1\n server s1 127.0.0.1:1\n"
            f" server s2 {s.serve(handler)} maxconn 1")
    clients = [s.connect() for _ in range(3)]
    for c in clients:
        c.send(GET)
        time.sleep(0.3)
    assert clients[1].read_answer().status == clients[2].read_answer().status == 503
    go.set()
    assert clients[0].read_answer().status == 200


@scenario
def server_says_nothing(s):
    s.start(backend="server s1 " + s.serve(saying(b"")))
    assert s.connect().get().status == 502


@scenario
def server_says_garbage(s):
    s.start(backend="server s1 " + s.serve(saying(b"garbage\r\n\r\n")))
    assert s.connect().get().status == 502


@scenario
def server_stops_in_its_head(s):
    s.start(backend="server s1 " + s.serve(saying(b"HTTP/1.1 200 OK\r\nConte")))
    assert s.connect().get().status == 502


@scenario
def server_stops_in_its_body(s):
    s.start(backend="server s1 " + s.serve(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")))
    with pytest.raises(peers.Closed):
        s.connect().get()


@scenario
def server_spoils_its_body(s):
    def handler(link, server):
        link.read_request()
        link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        time.sleep(0.2)
        link.send(b"Z\r\n")

    s.start(backend="server s1 " + s.serve(handler))
    with pytest.raises(peers.Closed):
        s.connect().get()


@scenario
def server_too_late(s):
    s.start(backend="timeout server 200ms\n server s1 " + s.serve(saying(b"", True)))
    assert s.connect().get().status == 504


@scenario
def server_too_late_with_its_body(s):
    part = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
    s.start(backend="timeout server 200ms\n server s1 " + s.serve(saying(part, True)))
    with pytest.raises(peers.Closed):
        s.connect().get()


@scenario
def client_leaves_its_upload(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.send(post(b"Content-Length: 9", b"abc"))
    time.sleep(0.2)
    c.close()


@scenario
def client_leaves_its_download(s):
    def handler(link, server):
        link.read_request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(10):
            link.send(b"x" * 1000)
            time.sleep(0.03)

    s.start(backend="server s1 " + s.serve(handler))
    c = s.connect()
    c.send(GET)
    time.sleep(0.1)
    c.reset()
    time.sleep(0.3)


@scenario
def client_spoils_its_upload(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.send(post(b"Transfer-Encoding: chunked", b"3\r\nabc\r\n"))
    time.sleep(0.2)
    c.send(b"ZZ\r\n")
    assert c.read_answer().status == 400


@scenario
def classes_of_statuses(s):
    statuses = [b"200 OK", b"204 No", b"301 Moved", b"404 No", b"500 Error"]

    def handler(link, server):
        for status in statuses:
            link.read_request()
            if status[0] == ord("2"):
                link.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            link.answer(b"", status=status) if status != statuses[1] else link.send(b"HTTP/1.1 204 No\r\n\r\n")

    s.start(backend="server s1 " + s.serve(handler))
    c = s.connect()
    for status in statuses:
        c.send(GET)
        while (got := c.read_answer().status) == 103:
            pass
        assert got == int(status[:3])


@scenario
def weights(s):
    s.start(backend=f"server s1 {s.serve()}\n server s2 {s.serve()} weight 3\n server s3 {s.serve()} weight 0")
    c = s.connect()
    for _ in range(8):
        c.get()


def slow_server():
    go = threading.Event()

    def handler(link, server):
        while True:
            link.read_request()
            go.wait(5)
            link.answer()

    return go, handler


@scenario
def queue(s):
    go, handler = slow_server()
    s.start(backend=f"server s1 {s.serve(handler)} maxconn 1")
    clients = [s.connect() for _ in range(3)]
    for c in clients:
        c.send(GET)
        time.sleep(0.1)
    go.set()
    for c in clients:
        c.read_answer()


@scenario
def queue_too_long(s):
    go, handler = slow_server()
    s.start(backend=f"timeout queue 200ms\n server s1 {s.serve(handler)} maxconn 1")
    clients = [s.connect() for _ in range(2)]
    for c in clients:
        c.send(GET)
        time.sleep(0.1)
    assert clients[1].read_answer().status == 503
    go.set()
    clients[0].read_answer()


@scenario
def tunnel(s):
    answer = b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhi"
    s.start(backend="server s1 " + s.serve(saying(answer, True)))
    c = s.connect()
    c.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    c.take_until(b"hi")
    c.send(b"yo")
    time.sleep(0.1)
    c.close()


@scenario
def reuse_never(s):
    s.start(backend="http-reuse never\n server s1 " + s.serve())
    for _ in range(2):
        c = s.connect()
        c.get(), c.get()
        c.close()
        time.sleep(0.05)


@scenario
def reuse_always(s):
    s.start(backend="http-reuse always\n server s1 " + s.serve())
    for _ in range(3):
        c = s.connect()
        c.get(), c.get()
        c.close()
        time.sleep(0.05)


@scenario
def closing_servers(s):
    s.start(backend="option http-server-close\n server s1 " + s.serve())
    c = s.connect()
    c.get(), c.get()


@scenario
def one_section(s):
    server = s.serve()
    text = CONF.replace("frontend fe", "listen fe").replace("default_backend be", "server s1 " + server)
    s.start(text, backend="server s1 127.0.0.1:1")
    s.connect().get()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_counts(name, sides):
    oracle, ours = sides
    for side in sides:
        SCENARIOS[name](side)
    time.sleep(0.2)
    wanted = oracle.rows()

    def wrong():
        got = ours.rows()
        assert list(got) == list(wanted)
        return {
            (*row, column): (got[row][column], value)
            for row, columns in wanted.items()
            for column, value in columns.items()
            if got[row][column] != value
        }

    try:
        gate.wait_until(lambda: not wrong(), 2)
    except AssertionError:
        pass
    assert not wrong(), "row and column: (ours, HAProxy's)"


# ---- states that the configuration alone makes ----

STATES = """
frontend first
    bind 127.0.0.1:@fe@
    mode http
    timeout client 1s
    default_backend be

global
    maxconn 500
    stats socket @sock@ level admin

defaults
    mode http
    maxconn 77
    timeout connect 1s
    timeout client 1s
    timeout server 1s

frontend off
    bind 127.0.0.1:9
    disabled

backend empty

backend be
    server s1 127.0.0.1:1 weight 0
    server s2 127.0.0.1:2 weight 256 maxconn 7
    server s3 [::1]:3 disabled
    server s4 /run/nowhere.sock weight 3
    server s5 no.such.host.invalid:80 init-addr none
    server s6 127.0.0.1 pool-max-conn 5
    server s7 127.0.0.1:+5 id 70

backend full
    fullconn 12
    server s1 127.0.0.1:1 weight 0

backend off2
    disabled
    server s1 127.0.0.1:1

listen both
    bind 127.0.0.1:@both@
    id 40
    server s1 127.0.0.1:1
"""


def test_the_same_states(sides):
    dumps = []
    for side in sides:
        side.start(STATES)
        rows = table(peers.api(side.sock, "show stat"))
        for row in rows.values():
            for column in ("lastchg", "downtime"):
                row[column] = row[column] and "time"
        dumps.append(rows)
    assert list(dumps[0]) == list(dumps[1])
    for row, columns in dumps[0].items():
        assert dumps[1][row] == columns, row


# ---- forms ----

COMMANDS = [
    "show stat 1 7 -1", "show stat 2 1 -1", "show stat be 4 -1", "show stat be 4 2", "show stat be 4 9", "show stat be 4 0",
    "show stat be 2 -1", "show stat be 7 2", "show stat be 3 -1", "show stat -1 1 -1", "show stat -1 8 -1", "show stat 0 7 -1",
    "show stat 99 7 -1", "show stat abc 7 -1", "show stat be x y", "show stat be 0 -1", "show stat be", "show stat 3",
    "show stat domain proxy", "show stat domain dns", "show stat domain", "show stat domain proxy be 4 -1", "show stat up",
    "show stat no-maint", "show stat -1 4 -1 no-maint", "show stat #3 4 -1", "show stat -1 -1 -1", "show stat -2 7 -1",
    "operator;show stat be 7 -1",
]  # fmt: skip


def short(text):
    """Of each row the proxy, the server, the status, the address and the algorithm."""
    lines = text.split("\n")
    return [re.sub(r":\d+$", "", ",".join(f[i] for i in (0, 1, 17, 73, 76))) if len(f := line.split(",")) > 100
            else line for line in lines]  # fmt: skip


@pytest.fixture
def idle(sides):
    for side in sides:
        side.start(backend="server s1 127.0.0.1:1\n server s2 127.0.0.1:2 disabled\n server s3 127.0.0.1:3 weight 5")
    return sides


def test_the_same_filters(idle):
    for command in COMMANDS:
        oracle, ours = (short(peers.api(side.sock, command)) for side in idle)
        assert ours == oracle, command
    oracle, ours = (short(peers.api(side.sock + ".user", "show stat")) for side in idle)
    assert ours == oracle
    assert "127.0.0.1" not in str(ours)


def test_the_same_header_and_our_columns_behind(idle):
    oracle, ours = (peers.api(side.sock, "show stat").split("\n")[0] for side in idle)
    head = oracle[: oracle.index(",-,") + 3]
    assert ours.startswith(head) and head.count(",") == 104
    assert ours.endswith(",")


def test_the_same_typed_values(idle):
    """Positions, names, tags and types."""
    wanted, got = ([re.sub(r":[^:]*$", "", line) for line in peers.api(side.sock, "show stat typed").split("\n")
                    if "127.0.0.1" not in line] for side in idle)  # fmt: skip
    wanted = [line for line in wanted if not line or int(line.split(".")[3]) < 103]
    assert got == wanted


def test_json_is_json(idle):
    import json

    oracle, ours = (json.loads(peers.api(side.sock, "show stat json")) for side in idle)
    for rows in zip(oracle, ours):
        wanted, got = ([{k: v for k, v in field.items() if k != "value"} for field in row
                        if field["field"]["pos"] < 103] for row in rows)  # fmt: skip
        assert got == wanted
    oracle, ours = (json.loads(peers.api(side.sock, "show info json")) for side in idle)
    assert [f["field"] for f in ours[: len(oracle)]] == [f["field"] for f in oracle]


@pytest.mark.parametrize("form", ["", " typed"])
def test_the_same_fields_of_the_process(idle, form):
    wanted, got = ([re.match(r"[^:]*:?[A-Zma-z]*", line)[0] if form else line.split(":")[0]
                    for line in peers.api(side.sock, "show info" + form).split("\n")] for side in idle)  # fmt: skip
    n = len(wanted) - 2
    assert got[:n] == wanted[:n]
    assert [re.sub(r"^\d+\.|\..*", "", name) for name in got[n:]] == ["Generation", "LiveGenerations", "", ""]


LINES = [
    b"show version\n", b"show version", b"", b"show version;show version\n", b"show version\nshow version\n",
    b"show version\r\n", b" \tshow\t version \n", b"show vers\\ion\n", b"quit\n", b"quit;show version\n",
    b"show version;quit;show version\n", b"prompt\n", b"prompt\nshow version\n", b"prompt;show version\n",
    b"prompt\nshow version;show version\n", b"prompt\nprompt\nshow version\n", b"prompt\nprompt;show version\n",
    b"prompt\nshow version\nquit\nshow version\n", b"prompt extra\nshow version extra\n",
    b"prompt\nshow version <<\npay\n\nshow version\n", b"show version <<\npay\n\nshow version\n", b"show version <<\npay\n",
    b"show cli level\n", b"user;show cli level;operator\n", b"operator;show cli level;user;show cli level\n",
    b"set severity-output number;show version;set severity-output string;show cli level\n",
    b"set severity-output\n", b"set severity-output loud\n", b"show stat none 1 -1\n",
    b"set severity-output number;show stat none 1 -1\n", b"user;show cli level <<\n\n",
]  # fmt: skip


def test_the_same_bytes(idle):
    for line in LINES:
        answers = []
        for side in idle:
            version = peers.api(side.sock, "show version").strip()
            c = peers.Client(side.sock)
            c.send(line)
            c.shut()
            try:
                while True:
                    c.fill()
            except peers.Closed:
                pass
            c.close()
            answers.append(c.data.replace(version.encode(), b"VERSION"))
        if line == b"show version":
            answers[0] = b"VERSION\n\n"  # HAProxy wants the newline
        assert answers[1] == answers[0], line


# ---- ours ----


def info(side):
    return dict(line.split(": ", 1) for line in peers.api(side.sock, "show info").splitlines() if ": " in line)


@pytest.fixture
def ours(sides):
    return sides[1]


def test_sockets_over_reloads(ours, tmp_path):
    """Those that stay are the same ones, with their clients; new ones open; old ones close."""
    other = str(tmp_path / "other.sock")
    more = CONF.replace("stats timeout", "stats socket @other@ mode 620 level user\n    stats timeout")
    ours.start(backend="server s1 127.0.0.1:1", other=other)
    before = os.stat(ours.sock).st_ino
    c = peers.Client(ours.sock)
    c.send(b"prompt\n")
    c.take_until(b"> ")
    ours.gateway.values["backend"] = "server s1 127.0.0.1:1\n server s2 127.0.0.1:2"
    ours.gateway.reload(more)
    ours.gateway.wait_output("generation 2")
    assert os.stat(ours.sock).st_ino == before
    assert os.stat(other).st_mode & 0o777 == 0o620
    assert peers.api(other, "show cli level") == "user\n\n"
    c.send(b"show stat be 4 2\n")
    assert b"\nbe,s2," in c.take_until(b"\n> ")
    assert info(ours)["Generation"] == "2"
    gate.wait_until(lambda: info(ours)["LiveGenerations"] == "1")
    kept = peers.Client(other)
    kept.send(b"prompt\n")
    kept.take_until(b"> ")
    ours.gateway.reload(CONF)
    ours.gateway.wait_output("generation 3")
    assert not os.path.exists(other)
    kept.send(b"show cli level\n")
    assert kept.take_until(b"> ") == b"user\n\n> "
    kept.close()
    c.close()


def test_a_socket_that_cannot_be_opened(ours):
    """Changes nothing, and says why."""
    ours.start(backend="server s1 127.0.0.1:1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ours.gateway.reload(CONF.replace("nbthread", f"stats socket 127.0.0.1:{taken.getsockname()[1]}\n    nbthread"))
        ours.gateway.wait_output(r"stats socket[^\0]*not reloaded")
    assert info(ours)["Generation"] == "1"


def test_a_long_dump_over_a_reload(ours):
    """A dump goes on with the configuration that it began with, for as long as its reader takes."""
    servers = "\n".join(f"server s{i} 127.0.0.1:1" for i in range(3000))
    ours.start(backend=servers)
    c = peers.Client(ours.sock)
    c.send(b"show stat\n")
    c.take_until(b"\n")
    ours.gateway.values["backend"] = "server s1 127.0.0.1:1"
    ours.gateway.reload(CONF)
    ours.gateway.wait_output("generation 2")
    assert info(ours)["LiveGenerations"] == "2"
    try:
        while True:
            c.fill()
    except peers.Closed:
        pass
    c.close()
    assert c.data.count(b"\nbe,s") == 3000
    gate.wait_until(lambda: info(ours)["LiveGenerations"] == "1")


def test_while_it_drains(ours):
    ours.start(backend="server s1 " + ours.serve(saying(b"", True)))
    c = ours.connect()
    c.send(GET)
    gate.wait_until(lambda: ours.servers[0].links)
    ours.gateway.tell(signal.SIGUSR1)
    gate.wait_until(lambda: info(ours)["Stopping"] == "1")
    assert table(peers.api(ours.sock, "show stat"))["fe", "FRONTEND"]["status"] == "STOP"
    c.reset()
    assert ours.gateway.wait_end() == 0


def test_a_check_opens_nothing(tmp_path):
    path = tmp_path / "check.cfg"
    sock = tmp_path / "check.sock"
    path.write_text(f"global\n stats socket {sock}\ndefaults\n mode http\n timeout client 1s\nfrontend fe\n bind 127.0.0.1:1\n")
    p = subprocess.run([gate.BINARY, "-c", "-f", path], capture_output=True, text=True, timeout=20 * gate.SLOWNESS)
    assert p.returncode == 0, p.stderr
    assert not sock.exists()
