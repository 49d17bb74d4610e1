/* SPDX-License-Identifier: Apache-2.0 */
/* Turns that are made anew while workers take them: nothing that they look at is freed too early,
 * and what they choose could be used a moment before. */
#include "upstream/backend.h"
#include "upstream/keeper.h"

#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { WORKERS = 2, SERVERS = 3, CHANGES = 400, A_TURN = 50 };

static struct objects all;
static struct keeper keeper;
static struct worker control;
static struct arena arena;
static struct proxy_conf proxy;
static struct backend_conf be;
static struct server_conf confs[SERVERS], *list[SERVERS];

struct chooser {
    struct worker worker;
    struct message again;
    atomic_bool stop;
    _Atomic uint64_t n[SERVERS], none;
};

static struct chooser choosers[WORKERS];

/* Some choices, and then again in the next turn, so that messages get through. */
static void take_turns(struct message *m, struct worker *w)
{
    struct chooser *c = container_of(m, struct chooser, again);

    for (unsigned i = 0; i < A_TURN; i++) {
        const struct server_conf *s;

        if (backend_choose(&be, NULL, &s) != BALANCE_CHOSEN) {
            c->none++;
            continue;
        }
        c->n[s - confs]++;
        server_slot_release(s->state);
    }
    if (atomic_load(&c->stop))
        worker_stop(w);
    else
        worker_send(w, m);
}

static void build(void)
{
    static const char *const names[SERVERS] = { "a", "b", "c" };

    objects_init(&all);
    arena_init(&arena, NULL);
    assert_int_equal(worker_init(&control, WORKERS, 4096), 0);
    keeper_init(&keeper, &control, NULL);
    proxy = (struct proxy_conf){ .name = "be", .be = &be };
    proxy.state = proxy_get(&all, "be", WORKERS);
    be = (struct backend_conf){
        .proxy = &proxy, .servers = list, .n_servers = SERVERS, .algorithm = &balance_roundrobin
    };
    for (unsigned i = 0; i < SERVERS; i++) {
        confs[i] = (struct server_conf){ .name = names[i], .weight = 1, .backend = &be };
        confs[i].state = server_get(&all, "be", names[i], &proxy.state->object, proxy.state->queue,
                                    WORKERS);
        list[i] = &confs[i];
    }
    be.balance = backend_prepare(&be, &arena);
    for (unsigned i = 0; i < SERVERS; i++) server_adopt(&keeper, &confs[i]);
    backend_adopt(&keeper, &be);
}

static void demolish(void)
{
    backend_abandon(&keeper, &be);
    for (unsigned i = 0; i < SERVERS; i++) {
        server_abandon(confs[i].state);
        object_unref(&confs[i].state->object);
    }
    object_unref(&proxy.state->object);
    keeper_release(&keeper);
    worker_release(&control);
    assert_int_equal(all.by_name.n, 0);
    objects_release(&all);
    arena_release(&arena);
}

static void start(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(worker_init(&choosers[i].worker, i, 4096), 0);
        keeper_join(&keeper, &choosers[i].worker);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(worker_start(&choosers[i].worker, "chooser"), 0);
        choosers[i].again.deliver = take_turns;
        worker_send(&choosers[i].worker, &choosers[i].again);
    }
}

static void stop(void)
{
    for (unsigned i = 0; i < WORKERS; i++) atomic_store(&choosers[i].stop, true);
    for (unsigned i = 0; i < WORKERS; i++) pthread_join(choosers[i].worker.thread, NULL);
    keeper_stop(&keeper);
    for (unsigned i = 0; i < WORKERS; i++) worker_release(&choosers[i].worker);
}

static void change(unsigned i)
{
    static void (*const changes[])(struct server *) = { server_set_drain, server_set_ready,
                                                        server_set_maint, server_set_ready };

    changes[i % ARRAY_LEN(changes)](confs[0].state);
    server_set_weight(confs[1].state, i % 256);
    usleep(50);
}

static void turns_change_under_their_users(void **state)
{
    uint64_t n[SERVERS] = { 0 };

    (void)state;
    build();
    start();
    for (unsigned i = 0; i < CHANGES; i++) change(i);
    stop();
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(choosers[i].none, 0); /* c was there all the time */
        for (unsigned k = 0; k < SERVERS; k++) n[k] += choosers[i].n[k];
    }
    for (unsigned k = 0; k < SERVERS; k++) assert_true(n[k] > 0);
    for (unsigned k = 0; k < SERVERS; k++)
        assert_int_equal(gauge_now(&confs[k].state->sessions), 0);
    demolish();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(turns_change_under_their_users) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
