# SPDX-License-Identifier: Apache-2.0
"""Receivers of logs that stop reading: no request waits, what they don't take is counted, and they
get whole lines when they read again."""
import os
import re
import socket

import gate
import peers

CONF = """
global
    nbthread 2
    stats socket @path@ level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:@fe@
    log @log@ len 8192 format raw local0
    log ring@r len 8192 local0
    log-format %HU
    http-request return status 200
ring r
    size 16384
"""

N = 2000
TARGET = "x" * 900


def conf(tmp_path, log):
    return CONF.replace("@path@", str(tmp_path / "api.sock")).replace("@log@", log)


def info(tmp_path, name):
    text = peers.api(str(tmp_path / "api.sock"), "show info", shut=False)
    return int(re.search(rf"^{name}: (\d+)$", text, re.M)[1])


def ask_all(connect, g):
    """N requests, all answered; each leaves a line of about a kilobyte."""
    c = connect(g.port["fe"])
    for i in range(N):
        assert c.get(f"/{i}/{TARGET}").status == 200
    c.close()


def numbers(data):
    """Of the lines, which must all be whole."""
    lines = data.split(b"\n")
    assert lines[-1] == b""
    found = []
    for line in lines[:-1]:
        number = re.fullmatch(rb"/(\d+)/x{900}", line)
        assert number, line[:60]
        found.append(int(number[1]))
    return found


def read_all(read):
    data = b""
    while True:
        try:
            more = read()
        except BlockingIOError:
            return data
        if not more:
            return data
        data += more


def finish(connect, g, read, data):
    """The receiver reads again: what waited comes, and then the newest line."""
    c = connect(g.port["fe"])
    assert c.get("/last").status == 200
    c.close()

    def last():
        nonlocal data
        data += read_all(read)
        return data.endswith(b"/last\n")

    gate.wait_until(last, what="the last line")
    return numbers(data[:-len(b"/last\n")])


def test_a_pipe_whose_reader_stops(gateway, connect, tmp_path):
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    g = gateway(conf(tmp_path, "fd@9"), wrap=["/bin/sh", "-c", f'exec "$0" "$@" 9>{path}'])
    gate.wait_until(lambda: os.path.exists(tmp_path / "api.sock"), what="the socket")
    ask_all(connect, g)
    gate.wait_until(lambda: info(tmp_path, "DroppedLogs") > 0, what="drops")
    found = finish(connect, g, lambda: os.read(reader, 65536), b"")
    assert found == sorted(found)
    assert len(found) + info(tmp_path, "DroppedLogs") == N
    os.close(reader)


def test_a_pipe_whose_reader_leaves(gateway, connect, tmp_path):
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    g = gateway(conf(tmp_path, "fd@9"), wrap=["/bin/sh", "-c", f'exec "$0" "$@" 9>{path}'])
    gate.wait_until(lambda: os.path.exists(tmp_path / "api.sock"), what="the socket")
    os.close(reader)
    ask_all(connect, g)
    gate.wait_until(lambda: info(tmp_path, "DroppedLogs") == N, what="drops")


def test_a_server_of_a_ring_that_stops(gateway, connect, tmp_path):
    """The ring goes on; it is the server that misses lines."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        text = conf(tmp_path, "ring@r").replace("log ring@r len 8192 local0\n", "", 1)
        text = text.replace("size 16384", f"size 16384\n    timeout connect 5s\n    timeout server 60s\n    server s 127.0.0.1:{s.getsockname()[1]}")
        g = gateway(text)
        gate.wait_until(lambda: os.path.exists(tmp_path / "api.sock"), what="the socket")
        for _ in range(4):
            ask_all(connect, g)
        gate.wait_until(lambda: info(tmp_path, "DroppedLogs") > 0, what="drops")
        c = peers.Client(str(tmp_path / "api.sock"))
        c.send(b"show events\n")
        assert re.search(rb"r +: type=buffer, [1-9]\d* dropped, r\n", c.take_until(b" r\n"))
        c.close()
        c = peers.Client(str(tmp_path / "api.sock"))
        c.send(b"show events r\n")
        assert f"/{N - 1}/".encode() in c.take_until(f"/{N - 1}/".encode())
        c.close()


def full_unix_socket(tmp_path):
    path = str(tmp_path / "log.sock")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    s.setblocking(False)
    return s, path


def test_a_full_unix_socket(gateway, connect, tmp_path):
    s, path = full_unix_socket(tmp_path)
    g = gateway(conf(tmp_path, path))
    gate.wait_until(lambda: os.path.exists(tmp_path / "api.sock"), what="the socket")
    ask_all(connect, g)
    gate.wait_until(lambda: info(tmp_path, "DroppedLogs") > 0, what="drops")
    found = finish(connect, g, lambda: s.recv(8192), b"")
    assert found == sorted(found)
    assert len(found) + info(tmp_path, "DroppedLogs") == N
    s.close()
