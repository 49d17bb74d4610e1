# SPDX-License-Identifier: Apache-2.0
"""Requests whose body's end could be found in two ways: Content-Length against itself, against
Transfer-Encoding, and Transfer-Encoding in disguise (RFC 9112, sections 6 and 11.2)."""
from model import ANSWERED, Case, Pause, either, one, partial, reject, request, several

HOST = b"Host: h.example\r\n"
SMUGGLED = b"GET /smuggled@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"
CHUNKED_HELLO = b"5\r\nhello\r\n0\r\n\r\n"
CASES = []


def head(fields=b"", method=b"POST", target=b"/case@@", version=b"HTTP/1.1"):
    return method + b" " + target + b" " + version + b"\r\n" + HOST + fields + b"\r\n"


def add(group, name, data, *allowed, **more):
    CASES.append(Case(group, name, data if isinstance(data, tuple) else (data,), either(*allowed), **more))


def hello(**more):
    return one(method=b"POST", body=b"hello", **more)


# ---- CL.TE and TE.CL: both fields, in either order, and with bodies that fit only one of them ----

BOTH = [
    ("length first, body fits the chunks", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", 0),
    ("chunked first, body fits the chunks", b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", 0),
    ("length first, rest beyond the chunks", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", 60),
    ("chunked first, rest beyond the chunks", b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", 60),
    ("names in lower case", b"content-length: %d\r\ntransfer-encoding: chunked\r\n", 60),
    ("names in upper case", b"CONTENT-LENGTH: %d\r\nTRANSFER-ENCODING: CHUNKED\r\n", 60),
    ("fields in between", b"Content-Length: %d\r\nX-A: b\r\nX-B: c\r\nTransfer-Encoding: chunked\r\n", 60),
    ("length in front and behind", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\nX-C: d\r\n", 60),
]
for name, fields, more in BOTH:
    body = CHUNKED_HELLO + SMUGGLED
    size = len(CHUNKED_HELLO) + more
    add("CL.TE", name, head(fields % size) + body, reject(400))
add("TE.CL", "length shorter than the first chunk",
    head(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")
    + b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n", reject(400))
add("TE.CL", "length 0",
    head(b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n") + CHUNKED_HELLO, reject(400))
add("TE.CL", "length 0 first",
    head(b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n") + CHUNKED_HELLO, reject(400))
add("TE.CL", "length 3 ends in the size line",
    head(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + b"8\r\nSMUGGLED\r\n0\r\n\r\n", reject(400))
add("CL.TE", "HTTP/1.0 with both",
    head(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", version=b"HTTP/1.0") + CHUNKED_HELLO,
    reject(400))
add("CL.TE", "length twice and chunked",
    head(b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\nContent-Length: 15\r\n") + CHUNKED_HELLO,
    reject(400))
add("CL.TE", "GET with both",
    head(b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", method=b"GET") + CHUNKED_HELLO, reject(400))

# ---- Content-Length ----

CL_OK = [
    ("plain", b"Content-Length: 5\r\n"),
    ("no space", b"Content-Length:5\r\n"),
    ("spaces and tabs around", b"Content-Length: \t 5 \t \r\n"),
]
for name, fields in CL_OK:
    add("CL", name, head(fields) + b"hello", hello())

CL_EITHER = [  # valid by the letter, or allowed to be mended; one value in any case
    ("leading zero", b"Content-Length: 05\r\n"),
    ("many leading zeros", b"Content-Length: 00000000000000000000000000000005\r\n"),
    ("the same twice", b"Content-Length: 5\r\nContent-Length: 5\r\n"),
    ("the same in a list", b"Content-Length: 5, 5\r\n"),
    ("the same in a list, no space", b"Content-Length: 5,5\r\n"),
]
for name, fields in CL_EITHER:
    add("CL.CL", name, head(fields) + b"hello", hello(), reject(400))

CL_BAD = [
    ("plus sign", b"+5"), ("minus sign", b"-5"), ("minus zero", b"-0"), ("hexadecimal", b"0x5"),
    ("hexadecimal digit", b"A"), ("octal prefix", b"0o5"), ("fraction", b"5.0"), ("exponent", b"5e0"),
    ("empty", b""), ("word", b"five"), ("digit then letter", b"5a"), ("letter then digit", b"a5"),
    ("two numbers", b"5 5"), ("two numbers, tab", b"5\t5"), ("semicolon", b"5;"), ("parameter", b"5;q=1"),
    ("quoted", b'"5"'), ("single quotes", b"'5'"), ("underscore", b"1_0"), ("thousands", b"1,000"),
    ("list of different", b"5, 6"), ("list of different, first 0", b"0, 5"), ("list, last 0", b"5, 0"),
    ("trailing comma", b"5,"), ("leading comma", b",5"), ("two commas", b"5,,5"), ("only comma", b","),
    ("2^64", b"18446744073709551616"), ("2^64 + 5", b"18446744073709551621"),
    ("2^63", b"9223372036854775808"), ("2^32 + 5 with minus", b"-4294967291"),
    ("30 digits", b"999999999999999999999999999999"), ("full-width digit", "５".encode()),
    ("Arabic digit", "٥".encode()), ("superscript", b"\xb2"), ("NUL after", b"5\x00"), ("NUL before", b"\x005"),
    ("vertical tab after", b"5\x0b"), ("form feed before", b"\x0c5"), ("vertical tab before", b"\x0b5"),
    ("no-break space before", b"\xa05"), ("bare CR after", b"5\r"), ("bare CR inside", b"5\r5"),
    ("DEL after", b"5\x7f"), ("backslash", b"\\5"), ("percent-encoded", b"%35"), ("slash", b"5/5"),
    ("equals", b"=5"), ("colon", b":5"), ("parentheses", b"(5)"), ("chunked", b"chunked"),
]
for name, value in CL_BAD:
    add("CL", name, head(b"Content-Length: " + value + b"\r\n") + b"hello" + SMUGGLED, reject(400))

CL_CL = [
    ("5 and 6", b"Content-Length: 5\r\nContent-Length: 6\r\n"),
    ("6 and 5", b"Content-Length: 6\r\nContent-Length: 5\r\n"),
    ("5 and 0", b"Content-Length: 5\r\nContent-Length: 0\r\n"),
    ("0 and 5", b"Content-Length: 0\r\nContent-Length: 5\r\n"),
    ("5, 5 and 6", b"Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 6\r\n"),
    ("5 and empty", b"Content-Length: 5\r\nContent-Length:\r\n"),
    ("empty and 5", b"Content-Length:\r\nContent-Length: 5\r\n"),
    ("5 and +5", b"Content-Length: 5\r\nContent-Length: +5\r\n"),
    ("5 and a list", b"Content-Length: 5\r\nContent-Length: 5, 6\r\n"),
    ("names differ in case", b"Content-Length: 5\r\ncontent-LENGTH: 6\r\n"),
    ("far apart", b"Content-Length: 5\r\n" + b"X-A: b\r\n" * 20 + b"Content-Length: 55\r\n"),
    ("second with space before the colon", b"Content-Length: 5\r\nContent-Length : 0\r\n"),
    ("second folded", b"Content-Length: 5\r\n Content-Length: 0\r\n"),
]
for name, fields in CL_CL:
    add("CL.CL", name, head(fields) + b"hello" + SMUGGLED, reject(400))

# ---- CL.0: bodies that look like requests, on methods and paths where a server might not read them ----

for method in (b"GET", b"POST", b"DELETE", b"OPTIONS", b"PATCH", b"FOO"):
    add("CL.0", f"{method.decode()}, the body is a request",
        head(b"Content-Length: 10\r\n", method=method) + b"GET /x HTT",
        one(method=method, body=b"GET /x HTT"))
add("CL.0", "HEAD with a body", head(b"Content-Length: 10\r\n", method=b"HEAD") + b"GET /x HTT",
    one(method=b"HEAD", body=b"GET /x HTT"))
add("CL.0", "TRACE with a body", head(b"Content-Length: 10\r\n", method=b"TRACE") + b"GET /x HTT",
    one(method=b"TRACE", body=b"GET /x HTT"), reject(400))
add("CL.0", "early answer, then a body that is a request",
    (head(b"Content-Length: 46\r\n"), ANSWERED, Pause(20), b"GET /smuggled HTTP/1.1\r\nHost: h.example\r\nA: b\r\n\r\n"[:46]),
    one(method=b"POST", body=b"GET /smuggled HTTP/1.1\r\nHost: h.example\r\nA: b\r\n\r\n"[:46]), partial(), early=True)
add("CL.0", "no length, the rest is the next request",
    head() + b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n",
    several(request(b"POST"), request(b"GET", b"/second@@")))
add("CL.0", "length 0, the rest is the next request",
    head(b"Content-Length: 0\r\n") + b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n",
    several(request(b"POST"), request(b"GET", b"/second@@")))
add("CL.0", "length 0, the rest is garbage", head(b"Content-Length: 0\r\n") + b"hello\r\n\r\n",
    several(request(b"POST"), then=reject(400)))
add("CL.0", "GET chunked, the body is a request",
    head(b"Transfer-Encoding: chunked\r\n", method=b"GET") + b"a\r\nGET /x HTT\r\n0\r\n\r\n",
    one(body=b"GET /x HTT"))
add("TE.0", "OPTIONS chunked, the body is a request",
    head(b"Transfer-Encoding: chunked\r\n", method=b"OPTIONS") + b"a\r\nGET /x HTT\r\n0\r\n\r\n",
    one(method=b"OPTIONS", body=b"GET /x HTT"))
add("TE.0", "HEAD chunked, the body is a request",
    head(b"Transfer-Encoding: chunked\r\n", method=b"HEAD") + b"a\r\nGET /x HTT\r\n0\r\n\r\n",
    one(method=b"HEAD", body=b"GET /x HTT"))

# ---- TE.TE: Transfer-Encoding in disguise. With a length beside it and without ----

TE_PLAIN = [  # nothing but chunked, spelled as one may
    ("mixed case", b"Transfer-Encoding: ChUnKeD\r\n"),
    ("name in upper case", b"TRANSFER-ENCODING: chunked\r\n"),
    ("no space", b"Transfer-Encoding:chunked\r\n"),
    ("spaces and tabs around", b"Transfer-Encoding: \t chunked \t \r\n"),
]
for name, fields in TE_PLAIN:
    add("TE.TE", name, head(fields) + CHUNKED_HELLO, hello())
    add("TE.TE", name + ", with a length", head(b"Content-Length: 15\r\n" + fields) + CHUNKED_HELLO, reject(400))

TE_LENIENT = [  # lists with empty elements: recipients have to read over them (RFC 9110, 5.6.1)
    ("trailing comma", b"Transfer-Encoding: chunked,\r\n"),
    ("leading comma", b"Transfer-Encoding: ,chunked\r\n"),
    ("empty line of it besides", b"Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"),
]
for name, fields in TE_LENIENT:
    add("TE.TE", name, head(fields) + CHUNKED_HELLO, hello(), reject(400, 501))
    add("TE.TE", name + ", with a length", head(b"Content-Length: 15\r\n" + fields) + CHUNKED_HELLO, reject(400, 501))

TE_BAD = [
    ("xchunked", b"Transfer-Encoding: xchunked\r\n"),
    ("chunkedx", b"Transfer-Encoding: chunkedx\r\n"),
    ("chunk", b"Transfer-Encoding: chunk\r\n"),
    ("x chunked", b"Transfer-Encoding: x chunked\r\n"),
    ("chunked x", b"Transfer-Encoding: chunked x\r\n"),
    ("double quotes", b'Transfer-Encoding: "chunked"\r\n'),
    ("single quotes", b"Transfer-Encoding: 'chunked'\r\n"),
    ("parameter", b"Transfer-Encoding: chunked;q=1\r\n"),
    ("semicolon", b"Transfer-Encoding: chunked;\r\n"),
    ("identity", b"Transfer-Encoding: identity\r\n"),
    ("identity, chunked", b"Transfer-Encoding: identity, chunked\r\n"),
    ("chunked, identity", b"Transfer-Encoding: chunked, identity\r\n"),
    ("chunked, chunked", b"Transfer-Encoding: chunked, chunked\r\n"),
    ("gzip", b"Transfer-Encoding: gzip\r\n"),
    ("gzip, chunked", b"Transfer-Encoding: gzip, chunked\r\n"),
    ("chunked, gzip", b"Transfer-Encoding: chunked, gzip\r\n"),
    ("cow, chunked", b"Transfer-Encoding: cow, chunked\r\n"),
    ("twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("identity, then chunked", b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
    ("chunked, then identity", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
    ("chunked, then cow", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"),
    ("empty", b"Transfer-Encoding:\r\n"),
    ("only a comma", b"Transfer-Encoding: ,\r\n"),
    ("vertical tab before", b"Transfer-Encoding: \x0bchunked\r\n"),
    ("vertical tab after", b"Transfer-Encoding: chunked\x0b\r\n"),
    ("form feed before", b"Transfer-Encoding:\x0cchunked\r\n"),
    ("NUL before", b"Transfer-Encoding: \x00chunked\r\n"),
    ("NUL after", b"Transfer-Encoding: chunked\x00\r\n"),
    ("no-break space before", b"Transfer-Encoding:\xa0chunked\r\n"),
    ("high byte after", b"Transfer-Encoding: chunked\xff\r\n"),
    ("DEL after", b"Transfer-Encoding: chunked\x7f\r\n"),
    ("bare CR before", b"Transfer-Encoding:\rchunked\r\n"),
    ("bare CR after", b"Transfer-Encoding: chunked\r\r\n"),
    ("bare LF before", b"Transfer-Encoding:\nchunked\r\n"),
    ("bare LF before a space", b"Transfer-Encoding:\n chunked\r\n"),
    ("ends in a bare LF", b"Transfer-Encoding: chunked\n"),
    ("behind a bare LF", b"X-A: b\nTransfer-Encoding: chunked\r\n"),
    ("behind a bare CR", b"X-A: b\rTransfer-Encoding: chunked\r\n"),
    ("folded", b"Transfer-Encoding:\r\n chunked\r\n"),
    ("folded with tab", b"Transfer-Encoding:\r\n\tchunked\r\n"),
    ("folded after", b"Transfer-Encoding: chunked\r\n \r\n"),
    ("folded into another field", b"X-A: b\r\n Transfer-Encoding: chunked\r\n"),
    ("space before the colon", b"Transfer-Encoding : chunked\r\n"),
    ("tab before the colon", b"Transfer-Encoding\t: chunked\r\n"),
    ("vertical tab before the colon", b"Transfer-Encoding\x0b: chunked\r\n"),
    ("NUL before the colon", b"Transfer-Encoding\x00: chunked\r\n"),
    ("bare CR before the colon", b"Transfer-Encoding\r: chunked\r\n"),
    ("space inside the name", b"Transfer Encoding: chunked\r\n"),
    ("high byte in front of the name", b"\xffTransfer-Encoding: chunked\r\n"),
    ("BOM in front of the name", b"\xef\xbb\xbfTransfer-Encoding: chunked\r\n"),
    ("NUL in front of the name", b"\x00Transfer-Encoding: chunked\r\n"),
    ("colon in front of the name", b":Transfer-Encoding: chunked\r\n"),
    ("no colon", b"Transfer-Encoding chunked\r\n"),
    ("equals for a colon", b"Transfer-Encoding= chunked\r\n"),
    ("two colons", b"Transfer-Encoding:: chunked\r\n"),
    ("dotless i", "Transfer-Encodıng: chunked\r\n".encode()),
    ("Kelvin sign", "Transfer-Encoding: chun\u212aed\r\n".encode()),
    ("backslash escape", b"Transfer-Encoding: chunk\\ed\r\n"),
    ("percent-encoded", b"Transfer-Encoding: chunke%64\r\n"),
    ("comment", b"Transfer-Encoding: chunked (really)\r\n"),
]
for name, fields in TE_BAD:
    add("TE.TE", name, head(fields) + CHUNKED_HELLO + SMUGGLED, reject(400, 501))
    add("TE.TE", name + ", with a length", head(b"Content-Length: 15\r\n" + fields) + CHUNKED_HELLO, reject(400, 501))

TE_OTHER = [  # other fields, whatever their names look like; the length holds
    ("underscore", b"Transfer_Encoding: chunked\r\n"),
    ("X- in front", b"X-Transfer-Encoding: chunked\r\n"),
    ("no hyphen", b"TransferEncoding: chunked\r\n"),
    ("Content-", b"Content-Transfer-Encoding: chunked\r\n"),
    ("hyphen behind", b"Transfer-Encoding-: chunked\r\n"),
    ("dot for the hyphen", b"Transfer.Encoding: chunked\r\n"),
    ("TE", b"TE: chunked\r\n"),
    ("Content-Encoding", b"Content-Encoding: chunked\r\n"),
]
for name, fields in TE_OTHER:
    add("TE.TE", "another field: " + name, head(b"Content-Length: 15\r\n" + fields) + CHUNKED_HELLO,
        one(method=b"POST", body=CHUNKED_HELLO), reject(400))
add("TE.TE", "Content_Length is another field", head(b"Content_Length: 40\r\nContent-Length: 5\r\n") + b"hello",
    hello(), reject(400))
add("TE.TE", "HTTP/1.0 with chunked",
    head(b"Transfer-Encoding: chunked\r\n", version=b"HTTP/1.0") + CHUNKED_HELLO + SMUGGLED,
    hello(), reject(400))
add("TE.TE", "HTTP/1.0 keep-alive with chunked",
    head(b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", version=b"HTTP/1.0") + CHUNKED_HELLO,
    hello(), reject(400))
