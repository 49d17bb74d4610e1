/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of one configuration: which there are, their numbers, who uses them. */
#include "base/hashmap.h"
#include "policy/pattern_ref.h"
#include "policy/pattern_sets.h"

#include <stdio.h>
#include <stdlib.h>

/* Who waits for a set by its path. */
struct want {
    struct want *next;
    const char *path;
    struct pattern_ref **out;
};

struct pattern_sets {
    struct arena arena;
    struct pattern_set *first, **last;
    struct hashmap by_path;
    struct want *wants;
};

static void release(void *thing)
{
    struct pattern_sets *all = thing;

    for (struct pattern_set *s = all->first; s; s = s->next) {
        pattern_ref_drop(s->ref);
        free(s->display);
    }
    hashmap_release(&all->by_path);
    arena_release(&all->arena);
    free(all);
}

struct pattern_sets *pattern_sets_of(struct policy_cfg *pc)
{
    struct pattern_sets *all = pc->patterns;

    if (all) return all;
    all = pc->patterns = mem_zero(sizeof *all);
    arena_init(&all->arena, NULL);
    all->last = &all->first;
    policy_keep(pc, release, all);
    return all;
}

/* ---- adding ---- */

struct pattern_set *pattern_set_new(struct pattern_sets *all, struct pattern_ref *ref,
                                    const char *path)
{
    struct pattern_set *s = arena_zero(&all->arena, sizeof *s);

    s->ref = ref;
    ref->lasting |= *path != 0;
    s->path = arena_str(&all->arena, slice_str(path));
    s->id = -1;
    s->uses_end = &s->uses;
    *all->last = s;
    all->last = &s->next;
    if (*path) hashmap_put(&all->by_path, slice_str(s->path), s);
    return s;
}

struct pattern_set *pattern_sets_last(const struct pattern_sets *all)
{
    return container_of(all->last, struct pattern_set, next);
}

struct pattern_set *pattern_set_by_path(const struct pattern_sets *all, struct slice path)
{
    return hashmap_get(&all->by_path, path);
}

bool pattern_sets_has_id(const struct pattern_sets *all, int id)
{
    for (const struct pattern_set *s = all->first; s; s = s->next)
        if (s->id == id) return true;
    return false;
}

void pattern_set_used(struct pattern_sets *all, struct pattern_set *s, struct patterns *p)
{
    struct pattern_use *use = arena_zero(&all->arena, sizeof *use);

    use->patterns = p;
    *s->uses_end = use;
    s->uses_end = &use->next;
}

/* "…, by map at file 'x.cfg' line 3" */
void pattern_set_note(struct pattern_set *s, bool map, const struct word *at)
{
    const char *file = at->at.source ? at->at.source->name : "";
    const char *what = map ? "map" : "acl";
    char *before = s->display, *text;
    int n;

    if (before)
        n = asprintf(&text, "%s, by %s at file '%s' line %u", before, what, file, at->at.line);
    else
        n = asprintf(&text, "pattern loaded from file '%s' used by %s at file '%s' line %u",
                     s->path, what, file, at->at.line);
    if (n < 0) mem_exhausted(strlen(s->path) + 64);
    free(before);
    s->display = text;
}

void pattern_set_name(struct pattern_set *s, struct slice criterion, const struct word *at)
{
    const char *file = at->at.source ? at->at.source->name : "";

    if (asprintf(&s->display, "acl '%.*s' file '%s' line %u", SLICE_ARG(criterion), file,
                 at->at.line) < 0)
        mem_exhausted(criterion.n + 64);
}

/* ---- when all is read ---- */

static int compare_ids(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Those without a number get the free ones, in the order of their coming. */
static void number_sets(struct pattern_sets *all)
{
    unsigned n = 0, taken = 0, at = 0;
    int *ids, next = 0;

    for (const struct pattern_set *s = all->first; s; s = s->next) n++;
    ids = mem_alloc((n + 1) * sizeof(*ids));
    for (const struct pattern_set *s = all->first; s; s = s->next)
        if (s->id >= 0) ids[taken++] = s->id;
    qsort(ids, taken, sizeof(*ids), compare_ids);
    for (struct pattern_set *s = all->first; s; s = s->next) {
        if (s->id >= 0) continue;
        for (; at < taken && ids[at] <= next; at++)
            if (ids[at] == next) next++;
        s->id = next++;
    }
    free(ids);
}

static int compare_sets(const void *a, const void *b)
{
    const struct pattern_set *const *x = a, *const *y = b;
    return compare_ids(&(*x)->id, &(*y)->id);
}

static void sort_by_number(struct pattern_sets *all)
{
    struct pattern_set **sets, **at = &all->first;
    unsigned n = 0, i = 0;

    for (struct pattern_set *s = all->first; s; s = s->next) n++;
    sets = mem_alloc((n + 1) * sizeof(*sets));
    for (struct pattern_set *s = all->first; s; s = s->next) sets[i++] = s;
    qsort(sets, n, sizeof(*sets), compare_sets);
    for (i = 0; i < n; i++) {
        *at = sets[i];
        at = &sets[i]->next;
    }
    *at = NULL;
    all->last = at;
    free(sets);
}

void pattern_sets_finish(struct policy_cfg *pc)
{
    struct pattern_sets *all = pc->patterns;

    if (!all) return;
    number_sets(all);
    sort_by_number(all);
    for (struct pattern_set *s = all->first; s; s = s->next)
        if (!s->ref->entered) s->ref->n_locks = pc->n_workers + 1; /* else it has them */
    for (const struct want *w = all->wants; w; w = w->next) {
        const struct pattern_set *s = pattern_set_by_path(all, slice_str(w->path));
        if (!s) continue;
        *w->out = s->ref;
        pattern_ref_make_changeable(s->ref);
    }
}

void pattern_sets_want(struct policy_cfg *pc, struct slice path, struct pattern_ref **out)
{
    struct pattern_sets *all = pattern_sets_of(pc);
    struct want *w = arena_zero(&all->arena, sizeof *w);

    w->path = arena_str(&all->arena, path);
    w->out = out;
    w->next = all->wants;
    all->wants = w;
}

/* The name under which a set is found again; NULL: it is not. */
static const char *lasting_name(const struct pattern_set *s)
{
    return *s->path ? s->path : s->lasting;
}

static void adopt(struct pattern_set *s, struct objects *objects)
{
    const char *name = lasting_name(s);
    struct object *old;

    if (!name || s->ref->entered) return;
    old = object_find(objects, PATTERN_OBJECT, name);
    if (old) {
        object_forget(old);
        object_unref(old);
    }
    pattern_ref_enter(s->ref, objects, name);
}

void pattern_sets_adopt(struct pattern_sets *all, struct objects *objects)
{
    for (struct pattern_set *s = all ? all->first : NULL; s; s = s->next) adopt(s, objects);
}

/* ---- finding ---- */

const struct pattern_set *pattern_sets_first(const struct pattern_sets *all)
{
    return all ? all->first : NULL;
}

const struct pattern_set *pattern_sets_find(const struct pattern_sets *all, struct slice name)
{
    const struct pattern_set *s = pattern_sets_first(all);
    int64_t id;

    if (!s) return NULL;
    if (!name.n || name.p[0] != '#') return pattern_set_by_path(all, name);
    if (!slice_to_i64(slice_from(name, 1), &id)) return NULL;
    while (s && s->id != id) s = s->next;
    return s;
}
