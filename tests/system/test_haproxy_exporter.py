# SPDX-License-Identifier: Apache-2.0
"""prometheus-haproxy-exporter, as Debian ships it, reads our statistics: from the socket of the
Runtime API, and from the page's CSV."""
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

import gate
import peers

EXPORTER = shutil.which("prometheus-haproxy-exporter")
pytestmark = pytest.mark.skipif(not EXPORTER, reason="prometheus-haproxy-exporter is not installed")

CONF = """
global
    nbthread 2
    stats socket @sock@ mode 600 level user

defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

frontend fe
    bind 127.0.0.1:@port@
    http-request deny if { path /no }
    default_backend be

backend be
    server s1 127.0.0.1:@server@
    server s2 127.0.0.1:@server@ disabled

listen stats
    bind 127.0.0.1:@stats@
    stats enable
    stats uri /stats
"""


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture
def exporter(gateway, serve, tmp_path):
    """exporter(how): what it tells when it reads from 'socket' or 'page', after 3 requests and one
    that was denied."""
    path = str(tmp_path / "api.sock")
    g = gateway(CONF, server=serve().port, sock=path)
    gate.wait_until(lambda: os.path.exists(path), what="the socket")
    for target in ("/", "/", "/", "/no"):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{g.port['port']}{target}").read()
        except urllib.error.HTTPError as e:
            assert e.code == 403
    started = []

    def run(how):
        uri = "unix:" + path if how == "socket" else f"http://127.0.0.1:{g.port['stats']}/stats;csv"
        port = gate.free_port()
        started.append(subprocess.Popen([EXPORTER, "--haproxy.scrape-uri", uri, "--web.listen-address", f"127.0.0.1:{port}"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        gate.wait_until(lambda: listening(port), what="the exporter")
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()

    yield run
    for p in started:
        p.kill()
        p.wait()


def series(text):
    return {name: float(value) for name, value in re.findall(r"^(haproxy_\S+) (\S+)$", text, re.M)}


@pytest.mark.parametrize("how", ["socket", "page"])
def test_reads_our_counters(exporter, how):
    found = series(exporter(how))
    assert found["haproxy_up"] == 1
    assert found["haproxy_exporter_csv_parse_failures_total"] == 0
    assert found['haproxy_frontend_http_requests_total{frontend="fe"}'] == 4
    assert found['haproxy_frontend_requests_denied_total{frontend="fe"}'] == 1
    assert found['haproxy_frontend_http_responses_total{code="2xx",frontend="fe"}'] == 3
    assert found['haproxy_frontend_http_responses_total{code="4xx",frontend="fe"}'] == 1
    assert found['haproxy_backend_http_responses_total{backend="be",code="2xx"}'] == 3
    assert found['haproxy_backend_up{backend="be"}'] == 1
    assert found['haproxy_backend_current_server{backend="be"}'] == 1
    assert found['haproxy_server_up{backend="be",server="s1"}'] == 1
    assert found['haproxy_server_up{backend="be",server="s2"}'] == 0
    assert found['haproxy_server_http_responses_total{backend="be",code="2xx",server="s1"}'] == 3
