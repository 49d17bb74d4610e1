/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/counters.h"

#include <pthread.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void add(struct counters_block *b, uint32_t n, uint32_t ms)
{
    const uint32_t all[AVERAGES] = { [AVERAGE_QUEUE] = 0,
                                     [AVERAGE_CONNECT] = ms,
                                     [AVERAGE_ANSWER] = 2 * ms,
                                     [AVERAGE_TOTAL] = 3 * ms };
    while (n--) averages_add(&b->c.averages, all);
}

static struct average_values values(const struct counters_block *all, unsigned n)
{
    struct average_values v;
    averages_read(&all->c.averages, n, sizeof *all, &v);
    return v;
}

/* The rule, one sample after the other: HAProxy's. */
struct model {
    uint64_t n, sum;
};

static void model_add(struct model *m, uint32_t n, uint32_t ms)
{
    while (n--) {
        if (++m->n > AVERAGE_OVER) m->sum -= (m->sum + AVERAGE_OVER - 1) / AVERAGE_OVER;
        m->sum += ms;
    }
}

static uint32_t model_average(const struct model *m)
{
    uint64_t n = m->n < AVERAGE_OVER ? m->n : AVERAGE_OVER;
    return n ? (uint32_t)((m->sum + n - 1) / n) : 0;
}

/* Phases of so many samples of so much, dealt out to so many workers. */
static void averages_of_the_last(void **state)
{
    static const struct {
        unsigned workers;
        struct {
            uint32_t n, ms;
        } phases[4];
        uint32_t apart; /* of the model, at the most */
    } cases[] = {
        { 1, { { 0, 0 } }, 0 },
        { 1, { { 1, 7 } }, 0 },
        { 1, { { 3, 1 }, { 1, 2 } }, 0 }, /* rounded up */
        { 1, { { 1024, 100 } }, 0 },
        { 1, { { 1000, 100 }, { 24, 200 } }, 0 },
        { 1, { { 1024, 100 }, { 1024, 200 } }, 2 },
        { 1, { { 500, 1000 }, { 5000, 10 } }, 2 },
        { 1, { { 2000, 1000 }, { 20000, 0 } }, 1 },
        { 3, { { 2, 5 }, { 1, 5 } }, 0 },
        { 3, { { 100, 5 }, { 100, 15 } }, 0 },
        { 3, { { 3000, 100 }, { 1024, 200 }, { 512, 0 } }, 3 },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct counters_block *all = counters_new(cases[i].workers);
        struct average_values v;
        struct model m = { 0, 0 };
        uint32_t most = 0, dealt = 0, wanted;

        for (size_t k = 0; k < ARRAY_LEN(cases[i].phases); k++) {
            uint32_t n = cases[i].phases[k].n, ms = cases[i].phases[k].ms;
            for (uint32_t j = 0; j < n; j++) add(&all[dealt++ % cases[i].workers], 1, ms);
            model_add(&m, n, ms);
            if (n && ms > most) most = ms;
        }
        v = values(all, cases[i].workers);
        wanted = model_average(&m);
        assert_in_range(v.average[AVERAGE_CONNECT],
                        wanted > cases[i].apart ? wanted - cases[i].apart : 0,
                        wanted + cases[i].apart);
        assert_int_equal(v.average[AVERAGE_QUEUE], 0);
        assert_in_range(v.average[AVERAGE_TOTAL], 3 * v.average[AVERAGE_CONNECT] - (wanted ? 3 : 0),
                        3 * v.average[AVERAGE_CONNECT] + 3);
        assert_int_equal(v.most[AVERAGE_CONNECT], most);
        assert_int_equal(v.most[AVERAGE_ANSWER], 2 * most);
        free(all);
    }
}

/* What one worker saw long ago does not weigh on for ever. */
static void a_worker_that_rests_is_forgotten(void **state)
{
    struct counters_block *all = counters_new(2);
    (void)state;

    add(&all[0], 2000, 1000);
    assert_int_equal(values(all, 2).average[AVERAGE_CONNECT], 1000);
    add(&all[1], 20000, 10);
    assert_in_range(values(all, 2).average[AVERAGE_CONNECT], 9, 12);
    assert_int_equal(values(all, 2).most[AVERAGE_CONNECT], 1000);
    free(all);
}

static void what_waited_long_counts_for_no_more(void **state)
{
    struct counters_block *all = counters_new(2);
    (void)state;

    add(&all[0], 2000, 1000);
    atomic_store(&all->c.averages.shared->busy, true); /* somebody, and he was interrupted */
    add(&all[1], 5000, 10);
    assert_int_equal(all[1].c.averages.n, 5000);
    assert_int_equal(values(all, 2).average[AVERAGE_CONNECT], 10);
    atomic_store(&all->c.averages.shared->busy, false);
    add(&all[1], 1, 10);
    assert_int_equal(all[1].c.averages.n, 0);
    assert_int_equal(values(all, 2).average[AVERAGE_CONNECT], 10);
    free(all);
}

/* ---- several threads ---- */

enum { THREADS = 4, SAMPLES = 100000 };

static void *work(void *arg)
{
    add(arg, SAMPLES, 50);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    struct counters_block *all = counters_new(THREADS);
    pthread_t threads[THREADS];
    uint64_t n = 0;
    (void)state;

    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, &all[i]);
    for (int i = 0; i < 1000; i++) assert_int_equal(values(all, THREADS).most[AVERAGE_QUEUE], 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    n = counter_get(&all->c.averages.shared->n);
    for (int i = 0; i < THREADS; i++) n += all[i].c.averages.n;
    assert_int_equal(n, (uint64_t)THREADS * SAMPLES);
    assert_in_range(values(all, THREADS).average[AVERAGE_CONNECT], 49, 50);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_of_the_last),
        cmocka_unit_test(a_worker_that_rests_is_forgotten),
        cmocka_unit_test(what_waited_long_counts_for_no_more),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
