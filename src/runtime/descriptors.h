/* SPDX-License-Identifier: Apache-2.0 */
/* How many descriptors the process has in use, and who gives some up when they run short.
 *
 * Connections are counted, when they are opened and closed (net/conn.c); the few others are not. A
 * worker tells the common count only every few times, so that no cache line is fought for; what it
 * has not told yet it adds itself when it looks. So the count may be wrong by TELL_EVERY - 1 for
 * each other worker, which is nothing beside the marks that it is compared with; what the system
 * says (EMFILE) is what counts in the end, and then descriptors_reclaim has something given up.
 *
 * Manual: "tune.pool-low-fd-ratio", "tune.pool-high-fd-ratio". */
#ifndef GATEHOUSE_RUNTIME_DESCRIPTORS_H
#define GATEHOUSE_RUNTIME_DESCRIPTORS_H

#include "runtime/worker.h"

enum { TELL_EVERY = 8 };

/* The process's. */
struct descriptors {
    _Alignas(CACHE_LINE) atomic_int used; /* of those that are counted */
    _Alignas(CACHE_LINE) atomic_int low, high;
    struct worker *workers; /* linked by next_peer; all join before the first one runs */
};

/* Something that keeps descriptors it could do without. While it does, it is on worker->holders;
 * where it embeds this is its own business. */
struct descriptor_holder {
    struct list link;
    /* Closes half of them, and of an odd number the one in the middle if `all` of them may go in
     * the end; returns how many. On the worker's thread. */
    unsigned (*give_up)(struct descriptor_holder *, struct worker *, bool all);
};

void descriptors_init(struct descriptors *d);
void descriptors_join(struct descriptors *d, struct worker *w);

/* The marks, in percent of `limit`, of which `own` are used by what is not counted. No limit: 0.
 * Any thread, at any time. */
void descriptors_set_marks(struct descriptors *d, unsigned limit, unsigned own, unsigned low,
                           unsigned high);

/* n more, or less, are in use. A worker that never joined does not count. */
void descriptors_tell(struct worker *w);
static inline void descriptors_count(struct worker *w, int n)
{
    w->untold += n;
    if (w->untold >= TELL_EVERY || w->untold <= -TELL_EVERY) descriptors_tell(w);
}

static inline int descriptors_used(const struct worker *w)
{
    return atomic_load_explicit(&w->descriptors->used, memory_order_relaxed) + w->untold;
}

/* So many are in use that nothing more should be kept in reserve. */
static inline bool descriptors_at_low_mark(const struct worker *w)
{
    return w->descriptors &&
           descriptors_used(w) >= atomic_load_explicit(&w->descriptors->low, memory_order_relaxed);
}

/* More are in use than there should be while there is anything in reserve. */
static inline bool descriptors_above_high_mark(const struct worker *w)
{
    return w->descriptors &&
           descriptors_used(w) > atomic_load_explicit(&w->descriptors->high, memory_order_relaxed);
}

/* There are none left (EMFILE, ENFILE). True: this worker has given some up, try again. Else the
 * others have been asked to. `all`: it is worth the last one that this worker keeps; a client that
 * waits to be accepted is not, for the connection to its server will need that. */
bool descriptors_reclaim(struct worker *w, bool all);

#endif
