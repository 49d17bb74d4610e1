/* SPDX-License-Identifier: Apache-2.0 */
/* Tracking: a session's, and a request's, hold on entries of stick tables ("track-sc0 KEY"). What
 * happens to the session or the request is counted in the entries that it tracks. HAProxy's manual:
 * "http-request track-sc0", and 7.3.3 for "sc_conn_cnt" and its kin.
 *
 * There are three trackers, sc0 to sc2. Rules of connections set the session's, rules of requests
 * the request's; whatever is asked or counted goes to the request's, or else to the session's. Who
 * has an entry keeps it until the end: the first rule that tracks wins. A tracker holds a reference
 * to the entry; a session's also one to the table, which may leave the configuration meanwhile. A
 * request's table stays as long as the request's snapshot does.
 *
 * What belongs to nobody's tracker costs nothing: `any` is looked at first. One worker's, like the
 * session. */
#ifndef GATEHOUSE_POLICY_TRACK_H
#define GATEHOUSE_POLICY_TRACK_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct context;
struct stick_entry;
struct stick_table;

enum { TRACKERS = 3 }; /* sc0, sc1, sc2 */

struct tracker {
    struct stick_table *table;
    struct stick_entry *entry; /* NULL: it tracks nothing */
};

struct trackers {
    bool any;     /* one of them tracks */
    bool lasting; /* a session's: they hold their tables, too */
    struct tracker at[TRACKERS];
};

/* The n-th of the request's or else of the session's; NULL: none of both tracks. n may be too
 * large. */
const struct tracker *track_find(const struct context *c, uint64_t n);

/* The n-th begins to track that entry, which counts as a connection. All of a set are `lasting`, or
 * none is. */
void track_begin(struct trackers *set, unsigned n, struct stick_table *t, struct stick_entry *e,
                 msec_t now);

/* All of them end. */
void tracks_end(struct trackers *set, msec_t now);

/* What is counted, besides connections: that is when they begin to be tracked. */
enum track_event {
    TRACK_SESSION,
    TRACK_REQUEST,
    TRACK_REQUEST_ERROR, /* no good, denied, or a server answered 4xx */
    TRACK_FAILURE,       /* no good answer of a server, or a 5xx other than 501 and 505 */
    TRACK_BYTES_IN,
    TRACK_BYTES_OUT,
};

/* Adds n to the counter and the rate of that, in each entry that is tracked: for each of the three
 * numbers by the request or else by the session. `request` may be NULL. */
void tracks_count(const struct trackers *request, const struct trackers *session,
                  enum track_event event, uint64_t n, msec_t now);

#endif
