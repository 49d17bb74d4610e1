# SPDX-License-Identifier: Apache-2.0
"""Answers of a hostile or broken server: heads that are none, bodies whose end has two readings or
never comes, bytes after an answer's end, answers that nobody asked for (RFC 9112, sections 4, 6.3,
8 and 11.1). After each of them a further request has to get its own answer."""
from model import FIN, RST, Case, Pause, bad, cut, either, good

CASES = []
OWN = b"X-From: server\r\n"
GET = b"GET /case@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")
EVIL = b"HTTP/1.1 200 OK\r\nX-From: server\r\nContent-Length: 4\r\n\r\nevil"


def add(group, name, steps, *allowed, request=GET, **more):
    steps = steps if isinstance(steps, tuple) else (steps,)
    CASES.append(Case(group, name, steps, either(*allowed), request=request, **more))


def ok(fields=b"Content-Length: 5\r\n", status=b"200 OK", version=b"HTTP/1.1"):
    return version + b" " + status + b"\r\n" + OWN + fields + b"\r\n"


# ---- Status lines ----

STATUS_BAD = [
    b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1 200\tOK", b" HTTP/1.1 200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 2x0 OK", b"HTTP/1.1 abc OK", b"HTTP/1.1 -200 OK", b"HTTP/1.1 +200 OK", b"HTTP/1.1 0200 OK", b"HTTP/1.1 OK 200",
    b"HTTP/1.1 ", b"HTTP/1.1", b"HTTP/1. 200 OK", b"HTTP/1 200 OK", b"HTTP/.1 200 OK", b"HTTP 200 OK", b"HTTP/11 200 OK",
    b"HTTP/1,1 200 OK", b"HTTP/1.10 200 OK", b"HTTP/1.1x 200 OK", b"HTTP/x.1 200 OK", b"http/1.1 200 OK", b"HTTP/2.0 200 OK",
    b"HTTP/3.0 200 OK", b"HTTP/0.9 200 OK", b"HTTP/2 200", b"ICY 200 OK", b"SIP/2.0 200 OK", b"RTSP/1.0 200 OK", b"HTTPS/1.1 200 OK",
    b"200 OK", b"hello", b"", b"GET / HTTP/1.1", b"HTTP/1.1 000 Zero", b"HTTP/1.1 099 Low", b"HTTP/1.1 200 O\x00K", b"HTTP/1.1 200 O\x01K",
    b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 OK\r", b"HTTP/1.1 200\x00OK", b"HTTP/1.1 2\x0000 OK", b"\x00HTTP/1.1 200 OK", b"\xef\xbb\xbfHTTP/1.1 200 OK",
    b"HTTP/1.1 200OK", b"HTTP/1.1\x0b200 OK", "HTTP/1.1 ２００ OK".encode(), b"HTTP/-1.1 200 OK", b"HTTP/1.1 200\x7fOK",
]
for line in STATUS_BAD:
    add("status line", repr(line)[1:], line + b"\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", bad(), drop=True)
add("status line", "ends in LF", b"HTTP/1.1 200 OK\n" + OWN + b"Content-Length: 5\r\n\r\nhello", bad(), drop=True)
add("status line", "an empty line in front", b"\r\n" + ok() + b"hello", bad(), good(200, b"hello"))
add("status line", "several empty lines in front", b"\r\n\r\n\r\n" + ok() + b"hello", bad(), good(200, b"hello"))
add("status line", "no reason", ok(status=b"200 ") + b"hello", good(200, b"hello"))
add("status line", "no reason and no space", ok(status=b"200") + b"hello", good(200, b"hello"), bad())
add("status line", "high bytes in the reason", ok(status=b"200 \xc3\xa9") + b"hello", good(200, b"hello"), bad())
add("status line", "long reason", ok(status=b"200 " + b"o" * 5000) + b"hello", good(200, b"hello"), bad())
for code in (600, 700, 999):
    add("status line", f"status {code}", ok(status=b"%d Odd" % code) + b"hello", good(code, b"hello"), bad())
add("status line", "status 299", ok(status=b"299 Odd") + b"hello", good(299, b"hello"))
add("status line", "status 599", ok(status=b"599 Odd") + b"hello", good(599, b"hello"))
add("status line", "HTTP/1.2", ok(version=b"HTTP/1.2") + b"hello", good(200, b"hello"), bad())
add("status line", "HTTP/1.0", (ok(version=b"HTTP/1.0") + b"hello", FIN), good(200, b"hello"))
add("status line", "a line that never ends", b"HTTP/1.1 200 " + b"o" * 60000, bad(), drop=True)

# ---- Fields ----

FIELDS_BAD = [
    ("no colon", b"X-A\r\n"), ("empty name", b": b\r\n"), ("space before the colon", b"X-A : b\r\n"), ("tab before the colon", b"X-A\t: b\r\n"),
    ("space in the name", b"X A: b\r\n"), ("NUL in the name", b"X\x00A: b\r\n"), ("high byte in the name", b"X\xe9A: b\r\n"), ("slash in the name", b"X/A: b\r\n"),
    ("control byte in the name", b"X\x01A: b\r\n"), ("NUL in the value", b"X-A: b\x00c\r\n"), ("control byte in the value", b"X-A: b\x01c\r\n"),
    ("DEL in the value", b"X-A: b\x7fc\r\n"), ("bare CR in the value", b"X-A: b\rc\r\n"), ("bare CR hides a field", b"X-A: b\rSet-Cookie: a=b\r\n"),
    ("bare CR at the end", b"X-A: b\r\r\n"), ("bare CR in the name", b"X\rA: b\r\n"), ("ends in LF", b"X-A: b\n"), ("LF hides a field", b"X-A: b\nSet-Cookie: a=b\r\n"),
    ("LF hides a head", b"X-A: b\n\nHTTP/1.1 200 OK\r\n"), ("LF CR", b"X-A: b\n\r"), ("folded", b"X-A: b\r\n c\r\n"), ("folded with tab", b"X-A: b\r\n\tc\r\n"),
    ("folded, only spaces", b"X-A: b\r\n  \r\n"), ("space before the colon of the length", b"Content-Length : 4\r\n"),
    ("folded length", b"X-A: b\r\n Content-Length: 4\r\n"), ("another status line", b"HTTP/1.1 200 OK\r\n"), ("vertical tab in the value", b"X-A: b\x0bc\r\n"),
]
for name, fields in FIELDS_BAD:
    add("response fields", name, ok(fields + b"Content-Length: 5\r\n") + b"hello", bad(), drop=True)
add("response fields", "first line begins with a space", b"HTTP/1.1 200 OK\r\n X-A: b\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", bad(), drop=True)
add("response fields", "head ends in LF", b"HTTP/1.1 200 OK\r\n" + OWN + b"Content-Length: 5\r\n\nhello", bad(), drop=True)
add("response fields", "head ends in LF LF", b"HTTP/1.1 200 OK\r\n" + OWN + b"Content-Length: 5\n\nhello", bad(), drop=True)
add("response fields", "all in LF", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", bad(), drop=True)
add("response fields", "head of 60,000 bytes", ok(b"X-A: " + b"a" * 60000 + b"\r\nContent-Length: 5\r\n") + b"hello", bad(), drop=True)
add("response fields", "2,000 fields", ok(b"X-A: b\r\n" * 2000 + b"Content-Length: 5\r\n") + b"hello", bad(), drop=True)
add("response fields", "high bytes in the value", ok(b"X-A: \xc3\xa9\r\nContent-Length: 5\r\n") + b"hello", good(200, b"hello", has=[(b"x-a", b"\xc3\xa9")]))
for name, fields, gone in [("Keep-Alive", b"Keep-Alive: timeout=5\r\n", b"keep-alive"), ("named by Connection", b"Connection: X-A\r\nX-A: b\r\n", b"x-a"),
                           ("Proxy-Connection", b"Proxy-Connection: close\r\n", b"proxy-connection"), ("Upgrade unasked", b"Upgrade: h2c\r\n", b"upgrade"),
                           ("Proxy-Authenticate named", b"Connection: Proxy-Authenticate\r\nProxy-Authenticate: Basic\r\n", b"proxy-authenticate")]:
    add("response fields", name + " ends here", ok(fields + b"Content-Length: 5\r\n") + b"hello", good(200, b"hello", lacks=[gone]))
for name in (b"Content-Length", b"Transfer-Encoding"):
    chunked = name != b"Content-Length"
    add("response fields", f"Connection names {name.decode()}",
        ok(b"Connection: " + name + b"\r\n" + (b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: 5\r\n"))
        + (b"5\r\nhello\r\n0\r\n\r\n" if chunked else b"hello"), good(200, b"hello"), bad())

# ---- Length against length, length against chunks ----

LENGTHS_BAD = [b"+5", b"-5", b"5x", b"0x5", b"5.0", b"five", b"", b"5 5", b"5, 6", b"6,5", b"5;", b'"5"', b"1_0", b"18446744073709551621",
               b"9223372036854775808", b"99999999999999999999999999", "５".encode(), b"5\x00", b"5\x0b", b"\x0c5", b"5,", b",", b"5\r5"]
for value in LENGTHS_BAD:
    add("response length", repr(value)[1:], (ok(b"Content-Length: " + value + b"\r\n") + b"hello" + EVIL, Pause(30), FIN), bad(), drop=True)
for name, fields in [("5 and 6", b"Content-Length: 5\r\nContent-Length: 6\r\n"), ("6 and 5", b"Content-Length: 6\r\nContent-Length: 5\r\n"),
                     ("0 and 5", b"Content-Length: 0\r\nContent-Length: 5\r\n"), ("5, 5 and 6", b"Content-Length: 5\r\n" * 2 + b"Content-Length: 6\r\n"),
                     ("5 and nothing", b"Content-Length: 5\r\nContent-Length:\r\n")]:
    add("response length", name, ok(fields) + b"hello" + EVIL, bad(), drop=True)
for name, fields in [("the same twice", b"Content-Length: 5\r\nContent-Length: 5\r\n"), ("the same in a list", b"Content-Length: 5, 5\r\n"),
                     ("leading zeros", b"Content-Length: 0005\r\n")]:
    add("response length", name, ok(fields) + b"hello", good(200, b"hello"), bad())
for name, fields, body in [
    ("length first", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ("chunked first", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ("length of it all", b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ("length 0", b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ("chunks hide an answer", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + EVIL),
    ("length hides an answer", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (5 + len(EVIL)), b"0\r\n\r\n" + EVIL),
]:
    add("response both", name, ok(fields) + body, bad(), drop=True)
TE_BAD = [b"xchunked", b"chunked, chunked", b"chunked, gzip", b"gzip", b"gzip, chunked", b"identity", b"identity, chunked", b"chunked;q=1", b'"chunked"', b"\x0bchunked",
          b"chunked\x00", b"chunked x", b"", b"chunked\xff", b"chunked\r", b"cow"]
for value in TE_BAD:
    add("response coding", repr(value)[1:], (ok(b"Transfer-Encoding: " + value + b"\r\n") + b"5\r\nhello\r\n0\r\n\r\n" + EVIL, Pause(30), FIN), bad(), drop=True)
for name, fields in [("twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), ("space before the colon", b"Transfer-Encoding : chunked\r\n"),
                     ("folded", b"Transfer-Encoding:\r\n chunked\r\n"), ("identity, then chunked", b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
                     ("disguised, beside a length", b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n")]:
    add("response coding", name, (ok(fields) + b"5\r\nhello\r\n0\r\n\r\n" + EVIL, Pause(30), FIN), bad(), drop=True)
add("response coding", "mixed case", ok(b"Transfer-Encoding: ChunKed\r\n") + b"5\r\nhello\r\n0\r\n\r\n", good(200, b"hello"))
add("response coding", "in HTTP/1.0", (ok(b"Transfer-Encoding: chunked\r\n", version=b"HTTP/1.0") + b"5\r\nhello\r\n0\r\n\r\n", Pause(30), FIN), bad(), good(200, b"hello"), drop=True)
add("response coding", "to HTTP/1.0", ok(b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", good(200, b"hello", lacks=[b"transfer-encoding"]),
    request=GET.replace(b"HTTP/1.1", b"HTTP/1.0"))

# ---- Chunks ----

CHUNKS_BAD = [
    ("size with a plus sign", b"+5\r\nhello\r\n0\r\n\r\n"), ("size with 0x", b"0x5\r\nhello\r\n0\r\n\r\n"), ("size that is none", b"xyz\r\nhello\r\n0\r\n\r\n"),
    ("empty size", b"\r\nhello\r\n0\r\n\r\n"), ("size that overflows", b"10000000000000005\r\nhello\r\n0\r\n\r\n"), ("size ends in LF", b"5\nhello\r\n0\r\n\r\n"),
    ("data ends in LF", b"5\r\nhello\n0\r\n\r\n"), ("data ends in two bytes", b"5\r\nhelloXX0\r\n\r\n"), ("data spills over", b"5\r\nhello!!\r\n0\r\n\r\n"),
    ("LF in an extension", b"5;a\nb\r\nhello\r\n0\r\n\r\n"), ("CR in an extension", b"5;a\rb\r\nhello\r\n0\r\n\r\n"), ("LF ends an extension", b"5;\nhello\r\n0\r\n\r\n"),
    ("ends in LF", b"5\r\nhello\r\n0\r\n\n"), ("last size ends in LF", b"5\r\nhello\r\n0\n\r\n"), ("all in LF", b"5\nhello\n0\n\n"), ("space in front of the size", b" 5\r\nhello\r\n0\r\n\r\n"),
    ("NUL in an extension", b"5;a\x00\r\nhello\r\n0\r\n\r\n"), ("trailer without a colon", b"5\r\nhello\r\n0\r\nX-A b\r\n\r\n"), ("folded trailer", b"5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n"),
    ("trailer with NUL", b"5\r\nhello\r\n0\r\nX-A: b\x00\r\n\r\n"), ("trailer ends in LF", b"5\r\nhello\r\n0\r\nX-A: b\n\r\n"), ("an answer for a trailer", b"5\r\nhello\r\n0\r\n" + EVIL),
    ("minus sign", b"-5\r\nhello\r\n0\r\n\r\n"), ("size too small", b"4\r\nhello\r\n0\r\n\r\n"), ("bare CR behind the size", b"5\r\r\nhello\r\n0\r\n\r\n"),
]
for name, body in CHUNKS_BAD:
    add("response chunks", name, ok(b"Transfer-Encoding: chunked\r\n") + body, cut(), drop=True)
    add("response chunks", name + ", after the head has gone", (ok(b"Transfer-Encoding: chunked\r\n") + b"3\r\nabc\r\n", Pause(40), body), cut(), drop=True)
add("response chunks", "extensions", ok(b"Transfer-Encoding: chunked\r\n") + b'5;a=b;c="d e"\r\nhello\r\n0;x\r\n\r\n', good(200, b"hello"))
for name in (b"Content-Length", b"Transfer-Encoding", b"Connection", b"Set-Cookie", b"Content-Type", b"Trailer", b"Keep-Alive"):
    add("response trailers", name.decode() + " among them", ok(b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n" + name + b": 5\r\n\r\n",
        good(200, b"hello", lacks=[] if name == b"Transfer-Encoding" else [name.lower()]), cut())
add("response trailers", "a good one", ok(b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n", good(200, b"hello"))

# ---- Cut short ----

for how, end in (("FIN", FIN), ("RST", RST)):
    for name, data in [
        ("before a byte", ()), ("in the status line", (b"HTTP/1.1 2",)), ("after the status line", (b"HTTP/1.1 200 OK\r\n",)),
        ("in the fields", (b"HTTP/1.1 200 OK\r\nContent-Le",)), ("before the empty line", (ok()[:-2],)), ("in the empty line", (ok()[:-1],)),
    ]:
        add("response cut short", f"{name}, {how}", data + (Pause(20), end), bad())
    for name, fields, data in [
        ("before the body", b"Content-Length: 5\r\n", b""), ("in the body", b"Content-Length: 5\r\n", b"hell"), ("in a large body", b"Content-Length: 1000000\r\n", b"x" * 300000),
        ("before the chunks", b"Transfer-Encoding: chunked\r\n", b""), ("in a size", b"Transfer-Encoding: chunked\r\n", b"5"),
        ("in a chunk", b"Transfer-Encoding: chunked\r\n", b"5\r\nhel"), ("behind a chunk", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n"),
        ("in the last chunk", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0"), ("behind the last chunk", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n"),
        ("before the last LF", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r"), ("in a trailer", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\nX-A: b\r\n"),
    ]:
        add("response cut short", f"{name}, {how}", (ok(fields) + data, Pause(20), end), cut())
        if name in ("in the body", "behind a chunk"):
            add("response cut short", f"{name}, {how} at once", (ok(fields) + data, end), cut())
    if end == RST:
        add("response cut short", "until close, RST", (ok(b"") + b"hello", Pause(30), RST), cut())
add("until close", "FIN", (ok(b"") + b"hello", Pause(20), FIN), good(200, b"hello"))
add("until close", "FIN at once", (ok(b"") + b"hello", FIN), good(200, b"hello"))
add("until close", "an answer in it is body", (ok(b"") + EVIL, Pause(20), FIN), good(200, EVIL))
add("until close", "connection: keep-alive", (ok(b"Connection: keep-alive\r\n") + b"hello", Pause(20), FIN), good(200, b"hello"))
add("until close", "HTTP/1.0 server", (ok(b"", version=b"HTTP/1.0") + b"hello", Pause(20), FIN), good(200, b"hello"))
add("until close", "HTTP/1.0 client", (ok(b"") + b"hello", Pause(20), FIN), good(200, b"hello", lacks=[b"transfer-encoding"]),
    request=GET.replace(b"HTTP/1.1", b"HTTP/1.0"))

# ---- Bodies where there are none ----

for name, fields, body in [("a length and a body", b"Content-Length: 5\r\n", b"hello"), ("chunks", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
                           ("an answer behind", b"Content-Length: 0\r\n", EVIL)]:
    add("no body", f"HEAD, {name}", ok(fields) + body, good(200, b""), request=HEAD, drop=True)
    add("no body", f"HEAD, {name}, later", ok(fields), good(200, b""), request=HEAD, later=(body,))
    add("no body", f"304, {name}", ok(fields, b"304 Not Modified") + body, good(304, b""), bad(), drop=True)
    add("no body", f"304, {name}, later", ok(fields, b"304 Not Modified"), good(304, b""), bad(), later=(body,))
    add("no body", f"204, {name}", ok(fields, b"204 No Content") + body, good(204, b"", lacks=[b"transfer-encoding"]), bad(), drop=True)
    add("no body", f"204, {name}, later", ok(fields, b"204 No Content"), good(204, b"", lacks=[b"transfer-encoding"]), bad(), later=(body,))
add("no body", "HEAD without a length", ok(b""), good(200, b""), request=HEAD)
add("no body", "HEAD with length 5, no body", ok(), good(200, b"", has=[(b"content-length", b"5")]), request=HEAD)
add("no body", "HEAD chunked, no body", ok(b"Transfer-Encoding: chunked\r\n"), good(200, b""), request=HEAD)
add("no body", "304 with length 5, no body", ok(status=b"304 Not Modified"), good(304, b""))
add("no body", "204 with length 0", ok(b"Content-Length: 0\r\n", b"204 No Content"), good(204, b""))
add("no body", "204 with both lengths", ok(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"204 No Content"), bad(), drop=True)
add("no body", "205 with a body", ok(status=b"205 Reset Content") + b"hello", good(205, b"hello"), bad(), good(205, b""))
add("no body", "HEAD answered with garbage", b"garbage\r\n\r\n", either(good(502, b""), bad()), request=HEAD, drop=True)

# ---- Bytes behind an answer ----

for name, data in [("a byte", b"x"), ("CR LF", b"\r\n"), ("an answer", EVIL), ("a status line", b"HTTP/1.1 200 OK\r\n"), ("garbage", b"\x00\xff garbage\r\n\r\n"),
                   ("100,000 bytes", b"x" * 100000), ("two answers", EVIL + EVIL), ("an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n")]:
    add("bytes behind", f"{name}, length", ok() + b"hello" + data, good(200, b"hello"), bad(), drop=name != "CR LF")
    add("bytes behind", f"{name}, chunks", ok(b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n" + data, good(200, b"hello"), bad(), drop=name != "CR LF")
    add("bytes behind", f"{name}, on the idle connection", ok() + b"hello", good(200, b"hello"), later=(data,))
    add("bytes behind", f"{name}, on the idle connection, then FIN", ok() + b"hello", good(200, b"hello"), later=(data, Pause(5), FIN))
    add("bytes behind", f"{name}, behind connection: close", (ok(b"Connection: close\r\nContent-Length: 5\r\n") + b"hello" + data, FIN), good(200, b"hello"), bad())
    add("bytes behind", f"{name}, HTTP/1.0", (ok(version=b"HTTP/1.0") + b"hello" + data, Pause(10), FIN), good(200, b"hello"), bad(), drop=True)
add("bytes behind", "FIN on the idle connection", ok() + b"hello", good(200, b"hello"), later=(FIN,))
add("bytes behind", "RST on the idle connection", ok() + b"hello", good(200, b"hello"), later=(RST,))

# ---- Answers before their request ----

for name, data in [("an answer", EVIL), ("an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n"), ("garbage", b"220 mail.example ESMTP\r\n"), ("408", ok(b"Content-Length: 0\r\nConnection: close\r\n", b"408 Request Timeout"))]:
    add("before the request", name, ok() + b"hello", good(200, b"hello"), bad(), good(200, b"evil"), good(408), greet=(data,))

# ---- Interim answers ----

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
add("interim", "several", INTERIM * 3 + ok() + b"hello", good(200, b"hello"))
add("interim", "a thousand", INTERIM * 1000 + ok() + b"hello", good(200, b"hello"), cut())
add("interim", "ten thousand", INTERIM * 10000 + ok() + b"hello", good(200, b"hello"), cut())
add("interim", "100 unasked", b"HTTP/1.1 100 Continue\r\n\r\n" + ok() + b"hello", good(200, b"hello"))
add("interim", "100 with a length", b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + ok() + b"hello", good(200, b"hello"), bad())
add("interim", "103 chunked", b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + ok() + b"hello", good(200, b"hello"), bad())
add("interim", "103 with a length and a body", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" + ok() + b"hello", bad(), drop=True)
add("interim", "199", b"HTTP/1.1 199 Odd\r\n\r\n" + ok() + b"hello", good(200, b"hello"), bad())
add("interim", "101 unasked", b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n" + EVIL, bad(), drop=True)
add("interim", "101 unasked, without Upgrade", b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + EVIL, bad(), drop=True)
add("interim", "101 to HTTP/1.0", b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n" + EVIL, bad(), drop=True,
    request=b"GET /case@@ HTTP/1.0\r\nHost: h.example\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
add("interim", "bad fields in one", b"HTTP/1.1 103 Early Hints\r\nX-A : b\r\n\r\n" + ok() + b"hello", bad(), drop=True)
add("interim", "LF line ends in one", b"HTTP/1.1 103 Early Hints\n\n" + ok() + b"hello", bad(), drop=True)
add("interim", "then garbage", INTERIM + b"garbage\r\n\r\n", bad(), drop=True)
add("interim", "then FIN", (INTERIM, Pause(20), FIN), bad())
add("interim", "one that never ends", (b"HTTP/1.1 103 Early Hints\r\nX-A: " + b"a" * 60000,), bad(), drop=True)

# ---- Silence ----

add("silence", "no answer", (), bad(504))
add("silence", "half a head", (b"HTTP/1.1 200 OK\r\n",), bad(504, 502))
add("silence", "half a body", (ok() + b"he",), cut(), good(504))
add("silence", "half a chunk", (ok(b"Transfer-Encoding: chunked\r\n") + b"5\r\nhe",), cut())
