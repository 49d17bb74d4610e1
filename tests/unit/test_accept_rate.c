/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/accept_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static unsigned taken(struct accept_rate *r, msec_t now, unsigned tries)
{
    unsigned n = 0, wait;

    for (unsigned i = 0; i < tries; i++) n += accept_rate_take(r, now, true, &wait);
    return n;
}

static void no_limit(void **state)
{
    struct accept_rate r;

    (void)state;
    accept_rate_init(&r);
    assert_int_equal(taken(&r, 1000, 5000), 5000);
    accept_rate_release(&r);
}

static void limit_within_a_second(void **state)
{
    struct accept_rate r;
    unsigned wait = 0;

    (void)state;
    accept_rate_init(&r);
    accept_rate_adopt(&r, 10);
    assert_int_equal(taken(&r, 5200, 30), 10);
    assert_false(accept_rate_take(&r, 5300, true, &wait));
    assert_int_equal(wait, 700); /* nothing before the next second of the clock */
    accept_rate_release(&r);
}

/* Of the last second's, what has not slid out still counts. */
static void last_second_slides_out(void **state)
{
    struct accept_rate r;

    (void)state;
    accept_rate_init(&r);
    accept_rate_adopt(&r, 10);
    assert_int_equal(taken(&r, 5000, 30), 10);
    assert_int_equal(taken(&r, 6000, 30), 0);
    assert_int_equal(taken(&r, 6500, 30), 5);
    assert_int_equal(taken(&r, 6900, 30), 4);
    assert_int_equal(taken(&r, 9000, 30), 10); /* nothing for two seconds */
    accept_rate_release(&r);
}

static void looking_counts_nothing(void **state)
{
    struct accept_rate r;
    unsigned wait;

    (void)state;
    accept_rate_init(&r);
    accept_rate_adopt(&r, 1);
    for (int i = 0; i < 3; i++) assert_true(accept_rate_take(&r, 100, false, &wait));
    assert_int_equal(taken(&r, 100, 3), 1);
    accept_rate_release(&r);
}

/* A file that says what it said before leaves what was set meanwhile. */
static void what_was_set_stays(void **state)
{
    struct accept_rate r;

    (void)state;
    accept_rate_init(&r);
    accept_rate_adopt(&r, 5);
    atomic_store(&r.limit, 7);
    accept_rate_adopt(&r, 5);
    assert_int_equal(accept_rate_limit(&r), 7);
    accept_rate_adopt(&r, 6);
    assert_int_equal(accept_rate_limit(&r), 6);
    accept_rate_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_limit),
        cmocka_unit_test(limit_within_a_second),
        cmocka_unit_test(last_second_slides_out),
        cmocka_unit_test(looking_counts_nothing),
        cmocka_unit_test(what_was_set_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
