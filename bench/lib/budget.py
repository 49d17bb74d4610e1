# SPDX-License-Identifier: Apache-2.0
"""Budgets: what a workload's rounds must show for Gatehouse, and arithmetic on rounds.

`rounds` is {entrant: list of its rounds' figures, None where one failed; or a str that says why it
took no part}. A ratio is formed within each round, because a shared machine changes its speed from
one to the next; then the median of the ratios counts.
"""
import statistics
from typing import NamedTuple

SUBJECT = "gatehouse"


class Verdict(NamedTuple):
    measured: str
    against: str
    met: str  # "met", "NOT met", or why that is open


def spread(values, digits=2):
    """Median, and the smallest and largest."""
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}–{max(values):.{digits}f})")


def ratios(rounds, name, base, key="us"):
    """name ÷ base, round by round."""
    if isinstance(rounds.get(name), list) and isinstance(rounds.get(base), list):
        return [x[key] / y[key] for x, y in zip(rounds[name], rounds[base]) if x and y]
    return []


def errors(rounds, name):
    """How many requests failed."""
    if not isinstance(rounds[name], list):
        return 0
    return sum(x.get("errors", 0) for x in rounds[name] if x)


def verdict(met, measured, against, rounds, settled=True):
    failed = sum(errors(rounds, n) for n in rounds if n.startswith(SUBJECT))
    if failed:
        return Verdict(measured, against, f"NOT met: {failed} requests failed")
    if met and not settled:
        return Verdict(measured, against, "open: a peer took no part")
    return Verdict(measured, against, "met" if met else "NOT met")


OPEN = Verdict("–", "–", "not measured")


class Cheaper(NamedTuple):
    """CPU time a request, as a ratio to the cheapest of the peers and of their settings, or of those
    that are named."""
    limit: float
    peers: tuple = ()

    def __str__(self):
        return f"≤ {self.limit:.2f} of {' and '.join(self.peers) or 'the cheapest peer'}"

    def judge(self, rounds):
        # the cheapest peer is the one to which our ratio is largest
        names = self.peers or [n for n in rounds if n.startswith(("haproxy", "nginx"))]
        peers = {n: ratios(rounds, SUBJECT, n) for n in names}
        worst = max((n for n in peers if peers[n]), key=lambda n: statistics.median(peers[n]),
                    default=None)
        if worst is None:
            return OPEN
        return verdict(statistics.median(peers[worst]) <= self.limit, spread(peers[worst], 3), worst, rounds,
                       all(peers.values()) and (self.peers or {"haproxy", "nginx"} <= set(peers)))


class Both(NamedTuple):
    """Two budgets, of which each must be met."""
    first: Cheaper
    second: Cheaper

    def __str__(self):
        return f"{self.first}, and {self.second}"

    def judge(self, rounds):
        verdicts = [b.judge(rounds) for b in self]
        worst = next((v.met for v in verdicts if v.met != "met"), "met")
        return Verdict(*(", and ".join(v[i] for v in verdicts) for i in (0, 1)), worst)


class Extra(NamedTuple):
    """What its rules cost Gatehouse, as a share of what they cost haproxy: CPU time a request above
    that of the same program on the same load without them (NAME-plain)."""
    limit: float

    def __str__(self):
        return f"above plain proxying ≤ {self.limit:.2f} of what it is in haproxy"

    def judge(self, rounds):
        four = [rounds.get(n) for n in (SUBJECT, SUBJECT + "-plain", "haproxy", "haproxy-plain")]
        if not all(isinstance(x, list) for x in four):
            return OPEN
        # in units of haproxy's plain request, for the machine's speed changes between rounds
        pairs = [((a["us"] - b["us"]) / d["us"], (c["us"] - d["us"]) / d["us"])
                 for a, b, c, d in zip(*four) if a and b and c and d]
        if not pairs:
            return OPEN
        ours, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        return verdict(ours <= self.limit * theirs,
                       f"{ours:+.3f} against {theirs:+.3f} of haproxy's plain request", "haproxy", rounds)


class MoreWorkers(NamedTuple):
    """CPU time a request with two workers against one: no worse than haproxy's ratio, plus a margin."""
    margin: float

    def __str__(self):
        return f"two workers ÷ one ≤ haproxy's + {self.margin:.2f}"

    def judge(self, rounds):
        four = [rounds.get(n) for n in (SUBJECT + "@2", SUBJECT, "haproxy@2", "haproxy")]
        if not all(isinstance(x, list) for x in four):
            return OPEN
        pairs = [(a["us"] / b["us"], c["us"] / d["us"]) for a, b, c, d in zip(*four) if a and b and c and d]
        if not pairs:
            return OPEN
        more = statistics.median(ours - theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        return verdict(more <= self.margin, f"{ours:.3f} against {theirs:.3f}: {more:+.3f}", "haproxy",
                       rounds)


class Unmoved(NamedTuple):
    """CPU time a request is no more than that of `base`, as far as its rounds can tell."""
    name: str
    base: str

    def __str__(self):
        return f"{self.name} within the rounds of {self.base}"

    def judge(self, rounds):
        values = ratios(rounds, self.name, self.base)
        if not values:
            return OPEN
        base = [x["us"] for x in rounds[self.base] if x]
        most = max(base) / statistics.median(base)
        return verdict(statistics.median(values) <= most, f"{spread(values, 3)}, the base's rounds up to {most:.3f}",
                       self.base, rounds)


class IdleBytes(NamedTuple):
    """Resident memory of an idle connection."""
    limit: int

    def __str__(self):
        return f"≤ {self.limit} bytes"

    def judge(self, rounds):
        ours = rounds.get(SUBJECT)
        if not isinstance(ours, list):
            return OPEN
        values = [x["bytes"] for x in ours]
        return verdict(statistics.median(values) <= self.limit, spread(values, 0), "–", rounds)
