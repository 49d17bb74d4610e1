/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at all entries of a stick table while others use it. */
#include "policy/stick_private.h"

#include <stdlib.h>

enum { AT_ONCE = 256 }; /* slots looked at while a shard is locked */

struct batch {
    struct stick_entry *entries[AT_ONCE];
    unsigned n;
};

/* The next entries in the order of shards and slots, with references: up to `most` (AT_ONCE at
 * most), none perhaps. False: that was the end. */
static bool collect(struct stick_walk *w, struct batch *b, unsigned most, msec_t now)
{
    struct stick_table *t = w->table;
    struct stick_shard *s;
    uint32_t end;

    b->n = 0;
    if (w->shard == stick_shards(t)) return false;
    s = &t->shards[w->shard];
    pthread_mutex_lock(&s->lock);
    end = s->n_slots - w->slot > AT_ONCE ? w->slot + AT_ONCE : s->n_slots;
    for (; w->slot < end && b->n < most; w->slot++) {
        struct stick_entry *e = stick_slot(t, s, w->slot + 1);
        if (!stick_is_dead(e) && !stick_expired(t, e, now)) b->entries[b->n++] = stick_ref(e);
    }
    if (w->slot == s->n_slots) {
        w->shard++;
        w->slot = 0;
    }
    pthread_mutex_unlock(&s->lock);
    return true;
}

/* The order of bytes, as in HAProxy; keys of one table are equally long. */
static int by_key(const void *a, const void *b, void *table)
{
    const struct stick_table *t = table;
    const struct stick_entry *const *x = a, *const *y = b;

    return memcmp(stick_bytes(t, *x), stick_bytes(t, *y), t->key_size);
}

static void collect_all(struct stick_walk *w, uint32_t room, msec_t now)
{
    struct batch b;

    w->sorted = mem_alloc((room ? room : 1) * sizeof(struct stick_entry *));
    while (w->n < room && collect(w, &b, room - w->n < AT_ONCE ? room - w->n : AT_ONCE, now)) {
        if (b.n) memcpy(w->sorted + w->n, b.entries, b.n * sizeof(struct stick_entry *));
        w->n += b.n;
    }
    if (w->n) qsort_r(w->sorted, w->n, sizeof(struct stick_entry *), by_key, w->table);
}

void stick_walk_begin(struct stick_walk *w, struct stick_table *t, msec_t now)
{
    enum { LATE = 1024 }; /* entries that may come while they are collected */
    uint32_t used = stick_used(t, now);

    *w = (struct stick_walk){ .table = t };
    if (used <= STICK_SORTED) collect_all(w, used + LATE, now);
}

void stick_walk_end(struct stick_walk *w)
{
    for (; w->sorted && w->at < w->n; w->at++) stick_unref(w->table, w->sorted[w->at]);
    free(w->sorted);
    w->sorted = NULL;
}

bool stick_walk_on(struct stick_walk *w, unsigned most, msec_t now,
                   void (*see)(struct stick_entry *e, void *arg), void *arg)
{
    struct batch b;

    if (w->sorted) {
        for (; most && w->at < w->n; most--) {
            struct stick_entry *e = w->sorted[w->at++];
            if (!stick_is_dead(e)) see(e, arg);
            stick_unref(w->table, e);
        }
        return w->at < w->n;
    }
    if (!collect(w, &b, most < AT_ONCE ? most : AT_ONCE, now)) return false;
    for (unsigned i = 0; i < b.n; i++) {
        see(b.entries[i], arg);
        stick_unref(w->table, b.entries[i]);
    }
    return true;
}
