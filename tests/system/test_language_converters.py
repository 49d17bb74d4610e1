# SPDX-License-Identifier: Apache-2.0
"""Each expression of language/converters.txt has the same value in HAProxy and here; each of
language/converters-refused.txt is refused by both."""
import os
import shutil

import pytest

import gate
import oracle
import tables

A_FRONTEND = 100  # so many expressions
REQUEST = (
    b"GET /%d HTTP/1.1\r\nhost: Example.com:8080\r\nx-a: 1, 2,3\r\naccept-language: fr;q=0.5, en-US\r\n\r\n"
)
VALUE = "txn.result__"


def block(i, part):
    """A frontend: the value of the expression that the path names, 204 where it has none."""
    lines = [f"frontend f{i}", " bind @at@:@port@"]
    for k, (_, expression) in enumerate(part):
        lines.append(f" http-request set-var({VALUE}) {oracle.quoted(expression)} if {{ path /{k} }}")
    lines += [
        f' http-request return status 200 content-type text/plain lf-string "%[var({VALUE})]" if {{ var({VALUE}) -m found }}',
        " http-request return status 204",
    ]
    return lines


def answer(port, place, part, refused, block_lines):
    i, k = place
    if (i, block_lines[2 + k]) in refused:
        return "refused"
    head, body = oracle.exchange((oracle.address(i), port), REQUEST % k)
    if head is None:
        return body
    status = head[9:12]
    return {b"200": "= " + tables.shown(body), b"204": "none"}.get(status, status.decode())


def ask_all(program, folder, expressions):
    parts = [expressions[i : i + A_FRONTEND] for i in range(0, len(expressions), A_FRONTEND)]
    blocks = [block(i, part) for i, part in enumerate(parts)]
    port = gate.free_port()
    refused = oracle.Plan(blocks).admit(program, folder, {"port": port}, whole=False)
    running = oracle.Running(program, folder, port)
    try:
        places = [(i, k) for i, part in enumerate(parts) for k in range(len(part))]
        found = oracle.at_once(lambda p: answer(port, p, parts[p[0]], refused, blocks[p[0]]), places)
    finally:
        running.stop()
    return {expression: found[n] for n, (_, expression) in enumerate(expressions)}


def beside(folder):
    """The folder with what the expressions name: maps."""
    shutil.copytree(os.path.join(tables.FOLDER, "files"), folder, dirs_exist_ok=True)


def test_values(tmp_path):
    answers = {}
    for name, program in oracle.programs().items():
        folder = tmp_path / name
        beside(folder)
        answers[name] = ask_all(program, str(folder), list(tables.read("converters.txt")))
    tables.report("converters.txt", answers)


def test_refused(tmp_path):
    answers = {}
    for name, program in oracle.programs().items():

        def ask(case, name=name, program=program):
            number, expression = case
            folder = tmp_path / f"{name}-{number}"
            beside(folder)
            text = oracle.HEAD + f"frontend f\n http-request set-var({VALUE}) {oracle.quoted(expression)}\n"
            taken, lines, said = oracle.verdict(program, str(folder), text)
            here = text.count("\n")
            return "accepted" if taken else "refused" if here in lines else f"refused elsewhere: {said}"

        cases = list(tables.read("converters-refused.txt"))
        found = oracle.at_once(ask, cases, 2)
        answers[name] = {expression: found[n] for n, (_, expression) in enumerate(cases)}
    tables.report("converters-refused.txt", answers)
