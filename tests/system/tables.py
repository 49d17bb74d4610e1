# SPDX-License-Identifier: Apache-2.0
"""The tables of tests/system/language: reading them, and saying what differs."""
import os
import re

import gate

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "language")
MANUAL = os.path.join(gate.ROOT, "docs", "manual.md")


def read(name):
    """Its lines with their numbers, without comments and empty ones."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.strip() and not line.startswith("#"):
                yield number, line


def named_differences():
    """{case: words of the manual that name the difference}, of differences.txt."""
    found, words = {}, None
    for _, line in read("differences.txt"):
        if line.startswith("manual: "):
            words = line[8:]
        else:
            found[line] = words
    return found


def compare(table, answers):
    """`answers` is {program: {case: answer}}. Returns one line for each difference that
    differences.txt does not name."""
    if len(answers) < 2:
        return []
    theirs, ours = answers["haproxy"], answers["gatehouse"]
    named = named_differences()
    return [
        f"{case}\n      haproxy:   {theirs[case]}\n      gatehouse: {ours[case]}"
        for case in theirs
        if theirs[case] != ours[case] and f"{table}: {case}" not in named
    ] + [f"{case}: named in differences.txt, but it is the same" for case in stale(table, theirs, ours, named)]


def stale(table, theirs, ours, named):
    """Named differences that are none any more."""
    cases = (name[len(table) + 2 :] for name in named if name.startswith(table + ": "))
    return [case for case in cases if theirs.get(case, "") == ours.get(case, "")]


def unnamed():
    """What differences.txt says that the manual says, and it does not."""
    with open(MANUAL, encoding="utf-8") as f:
        manual = " ".join(f.read().split())
    return sorted({words for words in named_differences().values() if not words or words not in manual})


def refused_blocks(answers):
    """Names of blocks (the first words of cases) in which HAProxy refuses all: they say nothing."""
    blocks = {}
    for case, answer in answers.items():
        blocks.setdefault(case.split(" ")[0], []).append(answer)
    return [name for name, found in blocks.items() if len(found) > 3 and set(found) == {"refused"}]


def report(table, answers, more=()):
    """The end of a test: says how many cases there were, fails with all differences (and `more`)."""
    count = len(next(iter(answers.values())))
    different = compare(table, answers) + list(more)
    print(f"{table}: {count} cases, {len(different)} differences")
    assert not different, f"{len(different)} of {count} differ:\n" + "\n".join(different)


def shown(data):
    """Bytes as a line."""
    return data.decode("latin-1").encode("unicode_escape").decode()


def unescaped(text):
    """Bytes of a text that knows \\r \\n \\t \\0 \\xHH and \\\\."""
    plain = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
    out = b""
    for part in re.findall(r"\\x[0-9a-fA-F]{2}|\\[rnt0\\]|.", text):
        if part.startswith("\\x"):
            out += bytes([int(part[2:], 16)])
        elif part.startswith("\\") and len(part) == 2:
            out += plain[part[1]]
        else:
            out += part.encode()
    return out
