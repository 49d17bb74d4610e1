/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for any bytes that are parsed as a head; shared by the two targets of heads.
 * A property that fails aborts. */
#ifndef GATEHOUSE_TESTS_H1_HEAD_CHECKS_H
#define GATEHOUSE_TESTS_H1_HEAD_CHECKS_H

#include "base/memory.h"
#include "http/h1.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_FIELDS = 20, HEAD_SIZE = 2048, ROOM = 4 * HEAD_SIZE };

/* What bytes are parsed as: a request, or the response to a method. */
struct head_kind {
    bool request;
    enum http_method method;
};

struct parsed {
    enum h1_result result;
    struct http_msg msg;
    struct http_field fields[MOST_FIELDS];
    size_t used;
    struct h1_error err;
};

#define CHECK(condition) check((condition), #condition, __LINE__)

static inline void check(bool holds, const char *text, int line)
{
    if (holds) return;
    fprintf(stderr, "line %d: %s\n", line, text);
    abort();
}

static inline void parse_in_place(const struct head_kind *k, char *p, size_t n, struct parsed *out)
{
    static const struct h1_limits limits = { HEAD_SIZE, MOST_FIELDS };

    out->msg.fields = out->fields;
    out->msg.max_fields = MOST_FIELDS;
    out->result = k->request ? h1_parse_request(p, n, &limits, &out->msg, &out->used, &out->err)
                             : h1_parse_response(p, n, &limits, k->method, &out->msg, &out->used,
                                                 &out->err);
}

/* A copy of exactly n bytes, so that a read beyond them is seen. */
static inline char *exact_copy(const char *p, size_t n)
{
    char *copy = mem_alloc(n ? n : 1);
    if (n) memcpy(copy, p, n);
    return copy;
}

/* Every prefix asks for more, or is refused as the whole is; in memory of its own, and in memory
 * that earlier calls have gone over. */
static inline void check_prefixes(const struct head_kind *k, const char *p, size_t n,
                                  const struct parsed *whole)
{
    char *same = exact_copy(p, n);
    size_t step = n > 256 ? 37 : 1;
    struct parsed part;

    for (size_t i = 0; i < n; i += step) {
        char *own = exact_copy(p, i);
        parse_in_place(k, own, i, &part);
        if (part.result == H1_DONE) CHECK(whole->result == H1_DONE && part.used == whole->used);
        if (part.result == H1_BAD)
            CHECK(whole->result == H1_BAD && whole->err.status == part.err.status &&
                  whole->err.at == part.err.at);
        free(own);
        parse_in_place(k, same, i, &part);
    }
    parse_in_place(k, same, n, &part);
    CHECK(part.result == whole->result);
    if (part.result == H1_DONE) {
        CHECK(part.used == whole->used && part.msg.n_fields == whole->msg.n_fields);
        CHECK(part.msg.framing == whole->msg.framing);
    }
    free(same);
}

static inline bool text_is_clean(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (((uint8_t)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f) return false;
    return true;
}

static inline void check_fields(const struct http_msg *m)
{
    for (unsigned i = 0; i < m->n_fields; i++) {
        struct slice name = m->fields[i].name, value = m->fields[i].value;
        CHECK(name.n > 0);
        for (size_t k = 0; k < name.n; k++)
            CHECK(name.p[k] > 0x20 && name.p[k] < 0x7f && name.p[k] != ':' &&
                  !(name.p[k] >= 'A' && name.p[k] <= 'Z'));
        CHECK(text_is_clean(value));
        CHECK(!value.n || (value.p[0] != ' ' && value.p[0] != '\t'));
        CHECK(!value.n || (value.p[value.n - 1] != ' ' && value.p[value.n - 1] != '\t'));
        CHECK(m->fields[i].id == http_field_find(name));
        if (http_field_is_hop(m->fields[i].id)) CHECK(m->fields[i].hop);
    }
}

static inline size_t write_as_it_is(const struct head_kind *k, char *out, const struct http_msg *m)
{
    struct h1_hop hop = { .version = HTTP_1_1, .framing = m->framing, .upgrade = m->upgrade };
    return k->request ? h1_write_request(out, ROOM, m, &hop)
                      : h1_write_response(out, ROOM, m, &hop);
}

/* In what was written: lines end in CR LF alone, one line is empty, the last. */
static inline void check_lines(const char *out, size_t n)
{
    CHECK(n > 4 && memcmp(out + n - 4, "\r\n\r\n", 4) == 0);
    for (size_t i = 0; i < n; i++) {
        if (out[i] == '\r') CHECK(i + 1 < n && out[i + 1] == '\n');
        if (out[i] == '\n') CHECK(i > 0 && out[i - 1] == '\r');
        if (out[i] == '\n' && i + 1 < n) CHECK(out[i + 1] != ' ' && out[i + 1] != '\t');
    }
    CHECK(memmem(out, n, "\r\n\r\n", 4) == out + n - 4);
}

/* What is written for the other side is good, says the same, and is written the same again. */
static inline void check_written(const struct head_kind *k, const struct http_msg *m)
{
    static char out[ROOM], again[ROOM];
    size_t n = write_as_it_is(k, out, m), same;
    struct parsed back;
    char *copy;

    CHECK(n > 0);
    check_lines(out, n);
    copy = exact_copy(out, n);
    parse_in_place(k, copy, n, &back);
    CHECK(back.result == H1_DONE && back.used == n);
    CHECK(back.msg.framing == m->framing && back.msg.status == m->status);
    CHECK(back.msg.method == m->method && back.msg.upgrade == m->upgrade);
    if (m->framing == HTTP_LENGTH) CHECK(back.msg.content_length == m->content_length);
    if (k->request) {
        CHECK(slice_eq(back.msg.method_name, m->method_name));
        CHECK(slice_eq(back.msg.target, m->target));
        CHECK(slice_eq(back.msg.authority, m->authority));
        CHECK(back.msg.expect_continue == m->expect_continue);
    }
    same = write_as_it_is(k, again, &back.msg);
    CHECK(same == n && memcmp(out, again, n) == 0);
    for (size_t room = n > 64 ? n - 64 : 0; room < n; room += 7) {
        struct h1_hop hop = { .version = HTTP_1_1, .framing = m->framing, .upgrade = m->upgrade };
        char *tight = mem_alloc(room + 1);
        CHECK((k->request ? h1_write_request(tight, room, m, &hop)
                          : h1_write_response(tight, room, m, &hop)) == 0);
        free(tight);
    }
    free(copy);
}

static inline void check_head(const struct head_kind *k, const char *p, size_t n)
{
    static const char tail[] = "\r\n\r\nHost: a\r\n\r\n";
    char *whole = exact_copy(p, n), *more;
    struct parsed r, longer;

    parse_in_place(k, whole, n, &r);
    check_prefixes(k, p, n, &r);
    more = mem_alloc(n + sizeof tail);
    if (n) memcpy(more, p, n);
    memcpy(more + n, tail, sizeof tail);
    parse_in_place(k, more, n + sizeof tail, &longer);
    if (r.result != H1_MORE) CHECK(longer.result == r.result);
    if (r.result == H1_BAD) CHECK(r.err.at <= n && r.err.status >= 400 && r.err.reason);
    if (r.result == H1_DONE) {
        CHECK(r.used <= n && r.used <= HEAD_SIZE && longer.used == r.used);
        check_fields(&r.msg);
        check_written(k, &r.msg);
    }
    free(more);
    free(whole);
}

#endif
