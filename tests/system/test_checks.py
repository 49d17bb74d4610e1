# SPDX-License-Identifier: Apache-2.0
"""Health checks, as the guide's third step shows them: the service is stopped and started again."""
import csv
import os
import socket
import subprocess
import threading

import pytest

import gate
import peers

CONF = """
global
    stats socket @dir@/api.sock level admin

defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

frontend api_gateway
    bind 127.0.0.1:@front@
    default_backend be_square

backend be_square
    {extra}
    server s1 127.0.0.1:@square@ check inter 50ms rise 2 fall 3 {options}
"""

needs_square = pytest.mark.skipif(not os.path.exists(gate.SQUARE), reason="the Square service is not built")


class Square:
    def __init__(self):
        self.port = gate.free_port()
        self.process = None

    def start(self):
        self.process = subprocess.Popen([gate.SQUARE, str(self.port)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL)
        gate.wait_until(lambda: self.port in gate.listening_ports(self.process.pid), what="the Square service")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(5)
            self.process = None


@pytest.fixture
def square():
    s = Square()
    s.start()
    yield s
    s.stop()


def row(folder, name="s1"):
    text = peers.api(str(folder / "api.sock"), "show stat")
    return next(r for r in csv.DictReader(text[2:].splitlines()) if r["svname"] == name)


def wait_for(folder, **columns):
    def there():
        r = row(folder)
        return r if all(r[k] == v for k, v in columns.items()) else None

    return gate.wait_until(there, what=str(columns))


def status(port, path="/square/25"):
    p = subprocess.run(["curl", "-sS", "--noproxy", "*", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}",
                        f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True)
    return p.stdout


def start(gateway, tmp_path, square, extra="", options=""):
    return gateway(CONF.format(extra=extra, options=options), square=square.port, dir=tmp_path)


@needs_square
def test_goes_down_and_comes_back(gateway, tmp_path, square):
    g = start(gateway, tmp_path, square)
    up = wait_for(tmp_path, status="UP", check_status="L4OK", check_health="4")
    assert (up["check_desc"], up["last_chk"], up["check_code"]) == ("Layer4 check passed", "", "")
    assert (up["check_rise"], up["check_fall"], up["hanafail"]) == ("2", "3", "")
    assert up["check_duration"].isdigit()
    assert status(g.port["front"]) == "200"

    square.stop()
    down = wait_for(tmp_path, status="DOWN", check_status="L4CON")
    assert (down["last_chk"], down["check_health"]) == ("Connection refused", "0")
    assert (down["chkfail"], down["chkdown"]) == ("3", "1")
    assert status(g.port["front"]) == "503"

    square.start()
    wait_for(tmp_path, status="UP", check_status="L4OK", check_health="4")
    assert status(g.port["front"]) == "200"


@needs_square
def test_a_reload_keeps_what_was_found(gateway, tmp_path, square):
    """The server stays down, its counts stay, and what the file says anew holds."""
    g = start(gateway, tmp_path, square)
    wait_for(tmp_path, status="UP", check_status="L4OK")
    square.stop()
    wait_for(tmp_path, status="DOWN", check_status="L4CON")
    g.reload(CONF.format(extra="option httpchk GET /square/3", options="rise 1"))
    after = wait_for(tmp_path, check_rise="1")
    assert (after["status"], after["chkfail"], after["chkdown"]) == ("DOWN", "3", "1")
    square.start()
    up = wait_for(tmp_path, status="UP", check_status="L7OK", check_code="200")
    assert up["check_rise"] == "1"
    assert status(g.port["front"]) == "200"


@needs_square
def test_a_check_that_is_taken_away_leaves_the_server_up(gateway, tmp_path, square):
    g = start(gateway, tmp_path, square)
    wait_for(tmp_path, status="UP", check_status="L4OK")
    square.stop()
    wait_for(tmp_path, status="DOWN")
    g.reload(CONF.format(extra="", options="no-check"))
    plain = wait_for(tmp_path, status="no check")
    assert plain["check_status"] == ""


def test_many_checks_are_spread(gateway, tmp_path):
    """A hundred servers at one address: each is checked, and they do not come all at once."""
    came = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listener.getsockname()[1]

    def serve():
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            came.append(1)
            c.close()

    threading.Thread(target=serve, daemon=True).start()
    servers = "\n".join(f"    server s{i} 127.0.0.1:{port} check inter 2s" for i in range(100))
    conf = CONF.split("\nbackend be_square")[0] + "\nbackend be_square\n" + servers + "\n"
    gateway(conf, dir=tmp_path)
    gate.wait_until(lambda: came, what="the first check")
    assert len(came) < 60
    gate.wait_until(lambda: len(came) >= 100, what="a check of each")
    gate.wait_until(lambda: row(tmp_path, "s99")["check_status"].endswith("L4OK"), what="the last one's result")
    listener.close()


def test_drip_fed_and_endless_answers(gateway, tmp_path):
    """An answer that never ends is judged by what fits a buffer, in the time that there is."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                c, _ = listener.accept()
                c.recv(4096)
                c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    c.sendall(b"x" * 65536)
            except OSError:
                if listener.fileno() < 0:
                    return

    threading.Thread(target=serve, daemon=True).start()
    conf = CONF.format(extra="option httpchk\n    http-check expect string needle", options="fall 1")
    gateway(conf, square=listener.getsockname()[1], dir=tmp_path)
    down = wait_for(tmp_path, status="DOWN")
    assert down["check_status"].endswith(("L7RSP", "L7TOUT"))
    listener.close()
