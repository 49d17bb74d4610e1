/* SPDX-License-Identifier: Apache-2.0 */
/* normalize_uri.c: what HAProxy 2.6 makes of the same input. */
#include "policy/normalize_uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct entry {
    const char *name;
    bool option;
    const char *in, *out; /* out NULL: refused */
};

static const struct entry ENTRIES[] = {
    { "path-strip-dotdot", false, "/foo/../", "/" },
    { "path-strip-dotdot", false, "/foo/../bar/", "/bar/" },
    { "path-strip-dotdot", false, "/foo/bar/../", "/foo/" },
    { "path-strip-dotdot", false, "/../bar/", "/../bar/" },
    { "path-strip-dotdot", false, "/bar/../../", "/../" },
    { "path-strip-dotdot", false, "/foo//../", "/foo/" },
    { "path-strip-dotdot", false, "/foo/%2E%2E/", "/foo/%2E%2E/" },
    { "path-strip-dotdot", false, "/..", "/../" },
    { "path-strip-dotdot", false, "/../..", "/../../" },
    { "path-strip-dotdot", false, "/a/..", "/" },
    { "path-strip-dotdot", false, "/a/b/..", "/a/" },
    { "path-strip-dotdot", false, "/a/../..", "/../" },
    { "path-strip-dotdot", false, "/a/../../b/../c", "/../c" },
    { "path-strip-dotdot", false, "/./..", "/" },
    { "path-strip-dotdot", false, "/..a/b..", "/..a/b.." },
    { "path-strip-dotdot", false, "/...", "/..." },
    { "path-strip-dotdot", false, "//..", "/" },
    { "path-strip-dotdot", false, "/a//..", "/a/" },
    { "path-strip-dotdot", false, "", "" },
    { "path-strip-dotdot", true, "/..", "/" },
    { "path-strip-dotdot", true, "/../..", "/" },
    { "path-strip-dotdot", true, "/a/../..", "/" },
    { "path-strip-dotdot", true, "/../bar/", "/bar/" },
    { "path-strip-dotdot", true, "/bar/../../", "/" },
    { "path-strip-dotdot", true, "/../a/..", "/" },
    { "path-strip-dot", false, "/.", "/" },
    { "path-strip-dot", false, "/./bar/", "/bar/" },
    { "path-strip-dot", false, "/a/./a", "/a/a" },
    { "path-strip-dot", false, "/.well-known/", "/.well-known/" },
    { "path-strip-dot", false, "/a/.", "/a/" },
    { "path-strip-dot", false, "/././", "/" },
    { "path-strip-dot", false, "/..", "/.." },
    { "path-merge-slashes", false, "//", "/" },
    { "path-merge-slashes", false, "/foo//bar", "/foo/bar" },
    { "path-merge-slashes", false, "///a////b//", "/a/b/" },
    { "percent-decode-unreserved", false, "/%61dmin", "/admin" },
    { "percent-decode-unreserved", false, "/foo%3Fbar=baz", "/foo%3Fbar=baz" },
    { "percent-decode-unreserved", false, "/%%36%36", "/%66" },
    { "percent-decode-unreserved", false, "/%ZZ", "/%ZZ" },
    { "percent-decode-unreserved", false, "/a%", "/a%" },
    { "percent-decode-unreserved", false, "/a%4", "/a%4" },
    { "percent-decode-unreserved", false, "/%7e%2D%5f%2e", "/~-_." },
    { "percent-decode-unreserved", false, "/?q=%c3%a4", "/?q=%c3%a4" },
    { "percent-decode-unreserved", true, "/%61", "/a" },
    { "percent-decode-unreserved", true, "/%%36%36", NULL },
    { "percent-decode-unreserved", true, "/%ZZ", NULL },
    { "percent-decode-unreserved", true, "/a%4", NULL },
    { "percent-decode-unreserved", true, "/a%", NULL },
    { "percent-to-uppercase", false, "/%6f", "/%6F" },
    { "percent-to-uppercase", false, "/%zz", "/%zz" },
    { "percent-to-uppercase", false, "/%a", "/%a" },
    { "percent-to-uppercase", false, "/%%aa", "/%%AA" },
    { "percent-to-uppercase", true, "/%6f%AB", "/%6F%AB" },
    { "percent-to-uppercase", true, "/%zz", NULL },
    { "percent-to-uppercase", true, "/%", NULL },
    { "query-sort-by-name", false, "/?c=3&a=1&b=2", "/?a=1&b=2&c=3" },
    { "query-sort-by-name", false, "/?aaa=3&a=1&aa=2", "/?a=1&aa=2&aaa=3" },
    { "query-sort-by-name", false, "/?a=3&b=4&a=1&b=5&a=2", "/?a=3&a=1&a=2&b=4&b=5" },
    { "query-sort-by-name", false, "/", "/" },
    { "query-sort-by-name", false, "/?", "/?" },
    { "query-sort-by-name", false, "/?&", "/?" },
    { "query-sort-by-name", false, "/?a&&b", "/?&a&b" },
    { "query-sort-by-name", false, "/?a=2&&a=1&", "/?&a=2&a=1" },
    { "query-sort-by-name", false, "/?b&a=2&a", "/?a=2&a&b" },
    { "query-sort-by-name", false, "/?z=1&a?b=2", "/?a?b=2&z=1" },
    { "query-sort-by-name", false, "/?B=1&a=2&%41=3", "/?%41=3&B=1&a=2" },
    { "fragment-strip", false, "/#foo", "/" },
    { "fragment-strip", false, "/a?b#c#d", "/a?b" },
    { "fragment-strip", false, "/a", "/a" },
    { "fragment-encode", false, "/#foo#", "/%23foo%23" },
    { "fragment-encode", false, "/a", "/a" },
};

static const struct normalizer *named(const char *name)
{
    for (unsigned i = 0; i < NORMALIZERS; i++)
        if (strcmp(normalizers[i].name, name) == 0) return &normalizers[i];
    return NULL;
}

static void as_haproxy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        const struct entry *e = &ENTRIES[i];
        struct slice out;
        struct arena a;
        /* exactly the bytes, for the sanitizer */
        size_t n = strlen(e->in);
        char *in = memcpy(malloc(n + (n == 0)), e->in, n);
        bool fine;
        arena_init(&a, NULL);
        fine = named(e->name)->normalize(&a, slice_of(in, n), e->option, &out);
        if (fine != (e->out != NULL) || (fine && !slice_is(out, e->out)))
            fail_msg("%s of '%s': %d '%.*s'", e->name, e->in, fine, fine ? (int)out.n : 0, out.p);
        arena_release(&a);
        free(in);
    }
}

/* What is normal stays as it is. */
static void twice_is_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        const struct entry *e = &ENTRIES[i];
        struct slice out;
        struct arena a;
        /* a decoded "%%36%36" is "%66", which decodes again */
        if (!e->out || strstr(e->in, "%%") || !strcmp(e->name, "query-sort-by-name")) continue;
        arena_init(&a, NULL);
        assert_true(named(e->name)->normalize(&a, slice_str(e->out), e->option, &out));
        if (!slice_is(out, e->out)) fail_msg("%s of '%s'", e->name, e->out);
        arena_release(&a);
    }
}

/* Work grows with the input, not with its square. */
static void long_queries(void **state)
{
    enum { N = 200000 };
    char *text = malloc(N);
    struct slice out;
    struct arena a;

    (void)state;
    arena_init(&a, NULL);
    memset(text, '&', N);
    text[0] = '?';
    assert_true(named("query-sort-by-name")->normalize(&a, slice_of(text, N), false, &out));
    assert_int_equal(out.n, N - 1);
    memset(text, '/', N);
    assert_true(named("path-strip-dotdot")->normalize(&a, slice_of(text, N), false, &out));
    assert_int_equal(out.n, N);
    arena_release(&a);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_haproxy),
        cmocka_unit_test(twice_is_once),
        cmocka_unit_test(long_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
