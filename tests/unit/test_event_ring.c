/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/event_ring.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct event_ring *new_ring(size_t size)
{
    return event_ring_new(SLICE("r"), SLICE("a ring"), size);
}

static void put(struct event_ring *r, const char *text)
{
    event_ring_put(r, slice_str(text));
}

/* The next event as a C string; "-": none. */
static const char *get(struct event_ring *r, uint64_t *at)
{
    static char text[600];
    ssize_t n = event_ring_read(r, at, text, sizeof text - 1);

    if (n < 0) return "-";
    text[n] = '\0';
    return text;
}

static void in_order(void **state)
{
    struct event_ring *r = new_ring(1000);
    uint64_t at = event_ring_begin(r, false), late;
    (void)state;

    assert_string_equal(get(r, &at), "-");
    put(r, "one");
    put(r, "");
    late = event_ring_begin(r, true);
    put(r, "three");
    assert_string_equal(get(r, &at), "one");
    assert_string_equal(get(r, &at), "");
    assert_string_equal(get(r, &at), "three");
    assert_string_equal(get(r, &at), "-");
    assert_string_equal(get(r, &late), "three");
    assert_string_equal(get(r, &late), "-");
    event_ring_unref(r);
}

/* As many stay as in HAProxy: each takes its length and two bytes, or three from 240 on. */
static void the_newest_drive_out_the_oldest(void **state)
{
    static const struct {
        unsigned length, stay;
    } cases[] = { { 103, 156 }, { 98, 163 }, { 239, 67 }, { 240, 67 }, { 500, 32 }, { 1, 5461 } };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct event_ring *r = new_ring(16384);
        uint64_t at = event_ring_begin(r, false);
        char text[600];
        unsigned n = 0;

        for (unsigned k = 0; k < 20000; k++) {
            memset(text, 'a' + (int)(k % 26), cases[i].length);
            event_ring_put(r, slice_of(text, cases[i].length));
        }
        for (const char *got; strcmp(got = get(r, &at), "-") != 0; n++)
            assert_int_equal(strlen(got), cases[i].length);
        assert_int_equal(n, cases[i].stay);
        event_ring_unref(r);
    }
}

/* Whoever was overtaken goes on with the oldest that is left, and gets every event whole. */
static void a_slow_reader(void **state)
{
    struct event_ring *r = new_ring(100);
    uint64_t at = event_ring_begin(r, false);
    unsigned expected = 0, number;
    char text[40];
    (void)state;

    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "event %u%.*s", i, (int)(i % 17), "................");
        put(r, text);
        if (i % 7) continue;
        assert_int_equal(sscanf(get(r, &at), "event %u", &number), 1);
        assert_true(number >= expected && number <= i);
        expected = number + 1;
    }
    event_ring_unref(r);
}

static void what_is_too_long_is_cut(void **state)
{
    struct event_ring *r = new_ring(100);
    uint64_t at = event_ring_begin(r, false);
    char text[201] = "";
    (void)state;

    memset(text, 'x', 200);
    put(r, text);
    assert_int_equal(strlen(get(r, &at)), 98);
    event_ring_unref(r);
}

/* ---- following ---- */

struct listener {
    struct event_follower follower;
    struct event_ring *ring;
    unsigned woken;
};

static void delivered(struct message *m, struct worker *w)
{
    struct listener *l = container_of(m, struct listener, follower.message);

    event_ring_delivered(l->ring, &l->follower);
    l->woken++;
    worker_stop(w);
}

static void who_waits_is_woken_once(void **state)
{
    struct worker w;
    struct event_ring *r = new_ring(1000);
    struct listener l = { .ring = r };
    (void)state;

    assert_int_equal(worker_init(&w, 0, 16384), 0);
    list_init(&l.follower.link);
    l.follower.worker = &w;
    l.follower.message.deliver = delivered;

    event_ring_wait(r, event_ring_begin(r, true), &l.follower);
    put(r, "one");
    put(r, "two");
    worker_run(&w);
    assert_int_equal(l.woken, 1);

    put(r, "three");                                             /* nobody waits */
    event_ring_wait(r, event_ring_begin(r, false), &l.follower); /* there is something already */
    worker_run(&w);
    assert_int_equal(l.woken, 2);

    assert_false(event_ring_forget(r, &l.follower));
    put(r, "four");
    event_ring_wait(r, event_ring_begin(r, true), &l.follower);
    put(r, "five");
    assert_true(event_ring_forget(r, &l.follower)); /* it is on its way */
    worker_run(&w);
    assert_int_equal(l.woken, 3);
    worker_release(&w);
    event_ring_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(the_newest_drive_out_the_oldest),
        cmocka_unit_test(a_slow_reader),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(who_waits_is_woken_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
