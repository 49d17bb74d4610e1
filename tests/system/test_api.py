# SPDX-License-Identifier: Apache-2.0
"""The Runtime API on its UNIX socket: commands, half-closed clients, the prompt, levels."""
import os
import socket
import stat
import threading

import pytest

import gate
import peers


@pytest.fixture
def api(gateway, serve, tmp_path):
    """A gateway with a socket; api.ask(line) is what the socket says to a client that sends this
    line and, as socat does, shuts its side."""
    path = str(tmp_path / "api.sock")
    server = serve()
    g = gateway(peers.plain(f"stats socket {path} mode 600 level admin\n    stats timeout 10s\n    nbthread 2"), server=server.port)
    g.sock = path
    gate.wait_until(lambda: os.path.exists(path), what="the socket")  # it opens after the ports

    def ask(line, shut=True, where=path):
        c = peers.Client(where)
        c.send(line.encode())
        if shut:
            c.shut()
        text = b""
        while True:
            try:
                c.fill()
            except peers.Closed:
                break
        text = c.data.decode()
        c.close()
        return text

    g.ask = ask
    return g


def info(text):
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


@pytest.mark.parametrize("shut", [True, False], ids=["half-closed", "open"])
def test_show_info(api, shut):
    text = api.ask("show info\n", shut)
    assert text.endswith("\n\n")
    found = info(text)
    assert found["Pid"] == str(api.pid)
    assert found["Nbthread"] == "2"
    assert found["Maxconn"] == "500"
    for name in ("Name", "Version", "Uptime", "Uptime_sec", "Ulimit-n", "Hard_maxconn", "CurrConns", "CumConns", "CumReq", "ConnRate", "Tasks", "Run_queue", "Idle_pct", "node"):
        assert name in found, name


def test_line_without_its_end(api):
    """A client that shuts its side without a newline is answered, too."""
    if gate.is_haproxy():
        pytest.skip("HAProxy wants the newline")
    assert "Pid: " in api.ask("show info")


def test_show_stat_counts(api, connect):
    c = connect(api.port["fe"])
    for _ in range(7):
        assert c.get().status == 200
    table = api.ask("show stat\n").splitlines()
    names = table[0].lstrip("# ").split(",")
    rows = {tuple(line.split(",")[:2]): dict(zip(names, line.split(","))) for line in table[1:] if line}
    assert rows["fe", "FRONTEND"]["req_tot"] == "7"
    assert rows["fe", "FRONTEND"]["hrsp_2xx"] == "7"
    assert rows["fe", "FRONTEND"]["scur"] == "1"
    assert rows["fe", "FRONTEND"]["stot"] == "1"
    assert rows["be", "s1"]["stot"] == "7"
    assert rows["be", "s1"]["hrsp_2xx"] == "7"
    assert rows["be", "s1"]["status"] == "no check"
    assert rows["be", "BACKEND"]["stot"] == "7"
    assert rows["be", "BACKEND"]["status"] == "UP"
    assert int(rows["fe", "FRONTEND"]["bin"]) > 0 and int(rows["fe", "FRONTEND"]["bout"]) > 0


def test_several_commands_on_a_line(api):
    text = api.ask("show info; show stat\n")
    assert text.startswith("Name: ") and "\n\n# pxname,svname," in text


def test_unknown_command(api):
    assert api.ask("no such thing\n").startswith("Unknown command")


def test_help(api):
    text = api.ask("help\n")
    for word in ("help", "prompt", "quit", "show info", "show stat"):
        assert word in text


def test_prompt(api):
    c = peers.Client(api.sock)
    c.send(b"prompt\n")
    assert c.take_until(b"> ") == b"\n> "
    for _ in range(3):
        c.send(b"show info\n")
        assert c.take_until(b"\n> ").startswith(b"Name: ")
    c.send(b"quit\n")
    assert c.is_closed()
    c.close()


def test_prompt_and_pipelined_commands(api):
    c = peers.Client(api.sock)
    c.send(b"prompt\nshow info\nshow stat\nquit\n")
    while True:
        try:
            c.fill()
        except peers.Closed:
            break
    assert c.data.count(b"> ") >= 3
    assert b"Name: " in c.data and b"# pxname," in c.data
    c.close()


def test_mode_of_the_socket(api):
    assert stat.S_IMODE(os.stat(api.sock).st_mode) == 0o600


def test_a_client_that_says_nothing(api):
    """It holds up nobody else."""
    silent = [peers.Client(api.sock) for _ in range(5)]
    assert "Pid: " in api.ask("show info\n")
    for c in silent:
        c.close()
    assert "Pid: " in api.ask("show info\n")


def test_a_client_that_does_not_read(api):
    deaf = peers.Client(api.sock)
    deaf.send(b"prompt\n" + b"show stat\n" * 2000)
    assert "Pid: " in api.ask("show info\n")
    deaf.close()


@pytest.mark.threads
def test_many_at_once(api, connect):
    wrong = []

    def work():
        for _ in range(10):
            if "Pid: " not in api.ask("show info\n"):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for t in threads:
        t.start()
    for _ in range(50):
        assert connect(api.port["fe"]).get().status == 200
    for t in threads:
        t.join()
    assert not wrong


def test_socket_is_gone_after_the_end(api):
    """And a stale one is taken over at the next start."""
    api.stop()
    assert not os.path.exists(api.sock) or gate.is_haproxy()


def test_stale_socket_is_taken_over(gateway, serve, tmp_path):
    path = str(tmp_path / "stale.sock")
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.close()
    stale = os.stat(path).st_ino
    gateway(peers.plain(f"stats socket {path} level admin"), server=serve().port)
    gate.wait_until(lambda: os.stat(path).st_ino != stale, what="the socket")
    c = peers.Client(path)
    c.send(b"show info\n")
    assert c.take_until(b"\n").startswith(b"Name: ")
    c.close()
