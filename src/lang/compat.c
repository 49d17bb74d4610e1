/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/compat.h"

#include "lang/section.h"

void compat_init(struct compat *c)
{
    *c = (struct compat){ 0 };
    c->last = &c->first;
}

static bool same_line(const struct place *a, const struct place *b)
{
    return a->source == b->source && a->line == b->line;
}

/* Two readers of one line may come by the same word. */
static bool noted(const struct compat *c, const struct place *at, struct slice name)
{
    for (const struct compat_use *u = c->line; u; u = u->next)
        if (same_line(&u->at, at) && u->at.column == at->column && slice_is(name, u->name))
            return true;
    return false;
}

void compat_note(struct cfg *cfg, const struct place *at, const char *what, struct slice name,
                 const char *instead)
{
    struct compat *c = cfg->compat;
    struct compat_use *u;

    if (!c || noted(c, at, name)) return;
    u = arena_zero(cfg->arena, sizeof *u);
    *u = (struct compat_use){ NULL, what, arena_str(cfg->arena, name), instead, *at };
    if (!c->line || !same_line(&c->line->at, at)) c->line = u;
    *c->last = u;
    c->last = &u->next;
    c->n++;
}

void compat_note_error(struct cfg *cfg, const struct place *at, const char *what, struct slice name,
                       const char *instead)
{
    if (cfg->compat) cfg->compat->n_errors++;
    compat_note(cfg, at, what, name, instead);
}
