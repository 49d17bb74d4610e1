/* SPDX-License-Identifier: Apache-2.0 */
#include "base/counter.h"
#include "base/memory.h"

#include <pthread.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void one_part_slides(void **state)
{
    static const struct {
        uint32_t s, ms, rate;
    } cases[] = {
        { 10, 0, 8 },   { 10, 999, 8 }, { 11, 0, 8 },  { 11, 250, 6 },
        { 11, 999, 0 }, { 12, 0, 0 },   { 9, 500, 8 }, /* a reader whose clock is a turn behind */
        { 8, 0, 0 },
    };
    struct rate r = { 0 };
    (void)state;

    assert_int_equal(rate_last(&r), 0);
    assert_int_equal(rate_read(&r, 10, 0), 0);
    assert_int_equal(rate_most(&r), 0);
    rate_add(&r, 10);
    rate_add_n(&r, 10, 7);
    assert_int_equal(rate_last(&r), 10);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(rate_read(&r, cases[i].s, cases[i].ms), cases[i].rate);
    assert_int_equal(rate_most(&r), 8);
    rate_add(&r, 11);
    assert_int_equal(rate_read(&r, 11, 500), 5);
    rate_add_n(&r, 13, 2); /* not the second after: what was before does not count */
    assert_int_equal(rate_read(&r, 13, 0), 2);
    assert_int_equal(rate_most(&r), 8);
    rate_add_n(&r, 13, 10);
    assert_int_equal(rate_most(&r), 12);
    rate_add(&r, 20);
    assert_int_equal(rate_read(&r, 21, 999), 1); /* one alone does not vanish within its time */
    assert_int_equal(rate_read(&r, 22, 0), 0);
}

/* Who counts how much in which second, and the most of all of them in one. */
static void the_most_is_that_of_the_sum(void **state)
{
    static const struct {
        const char *name;
        struct {
            uint8_t part, s, n;
        } events[8];
        uint32_t most;
    } cases[] = {
        { "none", { { 0, 1, 0 } }, 0 },
        { "the same second, still running", { { 0, 5, 3 }, { 1, 5, 4 }, { 2, 5, 1 } }, 8 },
        { "each in its own", { { 0, 5, 3 }, { 1, 6, 4 }, { 2, 7, 1 } }, 4 },
        { "one has left it", { { 0, 5, 3 }, { 1, 5, 4 }, { 0, 6, 1 } }, 7 },
        { "all have left it", { { 0, 5, 3 }, { 1, 5, 4 }, { 0, 6, 1 }, { 1, 6, 1 } }, 7 },
        { "one rests", { { 0, 5, 3 }, { 1, 5, 4 }, { 0, 6, 1 }, { 0, 7, 1 }, { 0, 9, 1 } }, 7 },
        { "one is late", { { 0, 5, 3 }, { 0, 6, 1 }, { 1, 5, 4 }, { 1, 6, 1 } }, 7 },
        { "the second is the largest",
          { { 0, 5, 3 }, { 1, 5, 4 }, { 0, 6, 9 }, { 1, 6, 9 }, { 0, 7, 1 }, { 1, 7, 1 } },
          18 },
        { "late, and longer ago",
          { { 0, 5, 9 }, { 1, 5, 1 }, { 0, 6, 1 }, { 0, 7, 1 }, { 1, 8, 2 }, { 0, 8, 2 } },
          10 },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rate parts[3] = { { 0 } };

        rate_link(&parts[1], &parts[0]);
        rate_link(&parts[2], &parts[0]);
        for (size_t k = 0; k < ARRAY_LEN(cases[i].events); k++)
            if (cases[i].events[k].n)
                rate_add_n(&parts[cases[i].events[k].part], cases[i].events[k].s,
                           cases[i].events[k].n);
        for (size_t p = 0; p < ARRAY_LEN(parts); p++)
            if (rate_most(&parts[p]) != cases[i].most)
                fail_msg("%s: %u", cases[i].name, rate_most(&parts[p]));
    }
}

/* ---- several threads, whose seconds pass together ---- */

enum { THREADS = 4, SECONDS = 200, EVENTS = 500 };

static struct rate shared[THREADS];
static pthread_barrier_t second;

static void *count(void *arg)
{
    struct rate *r = arg;

    for (uint32_t s = 1; s <= SECONDS; s++) {
        uint32_t n = s == SECONDS / 2 ? 2 * EVENTS : EVENTS;
        for (uint32_t k = 0; k < n; k++) rate_add(r, s);
        pthread_barrier_wait(&second);
    }
    return NULL;
}

static void no_second_is_missed(void **state)
{
    pthread_t threads[THREADS];
    uint32_t before = 0;
    (void)state;

    pthread_barrier_init(&second, NULL, THREADS);
    for (int i = 1; i < THREADS; i++) rate_link(&shared[i], &shared[0]);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, count, &shared[i]);
    while (before < THREADS * EVENTS * 2) {
        uint32_t most = rate_most(&shared[0]); /* readers meanwhile see no more than there was */
        assert_true(most >= before && most <= THREADS * EVENTS * 2);
        before = most;
        if (rate_last(&shared[0]) == SECONDS) break;
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(rate_most(&shared[0]), THREADS * EVENTS * 2);
    pthread_barrier_destroy(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_part_slides),
        cmocka_unit_test(the_most_is_that_of_the_sum),
        cmocka_unit_test(no_second_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
