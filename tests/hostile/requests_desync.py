# SPDX-License-Identifier: Apache-2.0
"""What research into request smuggling has published since: lengths and codings in further disguise,
Expect and answers before the body (0.CL), chunks whose lines two readers end in different places,
trailers that are merged into the head (TRAILER.MERGE), bodies on requests that mostly have none."""
from model import ANSWERED, FIN, Case, Pause, either, incomplete, one, partial, reject, reject_body, request, several
from requests_framing import CHUNKED_HELLO, HOST, SMUGGLED, head

CASES = []
EXPECT = b"Expect: 100-continue\r\n"
SECOND = b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"
CARRIED = b"GET /smuggled HTTP/1.1\r\nHost: h.example\r\n\r\n"  # as a body
CARRIED_LENGTH = b"Content-Length: %d\r\n" % len(CARRIED)
TE = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"
CONTROLS = [c for c in range(32) if c not in (9, 10, 13)] + [127]


def add(group, name, steps, *allowed, **more):
    CASES.append(Case(group, name, steps if isinstance(steps, tuple) else (steps,), either(*allowed), **more))


def hello(**more):
    return one(method=b"POST", body=b"hello", **more)


# ---- Content-Length, once more ----

for value in (b"5+0", b"5-0", b"5*1", b"1e1", b"5L", b"5u", b"0b101", b"0d5", b"#5", b"$5", b"5%", b"[5]", b"{5}", b"<5>", b"5.",
        b".5", b"5, 6, 5", b"inf", b"nan", b"null", b"true", b"-", b"+", b"0x", b"++5", b"5\x85", b"\xef\xbb\xbf5", b"5\x1f",
        b"5\x08", b"5\xe2\x80\x8b", "५".encode(), b"5,\x0b5", b"5;5", b"5 ,", b"5 5, 5", b"5\xa0", b"%355", b"5&0", b"5|6",
        b"~5"):
    add("CL", "also " + repr(value)[1:], head(b"Content-Length: " + value + b"\r\n") + b"hello" + SMUGGLED, reject(400))
for value in (b"5, 5, 5", b"5 , 5", b"5,\t5", b"5, 05", b"05, 5", b"0" * 400 + b"5"):
    add("CL.CL", "also " + repr(value)[1:40], head(b"Content-Length: " + value + b"\r\n") + b"hello", hello(), reject(400))
add("CL.CL", "5 and 05", head(b"Content-Length: 5\r\nContent-Length: 05\r\n") + b"hello", hello(), reject(400))
add("CL.CL", "a hundred of the same", head(b"Content-Length: 5\r\n" * 99) + b"hello", hello(), reject(400, 431))
add("CL", "a very large one, then FIN", (head(b"Content-Length: 999999999999999999\r\n") + b"hello", FIN), incomplete())
add("CL", "one too small", head(b"Content-Length: 4\r\n") + b"hello" + SECOND,
    several(request(b"POST", body=b"hell"), request(b"oGET", b"/second@@")),
    several(request(b"POST", body=b"hell"), then=reject(400, 501)))

# The name, so that one of two readers does not know it.
for name, field in [("NUL behind", b"Content-Length\x00: "), ("unit separator behind", b"Content-Length\x1f: "),
        ("vertical tab behind", b"Content-Length\x0b: "), ("no-break space behind", b"Content-Length\xa0: "),
        ("no-break space in front", b"\xa0Content-Length: "), ("NEL behind", b"Content-Length\x85: "),
        ("zero width space behind", b"Content-Length\xe2\x80\x8b: "), ("no-break hyphen", "Content‑Length: ".encode()),
        ("en dash", "Content–Length: ".encode()), ("semicolon", b"Content-Length; "), ("equals", b"Content-Length="),
        ("comma behind", b"Content-Length,: "), ("in parentheses", b"(Content-Length): "), ("quoted", b'"Content-Length": '),
        ("CR inside", b"Content-\rLength: "), ("LF inside", b"Content-\nLength: "), ("colon inside", b"Content:-Length: 0\r\n:"),
        ("space inside", b"Content- Length: "), ("a colon in front", b": Content-Length: "),
        ("BOM in front", b"\xef\xbb\xbfContent-Length: ")]:
    add("0.CL", "name with " + name, head(field + b"%d\r\n" % len(CARRIED)) + SMUGGLED, reject(400))
for name, end in [("NEL", b"\x85"), ("line separator", b"\xe2\x80\xa8"), ("paragraph separator", b"\xe2\x80\xa9"),
        ("encoded CR LF", b"%0d%0a"), ("escaped CR LF", b"\\r\\n"), ("U+560A U+560D", b"\xe5\x98\x8a\xe5\x98\x8d")]:
    add("0.CL", name + " is no line end", head(b"X-A: b" + end + b"Content-Length: 500\r\n") + SECOND,
        several(request(b"POST"), request(target=b"/second@@")))
for name, end in [("record separator", b"\x1e"), ("vertical tab", b"\x0b"), ("form feed", b"\x0c"), ("CR", b"\r"), ("LF", b"\n"),
        ("CR CR", b"\r\r"), ("CR LF CR", b"\r\n\r"), ("NUL", b"\x00")]:
    add("0.CL", name + " for a line end", head(b"X-A: b" + end + b"Content-Length: 500\r\n") + SECOND, reject(400))
for name, field in [("lower case", b"content_length"), ("upper case", b"CONTENT_LENGTH"), ("a dot", b"Content.Length"),
        ("a bar", b"Content|Length"), ("a tilde", b"Content~Length"), ("a plus", b"Content+Length")]:
    add("0.CL", "CGI name, " + name, head(field + b": 500\r\n") + SECOND, several(request(b"POST"), request(target=b"/second@@")),
        reject(400))

# ---- Transfer-Encoding, once more ----

for value in (b"chunked=1", b"chunked/1.1", b"chunked ;q=1", b"Chunked;foo=bar", b"chunked, identity;q=0", b"trailers, chunked",
        b"compress, chunked", b"deflate, chunked", b"br, chunked", b"x-gzip, chunked", b"aws-chunked", b"chunked-", b"-chunked",
        b"chunked.", b"_chunked", b"chun ked", b"c hunked", b"chunked\x85", b"\x85chunked", b"\xe2\x80\xa8chunked",
        b"\xe2\x80\x8bchunked", b"chunked\x1f", b"chunked\\0", b"[chunked]", b"chunked&", b"chunked%00", b"chunked#", b"chunked'",
        b"`chunked`", b"=chunked", b"none", b"null", b"false", b"close", b"chunked:chunked", b"chunked\t,\tchunked",
        b"chunked , chunked", b"cHuNkEd, CHUNKED", b"identity;chunked", b"chunked\\", b"chunked?", b"*", b"chunked*",
        b"{chunked}", b"<chunked>", b"\x08chunked", b"chunked\x00, identity", "сhunked".encode(), "ｃhunked".encode(),
        b"chunked\xc2\xa0"):
    add("TE.TE", "also " + repr(value)[1:], head(b"Transfer-Encoding: " + value + b"\r\n") + CHUNKED_HELLO + SMUGGLED,
        reject(400, 501))
    add("TE.TE", "also " + repr(value)[1:] + ", with a length",
        head(b"Transfer-Encoding: " + value + b"\r\nContent-Length: 15\r\n") + CHUNKED_HELLO, reject(400, 501))
for name, fields in [("two commas in front", b"Transfer-Encoding: ,, chunked\r\n"),
        ("commas around", b"Transfer-Encoding: , chunked ,\r\n"), ("an empty one in front",
        b"Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n")]:
    add("TE.TE", name, head(fields) + CHUNKED_HELLO, hello(), reject(400, 501))
for name, fields in [("then gzip", TE + b"Transfer-Encoding: gzip\r\n"), ("gzip first", b"Transfer-Encoding: gzip\r\n" + TE),
        ("then xchunked", TE + b"Transfer-Encoding: xchunked\r\n"), ("far apart",
        TE + b"X-A: b\r\n" * 30 + b"transfer-encoding: identity\r\n"), ("three", TE * 3)]:
    add("TE.TE", "two fields, " + name, head(fields) + CHUNKED_HELLO + SMUGGLED, reject(400, 501))
for name, field in [("unit separator behind", b"Transfer-Encoding\x1f: "), ("zero width space behind",
        b"Transfer-Encoding\xe2\x80\x8b: "), ("no-break space behind", b"Transfer-Encoding\xa0: "),
        ("NEL in front", b"\x85Transfer-Encoding: "), ("no-break hyphen", "Transfer‑Encoding: ".encode()),
        ("comma behind", b"Transfer-Encoding,: "), ("semicolon", b"Transfer-Encoding; "),
        ("in parentheses", b"(Transfer-Encoding): "), ("CR inside", b"Transfer-\rEncoding: "),
        ("LF inside", b"Transfer-\nEncoding: "), ("quoted", b'"Transfer-Encoding": '),
        ("full-width letter", "Ｔransfer-Encoding: ".encode()), ("long s", "Tranſfer-Encoding: ".encode())]:
    add("TE.TE", "name with " + name, head(field + b"chunked\r\n") + CHUNKED_HELLO + SMUGGLED, reject(400))
for name, field in [("upper case", b"TRANSFER_ENCODING"), ("a dot", b"transfer.encoding"), ("a bar", b"Transfer|Encoding"),
        ("a star", b"Transfer*Encoding")]:
    add("TE.TE", "CGI name, " + name, head(b"Content-Length: 15\r\n" + field + b": chunked\r\n") + CHUNKED_HELLO,
        one(method=b"POST", body=CHUNKED_HELLO), reject(400))
add("TE.TE", "HTTP/1.0 with identity", head(b"Transfer-Encoding: identity\r\n", version=b"HTTP/1.0") + b"hello", reject(400, 501))
add("TE.TE", "HTTP/1.2 with chunked", head(TE, version=b"HTTP/1.2") + CHUNKED_HELLO, hello(), reject(400, 505))

# ---- CL.0, TE.0: methods and targets for which many a server reads no body ----

for method in (b"DELETE", b"PUT", b"PATCH", b"FOO", b"PROPFIND", b"post"):
    add("TE.0", f"{method.decode()} chunked, the body is a request", head(TE,
        method=method) + b"%x\r\n" % len(CARRIED) + CARRIED + b"\r\n" + END, one(method=method, body=CARRIED))
add("TE.0", "TRACE chunked", head(TE, method=b"TRACE") + CHUNKED_HELLO, one(method=b"TRACE", body=b"hello"), reject(400))
for target in (b"/con@@", b"/nul@@", b"/favicon.ico?@@", b"/assets/@@/", b"/..%2f@@", b"/%2e%2e/@@", b"/@@.jpg", b"/@@;.css"):
    add("CL.0", f"early answer for {target.decode()}", (head(CARRIED_LENGTH, target=target), ANSWERED, Pause(20), CARRIED),
        one(method=b"POST", target=target, body=CARRIED), partial(), early=True)
for method in (b"GET", b"HEAD", b"OPTIONS", b"DELETE"):
    add("CL.0", f"early answer to {method.decode()}", (head(CARRIED_LENGTH, method=method), ANSWERED, Pause(20), CARRIED),
        one(method=method, body=CARRIED), partial(), early=True)
    add("CL.0", f"early answer to {method.decode()}, all at once", head(CARRIED_LENGTH, method=method) + CARRIED,
        one(method=method, body=CARRIED), partial(), early=True)
add("CL.0", "a half answer for a body, then FIN", (head(CARRIED_LENGTH), ANSWERED, Pause(20), CARRIED[:20], FIN), partial(),
    incomplete(), early=True)

# ---- Expect ----

for name, value in [("no space", b"100-continue"), ("blanks around", b" \t 100-continue \t"), ("mixed case", b" 100-Continue")]:
    add("expect", name, head(b"Expect:" + value + b"\r\nContent-Length: 5\r\n") + b"hello", hello())
add("expect", "name in mixed case", head(b"eXpEcT: 100-continue\r\nContent-Length: 5\r\n") + b"hello", hello())
for value in (b"100-continue,", b",100-continue", b"100 continue", b"100continue", b"0100-continue", b"100-continue=",
        b"100-continue=1", b"x=100-continue", b'"100-continue', b"100\xe2\x80\x91continue", b"100-continue\xa0",
        b"100-continue x", b"x, 100-continue", b"101-continue", b"100_continue", b"100-continue;", b"(100-continue)",
        "100-contınue".encode(), b"200", b"chunked", b"close"):
    add("expect", "also " + repr(value)[1:], head(b"Expect: " + value + b"\r\nContent-Length: 5\r\n") + b"hello", hello(),
        reject(400, 417))
    add("expect", "also " + repr(value)[1:] + ", the body after an answer",
        (head(b"Expect: " + value + b"\r\n" + CARRIED_LENGTH), ANSWERED, Pause(10), CARRIED), one(method=b"POST", body=CARRIED),
        partial(), reject(400, 417), early=True)
for name, fields in [("NUL in front", b"Expect: \x00100-continue\r\n"), ("vertical tab behind", b"Expect: 100-continue\x0b\r\n"),
        ("tab before the colon", b"Expect\t: 100-continue\r\n"), ("NUL in the name", b"Expect\x00: 100-continue\r\n"),
        ("bare CR behind", b"Expect: 100-continue\r\r\n"), ("LF behind", b"Expect: 100-continue\n\r\n")]:
    add("expect", name, head(fields + b"Content-Length: 5\r\n") + b"hello", reject(400))
for name, fields in [("then another", EXPECT + b"Expect: x\r\n"), ("after another", b"Expect: x\r\n" + EXPECT),
        ("then an empty one", EXPECT + b"Expect:\r\n")]:
    add("expect", "two fields, " + name, head(fields + b"Content-Length: 5\r\n") + b"hello", hello(), reject(400, 417))
add("expect", "HEAD and its body", head(EXPECT + b"Content-Length: 5\r\n", method=b"HEAD") + b"hello",
    one(method=b"HEAD", body=b"hello"))
add("expect", "with close", head(EXPECT + b"Connection: close\r\nContent-Length: 5\r\n") + b"hello" + SMUGGLED, hello())
add("expect", "both lengths", head(EXPECT + TE + b"Content-Length: 5\r\n") + CHUNKED_HELLO, reject(400))
add("expect", "two in a row", head(EXPECT + b"Content-Length: 5\r\n") + b"hello" + head(EXPECT + b"Content-Length: 3\r\n",
    target=b"/second@@") + b"abc",
    several(request(b"POST", body=b"hello"), request(b"POST", b"/second@@", b"abc")))
add("expect", "the body byte by byte", (head(EXPECT + b"Content-Length: 5\r\n"),) + tuple(x for b in b"hello" for x in (Pause(3),
    bytes([b]))), hello())
add("expect", "answered early, a chunk that is a request", (head(EXPECT + TE), ANSWERED, Pause(10),
    b"%x\r\n" % len(CARRIED) + CARRIED + b"\r\n" + END),
    one(method=b"POST", body=CARRIED), partial(), early=True)
add("expect", "answered early, broken chunks", (head(EXPECT + TE), ANSWERED, Pause(10), b"x\r\n" + SMUGGLED), partial(),
    incomplete(), early=True)
add("expect", "answered early, a request where chunks should be", (head(EXPECT + TE), ANSWERED, Pause(10), SMUGGLED), partial(),
    incomplete(), early=True)
add("expect", "HEAD answered early", (head(EXPECT + CARRIED_LENGTH, method=b"HEAD"), ANSWERED, Pause(10), CARRIED),
    one(method=b"HEAD", body=CARRIED), partial(), early=True)

# ---- Chunks: where a line ends ----


def chunks(group, name, body, *allowed, **more):
    steps = body if isinstance(body, tuple) else (body,)
    add(group, name, (head(TE) + steps[0],) + steps[1:], *allowed, **more)


for name, end in [("LF LF", b"\n\n"), ("CR CR", b"\r\r"), ("NUL NUL", b"\x00\x00"), ("two spaces", b"  "),
        ("semicolon LF", b";\n"), ("CR semicolon", b"\r;"), ("0 CR", b"0\r"), ("two digits", b"00"), ("tab LF", b"\t\n"),
        ("CR NUL", b"\r\x00"), ("NEL", b"\x85"), ("a space and CR LF", b" \r\n"), ("CR tab LF", b"\r\t\n"),
        ("line separator", b"\xe2\x80\xa8")]:
    chunks("chunk line ends", f"data ends in {name}", b"5\r\nhello" + end + END + SMUGGLED, reject_body(400))
    chunks("chunk line ends", f"last chunk ends in {name}", b"5\r\nhello\r\n0\r\n" + end + SMUGGLED, reject_body(400))
    chunks("chunk line ends", f"size and then {name}", b"5" + end + b"hello\r\n" + END + SMUGGLED, reject_body(400))
for name, body in [("CR, and then no LF", (b"5\r", Pause(10), b"hello\r\n" + END)),
        ("an extension, then LF", (b"5;a", Pause(10), b"\nhello\r\n" + END)), ("an extension, then CR", (b"5;a\r", Pause(10),
        b"b\r\nhello\r\n" + END)), ("data, then LF", (b"5\r\nhello", Pause(10), b"\n" + END)),
        ("data and CR, then 0", (b"5\r\nhello\r", Pause(10), b"0\r\n\r\n")), ("the last chunk, then LF", (b"5\r\nhello\r\n0",
        Pause(10), b"\n\r\n")), ("the last chunk and CR, then CR", (b"5\r\nhello\r\n0\r\n\r", Pause(10), b"\r\n"))]:
    chunks("chunk line ends", "in two parts: " + name, body[:-1] + (body[-1] + SMUGGLED,), reject_body(400))
for name, ext in [("LF and CR LF (EXT.TERM)", b";a\n"), ("LF in front of it", b"\n;a"), ("CR in front of it", b"\r;a"),
        ("NUL behind the semicolon", b";\x00"), ("NUL for a value", b";a=\x00"), ("DEL for a value", b";a=\x7f"),
        ("vertical tab behind a value", b";a=b\x0b"), ("form feed behind a value", b";a=b\x0c"),
        ("vertical tab in front", b"\x0b;a"), ("no-break space in front", b"\xa0;a"), ("escaped CR", b';a="b\\\r"'),
        ("escaped LF", b';a="b\\\n"'), ("CR in a quoted value", b';a="b\rc"'), ("NUL in a quoted value", b';a="\x00"'),
        ("comma in front", b",a=b"), ("colon in front", b":a"), ("no semicolon", b" a=b"), ("LF twice", b";\n\n"),
        ("CR LF CR", b";a\r\n\r"), ("LF and a size", b";\n0\r\n\r\n")]:
    chunks("chunk extensions", "also " + name, b"5" + ext + b"\r\nhello\r\n" + END + SMUGGLED, reject_body(400))
for name, ext in [("no value", b";a="), ("two words", b";a b"), ("two words for a value", b";a=b c"),
        ("text behind a quoted value", b';a="b"c'), ("two semicolons", b";;a"), ("semicolon at the end", b";a;"),
        ("high byte", b";a\x80"), ("line separator", b";a\xe2\x80\xa8b"), ("space in front", b" ;a=b"),
        ("tab in front", b"\t;a=b"), ("space behind the semicolon", b"; a=b"), ("space behind the name", b";a =b"),
        ("space in front of the value", b";a= b"), ("space at the end", b";a=b "), ("only a quotation mark", b';"'),
        ("quoted name", b';"a"=b'), ("600 bytes", b";a=" + b"b" * 600), ("single quotes", b";a='b c'"),
        ("backslash at the end", b';a="b\\"')]:
    chunks("chunk extensions", "also " + name, b"5" + ext + b"\r\nhello\r\n" + END, hello(), reject_body(400))
chunks("chunk extensions", "also on the last chunk, with a trailer", b"5\r\nhello\r\n0;a=b\r\nX-A: b\r\n\r\n", hello())
for size in (b"5_", b"\xb25", "٥".encode(), b"5n", b"0q101", b"5\xe2\x80\x8b", b"\xef\xbb\xbf5", b"5&", b"5'", b"5/", b"5\\",
        b"5|", b"5`", b"[5]", b"{5}", b"<5>", b"5.", b"5-", b"5+0", b"5\x1f", b"5\x08"):
    chunks("chunk size", "also " + repr(size)[1:], size + b"\r\nhello\r\n" + END + SMUGGLED, reject_body(400))
chunks("chunk size", "17 digits", b"00000000000000005\r\nhello\r\n" + END, hello(), reject_body(400))

# ---- TRAILER.MERGE ----

for name in (b"X-Forwarded-For", b"X-Forwarded-Host", b"X-Forwarded-Proto", b"X-Real-IP", b"Forwarded", b"Via",
        b"Proxy-Authorization", b"Set-Cookie", b"Location", b"Date", b"Age", b"Vary", b"Expires", b"Pragma", b"If-None-Match",
        b"If-Modified-Since", b"If-Unmodified-Since", b"If-Range", b"HTTP2-Settings", b"Content_Length", b"Transfer_Encoding",
        b"X-Original-URL", b"X-Rewrite-URL", b"X-HTTP-Method-Override", b"X-Forwarded-Server", b"X-Original-Host", b"X-Host",
        b"X-Client-IP", b"True-Client-IP", b"Content-Location", b"Content-Disposition", b"Content-Language", b"Accept-Encoding"):
    chunks("trailers", f"{name.decode()} is not merged", b"5\r\nhello\r\n0\r\n" + name + b": 1\r\n\r\n",
        hello(lacks=[name.lower()]), reject_body(400))
for name, lines in [("pseudo field", b":authority: evil.example\r\n"), ("a length with a space before the colon",
        b"Content-Length : 5\r\n"), ("a length behind a bare CR", b"X-A: b\rContent-Length: 5\r\n"),
        ("a length behind a bare LF", b"X-A: b\nContent-Length: 5\r\n"), ("a length, folded",
        b"X-A: b\r\n Content-Length: 5\r\n"), ("a length twice", b"Content-Length: 5\r\n" * 2),
        ("a coding in capitals", b"TRANSFER-ENCODING: CHUNKED\r\n"), ("a host behind a good one",
        b"X-A: b\r\nHost: evil.example\r\n"), ("a chunk for a trailer", b"5\r\nhello\r\n0\r\n"),
        ("a high byte in the name", b"X\xe9: b\r\n"), ("a vertical tab in the value", b"X-A: b\x0bc\r\n")]:
    chunks("trailers", name + " among them", b"5\r\nhello\r\n0\r\n" + lines + b"\r\n" + SMUGGLED, reject_body(400))
chunks("trailers", "then the next request", b"5\r\nhello\r\n0\r\nX-A: b\r\n\r\n" + SECOND,
    several(request(b"POST", body=b"hello"), request(target=b"/second@@")))
chunks("trailers", "in two parts", (b"5\r\nhello\r\n0\r\nX-A", Pause(10), b": b\r", Pause(10), b"\n\r", Pause(10), b"\n"),
    hello())

# ---- Pipelined in parts ----

add("pipelining", "the second in two parts", (head(method=b"GET") + SECOND[:25], Pause(20), SECOND[25:]),
    several(request(), request(target=b"/second@@")))
add("pipelining", "the second byte by byte", (head(method=b"GET"),) + tuple(x for b in SECOND.replace(b"@@",
    b"") for x in (bytes([b]), Pause(1))), several(request(), request(target=b"/second")))
add("pipelining", "the second is cut short", (head(method=b"GET") + SECOND[:25], Pause(10), FIN),
    several(request(), then=incomplete()))
add("pipelining", "the second's body is cut short", (head(method=b"GET") + head(b"Content-Length: 50\r\n",
    target=b"/second@@") + b"hello", Pause(10), FIN), several(request(), then=incomplete()))
add("pipelining", "the body and the next head in one part", (head(b"Content-Length: 5\r\n") + b"he", Pause(20), b"llo" + SECOND),
    several(request(b"POST", body=b"hello"), request(target=b"/second@@")))
for name, data in [("LF", b"\n"), ("CR", b"\r"), ("a space", b" "), ("a tab", b"\t"), ("NUL", b"\x00"), ("CR CR LF", b"\r\r\n"),
        ("a space and CR LF", b" \r\n"), ("0 and CR LF", b"0\r\n\r\n")]:
    add("pipelining", f"{name} between", head(method=b"GET") + data + SMUGGLED, several(request(), then=reject(400)))
add("pipelining", "HTTP/1.0 with keep-alive, and another", head(b"Connection: keep-alive\r\n", method=b"GET",
    version=b"HTTP/1.0") + SECOND, several(request(), request(target=b"/second@@")), one())
add("pipelining", "HTTP/1.0 POST without a length", head(version=b"HTTP/1.0") + SMUGGLED, one(method=b"POST"), reject(400))
add("pipelining", "HTTP/1.0, both close and keep-alive", head(b"Connection: close, keep-alive\r\n", method=b"GET",
    version=b"HTTP/1.0") + SMUGGLED, one())
