/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked coding. Every body is fed whole, byte by byte, and cut in two at every place; each
 * way gives the same data, the same end, the same trailers. */
#include "base/memory.h"
#include "http/h1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CRLF "\r\n"
#define LITERAL(text)          \
    {                          \
        text, sizeof(text) - 1 \
    }

enum { MOST = 128 * 1024 };

/* What came of a body. */
struct outcome {
    enum h1_result result;
    struct slice data, trailer;
    size_t used;
    char data_bytes[MOST], trailer_bytes[MOST];
};

/* Feeds text in pieces that end at `cut`, and then at every `step` bytes. What a call does not use
 * stays in front of the next piece, in memory of exactly their length. */
static void feed(struct slice text, size_t cut, size_t step, struct outcome *o)
{
    struct h1_chunks c;
    struct h1_error err = { 0, 0, NULL };
    size_t from = 0, to = cut;
    char *left = mem_alloc(text.n + 1); /* the bytes as they are after the calls so far */

    slice_put(left, text);
    h1_chunks_init(&c);
    *o = (struct outcome){ .result = H1_MORE };
    o->data.p = o->data_bytes;
    for (;;) {
        size_t n = to - from, used;
        char *bytes = mem_alloc(n ? n : 1);
        struct slice data;
        memcpy(bytes, left + from, n);
        o->result = h1_chunks_decode(&c, bytes, n, &used, &data, &err);
        assert_true(used <= n);
        assert_true(o->data.n + data.n <= sizeof o->data_bytes);
        slice_put(o->data_bytes + o->data.n, data);
        o->data.n += data.n;
        memcpy(left + from, bytes, n);
        from += used;
        if (o->result == H1_DONE)
            o->trailer = slice_between(o->trailer_bytes, slice_put(o->trailer_bytes, c.trailer));
        free(bytes);
        if (o->result != H1_MORE || to == text.n) break;
        to = text.n - to < step ? text.n : to + step;
    }
    free(left);
    o->used = from;
    if (o->result == H1_BAD) {
        assert_int_equal(err.status, 400);
        assert_non_null(err.reason);
    }
}

static void check_all_ways(struct slice text, enum h1_result result, struct slice data,
                           struct slice trailer)
{
    struct outcome *o = mem_alloc(sizeof *o);

    for (size_t cut = 0; cut <= text.n; cut++) {
        size_t step = cut ? text.n : 1; /* the first time round byte by byte */
        feed(text, cut, step, o);
        if (o->result != result)
            fail_msg("%.*s: result %d when cut at %zu", SLICE_ARG(text), o->result, cut);
        if (!slice_eq(o->data, data) && result == H1_DONE)
            fail_msg("%.*s: data %.*s", SLICE_ARG(text), SLICE_ARG(o->data));
        if (result != H1_DONE) continue;
        assert_int_equal(o->used, text.n);
        assert_true(slice_eq(o->trailer, trailer));
    }
    free(o);
}

static void good_bodies_are_decoded(void **state)
{
    (void)state;
    static const struct {
        struct slice text, data, trailer;
    } rows[] = {
        { LITERAL("0" CRLF CRLF), LITERAL(""), LITERAL("") },
        { LITERAL("0000000000000000" CRLF CRLF), LITERAL(""), LITERAL("") },
        { LITERAL("5" CRLF "hello" CRLF "0" CRLF CRLF), LITERAL("hello"), LITERAL("") },
        { LITERAL("0000000000000005" CRLF "hello" CRLF "0" CRLF CRLF), LITERAL("hello"),
          LITERAL("") },
        { LITERAL("a" CRLF "0123456789" CRLF "00A" CRLF "abcdefghij" CRLF "0" CRLF CRLF),
          LITERAL("0123456789abcdefghij"), LITERAL("") },
        { LITERAL("1" CRLF "a" CRLF "2" CRLF "bc" CRLF "8" CRLF "defghijk" CRLF "3" CRLF "lmn" CRLF
                  "0" CRLF CRLF),
          LITERAL("abcdefghijklmn"), LITERAL("") },
        { LITERAL("7" CRLF "\r\n0\r\n\r\n" CRLF "0" CRLF CRLF), LITERAL("\r\n0\r\n\r\n"),
          LITERAL("") },
        /* extensions are read over */
        { LITERAL("5;a" CRLF "hello" CRLF "0;b;c" CRLF CRLF), LITERAL("hello"), LITERAL("") },
        { LITERAL("5;a=b;c=d" CRLF "hello" CRLF "0" CRLF CRLF), LITERAL("hello"), LITERAL("") },
        { LITERAL("5 ;\ta = b\t; c" CRLF "hello" CRLF "0" CRLF CRLF), LITERAL("hello"),
          LITERAL("") },
        { LITERAL("5;a=\"\"" CRLF "hello" CRLF "0" CRLF CRLF), LITERAL("hello"), LITERAL("") },
        { LITERAL("5;a=\"b;=\t\\\"\\\\\\ \x80\";c=\"\" ;d" CRLF "hello" CRLF "0" CRLF CRLF),
          LITERAL("hello"), LITERAL("") },
        /* trailers: names go into lower case */
        { LITERAL("0" CRLF "X-Sum: 1" CRLF CRLF), LITERAL(""), LITERAL("x-sum: 1" CRLF) },
        { LITERAL("1" CRLF "a" CRLF "0" CRLF "A: \t b \t" CRLF "C:" CRLF CRLF), LITERAL("a"),
          LITERAL("a: \t b \t" CRLF "c:" CRLF) },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check_all_ways(rows[i].text, H1_DONE, rows[i].data, rows[i].trailer);
}

#define HELLO "5" CRLF "hello" CRLF
#define LAST "0" CRLF CRLF

static const struct slice bad_bodies[] = {
    /* sizes */
    LITERAL(CRLF),
    LITERAL(";a" CRLF),
    LITERAL(" 5" CRLF "hello" CRLF LAST),
    LITERAL("\t5" CRLF "hello" CRLF LAST),
    LITERAL("+5" CRLF "hello" CRLF LAST),
    LITERAL("-5" CRLF "hello" CRLF LAST),
    LITERAL("0x5" CRLF "hello" CRLF LAST),
    LITERAL("x5" CRLF "hello" CRLF LAST),
    LITERAL("5g" CRLF "hello" CRLF LAST),
    LITERAL("g" CRLF),
    LITERAL("5_0" CRLF),
    LITERAL("5.0" CRLF),
    LITERAL("5,5" CRLF),
    LITERAL("5 5" CRLF),
    LITERAL("5\0" CRLF),
    LITERAL("5\x0b" CRLF),
    LITERAL("\xef\xbc\x95" CRLF),
    LITERAL("8000000000000000" CRLF),
    LITERAL("ffffffffffffffff" CRLF),
    LITERAL("10000000000000005" CRLF),
    LITERAL("00000000000000005" CRLF "hello" CRLF LAST),
    LITERAL("fffffffffffffffffffffffff" CRLF),
    /* line ends */
    LITERAL("5\nhello" CRLF LAST),
    LITERAL("5\r\rhello" CRLF LAST),
    LITERAL("5\rhello" CRLF LAST),
    LITERAL("5" CRLF "hello\n" LAST),
    LITERAL("5" CRLF "hello\r" LAST),
    LITERAL("5" CRLF "hello" LAST),
    LITERAL("5" CRLF "helloxx" LAST),
    LITERAL("5" CRLF "hello " CRLF LAST),
    LITERAL("5" CRLF "hello" CRLF CRLF LAST),
    LITERAL("4" CRLF "hello" CRLF LAST),
    LITERAL("6" CRLF "hello" CRLF LAST),
    LITERAL(HELLO "0\n\n"),
    LITERAL(HELLO "0\n" CRLF),
    LITERAL(HELLO "0" CRLF "\n"),
    LITERAL(HELLO "0" CRLF "\rx"),
    LITERAL(HELLO "0\r\r\n"),
    /* blanks that no extension follows */
    LITERAL("5 " CRLF "hello" CRLF LAST),
    LITERAL("5\t" CRLF "hello" CRLF LAST),
    LITERAL("0 " CRLF CRLF),
    /* extensions */
    LITERAL("5;" CRLF "hello" CRLF LAST),
    LITERAL("5;;a" CRLF "hello" CRLF LAST),
    LITERAL("5;a;" CRLF "hello" CRLF LAST),
    LITERAL("5;a " CRLF "hello" CRLF LAST),
    LITERAL("5;=b" CRLF "hello" CRLF LAST),
    LITERAL("5;a=" CRLF "hello" CRLF LAST),
    LITERAL("5;a b" CRLF "hello" CRLF LAST),
    LITERAL("5;a=b c" CRLF "hello" CRLF LAST),
    LITERAL("5;a=b=c" CRLF "hello" CRLF LAST),
    LITERAL("5;a=\"b" CRLF "hello" CRLF LAST),
    LITERAL("5;a=\"b\"c" CRLF "hello" CRLF LAST),
    LITERAL("5;a=\"b\\" CRLF "\"" CRLF "hello" CRLF LAST),
    LITERAL("5;a=b\"c\"" CRLF "hello" CRLF LAST),
    LITERAL("5;a\nhello" CRLF LAST),
    LITERAL("5;a\rb" CRLF "hello" CRLF LAST),
    LITERAL("5;\n" CRLF "hello" CRLF LAST),
    LITERAL("5;a\0" CRLF "hello" CRLF LAST),
    LITERAL("5;a=\"\0\"" CRLF "hello" CRLF LAST),
    LITERAL("5;a=\"\x7f\"" CRLF "hello" CRLF LAST),
    LITERAL("5;a=\"\n\"" CRLF "hello" CRLF LAST),
    LITERAL("5;\x80" CRLF "hello" CRLF LAST),
    LITERAL("5;a/b" CRLF "hello" CRLF LAST),
    LITERAL("5 a" CRLF "hello" CRLF LAST),
    LITERAL("5,a" CRLF "hello" CRLF LAST),
    /* trailers */
    LITERAL("0" CRLF " X: a" CRLF CRLF),
    LITERAL("0" CRLF "X: a" CRLF " b" CRLF CRLF),
    LITERAL("0" CRLF "X : a" CRLF CRLF),
    LITERAL("0" CRLF "X" CRLF CRLF),
    LITERAL("0" CRLF ": a" CRLF CRLF),
    LITERAL("0" CRLF "X: a\n\n"),
    LITERAL("0" CRLF "X: a\nY: b" CRLF CRLF),
    LITERAL("0" CRLF "X: a\rb" CRLF CRLF),
    LITERAL("0" CRLF "X: \0" CRLF CRLF),
    LITERAL("0" CRLF "X: \x01" CRLF CRLF),
    LITERAL("0" CRLF "X(: a" CRLF CRLF),
    LITERAL("0" CRLF "GET / HTTP/1.1" CRLF CRLF),
    LITERAL("0" CRLF "Content-Length: 1" CRLF CRLF),
    LITERAL("0" CRLF "Transfer-Encoding: chunked" CRLF CRLF),
    LITERAL("0" CRLF "Host: a" CRLF CRLF),
    LITERAL("0" CRLF "X: y" CRLF "hOST: a" CRLF CRLF),
    LITERAL("0" CRLF "Connection: close" CRLF CRLF),
    LITERAL("0" CRLF "TE: trailers" CRLF CRLF),
    LITERAL("0" CRLF "Trailer: x" CRLF CRLF),
    LITERAL("0" CRLF "Upgrade: x" CRLF CRLF),
    LITERAL("0" CRLF "Expect: 100-continue" CRLF CRLF),
    LITERAL("0" CRLF "Content_Length: 1" CRLF CRLF),
};

static void bad_bodies_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_bodies); i++)
        check_all_ways(bad_bodies[i], H1_BAD, slice_of(NULL, 0), slice_of(NULL, 0));
}

/* Bodies that end early ask for more, however they are cut. */
static void unfinished_bodies_wait(void **state)
{
    (void)state;
    static const struct slice text = LITERAL("5;a=\"b\" ;c" CRLF "hello" CRLF "0" CRLF
                                             "X: y" CRLF CRLF);

    for (size_t n = 0; n < text.n; n++)
        check_all_ways(slice_of(text.p, n), H1_MORE, slice_of(NULL, 0), slice_of(NULL, 0));
}

static void what_follows_a_body_is_not_touched(void **state)
{
    (void)state;
    char text[] = "1" CRLF "a" CRLF "0" CRLF "X: y" CRLF CRLF "GET / HTTP/1.1";
    struct h1_chunks c;
    struct slice data;
    struct h1_error err;
    size_t used, again;

    h1_chunks_init(&c);
    assert_int_equal(h1_chunks_decode(&c, text, sizeof text - 1, &used, &data, &err), H1_DONE);
    assert_string_equal(text + used, "GET / HTTP/1.1");
    assert_int_equal(h1_chunks_decode(&c, text + used, 14, &again, &data, &err), H1_DONE);
    assert_int_equal(again, 0);
    assert_int_equal(data.n, 0);
}

static void broken_stays_broken(void **state)
{
    (void)state;
    char bad[] = "2" CRLF "ab" CRLF "x", good[] = LAST;
    struct h1_chunks c;
    struct slice data;
    struct h1_error err;
    size_t used;

    h1_chunks_init(&c);
    assert_int_equal(h1_chunks_decode(&c, bad, sizeof bad - 1, &used, &data, &err), H1_BAD);
    assert_true(slice_is(data, "ab"));
    assert_int_equal(err.at, 7);
    assert_int_equal(h1_chunks_decode(&c, good, sizeof good - 1, &used, &data, &err), H1_BAD);
    assert_int_equal(h1_chunks_decode(&c, good, 0, &used, &data, &err), H1_BAD);
}

/* Data that lies in one piece stays where it is. */
static void one_chunk_is_not_moved(void **state)
{
    (void)state;
    char text[] = "a" CRLF "0123456789" CRLF LAST;
    struct h1_chunks c;
    struct slice data;
    struct h1_error err;
    size_t used;

    h1_chunks_init(&c);
    assert_int_equal(h1_chunks_decode(&c, text, 8, &used, &data, &err), H1_MORE);
    assert_ptr_equal(data.p, text + 3);
    assert_int_equal(data.n, 5);
    assert_int_equal(h1_chunks_decode(&c, text + 8, sizeof text - 9, &used, &data, &err), H1_DONE);
    assert_ptr_equal(data.p, text + 8);
    assert_int_equal(data.n, 5);
}

/* A body of `count` chunks of `size` bytes, each with `extension` bytes of extension. */
static struct slice make_body(char *p, unsigned count, unsigned size, unsigned extension)
{
    char *q = p;

    for (unsigned i = 0; i < count; i++) {
        q += sprintf(q, "%x", size);
        if (extension) {
            memset(q, 'e', extension);
            *q = ';';
            q += extension;
        }
        q = slice_put(q, SLICE(CRLF));
        memset(q, 'd', size);
        q = slice_put(q + size, SLICE(CRLF));
    }
    return slice_between(p, slice_put(q, SLICE(LAST)));
}

static void extensions_are_bounded(void **state)
{
    (void)state;
    static const struct {
        unsigned count, size, extension;
        enum h1_result result;
    } rows[] = {
        { 1, 1, 511, H1_DONE },    /* with the CR, 512 bytes */
        { 1, 1, 512, H1_BAD },     /* a line too long */
        { 31, 1, 500, H1_DONE },   /* 31 × 501 bytes are below 16 KiB */
        { 40, 1, 500, H1_BAD },    /* these are not */
        { 80, 600, 500, H1_DONE }, /* data pays for them */
        { 80, 200, 500, H1_BAD },  /* not for all */
    };
    char *text = mem_alloc(MOST);
    struct outcome *o = mem_alloc(sizeof *o);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice body = make_body(text, rows[i].count, rows[i].size, rows[i].extension);
        for (size_t step = 1; step < 5000; step *= 7) {
            feed(body, 0, step, o);
            if (o->result != rows[i].result) fail_msg("row %zu: result %d", i, o->result);
            if (o->result == H1_DONE) assert_int_equal(o->data.n, rows[i].count * rows[i].size);
        }
    }
    free(o);
    free(text);
}

static void trailers_are_bounded(void **state)
{
    (void)state;
    char *text = mem_alloc(MOST), *q;
    struct outcome *o = mem_alloc(sizeof *o);

    for (unsigned n = 62; n < 67; n++) {
        q = slice_put(text, SLICE("0" CRLF));
        for (unsigned i = 0; i < n; i++) q += sprintf(q, "T%u: x" CRLF, i);
        q = slice_put(q, SLICE(CRLF));
        feed(slice_between(text, q), 0, 100, o);
        assert_int_equal(o->result, n <= 64 ? H1_DONE : H1_BAD);
    }
    for (unsigned n = 8190; n < 8196; n++) { /* the whole section, with its empty line */
        q = slice_put(text, SLICE("0" CRLF "X: "));
        memset(q, 'x', n - 7);
        q = slice_put(q + n - 7, SLICE(CRLF CRLF));
        for (size_t step = 1000; step < 20000; step *= 3) {
            feed(slice_between(text, q), 0, step, o);
            assert_int_equal(o->result, n <= 8192 ? H1_DONE : H1_BAD);
        }
    }
    free(o);
    free(text);
}

static void trailer_fields_are_chosen(void **state)
{
    (void)state;
    static const struct slice section = LITERAL(
        "x-sum: \t a:b \t" CRLF "authorization: y" CRLF "grpc-status: 0" CRLF "cookie: z" CRLF
        "set-cookie: z" CRLF "content-type: z" CRLF "x-forwarded-for: z" CRLF "etag:" CRLF);
    struct http_field fields[8];

    assert_int_equal(h1_trailer_fields(section, fields, 8), 3);
    assert_true(slice_is(fields[0].name, "x-sum"));
    assert_true(slice_is(fields[0].value, "a:b"));
    assert_true(slice_is(fields[1].name, "grpc-status"));
    assert_true(slice_is(fields[1].value, "0"));
    assert_true(slice_is(fields[2].name, "etag"));
    assert_int_equal(fields[2].value.n, 0);
    assert_int_equal(h1_trailer_fields(section, fields, 1), 1);
    assert_int_equal(h1_trailer_fields(slice_of("", 0), fields, 8), 0);
}

static void sizes_are_written(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *text;
    } rows[] = {
        { 1, "1\r\n" },
        { 15, "f\r\n" },
        { 16, "10\r\n" },
        { 4096, "1000\r\n" },
        { 0xabcdef, "abcdef\r\n" },
        { UINT64_MAX, "ffffffffffffffff\r\n" },
    };
    char out[18];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_true(slice_is(slice_of(out, h1_write_chunk_size(out, rows[i].n)), rows[i].text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bodies_are_decoded),
        cmocka_unit_test(bad_bodies_are_refused),
        cmocka_unit_test(unfinished_bodies_wait),
        cmocka_unit_test(what_follows_a_body_is_not_touched),
        cmocka_unit_test(broken_stays_broken),
        cmocka_unit_test(one_chunk_is_not_moved),
        cmocka_unit_test(extensions_are_bounded),
        cmocka_unit_test(trailers_are_bounded),
        cmocka_unit_test(trailer_fields_are_chosen),
        cmocka_unit_test(sizes_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
