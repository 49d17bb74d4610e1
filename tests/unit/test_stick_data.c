/* SPDX-License-Identifier: Apache-2.0 */
/* Stick tables: what an entry holds. */
#include "stick_fixture.h"

static void counters_count(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 0);
    struct stick_table *t;
    struct stick_entry *e;

    (void)state;
    store(&conf, STICK_CONN_CUR, 1, 0);
    store(&conf, STICK_BYTES_IN_CNT, 1, 0);
    t = begin(&conf);
    e = enter(t, "a", NOW);
    assert_int_equal(stick_add(t, e, STICK_CONN_CUR, 0, 2, NOW), 2);
    assert_int_equal(stick_add(t, e, STICK_CONN_CUR, 0, -1, NOW), 1);
    assert_int_equal(stick_add(t, e, STICK_CONN_CUR, 0, -5, NOW), 0);
    stick_write(t, e, STICK_CONN_CUR, 0, UINT64_C(0x100000007), NOW);
    assert_int_equal(stick_read(t, e, STICK_CONN_CUR, 0, NOW), 7);
    stick_write(t, e, STICK_BYTES_IN_CNT, 0, UINT64_C(0x100000007), NOW);
    assert_int_equal(stick_add(t, e, STICK_BYTES_IN_CNT, 0, 1, NOW), UINT64_C(0x100000008));
    assert_false(stick_stores(t, STICK_GPC0));
    assert_int_equal(stick_add(t, e, STICK_GPC0, 0, 1, NOW), 0);
    stick_unref(t, e);
    stick_table_unref(t);
}

static void the_first_elements_have_names_of_their_own(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 0);
    struct stick_table *t;
    struct stick_entry *e;

    (void)state;
    store(&conf, STICK_GPC, 3, 0);
    store(&conf, STICK_GPC_RATE, 1, 10000);
    t = begin(&conf);
    e = enter(t, "a", NOW);
    for (unsigned i = 0; i < 4; i++) stick_write(t, e, STICK_GPC, i, i + 10, NOW);
    assert_int_equal(stick_elements(t, STICK_GPC), 3);
    assert_int_equal(stick_read(t, e, STICK_GPC0, 0, NOW), 10);
    assert_int_equal(stick_read(t, e, STICK_GPC1, 0, NOW), 11);
    assert_int_equal(stick_read(t, e, STICK_GPC, 2, NOW), 12);
    assert_int_equal(stick_read(t, e, STICK_GPC, 3, NOW), 0);
    stick_add(t, e, STICK_GPC0_RATE, 0, 4, NOW);
    assert_int_equal(stick_read(t, e, STICK_GPC_RATE, 0, NOW), 4);
    assert_int_equal(stick_period(t, STICK_GPC0_RATE), 10000);
    assert_false(stick_stores(t, STICK_GPC1_RATE));
    assert_false(stick_stores(t, STICK_GPT0));
    stick_unref(t, e);
    stick_table_unref(t);
}

static void servers_are_remembered(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 0);
    struct stick_table *t;
    struct stick_entry *a, *b;

    (void)state;
    store(&conf, STICK_SERVER_KEY, 1, 0);
    t = begin(&conf);
    a = enter(t, "a", NOW);
    b = enter(t, "b", NOW);
    assert_true(slice_is(stick_read_server_key(t, a), ""));
    stick_write_server_key(t, a, SLICE("s1"));
    stick_write_server_key(t, b, SLICE("s2"));
    assert_true(slice_is(stick_read_server_key(t, a), "s1"));
    stick_write_server_key(t, b, SLICE("s1"));
    assert_true(slice_is(stick_read_server_key(t, b), "s1"));
    stick_write_server_key(t, a, SLICE(""));
    assert_true(slice_is(stick_read_server_key(t, a), ""));
    stick_unref(t, a);
    stick_unref(t, b);
    stick_table_unref(t);
}

/* A table with a rate over a second, and an entry with a reference. */
static struct stick_entry *begin_rate(struct stick_conf *conf)
{
    *conf = conf_of(SAMPLE_STR, 2, 0);
    store(conf, STICK_HTTP_REQ_RATE, 1, 1000);
    begin(conf);
    return enter(conf->state, "a", NOW);
}

static uint64_t rate_at(const struct stick_conf *conf, const struct stick_entry *e, msec_t now)
{
    return stick_read(conf->state, e, STICK_HTTP_REQ_RATE, 0, now);
}

static void a_rate_fades_over_its_period(void **state)
{
    struct stick_conf conf;
    struct stick_entry *e = begin_rate(&conf);

    (void)state;
    assert_int_equal(rate_at(&conf, e, NOW), 0);
    for (unsigned i = 1; i <= 8; i++)
        assert_int_equal(stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 1, NOW), i);
    assert_int_equal(rate_at(&conf, e, NOW + 999), 8);
    assert_int_equal(rate_at(&conf, e, NOW + 1000), 8);
    assert_int_equal(rate_at(&conf, e, NOW + 1250), 6);
    assert_int_equal(rate_at(&conf, e, NOW + 1500), 4);
    assert_int_equal(rate_at(&conf, e, NOW + 1876), 0);
    assert_int_equal(rate_at(&conf, e, NOW + 2000), 0);
    stick_unref(conf.state, e);
    stick_table_unref(conf.state);
}

static void a_rate_slides_over_two_windows(void **state)
{
    struct stick_conf conf;
    struct stick_entry *e = begin_rate(&conf);

    (void)state;
    stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 8, NOW);
    assert_int_equal(stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 1, NOW + 1500), 5);
    assert_int_equal(rate_at(&conf, e, NOW + 1750), 3);
    assert_int_equal(rate_at(&conf, e, NOW + 2500), 1); /* the window began at NOW + 1000 */
    stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 3, NOW + 9000); /* long after */
    assert_int_equal(rate_at(&conf, e, NOW + 9000), 3);
    stick_unref(conf.state, e);
    stick_table_unref(conf.state);
}

static void a_single_event_counts_until_the_end(void **state)
{
    struct stick_conf conf;
    struct stick_entry *e = begin_rate(&conf);

    (void)state;
    stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 1, NOW);
    assert_int_equal(rate_at(&conf, e, NOW + 1999), 1);
    assert_int_equal(rate_at(&conf, e, NOW + 2000), 0);
    stick_unref(conf.state, e);
    stick_table_unref(conf.state);
}

static void a_rate_that_was_set_reads_so_for_a_period(void **state)
{
    struct stick_conf conf;
    struct stick_entry *e = begin_rate(&conf);

    (void)state;
    stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 50, NOW);
    stick_write(conf.state, e, STICK_HTTP_REQ_RATE, 0, 100, NOW + 1200);
    assert_int_equal(rate_at(&conf, e, NOW + 1200), 100);
    assert_int_equal(rate_at(&conf, e, NOW + 2200), 100);
    assert_int_equal(rate_at(&conf, e, NOW + 2700), 50);
    stick_unref(conf.state, e);
    stick_table_unref(conf.state);
}

static void a_rate_does_not_go_back_in_time(void **state)
{
    struct stick_conf conf;
    struct stick_entry *e = begin_rate(&conf);

    (void)state;
    stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 2, NOW);
    stick_add(conf.state, e, STICK_HTTP_REQ_RATE, 0, 2, NOW - 5); /* a worker behind */
    assert_int_equal(rate_at(&conf, e, NOW), 4);
    assert_int_equal(rate_at(&conf, e, NOW - 5), 4);
    stick_unref(conf.state, e);
    stick_table_unref(conf.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_count),
        cmocka_unit_test(the_first_elements_have_names_of_their_own),
        cmocka_unit_test(servers_are_remembered),
        cmocka_unit_test(a_rate_fades_over_its_period),
        cmocka_unit_test(a_rate_slides_over_two_windows),
        cmocka_unit_test(a_single_event_counts_until_the_end),
        cmocka_unit_test(a_rate_that_was_set_reads_so_for_a_period),
        cmocka_unit_test(a_rate_does_not_go_back_in_time),
    };

    return cmocka_run_group_tests_name("stick_data", tests, setup, teardown);
}
