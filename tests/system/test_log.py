# SPDX-License-Identifier: Apache-2.0
"""Where the default line goes: standard output, standard error, UDP and a UNIX socket."""
import re
import socket

import pytest

import gate
import peers


def with_log(line):
    return peers.plain(line).replace("mode http", "log global\n    mode http")


def datagrams(sock, n, seconds=10):
    sock.settimeout(seconds * gate.SLOWNESS)
    return [sock.recv(8192).decode() for _ in range(n)]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_raw_to_a_stream(gateway, serve, connect, stream):
    g = gateway(with_log(f"log {stream} format raw local0"), server=serve().port)
    c = connect(g.port["fe"])
    ip, port = c.sock.getsockname()
    assert c.get().status == 200
    found = g.wait_output(rf"^Connect from {ip}:{port} to 127\.0\.0\.1:{g.port['fe']} \(fe/HTTP\)$")
    assert found


def test_raw_line_by_line(gateway, serve, connect):
    """Lines come whole and in order, one a request of a connection of its own."""
    g = gateway(with_log("log stdout format raw local0\n    nbthread 1"), server=serve().port)
    expected = []
    for _ in range(50):
        c = connect(g.port["fe"])
        expected.append(c.sock.getsockname()[1])
        assert c.get().status == 200
        c.close()
    gate.wait_until(lambda: g.output().count("Connect from") == 50, 10, "50 lines")
    lines = [line for line in g.output().splitlines() if "Connect from" in line]
    assert [int(re.match(r"Connect from [\d.]+:(\d+) to ", line)[1]) for line in lines] == expected


def test_rfc3164_by_udp(gateway, serve, connect):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        g = gateway(with_log(f"log 127.0.0.1:{s.getsockname()[1]} local3"), server=serve().port)
        assert connect(g.port["fe"]).get().status == 200
        (line,) = datagrams(s, 1)
    found = re.fullmatch(
        r"<158>(\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d) ([\w.-]+)\[(\d+)\]: Connect from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ \(fe/HTTP\)\n?", line
    )
    assert found, line
    assert int(found[5]) == g.pid


def test_to_a_unix_socket(gateway, serve, connect, tmp_path):
    path = str(tmp_path / "log.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        g = gateway(with_log(f"log {path} local0"), server=serve().port)
        assert connect(g.port["fe"]).get().status == 200
        (line,) = datagrams(s, 1)
    assert line.startswith("<134>") and "Connect from" in line


def test_two_logs(gateway, serve, connect):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        lines = f"log stdout format raw local0\n    log 127.0.0.1:{s.getsockname()[1]} local0"
        g = gateway(with_log(lines), server=serve().port)
        assert connect(g.port["fe"]).get().status == 200
        assert "Connect from" in datagrams(s, 1)[0]
    g.wait_output("^Connect from")


def test_nobody_reads(gateway, serve, connect):
    """A log that leads nowhere delays no request."""
    g = gateway(with_log(f"log 127.0.0.1:{gate.free_port(socket.SOCK_DGRAM)} local0"), server=serve().port)
    for _ in range(100):
        c = connect(g.port["fe"])
        assert c.get().status == 200
        c.close()


def test_no_log(gateway, serve, connect):
    g = gateway(with_log("log stdout format raw local0").replace("default_backend be", "no log\n    default_backend be"), server=serve().port)
    assert connect(g.port["fe"]).get().status == 200
    g.stop()
    assert "Connect from" not in g.output()
