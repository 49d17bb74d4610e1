/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct slice written(char *buf, struct json_text *j)
{
    return slice_of(buf, json_end(j));
}

static void assert_json(struct slice got, const char *expected)
{
    char text[1024];

    assert_string_equal(slice_copy(got, text, sizeof text), expected);
}

static void members(void **state)
{
    struct json_text j;
    char buf[400];
    (void)state;

    json_begin(&j, buf, sizeof buf);
    json_str(&j, "a", SLICE("x"), 10);
    json_i64(&j, "least", INT64_MIN);
    json_i64(&j, "zero", 0);
    json_bool(&j, "yes", true);
    json_null(&j, "none");
    json_open(&j, "list", '[');
    json_str(&j, NULL, SLICE("1"), 10);
    json_open(&j, NULL, '{');
    json_close(&j, '}');
    json_i64(&j, NULL, 7);
    json_close(&j, ']');
    json_named(&j, SLICE("any\"name"), SLICE(""), 10);
    assert_json(written(buf, &j), "{\"a\":\"x\",\"least\":-9223372036854775808,\"zero\":0,"
                                  "\"yes\":true,\"none\":null,\"list\":[\"1\",{},7],"
                                  "\"any\\\"name\":\"\"}");
}

static void texts(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "plain", "plain" },
        { "\"\\", "\\\"\\\\" },
        { "a\nb\x7f", "a\\u000ab\\u007f" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "\xe9t\xe9", "\\u00e9t\\u00e9" },                                /* Latin-1 */
        { "\xc0\x80\xe0\x80\x80", "\\u00c0\\u0080\\u00e0\\u0080\\u0080" }, /* overlong */
        { "\xed\xa0\x80", "\\u00ed\\u00a0\\u0080" },                       /* a surrogate */
        { "\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080" },            /* beyond U+10FFFF */
        { "\xe2\x82", "\\u00e2\\u0082" },                                  /* cut */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_text j;
        char buf[200], expected[200] = "{\"t\":\"";

        json_begin(&j, buf, sizeof buf);
        json_str(&j, "t", slice_str(cases[i].in), 100);
        strcat(strcat(expected, cases[i].out), "\"}");
        assert_json(written(buf, &j), expected);
    }
}

static void long_texts_are_cut(void **state)
{
    struct json_text j;
    char buf[100];
    (void)state;

    json_begin(&j, buf, sizeof buf);
    json_str(&j, "a", SLICE("123456"), 3);
    assert_json(written(buf, &j), "{\"a\":\"123\",\"cut\":true}");
}

/* In any room the result is an object with whole members. */
static void what_does_not_fit_is_left_out(void **state)
{
    struct json_text j;
    char buf[100];
    (void)state;

    json_begin(&j, buf, 44);
    json_str(&j, "a", SLICE("12345"), 10);
    json_open(&j, "list", '[');
    json_i64(&j, NULL, 1);
    json_open(&j, "deep", '{');
    json_str(&j, "text", SLICE("much too long to be here"), 100);
    json_close(&j, '}');
    json_close(&j, ']');
    json_i64(&j, "b", 2);
    assert_json(written(buf, &j), "{\"a\":\"12345\",\"list\":[1],\"b\":2,\"cut\":true}");

    json_begin(&j, buf, JSON_LEAST);
    json_str(&j, "text", SLICE("much too long to be here"), 100);
    assert_json(written(buf, &j), "{\"cut\":true}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(texts),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(what_does_not_fit_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
