/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions. What they give was compared with `haproxy -cc` (2.6.12), except where said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "lang/cond.h"

static bool defined(void *user, struct slice name)
{
    (void)user;
    return slice_is(name, "A") || slice_is(name, "EMPTY");
}

static bool feature(void *user, struct slice name)
{
    (void)user;
    return slice_is(name, "OPENSSL") || slice_is(name, "EPOLL");
}

static const struct cond_world WORLD = {
    .defined = defined,
    .feature = feature,
    .tls_name = "OpenSSL 3.0.22 25 Aug 2026",
    .tls_version = 0x30000160,
};

static enum cond_result eval(const char *text, struct cond_error *err)
{
    return cond_eval(slice_str(text), &WORLD, err);
}

static void check(const char *const *texts, enum cond_result expected)
{
    for (; *texts; texts++) {
        struct cond_error err;
        enum cond_result r = eval(*texts, &err);
        if (r != expected) fail_msg("'%s' gives %d %s", *texts, r, err.text);
    }
}

static void are_true(void **state)
{
    static const char *const TEXTS[] = {
        "1",
        "01",
        "-1",
        "+1",
        " 1",
        "1 ",
        "99999999999999999999",
        "0x1",
        "!0",
        "!!1",
        "0||1",
        "1 || 0",
        "(1)",
        "( 1 )",
        "((0)||(1))",
        "0&&0||1",
        "1||0&&0",
        "!1||1",
        "1&&!0",
        "!defined(X)&&1",
        "defined(A)",
        "defined(EMPTY)",
        "defined(\"A\")",
        "defined('A')",
        "defined(A) ",
        "feature(OPENSSL)",
        "feature(OPENSSL)&&streq(a,a)||0",
        "streq(a,a)",
        "streq(a b,a b)",
        "streq(\"a b\",a\\ b)",
        "streq(,)",
        "streq((,()",
        "streq(\"(\",\"(\")",
        "streq(\"a,b)\",'a,b)')",
        "streq(a\\\\b,'a\\b')",
        "streq(\\x41,'\\x41')",
        "streq(a\\tb,\"a\tb\")",
        "strneq(a,b)",
        "strneq(a,a )",
        "version_atleast(2)",
        "version_atleast(2.6)",
        "version_atleast(2.6.12)",
        "version_atleast( 2.6.12)",
        "version_atleast(2.6-dev5)",
        "version_atleast(2.6.12-dev1)",
        "version_atleast(2.6.12-1+deb12u4)",
        "version_atleast(abc)",
        "version_atleast()",
        "version_before(2.6.13)",
        "version_before(2.6.12.1)",
        "version_before(2.6.12-1)",
        "version_before(2.6.13-dev1-1)",
        "version_before(2.7-dev1)",
        "version_before(2.7-foo)",
        "version_before(2.7.)",
        "openssl_version_atleast(1.1.1)",
        "openssl_version_atleast(1.1.1zz)",
        "openssl_version_atleast(3.0.0)",
        "openssl_version_before(3.1.0)",
        "ssllib_name_startswith(OpenSSL)",
        "ssllib_name_startswith()",
        /* HAProxy compares the third number of OpenSSL 3 wrongly. */
        "openssl_version_atleast(3.0.22)",
        "openssl_version_before(3.0.23)",
        NULL,
    };

    (void)state;
    check(TEXTS, COND_TRUE);
}

static void are_false(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "0",
        "00",
        "!1",
        "! 1",
        "1&&0",
        "1 && 0",
        "!(1||1)",
        "defined",
        "defined()",
        "defined(NOPE)",
        "defined( A)",
        "defined(A )",
        "feature(openssl)",
        "feature(OPEN)",
        "feature(+EPOLL)",
        "streq(a, a)",
        "streq(,a)",
        "streq( a,a)",
        "strneq(a,a)",
        "version_atleast(2.6.13)",
        "version_atleast(2.6.99)",
        "version_atleast(2.7)",
        "version_atleast(3)",
        "version_atleast(2.6.12-1)",
        "version_before(2.6.12)",
        "version_before(2.6.12-0)",
        "version_before(2.6.12-pre1)",
        "version_before(2.6.13x)",
        "version_before(2.6.12-1-g123)",
        "openssl_version_before(3.0.0)",
        "openssl_version_atleast(3.1.0)",
        "openssl_version_before(3.0.22)",
        "ssllib_name_startswith(LibreSSL)",
        "ssllib_name_startswith(openssl)",
        NULL,
    };

    (void)state;
    check(TEXTS, COND_FALSE);
}

static void are_errors(void **state)
{
    static const struct {
        const char *text;
        size_t at, width;
        const char *near;
    } CASES[] = {
        { "1a", 1, 1, NULL },
        { "12x", 2, 1, NULL },
        { "!", 1, 1, NULL },
        { " ", 1, 1, NULL },
        { "1&0", 1, 1, NULL },
        { "1 & & 1", 2, 1, NULL },
        { "0||foo", 3, 3, NULL },
        { "1||foo", 3, 3, NULL },
        { "0&&foo", 3, 3, NULL },
        { "1||", 3, 1, NULL },
        { "||", 0, 1, NULL },
        { "&&1", 0, 1, NULL },
        { "(1", 0, 1, NULL },
        { "1)", 1, 1, NULL },
        { "()", 1, 1, NULL },
        { "(1)(1)", 3, 1, NULL },
        { "1 1", 2, 1, NULL },
        { "1!", 1, 1, NULL },
        { "fature(OPENSSL)", 0, 6, "feature" },
        { "enabled(POLL)", 0, 7, NULL },
        { "defined (A)", 8, 1, NULL },
        { "defined(A)x", 10, 1, NULL },
        { "defined(A,x)", 9, 1, NULL },
        { "defined(A", 7, 1, NULL },
        { "streq", 5, 1, NULL },
        { "streq(a)", 5, 1, NULL },
        { "streq(a,b,c)", 9, 1, NULL },
        { "streq(a,b", 5, 1, NULL },
        { "streq(\"a,b)", 5, 1, NULL },
        { "1 # foo", 2, 1, NULL },
        { "1 && openssl_version_atleast(3)", 5, 26, NULL },
        { "openssl_version_atleast(x)", 0, 26, NULL },
        { "openssl_version_atleast()", 0, 25, NULL },
        { "openssl_version_before(99.99.999)", 0, 33, NULL },
        { "-", 0, 1, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct cond_error err;
        enum cond_result r = eval(CASES[i].text, &err);
        if (r != COND_ERROR) fail_msg("'%s' gives %d", CASES[i].text, r);
        if (err.at != CASES[i].at || err.width != CASES[i].width)
            fail_msg("'%s': at %zu, width %zu: %s", CASES[i].text, err.at, err.width, err.text);
        assert_true(err.text[0]);
        if (CASES[i].near) assert_string_equal(err.near, CASES[i].near);
    }
}

/* Deep and long texts end, and do not overflow the stack. */
static void bounds(void **state)
{
    static char text[3 * 10000 + 1];
    struct cond_error err;

    (void)state;
    memset(text, '(', 5000);
    assert_int_equal(eval(text, &err), COND_ERROR);
    memset(text, '!', 10000);
    strcpy(text + 10000, "1");
    assert_int_equal(eval(text, &err), COND_TRUE);
    for (int i = 0; i < 10000; i++) memcpy(text + 3 * i, "1&&", 3);
    text[3 * 10000 - 2] = '\0';
    assert_int_equal(eval(text, &err), COND_TRUE);
}

static void no_world(void **state)
{
    static const struct cond_world NOTHING = { 0 };
    struct cond_error err;

    (void)state;
    assert_int_equal(cond_eval(SLICE("defined(A)||feature(X)"), &NOTHING, &err), COND_FALSE);
    assert_int_equal(cond_eval(SLICE("openssl_version_atleast(1.0.0)"), &NOTHING, &err),
                     COND_FALSE);
    assert_int_equal(cond_eval(SLICE("openssl_version_before(9.0.0)"), &NOTHING, &err), COND_FALSE);
    assert_int_equal(cond_eval(SLICE("ssllib_name_startswith()"), &NOTHING, &err), COND_FALSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_true), cmocka_unit_test(are_false), cmocka_unit_test(are_errors),
        cmocka_unit_test(bounds),   cmocka_unit_test(no_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
