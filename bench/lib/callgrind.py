# SPDX-License-Identifier: Apache-2.0
"""User instructions that a running program executes, counted by valgrind's callgrind.

A count is the same on a busy machine, so it can be had, and asserted, where a time can't. Only what
happens between two moments counts: the program starts up with counting off.
"""
import os
import re
import shutil
import subprocess
import time


def missing():
    """The first program that is needed and not there, or None."""
    return next((p for p in ("valgrind", "vgdb") if not shutil.which(p)), None)


class Callgrind:
    """Counts in a program that was started with `wrap` before its command line."""

    def __init__(self, folder):
        self.out = os.path.join(folder, "callgrind.out")
        self.pid, self.dumps, self.latest = None, 0, None
        self.wrap = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet",
                     "--callgrind-out-file=" + self.out]

    def begin(self, pid):
        """From now on it counts, and runs some fifty times slower."""
        self.pid = pid
        self.say("instrumentation", "on")

    def count(self, work):
        """Instructions that are executed while work() runs; and what that returns."""
        self.settle()
        self.say("zero")
        result = work()
        self.settle()
        self.say("dump")
        self.dumps += 1
        self.latest = f"{self.out}.{self.dumps}"
        with open(self.latest, encoding="utf-8", errors="replace") as f:
            totals = re.search(r"^(?:totals|summary):\s+(\d+)", f.read(), re.M)
        return int(totals[1]), result

    def settle(self):
        """Until the program waits: it may lag behind what its clients have got."""
        before = None
        for _ in range(100):
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
                now = f.read().rsplit(")", 1)[1].split()[11:13]
            if now == before:
                return
            before = now
            time.sleep(.05)

    def say(self, *words):
        r = subprocess.run(["vgdb", f"--pid={self.pid}", "--wait=10", *words], capture_output=True,
                           text=True, timeout=120, check=False)
        if r.returncode:
            raise RuntimeError(f"vgdb {' '.join(words)}: {r.stderr.strip()}")
