# SPDX-License-Identifier: Apache-2.0
"""The statistics page: its HTML, its words in a browser, counts by rule across a reload, and many
servers for slow readers."""
import html.parser
import http.client
import json
import os
import re
import shutil
import socket
import subprocess

import pytest

import gate

CHROMIUM = shutil.which("chromium")
VOID = {"meta", "link", "input", "br", "hr", "img"}

BASE = """
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
"""

CONF = BASE + """
frontend api_gateway
    bind 127.0.0.1:@front@
    description <script>alert(\\"1 & 2\\")</script>
    http-request deny name no-key unless { req.hdr(api-key) -m found }
    http-request deny deny_status 429 name "<b>'limit'" if { path /limit }
    http-request deny name watched report if { path /watched }
    http-request return status 204
    default_backend be_square

backend be_square
    server s1 127.0.0.1:1
    server s2 127.0.0.1:1 disabled

listen stats
    bind 127.0.0.1:@stats@
    stats uri /stats
    stats refresh 5s
    stats show-node a-node
    stats show-desc What \\"this\\" <is> & \\'for\\'
    stats show-legends
    @more@
"""

pytestmark = pytest.mark.gatehouse("the page is ours")


class Tree(html.parser.HTMLParser):
    """Fails where an element is not closed, or not where it should be. Keeps texts and attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.ids, self.attrs, self.rows, self.row = [], [], [], [], {}, None
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        attrs = dict(attrs)
        self.attrs.append((tag, attrs))
        if "id" in attrs:
            assert attrs["id"] not in self.ids, attrs["id"]
            self.ids.append(attrs["id"])
        if tag == "tr" and "id" in attrs:
            self.row = self.rows[attrs["id"]] = {"class": attrs["class"], "cells": 0}
        if tag in ("td", "th") and self.row:
            self.row["cells"] += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)


def get(port, path, headers=None, method="GET", body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * gate.SLOWNESS)
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    text = r.read().decode()
    c.close()
    return r, text


def page(g, path="/stats"):
    r, text = get(g.port["stats"], path)
    assert r.status == 200
    assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n")
    return Tree(text), text


def test_page_is_sound_and_escaped(gateway):
    g = gateway(CONF, more="stats admin if TRUE")
    for path in ("/limit", "/watched", "/"):
        get(g.port["front"], path, {"api-key": "x"})
    get(g.port["front"], "/")
    for path in ("/stats", "/stats;up", "/stats;no-maint;norefresh", "/stats;st=ERRP?scope=square", "/stats;st=%22%3E"):
        page(g, path)
    tree, text = page(g)
    words = " ".join(tree.texts)
    assert "<script>" not in text and "<is>" not in text and "<b>'" not in text
    assert '<script>alert("1 & 2")</script>' in words
    assert "a-node: What \"this\" <is> & 'for'" in words
    assert "<b>'limit'" in words
    assert set(tree.rows) == {
        "api_gateway/Frontend", "be_square/s1", "be_square/s2", "be_square/Backend", "stats/Frontend", "stats/Backend"}
    assert tree.rows["be_square/s1"]["class"] == "active_no_check"
    assert tree.rows["be_square/s2"]["class"] == "maintain"
    # HAProxy's columns, each with its cell
    assert {row["cells"] for row in tree.rows.values()} == {31}
    boxes = [a["value"] for tag, a in tree.attrs if tag == "input" and a.get("type") == "checkbox"]
    assert boxes == ["s1", "s2"]
    assert [a["action"] for tag, a in tree.attrs if tag == "form" and a["method"] == "post"] == ["/stats"]
    assert not any(tag == "script" or name.startswith("on") for tag, a in tree.attrs for name in a)


def test_page_without_admin_has_no_form(gateway):
    g = gateway(CONF, more="")
    tree, _ = page(g)
    assert not [a for tag, a in tree.attrs if tag == "form" and a["method"] == "post"]
    assert not [a for tag, a in tree.attrs if a.get("type") == "checkbox"]


def test_links_lead_where_they_say(gateway):
    g = gateway(CONF, more="")
    tree, _ = page(g, "/stats;up?scope=be_")
    links = {a["href"] for tag, a in tree.attrs if tag == "a" and a["href"].startswith("/stats")}
    assert "/stats?scope=be_" in links and "/stats;up;norefresh?scope=be_" in links
    for link in links:
        r, text = get(g.port["stats"], link)
        assert r.status == 200 and text
    assert "be_square/s2" not in tree.rows and "stats/Frontend" not in tree.rows


def counts(text):
    """The list of rules: name → (times, reported)."""
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', text.partition('id="rules"')[2])
    found = {}
    for name, cells in rows:
        cells = re.findall(r"<td[^>]*>(.*?)</td>", cells)
        found[name] = (cells[2].replace("\u2009", ""), cells[3])
    return found


@pytest.mark.parametrize("threads", [1, 4])
def test_refusals_by_rule_survive_a_reload(gateway, threads):
    conf = f"global\n    nbthread {threads}\n" + CONF
    g = gateway(conf, more="")
    for _ in range(5):
        get(g.port["front"], "/")
    for path in ("/limit", "/watched", "/watched"):
        get(g.port["front"], path, {"api-key": "x"})
    _, text = page(g)
    assert counts(text)["no-key"] == ("5", "")
    assert counts(text)["&lt;b&gt;&#39;limit&#39;"] == ("1", "")
    assert counts(text)["watched"] == ("0", "2")
    # named rules keep their counts wherever they stand then
    g.reload(conf.replace("    http-request deny name no-key", "    http-request set-header a b\n    http-request deny name no-key"))
    gate.wait_until(lambda: "<dt>configuration</dt><dd>2 " in page(g)[1], what="the new configuration")
    get(g.port["front"], "/")
    _, text = page(g)
    assert counts(text)["no-key"] == ("6", "")
    assert counts(text)["watched"] == ("0", "2")


def test_table_fill_is_shown(gateway):
    g = gateway(
        BASE + """
frontend fe
    bind 127.0.0.1:@front@
    stick-table type string len 32 size 4 expire 1m store http_req_cnt
    http-request track-sc0 req.hdr(api-key)
    http-request return status 204

frontend st
    bind 127.0.0.1:@stats@
    stats uri /stats
""")
    for i in range(3):
        get(g.port["front"], "/", {"api-key": f"k{i}"})
    tree, text = page(g)
    cells = re.search(r'id="tables".*?<tr><th scope="row">fe</th>(.*?)</tr>', text, re.S)[1]
    assert '<meter max="4"' in cells and 'value="3"' in cells and ">75%<" in cells


def test_admin_form_changes_servers(gateway):
    g = gateway(CONF, more="stats admin if TRUE")
    r, _ = get(g.port["stats"], "/stats", {"Content-Type": "application/x-www-form-urlencoded"}, "POST",
               "s=s1&s=s2&action=drain&b=be_square")
    assert r.status == 303 and r.headers["location"] == "/stats;st=DONE"
    tree, text = page(g, r.headers["location"])
    assert 'role="status"' in text
    assert tree.rows["be_square/s1"]["class"] == "active_draining"
    _, text = get(g.port["stats"], "/stats;csv")
    assert re.search("^be_square,s1,.*,DRAIN,", text, re.M)


MANY = BASE + """
global
    nbthread 1

frontend st
    bind 127.0.0.1:@stats@
    stats uri /stats

frontend fe
    bind 127.0.0.1:@front@
    http-request return status 204

backend many
""" + "\n".join(f"    server s{i} 127.0.0.1:1" for i in range(1000)) + "\n"


@pytest.mark.threads
def test_a_thousand_servers_for_a_slow_reader(gateway):
    """Whoever does not read holds up nobody, and what waits for him is not made in advance."""
    g = gateway(MANY)
    get(g.port["stats"], "/stats;json")
    before = gate.rss(g.gateway_pid())
    slow = []
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", g.port["stats"]))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b"GET /stats;json HTTP/1.1\r\nHost: h\r\n\r\n")
        slow.append(s)
    for _ in range(20):
        assert get(g.port["front"], "/")[0].status == 204
    grown = gate.rss(g.gateway_pid()) - before
    _, text = get(g.port["stats"], "/stats;json")
    rows = json.loads(text)
    assert len(rows) == 1000 + 3
    if gate.BUILD == "release":
        assert grown < 20 * len(text) / 8, (grown, len(text))
    for s in slow:
        s.close()
    tree, _ = page(g)
    assert len([i for i in tree.rows if i.startswith("many/s")]) == 1000


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1400, 500])
def test_in_a_browser(gateway, tmp_path, width):
    g = gateway(CONF, more="stats admin if TRUE")
    get(g.port["front"], "/")
    p = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/chromium",
         f"--window-size={width},900", "--dump-dom", f"http://127.0.0.1:{g.port['stats']}/stats;norefresh"],
        capture_output=True, text=True, timeout=60 * gate.SLOWNESS, env={**os.environ, "HOME": str(tmp_path)})
    dom = p.stdout
    assert "<title>Statistics Report for Gatehouse on a-node</title>" in dom, p.stderr[-2000:]
    assert 'id="be_square/s1"' in dom and "General process information" in dom
    # the parser had nothing to move or to close
    assert dom.count("<table") == dom.count("</table>") == 4
    assert dom.count("<td") == dom.count("</td>")
    assert re.search(r'<th scope="row">no-key</th>', dom)
