/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/backend.h"
#include "upstream/keeper.h"

#include <stdlib.h>

/* An algorithm's preparations for shares that are not those of the file. */
struct backend_turns {
    struct retired retired;
    struct arena arena;
    const struct backend_conf *be; /* for requests of another configuration it is of no use */
    unsigned *shares;
    const struct balance *balance;
};

static struct backend_state *state_of(const struct backend_conf *be)
{
    return &be->proxy->state->st;
}

static unsigned get(const atomic_uint *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void set(atomic_uint *n, unsigned value)
{
    atomic_store_explicit(n, value, memory_order_relaxed);
}

/* ---- whose turn it is, as far as it is known that they can be used ---- */

/* Takes the shares of those away that have no turns. */
static void leave_turns(const struct backend_conf *be, unsigned *shares)
{
    bool all = proxy_option(be->proxy, OPT_ALL_BACKUPS), active = false, first = true;

    for (unsigned i = 0; i < be->n_servers; i++) active |= !be->servers[i]->backup && shares[i];
    for (unsigned i = 0; i < be->n_servers; i++) {
        if (!be->servers[i]->backup || !shares[i]) continue;
        if (active || (!all && !first)) shares[i] = 0;
        first = false;
    }
}

/* With the weights in the file, and all that are not disabled there. */
static void shares_in_file(const struct backend_conf *be, unsigned *shares)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        shares[i] = be->servers[i]->disabled ? 0 : be->servers[i]->weight;
    leave_turns(be, shares);
}

const struct balance *backend_prepare(const struct backend_conf *be, struct arena *a)
{
    unsigned *shares = arena_alloc(a, (be->n_servers + 1) * sizeof *shares);

    shares_in_file(be, shares);
    return be->algorithm->prepare(be, shares, a);
}

/* ---- counting ---- */

static void count(const struct backend_conf *be, unsigned *shares)
{
    struct backend_state *st = state_of(be);
    unsigned active = 0, backup = 0;

    for (unsigned i = 0; i < be->n_servers; i++) {
        const struct server_conf *s = be->servers[i];
        unsigned standing = server_standing_of(&s->state->st);

        shares[i] = standing & STANDING_USABLE ? standing & STANDING_WEIGHT : 0;
        if (!shares[i]) continue;
        active += !s->backup;
        backup += s->backup;
    }
    set(&st->active, active);
    set(&st->backup, backup);
}

/* Tells each server's standing whether it has turns. */
static void give_turns(const struct backend_conf *be, unsigned *shares)
{
    unsigned weight = 0;

    leave_turns(be, shares);
    for (unsigned i = 0; i < be->n_servers; i++) {
        atomic_uint *standing = &be->servers[i]->state->st.standing;
        unsigned before = get(standing);
        unsigned after = shares[i] ? before | STANDING_TURNS : before & ~(unsigned)STANDING_TURNS;

        if (after != before) set(standing, after);
        weight += shares[i];
    }
    set(&state_of(be)->weight, weight);
}

/* ---- turns ---- */

static void free_turns(struct retired *r)
{
    struct backend_turns *t = container_of(r, struct backend_turns, retired);
    struct arena a = t->arena;

    arena_release(&a);
}

static void replace_turns(struct keeper *k, struct backend_state *st, struct backend_turns *fresh)
{
    struct backend_turns *old = atomic_exchange_explicit(&st->turns, fresh, memory_order_acq_rel);

    if (old) keeper_retire(k, &old->retired, free_turns);
}

static struct backend_turns *make_turns(const struct backend_conf *be, const unsigned *shares)
{
    size_t size = (be->n_servers + 1) * sizeof *shares;
    struct arena a;
    struct backend_turns *t;

    arena_init(&a, NULL);
    t = arena_zero(&a, sizeof *t);
    t->be = be;
    t->shares = arena_alloc(&a, size);
    memcpy(t->shares, shares, be->n_servers * sizeof *shares);
    t->balance = be->algorithm->prepare(be, t->shares, &a);
    t->arena = a;
    return t;
}

static bool same(const struct backend_conf *be, const unsigned *a, const unsigned *b)
{
    return memcmp(a, b, be->n_servers * sizeof *a) == 0;
}

static void make_turns_anew(struct keeper *k, const struct backend_conf *be, const unsigned *shares,
                            unsigned *file)
{
    struct backend_state *st = state_of(be);
    const struct backend_turns *now = atomic_load_explicit(&st->turns, memory_order_relaxed);

    shares_in_file(be, file);
    if (same(be, file, shares))
        replace_turns(k, st, NULL);
    else if (!now || now->be != be || !same(be, now->shares, shares))
        replace_turns(k, st, make_turns(be, shares));
}

static const struct balance *backend_balance(const struct backend_conf *be)
{
    const struct backend_turns *t = atomic_load_explicit(&state_of(be)->turns,
                                                         memory_order_acquire);

    return t && t->be == be ? t->balance : be->balance;
}

/* A request of an older configuration may find nobody in that one's turns who can be used now. */
static enum balance_result choose_any(const struct backend_conf *be, const struct server_conf **out)
{
    enum balance_result r = BALANCE_NONE;

    for (unsigned i = 0; i < be->n_servers; i++) {
        if (!server_has_turns(be->servers[i])) continue;
        r = BALANCE_FULL;
        if (!server_slot_take(be->servers[i]->state)) continue;
        *out = be->servers[i];
        return BALANCE_CHOSEN;
    }
    return r;
}

enum balance_result backend_choose(const struct backend_conf *be, const struct server_conf *avoid,
                                   const struct server_conf **out)
{
    struct balance_input in = { be->proxy->state, avoid };
    enum balance_result r = be->algorithm->choose(backend_balance(be), &in, out);

    return r == BALANCE_NONE ? choose_any(be, out) : r;
}

/* ---- up and down ---- */

static uint64_t seconds_since(usec_t changed, usec_t wall)
{
    uint64_t then = changed / 1000000, now = wall / 1000000;
    return now > then ? now - then : 0;
}

uint64_t backend_down_time(const struct backend_conf *be, usec_t wall)
{
    const struct backend_state *st = state_of(be);
    uint64_t before = atomic_load_explicit(&st->down_s, memory_order_relaxed);

    return backend_is_up(be) ? before : before + seconds_since(st->changed, wall);
}

bool backend_is_up(const struct backend_conf *be)
{
    const struct backend_state *st = state_of(be);
    return !be->n_servers || get(&st->active) || get(&st->backup);
}

static void note_change(struct backend_state *st, bool up)
{
    usec_t now = clock_wall_usec();

    if (up)
        atomic_store_explicit(&st->down_s,
                              atomic_load_explicit(&st->down_s, memory_order_relaxed) +
                                  seconds_since(st->changed, now),
                              memory_order_relaxed);
    else
        counter_add(&st->downs, 1);
    atomic_store_explicit(&st->changed, now, memory_order_relaxed);
}

static void recount(struct keeper *k, const struct backend_conf *be)
{
    unsigned *shares = mem_alloc((2 * be->n_servers + 1) * sizeof *shares);

    count(be, shares);
    give_turns(be, shares);
    make_turns_anew(k, be, shares, shares + be->n_servers);
    free(shares);
}

bool backend_recount(struct keeper *k, const struct backend_conf *be)
{
    bool was = backend_is_up(be), is;

    recount(k, be);
    is = backend_is_up(be);
    if (was != is) note_change(state_of(be), is);
    return was && !is;
}

/* ---- configurations ---- */

void backend_adopt(struct keeper *k, const struct backend_conf *be)
{
    struct backend_state *st = state_of(be);
    bool fresh = !st->conf, was = fresh || backend_is_up(st->conf), is;

    st->conf = be;
    recount(k, be);
    is = backend_is_up(be);
    if (!fresh && was != is) note_change(st, is);
}

void backend_abandon(struct keeper *k, const struct backend_conf *be)
{
    struct backend_state *st = state_of(be);

    if (st->conf != be) return;
    st->conf = NULL;
    replace_turns(k, st, NULL);
}

/* ---- for fetches ---- */

unsigned backend_count_usable(const struct backend_conf *be)
{
    const struct backend_state *st = state_of(be);
    unsigned active = get(&st->active), backup = get(&st->backup);

    if (active || !backup) return active;
    return proxy_option(be->proxy, OPT_ALL_BACKUPS) ? backup : 1;
}
