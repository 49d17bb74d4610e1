/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/reload.h"

void reload_note(struct cfg *cfg, const struct words *w)
{
    struct keyword_use *use = arena_zero(cfg->arena, sizeof(*use));
    const struct section *s = cfg->current;

    use->next = cfg->fixed;
    use->keyword = w->keyword;
    use->section = arena_printf(cfg->arena, "%s %s", s->kind->name, s->name);
    use->words = *w;
    use->where = place_name(cfg->arena, &w->w[0].at);
    cfg->fixed = use;
}

struct keyword_use *reload_keep(const struct cfg *cfg, struct arena *a)
{
    struct keyword_use *kept = NULL;

    for (const struct keyword_use *u = cfg->fixed; u; u = u->next) {
        struct keyword_use *copy = arena_zero(a, sizeof(*copy));
        struct word *words = arena_zero(a, u->words.n * sizeof(*words));
        for (unsigned i = 0; i < u->words.n; i++) words[i].text = arena_copy(a, u->words.w[i].text);
        *copy = (struct keyword_use){ .next = kept, .keyword = u->keyword };
        copy->section = arena_str(a, slice_str(u->section));
        copy->where = arena_str(a, slice_str(u->where));
        copy->words = (struct words){ .w = words, .n = u->words.n, .keyword = u->keyword };
        kept = copy;
    }
    return kept;
}

static bool same(const struct keyword_use *a, const struct keyword_use *b)
{
    if (a->keyword != b->keyword || a->words.n != b->words.n) return false;
    if (strcmp(a->section, b->section) != 0) return false;
    for (unsigned i = 0; i < a->words.n; i++)
        if (!slice_eq(a->words.w[i].text, b->words.w[i].text)) return false;
    return true;
}

static bool is_among(const struct keyword_use *use, const struct keyword_use *list)
{
    while (list && !same(use, list)) list = list->next;
    return list != NULL;
}

static const struct keyword_use *use_of(const struct keyword *keyword,
                                        const struct keyword_use *list)
{
    while (list && list->keyword != keyword) list = list->next;
    return list;
}

bool reload_check(struct cfg *fresh, const struct keyword_use *old)
{
    bool unchanged = true;

    for (const struct keyword_use *u = fresh->fixed; u; u = u->next) {
        const struct keyword_use *before = use_of(u->keyword, old);
        if (is_among(u, old)) continue;
        unchanged = cfg_error(fresh, &u->words.w[0], "a reload can't change '%s'",
                              u->keyword->name);
        if (before) cfg_hint(fresh, "it was at %s; restart to change it", before->where);
    }
    for (const struct keyword_use *u = old; u; u = u->next) {
        if (is_among(u, fresh->fixed) || use_of(u->keyword, fresh->fixed)) continue;
        unchanged = cfg_error(fresh, NULL, "a reload can't take '%s' away", u->keyword->name);
        cfg_hint(fresh, "it was at %s; restart to change it", u->where);
    }
    return unchanged;
}
