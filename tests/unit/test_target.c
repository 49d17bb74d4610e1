/* SPDX-License-Identifier: Apache-2.0 */
/* target.c and message_rules.c: target, authority, Host and path tell the same after each change.
 */
#include "http/h1.h"
#include "http/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void splits(void **state)
{
    static const struct {
        const char *target, *scheme, *authority, *path; /* NULL: not there */
    } entries[] = {
        { "/", NULL, NULL, "/" },
        { "/a?b", NULL, NULL, "/a?b" },
        { "//h/a", NULL, NULL, "//h/a" },
        { "*", NULL, NULL, NULL },
        { "http://h", "http", "h", NULL },
        { "http://h/a?b", "http", "h", "/a?b" },
        { "http://h?b", "http", "h", "?b" },
        { "HTTPS://u:p@h:1/@", "HTTPS", "h:1", "/@" },
        { "a+b-c.1://h/", "a+b-c.1", "h", "/" },
        { "http:///a", "http", "", "/a" },
        { "h:80", NULL, "h:80", NULL },
        { "h/a", NULL, "h", NULL },
        { "1http://h/", NULL, "1http:", NULL },
        { "http:/h", NULL, "http:", NULL },
        { "", NULL, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const struct {
            const char *want;
            size_t at;
        } parts[] = { { entries[i].scheme, offsetof(struct http_target, scheme) },
                      { entries[i].authority, offsetof(struct http_target, authority) },
                      { entries[i].path, offsetof(struct http_target, path) } };
        struct http_target t;
        http_target_split(slice_str(entries[i].target), &t);
        for (size_t k = 0; k < 3; k++) {
            struct slice got = *(struct slice *)((char *)&t + parts[k].at);
            if (!!got.p != !!parts[k].want || (got.p && !slice_is(got, parts[k].want)))
                fail_msg("'%s', part %zu: '%.*s'", entries[i].target, k, SLICE_ARG(got));
        }
    }
}

struct parsed {
    struct arena arena;
    struct http_msg msg;
    struct http_field fields[16];
    char bytes[512];
};

static struct http_msg *parse(struct parsed *p, const char *head)
{
    const struct h1_limits limits = { 4096, 16 };
    struct h1_error err;
    size_t used;

    arena_init(&p->arena, NULL);
    p->msg = (struct http_msg){ .fields = p->fields, .max_fields = 16 };
    strcpy(p->bytes, head);
    assert_int_equal(h1_parse_request(p->bytes, strlen(head), &limits, &p->msg, &used, &err),
                     H1_DONE);
    return &p->msg;
}

/* What must be so whatever was changed. */
static void assert_sound(const struct http_msg *m)
{
    unsigned hosts = 0;

    assert_true(m->target.n > 0);
    for (unsigned i = 0; i < m->n_fields; i++) {
        if (m->fields[i].id != HTTP_FIELD_HOST || m->fields[i].hop) continue;
        hosts++;
        assert_true(slice_eq(m->fields[i].value, m->authority));
    }
    assert_true(hosts <= 1);
    if (m->path.n && m->path.p[0] == '/' && m->path.n > 1) {
        assert_true(m->path.p >= m->target.p);
        assert_ptr_equal(m->path.p + m->path.n, m->target.p + m->target.n);
    }
}

static void changes(void **state)
{
    static const char *const heads[] = {
        "GET /p?q HTTP/1.1\r\nhost: h\r\n\r\n",      "GET http://h/p HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET http://h HTTP/1.1\r\nhost: h\r\n\r\n",  "OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n",
        "CONNECT h:1 HTTP/1.1\r\nhost: h:1\r\n\r\n", "GET /p HTTP/1.0\r\n\r\n",
    };
    static const char *const values[] = { "/x",         "/x?y", "new", "*",           "",
                                          "http://o/x", "?",    "o:2", "http://u@o?z" };

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++)
            for (unsigned what = 0; what < 6; what++) {
                struct slice v = slice_str(values[k]), before;
                struct parsed p;
                struct http_msg *m = parse(&p, heads[i]);
                bool done = false;
                before = m->target;
                switch (what) {
                case 0: done = http_msg_set_target(m, &p.arena, v); break;
                case 1: done = http_msg_set_path(m, &p.arena, v, false, 100); break;
                case 2: done = http_msg_set_path(m, &p.arena, v, true, 100); break;
                case 3: done = http_msg_set_query(m, &p.arena, v, 100); break;
                case 4: done = http_msg_set(m, &p.arena, SLICE("host"), v); break;
                case 5: done = http_msg_put(m, &p.arena, SLICE("host"), v); break;
                }
                if (!done) assert_true(slice_eq(m->target, before));
                if (m->method == HTTP_CONNECT) assert_true(slice_eq(m->authority, m->target));
                assert_sound(m);
                arena_release(&p.arena);
            }
}

/* Whatever a path is, the place that the target names stays, and Host says the same. */
static void paths(void **state)
{
    static const struct {
        const char *target, *path;
        bool query;
        const char *want; /* NULL: refused */
    } entries[] = {
        { "http://h/e", "evil.com/x", false, "http://h/evil.com/x" },
        { "http://h/e?q", ".evil.com", false, "http://h/.evil.com?q" },
        { "http://h/e?q", "@evil.com/", true, "http://h/@evil.com/" },
        { "http://h/e", ":1/x", false, "http://h/:1/x" },
        { "http://h/e", "//o/x", false, "http://h//o/x" },
        { "http://h?q", "o", false, "http://h/o?q" },
        { "http://h?q", "?o", false, "http://h/?o?q" },
        { "http://h/e?q", "?o", true, "http://h?o" },
        { "http://h/e?q", "", false, "http://h?q" },
        { "http://h/e", "", true, "http://h" },
        { "http://h", "/x", false, "/x" },
        { "http://h", "http://o/x", false, NULL },
        { "http://h", "http://h/x", false, "http://h/x" },
        { "/e", "http://h/x", false, NULL },
        { "/e", "x", false, "x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct parsed p;
        struct http_msg *m;
        char head[128];
        snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nhost: h\r\n\r\n", entries[i].target);
        m = parse(&p, head);
        if (http_msg_set_path(m, &p.arena, slice_str(entries[i].path), entries[i].query, 100) !=
                (entries[i].want != NULL) ||
            !slice_is(m->target, entries[i].want ? entries[i].want : entries[i].target))
            fail_msg("'%s' with '%s': '%.*s'", entries[i].target, entries[i].path,
                     SLICE_ARG(m->target));
        assert_true(slice_is(m->authority, "h"));
        assert_sound(m);
        arena_release(&p.arena);
    }
}

/* What rules may make of Host. */
static void hosts(void **state)
{
    static const struct {
        const char *head, *host;
        bool good;
    } entries[] = {
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "o:80", true },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "[::1]:80", true },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "", true },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "a b", false },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "a,b", false },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "a/b", false },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "u@a", false },
        { "GET /e HTTP/1.1\r\nhost: h\r\n\r\n", "a:b", false },
        { "OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n", "a b", false },
        { "GET http://h/e HTTP/1.1\r\nhost: h\r\n\r\n", "a b", false },
        { "GET http://h/e HTTP/1.1\r\nhost: h\r\n\r\n", "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        for (unsigned how = 0; how < 3; how++) {
            struct slice host = slice_str(entries[i].host);
            struct parsed p;
            struct http_msg *m = parse(&p, entries[i].head);
            bool done = how == 0   ? http_msg_set(m, &p.arena, SLICE("host"), host)
                        : how == 1 ? http_msg_put(m, &p.arena, SLICE("host"), host)
                                   : http_msg_change(m, &p.arena, 0, host);
            if (done != entries[i].good) fail_msg("%u of '%s'", how, entries[i].host);
            assert_true(slice_is(m->authority, done ? entries[i].host : "h"));
            assert_sound(m);
            arena_release(&p.arena);
        }
}

static void too_long(void **state)
{
    struct parsed p;
    struct http_msg *m = parse(&p, "GET /p?q HTTP/1.1\r\nhost: h\r\n\r\n");

    (void)state;
    assert_false(http_msg_set_path(m, &p.arena, SLICE("/12345"), false, 7));
    assert_true(http_msg_set_path(m, &p.arena, SLICE("/12345"), false, 8));
    assert_false(http_msg_set_query(m, &p.arena, SLICE("123"), 9));
    assert_true(slice_is(m->target, "/12345?q"));
    arena_release(&p.arena);
}

static void methods(void **state)
{
    struct parsed p;
    struct http_msg *m = parse(&p, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\n");

    (void)state;
    assert_false(http_msg_set_method(m, SLICE("")));
    assert_false(http_msg_set_method(m, SLICE("A B")));
    assert_false(http_msg_set_method(m, SLICE("CONNECT")));
    assert_false(http_msg_set_method(m, SLICE("TRACE")));
    assert_int_equal(m->method, HTTP_POST);
    assert_true(http_msg_set_method(m, SLICE("GET")));
    assert_int_equal(m->method, HTTP_GET);
    assert_int_equal(http_msg_asked(m), HTTP_POST);
    arena_release(&p.arena);
    m = parse(&p, "CONNECT h:1 HTTP/1.1\r\nhost: h:1\r\n\r\n");
    assert_false(http_msg_set_method(m, SLICE("GET")));
    assert_int_equal(http_msg_asked(m), HTTP_CONNECT);
    arena_release(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits), cmocka_unit_test(changes),  cmocka_unit_test(paths),
        cmocka_unit_test(hosts),  cmocka_unit_test(too_long), cmocka_unit_test(methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
