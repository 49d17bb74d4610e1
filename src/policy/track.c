/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/track.h"

#include "policy/context.h"
#include "policy/stick_table.h"

const struct tracker *track_find(const struct context *c, uint64_t n)
{
    if (n >= TRACKERS) return NULL;
    if (c->tracked.at[n].entry) return &c->tracked.at[n];
    if (c->client && c->client->tracked.at[n].entry) return &c->client->tracked.at[n];
    return NULL;
}

void track_begin(struct trackers *set, unsigned n, struct stick_table *t, struct stick_entry *e,
                 msec_t now)
{
    set->any = true;
    set->at[n] = (struct tracker){ t, e };
    if (set->lasting) stick_table_ref(t);
    stick_track(stick_ref(e));
    stick_add(t, e, STICK_CONN_CUR, 0, 1, now);
    stick_add(t, e, STICK_CONN_CNT, 0, 1, now);
    stick_add(t, e, STICK_CONN_RATE, 0, 1, now);
    stick_touch(t, e, now);
}

static void end(struct tracker *k, bool lasting, msec_t now)
{
    struct stick_table *t = k->table;

    stick_add(t, k->entry, STICK_CONN_CUR, 0, -1, now);
    stick_touch(t, k->entry, now);
    stick_untrack(k->entry);
    stick_unref(t, k->entry);
    if (lasting) stick_table_unref(t);
    *k = (struct tracker){ NULL, NULL };
}

void tracks_end(struct trackers *set, msec_t now)
{
    if (!set->any) return;
    set->any = false;
    for (unsigned i = 0; i < TRACKERS; i++)
        if (set->at[i].entry) end(&set->at[i], set->lasting, now);
}

static const struct {
    enum stick_data counter, rate;
} EVENTS[] = {
    [TRACK_SESSION] = { STICK_SESS_CNT, STICK_SESS_RATE },
    [TRACK_REQUEST] = { STICK_HTTP_REQ_CNT, STICK_HTTP_REQ_RATE },
    [TRACK_REQUEST_ERROR] = { STICK_HTTP_ERR_CNT, STICK_HTTP_ERR_RATE },
    [TRACK_FAILURE] = { STICK_HTTP_FAIL_CNT, STICK_HTTP_FAIL_RATE },
    [TRACK_BYTES_IN] = { STICK_BYTES_IN_CNT, STICK_BYTES_IN_RATE },
    [TRACK_BYTES_OUT] = { STICK_BYTES_OUT_CNT, STICK_BYTES_OUT_RATE },
};

void tracks_count(const struct trackers *request, const struct trackers *session,
                  enum track_event event, uint64_t n, msec_t now)
{
    const enum stick_data counter = EVENTS[event].counter, rate = EVENTS[event].rate;

    for (unsigned i = 0; i < TRACKERS; i++) {
        const struct tracker *k = request && request->at[i].entry ? &request->at[i]
                                                                  : &session->at[i];

        if (!k->entry) continue;
        stick_add(k->table, k->entry, counter, 0, (int64_t)n, now);
        stick_add(k->table, k->entry, rate, 0, (int64_t)n, now);
    }
}
