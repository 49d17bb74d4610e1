# SPDX-License-Identifier: Apache-2.0
"""What goes into the container image: its scripts, and whether the Dockerfile names what is needed."""
import os
import re
import subprocess

import pytest

import gate

PACKAGING = os.path.join(gate.ROOT, "packaging")
GUIDE = os.path.join(gate.ROOT, "examples", "guide")
ENTRY = os.path.join(PACKAGING, "docker-entrypoint.sh")
HEALTH = os.path.join(PACKAGING, "docker-healthcheck.sh")

MONITORED = """
global
    maxconn 100
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:@front@
    monitor-uri /well
    monitor fail if { fe_id 77 }
    http-request deny
"""


@pytest.fixture
def named(tmp_path):
    """A folder for PATH in which `gatehouse` prints its arguments."""
    fake = tmp_path / "gatehouse"
    fake.write_text('#!/bin/sh\necho gatehouse "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


@pytest.mark.parametrize("given, run", [
    ([], "gatehouse -db"),
    (["-f", "/x.cfg"], "gatehouse -db -f /x.cfg"),
    (["gatehouse", "-f", "/x.cfg"], "gatehouse -db -f /x.cfg"),
    (["haproxy", "-c", "-f", "/x y.cfg"], "gatehouse -db -c -f /x y.cfg"),
    (["echo", "gatehouse", "-f"], "gatehouse -f"),
])
def test_entry_point(named, given, run):
    p = subprocess.run([ENTRY, *given], env=named, capture_output=True, text=True, timeout=20)
    assert (p.returncode, p.stdout.strip(), p.stderr) == (0, run, "")


def health(where):
    env = {k: v for k, v in os.environ.items() if k != "GATEHOUSE_HEALTH"}
    return subprocess.run([HEALTH], env={**env, **where}, timeout=20, stderr=subprocess.DEVNULL).returncode


def test_health_by_monitor(gateway):
    g = gateway(MONITORED)
    assert health({"GATEHOUSE_HEALTH": f"{g.port['front']}/well"}) == 0
    assert health({"GATEHOUSE_HEALTH": f"{g.port['front']}/other"}) == 1, "403 is not well"
    assert health({}) == 0, "something listens"
    port = gate.free_port()
    assert health({"GATEHOUSE_HEALTH": f"{port}/well"}) == 1, "nobody listens there"


def dockerfile():
    with open(os.path.join(GUIDE, "Dockerfile"), encoding="utf-8") as f:
        return f.read()


def test_dockerfile_copies_what_exists():
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(), re.M):
        for source in sources.split():
            assert os.path.exists(os.path.join(gate.ROOT, source)), source


@pytest.mark.skipif(gate.BUILD != "release", reason="sanitizers bring libraries of their own")
def test_dockerfile_installs_the_libraries():
    out = subprocess.run(["ldd", gate.BINARY], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"^\s*(lib\S+)\.so\.", out, re.M)
    packages = set(re.search(r"--no-install-recommends (.*) \\", dockerfile()).group(1).split())
    owners = set()
    for path in re.findall(r"=> (/\S+)", out):
        found = ""
        for name in (path, os.path.realpath(path)):
            found = found or subprocess.run(["dpkg", "-S", name], capture_output=True, text=True).stdout
            if not found and name.startswith("/lib"):
                found = subprocess.run(["dpkg", "-S", "/usr" + name], capture_output=True, text=True).stdout
        owners.add(found.split(":")[0])
    assert libraries
    assert owners - {"libc6", "libcrypt1", "libgcc-s1", "zlib1g"} <= packages, "every image has those four"
