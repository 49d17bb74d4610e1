# SPDX-License-Identifier: Apache-2.0
"""Chunked bodies that two readers could end at different places (RFC 9112, section 7.1): sizes,
extensions, line ends (TERM.EXT, EXT.TERM, TERM.SPILL, SPILL.TERM and the like), trailers."""
from model import FIN, Case, Pause, either, incomplete, one, reject, reject_body, request, several
from requests_framing import SMUGGLED, head

CASES = []
TE = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"


def add(group, name, body, *allowed, **more):
    steps = body if isinstance(body, tuple) else (body,)
    CASES.append(Case(group, name, (head(TE) + steps[0],) + steps[1:], either(*allowed), **more))


def whole(body, **more):
    return one(method=b"POST", body=body, **more)


# ---- Good ones: the body is known, however it was cut up ----

GOOD = [
    ("one chunk", b"5\r\nhello\r\n" + END, b"hello"),
    ("several", b"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n" + END, b"hello"),
    ("empty", END, b""),
    ("several zeros", b"5\r\nhello\r\n000\r\n\r\n", b"hello"),
    ("leading zeros", b"00005\r\nhello\r\n" + END, b"hello"),
    ("upper case", b"A\r\n0123456789\r\n" + END, b"0123456789"),
    ("lower case", b"a\r\n0123456789\r\n" + END, b"0123456789"),
    ("data that looks like an end", b"9\r\n\r\n0\r\n\r\n\r\n\r\n" + END, b"\r\n0\r\n\r\n\r\n"),
    ("data that looks like a request", b"%x\r\n" % 17 + b"GET / HTTP/1.1\r\n\n" + b"\r\n" + END, b"GET / HTTP/1.1\r\n\n"),
    ("binary data", b"6\r\n\x00\xff\r\n\r\n\r\n" + END, b"\x00\xff\r\n\r\n"),
]
for name, body, data in GOOD:
    add("chunks", name, body, whole(data))
add("chunks", "byte by byte", tuple(x for b in b"5\r\nhello\r\n0\r\n\r\n" for x in (bytes([b]), Pause(2))), whole(b"hello"))
add("chunks", "the end in two parts", (b"5\r\nhello\r\n0\r\n", Pause(20), b"\r\n"), whole(b"hello"))
add("chunks", "CR and LF apart", (b"5\r", Pause(20), b"\nhello\r", Pause(20), b"\n0\r", Pause(20), b"\n\r", Pause(20), b"\n"),
    whole(b"hello"))
add("chunks", "40 zeros and a 5", b"0" * 40 + b"5\r\nhello\r\n" + END, whole(b"hello"), reject_body(400))

# ---- Sizes ----

SIZES = [
    ("empty", b""), ("only spaces", b"  "), ("space in front", b" 5"), ("tab in front", b"\t5"), ("plus sign", b"+5"),
    ("minus sign", b"-5"), ("minus zero", b"-0"), ("0x in front", b"0x5"), ("0X in front", b"0X5"), ("h behind", b"5h"),
    ("not hexadecimal", b"g"), ("word", b"five"), ("dot", b"5.0"), ("comma", b"5,0"), ("underscore", b"0_5"),
    ("quoted", b'"5"'), ("two numbers", b"5 5"), ("two numbers, tab", b"5\t0"), ("2^64 + 5", b"10000000000000005"),
    ("2^64 - 1", b"ffffffffffffffff"), ("2^64 - 2, then more", b"fffffffffffffffe"), ("2^63", b"8000000000000000"),
    ("20 digits", b"fffffffffffffffffff5"), ("2^32 + 5 in 17 digits", b"00000000100000005" + b"0" * 8),
    ("vertical tab behind", b"5\x0b"), ("form feed in front", b"\x0c5"), ("NUL behind", b"5\x00"), ("NUL in front", b"\x005"),
    ("DEL behind", b"5\x7f"), ("high byte behind", b"5\xff"), ("full-width digit", "５".encode()), ("bare CR in front", b"\r5"),
    ("bare CR behind", b"5\r"), ("bare LF in front", b"\n5"), ("percent-encoded", b"%35"), ("backslash", b"5\\"),
    ("colon", b"5: x"), ("equals", b"5=x"), ("size in parentheses", b"(5)"),
]
for name, size in SIZES:
    add("chunk size", name, size + b"\r\nhello\r\n" + END + SMUGGLED, reject_body(400))
for name, size in [("space behind", b"5 "), ("tab behind", b"5\t"), ("spaces behind", b"5     ")]:
    add("chunk size", name, size + b"\r\nhello\r\n" + END, whole(b"hello"), reject_body(400))
add("chunk size", "too large to be sent", b"7fffffffffffffff\r\nhello\r\n" + END, reject_body(400, 413), incomplete())
add("chunk size", "a size line that never ends", b"0" * 20000, reject_body(400, 413, 431))
add("chunk size", "size one too small", b"4\r\nhello\r\n" + END, reject_body(400))
add("chunk size", "size one too large", b"6\r\nhello\r\n" + END + SMUGGLED, reject_body(400))

# ---- Line ends ----

ENDS = [
    ("size ends in LF", b"5\nhello\r\n" + END),
    ("size ends in CR", b"5\rhello\r\n" + END),
    ("size ends in CR CR LF", b"5\r\r\nhello\r\n" + END),
    ("size ends in LF CR", b"5\n\rhello\r\n" + END),
    ("size ends in LF LF", b"5\n\nhello\r\n" + END),
    ("size ends in CR LF LF", b"5\r\n\nhello\r\n" + END),
    ("data ends in LF", b"5\r\nhello\n" + END),
    ("data ends in CR", b"5\r\nhello\r" + END),
    ("data ends in CR CR LF", b"5\r\nhello\r\r\n" + END),
    ("data ends in LF CR", b"5\r\nhello\n\r" + END),
    ("data ends in nothing", b"5\r\nhello" + END),
    ("data ends in two bytes", b"5\r\nhelloXX" + END),
    ("data ends in a byte and LF", b"5\r\nhelloX\n" + END),
    ("data ends in CR and a byte", b"5\r\nhello\rX" + END),
    ("data ends in CR LF CR LF", b"5\r\nhello\r\n\r\n" + END),
    ("data ends in spaces", b"5\r\nhello  \r\n" + END),
    ("data spills over", b"5\r\nhello!!!\r\n" + END),
    ("last size ends in LF", b"5\r\nhello\r\n0\n\r\n"),
    ("last size ends in CR", b"5\r\nhello\r\n0\r\r\n"),
    ("ends in LF", b"5\r\nhello\r\n0\r\n\n"),
    ("ends in LF LF", b"5\r\nhello\r\n0\n\n"),
    ("ends in CR CR LF", b"5\r\nhello\r\n0\r\n\r\r\n"),
    ("ends in LF CR", b"5\r\nhello\r\n0\r\n\n\r"),
    ("ends in CR and a byte", b"5\r\nhello\r\n0\r\n\rX"),
    ("NEL for a line end", b"5\x85hello\r\n" + END),
    ("VT for a line end", b"5\x0bhello\r\n" + END),
    ("empty line in front", b"\r\n5\r\nhello\r\n" + END),
    ("empty line between chunks", b"5\r\nhello\r\n\r\n1\r\nx\r\n" + END),
    ("all in LF", b"5\nhello\n0\n\n"),
]
for name, body in ENDS:
    add("chunk line ends", name, body + SMUGGLED, reject_body(400))

# ---- Extensions ----

EXT_OK = [
    ("name", b"5;a\r\nhello\r\n" + END),
    ("name and value", b"5;a=b\r\nhello\r\n" + END),
    ("several", b"5;a=b;c;d=e\r\nhello\r\n" + END),
    ("quoted value", b'5;a="b c;d"\r\nhello\r\n' + END),
    ("quoted with an escape", b'5;a="b\\"c"\r\nhello\r\n' + END),
    ("on the last chunk", b"5\r\nhello\r\n0;a=b\r\n\r\n"),
]
for name, body in EXT_OK:
    add("chunk extensions", name, body, whole(b"hello"))
EXT_EITHER = [
    ("spaces around", b"5 ; a = b\r\nhello\r\n" + END), ("bare semicolon", b"5;\r\nhello\r\n" + END),
    ("only semicolons", b"5;;;\r\nhello\r\n" + END), ("no name", b"5;=b\r\nhello\r\n" + END),
    ("open quote", b'5;a="b\r\nhello\r\n' + END), ("names that are no tokens", b"5;a(b)=c\r\nhello\r\n" + END),
    ("high bytes", b"5;a=\xc3\xa9\r\nhello\r\n" + END), ("looks like a size", b"5;0\r\nhello\r\n" + END),
    ("2000 bytes of it", b"5;" + b"a" * 2000 + b"\r\nhello\r\n" + END),
    ("on each of many small chunks", b"".join(b"1;a=bbbbbbbbbb\r\nx\r\n" for _ in range(500)) + END),
]
for name, body in EXT_EITHER:
    data = b"x" * 500 if "many" in name else b"hello"
    add("chunk extensions", name, body, whole(data), reject_body(400, 413))
EXT_BAD = [
    ("LF ends it (TERM.EXT)", b"5;\nhello\r\n" + END),
    ("LF inside", b"5;a\nb\r\nhello\r\n" + END),
    ("LF inside hides a chunk", b"2;\nxx\r\n%x\r\n0\r\n\r\n" % 30 + SMUGGLED + b"\r\n" + END),
    ("CR inside", b"5;a\rb\r\nhello\r\n" + END),
    ("CR at its end", b"5;a\r\r\nhello\r\n" + END),
    ("CR ends it", b"5;a\rhello\r\n" + END),
    ("NUL inside", b"5;a\x00b\r\nhello\r\n" + END),
    ("control byte inside", b"5;a\x01b\r\nhello\r\n" + END),
    ("DEL inside", b"5;a\x7fb\r\nhello\r\n" + END),
    ("LF in a quoted value", b'5;a="b\nc"\r\nhello\r\n' + END),
    ("LF on the last chunk", b"5\r\nhello\r\n0;a\n\r\n"),
    ("LF inside, on the last chunk", b"5\r\nhello\r\n0;\nGET /smuggled@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"),
    ("CR inside, on the last chunk", b"5\r\nhello\r\n0;a\rb\r\n\r\n"),
    ("never ends", b"5;" + b"a" * 40000),
]
for name, body in EXT_BAD:
    add("chunk extensions", name, body, reject_body(400))
add("chunk extensions", "CR LF in a quoted value", b'5;a="b\r\nhello\r\n0\r\n\r\n"\r\nhello\r\n' + END + SMUGGLED,
    several(request(b"POST", body=b"hello"), then=reject(400)), reject_body(400))

# ---- Trailers ----

TRAILERS_OK = [
    ("one", b"X-Sum: abc\r\n"), ("several", b"X-Sum: abc\r\nX-B:\r\nx-c: d e f\r\n"),
]
for name, lines in TRAILERS_OK:
    add("trailers", name, b"5\r\nhello\r\n0\r\n" + lines + b"\r\n", whole(b"hello"))
TRAILERS_NOT = [  # either refused, or left out
    ("content-length", b"Content-Length: 50\r\n"), ("transfer-encoding", b"Transfer-Encoding: chunked\r\n"),
    ("host", b"Host: evil.example\r\n"), ("connection", b"Connection: close\r\n"), ("trailer", b"Trailer: X-A\r\n"),
    ("te", b"TE: trailers\r\n"), ("upgrade", b"Upgrade: h2c\r\n"), ("keep-alive", b"Keep-Alive: timeout=5\r\n"),
    ("proxy-connection", b"Proxy-Connection: close\r\n"), ("content-encoding", b"Content-Encoding: gzip\r\n"),
    ("content-type", b"Content-Type: text/html\r\n"), ("content-range", b"Content-Range: bytes 0-1/2\r\n"),
    ("authorization", b"Authorization: Basic eDp5\r\n"), ("cookie", b"Cookie: a=b\r\n"), ("expect", b"Expect: 100-continue\r\n"),
    ("max-forwards", b"Max-Forwards: 1\r\n"), ("cache-control", b"Cache-Control: no-store\r\n"), ("range", b"Range: bytes=0-1\r\n"),
    ("if-match", b'If-Match: "x"\r\n'),
]
for name, line in TRAILERS_NOT:
    add("trailers", name + " among them", b"5\r\nhello\r\n0\r\n" + line + b"\r\n",
        one(method=b"POST", body=b"hello", lacks=[name.encode()] if name not in ("host", "transfer-encoding", "content-length") else []),
        reject_body(400))
TRAILERS_BAD = [
    ("no colon", b"X-Sum abc\r\n\r\n"), ("space before the colon", b"X-Sum : abc\r\n\r\n"), ("empty name", b": abc\r\n\r\n"),
    ("space in the name", b"X Sum: abc\r\n\r\n"), ("folded", b"X-Sum: abc\r\n def\r\n\r\n"), ("folded at once", b" X-Sum: abc\r\n\r\n"),
    ("NUL in the value", b"X-Sum: a\x00c\r\n\r\n"), ("NUL in the name", b"X\x00Sum: abc\r\n\r\n"),
    ("bare CR in the value", b"X-Sum: a\rc\r\n\r\n"), ("control byte in the value", b"X-Sum: a\x01c\r\n\r\n"),
    ("line ends in LF", b"X-Sum: abc\n\r\n"), ("all in LF", b"X-Sum: abc\n\n"), ("ends in LF", b"X-Sum: abc\r\n\n"),
    ("a request line", b"GET /smuggled@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"),
    ("a request line with a colon", b"GET http://h.example/smuggled@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"),
]
for name, lines in TRAILERS_BAD:
    add("trailers", name, b"5\r\nhello\r\n0\r\n" + lines, reject_body(400))
add("trailers", "too long", b"5\r\nhello\r\n0\r\nX-A: " + b"a" * 40000 + b"\r\n\r\n", reject_body(400, 413, 431))
add("trailers", "too many", b"5\r\nhello\r\n0\r\n" + b"X-A: b\r\n" * 4000 + b"\r\n", reject_body(400, 413, 431))

# ---- Cut short: the client says that it is done, in the middle ----

CUT = [
    ("in the size", b"5"), ("after the size", b"5\r\n"), ("in the data", b"5\r\nhe"), ("after the data", b"5\r\nhello"),
    ("between chunks", b"5\r\nhello\r\n"), ("in the last chunk", b"5\r\nhello\r\n0"), ("after the last chunk", b"5\r\nhello\r\n0\r\n"),
    ("before the last LF", b"5\r\nhello\r\n0\r\n\r"), ("in a trailer", b"5\r\nhello\r\n0\r\nX-A: b\r\n"), ("before it begins", b""),
]
for name, body in CUT:
    add("cut short", "chunks " + name, (body, FIN), incomplete())
