# SPDX-License-Identifier: Apache-2.0
"""What `show stat` and `show info` tell of times, rates and totals: beside HAProxy's where that can be
compared, with room for the machine's being slow."""
import threading
import time

import pytest

import gate
import peers
from test_statistics import CONF, GET, HAPROXY, info, ours, post, saying, sides, slow_server, table  # noqa: F401

pytestmark = pytest.mark.skipif(not HAPROXY, reason="there is no haproxy to compare with")

AVERAGES = "qtime ctime rtime ttime".split()
ROOM = 60 * gate.SLOWNESS  # milliseconds


def row(side, *name):
    return table(peers.api(side.sock, "show stat"))[name or ("be", "BACKEND")]


def times(side):
    return {
        (*name, column): int(columns[column])
        for name, columns in table(peers.api(side.sock, "show stat")).items()
        if name[0] == "be"
        for average in AVERAGES
        for column in (average, average + "_max")
    }


def pausing(head=0.0, body=0.0):
    """A server that waits before each of its answers, and within its body."""

    def handler(link, server):
        while True:
            link.read_request()
            time.sleep(head)
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
            time.sleep(body)
            link.send(b"cd")

    return handler


SCENARIOS = {}


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


@scenario
def slow_answers(s):
    s.start(backend=f"server s1 {s.serve(pausing(0.3))}\n server s2 {s.serve(pausing(0.1, 0.3))}")
    c = s.connect()
    for _ in range(4):
        c.get()


@scenario
def a_queue(s):
    s.start(backend=f"server s1 {s.serve(pausing(0.3))} maxconn 1")
    clients = [s.connect() for _ in range(3)]
    for c in clients:
        c.send(GET)
    for c in clients:
        c.read_answer()


@scenario
def rests_between_requests(s):
    """Count for the whole, and for nothing else."""
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    for _ in range(2):
        time.sleep(0.3)
        c.get()


@scenario
def slow_heads(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    for _ in range(2):
        c.send(GET[:20])
        time.sleep(0.3)
        c.send(GET[20:])
        c.read_answer()


@scenario
def a_slow_upload(s):
    s.start(backend="server s1 " + s.serve())
    c = s.connect()
    c.send(post(b"Content-Length: 4", b"ab"))
    time.sleep(0.3)
    c.send(b"cd")
    c.read_answer()


@scenario
def a_tunnel(s):
    s.start(backend="server s1 " + s.serve(
        saying(b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhi", True)))  # fmt: skip
    c = s.connect()
    c.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    c.take_until(b"hi")
    time.sleep(0.4)
    c.close()


@scenario
def no_answer_at_all(s):
    """No sample, whatever it took."""
    s.start(backend="timeout server 300ms\n server s1 " + s.serve(saying(b"", True)))
    assert s.connect().get().status == 504


@scenario
def a_pause_before_a_retry(s):
    port = gate.free_port()
    s.start(backend=f"timeout connect 600ms\n retries 3\n server s1 127.0.0.1:{port}")
    c = s.connect()
    c.send(GET)
    time.sleep(0.3)
    s.servers.append(peers.Server(port=port))
    assert c.read_answer().status == 200


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_times(name, sides):  # noqa: F811
    both = []
    for side in sides:
        SCENARIOS[name](side)
        time.sleep(0.2)
        both.append(times(side))
    wanted, got = both
    wrong = {k: (got[k], wanted[k]) for k in wanted if abs(got[k] - wanted[k]) > ROOM}
    assert not wrong, "row and column: (ours, HAProxy's)"


def test_averages_are_of_answered_requests(ours):  # noqa: F811
    """HAProxy divides what it has added up by the number of all requests."""
    s = ours
    s.start(backend="timeout connect 50ms\n retries 0\n server s1 " + s.serve(pausing(0.3)) + "\n server s2 127.0.0.1:1")
    for _ in range(4):
        s.connect().get()
    be = row(s)
    assert be["req_tot"] == "4" and be["hrsp_5xx"] == "2"
    assert 300 <= int(be["rtime"]) <= 300 + ROOM
    assert 300 <= int(be["rtime_max"]) <= 300 + ROOM


def test_averages_slide(ours):  # noqa: F811
    """What is over a thousand requests old counts little, whichever worker it was."""
    slow = threading.Event()
    slow.set()

    def handler(link, server):
        while True:
            link.read_request()
            if slow.is_set():
                time.sleep(0.4)
            link.answer()

    ours.start(CONF.replace("nbthread 1", "nbthread 2"), backend="server s1 " + ours.serve(handler))
    for _ in range(3):
        ours.connect().get()
    assert int(row(ours)["rtime"]) >= 400
    slow.clear()
    c = ours.connect()
    for _ in range(40):
        c.send(GET * 100)
        for _ in range(100):
            c.read_answer()
    be = row(ours)
    assert be["req_tot"] == "4003"
    assert int(be["rtime"]) < 100 * gate.SLOWNESS
    assert int(be["rtime_max"]) >= 400


# ---- rates ----


def at_a_second():
    """Waits until a second of the clock has just begun."""
    while not 0.05 <= time.monotonic() % 1 <= 0.3:
        time.sleep(0.01)


@pytest.mark.threads
def test_highest_rates_are_those_of_one_second(ours):  # noqa: F811
    """Workers that are busy in turns do not make it more than what any second saw of all of them."""
    n = 40
    ours.start(CONF.replace("nbthread 1", "nbthread 8"), backend="server s1 " + ours.serve())
    for c in [ours.connect() for _ in range(4)]:
        at_a_second()
        c.send(GET * n)
        for _ in range(n):
            c.read_answer()
        time.sleep(0.8)
    fe, be, s1 = row(ours, "fe", "FRONTEND"), row(ours), row(ours, "be", "s1")
    assert n // 2 <= int(fe["req_rate_max"]) <= n
    assert fe["req_rate_max"] == be["rate_max"] == s1["rate_max"]


@pytest.mark.threads
def test_highest_rates_are_those_of_all_workers(ours):  # noqa: F811
    """A second's events are added up, whichever workers they came to."""
    n = 40
    ours.start(CONF.replace("nbthread 1", "nbthread 8"), backend="server s1 " + ours.serve())
    at_a_second()
    for c in [ours.connect() for _ in range(n)]:
        c.get()
    time.sleep(1.1)
    ours.connect().get()
    fe, be, told = row(ours, "fe", "FRONTEND"), row(ours), info(ours)
    values = {fe["rate_max"], fe["conn_rate_max"], told["MaxConnRate"], told["MaxSessRate"]}
    # at the worst they came in two seconds, half of them in each
    assert all(n // 2 <= int(v) <= n for v in values | {be["rate_max"], fe["req_rate_max"]})
    assert len(values) == 1


def test_rates_of_now(ours):  # noqa: F811
    ours.start(backend="server s1 " + ours.serve())
    c = ours.connect()
    at_a_second()
    for _ in range(10):
        c.get()
    fe, told = row(ours, "fe", "FRONTEND"), info(ours)
    assert 1 <= int(fe["req_rate"]) <= 10 and fe["rate"] == fe["conn_rate"] == "1"
    assert told["ConnRate"] == told["SessRate"] == "1"
    gate.wait_until(lambda: row(ours, "fe", "FRONTEND")["req_rate"] == "0", 5)
    assert row(ours, "fe", "FRONTEND")["req_rate_max"] != "0"


def test_idle_is_of_late(ours):  # noqa: F811
    """Between two looks, not since the start."""
    ours.start(backend="server s1 " + ours.serve())
    c = ours.connect()
    for _ in range(30):
        c.send(GET * 100)
        for _ in range(100):
            c.read_answer()
    busy = int(info(ours)["Idle_pct"])
    assert 0 <= busy < 100 and int(info(ours)["Idle_pct"]) == busy
    time.sleep(1.5)
    assert busy < int(info(ours)["Idle_pct"]) <= 100
    assert int(info(ours)["Idle_pct"]) >= 90


# ---- totals ----


@pytest.mark.threads
def test_totals_outlive_a_proxy(ours):  # noqa: F811
    """What a frontend counted that a reload removed is still in the process's totals."""
    more = CONF + "\nfrontend gone\n    bind 127.0.0.1:@gone@\n    default_backend be\n"
    ours.start(more.replace("nbthread 1", "nbthread 2"), backend="server s1 " + ours.serve())
    for _ in range(3):
        c = peers.Client(ours.gateway.port["gone"])
        c.get(), c.get()
        c.close()
    ours.connect().get()
    gate.wait_until(lambda: row(ours, "gone", "FRONTEND")["scur"] == "0")
    before = info(ours)
    ours.gateway.reload(CONF.replace("nbthread 1", "nbthread 2"))
    ours.gateway.wait_output("generation 2")
    gate.wait_until(lambda: info(ours)["LiveGenerations"] == "1")
    ours.connect().get()
    after = info(ours)
    assert ("gone", "FRONTEND") not in table(peers.api(ours.sock, "show stat"))
    # one connection and one request of a client's; the rest is ours, a connection and a line each
    asked = int(after["CumConns"]) - int(before["CumConns"]) - 1
    assert asked >= 1
    assert int(after["CumReq"]) - int(before["CumReq"]) - 1 == asked
    assert int(before["CumReq"]) - int(before["CumConns"]) == 3  # on kept connections
    assert int(after["MaxConnRate"]) >= int(before["MaxConnRate"]) >= 1
    assert int(after["TotalBytesOut"]) > int(before["TotalBytesOut"])


@pytest.mark.parametrize("splice", [True, False])
def test_bytes_out(ours, splice):  # noqa: F811
    """All that was sent, to either side; and what of it was spliced."""
    size = 4 << 20

    def handler(link, server):
        while True:
            link.read_request()
            link.answer(b"x" * size)

    text = CONF if splice else CONF.replace("nbthread", "nosplice\n    nbthread")
    ours.start(text, backend="server s1 " + ours.serve(handler))
    before = info(ours)
    assert before["TotalSplicdedBytesOut"] == before["PipesUsed"] == before["PipesFree"] == "0"
    assert (int(before["Maxpipes"]) > 0) == splice
    assert len(ours.connect().get().body) == size
    after = info(ours)
    sent = int(after["TotalBytesOut"]) - int(before["TotalBytesOut"])
    assert size < sent < size + 20000
    spliced = int(after["TotalSplicdedBytesOut"])
    assert size // 2 < spliced <= size if splice else spliced == 0
    assert (int(after["PipesFree"]) > 0) == splice and after["PipesUsed"] == "0"
    assert int(after["BytesOutRate"]) > 0
    assert int(row(ours)["bout"]) == int(row(ours, "be", "s1")["bout"]) == int(row(ours, "fe", "FRONTEND")["bout"])


def test_bytes_of_refusals(ours):  # noqa: F811
    """The backend and the server that could not be reached count them too, as in HAProxy."""
    ours.start(backend="retries 0\n server s1 127.0.0.1:1")
    assert ours.connect().get().status == 503
    gate.wait_until(lambda: row(ours)["bout"] != "0")
    for column in ("bin", "bout"):
        assert row(ours, "fe", "FRONTEND")[column] == row(ours)[column] == row(ours, "be", "s1")[column] != "0"


def test_bytes_that_leave_late(ours):  # noqa: F811
    """Of an answer that the client takes slowly nothing is forgotten, though its connection is closing."""
    size = 3 << 20
    ours.start(backend="option httpclose\n server s1 " + ours.serve(lambda link, server: (
        link.read_request(), link.answer(b"x" * size))))  # fmt: skip
    c = ours.connect()
    c.send(GET)
    time.sleep(0.3)
    assert len(c.read_answer().body) == size
    assert c.is_closed()
    gate.wait_until(lambda: int(row(ours, "fe", "FRONTEND")["bout"]) > size, what="the bytes")
