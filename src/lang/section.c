/* SPDX-License-Identifier: Apache-2.0 */
/* Sections: their names, what they take over from defaults, their beginning and end. */
#include "lang/section_private.h"

#include "base/memory.h"

#include <stdlib.h>

static bool is_defined(void *user, struct slice name)
{
    return environment_get(user, name) != NULL;
}

void cfg_init(struct cfg *cfg, struct arena *arena, struct diag *diag,
              const struct vocabulary *words)
{
    *cfg = (struct cfg){ .arena = arena, .diag = diag, .words = words };
    environment_init(&cfg->env, arena);
    cfg->world.defined = is_defined;
    cfg->world.user = &cfg->env;
    cfg->sections_end = &cfg->sections;
}

void cfg_release(struct cfg *cfg)
{
    environment_release(&cfg->env);
    for (size_t i = 0; i < ARRAY_LEN(cfg->names); i++) hashmap_release(&cfg->names[i]);
    free(cfg->files);
    cfg->files = NULL;
}

struct section *cfg_section(const struct cfg *cfg, unsigned in, struct slice name)
{
    struct section *found = NULL;

    for (unsigned bit = 0; bit < ARRAY_LEN(cfg->names) && !found; bit++)
        if (in & 1u << bit) found = hashmap_get(&cfg->names[bit], name);
    return found;
}

static void register_name(struct cfg *cfg, struct section *s)
{
    for (unsigned bit = 0; bit < ARRAY_LEN(cfg->names); bit++)
        if (s->kind->in & 1u << bit) hashmap_put(&cfg->names[bit], slice_str(s->name), s);
}

/* ---- the header line ---- */

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("-_.:", c));
}

static void check_name(struct cfg *cfg, const struct section_kind *kind, const struct word *word)
{
    for (size_t i = 0; i < word->text.n; i++) {
        if (is_name_char(word->text.p[i])) continue;
        cfg_error(cfg, word, "'%c' can't stand in the name of a %s: '%s'", word->text.p[i],
                  kind->name, word->text.p);
        cfg_hint(cfg, "letters, digits, '-', '_', '.' and ':' can");
        return;
    }
}

/* The word that names the section, or NULL. */
static const struct word *take_name(struct cfg *cfg, const struct section_kind *kind,
                                    struct words *w)
{
    const struct word *word = words_peek(w);

    if (kind->naming == SECTION_UNNAMED) return NULL;
    if (kind->naming == SECTION_MAY_NAME) {
        if (!word || (words_is(w, "from") && words_left(w) > 1)) return NULL;
        return words_next(w);
    }
    if (!word || word->text.n == 0) {
        words_error(cfg, w, "a %s needs a name: '%s %s'", kind->name, kind->name,
                    kind->args ? kind->args : "<name>");
        return NULL;
    }
    check_name(cfg, kind, word);
    return words_next(w);
}

static void unknown_defaults(struct cfg *cfg, const struct word *word)
{
    struct nearest near;

    nearest_init(&near, word->text);
    for (const struct section *s = cfg->sections; s; s = s->next)
        if (s->kind->flags & SECTION_DEFAULTS) nearest_try(&near, slice_str(s->name));
    cfg_error(cfg, word, "there is no defaults section '%s' before this line", word->text.p);
    if (near.best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

/* "from NAME", or else the last defaults section, for kinds that take any. */
static struct section *find_from(struct cfg *cfg, const struct section_kind *kind, struct words *w)
{
    const struct word *word;
    struct section *from;

    if (!(kind->flags & (SECTION_FROM | SECTION_DEFAULTS))) return NULL;
    if (!words_take_if(w, "from")) return kind->flags & SECTION_FROM ? cfg->anonymous : NULL;
    word = words_next(w);
    if (!word) {
        words_error(cfg, w, "'from' needs the name of a defaults section");
        return NULL;
    }
    from = cfg_section(cfg, IN_DEFAULTS, word->text);
    if (!from) {
        unknown_defaults(cfg, word);
    } else if (from->twin) {
        cfg_error(cfg, word, "two defaults sections are called '%s'", word->text.p);
        cfg_hint(cfg, "at %s and %s", place_name(cfg->arena, &from->twin->at),
                 place_name(cfg->arena, &from->at));
    }
    return from;
}

static struct section *take_from(struct cfg *cfg, const struct section_kind *kind, struct words *w)
{
    struct section *from = find_from(cfg, kind, w);

    return from && !from->skipped ? from : NULL;
}

/* A name serves once, but for defaults, which complain when `from` names one of two. */
static void check_twin(struct cfg *cfg, struct section *s)
{
    struct section *old = cfg_section(cfg, s->kind->in, slice_str(s->name));

    if (!old || !*s->name) return;
    if (s->kind->flags & SECTION_DEFAULTS) {
        s->twin = old;
        return;
    }
    cfg_error_at(cfg, &s->at, "%s '%s' has the name of a %s", s->kind->name, s->name,
                 old->kind->name);
    cfg_hint(cfg, "first defined at %s", place_name(cfg->arena, &old->at));
}

static struct section *section_new(struct cfg *cfg, const struct section_kind *kind,
                                   const struct word *name, const struct line *line)
{
    struct section *s = arena_zero(cfg->arena, sizeof(*s));

    s->kind = kind;
    s->name = name ? name->text.p : "";
    s->at = name ? name->at : line->words[0].at;
    s->index = cfg->n_sections++;
    return s;
}

/* The section of a kind that there is only one of, if it has been opened before. */
static struct section *opened_before(const struct cfg *cfg, const struct section_kind *kind)
{
    struct section *s = kind->flags & SECTION_ONCE ? cfg->sections : NULL;

    while (s && s->kind != kind) s = s->next;
    return s;
}

static struct section *section_begin(struct parse *p, const struct section_kind *kind,
                                     const struct line *line, struct words *w)
{
    struct cfg *cfg = p->cfg;
    const struct word *name = take_name(cfg, kind, w);
    struct section *from = take_from(cfg, kind, w), *s = section_new(cfg, kind, name, line);

    s->from = from;
    check_twin(cfg, s);
    *cfg->sections_end = s;
    cfg->sections_end = &s->next;
    if (*s->name) register_name(cfg, s);
    if (kind->flags & SECTION_DEFAULTS) cfg->anonymous = s;
    cfg->current = s;
    if (kind->begin && !kind->begin(cfg, s, w)) {
        s->skipped = s->data == NULL;
        w->at = w->n;
    }
    return s;
}

void section_open(struct parse *p, const struct section_kind *kind, const struct line *line)
{
    struct cfg *cfg = p->cfg;
    struct words w;
    struct section *s;

    section_close(cfg);
    p->header_column = line->words[0].at.column;
    p->indent = 0;
    words_init(&w, line);
    words_next(&w);
    s = opened_before(cfg, kind);
    if (!s) s = section_begin(p, kind, line, &w);
    cfg->current = s;
    p->skipping = s->skipped;
    p->lexer.section = *s->name ? s->name : kind->name;
    words_done(cfg, &w);
}

void section_close(struct cfg *cfg)
{
    struct section *s = cfg->current;

    cfg->current = NULL;
    if (s && s->kind->end && !s->skipped && !(s->kind->flags & SECTION_ONCE)) s->kind->end(cfg, s);
}
