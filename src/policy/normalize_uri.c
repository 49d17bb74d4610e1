/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/normalize_uri.h"

#include <stdlib.h>

/* Text that is made; never longer than it was said to be. */
struct text {
    char *start, *at;
};

static struct text text_of(struct arena *a, size_t most)
{
    char *p = arena_alloc(a, most);

    return (struct text){ p, p };
}

static void put(struct text *t, struct slice s)
{
    t->at = slice_put(t->at, s);
}

static struct slice done(const struct text *t)
{
    return slice_between(t->start, t->at);
}

/* ---- segments ---- */

/* "/." and what follows up to the next slash is left out. */
static bool strip_dot(struct arena *a, struct slice in, bool option, struct slice *out)
{
    struct text t = text_of(a, in.n);
    struct slice rest = in;

    (void)option;
    while (rest.p && rest.n) {
        struct slice segment = slice_cut(&rest, '/');
        if (slice_is(segment, ".")) continue;
        put(&t, segment);
        if (rest.p) put(&t, SLICE("/"));
    }
    *out = done(&t);
    return true;
}

/* Takes the last segment off again, with the slash before it. */
static void pop(struct text *t)
{
    char *slash = memrchr(t->start, '/', (size_t)(t->at - t->start));

    t->at = slash ? slash : t->start;
}

/* ".." takes away the segment before it, also an empty one. One that has none before it stays, or
 * with `full` goes too. */
static bool strip_dotdot(struct arena *a, struct slice in, bool full, struct slice *out)
{
    struct text t = text_of(a, in.n + 1);
    struct slice rest = in;
    unsigned depth = 0; /* segments that may be taken away */

    *out = in;
    if (in.n == 0 || in.p[0] != '/') return true;
    rest = slice_from(in, 1);
    for (bool last = false; !last;) {
        struct slice segment = slice_cut(&rest, '/');
        last = rest.p == NULL;
        if (!slice_is(segment, "..")) {
            put(&t, SLICE("/"));
            put(&t, segment);
            depth++;
            continue;
        }
        if (depth) {
            pop(&t);
            depth--;
        } else if (!full) {
            put(&t, SLICE("/.."));
        }
        if (last) put(&t, SLICE("/"));
    }
    *out = done(&t);
    return true;
}

static bool merge_slashes(struct arena *a, struct slice in, bool option, struct slice *out)
{
    struct text t = text_of(a, in.n);

    (void)option;
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] != '/' || i == 0 || in.p[i - 1] != '/') *t.at++ = in.p[i];
    *out = done(&t);
    return true;
}

/* ---- percent signs ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that "%XX" at offset i stands for; -1: it is not one. */
static int coded(struct slice s, size_t i)
{
    if (s.n - i < 3 || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0) return -1;
    return hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool is_unreserved(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static bool to_uppercase(struct arena *a, struct slice in, bool strict, struct slice *out)
{
    struct text t = text_of(a, in.n);

    for (size_t i = 0; i < in.n; i++) {
        *t.at++ = in.p[i];
        if (in.p[i] != '%') continue;
        if (coded(in, i) < 0) {
            if (strict) return false;
            continue;
        }
        *t.at++ = upper(in.p[++i]);
        *t.at++ = upper(in.p[++i]);
    }
    *out = done(&t);
    return true;
}

static bool decode_unreserved(struct arena *a, struct slice in, bool strict, struct slice *out)
{
    struct text t = text_of(a, in.n);

    for (size_t i = 0; i < in.n; i++) {
        int c = in.p[i] == '%' ? coded(in, i) : -1;
        if (in.p[i] == '%' && c < 0 && strict) return false;
        if (c < 0) {
            *t.at++ = in.p[i];
            continue;
        }
        if (is_unreserved(c))
            *t.at++ = (char)c;
        else
            put(&t, slice_of(in.p + i, 3));
        i += 2;
    }
    *out = done(&t);
    return true;
}

/* ---- fragments ---- */

static bool fragment_strip(struct arena *a, struct slice in, bool option, struct slice *out)
{
    ptrdiff_t at = slice_find(in, '#');

    (void)a;
    (void)option;
    *out = at < 0 ? in : slice_of(in.p, (size_t)at);
    return true;
}

static bool fragment_encode(struct arena *a, struct slice in, bool option, struct slice *out)
{
    struct text t;

    (void)option;
    *out = in;
    if (slice_find(in, '#') < 0) return true;
    t = text_of(a, in.n * 3);
    for (size_t i = 0; i < in.n; i++)
        put(&t, in.p[i] == '#' ? SLICE("%23") : slice_of(in.p + i, 1));
    *out = done(&t);
    return true;
}

/* ---- queries ---- */

struct parameter {
    struct slice name, all;
};

/* By name; those of one name, which lie in one text, as they stand. */
static int compare(const void *x, const void *y)
{
    const struct parameter *a = x, *b = y;
    size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    int d = n ? memcmp(a->name.p, b->name.p, n) : 0;

    if (d) return d;
    if (a->name.n != b->name.n) return a->name.n < b->name.n ? -1 : 1;
    return a->all.p < b->all.p ? -1 : 1;
}

static bool sort_query(struct arena *a, struct slice in, bool option, struct slice *out)
{
    ptrdiff_t at = slice_find(in, '?');
    struct slice rest;
    struct parameter *list;
    struct text t;
    size_t n = 0, most = 1;

    (void)option;
    *out = in;
    if (at < 0) return true;
    rest = slice_from(in, (size_t)at + 1);
    for (size_t k = 0; k < rest.n; k++) most += rest.p[k] == '&';
    list = arena_alloc(a, most * sizeof *list);
    while (rest.n) { /* so nothing stands behind an '&' at the end */
        struct slice one = slice_cut(&rest, '&'), name = one;
        list[n].all = one;
        list[n++].name = slice_cut(&name, '=');
    }
    if (n) qsort(list, n, sizeof *list, compare);
    t = text_of(a, in.n);
    put(&t, slice_of(in.p, (size_t)at + 1));
    for (size_t i = 0; i < n; i++) {
        if (i) put(&t, SLICE("&"));
        put(&t, list[i].all);
    }
    *out = done(&t);
    return true;
}

const struct normalizer normalizers[NORMALIZERS] = {
    { "fragment-encode", NULL, true, fragment_encode, "`#` becomes `%23`" },
    { "fragment-strip", NULL, true, fragment_strip, "`#` and what follows goes" },
    { "path-merge-slashes", NULL, false, merge_slashes, "slashes that stand together become one" },
    { "path-strip-dot", NULL, false, strip_dot, "segments `.` go" },
    { "path-strip-dotdot", "full", false, strip_dotdot,
      "segments `..` take away the one before them; with `full` they go from the front too" },
    { "percent-decode-unreserved", "strict", true, decode_unreserved,
      "what needs no `%XX` is decoded" },
    { "percent-to-uppercase", "strict", true, to_uppercase, "the letters in `%XX` become large" },
    { "query-sort-by-name", NULL, true, sort_query, "the parameters are sorted by their names" },
};
