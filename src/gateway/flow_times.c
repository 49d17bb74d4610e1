/* SPDX-License-Identifier: Apache-2.0 */
/* The times of an exchange, in the histograms of its frontend, its backend and, with `option
 * server-histograms`, its server. */
#include "gateway/flow.h"

/* From one moment to the next. A rule may have set the later one without the former (tarpit). */
static bool span(usec_t from, usec_t to, usec_t *out)
{
    if (!from || to < from) return false;
    *out = to - from;
    return true;
}

/* Unlike averages, which are of exchanges that went well, histograms have all that came so far: a
 * server that never answers shows in the total. */
static bool time_of(const struct flow *f, enum exchange_time which, usec_t *out)
{
    const struct flow_times *at = &f->at;

    switch (which) {
    case TIME_QUEUE: return f->backend && span(at->received, at->chosen, out);
    case TIME_CONNECT: return f->server && span(at->chosen, at->connected, out);
    case TIME_ANSWER: return f->server && span(at->connected, at->answered, out);
    case TIME_TOTAL:
        return (at->received || at->chosen) && span(at->first_byte, flow_worker(f)->now_usec, out);
    default: return false;
    }
}

void flow_count_times(const struct flow *f)
{
    unsigned worker = flow_worker(f)->id;
    struct histograms *all[] = { f->frontend->state->fe_times,
                                 f->backend ? f->backend->state->be_times : NULL,
                                 f->server ? f->server->times : NULL };
    usec_t t = 0;

    for (unsigned which = 0; which < EXCHANGE_TIMES; which++) {
        unsigned bucket;

        if (!time_of(f, which, &t)) continue;
        bucket = histogram_bucket(t);
        for (unsigned i = 0; i < ARRAY_LEN(all); i++)
            if (all[i]) histogram_add(&all[i][worker].of[which], t, bucket);
    }
}
