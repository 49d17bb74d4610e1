/* SPDX-License-Identifier: Apache-2.0 */
/* Request heads that are good, as the bytes that are written for the server; the message; limits.
 * Those that are refused are in test_h1_refused.c. */
#include "h1_parsed.h"

#define H "Host: a" CRLF
#define GET "GET / HTTP/1.1" CRLF H
#define POST "POST / HTTP/1.1" CRLF H

static const struct good good_heads[] = {
    { REQUEST, LITERAL(GET CRLF), LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    /* start lines */
    { REQUEST, LITERAL(CRLF GET CRLF), LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("get /a HTTP/1.1" CRLF H CRLF),
      LITERAL("get /a HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("!#$%&'*+-.^_`|~09azAZ /a HTTP/1.1" CRLF H CRLF),
      LITERAL("!#$%&'*+-.^_`|~09azAZ /a HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET /a HTTP/1.2" CRLF H CRLF),
      LITERAL("GET /a HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET /a HTTP/1.9" CRLF H CRLF),
      LITERAL("GET /a HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET /a?b=c&d=%20%zz//../;x=\"<>\\^`{|}~[] HTTP/1.1" CRLF H CRLF),
      LITERAL("GET /a?b=c&d=%20%zz//../;x=\"<>\\^`{|}~[] HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET //b/c HTTP/1.1" CRLF H CRLF),
      LITERAL("GET //b/c HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("OPTIONS * HTTP/1.1" CRLF H CRLF),
      LITERAL("OPTIONS * HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET http://a/x HTTP/1.1" CRLF H CRLF),
      LITERAL("GET http://a/x HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET HTTP://A:80/x HTTP/1.1" CRLF H CRLF),
      LITERAL("GET HTTP://A:80/x HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL("GET https://a/x HTTP/1.1" CRLF "Host: a:443" CRLF CRLF),
      LITERAL("GET https://a/x HTTP/1.1" CRLF "host: a:443" CRLF CRLF) },
    { REQUEST, LITERAL("GET http://a:81/x HTTP/1.1" CRLF "Host: a:81" CRLF CRLF),
      LITERAL("GET http://a:81/x HTTP/1.1" CRLF "host: a:81" CRLF CRLF) },
    { REQUEST, LITERAL("GET http://[::1]:8080/x HTTP/1.1" CRLF "Host: [::1]:8080" CRLF CRLF),
      LITERAL("GET http://[::1]:8080/x HTTP/1.1" CRLF "host: [::1]:8080" CRLF CRLF) },
    { REQUEST, LITERAL("CONNECT a:443 HTTP/1.1" CRLF "Host: a:443" CRLF CRLF),
      LITERAL("CONNECT a:443 HTTP/1.1" CRLF "host: a:443" CRLF CRLF) },
    { REQUEST, LITERAL("CONNECT a:443 HTTP/1.1" CRLF "Host: A" CRLF CRLF),
      LITERAL("CONNECT a:443 HTTP/1.1" CRLF "host: A" CRLF CRLF) },
    { REQUEST, LITERAL("CONNECT a:443 HTTP/1.1" CRLF "Host: a" CRLF "Content-Length: 0" CRLF CRLF),
      LITERAL("CONNECT a:443 HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    /* HTTP/1.0, which may have no Host */
    { REQUEST, LITERAL("GET /a HTTP/1.0" CRLF CRLF),
      LITERAL("GET /a HTTP/1.1" CRLF "host: " CRLF CRLF) },
    { REQUEST, LITERAL("GET http://b:8080/a HTTP/1.0" CRLF CRLF),
      LITERAL("GET http://b:8080/a HTTP/1.1" CRLF "host: b:8080" CRLF CRLF) },
    { REQUEST,
      LITERAL("POST /a HTTP/1.0" CRLF H "Expect: 100-continue" CRLF "Content-Length: 2" CRLF CRLF),
      LITERAL("POST /a HTTP/1.1" CRLF "host: a" CRLF "content-length: 2" CRLF CRLF) },
    /* values */
    { REQUEST, LITERAL(GET "X:" CRLF "Y:\t \t" CRLF "Z: \t a\tb  c \t" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "x: " CRLF "y: " CRLF "z: a\tb  c" CRLF CRLF) },
    { REQUEST, LITERAL(GET "X: \x80\xff\xc3\xa9" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "x: \x80\xff\xc3\xa9" CRLF CRLF) },
    { REQUEST, LITERAL(GET "A-Name-That-Is-Longer-Than-A-Vector: and so is what it says" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF
              "a-name-that-is-longer-than-a-vector: and so is what it says" CRLF CRLF) },
    { REQUEST, LITERAL(GET "X_Y.Z!#$%&'*+^`|~: :" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "x_y.z!#$%&'*+^`|~: :" CRLF CRLF) },
    { REQUEST, LITERAL(GET "ABCDEFGHIJKLMNOPQRSTUVWXYZ: 1" CRLF "A: 2" CRLF "a: 3" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "abcdefghijklmnopqrstuvwxyz: 1" CRLF "a: 2" CRLF
              "a: 3" CRLF CRLF) },
    /* Host */
    { REQUEST, LITERAL("GET / HTTP/1.1" CRLF "Host:" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: " CRLF CRLF) },
    { REQUEST, LITERAL("GET / HTTP/1.1" CRLF "Host: a_b-c.d~!$&'()*+;=%2f:0080" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a_b-c.d~!$&'()*+;=%2f:0080" CRLF CRLF) },
    { REQUEST, LITERAL("GET / HTTP/1.1" CRLF "Host: a:" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a:" CRLF CRLF) },
    { REQUEST, LITERAL("GET / HTTP/1.1" CRLF "X: y" CRLF "hOsT: [2001:db8::1]:65535" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "x: y" CRLF "host: [2001:db8::1]:65535" CRLF CRLF) },
    /* lengths and codings */
    { REQUEST, LITERAL(POST "Content-Length: 0" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 0" CRLF CRLF) },
    { REQUEST, LITERAL(POST "Content-Length: 0000000000000000000000000005" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 5" CRLF CRLF) },
    { REQUEST, LITERAL(POST "Content-Length: 9223372036854775807" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF
              "content-length: 9223372036854775807" CRLF CRLF) },
    { REQUEST,
      LITERAL(POST "Content-Length: 5, 5\t,5" CRLF "X: y" CRLF "content-length: 5" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 5" CRLF "x: y" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Content-Length: 5" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "content-length: 5" CRLF CRLF) },
    { REQUEST, LITERAL(POST "Transfer-Encoding: \t cHuNkEd \t" CRLF "X: y" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "x: y" CRLF
              "transfer-encoding: chunked" CRLF CRLF) },
    { REQUEST, LITERAL(POST "Trailer: x-sum" CRLF "Transfer-Encoding: chunked" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "trailer: x-sum" CRLF
              "transfer-encoding: chunked" CRLF CRLF) },
    { REQUEST, LITERAL(POST "Trailer: x-sum" CRLF "Content-Length: 1" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 1" CRLF CRLF) },
    { REQUEST, LITERAL("TRACE / HTTP/1.1" CRLF H "Content-Length: 0" CRLF CRLF),
      LITERAL("TRACE / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST,
      LITERAL(POST "X-Content-Length: 9" CRLF "ContentLength: 9" CRLF
                   "Content-Lengths: 9" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "x-content-length: 9" CRLF
              "contentlength: 9" CRLF "content-lengths: 9" CRLF CRLF) },
    /* what ends here */
    { REQUEST,
      LITERAL(GET "Connection: close" CRLF "Keep-Alive: 3" CRLF "Proxy-Connection: x" CRLF
                  "TE: gzip, trailers" CRLF "Trailer: x" CRLF "Proxy-Authorization: y" CRLF
                  "Proxy-Authenticate: z" CRLF "HTTP2-Settings: AAAA" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "proxy-authorization: y" CRLF
              "proxy-authenticate: z" CRLF CRLF) },
    { REQUEST,
      LITERAL(GET "Connection: , X-A ,x-b,,\tX-C" CRLF "X-A: 1" CRLF "X-B: 2" CRLF "x-a: 3" CRLF
                  "X-C: 4" CRLF "X-D: 5" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "x-d: 5" CRLF CRLF) },
    { REQUEST, LITERAL(GET "X-A: 1" CRLF "Connection: x" CRLF "Connection: x-a" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Upgrade: websocket" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "upgrade: websocket" CRLF
              "connection: upgrade" CRLF CRLF) },
    { REQUEST,
      LITERAL(GET "Connection: keep-alive, upgrade" CRLF "Upgrade: foo/1, websocket" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "upgrade: foo/1, websocket" CRLF
              "connection: upgrade" CRLF CRLF) },
    /* upgrades that are read over */
    { REQUEST, LITERAL(GET "Upgrade: websocket" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Connection: upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST,
      LITERAL(GET "Upgrade: H2C" CRLF "Connection: Upgrade, HTTP2-Settings" CRLF
                  "HTTP2-Settings: AAAA" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Upgrade: websocket, h2c" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Upgrade: TLS/1.2" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Upgrade: HTTP/2.0" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Upgrade: \"websocket\"" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Upgrade:" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST,
      LITERAL(GET "Upgrade: websocket" CRLF "Upgrade: x" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST,
      LITERAL(POST "Upgrade: websocket" CRLF "Connection: Upgrade" CRLF
                   "Content-Length: 1" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 1" CRLF CRLF) },
    { REQUEST,
      LITERAL("GET / HTTP/1.0" CRLF H "Upgrade: websocket" CRLF "Connection: Upgrade" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    /* Expect */
    { REQUEST, LITERAL(POST "Expect: 100-Continue" CRLF "Content-Length: 3" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "expect: 100-Continue" CRLF
              "content-length: 3" CRLF CRLF) },
    { REQUEST, LITERAL(GET "Expect: 100-continue" CRLF CRLF),
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { REQUEST, LITERAL(POST "Expect: 100-continue" CRLF "Content-Length: 0" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 0" CRLF CRLF) },
    { REQUEST, LITERAL("POST / HTTP/1.0" CRLF H "Expect: x" CRLF "Content-Length: 2" CRLF CRLF),
      LITERAL("POST / HTTP/1.1" CRLF "host: a" CRLF "content-length: 2" CRLF CRLF) },
};

static void good_heads_are_written_anew(void **state)
{
    (void)state;
    check_good(good_heads, ARRAY_LEN(good_heads));
}

static void the_message_is_complete(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        struct slice authority, path;
        enum http_method method;
        bool absolute, keep_alive, te_trailers, expect;
        enum http_framing framing;
    } rows[] = {
        { LITERAL(GET CRLF), LITERAL("a"), LITERAL("/"), HTTP_GET, .keep_alive = true },
        { LITERAL("HEAD /a?b HTTP/1.1" CRLF "Host: B:80" CRLF "Connection: close" CRLF CRLF),
          LITERAL("B:80"), LITERAL("/a?b"), HTTP_HEAD, .keep_alive = false },
        { LITERAL("PUT http://a HTTP/1.1" CRLF H "Connection: keep-alive, close" CRLF CRLF),
          LITERAL("a"), LITERAL("/"), HTTP_PUT, .absolute = true },
        { LITERAL("OPTIONS http://a HTTP/1.1" CRLF H CRLF), LITERAL("a"), LITERAL("*"),
          HTTP_OPTIONS, .absolute = true, .keep_alive = true },
        { LITERAL("OPTIONS http://a/ HTTP/1.1" CRLF H CRLF), LITERAL("a"), LITERAL("/"),
          HTTP_OPTIONS, .absolute = true, .keep_alive = true },
        { LITERAL("DELETE http://a?b HTTP/1.1" CRLF H CRLF), LITERAL("a"), LITERAL("?b"),
          HTTP_DELETE, .absolute = true, .keep_alive = true },
        { LITERAL("PATCH https://A:1/c/d HTTP/1.1" CRLF "Host: a:1" CRLF CRLF), LITERAL("A:1"),
          LITERAL("/c/d"), HTTP_PATCH, .absolute = true, .keep_alive = true },
        { LITERAL("OPTIONS * HTTP/1.1" CRLF H CRLF), LITERAL("a"), LITERAL("*"), HTTP_OPTIONS,
          .keep_alive = true },
        { LITERAL("CONNECT [::1]:1 HTTP/1.1" CRLF "Host: [::1]" CRLF CRLF), LITERAL("[::1]:1"),
          LITERAL(""), HTTP_CONNECT, .absolute = true, .keep_alive = true },
        { LITERAL("GETT / HTTP/1.0" CRLF CRLF), LITERAL(""), LITERAL("/"), HTTP_METHOD_OTHER,
          .keep_alive = false },
        { LITERAL("GET / HTTP/1.0" CRLF H "Connection: Keep-Alive" CRLF CRLF), LITERAL("a"),
          LITERAL("/"), HTTP_GET, .keep_alive = true },
        { LITERAL("GET / HTTP/1.0" CRLF H "Connection: Keep-Alive" CRLF "Connection: CLOSE" CRLF
                  "TE: trailers" CRLF CRLF),
          LITERAL("a"), LITERAL("/"), HTTP_GET, .keep_alive = false },
        { LITERAL(POST "TE: gzip;q=1, Trailers" CRLF "Expect: 100-continue" CRLF
                       "Transfer-Encoding: chunked" CRLF CRLF),
          LITERAL("a"), LITERAL("/"), HTTP_POST, .keep_alive = true, .te_trailers = true,
          .expect = true, .framing = HTTP_CHUNKED },
        { LITERAL(POST "Expect: 100-continue" CRLF "Content-Length: 7" CRLF CRLF), LITERAL("a"),
          LITERAL("/"), HTTP_POST, .keep_alive = true, .expect = true, .framing = HTTP_LENGTH },
        { LITERAL("POST / HTTP/1.0" CRLF "Expect: 100-continue" CRLF "Content-Length: 7" CRLF CRLF),
          LITERAL(""), LITERAL("/"), HTTP_POST, .framing = HTTP_LENGTH },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed *p = parse(REQUEST, rows[i].text, &limits);
        assert_int_equal(p->result, H1_DONE);
        assert_true(slice_eq(p->msg.authority, rows[i].authority));
        assert_true(slice_eq(p->msg.path, rows[i].path));
        assert_int_equal(p->msg.method, rows[i].method);
        assert_int_equal(p->msg.absolute, rows[i].absolute);
        assert_int_equal(p->msg.keep_alive, rows[i].keep_alive);
        assert_int_equal(p->msg.te_trailers, rows[i].te_trailers);
        assert_int_equal(p->msg.expect_continue, rows[i].expect);
        assert_int_equal(p->msg.framing, rows[i].framing);
        parsed_free(p);
    }
}

/* A head is followed by what is not its own. */
static void a_head_ends_where_it_ends(void **state)
{
    (void)state;
    static const struct slice text = LITERAL(GET "X: y" CRLF CRLF "GET \0\r\n");
    struct parsed *p = parse(REQUEST, text, &limits);

    assert_int_equal(p->result, H1_DONE);
    assert_int_equal(p->used, text.n - 7);
    parsed_free(p);
}

static void garbage_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        size_t at;
    } rows[] = {
        { LITERAL("\x16"), 0 },
        { LITERAL("G\x01"), 1 },
        { LITERAL("GET  "), 4 },
        { LITERAL("GET /\x80"), 5 },
        { LITERAL("GET / HTTQ"), 6 },
        { LITERAL("GET / h"), 6 },
        { LITERAL("GET / HTTP/1.1x"), 14 },
        { LITERAL("GET / HTTP/1.1\rx"), 14 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed *p = parse(REQUEST, rows[i].text, &limits);
        assert_int_equal(p->result, H1_BAD);
        assert_int_equal(p->err.at, rows[i].at);
        parsed_free(p);
    }
}

static void large_heads_are_refused(void **state)
{
    (void)state;
    static const struct slice text = LITERAL(GET "X: abc" CRLF "Y: def" CRLF CRLF);
    const size_t line = strlen("GET / HTTP/1.1" CRLF);

    for (size_t size = 1; size <= text.n + 2; size++) {
        struct h1_limits l = { size, MOST_FIELDS };
        for (size_t n = 0; n <= text.n; n++) {
            struct parsed *p = parse(REQUEST, slice_of(text.p, n), &l);
            if (n < size)
                assert_int_equal(p->result, n == text.n ? H1_DONE : H1_MORE);
            else if (size == text.n)
                assert_int_equal(p->result, H1_DONE);
            else
                assert_int_equal(p->result, H1_BAD);
            if (p->result == H1_BAD) assert_int_equal(p->err.status, size < line ? 414 : 431);
            parsed_free(p);
        }
    }
}

static void many_fields_are_refused(void **state)
{
    (void)state;
    static const struct slice text = LITERAL(GET "X: abc" CRLF "Y: def" CRLF CRLF);

    for (unsigned most = 0; most < 5; most++) {
        struct h1_limits l = { 16384, most };
        struct parsed *p = parse(REQUEST, text, &l);
        assert_int_equal(p->result, most < 3 ? H1_BAD : H1_DONE);
        if (most < 3) assert_int_equal(p->err.status, 431);
        parsed_free(p);
    }
}

static bool is_token_byte(unsigned byte)
{
    if (byte == 0 || byte > 127) return false;
    return strchr("!#$%&'*+-.^_`|~", (int)byte) || (byte >= '0' && byte <= '9') ||
           ((byte | 32) >= 'a' && (byte | 32) <= 'z');
}

static bool is_name_byte(unsigned byte)
{
    return is_token_byte(byte) || byte == ':'; /* a colon ends the name */
}

static bool is_value_byte(unsigned byte)
{
    return byte == '\t' || (byte >= 32 && byte != 127);
}

static bool is_target_byte(unsigned byte)
{
    return byte > 32 && byte < 127 && byte != '#';
}

/* Each byte at each place of a head, with lines of all lengths around it, so that the vectors and
 * the tables of the scanners meet every one. */
static void every_byte_has_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        bool (*good)(unsigned byte);
    } forms[] = {
        { "G%.*s%cT / HTTP/1.0" CRLF CRLF, is_token_byte },
        { "GET /%.*s%c HTTP/1.0" CRLF CRLF, is_target_byte },
        { "GET / HTTP/1.0" CRLF "N%.*s%cm: v" CRLF CRLF, is_name_byte },
        { "GET / HTTP/1.0" CRLF "N: v%.*s%cw" CRLF CRLF, is_value_byte },
    };
    char text[256];

    for (unsigned i = 0; i < ARRAY_LEN(forms) * 40 * 256; i++) {
        unsigned byte = i % 256, pad = i / 256 % 40, form = i / (256 * 40);
        struct parsed *p;
        int n = snprintf(text, sizeof text, forms[form].format, (int)pad,
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", (int)byte);
        p = parse(REQUEST, slice_of(text, (size_t)n), &limits);
        if ((p->result == H1_DONE) != forms[form].good(byte))
            fail_msg("byte %u in form %u after %u: result %d", byte, form, pad, p->result);
        parsed_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_heads_are_written_anew),
        cmocka_unit_test(the_message_is_complete),
        cmocka_unit_test(a_head_ends_where_it_ends),
        cmocka_unit_test(garbage_is_refused_at_its_first_byte),
        cmocka_unit_test(large_heads_are_refused),
        cmocka_unit_test(many_fields_are_refused),
        cmocka_unit_test(every_byte_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
