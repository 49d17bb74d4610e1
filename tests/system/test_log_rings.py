# SPDX-License-Identifier: Apache-2.0
"""Rings: show events and its -w, servers that get the lines by TCP, reloads; and the formats that
varnishtest can't read."""
import os
import re
import socket
import threading

import pytest

import gate
import peers

CONF = """
global
    nbthread 2
    stats socket @path@ level admin
    stats timeout 20s
@rings@
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:@fe@
@logs@
    log-format said:%HU
    http-request return status 200
"""


def conf(tmp_path, rings, logs):
    return CONF.replace("@path@", str(tmp_path / "api.sock")).replace("@rings@", rings).replace("@logs@", "    " + logs.replace("\n", "\n    "))


def ask(tmp_path, line):
    return peers.api(str(tmp_path / "api.sock"), line, shut=False)


def say(connect, g, *targets):
    c = connect(g.port["fe"])
    for target in targets:
        assert c.get(target).status == 200
    c.close()


def start(gateway, tmp_path, rings, logs):
    g = gateway(conf(tmp_path, rings, logs))
    gate.wait_until(lambda: os.path.exists(tmp_path / "api.sock"), what="the socket")
    return g


def test_follow(gateway, connect, tmp_path):
    """-w shows what is there, then what comes; anything that the client sends ends it."""
    g = start(gateway, tmp_path, "ring r\n    format raw", "log ring@r local0")
    say(connect, g, "/1", "/2")
    c = peers.Client(str(tmp_path / "api.sock"))
    c.send(b"prompt\n")
    c.take_until(b"> ")
    c.send(b"show events r -w\n")
    assert c.take_until(b"/2\n") == b"said:/1\nsaid:/2\n"
    say(connect, g, "/3")
    assert c.take_until(b"/3\n") == b"said:/3\n"
    say(connect, g, "/4", "/5")
    assert c.take_until(b"/5\n") == b"said:/4\nsaid:/5\n"
    c.send(b"this is dropped\n")
    assert c.take_until(b"> ").strip() == b">"
    c.send(b"show events r -n\n")
    assert c.take_until(b"> ").strip() == b">"
    c.send(b"show events r -nw\n")
    gate.wait_until(lambda: ask(tmp_path, "show events r").count("said:") == 5, what="an answer")
    say(connect, g, "/6")
    assert c.take_until(b"/6\n") == b"said:/6\n"
    c.close()
    say(connect, g, "/7")
    assert ask(tmp_path, "show events r").endswith("said:/7\n\n")


def test_follow_ends_with_the_input(gateway, connect, tmp_path):
    g = start(gateway, tmp_path, "ring r\n    format raw", "log ring@r local0")
    say(connect, g, "/1")
    c = peers.Client(str(tmp_path / "api.sock"))
    c.send(b"show events r -w\n")
    assert c.take_until(b"/1\n") == b"said:/1\n"
    c.shut()
    assert c.take_until(b"\n") == b"\n"
    assert c.is_closed()


def test_many_follow(gateway, connect, tmp_path):
    g = start(gateway, tmp_path, "ring r\n    format raw", "log ring@r local0")
    clients = []
    for _ in range(5):
        c = peers.Client(str(tmp_path / "api.sock"))
        c.send(b"show events r -w\n")
        clients.append(c)
    n = 300
    say(connect, g, *[f"/{i}" for i in range(n)])
    expected = "".join(f"said:/{i}\n" for i in range(n)).encode()
    for c in clients:
        assert c.take(len(expected)) == expected
        c.close()
    say(connect, g, "/again")
    assert "said:/again" in ask(tmp_path, "show events r")


def test_the_oldest_go(gateway, connect, tmp_path):
    g = start(gateway, tmp_path, "ring r\n    format raw\n    size 16384", "log ring@r local0")
    text = "x" * 90
    say(connect, g, *[f"/{i:04}/{text}" for i in range(300)])
    found = [line for line in ask(tmp_path, "show events r").split("\n") if line]
    assert found == [f"said:/{i:04}/{text}" for i in range(300 - len(found), 300)]
    assert len(found) == 16384 // (len(found[0]) + 2)


def test_rings_outlive_a_reload(gateway, connect, tmp_path):
    rings = "ring a\n    format raw\nring b\n    format raw"
    logs = "log ring@a local0\nlog ring@b local0"
    g = start(gateway, tmp_path, rings, logs)
    say(connect, g, "/1")
    c = peers.Client(str(tmp_path / "api.sock"))
    c.send(b"show events a -w\n")
    assert c.take_until(b"/1\n") == b"said:/1\n"
    g.reload(conf(tmp_path, rings.replace("ring b", "ring b\n    description new"), logs))
    g.wait_output("configuration reloaded")
    say(connect, g, "/2")
    assert c.take_until(b"/2\n") == b"said:/2\n"
    assert ask(tmp_path, "show events a") == "said:/1\nsaid:/2\n\n"
    assert ask(tmp_path, "show events b") == "said:/2\n\n"
    g.reload(conf(tmp_path, "", "log stdout format raw local0"))
    gate.wait_until(lambda: "No such" in ask(tmp_path, "show events a"), what="the reload")
    c.send(b"\n")
    assert c.take_until(b"\n") == b"\n"


def test_unknown_ring(gateway, tmp_path):
    g = gateway(conf(tmp_path, "ring name", "log ring@nam local0"), wait=False)
    assert g.wait_end() == 1
    assert "there is no ring 'nam'" in g.output() and "did you mean 'ring@name'" in g.output()


# ---- servers ----


class Sink:
    """A TCP server that keeps what comes."""

    def __init__(self, port=0):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.port = self.sock.getsockname()[1]
        self.sock.listen()
        self.data = b""
        self.links = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                link, _ = self.sock.accept()
                self.links.append(link)
                while True:
                    data = link.recv(65536)
                    if not data:
                        break
                    self.data += data
            except OSError:
                if self.sock.fileno() < 0:
                    return

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for link in self.links:
            link.shutdown(socket.SHUT_RDWR)
            link.close()

    def wait(self, end):
        gate.wait_until(lambda: self.data.endswith(end), 10, end)
        return self.data


RING = """ring r
    format %s
    timeout connect 1s
    timeout server 1s
    server s 127.0.0.1:%d%s"""


def test_to_a_server(gateway, connect, tmp_path):
    sink = Sink()
    g = start(gateway, tmp_path, RING % ("raw", sink.port, ""), "log ring@r local0")
    say(connect, g, "/1", "/2")
    assert sink.wait(b"/2\n") == b"said:/1\nsaid:/2\n"
    assert ask(tmp_path, "show events r") == "said:/1\nsaid:/2\n\n"
    sink.close()


def test_octet_count(gateway, connect, tmp_path):
    sink = Sink()
    g = start(gateway, tmp_path, RING % ("rfc5424", sink.port, " log-proto octet-count"), "log ring@r local0")
    say(connect, g, "/1", "/2")
    data = sink.wait(b"said:/2").decode()
    for i in (1, 2):
        length, data = data.split(" ", 1)
        line, data = data[:int(length)], data[int(length):]
        assert re.fullmatch(r"<134>1 \S+ - \S+ \d+ - - said:/%d" % i, line), line
    assert data == ""
    sink.close()


def test_tcp_address(gateway, connect, tmp_path):
    sink = Sink()
    g = start(gateway, tmp_path, "", f"log tcp@127.0.0.1:{sink.port} format short local0")
    say(connect, g, "/1")
    assert sink.wait(b"/1\n") == b"<6>said:/1\n"
    sink.close()


def test_a_server_comes_back(gateway, connect, tmp_path):
    """What was logged while it was away comes when it is back, in order and whole."""
    port = gate.free_port()
    g = start(gateway, tmp_path, RING % ("raw", port, ""), "log ring@r local0")
    say(connect, g, *[f"/{i}" for i in range(50)])
    sink = Sink(port)
    expected = "".join(f"said:/{i}\n" for i in range(50)).encode()
    assert sink.wait(b"/49\n") == expected
    sink.close()
    # The first write after the end may still be taken by the system, and be lost with it.
    say(connect, g, "/probe")
    sink = Sink(port)
    say(connect, g, "/last")
    gate.wait_until(lambda: b"said:/last\n" in sink.data, 10, "the line after the outage")
    sink.close()


# ---- formats ----


@pytest.mark.parametrize("name, pattern", [
    ("raw", r"said:/x\n"),
    ("iso", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d said:/x\n"),
])
def test_formats_without_a_level(gateway, connect, tmp_path, name, pattern):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(10 * gate.SLOWNESS)
        g = gateway(conf(tmp_path, "", f"log 127.0.0.1:{s.getsockname()[1]} format {name} local0"))
        say(connect, g, "/x")
        assert re.fullmatch(pattern, s.recv(8192).decode())
