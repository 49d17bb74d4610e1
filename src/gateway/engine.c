/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine.h"
#include "gateway/frontend_status.h"
#include "gateway/health.h"
#include "gateway/stick_tables.h"
#include "policy/match.h"
#include "gateway/session.h"
#include "gateway/worker_call.h"

#include <stdio.h>
#include <stdlib.h>

/* What the control thread tells a worker. Freed by the worker. */
struct order {
    struct message message;
    struct snapshot *snapshot;
};

static void give_order(struct gate *g, void (*deliver)(struct message *, struct worker *),
                       struct snapshot *snapshot)
{
    struct order *o = mem_zero(sizeof *o);
    o->message.deliver = deliver;
    o->snapshot = snapshot;
    worker_send(&g->worker, &o->message);
}

/* ---- snapshots ---- */

static void release_snapshot(struct message *m, struct worker *control)
{
    struct snapshot *s = container_of(m, struct snapshot, release);
    struct engine *e = control->user;

    snapshot_free(s);
    atomic_fetch_sub_explicit(&e->live_snapshots, 1, memory_order_relaxed);
}

void snapshot_unref(struct engine *e, struct snapshot *s)
{
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1) return;
    s->release.deliver = release_snapshot;
    worker_send(e->control, &s->release);
}

static void unpin_whole(struct gate *g, struct pinned *p)
{
    list_remove(&p->link);
    snapshot_unref(g->engine, p->snapshot);
    free(p);
}

void snapshot_unpin(struct gate *g, struct pinned *p)
{
    if (--p->requests == 0 && p != g->pinned) unpin_whole(g, p);
}

/* Within a turn: listeners of the old snapshot may still have events in this batch. */
static void bury_pinned(struct grave *grave, struct worker *w)
{
    unpin_whole(gate_of(w), container_of(grave, struct pinned, grave));
}

static const struct bind_conf *bind_at(const struct snapshot *s, unsigned slot)
{
    return s && slot < s->n_slots ? s->by_slot[slot] : NULL;
}

/* Begins to accept for what is new in `to`, and ends it for what is only in `from`. */
static void switch_listeners(struct gate *g, const struct snapshot *from, const struct snapshot *to)
{
    unsigned n = from && from->n_slots > to->n_slots ? from->n_slots : to->n_slots;

    for (unsigned i = 0; i < n; i++) {
        const struct bind_conf *was = bind_at(from, i), *is = bind_at(to, i);
        if (was && (!is || is->listener != was->listener)) listener_stop(was->listener, &g->worker);
        if (is && (!was || is->listener != was->listener) && !g->draining)
            listener_start(is->listener, &g->worker);
        if (is && was && is->listener == was->listener)
            listener_resume(is->listener, &g->worker); /* limits may have changed */
        if (is && !g->draining) frontend_obey(is, &g->worker);
    }
}

/* Connections whose bind is gone serve what is under way, and then end. */
static void drain_homeless(struct gate *g)
{
    list_each(l, &g->sessions)
    {
        struct session *s = list_entry(l, struct session, link);
        if (!session_bind(s)) s->ops->drain(s);
    }
}

static void take_snapshot(struct message *m, struct worker *w)
{
    struct order *o = container_of(m, struct order, message);
    struct gate *g = gate_of(w);
    struct pinned *before = g->pinned, *fresh = mem_zero(sizeof *fresh);

    list_init(&fresh->link);
    fresh->snapshot = o->snapshot;
    g->pinned = fresh;
    g->snapshot = o->snapshot;
    atomic_store_explicit(&g->generation, g->snapshot->generation, memory_order_release);
    switch_listeners(g, before ? before->snapshot : NULL, g->snapshot);
    if (before) {
        list_append(&g->old, &before->link);
        if (before->requests == 0) worker_bury(w, &before->grave, bury_pinned);
        drain_homeless(g);
    }
    free(o);
}

/* What was set at run time stays where the file says what it said before. */
static void apply_limits(struct engine *e, const struct snapshot *s, const struct snapshot *before)
{
    const struct global_conf *g = &s->global;

    if (!before || before->global.maxconn != g->maxconn)
        atomic_store_explicit(&e->maxconn, g->maxconn, memory_order_relaxed);
    accept_rate_adopt(&e->connection_limit, g->connection_rate);
    accept_rate_adopt(&e->session_limit, g->session_rate);
    descriptors_set_marks(&e->descriptors, g->descriptors, g->own_descriptors, g->pool_low_ratio,
                          g->pool_high_ratio);
}

/* ---- servers ---- */

static void each_backend(struct engine *e, const struct snapshot *s,
                         void (*fn)(struct keeper *, const struct backend_conf *))
{
    for (unsigned i = 0; s && i < s->n_proxies; i++)
        if (s->proxies[i]->be) fn(&e->keeper, s->proxies[i]->be);
}

static void adopt_servers(struct keeper *k, const struct backend_conf *be)
{
    for (unsigned i = 0; i < be->n_servers; i++) server_adopt(k, be->servers[i]);
}

static void follow_tracked(struct keeper *k, const struct backend_conf *be)
{
    (void)k;
    for (unsigned i = 0; i < be->n_servers; i++) server_follow(be->servers[i]->state);
}

/* Slots follow the newest configuration at once. */
static void offer_slots(struct keeper *k, const struct backend_conf *be)
{
    (void)k;
    for (unsigned i = 0; i < be->n_servers; i++) server_slots_offer(be->servers[i]->state);
}

/* What is not in the new configuration any more. */
static void abandon_servers(struct keeper *k, const struct backend_conf *be)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->state->st.conf == be->servers[i]) server_abandon(be->servers[i]->state);
    backend_abandon(k, be);
}

void engine_adopt(struct engine *e, const struct snapshot *fresh, const struct snapshot *before)
{
    each_backend(e, fresh, adopt_servers);
    each_backend(e, fresh, follow_tracked);
    each_backend(e, fresh, backend_adopt);
    each_backend(e, before, abandon_servers);
    each_backend(e, fresh, offer_slots);
}

static void tend_tables(struct timer *t)
{
    struct engine *e = container_of(t, struct engine, tables);
    msec_t now = e->control->now;
    unsigned again = stick_tables_tend(e, now);

    if (again) timer_set(&e->control->timers, t, now + again);
}

void engine_swap(struct engine *e, struct snapshot *fresh)
{
    struct snapshot *before = atomic_load_explicit(&e->current, memory_order_relaxed);

    if (fresh->patterns) pattern_sets_adopt(fresh->patterns, &e->objects);
    stick_tables_adopt(e, fresh);
    global_variables_set(e, fresh, before);
    fresh->generation = before ? before->generation + 1 : 1;
    atomic_init(&fresh->refs, e->n_workers + 1);
    atomic_fetch_add_explicit(&e->live_snapshots, 1, memory_order_relaxed);
    apply_limits(e, fresh, before);
    for (unsigned i = 0; i < fresh->n_proxies; i++)
        if (fresh->proxies[i]->fe && fresh->proxies[i]->state)
            frontend_adopt(fresh->proxies[i]->fe);
    engine_adopt(e, fresh, before);
    health_adopt(e, fresh);
    atomic_store_explicit(&e->current, fresh, memory_order_release);
    for (unsigned i = 0; i < e->n_workers; i++) give_order(&e->gates[i], take_snapshot, fresh);
    if (before) snapshot_unref(e, before);
    tend_tables(&e->tables);
}

/* ---- accepting again ---- */

void gate_resume_accepting(struct gate *g)
{
    if (!g->snapshot) return; /* it begins with all of them */
    for (unsigned i = 0; !g->draining && i < g->snapshot->n_slots; i++)
        if (g->snapshot->by_slot[i]) listener_resume(g->snapshot->by_slot[i]->listener, &g->worker);
}

static void resume(struct message *m, struct worker *w)
{
    struct gate *g = container_of(m, struct gate, resume);

    (void)w;
    atomic_store(&g->resuming, false); /* before the limits are looked at */
    gate_resume_accepting(g);
}

static void accept_later(struct timer *t)
{
    gate_resume_accepting(container_of(t, struct gate, accept_later));
}

void engine_limits_changed(struct engine *e)
{
    for (unsigned i = 0; i < e->n_workers; i++) {
        struct gate *to = &e->gates[i];
        if (atomic_exchange(&to->resuming, true)) continue;
        to->resume.deliver = resume;
        worker_send(&to->worker, &to->resume);
    }
}

void engine_resume_accepting(struct gate *g)
{
    struct engine *e = g->engine;

    if (atomic_load(&e->full) && atomic_exchange(&e->full, false)) engine_limits_changed(e);
}

/* ---- drain and stop ---- */

static void drain(struct message *m, struct worker *w)
{
    struct gate *g = gate_of(w);

    free(container_of(m, struct order, message));
    g->draining = true;
    for (unsigned i = 0; i < g->snapshot->n_slots; i++)
        if (g->snapshot->by_slot[i]) listener_stop(g->snapshot->by_slot[i]->listener, w);
    list_each(l, &g->sessions)
    {
        struct session *s = list_entry(l, struct session, link);
        s->ops->drain(s);
    }
}

void engine_begin_stop(struct engine *e)
{
    atomic_store_explicit(&e->stopping, true, memory_order_relaxed);
}

void engine_drain(struct engine *e)
{
    if (atomic_exchange(&e->draining, true)) return;
    for (unsigned i = 0; i < e->n_workers; i++) give_order(&e->gates[i], drain, NULL);
}

bool engine_idle(const struct engine *e)
{
    return gauge_now(&e->connections) == 0;
}

static void stop_pool(struct object *o, void *arg)
{
    struct worker *w = arg;
    server_pool_stop(&container_of(o, struct server, object)->pools[w->id]);
}

static void stop(struct message *m, struct worker *w)
{
    struct gate *g = gate_of(w);

    free(container_of(m, struct order, message));
    if (!g->draining)
        for (unsigned i = 0; i < g->snapshot->n_slots; i++)
            if (g->snapshot->by_slot[i]) listener_stop(g->snapshot->by_slot[i]->listener, w);
    g->draining = true;
    list_each(l, &g->sessions)
    {
        struct session *s = list_entry(l, struct session, link);
        s->ops->kill(s);
    }
    objects_each(&g->engine->objects, "server", stop_pool, w);
    worker_stop(w);
}

void engine_stop(struct engine *e)
{
    for (unsigned i = 0; i < e->n_workers; i++) give_order(&e->gates[i], stop, NULL);
    for (unsigned i = 0; i < e->n_workers; i++) pthread_join(e->gates[i].worker.thread, NULL);
    checker_stop(&e->checker);
    keeper_stop(&e->keeper);
    for (unsigned i = 0; i < e->n_workers; i++) unpin_whole(&e->gates[i], e->gates[i].pinned);
    each_backend(e, e->current, abandon_servers);
    if (e->current) snapshot_unref(e, e->current);
    e->current = NULL;
    timer_cancel(&e->control->timers, &e->tables);
}

/* ---- life ---- */

void engine_init(struct engine *e, struct worker *control, struct log_writer *logs)
{
    memset(e, 0, sizeof *e);
    e->control = control;
    control->user = e;
    e->logs = logs;
    e->started = clock_usec();
    e->started_wall = clock_wall_usec();
    objects_init(&e->objects);
    list_init(&e->calls);
    accept_rate_init(&e->connection_limit);
    accept_rate_init(&e->session_limit);
    timer_init(&e->tables, tend_tables);
    e->var_names = var_names_new();
    vars_process_init(&e->proc_vars);
    descriptors_init(&e->descriptors);
    keeper_init(&e->keeper, control, logs);
    checker_init(&e->checker, control);
}

int engine_add_workers(struct engine *e, unsigned n, uint32_t bufsize)
{
    e->n_workers = n;
    e->gates = mem_zero_aligned(n * sizeof *e->gates);
    e->totals = counters_new(n);
    for (unsigned i = 0; i < n; i++) {
        struct gate *g = &e->gates[i];
        int rc = worker_init(&g->worker, i, bufsize);

        if (rc) return rc;
        g->engine = e;
        descriptors_join(&e->descriptors, &g->worker);
        keeper_join(&e->keeper, &g->worker);
        g->totals = &e->totals[i].c;
        rate_link(&g->worker.sent.rate, &e->control->sent.rate);
        g->fields = mem_alloc(FIELDS_MAX * sizeof *g->fields);
        timer_init(&g->accept_later, accept_later);
        list_init(&g->sessions);
        list_init(&g->cursors);
        list_init(&g->old);
        g->worker.log = log_ring_new(e->logs, LOG_RING_DEFAULT);
    }
    return 0;
}

int engine_start(struct engine *e)
{
    for (unsigned i = 0; i < e->n_workers; i++) {
        char name[16];
        int rc;

        snprintf(name, sizeof name, "worker %u", i % 1000);
        rc = worker_start(&e->gates[i].worker, name);
        if (rc) return rc;
    }
    return 0;
}

void engine_release(struct engine *e)
{
    worker_calls_release(e);
    accept_rate_release(&e->connection_limit);
    accept_rate_release(&e->session_limit);
    for (unsigned i = 0; e->gates && i < e->n_workers; i++) {
        worker_release(&e->gates[i].worker);
        free(e->gates[i].fields);
    }
    free(e->gates);
    free(e->totals);
    var_names_free(e->var_names);
    vars_process_release(&e->proc_vars);
    keeper_release(&e->keeper);
    objects_release(&e->objects);
}
