/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of messages. What each row expects is what HAProxy answered to the same question
 * (tests/system/language/fetches.txt asks more, and both). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "policy_fixture.h"

#include "base/memory.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"
#include "policy/rule.h"

struct row {
    const char *expr, *value; /* NULL: there is none */
};

struct group {
    const char *message;
    bool response;
    const struct row *rows;
    size_t n;
};

#define ROWS(array) array, ARRAY_LEN(array)

static const struct fetch_table *const tables[] = {
    &request_fetches,  &field_fetches, &cookie_fetches, &query_fetches, &body_fetches,
    &response_fetches, &auth_fetches,  &rule_fetches,   NULL,
};

static const struct row plain[] = {
    { "method", "GET" },
    { "path", "/a/b" },
    { "pathq", "/a/b?x=1&y=2" },
    { "query", "x=1&y=2" },
    { "url", "/a/b?x=1&y=2" },
    { "url_ip", NULL },
    { "url_port", NULL },
    { "base", "www.Example.com:8080/a/b" },
    { "baseq", "www.Example.com:8080/a/b?x=1&y=2" },
    { "base32", "1633829753" },
    { "url32", "2073979411" },
    { "req.ver", "1.1" },
    { "req_ver", "1.1" },
    { "req.proto_http", "1" },
    { "req_proto_http", "1" },
};
static const struct row marks[] = {
    { "path", "/x" },     { "query", "a?b=1?c=2&?d" }, { "urlp", "1" },      { "urlp(b)", "1" },
    { "urlp(b,?)", "1" }, { "urlp(c)", "2" },          { "urlp(c,?)", "2" }, { "urlp(a)", NULL },
};
static const struct row http10[] = {
    { "req.ver", "1.0" },       { "base", "/x" },          { "baseq", "/x?y" },
    { "base32", "2340802059" }, { "url32", "1250355118" }, { "req.hdrs", "\015\012" },
    { "req.hdr(host)", NULL },  { "req.hdr_names", "" },   { "req.hdr_cnt", "0" },
    { "req.fhdr_cnt", "0" },    { "req.hdr()", NULL },     { "req.cook", NULL },
    { "req.cook_cnt", "0" },
};
static const struct row empty_host[] = {
    { "base", "/x" },          { "baseq", "/x" },       { "base32", "2340802059" },
    { "url32", "2340802059" }, { "req.hdr(host)", "" }, { "req.hdr_cnt(host)", "1" },
};
static const struct row absolute[] = {
    { "url", "http://1.2.3.4:8080/p/q?a=b" },
    { "path", "/p/q" },
    { "pathq", "/p/q?a=b" },
    { "query", "a=b" },
    { "url_ip", "1.2.3.4" },
    { "url_port", "8080" },
    { "base", "1.2.3.4:8080/p/q" },
    { "baseq", "1.2.3.4:8080/p/q?a=b" },
    { "base32", "693532497" },
    { "url32", "2029295975" },
    { "req.hdrs", "host: 1.2.3.4:8080\015\012\015\012" },
    { "urlp(a)", "b" },
};
static const struct row absolute_default_port[] = {
    { "url", "http://1.2.3.4/x" }, { "req.hdrs", "host: 1.2.3.4\015\012\015\012" },
    { "base", "1.2.3.4/x" },       { "url_ip", "1.2.3.4" },
    { "url_port", "80" },
};
static const struct row absolute_no_path[] = {
    { "url", "http://a.b" },    { "path", NULL },          { "pathq", NULL },
    { "query", NULL },          { "base", "a.b" },         { "baseq", "a.b" },
    { "base32", "1647260789" }, { "url32", "1647260789" },
};
static const struct row star[] = {
    { "method", "OPTIONS" },   { "url", "*" },       { "path", NULL }, { "pathq", NULL },
    { "query", NULL },         { "base", "h" },      { "baseq", "h" }, { "base32", "1228821030" },
    { "url32", "1228821030" }, { "url_port", NULL },
};
static const struct row connect_method[] = {
    { "method", "CONNECT" },  { "url", "h:443" },         { "path", NULL },
    { "pathq", NULL },        { "query", NULL },          { "base", "h" },
    { "baseq", "h" },         { "base32", "1228821030" }, { "url32", "1228821030" },
    { "url_ip", NULL },       { "url_port", NULL },       { "req.hdrs", "host: h\015\012\015\012" },
    { "req.hdr(host)", "h" },
};
static const struct row fields[] = {
    { "req.hdr(x-a)", "five" },
    { "req.hdr(X-A)", "five" },
    { "hdr(x-a)", "five" },
    { "req.hdr(x-a,0)", "five" },
    { "req.hdr(x-a,1)", "one" },
    { "req.hdr(X-a,2)", "two" },
    { "req.hdr(x-a,3)", "" },
    { "req.hdr(x-a,4)", "\"th,ree\"" },
    { "req.hdr(x-a,5)", "four" },
    { "req.hdr(x-a,6)", "five" },
    { "req.hdr(x-a,7)", NULL },
    { "req.hdr(x-a,-1)", "five" },
    { "req.hdr(x-a,-2)", "four" },
    { "req.hdr(x-a,-3)", "\"th,ree\"" },
    { "req.hdr(x-a,-6)", "one" },
    { "req.hdr(x-a,-7)", NULL },
    { "req.hdr(x-a,-10)", NULL },
    { "req.fhdr(x-a)", "five" },
    { "req.fhdr(x-a,1)", "one, two ,, \"th,ree\" , four" },
    { "req.fhdr(x-a,2)", "five" },
    { "req.fhdr(x-a,3)", NULL },
    { "req.fhdr(x-a,-2)", "one, two ,, \"th,ree\" , four" },
    { "req.fhdr(x-a,-3)", NULL },
    { "req.hdr(x-empty)", "" },
    { "req.hdr(x-empty,1)", "" },
    { "req.fhdr(x-empty)", "" },
    { "req.hdr(x-none)", NULL },
    { "req.hdr(x-tab)", "a" },
    { "req.hdr(x-8)", "gr\303\274\303\237e" },
    { "req.hdr", NULL },
    { "req.hdr()", "gr\303\274\303\237e" },
    { "req.hdr(,1)", "h" },
    { "req.hdr(,2)", "one" },
    { "req.fhdr", NULL },
    { "req.fhdr()", "gr\303\274\303\237e" },
    { "req.fhdr(,2)", "one, two ,, \"th,ree\" , four" },
    { "hdr", NULL },
    { "req.hdr_cnt", "11" },
    { "req.hdr_cnt()", "11" },
    { "req.hdr_cnt(x-a)", "6" },
    { "req.hdr_cnt(x-empty)", "1" },
    { "req.hdr_cnt(x-none)", "0" },
    { "hdr_cnt(x-a)", "6" },
    { "req.fhdr_cnt", "7" },
    { "req.fhdr_cnt(x-a)", "2" },
    { "req.fhdr_cnt(x-none)", "0" },
    { "req.hdr_names", "host,x-a,x-a,x-empty,x-tab,x-long,x-8" },
    { "req.hdr_names(:)", "host:x-a:x-a:x-empty:x-tab:x-long:x-8" },
    { "req.hdr_names(::)", "host:x-a:x-a:x-empty:x-tab:x-long:x-8" },
    { "req.hdr_names( )", "host x-a x-a x-empty x-tab x-long x-8" },
};
static const struct row lists[] = {
    { "req.hdr(x,1)", "\"a,b, c" }, { "req.hdr(x,2)", "\"a\\\",b\"" },
    { "req.hdr(x,3)", "c" },        { "req.hdr(x,4)", "a\"b,c\"d" },
    { "req.hdr(x,5)", "e" },        { "req.hdr(x,6)", "a\\" },
    { "req.hdr(x,7)", "b" },        { "req.hdr(x,8)", "'a" },
    { "req.hdr(x,9)", "b'" },       { "req.hdr(x,10)", "a" },
    { "req.hdr(x,11)", "" },        { "req.hdr(x,12)", "" },
    { "req.hdr(x,13)", "" },        { "req.hdr(x,14)", NULL },
    { "req.hdr(y,1)", "" },         { "req.hdr(y,2)", "a" },
    { "req.hdr(y)", "a" },          { "req.hdr_cnt(x)", "13" },
    { "req.hdr_cnt(y)", "2" },      { "req.fhdr_cnt(x)", "7" },
};
static const struct row numbers[] = {
    { "req.hdr_val(x)", "7" },
    { "req.hdr_val(x,1)", "12" },
    { "req.hdr_val(x,2)", "-7" },
    { "req.hdr_val(x,3)", "1215752191" },
    { "req.hdr_val(x,4)", "0" },
    { "req.hdr_val(x,5)", "-45" },
    { "req.hdr_val(x,6)", "0" },
    { "req.hdr_val(x,7)", "25" },
    { "req.hdr_val(x,8)", "1" },
    { "req.hdr_val(x,9)", "-2147483648" },
    { "req.hdr_val(x,10)", "2147483647" },
    { "req.hdr_val(x,11)", "-58" },
    { "req.hdr_val(x,12)", "0" },
    { "req.hdr_val(x,13)", "-12249" },
    { "req.hdr_val(x,14)", "85" },
    { "req.hdr_val(x,15)", "7" },
    { "req.hdr_val(y)", "7" },
    { "hdr_val(y,2)", "6" },
    { "req.hdr_val(none)", NULL },
    { "req.hdr_val", NULL },
    { "req.hdr_val(content-length)", "0" },
};
static const struct row addresses[] = {
    { "req.hdr_ip(x)", NULL },
    { "req.hdr_ip(x,1)", "1.2.3.4" },
    { "req.hdr_ip(x,2)", "1.2.3.4" },
    { "req.hdr_ip(x,3)", NULL },
    { "req.hdr_ip(x,4)", "::1" },
    { "req.hdr_ip(x,5)", NULL },
    { "req.hdr_ip(x,6)", NULL },
    { "req.hdr_ip(x,7)", NULL },
    { "req.hdr_ip(x,8)", NULL },
    { "req.hdr_ip(x,9)", NULL },
    { "req.hdr_ip(y,1)", NULL },
    { "req.hdr_ip(y,2)", "1.2.3.4" },
    { "req.hdr_ip(y,3)", "::ffff:1.2.3.4" },
    { "req.hdr_ip(y,4)", "1.2.3.4" },
    { "req.hdr_ip(y,5)", "1.2.3.4" },
    { "req.hdr_ip(y,6)", NULL },
    { "req.hdr_ip(y,7)", "1.2.3.4" },
    { "req.hdr_ip(y,8)", NULL },
    { "req.hdr_ip(y,9)", NULL },
    { "req.hdr_ip(y,10)", NULL },
    { "req.hdr_ip(y,11)", "::" },
    { "req.hdr_ip(z)", "10.0.0.3" },
    { "hdr_ip(z,1)", "10.0.0.1" },
    { "req.hdr_ip(z,-3)", "10.0.0.1" },
    { "req.hdr_ip(bad)", NULL },
    { "req.hdr_ip(none)", NULL },
    { "req.hdr_ip", NULL },
};
static const struct row connection[] = {
    { "req.hdrs", "host: h\015\012connection: x-a\015\012connection: a,b\015\012connection: "
                  "x-c,x-b,x-d\015\012keep-alive: timeout=5\015\012proxy-connection: "
                  "keep-alive\015\012te: trailers\015\012\015\012" },
    { "req.hdr(connection)", "x-d" },
    { "req.fhdr(connection,1)", "x-a" },
    { "req.fhdr(connection,2)", "a,b" },
    { "req.fhdr(connection,3)", "x-c,x-b,x-d" },
    { "req.hdr_cnt(connection)", "6" },
    { "req.fhdr_cnt(connection)", "3" },
    { "req.hdr(keep-alive)", "timeout=5" },
    { "req.hdr(te)", "trailers" },
    { "req.hdr_names", "host,connection,connection,connection,keep-alive,proxy-connection,te" },
};
static const struct row cookies[] = {
    { "req.cook(a)", "9" },
    { "req.cook(b)", "2" },
    { "req.cook(c)", "\"x;y\"" },
    { "req.cook(d)", "4" },
    { "req.cook(e)", "" },
    { "req.cook(f)", "5" },
    { "req.cook(last)", "" },
    { "req.cook(alone)", NULL },
    { "req.cook(noeq)", NULL },
    { "req.cook($Path)", NULL },
    { "req.cook(Path)", NULL },
    { "req.cook(x)", NULL },
    { "req.cook(A)", NULL },
    { "req.cook", "1" },
    { "req.cook()", "1" },
    { "cook(a)", "9" },
    { "cook", "1" },
    { "cookie(a)", "9" },
    { "cookie", "1" },
    { "req.cook_cnt", "14" },
    { "req.cook_cnt()", "14" },
    { "req.cook_cnt(a)", "3" },
    { "req.cook_cnt(e)", "1" },
    { "req.cook_cnt(x)", "0" },
    { "cook_cnt(a)", "3" },
    { "req.cook_val(a)", "9" },
    { "req.cook_val(c)", "-14" },
    { "req.cook_val(e)", "0" },
    { "req.cook_val(n)", "12" },
    { "req.cook_val(neg)", "-5" },
    { "req.cook_val(plus)", "-47" },
    { "req.cook_val(float)", "287" },
    { "req.cook_val(x)", NULL },
    { "req.cook_val", "1" },
    { "cook_val(n)", "12" },
};
static const struct row odd_cookies[] = {
    { "req.cook(a)", "\"b,c; d=5\"" }, { "req.cook(d)", NULL }, { "req.cook(e)", "\"f\\\";g=1\"" },
    { "req.cook(g)", NULL },           { "req.cook(h)", "2" },  { "req.cook(i)", "\"j k\" l" },
    { "req.cook(m)", "n=o" },          { "req.cook(p)", NULL }, { "req.cook($v)", NULL },
    { "req.cook(w)", NULL },           { "req.cook_cnt", "6" },
};
static const struct row parameters[] = {
    { "urlp(x)", "1" },       { "urlp(y)", "2" },
    { "urlp(z)", "3" },       { "urlp(e)", "" },
    { "urlp(noeq)", NULL },   { "urlp(none)", NULL },
    { "urlp(bc)", "7" },      { "urlp(b)", NULL },
    { "urlp(v)", "a%20b+c" }, { "urlp(t)", "u=w" },
    { "urlp", "1" },          { "urlp()", "1" },
    { "urlp(X)", NULL },      { "url_param(x)", "1" },
    { "url_param", "1" },     { "urlp(x,;)", "4" },
    { "urlp(x,?)", "1" },     { "urlp(x,&)", "4" },
    { "urlp(z,;)", "3" },     { "urlp(,;)", "3" },
    { "urlp(x,)", NULL },     { "urlp(x,ab)", "4" },
    { "urlp_val(x)", "1" },   { "urlp_val(e)", "0" },
    { "urlp_val(v)", "0" },   { "urlp_val(none)", NULL },
    { "urlp_val", "1" },
};
static const struct row form[] = {
    { "req.body", "a=1&b=2;c=3&a=4&e=&noeq&%3" },
    { "req.body_len", "26" },
    { "req.body_size", "26" },
    { "req.body_param(a)", "1" },
    { "req.body_param(b)", "2" },
    { "req.body_param(c)", "3" },
    { "req.body_param(e)", "" },
    { "req.body_param(noeq)", NULL },
    { "req.body_param(x)", NULL },
    { "req.body_param", "1" },
    { "req.body_param()", "1" },
    { "urlp(a)", "9" },
};
static const struct row no_body[] = {
    { "req.body", "" },         { "req.body_len", "0" },
    { "req.body_size", "0" },   { "req.body_param(a)", NULL },
    { "req.body_param", NULL },
};
static const struct row basic[] = {
    { "http_auth_user", "bob" },
    { "http_auth_pass", "secret" },
    { "http_auth_type", "Basic" },
    { "http_auth_bearer", NULL },
    { "http_auth_bearer(authorization)", "" },
};
static const struct row basic_no_colon[] = {
    { "http_auth_user", NULL },
    { "http_auth_type", NULL },
};
static const struct row basic_tail[] = {
    { "http_auth_user", NULL },
};
static const struct row bearer[] = {
    { "http_auth_type", "Bearer" },
    { "http_auth_user", NULL },
    { "http_auth_bearer", "abc.def.ghi" },
    { "http_auth_bearer(x-token)", "tok en" },
    { "http_auth_bearer(X-Token)", "tok en" },
    { "http_auth_bearer(x-bare)", "" },
    { "http_auth_bearer(x-basic)", "" },
    { "http_auth_bearer(Authorization)", "abc.def.ghi" },
    { "http_auth_bearer(x-none)", "" },
    { "http_auth_bearer()", "" },
};
static const struct row bearer_list[] = {
    { "http_auth_type", "Bearer" },
    { "http_auth_bearer", "abc" },
    { "http_auth_bearer(authorization)", "abc" },
};
static const struct row response_plain[] = {
    { "status", "200" },
    { "res.ver", "1.1" },
    { "resp_ver", "1.1" },
    { "res.hdr(x-a)", "three" },
    { "res.hdr(X-A,1)", "one" },
    { "res.hdr(x-a,-2)", "two" },
    { "res.hdr", NULL },
    { "res.hdr(,1)", "one" },
    { "res.hdr(x-none)", NULL },
    { "hdr(x-a)", "three" },
    { "hdr(x-a,1)", "one" },
    { "shdr(x-a)", "three" },
    { "res.fhdr(x-a)", "three" },
    { "res.fhdr(x-a,1)", "one, two" },
    { "res.fhdr(set-cookie,1)", "a=1; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT; b=9" },
    { "res.hdr_cnt", "12" },
    { "res.fhdr_cnt", "10" },
    { "res.hdr_cnt(x-a)", "3" },
    { "res.fhdr_cnt(x-a)", "2" },
    { "shdr_cnt(x-a)", "3" },
    { "res.hdr_ip(x-ip)", "1.2.3.4" },
    { "shdr_ip(x-ip)", "1.2.3.4" },
    { "res.hdr_val(x-n)", "5" },
    { "res.hdr_val(content-length)", "0" },
    { "shdr_val(x-n)", "5" },
    { "res.cook(a)", "3" },
    { "res.cook(b)", "9" },
    { "res.cook(c)", "\"q;r\"" },
    { "res.cook(e)", NULL },
    { "res.cook(f)", "" },
    { "res.cook(Path)", NULL },
    { "res.cook(Expires)", NULL },
    { "res.cook(HttpOnly)", NULL },
    { "res.cook", "1" },
    { "res.cook()", "1" },
    { "res.cook_cnt", "9" },
    { "res.cook_cnt(a)", "2" },
    { "res.cook_cnt(Path)", "0" },
    { "res.cook_val(a)", "3" },
    { "res.cook_val", "1" },
    { "scook(a)", "3" },
    { "scook", "1" },
    { "scook_cnt(a)", "2" },
    { "scook_val(a)", "3" },
    { "cookie(a)", "3" },
    { "cookie", "1" },
    { "method", "GET" },
    { "req.proto_http", NULL },
    { "res.body_size", "0" },
};
static const struct row response_old[] = {
    { "status", "301" },
    { "res.ver", "1.0" },
    { "res.hdrs", "location: /\015\012content-length: 0\015\012\015\012" },
    { "res.cook", NULL },
    { "res.cook_cnt", "0" },
    { "res.hdr(location)", "/" },
};
static const struct group groups[] = {
    { "GET /a/b?x=1&y=2 HTTP/1.1\r\n"
      "Host: www.Example.com:8080\r\n"
      "User-Agent: test/1.0 (one, two)\r\n"
      "\r\n",
      false, ROWS(plain) },
    { "GET /x?a?b=1?c=2&?d HTTP/1.1\r\n"
      "Host: h\r\n"
      "\r\n",
      false, ROWS(marks) },
    { "GET /x?y HTTP/1.0\r\n"
      "\r\n",
      false, ROWS(http10) },
    { "GET /x HTTP/1.1\r\n"
      "Host:\r\n"
      "\r\n",
      false, ROWS(empty_host) },
    { "GET http://1.2.3.4:8080/p/q?a=b HTTP/1.1\r\n"
      "Host: 1.2.3.4:8080\r\n"
      "\r\n",
      false, ROWS(absolute) },
    { "GET http://1.2.3.4:80/x HTTP/1.1\r\n"
      "Host: 1.2.3.4:80\r\n"
      "\r\n",
      false, ROWS(absolute_default_port) },
    { "GET http://a.b HTTP/1.1\r\n"
      "Host: a.b\r\n"
      "\r\n",
      false, ROWS(absolute_no_path) },
    { "OPTIONS * HTTP/1.1\r\n"
      "Host: h\r\n"
      "\r\n",
      false, ROWS(star) },
    { "CONNECT h:443 HTTP/1.1\r\n"
      "Host: h:443\r\n"
      "\r\n",
      false, ROWS(connect_method) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "X-A: one, two ,, \"th,ree\" , four\r\n"
      "X-A: five\r\n"
      "X-Empty:\r\n"
      "X-Tab: \ta \t\r\n"
      "X-Long: aaa\r\n"
      "X-8: gr\303\274\303\237e\r\n"
      "\r\n",
      false, ROWS(fields) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "X: \"a,b, c\r\n"
      "X: \"a\\\",b\", c\r\n"
      "X: a\"b,c\"d, e\r\n"
      "X: a\\,b\r\n"
      "X: 'a,b'\r\n"
      "X: a,\r\n"
      "X: ,\r\n"
      "Y: ,a\r\n"
      "\r\n",
      false, ROWS(lists) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "X: 12abc\r\n"
      "X: -7\r\n"
      "X: 99999999999\r\n"
      "X: abc\r\n"
      "X: +5\r\n"
      "X: -\r\n"
      "X: --5\r\n"
      "X: 4294967297\r\n"
      "X: 2147483648\r\n"
      "X: -2147483649\r\n"
      "X: 1 2\r\n"
      "X: 0x10\r\n"
      "X: \303\2511\r\n"
      "X: 1.5\r\n"
      "X: 007\r\n"
      "Content-Length: 0\r\n"
      "Y: 5, 6, 7\r\n"
      "\r\n",
      false, ROWS(numbers) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "X: 1.2.3.4, 1.2.3.4:80, [::1]:80, ::1, [2001:db8::1], 1.2.3.4:99999, 1.2.3, \"1.2.3.4\", "
      "1.2.3.4x\r\n"
      "Y: 1.2.3.4:, 01.2.3.4, ::ffff:1.2.3.4, 1.2.3.4:0, 1.2.3.4:65535, 1.2.3.4:65536, "
      "1.2.3.4:000080, 1.2.3.4:-1, fe80::1%eth0, 256.1.1.1, ::\r\n"
      "Z: 10.0.0.1\r\n"
      "Z: 10.0.0.2, 10.0.0.3\r\n"
      "Bad: nothing\r\n"
      "\r\n",
      false, ROWS(addresses) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "Connection: x-a, close\r\n"
      "Connection: close, a, b\r\n"
      "Connection: x-c, keep-alive, x-b , x-d\r\n"
      "Connection: close\r\n"
      "Keep-Alive: timeout=5\r\n"
      "Proxy-Connection: keep-alive\r\n"
      "TE: trailers\r\n"
      "\r\n",
      false, ROWS(connection) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "Cookie: a=1; b = 2 ;c=\"x;y\"; a=3; $Path=/; noeq; e=; d=4,f=5\r\n"
      "Cookie: a=9; last=\r\n"
      "Cookie: alone=\r\n"
      "Cookie: n=12abc; neg=-5; plus=+3; float=3.7\r\n"
      "\r\n",
      false, ROWS(cookies) },
    { "GET /x HTTP/1.1\r\n"
      "Host: h\r\n"
      "Cookie: a=\"b,c; d=5\"; e=\"f\\\";g=1\"; h=2\r\n"
      "Cookie: i = \"j k\" l ; m=n=o;p; =q; $v=1;$w=2\r\n"
      "\r\n",
      false, ROWS(odd_cookies) },
    { "GET /a?x=1&y=2;z=3&x=4&=5&e=&noeq&x&abc=6&bc=7&v=a%20b+c&t=u=w HTTP/1.1\r\n"
      "Host: h\r\n"
      "\r\n",
      false, ROWS(parameters) },
    { "POST /b?a=9 HTTP/1.1\r\n"
      "Host: h\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: 26\r\n"
      "\r\n"
      "a=1&b=2;c=3&a=4&e=&noeq&%3",
      false, ROWS(form) },
    { "GET /b HTTP/1.1\r\n"
      "Host: h\r\n"
      "\r\n",
      false, ROWS(no_body) },
    { "GET / HTTP/1.1\r\n"
      "Host: h\r\n"
      "Authorization: Basic Ym9iOnNlY3JldA==\r\n"
      "\r\n",
      false, ROWS(basic) },
    { "GET / HTTP/1.1\r\n"
      "Host: h\r\n"
      "Authorization: Basic Ym9i\r\n"
      "\r\n",
      false, ROWS(basic_no_colon) },
    { "GET / HTTP/1.1\r\n"
      "Host: h\r\n"
      "Authorization: Basic Ym9iOnNlY3JldA== x\r\n"
      "\r\n",
      false, ROWS(basic_tail) },
    { "GET / HTTP/1.1\r\n"
      "Host: h\r\n"
      "Authorization: Bearer abc.def.ghi\r\n"
      "X-Token: Bearer  tok en\r\n"
      "X-Bare: abc\r\n"
      "X-Basic: Basic Ym9iOnNlY3JldA==\r\n"
      "\r\n",
      false, ROWS(bearer) },
    { "GET / HTTP/1.1\r\n"
      "Host: h\r\n"
      "Authorization: bearer abc, def\r\n"
      "\r\n",
      false, ROWS(bearer_list) },
    { "HTTP/1.1 200 OK\r\n"
      "X-A: one, two\r\n"
      "X-A: three\r\n"
      "X-Ip: 1.2.3.4\r\n"
      "X-N: 5\r\n"
      "Set-Cookie: a=1; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT; b=9\r\n"
      "Set-Cookie: c=\"q;r\"; HttpOnly\r\n"
      "Set-Cookie: a=3\r\n"
      "Set-Cookie: e=\r\n"
      "Set-Cookie: f=; Path=/\r\n"
      "Content-Length: 0\r\n"
      "\r\n",
      true, ROWS(response_plain) },
    { "HTTP/1.0 301 Moved\r\n"
      "Location: /\r\n"
      "Content-Length: 0\r\n"
      "\r\n",
      true, ROWS(response_old) },
};

static void begin(struct policy_fixture *f, const struct group *g)
{
    fixture_request(f, g->response ? "GET / HTTP/1.1\r\nHost: h\r\n\r\n" : g->message);
    if (g->response) fixture_response(f, g->message);
    if (g->response) f->pc.scope.place = PLACE_FRONTEND_RESPONSE;
    fields_settle(g->response ? f->c.res : f->c.req, &f->arena);
}

static void test_values(void **state)
{
    struct policy_fixture f;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        fixture_init(&f, tables, NULL);
        begin(&f, &groups[i]);
        for (size_t k = 0; k < groups[i].n; k++) {
            const struct row *r = &groups[i].rows[k];
            const char *value = fixture_eval(&f, r->expr), *meant = r->value ? r->value : "-";
            if (strcmp(value, meant) != 0)
                fail_msg("%s of %.40s: '%s', not '%s'", r->expr, groups[i].message, value, meant);
        }
        fixture_release(&f);
    }
}

/* ---- all values ---- */

static const struct {
    const char *head, *expr, *values;
} iterations[] = {
    { "X: a, b\r\nX:\r\nX: c,", "req.hdr(x)", "a|b||c|" },
    { "X: a, b\r\nX: c", "req.hdr(x,2)", "b" },
    { "X: a, b\r\nX: c", "req.hdr(x,0)", "a|b|c" },
    { "X: a, b\r\nX: c", "req.fhdr(x)", "a, b|c" },
    { "X: a, b\r\nX: c", "req.hdr()", "h|a|b|c" },
    { "X: a, b\r\nX: c", "req.hdr", "-" },
    { "X: a", "req.hdr(y)", "-" },
    { "X: 1, b, 3", "req.hdr_val(x)", "1|0|3" },
    { "X: a, 10.0.0.1, b, ::1, c", "req.hdr_ip(x)", "10.0.0.1|::1" },
    { "X: a, b", "req.hdr_ip(x)", "-" },
    { "Cookie: a=1; b=2, a=3;c; a=\r\nCookie: a=4", "req.cook(a)", "1|3||4" },
    { "Cookie: a=1; b=2, a=3;c; a=\r\nCookie: a=4", "req.cook", "1|2|3||4" },
    { "Cookie: a=1; b=2", "req.cook_val", "1|2" },
    { "X: 1", "urlp(x)", "1|3" },
    { "X: 1", "urlp", "1|2|3|" },
    { "X: 1", "urlp_val(x)", "1|3" },
    { "X: 1", "urlp(y)", "2" },
};

static void test_lists(void **state)
{
    struct policy_fixture f;
    char text[512];

    (void)state;
    fixture_init(&f, tables, NULL);
    for (size_t i = 0; i < ARRAY_LEN(iterations); i++) {
        snprintf(text, sizeof text, "GET /?x=1&y=2;x=3&z= HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n",
                 iterations[i].head);
        fixture_request(&f, text);
        assert_string_equal(fixture_all(&f, iterations[i].expr), iterations[i].values);
    }
    fixture_release(&f);
}

/* ---- what can't be compiled ---- */

static void test_refused(void **state)
{
    static const char *const wrong[] = {
        "req.hdr(x,-11)", "req.hdr(x,y)", "req.hdr(x,1,2)", "urlp(a,b,c)",   "path(1)",
        "status",         "res.hdr(x)",   "http_auth",      "cook_cnt(a,b)",
    };
    struct policy_fixture f;

    (void)state;
    fixture_init(&f, tables, NULL);
    fixture_request(&f, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(fixture_eval(&f, wrong[i])[0], '!');
    fixture_release(&f);
}

/* ---- what rules change, and where a response is handled ---- */

static void test_method(void **state)
{
    struct policy_fixture f;

    (void)state;
    fixture_init(&f, tables, NULL);
    fixture_request(&f, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    f.c.req->method_set = true;
    f.c.req->asked = HTTP_GET;
    f.c.req->method = HTTP_PUT;
    f.c.req->method_name = SLICE("PUT");
    assert_string_equal(fixture_typed(&f, "method"), "meth GET");
    f.c.req->asked = HTTP_PATCH;
    assert_string_equal(fixture_typed(&f, "method"), "meth PUT");
    fixture_response(&f, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_string_equal(fixture_typed(&f, "method"), "-");
    f.c.req->asked = HTTP_POST;
    assert_string_equal(fixture_typed(&f, "method"), "meth POST");
    fixture_release(&f);
}

static void test_sources(void **state)
{
    static const unsigned char bytes[] = { 0x8b, 0x85, 0xce, 0x0b, 192, 0, 2, 7 };
    struct policy_fixture f;
    struct sample s = { 0 };
    const struct fetch *row;
    const struct arg end = { .type = ARG_END };

    (void)state;
    fixture_init(&f, tables, NULL);
    fixture_request(&f, "GET /x HTTP/1.0\r\n\r\n");
    row = hashmap_get(&f.rows.fetches, SLICE("base32+src"));
    assert_non_null(row);
    assert_true(row->get(&f.c, &end, &s));
    assert_int_equal(s.type, SAMPLE_BIN);
    assert_int_equal(s.str.n, sizeof bytes);
    assert_memory_equal(s.str.p, bytes, sizeof bytes);
    fixture_release(&f);
}

static void test_rules(void **state)
{
    struct policy_fixture f;
    struct source source = { .name = "a.cfg" };
    struct rule rule = { .name = "no-key", .at = { .source = &source, .line = 14 } };

    (void)state;
    fixture_init(&f, tables, NULL);
    assert_string_equal(fixture_eval(&f, "last_rule_file"), "-");
    assert_string_equal(fixture_eval(&f, "txn.rule"), "-");
    f.c.last_rule = f.c.final_rule = &rule;
    assert_string_equal(fixture_eval(&f, "last_rule_file"), "a.cfg");
    assert_string_equal(fixture_eval(&f, "last_rule_line"), "14");
    assert_string_equal(fixture_eval(&f, "txn.rule"), "no-key");
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_lists),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_method),
        cmocka_unit_test(test_sources), cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
