/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/prometheus_query.h"
#include "base/memory.h"

/* Longer than any word that means something: what is cut is none of them. */
enum { WORD_MOST = 16 };

static const struct {
    const char *name;
    unsigned bits;
} scopes[] = {
    { "global", SCOPE_PROCESS },    { "frontend", SCOPE_FRONTEND },
    { "listener", SCOPE_LISTENER }, { "backend", SCOPE_BACKEND },
    { "server", SCOPE_SERVER },     { "sticktable", SCOPE_TABLE },
    { "rule", SCOPE_RULE },         { "*", SCOPES_ALL },
};

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As in HAProxy a NUL ends the word. False: a percent sign is not followed by two digits. */
static bool decode(struct slice from, char out[WORD_MOST])
{
    size_t n = 0;
    bool ended = false;

    for (size_t i = 0; i < from.n; i++) {
        char c = from.p[i] == '+' ? ' ' : from.p[i];

        if (c == '%') {
            if (from.n - i < 3 || hex(from.p[i + 1]) < 0 || hex(from.p[i + 2]) < 0) return false;
            c = (char)(hex(from.p[i + 1]) << 4 | hex(from.p[i + 2]));
            i += 2;
        }
        ended |= !c;
        if (!ended && n < WORD_MOST - 1) out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

/* "" takes back what was asked for before. */
static bool add_scope(struct prometheus_query *q, const char *name)
{
    if (!*name) q->scopes = 0;
    if (!*name) return true;
    for (unsigned i = 0; i < ARRAY_LEN(scopes); i++)
        if (strcmp(name, scopes[i].name) == 0) {
            q->scopes |= scopes[i].bits;
            return true;
        }
    return false;
}

bool prometheus_query_parse(struct slice target, struct prometheus_query *q)
{
    ptrdiff_t mark = slice_find(target, '?');
    struct slice rest = mark < 0 ? SLICE("") : slice_from(target, (size_t)mark + 1);
    bool scoped = false;

    *q = (struct prometheus_query){ .scopes = SCOPES_ALL };
    while (rest.n) {
        struct slice value = slice_cut(&rest, '&'), word = slice_cut(&value, '=');
        char name[WORD_MOST], said[WORD_MOST];

        if (!decode(word, name) || !decode(value, said)) return false;
        if (strcmp(name, "no-maint") == 0) q->no_maint = true;
        if (strcmp(name, "scope") != 0) continue;
        if (!value.p) return false;
        if (!scoped) q->scopes = 0;
        scoped = true;
        if (!add_scope(q, said)) return false;
    }
    return true;
}
