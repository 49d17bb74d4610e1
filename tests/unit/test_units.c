/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "lang/units.h"

/* What HAProxy 2.6 accepts and refuses as `timeout connect`, but for characters behind the unit
 * ("1msx"), which it overlooks. */
static void times(void **state)
{
    static const struct {
        const char *text;
        enum units_error error;
        uint32_t ms;
    } CASES[] = {
        { "0", UNITS_OK, 0 },
        { "1", UNITS_OK, 1 },
        { "0us", UNITS_OK, 0 },
        { "1us", UNITS_OK, 1 },
        { "999us", UNITS_OK, 1 },
        { "1000us", UNITS_OK, 1 },
        { "1001us", UNITS_OK, 2 },
        { "1ms", UNITS_OK, 1 },
        { "10s", UNITS_OK, 10000 },
        { "1m", UNITS_OK, 60000 },
        { "1h", UNITS_OK, 3600000 },
        { "24d", UNITS_OK, 2073600000 },
        { "596h", UNITS_OK, 2145600000 },
        { "2147483647", UNITS_OK, 2147483647 },
        { "2147483647ms", UNITS_OK, 2147483647 },
        { "2147483s", UNITS_OK, 2147483000 },
        { "2147483648", UNITS_OVER, 0 },
        { "2147484s", UNITS_OVER, 0 },
        { "25d", UNITS_OVER, 0 },
        { "597h", UNITS_OVER, 0 },
        { "4294967297", UNITS_OVER, 0 },
        { "18446744073709551615d", UNITS_OVER, 0 },
        { "99999999999999999999999", UNITS_OVER, 0 },
        { "", UNITS_BAD, 0 },
        { "s", UNITS_BAD, 0 },
        { "-1", UNITS_BAD, 0 },
        { "+1", UNITS_BAD, 0 },
        { "1.5s", UNITS_BAD, 0 },
        { "0x1", UNITS_BAD, 0 },
        { "1S", UNITS_BAD, 0 },
        { "1u", UNITS_BAD, 0 },
        { "1w", UNITS_BAD, 0 },
        { "1msx", UNITS_BAD, 0 },
        { "1 s", UNITS_BAD, 0 },
        { "1s ", UNITS_BAD, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        uint32_t ms = 12345;
        size_t bad;
        enum units_error e = units_time_ms(slice_str(CASES[i].text), UNIT_MS, &ms, &bad);
        if (e != CASES[i].error) fail_msg("%s: %d", CASES[i].text, e);
        if (e == UNITS_OK) assert_int_equal(ms, CASES[i].ms);
    }
}

static void default_units(void **state)
{
    static const struct {
        enum time_unit unit;
        uint32_t ms;
    } CASES[] = {
        { UNIT_US, 1 },     { UNIT_MS, 5 },       { UNIT_S, 5000 },
        { UNIT_M, 300000 }, { UNIT_H, 18000000 }, { UNIT_D, 432000000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        uint32_t ms = 0;
        size_t bad;
        assert_int_equal(units_time_ms(SLICE("5"), CASES[i].unit, &ms, &bad), UNITS_OK);
        assert_int_equal(ms, CASES[i].ms);
        assert_int_equal(units_time_ms(SLICE("7s"), CASES[i].unit, &ms, &bad), UNITS_OK);
        assert_int_equal(ms, 7000);
    }
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        enum units_error error;
        uint64_t bytes;
    } CASES[] = {
        { "0", UNITS_OK, 0 },
        { "1", UNITS_OK, 1 },
        { "16k", UNITS_OK, 16384 },
        { "1K", UNITS_OK, 1024 },
        { "1m", UNITS_OK, 1048576 },
        { "4G", UNITS_OK, 4294967296 },
        { "18446744073709551615", UNITS_OK, UINT64_MAX },
        { "18446744073709551616", UNITS_OVER, 0 },
        { "18446744073709551615k", UNITS_OVER, 0 },
        { "17179869184g", UNITS_OVER, 0 },
        { "", UNITS_BAD, 0 },
        { "k", UNITS_BAD, 0 },
        { "1kb", UNITS_BAD, 0 },
        { "1t", UNITS_BAD, 0 },
        { "1.5k", UNITS_BAD, 0 },
        { "-1", UNITS_BAD, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        uint64_t bytes = 0;
        size_t bad;
        enum units_error e = units_size(slice_str(CASES[i].text), &bytes, &bad);
        if (e != CASES[i].error) fail_msg("%s: %d", CASES[i].text, e);
        if (e == UNITS_OK) assert_int_equal(bytes, CASES[i].bytes);
    }
}

static void bad_offset(void **state)
{
    uint64_t v;
    uint32_t ms;
    size_t bad;

    (void)state;
    units_size(SLICE("12x"), &v, &bad);
    assert_int_equal(bad, 2);
    units_time_ms(SLICE("x"), UNIT_MS, &ms, &bad);
    assert_int_equal(bad, 0);
}

static void ranges(void **state)
{
    static const struct {
        const char *text;
        bool sound;
        unsigned low, high;
    } CASES[] = {
        { "80", true, 80, 80 },        { "8000-8099", true, 8000, 8099 },
        { "0-65535", true, 0, 65535 }, { "7-7", true, 7, 7 },
        { "", false, 0, 0 },           { "-", false, 0, 0 },
        { "1-", false, 0, 0 },         { "-1", false, 0, 0 },
        { "2-1", false, 0, 0 },        { "65536", false, 0, 0 },
        { "1-65536", false, 0, 0 },    { "1-2-3", false, 0, 0 },
        { "1 -2", false, 0, 0 },       { "x", false, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        unsigned low = 0, high = 0;
        if (units_range(slice_str(CASES[i].text), &low, &high, 65535) != CASES[i].sound)
            fail_msg("%s", CASES[i].text);
        assert_int_equal(low, CASES[i].low);
        assert_int_equal(high, CASES[i].high);
    }
}

static void printing(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } CASES[] = {
        { 0, "0" },        { 1, "1ms" },       { 1500, "1500ms" },
        { 10000, "10s" },  { 60000, "1m" },    { 90000, "90s" },
        { 3600000, "1h" }, { 86400000, "1d" }, { 2147483647, "2147483647ms" },
    };
    char buf[24];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        assert_string_equal(units_print_ms(CASES[i].ms, buf), CASES[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),      cmocka_unit_test(default_units), cmocka_unit_test(sizes),
        cmocka_unit_test(bad_offset), cmocka_unit_test(printing),      cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
