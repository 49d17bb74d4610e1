# SPDX-License-Identifier: Apache-2.0
"""The cases of language/actions.txt and answers.txt: rules, a message, and what becomes of it in
HAProxy and here (actions.txt tells how to read them)."""
import os
import re
import shutil
import socket

import pytest

import gate
import oracle
import tables

REQUEST = "GET /p?q=1 HTTP/1.1 | host: h.example"
ANSWER = "HTTP/1.1 200 OK | content-length: 2 | x-a: one | x-a: two, three"
LEFT_OUT = {b"connection", b"keep-alive"}
FRAMING = {b"content-length", b"transfer-encoding"}


class Case:
    def __init__(self, name):
        self.name = name
        self.rules, self.backend, self.whole = [], [], []
        self.request, self.answer, self.body = REQUEST, ANSWER, b""
        self.look, self.ours = None, None

    def block(self, i):
        """Its frontend, its backend, and what stands before them ("f@" and "b@" in it mean them)."""
        lines = [line for line in self.whole] + [f"frontend f{i}", " bind @at@:@port@"]
        if self.look == "log":
            lines.append(" log 127.0.0.1:@log@ format raw local0")
        lines += [" " + rule for rule in self.rules] + [f" default_backend b{i}", f"backend b{i}"]
        lines += [" " + rule for rule in self.backend] + [" server s 127.0.0.1:@server@"]
        return [line.replace("@n@", str(i)) for line in lines]

    @property
    def sent(self):
        return message(self.request) + self.body

    @property
    def answered(self):
        data = message(self.answer)
        length = re.search(rb"^content-length: (\d+)", data, re.M | re.I)
        return data + b"ok"[: int(length[1])] if length else data


def message(text):
    return "".join(line + "\r\n" for line in [*text.split(" | "), ""]).encode()


def cases_of(name):
    found = []
    for _, line in tables.read(name):
        word, _, rest = line.partition(" ")
        if word == "case":
            found.append(Case(rest))
            continue
        case = found[-1]
        if word == ">":
            case.request = rest
        elif word == ">>":
            case.body += rest.replace("|", "\r\n").encode()
        elif word == "<":
            case.answer = rest
        elif word == "look":
            case.look = rest
        elif word == "ours":
            case.ours = rest
        elif word == "backend:":
            case.backend.append(rest)
        elif word == "whole:":
            case.whole.append(rest)
        else:
            case.rules.append(line)
    return found


def plain(head, left_out):
    """A head to compare: the start line, and the fields without blanks around values."""
    lines = [line for line in head.split(b"\r\n") if line]
    out = [tables.shown(lines[0])]
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() not in left_out:
            out.append(tables.shown(name.lower() + b": " + value.strip()))
    return " | ".join(out)


def log_line(sink):
    try:
        text = sink.recv(65536).decode("latin-1").rstrip("\n")
    except TimeoutError:
        return "no line"
    return tables.shown(text.encode("latin-1"))


class Asking:
    def __init__(self, cases, program, folder):
        self.cases, self.program, self.folder = cases, program, folder
        shutil.copytree(os.path.join(tables.FOLDER, "files"), folder, dirs_exist_ok=True)

    def ask(self):
        """{name: answer}; what is only to be accepted or refused is asked in a file of its own."""
        alone = [(i, case) for i, case in enumerate(self.cases) if case.look == "config"]
        found = dict(zip((case.name for _, case in alone), oracle.at_once(self.accepted, alone, 2)))
        rest = [case for case in self.cases if case.look != "config"]
        return {**found, **self.messages(rest)}

    def accepted(self, case):
        i, case = case
        folder = os.path.join(self.folder, f"alone{i}")
        shutil.copytree(os.path.join(tables.FOLDER, "files"), folder)
        values = {"port": 9, "server": 9, "log": 9}
        text = oracle.Plan([case.block(0)]).text(set(), values)
        taken, lines, said = oracle.verdict(self.program, folder, text)
        if not taken:
            return "refused"
        return "accepted, with a warning" if "warning" in lines.values() or re.search(r"^\[WARN", said, re.M) else "accepted"

    def messages(self, cases):
        recorder = oracle.Recorder()
        port = gate.free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            sink.bind(("127.0.0.1", 0))
            sink.settimeout(3 * gate.SLOWNESS)
            values = {"port": port, "server": recorder.port, "log": sink.getsockname()[1]}
            plan = oracle.Plan([case.block(i) for i, case in enumerate(cases)])
            refused = plan.admit(self.program, self.folder, values)
            running = oracle.Running(self.program, self.folder, port)
            try:
                return {
                    case.name: "refused" if i in refused else self.answer(i, case, recorder, port, sink)
                    for i, case in enumerate(cases)
                }
            finally:
                running.stop()
                recorder.close()

    @staticmethod
    def answer(i, case, recorder, port, sink):
        recorder.answer = case.answered
        recorder.got.clear()
        method = case.sent.split(b" ", 1)[0]
        head, body = oracle.exchange((oracle.address(i), port), case.sent, method)
        if case.look == "log":
            return log_line(sink)
        if case.look == "request" and recorder.got:
            sent, data = recorder.got[-1]
            return plain(sent, LEFT_OUT | FRAMING) + (f" | {tables.shown(data)}" if data else "")
        if head is None:
            return "closed" if "reset" in body else body
        if case.look == "response":
            return plain(head, LEFT_OUT) + (f" | {tables.shown(body)}" if body else "")
        start = tables.shown(head.split(b"\r\n", 1)[0])
        return start if case.look == "start" else start.split(" ")[1]


def unexpected(case, answer):
    """Whether Gatehouse's answer is not what an "ours" line says."""
    want = case.ours
    if want in ("refused", "accepted"):
        return not answer.startswith(want)
    return not (answer == want or answer.startswith(want + " | "))


@pytest.mark.parametrize("table", ["actions.txt", "answers.txt"])
def test_cases(table, tmp_path):
    cases = cases_of(table)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
    answers, wrong = {}, []
    for name, program in oracle.programs().items():
        asked = [case for case in cases if name == "gatehouse" or not case.ours]
        for case in asked:
            if case.ours and case.look is None:
                case.look = "config" if case.ours in ("refused", "accepted") else "request" if " " in case.ours else "status"
        answers[name] = Asking(asked, program, str(tmp_path / name)).ask()
        if name == "gatehouse":
            ours = answers[name]
            wrong = [f"{c.name}: {ours[c.name]}, not {c.ours}" for c in cases if c.ours and unexpected(c, ours[c.name])]
            answers[name] = {c.name: ours[c.name] for c in cases if not c.ours}
    tables.report(table, answers, wrong)
