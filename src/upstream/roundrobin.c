/* SPDX-License-Identifier: Apache-2.0 */
/* balance roundrobin: an atomic ticket, shared by all workers, into a schedule in which each server
 * stands as often as its weight says, spread as evenly as can be. Exact over all workers: n rounds
 * give each server n times its weight. */
#include "upstream/backend.h"

#include <stdlib.h>

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

/* ---- the smooth weighted order ----
 *
 * In each turn every server gets its weight in credit; whoever then has most is next (of equals the
 * one that stands first in the configuration), and pays the sum of all weights. Servers of the same
 * weight get the same, so among them it is the one that was chosen least often, and they take turns
 * in the order of the configuration. So only one of each weight, the next of its class, need be
 * looked at: at most 256 of them, however many servers there are. */

struct class
{
    int64_t credit; /* of its next server */
    unsigned weight;
    unsigned first, n, next; /* servers: members[first … first + n - 1], the next of them */
};

struct schedule {
    struct class *classes;
    unsigned n_classes;
    unsigned *members; /* places in the configuration, by class, ascending */
};

static int by_weight_and_place(const void *a, const void *b, void *arg)
{
    const unsigned *shares = arg;
    unsigned i = *(const unsigned *)a, k = *(const unsigned *)b;
    unsigned wi = shares[i], wk = shares[k];

    if (wi != wk) return wi < wk ? -1 : 1;
    return i < k ? -1 : i > k;
}

static void sort_into_classes(struct schedule *s, const unsigned *shares, unsigned n_servers,
                              unsigned divisor)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_servers; i++)
        if (shares[i]) s->members[n++] = i;
    qsort_r(s->members, n, sizeof *s->members, by_weight_and_place, (void *)shares);
    for (unsigned i = 0; i < n; i++) {
        unsigned weight = shares[s->members[i]] / divisor;
        struct class *c = s->n_classes ? &s->classes[s->n_classes - 1] : NULL;

        if (!c || c->weight != weight) {
            c = &s->classes[s->n_classes++];
            *c = (struct class){ .weight = weight, .first = i };
        }
        c->n++;
    }
}

static unsigned next_of(const struct schedule *s, const struct class *c)
{
    return s->members[c->first + c->next];
}

/* The class whose next server's turn it is. */
static struct class *next_class(struct schedule *s)
{
    struct class *best = s->classes;

    best->credit += best->weight;
    for (struct class *c = best + 1; c < s->classes + s->n_classes; c++) {
        c->credit += c->weight;
        if (c->credit > best->credit ||
            (c->credit == best->credit && next_of(s, c) < next_of(s, best)))
            best = c;
    }
    return best;
}

static void fill_schedule(struct balance *b, const struct backend_conf *be, const unsigned *shares,
                          unsigned divisor, struct arena *a)
{
    struct schedule s = {
        .classes = arena_alloc(a, be->n_servers * sizeof *s.classes),
        .members = arena_alloc(a, be->n_servers * sizeof *s.members),
    };

    sort_into_classes(&s, shares, be->n_servers, divisor);
    for (unsigned i = 0; i < b->length; i++) {
        struct class *c = next_class(&s);

        b->schedule[i] = be->servers[next_of(&s, c)];
        if (++c->next < c->n) continue; /* the next one of it has the same credit */
        c->next = 0;
        c->credit -= b->length;
    }
}

static const struct balance *prepare(const struct backend_conf *be, const unsigned *shares,
                                     struct arena *a)
{
    unsigned divisor = 0, length = 0;
    struct balance *b;

    for (unsigned i = 0; i < be->n_servers; i++)
        if (shares[i]) divisor = greatest_common_divisor(shares[i], divisor);
    for (unsigned i = 0; i < be->n_servers; i++)
        if (shares[i]) length += shares[i] / divisor;
    b = arena_alloc(a, sizeof *b + length * sizeof *b->schedule);
    b->length = length;
    if (length) fill_schedule(b, be, shares, divisor, a);
    return b;
}

static enum balance_result choose(const struct balance *b, const struct balance_input *in,
                                  const struct server_conf **out)
{
    enum balance_result r = BALANCE_NONE;
    unsigned ticket;

    if (b->length == 0) return BALANCE_NONE;
    ticket = atomic_fetch_add_explicit(&in->state->ticket, 1, memory_order_relaxed);
    for (unsigned i = 0; i < b->length; i++) {
        const struct server_conf *s = b->schedule[(ticket + i) % b->length];
        if (!server_has_turns(s)) continue;
        r = BALANCE_FULL;
        if (s == in->avoid && b->length > 1) continue;
        if (server_slot_take(s->state)) {
            *out = s;
            return BALANCE_CHOSEN;
        }
    }
    return r;
}

const struct balance_algorithm balance_roundrobin = {
    .name = "roundrobin",
    .args = "",
    .doc = "Servers take turns, each as often as its weight says. The turns are shared by all "
           "threads, so that the shares are exact.",
    .prepare = prepare,
    .choose = choose,
};
