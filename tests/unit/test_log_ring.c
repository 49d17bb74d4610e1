/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log_ring.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

static struct log_ring *ring_new(size_t bytes, struct log_bell *bell)
{
    struct log_ring *r = mem_zero_aligned(sizeof *r);
    *bell = (struct log_bell){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    log_ring_init(r, bytes, bell);
    return r;
}

static void ring_free(struct log_ring *r)
{
    close(r->bell->fd);
    log_ring_release(r);
    free(r);
}

static bool put(struct log_ring *r, const char *text, size_t n)
{
    char *p = log_begin(r, n);
    if (!p) return false;
    memcpy(p, text, n);
    log_commit(r, n, NULL, 6, 42);
    return true;
}

static bool rung(struct log_bell *b)
{
    uint64_t n;
    return read(b->fd, &n, sizeof n) == sizeof n;
}

static void records_come_out_as_they_went_in(void **state)
{
    struct log_bell bell;
    struct log_ring *r = ring_new(1, &bell);
    struct log_route *route = (struct log_route *)&bell; /* only passed through */
    struct log_record *m;
    (void)state;

    assert_int_equal(r->size, LOG_RING_LEAST);
    assert_false(log_ring_look(r));
    assert_null(log_ring_read(r));
    memcpy(log_begin(r, 100), "one", 3);
    log_commit(r, 3, route, 3, 1234567);
    assert_non_null(log_begin(r, 1000)); /* not committed: as if it had not been */
    assert_true(put(r, "", 0));
    assert_null(log_ring_read(r)); /* not looked yet */
    assert_true(log_ring_look(r));
    m = log_ring_read(r);
    assert_int_equal(m->length, 3);
    assert_memory_equal(m->text, "one", 3);
    assert_ptr_equal(m->route, route);
    assert_int_equal(m->level, 3);
    assert_int_equal(m->time, 1234567);
    assert_int_equal(log_ring_read(r)->length, 0);
    assert_null(log_ring_read(r));
    log_ring_done(r);
    assert_int_equal(log_ring_dropped(r), 0);
    assert_false(rung(&bell)); /* it was awake all the time */
    ring_free(r);
}

static void a_full_ring_drops_and_counts(void **state)
{
    struct log_bell bell;
    struct log_ring *r = ring_new(4096, &bell);
    char text[200];
    unsigned sent = 0, received = 0;
    (void)state;

    memset(text, 'x', sizeof text);
    while (put(r, text, sizeof text)) sent++;
    assert_true(sent >= 4096 / (sizeof text + 40));
    assert_int_equal(log_ring_dropped(r), 1);
    assert_false(put(r, text, sizeof text));
    assert_int_equal(log_ring_dropped(r), 2);
    log_ring_look(r);
    while (log_ring_read(r)) received++;
    assert_int_equal(sent, received);
    assert_false(put(r, text, sizeof text)); /* the room is not given back yet */
    log_ring_done(r);
    assert_true(put(r, text, sizeof text));
    /* What can't be sure to fit into an empty ring is refused whatever the fill. */
    assert_null(log_begin(r, 4096 / 3 + 1));
    assert_null(log_begin(r, SIZE_MAX));
    assert_int_equal(log_ring_dropped(r), 5);
    ring_free(r);
}

static void the_end_of_the_ring_tears_nothing(void **state)
{
    struct log_bell bell;
    struct log_ring *r = ring_new(4096, &bell);
    unsigned seed = 1;
    (void)state;

    /* All positions and lengths, many times round; the largest always fits into the empty ring. */
    for (unsigned i = 0; i < 20000; i++) {
        char text[4096 / 3];
        size_t n = (seed = seed * 1103515245 + 12345) % (sizeof text + 1);
        struct log_record *m;

        memset(text, 'a' + i % 26, n);
        assert_true(put(r, text, n));
        assert_true(log_ring_look(r));
        m = log_ring_read(r);
        assert_int_equal(m->length, n);
        assert_memory_equal(m->text, text, n);
        assert_true((char *)m + m->size <= r->bytes + r->size);
        assert_null(log_ring_read(r));
        log_ring_done(r);
    }
    assert_int_equal(log_ring_dropped(r), 0);
    ring_free(r);
}

static void the_bell_rings_when_it_must(void **state)
{
    struct log_bell bell;
    struct log_ring *r = ring_new(4096, &bell);
    char text[100] = { 0 };
    (void)state;

    atomic_store(&bell.state, LOG_ASLEEP);
    put(r, "x", 1);
    assert_true(rung(&bell));
    assert_int_equal(atomic_load(&bell.state), LOG_AWAKE);
    put(r, "x", 1);
    assert_false(rung(&bell)); /* once is enough */

    atomic_store(&bell.state, LOG_NAPPING);
    while (r->head - r->tail + log_record_size(sizeof text) <= r->size / 2) {
        put(r, text, sizeof text);
        assert_false(rung(&bell));
    }
    put(r, text, sizeof text);
    assert_true(rung(&bell)); /* half full: no time for naps */

    /* A producer's old notion of the tail does not make it ring. */
    log_ring_look(r);
    while (log_ring_read(r)) continue;
    log_ring_done(r);
    atomic_store(&bell.state, LOG_NAPPING);
    put(r, text, sizeof text);
    assert_false(rung(&bell));
    ring_free(r);
}

/* --- two threads --- */

enum { STRESS = 200000, ROUNDS = 200000 };

struct stress {
    struct log_ring *ring;
    unsigned long sent;
    _Atomic bool over;
};

/* Records of changing length, filled with their number. */
static void *produce(void *arg)
{
    struct stress *s = arg;

    for (unsigned i = 0; i < STRESS; i++) {
        uint32_t words = i % 61;
        char *p = log_begin(s->ring, 61 * sizeof i);
        if (!p) {
            if (i % 8 == 0) sched_yield();
            continue;
        }
        for (uint32_t k = 0; k < words; k++) memcpy(p + k * sizeof i, &i, sizeof i);
        log_commit(s->ring, words * sizeof i, NULL, (int)(i % 8), i);
        s->sent++;
    }
    atomic_store(&s->over, true);
    log_bell_ring(s->ring->bell);
    return NULL;
}

/* Sleeps by the rules whenever there is nothing, for ever: if a wake-up got lost, the test would
 * hang (and so poll gets a bound, and the test fails). */
static void sleep_until_rung(struct log_ring *r, _Atomic bool *over)
{
    struct pollfd p = { .fd = r->bell->fd, .events = POLLIN };

    atomic_store(&r->bell->state, LOG_ASLEEP);
    if (!log_ring_look(r) && !atomic_load(over)) assert_int_equal(poll(&p, 1, 20000), 1);
    atomic_store(&r->bell->state, LOG_AWAKE);
    rung(r->bell);
}

static void check_record(const struct log_record *m)
{
    uint32_t number = (uint32_t)m->time, word;

    assert_int_equal(m->length, number % 61 * sizeof word);
    assert_int_equal(m->level, number % 8);
    for (uint32_t k = 0; k < m->length / sizeof word; k++) {
        memcpy(&word, m->text + k * sizeof word, sizeof word);
        assert_int_equal(word, number);
    }
}

static void sent_is_received_plus_dropped(void **state)
{
    static const size_t sizes[] = { 4096, 65536 };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct log_bell bell;
        struct stress s = { .ring = ring_new(sizes[i], &bell) };
        unsigned long received = 0;
        usec_t last = 0;
        pthread_t producer;

        pthread_create(&producer, NULL, produce, &s);
        for (;;) {
            bool over = atomic_load(&s.over);
            if (!log_ring_look(s.ring)) {
                if (over) break;
                sleep_until_rung(s.ring, &s.over);
                continue;
            }
            for (struct log_record *m; (m = log_ring_read(s.ring));) {
                check_record(m);
                assert_true(received == 0 || m->time > last);
                last = m->time;
                if (++received % 16 == 0) log_ring_done(s.ring);
            }
            log_ring_done(s.ring);
        }
        pthread_join(producer, NULL);
        assert_int_equal(received, s.sent);
        assert_int_equal(s.sent + log_ring_dropped(s.ring), STRESS);
        ring_free(s.ring);
    }
}

/* Commits one record at a time, as soon as the consumer is done with the last one and so is about
 * to sleep: the moment in which a wake-up could get lost. A weaker order of memory in log_commit
 * shows here, in some runs. */
static void *produce_one_by_one(void *arg)
{
    struct stress *s = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned turns = 0;
        while (atomic_load_explicit(&s->ring->tail, memory_order_relaxed) != s->ring->head)
            if (++turns % 500 == 0) sched_yield(); /* there may be one processor for both */
        put(s->ring, "x", 1);
    }
    atomic_store(&s->over, true);
    log_bell_ring(s->ring->bell);
    return NULL;
}

static void no_wake_up_is_lost(void **state)
{
    struct log_bell bell;
    struct stress s = { .ring = ring_new(4096, &bell) };
    unsigned received = 0;
    pthread_t producer;
    (void)state;

    pthread_create(&producer, NULL, produce_one_by_one, &s);
    while (received < ROUNDS) {
        sleep_until_rung(s.ring, &s.over);
        for (log_ring_look(s.ring); log_ring_read(s.ring);) received++;
        log_ring_done(s.ring);
    }
    pthread_join(producer, NULL);
    ring_free(s.ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_as_they_went_in),
        cmocka_unit_test(a_full_ring_drops_and_counts),
        cmocka_unit_test(the_end_of_the_ring_tears_nothing),
        cmocka_unit_test(the_bell_rings_when_it_must),
        cmocka_unit_test(sent_is_received_plus_dropped),
        cmocka_unit_test(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
