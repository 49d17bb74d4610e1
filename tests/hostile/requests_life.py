# SPDX-License-Identifier: Apache-2.0
"""Requests that are bad in their course: Expect and answers before the body, pipelining, messages
cut short, limits (RFC 9110, section 10.1.1; RFC 9112, sections 9 and 11)."""
from model import ANSWERED, FIN, RST, Case, Pause, either, incomplete, one, partial, reject, reject_body, request, several
from requests_framing import HOST, SMUGGLED, head

CASES = []
SECOND = b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"
GET = b"GET /case@@ HTTP/1.1\r\n" + HOST


def add(group, name, steps, *allowed, **more):
    CASES.append(Case(group, name, steps if isinstance(steps, tuple) else (steps,), either(*allowed), **more))


# ---- Expect, and 0.CL by it ----

EXPECT = b"Expect: 100-continue\r\n"
BODY = b"GET /smuggled@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"
for method in (b"POST", b"GET", b"PUT", b"OPTIONS"):
    add("expect", f"{method.decode()} and its body at once", head(EXPECT + b"Content-Length: 5\r\n", method=method) + b"hello",
        one(method=method, body=b"hello"))
add("expect", "chunked body at once", head(EXPECT + b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", one(method=b"POST", body=b"hello"))
add("expect", "no body", head(EXPECT, method=b"GET") + SECOND, several(request(), request(target=b"/second@@")))
add("expect", "length 0", head(EXPECT + b"Content-Length: 0\r\n") + SECOND, several(request(b"POST"), request(target=b"/second@@")))
add("expect", "answered early, the body comes all the same", (head(EXPECT + b"Content-Length: 20\r\n"), ANSWERED, Pause(20), b"GET /smuggled HTTP/1"),
    one(method=b"POST", body=b"GET /smuggled HTTP/1"), partial(), early=True)
add("expect", "answered early, a whole request for a body",
    (head(EXPECT + b"Content-Length: %d\r\n" % 43), ANSWERED, Pause(20), b"GET /smuggled HTTP/1.1\r\nHost: h.example\r\n\r\n"),
    one(method=b"POST", body=b"GET /smuggled HTTP/1.1\r\nHost: h.example\r\n\r\n"), partial(), early=True)
add("expect", "answered early, then a chunked body", (head(EXPECT + b"Transfer-Encoding: chunked\r\n"), ANSWERED, Pause(20), b"5\r\nhello\r\n0\r\n\r\n"),
    one(method=b"POST", body=b"hello"), partial(), early=True)
add("expect", "answered early, then another request where the body should be",
    (head(EXPECT + b"Content-Length: 500\r\n"), ANSWERED, Pause(20), b"GET /smuggled HTTP/1.1\r\nHost: h.example\r\n\r\n", FIN),
    partial(), incomplete(), early=True)
for name, value in [("y 100-continue", b"y 100-continue"), ("100-continue, y", b"100-continue, y"), ("twice in a line", b"100-continue, 100-continue"),
                    ("100-continued", b"100-continued"), ("200-ok", b"200-ok"), ("empty", b""), ("upper case", b"100-CONTINUE"),
                    ("quoted", b'"100-continue"'), ("parameter", b"100-continue;q=1")]:
    add("expect", name, head(b"Expect: " + value + b"\r\nContent-Length: 5\r\n") + b"hello", one(method=b"POST", body=b"hello"), reject(400, 417))
for name, fields, status in [("folded", b"Expect:\r\n 100-continue\r\n", 400), ("space before the colon", b"Expect : 100-continue\r\n", 400),
                             ("LF before the value", b"Expect:\n100-continue\r\n", 400), ("NUL behind", b"Expect: 100-continue\x00\r\n", 400)]:
    add("expect", name, head(fields + b"Content-Length: 5\r\n") + b"hello", reject(status))
add("expect", "two fields", head(EXPECT + EXPECT + b"Content-Length: 5\r\n") + b"hello", one(method=b"POST", body=b"hello"), reject(400, 417))
add("expect", "HTTP/1.0", head(EXPECT + b"Content-Length: 5\r\n", version=b"HTTP/1.0") + b"hello", one(method=b"POST", body=b"hello"), reject(400, 417))
add("expect", "0.CL: length hidden by a space", head(EXPECT + b"Content-Length : %d\r\n" % len(BODY)) + BODY, reject(400))
add("expect", "0.CL: length hidden by a fold", head(EXPECT + b"X-A: b\r\n Content-Length: %d\r\n" % len(BODY)) + BODY, reject(400))
add("expect", "0.CL: length hidden by a leading space", b"POST /case@@ HTTP/1.1\r\n Content-Length: 43\r\n" + HOST + EXPECT + b"\r\n" + BODY, reject(400))
add("expect", "0.CL: length hidden by LF", head(EXPECT + b"X-A: b\nContent-Length: 43\r\n") + BODY, reject(400))
add("expect", "0.CL: length without a value on its line", head(EXPECT + b"Content-Length:\r\n 43\r\n") + BODY, reject(400))

# ---- Pipelining: a bad one behind a good one ----

add("pipelining", "two good ones", GET + b"\r\n" + SECOND, several(request(), request(target=b"/second@@")))
add("pipelining", "ten good ones", b"".join(b"GET /%d@@ HTTP/1.1\r\n" % i + HOST + b"\r\n" for i in range(10)),
    several(*[request(target=b"/%d@@" % i) for i in range(10)]))
add("pipelining", "bodies between", head(b"Content-Length: 5\r\n") + b"hello" + head(b"Transfer-Encoding: chunked\r\n", target=b"/second@@") + b"3\r\nabc\r\n0\r\n\r\n" + b"GET /third@@ HTTP/1.1\r\n" + HOST + b"\r\n",
    several(request(b"POST", body=b"hello"), request(b"POST", b"/second@@", b"abc"), request(target=b"/third@@")))
for name, second in [("garbage", b"hello\r\n\r\n"), ("both lengths", head(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", target=b"/x@@") + b"0\r\n\r\n"),
                     ("space before the colon", b"GET /x@@ HTTP/1.1\r\nHost : h\r\n\r\n"), ("LF line ends", b"GET /x@@ HTTP/1.1\nHost: h\n\n"),
                     ("a body without a length", b"x=1&y=2\r\n\r\n"), ("a space in front", b" GET /x@@ HTTP/1.1\r\nHost: h\r\n\r\n"),
                     ("NULs", b"\x00\x00\x00\x00\r\n\r\n"), ("no Host", b"GET /x@@ HTTP/1.1\r\n\r\n")]:
    add("pipelining", f"{name} behind a good one", GET + b"\r\n" + second, several(request(), then=reject(400)))
add("pipelining", "a good one behind close", GET + b"Connection: close\r\n\r\n" + SMUGGLED, one())
add("pipelining", "a good one behind HTTP/1.0", b"GET /case@@ HTTP/1.0\r\n" + HOST + b"\r\n" + SMUGGLED, one())
add("pipelining", "a good one behind a bad one", b"GET /x@@ HTTP/1.1\r\nHost : h\r\n\r\n" + SMUGGLED, reject(400))
add("pipelining", "a good one behind a bad chunk", head(b"Transfer-Encoding: chunked\r\n") + b"x\r\nhello\r\n0\r\n\r\n" + SMUGGLED, reject_body(400))
add("pipelining", "an empty line between", GET + b"\r\n\r\n" + SECOND, several(request(), request(target=b"/second@@")), several(request(), then=reject(400)))
add("pipelining", "CR LF behind a POST", head(b"Content-Length: 5\r\n") + b"hello\r\n" + SECOND, several(request(b"POST", body=b"hello"), request(target=b"/second@@")))
add("pipelining", "three bytes behind a POST", head(b"Content-Length: 5\r\n") + b"helloabc" + SMUGGLED,
    several(request(b"POST", body=b"hello"), then=reject(400, 501)), several(request(b"POST", body=b"hello"), request(b"abcGET", b"/smuggled@@")))

# ---- Cut short ----

for name, data in [("in the request line", b"GET /case@@ HT"), ("after the request line", b"GET /case@@ HTTP/1.1\r\n"), ("in a field", GET[:-6]),
                   ("before the empty line", GET), ("in the empty line", GET + b"\r"), ("before the body", head(b"Content-Length: 5\r\n")),
                   ("in the body", head(b"Content-Length: 5\r\n") + b"hell"), ("one byte short of a large body", head(b"Content-Length: 100000\r\n") + b"x" * 99999)]:
    add("cut short", name + ", FIN", (data, FIN), incomplete())
    add("cut short", name + ", RST", (data, Pause(20), RST), either(incomplete(), partial()))
add("cut short", "whole, then FIN", (GET + b"\r\n", FIN), one())
add("cut short", "whole with a body, then FIN", (head(b"Content-Length: 5\r\n") + b"hello", FIN), one(method=b"POST", body=b"hello"))

# ---- Limits ----

add("limits", "target of 20,000 bytes", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", reject(414))
add("limits", "target that never ends", b"GET /" + b"a" * 60000, reject(414))
add("limits", "method that never ends", b"G" * 60000, reject(400, 414, 431, 501))
add("limits", "field of 20,000 bytes", GET + b"X-A: " + b"a" * 20000 + b"\r\n\r\n", reject(431))
add("limits", "field that never ends", GET + b"X-A: " + b"a" * 60000, reject(431))
add("limits", "field name that never ends", GET + b"a" * 60000, reject(431))
add("limits", "200 fields", GET + b"X-A: b\r\n" * 200 + b"\r\n", reject(431))
add("limits", "2,000 fields", GET + b"X-A: b\r\n" * 2000 + b"\r\n", reject(431))
add("limits", "2,000 empty fields", GET + b"a:\r\n" * 2000 + b"\r\n", reject(431))
add("limits", "a cookie of 12,000 bytes", GET + b"Cookie: a=" + b"a" * 12000 + b"\r\n\r\n", one())
add("limits", "90 fields", GET + b"X-A: b\r\n" * 90 + b"\r\n", one())
add("limits", "10,000 empty lines", b"\r\n" * 10000 + GET + b"\r\n", one(), reject(400, 414, 431))
add("limits", "a length beyond max-body-size", head(b"Content-Length: 100001\r\n"), reject(413), needs="max-body-size")
add("limits", "a length beyond max-body-size, with the body", head(b"Content-Length: 100001\r\n") + b"x" * 100001, reject(413), needs="max-body-size")
add("limits", "a length far beyond max-body-size", head(b"Content-Length: 999999999999999\r\n"), reject(413), needs="max-body-size")
add("limits", "a length beyond max-body-size, with Expect", head(EXPECT + b"Content-Length: 100001\r\n"), reject(413), needs="max-body-size")
add("limits", "chunks beyond max-body-size", head(b"Transfer-Encoding: chunked\r\n") + b"ffff\r\n" + b"x" * 65535 + b"\r\nffff\r\n" + b"x" * 65535 + b"\r\n0\r\n\r\n",
    reject_body(413), needs="max-body-size")
add("limits", "a chunk beyond max-body-size, announced only", head(b"Transfer-Encoding: chunked\r\n") + b"fffffff\r\n", reject_body(413), needs="max-body-size")
add("limits", "a length of just max-body-size", head(b"Content-Length: 100000\r\n") + b"x" * 100000, one(method=b"POST", body=b"x" * 100000), needs="max-body-size")
