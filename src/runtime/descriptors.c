/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/descriptors.h"

#include <limits.h>
#include <stdint.h>

void descriptors_init(struct descriptors *d)
{
    atomic_init(&d->used, 0);
    d->workers = NULL;
    descriptors_set_marks(d, 0, 0, 0, 0);
}

void descriptors_join(struct descriptors *d, struct worker *w)
{
    w->descriptors = d;
    w->next_peer = d->workers;
    d->workers = w;
}

static int mark(unsigned limit, unsigned own, unsigned percent)
{
    int64_t n = ((int64_t)limit * percent + 99) / 100 - own;

    return n < 0 ? 0 : n > INT_MAX ? INT_MAX : (int)n;
}

void descriptors_set_marks(struct descriptors *d, unsigned limit, unsigned own, unsigned low,
                           unsigned high)
{
    atomic_store_explicit(&d->low, limit ? mark(limit, own, low) : INT_MAX, memory_order_relaxed);
    atomic_store_explicit(&d->high, limit ? mark(limit, own, high) : INT_MAX, memory_order_relaxed);
}

void descriptors_tell(struct worker *w)
{
    if (w->descriptors)
        atomic_fetch_add_explicit(&w->descriptors->used, w->untold, memory_order_relaxed);
    w->untold = 0;
}

static unsigned give_up(struct worker *w, bool all)
{
    unsigned n = pipes_close_idle(&w->pipes);

    list_each(m, &w->holders)
    {
        struct descriptor_holder *h = list_entry(m, struct descriptor_holder, link);
        n += h->give_up(h, w, all);
    }
    return n;
}

static void hear_plea(struct message *m, struct worker *w)
{
    atomic_store(&container_of(m, struct worker, plea)->pleaded, false);
    give_up(w, true);
}

static void ask(struct worker *w)
{
    if (atomic_exchange(&w->pleaded, true)) return; /* it is on its way */
    w->plea.deliver = hear_plea;
    worker_send(w, &w->plea);
}

bool descriptors_reclaim(struct worker *w, bool all)
{
    if (give_up(w, all)) return true;
    for (struct worker *p = w->descriptors ? w->descriptors->workers : NULL; p; p = p->next_peer)
        if (p != w) ask(p);
    return false;
}
