/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/keeper.h"
#include "upstream/server_told.h"

static unsigned get(const atomic_uint *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void set(atomic_uint *n, unsigned value)
{
    atomic_store_explicit(n, value, memory_order_relaxed);
}

/* ---- times ---- */

static uint64_t seconds_since(usec_t changed, usec_t wall)
{
    uint64_t then = changed / 1000000, now = wall / 1000000;
    return now > then ? now - then : 0;
}

uint64_t server_down_time(const struct server_state *st, usec_t wall)
{
    uint64_t before = atomic_load_explicit(&st->down_s, memory_order_relaxed);

    return server_op(st) == SERVER_STOPPED ? before + seconds_since(st->changed, wall) : before;
}

static void add_down_time(struct server_state *st, usec_t wall)
{
    atomic_store_explicit(&st->down_s,
                          atomic_load_explicit(&st->down_s, memory_order_relaxed) +
                              seconds_since(st->changed, wall),
                          memory_order_relaxed);
}

static void note_stop(const struct server_change *c, struct server_state *st)
{
    if (c->was != SERVER_STOPPED && c->is == SERVER_STOPPED) counter_add(&st->downs, 1);
}

/* As HAProxy has it: time spent in maintenance does not count as down, time in drain does. */
static void note_times(const struct server_change *c, struct server_state *st)
{
    bool maint_was = c->admin_was & ADMIN_MAINT, maint = c->admin_is & ADMIN_MAINT;
    bool drain_was = c->admin_was & ADMIN_DRAIN, drain = c->admin_is & ADMIN_DRAIN;
    usec_t now = clock_wall_usec();
    bool changed = maint_was && !maint;

    note_stop(c, st);
    if (!maint_was && c->was != c->is) {
        if (c->was == SERVER_STOPPED) add_down_time(st, now);
        changed = true;
    }
    if (!maint && drain_was != drain) {
        if (drain_was && !changed) add_down_time(st, now);
        changed = true;
    }
    if (changed) atomic_store_explicit(&st->changed, now, memory_order_relaxed);
}

/* ---- a change ---- */

/* What workers see of it; whether it has turns is the backend's to know. */
static unsigned standing(const struct server_state *st)
{
    enum server_op op = server_op(st);
    unsigned admin = server_admin(st);
    unsigned weight = admin & ADMIN_DRAIN ? 0 : get(&st->weight);
    bool up = op != SERVER_STOPPED && !(admin & ADMIN_MAINT);
    bool usable = up && op != SERVER_STOPPING && weight;

    return weight | (up ? STANDING_UP : 0) | (usable ? STANDING_USABLE : 0);
}

/* Turns are the backend's to give; until it has, what it had holds: requests go on meanwhile. */
static void set_standing(struct server_state *st)
{
    set(&st->standing, standing(st) | (server_standing_of(st) & STANDING_TURNS));
}

static bool usable(const struct server_state *st)
{
    return server_standing_of(st) & STANDING_USABLE;
}

static void close_idle(struct object *o, unsigned arg, struct worker *w)
{
    (void)arg;
    server_pool_close_idle(&container_of(o, struct server, object)->pools[w->id], w);
}

void server_close_idle(struct server *s)
{
    keeper_tell_workers(s->st.keeper, &s->object, close_idle, 0);
}

static void shut_down(struct object *o, unsigned cause, struct worker *w)
{
    server_pool_shut_down(&container_of(o, struct server, object)->pools[w->id], (char)cause);
}

void server_shut_down(struct server *s, char cause)
{
    keeper_tell_workers(s->st.keeper, &s->object, shut_down, (unsigned char)cause);
}

static void shut_down_backups(const struct backend_conf *be)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->backup) server_shut_down(be->servers[i]->state, 'U');
}

/* What else happens when a server goes down or comes up. */
static void act_on(const struct server_change *c, struct server *s)
{
    const struct server_conf *conf = s->st.conf;

    if (c->was != SERVER_STOPPED && c->is == SERVER_STOPPED) {
        server_close_idle(s);
        if (conf->shutdown_when_down) server_shut_down(s, 'D');
    }
    if (c->was == SERVER_STOPPED && usable(&s->st) && conf->shutdown_backups_when_up &&
        !conf->backup)
        shut_down_backups(conf->backend);
}

/* Requests that waited for it alone go elsewhere, or those that wait for any come to it. */
static unsigned move_requests(const struct server_change *c, struct server *s)
{
    const struct proxy_conf *p = s->st.conf->backend->proxy;

    if (usable(&s->st)) return c->was_usable ? 0 : server_slots_offer(s);
    if (!c->was_usable || !proxy_option(p, OPT_REDISPATCH)) return 0;
    return queue_release(s->queue, s);
}

static void change(struct server *s, enum server_op op, unsigned admin, const char *why)
{
    struct server_state *st = &s->st;
    const struct backend_conf *be = st->conf->backend;
    struct server_change c = { .server = s,
                               .was = server_op(st),
                               .is = op,
                               .admin_was = server_admin(st),
                               .admin_is = admin,
                               .was_usable = usable(st),
                               .why = why };
    bool last;

    set(&st->op, op);
    set(&st->admin, admin);
    note_times(&c, st);
    set_standing(st);
    last = backend_recount(st->keeper, be);
    c.requeued = move_requests(&c, s);
    server_tell(&c);
    if (last) backend_tell_down(st->keeper, be);
    act_on(&c, s);
}

/* ---- up and down ---- */

static bool in_maint(const struct server *s)
{
    return server_admin(&s->st) & ADMIN_MAINT;
}

static void set_op(struct server *s, enum server_op op, const char *why)
{
    if (in_maint(s) || server_op(&s->st) == op) return;
    change(s, op, server_admin(&s->st), why);
    list_each(l, &s->st.trackers)
    {
        struct server *t = list_entry(l, struct server, st.tracking);
        if (op == SERVER_STOPPED) set(&t->st.check.health, 0);
        set_op(t, op, "");
    }
}

bool server_check_passed(struct server *s)
{
    struct server_probe *p = &s->st.check;
    unsigned rise = get(&p->rise), full = rise + get(&p->fall) - 1, health = get(&p->health);

    if (health >= full) return false;
    set(&p->health, health + 1 >= rise ? full : health + 1);
    return true;
}

bool server_check_failed(struct server *s)
{
    struct server_probe *p = &s->st.check;
    unsigned rise = get(&p->rise), health = get(&p->health);

    if (health == 0) return false;
    if (health >= rise) counter_add(&s->st.failed_checks, 1);
    set(&p->health, health - 1 < rise ? 0 : health - 1);
    return true;
}

void server_check_apply(struct server *s, const char *why)
{
    bool up = get(&s->st.check.health) >= get(&s->st.check.rise);

    if (s->st.tracked) return;
    set_op(s, up ? SERVER_RUNNING : SERVER_STOPPED, why);
}

void server_check_stopping(struct server *s, const char *why)
{
    if (s->st.tracked || get(&s->st.check.health) < get(&s->st.check.rise)) return;
    set_op(s, SERVER_STOPPING, why);
}

static void fill_health(struct server_probe *p)
{
    set(&p->health, get(&p->rise) + get(&p->fall) - 1);
}

void server_mark_down(struct server *s, const char *why)
{
    set(&s->st.check.health, 0);
    set_op(s, SERVER_STOPPED, why);
}

void server_mark_up(struct server *s, const char *why)
{
    fill_health(&s->st.check);
    set_op(s, SERVER_RUNNING, why);
}

void server_mark_stopping(struct server *s, const char *why)
{
    fill_health(&s->st.check);
    set_op(s, SERVER_STOPPING, why);
}

/* ---- the administrator ---- */

static void pause_probe(struct server_probe *p, bool pause)
{
    unsigned flags = get(&p->flags);

    if (!(flags & PROBE_ENABLED)) return;
    set(&p->flags, pause ? flags | PROBE_PAUSED : flags & ~(unsigned)PROBE_PAUSED);
}

static void begin_maint(struct server *s)
{
    pause_probe(&s->st.check, true);
    pause_probe(&s->st.agent, true);
    set(&s->st.check.health, 0);
}

/* Back to work, as though its first check had passed; one that tracks another is what that is. */
static enum server_op end_maint(struct server *s)
{
    struct server_probe *p = &s->st.check;

    pause_probe(p, false);
    pause_probe(&s->st.agent, false);
    if (get(&p->flags) & PROBE_ENABLED) set(&p->health, get(&p->rise));
    return s->st.tracked ? server_op(&s->st.tracked->st) : SERVER_RUNNING;
}

static void set_admin(struct server *s, unsigned admin)
{
    bool was = in_maint(s), is = admin & ADMIN_MAINT;
    enum server_op op = server_op(&s->st);

    if (!was && is) {
        begin_maint(s);
        op = SERVER_STOPPED;
    } else if (was && !is)
        op = end_maint(s);
    change(s, op, admin, "");
}

static unsigned inherited(unsigned flag)
{
    return flag & ADMIN_MAINT ? ADMIN_INHERITED_MAINT : ADMIN_INHERITED_DRAIN;
}

/* Whether others of the same meaning hold, so that trackers have it already. */
static bool has_another(unsigned admin, unsigned flag)
{
    unsigned alike = flag & ADMIN_MAINT ? ADMIN_MAINT : ADMIN_DRAIN;
    return admin & alike & ~flag;
}

void server_admin_set(struct server *s, unsigned flag)
{
    unsigned admin = server_admin(&s->st);

    if (admin & flag) return;
    set_admin(s, admin | flag);
    if (has_another(admin, flag)) return;
    list_each(l, &s->st.trackers)
        server_admin_set(list_entry(l, struct server, st.tracking), inherited(flag));
}

void server_admin_clear(struct server *s, unsigned flag)
{
    unsigned admin = server_admin(&s->st);

    if (!(admin & flag)) return;
    set_admin(s, admin & ~flag);
    if (has_another(admin, flag)) return;
    list_each(l, &s->st.trackers)
        server_admin_clear(list_entry(l, struct server, st.tracking), inherited(flag));
}

void server_set_ready(struct server *s)
{
    server_admin_clear(s, ADMIN_FORCED_MAINT);
    server_admin_clear(s, ADMIN_FORCED_DRAIN);
}

void server_set_maint(struct server *s)
{
    server_admin_set(s, ADMIN_FORCED_MAINT);
    server_admin_clear(s, ADMIN_FORCED_DRAIN);
}

void server_set_drain(struct server *s)
{
    server_admin_set(s, ADMIN_FORCED_DRAIN);
    server_admin_clear(s, ADMIN_FORCED_MAINT);
}

void server_set_weight(struct server *s, unsigned weight)
{
    set(&s->st.weight, weight);
    change(s, server_op(&s->st), server_admin(&s->st), "");
}

/* ---- probes ---- */

void server_probe_enable(struct server *s, struct server_probe *p, bool on)
{
    unsigned flags = get(&p->flags);

    (void)s;
    if (on && !(flags & PROBE_CONFIGURED)) return;
    set(&p->flags, on ? flags | PROBE_ENABLED : flags & ~(unsigned)PROBE_ENABLED);
}

void probe_report_set(struct server *s, struct server_probe *p, const struct probe_report *report)
{
    pthread_mutex_lock(&s->st.report_lock);
    p->report = *report;
    pthread_mutex_unlock(&s->st.report_lock);
}

struct probe_report probe_report_get(struct server *s, const struct server_probe *p)
{
    struct probe_report report;

    pthread_mutex_lock(&s->st.report_lock);
    report = p->report;
    pthread_mutex_unlock(&s->st.report_lock);
    return report;
}

/* ---- life ---- */

void server_state_init(struct server *s)
{
    struct server_state *st = &s->st;

    pthread_mutex_init(&st->report_lock, NULL);
    list_init(&st->trackers);
    list_init(&st->tracking);
    st->changed = clock_wall_usec();
    st->check.report.status = st->agent.report.status = 1;
}

void server_state_release(struct server *s)
{
    pthread_mutex_destroy(&s->st.report_lock);
}

/* ---- configurations ---- */

enum { RISE = 2, FALL = 3 }; /* where the file says nothing */

static void adopt_check(struct server_state *st, const struct server_conf *conf, bool fresh)
{
    struct server_probe *p = &st->check;
    bool had = get(&p->flags) & PROBE_CONFIGURED;
    unsigned rise = conf->rise ? conf->rise : RISE, fall = conf->fall ? conf->fall : FALL;
    bool up = fresh || get(&p->health) >= get(&p->rise);

    if (fresh || rise != get(&p->rise) || fall != get(&p->fall)) {
        set(&p->rise, rise);
        set(&p->fall, fall);
        set(&p->health, up ? rise : 0);
    }
    if (conf->check == had) return;
    set(&p->flags, conf->check ? PROBE_CONFIGURED | PROBE_ENABLED : 0);
    /* Whoever was down for a check that nobody makes any more would be so for ever. */
    set(&p->health, rise);
    set(&st->op, SERVER_RUNNING);
}

static void adopt_admin(struct server_state *st, const struct server_conf *conf,
                        const struct server_conf *old)
{
    const unsigned configured = ADMIN_FORCED_MAINT | ADMIN_CONFIGURED_MAINT;
    unsigned admin = server_admin(st), was = admin;
    bool disabled = conf->disabled && !conf->no_address;

    if (!old || disabled != (old->disabled && !old->no_address))
        admin = disabled ? admin | configured : admin & ~configured;
    if (!old || conf->no_address != old->no_address)
        admin = conf->no_address ? admin | ADMIN_UNRESOLVED : admin & ~(unsigned)ADMIN_UNRESOLVED;
    /* It is not inherited any more, or else server_follow says so again. */
    admin &= ~(unsigned)(ADMIN_INHERITED_MAINT | ADMIN_INHERITED_DRAIN);
    set(&st->admin, admin);
    if (admin & ADMIN_MAINT) {
        set(&st->op, SERVER_STOPPED);
        set(&st->check.health, 0);
        if (disabled || get(&st->check.flags) & PROBE_ENABLED)
            set(&st->check.flags, get(&st->check.flags) | PROBE_PAUSED);
    } else if (was & ADMIN_MAINT) {
        set(&st->op, SERVER_RUNNING);
        pause_probe(&st->check, false);
        if (get(&st->check.flags) & PROBE_ENABLED) set(&st->check.health, get(&st->check.rise));
    }
}

static void unfollow(struct server *s)
{
    if (!s->st.tracked) return;
    s->st.tracked = NULL;
    list_remove(&s->st.tracking);
    list_init(&s->st.tracking);
}

void server_adopt(struct keeper *k, const struct server_conf *conf)
{
    struct server *s = conf->state;
    struct server_state *st = &s->st;
    const struct server_conf *old = st->conf;

    unfollow(s);
    st->keeper = k;
    if (old && strcmp(old->address_as_written, conf->address_as_written) != 0) server_move_back(s);
    st->conf = conf;
    set(&st->initial_weight, conf->weight);
    if (!old || old->weight != conf->weight) set(&st->weight, conf->weight);
    if (!old || old->maxconn != conf->maxconn) set(&s->maxconn, conf->maxconn);
    if (!old) set(&st->op, SERVER_RUNNING);
    adopt_check(st, conf, !old);
    adopt_admin(st, conf, old);
    if (!conf->tracked) set_standing(st); /* else server_follow does, when it knows all */
}

void server_abandon(struct server *s)
{
    list_each(l, &s->st.trackers) unfollow(list_entry(l, struct server, st.tracking));
    unfollow(s);
    s->st.conf = NULL;
}

/* HAProxy tells those first that stand last in the file. */
void server_follow(struct server *s)
{
    const struct server_conf *to = s->st.conf->tracked;
    unsigned admin = server_admin(&s->st), theirs;

    if (!to || s->st.tracked) return;
    server_follow(to->state); /* which may track another one */
    s->st.tracked = to->state;
    list_push(&to->state->st.trackers, &s->st.tracking);
    theirs = server_admin(&to->state->st);
    if (theirs & ADMIN_MAINT) admin |= ADMIN_INHERITED_MAINT;
    if (theirs & ADMIN_DRAIN) admin |= ADMIN_INHERITED_DRAIN;
    set(&s->st.admin, admin);
    set(&s->st.op, admin & ADMIN_MAINT ? SERVER_STOPPED : server_op(&to->state->st));
    if (server_op(&s->st) == SERVER_STOPPED) set(&s->st.check.health, 0);
    set_standing(&s->st);
}
