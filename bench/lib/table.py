# SPDX-License-Identifier: Apache-2.0
"""Results as Markdown."""
import statistics

from .budget import SUBJECT, errors, ratios, spread
from .workloads import IDLE, IDLE_CONNECTIONS, WORKLOADS


def rule(columns):
    return "|" + "---|" * columns


def workload(name, rounds):
    """The workload's table: medians of the rounds, and the smallest and largest."""
    row = WORKLOADS[name]
    print(f"\n### {name}: {row.text}\n")
    (idle_rows if row.tool == IDLE else cpu_rows)(row, rounds)


def absent(name, rounds):
    """Prints the row of an entrant that took no part."""
    if isinstance(rounds[name], list) and any(rounds[name]):
        return False
    reason = rounds[name] if isinstance(rounds[name], str) else "every round failed"
    print(f"| {name} | n/a: {reason.replace('|', '/')} |")
    return True


def cpu_rows(row, rounds):
    subject = next(iter(rounds))
    heading = "÷ one worker" if row.same_cpus else f"{subject} ÷ it"
    columns = ("proxy", "CPU µs/request", heading, "µs/calib", "user %", "requests/s", "core %", "p50 µs",
               "p99 µs", "MB/CPU-s")
    print("| " + " | ".join(columns) + " |\n" + rule(len(columns)))
    calib = []
    for name in rounds:
        if absent(name, rounds):
            continue
        mine = [x for x in rounds[name] if x]
        pairs = ratios(rounds, name, name.split("@")[0]) if row.same_cpus else ratios(rounds, subject, name)
        ticks = sum(x["user"] for x in mine), sum(x["system"] for x in mine)
        calib += [x["calib"] for x in mine]
        failed = errors(rounds, name)
        print(f"| {name}{f' ({failed} errors)' if failed else ''} | {spread([x['us'] for x in mine])} | "
              f"{spread(pairs, 3) if pairs else '–'} | "
              f"{statistics.median(x['us'] / x['calib'] for x in mine):.2f} | "
              f"{100 * ticks[0] / max(1, sum(ticks)):.0f} | {median(mine, 'rps')} | "
              f"{median(mine, 'core', 100)} | {median(mine, 'p50')} | {median(mine, 'p99')} | "
              f"{median(mine, 'mb_per_cpu_s')} |")
    if calib:
        print(f"\ncalib {spread(calib)} µs", flush=True)


def median(figures, key, times=1):
    values = [x[key] for x in figures if x[key] is not None]
    return f"{times * statistics.median(values):.0f}" if values else "–"


def idle_rows(_, rounds):
    print(f"| proxy | bytes a connection, of {IDLE_CONNECTIONS} | before any, KiB |\n" + rule(3))
    for name in rounds:
        if absent(name, rounds):
            continue
        print(f"| {name} | {spread([x['bytes'] for x in rounds[name]], 0)} | "
              f"{spread([x['base'] / 1024 for x in rounds[name]], 0)} |", flush=True)


def budgets(results, reasons):
    """results: {workload: rounds}; reasons: {workload: why it was not measured}."""
    print("\n## Budgets\n\n| workload | budget | measured | against | |\n" + rule(5))
    for name in [w for w in WORKLOADS if w in results or w in reasons]:
        budget = WORKLOADS[name].budget
        text = str(budget) if budget else "none set"
        if name in reasons:
            print(f"| {name} | {text} | – | – | {reasons[name].replace('|', '/')} |")
        elif not budget or SUBJECT not in results[name]:
            print(f"| {name} | {text} | see its table | – | – |")
        else:
            v = budget.judge(results[name])
            print(f"| {name} | {text} | {v.measured} | {v.against} | {v.met} |")
