/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_told.h"
#include "upstream/keeper.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

enum { TOLD = 1024 };

struct told {
    char text[TOLD];
    size_t n;
};

static void __attribute__((format(printf, 2, 3))) add(struct told *l, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(l->text + l->n, TOLD - l->n, fmt, ap);
    va_end(ap);
    if (n > 0) l->n += (size_t)n < TOLD - l->n ? (size_t)n : TOLD - l->n - 1;
}

static const struct backend_state *backend_of(const struct server *s)
{
    return &s->st.conf->backend->proxy->state->st;
}

static unsigned get(const atomic_uint *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void begin(struct told *l, const struct server *s)
{
    const struct server_conf *conf = s->st.conf;

    l->n = 0;
    add(l, "%sServer %s/%s ", conf->backup ? "Backup " : "", conf->backend->proxy->name,
        conf->name);
}

/* " via be/s1" */
static void add_via(struct told *l, const struct server *s, bool inherited)
{
    const struct server_conf *from = s->st.tracked ? s->st.tracked->st.conf : NULL;

    if (inherited && from) add(l, " via %s/%s", from->backend->proxy->name, from->name);
}

/* How many are left for the backend, and what became of requests. */
static void add_rest(struct told *l, const struct server_change *c)
{
    const struct backend_state *be = backend_of(c->server);
    unsigned active = get(&be->active), backup = get(&be->backup);
    bool stopped = c->is == SERVER_STOPPED;

    add(l, ". %u active and %u backup servers %s.%s ", active, backup, stopped ? "left" : "online",
        !active && backup ? " Running on backup." : "");
    if (stopped)
        add(l, "%u sessions active, %u requeued, %u remaining in queue.",
            gauge_now(&c->server->sessions), c->requeued, server_waiting(c->server));
    else
        add(l, "%u sessions requeued, %u total in queue.", c->requeued,
            queue_length(c->server->queue));
}

static void say(const struct server_change *c, int level, const struct told *l)
{
    const struct server_state *st = &c->server->st;

    keeper_say(st->keeper, st->conf->backend->proxy->logs, level, l->text, NULL);
}

/* ---- up and down ---- */

static void tell_op(const struct server_change *c, struct told *l)
{
    static const char *const words[] = { [SERVER_STOPPED] = "DOWN",
                                         [SERVER_STARTING] = "UP",
                                         [SERVER_RUNNING] = "UP",
                                         [SERVER_STOPPING] = "stopping" };

    begin(l, c->server);
    add(l, "is %s", words[c->is]);
    if (c->server->st.tracked)
        add_via(l, c->server, true);
    else
        add(l, "%s", c->why);
    add_rest(l, c);
    say(c, c->is == SERVER_STOPPED && c->was_usable ? LOG_ALERT : LOG_NOTICE, l);
}

/* ---- maintenance ---- */

static void tell_maint_begins(const struct server_change *c, struct told *l)
{
    bool inherited = c->admin_is & ADMIN_INHERITED_MAINT;

    begin(l, c->server);
    if (c->was == SERVER_STOPPED) {
        add(l, "was DOWN and now enters maintenance");
        add_via(l, c->server, inherited);
        add(l, ".");
    } else {
        add(l, "is going DOWN for maintenance");
        add_via(l, c->server, inherited);
        add_rest(l, c);
    }
    say(c, c->was_usable ? LOG_ALERT : LOG_NOTICE, l);
}

static void add_host(struct told *l, const struct server *s)
{
    add(l, "('%.*s') ", SLICE_ARG(s->st.conf->spec.host));
}

static void tell_maint_ends(const struct server_change *c, struct told *l)
{
    bool unresolved = c->admin_was & ADMIN_UNRESOLVED;
    const char *what = c->admin_was & ADMIN_FORCED_MAINT ? "leaving forced maintenance"
                       : unresolved                      ? "resolves again"
                                                         : "leaving maintenance";

    begin(l, c->server);
    if (unresolved) add_host(l, c->server);
    add(l, "is %s/%s (%s).", c->is == SERVER_STOPPED ? "DOWN" : "UP",
        c->admin_is & ADMIN_DRAIN ? "DRAIN" : "READY", what);
    say(c, LOG_NOTICE, l);
}

static void tell_maint_remains(const struct server_change *c, struct told *l)
{
    unsigned gone = c->admin_was & ~c->admin_is & ADMIN_MAINT;

    if (!gone) return;
    begin(l, c->server);
    if (gone & ADMIN_FORCED_MAINT) {
        add(l, "is leaving forced maintenance but remains in maintenance");
        add_via(l, c->server, c->admin_is & ADMIN_INHERITED_MAINT);
    } else if (gone & ADMIN_UNRESOLVED) {
        add_host(l, c->server);
        add(l, "resolves again but remains in maintenance");
        add_via(l, c->server, c->admin_is & ADMIN_INHERITED_MAINT);
    } else
        add(l, "remains in forced maintenance");
    add(l, ".");
    say(c, LOG_NOTICE, l);
}

static void tell_maint(const struct server_change *c, struct told *l)
{
    if (!(c->admin_was & ADMIN_MAINT))
        tell_maint_begins(c, l);
    else if (!(c->admin_is & ADMIN_MAINT))
        tell_maint_ends(c, l);
    else
        tell_maint_remains(c, l);
}

/* ---- drain ---- */

static void tell_drain(const struct server_change *c, struct told *l)
{
    bool was = c->admin_was & ADMIN_DRAIN, is = c->admin_is & ADMIN_DRAIN;

    begin(l, c->server);
    if (!was) {
        add(l, "enters drain state");
        add_via(l, c->server, !(c->admin_is & ADMIN_FORCED_DRAIN));
        add_rest(l, c);
    } else if (!is) {
        add(l, "is %s (leaving forced drain).", c->is == SERVER_STOPPED ? "DOWN" : "UP");
    } else if (c->admin_is & ADMIN_FORCED_DRAIN) {
        add(l, "remains in forced drain mode.");
    } else {
        add(l, "is leaving forced drain but remains in drain mode");
        add_via(l, c->server, true);
        add(l, ".");
    }
    say(c, LOG_NOTICE, l);
}

/* ---- all of it ---- */

void server_tell(const struct server_change *c)
{
    struct told l;

    if ((c->admin_was | c->admin_is) & ADMIN_MAINT)
        tell_maint(c, &l);
    else if (c->was != c->is)
        tell_op(c, &l);
    if (!(c->admin_is & ADMIN_MAINT) && (c->admin_was | c->admin_is) & ADMIN_DRAIN)
        tell_drain(c, &l);
}

void backend_tell_down(struct keeper *k, const struct backend_conf *be)
{
    const struct proxy_conf *p = be->proxy;
    const char *kind = p->fe ? "proxy" : "backend";
    struct told log = { .n = 0 }, console = { .n = 0 };

    add(&log, "%s %s has no server available!", kind, p->name);
    add(&console, "%s '%s' has no server available!", kind, p->name);
    keeper_say(k, p->logs, LOG_EMERG, log.text, console.text);
}
