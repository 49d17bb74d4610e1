# SPDX-License-Identifier: Apache-2.0
"""Views that explain a figure: system calls a request, and a profile. Their times mean nothing."""
import glob
import os
import signal
import subprocess
import time

from .load import counted, turn
from .proxy import Proxy
from .workloads import CALL_BUDGETS, CALLS, IDLE, WORKLOADS

# requests a connection: what MANY make more than FEW is counted, so that start-up is not
FEW, MANY = 10, 60
FAMILIES = {"recv": ("recvfrom", "recvmsg", "read", "readv"),
            "send": ("sendto", "sendmsg", "sendmmsg", "write", "writev"),
            "epoll_ctl": ("epoll_ctl",), "setsockopt": ("setsockopt",)}


def each_proxy(host, name, entrants, gatehouse):
    """Each entrant that serves the workload, up; the others are named on standard output."""
    workload = WORKLOADS[name]
    print(f"\n### {name}: {workload.text}\n")
    if workload.tool == IDLE:
        print("Nothing to see here while it idles.")
        return
    with host.cpus_for(workload):
        for entrant in entrants:
            proxy = Proxy(host, entrant, workload, gatehouse)
            try:
                if proxy.failure or not turn(host, proxy, workload, .3, 5000):
                    print(f"{entrant}: n/a: {proxy.failure or 'failed to serve this workload'}\n")
                else:
                    yield proxy, workload
            finally:
                proxy.stop()


def wait_traced(pids, seconds=10):
    """Until all threads of these processes have a tracer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        paths = [p for pid in pids for p in glob.glob(f"/proc/{pid}/task/*/status")]
        texts = [open(p, encoding="utf-8").read() for p in paths]
        if all("TracerPid:\t0\n" not in t for t in texts):
            return True
        time.sleep(.05)
    return False


def trace(host, proxy, workload, requests):
    """({system call: times}, requests) of a fixed number of requests, start-up included."""
    out = os.path.join(proxy.dir, "strace")
    argv = ["strace", "-c", "-f", "-q", "-o", out]
    for pid in proxy.pids():
        argv += ["-p", str(pid)]
    with host.start(argv, host.load_cpus, stderr=subprocess.PIPE, text=True) as strace:
        if not wait_traced(proxy.pids()):
            strace.kill()
            raise SystemExit(f"bench: strace can't attach: {strace.communicate()[1].strip()}")
        made = counted(host, proxy, workload, requests)
        time.sleep(.3)  # the connections' end
        strace.send_signal(signal.SIGINT)
        strace.communicate()
    calls = {}
    with open(out, encoding="utf-8") as f:
        for line in f:
            words = line.split()
            if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
                calls[words[-1]] = int(words[3])
    return calls, made


def syscalls(host, name, entrants, gatehouse):
    budget = CALL_BUDGETS.get(name)
    rows = []
    for proxy, workload in each_proxy(host, name, entrants, gatehouse):
        few, n_few = trace(host, proxy, workload, FEW)
        many, n_many = trace(host, proxy, workload, MANY)
        if n_many <= n_few:
            print(f"{proxy.name}: n/a: requests failed under strace\n")
            continue
        rows.append((proxy.name, {c: (many[c] - few.get(c, 0)) / (n_many - n_few) for c in many}))
    if not rows:
        return
    print("| proxy | all calls | " + " | ".join(CALLS) + " | these four | others |")
    print("|---|---|" + "---|" * (len(CALLS) + 2))
    for entrant, calls in rows:
        four = {k: sum(calls.get(c, 0) for c in FAMILIES[k]) for k in CALLS}
        others = sorted((c for c in calls if not any(c in f for f in FAMILIES.values())),
                        key=lambda c: -calls[c])
        print(f"| {entrant} | {sum(calls.values()):.3f} | " + " | ".join(f"{four[k]:.3f}" for k in CALLS) +
              f" | {sum(four.values()):.3f} | " +
              ", ".join(f"{c} {calls[c]:.3f}" for c in others if calls[c] >= .005) + " |")
    if budget and rows[0][0] == "gatehouse":
        four = sum(rows[0][1].get(c, 0) for k in CALLS for c in FAMILIES[k])
        met = "met" if four <= budget else "NOT met"
        print(f"\nBudget: these four ≤ {budget} a request: {four:.3f}, {met}")


def profile(host, name, entrants, gatehouse, top):
    """Where the CPU time goes: by library, then by symbol."""
    for proxy, workload in each_proxy(host, name, entrants, gatehouse):
        data = os.path.join(proxy.dir, "perf.data")
        argv = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "4000", "-o", data, "-p",
                ",".join(map(str, proxy.pids()))]
        with host.start(argv, host.load_cpus, stderr=subprocess.PIPE, text=True) as perf:
            time.sleep(.3)
            g = turn(host, proxy, workload, 2, 100000)
            perf.send_signal(signal.SIGINT)
            said = perf.communicate()[1].strip()
        print(f"#### {proxy.name}\n")
        if g:
            us = g["proxy_ns"] / g["requests"] / 1e3
            share = g["user"] / max(1, g["user"] + g["system"])
            print(f"{us:.1f} µs a request under perf; by the kernel's tick {100 * share:.0f} % of it user\n")
        print("```")
        print(report(data, "dso", 8) or said)
        print()
        print(report(data, "symbol,dso", top))
        print("```\n", flush=True)


def report(data, sort, top):
    r = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-children", "--sort", sort],
                       capture_output=True, text=True, check=False)
    rows = [x.rstrip() for x in r.stdout.splitlines() if x.strip() and not x.startswith("#")]
    return "\n".join(rows[:top])
