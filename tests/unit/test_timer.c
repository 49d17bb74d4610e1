/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

/* A timer that notes when it fired. */
struct probe {
    struct timer timer;
    struct timers *wheel;
    unsigned fired;
    msec_t again; /* the handler sets it to this, if not 0 */
    struct probe *victim, *chosen;
    msec_t chosen_at;
};

static void note(struct timer *t)
{
    struct probe *p = container_of(t, struct probe, timer);

    assert_false(timer_is_set(t));
    p->fired++;
    if (p->again) timer_set(p->wheel, t, p->again);
    if (p->victim) timer_cancel(p->wheel, &p->victim->timer);
    if (p->chosen) timer_set(p->wheel, &p->chosen->timer, p->chosen_at);
}

static void probe_init(struct probe *p, struct timers *w)
{
    *p = (struct probe){ .wheel = w };
    timer_init(&p->timer, note);
}

static void it_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct timer) <= 40);
}

static void fires_on_the_millisecond(void **state)
{
    static const msec_t delays[] = { 1,
                                     2,
                                     63,
                                     64,
                                     65,
                                     4095,
                                     4096,
                                     4097,
                                     262143,
                                     262144,
                                     300000,
                                     3600000,
                                     86400000,
                                     1000,
                                     30000,
                                     1ULL << 36,
                                     (1ULL << 36) + 1,
                                     1ULL << 40 };
    static const msec_t starts[] = { 1, 63, 64, 4000, 123456789, (1ULL << 36) - 1, 1ULL << 45 };
    struct timers w;
    struct probe p;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        for (size_t j = 0; j < ARRAY_LEN(delays); j++) {
            msec_t now = starts[i], at = now + delays[j];
            unsigned wakes = 0;

            timers_init(&w, now);
            probe_init(&p, &w);
            assert_true(timers_next(&w, now) == TIMER_NEVER);
            timer_set(&w, &p.timer, at);
            /* Sleeping for as long as timers_next says meets the deadline exactly. */
            while (!p.fired) {
                msec_t sleep = timers_next(&w, now);
                assert_true(sleep > 0 && sleep <= at - now);
                now += sleep;
                timers_run(&w, now);
                assert_int_equal(p.fired, now >= at);
                wakes++;
            }
            assert_true(now == at);
            assert_true(wakes <= TIMER_LEVELS + (delays[j] >> 35));
            assert_true(timers_next(&w, now) == TIMER_NEVER);
        }
    }
}

static void putting_off_costs_a_store(void **state)
{
    struct timers w;
    struct probe p;
    (void)state;

    timers_init(&w, 1000);
    probe_init(&p, &w);
    timer_set(&w, &p.timer, 1000 + 30000);
    struct list *slot = p.timer.link.next;
    for (msec_t now = 1000; now < 20000; now += 100) {
        timer_set(&w, &p.timer, now + 30000);
        assert_ptr_equal(p.timer.link.next, slot);
    }
    assert_int_equal(timers_run(&w, 49899), 0);
    assert_int_equal(timers_run(&w, 49900), 1);

    /* Stopped and started again without leaving its slot. */
    timer_set(&w, &p.timer, 60000);
    slot = p.timer.link.next;
    timer_set(&w, &p.timer, TIMER_NEVER);
    assert_false(timer_is_set(&p.timer));
    timer_set(&w, &p.timer, 70000);
    assert_ptr_equal(p.timer.link.next, slot);
    assert_int_equal(timers_run(&w, 69999), 0);
    timer_set(&w, &p.timer, TIMER_NEVER);
    assert_int_equal(timers_run(&w, 1000000), 0);
    assert_true(timers_next(&w, 1000000) == TIMER_NEVER); /* it has fallen off */
}

static void bringing_forward(void **state)
{
    struct timers w;
    struct probe p;
    (void)state;

    timers_init(&w, 1);
    probe_init(&p, &w);
    timer_set(&w, &p.timer, 1000000);
    timer_set(&w, &p.timer, 10);
    assert_true(timers_next(&w, 1) == 9);
    assert_int_equal(timers_run(&w, 9), 0);
    assert_int_equal(timers_run(&w, 10), 1);
    assert_int_equal(timers_run(&w, 2000000), 0);
}

static void cancelling(void **state)
{
    struct timers w;
    struct probe p, q;
    (void)state;

    timers_init(&w, 100);
    probe_init(&p, &w);
    probe_init(&q, &w);
    timer_cancel(&w, &p.timer); /* not set: harmless */
    timer_set(&w, &p.timer, 5000);
    timer_set(&w, &q.timer, 5000);
    timer_cancel(&w, &p.timer);
    assert_true(timers_next(&w, 100) <= 4900);
    timer_cancel(&w, &q.timer);
    assert_true(timers_next(&w, 100) == TIMER_NEVER); /* the slot's bit went with its last member */
    timer_set(&w, &p.timer, 50);                      /* due already */
    assert_true(timers_next(&w, 100) == 0);
    timer_set(&w, &p.timer, 0);
    assert_true(list_empty(&p.timer.link));
    timer_set(&w, &p.timer, 50);
    timer_cancel(&w, &p.timer);
    assert_int_equal(timers_run(&w, 10000), 0);
    timer_set(&w, &p.timer, TIMER_NEVER);
    assert_true(list_empty(&p.timer.link));
    assert_int_equal(p.fired + q.fired, 0);
}

static void past_fires_in_the_next_run(void **state)
{
    struct timers w;
    struct probe p;
    (void)state;

    timers_init(&w, 100);
    probe_init(&p, &w);
    timer_set(&w, &p.timer, 100);
    assert_true(timers_next(&w, 100) == 0);
    assert_int_equal(timers_run(&w, 100), 1);
    p.again = 50; /* the handler sets it to a time that has passed: not in the same run */
    timer_set(&w, &p.timer, 101);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(timers_run(&w, 101), 1);
        assert_true(timers_next(&w, 101) == 0);
    }
    p.again = 0;
    assert_int_equal(timers_run(&w, 101), 1);
    assert_int_equal(timers_run(&w, 101), 0);
}

static void handlers_touch_other_timers(void **state)
{
    struct timers w;
    struct probe p[3];
    (void)state;

    timers_init(&w, 1);
    for (unsigned i = 0; i < 3; i++) probe_init(&p[i], &w);
    /* All are due at once; the first one cancels the second and puts off the third. */
    for (unsigned i = 0; i < 3; i++) timer_set(&w, &p[i].timer, 10);
    p[0].victim = &p[1];
    p[0].chosen = &p[2];
    p[0].chosen_at = 500;
    assert_int_equal(timers_run(&w, 10), 1);
    assert_int_equal(p[0].fired, 1);
    assert_int_equal(p[1].fired + p[2].fired, 0);
    assert_int_equal(timers_run(&w, 499), 0);
    assert_int_equal(timers_run(&w, 500), 1);
    assert_int_equal(p[2].fired, 1);
}

struct brief {
    struct timer timer;
    unsigned *freed;
};

static void free_itself(struct timer *t)
{
    struct brief *b = container_of(t, struct brief, timer);
    ++*b->freed;
    free(b);
}

static void bounded_runs_and_freeing(void **state)
{
    enum { N = 100000 };
    struct timers w;
    unsigned freed = 0, runs = 0;
    (void)state;

    timers_init(&w, 1);
    for (unsigned i = 0; i < N; i++) {
        struct brief *b = mem_alloc(sizeof *b);
        timer_init(&b->timer, free_itself);
        b->freed = &freed;
        timer_set(&w, &b->timer, 30000 + i % 100);
    }
    msec_t now = 40000;
    do {
        assert_true(timers_run(&w, now) <= TIMERS_PER_RUN);
        runs++;
    } while (timers_next(&w, now) == 0);
    assert_int_equal(freed, N);
    assert_int_equal(runs, (N + TIMERS_PER_RUN - 1) / TIMERS_PER_RUN);
}

static void huge_jumps(void **state)
{
    struct timers w;
    struct probe p[64];
    (void)state;

    /* If the wheel looped over the milliseconds, this test would not end. */
    timers_init(&w, 1);
    for (unsigned i = 0; i < 64; i++) {
        probe_init(&p[i], &w);
        timer_set(&w, &p[i].timer, 1 + (1ULL << (i % 62)));
    }
    timers_run(&w, 1ULL << 50);
    for (unsigned i = 0; i < 64; i++) assert_int_equal(p[i].fired, i % 62 < 50);
    timers_run(&w, 1ULL << 63);
    for (unsigned i = 0; i < 64; i++) assert_int_equal(p[i].fired, 1);
    assert_true(timers_next(&w, 1ULL << 63) == TIMER_NEVER);
    /* A clock that goes back is as one that stands still. */
    timer_set(&w, &p[0].timer, (1ULL << 63) + 10);
    assert_int_equal(timers_run(&w, 1000), 0);
    assert_int_equal(timers_run(&w, (1ULL << 63) + 10), 1);
}

/* --- against a model: an array of deadlines --- */

enum { MODEL = 200 };

struct model {
    struct timers wheel;
    struct probe probes[MODEL];
    msec_t at[MODEL]; /* 0: not set */
    msec_t now;
    uint64_t seed;
    bool firing;
};

static uint64_t rnd(struct model *m)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return m->seed;
}

/* Delays of all sizes, some of them 0 or before now. */
static msec_t some_time(struct model *m)
{
    msec_t delay = rnd(m) & ((1ULL << (rnd(m) % 38)) - 1);
    if (rnd(m) % 16 == 0) return m->now > delay ? m->now - delay : 1;
    return m->now + delay;
}

static void some_change(struct model *m)
{
    unsigned i = (unsigned)(rnd(m) % MODEL);

    switch (rnd(m) % 8) {
    case 0:
        timer_cancel(&m->wheel, &m->probes[i].timer);
        m->at[i] = 0;
        break;
    case 1:
        timer_set(&m->wheel, &m->probes[i].timer, TIMER_NEVER);
        m->at[i] = 0;
        break;
    default: m->at[i] = some_time(m); timer_set(&m->wheel, &m->probes[i].timer, m->at[i]);
    }
}

static struct model *model; /* for the handler, which gets nothing but its timer */

static void model_fire(struct timer *t)
{
    size_t i = (size_t)(container_of(t, struct probe, timer) - model->probes);

    assert_true(model->at[i] != 0 && model->at[i] <= model->now);
    model->at[i] = 0;
    if (rnd(model) % 4 == 0) some_change(model);
}

static void check_next(struct model *m)
{
    msec_t next = timers_next(&m->wheel, m->now), first = TIMER_NEVER;

    for (unsigned i = 0; i < MODEL; i++)
        if (m->at[i] && m->at[i] < first) first = m->at[i];
    if (first == TIMER_NEVER) return; /* it may wake for one that was put off */
    assert_true(next <= (first > m->now ? first - m->now : 0));
}

static void advance(struct model *m)
{
    switch (rnd(m) % 4) {
    case 0: m->now += rnd(m) % 3; break;
    case 1: m->now += rnd(m) & ((1ULL << (rnd(m) % 38)) - 1); break;
    default: {
        msec_t sleep = timers_next(&m->wheel, m->now);
        if (sleep != TIMER_NEVER) m->now += sleep;
    }
    }
}

static void agrees_with_a_model(void **state)
{
    (void)state;
    model = mem_zero(sizeof *model);
    for (unsigned round = 0; round < 60; round++) {
        struct model *m = model;

        m->seed = 88172645463325252ULL + round;
        m->now = round % 2 ? 1 : (1ULL << (round % 60)) + 12345;
        timers_init(&m->wheel, m->now);
        for (unsigned i = 0; i < MODEL; i++) {
            timer_init(&m->probes[i].timer, model_fire);
            m->at[i] = 0;
        }
        for (unsigned step = 0; step < 3000; step++) {
            unsigned runs = 0;
            for (uint64_t n = rnd(m) % 8; n; n--) some_change(m);
            check_next(m);
            advance(m);
            /* Handlers make more due, but ever fewer. */
            do timers_run(&m->wheel, m->now);
            while (timers_next(&m->wheel, m->now) == 0 && ++runs < 1000);
            for (unsigned i = 0; i < MODEL; i++) assert_true(!m->at[i] || m->at[i] > m->now);
            check_next(m);
        }
    }
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_small),
        cmocka_unit_test(fires_on_the_millisecond),
        cmocka_unit_test(putting_off_costs_a_store),
        cmocka_unit_test(bringing_forward),
        cmocka_unit_test(cancelling),
        cmocka_unit_test(past_fires_in_the_next_run),
        cmocka_unit_test(handlers_touch_other_timers),
        cmocka_unit_test(bounded_runs_and_freeing),
        cmocka_unit_test(huge_jumps),
        cmocka_unit_test(agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
