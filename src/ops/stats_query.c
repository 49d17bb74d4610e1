/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_query.h"
#include "base/memory.h"

static const char *const codes[] = {
    [RESULT_NONE] = "NONE", [RESULT_DONE] = "DONE", [RESULT_PART] = "PART", [RESULT_ERRP] = "ERRP",
    [RESULT_EXCD] = "EXCD", [RESULT_DENY] = "DENY", [RESULT_UNKN] = "UNKN",
};

const char *stats_result_code(enum stats_result r)
{
    return codes[r < RESULT_NOT_ASKED ? r : RESULT_UNKN];
}

/* ---- the query ---- */

static const char *find(struct slice s, const char *text)
{
    return s.n ? memmem(s.p, s.n, text, strlen(text)) : NULL;
}

/* As in HAProxy, it is enough that a word begins so, and JSON goes before the others. */
static enum stats_what what_of(struct slice s)
{
    if (find(s, ";json-schema")) return STATS_SCHEMA;
    if (find(s, ";json")) return STATS_JSON;
    if (find(s, ";typed")) return STATS_TYPED;
    return find(s, ";csv") ? STATS_CSV : STATS_PAGE;
}

static enum stats_result result_of(struct slice s)
{
    const char *p = find(s, ";st=");
    struct slice code = p ? slice_between(p + 4, s.p + s.n) : SLICE("");

    if (!p) return RESULT_NOT_ASKED;
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
        if (slice_starts(code, slice_str(codes[i]))) return (enum stats_result)i;
    return RESULT_UNKN;
}

/* A part of a proxy's name: what can't stand in one makes it void. */
static bool in_name(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("-_.:", c));
}

static void read_scope(struct slice s, char scope[STATS_SCOPE_MAX + 1])
{
    const char *p = find(s, "scope="), *end = s.p + s.n;
    size_t n = 0;

    if (!p) return;
    for (p += 6; p < end && *p != ';' && *p != '&' && *p != '#'; p++) {
        if (!in_name(*p)) n = SIZE_MAX;
        if (n < STATS_SCOPE_MAX) scope[n++] = *p;
        if (n == SIZE_MAX) break;
    }
    scope[n == SIZE_MAX ? 0 : n] = '\0';
}

void stats_query_parse(struct slice rest, struct stats_query *q)
{
    *q = (struct stats_query){ .what = what_of(rest), .result = result_of(rest) };
    q->up = find(rest, ";up");
    q->no_maint = find(rest, ";no-maint");
    q->no_refresh = find(rest, ";norefresh");
    read_scope(rest, q->scope);
}

/* ---- the form ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: it is not encoded as it must be, or has a NUL in it. */
static bool decode(struct slice from, struct arena *a, struct slice *out)
{
    char *to = arena_alloc(a, from.n + 1), *q = to;

    for (size_t i = 0; i < from.n; i++) {
        char c = from.p[i];
        if (c == '%') {
            if (from.n - i < 3 || hex(from.p[i + 1]) < 0 || hex(from.p[i + 2]) < 0) return false;
            c = (char)(hex(from.p[i + 1]) << 4 | hex(from.p[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (!c) return false;
        *q++ = c;
    }
    *q = '\0';
    *out = slice_between(to, q);
    return true;
}

void stats_form_parse(struct slice body, struct arena *a, struct stats_form *f)
{
    unsigned most = 1;
    struct slice name, value;

    *f = (struct stats_form){ 0 };
    for (size_t i = 0; i < body.n; i++) most += body.p[i] == '&';
    f->servers = arena_alloc(a, most * sizeof *f->servers);
    while (body.n) {
        value = slice_cut(&body, '&');
        name = slice_cut(&value, '=');
        if (slice_is(name, "s"))
            f->n_servers += decode(value, a, &f->servers[f->n_servers]);
        else if (slice_is(name, "b"))
            decode(value, a, &f->backend);
        else if (slice_is(name, "action"))
            decode(value, a, &f->action);
    }
}
