/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_change.h"

#include <stdlib.h>

struct stats_change {
    struct message message;
    struct engine *engine;
    struct worker *worker;   /* whom it belongs to, but while it is under way */
    struct request *request; /* the worker's: who waits; NULL: nobody any more */
    bool done;               /* the worker's */
    enum stats_result result;
    const struct stats_action *action; /* NULL: there is none of that name */
    char *backend;
    unsigned n_servers;
    char *servers[];
};

/* ---- actions; control thread ---- */

static bool ready(struct server *s)
{
    server_set_ready(s);
    return true;
}

static bool drain(struct server *s)
{
    server_set_drain(s);
    return true;
}

static bool maint(struct server *s)
{
    server_set_maint(s);
    return true;
}

/* A check, or an agent, that was never asked for can't be switched. */
static bool enable(struct server *s, struct server_probe *p, bool on)
{
    if (!(atomic_load(&p->flags) & PROBE_CONFIGURED)) return false;
    server_probe_enable(s, p, on);
    return true;
}

static bool checks_off(struct server *s)
{
    return enable(s, &s->st.check, false);
}

static bool checks_on(struct server *s)
{
    return enable(s, &s->st.check, true);
}

static bool agent_off(struct server *s)
{
    return enable(s, &s->st.agent, false);
}

static bool agent_on(struct server *s)
{
    return enable(s, &s->st.agent, true);
}

/* What a server that tracks another is, is not its own affair. */
static bool force(struct server *s, void (*mark)(struct server *, const char *))
{
    if (s->st.tracked) return false;
    mark(s, ", changed from Web interface");
    return true;
}

static bool force_up(struct server *s)
{
    return force(s, server_mark_up);
}

static bool force_nolb(struct server *s)
{
    return force(s, server_mark_stopping);
}

static bool force_down(struct server *s)
{
    return force(s, server_mark_down);
}

static bool agent_says(struct server *s, void (*mark)(struct server *, const char *))
{
    if (!(atomic_load(&s->st.agent.flags) & PROBE_ENABLED)) return false;
    mark(s, ", changed from Web interface");
    return true;
}

static bool agent_up(struct server *s)
{
    return agent_says(s, server_mark_up);
}

static bool agent_down(struct server *s)
{
    return agent_says(s, server_mark_down);
}

static bool shut_down(struct server *s)
{
    server_shut_down(s, 'K');
    return true;
}

static const struct stats_action {
    const char *name;
    bool (*act)(struct server *s); /* false: it made no difference */
} actions[] = {
    { "ready", ready },        { "drain", drain },      { "maint", maint },
    { "dhlth", checks_off },   { "ehlth", checks_on },  { "hrunn", force_up },
    { "hnolb", force_nolb },   { "hdown", force_down }, { "dagent", agent_off },
    { "eagent", agent_on },    { "arunn", agent_up },   { "adown", agent_down },
    { "shutdown", shut_down }, { "stop", drain },       { "start", ready },
    { "enable", ready },       { "disable", maint },
};

static const struct stats_action *find_action(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (slice_is(name, actions[i].name)) return &actions[i];
    return NULL;
}

/* By name, or by "#" and number. */
static const struct proxy_conf *find_backend(const struct snapshot *s, const char *name)
{
    uint64_t id;

    if (name[0] != '#') return snapshot_backend(s, name);
    for (unsigned i = 0; slice_to_u64(slice_str(name + 1), &id) && i < s->n_proxies; i++)
        if (s->proxies[i]->be && s->proxies[i]->id == id) return s->proxies[i];
    return NULL;
}

/* Servers of unknown names make it fail for them alone, but not when all are. */
static enum stats_result act(const struct stats_change *c)
{
    const struct snapshot *now = c->engine->current; /* NULL: the process ends */
    const struct proxy_conf *p = now ? find_backend(now, c->backend) : NULL;
    unsigned changed = 0, unknown = 0;

    if (!p || !c->action) return RESULT_ERRP;
    for (unsigned i = 0; i < c->n_servers; i++) {
        const struct server_conf *s = backend_server(p->be, c->servers[i]);
        if (!s)
            unknown++;
        else
            changed += c->action->act(s->state);
    }
    if (unknown) return changed ? RESULT_PART : RESULT_ERRP;
    return changed ? RESULT_DONE : RESULT_NONE;
}

/* ---- the way there and back ---- */

static void change_free(struct stats_change *c)
{
    for (unsigned i = 0; i < c->n_servers; i++) free(c->servers[i]);
    free(c->backend);
    free(c);
}

static void come_back(struct message *m, struct worker *w)
{
    struct stats_change *c = container_of(m, struct stats_change, message);
    struct request *r = c->request;

    (void)w;
    c->done = true;
    if (r)
        request_wake(r, WAKE_TIMER);
    else
        change_free(c);
}

static void carry_out(struct message *m, struct worker *w)
{
    struct stats_change *c = container_of(m, struct stats_change, message);

    (void)w;
    c->result = act(c);
    c->message.deliver = come_back;
    worker_send(c->worker, &c->message);
}

static char *copy(struct slice s)
{
    char *to = mem_alloc(s.n + 1);

    *slice_put(to, s) = '\0';
    return to;
}

struct stats_change *stats_change_begin(struct request *r, const struct stats_form *f)
{
    struct stats_change *c = mem_zero(sizeof *c + f->n_servers * sizeof *c->servers);

    c->engine = r->gate->engine;
    c->worker = &r->gate->worker;
    c->request = r;
    c->action = find_action(f->action);
    c->backend = copy(f->backend);
    for (; c->n_servers < f->n_servers; c->n_servers++)
        c->servers[c->n_servers] = copy(f->servers[c->n_servers]);
    c->message.deliver = carry_out;
    worker_send(c->engine->control, &c->message);
    return c;
}

bool stats_change_done(const struct stats_change *c, enum stats_result *result)
{
    *result = c->result;
    return c->done;
}

void stats_change_leave(struct stats_change *c)
{
    c->request = NULL;
    if (c->done) change_free(c);
}
