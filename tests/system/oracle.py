# SPDX-License-Identifier: Apache-2.0
"""Asks two programs, HAProxy and Gatehouse, the same questions, many at a time: one configuration
holds hundreds of cases, each in a frontend of its own; what a program refuses is taken out (its
lines become empty ones, so that all others keep their numbers), and the rest is started once.

A case is asked at an address of its own, 127.1.x.y, so that no rule is needed to tell them apart.
"""
import os
import re
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import gate
import peers

HAPROXY = os.environ.get("HAPROXY") or shutil.which("haproxy")
NAME = "case.cfg"  # how a configuration is called in its folder
SAID = re.compile(re.escape(NAME) + r":(\d+)")
PROXY = re.compile(r"['\"]?\b[fb](\d+)\b['\"]?")

HEAD = """global
 maxconn 2000
 tune.bufsize 16384
 tune.maxrewrite 1024
 expose-experimental-directives
defaults
 mode http
 timeout client 20s
 timeout server 20s
 timeout connect 5s
 timeout tarpit 50ms
"""


def programs():
    """The two of them by name; HAProxy alone where GATEHOUSE names it."""
    both = {"haproxy": HAPROXY, "gatehouse": gate.BINARY}
    return {name: path for name, path in both.items() if path}


def quoted(text):
    """As one word of a configuration."""
    return "'" + text.replace("'", "'\\''") + "'"


def address(i):
    return f"127.1.{i // 250}.{i % 250 + 1}"


def verdict(program, folder, text):
    """(whether it takes it, {line: "error" or "warning"}, what it said)."""
    with open(os.path.join(folder, NAME), "w", encoding="utf-8") as f:
        f.write(text)
    p = subprocess.run(
        [program, "-c", "-f", NAME],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60 * gate.SLOWNESS,
        check=False,
    )
    out = p.stdout.decode(errors="replace")
    assert not gate.TROUBLE.search(out), out[-4000:]
    # HAProxy does not survive some wrong lines ("http-request set-map(x) a")
    assert program == HAPROXY or p.returncode in (0, 1, 2), f"{p.returncode}: {out[-4000:]}"
    lines = {}
    for line in out.split("\n"):
        where = SAID.search(line)
        kind = "error" if "ALERT" in line or ": error:" in line else "warning"
        if where and ("ALERT" in line or "WARN" in line or re.search(r":\d+(:\d+)?: (error|warning):", line)):
            n = int(where[1])
            lines[n] = "error" if "error" in (kind, lines.get(n)) else "warning"
    return p.returncode in (0, 2), lines, out


class Plan:
    """A configuration of many cases. `blocks` has for each its lines, in which `@at@` stands for the
    address of the case. A line is at the same place whatever is left out."""

    def __init__(self, blocks, head=HEAD):
        self.blocks = blocks
        self.head = head
        at = head.rstrip("\n").count("\n") + 1
        self.owner = {}
        for i, block in enumerate(blocks):
            self.owner.update((at + 1 + k, (i, line)) for k, line in enumerate(block))
            at += len(block)

    def text(self, left_out, values, part=None):
        lines = self.head.rstrip("\n").split("\n")
        for i, block in enumerate(self.blocks):
            for line in block:
                out = (i, line) in left_out or i in left_out or (part and i not in part)
                lines.append("" if out else line.replace("@at@", address(i)))
        text = "\n".join(lines) + "\n"
        return re.sub(r"@(\w+)@", lambda m: str(values[m[1]]), text)

    def admit(self, program, folder, values, whole=True):
        """What the program refuses: cases by number, or, where not `whole`, their lines as (number,
        line). The rest, which it takes, is in its file then. It may stop at the first error, so
        parts are looked at side by side before the whole is."""
        step = max(10, len(self.blocks) // 8)
        parts = [range(at, min(at + step, len(self.blocks))) for at in range(0, len(self.blocks), step)]

        def refused_of(part):
            own = os.path.join(tempfile.mkdtemp(prefix="part", dir=folder), "x")
            shutil.copytree(folder, own, ignore=shutil.ignore_patterns("part*"))
            return self.refused(program, own, values, whole, part, set())

        gone = set().union(*at_once(refused_of, parts, 3))
        return self.refused(program, folder, values, whole, range(len(self.blocks)), gone)

    def refused(self, program, folder, values, whole, part, gone):
        gone = set(gone)
        while True:
            text = self.text(gone, values, part)
            taken, lines, said = verdict(program, folder, text)
            if taken:
                return gone
            bad = {self.owner[n] for n, kind in lines.items() if kind == "error" and n in self.owner}
            found = {i if whole else (i, line) for i, line in bad}
            if not found:  # only proxies are named
                said = "\n".join(m for m in said.split("\n") if "ALERT" in m or "error:" in m)
                found = {int(n) for n in PROXY.findall(said) if int(n) < len(self.blocks)}
            assert found - gone, f"{program} refuses it all:\n{said[-3000:]}"
            gone |= found


class Running(gate.Gateway):
    """One of the programs at work. The configuration lies in `folder` as NAME."""

    def __init__(self, program, folder, port):
        self.program = program
        self.wanted = port
        super().__init__(folder, "")

    def launch(self):
        self.out = open(self.output_path, "ab")
        self.process = subprocess.Popen(
            [self.program, "-db", "-f", NAME],
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=dict(os.environ, TZ="UTC"),
            start_new_session=True,
        )
        self.pid = self.process.pid
        self.port = {"port": self.wanted}


class Recorder:
    """The server behind all cases: keeps the last head and body it was sent; answers with `answer`."""

    def __init__(self):
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        self.got = []
        self.server = peers.Server(self.handle)
        self.port = self.server.port

    def handle(self, link, _):
        while True:
            head = link.take_until(b"\r\n\r\n")
            fields = [line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line]
            value = {n.strip().lower(): v.strip() for n, v in fields}
            body = b""
            if b"transfer-encoding" in value:
                while size := int(link.take_until(b"\r\n").split(b";")[0], 16):
                    body += link.take(size)
                    link.take(2)
                while link.take_until(b"\r\n") != b"\r\n":
                    pass
            elif value.get(b"content-length", b"0").isdigit():
                body = link.take(int(value.get(b"content-length", b"0")))
            self.got.append((head, body))
            answer = self.answer
            if head.startswith(b"HEAD "):
                answer = answer[: answer.index(b"\r\n\r\n") + 4]
            link.send(answer)
            if not re.search(rb"^(content-length|transfer-encoding):", answer, re.M | re.I):
                return

    def close(self):
        self.server.close()


def exchange(where, data, method=b"GET", patience=10.0):
    """Sends a request; returns the answer's (head, body) as bytes, or (None, why)."""
    try:
        sock = socket.create_connection(where, patience)
    except OSError as e:
        return None, f"no connection: {e}"
    with sock:
        sock.settimeout(patience * gate.SLOWNESS)
        got = b""
        try:
            sock.sendall(data)
            while True:
                more = sock.recv(1 << 16)
                got += more
                head, body = whole(got, method, not more)
                if head is not None:
                    return head, body
                if not more:
                    return None, "closed" if not got else f"cut short: {got[:60]!r}"
        except TimeoutError:
            return None, "timeout" if not got else f"stuck after {got[:60]!r}"
        except OSError:
            return None, "closed"


def whole(data, method, over):
    """(head, body) of an answer if it is there; interim answers stay a part of the head."""
    at = 0
    while True:
        end = data.find(b"\r\n\r\n", at)
        if end < 0:
            return None, None
        if data[at:].startswith(b"HTTP/1.1 1") and not data[at:].startswith(b"HTTP/1.1 101"):
            at = end + 4
            continue
        break
    head, rest = data[: end + 4], data[end + 4 :]
    status = head[at + 9 : at + 12]
    if method == b"HEAD" or status in (b"204", b"304") or status.startswith(b"1"):
        return head, b""
    length = re.search(rb"^content-length: *(\d+)", head[at:], re.M | re.I)
    if length:
        n = int(length[1])
        return (head, rest[:n]) if len(rest) >= n else (None, None)
    if re.search(rb"^transfer-encoding:", head[at:], re.M | re.I):
        return (head, rest) if rest.endswith(b"0\r\n\r\n") else (None, None)
    return (head, rest) if over else (None, None)


def at_once(what, cases, lanes=4):
    """[what(case)…] with some at a time."""
    with ThreadPoolExecutor(lanes) as pool:
        return list(pool.map(what, cases))
