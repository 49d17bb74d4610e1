# SPDX-License-Identifier: Apache-2.0
"""The formats of language/formats.txt make the same log lines in HAProxy and here, or are refused by
both. Each is the log-format of a frontend of its own."""
import re
import select
import shutil
import socket

import gate
import oracle
import tables
from test_language_fetches import Block

PLAIN_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def questions():
    """[(Block, its answer, mark, format)]"""
    block, answer, found = None, [], []
    for number, line in tables.read("formats.txt"):
        mark, _, rest = line.partition(" ")
        if mark == "request":
            block, answer = Block(mark, rest), []
        elif mark == ">":
            block.head.append(rest)
        elif mark == ">>":
            block.body += tables.unescaped(rest)
        elif mark == "+":
            block.rules.append(rest)
        elif mark == "<":
            answer.append(rest)
        else:
            assert mark in "%~", f"formats.txt:{number}: {line}"
            found.append((block, answer, mark, rest))
    return found


def answered(lines):
    if not lines:
        return PLAIN_ANSWER
    data = b"".join(tables.unescaped(line) + b"\r\n" for line in lines) + b"\r\n"
    return data + (b"ok" if b"content-length: 2" in data else b"")


def lines_of(i, block, text):
    lines = [f"frontend f{i}", " bind @at@:@port@", " log 127.0.0.1:@log@ format raw local0"]
    lines += [" " + rule for rule in block.rules]
    lines.append(f" log-format {oracle.quoted(text)}")
    return lines + [f" default_backend b{i}", f"backend b{i}", " server s1 127.0.0.1:@server@"]


def shape(text, mark, i):
    """A line to compare: the names of the proxies do not count, nor, where "~" asks, numbers."""
    text = re.sub(rf"\b([fb]){i}\b", r"\1", text.decode("latin-1").rstrip("\n"))
    if mark == "~":
        text = re.sub(r"[0-9A-F]*[0-9][0-9A-F]*", "N", text)
        text = re.sub(r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", "Mon", text)
    return tables.shown(text.encode("latin-1"))


def drain(sink):
    """HAProxy says some lines twice, when nothing of the answer is in them and it has no body."""
    while select.select([sink], [], [], 0)[0]:
        sink.recv(65536)


def ask(program, folder, cases):
    shutil.copytree(tables.FOLDER + "/files", folder, dirs_exist_ok=True)
    recorder, answers, port = oracle.Recorder(), {}, gate.free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        sink.settimeout(3 * gate.SLOWNESS)
        values = {"port": port, "server": recorder.port, "log": sink.getsockname()[1]}
        plan = oracle.Plan([lines_of(i, block, text) for i, (block, _, _, text) in enumerate(cases)])
        refused = plan.admit(program, folder, values)
        running = oracle.Running(program, folder, port)
        try:
            for i, (block, answer, mark, text) in enumerate(cases):
                name = f"{block.name} {mark} {text}"
                if i in refused:
                    answers[name] = "refused"
                    continue
                recorder.answer = answered(answer)
                drain(sink)
                head, why = oracle.exchange((oracle.address(i), port), block.data, block.data.split(b" ")[0])
                try:
                    answers[name] = shape(sink.recv(65536), mark, i)
                except TimeoutError:
                    answers[name] = "no line" if head else why
        finally:
            running.stop()
            recorder.close()
    return answers


def test_log_lines(tmp_path):
    cases = questions()
    answers = {name: ask(path, str(tmp_path / name), cases) for name, path in oracle.programs().items()}
    assert not tables.refused_blocks(answers.get("haproxy", {}))
    tables.report("formats.txt", answers)
