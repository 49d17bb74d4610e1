/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_counts.h"
#include "base/memory.h"
#include "policy/policy_cfg.h"

#include <stdlib.h>

static void counts_free(struct object *o)
{
    struct rule_counts *c = container_of(o, struct rule_counts, object);

    free(c->of);
    free(c);
}

static void release(void *thing)
{
    struct rule_counts *c = thing;

    object_unref(&c->object);
}

static struct rule_counts *make(struct objects *all, const char *name, unsigned n_workers)
{
    struct rule_counts *c = mem_zero(sizeof *c);

    c->n_workers = n_workers;
    c->of = mem_zero_aligned(n_workers * sizeof *c->of);
    object_enter(all, &c->object, "rule", name, counts_free);
    return c;
}

struct rule_counts *rule_counts_get(struct policy_cfg *pc, const char *section,
                                    const struct rule *r, unsigned n_workers, const void *owner,
                                    bool *again)
{
    const char *name = arena_printf(pc->cfg->arena, "%s %u %s", section, r->kind, r->name);
    struct object *o = object_find(pc->objects, "rule", name);
    struct rule_counts *c = o ? container_of(o, struct rule_counts, object)
                              : make(pc->objects, name, n_workers);

    policy_keep(pc, release, c);
    *again = c->claimed == owner;
    c->claimed = owner;
    return c;
}

struct rule_totals rule_counts_read(const struct rule *r)
{
    struct rule_totals t = { 0 };

    for (unsigned i = 0; r->counts && i < r->counts->n_workers; i++) {
        t.ended += counter_get(&r->counts->of[i].ended);
        t.reported += counter_get(&r->counts->of[i].reported);
    }
    return t;
}
