# SPDX-License-Identifier: Apache-2.0
"""--instructions: user instructions a request, by callgrind. Unlike times they can be had on a machine
that does other things; what the kernel does for a request is not in them. The counts by function stay
in OUT/callgrind/, for callgrind_annotate."""
import os
import shutil
import subprocess

from .callgrind import Callgrind, missing
from .load import counted, parse_load
from .proxy import Proxy, program_path
from .sets import FEW, FIELD, FORMS, KINDS, MANY, configuration, write_files
from .table import rule
from .workloads import ENTRANTS, IDLE, WORKLOADS

WARM, REQUESTS = 10, 50  # a connection


def instructions(host, name, entrants, gatehouse):
    """Prints the workload's table."""
    if missing():
        raise SystemExit(f"bench: --instructions needs {missing()}")
    workload = WORKLOADS[name]
    print(f"\n### {name}: {workload.text}\n")
    if workload.tool == IDLE:
        print("Nothing to count here while it idles.")
        return
    found = {}
    with host.cpus_for(workload):
        for entrant in entrants:
            found[entrant] = count(host, name, entrant, gatehouse)
    print("| proxy | user instructions/request | " + f"{entrants[0]} ÷ it | above NAME-plain |\n" + rule(4))
    for entrant, n in found.items():
        if isinstance(n, str):
            print(f"| {entrant} | n/a: {n.replace('|', '/')} |")
            continue
        ratio = f"{found[entrants[0]] / n:.3f}" if not isinstance(found[entrants[0]], str) else "–"
        plain = found.get(entrant + "-plain", "")
        print(f"| {entrant} | {n:.0f} | {ratio} | {'–' if isinstance(plain, str) else f'{n - plain:.0f}'} |",
              flush=True)


def count(host, name, entrant, gatehouse):
    """Instructions a request, or why there are none."""
    workload = WORKLOADS[name]
    folder = os.path.join(host.scratch, "callgrind-" + entrant)
    os.makedirs(folder, exist_ok=True)
    tool = Callgrind(folder)
    # nginx: the process that is started does the work
    single = "-g 'master_process off;'" if ENTRANTS[entrant.partition("@")[0]].program == "nginx" else ""
    proxy = Proxy(host, entrant, workload, gatehouse, tool.wrap, single)
    try:
        if proxy.failure:
            return proxy.failure
        tool.begin(proxy.process.pid)
        if not counted(host, proxy, workload, WARM):
            return "failed to serve this workload"
        n, made = tool.count(lambda: counted(host, proxy, workload, REQUESTS))
        if not made:
            return "requests failed under callgrind"
        keep(host, f"{name}-{entrant}", tool.latest)
        return n / made
    finally:
        proxy.stop()


def keep(host, name, path):
    folder = os.path.join(os.path.dirname(host.tools), "callgrind")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(path, os.path.join(folder, name))


def sets(host, entrants, gatehouse):
    """Prints what sets of few and of many patterns cost, found and not found."""
    if missing():
        raise SystemExit(f"bench: --instructions needs {missing()}")
    print("\n### sets: instructions a request that asks a set of patterns\n")
    print(f"| proxy | set | {FEW} patterns | {MANY} | ratio |\n" + rule(5))
    for entrant in entrants:
        few, many = (of_size(host, entrant, size, gatehouse) for size in (FEW, MANY))
        for case in few:
            print(f"| {entrant} | {case} | {few[case]:.0f} | {many[case]:.0f} | {many[case] / few[case]:.3f} |",
                  flush=True)


def of_size(host, entrant, size, gatehouse):
    """{kind_form: instructions a request}"""
    folder = os.path.join(host.scratch, f"sets-{entrant}-{size}")
    os.makedirs(folder)
    write_files(folder, size)
    ports = {f"{k}_{form}": host.free_port() for k in KINDS for form in FORMS}
    conf = os.path.join(folder, "sets.cfg")
    with open(conf, "w", encoding="ascii") as f:
        f.write(configuration(folder, ports.get, f"127.0.0.1:{host.backend_port}"))
    tool = Callgrind(folder)
    program = program_path(host, ENTRANTS[entrant].program, gatehouse)
    process = host.start([*tool.wrap, program, "-db", "-f", conf], host.proxy_cpus, stderr=subprocess.DEVNULL)
    try:
        if not all(host.wait_for_port(process, p, 60) for p in ports.values()):
            raise SystemExit(f"bench: {entrant} does not start with sets of {size}")
        tool.begin(process.pid)
        return {case: of_set(host, tool, KINDS[case.split("_")[0]], port) for case, port in ports.items()}
    finally:
        process.kill()
        process.wait()


def of_set(host, tool, kind, port):
    def ask(requests):
        made = 0
        for value in (kind.hit, kind.miss):
            argv = [host.tool("load"), "-c", "16", "-v", "10", "-n", str(requests), "-H", f"{FIELD}: {value}"]
            g = parse_load(host.output_of(argv + [str(port)], host.load_cpus, 90))
            if not g or g["errors"]:
                raise SystemExit(f"bench: requests of sets failed under callgrind: {g}")
            made += g["requests"]
        return made

    ask(WARM)
    n, made = tool.count(lambda: ask(REQUESTS))
    return n / made
