/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of patterns: their life, and what methods make of them. pattern_change.c changes them. */
#include "policy/pattern_ref_private.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- life ---- */

struct pattern_ref *pattern_ref_new(bool two_columns)
{
    struct pattern_ref *r = mem_zero(sizeof *r);

    r->two_columns = two_columns;
    r->n_locks = 1;
    pthread_mutex_init(&r->lock, NULL);
    list_init(&r->elts);
    list_init(&r->gone);
    list_init(&r->cursors);
    return r;
}

void pattern_elt_free(struct pattern_elt *elt)
{
    struct pattern_entry *e = elt->entries, *next;

    for (; e; e = next) {
        next = e->sibling;
        pattern_entry_free(e);
    }
    free((char *)elt->value.p);
    free(elt);
}

static void free_elts(struct list *l)
{
    list_each(it, l) pattern_elt_free(list_entry(it, struct pattern_elt, link));
}

void pattern_view_drop(struct pattern_index *ix)
{
    if (ix) pattern_index_release(ix);
    free(ix);
}

static void free_ref(struct pattern_ref *r)
{
    struct patterns *p = r->views, *next;

    for (; p; p = next) {
        next = p->next;
        pattern_index_release(&p->base);
        pattern_view_drop(atomic_load_explicit(&p->live, memory_order_relaxed));
        free(p);
    }
    hash_release(&r->by_text);
    free_elts(&r->elts);
    free_elts(&r->gone);
    for (unsigned i = 0; r->locks && i < r->n_locks; i++) pthread_mutex_destroy(&r->locks[i].lock);
    free(r->locks);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void pattern_ref_drop(struct pattern_ref *r)
{
    if (r->entered)
        object_unref(&r->object);
    else
        free_ref(r);
}

static void free_object(struct object *o)
{
    free_ref(container_of(o, struct pattern_ref, object));
}

void pattern_ref_enter(struct pattern_ref *r, struct objects *all, const char *name)
{
    object_enter(all, &r->object, PATTERN_OBJECT, name, free_object);
    r->entered = true;
}

/* ---- patterns ---- */

struct pattern_elt *pattern_elt_new(struct pattern_ref *r, struct slice text,
                                    const struct slice *value, unsigned line)
{
    struct pattern_elt *elt = mem_zero(sizeof(*elt) + text.n + 1);

    elt->text = slice_of((char *)(elt + 1), text.n);
    slice_put((char *)(elt + 1), text);
    if (value) {
        elt->has_value = true;
        elt->value = pattern_own(*value);
    }
    elt->line = line;
    elt->order = r->next_order++;
    return elt;
}

void pattern_elt_note(struct pattern_ref *r, struct pattern_elt *elt)
{
    elt->node.key = elt->text;
    elt->node.hash = hash_bytes(r->secret, elt->text);
    hash_add(&r->by_text, &elt->node);
}

struct pattern_elt *pattern_ref_append(struct pattern_ref *r, struct slice text,
                                       const struct slice *value, unsigned line)
{
    struct pattern_elt *elt = pattern_elt_new(r, text, value, line);

    elt->generation = r->generation;
    list_append(&r->elts, &elt->link);
    r->n++;
    return elt;
}

struct pattern_entry *pattern_elt_entry(const struct patterns *p, struct pattern_elt *elt, bool dns,
                                        char why[PATTERN_WHY_MAX])
{
    struct pattern_entry *e = pattern_compile(p->match, p->nocase, dns, elt->text, why);

    if (!e) return NULL;
    e->order = elt->order;
    e->has_value = elt->has_value;
    if (!elt->has_value || p->out == SAMPLE_ANY) return e;
    if (pattern_value(elt->value, (enum sample_type)p->out, &e->value)) return e;
    snprintf(why, PATTERN_WHY_MAX, "unable to parse '%.*s'",
             (int)(elt->value.n < 200 ? elt->value.n : 200), elt->value.p);
    pattern_entry_free(e);
    return NULL;
}

bool pattern_ref_view_add(struct patterns *p, struct pattern_elt *elt, char why[PATTERN_WHY_MAX])
{
    struct pattern_index *live = atomic_load_explicit(&p->live, memory_order_relaxed);
    struct pattern_entry *e = pattern_elt_entry(p, elt, p->dns, why);

    if (!e) return false;
    pattern_elt_attach(elt, e);
    pattern_index_add(live ? live : &p->base, e);
    return true;
}

/* ---- views ---- */

static struct patterns *view_find(const struct pattern_ref *r, const struct match *m, bool nocase,
                                  enum sample_type out)
{
    struct patterns *p = r->views;

    while (p && !(p->match == m && p->nocase == nocase && p->out == out)) p = p->next;
    return p;
}

static struct pattern_index *index_new(const struct patterns *p)
{
    struct pattern_index *ix = mem_alloc(sizeof *ix);

    pattern_index_init(ix, p->match, p->nocase);
    return ix;
}

/* Forgets what a view that came to nothing made of the patterns. */
static void view_undo(struct patterns *p, struct pattern_index *ix)
{
    list_each(l, &p->ref->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        struct pattern_entry *e = elt->entries;
        if (!e || e->index != ix) continue;
        elt->entries = e->sibling;
        pattern_entry_free(e);
    }
    pattern_index_release(&p->base);
    if (ix != &p->base) pattern_view_drop(ix);
    free(p);
}

/* Fills a new view; under the lock. NULL: *bad can't be read. */
static struct patterns *view_fill(struct patterns *p, char why[PATTERN_WHY_MAX],
                                  const struct pattern_elt **bad)
{
    struct pattern_ref *r = p->ref;
    struct pattern_index *live = r->locks ? index_new(p) : NULL;

    atomic_store_explicit(&p->live, live, memory_order_relaxed);
    list_each(l, &r->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        if (elt->generation != r->generation || pattern_ref_view_add(p, elt, why)) continue;
        *bad = elt;
        view_undo(p, live ? live : &p->base);
        return NULL;
    }
    p->next = r->views;
    r->views = p;
    return p;
}

struct patterns *pattern_ref_view(struct pattern_ref *r, const struct match *m, unsigned flags,
                                  enum sample_type out, char why[PATTERN_WHY_MAX],
                                  const struct pattern_elt **bad)
{
    struct patterns *p;

    pthread_mutex_lock(&r->lock);
    p = view_find(r, m, flags & PATTERNS_NOCASE, out);
    if (!p) {
        p = mem_zero(sizeof *p);
        p->ref = r;
        p->match = m;
        p->nocase = flags & PATTERNS_NOCASE;
        p->dns = !(flags & PATTERNS_NO_DNS);
        p->out = (uint8_t)out;
        pattern_index_init(&p->base, m, p->nocase);
        p = view_fill(p, why, bad);
    }
    pthread_mutex_unlock(&r->lock);
    return p;
}

/* ---- from immutable to changeable ---- */

/* What was made of a pattern when its host name was resolved: that is not done again. */
static struct pattern_entry *resolved(const struct patterns *p, const struct pattern_elt *elt)
{
    struct pattern_entry *e = p->match->kind == MATCH_IP ? elt->entries : NULL;

    while (e && e->index != &p->base) e = e->sibling;
    return e ? pattern_copy_ip(e) : NULL;
}

struct pattern_index *pattern_view_copy(const struct patterns *p)
{
    struct pattern_index *ix = index_new(p);
    char why[PATTERN_WHY_MAX];

    list_each(l, &p->ref->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        struct pattern_entry *e = NULL;
        if (elt->generation == p->ref->generation) e = resolved(p, elt);
        if (!e && elt->generation == p->ref->generation) e = pattern_elt_entry(p, elt, false, why);
        if (!e) continue; /* can't be: it was readable once */
        pattern_elt_attach(elt, e);
        pattern_index_add(ix, e);
    }
    return ix;
}

static void make_locks(struct pattern_ref *r)
{
    r->locks = mem_zero_aligned(r->n_locks * sizeof(*r->locks));
    for (unsigned i = 0; i < r->n_locks; i++) pthread_mutex_init(&r->locks[i].lock, NULL);
}

/* Under the lock, or before anybody else knows of it. */
void pattern_ref_make_changeable(struct pattern_ref *r)
{
    if (r->locks) return;
    make_locks(r);
    r->secret = hash_secret();
    list_each(l, &r->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        elt->pinned = true;
        pattern_elt_note(r, elt);
    }
    for (struct patterns *p = r->views; p; p = p->next)
        atomic_store_explicit(&p->live, pattern_view_copy(p), memory_order_release);
    for (struct pattern_watch *w = r->watches; w; w = w->next)
        atomic_store_explicit(w->changed, true, memory_order_release);
}

void pattern_ref_watch(struct pattern_ref *r, struct pattern_watch *w)
{
    w->next = r->watches;
    r->watches = w;
}
