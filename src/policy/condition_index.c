/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/condition_index.h"

#include "policy/pattern_ref.h"

#include <stdlib.h>

enum { LEAST = 8 }; /* fewer in a row are tried one by one */

/* A run of conditions. */
struct run {
    unsigned from, to;
    const struct expr *expr;
    const struct match *match;
    const struct index_kept *kept; /* NULL: they are tried one by one */
};

struct condition_index {
    const struct condition *const *conditions;
    unsigned n, n_runs;
    const struct run *runs;
};

/* ---- which belong together ---- */

static bool has_index(const struct match *m)
{
    switch (m->kind) {
    case MATCH_STR:
    case MATCH_BEG:
    case MATCH_END:
    case MATCH_DIR:
    case MATCH_DOM: return true;
    default: return false;
    }
}

/* The only test of a condition, with a set of this configuration alone; NULL: it is not that
 * simple. */
static const struct acl_test *only_test(const struct condition *cond)
{
    const struct condition_term *terms;
    const struct acl_test *t;

    if (!cond || condition_negated(cond) || condition_terms(cond, &terms) != 1 || terms[0].negate ||
        terms[0].lost)
        return NULL;
    t = acl_tests(terms[0].acl);
    if (!t || t->next || t->n_sets != 1 || !has_index(t->match)) return NULL;
    return t->sets[0]->ref->lasting ? NULL : t;
}

static bool ask_the_same(const struct acl_test *a, const struct acl_test *b)
{
    return a && b && a->match == b->match && a->sets[0]->nocase == b->sets[0]->nocase &&
           slice_eq(a->expr->text, b->expr->text);
}

static unsigned end_of_run(const struct condition *const *conditions, unsigned from, unsigned n)
{
    const struct acl_test *first = only_test(conditions[from]), *t;
    unsigned to = from + 1;

    for (; to < n; to++) {
        t = only_test(conditions[to]);
        if (first ? !t || !ask_the_same(first, t) : t != NULL) break;
    }
    return to;
}

/* ---- the index of a run ---- */

struct index_kept {
    struct pattern_index index; /* an entry's order is a condition's position */
    atomic_bool changed;        /* the Runtime API has changed a set: it is out of date */
    unsigned n;
    struct pattern_entry **entries;
};

static void release(void *thing)
{
    struct index_kept *k = thing;

    pattern_index_release(&k->index);
    for (unsigned i = 0; i < k->n; i++) pattern_entry_free(k->entries[i]);
    free(k->entries);
    free(k);
}

static void add_patterns(struct index_kept *k, const struct acl_test *t, unsigned position)
{
    const struct patterns *p = t->sets[0];
    char why[PATTERN_WHY_MAX];

    list_each(l, &p->ref->elts)
    {
        const struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        struct pattern_entry *e = pattern_compile(t->match, p->nocase, false, elt->text, why);

        if (!e) continue; /* it was read before, so it can be */
        e->order = position;
        pattern_index_add(&k->index, e);
        k->entries = mem_resize(k->entries, (k->n + 1) * sizeof *k->entries);
        k->entries[k->n++] = e;
    }
}

static void watch(struct policy_cfg *pc, struct index_kept *k, const struct acl_test *t)
{
    struct pattern_watch *w = arena_zero(pc->cfg->arena, sizeof *w);

    w->changed = &k->changed;
    pattern_ref_watch(t->sets[0]->ref, w);
}

static const struct index_kept *make_index(struct policy_cfg *pc,
                                           const struct condition *const *conditions, unsigned from,
                                           unsigned to)
{
    const struct acl_test *first = only_test(conditions[from]);
    struct index_kept *k = mem_zero(sizeof *k);

    pattern_index_init(&k->index, first->match, first->sets[0]->nocase);
    k->index.earliest = true;
    for (unsigned i = from; i < to; i++) {
        add_patterns(k, only_test(conditions[i]), i);
        watch(pc, k, only_test(conditions[i]));
    }
    policy_keep(pc, release, k);
    return k;
}

const struct condition_index *
condition_index_new(struct policy_cfg *pc, const struct condition *const *conditions, unsigned n)
{
    struct arena *a = pc->cfg->arena;
    struct condition_index *ix = arena_zero(a, sizeof *ix);
    struct run *runs = arena_zero(a, (n + 1) * sizeof *runs);

    *ix = (struct condition_index){ .conditions = conditions, .n = n, .runs = runs };
    for (unsigned from = 0, to; from < n; from = to) {
        struct run *r = &runs[ix->n_runs++];
        const struct acl_test *t = only_test(conditions[from]);

        to = end_of_run(conditions, from, n);
        *r = (struct run){ .from = from, .to = to };
        if (!t || to - from < LEAST) continue;
        r->expr = t->expr;
        r->match = t->match;
        r->kept = make_index(pc, conditions, from, to);
    }
    return ix;
}

/* ---- looking ---- */

static unsigned one_by_one(const struct condition_index *ix, struct context *c, unsigned from,
                           unsigned to)
{
    while (from < to && !condition_holds(ix->conditions[from], c)) from++;
    return from;
}

/* All values are looked up, for the first condition that holds for any of them. */
static unsigned look_up(const struct run *r, struct context *c)
{
    struct sample s = { .each = true };
    unsigned best = r->to;

    do {
        const struct pattern_entry *e;

        if (!expr_next(r->expr, c, &s)) break;
        if (s.type != r->match->type && !sample_cast(&s, (enum sample_type)r->match->type, c))
            continue;
        e = pattern_index_find(&r->kept->index, &s, NULL);
        if (e && e->order < best) best = (unsigned)e->order;
    } while (s.more);
    return best;
}

unsigned condition_index_first(const struct condition_index *ix, struct context *c)
{
    if (ix->n == 1) return condition_holds(ix->conditions[0], c) ? 0 : 1;
    if (c->trace) return one_by_one(ix, c, 0, ix->n);
    for (const struct run *r = ix->runs, *end = r + ix->n_runs; r < end; r++) {
        bool usable = r->kept && !atomic_load_explicit(&r->kept->changed, memory_order_acquire);
        unsigned i = usable ? look_up(r, c) : one_by_one(ix, c, r->from, r->to);
        if (i < r->to) return i;
    }
    return ix->n;
}
