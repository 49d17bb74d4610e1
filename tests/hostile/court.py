# SPDX-License-Identifier: Apache-2.0
"""Starts one gateway with a frontend, a backend and a server of ours for each lane, and lets the
lanes work the cases off."""
import queue
import socket
import tempfile
import threading
import traceback

import gate
from cases import CASES
from lane import Lane
from verdict import run_case

CONFIG_HEAD = """
global
    maxconn 500
    nbthread {threads}

defaults
    mode http
    timeout connect 2s
    timeout client 1500ms
    timeout server 1500ms
    timeout http-request 1s
    timeout http-keep-alive 10s
    http-reuse always
"""
CONFIG_LANE = """
frontend fe{n}
    bind 127.0.0.1:@fe{n}@
    {more}
    default_backend be{n}

backend be{n}
    server s1 127.0.0.1:{port}
"""
BODY_LIMIT = "max-body-size 100000"


def listener():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen(64)
    return s


def work(lane, todo, results):
    while True:
        try:
            number, case = todo.get_nowait()
        except queue.Empty:
            return
        try:
            wrong = run_case(lane, case, number)
        except Exception:  # a fault of the judge's must show, and not end the lane
            wrong = "the judge failed: " + traceback.format_exc(limit=-3)
        results[number] = wrong


def chosen(words):
    return [c for c in CASES if not words or any(w in c.full_name for w in words)]


def hold_court(cases, threads=1, lanes=8, folder=None, piece=0):
    """A list of (case, None | "skipped" | what went wrong), in the order of the cases."""
    results = ["not run"] * len(cases)
    plain, limited = queue.Queue(), queue.Queue()
    for number, case in enumerate(cases):
        if case.needs and gate.is_haproxy():
            results[number] = "skipped"
        else:
            (limited if case.needs else plain).put((number, case))
    listeners = [listener() for _ in range(lanes + 1)]  # the first has a limit for bodies
    text = CONFIG_HEAD.format(threads=threads)
    for n, s in enumerate(listeners):
        with_limit = n == 0 and not gate.is_haproxy()
        text += CONFIG_LANE.format(n=n, port=s.getsockname()[1], more=BODY_LIMIT if with_limit else "")
    with tempfile.TemporaryDirectory() as own:
        gateway = gate.Gateway(folder or own, text)
        try:
            workers = []
            for n, s in enumerate(listeners):
                lane = Lane(("127.0.0.1", gateway.port[f"fe{n}"]), s, piece)
                todo = limited if n == 0 else plain
                workers.append(threading.Thread(target=work, args=(lane, todo, results)))
            for w in workers:
                w.start()
            for w in workers:
                w.join()
            assert gateway.alive(), f"the gateway has ended:\n{gateway.output()}"
        finally:
            gateway.stop()
    return list(zip(cases, results))


def table(results):
    groups = {}
    for case, wrong in results:
        counts = groups.setdefault(case.group, [0, 0, 0])
        counts[0 if wrong is None else 2 if wrong == "skipped" else 1] += 1
    total = [sum(c[i] for c in groups.values()) for i in range(3)]
    rows = [("class", "held", "failed", "skipped")] + [(g, *c) for g, c in groups.items()] + [("all", *total)]
    return "\n".join(f"{r[0]:<20} {r[1]:>6} {r[2]:>7} {r[3]:>8}" for r in rows)
