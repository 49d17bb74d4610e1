# SPDX-License-Identifier: Apache-2.0
"""The guide's first step: the Square service behind the gateway, asked with curl."""
import json
import os
import re
import shutil
import subprocess

import pytest

import gate

GUIDE = """
global
  maxconn 4096

defaults
    log     global
    mode    http
    timeout connect 10s
    timeout client 30s
    timeout server 30s

frontend api_gateway
    bind *:@front@
    default_backend be_square

backend be_square
    server s1 127.0.0.1:@square@
"""

needs_square = pytest.mark.skipif(not os.path.exists(gate.SQUARE), reason="the Square service is not built")


@pytest.fixture
def square(tmp_path):
    port = gate.free_port()
    out = open(tmp_path / "square.out", "w+", encoding="utf-8")
    process = subprocess.Popen([gate.SQUARE, str(port)], stdin=subprocess.DEVNULL, stdout=out)
    gate.wait_until(lambda: port in gate.listening_ports(process.pid), what="the Square service")
    process.port = port

    def lines():
        with open(tmp_path / "square.out", encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    process.lines = lines
    yield process
    process.terminate()
    process.wait(5)
    out.close()


def curl(*args):
    p = subprocess.run(["curl", "-sS", "--noproxy", "*", "-m", "10", *args], capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    return p.stdout


@needs_square
def test_square_through_the_gateway(gateway, square):
    port = gateway(GUIDE, square=square.port).port["front"]
    assert curl(f"http://localhost:{port}/square/25") == "625"
    assert curl(f"http://127.0.0.1:{port}/square/3037000499") == "9223372030926249001"
    for bad in ("abc", "3037000500", "1.5", "", "99999999999999999999"):
        answer = curl("-w", "\n%{http_code}", f"http://127.0.0.1:{port}/square/{bad}")
        assert answer.endswith("\n400") and len(answer) > 5, answer


@needs_square
def test_square_says_what_it_does(gateway, square):
    port = gateway(GUIDE, square=square.port).port["front"]
    curl("-A", "guide/1", f"http://127.0.0.1:{port}/square/25")
    start, request = gate.wait_until(lambda: square.lines()[1:2] and square.lines()[:2], what="two lines")
    assert start["level"] == "info" and start["msg"] == f"Running on {square.port}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", start["time"])
    assert re.fullmatch(r"GET \| /square/25 \| guide/1 \| [0-9.]+(ns|µs|ms|s)", request["msg"])


@needs_square
def test_many_requests_on_one_connection(gateway, square):
    port = gateway(GUIDE, square=square.port).port["front"]
    urls = [f"http://127.0.0.1:{port}/square/{n}" for n in range(1, 51)]
    answers = curl("-w", " %{http_code} %{num_connects}\n", *urls).splitlines()
    assert answers == [f"{n * n} 200 {1 if n == 1 else 0}" for n in range(1, 51)]


@needs_square
def test_service_stopped_and_started(gateway, square):
    """Without health checks a stopped service is a 503, and a started one is found again."""
    text = GUIDE.replace("timeout connect 10s", "timeout connect 100ms\n    retries 1")
    port = gateway(text, square=square.port).port["front"]
    assert curl(f"http://127.0.0.1:{port}/square/5") == "25"
    square.terminate()
    square.wait(5)
    answer = curl("-w", "\n%{http_code}", f"http://127.0.0.1:{port}/square/5")
    assert answer.startswith("<html><body><h1>503 Service Unavailable</h1>") and answer.endswith("\n503")
    again = subprocess.Popen([gate.SQUARE, str(square.port)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        gate.wait_until(lambda: square.port in gate.listening_ports(again.pid), what="the Square service")
        assert curl(f"http://127.0.0.1:{port}/square/5") == "25"
    finally:
        again.terminate()
        again.wait(5)


def guide_file(name, threads=1):
    """A file of the guide, on free ports."""
    with open(os.path.join(gate.ROOT, "examples", "guide", name), encoding="utf-8") as f:
        text = f.read()
    text = text.replace("*:5000", "*:@front@").replace("*:8404", "*:@stats@").replace("127.0.0.1:8080", "127.0.0.1:@square@")
    return text.replace("global\n", f"global\n  nbthread {threads}\n", 1)


def rows_of(csv):
    lines = csv.lstrip("# ").splitlines()
    names = lines[0].split(",")
    return {tuple(line.split(",")[:2]): dict(zip(names, line.split(","))) for line in lines[1:] if line}


@needs_square
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_what_the_page_shows_then(gateway, square, threads):
    """Step 6: after 15 requests, four of them without a key or over the limit."""
    g = gateway(guide_file("5-limit.cfg", threads), square=square.port)
    front, stats = (f"http://127.0.0.1:{g.port[name]}" for name in ("front", "stats"))

    def rows():
        return rows_of(curl(f"{stats}/stats;csv"))

    gate.wait_until(lambda: rows()[("be_square", "s1")]["check_status"] == "L4OK", 10, "the first check")
    code = "\n%{http_code}"
    assert [curl("-w", code, f"{front}/square/25")[-3:] for _ in range(2)] == ["403"] * 2
    hello = [curl("-w", code, "-H", "api-key: hello", f"{front}/square/25") for _ in range(12)]
    assert hello[:10] == ["625\n200"] * 10 and [a[-3:] for a in hello[10:]] == ["429"] * 2
    assert curl("-H", "api-key: hello-1", f"{front}/square/25") == "625"
    now = rows()
    fe, s1 = now[("api_gateway", "FRONTEND")], now[("be_square", "s1")]
    assert [fe[n] for n in ("dreq", "hrsp_2xx", "hrsp_4xx", "req_tot")] == ["4", "11", "4", "15"]
    assert [s1[n] for n in ("status", "check_status", "stot")] == ["UP", "L4OK", "11"]


CHROMIUM = shutil.which("chromium")
FORBIDDEN = """HTTP/1.1 403 Forbidden
content-length: 93
cache-control: no-cache
content-type: text/html

<html><body><h1>403 Forbidden</h1>
Request forbidden by administrative rules.
</body></html>
"""
TOO_MANY = """HTTP/1.1 429 Too Many Requests
content-length: 117
cache-control: no-cache
content-type: text/html

<html><body><h1>429 Too Many Requests</h1>
You have sent too many requests in a given amount of time.
</body></html>
"""


def browser(tmp_path, url):
    """The page as Chromium has read it."""
    p = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/chromium",
         "--dump-dom", url], capture_output=True, text=True, timeout=60 * gate.SLOWNESS,
        env={**os.environ, "HOME": str(tmp_path)})
    assert p.returncode == 0, p.stderr[-2000:]
    return p.stdout


def row_in(page, name):
    """What stands in the cells of that row of the page."""
    row = re.search(rf'<tr[^>]* id="{name}".*?</tr>', page, re.S)
    assert row, f"no row {name} in: {page[:3000]}"
    return [re.sub(r"<[^>]*>", " ", cell).split() for cell in re.findall(r"<t[dh].*?</t[dh]>", row[0], re.S)]


@needs_square
@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
@pytest.mark.gatehouse("each step is a reload of the same process")
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_command_by_command(gateway, square, tmp_path, threads):
    """The whole guide in one process: each step's lines come by a reload, and nothing is forgotten."""
    stats = gate.free_port()
    g = gateway(guide_file("1-proxy.cfg", threads), square=square.port, stats=stats)
    front, page = f"localhost:{g.port['front']}", f"http://localhost:{stats}/stats"

    def head(*args):
        return curl("-i", *args, f"{front}/square/25").replace("\r", "")

    def rows():
        return rows_of(curl(page + ";csv"))

    # 1
    assert curl(f"{front}/square/25") == "625"
    # 2
    g.reload(guide_file("2-statistics.cfg", threads))
    gate.wait_until(lambda: stats in gate.listening_ports(g.gateway_pid()), 10, "the statistics")
    assert rows()[("api_gateway", "FRONTEND")]["req_tot"] == "1", "counted before the reload"
    assert row_in(browser(tmp_path, page), "be_square/s1")
    assert "refresh: 5" in curl("-i", page).lower()
    # 3
    g.reload(guide_file("3-checks.cfg", threads))
    gate.wait_until(lambda: rows()[("be_square", "s1")]["check_status"] == "L4OK", 10, "the first check")
    cells = sum(row_in(browser(tmp_path, page), "be_square/s1"), [])
    assert "UP" in cells and "L4OK" in cells
    # 4
    g.reload(guide_file("4-deny.cfg", threads))
    gate.wait_until(lambda: head().startswith("HTTP/1.1 403"), 10, "the rule")
    assert head() == FORBIDDEN
    assert curl("-H", "api-key: hello", f"{front}/square/25") == "625"
    # 5
    g.reload(guide_file("5-limit.cfg", threads))
    gate.wait_until(lambda: "hello" not in head() and "api_gateway" in curl(page), 10, "the limit")
    before = rows()[("api_gateway", "FRONTEND")]
    g.reload(guide_file("5-limit.cfg", threads))
    first = [curl("-H", "api-key: hello", f"{front}/square/25") for _ in range(5)]
    g.reload(guide_file("5-limit.cfg", threads))
    assert first + [curl("-H", "api-key: hello", f"{front}/square/25") for _ in range(5)] == ["625"] * 10
    assert head("-H", "api-key: hello") == TOO_MANY
    assert curl("-H", "api-key: hello-1", f"{front}/square/25") == "625"
    # 6
    assert head() == FORBIDDEN
    now = rows()[("api_gateway", "FRONTEND")]
    more = {n: int(now[n]) - int(before[n]) for n in ("dreq", "hrsp_2xx", "hrsp_4xx", "req_tot")}
    assert more == {"dreq": 2, "hrsp_2xx": 11, "hrsp_4xx": 2, "req_tot": 13}
    assert now["dreq"] in sum(row_in(browser(tmp_path, page), "api_gateway/Frontend"), [])
