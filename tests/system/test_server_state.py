# SPDX-License-Identifier: Apache-2.0
"""Servers that are taken out, brought back, weighed and moved while traffic is on them."""
import contextlib
import itertools
import os
import threading
import time

import pytest

import gate
import peers

TEXT = """
global
    maxconn 500
    nbthread 2
    stats socket @api@ level admin

defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout queue 20s

frontend fe
    bind 127.0.0.1:@fe@
    default_backend be

backend be
    option redispatch
    balance roundrobin
    server s1 127.0.0.1:@a@ @more@
    server s2 127.0.0.1:@b@
"""


def name_of(letter, links):
    def handler(link, server):
        links[letter] = links.get(letter, 0) + 1
        try:
            while True:
                server.note(link.read_request())
                link.answer(letter)
        finally:
            links[letter] -= 1

    return handler


class Servers:
    """A gateway with two servers that answer with their names."""

    def __init__(self, gateway, serve, folder, more=""):
        self.links = {}  # how many connections each server has
        self.a, self.b = (serve(name_of(letter, self.links)) for letter in (b"A", b"B"))
        self.api = os.path.join(folder, "api.sock")
        self.values = dict(api=self.api, a=self.a.port, b=self.b.port)
        self.g = gateway(TEXT.replace("@more@", more), **self.values)

    def say(self, *lines):
        for line in lines:
            assert peers.api(self.api, line).strip() == "", line

    def seen(self, n=12):
        c = peers.Client(self.g.port["fe"])
        letters = "".join(c.get().body.decode() for _ in range(n))
        c.close()
        return letters

    def states(self):
        rows = peers.api(self.api, "show servers state be").splitlines()[2:]
        return {r.split()[3]: r.split() for r in rows if r.strip()}

    def reload(self, more=""):
        self.g.reload(TEXT.replace("@more@", more))


@pytest.fixture
def servers(gateway, serve, tmp_path):
    return Servers(gateway, serve, str(tmp_path))


def test_idle_connections_of_who_is_taken_out_are_closed(servers):
    assert set(servers.seen()) == {"A", "B"}
    assert servers.links[b"A"] > 0
    servers.say("set server be/s1 state maint")
    gate.wait_until(lambda: servers.links[b"A"] == 0, 5, "the connections to s1 are closed")
    assert servers.seen() == "B" * 12


@pytest.mark.gatehouse("HAProxy's standard error is silent in tests' ways of starting it")
def test_it_is_told_on_standard_error(servers):
    servers.say("set server be/s1 state maint", "set server be/s2 health down")
    servers.g.wait_output(
        r"\[WARNING\]  \(\d+\) : Server be/s1 is going DOWN for maintenance\. 1 active and 0 "
        r"backup servers left\. 0 sessions active, 0 requeued, 0 remaining in queue\.\n"
    )
    servers.g.wait_output(r"\[ALERT\]    \(\d+\) : backend 'be' has no server available!\n")


# ---- Reloads ----


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_what_was_set_survives_a_reload(servers):
    servers.say("set server be/s1 state maint", "set server be/s2 weight 7")
    servers.reload()
    time.sleep(0.5)
    states = servers.states()
    assert states["s1"][5:7] == ["0", "1"]
    assert states["s2"][7:9] == ["7", "1"]
    assert servers.seen() == "B" * 12
    servers.say("set server be/s1 state ready")
    assert "A" in servers.seen()


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_the_new_file_wins_where_it_differs(servers):
    servers.say("set server be/s1 weight 9", "set server be/s2 state drain")
    servers.reload("weight 3 disabled")
    gate.wait_until(lambda: servers.states()["s1"][6] == "5", 5, "s1 is disabled")
    assert servers.states()["s1"][7] == "3"
    assert servers.states()["s2"][6] == "8"
    servers.reload("weight 3")
    gate.wait_until(lambda: servers.states()["s1"][6] == "0", 5, "s1 is enabled")
    assert servers.seen() == "A" * 12


@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_an_address_stays_as_long_as_its_line(servers):
    peers.api(servers.api, f"set server be/s1 addr 127.0.0.1 port {servers.b.port}")
    assert servers.seen() == "B" * 12
    servers.reload("weight 2")
    gate.wait_until(lambda: servers.states()["s1"][7] == "2", 5, "the new file holds")
    assert servers.seen() == "B" * 12


# ---- Under load ----


@contextlib.contextmanager
def load(servers, clients):
    """So many clients that ask all the time; what any of them got that is no 200 fails the test."""
    wrong, stop, asked = [], threading.Event(), []

    def work():
        try:
            c = peers.Client(servers.g.port["fe"])
            while not stop.is_set():
                asked.append(c.get().status)
            c.close()
        except Exception as e:  # a thread's own would be seen by nobody
            wrong.append(e)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for t in threads:
        t.start()
    try:
        yield
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert not wrong and set(asked) == {200}


@pytest.mark.threads
def test_changes_under_load_lose_no_request(servers):
    with load(servers, 6):
        changes = itertools.cycle(
            ["state drain", "weight 5", "state maint", "state ready", "health down", "health up",
             "weight 0", "weight 200", "weight 1"]
        )
        for change in itertools.islice(changes, 90):
            servers.say(f"set server be/s1 {change}")
    assert set(servers.seen()) == {"A", "B"}


@pytest.mark.threads
@pytest.mark.gatehouse("HAProxy starts another process to reload")
def test_changes_and_reloads_under_load(servers):
    with load(servers, 4):
        for n in range(10):
            servers.reload(f"weight {n + 1}")
            servers.say(f"set server be/s1 weight {n}", "set server be/s1 state maint",
                        "set server be/s1 state ready")
