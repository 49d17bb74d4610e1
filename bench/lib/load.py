# SPDX-License-Identifier: Apache-2.0
"""Turns of load: one run of a generator against one proxy, and the figures it gives."""
import json
import re
import shlex

from .workloads import H2LOAD

WARM = .03  # seconds at the start of a turn that do not count


def load_argv(host, proxy, workload, **more):
    return [host.tool("load")] + shlex.split(
        workload.arguments.format(**proxy.ports, keys=proxy.keys, **more))


def turn(host, proxy, workload, seconds, requests):
    """A turn's figures, or None if it failed. `requests`: how many h2load, which counts those, makes."""
    before = proxy.cpu()
    if workload.tool == H2LOAD:
        g = h2load_turn(host, proxy, workload, requests)
    else:
        argv = load_argv(host, proxy, workload) + ["-w", str(WARM), "-d", str(seconds)]
        for pid in proxy.pids():
            argv += ["-P", str(pid)]
        g = parse_load(host.output_of(argv, host.load_cpus, seconds + 30))
    after = proxy.cpu()
    if not g or not g["requests"]:
        return None
    g.setdefault("proxy_ns", after[0] - before[0])
    g["user"], g["system"] = after[1] - before[1], after[2] - before[2]
    return g


def parse_load(text):
    try:
        return json.loads((text or "").strip().splitlines()[-1])
    except (IndexError, ValueError):
        return None


def h2load_turn(host, proxy, workload, requests):
    argv = ["h2load", "-n", str(requests)] + shlex.split(workload.arguments.format(**proxy.ports))
    text = host.output_of(argv, host.load_cpus, 60) or ""
    total = re.search(r"requests: (\d+) total", text)
    took = re.search(r"finished in ([\d.]+)(us|ms|s)", text)
    good = re.search(r"status codes: (\d+) 2xx", text)
    if not total or not took or not good:
        return None
    n = int(good.group(1))
    return {"requests": n, "errors": int(total.group(1)) - n, "bytes": 0,
            "seconds": float(took.group(1)) * {"us": 1e-6, "ms": 1e-3, "s": 1}[took.group(2)]}


def counted(host, proxy, workload, requests):
    """Has each connection make so many requests, whatever time it takes; how many were made."""
    if workload.tool == H2LOAD:
        g = h2load_turn(host, proxy, workload, 16 * requests)
    else:
        argv = load_argv(host, proxy, workload) + ["-n", str(requests)]
        g = parse_load(host.output_of(argv, host.load_cpus, 90))
    return g["requests"] if g and not g["errors"] else 0


def calibrate(host):
    """Microseconds of a fixed piece of kernel TCP work, now and on the proxies' first CPU."""
    return float(host.output_of([host.tool("calib"), ".03"], {min(host.proxy_cpus)}, 30)) / 1e3
