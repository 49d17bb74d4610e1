# SPDX-License-Identifier: Apache-2.0
"""Where it listens and where it connects: IPv4, IPv6, UNIX sockets, ranges, inherited sockets."""
import os
import re
import socket
import stat
import subprocess

import pytest

import gate

TEXT = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

frontend fe
    @bind@
    default_backend be

backend be
    server s1 @server@
"""


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


def config(bind, server="127.0.0.1:@s@"):
    return TEXT.replace("@bind@", bind).replace("@server@", server)


@pytest.mark.parametrize("address", ["127.0.0.1:@fe@", "*:@fe@", ":@fe@", "ipv4@127.0.0.1:@fe@", "ipv4@:@fe@", "0.0.0.0:@fe@", "localhost:@fe@"])
def test_ipv4(gateway, serve, connect, address):
    g = gateway(config(f"bind {address}"), s=serve().port)
    assert connect(g.port["fe"]).get().body == b"ok"


@needs_ipv6
@pytest.mark.parametrize("address", ["[::1]:@fe@", "ipv6@::1:@fe@", "ipv6@[::1]:@fe@", ":::@fe@"])
def test_ipv6(gateway, serve, connect, address):
    g = gateway(config(f"bind {address}"), s=serve().port)
    assert connect(("::1", g.port["fe"])).get().body == b"ok"


@needs_ipv6
def test_both_families(gateway, serve, connect):
    g = gateway(config("bind :::@fe@ v4v6"), s=serve().port)
    assert connect(("::1", g.port["fe"])).get().body == b"ok"
    assert connect(g.port["fe"]).get().body == b"ok"


@needs_ipv6
def test_only_ipv6(gateway, serve, connect):
    g = gateway(config("bind :::@fe@ v6only"), s=serve().port)
    assert connect(("::1", g.port["fe"])).get().body == b"ok"
    with pytest.raises(ConnectionRefusedError):
        connect(g.port["fe"])


@needs_ipv6
@pytest.mark.parametrize("address", ["[::1]:@s@", "ipv6@::1:@s@"])
def test_server_ipv6(gateway, serve, connect, address):
    g = gateway(config("bind 127.0.0.1:@fe@", address), s=serve(family=socket.AF_INET6).port)
    assert connect(g.port["fe"]).get().body == b"ok"


def test_range(gateway, serve, connect):
    for _ in range(20):
        first = gate.free_port()
        if first < 60000 and all(is_free(p) for p in range(first, first + 4)):
            break
    g = gateway(config(f"bind 127.0.0.1:{first}-{first + 3}"), s=serve().port)
    gate.wait_until(lambda: set(range(first, first + 4)) <= gate.listening_ports(g.pid), what="four ports")
    for port in range(first, first + 4):
        assert connect(port).get().body == b"ok"


def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def test_list(gateway, serve, connect):
    g = gateway(config("bind 127.0.0.1:@fe@,127.0.0.2:@fe@,127.0.0.1:@other@"), s=serve().port)
    for where in (("127.0.0.1", g.port["fe"]), ("127.0.0.2", g.port["fe"]), ("127.0.0.1", g.port["other"])):
        assert connect(where).get().body == b"ok"


@pytest.mark.parametrize("form", ["unix@{}", "{}"])
def test_unix(gateway, serve, connect, tmp_path, form):
    path = str(tmp_path / "fe.sock")
    gateway(config(f"bind {form.format(path)} mode 640\n    bind 127.0.0.1:@fe@"), s=serve().port)
    assert connect(path).get().body == b"ok"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_abstract(gateway, serve, connect):
    name = f"gatehouse-test-{os.getpid()}-{gate.free_port()}"
    g = gateway(config(f"bind abns@{name}\n    bind 127.0.0.1:@fe@"), s=serve().port)
    # HAProxy pads the name of an abstract socket with NULs to its full length.
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(b"\0" + name.encode().ljust(107, b"\0"))
        s.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 200")
    assert connect(g.port["fe"]).get().body == b"ok"


@pytest.mark.parametrize("form", ["unix@{}", "{}"])
def test_server_unix(gateway, serve, connect, tmp_path, form):
    path = str(tmp_path / "server.sock")
    serve(path=path)
    g = gateway(config("bind 127.0.0.1:@fe@", form.format(path)))
    assert connect(g.port["fe"]).get().body == b"ok"


@pytest.mark.parametrize("form", ["fd@{}", '"fd@${{GH_FD}}"'])
def test_inherited(serve, connect, tmp_path, form):
    server = serve()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(10)
        port = s.getsockname()[1]
        path = tmp_path / "x.cfg"
        path.write_text(config("bind " + form.format(s.fileno())).replace("@s@", str(server.port)))
        p = subprocess.Popen([gate.BINARY, "-db", "-f", path], pass_fds=[s.fileno()], stdin=subprocess.DEVNULL,
                             env=dict(os.environ, GH_FD=str(s.fileno())), stderr=subprocess.PIPE)
    try:
        assert connect(port).get().body == b"ok"
    finally:
        p.terminate()
        err = p.communicate(timeout=10 * gate.SLOWNESS)[1].decode()
    assert not gate.TROUBLE.search(err), err


def test_server_by_name(gateway, serve, connect):
    g = gateway(config("bind 127.0.0.1:@fe@", "ipv4@localhost:@s@"), s=serve().port)
    assert connect(g.port["fe"]).get().body == b"ok"


def test_server_port_from_a_variable(gateway, serve, connect):
    g = gateway(config("bind 127.0.0.1:@fe@", '"127.0.0.1:${GH_PORT}"'), env={"GH_PORT": str(serve().port)})
    assert connect(g.port["fe"]).get().body == b"ok"


def test_unknown_name_is_an_error(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(config("bind 127.0.0.1:1", "no-such-host.invalid:80"))
    p = subprocess.run([gate.BINARY, "-c", "-f", path], capture_output=True, text=True, timeout=60)
    assert p.returncode == 1
    assert "no-such-host.invalid" in p.stderr


def test_client_goes_before_it_is_accepted(gateway, serve, connect):
    server = serve()
    g = gateway(config("bind 127.0.0.1:@fe@"), s=server.port)
    for _ in range(50):
        c = connect(g.port["fe"])
        c.reset()
    assert connect(g.port["fe"]).get().body == b"ok"
    assert not re.search(r"abort|assert", g.output(), re.I)
