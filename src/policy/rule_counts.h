/* SPDX-License-Identifier: Apache-2.0 */
/* How often a rule ended a request, or a connection. A runtime object, found by the section, the
 * ruleset and the rule's name, so that a count goes on when a configuration is loaded anew: rules
 * with a `name` keep it wherever they stand, the others while they stay on their line. Each worker
 * counts on a cache line of its own. */
#ifndef GATEHOUSE_POLICY_RULE_COUNTS_H
#define GATEHOUSE_POLICY_RULE_COUNTS_H

#include "base/counter.h"
#include "base/object.h"
#include "policy/rule.h"

struct rule_count {
    _Alignas(CACHE_LINE) counter_t ended;
    counter_t reported; /* times that a rule with `report` would have */
};

struct rule_counts {
    struct object object;
    unsigned n_workers;
    struct rule_count *of; /* by worker */
    const void *claimed;   /* the control thread's: whose configuration counts here already */
};

/* Those of a section's rule, made where there are none, with a reference for the configuration.
 * *again: another rule of this configuration (`owner`) counts there too. Control thread. */
struct rule_counts *rule_counts_get(struct policy_cfg *pc, const char *section,
                                    const struct rule *r, unsigned n_workers, const void *owner,
                                    bool *again);

/* The worker's thread. */
static inline void rule_count_add(const struct rule *r, unsigned worker, bool reported)
{
    struct rule_count *c;

    if (!r->counts || worker >= r->counts->n_workers) return;
    c = &r->counts->of[worker];
    counter_add(reported ? &c->reported : &c->ended, 1);
}

/* Of all workers; any thread. */
struct rule_totals {
    uint64_t ended, reported;
};
struct rule_totals rule_counts_read(const struct rule *r);

#endif
