/* SPDX-License-Identifier: Apache-2.0 */
/* Stick tables: keys, life, size, reloads, walks, threads. */
#include "stick_fixture.h"

/* ---- keys ---- */

static void an_entry_is_found_by_its_key(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 0);
    struct stick_table *t = begin(&conf);
    struct stick_entry *a = put(t, "a", NOW), *b = put(t, "b", NOW);

    (void)state;
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(put(t, "a", NOW), a);
    assert_ptr_equal(look(t, "a", NOW), a);
    assert_null(look(t, "c", NOW));
    assert_null(look(t, "", NOW));
    assert_non_null(put(t, "", NOW));
    assert_ptr_not_equal(look(t, "", NOW), a);
    assert_int_equal(stick_used(t, NOW), 3);
    stick_table_unref(t);
}

static void strings_are_cut_at_the_key_length(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 0);
    struct stick_table *t = begin(&conf);
    struct stick_entry *e = put(t, "abcdefghij", NOW);
    struct sample nul = { .type = SAMPLE_STR, .str = SLICE("ab\0cd") };
    struct stick_key key = key_of_sample(t, &nul);

    (void)state;
    assert_ptr_equal(look(t, "abcdefgh", NOW), e);
    assert_ptr_equal(look(t, "abcdefghXY", NOW), e);
    assert_null(look(t, "abcdefg", NOW));
    assert_true(slice_is(stick_entry_key(t, e), "abcdefgh"));
    assert_true(slice_is(key.bytes, "ab"));
    stick_table_unref(t);
}

static struct stick_entry *put_binary(struct stick_table *t, struct slice bytes)
{
    struct sample s = { .type = SAMPLE_BIN, .str = bytes };
    struct stick_key key = key_of_sample(t, &s);
    struct stick_entry *e = stick_enter(t, &key, NOW);

    stick_unref(t, e);
    return e;
}

static void binary_keys_are_padded(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_BIN, 10, 0);
    struct stick_table *t = begin(&conf);
    struct stick_entry *longer = put_binary(t, SLICE("a\0b")), *e = put_binary(t, SLICE("a"));

    (void)state;
    assert_ptr_not_equal(longer, e);
    assert_ptr_equal(put_binary(t, SLICE("a\0\0")), e);
    assert_ptr_equal(put_binary(t, SLICE("a\0b\0\0")), longer);
    assert_true(slice_eq(stick_entry_key(t, e), SLICE("a\0\0\0\0\0\0\0")));
    assert_int_equal(stick_used(t, NOW), 2);
    stick_table_unref(t);
}

static void samples_are_cast_to_the_type_of_the_table(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_IPV4, 10, 0);
    struct stick_table *t = begin(&conf);
    struct context c = { .worker = NULL };
    struct sample number = { .type = SAMPLE_SINT, .sint = 0x01020304 };
    struct sample word = { .type = SAMPLE_STR, .str = SLICE("nowhere") };
    struct stick_key key = key_of_sample(t, &number);
    struct stick_entry *e = stick_enter(t, &key, NOW);

    (void)state;
    assert_ptr_equal(look(t, "1.2.3.4", NOW), e);
    assert_false(stick_key_make(t, &word, &c, &key));
    stick_unref(t, e);
    stick_table_unref(t);
}

/* ---- life ---- */

static void an_entry_expires(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 5000);
    struct stick_table *t = begin(&conf);
    struct stick_entry *e = put(t, "a", NOW);

    (void)state;
    assert_int_equal(stick_expires_in(t, e, NOW + 1), 4999);
    assert_int_equal(stick_idle(t, e, NOW + 1), 1);
    assert_non_null(look(t, "a", NOW + 4999));
    assert_int_equal(stick_used(t, NOW + 4999), 1);
    assert_int_equal(stick_used(t, NOW + 5000), 0);
    assert_null(look(t, "a", NOW + 5000));
    stick_table_unref(t);
}

static void a_touch_prolongs_its_life(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 5000);
    struct stick_table *t = begin(&conf);
    struct stick_entry *a = enter(t, "a", NOW);

    (void)state;
    put(t, "b", NOW);
    look(t, "b", NOW + 3000); /* is no touch */
    stick_touch(t, a, NOW + 3000);
    assert_int_equal(stick_used(t, NOW + 5000), 1);
    assert_ptr_equal(look(t, "a", NOW + 7999), a);
    assert_null(look(t, "a", NOW + 8000));
    stick_unref(t, a);
    stick_table_unref(t);
}

static void what_is_made_after_expiry_is_new(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 5000);
    struct stick_table *t;
    struct stick_entry *e;

    (void)state;
    store(&conf, STICK_GPC0, 1, 0);
    t = begin(&conf);
    e = enter(t, "a", NOW);
    stick_add(t, e, STICK_GPC0, 0, 7, NOW);
    stick_unref(t, e);
    e = enter(t, "a", NOW + 5000);
    assert_int_equal(stick_read(t, e, STICK_GPC0, 0, NOW + 5000), 0);
    assert_int_equal(stick_used(t, NOW + 5000), 1);
    stick_unref(t, e);
    stick_table_unref(t);
}

static void what_is_tracked_does_not_expire(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 5000);
    struct stick_table *t = begin(&conf);
    struct stick_entry *e = enter(t, "a", NOW);

    (void)state;
    stick_track(e);
    assert_int_equal(stick_trackers(e), 1);
    put(t, "b", NOW);
    assert_int_equal(stick_used(t, NOW + 6000), 1);
    assert_ptr_equal(look(t, "a", NOW + 6000), e);
    assert_false(stick_remove(t, e));
    stick_untrack(e);
    assert_int_equal(stick_used(t, NOW + 6000), 0);
    assert_null(look(t, "a", NOW + 6000));
    stick_unref(t, e);
    stick_table_unref(t);
}

static void an_entry_that_was_removed_can_still_be_read(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 0);
    struct stick_table *t;
    struct stick_entry *e;

    (void)state;
    store(&conf, STICK_GPC0, 1, 0);
    t = begin(&conf);
    e = enter(t, "a", NOW);
    stick_write(t, e, STICK_GPC0, 0, 5, NOW);
    assert_true(stick_remove(t, e));
    assert_null(look(t, "a", NOW));
    assert_int_equal(stick_used(t, NOW), 0);
    assert_ptr_not_equal(put(t, "b", NOW), e);
    assert_ptr_not_equal(put(t, "c", NOW), e);
    assert_int_equal(stick_read(t, e, STICK_GPC0, 0, NOW), 5);
    stick_touch(t, e, NOW + 1);
    stick_unref(t, e);
    assert_int_equal(stick_used(t, NOW), 2);
    stick_table_unref(t);
}

static void the_clock_of_another_worker_may_be_behind(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 5000);
    struct stick_table *t = begin(&conf);
    struct stick_entry *e = put(t, "a", NOW);

    (void)state;
    assert_ptr_equal(look(t, "a", NOW - 3), e);
    assert_int_equal(stick_idle(t, e, NOW - 3), 0);
    stick_table_unref(t);
}

static void reaping_is_bounded(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 1000, 5000);
    struct stick_table *t = begin(&conf);
    char text[8];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(t, text, NOW);
    }
    assert_int_equal(stick_reap(t, 100, NOW + 4999), 0);
    assert_in_range(stick_reap(t, 100, NOW + 5000), 100, 200);
    assert_in_range(stick_reap(t, 10000, NOW + 5000), 800, 900);
    assert_int_equal(stick_used(t, NOW + 5000), 0);
    stick_table_unref(t);
}

/* ---- full ---- */

static void a_full_table_gives_up_its_oldest(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 3, 0);
    struct stick_table *t = begin(&conf);
    struct stick_entry *a = put(t, "a", NOW);

    (void)state;
    put(t, "b", NOW + 1);
    put(t, "c", NOW + 2);
    assert_int_equal(stick_full_count(t), 0);
    stick_touch(t, a, NOW + 3);
    put(t, "d", NOW + 4);
    assert_null(look(t, "b", NOW + 4));
    put(t, "e", NOW + 5);
    assert_null(look(t, "c", NOW + 5));
    assert_ptr_equal(look(t, "a", NOW + 5), a);
    assert_int_equal(stick_used(t, NOW + 5), 3);
    assert_int_equal(stick_full_count(t), 2);
    stick_table_unref(t);
}

static void what_is_tracked_is_not_given_up(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 0);
    struct stick_table *t = begin(&conf);
    struct stick_entry *a = enter(t, "a", NOW), *b = enter(t, "b", NOW);

    (void)state;
    stick_track(a);
    stick_track(b);
    assert_null(put(t, "c", NOW));
    stick_untrack(b);
    stick_unref(t, b);
    assert_non_null(put(t, "c", NOW));
    assert_null(look(t, "b", NOW));
    assert_ptr_equal(look(t, "a", NOW), a);
    stick_untrack(a);
    stick_unref(t, a);
    stick_table_unref(t);
}

static void what_is_read_is_given_up_last(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 0);
    struct stick_table *t;
    struct stick_entry *a, *c;

    (void)state;
    store(&conf, STICK_GPC0, 1, 0);
    t = begin(&conf);
    a = enter(t, "a", NOW);
    put(t, "b", NOW);
    assert_non_null(put(t, "c", NOW)); /* though a is older */
    assert_ptr_equal(look(t, "a", NOW), a);
    assert_null(look(t, "b", NOW));
    c = enter(t, "c", NOW);
    assert_non_null(put(t, "d", NOW)); /* both are read */
    assert_non_null(look(t, "d", NOW));
    assert_true(!look(t, "a", NOW) || !look(t, "c", NOW));
    stick_unref(t, c);
    stick_unref(t, a);
    stick_table_unref(t);
}

static void nopurge_refuses(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 2, 5000);
    struct stick_table *t;

    (void)state;
    conf.nopurge = true;
    t = begin(&conf);
    put(t, "a", NOW);
    put(t, "b", NOW + 10);
    assert_null(put(t, "c", NOW + 20));
    assert_int_equal(stick_full_count(t), 1);
    assert_non_null(look(t, "a", NOW + 20));
    assert_non_null(put(t, "c", NOW + 5000)); /* where "a" was */
    assert_int_equal(stick_full_count(t), 1);
    stick_table_unref(t);
}

static void a_sharded_table_holds_exactly_its_size(void **state)
{
    enum { SIZE = 20000 };
    struct stick_conf conf = conf_of(SAMPLE_SINT, SIZE, 0);
    struct stick_table *t = begin(&conf);

    (void)state;
    for (int i = 0; i < SIZE + 500; i++) {
        struct sample s = { .type = SAMPLE_SINT, .sint = i };
        struct stick_key key = key_of_sample(t, &s);
        struct stick_entry *e = stick_enter(t, &key, NOW + (msec_t)i);
        assert_non_null(e);
        stick_unref(t, e);
        if (i == SIZE - 1) assert_int_equal(stick_full_count(t), 0);
    }
    assert_int_equal(stick_used(t, NOW), SIZE);
    assert_int_equal(stick_full_count(t), 500);
    stick_table_unref(t);
}

static void fullness_is_news_once_a_minute(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 1, 0);
    struct stick_table *t = begin(&conf);

    (void)state;
    put(t, "a", NOW);
    assert_int_equal(stick_full_news(t, NOW), 0);
    put(t, "b", NOW);
    put(t, "c", NOW);
    assert_int_equal(stick_full_news(t, NOW), 2);
    put(t, "d", NOW);
    assert_int_equal(stick_full_news(t, NOW + 59999), 0);
    assert_int_equal(stick_full_news(t, NOW + 60000), 1);
    assert_int_equal(stick_full_news(t, NOW + 120000), 0);
    stick_table_unref(t);
}

static void many_entries_are_all_found(void **state)
{
    enum { N = 200000 };
    struct stick_conf conf = conf_of(SAMPLE_SINT, N, 0);
    struct stick_table *t;

    (void)state;
    store(&conf, STICK_GPT0, 1, 0);
    t = begin(&conf);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < N; i++) {
            struct sample s = { .type = SAMPLE_SINT, .sint = i };
            struct stick_key key = key_of_sample(t, &s);
            struct stick_entry *e = pass ? stick_lookup(t, &key, NOW) : stick_enter(t, &key, NOW);
            assert_non_null(e);
            if (pass) assert_int_equal(stick_read(t, e, STICK_GPT0, 0, NOW), i + 1);
            stick_write(t, e, STICK_GPT0, 0, (uint64_t)i + 1, NOW);
            if (pass && i % 2) assert_true(stick_remove(t, e));
            stick_unref(t, e);
        }
    assert_int_equal(stick_used(t, NOW), N / 2);
    stick_table_unref(t);
}

/* ---- reloads ---- */

static void a_table_outlives_configurations(void **state)
{
    struct stick_conf old = conf_of(SAMPLE_STR, 2, 5000), fresh;
    struct stick_entry *e;
    bool replaces;

    (void)state;
    store(&old, STICK_GPC0, 1, 0);
    begin(&old);
    e = put(old.state, "a", NOW);
    fresh = old;
    fresh.size = 3;
    fresh.expire = 9000;
    fresh.state = stick_table_get(&all, &fresh, &replaces);
    assert_false(replaces);
    assert_ptr_equal(fresh.state, old.state);
    assert_int_equal(stick_size(old.state), 2); /* until it is in use */
    stick_table_adopt(&all, &fresh);
    assert_int_equal(stick_size(old.state), 3);
    stick_table_unref(old.state);
    assert_ptr_equal(look(fresh.state, "a", NOW + 8999), e);
    stick_table_unref(fresh.state);
}

static void another_layout_starts_empty(void **state)
{
    struct stick_conf old = conf_of(SAMPLE_STR, 2, 0), fresh, again;
    bool replaces;

    (void)state;
    store(&old, STICK_GPC, 2, 0);
    begin(&old);
    put(old.state, "a", NOW);
    fresh = old;
    store(&fresh, STICK_GPC, 3, 0);
    fresh.state = stick_table_get(&all, &fresh, &replaces);
    assert_true(replaces);
    assert_null(look(fresh.state, "a", NOW));
    stick_table_unref(fresh.state); /* the configuration was refused */
    fresh.state = stick_table_get(&all, &fresh, &replaces);
    stick_table_adopt(&all, &fresh);
    assert_non_null(look(old.state, "a", NOW)); /* for requests that began with it */
    again = fresh;
    again.state = stick_table_get(&all, &again, &replaces);
    assert_ptr_equal(again.state, fresh.state);
    stick_table_unref(old.state);
    stick_table_unref(again.state);
    stick_table_unref(fresh.state);
}

static void a_smaller_table_sheds_its_entries(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 8, 0);
    struct stick_table *t = begin(&conf);
    char text[8];

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(t, text, NOW);
    }
    conf.size = 4;
    stick_table_adopt(&all, &conf);
    for (unsigned i = 10; i < 18; i++) {
        snprintf(text, sizeof text, "%u", i);
        put(t, text, NOW);
    }
    assert_int_equal(stick_used(t, NOW), 4);
    assert_non_null(look(t, "17", NOW));
    stick_table_unref(t);
}

/* ---- walks ---- */

static void note(struct stick_entry *e, void *arg)
{
    struct stick_conf *conf = arg;

    stick_add(conf->state, e, STICK_GPC0, 0, 1, NOW);
}

static void walk_and_check(unsigned n, unsigned piece)
{
    struct stick_conf conf = conf_of(SAMPLE_SINT, n, 0);
    struct stick_table *t;
    struct stick_walk w;

    store(&conf, STICK_GPC0, 1, 0);
    t = begin(&conf);
    for (unsigned i = 0; i < n; i++) {
        struct sample s = { .type = SAMPLE_SINT, .sint = i };
        struct stick_key key = key_of_sample(t, &s);
        stick_unref(t, stick_enter(t, &key, NOW));
    }
    stick_walk_begin(&w, t, NOW);
    while (stick_walk_on(&w, piece, NOW, note, &conf)) {
    }
    stick_walk_end(&w);
    for (unsigned i = 0; i < n; i++) {
        struct sample s = { .type = SAMPLE_SINT, .sint = i };
        struct stick_key key = key_of_sample(t, &s);
        struct stick_entry *e = stick_lookup(t, &key, NOW);
        assert_int_equal(stick_read(t, e, STICK_GPC0, 0, NOW), 1);
        stick_unref(t, e);
    }
    stick_table_unref(t);
}

static void a_walk_sees_every_entry_once(void **state)
{
    (void)state;
    walk_and_check(1, 100);
    walk_and_check(100, 100);
    walk_and_check(3000, 7);
    walk_and_check(STICK_SORTED + 1000, 300);
}

static struct text_sink {
    char text[64];
    struct stick_table *table;
} sink;

static void note_key(struct stick_entry *e, void *arg)
{
    struct text_sink *s = arg;
    struct slice key = stick_entry_key(s->table, e);
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%.*s ", SLICE_ARG(key));
}

static void a_walk_is_in_the_order_of_keys(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 0);
    struct stick_walk w;

    (void)state;
    sink.table = begin(&conf);
    put(sink.table, "b", NOW);
    put(sink.table, "\xff", NOW);
    put(sink.table, "ab", NOW);
    put(sink.table, "a", NOW);
    put(sink.table, "B", NOW);
    stick_walk_begin(&w, sink.table, NOW);
    assert_true(stick_walk_on(&w, 2, NOW, note_key, &sink));
    stick_remove(sink.table, look(sink.table, "b", NOW)); /* meanwhile */
    put(sink.table, "aa", NOW);
    assert_false(stick_walk_on(&w, 9, NOW, note_key, &sink));
    stick_walk_end(&w);
    assert_string_equal(sink.text, "B a ab \xff ");
    stick_walk_begin(&w, sink.table, NOW);
    stick_walk_end(&w); /* given up at once */
    stick_table_unref(sink.table);
}

/* ---- a request's look-ups ---- */

static void a_context_recalls_its_last_entry(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_STR, 10, 0);
    struct stick_table *t = begin(&conf);
    struct worker w = { .now = NOW };
    struct context c = { .worker = &w };
    struct sample s = { .type = SAMPLE_STR, .str = SLICE("a") };
    struct sample other = { .type = SAMPLE_STR, .str = SLICE("ab") };
    struct stick_key key = key_of_sample(t, &s), longer = key_of_sample(t, &other);
    struct stick_entry *e;

    (void)state;
    assert_null(stick_recall(&c, t, &key, false));
    e = stick_recall(&c, t, &key, true);
    assert_non_null(e);
    assert_ptr_equal(stick_recall(&c, t, &key, false), e);
    assert_null(stick_recall(&c, t, &longer, false));
    assert_ptr_equal(stick_recall(&c, t, &key, false), e);
    assert_true(stick_remove(t, e));
    assert_null(stick_recall(&c, t, &key, false));
    e = stick_recall(&c, t, &key, true);
    assert_int_equal(stick_used(t, NOW), 1);
    context_end(&c);
    assert_true(stick_remove(t, e));
    stick_table_unref(t);
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 20000, KEYS = 37 };

static void *count_in_all(void *arg)
{
    struct stick_table *t = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sample s = { .type = SAMPLE_SINT, .sint = i % KEYS };
        struct stick_key key = key_of_sample(t, &s);
        msec_t now = NOW + (i >= ROUNDS / 2 ? 1000 : 0);
        struct stick_entry *e = stick_enter(t, &key, now);
        stick_track(e);
        stick_add(t, e, STICK_HTTP_REQ_CNT, 0, 1, now);
        stick_add(t, e, STICK_HTTP_REQ_RATE, 0, 1, now);
        stick_add(t, e, STICK_CONN_CUR, 0, 1, now);
        stick_touch(t, e, now + i % 7);
        stick_add(t, e, STICK_CONN_CUR, 0, -1, now);
        stick_untrack(e);
        stick_unref(t, e);
    }
    return NULL;
}

static void in_threads(void *(*fn)(void *), void *arg)
{
    pthread_t threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, fn, arg);
    for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void counts_are_exact_in_threads(void **state)
{
    struct stick_conf conf = conf_of(SAMPLE_SINT, 5000, 600000);
    struct stick_table *t;
    uint64_t count = 0, rate = 0;

    (void)state;
    store(&conf, STICK_HTTP_REQ_CNT, 1, 0);
    store(&conf, STICK_HTTP_REQ_RATE, 1, 1000);
    store(&conf, STICK_CONN_CUR, 1, 0);
    t = begin(&conf);
    in_threads(count_in_all, t);
    assert_int_equal(stick_used(t, NOW), KEYS);
    for (unsigned i = 0; i < KEYS; i++) {
        struct sample s = { .type = SAMPLE_SINT, .sint = i };
        struct stick_key key = key_of_sample(t, &s);
        struct stick_entry *e = stick_lookup(t, &key, NOW);
        count += stick_read(t, e, STICK_HTTP_REQ_CNT, 0, NOW);
        /* at this moment the window before counts whole */
        rate += stick_read(t, e, STICK_HTTP_REQ_RATE, 0, NOW + 1000);
        assert_int_equal(stick_read(t, e, STICK_CONN_CUR, 0, NOW), 0);
        assert_int_equal(stick_trackers(e), 0);
        stick_unref(t, e);
    }
    assert_int_equal(count, THREADS * ROUNDS);
    assert_int_equal(rate, THREADS * ROUNDS);
    stick_table_unref(t);
}

static void *churn(void *arg)
{
    struct stick_table *t = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sample s = { .type = SAMPLE_SINT, .sint = i * 7919 % 4001 };
        struct stick_key key = key_of_sample(t, &s);
        struct stick_entry *e = i % 3 ? stick_enter(t, &key, NOW + i / 8)
                                      : stick_lookup(t, &key, NOW + i / 8);
        if (!e) continue;
        stick_add(t, e, STICK_HTTP_REQ_CNT, 0, 1, NOW);
        if (i % 5 == 0) stick_remove(t, e);
        if (i % 64 == 0) stick_reap(t, 10, NOW + i / 8);
        stick_unref(t, e);
    }
    return NULL;
}

static void do_nothing(struct stick_entry *e, void *arg)
{
    (void)e;
    (void)arg;
}

static void entries_come_and_go_in_threads(void **state)
{
    static const uint32_t sizes[] = { 50, 1500 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct stick_conf conf = conf_of(SAMPLE_SINT, sizes[i], 300);
        struct stick_table *t;
        struct stick_walk w;
        store(&conf, STICK_HTTP_REQ_CNT, 1, 0);
        t = begin(&conf);
        in_threads(churn, t);
        assert_in_range(stick_used(t, NOW), 1, sizes[i]);
        stick_walk_begin(&w, t, NOW);
        while (stick_walk_on(&w, 50, NOW, do_nothing, NULL)) {
        }
        stick_walk_end(&w);
        stick_reap(t, 100000, NOW + 1000000);
        assert_int_equal(stick_used(t, NOW + 1000000), 0);
        stick_table_unref(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_found_by_its_key),
        cmocka_unit_test(strings_are_cut_at_the_key_length),
        cmocka_unit_test(binary_keys_are_padded),
        cmocka_unit_test(samples_are_cast_to_the_type_of_the_table),
        cmocka_unit_test(an_entry_expires),
        cmocka_unit_test(a_touch_prolongs_its_life),
        cmocka_unit_test(what_is_made_after_expiry_is_new),
        cmocka_unit_test(what_is_tracked_does_not_expire),
        cmocka_unit_test(an_entry_that_was_removed_can_still_be_read),
        cmocka_unit_test(the_clock_of_another_worker_may_be_behind),
        cmocka_unit_test(reaping_is_bounded),
        cmocka_unit_test(a_full_table_gives_up_its_oldest),
        cmocka_unit_test(what_is_tracked_is_not_given_up),
        cmocka_unit_test(what_is_read_is_given_up_last),
        cmocka_unit_test(nopurge_refuses),
        cmocka_unit_test(a_sharded_table_holds_exactly_its_size),
        cmocka_unit_test(fullness_is_news_once_a_minute),
        cmocka_unit_test(many_entries_are_all_found),
        cmocka_unit_test(a_table_outlives_configurations),
        cmocka_unit_test(another_layout_starts_empty),
        cmocka_unit_test(a_smaller_table_sheds_its_entries),
        cmocka_unit_test(a_walk_sees_every_entry_once),
        cmocka_unit_test(a_walk_is_in_the_order_of_keys),
        cmocka_unit_test(a_context_recalls_its_last_entry),
        cmocka_unit_test(counts_are_exact_in_threads),
        cmocka_unit_test(entries_come_and_go_in_threads),
    };

    return cmocka_run_group_tests_name("stick_table", tests, setup, teardown);
}
