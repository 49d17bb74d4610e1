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
