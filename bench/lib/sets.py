# SPDX-License-Identifier: Apache-2.0
"""Sets of ten and of ten thousand patterns, as files of ACLs and as maps, and requests that ask them:
for counting what a set's size costs. A '#' stands for a digit of a number, as in the load generator;
all requests vary only the last digit, so that what they ask for is in the small sets too.
"""
import os
from typing import NamedTuple

FEW, MANY = 10, 10000
FIELD = "x-key"


class Kind(NamedTuple):
    pattern: str
    hit: str
    miss: str
    fetch: str = "req.fhdr(x-key)"


KINDS = {
    "str": Kind("key-####-a", "key-000#-a", "key-000#-b"),
    "beg": Kind("/svc/####/", "/svc/000#/users/1", "/svc/x00#/users/1"),
    "end": Kind(".site-####.example", "www.site-000#.example", "www.site-000#.invalid"),
    "dom": Kind("site-####.example", "www.site-000#.example.org", "www.site-x00#.example.org"),
    "ip": Kind("10.1##.1##.0/24", "10.100.10#.7", "10.200.10#.7", "req.hdr_ip(x-key)"),
}
FORMS = ("acl", "map")


def numbered(text, n):
    """`text` with the digits of n for its '#'."""
    for digit in reversed(str(n).zfill(text.count("#"))):
        head, _, tail = text.rpartition("#")
        text = head + digit + tail
    return text


def write_files(folder, size):
    for name, kind in KINDS.items():
        patterns = [numbered(kind.pattern, i) for i in range(size)]
        for form in FORMS:
            with open(os.path.join(folder, f"{name}.{form}"), "w", encoding="ascii") as f:
                f.writelines(p + (" found\n" if form == "map" else "\n") for p in patterns)


def configuration(folder, port, server):
    """A frontend for each kind and form. port: what stands for its port, by its name (str_acl);
    server: the server's address."""
    text = ("global\n    nbthread 1\n    maxconn 1000\n"
            "defaults\n    mode http\n    timeout connect 30s\n    timeout client 60s\n"
            "    timeout server 60s\n    http-reuse always\n"
            f"backend be\n    server s1 {server}\n")
    for name, kind in KINDS.items():
        for form in FORMS:
            path = os.path.join(folder, f"{name}.{form}")
            rule = (f"yes if {{ {kind.fetch} -m {name} -f {path} }}" if form == "acl" else
                    f"%[req.fhdr(x-key),map_{name}({path},none)]")
            text += (f"frontend {name}_{form}\n    bind 127.0.0.1:{port(f'{name}_{form}')}\n"
                     f"    http-request set-header x-found {rule}\n    default_backend be\n")
    return text
