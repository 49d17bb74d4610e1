/* SPDX-License-Identifier: Apache-2.0 */
/* balance roundrobin: an atomic ticket, shared by all workers, into a schedule in which each server
 * stands as often as its weight says, spread as evenly as can be. Exact over all workers: n rounds
 * give each server n times its weight. */
#include "upstream/backend.h"

struct balance {
    unsigned length;
    const struct server_conf *schedule[];
};

static unsigned greatest_common_divisor(unsigned a, unsigned b)
{
    while (b) {
        unsigned r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static bool usable(const struct server_conf *s)
{
    return !s->disabled && !s->backup && s->weight;
}

/* The smooth weighted order: whoever is most behind its due is next. */
static void fill_schedule(struct balance *b, const struct backend_conf *be, unsigned divisor,
                          long *credit)
{
    for (unsigned i = 0; i < b->length; i++) {
        unsigned best = be->n_servers;
        for (unsigned k = 0; k < be->n_servers; k++) {
            if (!usable(be->servers[k])) continue;
            credit[k] += (long)(be->servers[k]->weight / divisor);
            if (best == be->n_servers || credit[k] > credit[best]) best = k;
        }
        credit[best] -= (long)b->length;
        b->schedule[i] = be->servers[best];
    }
}

static const struct balance *prepare(const struct backend_conf *be, struct arena *a)
{
    unsigned divisor = 0, length = 0;
    struct balance *b;

    for (unsigned i = 0; i < be->n_servers; i++)
        if (usable(be->servers[i]))
            divisor = greatest_common_divisor(be->servers[i]->weight, divisor);
    for (unsigned i = 0; i < be->n_servers; i++)
        if (usable(be->servers[i])) length += be->servers[i]->weight / divisor;
    b = arena_alloc(a, sizeof *b + length * sizeof *b->schedule);
    b->length = length;
    if (length) {
        long *credit = arena_zero(a, be->n_servers * sizeof *credit);
        fill_schedule(b, be, divisor, credit);
    }
    return b;
}

static enum balance_result choose(const struct balance *b, const struct balance_input *in,
                                  const struct server_conf **out)
{
    unsigned ticket;

    if (b->length == 0) return BALANCE_NONE;
    ticket = atomic_fetch_add_explicit(&in->state->ticket, 1, memory_order_relaxed);
    for (unsigned i = 0; i < b->length; i++) {
        const struct server_conf *s = b->schedule[(ticket + i) % b->length];
        if (s == in->avoid && b->length > 1) continue;
        if (server_slot_take(s->state)) {
            *out = s;
            return BALANCE_CHOSEN;
        }
    }
    return BALANCE_FULL;
}

const struct balance_algorithm balance_roundrobin = {
    .name = "roundrobin",
    .args = "",
    .doc = "Servers take turns, each as often as its weight says. The turns are shared by all "
           "threads, so that the shares are exact.",
    .prepare = prepare,
    .choose = choose,
};
