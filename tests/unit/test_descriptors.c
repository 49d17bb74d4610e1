/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct descriptors all;
static struct worker one, two;

static int set_up(void **state)
{
    (void)state;
    descriptors_init(&all);
    assert_int_equal(worker_init(&one, 0, 16384), 0);
    assert_int_equal(worker_init(&two, 1, 16384), 0);
    descriptors_join(&all, &one);
    descriptors_join(&all, &two);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    worker_release(&one);
    worker_release(&two);
    return 0;
}

static void a_worker_knows_its_own_exactly(void **state)
{
    (void)state;
    for (int i = 1; i <= 100; i++) {
        descriptors_count(&one, 1);
        assert_int_equal(descriptors_used(&one), i);
        assert_true(descriptors_used(&two) > i - TELL_EVERY);
    }
    for (int i = 99; i >= 0; i--)
        descriptors_count(&two, -1); /* spilled ones are closed elsewhere */
    assert_true(descriptors_used(&one) > -TELL_EVERY && descriptors_used(&one) < TELL_EVERY);
}

static void marks_are_parts_of_the_limit(void **state)
{
    (void)state;
    descriptors_count(&one, 100);
    assert_false(descriptors_at_low_mark(&one)); /* without a limit there are none */
    assert_false(descriptors_above_high_mark(&one));
    descriptors_set_marks(&all, 1000, 100, 20, 20); /* 200, less our own 100 */
    assert_true(descriptors_at_low_mark(&one));
    assert_false(descriptors_above_high_mark(&one));
    descriptors_count(&one, 1);
    assert_true(descriptors_above_high_mark(&one));
    descriptors_count(&one, -2);
    assert_false(descriptors_at_low_mark(&one));
    descriptors_set_marks(&all, 1000, 100, 0, 5); /* less than our own */
    assert_true(descriptors_at_low_mark(&one));
    assert_true(descriptors_above_high_mark(&one));
    descriptors_set_marks(&all, UINT32_MAX, 100, 100, 100);
    assert_false(descriptors_at_low_mark(&one));
}

static void who_never_joined_has_no_marks(void **state)
{
    struct worker control;

    (void)state;
    assert_int_equal(worker_init(&control, 2, 16384), 0);
    descriptors_set_marks(&all, 10, 0, 0, 0);
    descriptors_count(&control, 100);
    assert_false(descriptors_at_low_mark(&control));
    assert_false(descriptors_above_high_mark(&control));
    assert_false(descriptors_reclaim(&control, true));
    worker_release(&control);
}

struct keeper {
    struct descriptor_holder holder;
    unsigned n;
    bool asked_for_all;
};

static unsigned give_up(struct descriptor_holder *h, struct worker *w, bool want_all)
{
    struct keeper *k = container_of(h, struct keeper, holder);
    unsigned n = (k->n + want_all) / 2;

    (void)w;
    k->asked_for_all = want_all;
    k->n -= n;
    return n;
}

static void turn(struct worker *w)
{
    worker_stop(w);
    worker_run(w); /* delivers what is in the inbox */
    w->stopping = false;
}

static void holders_are_asked_and_then_the_others(void **state)
{
    struct keeper mine = { .holder.give_up = give_up, .n = 3 };
    struct keeper theirs = { .holder.give_up = give_up, .n = 3 };

    (void)state;
    list_append(&one.holders, &mine.holder.link);
    list_append(&two.holders, &theirs.holder.link);
    assert_true(descriptors_reclaim(&one, false));
    assert_int_equal(mine.n, 2);
    assert_true(descriptors_reclaim(&one, false));
    assert_false(descriptors_reclaim(&one, false)); /* the last one is left … */
    assert_int_equal(mine.n, 1);
    turn(&two);
    assert_int_equal(theirs.n, 1); /* … and the others asked */
    assert_true(descriptors_reclaim(&one, true));
    assert_int_equal(mine.n, 0);
    assert_false(descriptors_reclaim(&one, true));
    assert_false(descriptors_reclaim(&one, true)); /* the message is on its way already */
    turn(&two);
    assert_int_equal(theirs.n, 0);
    list_remove(&mine.holder.link);
    list_remove(&theirs.holder.link);
}

static void idle_pipes_go_too(void **state)
{
    struct pipe *p = pipe_get(&one.pipes);

    (void)state;
    if (!p) skip();                                /* the system gives us none */
    assert_false(descriptors_reclaim(&one, true)); /* it is at work */
    pipe_put(&one.pipes, &p);
    assert_true(descriptors_reclaim(&one, false));
    assert_null(one.pipes.idle);
    turn(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_worker_knows_its_own_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_are_parts_of_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_never_joined_has_no_marks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holders_are_asked_and_then_the_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(idle_pipes_go_too, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
