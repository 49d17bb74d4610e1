/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/trace_context.h"
#include "gateway/request.h"

#include <stdlib.h>

/* ---- reading: version "-" trace-id "-" parent-id "-" trace-flags (§3.2) ---- */

enum { VERSION_AT = 0, ID_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, LENGTH = 55 };

static bool is_hex(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

static bool is_zero(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '0') return false;
    return true;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

bool trace_context_read(struct slice value, struct trace_context *out)
{
    struct slice version, id, parent, flags;

    if (value.n < LENGTH) return false;
    version = slice_of(value.p + VERSION_AT, 2);
    id = slice_of(value.p + ID_AT, TRACE_ID);
    parent = slice_of(value.p + PARENT_AT, TRACE_SPAN);
    flags = slice_of(value.p + FLAGS_AT, 2);
    if (value.p[ID_AT - 1] != '-' || value.p[PARENT_AT - 1] != '-' || value.p[FLAGS_AT - 1] != '-')
        return false;
    if (!is_hex(version) || !is_hex(id) || !is_hex(parent) || !is_hex(flags)) return false;
    if (slice_is(version, "ff") || is_zero(id) || is_zero(parent)) return false;
    /* Later versions may have more behind it (§4.3). */
    if (value.n > LENGTH && (slice_is(version, "00") || value.p[LENGTH] != '-')) return false;
    memcpy(out->id, id.p, TRACE_ID);
    memcpy(out->parent, parent.p, TRACE_SPAN);
    out->has_parent = true;
    out->sampled = digit(flags.p[1]) & 1;
    return true;
}

/* ---- making ---- */

/* Not for secrets. Each of the two numbers of a worker counts through all that there are, from a
 * random beginning. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t x;

    if (*state == 0) arc4random_buf(state, sizeof *state);
    x = *state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static void put_hex(char *to, uint64_t n)
{
    for (unsigned i = 16; i-- > 0; n >>= 4) to[i] = "0123456789abcdef"[n & 15];
}

/* Not all zero. */
static void make_id(struct gate *g, char *to, unsigned halves)
{
    for (unsigned i = 0; i < halves; i++) {
        uint64_t n = next_random(&g->trace_random[i]);
        put_hex(to + 16 * i, n ? n : 1);
    }
}

/* The client's, if there is one and it is valid: two of them are no better than none. */
static bool read_client(const struct request *r, struct trace_context *t)
{
    const struct slice name = SLICE("traceparent");
    const struct http_field *only = NULL;

    for (unsigned i = 0; i < r->req.n_fields; i++) {
        const struct http_field *f = &r->req.fields[i];
        if (!slice_eq(f->name, name)) continue;
        if (only) return false;
        only = f;
    }
    return only && trace_context_read(only->value, t);
}

void trace_context_begin(struct request *r)
{
    struct trace_context *t = arena_zero(&r->arena, sizeof *t);
    char *value = arena_alloc(&r->arena, LENGTH), *p = value;

    if (!read_client(r, t)) {
        *t = (struct trace_context){ .sampled = true };
        make_id(r->gate, t->id, 2);
        http_msg_remove_named(&r->req, SLICE("tracestate")); /* it belongs to another trace */
    }
    make_id(r->gate, t->span, 1);
    p = slice_put(p, SLICE("00-"));
    p = slice_put(p, slice_of(t->id, TRACE_ID));
    *p++ = '-';
    p = slice_put(p, slice_of(t->span, TRACE_SPAN));
    slice_put(p, t->sampled ? SLICE("-01") : SLICE("-00"));
    http_msg_set(&r->req, &r->arena, SLICE("traceparent"), slice_of(value, LENGTH));
    r->trace_context = t;
}

/* ---- fetches ---- */

static const struct trace_context *of(const struct context *c)
{
    const struct request *r = c->owner;

    return r ? r->trace_context : NULL;
}

static bool fetch_id(struct context *c, const struct arg *args, struct sample *out)
{
    const struct trace_context *t = of(c);

    (void)args;
    return t && sample_str(out, slice_of(t->id, TRACE_ID));
}

static bool fetch_span(struct context *c, const struct arg *args, struct sample *out)
{
    const struct trace_context *t = of(c);

    (void)args;
    return t && sample_str(out, slice_of(t->span, TRACE_SPAN));
}

static bool fetch_parent(struct context *c, const struct arg *args, struct sample *out)
{
    const struct trace_context *t = of(c);

    (void)args;
    return t && t->has_parent && sample_str(out, slice_of(t->parent, TRACE_SPAN));
}

static bool fetch_sampled(struct context *c, const struct arg *args, struct sample *out)
{
    const struct trace_context *t = of(c);

    (void)args;
    return t && sample_bool(out, t->sampled);
}

#define TRACE_FETCH(name, type, get, doc)                                              \
    {                                                                                  \
        name, ARGS(0, ARG_END), type, NEED_REQUEST_KEPT, FETCH_OURS, get, doc, NULL, 0 \
    }

static const struct fetch rows[] = {
    TRACE_FETCH("trace.id", SAMPLE_STR, fetch_id,
                "`option traceparent`: the id of the trace that the request belongs to, 32 "
                "hexadecimal digits."),
    TRACE_FETCH("trace.parent", SAMPLE_STR, fetch_parent,
                "The id of the client's span, from its `traceparent`; not found when it had no "
                "valid one."),
    TRACE_FETCH("trace.sampled", SAMPLE_BOOL, fetch_sampled, "The trace's flag `sampled`."),
    TRACE_FETCH("trace.span", SAMPLE_STR, fetch_span,
                "The id of the gateway's own span, which servers are told as their parent."),
};

const struct fetch_table trace_fetches = FETCH_TABLE("Traces", rows);
