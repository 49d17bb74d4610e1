# SPDX-License-Identifier: Apache-2.0
"""`gatehouse explain` tells which rule answers a request, and why; it says the same as serving
does, and sends nothing. `gatehouse check --compat` lists what is missing."""

import json
import os
import re
import subprocess

import pytest

import gate

pytestmark = pytest.mark.skipif(gate.is_haproxy(), reason="haproxy can't explain")

GUIDE = os.path.join(gate.ROOT, "examples", "guide", "4-deny.cfg")

RULES = """
global
    maxconn 100
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind 127.0.0.1:8080
    bind *:8081
    tcp-request connection reject if { src 192.0.2.0/24 }
    acl internal src 10.0.0.0/8 127.0.0.0/8
    acl api path_beg /api/
    acl api path -m beg /v1/ /v2/
    http-request deny if { path_beg /admin } !internal
    http-request set-var(txn.user) req.hdr(x-user),lower
    http-request set-header x-user "%[var(txn.user)]-%[src]" if { var(txn.user) -m found }
    http-request set-path /x%[path] if { path_beg /old }
    http-request redirect location https://other%[path] code 301 if { hdr(host) -i old.example.com }
    http-request deny deny_status 429 report if { req.hdr(x) -m str a b }
    http-request tarpit deny_status 429 if { path /slow }
    http-request return status 200 content-type text/plain string hi if { path /hi }
    http-request deny name maths if { req.hdr(n),add(1),div(0) gt 3 }
    http-request wait-for-body time 1s if { path /body }
    http-request deny name body if { path /body } { req.body -m sub evil }
    http-response set-header x-a b
    http-after-response set-header x-always yes
    use_backend api_be if api
    use_backend %[req.hdr(x-be)] if { req.hdr(x-be) -m found }
    default_backend main
frontend other
    bind *:9000
    http-request silent-drop if { path /drop }
    default_backend main
backend api_be
    http-request deny status 405 unless { method GET }
    server a1 127.0.0.1:1
    server a2 127.0.0.1:2
backend main
    server m1 127.0.0.1:3
backend empty
"""


def run(*args):
    return subprocess.run(
        [gate.BINARY, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60
    )


@pytest.fixture
def explain(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(RULES)

    def ask(*args):
        done = run("explain", "-f", str(path), *args)
        assert not gate.TROUBLE.search(done.stderr), done.stderr
        assert done.returncode == 0, done.stderr
        return done.stdout.replace(str(path), "x.cfg")

    return ask


@pytest.fixture
def story(explain):
    def ask(*args):
        return json.loads(explain("--json", *args))

    return ask


def line_of(text):
    """Where this stands in RULES, counted as explain does."""
    return next(n for n, line in enumerate(RULES.split("\n"), 1) if text in line)


def rules_of(told):
    return [rule for part in told["parts"] for rule in part["rules"]]


def rule_with(told, text):
    return next(rule for rule in rules_of(told) if text in rule["text"])


# ---- the guide ----


def test_guide_without_the_key():
    done = run("explain", "-f", GUIDE, "http://localhost:5000/square/25")
    assert done.returncode == 0, done.stderr
    with open(GUIDE, encoding="utf-8") as f:
        line = next(n for n, text in enumerate(f, 1) if "http-request deny" in text)
    place = f"{GUIDE}:{line}"
    assert f"{place}  http-request deny unless {{ req.hdr(api-key) -m found }}" in done.stdout
    assert re.search(
        r"no +req\.hdr\(api-key\) -m found +req\.hdr\(api-key\): not found", done.stdout
    )
    assert "=> applies: answers 403" in done.stdout
    assert re.search(r"^answer +403 Forbidden$", done.stdout, re.M)
    assert f"of the rule at {place}: deny unless" in done.stdout
    assert "content-length: 93" in done.stdout


def test_guide_with_the_key():
    done = run("explain", "-f", GUIDE, "-H", "api-key: hello", "http://localhost:5000/square/25")
    assert "req.hdr(api-key): 'hello'" in done.stdout
    assert "=> does not apply" in done.stdout
    assert re.search(r"^backend +be_square .*, by default_backend at .*:\d+$", done.stdout, re.M)
    assert re.search(r"^server +s1 127\.0\.0\.1:8080 .*the only one$", done.stdout, re.M)
    assert re.search(r"^sent +GET /square/25$", done.stdout, re.M)


def test_plain_text_only():
    done = run("explain", "-f", GUIDE, "-H", "api-key: \x1b[31mred", "http://localhost:5000/")
    assert "\x1b" not in done.stdout


# ---- which rule, and why ----


def test_first_denial_with_negated_acl(story):
    told = story("--src", "192.0.3.1", "http://localhost:8080/admin/x")
    assert told["end"] == "answer" and told["status"] == 403
    assert told["rule"]["line"] == line_of("deny if { path_beg /admin }")
    tests = rule_with(told, "path_beg /admin")["tests"]
    assert [(t["acl"], t["negated"], t["holds"]) for t in tests] == [
        ("", False, True),
        ("internal", True, False),
    ]
    assert tests[1]["values"][0]["value"] == "192.0.3.1"


def test_tests_that_do_not_matter_are_not_made(story):
    tests = rule_with(story("http://localhost:8080/"), "path_beg /admin")["tests"]
    assert [t["text"] for t in tests] == ["path_beg /admin"]


def test_what_follows_is_counted_as_not_reached(explain):
    text = explain("--src", "192.0.3.1", "http://localhost:8080/admin/x")
    assert "10 more are not reached" in text


def test_rules_see_what_rules_before_have_done(story):
    told = story("-H", "X-User: BOB", "http://localhost:8080/old/x")
    assert rule_with(told, "set-var(txn.user)")["did"] == "txn.user is 'bob'"
    assert rule_with(told, "set-header x-user")["did"] == "sets x-user: bob-127.0.0.1"
    assert "/x/old/x" in rule_with(told, "set-path")["did"]  # what it did, not what it would do now
    assert rule_with(told, "tarpit")["tests"][0]["values"][0]["value"] == "/x/old/x"


def test_all_values_of_a_field_are_told(explain):
    assert "req.hdr(x): 'c', 'b'" in explain("-H", "x: c,b", "http://localhost:8080/")


def test_what_a_rule_changed_is_told(tmp_path):
    path = tmp_path / "x.cfg"
    rules = "    http-request replace-header x (.*)o \\1u\n    http-request replace-path /(.*) /new/\\1\n"
    path.write_text(RULES.replace("    http-request silent-drop", rules + "    http-request silent-drop"))
    done = run("explain", "-f", str(path), "-H", "x: foo", "http://localhost:9000/p?q")
    assert "=> applies: x: 'fou'" in done.stdout
    assert "=> applies: target is '/new/p?q'" in done.stdout


def test_report_only_tells(story):
    told = story("-H", "x: a", "http://localhost:8080/")
    rule = rule_with(told, "deny deny_status 429 report")
    assert rule["applies"] and rule["report"] and rule["did"] == "answers 429"
    assert told["end"] == "server"


def test_a_name_is_told(explain):
    text = explain("-H", "n: 7", "http://localhost:8080/")
    assert "req.hdr(n),add(1),div(0): 9223372036854775807" in text
    assert f"of the rule 'maths' at x.cfg:{line_of('name maths')}" in text


def test_redirect(explain):
    text = explain("--frontend", "web", "http://old.example.com/foo")
    assert "answers 301, location https://other/foo" in text
    assert re.search(r"^ +location: https://other/foo$", text, re.M)


def test_tarpit_does_not_wait(explain):
    assert "answers 429 (after 1000 ms)" in explain("http://localhost:8080/slow")


def test_body(story):
    told = story("-d", "an evil body", "http://localhost:8080/body")
    assert told["method"] == "POST"
    assert told["rule"]["name"] == "body"
    assert rule_with(told, "name body")["tests"][1]["values"][0]["value"] == "an evil body"
    assert story("-d", "a good body", "http://localhost:8080/body")["end"] == "server"


def test_silent_drop_has_no_answer(explain):
    text = explain("http://localhost:9000/drop")
    assert re.search(r"^answer +none: the connection is closed$", text, re.M)
    assert "silent-drop if { path /drop }" in text


def test_connection_rules(story):
    told = story("--src", "192.0.2.7", "http://localhost:8080/")
    assert told["end"] == "refused"
    assert rules_of(told)[-1]["keyword"] == "tcp-request connection"


def test_rules_of_the_gateways_own_answers(explain):
    text = explain("--src", "192.0.3.1", "http://localhost:8080/admin")
    assert "frontend web, http-after-response rules" in text
    assert re.search(r"^ +x-always: yes$", text, re.M)


def test_refused_head(story):
    told = story("http://localhost:8080/a b")
    assert told["status"] == 400 and told["why"]


def test_json_whatever_was_sent(story):
    value = b"\xc3\xa4 \xff \" \\".decode("utf-8", "surrogateescape")
    told = story("-H", f"x-user: {value}", "http://localhost:8080/")
    assert rule_with(told, "set-var")["values"][0]["value"] == 'ä ÿ " \\'


def test_monitor(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(
        RULES.replace(
            "    bind *:9000\n",
            "    bind *:9000\n    monitor-uri /alive\n    monitor fail if FALSE\n"
            "    monitor fail if { nbsrv(empty) lt 1 }\n    monitor fail if TRUE\n",
        )
    )
    done = run("explain", "-f", str(path), "http://localhost:9000/alive")
    assert re.search(r"x\.cfg:\d+ +monitor fail if FALSE\n.*\n +=> does not apply", done.stdout)
    assert re.search(r"x\.cfg:\d+ +monitor fail if \{ nbsrv.*\n.*\n +=> applies: answers 503\n +1 more", done.stdout)
    assert "nbsrv(empty): 0" in done.stdout
    assert re.search(r"^answer +503", done.stdout, re.M)
    assert "it asks for monitor-uri" in done.stdout


# ---- where it would go ----


def test_use_server(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(
        RULES.replace("    server a1", "    use-server a2 if { path /v1/two }\n    server a1")
    )
    done = run("explain", "-f", str(path), "http://localhost:8080/v1/two")
    assert "=> applies: chooses a2" in done.stdout
    assert re.search(r"^server +a2 .*, by use-server at", done.stdout, re.M)


def test_use_backend(explain):
    text = explain("http://localhost:8080/v1/")
    line = line_of("use_backend api_be if api")
    assert f"x.cfg:{line}  use_backend api_be if api" in text
    assert "yes  api: path -m beg /v1/ /v2/" in text
    assert re.search(rf"^backend +api_be .*by use_backend at x\.cfg:{line}$", text, re.M)
    assert re.search(r"^server +a[12] .*balance roundrobin among 2", text, re.M)


def test_use_backend_by_name(story):
    told = story("-H", "x-be: api_be", "http://localhost:8080/")
    assert told["backend"] == "api_be"


def test_backend_rules(story):
    told = story("-X", "POST", "http://localhost:8080/api/x")
    assert told["status"] == 405
    assert told["parts"][-2]["title"] == "backend api_be, http-request rules"


def test_no_server(explain):
    text = explain("-H", "x-be: empty", "http://localhost:8080/")
    assert re.search(r"^answer +503", text, re.M)
    assert "because   no server can be used" in text


def test_port_says_which_frontend(story):
    assert story("http://localhost:9000/")["frontend"] == "other"
    assert story("http://127.0.0.1:8081/")["frontend"] == "web"


def test_what_is_served_is_what_was_told(gateway):
    text = """
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind 127.0.0.1:@web@
    http-request return status 200 content-type text/plain lf-string "%[path]" if { path_beg /a }
    http-request deny deny_status 429 unless { req.hdr(k) -m found }
    http-request redirect prefix /x
"""
    g = gateway(text)
    for path, fields in (("/a/b", []), ("/c", []), ("/c", ["k: 1"])):
        url = f"http://127.0.0.1:{g.port['web']}{path}"
        args = [a for f in fields for a in ("-H", f)]
        told = json.loads(run("explain", "--json", "-f", g.path, *args, url).stdout)
        got = subprocess.run(
            ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", *args, url],
            stdout=subprocess.PIPE, text=True, timeout=20,
        ).stdout
        assert str(told["status"]) == got


# ---- what can't be asked ----


@pytest.mark.parametrize(
    "args, says",
    [
        (("http://localhost:9001/",), "no frontend takes what comes to port 9001"),
        (("--frontend", "nix", "/"), "there is no frontend 'nix'"),
        ((), "URL is missing"),
        (("-H", "nothing", "http://localhost:8080/"), "'name: value'"),
        (("--src", "nobody", "http://localhost:8080/"), "--src needs an address"),
        (("http://localhost:8080/", "http://localhost:8081/"), "one URL"),
        (("http://localhost:99999/",), "is no port"),
    ],
)
def test_mistakes(tmp_path, args, says):
    path = tmp_path / "x.cfg"
    path.write_text(RULES)
    done = run("explain", "-f", str(path), *args)
    assert done.returncode == 1
    assert says in done.stderr


def test_errors_of_the_file_are_told(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(RULES.replace("http-request tarpit", "http-request tarpitt"))
    done = run("explain", "-f", str(path), "http://localhost:8080/")
    assert done.returncode == 1
    assert "did you mean 'tarpit'?" in done.stderr


# ---- check --compat ----

MISSING = """
global
    lua-load /x.lua
    nbproc 2
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind 127.0.0.1:8080 ssl crt /x.pem
    acl bad ssl_fc,debug
    http-request lua.x if { ssl_c_used }
    http-request set-header x %[ssl_fc_sni,lower,debug]-%[ssl_c_s_dn(cn)]
    http-request denny if { ssl_fc } || { ssl_fc_sni x }
    default_backend main
backend main
    server m1 127.0.0.1:3 ssl verify none
"""


def test_compat_lists_all(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(MISSING)
    done = run("check", "--compat", str(path))
    assert done.returncode == 1
    listed = [
        re.fullmatch(rf"{re.escape(str(path))}:(\d+):(\d+) +(.*?) '(.*?)' +(\S.*)", line)
        for line in done.stdout.splitlines()
    ]
    found = {(m[3], m[4]): m[5] for m in listed if m}
    assert found[("keyword", "lua-load")] == "later"
    assert "nbthread" in found[("keyword", "nbproc")]
    for what, names in {
        "bind option": ("ssl", "crt"),
        "server option": ("ssl", "verify"),
        "fetch": ("ssl_fc", "ssl_c_used", "ssl_fc_sni", "ssl_c_s_dn"),
        "converter": ("debug",),
    }.items():
        for name in names:
            assert (what, name) in found, done.stdout
    assert re.search(r"^\d+ missing, used \d+ times$", done.stdout, re.M)
    assert "other error" in done.stdout


def test_compat_of_a_file_that_has_all(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(RULES)
    done = run("check", "--compat", str(path))
    assert done.returncode == 0, done.stdout
    assert done.stdout == "Nothing is missing.\n"


def test_compat_of_no_file(tmp_path):
    done = run("check", "--compat", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "can't read" in done.stderr


def test_check_is_c(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(RULES)
    done = run("check", str(path))
    assert done.returncode == 0
    assert "Configuration file is valid" in done.stdout


def test_variables_of_the_process_are_set():
    done = run("explain", "-f", os.path.join(gate.ROOT, "examples", "rules.cfg"), "-H", "host: shop.example",
               "http://localhost:5000/whoami")
    assert "var(proc.site): 'example'" in done.stdout


LIMIT = os.path.join(gate.ROOT, "examples", "guide", "5-limit.cfg")


def test_limit_of_the_guide_shows_both_outcomes():
    """A count is known only at run time: the limit is shown, and what comes of it either way."""
    done = run("explain", "-f", LIMIT, "-H", "api-key: hello", "http://localhost:5000/square/25")
    assert done.returncode == 0 and not done.stderr, done.stderr
    with open(LIMIT, encoding="utf-8") as f:
        lines = f.read().splitlines()
    acl = next(i for i, text in enumerate(lines, 1) if " acl " in text)
    deny = next(i for i, text in enumerate(lines, 1) if "429" in text)
    test = "req.hdr(api-key),table_http_req_cnt(api_gateway) gt 10"
    assert done.stdout.count(f"no   exceeds_limit: {test}   here 0; known only at run time\n") == 1
    assert done.stdout.count(f"no   exceeds_limit: {test}   here 1; known only at run time\n") == 1
    assert "=> applies: tracks 'hello' in table api_gateway\n" in done.stdout
    assert done.stdout.endswith(
        f"run time  {test} ({LIMIT}:{acl})? The count is known only at run time.\n"
        "            no:  sent to server be_square/s1 (as above)\n"
        f"            yes: answer 429, by the rule at {LIMIT}:{deny}: deny deny_status 429 if exceeds_limit\n"
    )
    done = run("explain", "--json", "-f", LIMIT, "-H", "api-key: hello", "http://localhost:5000/square/25")
    told = json.loads(done.stdout)
    assert told["end"] == "server" and len(told["run_time"]) == 1
    open_ = told["run_time"][0]
    assert (open_["text"], open_["line"]) == (test, acl)
    no, yes = open_["outcomes"]
    assert (no["holds"], no["end"], no["server"]) == (False, "server", "s1")
    assert (yes["holds"], yes["status"], yes["rule"]["line"]) == (True, 429, deny)


COUNTS = """
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind 127.0.0.1:8080
    stick-table type ip size 1k store http_req_rate(10s),conn_cur
    tcp-request connection track-sc0 src
    tcp-request connection reject if { sc0_conn_cur gt 100 }
    http-request deny if { path /a }
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 20 }
    default_backend main
backend main
    stick-table type string size 1k
    stick on req.hdr(k) if { path /x }
    server m1 127.0.0.1:3
    server m2 127.0.0.1:4
"""


def test_each_count_is_shown_by_itself(tmp_path):
    path = tmp_path / "counts.cfg"
    path.write_text(COUNTS)
    told = json.loads(run("explain", "--json", "-f", str(path), "-H", "k: v", "http://127.0.0.1:8080/x").stdout)
    ends = [[o["end"] for o in t["outcomes"]] for t in told["run_time"]]
    assert [t["text"] for t in told["run_time"]] == ["sc0_conn_cur gt 100", "sc_http_req_rate(0) gt 20"]
    assert ends == [["server", "refused"], ["server", "answer"]]
    assert {o.get("server") for t in told["run_time"] for o in t["outcomes"]} == {"m1", None}
    stick = told["parts"][-1]
    assert stick["title"] == "backend main, stickiness"
    assert stick["rules"][0]["did"].startswith("looks up 'v' in table main: who is there is known only at run")
    # What was never asked is not told of.
    told = json.loads(run("explain", "--json", "-f", str(path), "http://127.0.0.1:8080/a").stdout)
    assert [t["text"] for t in told["run_time"]] == ["sc0_conn_cur gt 100"]
    assert told["run_time"][0]["outcomes"][0]["rule"]["action"] == "deny"
