/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/secrets.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void names(void **state)
{
    static const char *const secret[] = {
        "authorization", "Proxy-Authorization", "cookie",        "Set-Cookie",
        "api-key",       "X-Api-Key",           "apikey",        "API_KEY",
        "password",      "x-auth-token",        "client_secret", "sessionid"
    };
    static const char *const open[] = { "host", "user-agent", "accept",          "content-type",
                                        "key",  "path",       "x-forwarded-for", "" };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(secret); i++) assert_true(secret_name(slice_str(secret[i])));
    for (size_t i = 0; i < ARRAY_LEN(open); i++) assert_false(secret_name(slice_str(open[i])));
}

static void targets(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "/", "/" },
        { "/a?b=c", "/a?b=c" },
        { "/a?api_key=xyz", "/a?api_key=***" },
        { "/a?b=c&token=xyz&d", "/a?b=c&token=***&d" },
        { "/?password=&x=1", "/?password=***&x=1" },
        { "/?token", "/?token" },
        { "a=b&token=xyz", "a=b&token=***" },
        { "/?token=a=b&&token=c&", "/?token=***&&token=***&" },
    };
    struct arena a;
    (void)state;

    arena_init(&a, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[100];
        struct slice got = secret_target(&a, slice_str(cases[i].in));
        assert_string_equal(slice_copy(got, text, sizeof text), cases[i].out);
    }
    arena_release(&a);
}

static void values_inside_others(void **state)
{
    struct http_field fields[] = { { .name = SLICE("host"), .value = SLICE("example.org") },
                                   { .name = SLICE("authorization"), .value = SLICE("Basic abc") },
                                   { .name = SLICE("cookie"), .value = SLICE("a=b") } };
    struct http_msg req = { .fields = fields, .n_fields = 3 };
    (void)state;

    assert_true(secret_inside(&req, SLICE("Basic abc")));
    assert_true(secret_inside(&req, SLICE("x Basic abc y")));
    assert_false(secret_inside(&req, SLICE("Basic ab")));
    assert_false(secret_inside(&req, SLICE("example.org")));
    assert_false(secret_inside(&req, SLICE("a=b"))); /* too short to be told from chance */
    assert_false(secret_inside(NULL, SLICE("Basic abc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(targets),
        cmocka_unit_test(values_inside_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
