# SPDX-License-Identifier: Apache-2.0
"""A reader of HTTP/1.1 that forgives nothing (RFC 9112): what does not follow the grammar to the
letter, or could be read two ways, is an error. The judge reads with it what the gateway sends."""
import re
from dataclasses import dataclass, field

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-~]+) HTTP/1\.[01]\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9]) ([\t -~\x80-\xff]*)\Z")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*\Z")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}\Z")
ONCE = (b"host", b"content-length", b"transfer-encoding")


class Wrong(Exception):
    """The bytes follow no single reading; the text says why."""


@dataclass
class Message:
    start: tuple = ()
    fields: list = field(default_factory=list)
    body: bytes = b""
    trailers: list = field(default_factory=list)
    whole: bool = False
    until_close: bool = False

    @property
    def method(self):
        return self.start[0]

    @property
    def target(self):
        return self.start[1]

    @property
    def status(self):
        return int(self.start[1])

    def all(self, name):
        return [v for n, v in self.fields if n == name]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None


def parse_fields(lines):
    fields = []
    for line in lines:
        m = FIELD.match(line)
        if not m:
            raise Wrong(f"field line {line[:80]!r}")
        fields.append((m[1].lower(), m[2]))
    return fields


def parse_head(data):
    """(start line, fields, length), or None when more bytes are needed."""
    end = data.find(b"\r\n\r\n")
    # What is wrong is wrong at once, not only when the head's end comes.
    text = data if end < 0 else data[: end + 2]
    for i in range(len(text)):
        c = text[i]
        if c == 10 and (i == 0 or text[i - 1] != 13):
            raise Wrong("bare LF in a head")
        if c == 13 and i + 1 < len(text) and text[i + 1] != 10:
            raise Wrong("bare CR in a head")
        if c == 0:
            raise Wrong("NUL in a head")
    if end < 0:
        return None
    lines = data[:end].split(b"\r\n")
    return lines[0], parse_fields(lines[1:]), end + 4


def framing(fields):
    """("length", n), ("chunked", 0) or ("none", 0)."""
    names = [n for n, _ in fields]
    for name in ONCE:
        if names.count(name) > 1:
            raise Wrong(f"{name.decode()} twice")
    value = dict(fields)
    length, coding = value.get(b"content-length"), value.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            raise Wrong("content-length and transfer-encoding")
        if coding.lower() != b"chunked":
            raise Wrong(f"transfer-encoding {coding!r}")
        return "chunked", 0
    if length is not None:
        if not re.fullmatch(rb"0*[0-9]{1,18}", length):
            raise Wrong(f"content-length {length!r}")
        return "length", int(length)
    return "none", 0


def parse_chunked(data, message):
    """The length of the chunked body at the start of data, or None when more is needed; fills in
    the message's body and trailers as far as they have come."""
    at = 0
    message.body = b""
    while True:
        end = data.find(b"\n", at)
        if end < 0:
            if len(data) - at > 20:
                raise Wrong(f"chunk size {data[at:at + 30]!r}")
            return None
        line = data[at:end]
        if not line.endswith(b"\r"):
            raise Wrong(f"chunk size line ends in a bare LF: {line[:30]!r}")
        if not CHUNK_SIZE.match(line[:-1]):
            raise Wrong(f"chunk size {line[:30]!r}")
        size = int(line[:-1], 16)
        at = end + 1
        if size == 0:
            break
        message.body += data[at : at + size]
        if len(data) < at + size + 2:
            if not b"\r\n".startswith(data[at + size :]):
                raise Wrong("chunk data not followed by CRLF")
            return None
        if data[at + size : at + size + 2] != b"\r\n":
            raise Wrong("chunk data not followed by CRLF")
        at += size + 2
    if data[at : at + 2] == b"\r\n":
        return at + 2
    if len(data) < at + 2:
        if not b"\r\n".startswith(data[at:]) and data[at:] and data[at : at + 1] in b"\r\n":
            raise Wrong("bad end of a chunked body")
        return None
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    message.trailers = parse_fields(data[at:end].split(b"\r\n"))
    return end + 4


def parse_body(data, how, size, message):
    """As parse_chunked, for any framing that has an end of its own."""
    if how == "chunked":
        return parse_chunked(data, message)
    message.body = data[:size]
    return size if len(data) >= size else None


def parse_request(data):
    """(message, length), the message perhaps not whole (then length is that of all data), or
    (None, 0) when there is not even a head."""
    head = parse_head(data)
    if head is None:
        return None, 0
    line, fields, used = head
    m = REQUEST_LINE.match(line)
    if not m:
        raise Wrong(f"request line {line[:80]!r}")
    message = Message((m[1], m[2]), fields)
    how, size = framing(fields)
    if line.endswith(b"HTTP/1.1") and not message.all(b"host"):
        raise Wrong("no host")
    length = parse_body(data[used:], how, size, message)
    message.whole = length is not None
    return message, used + length if message.whole else len(data)


def parse_response(data, method, over):
    """As parse_request; `over` says that no more bytes will come."""
    head = parse_head(data)
    if head is None:
        return None, 0
    line, fields, used = head
    m = STATUS_LINE.match(line)
    if not m:
        raise Wrong(f"status line {line[:80]!r}")
    message = Message((m[1], m[2], m[3]), fields)
    how, size = framing(fields)
    status = message.status
    if status < 200 or status == 204:
        if how != "none" and not (how == "length" and status >= 200 and size == 0):
            raise Wrong(f"{status} with a body's framing")
    if status < 200 or status in (204, 304) or method == b"HEAD":
        message.whole = True
        return message, used
    if how == "none":
        message.until_close = True
        message.body = data[used:]
        message.whole = over
        return message, len(data)
    length = parse_body(data[used:], how, size, message)
    message.whole = length is not None
    return message, used + length if message.whole else len(data)
