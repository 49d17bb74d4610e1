/* SPDX-License-Identifier: Apache-2.0 */
/* Response heads: good ones as the bytes that are written for the client, bad ones as 502. */
#include "h1_parsed.h"

#define OK "HTTP/1.1 200 OK" CRLF
#define OUT "HTTP/1.1 200 OK" CRLF

static const struct good good_heads[] = {
    { TO_GET, LITERAL(OK CRLF), LITERAL(OUT CRLF) },
    { TO_GET, LITERAL("HTTP/1.0 200 OK" CRLF CRLF), LITERAL(OUT CRLF) },
    { TO_GET, LITERAL("HTTP/1.7 200 OK" CRLF CRLF), LITERAL(OUT CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 200 " CRLF CRLF), LITERAL("HTTP/1.1 200 " CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 200" CRLF CRLF), LITERAL("HTTP/1.1 200 " CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 404 Not \xc3\xa9\tthere  " CRLF CRLF),
      LITERAL("HTTP/1.1 404 Not \xc3\xa9\tthere" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 599 x" CRLF CRLF), LITERAL("HTTP/1.1 599 x" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 100 Continue" CRLF CRLF),
      LITERAL("HTTP/1.1 100 Continue" CRLF CRLF) },
    { TO_GET, LITERAL(OK "Content-Length: 05" CRLF "X: y" CRLF CRLF),
      LITERAL(OUT "content-length: 5" CRLF "x: y" CRLF CRLF) },
    { TO_GET, LITERAL(OK "Content-Length: 5, 5" CRLF "Content-Length: 5" CRLF CRLF),
      LITERAL(OUT "content-length: 5" CRLF CRLF) },
    { TO_GET, LITERAL(OK "Transfer-Encoding: Chunked" CRLF "Trailer: x" CRLF CRLF),
      LITERAL(OUT "trailer: x" CRLF "transfer-encoding: chunked" CRLF CRLF) },
    { TO_GET, LITERAL(OK "Set-Cookie: a" CRLF "Set-Cookie: b" CRLF "Host: x y" CRLF CRLF),
      LITERAL(OUT "set-cookie: a" CRLF "set-cookie: b" CRLF "host: x y" CRLF CRLF) },
    { TO_GET, LITERAL(OK "Content_Length: 5" CRLF CRLF),
      LITERAL(OUT "content_length: 5" CRLF CRLF) },
    /* what ends here */
    { TO_GET,
      LITERAL(OK "Connection: close, x" CRLF "X: 1" CRLF "Keep-Alive: 5" CRLF
                 "Proxy-Authenticate: y" CRLF "Upgrade: h2,h2c" CRLF CRLF),
      LITERAL(OUT "proxy-authenticate: y" CRLF CRLF) },
    { TO_GET, LITERAL(OK "Connection: foo bar" CRLF "Foo: 1" CRLF CRLF),
      LITERAL(OUT "foo: 1" CRLF CRLF) },
    { TO_GET,
      LITERAL(OK "Transfer-Encoding: chunked" CRLF
                 "Connection: keep-alive, Transfer-Encoding" CRLF CRLF),
      LITERAL(OUT "transfer-encoding: chunked" CRLF CRLF) },
    { TO_GET,
      LITERAL("HTTP/1.1 101 S" CRLF "Connection: Upgrade" CRLF "Upgrade: websocket" CRLF CRLF),
      LITERAL("HTTP/1.1 101 S" CRLF "upgrade: websocket" CRLF "connection: upgrade" CRLF CRLF) },
    { TO_GET,
      LITERAL("HTTP/1.1 426 U" CRLF "Connection: Upgrade" CRLF "Upgrade: websocket" CRLF
              "Content-Length: 1" CRLF CRLF),
      LITERAL("HTTP/1.1 426 U" CRLF "content-length: 1" CRLF "upgrade: websocket" CRLF
              "connection: upgrade" CRLF CRLF) },
    /* no body */
    { TO_GET, LITERAL("HTTP/1.1 204 N" CRLF "Content-Length: 0" CRLF "X: y" CRLF CRLF),
      LITERAL("HTTP/1.1 204 N" CRLF "x: y" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 204 N" CRLF "Content-Length: 5" CRLF CRLF),
      LITERAL("HTTP/1.1 204 N" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 103 E" CRLF "Transfer-Encoding: chunked" CRLF "Link: x" CRLF CRLF),
      LITERAL("HTTP/1.1 103 E" CRLF "link: x" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 304 N" CRLF "Content-Length: 5" CRLF CRLF),
      LITERAL("HTTP/1.1 304 N" CRLF "content-length: 5" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 304 N" CRLF "Transfer-Encoding: chunked" CRLF CRLF),
      LITERAL("HTTP/1.1 304 N" CRLF CRLF) },
    { TO_GET, LITERAL("HTTP/1.1 205 R" CRLF "Content-Length: 0" CRLF CRLF),
      LITERAL("HTTP/1.1 205 R" CRLF "content-length: 0" CRLF CRLF) },
    { TO_HEAD, LITERAL(OK "Content-Length: 5" CRLF CRLF),
      LITERAL(OUT "content-length: 5" CRLF CRLF) },
    { TO_HEAD, LITERAL(OK "Transfer-Encoding: chunked" CRLF CRLF), LITERAL(OUT CRLF) },
    { TO_CONNECT, LITERAL(OK "Content-Length: 5" CRLF "X: y" CRLF CRLF),
      LITERAL(OUT "x: y" CRLF CRLF) },
    { TO_CONNECT, LITERAL(OK "Content-Length: 5" CRLF "Transfer-Encoding: chunked" CRLF CRLF),
      LITERAL(OUT CRLF) },
    { TO_CONNECT, LITERAL("HTTP/1.1 403 F" CRLF "Content-Length: 5" CRLF CRLF),
      LITERAL("HTTP/1.1 403 F" CRLF "content-length: 5" CRLF CRLF) },
};

static void good_heads_are_written_anew(void **state)
{
    (void)state;
    check_good(good_heads, ARRAY_LEN(good_heads));
}

static const struct bad bad_heads[] = {
    { 502, LITERAL("\n") },
    { 502, LITERAL(CRLF OK CRLF) },
    { 502, LITERAL("hello") },
    { 502, LITERAL("<html>") },
    { 502, LITERAL("\0\0\x06\x04\0") },
    { 502, LITERAL(" " OK CRLF) },
    { 502, LITERAL("ICY 200 OK" CRLF CRLF) },
    { 502, LITERAL("http/1.1 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/0.9 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/2.0 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/2 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.10 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/11.1 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.x 200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1  200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1\t200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 " CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 20 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 2000 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 2x0 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 -20 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 0200 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 000 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 099 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 600 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 999 OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200OK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200\tOK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200 O\0K" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200 O\x0bK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200 O\x7fK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200 O\rK" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200 OK\n\n") },
    { 502, LITERAL("HTTP/1.1 200 OK\nX: y" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 200\n\n") },
    { 502, LITERAL("HTTP/1.1 200\r\r\n") },
    { 502, LITERAL(OK " X: y" CRLF CRLF) },
    { 502, LITERAL(OK "X: y" CRLF " z" CRLF CRLF) },
    { 502, LITERAL(OK "X : y" CRLF CRLF) },
    { 502, LITERAL(OK "X Y: y" CRLF CRLF) },
    { 502, LITERAL(OK "X" CRLF CRLF) },
    { 502, LITERAL(OK ": y" CRLF CRLF) },
    { 502, LITERAL(OK "X: y\0z" CRLF CRLF) },
    { 502, LITERAL(OK "X: y\x01z" CRLF CRLF) },
    { 502, LITERAL(OK "X: y\rSet-Cookie: z" CRLF CRLF) },
    { 502, LITERAL(OK "X: y\nSet-Cookie: z" CRLF CRLF) },
    { 502, LITERAL(OK "X: y\n\r\n") },
    { 502, LITERAL(OK "\n") },
    { 502, LITERAL(OK "Content-Length:" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: -1" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: +1" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: 0x1" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: 1 1" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: 1, 2" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: 1" CRLF "Content-Length: 2" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: 9223372036854775808" CRLF CRLF) },
    { 502, LITERAL(OK "Content-Length: 1" CRLF "Transfer-Encoding: chunked" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: chunked" CRLF "Content-Length: 1" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: gzip, chunked" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: chunked, gzip" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: chunked, chunked" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: chunked" CRLF "Transfer-Encoding: chunked" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: gzip" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: identity" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: xchunked" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: \"chunked\"" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding: chunked;a" CRLF CRLF) },
    { 502, LITERAL(OK "Transfer-Encoding:" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.0 200 OK" CRLF "Transfer-Encoding: chunked" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 204 N" CRLF "Content-Length: 1" CRLF
                   "Transfer-Encoding: chunked" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 304 N" CRLF "Content-Length: 1" CRLF "Content-Length: 2" CRLF CRLF) },
    { 502, LITERAL("HTTP/1.1 205 R" CRLF "Content-Length: 1" CRLF CRLF) },
    { 502, LITERAL(OK "Connection: content-length" CRLF "Content-Length: 1" CRLF CRLF) },
    { 502, LITERAL(OK "Connection: set-cookie" CRLF "Set-Cookie: a" CRLF CRLF) },
};

static void bad_heads_are_502(void **state)
{
    (void)state;
    check_bad(TO_GET, bad_heads, ARRAY_LEN(bad_heads));
}

static void the_message_is_complete(void **state)
{
    (void)state;
    static const struct {
        enum head as;
        struct slice text;
        unsigned status;
        struct slice reason;
        enum http_framing framing;
        uint64_t length;
        bool has_length, keep_alive, upgrade;
    } rows[] = {
        { TO_GET, LITERAL(OK CRLF), 200, LITERAL("OK"), HTTP_UNTIL_CLOSE, .keep_alive = false },
        { TO_GET, LITERAL(OK "Connection: keep-alive" CRLF CRLF), 200, LITERAL("OK"),
          HTTP_UNTIL_CLOSE, .keep_alive = false },
        { TO_GET, LITERAL(OK "Content-Length: 7" CRLF CRLF), 200, LITERAL("OK"), HTTP_LENGTH, 7,
          true, .keep_alive = true },
        { TO_GET, LITERAL("HTTP/1.0 200" CRLF "Content-Length: 7" CRLF CRLF), 200, LITERAL(""),
          HTTP_LENGTH, 7, true, .keep_alive = false },
        { TO_GET,
          LITERAL("HTTP/1.0 200 " CRLF "Content-Length: 7" CRLF "Connection: keep-alive" CRLF CRLF),
          200, LITERAL(""), HTTP_LENGTH, 7, true, .keep_alive = true },
        { TO_GET, LITERAL(OK "Content-Length: 7" CRLF "Connection: a b" CRLF CRLF), 200,
          LITERAL("OK"), HTTP_LENGTH, 7, true, .keep_alive = false },
        { TO_GET, LITERAL(OK "Transfer-Encoding: chunked" CRLF CRLF), 200, LITERAL("OK"),
          HTTP_CHUNKED, .keep_alive = true },
        { TO_HEAD, LITERAL(OK CRLF), 200, LITERAL("OK"), HTTP_NO_BODY, .keep_alive = true },
        { TO_HEAD, LITERAL(OK "Content-Length: 7" CRLF CRLF), 200, LITERAL("OK"), HTTP_NO_BODY, 7,
          true, .keep_alive = true },
        { TO_GET, LITERAL("HTTP/1.1 304 N M" CRLF "Content-Length: 7" CRLF CRLF), 304,
          LITERAL("N M"), HTTP_NO_BODY, 7, true, .keep_alive = true },
        { TO_GET, LITERAL("HTTP/1.1 204 N" CRLF CRLF), 204, LITERAL("N"), HTTP_NO_BODY,
          .keep_alive = true },
        { TO_GET, LITERAL("HTTP/1.1 204 N" CRLF "Content-Length: 7" CRLF CRLF), 204, LITERAL("N"),
          HTTP_NO_BODY, .keep_alive = false },
        { TO_GET, LITERAL("HTTP/1.1 101 S" CRLF "Connection: upgrade" CRLF "Upgrade: a" CRLF CRLF),
          101, LITERAL("S"), HTTP_NO_BODY, .keep_alive = true, .upgrade = true },
        { TO_CONNECT, LITERAL(OK CRLF), 200, LITERAL("OK"), HTTP_NO_BODY, .keep_alive = true },
        { TO_CONNECT, LITERAL("HTTP/1.1 502 B" CRLF CRLF), 502, LITERAL("B"), HTTP_UNTIL_CLOSE,
          .keep_alive = false },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed *p = parse(rows[i].as, rows[i].text, &limits);
        assert_int_equal(p->result, H1_DONE);
        assert_int_equal(p->msg.status, rows[i].status);
        assert_true(slice_eq(p->msg.reason, rows[i].reason));
        assert_int_equal(p->msg.framing, rows[i].framing);
        assert_int_equal(p->msg.content_length, rows[i].length);
        assert_int_equal(p->msg.has_content_length, rows[i].has_length);
        assert_int_equal(p->msg.keep_alive, rows[i].keep_alive);
        assert_int_equal(p->msg.upgrade, rows[i].upgrade);
        parsed_free(p);
    }
}

static void garbage_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    static const struct slice rows[] = { LITERAL("h"), LITERAL("HTTP/2"), LITERAL("HTTP/1.1 6"),
                                         LITERAL("HTTP/1.1 20x"), LITERAL("HTTP/1.1 200x") };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed *p = parse(TO_GET, rows[i], &limits);
        assert_int_equal(p->result, H1_BAD);
        parsed_free(p);
    }
}

static void large_heads_are_refused(void **state)
{
    (void)state;
    static const struct slice text = LITERAL(OK "X: abc" CRLF "Y: def" CRLF CRLF);
    const struct h1_limits small = { text.n - 1, MOST_FIELDS }, few = { 16384, 1 };
    const struct h1_limits *both[] = { &small, &few };

    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct parsed *p = parse(TO_GET, text, both[i]);
        assert_int_equal(p->result, H1_BAD);
        assert_int_equal(p->err.status, 502);
        parsed_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_heads_are_written_anew),
        cmocka_unit_test(bad_heads_are_502),
        cmocka_unit_test(the_message_is_complete),
        cmocka_unit_test(garbage_is_refused_at_its_first_byte),
        cmocka_unit_test(large_heads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
