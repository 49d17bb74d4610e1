# SPDX-License-Identifier: Apache-2.0
"""Heads with more than one reading: request lines, versions, targets, Host and authority, field
names and values, line ends, folding, NUL, Connection, Upgrade (RFC 9112, sections 2 to 5; RFC
9110, sections 5 and 7)."""
from model import Case, either, one, reject, request, several

HOST = b"Host: h.example\r\n"
SMUGGLED = b"GET /smuggled@@ HTTP/1.1\r\nHost: h.example\r\n\r\n"
CASES = []


def add(group, name, data, *allowed, **more):
    CASES.append(Case(group, name, (data,), either(*allowed), **more))


def line(text, fields=HOST):
    return text + b"\r\n" + fields + b"\r\n"


# ---- The request line ----

LINE_BAD = [
    ("two spaces after the method", b"GET  /case@@ HTTP/1.1"), ("two spaces before the version", b"GET /case@@  HTTP/1.1"),
    ("tab after the method", b"GET\t/case@@ HTTP/1.1"), ("tab before the version", b"GET /case@@\tHTTP/1.1"),
    ("space in front", b" GET /case@@ HTTP/1.1"), ("tab in front", b"\tGET /case@@ HTTP/1.1"),
    ("space behind", b"GET /case@@ HTTP/1.1 "), ("tab behind", b"GET /case@@ HTTP/1.1\t"),
    ("a fourth word", b"GET /case@@ HTTP/1.1 x"), ("space in the target", b"GET /case@@ /x HTTP/1.1"),
    ("another request in the line", b"GET /case@@ HTTP/1.1 GET /smuggled@@ HTTP/1.1"),
    ("vertical tab for a space", b"GET\x0b/case@@ HTTP/1.1"), ("form feed for a space", b"GET /case@@\x0cHTTP/1.1"),
    ("bare CR for a space", b"GET\r/case@@ HTTP/1.1"), ("bare CR before the version", b"GET /case@@\rHTTP/1.1"),
    ("bare CR behind", b"GET /case@@ HTTP/1.1\r"), ("no-break space", b"GET\xa0/case@@ HTTP/1.1"),
    ("no target", b"GET HTTP/1.1"), ("no target, two spaces", b"GET  HTTP/1.1"), ("no method", b"/case@@ HTTP/1.1"),
    ("empty method", b" /case@@ HTTP/1.1"), ("only a method", b"GET"), ("method with a colon", b"GE:T /case@@ HTTP/1.1"),
    ("method with a slash", b"GE/T /case@@ HTTP/1.1"), ("method in parentheses", b"(GET) /case@@ HTTP/1.1"),
    ("method quoted", b'"GET" /case@@ HTTP/1.1'), ("method with NUL", b"GE\x00T /case@@ HTTP/1.1"),
    ("method with DEL", b"GE\x7fT /case@@ HTTP/1.1"), ("method with a high byte", b"G\xc9T /case@@ HTTP/1.1"),
    ("method with a comma", b"GET, /case@@ HTTP/1.1"), ("method with an at sign", b"G@T /case@@ HTTP/1.1"),
    ("method with a control byte", b"G\x01T /case@@ HTTP/1.1"), ("NUL in front", b"\x00GET /case@@ HTTP/1.1"),
    ("BOM in front", b"\xef\xbb\xbfGET /case@@ HTTP/1.1"),
    ("a field for a request line", b"Host: h.example"),
    ("a status line for a request line", b"HTTP/1.1 200 OK"),
]
for name, text in LINE_BAD:
    add("request line", name, line(text), reject(400))
add("request line", "ends in LF", b"GET /case@@ HTTP/1.1\n" + HOST + b"\r\n", reject(400))
add("request line", "LF inside", b"GET /case@@\n HTTP/1.1\r\n" + HOST + b"\r\n", reject(400))
add("request line", "two empty lines in front", b"\r\n\r\n" + line(b"GET /case@@ HTTP/1.1"), one(), reject(400))
add("request line", "a hundred empty lines in front", b"\r\n" * 100 + line(b"GET /case@@ HTTP/1.1"), one(), reject(400))
add("request line", "one LF in front", b"\n" + line(b"GET /case@@ HTTP/1.1"), one(), reject(400))
add("request line", "one CR in front", b"\r" + line(b"GET /case@@ HTTP/1.1"), reject(400))
add("request line", "CR CR LF in front", b"\r\r\n" + line(b"GET /case@@ HTTP/1.1"), reject(400))
add("request line", "space and an empty line in front", b" \r\n" + line(b"GET /case@@ HTTP/1.1"), reject(400))
add("request line", "method in lower case", line(b"get /case@@ HTTP/1.1"), one(method=b"get"))
add("request line", "method of all token bytes", line(b"!#$%&'*+-.^_`|~09azAZ /case@@ HTTP/1.1"),
    one(method=b"!#$%&'*+-.^_`|~09azAZ"))
add("request line", "long method", line(b"M" * 300 + b" /case@@ HTTP/1.1"), one(method=b"M" * 300), reject(400, 501))
add("request line", "garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", reject(400))
add("request line", "SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", reject(400))

# ---- Versions ----

VERSION_BAD = [
    ("none (HTTP/0.9)", b"", {400, 505}), ("HTTP/0.9", b" HTTP/0.9", {400, 505}), ("HTTP/2.0", b" HTTP/2.0", {505, 400}),
    ("HTTP/3.0", b" HTTP/3.0", {505, 400}), ("HTTP/9.9", b" HTTP/9.9", {505, 400}), ("HTTP/0.0", b" HTTP/0.0", {400, 505}),
    ("HTTP/1", b" HTTP/1", {400}), ("HTTP/1.", b" HTTP/1.", {400}), ("HTTP/.1", b" HTTP/.1", {400}), ("HTTP/", b" HTTP/", {400}),
    ("HTTP", b" HTTP", {400}), ("HTTP/1.10", b" HTTP/1.10", {400, 505}), ("HTTP/01.1", b" HTTP/01.1", {400, 505}),
    ("HTTP/1.01", b" HTTP/1.01", {400, 505}), ("HTTP/11", b" HTTP/11", {400, 505}), ("HTTP/1,1", b" HTTP/1,1", {400}),
    ("HTTP/1.1x", b" HTTP/1.1x", {400, 505}), ("HTTP/1.x", b" HTTP/1.x", {400, 505}), ("HTTP/x.1", b" HTTP/x.1", {400, 505}),
    ("HTTP/1.1.1", b" HTTP/1.1.1", {400, 505}), ("http/1.1", b" http/1.1", {400, 505}), ("Http/1.1", b" Http/1.1", {400, 505}),
    ("HTTP 1.1", b" HTTP 1.1", {400}), ("HTTP/ 1.1", b" HTTP/ 1.1", {400}), ("HTTP /1.1", b" HTTP /1.1", {400}),
    ("HTTP\\1.1", b" HTTP\\1.1", {400, 505}), ("HTTPS/1.1", b" HTTPS/1.1", {400, 505}), ("HTCPCP/1.0", b" HTCPCP/1.0", {400, 505}),
    ("ICY/1.1", b" ICY/1.1", {400, 505}), ("HTTP/-1.1", b" HTTP/-1.1", {400, 505}), ("HTTP/1.-1", b" HTTP/1.-1", {400, 505}),
    ("HTTP/+1.1", b" HTTP/+1.1", {400, 505}), ("HTTP/1.1 with NUL", b" HTTP/1.1\x00", {400}), ("RTSP/1.0", b" RTSP/1.0", {400, 505}),
    ("HTTP/12.1", b" HTTP/12.1", {400, 505}), ("HTTP/1.\xb2", b" HTTP/1.\xb2", {400, 505}), ("xHTTP/1.1", b" xHTTP/1.1", {400, 505}),
]
for name, version, status in VERSION_BAD:
    add("version", name, line(b"GET /case@@" + version), reject(*status))
add("version", "HTTP/0.9 with a plain LF", b"GET /case@@\n", reject(400, 505))
add("version", "HTTP/1.2", line(b"GET /case@@ HTTP/1.2"), one(), reject(400, 505))
add("version", "HTTP/1.9", line(b"GET /case@@ HTTP/1.9"), one(), reject(400, 505))
add("version", "HTTP/1.0", line(b"GET /case@@ HTTP/1.0"), one())
add("version", "HTTP/1.0 without a host", line(b"GET /case@@ HTTP/1.0", b""), one())
add("version", "PRI in HTTP/1.1", line(b"PRI * HTTP/1.1"), reject(400))

# ---- Targets ----

TARGET_BAD = [
    ("no slash", b"case@@"), ("a star for GET", b"*"), ("dots", b"../case@@"), ("question mark first", b"?case@@"),
    ("fragment", b"/case@@#x"), ("fragment in front of a path", b"/#/../case@@"), ("only a fragment", b"#"),
    ("tab inside", b"/case@@\tx"), ("NUL inside", b"/case@@\x00x"), ("NUL at the end", b"/case@@\x00"), ("DEL inside", b"/case@@\x7f"),
    ("control byte inside", b"/case@@\x01"), ("bare CR inside", b"/case@@\rx"), ("vertical tab inside", b"/case@@\x0bx"),
    ("host and port for GET", b"h.example:80"), ("no scheme", b"://h.example/case@@"), ("scheme without authority", b"http:///case@@"),
    ("scheme and one slash", b"http:/case@@"), ("scheme only", b"http:"), ("space in the authority", b"http://h. example/case@@"),
    ("backslash first", b"\\case@@"), ("backslashes in the authority", b"http:\\\\h.example\\case@@"),
    ("authority with a port that is none", b"http://h.example:x/case@@"), ("open bracket", b"http://[::1/case@@"),
    ("an at sign without user or host", b"http://@/case@@"),
    ("port beyond 65535", b"http://h.example:65536/case@@"), ("a digit first in the scheme", b"1http://h.example/case@@"),
]
for name, target in TARGET_BAD:
    add("target", name, line(b"GET " + target + b" HTTP/1.1"), reject(400))
TARGET_ODD = [  # not URIs by the letter, but only one reading: refused or passed as they are
    ("high bytes", b"/case@@\xc3\xa9"), ("angle brackets", b"/case@@<x>"), ("quotation mark", b'/case@@"'), ("braces", b"/case@@{x}"),
    ("caret and bar", b"/case@@^|"), ("backtick", b"/case@@`"), ("backslash inside", b"/case@@\\x"), ("percent and no digits", b"/case@@%zz"),
    ("percent at the end", b"/case@@%"), ("square brackets", b"/case@@[x]"),
]
for name, target in TARGET_ODD:
    add("target", name, line(b"GET " + target + b" HTTP/1.1"), one(target=target), reject(400))
TARGET_OK = [
    ("percent-encoded NUL", b"/case@@%00"), ("percent-encoded CR LF", b"/case@@%0d%0aHost:%20evil"), ("percent-encoded slash", b"/case@@%2f.."),
    ("two slashes", b"//case@@"), ("two slashes and a host", b"//evil.example/case@@"), ("dot segments", b"/a/../case@@/./b"),
    ("question marks", b"/case@@?a?b=c?"), ("semicolons", b"/case@@;a=b;c"), ("a URI in the query", b"/case@@?u=http://evil.example/"),
    ("colon", b"/case@@:80"), ("at sign", b"/@evil.example/case@@"), ("empty query", b"/case@@?"), ("unreserved and sub-delims", b"/case@@/-._~!$&'()*+,;=:@"),
]
for name, target in TARGET_OK:
    add("target", name, line(b"GET " + target + b" HTTP/1.1"), one(target=target))
ABSOLUTE = (b"/case@@", b"http://h.example/case@@")
add("target", "absolute form", line(b"GET http://h.example/case@@ HTTP/1.1"), one(target=ABSOLUTE, has=[(b"host", b"h.example")]))
add("target", "absolute form without a path", line(b"GET http://h.example HTTP/1.1"),
    one(target=(b"/", b"http://h.example", b"http://h.example/")), reject(400))
add("target", "absolute form, only a query", line(b"GET http://h.example?case@@ HTTP/1.1"),
    one(target=(b"/?case@@", b"http://h.example?case@@", b"http://h.example/?case@@")), reject(400))
add("target", "OPTIONS in absolute form without a path", line(b"OPTIONS http://h.example HTTP/1.1"),
    one(method=b"OPTIONS", target=(b"*", b"http://h.example", b"http://h.example/")), reject(400))
add("target", "OPTIONS *", line(b"OPTIONS * HTTP/1.1"), one(method=b"OPTIONS", target=b"*"))
add("target", "OPTIONS *x", line(b"OPTIONS *x HTTP/1.1"), reject(400))
add("target", "POST *", line(b"POST * HTTP/1.1", HOST + b"Content-Length: 0\r\n"), reject(400))
for name, target in [("a path", b"/case@@"), ("no port", b"h.example"), ("a URI", b"http://h.example:80/"), ("an empty port", b"h.example:"),
                     ("port 0", b"h.example:0"), ("a port beyond 65535", b"h.example:70000"), ("a port that is none", b"h.example:x"),
                     ("no host", b":443"), ("user information", b"a@h.example:443"), ("a path behind", b"h.example:443/x"), ("a star", b"*")]:
    add("target", "CONNECT with " + name, line(b"CONNECT " + target + b" HTTP/1.1"), reject(400))

# ---- Host and authority ----

HOSTS_BAD = [
    ("missing", b""), ("twice, the same", b"Host: h.example\r\nHost: h.example\r\n"), ("twice, different", b"Host: h.example\r\nHost: evil.example\r\n"),
    ("twice, one empty", b"Host:\r\nHost: h.example\r\n"), ("twice, far apart", b"Host: h.example\r\n" + b"X: y\r\n" * 30 + b"hOsT: evil.example\r\n"),
    ("a list", b"Host: h.example, evil.example\r\n"), ("two words", b"Host: h.example evil.example\r\n"), ("a path", b"Host: h.example/x\r\n"),
    ("a query", b"Host: h.example?x\r\n"), ("a fragment", b"Host: h.example#x\r\n"), ("user information", b"Host: a@h.example\r\n"),
    ("a scheme", b"Host: http://h.example\r\n"), ("backslash", b"Host: h.example\\x\r\n"), ("two ports", b"Host: h.example:80:80\r\n"),
    ("a port that is none", b"Host: h.example:http\r\n"), ("port with a sign", b"Host: h.example:+80\r\n"), ("port and a word", b"Host: h.example:80 x\r\n"),
    ("only a port", b"Host: :80\r\n"), ("open bracket", b"Host: [::1\r\n"), ("closing bracket", b"Host: ::1]\r\n"), ("bracket and more", b"Host: [::1]x\r\n"),
    ("empty brackets", b"Host: []\r\n"), ("name in brackets", b"Host: [h.example]\r\n"), ("bare IPv6", b"Host: ::1\r\n"),
    ("angle brackets", b"Host: <h.example>\r\n"), ("quotation marks", b'Host: "h.example"\r\n'), ("NUL", b"Host: h.example\x00.evil\r\n"),
    ("tab inside", b"Host: h.example\tevil\r\n"), ("high bytes", b"Host: h\xe9.example\r\n"), ("control byte", b"Host: h\x01.example\r\n"),
    ("caret", b"Host: h^example\r\n"), ("bar", b"Host: h|example\r\n"), ("braces", b"Host: {h}\r\n"), ("backtick", b"Host: h`x\r\n"),
    ("percent and no digits", b"Host: h%zz\r\n"), ("folded", b"Host: h.example\r\n evil.example\r\n"), ("folded empty", b"Host:\r\n h.example\r\n"),
    ("space before the colon", b"Host : h.example\r\n"), ("a second one with a space before the colon", b"Host: h.example\r\nHost : evil.example\r\n"),
    ("a second one folded", b"Host: h.example\r\n Host: evil.example\r\n"), ("a second one in front, folded", b" Host: evil.example\r\nHost: h.example\r\n"),
    ("bare CR", b"Host: h.example\rX: y\r\n"), ("a second one behind a bare LF", b"Host: h.example\nHost: evil.example\r\n"),
    ("no colon", b"Host h.example\r\n"),
]
for name, fields in HOSTS_BAD:
    add("host", name, line(b"GET /case@@ HTTP/1.1", fields), reject(400))
add("host", "twice in HTTP/1.0", line(b"GET /case@@ HTTP/1.0", b"Host: a\r\nHost: b\r\n"), reject(400))
HOSTS_EITHER = [("empty", b"Host:\r\n"), ("an empty port", b"Host: h.example:\r\n"), ("port beyond 65535", b"Host: h.example:99999\r\n"),
                ("a comma without space", b"Host: a,b\r\n"), ("percent-encoded", b"Host: h%2eexample\r\n"), ("port 0", b"Host: h.example:0\r\n"),
                ("zone", b"Host: [fe80::1%25eth0]\r\n"), ("address with leading zeros", b"Host: 127.000.000.001\r\n")]
for name, fields in HOSTS_EITHER:
    add("host", name, line(b"GET /case@@ HTTP/1.1", fields), one(), reject(400))
HOSTS_OK = [("name and port", b"h.example:8080"), ("IPv4", b"127.0.0.1"), ("IPv4 and port", b"127.0.0.1:80"), ("IPv6", b"[::1]"),
            ("IPv6 and port", b"[2001:db8::1]:8080"), ("upper case", b"H.EXAMPLE"), ("underscore", b"my_host"), ("trailing dot", b"h.example."),
            ("Punycode", b"xn--bcher-kva.example"), ("one letter", b"h")]
for name, value in HOSTS_OK:
    add("host", name, line(b"GET /case@@ HTTP/1.1", b"Host: " + value + b"\r\n"), one(has=[(b"host", value)]))
MISMATCH = [
    ("another name", b"http://evil.example/case@@", b"h.example"), ("another port", b"http://h.example:81/case@@", b"h.example:82"),
    ("a port in the target only", b"http://h.example:81/case@@", b"h.example"), ("a port in Host only", b"http://h.example/case@@", b"h.example:81"),
    ("a longer name", b"http://h.example.evil/case@@", b"h.example"), ("user information hides a host", b"http://h.example@evil.example/case@@", b"h.example"),
    ("user information hides a host, port", b"http://h.example:80@evil.example/case@@", b"h.example:80"), ("Host empty", b"http://h.example/case@@", b""),
    ("backslash", b"http://evil.example\\@h.example/case@@", b"h.example"),
]
for name, target, host in MISMATCH:
    add("authority", name, line(b"GET " + target + b" HTTP/1.1", b"Host: " + host + b"\r\n"), reject(400))
add("authority", "differs in case only", line(b"GET HTTP://H.Example/case@@ HTTP/1.1"),
    one(target=(b"/case@@", b"HTTP://H.Example/case@@", b"http://H.Example/case@@", b"http://h.example/case@@")), reject(400))
add("authority", "the scheme's own port in the target", line(b"GET http://h.example:80/case@@ HTTP/1.1"),
    one(target=ABSOLUTE + (b"http://h.example:80/case@@",)), reject(400))
add("authority", "no Host, HTTP/1.1", line(b"GET http://h.example/case@@ HTTP/1.1", b""), reject(400))
add("authority", "no Host, HTTP/1.0", line(b"GET http://h.example/case@@ HTTP/1.0", b""), one(target=ABSOLUTE), reject(400))
add("authority", "CONNECT and another Host", line(b"CONNECT evil.example:443 HTTP/1.1", b"Host: h.example:443\r\n"), reject(400))
add("authority", "user information, same host", line(b"GET http://a:b@h.example/case@@ HTTP/1.1"),
    one(target=(b"/case@@", b"http://a:b@h.example/case@@", b"http://h.example/case@@")), reject(400))

# ---- Field names and values ----

FIELDS_BAD = [
    ("no colon", b"X-A\r\n"), ("no colon, a value", b"X-A b\r\n"), ("empty name", b": b\r\n"), ("only a colon", b":\r\n"),
    ("space before the colon", b"X-A : b\r\n"), ("tab before the colon", b"X-A\t: b\r\n"), ("space in the name", b"X A: b\r\n"),
    ("tab in the name", b"X\tA: b\r\n"), ("NUL in the name", b"X\x00A: b\r\n"), ("control byte in the name", b"X\x01A: b\r\n"),
    ("DEL in the name", b"X\x7fA: b\r\n"), ("high byte in the name", b"X\xe9A: b\r\n"), ("slash in the name", b"X/A: b\r\n"),
    ("at sign in the name", b"X@A: b\r\n"), ("parentheses in the name", b"X(A): b\r\n"), ("brackets in the name", b"X[A]: b\r\n"),
    ("braces in the name", b"X{A}: b\r\n"), ("equals in the name", b"X=A: b\r\n"), ("comma in the name", b"X,A: b\r\n"),
    ("semicolon in the name", b"X;A: b\r\n"), ("quotation mark in the name", b'X"A: b\r\n'), ("backslash in the name", b"X\\A: b\r\n"),
    ("question mark in the name", b"X?A: b\r\n"), ("angle bracket in the name", b"X<A: b\r\n"), ("NUL in the value", b"X-A: b\x00c\r\n"),
    ("NUL alone as value", b"X-A: \x00\r\n"), ("control byte in the value", b"X-A: b\x01c\r\n"), ("backspace in the value", b"X-A: b\x08c\r\n"),
    ("escape in the value", b"X-A: b\x1bc\r\n"), ("DEL in the value", b"X-A: b\x7fc\r\n"), ("vertical tab in the value", b"X-A: b\x0bc\r\n"),
    ("form feed in the value", b"X-A: b\x0cc\r\n"), ("bare CR in the value", b"X-A: b\rc\r\n"), ("bare CR hides a field", b"X-A: b\rX-B: c\r\n"),
    ("bare CR at the end of the value", b"X-A: b\r\r\n"), ("bare CR in the name", b"X\rA: b\r\n"), ("bare CR in front of the name", b"\rX-A: b\r\n"),
    ("ends in LF", b"X-A: b\n"), ("LF hides a field", b"X-A: b\nX-B: c\r\n"), ("LF CR", b"X-A: b\n\r"), ("first line ends in LF", b"X-A: b\nX-C: d\r\n"),
    ("folded", b"X-A: b\r\n c\r\n"), ("folded with tab", b"X-A: b\r\n\tc\r\n"), ("folded, only spaces", b"X-A: b\r\n   \r\n"),
    ("folded twice", b"X-A: b\r\n c\r\n d\r\n"), ("folded name", b"X-A\r\n : b\r\n"), ("an empty line of spaces", b" \r\n"),
    ("a request line among them", b"GET /smuggled@@ HTTP/1.1\r\n"), ("a version among them", b"HTTP/1.1\r\n"),
    ("BOM in front", b"\xef\xbb\xbfX-A: b\r\n"), ("full-width colon", "X-A：b\r\n".encode()),
]
for name, fields in FIELDS_BAD:
    add("fields", name, line(b"GET /case@@ HTTP/1.1", HOST + fields), reject(400))
    if name in ("space before the colon", "folded", "ends in LF", "bare CR in the value", "no colon"):
        add("fields", name + ", as the first line", line(b"GET /case@@ HTTP/1.1", fields + HOST), reject(400))
add("fields", "first line begins with a space", line(b"GET /case@@ HTTP/1.1", b" X-A: b\r\n" + HOST), reject(400))
add("fields", "first line begins with a tab", line(b"GET /case@@ HTTP/1.1", b"\tX-A: b\r\n" + HOST), reject(400))
FIELDS_OK = [
    ("empty value", b"X-A:\r\n", b""), ("spaces around", b"X-A: \t b \t\r\n", b"b"), ("tab in the value", b"X-A: b\tc\r\n", b"b\tc"),
    ("colons in the value", b"X-A: b:c:\r\n", b"b:c:"), ("high bytes in the value", b"X-A: \xc3\xa9\xff\r\n", b"\xc3\xa9\xff"),
    ("looks like a field", b"X-A: Content-Length: 5\r\n", b"Content-Length: 5"), ("percent-encoded CR LF", b"X-A: b%0d%0aX-B: c\r\n", b"b%0d%0aX-B: c"),
    ("backslashes", b"X-A: \\r\\nX-B: c\r\n", b"\\r\\nX-B: c"),
]
for name, fields, value in FIELDS_OK:
    add("fields", name, line(b"GET /case@@ HTTP/1.1", HOST + fields), one(has=[(b"x-a", value)]))
add("fields", "name of all token bytes", line(b"GET /case@@ HTTP/1.1", HOST + b"!#$%&'*+-.^_`|~09: b\r\n"),
    one(has=[(b"!#$%&'*+-.^_`|~09", b"b")]))
add("fields", "head ends in LF LF", b"GET /case@@ HTTP/1.1\r\n" + HOST[:-2] + b"\n\n" + SMUGGLED, reject(400))
add("fields", "head ends in CR LF LF", b"GET /case@@ HTTP/1.1\r\n" + HOST + b"\n" + SMUGGLED, reject(400))
add("fields", "head ends in LF CR LF", b"GET /case@@ HTTP/1.1\r\n" + HOST[:-2] + b"\n\r\n" + SMUGGLED, reject(400))
add("fields", "head ends in CR LF CR CR LF", b"GET /case@@ HTTP/1.1\r\n" + HOST + b"\r\r\n", reject(400))
add("fields", "head ends in CR LF CR and a byte", b"GET /case@@ HTTP/1.1\r\n" + HOST + b"\rX", reject(400, 408))
add("fields", "all in LF", b"GET /case@@ HTTP/1.1\nHost: h.example\n\n", reject(400))
add("fields", "all in CR", b"GET /case@@ HTTP/1.1\rHost: h.example\r\r" + SMUGGLED, reject(400))

# ---- Connection and what it names ----

for name in (b"Host", b"Content-Length", b"Transfer-Encoding"):
    fields = {b"Host": b"", b"Content-Length": b"Content-Length: 5\r\n", b"Transfer-Encoding": b"Transfer-Encoding: chunked\r\n"}[name]
    body = {b"Host": b"", b"Content-Length": b"hello", b"Transfer-Encoding": b"5\r\nhello\r\n0\r\n\r\n"}[name]
    method = b"POST" if body else b"GET"
    for how, value in (("named", name), ("named in lower case", name.lower()), ("named in a list", b"keep-alive, " + name),
                       ("named with close", b"close, " + name)):
        add("connection", f"{name.decode()} {how}",
            line(method + b" /case@@ HTTP/1.1", HOST + fields + b"Connection: " + value + b"\r\n") + body, reject(400))
NAMED = [
    ("a field", b"Connection: X-A\r\nX-A: b\r\n", b"x-a"), ("a field, before it", b"X-A: b\r\nConnection: X-A\r\n", b"x-a"),
    ("in another case", b"Connection: x-A\r\nX-a: b\r\n", b"x-a"), ("in a list", b"Connection: keep-alive, X-A ,X-B\r\nX-A: b\r\n", b"x-a"),
    ("in a second line", b"Connection: keep-alive\r\nConnection: X-A\r\nX-A: b\r\n", b"x-a"), ("several of it", b"Connection: X-A\r\nX-A: b\r\nX-A: c\r\n", b"x-a"),
    ("with empty elements", b"Connection: ,, X-A,,\r\nX-A: b\r\n", b"x-a"), ("Keep-Alive", b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", b"keep-alive"),
    ("Keep-Alive unnamed", b"Keep-Alive: timeout=5\r\n", b"keep-alive"), ("Proxy-Connection", b"Proxy-Connection: keep-alive\r\n", b"proxy-connection"),
    ("TE", b"Connection: TE\r\nTE: gzip\r\n", b"te"), ("TE unnamed", b"TE: gzip\r\n", b"te"),
    ("Upgrade unnamed", b"Upgrade: websocket\r\n", b"upgrade"), ("Proxy-Authorization", b"Connection: Proxy-Authorization\r\nProxy-Authorization: Basic eDp5\r\n", b"proxy-authorization"),
]
for name, fields, gone in NAMED:
    add("connection", name, line(b"GET /case@@ HTTP/1.1", HOST + fields), one(lacks=[gone]))
NAMED_KEEP = [  # fields that a server relies on: the name makes them neither vanish nor pass quietly
    ("Cookie", b"Cookie: a=b\r\n"), ("Authorization", b"Authorization: Basic eDp5\r\n"), ("X-Forwarded-For", b"X-Forwarded-For: 1.2.3.4\r\n"),
    ("Content-Type", b"Content-Type: text/plain\r\n"), ("Cache-Control", b"Cache-Control: no-store\r\n"), ("Expect", b"Expect: 100-continue\r\n"),
]
for name, fields in NAMED_KEEP:
    add("connection", name + " named", line(b"GET /case@@ HTTP/1.1", HOST + fields + b"Connection: " + name.encode() + b"\r\n"),
        one(), reject(400))
for name, fields in [("no token", b"Connection: a b\r\n"), ("a quoted string", b'Connection: "close"\r\n'), ("a slash", b"Connection: a/b\r\n"),
                     ("itself", b"Connection: connection\r\n"), ("empty", b"Connection:\r\n"), ("close and keep-alive", b"Connection: close, keep-alive\r\n"),
                     ("a thousand names", b"Connection: " + b", ".join(b"x%d" % i for i in range(1000)) + b"\r\n")]:
    add("connection", name, line(b"GET /case@@ HTTP/1.1", HOST + fields), one(), reject(400, 431))

# ---- Upgrade ----

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
for name, fields in [
    ("h2c", H2C), ("h2c, only upgrade named", H2C.replace(b", HTTP2-Settings", b"")), ("h2c in upper case", H2C.replace(b"h2c", b"H2C")),
    ("h2c behind websocket", H2C.replace(b"h2c", b"websocket, h2c")), ("h2c in front of websocket", H2C.replace(b"h2c", b"h2c, websocket")),
    ("h2c in a second line", b"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"), ("h2", H2C.replace(b"h2c", b"h2")),
    ("HTTP/2.0", H2C.replace(b"h2c", b"HTTP/2.0")), ("TLS/1.0", b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"),
]:
    own_handshake = "websocket" in name or "second" in name
    add("upgrade", name, line(b"GET /case@@ HTTP/1.1", HOST + fields),
        *([one(), reject(400)] if own_handshake else [one(lacks=[b"upgrade", b"http2-settings"]), reject(400)]))
add("upgrade", "h2c never reaches the server beside another", line(b"GET /case@@ HTTP/1.1", HOST + b"Connection: Upgrade\r\nUpgrade: h2c, echo\r\n"),
    one(lacks=[b"upgrade"]), one(has=[(b"upgrade", b"echo")]), reject(400))
add("upgrade", "with a body", line(b"POST /case@@ HTTP/1.1", HOST + b"Connection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 5\r\n") + b"hello",
    one(method=b"POST", body=b"hello"), reject(400))
add("upgrade", "refused, then the next request",
    line(b"GET /case@@ HTTP/1.1", HOST + b"Connection: Upgrade\r\nUpgrade: echo\r\n") + b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n",
    several(request(), request(target=b"/second@@")))
add("upgrade", "WebSocket refused, then the next request",
    line(b"GET /case@@ HTTP/1.1", HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
    + b"GET /second@@ HTTP/1.1\r\nHost: h.example\r\n\r\n",
    several(request(), request(target=b"/second@@")))
add("upgrade", "in HTTP/1.0", line(b"GET /case@@ HTTP/1.0", HOST + b"Connection: Upgrade\r\nUpgrade: echo\r\n"),
    one(lacks=[b"upgrade"]), reject(400))
