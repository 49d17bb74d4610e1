/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/context.h"
#include "policy/stick_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { NOW = 1000000, EXPIRE = 1000 };

struct world {
    struct objects all;
    struct stick_conf conf;
    struct worker worker;
    struct client_facts client;
    struct context c;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    bool replaces;

    objects_init(&w->all);
    w->conf = (struct stick_conf){
        .name = "t", .type = SAMPLE_STR, .key_size = 8, .size = 10, .expire = EXPIRE
    };
    for (unsigned d = 0; d < STICK_DATA; d++) w->conf.data[d].n = 1;
    w->conf.stored = UINT32_C(1) << STICK_CONN_CNT | UINT32_C(1) << STICK_CONN_CUR |
                     UINT32_C(1) << STICK_HTTP_REQ_CNT;
    w->conf.state = stick_table_get(&w->all, &w->conf, &replaces);
    stick_table_adopt(&w->all, &w->conf);
    w->worker.now = NOW;
    w->client.tracked.lasting = true;
    w->c.worker = &w->worker;
    w->c.client = &w->client;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    tracks_end(&w->c.tracked, w->worker.now);
    tracks_end(&w->client.tracked, w->worker.now);
    stick_recall_end(&w->c);
    if (w->conf.state) stick_table_unref(w->conf.state);
    objects_release(&w->all);
    free(w);
    return 0;
}

static struct stick_key key(struct world *w, struct sample *s, const char *text)
{
    struct stick_key k;

    sample_str(s, slice_str(text));
    assert_true(stick_key_make(w->conf.state, s, &w->c, &k));
    return k;
}

static struct stick_entry *entry(struct world *w, const char *text)
{
    struct sample s = { 0 };
    struct stick_key k = key(w, &s, text);

    return stick_recall(&w->c, w->conf.state, &k, true);
}

static bool is_there(struct world *w, const char *text)
{
    struct sample s = { 0 };
    struct stick_key k = key(w, &s, text);

    return stick_recall(&w->c, w->conf.state, &k, false) != NULL;
}

static uint64_t value(struct world *w, const struct stick_entry *e, enum stick_data d)
{
    return stick_read(w->conf.state, e, d, 0, w->worker.now);
}

static void begin(struct world *w, struct trackers *set, unsigned n, struct stick_entry *e)
{
    track_begin(set, n, w->conf.state, e, w->worker.now);
}

static void test_the_requests_comes_before_the_sessions(void **state)
{
    struct world *w = *state;
    struct stick_entry *a = entry(w, "a"), *b;

    assert_null(track_find(&w->c, 0));
    begin(w, &w->client.tracked, 1, a);
    assert_null(track_find(&w->c, 0));
    assert_ptr_equal(track_find(&w->c, 1)->entry, a);
    b = entry(w, "b");
    begin(w, &w->c.tracked, 1, b);
    assert_ptr_equal(track_find(&w->c, 1)->entry, b);
    tracks_end(&w->c.tracked, NOW);
    assert_ptr_equal(track_find(&w->c, 1)->entry, a);
    w->c.client = NULL;
    assert_null(track_find(&w->c, 1));
    assert_null(track_find(&w->c, TRACKERS));
    assert_null(track_find(&w->c, UINT64_MAX));
}

static void test_connections_are_counted_in_and_out(void **state)
{
    struct world *w = *state;
    struct stick_entry *e = stick_ref(entry(w, "a"));

    begin(w, &w->client.tracked, 0, e);
    begin(w, &w->c.tracked, 1, e);
    assert_int_equal(value(w, e, STICK_CONN_CUR), 2);
    assert_int_equal(value(w, e, STICK_CONN_CNT), 2);
    assert_int_equal(stick_trackers(e), 2);
    tracks_end(&w->c.tracked, NOW);
    tracks_end(&w->c.tracked, NOW); /* there is nothing to end any more */
    assert_int_equal(value(w, e, STICK_CONN_CUR), 1);
    assert_int_equal(value(w, e, STICK_CONN_CNT), 2);
    assert_int_equal(stick_trackers(e), 1);
    assert_false(w->c.tracked.any);
    stick_unref(w->conf.state, e);
}

static void test_each_number_is_counted_once(void **state)
{
    struct world *w = *state;
    struct stick_entry *a = stick_ref(entry(w, "a")), *b = stick_ref(entry(w, "b"));

    begin(w, &w->client.tracked, 0, a);
    begin(w, &w->client.tracked, 1, a);
    begin(w, &w->c.tracked, 1, b);
    tracks_count(&w->c.tracked, &w->client.tracked, TRACK_REQUEST, 1, NOW);
    assert_int_equal(value(w, a, STICK_HTTP_REQ_CNT), 1); /* by sc0; b has sc1 */
    assert_int_equal(value(w, b, STICK_HTTP_REQ_CNT), 1);
    tracks_count(NULL, &w->client.tracked, TRACK_REQUEST, 3, NOW);
    assert_int_equal(value(w, a, STICK_HTTP_REQ_CNT), 7);
    tracks_count(&w->c.tracked, &w->client.tracked, TRACK_BYTES_IN, 5, NOW); /* is not stored */
    stick_unref(w->conf.state, a);
    stick_unref(w->conf.state, b);
}

static void test_what_is_tracked_does_not_expire(void **state)
{
    struct world *w = *state;

    begin(w, &w->c.tracked, 0, entry(w, "a"));
    w->worker.now = NOW + 10 * EXPIRE;
    assert_true(is_there(w, "a"));
    tracks_end(&w->c.tracked, w->worker.now); /* its life begins anew */
    w->worker.now += EXPIRE - 1;
    assert_true(is_there(w, "a"));
    w->worker.now += 1;
    assert_false(is_there(w, "a"));
}

static void test_a_session_keeps_its_table(void **state)
{
    struct world *w = *state;
    struct stick_table *t = w->conf.state;

    begin(w, &w->client.tracked, 2, entry(w, "a"));
    stick_recall_end(&w->c);
    w->conf.state = NULL;
    stick_table_unref(t); /* the configuration has gone */
    tracks_count(NULL, &w->client.tracked, TRACK_REQUEST, 1, NOW);
    assert_int_equal(stick_read(t, track_find(&w->c, 2)->entry, STICK_HTTP_REQ_CNT, 0, NOW), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_requests_comes_before_the_sessions, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_connections_are_counted_in_and_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_number_is_counted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_tracked_does_not_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_session_keeps_its_table, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
