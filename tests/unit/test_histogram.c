/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/histogram.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A bound belongs to the bucket below it ("le"), whatever is beyond the last to the last. */
static void test_bounds(void **state)
{
    (void)state;
    assert_int_equal(histogram_bucket(0), 0);
    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        assert_int_equal(histogram_bucket(histogram_bounds[i]), i);
        assert_int_equal(histogram_bucket(histogram_bounds[i] + 1), i + 1);
    }
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BOUNDS);
}

/* What is told of a bound is the bound. */
static void test_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        double s = strtod(histogram_bounds_s[i], NULL);
        assert_int_equal((usec_t)(s * 1e6 + 0.5), histogram_bounds[i]);
    }
}

static void add(struct histograms *h, enum exchange_time which, usec_t t)
{
    histogram_add(&h->of[which], t, histogram_bucket(t));
}

/* Of all workers, each bucket with those below. */
static void test_total(void **state)
{
    struct histograms *all = histograms_new(2);
    struct histogram_total t;

    (void)state;
    add(&all[0], TIME_ANSWER, 1000);
    add(&all[1], TIME_ANSWER, 5000);
    add(&all[0], TIME_ANSWER, 80000);
    add(&all[1], TIME_ANSWER, 20000000);
    add(&all[1], TIME_TOTAL, 7);
    t = histograms_read(all, 2, TIME_ANSWER);
    assert_int_equal(t.sum, 20086000);
    assert_int_equal(t.counts[0], 2);
    assert_int_equal(t.counts[4], 2); /* 0.075 */
    assert_int_equal(t.counts[5], 3); /* 0.1 */
    assert_int_equal(t.counts[HISTOGRAM_BOUNDS - 1], 3);
    assert_int_equal(t.counts[HISTOGRAM_BOUNDS], 4);
    t = histograms_read(all, 2, TIME_TOTAL);
    assert_int_equal(t.counts[HISTOGRAM_BOUNDS], 1);
    t = histograms_read(all, 2, TIME_QUEUE);
    assert_int_equal(t.counts[HISTOGRAM_BOUNDS], 0);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_total),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
