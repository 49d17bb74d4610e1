/* SPDX-License-Identifier: Apache-2.0 */
/* One look-up for each request and key: what a rule has found, the next one finds at once. */
#include "policy/context.h"
#include "policy/stick_private.h"

msec_t stick_now(const struct context *c)
{
    return c->worker ? c->worker->now : clock_msec();
}

void stick_recall_end(struct context *c)
{
    if (!c->recalled.entry) return;
    stick_unref(c->recalled.table, c->recalled.entry);
    c->recalled.entry = NULL;
}

/* Is it the entry of that key, and still in the table? */
static bool is_it(const struct context *c, const struct stick_table *t, const struct stick_key *key,
                  msec_t now)
{
    const struct stick_entry *e = c->recalled.entry;

    return e && c->recalled.table == t && e->hash == (uint32_t)key->hash &&
           slice_eq(c->recalled.key, key->bytes) && !stick_is_dead(e) && !stick_expired(t, e, now);
}

struct stick_entry *stick_recall(struct context *c, struct stick_table *t,
                                 const struct stick_key *key, bool make)
{
    msec_t now = stick_now(c);
    struct stick_entry *e;

    if (is_it(c, t, key, now)) return c->recalled.entry;
    e = make ? stick_enter(t, key, now) : stick_lookup(t, key, now);
    stick_recall_end(c);
    if (!e) return NULL;
    c->recalled.table = t;
    c->recalled.entry = e;
    c->recalled.key = slice_of(stick_bytes(t, e), key->bytes.n);
    return e;
}
