# SPDX-License-Identifier: Apache-2.0
"""The questions of language/fetches.txt, conditions.txt and formats.txt about messages: HAProxy and
Gatehouse find the same values, conditions hold in both or in neither, log lines are the same.

All questions of a block are asked of one message, in variables; an expression's value is asked
for twice of a request, in a format too (HAProxy has no response any more where it makes one). What
is refused by one must be refused by the other."""
import os
import re
import shutil
import socket
import threading

import pytest

import gate
import oracle
import tables

A_FRONTEND = 40  # so many questions
MASKS = [
    (re.compile(r"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d(\.\d+)?( \+0000)?"), "DATE"),
    (re.compile(r"\b(16|17|18)\d{8}(\d{3,6})?\b"), "SECONDS"),
]


class Block:
    """A message and what is asked of it."""

    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.head, self.body, self.rules, self.questions = [], b"", [], []

    @property
    def data(self):
        return b"".join(tables.unescaped(line) + b"\r\n" for line in self.head) + b"\r\n" + self.body

    def parts(self, many=A_FRONTEND):
        return [self.questions[i : i + many] for i in range(0, len(self.questions), many)]


def blocks_of(name):
    """([line of the file as a whole], [Block])"""
    whole, found = [], []
    for number, line in tables.read(name):
        mark, _, rest = line.partition(" ")
        if mark in ("request", "response"):
            found.append(Block(mark, rest))
        elif mark == "+":
            (found[-1].rules if found else whole).append(rest)
        elif mark == ">":
            found[-1].head.append(rest)
        elif mark == ">>":
            found[-1].body += tables.unescaped(rest)
        else:
            assert mark in "=?!%" and found, f"{name}:{number}: {line}"
            found[-1].questions.append((mark, rest))
    return whole, found


def setting(kind, k, mark, question):
    """The line that asks."""
    if mark == "?":
        return f" http-{kind} set-var(txn.c{k}) int(1) if {question}"
    return f" http-{kind} set-var(txn.v{k}) {oracle.quoted(question)}"


class Asking:
    """One program asked all of a file's questions."""

    def __init__(self, table, program, folder):
        self.program, self.folder = program, folder
        os.makedirs(folder)
        shutil.copytree(os.path.join(tables.FOLDER, "files"), folder, dirs_exist_ok=True)
        whole, blocks = blocks_of(table)
        self.head = oracle.HEAD + "\n".join(whole) + "\n"
        self.plain = [(b, part) for b in blocks for part in b.parts() if part]
        self.answers = {}

    def lines(self, i, refused):
        """The frontend of one part; `refused` tells the questions to leave out (their lines, the
        empty ones, stay)."""
        block, part = self.plain[i]
        kind = block.kind
        lines = [f"frontend f{i}", " bind @at@:@port@"] + [" " + rule for rule in block.rules]
        for k, (mark, question) in enumerate(part):
            lines.append(setting(kind, k, mark, question) if mark in "=?" else "#")
        for k, (mark, question) in enumerate(part):
            if mark == "=":
                lines.append(f" http-after-response set-header v{k} {oracle.quoted(f'[%[var(txn.v{k})]]')}")
                lines.append(f" http-after-response set-header f{k} 1 if {{ var(txn.v{k}) -m found }}")
            elif mark == "?":
                lines.append(f" http-after-response set-header c{k} 1 if {{ var(txn.c{k}) -m found }}")
        if kind == "response":
            return lines + [f" default_backend b{i}", f"backend b{i}", " server s 127.0.0.1:@server@"]
        asked = [(k, q) for k, (mark, q) in enumerate(part) if mark == "=" and k not in refused]
        with open(os.path.join(self.folder, f"f{i}.txt"), "w", encoding="utf-8") as f:
            f.write("".join(f"\x01d{k}=[%[{q}]]\x01" for k, q in asked) or "none")
        return lines + [f" http-request return status 418 content-type text/plain lf-file f{i}.txt"]

    def ask(self):
        self.recorder = oracle.Recorder()
        port = gate.free_port()
        values = {"port": port, "server": self.recorder.port}
        gone = {i: set() for i in range(len(self.plain))}
        while True:
            plan = oracle.Plan([self.lines(i, gone[i]) for i in gone], self.head)
            refused = plan.admit(self.program, self.folder, values, whole=False)
            before = {i: set(s) for i, s in gone.items()}
            for i, line in refused:
                block, part = self.plain[i]
                for k, (mark, question) in enumerate(part):
                    if mark in "=?" and setting(block.kind, k, mark, question) == line:
                        gone[i].add(k)
            if gone == before:
                assert not refused or gone, refused
                break
        self.gone = gone
        self.refused_alone()
        running = oracle.Running(self.program, self.folder, port)
        try:
            for i in gone:
                self.part(i, port)
        finally:
            running.stop()
            self.recorder.close()
        return self.answers

    def refused_alone(self):
        """Lines with "!": each in a file of its own."""

        def ask(case):
            n, (block, question) = case
            folder = os.path.join(self.folder, f"alone{n}")
            os.makedirs(folder)
            text = self.head + f"frontend f\n{setting(block.kind, 0, '=', question)}\n"
            taken, _, _ = oracle.verdict(self.program, folder, text)
            return block, question, "accepted" if taken else "refused"

        cases = [(b, q) for b, part in self.plain for mark, q in part if mark == "!"]
        for block, question, answer in oracle.at_once(ask, list(enumerate(cases)), 2):
            self.answers[f"{block.name} ! {question}"] = answer

    def part(self, i, port):
        block, part = self.plain[i]
        if block.kind == "response":
            self.recorder.answer = block.data
            sent, method = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n", b"GET"
        else:
            sent, method = block.data, block.data.split(b" ", 1)[0]
        head, body = oracle.exchange((oracle.address(i), port), sent, method)
        for k, (mark, question) in enumerate(part):
            if mark == "!":
                continue
            if k in self.gone[i]:
                answer = "refused"
            elif head is None:
                answer = body
            elif block.kind == "request" and not head.startswith(b"HTTP/1.1 418"):
                answer = tables.shown(head.split(b"\r\n")[0])
            elif mark == "?":
                answer = "holds" if re.search(rb"^c%d: 1\r" % k, head, re.M) else "does not hold"
            else:
                value = re.search(rb"^v%d: (.*)\r$" % k, head, re.M)
                found = re.search(rb"^f%d: 1\r" % k, head, re.M)
                direct = re.search(rb"\x01d%d=(\[.*?\])\x01" % k, body, re.S)
                answer = "found" if found else "none"
                for part_of_it in (value, direct):
                    answer += " " + (tables.shown(part_of_it[1]) if part_of_it else "?")
            self.answers[f"{block.name} {mark} {question}"] = answer


def ask_both(table, tmp_path, asking):
    answers = {name: asking(table, path, str(tmp_path / name)).ask() for name, path in oracle.programs().items()}
    assert not tables.refused_blocks(answers.get("haproxy", {}))
    tables.report(table, answers)


@pytest.mark.parametrize("table", ["fetches.txt", "conditions.txt"])
def test_questions(table, tmp_path):
    ask_both(table, tmp_path, Asking)
