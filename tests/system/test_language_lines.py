# SPDX-License-Identifier: Apache-2.0
"""The lines of language/lines.txt: HAProxy and Gatehouse both take them, or both refuse them, and
say so of the same line. Warnings count only in that there is one."""
import os
import re
import shutil

import pytest

import oracle
import tables

HEAD = oracle.HEAD.replace("defaults\n", "{global}{named}defaults\n{defaults}")
FILE = """{sections}frontend f{from}
 bind 127.0.0.1:1
{frontend} default_backend b
backend b
{backend} server s 127.0.0.1:1
"""


def file_of(section, lines):
    """A configuration with these lines in that section."""
    text = "".join(f" {line}\n" for line in lines)
    place = dict.fromkeys(("global", "defaults", "named", "sections", "frontend", "backend", "from"), "")
    if section == "named-defaults":
        place["from"] = " from d"
        place["named"] = "defaults d\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n" + text
    elif section in ("userlist", "http-errors", "ring"):
        place["sections"] = f"{section} x\n" + text
    else:
        place[section] = text
    return (HEAD + FILE).format(**place)


pytestmark = pytest.mark.serial  # HAProxy is started for each line that it refuses


def cases():
    section, found = None, []
    for _, line in tables.read("lines.txt"):
        if line.startswith("in "):
            section = line[3:]
        else:
            found.append((section, line))
    return found


def answer(program, folder, section, line):
    shutil.copytree(os.path.join(tables.FOLDER, "files"), folder)
    lines = line.split(" ;; ")
    text = file_of(section, lines)
    taken, found, said = oracle.verdict(program, folder, text)
    warned = "warning" in found.values() or re.search(r"^\[WARN|^warning:", said, re.M)
    if taken:
        return "taken, with a warning" if warned else "taken"
    first = text[: text.index(f" {lines[0]}\n")].count("\n") + 1
    here = range(first, first + len(lines))
    errors = [n for n, kind in found.items() if kind == "error"]
    return "refused" if not errors or set(errors) & set(here) else f"refused at line {errors} instead of {first}"


def test_lines(tmp_path):
    asked, answers = cases(), {}
    for name, program in oracle.programs().items():
        found = oracle.at_once(
            lambda n, name=name, program=program: answer(program, str(tmp_path / f"{name}{n}"), *asked[n]),
            range(len(asked)),
            3,
        )
        answers[name] = {f"{section}: {line}": found[n] for n, (section, line) in enumerate(asked)}
    tables.report("lines.txt", answers)
