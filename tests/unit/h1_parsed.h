/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of heads share: a parse in memory of its own, and the run over all prefixes. */
#ifndef GATEHOUSE_TESTS_H1_PARSED_H
#define GATEHOUSE_TESTS_H1_PARSED_H

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

enum { MOST_FIELDS = 100, ROOM = 32768 };

static const struct h1_limits limits = { 16384, MOST_FIELDS };

/* What a head is parsed as: a request, or the response to one. */
enum head { REQUEST, TO_GET, TO_HEAD, TO_CONNECT };

/* A parse of a copy in memory of exactly n bytes, so that a sanitizer sees what is read beyond. */
struct parsed {
    char *bytes;
    struct http_field fields[MOST_FIELDS];
    struct http_msg msg;
    struct h1_error err;
    size_t used;
    enum h1_result result;
};

static inline struct parsed *parse(enum head as, struct slice text, const struct h1_limits *l)
{
    static const enum http_method methods[] = { HTTP_GET, HTTP_GET, HTTP_HEAD, HTTP_CONNECT };
    struct parsed *p = mem_zero(sizeof *p);

    p->bytes = mem_alloc(text.n ? text.n : 1);
    if (text.n) memcpy(p->bytes, text.p, text.n);
    p->msg.fields = p->fields;
    p->msg.max_fields = MOST_FIELDS;
    p->result = as == REQUEST ? h1_parse_request(p->bytes, text.n, l, &p->msg, &p->used, &p->err)
                              : h1_parse_response(p->bytes, text.n, l, methods[as], &p->msg,
                                                  &p->used, &p->err);
    return p;
}

static inline void parsed_free(struct parsed *p)
{
    free(p->bytes);
    free(p);
}

/* The prefixes of a good head ask for more; those of a bad one ask for more or are refused as the
 * whole is. */
static inline void check_prefixes(enum head as, struct slice text, enum h1_result result,
                                  unsigned status)
{
    for (size_t n = 0; n < text.n; n++) {
        struct parsed *p = parse(as, slice_of(text.p, n), &limits);
        if (p->result == H1_DONE || (p->result == H1_BAD && result != H1_BAD))
            fail_msg("%.*s: result %d after %zu bytes", SLICE_ARG(text), p->result, n);
        if (p->result == H1_BAD) assert_int_equal(p->err.status, status);
        parsed_free(p);
    }
}

struct good {
    enum head as;
    struct slice text, out;
};

/* Good heads, judged by the bytes that are written for the other side. */
static inline void check_good(const struct good *rows, size_t n)
{
    static char out[ROOM];

    for (size_t i = 0; i < n; i++) {
        struct parsed *p = parse(rows[i].as, rows[i].text, &limits);
        struct h1_hop hop = { .version = HTTP_1_1,
                              .framing = p->msg.framing,
                              .upgrade = p->msg.upgrade };
        struct slice got;
        if (p->result != H1_DONE) fail_msg("%.*s: %s", SLICE_ARG(rows[i].text), p->err.reason);
        got = slice_of(out, rows[i].as == REQUEST ? h1_write_request(out, ROOM, &p->msg, &hop)
                                                  : h1_write_response(out, ROOM, &p->msg, &hop));
        if (!slice_eq(got, rows[i].out))
            fail_msg("%.*s became %.*s", SLICE_ARG(rows[i].text), SLICE_ARG(got));
        assert_int_equal(p->used, rows[i].text.n);
        check_prefixes(rows[i].as, rows[i].text, H1_DONE, 0);
        parsed_free(p);
    }
}

struct bad {
    unsigned status;
    struct slice text;
};

static inline void check_bad(enum head as, const struct bad *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct parsed *p = parse(as, rows[i].text, &limits);
        if (p->result != H1_BAD || p->err.status != rows[i].status)
            fail_msg("%.*s: result %d, status %u instead of %u", SLICE_ARG(rows[i].text), p->result,
                     p->result == H1_BAD ? p->err.status : 0, rows[i].status);
        assert_true(p->err.at <= rows[i].text.n);
        assert_non_null(p->err.reason);
        check_prefixes(as, rows[i].text, H1_BAD, rows[i].status);
        parsed_free(p);
    }
}

#endif
