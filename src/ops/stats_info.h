/* SPDX-License-Identifier: Apache-2.0 */
/* What `show info` tells of the process: a table of fields, each a name and a function. The names
 * and positions are HAProxy 2.6's, then come ours. */
#ifndef GATEHOUSE_OPS_STATS_INFO_H
#define GATEHOUSE_OPS_STATS_INFO_H

#include "ops/stats.h"

/* What all fields are read from; filled once a dump. Any thread. */
struct info {
    struct engine *engine;
    const struct snapshot *snapshot;
    usec_t age; /* of the process */
    uint64_t connections, requests;
    struct stat_sums totals;           /* of all workers */
    uint64_t sent, spliced, sent_rate; /* bytes; a second */
    uint32_t pipes_most, pipes_used, pipes_free;
    uint64_t memory_held, memory_used; /* bytes of the heap */
    unsigned descriptors;              /* how many may be open */
    unsigned listeners;
    bool fractions; /* some fields may be told more finely, as floating numbers */
    char text[256]; /* for values that must be composed */
};

struct info_field {
    unsigned position;
    const char *name, *tags;
    struct stat_value (*value)(struct info *, unsigned param);
    unsigned param;
    const char *doc;
};

extern const struct info_field info_fields[];
extern const unsigned info_n_fields;

/* Where ours begin: far behind what HAProxy's later versions may add. */
enum { INFO_OURS = 1000 };

/* `snapshot` must last as long as i does; `now` is the clock of the caller's thread. */
void info_init(struct info *i, struct engine *e, const struct snapshot *snapshot, msec_t now,
               bool fractions);

#endif
