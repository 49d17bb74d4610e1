/* SPDX-License-Identifier: Apache-2.0 */
#include "http/date.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static const int64_t now = 1795507200; /* Tue, 24 Nov 2026 */

static void the_three_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },
        { "Wed Nov 16 08:49:37 1994", 784975777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
        { "Sat, 01 Jan 0000 00:00:00 GMT", -62167219200 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
        { "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
        { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
        { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },    /* a leap second */
        { "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },     /* it was a Sunday */
        { "Thursday, 01-Jan-76 00:00:00 GMT", 3345062400 }, /* 2076: fifty years on */
        { "Saturday, 01-Jan-77 00:00:00 GMT", 220924800 },  /* 1977 */
        { "Wednesday, 01-Jan-25 00:00:00 GMT", 1735689600 },
        { "Friday, 01-Jan-99 00:00:00 GMT", 915148800 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t seconds = 42;
        if (!http_date_parse(slice_str(rows[i].text), now, &seconds)) fail_msg("%s", rows[i].text);
        assert_int_equal(seconds, rows[i].seconds);
    }
}

static void other_forms_are_not(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "Sun",
        "Sun,",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Thu, 29 Feb 1900 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sunx, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 ",
        "1994-11-06T08:49:37Z",
        "784111777",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t seconds;
        if (http_date_parse(slice_str(rows[i]), now, &seconds)) fail_msg("%s", rows[i]);
    }
}

/* Against the C library, and back. */
static void dates_go_round(void **state)
{
    (void)state;
    const int64_t first = -62167219200, last = 253402300799;

    for (int64_t s = first; s <= last; s += 86400 * 11 + 12345) {
        char got[HTTP_DATE_LENGTH], want[64];
        time_t t = (time_t)s;
        struct tm tm;
        int64_t back;
        gmtime_r(&t, &tm);
        snprintf(want, sizeof want, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                 &"SunMonTueWedThuFriSat"[3 * tm.tm_wday], tm.tm_mday,
                 &"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * tm.tm_mon], tm.tm_year + 1900,
                 tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_ptr_equal(http_date_put(got, s), got + HTTP_DATE_LENGTH);
        if (!slice_is(slice_of(got, sizeof got), want)) fail_msg("%.29s is not %s", got, want);
        assert_true(http_date_parse(slice_of(got, sizeof got), now, &back));
        assert_int_equal(back, s);
    }
}

static void far_dates_are_cut(void **state)
{
    (void)state;
    static const int64_t far[] = { INT64_MIN, -62167219201, 253402300800, INT64_MAX };
    char got[HTTP_DATE_LENGTH];

    for (size_t i = 0; i < ARRAY_LEN(far); i++) {
        http_date_put(got, far[i]);
        assert_true(slice_is(slice_of(got, sizeof got), far[i] < 0
                                                            ? "Sat, 01 Jan 0000 00:00:00 GMT"
                                                            : "Fri, 31 Dec 9999 23:59:59 GMT"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_are_read),
        cmocka_unit_test(other_forms_are_not),
        cmocka_unit_test(dates_go_round),
        cmocka_unit_test(far_dates_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
