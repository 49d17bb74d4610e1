# SPDX-License-Identifier: Apache-2.0
"""Heads in further spellings: every control byte and delimiter where it must not be, blanks that are
none, Unicode, versions, authorities against Host, CONNECT, upgrades, sizes at the limits."""
from model import Case, either, one, reject, reject_body, request, several
from requests_desync import CONTROLS
from requests_framing import HOST, SMUGGLED

CASES = []
SECOND = b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"


def add(group, name, data, *allowed, **more):
    CASES.append(Case(group, name, (data,), either(*allowed), **more))


def line(text, fields=HOST):
    return text + b"\r\n" + fields + b"\r\n"


GET = b"GET /case@@ HTTP/1.1"

# ---- Every byte that must not be there ----

for c in CONTROLS:
    byte = bytes([c])
    add("bytes", f"{c:#04x} in a value", line(GET, HOST + b"X-A: b" + byte + b"c\r\n"), reject(400))
    add("bytes", f"{c:#04x} in a target", line(b"GET /case@@" + byte + b" HTTP/1.1"), reject(400))
    add("bytes", f"{c:#04x} in front of the method", byte + line(GET), reject(400))
for c in b'"(),/:;<=>?@[\\]{}':
    byte = bytes([c])
    add("bytes", f"{byte.decode()} in the method", line(b"GE" + byte + b"T /case@@ HTTP/1.1"), reject(400))
    if byte != b":":
        add("bytes", f"{byte.decode()} in a field name", line(GET, HOST + b"X" + byte + b"A: b\r\n"), reject(400))
for name, blank in [("no-break space", b"\xa0"), ("no-break space in UTF-8", b"\xc2\xa0"), ("NEL", b"\x85"),
        ("line separator", b"\xe2\x80\xa8"), ("ideographic space", b"\xe3\x80\x80"), ("word joiner", b"\xe2\x81\xa0"),
        ("unit separator", b"\x1f"), ("percent-encoded", b"%20"), ("plus", b"+")]:
    add("request line", f"{name} after the method", line(b"GET" + blank + b"/case@@ HTTP/1.1"), reject(400))
    add("request line", f"{name} before the version", line(b"GET /case@@" + blank + b"HTTP/1.1"), reject(400))
    if blank not in (b"%20", b"+"):  # a method may begin so
        add("request line", f"{name} in front", blank + line(GET), reject(400))
for method in ("GÉT", "ＧＥＴ", "GET\u200b", "ПОСТ", "😀", "GEᎢ"):
    add("request line", f"method {method!r}", line(method.encode() + b" /case@@ HTTP/1.1"), reject(400))
for name, front in [("CR LF and a space", b"\r\n "), ("NUL and CR LF", b"\x00\r\n"), ("a tab and CR LF", b"\t\r\n"),
        ("BOM and CR LF", b"\xef\xbb\xbf\r\n"), ("CR LF LF", b"\r\n\n"), ("LF CR", b"\n\r")]:
    add("request line", name + " in front", front + line(GET), reject(400))
add("request line", "HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 9, reject(400, 505))
add("request line", "a PROXY line in front", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + line(GET), reject(400))
add("request line", "PROXY, version 2, in front", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x7f\x00\x00\x01" * 3 + line(GET),
    reject(400))
for name in (b":authority", b":path", b":method", b":scheme"):
    add("fields", f"HTTP/2's {name.decode()}", line(GET, HOST + name + b": /evil\r\n"), reject(400))

# ---- Blanks around values, as they may be ----

for name, fields in [("tab in front", b"X-A:\tb\r\n"), ("tabs around", b"X-A:\t\tb\t\t\r\n"), ("no blank", b"X-A:b\r\n"),
        ("many spaces", b"X-A:" + b" " * 300 + b"b" + b" " * 300 + b"\r\n")]:
    add("fields", name, line(GET, HOST + fields), one(has=[(b"x-a", b"b")]))
add("fields", "Host with tabs around", line(GET, b"Host:\th.example\t\r\n"), one(has=[(b"host", b"h.example")]))
add("fields", "no-break spaces stay in the value", line(GET, HOST + b"X-A: \xa0b\xa0\r\n"), one(has=[(b"x-a", b"\xa0b\xa0")]),
    reject(400))
add("fields", "NEL stays in the value", line(GET, HOST + b"X-A: b\x85X-B: c\r\n"),
    one(has=[(b"x-a", b"b\x85X-B: c")], lacks=[b"x-b"]), reject(400))

# ---- Versions ----

for version in (b"HTTP/1.1\x0b", b"HTTP/1.1\x85", b"HTTP/1.1\xa0", b"HTTP/1.1;", b"HTTP/1.1,", b"HTTP/1.1/", "HTTP/١.١".encode(),
        "HTTP/１.１".encode(), b"HTTP/1. 1", b"HTTP/1 .1", b"HTTP//1.1", b"HTTP/1.1\\", b"HTTP/1.1%20", b"HTTP/1.1#", b"HTTP/1.00",
        b"HTTP/1.11", b"HTTP/10.1", b"hTTP/1.1", b"HTTP/2", b"HTTP/3", b"HTTP/1.1-", b"HTTP/1e1", b"HTTP/0x1.1",
        b"HTTP/1.1 HTTP/1.1", b"HTTP/1.1:", b"HTTP/1.1?", b"HTTP/001.1", b"HTTP/1.0x", b"HTTP/1.1.", b"HTTP/1..1", b"HTTP/11.1",
        b"HTTP/1.1\x1f", b"HTTP:/1.1", b"HTTP/4.0", b"SHTTP/1.1"):
    add("version", "also " + repr(version)[1:], line(b"GET /case@@ " + version) + SMUGGLED, reject(400, 505))

# ---- Targets ----

for target in (b"/case@@?#", b"/case@@\x85", b"/case@@\xa0x", b"/\xff\xfecase@@", b"/case@@\xc0\xaf", "/case@@é".encode(),
        b"ftp://h.example/case@@", b"ws://h.example/case@@", b"file:///case@@", b"javascript:case@@", b"http:////case@@",
        b"h.example/case@@", b"http://h.example:80:80/case@@", b"http://h.example:8a/case@@", b"http://h.example:+80/case@@",
        b"http://h.example#@evil.example/case@@", b"http://h.example\\case@@", b"http://[::1]x/case@@", b"http://[::1/case@@",
        b"http://::1/case@@", b"http://:80/case@@", b"http://?case@@", b"http//h.example/case@@", b"http:h.example/case@@",
        b"+http://h.example/case@@", b"*/case@@", b"%2fcase@@", b"./case@@", b";/case@@", b"&/case@@"):
    odd = any(c > 126 for c in target)
    add("target", "also " + repr(target)[1:], line(b"GET " + target + b" HTTP/1.1"), reject(400),
        *([one(target=target)] if odd else []))
for target in (b"/case@@%0d%0a%0d%0aGET%20/smuggled%20HTTP/1.1", b"/case@@%c0%af", b"/case@@%u002f", b"////case@@",
        b"/case@@//..//", b"/.//case@@", b"/case@@;a=%00", b"/case@@%20HTTP/1.1", b"/case@@?x=%0a%0dHost:evil", b"/case@@%ff"):
    add("target", "also " + repr(target)[1:], line(b"GET " + target + b" HTTP/1.1"), one(target=target), reject(400))
add("target", "15,000 bytes", line(b"GET /case@@" + b"a" * 15000 + b" HTTP/1.1"), one(target=b"/case@@" + b"a" * 15000))
add("target", "15,400 bytes", line(b"GET /case@@" + b"a" * 15400 + b" HTTP/1.1"), reject(414))

# ---- Host ----

for host in (b"[::g]", b"[1::2::3]", b"[::1]]", b"[[::1]]", b"[::1]80", b"[::1]:80:80", b"[ ::1]", b"[::1 ]", b"[::1]:-1",
        b"[::1]:x", b"h.example: 80", b"h.example :80", b"h.example:80#", b"h.example:8 0", b"h.example:0x50", b"h.example:-1",
        "h.example:８０".encode(), b"h%", b"h%2", b"h\xc2\xa0x", "münchen".encode(), b"localhost/..", b"h.example@evil.example",
        b"@h.example", b"h:p@evil.example:80", b"h.example\\..\\", b"h.example:80@evil.example", b"http:h.example",
        b"h.example\x0b", b"h.example\x85", b"h.example:80;x", b"h.example:80,h.example:81", b"//h.example", b"h.example:80/",
        b"h.example?", b"h.example:80%00", b"[::1%eth0", b"[]:80", b"[:]", b"h\x7fx"):
    add("host", "also " + repr(host)[1:], line(GET, b"Host: " + host + b"\r\n"), reject(400))
for host in (b"[::1%eth0]", b"[fe80::1%25eth0]:80", b"[::1]:", b"[::1]:99999", b"[v1.x]", b"h.example,h.example", b"h.example;x",
        b"h.example:080", b"h.example:000080", b"h..example", b".h.example", b".", b"-h", b"h.example%00", b"%68.example",
        b"h%20x", b"a" * 300, b"b" * 5000, b"*", b"*.example", b"0x7f.1", b"2130706433", b"h.example..", b"h.example.:80",
        b"[::ffff:127.0.0.1]", b"[0:0:0:0:0:0:0:1]", b"127.1", b"h'x", b"(h)", b"h=x", b"!", b"~", b"h.example:65535",
        b"h.example:65536"):
    add("host", "also " + repr(host)[1:40], line(GET, b"Host: " + host + b"\r\n"), one(has=[(b"host", host)]), reject(400, 431))
add("host", "a second one with an underscore", line(GET, HOST + b"Host_: evil.example\r\n"), one(has=[(b"host", b"h.example")]),
    reject(400))
add("host", "a second one with NUL in its name", line(GET, HOST + b"Host\x00: evil.example\r\n"), reject(400))
add("host", "a second one behind fifty fields", line(GET, HOST + b"X-A: b\r\n" * 50 + b"host: h.example\r\n"), reject(400))
add("host", "only in a folded line", line(GET, b"X-A: b\r\n Host: h.example\r\n"), reject(400))
add("host", "only in the trailer", line(b"POST /case@@ HTTP/1.1",
    b"Transfer-Encoding: chunked\r\n") + b"0\r\nHost: h.example\r\n\r\n", reject(400))

# ---- The target's authority against Host ----


def targets(path):
    return tuple(p + path for p in (b"", b"http://h.example", b"http://h.example:80", b"http://h.example:", b"https://h.example",
    b"http://[::1]"))


for name, target, host in [("https and port 443", b"https://h.example/case@@", b"h.example:443"),
        ("an empty port", b"http://h.example:/case@@", b"h.example"), ("port 80 in Host only", b"http://h.example/case@@",
        b"h.example:80"), ("https", b"https://h.example/case@@", b"h.example"), ("IPv6", b"http://[::1]/case@@", b"[::1]")]:
    add("authority", name, line(b"GET " + target + b" HTTP/1.1", b"Host: " + host + b"\r\n"), one(target=targets(b"/case@@")),
        reject(400))
for name, target, host in [("https, and port 80", b"https://h.example/case@@", b"h.example:80"),
        ("http, and port 443", b"http://h.example/case@@", b"h.example:443"), ("port 443 for http",
        b"http://h.example:443/case@@", b"h.example"), ("trailing dot in the target", b"http://h.example./case@@", b"h.example"),
        ("trailing dot in Host", b"http://h.example/case@@", b"h.example."), ("percent-encoded dot", b"http://h%2eexample/case@@",
        b"h.example"), ("percent-encoded at sign", b"http://h.example%40evil.example/case@@", b"h.example"),
        ("percent-encoded slash", b"http://h.example%2fevil.example/case@@", b"h.example"),
        ("a list in Host", b"http://h.example/case@@", b"h.example, evil.example"),
        ("user information in Host", b"http://h.example/case@@", b"a@h.example"),
        ("two at signs", b"http://a@b@h.example/case@@", b"h.example"), ("a question mark first",
        b"http://evil.example?@h.example/case@@", b"h.example"), ("a semicolon", b"http://h.example;evil/case@@", b"h.example"),
        ("IPv6 and another", b"http://[::1]/case@@", b"[::2]"), ("IPv4 and IPv6", b"http://127.0.0.1/case@@",
        b"[::ffff:127.0.0.1]"), ("leading zero", b"http://127.0.0.01/case@@", b"127.0.0.1"),
        ("a prefix", b"http://h.exampl/case@@", b"h.example"), ("a wildcard", b"http://h.example/case@@", b"*")]:
    add("authority", name, line(b"GET " + target + b" HTTP/1.1", b"Host: " + host + b"\r\n"), reject(400))
add("authority", "HTTP/1.0 and another Host", line(b"GET http://evil.example/case@@ HTTP/1.0"), reject(400))
add("authority", "POST with a body and another Host", line(b"POST http://evil.example/case@@ HTTP/1.1",
    HOST + b"Content-Length: 5\r\n") + b"hello", reject(400))
add("authority", "then the next request", line(b"GET http://h.example/case@@ HTTP/1.1") + SECOND,
    several(request(target=targets(b"/case@@")), request(target=b"/second@@")), reject(400))

# ---- CONNECT ----


def connect(name, target, fields, *allowed, version=b"HTTP/1.1", behind=b""):
    add("CONNECT", name, line(b"CONNECT " + target + b" " + version, fields) + behind, *allowed)


TUNNEL = b"h.example:443"
HOST_443 = b"Host: h.example:443\r\n"
connected = one(method=b"CONNECT", target=TUNNEL)
connect("refused by the server", TUNNEL, HOST_443, connected)
connect("refused, then a request in the tunnel", TUNNEL, HOST_443, connected, behind=SMUGGLED)
connect("length 0", TUNNEL, HOST_443 + b"Content-Length: 0\r\n", connected, reject(400))
connect("with a body", TUNNEL, HOST_443 + b"Content-Length: 5\r\n", reject(400), behind=b"hello")
connect("a length that hides a request", TUNNEL, HOST_443 + b"Content-Length: 500\r\n", reject(400), behind=SMUGGLED)
connect("chunked", TUNNEL, HOST_443 + b"Transfer-Encoding: chunked\r\n", reject(400), behind=b"5\r\nhello\r\n0\r\n\r\n")
connect("both", TUNNEL, HOST_443 + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", reject(400), behind=b"0\r\n\r\n")
connect("HTTP/1.0", TUNNEL, HOST_443, connected, reject(400), version=b"HTTP/1.0")
connect("with Expect", TUNNEL, HOST_443 + b"Expect: 100-continue\r\n", connected, reject(400, 417))
connect("with Upgrade", TUNNEL, HOST_443 + b"Connection: Upgrade\r\nUpgrade: websocket\r\n", connected, reject(400))
connect("Host without the port", TUNNEL, HOST, connected, reject(400))
connect("Host with another port", TUNNEL, b"Host: h.example:80\r\n", reject(400))
connect("no Host", TUNNEL, b"", reject(400))
connect("IPv6", b"[::1]:443", b"Host: [::1]:443\r\n", one(method=b"CONNECT", target=b"[::1]:443"))
for target in (b"[::1]", b"h.example:443?x", b"h.example:443#x", b"h.example:443:443", b"h.example:+443", b"http://h.example:443",
        b"//h.example:443", b"/h.example:443", b"h.example:443;x", b"h.example:443,x", b"h.example:443@evil.example", b"[::1:443",
        b"h.example:443 evil:443", b":443", b"h.example:", b"h.example:65536", b"h.example:-1", b"h.example:4 43",
        b"h.example%3a443", b"*:443 x", b"::1:443", b"h\\example:443"):
    connect("to " + repr(target)[1:], target, HOST_443, reject(400))
add("CONNECT", "in lower case", line(b"connect h.example:443 HTTP/1.1", HOST_443), reject(400))
add("CONNECT", "another method with its target", line(b"CONNECTX h.example:443 HTTP/1.1", HOST_443), reject(400))

# ---- Connection ----

for fields in (b"Connection: hOsT\r\n", b"Connection: ,host\r\n", b"Connection: host,\r\n", b"Connection:\thost\t\r\n",
        b"Connection: keep-alive\r\nConnection: host\r\n", b"Connection: host\r\nConnection: close\r\n",
        b"Connection: x, y, z, Host\r\n", b"Connection: upgrade, Host\r\nUpgrade: websocket\r\n", b"Connection: Host;x=1\r\n",
        b'Connection: "Host"\r\n', b"Connection: close\x00\r\n", b"Connection: \x0bclose\r\n", b"Connection : close\r\n",
        b"Connection: close\r\n , host\r\n"):
    add("connection", "also " + repr(fields)[1:], line(GET, HOST + fields), reject(400))
for fields, body in ((b"Content-Length: 5\r\nConnection: content-length ,close\r\n", b"hello"),
        (b"Transfer-Encoding: chunked\r\nConnection: te, trailer, transfer-encoding\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        (b"Connection: content-length\r\nContent-Length: 5\r\n", b"hello"),
        (b"Connection: x\r\nContent-Length: 5\r\nConnection: Content-Length\r\n", b"hello")):
    add("connection", "also " + repr(fields)[1:], line(b"POST /case@@ HTTP/1.1", HOST + fields) + body + SMUGGLED, reject(400))
for name in (b"X-Forwarded-Host", b"X-Real-IP", b"If-Match", b"Range", b"Accept-Encoding", b"Origin", b"Referer",
        b"Sec-Fetch-Site", b"Api-Key", b"Trailer", b"Via", b"Max-Forwards"):
    add("connection", f"{name.decode()} named, one request", line(GET,
        HOST + name + b": 1\r\nConnection: " + name + b"\r\n") + SECOND, several(request(), request(target=b"/second@@")),
        reject(400))
for value in (b"close;x=1", b"(close)", b"clos\xe9", b"close close", b"close\\", b"close=1", b"[close]", b"close, @"):
    add("connection", "value " + repr(value)[1:], line(GET, HOST + b"Connection: " + value + b"\r\n"), one(), reject(400))

# ---- Upgrade ----

for name, fields, method, body in [("chunked body",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n", b"POST", b"5\r\nhello\r\n0\r\n\r\n"),
        ("body that is a request", b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", b"GET", b"hello"),
        ("Expect", b"Connection: Upgrade\r\nUpgrade: echo\r\nExpect: 100-continue\r\nContent-Length: 5\r\n", b"POST", b"hello")]:
    add("upgrade", "with " + name, line(method + b" /case@@ HTTP/1.1", HOST + fields) + body + SECOND,
        several(request(method, body=b"hello"), request(target=b"/second@@")), reject(400))
for name, fields in [("with close", b"Connection: Upgrade, close\r\nUpgrade: echo\r\n"),
        ("empty", b"Connection: Upgrade\r\nUpgrade:\r\n"), ("only commas", b"Connection: Upgrade\r\nUpgrade: ,,\r\n"),
        ("with a version", b"Connection: Upgrade\r\nUpgrade: websocket/13\r\n"), ("not named", b"Upgrade: echo\r\n"),
        ("quoted", b'Connection: Upgrade\r\nUpgrade: "echo"\r\n'), ("parameter", b"Connection: Upgrade\r\nUpgrade: echo;x=1\r\n"),
        ("only named", b"Connection: Upgrade\r\n")]:
    add("upgrade", name, line(GET, HOST + fields), one(), reject(400))
for value in (b"h2c, websocket, h2c", b"echo, , h2c", b"HTTP/1.1", b"http/3", b"H2", b"h2c/1", b"tls", b"TLS/1.3", b'"h2c"',
        b"h2c;q=1", b"\th2c\t"):
    add("upgrade", "never " + repr(value)[1:], line(GET,
        HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + value + b"\r\nHTTP2-Settings: AAMAAABk\r\n"),
        one(lacks=[b"upgrade", b"http2-settings"]), reject(400))
add("upgrade", "HTTP2-Settings alone", line(GET, HOST + b"Connection: HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"),
    one(lacks=[b"http2-settings"]), reject(400))
add("upgrade", "bytes behind it", line(GET, HOST + b"Connection: Upgrade\r\nUpgrade: echo\r\n") + b"\x81\x05hello\r\n\r\n",
    several(request(), then=reject(400)))
add("upgrade", "a control byte in it", line(GET, HOST + b"Connection: Upgrade\r\nUpgrade: h2c\x0b\r\n"), reject(400))

# ---- Limits ----

add("limits", "a field of 14,000 bytes", line(GET, HOST + b"X-A: " + b"a" * 14000 + b"\r\n"), one(has=[(b"x-a", b"a" * 14000)]))
add("limits", "a field name of 10,000 bytes", line(GET, HOST + b"a" * 10000 + b": b\r\n"), one(has=[(b"a" * 10000, b"b")]),
    reject(400, 431))
add("limits", "a method of 10,000 bytes", line(b"M" * 10000 + b" /case@@ HTTP/1.1"), one(method=b"M" * 10000),
    reject(400, 414, 501))
add("limits", "101 fields", line(GET, HOST + b"X-A: b\r\n" * 100), one(), reject(431))
add("limits", "103 fields", line(GET, HOST + b"X-A: b\r\n" * 102), reject(431))
add("limits", "15,400 bytes of blanks in a value", line(GET, HOST + b"X-A: " + b" " * 15400 + b"b\r\n"), reject(431))
add("limits", "a length beyond the limit, in a chunked body's place", line(b"POST /case@@ HTTP/1.1",
    HOST + b"Transfer-Encoding: chunked\r\n") + b"186a1\r\n" + b"x" * 100, reject_body(413), needs="max-body-size")
