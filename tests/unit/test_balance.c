/* SPDX-License-Identifier: Apache-2.0 */
/* Round robin, slots and the queue, as several workers use them. */
#include "upstream/backend.h"
#include "upstream/keeper.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { SERVERS = 12, WORKERS = 2 };

static struct objects all;
static struct keeper keeper;
static struct arena arena;
static struct proxy_conf proxy;
static struct backend_conf be;
static struct server_conf confs[SERVERS], *list[SERVERS];

static void build(const unsigned *weights, unsigned n, unsigned maxconn)
{
    objects_init(&all);
    arena_init(&arena, NULL);
    memset(&proxy, 0, sizeof proxy);
    proxy.name = "be";
    proxy.state = proxy_get(&all, "be", WORKERS);
    be = (struct backend_conf){ .proxy = &proxy, .servers = list, .n_servers = n };
    for (unsigned i = 0; i < n; i++) {
        static const char *const names[SERVERS] = { "a", "b", "c", "d", "e", "f",
                                                    "g", "h", "i", "j", "k", "l" };
        confs[i] = (struct server_conf){
            .name = names[i], .weight = weights[i], .backend = &be, .maxconn = maxconn
        };
        confs[i].state = server_get(&all, "be", names[i], &proxy.state->object, proxy.state->queue,
                                    WORKERS);
        list[i] = &confs[i];
    }
    be.algorithm = &balance_roundrobin;
    be.balance = backend_prepare(&be, &arena);
    for (unsigned i = 0; i < n; i++) server_adopt(&keeper, &confs[i]);
    backend_adopt(&keeper, &be);
}

static void demolish(void)
{
    backend_abandon(&keeper, &be);
    for (unsigned i = 0; i < be.n_servers; i++) {
        server_abandon(confs[i].state);
        object_unref(&confs[i].state->object);
    }
    object_unref(&proxy.state->object);
    assert_int_equal(all.by_name.n, 0); /* nothing was kept alive by mistake */
    objects_release(&all);
    arena_release(&arena);
}

/* The choices as letters. */
static const char *choices(unsigned n)
{
    static char text[65];

    for (unsigned i = 0; i < n; i++) {
        const struct server_conf *s;
        text[i] = backend_choose(&be, NULL, &s) == BALANCE_CHOSEN ? s->name[0] : '-';
    }
    text[n] = '\0';
    return text;
}

static void turns_follow_the_weights(void **state)
{
    (void)state;
    build((const unsigned[]){ 1, 1, 1 }, 3, 0);
    assert_string_equal(choices(6), "abcabc");
    demolish();
    build((const unsigned[]){ 3, 1 }, 2, 0);
    assert_string_equal(choices(8), "aabaaaba");
    demolish();
    build((const unsigned[]){ 200, 100, 0 }, 3, 0);
    assert_string_equal(choices(6), "abaaba");
    demolish();
    build((const unsigned[]){ 0, 0 }, 2, 0);
    assert_string_equal(choices(2), "--");
    demolish();
}

/* The order by its definition: each turn gives everybody his weight, and takes the sum of all from
 * whoever has most. */
static unsigned by_definition(const unsigned *weights, unsigned n, long *credit)
{
    long sum = 0;
    unsigned best = 0;

    for (unsigned k = 0; k < n; k++) {
        credit[k] += weights[k];
        sum += weights[k];
        if (credit[k] > credit[best] || !weights[best]) best = k;
    }
    credit[best] -= sum;
    return best;
}

static void the_order_is_the_smooth_one(void **state)
{
    static const unsigned weights[][SERVERS] = {
        { 5, 1, 1 },
        { 1, 5, 1, 0, 2 },
        { 7, 7, 3, 3, 3, 1 },
        { 1, 2, 1, 2, 1, 2, 3, 3, 3, 256, 255, 1 },
        { 100, 50, 25, 100, 50, 25, 10, 10, 10, 10, 10, 10 },
        { 256, 255, 254, 253, 1, 2, 3, 4, 128, 127, 64, 63 },
        { 13, 0, 13, 13, 0, 26, 39, 13, 26, 0, 13, 39 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(weights); i++) {
        long credit[SERVERS] = { 0 };

        build(weights[i], SERVERS, 0);
        for (unsigned k = 0; k < 3000; k++) {
            const struct server_conf *s;
            assert_int_equal(backend_choose(&be, NULL, &s), BALANCE_CHOSEN);
            assert_int_equal(s - confs, by_definition(weights[i], SERVERS, credit));
        }
        demolish();
    }
}

static void a_full_server_is_passed_over(void **state)
{
    const struct server_conf *s;

    (void)state;
    build((const unsigned[]){ 1, 1 }, 2, 2);
    assert_string_equal(choices(4), "abab");
    assert_int_equal(backend_choose(&be, NULL, &s), BALANCE_FULL);
    server_slot_release(confs[1].state);
    assert_string_equal(choices(1), "b");
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) server_slot_release(confs[k].state);
    assert_int_equal(gauge_now(&confs[0].state->sessions), 0);
    assert_int_equal(atomic_load(&confs[0].state->sessions.max), 2);
    demolish();
}

static void the_server_tried_is_avoided(void **state)
{
    const struct server_conf *s;

    (void)state;
    build((const unsigned[]){ 1, 1 }, 2, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(backend_choose(&be, &confs[0], &s), BALANCE_CHOSEN);
        assert_ptr_equal(s, &confs[1]);
    }
    demolish();
}

/* ---- the queue ---- */

static unsigned granted_n;
static struct server *granted_server;

static void granted(void *owner, struct server *server)
{
    (void)owner;
    granted_n++;
    granted_server = server;
}

static void turn(struct worker *w)
{
    worker_stop(w);
    worker_run(w); /* delivers what is in the inbox */
}

static void a_slot_is_passed_on(void **state)
{
    struct worker w;
    struct waiter *first, *second;
    struct queue *q;

    (void)state;
    assert_int_equal(worker_init(&w, 0, 16384), 0);
    build((const unsigned[]){ 1 }, 1, 1);
    q = proxy.state->queue;
    assert_true(server_slot_take(confs[0].state));
    first = queue_join(q, &w, &be, &w, granted);
    second = queue_join(q, &w, &be, &w, granted);
    assert_int_equal(queue_length(q), 2);
    granted_n = 0;
    server_slot_release(confs[0].state);
    turn(&w);
    assert_int_equal(granted_n, 1);
    assert_ptr_equal(granted_server, confs[0].state);
    assert_int_equal(gauge_now(&confs[0].state->sessions), 1); /* it was never free */
    assert_true(queue_leave(q, second));
    assert_int_equal(queue_length(q), 0);
    server_slot_release(confs[0].state);
    assert_int_equal(gauge_now(&confs[0].state->sessions), 0);
    assert_int_equal(queue_longest(q), 2);
    (void)first;
    demolish();
    worker_release(&w);
}

static unsigned place_of(struct queue *q, const struct waiter *m, bool alone)
{
    bool is_alone;
    unsigned place = queue_place(q, m, &is_alone);

    assert_int_equal(is_alone, alone);
    return place;
}

/* Those that wait for one server alone are counted by it, and have places of their own. */
static void places(void **state)
{
    struct server *s;
    struct worker w;
    struct waiter *m[4];
    struct queue *q;

    (void)state;
    assert_int_equal(worker_init(&w, 0, 16384), 0);
    build((const unsigned[]){ 1 }, 1, 1);
    q = proxy.state->queue;
    s = confs[0].state;
    assert_true(server_slot_take(s));
    m[0] = queue_join_for(q, &w, &be, s, &w, granted);
    m[1] = queue_join(q, &w, &be, &w, granted);
    m[2] = queue_join_for(q, &w, &be, s, &w, granted);
    m[3] = queue_join(q, &w, &be, &w, granted);
    assert_int_equal(queue_length(q), 4);
    assert_int_equal(server_waiting(s), 2);
    server_slot_release(s);
    assert_int_equal(server_waiting(s), 1);
    assert_int_equal(place_of(q, m[0], true), 1);
    assert_int_equal(place_of(q, m[2], true), 2);
    assert_int_equal(place_of(q, m[3], false), 1);
    turn(&w);
    server_slot_release(s); /* to m[1] */
    turn(&w);
    assert_int_equal(server_waiting(s), 1);
    assert_int_equal(place_of(q, m[2], true), 2);
    assert_int_equal(place_of(q, m[3], false), 2);
    assert_true(queue_leave(q, m[2]));
    assert_true(queue_leave(q, m[3]));
    assert_int_equal(server_waiting(s), 0);
    m[0] = queue_join_for(q, &w, &be, s, &w, granted);
    assert_int_equal(place_of(q, m[0], true), 1);
    assert_true(queue_leave(q, m[0]));
    server_slot_release(s);
    demolish();
    worker_release(&w);
}

/* Whoever leaves while a slot is on its way to him must not take it along. */
static void a_slot_on_its_way_comes_back(void **state)
{
    struct worker w;
    struct waiter *m;

    (void)state;
    assert_int_equal(worker_init(&w, 0, 16384), 0);
    build((const unsigned[]){ 1 }, 1, 1);
    assert_true(server_slot_take(confs[0].state));
    m = queue_join(proxy.state->queue, &w, &be, &w, granted);
    granted_n = 0;
    server_slot_release(confs[0].state);
    assert_false(queue_leave(proxy.state->queue, m));
    turn(&w);
    assert_int_equal(granted_n, 0);
    assert_int_equal(gauge_now(&confs[0].state->sessions), 0);
    demolish();
    worker_release(&w);
}

/* ---- many threads ---- */

enum { THREADS = 4, ROUNDS = 20000 };

static atomic_uint at_once, most_at_once, taken[SERVERS];

static void *hammer(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        const struct server_conf *s;
        unsigned n, most;

        if (backend_choose(&be, NULL, &s) != BALANCE_CHOSEN) continue;
        atomic_fetch_add(&taken[s - confs], 1);
        n = atomic_fetch_add(&at_once, 1) + 1;
        most = atomic_load(&most_at_once);
        while (n > most && !atomic_compare_exchange_weak(&most_at_once, &most, n)) {
        }
        atomic_fetch_sub(&at_once, 1);
        server_slot_release(s->state);
    }
    return NULL;
}

static void run_threads(void)
{
    pthread_t t[THREADS];

    memset(taken, 0, sizeof taken);
    most_at_once = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, hammer, NULL);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
}

static void threads_share_turns_exactly(void **state)
{
    (void)state;
    build((const unsigned[]){ 1, 1, 2 }, 3, 0);
    run_threads();
    assert_int_equal(taken[0], THREADS * ROUNDS / 4);
    assert_int_equal(taken[1], THREADS * ROUNDS / 4);
    assert_int_equal(taken[2], THREADS * ROUNDS / 2);
    demolish();
}

static void threads_never_exceed_maxconn(void **state)
{
    (void)state;
    build((const unsigned[]){ 1, 1 }, 2, 1);
    run_threads();
    assert_true(most_at_once <= 2);
    assert_int_equal(gauge_now(&confs[0].state->sessions), 0);
    assert_int_equal(gauge_now(&confs[1].state->sessions), 0);
    demolish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_follow_the_weights),
        cmocka_unit_test(the_order_is_the_smooth_one),
        cmocka_unit_test(a_full_server_is_passed_over),
        cmocka_unit_test(the_server_tried_is_avoided),
        cmocka_unit_test(a_slot_is_passed_on),
        cmocka_unit_test(places),
        cmocka_unit_test(a_slot_on_its_way_comes_back),
        cmocka_unit_test(threads_share_turns_exactly),
        cmocka_unit_test(threads_never_exceed_maxconn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
