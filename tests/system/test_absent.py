# SPDX-License-Identifier: Apache-2.0
"""Every name that Debian's HAProxy lists is either one of ours or known to be absent, so that a
configuration which uses it is refused by name and not taken for a slip of the pen."""

import os
import re
import subprocess

import pytest

import gate

HAPROXY = os.environ.get("HAPROXY", "haproxy")

pytestmark = pytest.mark.skipif(gate.is_haproxy(), reason="about Gatehouse's own tables")

RULE_SETS = (
    "http-request",
    "http-response",
    "http-after-response",
    "tcp-request connection",
    "tcp-request session",
    "tcp-request content",
    "tcp-response content",
)


def haproxy_classes():
    """The lines of each class of `haproxy -dKall`, by class."""
    run = subprocess.run(
        [HAPROXY, "-dKall", "-q", "-c", "-f", "/dev/null"], stdout=subprocess.PIPE, text=True
    )
    classes, current = {}, None
    for line in run.stdout.splitlines():
        if line.startswith("# List of registered "):
            current = classes.setdefault(line[len("# List of registered ") :].rstrip(":"), [])
        elif current is not None and line.strip() and not line.startswith("#"):
            current.append(line)
    return classes


def configuration_name(section, line):
    """What a line of the configuration class names: (what, name)."""
    text = line.strip()
    if section == "crt-list":
        return "crt-list option", text.split()[0]
    for prefix, what in (
        ("bind <addr> ssl ", "bind option"),
        ("bind <addr> ", "bind option"),
        ("server <name> <addr> ", "server option"),
    ):
        if text.startswith(prefix):
            return what, text[len(prefix) :].split()[0]
    for rules in RULE_SETS:
        if text.startswith(rules + " "):
            return rules + " action", text[len(rules) :].split()[0].rstrip("*")
    if text.startswith("option "):
        return "keyword", " ".join(text.split()[:2])
    return "keyword", text.split()[0]


def haproxy_names():
    classes = haproxy_classes()
    names, section = [], None
    for line in classes["configuration keywords"]:
        if line.startswith("\t"):
            names.append(configuration_name(section, line))
        else:
            section = line.strip()
            if section not in ("global", "listen", "crt-list"):
                names.append(("section", section))
    for line in classes["sample converter functions"]:
        names.append(("converter", re.split(r"[(:]", line)[0].strip()))
    for line in classes["sample fetch functions"]:
        names.append(("fetch", re.split(r"[(:]", line.split("]", 1)[1])[0].strip()))
    for line in classes["ACL keywords"]:
        names.append(("ACL criterion", line.split(" = ")[0]))
    for line in classes["filter names"]:
        names.append(("filter", line.split()[0]))
    for line in classes["service names"]:
        names.append(("service", line.strip()))
    return names


def our_names():
    """What --dump-keywords and --dump-absent know: "what<TAB>name…" lines."""
    known = set()
    for option in ("--dump-keywords", "--dump-absent"):
        out = subprocess.run([gate.BINARY, option], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            what, name = line.split("\t")[:2]
            known.add((what, name))
    return known


def test_every_name_of_haproxy_is_known():
    known = our_names()
    heads = {(what, name.split()[0]) for what, name in known}
    families = {(what, re.sub(r"[0-9]$", "", name)) for what, name in known}
    listed = haproxy_names()
    assert len(listed) > 1000, "haproxy -dKall lists less than expected"
    missing = [n for n in listed if n not in known and n not in heads and n not in families]
    assert missing == []


@pytest.mark.parametrize(
    "line, message",
    [
        ("filter spoe engine x", "HAProxy keyword 'filter spoe' is not supported by Gatehouse"),
        ("option spop-check", "HAProxy keyword 'option spop-check' is not supported by Gatehouse"),
        ("use-fcgi-app x", "HAProxy keyword 'use-fcgi-app' is not supported by Gatehouse"),
    ],
)
def test_refused_by_name(tmp_path, line, message):
    path = tmp_path / "absent.cfg"
    path.write_text(f"backend b\n    {line}\n")
    run = subprocess.run([gate.BINARY, "-c", "-f", str(path)], capture_output=True, text=True)
    assert run.returncode == 1
    assert f"{path}:2:5: error: {message}" in run.stdout + run.stderr
