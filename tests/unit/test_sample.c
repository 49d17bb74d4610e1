/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "policy/fetch_basic.h"
#include "policy_fixture.h"

#include <stdlib.h>

static const struct fetch_table *const FETCHES[] = { &basic_fetches, NULL };

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, FETCHES, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

/* What HAProxy 2.6 reads as a number, where a string must be one. */
static void integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
        size_t used;
    } CASES[] = {
        { "", 0, 0 },
        { "0", 0, 1 },
        { "12", 12, 2 },
        { "12abc", 12, 2 },
        { "abc", 0, 0 },
        { "18:3", 18, 2 },
        { "-5", -5, 2 },
        { "+5", 5, 2 },
        { "+-5", 0, 1 },
        { "-+5", 0, 1 },
        { "-", 0, 1 },
        { " 5", 0, 0 },
        { "5 ", 5, 1 },
        { "0x10", 0, 1 },
        { "010", 10, 3 },
        { "9223372036854775807", INT64_MAX, 19 },
        { "9223372036854775808", INT64_MAX, 19 },
        { "99999999999999999999999x", INT64_MAX, 23 },
        { "-9223372036854775808", INT64_MIN, 20 },
        { "-9223372036854775809", INT64_MIN, 20 },
        { "-99999999999999999999x", INT64_MIN, 21 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        size_t used = 99;
        int64_t n = sample_read_int(slice_str(CASES[i].text), &used);
        if (n != CASES[i].value || used != CASES[i].used)
            fail_msg("'%s': %lld, %zu bytes", CASES[i].text, (long long)n, used);
    }
}

/* One cast of a fetch's value, and the text that its result has: "sint 5"; "-": this value can't
 * be; "x": no value of that type can. */
struct cast {
    const char *expr;
    enum sample_type to;
    const char *result;
};

static const struct expr *compile(struct policy_fixture *f, const char *text)
{
    struct word w = fixture_word(f, text);
    struct slice rest = w.text;
    const struct expr *e = expr_parse(&f->pc, &w, &rest, false);

    if (!e) fail_msg("%s: %s", text, fixture_messages(f));
    return e;
}

static void print(struct policy_fixture *f, struct sample *s, char out[static 256])
{
    const char *type = sample_type_name(s->type);
    size_t n = (size_t)sprintf(out, "%s ", type);
    bool binary = s->type == SAMPLE_BIN;

    if (!binary) assert_true(sample_cast(s, SAMPLE_STR, &f->c));
    for (size_t i = 0; binary && i < s->str.n; i++)
        n += (size_t)sprintf(out + n, "%02x", (unsigned char)s->str.p[i]);
    if (!binary) sprintf(out + n, "%.*s", SLICE_ARG(s->str));
}

static const struct cast CASTS[] = {
    { "bool(1)", SAMPLE_SINT, "sint 1" },
    { "bool(0)", SAMPLE_STR, "str 0" },
    { "bool(1)", SAMPLE_BIN, "bin 0000000000000001" },
    { "bool(1)", SAMPLE_IPV4, "x" },
    { "bool(1)", SAMPLE_METH, "x" },
    { "int(0)", SAMPLE_BOOL, "bool 0" },
    { "int(-9223372036854775808)", SAMPLE_STR, "str -9223372036854775808" },
    { "int(9223372036854775807)", SAMPLE_STR, "str 9223372036854775807" },
    { "int(-1)", SAMPLE_BIN, "bin ffffffffffffffff" },
    { "int(5)", SAMPLE_BIN, "bin 0000000000000005" },
    { "int(16909060)", SAMPLE_IPV4, "ipv4 1.2.3.4" },
    { "int(16909060)", SAMPLE_ADDR, "ipv4 1.2.3.4" },
    { "int(-1)", SAMPLE_IPV4, "ipv4 255.255.255.255" },
    { "int(4294967296)", SAMPLE_IPV4, "ipv4 0.0.0.0" },
    { "int(16909060)", SAMPLE_IPV6, "ipv6 ::ffff:1.2.3.4" },
    { "int(1)", SAMPLE_METH, "x" },
    { "ipv4(1.2.3.4)", SAMPLE_SINT, "sint 16909060" },
    { "ipv4(255.0.0.1)", SAMPLE_SINT, "sint 4278190081" },
    { "ipv4(1.2.3.4)", SAMPLE_STR, "str 1.2.3.4" },
    { "ipv4(1.2.3.4)", SAMPLE_BIN, "bin 01020304" },
    { "ipv4(1.2.3.4)", SAMPLE_IPV6, "ipv6 ::ffff:1.2.3.4" },
    { "ipv4(1.2.3.4)", SAMPLE_ADDR, "ipv4 1.2.3.4" },
    { "ipv4(1.2.3.4)", SAMPLE_BOOL, "x" },
    { "ipv6(::1)", SAMPLE_STR, "str ::1" },
    { "ipv6(1:0:0:2::)", SAMPLE_STR, "str 1:0:0:2::" },
    { "ipv6(::ffff:1.2.3.4)", SAMPLE_STR, "str ::ffff:1.2.3.4" },
    { "ipv6(::1)", SAMPLE_BIN, "bin 00000000000000000000000000000001" },
    { "ipv6(::1)", SAMPLE_SINT, "x" },
    { "ipv6(::1)", SAMPLE_IPV4, "-" },
    { "ipv6(::ffff:1.2.3.4)", SAMPLE_IPV4, "ipv4 1.2.3.4" },
    { "ipv6(::1)", SAMPLE_ADDR, "ipv6 ::1" },
    { "str()", SAMPLE_SINT, "-" },
    { "str(12abc)", SAMPLE_SINT, "sint 12" },
    { "str(true)", SAMPLE_BOOL, "bool 0" },
    { "str(1)", SAMPLE_BOOL, "bool 1" },
    { "str(1.2.3.4)", SAMPLE_IPV4, "ipv4 1.2.3.4" },
    { "str(1.2.3.4 )", SAMPLE_IPV4, "ipv4 1.2.3.4" },
    { "str(1.2.3.4x)", SAMPLE_IPV4, "ipv4 1.2.3.4" },
    { "str(01.002.3.0004)", SAMPLE_IPV4, "ipv4 1.2.3.4" },
    { "str( 1.2.3.4)", SAMPLE_IPV4, "-" },
    { "str(1.2.3)", SAMPLE_IPV4, "-" },
    { "str(1.2.3.)", SAMPLE_IPV4, "-" },
    { "str(1.2.3.4.)", SAMPLE_IPV4, "-" },
    { "str(1.2.3.4.5)", SAMPLE_IPV4, "-" },
    { "str(1.2.3.256)", SAMPLE_IPV4, "-" },
    { "str(1..3.4)", SAMPLE_IPV4, "-" },
    { "str()", SAMPLE_IPV4, "-" },
    { "str(::1)", SAMPLE_ADDR, "ipv6 ::1" },
    { "str(1.2.3.4)", SAMPLE_ADDR, "ipv4 1.2.3.4" },
    { "str(::1x)", SAMPLE_ADDR, "-" },
    { "str(1.2.3.4)", SAMPLE_IPV6, "-" },
    { "str(0000:0000:0000:0000:0000:0000:255.255.255.2555)", SAMPLE_IPV6, "-" },
    { "str(abc)", SAMPLE_BIN, "bin 616263" },
    { "str(GET)", SAMPLE_METH, "meth GET" },
    { "str(FOO)", SAMPLE_METH, "meth FOO" },
    { "bin(616263)", SAMPLE_STR, "str abc" },
    { "bin(610062)", SAMPLE_STR, "str a" },
    { "bin(61620063)", SAMPLE_STR, "str ab" },
    { "bin(31)", SAMPLE_SINT, "x" },
    { "bin(31)", SAMPLE_IPV4, "x" },
    { "meth(GET)", SAMPLE_STR, "str GET" },
    { "meth(FOO)", SAMPLE_BIN, "bin 464f4f" },
    { "meth(GET)", SAMPLE_SINT, "x" },
};

static void casts(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(CASTS); i++) {
        const struct expr *e = compile(f, CASTS[i].expr);
        char text[256] = "x";
        struct sample s;
        assert_true(expr_eval(e, &f->c, &s));
        if (sample_castable(s.type, CASTS[i].to)) {
            if (sample_cast(&s, CASTS[i].to, &f->c))
                print(f, &s, text);
            else
                strcpy(text, "-");
        } else {
            assert_false(sample_cast(&s, CASTS[i].to, &f->c));
        }
        if (strcmp(text, CASTS[i].result) != 0)
            fail_msg("%s as %s: %s", CASTS[i].expr, sample_type_name(CASTS[i].to), text);
    }
}

/* For a converter, a value that is the same under another name keeps its type. */
static void prepared(void **state)
{
    static const struct {
        const char *expr;
        enum sample_type to, type;
    } CASES[] = {
        { "str(a)", SAMPLE_BIN, SAMPLE_STR },          { "bin(61)", SAMPLE_STR, SAMPLE_STR },
        { "bool(1)", SAMPLE_SINT, SAMPLE_BOOL },       { "int(2)", SAMPLE_BOOL, SAMPLE_SINT },
        { "ipv4(1.2.3.4)", SAMPLE_ADDR, SAMPLE_IPV4 }, { "int(2)", SAMPLE_ANY, SAMPLE_SINT },
        { "meth(GET)", SAMPLE_STR, SAMPLE_STR },       { "str(3)", SAMPLE_BOOL, SAMPLE_SINT },
    };
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sample s;
        assert_true(expr_eval(compile(f, CASES[i].expr), &f->c, &s));
        s.at = 5;
        s.within = 7;
        s.more = true;
        assert_true(sample_prepare(&s, CASES[i].to, &f->c));
        if (s.type != CASES[i].type) fail_msg("%s: %s", CASES[i].expr, sample_type_name(s.type));
        assert_true(s.at == 5 && s.within == 7 && s.more);
    }
}

static void addresses(void **state)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct policy_fixture *f = *state;
    struct sample s = { 0 };

    assert_true(sample_address(&s, (struct sockaddr *)&v4));
    assert_true(sample_cast(&s, SAMPLE_STR, &f->c) && slice_is(s.str, "1.2.3.4"));
    assert_true(sample_address(&s, (struct sockaddr *)&v6));
    assert_true(sample_cast(&s, SAMPLE_STR, &f->c) && slice_is(s.str, "::1"));
    assert_false(sample_address(&s, (struct sockaddr *)&un));
    assert_false(sample_address(&s, NULL));
    assert_true(sample_address(&s, context_src(&f->c)));
    assert_true(sample_cast(&s, SAMPLE_STR, &f->c) && slice_is(s.str, "192.0.2.7"));
    assert_null(context_dst(&f->c));
}

static void room(void **state)
{
    struct policy_fixture *f = *state;

    assert_int_equal(context_most(&f->c), 16384);
    assert_non_null(context_room(&f->c, 16384));
    assert_null(context_room(&f->c, 16385));
    assert_non_null(context_room(&f->c, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test_setup_teardown(casts, setup, teardown),
        cmocka_unit_test_setup_teardown(prepared, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(room, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
