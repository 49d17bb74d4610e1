/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tracking.h"

static const struct trackers none;

void session_count_tracked(struct session *s, enum track_event event, uint64_t n)
{
    tracks_count(NULL, &s->more->facts.tracked, event, n, s->gate->worker.now);
}

void request_count_tracked(struct request *r, enum track_event event, uint64_t n)
{
    const struct session *s = r->flow.session;

    tracks_count(r->context.arena ? &r->context.tracked : NULL,
                 s->more ? &s->more->facts.tracked : &none, event, n, r->gate->worker.now);
}
