/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_cfg.h"

#include "policy/expr.h"
#include "policy/format.h"

void policy_keep(struct policy_cfg *pc, void (*release)(void *), void *thing)
{
    struct keepsake *k = arena_alloc(pc->cfg->arena, sizeof *k);

    *k = (struct keepsake){ pc->kept, release, thing };
    pc->kept = k;
}

void keepsakes_release(struct keepsake *first)
{
    for (; first; first = first->next) first->release(first->thing);
}

struct policy_late {
    struct policy_late *next;
    bool (*check)(struct policy_cfg *, void *);
    void *thing;
};

void policy_later(struct policy_cfg *pc, bool (*check)(struct policy_cfg *, void *), void *thing)
{
    struct policy_late *l = arena_alloc(pc->cfg->arena, sizeof *l);

    *l = (struct policy_late){ NULL, check, thing };
    if (!pc->late) pc->late_end = &pc->late;
    *pc->late_end = l;
    pc->late_end = &l->next;
}

bool policy_run_later(struct policy_cfg *pc)
{
    bool fine = true;

    for (const struct policy_late *l = pc->late; l; l = l->next)
        if (!l->check(pc, l->thing)) fine = false;
    pc->late = NULL;
    return fine;
}

/* What stands at a place and behind it. Lines are asked for mostly in their order, so the search
 * for one goes on where the last was found. */
static struct slice source_at(struct policy_cfg *pc, const struct place *at)
{
    struct slice text = at->source->text;
    ptrdiff_t n;

    if (pc->seen.source != at->source || pc->seen.line == 0 || pc->seen.line > at->line) {
        pc->seen = (struct place){ .source = at->source, .line = 1 };
        pc->seen_at = 0;
    }
    for (; pc->seen.line < at->line; pc->seen.line++) {
        if ((n = slice_find(slice_from(text, pc->seen_at), '\n')) < 0) return (struct slice){ 0 };
        pc->seen_at += (size_t)n + 1;
    }
    return slice_from(slice_from(text, pc->seen_at), at->column - 1);
}

/* The column at which the word's own text stands in its source; 0: it was written otherwise. */
static unsigned text_column(struct policy_cfg *pc, const struct word *w)
{
    struct slice written;

    if (!w->at.source || w->at.line == 0 || w->at.column == 0 || w->expanded) return 0;
    if (!w->quoted) return w->at.width == w->text.n ? w->at.column : 0;
    if (w->at.width != w->text.n + 2) return 0;
    written = slice_from(source_at(pc, &w->at), 1);
    return slice_starts(written, w->text) ? w->at.column + 1 : 0;
}

struct word word_part(struct policy_cfg *pc, const struct word *w, struct slice part)
{
    struct word out = *w;
    bool within = part.p && part.p >= w->text.p && part.p <= w->text.p + w->text.n;
    unsigned column = within ? text_column(pc, w) : 0;

    out.text = slice_of(arena_str(pc->cfg->arena, part), part.n);
    if (!column) return out;
    out.at.column = column + (unsigned)(part.p - w->text.p);
    out.at.width = part.n ? (unsigned)part.n : 1;
    return out;
}

/* ---- rows ---- */

static void fetches_index(struct policy_rows *r)
{
    for (unsigned t = 0; r->fetch_tables && r->fetch_tables[t]; t++)
        for (unsigned i = 0; i < r->fetch_tables[t]->n; i++) {
            const struct fetch *f = &r->fetch_tables[t]->rows[i];
            hashmap_put(&r->fetches, slice_str(f->name), (void *)f);
        }
}

static void converters_index(struct policy_rows *r)
{
    for (unsigned t = 0; r->converter_tables && r->converter_tables[t]; t++)
        for (unsigned i = 0; i < r->converter_tables[t]->n; i++) {
            const struct converter *c = &r->converter_tables[t]->rows[i];
            hashmap_put(&r->converters, slice_str(c->name), (void *)c);
        }
}

static void items_index(struct policy_rows *r)
{
    for (unsigned t = 0; r->item_tables && r->item_tables[t]; t++)
        for (unsigned i = 0; i < r->item_tables[t]->n; i++) {
            const struct format_item *f = &r->item_tables[t]->rows[i];
            hashmap_put(&r->items, slice_str(f->name), (void *)f);
        }
}

void policy_rows_init(struct policy_rows *r, const struct fetch_table *const *fetches,
                      const struct converter_table *const *converters,
                      const struct format_item_table *const *items,
                      const struct action_table *const *actions)
{
    *r = (struct policy_rows){
        .actions = actions,
        .fetch_tables = fetches,
        .converter_tables = converters,
        .item_tables = items,
    };
    fetches_index(r);
    converters_index(r);
    items_index(r);
}

void policy_rows_release(struct policy_rows *r)
{
    hashmap_release(&r->fetches);
    hashmap_release(&r->converters);
    hashmap_release(&r->items);
}
