/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_state.h"
#include "gateway/frontend_status.h"

#include <stdio.h>

static unsigned get(const atomic_uint *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static const struct backend_state *backend(const struct stat_row *r)
{
    return &r->proxy->state->st;
}

static const struct server_state *state(const struct server_conf *s)
{
    return &s->state->st;
}

/* Whose checks decide about s. */
static const struct server_conf *decided_by(const struct server_conf *s)
{
    while (s->tracked) s = s->tracked;
    return s;
}

static bool enabled(const struct server_probe *p)
{
    return get(&p->flags) & PROBE_ENABLED;
}

/* ---- status ---- */

/* "UP 1/3": of 3 failures that it takes to bring it down, 1 would. */
static struct stat_value up(struct stat_row *r, const char *word, const struct server_probe *p)
{
    unsigned health = get(&p->health), rise = get(&p->rise), fall = get(&p->fall);

    if (!enabled(p) || health >= rise + fall - 1 || health < rise) return stat_text(word);
    snprintf(r->text, sizeof r->text, "%s %u/%u", word, health - rise + 1, fall);
    return stat_text(r->text);
}

/* "DOWN 1/2": of 2 successes that it takes to bring it up, 1 came. */
static struct stat_value down(struct stat_row *r, const struct server_probe *p)
{
    if (!enabled(p) || !get(&p->health)) return stat_text("DOWN");
    snprintf(r->text, sizeof r->text, "DOWN %u/%u", get(&p->health), get(&p->rise));
    return stat_text(r->text);
}

static struct stat_value maint(struct stat_row *r, unsigned admin)
{
    const struct server_conf *from = r->server->tracked;

    if (admin & ADMIN_INHERITED_MAINT && from) {
        snprintf(r->text, sizeof r->text, "MAINT (via %s/%s)", from->backend->proxy->name,
                 from->name);
        return stat_text(r->text);
    }
    return stat_text(admin & ADMIN_UNRESOLVED ? "MAINT (resolution)" : "MAINT");
}

static struct stat_value server_status(struct stat_row *r)
{
    const struct server_state *st = state(r->server);
    const struct server_probe *p = &state(decided_by(r->server))->check;
    unsigned admin = server_admin(st);

    if (admin & ADMIN_MAINT) return maint(r, admin);
    switch (server_op(st)) {
    case SERVER_STOPPED: return down(r, p);
    case SERVER_STOPPING: return stat_text("NOLB");
    default: break;
    }
    if (admin & ADMIN_DRAIN) return up(r, "DRAIN", p);
    return up(r, enabled(p) ? "UP" : "no check", p);
}

static struct stat_value backend_status(struct stat_row *r)
{
    const char *word = backend_is_up(r->proxy->be) ? "UP" : "DOWN";

    if (!r->view->hides_servers) return stat_text(word);
    snprintf(r->text, sizeof r->text, "%s (%u/%u)", word,
             get(&backend(r)->active) + get(&backend(r)->backup), r->proxy->be->n_servers);
    return stat_text(r->text);
}

struct stat_value stat_status(struct stat_row *r, unsigned param)
{
    (void)param;
    if (r->server) return server_status(r);
    if (r->type == STAT_BACKEND) return backend_status(r);
    if (atomic_load(&r->view->engine->draining)) return stat_text("STOP");
    switch (frontend_status(r->proxy->state)) {
    case FRONTEND_OPEN: return stat_text("OPEN");
    case FRONTEND_PAUSED: return stat_text("PAUSED");
    case FRONTEND_STOPPED: break;
    }
    return stat_text("STOP");
}

/* ---- numbers ---- */

struct stat_value stat_weight(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(get(r->server ? &state(r->server)->weight : &backend(r)->weight));
}

struct stat_value stat_act(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->server ? !r->server->backup : get(&backend(r)->active));
}

struct stat_value stat_bck(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->server ? r->server->backup : get(&backend(r)->backup));
}

struct stat_value stat_chkfail(struct stat_row *r, unsigned param)
{
    const struct server_state *st = state(r->server);

    (void)param;
    return enabled(&st->check) ? stat_u64(counter_get(&st->failed_checks)) : stat_none();
}

struct stat_value stat_chkdown(struct stat_row *r, unsigned param)
{
    const struct server_state *st = r->server ? state(r->server) : NULL;

    (void)param;
    if (!st) return stat_u64(counter_get(&backend(r)->downs));
    return enabled(&st->check) ? stat_u64(counter_get(&st->downs)) : stat_none();
}

struct stat_value stat_lastchg(struct stat_row *r, unsigned param)
{
    usec_t changed = r->server ? state(r->server)->changed : backend(r)->changed;
    uint64_t then = changed / 1000000, now = clock_wall_usec() / 1000000;

    (void)param;
    return stat_u32(now > then ? now - then : 0);
}

struct stat_value stat_downtime(struct stat_row *r, unsigned param)
{
    usec_t now = clock_wall_usec();

    (void)param;
    if (r->server)
        return enabled(&state(r->server)->check) ? stat_u32(server_down_time(state(r->server), now))
                                                 : stat_none();
    if (!r->proxy->be->n_servers) return stat_none();
    return stat_u32(backend_down_time(r->proxy->be, now));
}

struct stat_value stat_tracked(struct stat_row *r, unsigned param)
{
    const struct server_conf *s = r->server->tracked;

    (void)param;
    if (!s) return stat_none();
    snprintf(r->text, sizeof r->text, "%s/%s", s->backend->proxy->name, s->name);
    return stat_text(r->text);
}
