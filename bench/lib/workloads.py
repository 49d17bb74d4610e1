# SPDX-License-Identifier: Apache-2.0
"""What is measured, on whom, and what a release is held to: three tables of rows.

A workload is a row in WORKLOADS; a proxy, or a proxy with other settings, is a row in ENTRANTS. Adding
one takes a row, and for an entrant a file in bench/conf/.
"""
from typing import Callable, NamedTuple, Optional, Union

from . import thousand
from .budget import Both, Cheaper, Extra, IdleBytes, MoreWorkers, Unmoved

LOAD, H2LOAD, IDLE = "load", "h2load", "idle"  # who makes the load; IDLE: load, and memory is measured
IDLE_CONNECTIONS = 5000


class Entrant(NamedTuple):
    """A program under test. `arguments` and the file `conf` are filled in by proxy.py."""
    program: str
    arguments: str
    conf: str = ""
    folder: str = ""  # of bench/conf/; if not the workload's
    log: str = ""     # a socket that its configuration logs to: "read", or "stuck": nobody reads it
    keys: int = 1000000  # how many the generator chooses from, where the workload has `{keys}`


HAPROXY_FLAGS = "-db -f {conf}"
NGINX_FLAGS = "-e stderr -p {dir} -c {conf}"

# {needs} is the workload's. NAME@2 is NAME with two workers.
ENTRANTS = {
    "gatehouse":      Entrant("gatehouse", HAPROXY_FLAGS, "{needs}.cfg"),
    "haproxy":        Entrant("haproxy", HAPROXY_FLAGS, "{needs}.cfg"),
    "haproxy-buf64k": Entrant("haproxy", HAPROXY_FLAGS, "{needs}-buf64k.cfg"),
    "haproxy-splice": Entrant("haproxy", HAPROXY_FLAGS, "{needs}-splice.cfg"),
    "nginx":          Entrant("nginx", NGINX_FLAGS, "nginx.conf"),
    "nginx-buf64k":   Entrant("nginx", NGINX_FLAGS, "nginx-buf64k.conf"),
    # the same as in W1, for what rules cost on top of it
    "gatehouse-plain": Entrant("gatehouse", HAPROXY_FLAGS, "h1.cfg", "plain"),
    "haproxy-plain":  Entrant("haproxy", HAPROXY_FLAGS, "h1.cfg", "plain"),
    # a map in the place of rules
    "gatehouse-map":  Entrant("gatehouse", HAPROXY_FLAGS, "{needs}-map.cfg"),
    "haproxy-map":    Entrant("haproxy", HAPROXY_FLAGS, "{needs}-map.cfg"),
    # a line in the log for each request
    "gatehouse-log":  Entrant("gatehouse", HAPROXY_FLAGS, "{needs}-log.cfg", log="read"),
    "haproxy-log":    Entrant("haproxy", HAPROXY_FLAGS, "{needs}-log.cfg", log="read"),
    "gatehouse-log-stuck": Entrant("gatehouse", HAPROXY_FLAGS, "{needs}-log.cfg", log="stuck"),
    # few keys in a table instead of many
    "gatehouse-ten":  Entrant("gatehouse", HAPROXY_FLAGS, "{needs}.cfg", keys=10),
    "haproxy-ten":    Entrant("haproxy", HAPROXY_FLAGS, "{needs}.cfg", keys=10),
    # the floor: what the sockets alone cost, without and with HTTP's heads
    "relay-epoll":    Entrant("relay-epoll", "-b 262144 {port} {backend_port}"),
    "relay-splice":   Entrant("relay-epoll", "-s -b 1048576 {port} {backend_port}"),
    "relay-http":     Entrant("relay-http", "{port} {backend_port}"),
}

PEERS = ("gatehouse", "haproxy", "nginx")
BEST = ("gatehouse", "haproxy", "haproxy-buf64k", "haproxy-splice", "nginx", "nginx-buf64k")
RULES = ("gatehouse", "gatehouse-plain", "haproxy", "haproxy-plain", "nginx")
CHOICE = ("gatehouse", "gatehouse-map", "haproxy", "haproxy-map", "nginx")
LOGS = ("gatehouse", "gatehouse-log", "gatehouse-log-stuck", "haproxy", "haproxy-log")
MANY_KEYS = ("gatehouse", "gatehouse-ten", "haproxy", "haproxy-ten")
WORKERS = ("gatehouse", "gatehouse@2", "haproxy", "haproxy@2")


class Workload(NamedTuple):
    text: str
    arguments: str                       # of the generator
    tool: str = LOAD
    conf: str = "plain"                  # the folder of bench/conf/
    needs: str = "h1"                    # what a proxy must speak: h1, tls, h2; names its configuration
    entrants: tuple = PEERS
    floor: str = ""                      # the entrant that --floor adds
    same_cpus: bool = False              # the proxies share all the bench's CPUs with the load
    budget: Optional[Union[Both, Cheaper, Extra, IdleBytes, MoreWorkers, Unmoved]] = None
    blanks: Optional[Callable] = None    # more to fill in, made from the other blanks
    first: int = 0                       # requests that each connection makes before anything is measured


W1 = dict(floor="relay-http", budget=Cheaper(0.90))
W9 = dict(conf="many", entrants=CHOICE, budget=Both(Cheaper(0.90, ("haproxy-map", "nginx")),
                                                    Cheaper(0.50, ("haproxy",))))
W3 = dict(entrants=BEST, budget=Cheaper(0.90))
H2_TLS = "--tls13-ciphers=TLS_AES_128_GCM_SHA256 --groups=X25519 https://127.0.0.1:{tls_port}/"

WORKLOADS = {
    "W1":      Workload("100 B answers, 64 keep-alive connections", "-c 64 {port}", **W1),
    "W1-c4":   Workload("100 B answers, 4 connections", "-c 4 {port}", **W1),
    "W1-c512": Workload("100 B answers, 512 connections", "-c 512 {port}", **W1),
    "W1-2w":   Workload("100 B answers, 64 connections, two workers beside one", "-c 64 {port}",
                        entrants=WORKERS, same_cpus=True, budget=MoreWorkers(0.05)),
    "W1-log":  Workload("100 B answers, 64 connections, each request in the log", "-c 64 {port}",
                        entrants=LOGS, budget=Unmoved("gatehouse-log-stuck", "gatehouse-log")),
    "W3-1k":   Workload("1 KiB bodies, 64 connections", "-c 64 -p /1024 {port}",
                        floor="relay-epoll", **W3),
    "W3-64k":  Workload("64 KiB bodies, 16 connections", "-c 16 -p /65536 {port}",
                        floor="relay-epoll", **W3),
    "W3-1m":   Workload("1 MiB bodies, 8 connections", "-c 8 -p /1048576 {port}",
                        floor="relay-splice", **W3),
    "W6":      Workload("a new connection for each request, 16 at once", "-1 -c 16 {port}",
                        floor="relay-http", budget=Cheaper(1.00)),
    "W7":      Workload("memory of an idle connection that has made one request", "-i -c {n} {port}",
                        tool=IDLE, budget=IdleBytes(460)),
    "W2":      Workload("the guide's rules, 64 connections", "-c 64 -H api-key:hello -p /api/100 {port}",
                        conf="rules", budget=Cheaper(0.90)),
    # 64 * 15625: each key once, before
    "W2-keys": Workload("the guide's rules, each request with another one of a million keys",
                        "-c 64 -v {keys} -H api-key:key-####### -p /api/100 {port}", conf="rules",
                        entrants=MANY_KEYS, budget=Cheaper(1.15, ("gatehouse-ten",)), first=15625),
    "W2a":     Workload("those rules without counting, beside none, 64 connections",
                        "-c 64 -H api-key:hello -p /api/100 {port}", conf="key", entrants=RULES,
                        budget=Extra(0.50)),
    "W9-host": Workload("1,000 use_backend rules by host, 64 connections",
                        "-c 64 -v 1000 -a s####.example.com {port}", blanks=thousand.by_host, **W9),
    "W9-path": Workload("1,000 use_backend rules by path, 64 connections",
                        "-c 64 -v 1000 -p /s####/100 {port}", blanks=thousand.by_path, **W9),
    "W4-ka":   Workload("TLS 1.3, 100 B answers, 64 keep-alive connections", "-s -c 64 {tls_port}",
                        needs="tls", budget=Cheaper(0.80)),
    "W4-64k":  Workload("TLS 1.3, 64 KiB bodies, 16 connections", "-s -c 16 -p /65536 {tls_port}",
                        needs="tls", budget=Cheaper(0.80)),
    "W4-full": Workload("TLS 1.3, a full handshake and a request each, 16 at once",
                        "-s -1 -c 16 {tls_port}", needs="tls", budget=Cheaper(1.00)),
    "W4-res":  Workload("TLS 1.3, a resumed handshake and a request each, 16 at once",
                        "-s -1 -R -c 16 {tls_port}", needs="tls", budget=Cheaper(1.00)),
    "W5-h2c":  Workload("HTTP/2 in clear, 16 connections of 32 streams",
                        "-c 16 -m 32 http://127.0.0.1:{h2c_port}/", H2LOAD, needs="h2"),
    "W5-h2":   Workload("HTTP/2 over TLS, 16 connections of 32 streams", "-c 16 -m 32 " + H2_TLS,
                        H2LOAD, needs="h2"),
    "W7-tls":  Workload("memory of an idle TLS connection", "-i -s -c {n} {tls_port}",
                        tool=IDLE, needs="tls", budget=IdleBytes(15000)),
}

# System calls a request by --syscalls, of those four together; where the row is, it is the budget.
CALLS = ("recv", "send", "epoll_ctl", "setsockopt")
CALL_BUDGETS = {"W1": 4.02, "W1-c4": 4.02, "W1-c512": 4.02}


def chosen(names):
    """The workloads that the names stand for: W3 means all of W3-…, none means all."""
    found = []
    for name in names or list(WORKLOADS):
        rows = [name] if name in WORKLOADS else [w for w in WORKLOADS if w.startswith(name + "-")]
        if not rows:
            raise SystemExit(f"bench: no workload '{name}'; there are: {' '.join(WORKLOADS)}")
        found += [w for w in rows if w not in found]
    return found
