/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void equality_looks_at_length_and_bytes(void **state)
{
    (void)state;
    static const struct {
        struct slice a, b;
        bool same, same_nocase;
    } cases[] = {
        { SLICE_LIT(""), { NULL, 0 }, true, true },
        { SLICE_LIT("Host"), SLICE_LIT("Host"), true, true },
        { SLICE_LIT("Host"), SLICE_LIT("hOST"), false, true },
        { SLICE_LIT("Host"), SLICE_LIT("Hos"), false, false },
        { SLICE_LIT("a\0b"), SLICE_LIT("a\0b"), true, true },
        { SLICE_LIT("a\0b"), SLICE_LIT("a\0c"), false, false },
        { SLICE_LIT("@[`{"), SLICE_LIT("`{@["), false, false }, /* letters' neighbours */
        { SLICE_LIT("\xc4"), SLICE_LIT("\xe4"), false, false }, /* ASCII only */
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(slice_eq(cases[i].a, cases[i].b), cases[i].same);
        assert_int_equal(slice_eq(cases[i].b, cases[i].a), cases[i].same);
        assert_int_equal(slice_eq_nocase(cases[i].a, cases[i].b), cases[i].same_nocase);
        assert_int_equal(slice_eq_nocase(cases[i].b, cases[i].a), cases[i].same_nocase);
    }
    assert_true(slice_is(SLICE("GET"), "GET"));
    assert_false(slice_is(SLICE("GET"), "GETS"));
}

static void ends_may_be_as_long_as_the_slice(void **state)
{
    (void)state;
    struct slice s = SLICE("/square/25");

    assert_true(slice_starts(s, SLICE("/square/")));
    assert_true(slice_starts(s, s));
    assert_true(slice_starts(s, SLICE("")));
    assert_false(slice_starts(SLICE("/sq"), s));
    assert_true(slice_ends(s, SLICE("25")));
    assert_true(slice_ends(s, s));
    assert_false(slice_ends(SLICE("5"), SLICE("25")));
    assert_true(slice_starts(slice_of(NULL, 0), SLICE("")));
}

static void from_never_leaves_the_slice(void **state)
{
    (void)state;
    struct slice s = SLICE("abc");

    assert_true(slice_is(slice_from(s, 1), "bc"));
    assert_ptr_equal(slice_from(s, 3).p, s.p + 3);
    assert_int_equal(slice_from(s, 3).n, 0);
    assert_ptr_equal(slice_from(s, SIZE_MAX).p, s.p + 3);
    assert_int_equal(slice_from(slice_of(NULL, 0), 5).n, 0);
    assert_int_equal(slice_find(s, 'c'), 2);
    assert_int_equal(slice_find(s, 'd'), -1);
    assert_int_equal(slice_find(slice_of(NULL, 0), 'a'), -1);
}

static void trim_takes_both_ends(void **state)
{
    (void)state;
    static const struct {
        struct slice in;
        const char *out;
    } cases[] = {
        { SLICE_LIT(" \tvalue\t "), "value" },
        { SLICE_LIT("a b"), "a b" },
        { SLICE_LIT("  "), "" },
        { SLICE_LIT(""), "" },
        { { NULL, 0 }, "" },
        { SLICE_LIT("x "), "x" },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_true(slice_is(slice_trim(cases[i].in, " \t"), cases[i].out));
    /* NUL is a byte like any other, and not part of every set */
    assert_int_equal(slice_trim(SLICE("\0a\0"), " ").n, 3);
}

static void cut_steps_through_a_list(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,b");

    assert_true(slice_is(slice_cut(&rest, ','), "a"));
    assert_true(slice_is(slice_cut(&rest, ','), ""));
    assert_non_null(rest.p);
    assert_true(slice_is(slice_cut(&rest, ','), "b"));
    assert_null(rest.p); /* the end, unlike an empty last element */

    rest = SLICE("a,");
    assert_true(slice_is(slice_cut(&rest, ','), "a"));
    assert_non_null(rest.p);
    assert_int_equal(rest.n, 0);
}

static void numbers_are_whole_and_fit(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        bool ok;
        uint64_t value;
    } cases[] = {
        { SLICE_LIT("0"), true, 0 },
        { SLICE_LIT("007"), true, 7 },
        { SLICE_LIT("18446744073709551615"), true, UINT64_MAX },
        { SLICE_LIT("18446744073709551616"), false, 0 },
        { SLICE_LIT("99999999999999999999"), false, 0 },
        { SLICE_LIT(""), false, 0 },
        { SLICE_LIT("-1"), false, 0 },
        { SLICE_LIT("+1"), false, 0 },
        { SLICE_LIT("1 "), false, 0 },
        { SLICE_LIT("0x10"), false, 0 },
        { SLICE_LIT("1\0"), false, 0 },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t v = 0;
        assert_int_equal(slice_to_u64(cases[i].text, &v), cases[i].ok);
        if (cases[i].ok) assert_true(v == cases[i].value);
    }
}

static void signed_numbers_reach_both_ends(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        bool ok;
        int64_t value;
    } cases[] = {
        { SLICE_LIT("-5"), true, -5 },
        { SLICE_LIT("+5"), true, 5 },
        { SLICE_LIT("-0"), true, 0 },
        { SLICE_LIT("9223372036854775807"), true, INT64_MAX },
        { SLICE_LIT("9223372036854775808"), false, 0 },
        { SLICE_LIT("-9223372036854775808"), true, INT64_MIN },
        { SLICE_LIT("-9223372036854775809"), false, 0 },
        { SLICE_LIT("-"), false, 0 },
        { SLICE_LIT("--1"), false, 0 },
        { SLICE_LIT(""), false, 0 },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t v = 0;
        assert_int_equal(slice_to_i64(cases[i].text, &v), cases[i].ok);
        if (cases[i].ok) assert_true(v == cases[i].value);
    }
}

static void distance_counts_edits_up_to_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned limit, distance;
    } cases[] = {
        { "deny", "deny", 3, 0 },       { "denny", "deny", 3, 1 }, { "deny", "denny", 3, 1 },
        { "dney", "deny", 3, 1 },       { "bind", "mind", 3, 1 },  { "", "abc", 3, 3 },
        { "server", "log", 2, 3 },      { "a", "a", 0, 0 },        { "a", "b", 0, 1 },
        { "timeout", "tmieotu", 3, 2 },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(
            slice_distance(slice_str(cases[i].a), slice_str(cases[i].b), cases[i].limit),
            cases[i].distance);
}

static void distance_of_long_words_is_all_or_nothing(void **state)
{
    (void)state;
    char a[100], b[100];

    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    assert_int_equal(slice_distance(slice_of(a, sizeof a), slice_of(b, sizeof b), 2), 0);
    b[99] = 'y';
    assert_int_equal(slice_distance(slice_of(a, sizeof a), slice_of(b, sizeof b), 2), 3);
}

static void writing_stays_in_bounds(void **state)
{
    (void)state;
    char buf[4] = "zzz", out[24];

    assert_string_equal(slice_copy(SLICE("abcdef"), buf, sizeof buf), "abc");
    assert_string_equal(slice_copy(SLICE(""), buf, sizeof buf), "");
    assert_string_equal(slice_copy(SLICE("abc"), buf, 1), "");

    static const uint64_t numbers[] = { 0, 9, 10, 1234567890, UINT64_MAX };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        char want[24];
        snprintf(want, sizeof want, "%llu", (unsigned long long)numbers[i]);
        char *end = slice_put_u64(out, numbers[i]);
        assert_true(slice_is(slice_between(out, end), want));
    }
    assert_ptr_equal(slice_put(out, slice_of(NULL, 0)), out);
    assert_ptr_equal(slice_put(out, SLICE("abc")), out + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_looks_at_length_and_bytes),
        cmocka_unit_test(ends_may_be_as_long_as_the_slice),
        cmocka_unit_test(from_never_leaves_the_slice),
        cmocka_unit_test(trim_takes_both_ends),
        cmocka_unit_test(cut_steps_through_a_list),
        cmocka_unit_test(numbers_are_whole_and_fit),
        cmocka_unit_test(signed_numbers_reach_both_ends),
        cmocka_unit_test(distance_counts_edits_up_to_the_limit),
        cmocka_unit_test(distance_of_long_words_is_all_or_nothing),
        cmocka_unit_test(writing_stays_in_bounds),
    };
    return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
