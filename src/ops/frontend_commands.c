/* SPDX-License-Identifier: Apache-2.0 */
/* disable, enable, shutdown frontend; set maxconn frontend. What workers must do with its listeners
 * is done when the command ends. Management manual: section 9.3. */
#include "gateway/frontend_status.h"
#include "gateway/worker_call.h"
#include "ops/api.h"
#include "ops/session_commands.h"

#include <limits.h>
#include <stdlib.h>
#include <syslog.h>

struct frontend_call {
    struct worker_call call;
    struct api_call *asked_by;
    struct snapshot *snapshot; /* held; whose binds these are */
    const struct proxy_conf *proxy;
    bool failed;
};

static struct frontend_call *of(struct worker_call *c)
{
    return container_of(c, struct frontend_call, call);
}

/* ---- on workers ---- */

static bool obey(struct worker_call *call, struct gate *g)
{
    struct frontend_call *f = of(call);
    bool stop = frontend_status(f->proxy->state) == FRONTEND_STOPPED;

    for (const struct bind_conf *b = f->proxy->fe->binds; b && !g->draining; b = b->next) {
        if (stop)
            listener_stop(b->listener, &g->worker);
        else if (frontend_obey(b, &g->worker) < 0)
            f->failed = true;
    }
    return true;
}

/* ---- control thread ---- */

static void home(struct worker_call *call)
{
    struct api_call *c = of(call)->asked_by;
    c->wake(c);
}

static void end(struct worker_call *call)
{
    struct frontend_call *f = of(call);

    snapshot_unref(call->engine, f->snapshot);
    free(f);
}

static void release(struct api_call *c)
{
    struct frontend_call *f = c->state;

    c->state = NULL;
    worker_call_leave(&f->call);
}

static void set_status(const struct proxy_conf *p, enum frontend_status to)
{
    atomic_store_explicit(&p->state->fe_status, to, memory_order_relaxed);
}

/* Sends the workers what is to be done; the answer is due when all have done it. */
static enum api_progress change(struct api_call *c, const struct proxy_conf *p,
                                enum frontend_status to)
{
    struct frontend_call *f = mem_zero(sizeof *f);
    struct engine *e = c->api->engine;

    f->asked_by = c;
    f->proxy = p;
    f->snapshot = e->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&f->snapshot->refs, 1, memory_order_relaxed);
    f->call.work = obey;
    f->call.home = home;
    f->call.free = end;
    c->state = f;
    c->release = release;
    set_status(p, to);
    worker_call_init(&f->call, e);
    worker_call_go(&f->call);
    return API_WORK;
}

static const struct proxy_conf *find(struct api_call *c)
{
    const struct proxy_conf *p;

    if (!c->n_args) {
        api_say(c, LOG_ERR, "A frontend name is expected.\n");
        return NULL;
    }
    p = snapshot_frontend(c->api->engine->current, c->args[0]);
    if (p && !p->disabled) return p;
    api_say(c, LOG_ERR, "No such frontend.\n");
    return NULL;
}

static enum api_progress run_disable(struct api_call *c)
{
    const struct proxy_conf *p;

    if (c->state) return ((struct frontend_call *)c->state)->call.away ? API_WORK : API_DONE;
    p = find(c);
    if (!p) return API_DONE;
    switch (frontend_status(p->state)) {
    case FRONTEND_OPEN: return change(c, p, FRONTEND_PAUSED);
    case FRONTEND_PAUSED: return api_say(c, LOG_NOTICE, "All sockets are already disabled.\n");
    case FRONTEND_STOPPED: break;
    }
    return api_say(c, LOG_NOTICE, "Frontend was previously shut down, cannot disable.\n");
}

static enum api_progress finish_enable(struct api_call *c)
{
    struct frontend_call *f = c->state;

    if (f->call.away) return API_WORK;
    if (!f->failed) return API_DONE;
    set_status(f->proxy, FRONTEND_PAUSED);
    return api_say(c, LOG_ERR,
                   "Failed to resume frontend, check logs for precise cause (port conflict?).\n");
}

static enum api_progress run_enable(struct api_call *c)
{
    const struct proxy_conf *p;

    if (c->state) return finish_enable(c);
    p = find(c);
    if (!p) return API_DONE;
    switch (frontend_status(p->state)) {
    case FRONTEND_OPEN: return api_say(c, LOG_NOTICE, "All sockets are already enabled.\n");
    case FRONTEND_PAUSED: return change(c, p, FRONTEND_OPEN);
    case FRONTEND_STOPPED: break;
    }
    return api_say(c, LOG_NOTICE, "Frontend was previously shut down, cannot enable.\n");
}

/* Its listeners can't be found any more: whoever wants their addresses next opens them anew. */
static enum api_progress run_shutdown(struct api_call *c)
{
    const struct proxy_conf *p;

    if (c->state) return ((struct frontend_call *)c->state)->call.away ? API_WORK : API_DONE;
    p = find(c);
    if (!p) return API_DONE;
    if (frontend_status(p->state) == FRONTEND_STOPPED)
        return api_say(c, LOG_NOTICE, "Frontend was already shut down.\n");
    for (const struct bind_conf *b = p->fe->binds; b; b = b->next)
        object_forget(&b->listener->object);
    return change(c, p, FRONTEND_STOPPED);
}

/* As atoi: what is no number is 0, which means no limit of its own. */
static enum api_progress run_maxconn(struct api_call *c)
{
    const struct proxy_conf *p = find(c);
    long n;

    if (!p) return API_DONE;
    if (c->n_args < 2) return api_say(c, LOG_ERR, "Integer value expected.\n");
    n = strtol(c->args[1], NULL, 10);
    if (n < 0 || n > INT_MAX) return api_say(c, LOG_ERR, "Value out of range.\n");
    atomic_store_explicit(&p->state->fe_maxconn, (unsigned)n, memory_order_relaxed);
    engine_limits_changed(c->api->engine);
    return API_DONE;
}

static const struct api_command rows[] = {
    { "disable frontend", "<frontend>", "let a frontend accept no more, for a time", API_ADMIN,
      run_disable, false },
    { "enable frontend", "<frontend>", "let a frontend accept again", API_ADMIN, run_enable,
      false },
    { "set maxconn frontend", "<frontend> <number>", "change how many connections it may have",
      API_ADMIN, run_maxconn, false },
    { "shutdown frontend", "<frontend>", "give up a frontend's addresses, until the next reload",
      API_ADMIN, run_shutdown, false },
};

const struct api_commands frontend_commands = API_COMMANDS(rows);
