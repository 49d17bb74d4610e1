# SPDX-License-Identifier: Apache-2.0
"""Stick tables at work: the guide's limit, counts that are exact on any number of threads and stay
through a reload, trackers that let go."""
import os
import re
import threading

import pytest

import gate
import peers

pytestmark = pytest.mark.threads

GUIDE = os.path.join(gate.ROOT, "examples", "guide", "5-limit.cfg")

FORBIDDEN = (
    b"HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\n"
    b"content-type: text/html\r\n\r\n<html><body><h1>403 Forbidden</h1>\n"
    b"Request forbidden by administrative rules.\n</body></html>\n"
)
TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 117\r\ncache-control: no-cache\r\n"
    b"content-type: text/html\r\n\r\n<html><body><h1>429 Too Many Requests</h1>\n"
    b"You have sent too many requests in a given amount of time.\n</body></html>\n"
)


def square(link, server):
    while True:
        n = int(link.read_request().target.rsplit(b"/", 1)[1])
        link.answer(str(n * n).encode())


def guide(threads, more=""):
    """The guide's file, on a free port, with a socket for the Runtime API."""
    with open(GUIDE, encoding="utf-8") as f:
        text = f.read()
    text = text.replace("*:5000", "127.0.0.1:@front@").replace("*:8404", "127.0.0.1:@stats@")
    text = text.replace("127.0.0.1:8080", "127.0.0.1:@square@")
    return text.replace("global\n", f"global\n  nbthread {threads}\n  stats socket @api@ level admin\n{more}", 1)


def api(g, command):
    return peers.api(g.values["api"], command)


@pytest.fixture
def start(gateway, serve, tmp_path):
    def with_text(text):
        return gateway(text, square=serve(square).port, api=str(tmp_path / "api"))

    return with_text


def answers(connect, g, n, key):
    """The answers to n requests, each on a connection of its own."""
    got = []
    for _ in range(n):
        client = connect(g.port["front"])
        answer = client.get("/square/25", f"api-key: {key}\r\n" if key else "")
        got.append((answer.status, client.received))
        client.close()
    return got


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_guide(start, connect, threads):
    g = start(guide(threads))
    assert answers(connect, g, 1, None) == [(403, FORBIDDEN)]
    got = answers(connect, g, 12, "hello")
    assert [status for status, _ in got] == [200] * 10 + [429] * 2
    assert all(received.endswith(b"\r\n\r\n625") for _, received in got[:10])
    assert got[10][1] == got[11][1] == TOO_MANY
    assert answers(connect, g, 1, "hello-1")[0][1].endswith(b"\r\n\r\n625")


def test_the_guide_on_one_connection(start, connect):
    client = connect(start(guide(1)).port["front"])
    got = [client.get("/square/5", "api-key: k\r\n").status for _ in range(13)]
    assert got == [200] * 10 + [429] * 3


def test_entries_expire(start, connect):
    g = start(guide(2).replace("expire 5m", "expire 2s"))
    assert [s for s, _ in answers(connect, g, 11, "hello")] == [200] * 10 + [429]
    gate.wait_until(lambda: answers(connect, g, 1, "hello")[0][0] == 200, 10, "the entry to expire")


@pytest.mark.gatehouse("HAProxy starts another process to reload, with empty tables")
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_counts_stay_through_a_reload(start, connect, threads):
    text = guide(threads)
    g = start(text)
    assert [s for s, _ in answers(connect, g, 7, "hello")] == [200] * 7
    kept = connect(g.port["front"])
    assert kept.get("/square/2", "api-key: kept\r\n").status == 200
    answers(connect, g, 11, "other")
    g.reload(text.replace("deny_status 429", "deny_status 403"))
    gate.wait_until(lambda: answers(connect, g, 1, "other")[0][0] == 403, 5, "the new file")
    assert [s for s, _ in answers(connect, g, 4, "hello")] == [200] * 3 + [403]
    assert kept.get("/square/2", "api-key: kept\r\n").status == 200
    assert re.search(r"key=kept use=0 exp=\d+ http_req_cnt=2\n", api(g, "show table api_gateway"))


@pytest.mark.parametrize("threads", [1, 4])
def test_counts_are_exact(start, connect, threads):
    """Many clients at once, on all threads: not one request too many or too few is let through."""
    g = start(guide(threads).replace("gt 10", "gt 200"))
    seen = []

    def client():
        c = connect(g.port["front"])
        seen.extend(c.get("/square/3", "api-key: k\r\n").status for _ in range(50))

    crowd = [threading.Thread(target=client) for _ in range(8)]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    # Who is asked while others are between asking and being counted may still pass: as many as
    # there are threads, less one.
    assert len(seen) == 400 and 200 <= seen.count(200) <= 200 + threads - 1
    assert seen.count(429) == 400 - seen.count(200)


TRACK = """
global
    nbthread 2
    stats socket @api@ level admin
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend fe
    bind 127.0.0.1:@front@
    stick-table type ip size 1k expire 1h store conn_cur,conn_cnt,bytes_in_cnt,bytes_out_cnt,http_req_cnt
    tcp-request connection track-sc0 src
    http-request track-sc1 path table paths
    http-request set-header x-seen %[sc0_conn_cur]
    default_backend be
backend paths
    stick-table type string size 1k expire 1h store conn_cur,bytes_in_cnt,bytes_out_cnt
backend be
    server s1 127.0.0.1:@square@
"""


def value(g, table, name):
    found = re.search(rf" {name}=(\d+)", api(g, f"show table {table}"))
    return int(found[1]) if found else None


def test_connections_and_requests_let_go(start, connect):
    g = start(TRACK)
    clients = [connect(g.port["front"]) for _ in range(3)]
    for c in clients:
        assert c.get("/square/3").status == 200
    assert value(g, "fe", "conn_cur") == value(g, "fe", "use") == 3
    assert value(g, "paths", "conn_cur") == value(g, "paths", "use") == 0
    clients.pop().close()
    clients.pop().reset()
    gate.wait_until(lambda: value(g, "fe", "conn_cur") == 1, 5, "two to be gone")
    assert value(g, "fe", "use") == 1 and value(g, "fe", "conn_cnt") == 3
    clients.pop().close()
    gate.wait_until(lambda: value(g, "fe", "conn_cur") == 0, 5, "the last to be gone")


def test_bytes_are_counted(start, connect):
    g = start(TRACK)
    c = connect(g.port["front"])
    for _ in range(2):
        c.get("/square/1234")
    for table in ("fe", "paths"):
        assert value(g, table, "bytes_out_cnt") > 2 * len("1522756")
        assert value(g, table, "bytes_in_cnt") > 2 * len("/square/1234")


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_a_session_outlives_the_table_that_it_tracks(start, connect):
    g = start(TRACK)
    kept = connect(g.port["front"])
    assert kept.get("/square/3").status == 200
    lines = [line for line in TRACK.splitlines() if "stick-table" not in line and "track" not in line]
    g.reload("\n".join(line for line in lines if "x-seen" not in line) + "\n")
    gate.wait_until(lambda: "table: fe" not in api(g, "show table"), 5, "the table to be gone")
    assert kept.get("/square/3").body == b"9"
    g.reload(TRACK)
    gate.wait_until(lambda: "table: fe" in api(g, "show table"), 5, "a table of that name")
    assert kept.get("/square/3").body == b"9"
    kept.close()
    assert connect(g.port["front"]).get("/square/3").status == 200
