/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/counters.h"

/* The blocks, and behind them what they share. */
struct counters_block *counters_new(unsigned n)
{
    size_t size = n * sizeof(struct counters_block);
    struct counters_block *all = mem_zero_aligned(size + sizeof(struct average_sums));
    struct average_sums *shared = (void *)((char *)all + size);

    for (unsigned i = 0; i < n; i++) {
        struct counters *c = &all[i].c, *first = &all[0].c;

        c->averages.shared = shared;
        if (i == 0) continue;
        rate_link(&c->session_rate, &first->session_rate);
        rate_link(&c->request_rate, &first->request_rate);
        rate_link(&c->connection_rate, &first->connection_rate);
    }
    return all;
}

void counters_forget(struct counters *c, bool all)
{
    counter_t *counts = (counter_t *)c;
    struct rate *rates[] = { &c->session_rate, &c->request_rate, &c->connection_rate };

    for (size_t i = 0; all && i < offsetof(struct counters, session_rate) / sizeof *counts; i++)
        atomic_store_explicit(&counts[i], 0, memory_order_relaxed);
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) rate_forget(rates[i]);
    if (all) atomic_store_explicit(&c->session_rate.now, 0, memory_order_relaxed);
    averages_forget(&c->averages, all);
}
