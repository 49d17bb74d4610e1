/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to requests and sessions is counted in the entries of stick tables that they track
 * (policy/track.h). Who tracks nothing pays a look at two pointers. */
#ifndef GATEHOUSE_GATEWAY_TRACKING_H
#define GATEHOUSE_GATEWAY_TRACKING_H

#include "gateway/request.h"
#include "gateway/session_more.h"

/* Out of the way: see below. */
void session_count_tracked(struct session *s, enum track_event event, uint64_t n);
void request_count_tracked(struct request *r, enum track_event event, uint64_t n);

static inline bool session_tracks(const struct session *s)
{
    return s->more && s->more->facts.tracked.any;
}

/* Counts n of that event in what the session tracks. */
static inline void session_track(struct session *s, enum track_event event, uint64_t n)
{
    if (session_tracks(s)) session_count_tracked(s, event, n);
}

/* Counts n of that event in what the request tracks, or else its session. */
static inline void request_track(struct request *r, enum track_event event, uint64_t n)
{
    if ((r->context.arena && r->context.tracked.any) || session_tracks(r->flow.session))
        request_count_tracked(r, event, n);
}

/* A server's answer, as it came. */
static inline void request_track_answer(struct request *r, unsigned status)
{
    if (status < 400) return;
    if (status < 500)
        request_track(r, TRACK_REQUEST_ERROR, 1);
    else if (status < 600 && status != 501 && status != 505)
        request_track(r, TRACK_FAILURE, 1);
}

#endif
