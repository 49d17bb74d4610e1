# SPDX-License-Identifier: Apache-2.0
"""More of what a hostile server answers: every control byte, lengths and codings in further disguise,
bodies where there are none, floods of interim answers, switches that nobody asked for, answers in
halves, answers that nobody asked for on pooled connections."""
from model import FIN, RST, Case, Pause, bad, cut, either, good
from requests_desync import CONTROLS
from responses import EVIL, GET, HEAD, INTERIM, OWN, ok

CASES = []
TE = b"Transfer-Encoding: chunked\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
UPGRADE = GET[:-2] + b"Connection: Upgrade\r\nUpgrade: echo\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\n"


def add(group, name, steps, *allowed, request=GET, **more):
    steps = steps if isinstance(steps, tuple) else (steps,)
    CASES.append(Case(group, name, steps, either(*allowed), request=request, **more))


# ---- Status lines ----

for line in (b"HTTP/1.1 200\x0bOK", b"HTTP/1.1\xa0200 OK", b"HTTP/1.1\x85200 OK", b"HTTP/1.1\xe2\x80\xa8200 OK",
        b"HTTP/1.1 2 00 OK", b"HTTP/1.1 20O OK", b"HTTP/1.1 \xef\xbc\x9200 OK", b"HTTP/1.1 200; OK", b"HTTP/1.1 200.1 OK",
        b"HTTP/1.1 2e2 OK", b"HTTP/1.1 0x200 OK", b"HTTP/1.1: 200 OK", b"Status: 200 OK", b"HTTP/01.1 200 OK",
        b"HTTP/1.01 200 OK", b"HTTP/1.1\r\n 200 OK", b"HTTP/1.1 020 OK", b"HTTP/1.1 1000 OK", b"HTTP/1.1 200,OK",
        b"HTTP/1.1 200:OK", b"HTTP/1.1/200 OK", b"HTTP/1.1,200 OK", b"HTTP//1.1 200 OK", b"HTTP /1.1 200 OK",
        b"HTTP/1.1 \t200 OK", b"HTTP/1.1 200\xa0OK", b"\nHTTP/1.1 200 OK", b"\tHTTP/1.1 200 OK", b"0\r\n\r\nHTTP/1.1 200 OK",
        b"HTTP/1.1 200\x1fOK", b"hTTP/1.1 200 OK", b"HTTP/1.1 -1 OK", b"HTTP/1.1 1 OK", b"HTTP/1.1  OK",
        b"\x15\x03\x01\x00\x02\x02\x46", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", b"SSH-2.0-OpenSSH_9.2", b"<html>"):
    add("status line", "also " + repr(line)[1:], line + b"\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", bad(), drop=True)
for c in CONTROLS:
    add("bytes", f"{c:#04x} in a response's value", ok(b"X-A: b" + bytes([c]) + b"c\r\nContent-Length: 5\r\n") + b"hello", bad(),
        drop=True)
    add("bytes", f"{c:#04x} in a reason", ok(status=b"200 O" + bytes([c]) + b"K") + b"hello", bad(), drop=True)
for c in b'"(),/;<=>?@[\\]{}':
    add("bytes", f"{chr(c)} in a response's field name", ok(b"X" + bytes([c]) + b"A: b\r\nContent-Length: 5\r\n") + b"hello",
        bad(), drop=True)

# ---- Splitting ----

for name, value in [("encoded CR LF", b"b%0d%0aX-B: c"), ("encoded head", b"b%0d%0a%0d%0aHTTP/1.1 200 OK"),
        ("U+560A U+560D", b"b\xe5\x98\x8a\xe5\x98\x8dX-B: c"), ("NEL", b"b\x85X-B: c"),
        ("line separator", b"b\xe2\x80\xa8X-B: c"), ("escapes", b"b\\r\\nX-B: c")]:
    add("splitting", name, ok(b"X-A: " + value + b"\r\nContent-Length: 5\r\n") + b"hello",
        good(200, b"hello", has=[(b"x-a", value)], lacks=[b"x-b"]), bad())
for name, fields in [("bare CR and a head", b"X-A: b\r\rHTTP/1.1 200 OK\r\n"), ("LF and a head",
        b"X-A: b\n\nHTTP/1.1 200 OK\n\n"), ("CR LF LF", b"X-A: b\r\n\n"), ("LF CR LF", b"X-A: b\n\r\n"),
        ("CR CR LF", b"X-A: b\r\r\nX-B: c\r\n"), ("vertical tab", b"X-A: b\x0bSet-Cookie: a=b\r\n"),
        ("NUL and CR LF", b"X-A: b\x00\r\n"), ("a pseudo field", b":status: 200\r\n"),
        ("a folded cookie", b"X-A: b\r\n\tSet-Cookie: a=b\r\n"), ("a folded length", b"Content-Length:\r\n 4\r\n"),
        ("a folded coding", b"Transfer-Encoding:\r\n\tchunked\r\n")]:
    add("splitting", name, ok(fields + b"Content-Length: 5\r\n") + b"hello", bad(), drop=True)
add("splitting", "a head in the reason", ok(status=b"200 HTTP/1.1 200 OK") + b"hello", good(200, b"hello"), bad())

# ---- Lengths and codings ----

for value in (b"5+0", b"1e1", b"5L", b"0b101", b"#5", b"5%", b"[5]", b"5.", b".5", b"5, 6, 5", b"inf", b"null", b"-", b"+", b"0x",
        b"5\x85", b"\xef\xbb\xbf5", b"5\x1f", b"5\xe2\x80\x8b", b"5;5", b"5 ,", b"5\xa0", b"05, 6", b"-0", b"5\t5", b"5\x00 5",
        b"chunked"):
    add("response length", "also " + repr(value)[1:], (ok(b"Content-Length: " + value + b"\r\n") + b"hello" + EVIL, Pause(20),
        FIN), bad(), drop=True)
for name, fields in [("name with NUL", b"Content-Length\x00: 4\r\nContent-Length: 5\r\n"),
        ("name with a tab", b"Content-Length\t: 4\r\nContent-Length: 5\r\n"), ("name with a high byte",
        b"Content-Length\xa0: 4\r\nContent-Length: 5\r\n"), ("5 and +5", b"Content-Length: 5\r\nContent-Length: +5\r\n"),
        ("5 and 5, 6", b"Content-Length: 5\r\nContent-Length: 5, 6\r\n"), ("far apart",
        b"Content-Length: 5\r\n" + b"X-A: b\r\n" * 30 + b"content-length: 6\r\n")]:
    add("response length", name, ok(fields) + b"hello" + EVIL, bad(), drop=True)
add("response length", "Content_Length is another field", ok(b"Content_Length: 4\r\nContent-Length: 5\r\n") + b"hello",
    good(200, b"hello"), bad())
for value in (b"chunked=1", b"chunked/1.1", b"chunked ;q=1", b"compress, chunked", b"deflate, chunked", b"br", b"x-gzip, chunked",
        b"aws-chunked", b"chunked-", b"_chunked", b"chun ked", b"chunked\x85", b"\xe2\x80\x8bchunked", b"chunked\x1f",
        b"[chunked]", b"chunked, ", b", chunked", b"none", b"close", b"chunked:chunked", b"chunked , chunked",
        b"identity;chunked", b"*", "сhunked".encode(), b"chunked, trailers"):
    allowed = (bad(), good(200, b"hello")) if value in (b"chunked, ", b", chunked") else (bad(),)
    add("response coding", "also " + repr(value)[1:], (ok(b"Transfer-Encoding: " + value + b"\r\n") + HELLO, Pause(20), FIN),
        *allowed, drop=len(allowed) == 1)
for name, fields in [("both, length twice", TE + b"Content-Length: 5\r\n" * 2),
        ("both, coding disguised by a tab", b"Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n"),
        ("both, coding is gzip", b"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"),
        ("both, HTTP/1.0", TE + b"Content-Length: 5\r\n")]:
    add("response both", name, ok(fields, version=b"HTTP/1.0" if "1.0" in name else b"HTTP/1.1") + HELLO, bad(), drop=True)
for status in (b"204 No Content", b"304 Not Modified", b"404 Not Found", b"500 Oops"):
    add("response both", status.decode(), ok(TE + b"Content-Length: 5\r\n", status) + HELLO, bad(), drop=True)
    add("response length", "bad one in a " + status.decode(), ok(b"Content-Length: 5x\r\n", status) + b"hello", bad(), drop=True)
    add("response length", "differing ones in a " + status.decode(), ok(b"Content-Length: 5\r\nContent-Length: 6\r\n",
        status) + b"hello", bad(), drop=True)
add("response both", "HEAD", ok(TE + b"Content-Length: 5\r\n"), either(bad(), good(502, b"")), request=HEAD, drop=True)
add("response length", "HEAD, differing ones", ok(b"Content-Length: 5\r\nContent-Length: 6\r\n"), either(bad(), good(502, b"")),
    request=HEAD, drop=True)
add("response coding", "HEAD, gzip", ok(b"Transfer-Encoding: gzip\r\n"), either(bad(), good(502, b""), good(200, b"")),
    request=HEAD)

# ---- Chunks ----

for name, body in [("LF LF behind data", b"5\r\nhello\n\n0\r\n\r\n"), ("CR CR behind data", b"5\r\nhello\r\r0\r\n\r\n"),
        ("NULs behind data", b"5\r\nhello\x00\x000\r\n\r\n"), ("LF in front of an extension", b"5\n;a\r\nhello\r\n0\r\n\r\n"),
        ("NUL in a quoted value", b'5;a="\x00"\r\nhello\r\n0\r\n\r\n'), ("CR LF in a quoted value",
        b'5;a="\r\nhello\r\n0\r\n\r\n"\r\nhello\r\n0\r\n\r\n'), ("size with an underscore", b"0_5\r\nhello\r\n0\r\n\r\n"),
        ("size in brackets", b"[5]\r\nhello\r\n0\r\n\r\n"), ("size with a BOM", b"\xef\xbb\xbf5\r\nhello\r\n0\r\n\r\n"),
        ("vertical tab behind the size", b"5\x0b\r\nhello\r\n0\r\n\r\n"), ("NEL behind the size", b"5\x85hello\r\n0\r\n\r\n"),
        ("two bytes behind the last", b"5\r\nhello\r\n0\r\nXX" + EVIL), ("LF LF behind the last", b"5\r\nhello\r\n0\n\n" + EVIL),
        ("pseudo field for a trailer", b"5\r\nhello\r\n0\r\n:status: 200\r\n\r\n"),
        ("size line of 40,000 bytes", b"5;" + b"a" * 40000 + b"\r\nhello\r\n0\r\n\r\n"),
        ("trailer of 40,000 bytes", b"5\r\nhello\r\n0\r\nX-A: " + b"a" * 40000 + b"\r\n\r\n"),
        ("2^63", b"8000000000000000\r\nhello\r\n0\r\n\r\n"), ("no size at all", b"hello"), ("an answer for a size", EVIL)]:
    add("response chunks", "also " + name, ok(TE) + body, cut(), drop=True)
for name in (b"Host", b"Content_Length", b"Upgrade", b"TE", b"Location", b"Cache-Control", b"Content-Encoding",
        b"WWW-Authenticate", b"Proxy-Connection", b"Content-Location", b"Date", b"Vary"):
    add("response trailers", f"{name.decode()} is not merged", ok(TE) + b"5\r\nhello\r\n0\r\n" + name + b": 5\r\n\r\n",
        good(200, b"hello", lacks=[name.lower()]), cut())
add("response trailers", "then another answer", ok(TE) + b"5\r\nhello\r\n0\r\nX-A: b\r\n\r\n" + EVIL, good(200, b"hello"), cut(),
    drop=True)

# ---- Bodies where there are none ----

add("no body", "HEAD, until close", (ok(b"") + b"hello", Pause(10), FIN), good(200, b""), request=HEAD, drop=True)
add("no body", "HEAD, an interim answer and a body", INTERIM + ok() + b"hello", good(200, b""), request=HEAD, drop=True)
add("no body", "HEAD, chunks and an answer", ok(TE) + HELLO + EVIL, good(200, b""), request=HEAD, drop=True)
add("no body", "HEAD, 204 and an answer", ok(b"", b"204 No Content") + EVIL, good(204, b""), request=HEAD, drop=True)
add("no body", "HEAD, 404 with a body", ok(status=b"404 Not Found") + b"hello", good(404, b""), request=HEAD, drop=True)
add("no body", "HEAD, 404 with a body, later", ok(status=b"404 Not Found"), good(404, b""), request=HEAD,
    later=(b"hello" + EVIL,))
add("no body", "304, until close", (ok(b"", b"304 Not Modified") + b"hello", Pause(10), FIN), good(304, b""), drop=True)
add("no body", "304, chunked, nothing", ok(TE, b"304 Not Modified"), good(304, b""), bad())
add("no body", "204, until close", (ok(b"", b"204 No Content") + b"hello", Pause(10), FIN), good(204, b""), drop=True)
add("no body", "205 chunked", ok(TE, b"205 Reset Content") + b"0\r\n\r\n", good(205, b""), bad())
add("no body", "205 chunked, with data", ok(TE, b"205 Reset Content") + HELLO, good(205, b"hello"), good(205, b""), cut())
add("no body", "205 without a length", (ok(b"", b"205 Reset Content"), FIN), good(205, b""), bad())

# ---- Interim answers and switches ----

add("interim", "a hundred of 102", b"HTTP/1.1 102 Processing\r\n\r\n" * 100 + ok() + b"hello", good(200, b"hello"), cut())
add("interim", "sixty-five of 100", b"HTTP/1.1 100 Continue\r\n\r\n" * 65 + ok() + b"hello", good(200, b"hello"), cut())
add("interim", "many, then silence", INTERIM * 30, bad(502, 504))
add("interim", "many, then FIN", (INTERIM * 30, Pause(10), FIN), bad())
add("interim", "one of many fields", b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a>\r\n" * 90 + b"\r\n" + ok() + b"hello",
    good(200, b"hello"))
add("interim", "one of too many fields", b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a>\r\n" * 300 + b"\r\n" + ok() + b"hello",
    bad(), drop=True)
add("interim", "100 with chunks", b"HTTP/1.1 100 Continue\r\n" + TE + b"\r\n" + HELLO + ok() + b"hello", bad(), drop=True)
add("interim", "103 with both lengths", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n" + TE + b"\r\n" + ok() + b"hello",
    bad(), drop=True)
add("interim", "103 with differing lengths",
    b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + ok() + b"hello", bad(), drop=True)
add("interim", "103 with connection: close", b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n" + ok() + b"hello",
    good(200, b"hello"), bad())
add("interim", "in HTTP/1.0", b"HTTP/1.0 103 Early Hints\r\n\r\n" + ok() + b"hello", good(200, b"hello"), bad())
add("interim", "to HTTP/1.0", INTERIM * 3 + ok() + b"hello", good(200, b"hello"), request=GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
add("interim", "in halves", (INTERIM[:20], Pause(10), INTERIM[20:] + ok()[:10], Pause(10), ok()[10:] + b"hello"),
    good(200, b"hello"))
add("interim", "then 101 unasked", INTERIM + SWITCH + b"Connection: upgrade\r\nUpgrade: echo\r\n\r\n" + EVIL, bad(), drop=True)
add("interim", "HEAD, then a body", INTERIM * 2 + ok() + b"hello", good(200, b""), request=HEAD, drop=True)
add("interim", "CR LF between", INTERIM + b"\r\n" + ok() + b"hello", good(200, b"hello"), bad())
add("interim", "a body between", INTERIM + b"hello" + ok() + b"hello", bad(), drop=True)
add("switch", "to an upgrade, without Upgrade", SWITCH + b"Connection: upgrade\r\n\r\n" + EVIL, bad(), request=UPGRADE, drop=True)
add("switch", "to an upgrade, without Connection", SWITCH + b"Upgrade: echo\r\n\r\n" + EVIL, bad(), request=UPGRADE, drop=True)
add("switch", "to an upgrade, bare", SWITCH + b"\r\n" + EVIL, bad(), request=UPGRADE, drop=True)
for protocol in (b"h2c", b"websocket", b"HTTP/2.0", b"TLS/1.3", b"echo, h2c", b"other, echo", b"", b'"echo"', b"echo x", b"ech",
        b"echoo"):
    add("switch", "to " + repr(protocol)[1:] + ", not to what was asked for",
        SWITCH + b"Connection: upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n" + EVIL, bad(), request=UPGRADE, drop=True)
add("switch", "in HTTP/1.0", SWITCH.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Connection: upgrade\r\nUpgrade: echo\r\n\r\n" + EVIL,
    bad(), request=UPGRADE, drop=True)
add("switch", "asked for, with a body", SWITCH + b"Connection: upgrade\r\nUpgrade: echo\r\n\r\n" + EVIL, bad(), drop=True,
    request=b"POST /case@@ HTTP/1.1\r\nHost: h.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 5\r\n\r\nhello")
add("switch", "refused, then an answer behind", ok() + b"hello" + EVIL, good(200, b"hello"), request=UPGRADE, drop=True)
add("switch", "refused with 426", ok(b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n",
    b"426 Upgrade Required") + b"hello", good(426, b"hello"), bad(), request=UPGRADE)

# ---- Connection ----

for name in (b"Set-Cookie", b"Content-Type", b"Host", b"Content-Encoding", b"Cache-Control", b"Location"):
    add("response fields", f"Connection names {name.decode()}",
        ok(b"Connection: " + name + b"\r\nContent-Length: 5\r\n") + b"hello", good(200, b"hello"), bad())
for value in (b"close, x y", b"clos\xe9", b'"close"', b"close;x=1", b"keep-alive, close", b"close, keep-alive", b",,,", b"@"):
    add("response fields", "Connection: " + repr(value)[1:],
        ok(b"Connection: " + value + b"\r\nContent-Length: 5\r\n") + b"hello", good(200, b"hello", lacks=[b"connection"]), bad(),
        good(200, b"hello"))

# ---- Sizes ----

add("response fields", "a head of 20,000 bytes", ok(b"X-A: " + b"a" * 20000 + b"\r\nContent-Length: 5\r\n") + b"hello", bad(),
    drop=True)
add("response fields", "200 of them", ok(b"X-A: b\r\n" * 200 + b"Content-Length: 5\r\n") + b"hello", bad(), drop=True)
add("response fields", "90 of them", ok(b"X-A: b\r\n" * 90 + b"Content-Length: 5\r\n") + b"hello", good(200, b"hello"))
add("response fields", "a head of 14,000 bytes", ok(b"X-A: " + b"a" * 14000 + b"\r\nContent-Length: 5\r\n") + b"hello",
    good(200, b"hello"))
add("response fields", "a name of 5,000 bytes", ok(b"a" * 5000 + b": b\r\nContent-Length: 5\r\n") + b"hello", good(200, b"hello"),
    bad())
add("response fields", "a name that never ends", ok(b"a" * 60000), bad(), drop=True)

# ---- In parts, and cut ----

WHOLE = ok() + b"hello"
add("response parts", "byte by byte", tuple(x for b in WHOLE for x in (bytes([b]), Pause(1))), good(200, b"hello"))
add("response parts", "chunks byte by byte", (ok(TE),) + tuple(x for b in HELLO for x in (Pause(2), bytes([b]))),
    good(200, b"hello"))
add("response parts", "head, length and body apart", (ok()[:-2], Pause(10), b"\r", Pause(10), b"\n", Pause(10), b"hello"),
    good(200, b"hello"))
for how, end in (("FIN", FIN), ("RST", RST)):
    add("response cut short", f"HTTP/1.0 with a length, {how}", (ok(version=b"HTTP/1.0") + b"hel", Pause(10), end), cut())
    add("response cut short", f"connection: close with a length, {how}",
        (ok(b"Connection: close\r\nContent-Length: 5\r\n") + b"hel", Pause(10), end), cut())
    add("response cut short", f"chunks behind a trailer line, {how}", (ok(TE) + b"5\r\nhello\r\n0\r\nX-A: b", Pause(10), end),
        cut())
    add("response cut short", f"to HTTP/1.0, chunks, {how}", (ok(TE) + b"5\r\nhello\r\n", Pause(10), end), cut(),
        request=GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
    add("response cut short", f"a chunk of 300,000 bytes, {how}", (ok(TE) + b"493e0\r\n" + b"x" * 200000, Pause(10), end), cut())

# ---- Answers that nobody asked for ----

for name, data in [("half a status line", (EVIL[:12],)), ("half a head", (EVIL[:30],)), ("NUL", (b"\x00",)),
        ("CR LF CR LF", (b"\r\n\r\n",)), ("the end of chunks", (b"0\r\n\r\n",)),
        ("408 and FIN", (ok(b"Connection: close\r\nContent-Length: 0\r\n", b"408 Request Timeout"), FIN)),
        ("an answer, and FIN", (EVIL, FIN)), ("a hundred answers", (EVIL * 100,)),
        ("an answer in halves", (EVIL[:30], Pause(5), EVIL[30:])), ("101",
        (SWITCH + b"Connection: upgrade\r\nUpgrade: echo\r\n\r\n",)), ("garbage, and RST", (b"garbage", RST)), ("LF", (b"\n",)),
        ("a space", (b" ",))]:
    add("unasked", f"{name}, on the idle connection", ok() + b"hello", good(200, b"hello"), later=data)
    add("unasked", f"{name}, behind chunks", ok(TE) + HELLO, good(200, b"hello"), later=data)
    add("unasked", f"{name}, behind HEAD", ok(), good(200, b""), later=data, request=HEAD)
for name, data in [("half an answer", EVIL[:30]), ("NUL", b"\x00"), ("an interim answer in half", b"HTTP/1.1 100 Con"),
        ("400", ok(b"Connection: close\r\nContent-Length: 0\r\n", b"400 Bad Request")), ("101", SWITCH + b"\r\n"),
        ("204", ok(b"", b"204 No Content"))]:
    add("before the request", "also " + name, ok() + b"hello", good(200, b"hello"), bad(), good(400), good(204), greet=(data,))
for name, fields, body in [("304", b"", b""), ("length 0", b"Content-Length: 0\r\n", b"")]:
    status = b"304 Not Modified" if name == "304" else b"200 OK"
    add("bytes behind", f"an answer, {name}", ok(fields, status) + body + EVIL, good(int(status[:3]), b""), drop=True)
    add("bytes behind", f"half an answer, {name}", ok(fields, status) + body + EVIL[:30], good(int(status[:3]), b""), drop=True)
add("bytes behind", "an answer, in the segment of the last chunk", (ok(TE) + b"5\r\nhello\r\n", Pause(10), b"0\r\n\r\n" + EVIL),
    good(200, b"hello"), drop=True)
add("bytes behind", "an answer, in the segment of the body's end", (ok() + b"he", Pause(10), b"llo" + EVIL), good(200, b"hello"),
    drop=True)
