/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "policy/regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct regex *compile(const char *pattern, unsigned flags)
{
    struct regex_error err;
    struct regex *re = regex_new(slice_str(pattern), flags, &err);

    if (!re) fail_msg("%s: %s", pattern, err.text);
    return re;
}

/* What matches, and what the replacement <\0|\1|\2> makes of it; "-": no match. */
static void matches(void **state)
{
    static const struct {
        const char *pattern, *subject, *result;
        unsigned flags;
        bool within;
    } CASES[] = {
        { "b", "abc", "<b||>", 0, false },
        { "B", "abc", "-", 0, false },
        { "B", "abc", "<b||>", REGEX_NOCASE, false },
        { "^b", "abc", "-", 0, false },
        { "^a", "abc", "<a||>", 0, false },
        { "^a", "abc", "-", 0, true },
        { "(a)(b)?c", "ac", "<ac|a|>", 0, false },
        { "(a)|(b)", "b", "<b||b>", 0, false },
        { "a*", "", "<||>", 0, false },
        { "", "abc", "<||>", 0, false },
        { "a.c", "a\nc", "-", 0, false },
        { "(a)(b)", "ab", "<ab||>", REGEX_NO_GROUPS, false },
        { "\\x{e4}", "\xe4", "<\xe4||>", 0, false },
        { "(1)(2)(3)(4)(5)(6)(7)(8)(9)(x)(y)", "123456789xy", "<123456789xy|1|2>", 0, false },
        { "a\\Kb", "ab", "<b||>", 0, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct regex *re = compile(CASES[i].pattern, CASES[i].flags);
        struct regex_match m;
        char out[64] = "-";
        bool is = regex_match(re, slice_str(CASES[i].subject), CASES[i].within, &m);
        ptrdiff_t n = is ? regex_replacement(out, sizeof out - 1, SLICE("<\\0|\\1|\\2>"), &m) : 1;
        assert_true(n >= 0);
        out[n] = '\0';
        if (strcmp(out, CASES[i].result) != 0) fail_msg("%s: %s", CASES[i].pattern, out);
        assert_int_equal(regex_match(re, slice_str(CASES[i].subject), CASES[i].within, NULL), is);
        regex_free(re);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *pattern;
        size_t at;
    } CASES[] = { { "(", 1 }, { "a)", 1 }, { "[a", 2 }, { "*", 0 }, { "a{2,1}", 5 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct regex_error err = { .text = "" };
        assert_null(regex_new(slice_str(CASES[i].pattern), 0, &err));
        if (err.at != CASES[i].at || !err.text[0])
            fail_msg("%s: %zu %s", CASES[i].pattern, err.at, err.text);
    }
}

static void replacements(void **state)
{
    static const struct {
        const char *with, *result; /* NULL: refused */
    } CASES[] = {
        { "", "" },       { "x", "x" },      { "\\1\\0", "bab" }, { "\\9", "" },
        { "\\x41", "A" }, { "\\x4g", NULL }, { "\\x4", NULL },    { "\\", NULL },
        { "a\\", NULL },  { "\\\\", "\\" },  { "\\n\\.", "n." },  { "$1", "$1" },
    };
    struct regex *re = compile("a(b)", 0);
    struct regex_match m;

    (void)state;
    assert_true(regex_match(re, SLICE("xaby"), false, &m));
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct slice with = slice_str(CASES[i].with);
        char out[16];
        ptrdiff_t n = regex_replacement(out, sizeof out, with, &m);
        if (!CASES[i].result) {
            assert_int_equal(n, -1);
            assert_non_null(regex_replacement_check(with));
            continue;
        }
        assert_null(regex_replacement_check(with));
        assert_true(n >= 0 && slice_is(slice_of(out, (size_t)n), CASES[i].result));
        assert_int_equal(regex_replacement(out, (size_t)n, with, &m), n);
        if (n) assert_int_equal(regex_replacement(out, (size_t)n - 1, with, &m), -1);
    }
    regex_free(re);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Expressions whose search has no end in sight are given up, soon. */
static void bounded(void **state)
{
    static const char *const PATTERNS[] = { "^(a+)+$", "(a|aa)+$", "(.*)(.*)(.*)(.*)(.*)z",
                                            "^(a|b|ab)*c$", "(?:a*)*b" };
    static char subject[16384];

    (void)state;
    memset(subject, 'a', sizeof subject);
    subject[sizeof subject - 1] = '!';
    for (size_t i = 0; i < ARRAY_LEN(PATTERNS); i++) {
        struct regex *re = compile(PATTERNS[i], 0);
        double from = seconds();
        assert_false(regex_match(re, slice_of(subject, sizeof subject), false, NULL));
        if (seconds() - from > 2) fail_msg("%s: %.3f s", PATTERNS[i], seconds() - from);
        regex_free(re);
    }
}

/* Deep, but with an end: where machine code has no stack for it, the interpreter goes on. */
static void deep(void **state)
{
    static char subject[4000];
    struct regex *re = compile("^(?:a|b)*c$", 0);
    struct regex_match m;

    (void)state;
    memset(subject, 'a', sizeof subject);
    subject[sizeof subject - 1] = 'c';
    assert_true(regex_match(re, slice_of(subject, sizeof subject), false, &m));
    assert_int_equal(m.group[0].n, sizeof subject);
    regex_free(re);
}

/* What is found by looking at little first is what is found by looking at all, wherever it stands:
 * around the ends of the parts that are looked at, too. */
static void near(void **state)
{
    static const char *const PATTERNS[] = {
        "x",         "xy*",   "x(?=y)", "x(?!y)", "(?<=a)x", "x\\b",  "x$",      "\\z",
        "^a",        "a*x|a", "x.*y",   "x.*?y",  "y*$",     "(a+)x", "\\Bx\\b", "x{2,5}",
        "(?:x|xy)z", "a{70}", "[^a]+",  "x\\Ky",  "(a)\\1x", "y?",    "(?s).*",  "(?>a+)y",
    };
    static const char *const NEEDLES[] = { "x", "xy", "xyz", "xxxxxx", "y" };
    static char subject[300];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PATTERNS); i++) {
        struct regex *re = compile(PATTERNS[i], REGEX_AGAIN);
        for (size_t n = 0; n < 3 * 5 * 280; n++) {
            size_t at = n % 280, cost = 0, length = (size_t[]){ 300, at, 128 }[n / (5 * 280)];
            const char *needle = NEEDLES[n / 280 % 5];
            struct regex_match whole, part;
            bool is;

            memset(subject, 'a', sizeof subject);
            memcpy(subject + at, needle, strlen(needle));
            if (length == at) length += strlen(needle);
            is = regex_match(re, slice_of(subject, length), n & 1, &whole);
            if (regex_match_near(re, slice_of(subject, length), n & 1, &part, &cost) != is ||
                (is && memcmp(&whole, &part, sizeof whole) != 0))
                fail_msg("%s in %.*s", PATTERNS[i], (int)length, subject);
            assert_true(cost >= (length < 64 ? length : 64));
            if (i == 0 && *needle == 'x' && at < 63 && length == 300) assert_int_equal(cost, 64);
        }
        regex_free(re);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches), cmocka_unit_test(refused), cmocka_unit_test(replacements),
        cmocka_unit_test(bounded), cmocka_unit_test(deep),    cmocka_unit_test(near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
