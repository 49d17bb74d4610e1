/* SPDX-License-Identifier: Apache-2.0 */
/* clear counters [all]. Workers own what they count: each clears its own. Management manual:
 * section 9.3. */
#include "gateway/worker_call.h"
#include "ops/api.h"
#include "ops/session_commands.h"

#include <stdlib.h>
#include <syslog.h>

struct clearing {
    struct worker_call call;
    struct api_call *asked_by;
    bool all;
};

/* ---- on workers ---- */

static void clear_proxy(const struct proxy_conf *p, unsigned worker, bool all)
{
    counters_forget(&p->state->fe_counters[worker].c, all);
    counters_forget(&p->state->be_counters[worker].c, all);
    for (unsigned i = 0; p->be && i < p->be->n_servers; i++)
        counters_forget(&p->be->servers[i]->state->counters[worker].c, all);
}

static bool clear_worker(struct worker_call *call, struct gate *g)
{
    struct clearing *c = container_of(call, struct clearing, call);

    for (unsigned i = 0; i < g->snapshot->n_proxies; i++)
        if (g->snapshot->proxies[i]->state)
            clear_proxy(g->snapshot->proxies[i], g->worker.id, c->all);
    counters_forget(g->totals, false);
    if (c->all) atomic_store_explicit(&g->worker.n_turns, 0, memory_order_relaxed);
    return true;
}

/* ---- control thread ---- */

static void forget_most(struct gauge *g)
{
    atomic_store_explicit(&g->max, 0, memory_order_relaxed);
}

static void forget(counter_t *c)
{
    atomic_store_explicit(c, 0, memory_order_relaxed);
}

static void clear_server(struct server *s, bool all)
{
    forget_most(&s->sessions);
    if (!all) return;
    forget(&s->st.failed_checks);
    forget(&s->st.downs);
    forget(&s->hanafail);
}

static void clear_gauges(struct engine *e, bool all)
{
    for (unsigned i = 0; i < e->current->n_proxies; i++) {
        const struct proxy_conf *p = e->current->proxies[i];

        if (!p->state) continue;
        forget_most(&p->state->fe_sessions);
        forget_most(&p->state->be_sessions);
        queue_forget_longest(p->state->queue);
        if (all) forget(&p->state->st.downs);
        for (unsigned k = 0; p->be && k < p->be->n_servers; k++)
            clear_server(p->be->servers[k]->state, all);
    }
}

static void home(struct worker_call *call)
{
    struct clearing *c = container_of(call, struct clearing, call);

    clear_gauges(call->engine, c->all);
    c->asked_by->wake(c->asked_by);
}

static void end(struct worker_call *call)
{
    free(container_of(call, struct clearing, call));
}

static void release(struct api_call *c)
{
    struct clearing *k = c->state;

    c->state = NULL;
    worker_call_leave(&k->call);
}

static enum api_progress run_clear(struct api_call *c)
{
    struct clearing *k = c->state;

    if (k) return k->call.away ? API_WORK : API_DONE;
    k = mem_zero(sizeof *k);
    k->asked_by = c;
    k->all = c->n_args && strcmp(c->args[0], "all") == 0;
    k->call.work = clear_worker;
    k->call.home = home;
    k->call.free = end;
    c->state = k;
    c->release = release;
    worker_call_init(&k->call, c->api->engine);
    worker_call_go(&k->call);
    return API_WORK;
}

static enum api_level level_of(const struct api_call *c)
{
    return c->n_args && strcmp(c->args[0], "all") == 0 ? API_ADMIN : API_OPERATOR;
}

static enum api_progress run_checked(struct api_call *c)
{
    if (c->session->level < level_of(c)) return api_say(c, LOG_ERR, "Permission denied\n");
    return run_clear(c);
}

static const struct api_command rows[] = {
    { "clear counters", "[all]", "forget the highest values, or all that was counted", API_OPERATOR,
      run_checked, false },
};

const struct api_commands clear_commands = API_COMMANDS(rows);
