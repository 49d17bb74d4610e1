/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts and ports. What Host fields make of them is in test_h1_refused.c, too. */
#include "http/authority.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void authorities_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host; /* NULL: refused */
        int port;
    } rows[] = {
        { "", "", HTTP_NO_PORT },
        { "a", "a", HTTP_NO_PORT },
        { "A.b-C_d~9", "A.b-C_d~9", HTTP_NO_PORT },
        { "a:", "a", HTTP_NO_PORT },
        { "a:0", "a", 0 },
        { "a:00080", "a", 80 },
        { "a:65535", "a", 65535 },
        { "127.0.0.1:8080", "127.0.0.1", 8080 },
        { "%41%c3%A9", "%41%c3%A9", HTTP_NO_PORT },
        { "[::]", "[::]", HTTP_NO_PORT },
        { "[::]:", "[::]", HTTP_NO_PORT },
        { "[2001:DB8::ffff:127.0.0.1]:443", "[2001:DB8::ffff:127.0.0.1]", 443 },
        { "a:65536", NULL, 0 },
        { "a:000080", NULL, 0 },
        { "a:8a", NULL, 0 },
        { ":80", NULL, 0 },
        { ":", NULL, 0 },
        { "a:1:2", NULL, 0 },
        { "a@b", NULL, 0 },
        { "a,b", NULL, 0 },
        { "%", NULL, 0 },
        { "%4", NULL, 0 },
        { "%zz", NULL, 0 },
        { "a%4", NULL, 0 },
        { "[", NULL, 0 },
        { "[]", NULL, 0 },
        { "]", NULL, 0 },
        { "[::1", NULL, 0 },
        { "[::1]a", NULL, 0 },
        { "[a]", NULL, 0 },
        { "[1.2.3.4]", NULL, 0 },
        { "[fe80::1%1]", NULL, 0 },
        { "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", NULL, 0 },
        { "a[::1]", NULL, 0 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_authority a;
        size_t n = strlen(rows[i].text);
        char *bytes = mem_alloc(n ? n : 1); /* a sanitizer sees what is read beyond */
        memcpy(bytes, rows[i].text, n);
        if (http_authority_parse(slice_of(bytes, n), &a) != (rows[i].host != NULL))
            fail_msg("%s", rows[i].text);
        if (rows[i].host) {
            assert_true(slice_is(a.host, rows[i].host));
            assert_int_equal(a.port, rows[i].port);
        }
        free(bytes);
    }
    struct http_authority a;
    assert_false(http_authority_parse(SLICE("[::1\0]"), &a));
    assert_false(http_authority_parse(SLICE("a\0"), &a));
    assert_true(http_authority_parse(slice_of(NULL, 0), &a));
}

static void default_ports_may_be_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int port;
        bool same;
    } rows[] = {
        { "a", "A", 80, true },
        { "a", "a:80", 80, true },
        { "a:80", "a:", 80, true },
        { "a", "a:80", 443, false },
        { "a:81", "a:81", 80, true },
        { "a:81", "a", 80, false },
        { "a", "b", 80, false },
        { "a", "a.", 80, false },
        { "[::1]", "[::1]:443", 443, true },
        { "a", "a", HTTP_NO_PORT, true },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_authority a, b;
        assert_true(http_authority_parse(slice_str(rows[i].a), &a));
        assert_true(http_authority_parse(slice_str(rows[i].b), &b));
        assert_int_equal(http_authority_same(&a, &b, rows[i].port), rows[i].same);
        assert_int_equal(http_authority_same(&b, &a, rows[i].port), rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities_are_split),
        cmocka_unit_test(default_ports_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
