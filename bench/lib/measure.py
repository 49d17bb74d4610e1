# SPDX-License-Identifier: Apache-2.0
"""Measuring a workload: interleaved rounds of short turns; or memory.

All entrants are up at once, and the load goes to one after the other in short turns, so that a change
of the machine's speed meets all alike. `Settings.turns` turns of each, in rotating order, make a round.
"""
import statistics
import subprocess
import time
from typing import NamedTuple

from .load import calibrate, counted, load_argv, turn
from .proxy import Proxy
from .workloads import IDLE, IDLE_CONNECTIONS, WORKLOADS

IDLE_ROUNDS = 3
SUMMED = ("requests", "errors", "seconds", "bytes", "proxy_ns", "user", "system", "cpu", "full", "resumed")


class Settings(NamedTuple):
    rounds: int
    turns: int
    seconds: float

    def estimate(self, workload, entrants):
        """About how many seconds the workload takes."""
        if workload.tool == IDLE:
            return entrants * min(self.rounds, IDLE_ROUNDS) * 3
        first = workload.first and 25
        return entrants * (self.rounds * self.turns * (self.seconds + .09) + 1.5 + first)


class NotServed(Exception):
    """The first entrant, whom it is all about, does not take this workload's configuration."""


class Broken(Exception):
    """The first entrant takes the configuration, and then does not serve the load."""


def measure(host, name, entrants, settings, gatehouse):
    """{entrant: its rounds, or why it took no part}"""
    workload = WORKLOADS[name]
    run = measure_idle if workload.tool == IDLE else measure_cpu
    with host.cpus_for(workload):
        return run(host, workload, entrants, settings, gatehouse)


def measure_cpu(host, workload, entrants, settings, gatehouse):
    running, rounds, requests = {}, {}, {}
    try:
        for name in entrants:
            running[name] = proxy = Proxy(host, name, workload, gatehouse)
            if proxy.failure and name == entrants[0]:
                raise NotServed(proxy.failure)
            requests[name], failure = warm_up(host, proxy, workload, settings.seconds)
            if failure and name == entrants[0]:
                raise Broken(failure)
            rounds[name] = failure or []
        able = [running[n] for n in entrants if isinstance(rounds[n], list)]
        for i in range(settings.rounds):
            for name, figures in one_round(host, workload, able, settings, requests, i):
                rounds[name].append(figures)
        return rounds
    finally:
        for proxy in running.values():
            proxy.stop()


def warm_up(host, proxy, workload, seconds):
    """(requests in a turn, "") or (0, why it takes no part)"""
    if proxy.failure:
        return 0, proxy.failure
    if workload.first and not counted(host, proxy, workload, workload.first):
        return 0, "failed to serve this workload's first requests"
    g = turn(host, proxy, workload, .4, 5000)
    if not g or g["errors"] > g["requests"] / 100:
        return 0, f"failed to serve this workload: {g or 'no answer'}"
    return max(1024, int(g["requests"] / g["seconds"] * seconds / 512) * 512), ""


def one_round(host, workload, proxies, settings, requests, number):
    turns = {p.name: [] for p in proxies}
    calib = []
    for j in range(settings.turns):
        first = (number + j) % len(proxies)
        calib.append(calibrate(host))
        for p in proxies[first:] + proxies[:first]:
            turns[p.name].append(turn(host, p, workload, settings.seconds, requests[p.name]))
    for p in proxies:
        yield p.name, figures_of([t for t in turns[p.name] if t], statistics.median(calib))


def figures_of(turns, calib):
    """A round's figures of one proxy, from its turns; None if all failed."""
    if not turns:
        return None
    total = {k: sum(t.get(k, 0) for t in turns) for k in SUMMED}
    n, ns = total["requests"], total["proxy_ns"]
    figures = {"us": ns / n / 1e3, "calib": calib, "rps": n / total["seconds"],
               "core": ns / 1e9 / total["seconds"], "errors": total["errors"],
               "mb_per_cpu_s": total["bytes"] / 1e6 / (ns / 1e9), "load_us": total["cpu"] / n * 1e6,
               "full": total["full"], "resumed": total["resumed"],
               "user": total["user"], "system": total["system"]}
    for k in ("p50", "p99"):
        values = [t[k] for t in turns if t.get(k)]
        figures[k] = statistics.median(values) if values else None
    return figures


def measure_idle(host, workload, entrants, settings, gatehouse):
    rounds = {name: [] for name in entrants}
    for _ in range(min(settings.rounds, IDLE_ROUNDS)):
        for name in entrants:
            if isinstance(rounds[name], str):
                continue
            proxy = Proxy(host, name, workload, gatehouse)
            try:
                if proxy.failure and name == entrants[0]:
                    raise NotServed(proxy.failure)
                figures = proxy.failure or hold_idle(host, proxy, workload)
            finally:
                proxy.stop()
            if isinstance(figures, str):
                if name == entrants[0]:
                    raise Broken(figures)
                rounds[name] = figures
            else:
                rounds[name].append(figures)
    return rounds


def hold_idle(host, proxy, workload):
    """The proxy's memory before any connection, and what each of many idle ones adds."""
    time.sleep(.3)
    base = proxy.memory()
    argv = load_argv(host, proxy, workload, n=IDLE_CONNECTIONS) + ["-d", "30"]
    load = host.start(argv, host.load_cpus, stdout=subprocess.PIPE, text=True)
    with load:
        try:
            if load.stdout.readline().strip() != "ready":
                return "failed to serve this workload"
            time.sleep(.7)
            return {"base": base, "bytes": (proxy.memory() - base) / IDLE_CONNECTIONS}
        finally:
            load.kill()
