/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a chunked body, against a slow reader of the grammar written for this test alone,
 * and however they are cut. The first two bytes choose the cuts. */
#include "base/memory.h"
#include "http/h1.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 4000 }; /* below the limits of extensions and trailers, but that of a line */

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool holds, const char *text, int line)
{
    if (holds) return;
    fprintf(stderr, "line %d: %s\n", line, text);
    abort();
}

struct outcome {
    enum h1_result result;
    size_t used, n_data, n_trailer;
    char data[LONGEST], trailer[LONGEST];
};

/* ---- The slow reader: the whole input at once, by the words of RFC 9112 §7.1 ---- */

struct reader {
    const char *p, *end;
    struct outcome *o;
};

/* Thrown by return value: the first thing that is not DONE ends the reading. */
static enum h1_result want(struct reader *r, char c)
{
    if (r->p == r->end) return H1_MORE;
    return *r->p++ == c ? H1_DONE : H1_BAD;
}

static bool is_tchar(char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_text(char c)
{
    return c == '\t' || ((uint8_t)c >= 0x20 && c != 0x7f);
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t')) r->p++;
}

static enum h1_result token(struct reader *r)
{
    const char *start = r->p;

    while (r->p < r->end && is_tchar(*r->p)) r->p++;
    if (r->p == r->end) return H1_MORE;
    return r->p > start ? H1_DONE : H1_BAD;
}

static enum h1_result quoted(struct reader *r)
{
    for (r->p++;;) {
        if (r->p == r->end) return H1_MORE;
        if (*r->p == '"') return r->p++, H1_DONE;
        if (*r->p == '\\' && ++r->p == r->end) return H1_MORE;
        if (!is_text(*r->p++)) return H1_BAD;
    }
}

static enum h1_result extensions(struct reader *r)
{
    for (;;) {
        const char *start = r->p;
        enum h1_result e;
        skip_blanks(r);
        if (r->p == r->end) return H1_MORE;
        if (*r->p != ';') return r->p == start ? H1_DONE : H1_BAD;
        r->p++;
        skip_blanks(r);
        if (r->p == r->end) return H1_MORE;
        if ((e = token(r)) != H1_DONE) return e;
        start = r->p;
        skip_blanks(r);
        if (r->p == r->end) return H1_MORE;
        if (*r->p != '=') {
            r->p = start; /* the blanks belong to what follows */
            continue;
        }
        r->p++;
        skip_blanks(r);
        if (r->p == r->end) return H1_MORE;
        if ((e = *r->p == '"' ? quoted(r) : token(r)) != H1_DONE) return e;
    }
}

static enum h1_result size_line(struct reader *r, uint64_t *size)
{
    unsigned digits = 0;
    const char *ext;
    enum h1_result e;

    for (*size = 0; r->p < r->end && strchr("0123456789abcdefABCDEF", *r->p) && *r->p; r->p++) {
        char digit[2] = { *r->p, '\0' };
        if (++digits > 16 || *size > INT64_MAX / 16) return H1_BAD;
        *size = *size * 16 + strtoul(digit, NULL, 16);
    }
    if (r->p == r->end) return H1_MORE;
    if (digits == 0) return H1_BAD;
    ext = r->p;
    if ((e = extensions(r)) == H1_DONE && (e = want(r, '\r')) == H1_DONE) {
        /* The limit of a line counts its CR where there is an extension. */
        if (r->p - ext > 1 && r->p - ext > 512) return H1_BAD;
        return want(r, '\n');
    }
    return r->p - ext > 512 && e == H1_MORE ? H1_BAD : e;
}

static bool is_refused(const char *name, size_t n)
{
    static const char *const names[] = {
        "content-length",    "transfer-encoding", "host",    "connection",
        "proxy-connection",  "keep-alive",        "upgrade", "te",
        "http2-settings",    "trailer",           "expect",  "content_length",
        "transfer_encoding",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0) return true;
    return false;
}

static enum h1_result trailer_line(struct reader *r)
{
    const char *line = r->p;
    char *copy = r->o->trailer + r->o->n_trailer;
    size_t name = 0, n;

    while (r->p < r->end && is_text(*r->p)) r->p++;
    if (r->p == r->end) return H1_MORE;
    if (*r->p != '\r') return H1_BAD;
    if (++r->p == r->end) return H1_MORE;
    if (*r->p++ != '\n') return H1_BAD;
    n = (size_t)(r->p - line);
    memcpy(copy, line, n);
    for (; is_tchar(copy[name]); name++)
        if (copy[name] >= 'A' && copy[name] <= 'Z') copy[name] += 32;
    if (name == 0 || copy[name] != ':' || is_refused(copy, name)) return H1_BAD;
    r->o->n_trailer += n;
    return H1_DONE;
}

static enum h1_result trailer_section(struct reader *r)
{
    enum h1_result e;

    for (unsigned fields = 0;; fields++) {
        if (r->p == r->end) return H1_MORE;
        if (*r->p == '\r') break;
        if ((e = trailer_line(r)) != H1_DONE) return e;
        if (fields == 64) return H1_BAD;
    }
    r->p++;
    return want(r, '\n');
}

static enum h1_result read_slowly(struct reader *r)
{
    uint64_t size;
    enum h1_result e;

    for (;;) {
        if ((e = size_line(r, &size)) != H1_DONE) return e;
        if (size == 0) return trailer_section(r);
        for (; size; size--) {
            if (r->p == r->end) return H1_MORE;
            r->o->data[r->o->n_data++] = *r->p++;
        }
        if ((e = want(r, '\r')) != H1_DONE || (e = want(r, '\n')) != H1_DONE) return e;
    }
}

/* ---- The decoder, in pieces ---- */

static void decode(const char *p, size_t n, size_t first, size_t step, struct outcome *o)
{
    char *left = mem_alloc(n + 1);
    size_t from = 0, to = first < n ? first : n;
    struct h1_chunks c;
    struct h1_error err;

    memcpy(left, p, n);
    h1_chunks_init(&c);
    o->n_data = o->n_trailer = 0;
    for (;;) {
        size_t used, size = to - from;
        char *bytes = mem_alloc(size ? size : 1);
        struct slice data;
        memcpy(bytes, left + from, size);
        o->result = h1_chunks_decode(&c, bytes, size, &used, &data, &err);
        CHECK(used <= size && data.n <= used);
        memcpy(o->data + o->n_data, data.p, data.n);
        o->n_data += data.n;
        if (o->result == H1_DONE) {
            memcpy(o->trailer, c.trailer.p, c.trailer.n);
            o->n_trailer = c.trailer.n;
        }
        memcpy(left + from, bytes, size);
        free(bytes);
        from += used;
        if (o->result != H1_MORE || to == n) break;
        to = n - to < step ? n : to + step;
    }
    o->used = from;
    free(left);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->result == b->result);
    if (a->result == H1_BAD) return;
    CHECK(a->n_data == b->n_data && memcmp(a->data, b->data, a->n_data) == 0);
    if (a->result == H1_MORE) return;
    CHECK(a->used == b->used);
    CHECK(a->n_trailer == b->n_trailer && memcmp(a->trailer, b->trailer, a->n_trailer) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome slow, fast;
    const char *p;
    size_t n;
    struct reader r;

    if (size < 2 || size - 2 > LONGEST) return 0;
    p = (const char *)data + 2;
    n = size - 2;
    r = (struct reader){ p, p + n, &slow };
    slow.n_data = slow.n_trailer = 0;
    slow.result = read_slowly(&r);
    slow.used = (size_t)(r.p - p);
    decode(p, n, n, n, &fast);
    check_same(&slow, &fast);
    decode(p, n, 0, 1, &fast);
    check_same(&slow, &fast);
    decode(p, n, data[0], data[1] + 1u, &fast);
    check_same(&slow, &fast);
    if (fast.result == H1_DONE) {
        struct http_field fields[64];
        unsigned count = h1_trailer_fields(slice_of(fast.trailer, fast.n_trailer), fields, 64);
        for (unsigned i = 0; i < count; i++) CHECK(fields[i].name.n > 0);
    }
    return 0;
}
