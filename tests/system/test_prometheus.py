# SPDX-License-Identifier: Apache-2.0
"""`use-service prometheus-exporter`: the same as HAProxy's for what both count, our own metrics, and
Debian's prometheus, which has to understand it all."""
import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest

import gate
import peers

HAPROXY = shutil.which(os.environ.get("HAPROXY", "haproxy"))
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")

CONF = """
global
    maxconn 500
    nbthread 1

defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s

listen metrics
    bind 127.0.0.1:@metrics@
    http-request use-service prometheus-exporter if { path /metrics }

frontend fe
    bind 127.0.0.1:@fe@
    stick-table type ip size 1k expire 1m store http_req_rate(10s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { path /deny }
    use_backend broken if { path /broken }
    default_backend be

frontend gone
    bind 127.0.0.1:9
    disabled

backend be
    option httpchk GET /check
    server s1 @server@ check inter 100ms maxconn 10
    server s2 @server@ weight 0 pool-max-conn 7
    server s3 @server@ track be/s1
    server s4 127.0.0.1:1 check disabled
    server b1 @server@ backup

backend broken
    retries 0
    server s1 127.0.0.1:1
    server s2 127.0.0.1:1 check inter 100ms fall 1

backend empty

backend table
    stick-table type string size 10 store gpc0
"""

# What depends on time and bytes, on limits of the system, or where HAProxy estimates.
VARIES = re.compile(
    r"_time_|_rate(_max)?$|_session_rate|_seconds(_total)?$|bytes_(in|out)|_bytes$|idle_connections_current|"
    r"need_connections|process_(max_|hard_max|current_|connections_total|requests_total|jobs|idle_time|build_info)|"
    # our scrapes' answers are counted when their heads have gone, HAProxy's at their ends
    r"http_responses_total|backend_http_requests|limit_sessions|used_connections"
)
LINE = re.compile(r'^(\w+)(\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


def scrape(g, query=""):
    c = peers.Client(g.port["metrics"])
    answer = c.get("/metrics" + query)
    c.close()
    return answer


def read(text):
    """name → (type, help), and (name, labels) → value."""
    kinds, values, helps, last = {}, {}, {}, None
    for line in text.splitlines():
        word = line.split(" ", 3)
        if line.startswith("# HELP "):
            helps[word[2]] = word[3]
        elif line.startswith("# TYPE "):
            assert word[2] not in kinds, f"{word[2]} twice"
            last = word[2]
            kinds[last] = (word[3], helps[last])
        else:
            m = LINE.match(line)
            assert m, line
            assert m[1] == last or re.fullmatch(last + "_(bucket|sum|count)", m[1]), f"{line} below {last}"
            assert (m[1], m[3]) not in values, line
            values[m[1], m[3]] = m[4]
    return kinds, values


def metrics(g, query=""):
    answer = scrape(g, query)
    assert answer.status == 200
    return read(answer.body.decode())


def shape(value):
    """How a value is written."""
    return re.sub(r"\d+", "0", value.removeprefix("-").replace(".000000", ".0"))


def number(values, metric, /, **labels):
    wanted = {f'{k}="{v}"' for k, v in labels.items()}
    found = [v for (n, said), v in values.items() if n == metric and wanted == set((said or "").split(",")) - {""}]
    assert len(found) == 1, (metric, labels, found)
    return float(found[0])


@pytest.fixture
def both(tmp_path, monkeypatch, serve):
    """HAProxy and the gateway under test, with the same configuration and one server for both."""
    if not HAPROXY or gate.is_haproxy():
        pytest.skip("there is no haproxy to compare with")
    server = serve()
    started = []
    for name, binary in (("oracle", HAPROXY), ("ours", gate.BINARY)):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(gate, "BINARY", binary)
        started.append(gate.Gateway(tmp_path / name, CONF, server=f"127.0.0.1:{server.port}"))
    yield started
    for g in started:
        g.stop()


def use(g):
    """Some traffic, and the checks have found what they find."""
    c = peers.Client(g.port["fe"])
    assert c.get().status == 200
    assert c.get("/deny").status == 429
    assert c.get("/broken").status == 503
    c.close()

    def settled():
        _, values = metrics(g, "?scope=server")
        good = number(values, "haproxy_server_check_status", proxy="be", server="s1", state="L7OK")
        bad = number(values, "haproxy_server_check_status", proxy="broken", server="s2", state="L4CON")
        return good and bad

    gate.wait_until(settled, what="the checks")


def test_same_as_haproxy(both):
    """Every metric that HAProxy has: its type, its help, all of its label sets, and the values that
    traffic alone makes; and nothing else by its names."""
    for g in both:
        use(g)
    (kinds, values), (our_kinds, our_values) = [metrics(g) for g in both]
    assert len(kinds) > 180 and len(values) > 600
    assert {k: v for k, v in our_kinds.items() if k.startswith("haproxy_")} == kinds
    version = "haproxy_process_build_info"
    assert sorted(k for k in our_values if k[0].startswith("haproxy_") and k[0] != version) == sorted(
        k for k in values if k[0] != version
    )
    assert [v for k, v in our_values.items() if k[0] == version] == ["1"]
    differ = {
        k: (v, our_values[k])
        for k, v in values.items()
        if k[1] != 'proxy="metrics"' and not VARIES.search(k[0]) and v != our_values[k]
    }
    assert not differ
    kind = {k: (shape(v), shape(our_values[k])) for k, v in values.items() if k in our_values}
    assert not {k: v for k, v in kind.items() if v[0] != v[1]}


def test_order_as_haproxy(both):
    """Stick tables come last first, all else in the order of the file."""
    names = [
        [n for n in (re.sub(" [^ ]+$", "", line) for line in scrape(g).body.decode().splitlines())
         if n.startswith("haproxy_") and "build_info" not in n and "check" not in n]
        for g in both
    ]
    assert names[0] == names[1]


QUERIES = [
    "", "?", "?scope=global", "?scope=frontend", "?scope=listener", "?scope=backend", "?scope=server",
    "?scope=sticktable", "?scope=*", "?scope=", "?scope", "?scope=nothing", "?scope=Global",
    "?scope=global&scope=server", "?scope=*&scope=", "?scope=&scope=server", "?no-maint",
    "?no-maint&scope=server", "?scope=server&no-maint=0", "?%73cope=glob%61l", "?scope=global%00x",
    "?scope=global%2", "?other=%zz", "?other", "?scope=glob+al", "?=x&&scope=backend", "?scope=global&",
]


def test_queries_as_haproxy(both):
    for query in QUERIES:
        said = []
        for g in both:
            answer = scrape(g, query)
            names = re.findall(r"^(haproxy_[a-z]+)_\w+(.*server=\"s4\")?", answer.body.decode(), re.M)
            said.append((answer.status, sorted(set(names))))
        assert said[0] == said[1], query


def test_rules_alone(gateway, serve):
    g = gateway(CONF, server=f"127.0.0.1:{serve().port}")
    kinds, _ = metrics(g, "?scope=rule")
    assert set(kinds) == {"gatehouse_rule_ended_total", "gatehouse_rule_reported_total"}


# ---- ours ----

TIMED = """
global
    nbthread @threads@
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    @more@
listen metrics
    bind 127.0.0.1:@metrics@
    http-request use-service prometheus-exporter
frontend fe
    bind 127.0.0.1:@fe@
    http-request deny name "no \\"x\\" \\\\" if { path /deny }
    http-request deny report name later if { path /later }
    default_backend be
backend be
    @line@
    server s1 @server@
"""
TIMES = ("queue", "connect", "response", "total")


def counts(values, what, **labels):
    return {
        t: number(values, f"gatehouse_{what}_{t}_time_seconds_count", **labels) for t in TIMES
    }


def check_histograms(values):
    """Of each the buckets grow, the last has all, and the bounds are OpenTelemetry's."""
    bounds = {}
    for (name, labels), value in values.items():
        if not name.endswith("_bucket"):
            continue
        rest, le = re.fullmatch(r'(.*),le="(.*)"', labels).groups()
        bounds.setdefault((name[:-7], rest), []).append((le, float(value)))
    assert bounds
    for (name, rest), buckets in bounds.items():
        assert [le for le, _ in buckets] == (
            "0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf".split()
        )
        assert [n for _, n in buckets] == sorted(n for _, n in buckets)
        assert buckets[-1][1] == float(values[name + "_count", rest])


@pytest.mark.threads
@pytest.mark.gatehouse("it has no histograms")
def test_histograms(gateway):
    """A request is counted where it came: one that a rule refused only in the frontend's total, one
    without an answer not in the times of answers."""
    pause = 0.06

    def slow(link, server):
        while True:
            if link.read_request().target == b"/cut":
                return
            gate.time.sleep(pause)
            link.answer()

    server = peers.Server(slow)
    values = {"server": f"127.0.0.1:{server.port}", "threads": 2, "line": "", "more": ""}
    g = gateway(TIMED, **values)
    c = peers.Client(g.port["fe"])
    for _ in range(3):
        assert c.get().status == 200
    assert c.get("/deny").status == 403
    assert c.get("/cut").status == 502
    _, values_now = metrics(g)
    check_histograms(values_now)
    assert counts(values_now, "frontend", proxy="fe") == {"queue": 4, "connect": 4, "response": 3, "total": 5}
    assert counts(values_now, "backend", proxy="be") == {"queue": 4, "connect": 4, "response": 3, "total": 4}
    assert not [k for k in values_now if k[0].startswith("gatehouse_server")]
    for what, proxy in (("frontend", "fe"), ("backend", "be")):
        name = f"gatehouse_{what}_response_time_seconds"
        assert number(values_now, name + "_bucket", proxy=proxy, le="0.05") == 0
        assert number(values_now, name + "_sum", proxy=proxy) >= 3 * pause

    # they go on over a reload, which may ask for those of servers, too
    values["line"] = "option server-histograms"
    g.values.update(values)
    g.reload(TIMED)
    gate.wait_until(lambda: ("gatehouse_process_generation", None) in metrics(g)[1]
                    and number(metrics(g)[1], "gatehouse_process_generation") == 2, what="the reload")
    assert peers.Client(g.port["fe"]).get().status == 200
    _, values_now = metrics(g)
    check_histograms(values_now)
    assert counts(values_now, "backend", proxy="be") == {"queue": 5, "connect": 5, "response": 4, "total": 5}
    assert counts(values_now, "server", proxy="be", server="s1") == dict.fromkeys(TIMES, 1)
    server.close()


@pytest.mark.gatehouse("its rules have no names")
def test_rules(gateway, serve):
    """By the rules' names, whatever stands in them; what was only reported is counted beside."""
    g = gateway(TIMED, server=f"127.0.0.1:{serve().port}", threads=1, line="", more="")
    c = peers.Client(g.port["fe"])
    for path in ("/deny", "/deny", "/later", "/"):
        c.get(path)
    _, values = metrics(g, "?scope=rule")
    where = {"proxy": "fe", "ruleset": "http-request"}
    odd = 'no \\"x\\" \\\\'
    assert number(values, "gatehouse_rule_ended_total", rule=odd, **where) == 2
    assert number(values, "gatehouse_rule_ended_total", rule="later", **where) == 0
    assert number(values, "gatehouse_rule_reported_total", rule="later", **where) == 1


@pytest.mark.gatehouse("it refuses new keys of a full table without a word")
def test_full_table(gateway, serve):
    text = TIMED + "backend full\n stick-table type string len 9 size 1 store gpc0\n"
    text = text.replace("default_backend", "http-request track-sc0 path table full\n default_backend")
    g = gateway(text, server=f"127.0.0.1:{serve().port}", threads=1, line="", more="")
    c = peers.Client(g.port["fe"])
    for i in range(40):
        c.get(f"/{i}")
    _, values = metrics(g, "?scope=sticktable")
    labels = {"name": "full", "type": "string"}
    assert number(values, "haproxy_sticktable_size", **labels) == 1
    assert number(values, "gatehouse_sticktable_full_total", **labels) > 0


# ---- many servers ----

MANY = 1000


@pytest.mark.gatehouse("how it keeps what its client does not take is its own affair")
def test_slow_scraper_of_many(gateway, serve):
    """Who scrapes a thousand servers and does not read gets it all in the end; meanwhile there is
    little in memory, and others are served."""
    servers = "".join(f"    server n{i} @server@\n" for i in range(MANY))
    text = TIMED.replace("    server s1 @server@\n", servers)
    more = "option server-histograms"
    g = gateway(text, server=f"127.0.0.1:{serve().port}", threads=1, line="", more=more)
    peers.Client(g.port["fe"]).get()
    before = gate.rss(g.pid)
    slow = [peers.Client(g.port["metrics"]) for _ in range(4)]
    for c in slow:
        c.send(b"GET /metrics HTTP/1.0\r\n\r\n")
    other = peers.Client(g.port["fe"])
    for _ in range(50):
        assert other.get().status == 200
    assert gate.rss(g.pid) - before < 8 << 20 or gate.BUILD != "release"
    with pytest.raises(peers.Closed):
        while True:
            slow[0].fill()
    _, values = read(slow[0].data.partition(b"\r\n\r\n")[2].decode())
    for what in ("haproxy_server_sessions_total", "gatehouse_server_total_time_seconds_count"):
        assert len([k for k in values if k[0] == what]) == MANY
    for c in slow:
        c.close()
    assert peers.Client(g.port["fe"]).get().status == 200


# ---- Prometheus itself ----


def lint(text):
    """What promtool finds wrong: lines."""
    p = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60,
                       check=False)
    assert p.returncode in (0, 3), p.stderr
    return set(p.stderr.splitlines())


@pytest.mark.skipif(not PROMTOOL, reason="there is no promtool")
def test_promtool(both):
    """It can be read, and promtool blames no name but those that it blames HAProxy for."""
    for g in both:
        use(g)
    theirs, ours = [lint(scrape(g).body.decode()) for g in both]
    assert ours <= theirs and len(theirs) <= 1


SCRAPE = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: gatehouse
    static_configs:
      - targets: ['127.0.0.1:{port}']
"""


@pytest.mark.skipif(not PROMETHEUS, reason="there is no prometheus")
@pytest.mark.gatehouse("it has no histograms")
def test_prometheus(gateway, serve, tmp_path):
    """Prometheus scrapes it, and answers queries for what it got."""
    g = gateway(TIMED, server=f"127.0.0.1:{serve().port}", threads=2, line="", more="")
    c = peers.Client(g.port["fe"])
    for path in ("/", "/", "/deny"):
        c.get(path)
    config, port = tmp_path / "prometheus.yml", gate.free_port()
    config.write_text(SCRAPE.format(port=g.port["metrics"]))
    with open(tmp_path / "prometheus.out", "wb") as out:
        p = subprocess.Popen(
            [PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=out, stderr=subprocess.STDOUT, cwd=tmp_path,
        )

    def ask(query):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                got = json.load(answer)
        except OSError:
            return None
        return [float(r["value"][1]) for r in got["data"]["result"]]

    try:
        gate.wait_until(lambda: ask("up") == [1], 30, "the first scrape")
        assert ask('haproxy_backend_http_requests_total{proxy="be"}') == [2]
        assert ask('haproxy_server_status{server="s1",state="UP"}') == [1]
        assert ask('gatehouse_backend_response_time_seconds_count{proxy="be"}') == [2]
        assert ask('gatehouse_frontend_total_time_seconds_bucket{proxy="fe",le="+Inf"}') == [3]
        assert ask('gatehouse_rule_ended_total{rule=~"no .*"}') == [1]
        quantile = "histogram_quantile(0.9, gatehouse_backend_total_time_seconds_bucket{proxy=\"be\"})"
        assert len(ask(quantile)) == 1
    finally:
        p.terminate()
        p.wait(30)
