# SPDX-License-Identifier: Apache-2.0
"""Rules that stand in another order than the one they are run in: a warning at the rule, for the same
pairs as HAProxy."""
import itertools
import os
import re
import shutil
import subprocess

import pytest

import gate

HAPROXY = os.environ.get("HAPROXY") or shutil.which("haproxy")

RULES = [
    "tcp-request connection accept if FALSE",
    "tcp-request session accept if FALSE",
    "monitor fail if FALSE",
    "http-request deny if FALSE",
    "redirect location /x if FALSE",
    "use_backend b if FALSE",
    "use-server s if FALSE",
    "http-response deny if FALSE",
    "http-after-response set-header a b if FALSE",
]
HEAD = "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"


def section(i, first, second):
    return (
        f"listen l{i}\n bind 127.0.0.1:{20000 + i}\n server s 127.0.0.1:1\n"
        f" monitor-uri /alive\n {first}\n {second}\n"
    )


def warned(program, text, folder):
    """The numbers of the lines that it says are in another order."""
    path = folder / "x.cfg"
    path.write_text(text)
    done = subprocess.run([program, "-c", "-f", "x.cfg"], capture_output=True, text=True, cwd=folder, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [m for m in done.stderr.split("\n") if "processed before" in m or "is run before" in m]
    return {int(re.search(r"x\.cfg:(\d+)", m)[1]) for m in lines}


def test_each_pair(tmp_path):
    pairs = list(itertools.permutations(RULES, 2))
    text = HEAD + "".join(section(i, *pair) for i, pair in enumerate(pairs)) + "backend b\n"
    ours = warned(gate.BINARY, text, tmp_path)
    assert ours
    if HAPROXY:
        assert ours == warned(HAPROXY, text, tmp_path)


def test_message(tmp_path):
    path = tmp_path / "x.cfg"
    path.write_text(HEAD + section(1, "use_backend b if FALSE", "http-request deny if FALSE") + "backend b\n")
    done = subprocess.run([gate.BINARY, "-c", "-f", path], capture_output=True, text=True, timeout=60)
    assert "x.cfg:11:2: warning: this 'http-request' rule is run before the 'use_backend' rules" in done.stderr


@pytest.mark.parametrize("where", ["defaults", "listen"])
def test_rules_of_defaults_do_not_count(where, tmp_path):
    rule = " http-request deny if FALSE\n"
    text = HEAD.replace("defaults", "defaults d") + (rule if where == "defaults" else "")
    text += "listen l from d\n bind 127.0.0.1:20000\n" + (rule if where == "listen" else "")
    text += " tcp-request connection accept if FALSE\n"
    assert bool(warned(gate.BINARY, text, tmp_path)) == (where == "listen")
