/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of patterns: what the Runtime API and actions change, and looking at all of a set while
 * others change it. */
#include "policy/pattern_ref_private.h"

#include <stdlib.h>

/* ---- locks ---- */

/* Begins a change: nobody else makes one. */
static void begin(struct pattern_ref *r)
{
    pthread_mutex_lock(&r->lock);
    pattern_ref_make_changeable(r);
}

static void end(struct pattern_ref *r)
{
    pthread_mutex_unlock(&r->lock);
}

/* Nobody looks between these two. */
static void stop_readers(struct pattern_ref *r)
{
    for (unsigned i = 0; i < r->n_locks; i++) pthread_mutex_lock(&r->locks[i].lock);
}

static void let_readers_go(struct pattern_ref *r)
{
    for (unsigned i = 0; i < r->n_locks; i++) pthread_mutex_unlock(&r->locks[i].lock);
}

/* ---- taking out ---- */

/* Out of the lists, and of the indexes unless those are being replaced. The entries that are in
 * no index any more are freed, if nobody can be looking at them. */
static void unlink_elt(struct pattern_ref *r, struct pattern_elt *elt)
{
    list_each(l, &r->cursors)
    {
        struct pattern_cursor *c = list_entry(l, struct pattern_cursor, link);
        if (c->next == elt) c->next = list_entry(elt->link.next, struct pattern_elt, link);
    }
    list_remove(&elt->link);
    hash_remove(&r->by_text, &elt->node);
    r->n--;
}

static bool is_live(const struct pattern_ref *r, const struct pattern_entry *e)
{
    for (const struct patterns *p = r->views; p; p = p->next)
        if (&p->base == e->index) return false;
    return true;
}

/* Frees what belongs to changeable indexes; what the immutable ones have stays with the pattern. */
static void bury(struct pattern_ref *r, struct pattern_elt *elt)
{
    struct pattern_entry **at = &elt->entries, *e;

    if (!elt->pinned) {
        pattern_elt_free(elt);
        return;
    }
    while ((e = *at)) {
        if (!is_live(r, e)) {
            at = &e->sibling;
            continue;
        }
        *at = e->sibling;
        pattern_entry_free(e);
    }
    list_append(&r->gone, &elt->link);
}

/* Under the lock. */
static void delete_elt(struct pattern_ref *r, struct pattern_elt *elt)
{
    unlink_elt(r, elt);
    stop_readers(r);
    for (struct pattern_entry *e = elt->entries; e; e = e->sibling)
        if (is_live(r, e)) pattern_index_remove(e->index, e);
    let_readers_go(r);
    bury(r, elt);
}

static struct pattern_elt *find_elt(const struct pattern_ref *r, struct slice key)
{
    struct hash_node *node = hash_find(&r->by_text, hash_bytes(r->secret, key), key);
    return node ? container_of(node, struct pattern_elt, node) : NULL;
}

/* The pattern at that address, if there is one. */
static struct pattern_elt *elt_at(const struct pattern_ref *r, const void *address)
{
    list_each(l, &r->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        if (elt == address) return elt;
    }
    return NULL;
}

enum pattern_change pattern_ref_delete(struct pattern_ref *r, struct slice key)
{
    enum pattern_change result = PATTERN_NOT_FOUND;
    struct pattern_elt *elt;

    begin(r);
    while ((elt = find_elt(r, key))) {
        delete_elt(r, elt);
        result = PATTERN_CHANGED;
    }
    end(r);
    return result;
}

enum pattern_change pattern_ref_delete_at(struct pattern_ref *r, const void *address)
{
    struct pattern_elt *elt;

    begin(r);
    elt = elt_at(r, address);
    if (elt) delete_elt(r, elt);
    end(r);
    return elt ? PATTERN_CHANGED : PATTERN_NOT_FOUND;
}

/* ---- adding ---- */

static enum pattern_change add_elt(struct pattern_ref *r, uint32_t generation, struct slice key,
                                   const struct slice *value, char why[PATTERN_WHY_MAX])
{
    struct pattern_elt *elt = pattern_elt_new(r, key, value, 0);

    for (const struct patterns *p = r->views; p; p = p->next) {
        struct pattern_entry *e = pattern_elt_entry(p, elt, false, why);
        if (!e) {
            pattern_elt_free(elt);
            return PATTERN_WRONG;
        }
        e->index = atomic_load_explicit(&p->live, memory_order_relaxed);
        pattern_elt_attach(elt, e);
    }
    elt->generation = generation;
    list_append(&r->elts, &elt->link);
    pattern_elt_note(r, elt);
    r->n++;
    if (generation != r->generation) {
        /* Made anew by the commit; that they can be read is all that was asked. */
        for (struct pattern_entry *e; (e = elt->entries);) {
            elt->entries = e->sibling;
            pattern_entry_free(e);
        }
        return PATTERN_CHANGED;
    }
    stop_readers(r);
    for (struct pattern_entry *e = elt->entries; e; e = e->sibling) pattern_index_add(e->index, e);
    let_readers_go(r);
    return PATTERN_CHANGED;
}

enum pattern_change pattern_ref_add(struct pattern_ref *r, uint32_t generation, struct slice key,
                                    const struct slice *value, char why[PATTERN_WHY_MAX])
{
    enum pattern_change result;

    begin(r);
    result = add_elt(r, generation, key, value, why);
    end(r);
    return result;
}

/* ---- setting ---- */

/* The value as a view reads it; false: it can't. */
static bool can_set(const struct pattern_ref *r, struct slice value)
{
    struct sample s;

    for (const struct patterns *p = r->views; p; p = p->next)
        if (p->out != SAMPLE_ANY && !pattern_value(value, (enum sample_type)p->out, &s))
            return false;
    return true;
}

/* Which view an entry of a changeable index belongs to. */
static const struct patterns *view_of(const struct pattern_ref *r, const struct pattern_entry *e)
{
    const struct patterns *p = r->views;

    while (p && atomic_load_explicit(&p->live, memory_order_relaxed) != e->index) p = p->next;
    return p;
}

/* A pinned pattern's first value must stay for those who look at the immutable indexes; what came
 * later they never see. */
static void replace_value(struct pattern_ref *r, struct pattern_elt *elt, struct slice value)
{
    bool seen_by_base = elt->pinned && elt->has_value && !elt->first_kept;
    struct pattern_elt *keep;
    struct slice old = elt->value;

    elt->value = value;
    elt->has_value = true;
    elt->first_kept = true;
    if (!seen_by_base) {
        free((char *)old.p);
        return;
    }
    keep = mem_zero(sizeof *keep);
    keep->value = old;
    list_append(&r->gone, &keep->link);
}

/* What stays as it is stops nobody: set-map in a request mostly says what is known. */
static void set_elt(struct pattern_ref *r, struct pattern_elt *elt, struct slice text)
{
    struct slice value;

    if (elt->has_value && slice_eq(elt->value, text)) return;
    value = pattern_own(text);
    stop_readers(r);
    for (struct pattern_entry *e = elt->entries; e; e = e->sibling) {
        const struct patterns *p = view_of(r, e);
        if (!p) continue;
        e->has_value = true;
        if (p->out != SAMPLE_ANY) pattern_value(value, (enum sample_type)p->out, &e->value);
    }
    let_readers_go(r);
    replace_value(r, elt, value);
}

static enum pattern_change set_all(struct pattern_ref *r, struct slice key, struct slice value)
{
    struct pattern_elt *elt = find_elt(r, key);

    if (!elt) return PATTERN_NOT_FOUND;
    if (!can_set(r, value)) return PATTERN_WRONG;
    for (struct hash_node *node = &elt->node; node; node = node->next_same)
        set_elt(r, container_of(node, struct pattern_elt, node), value);
    return PATTERN_CHANGED;
}

enum pattern_change pattern_ref_set(struct pattern_ref *r, struct slice key, struct slice value)
{
    enum pattern_change result;

    begin(r);
    result = set_all(r, key, value);
    end(r);
    return result;
}

enum pattern_change pattern_ref_set_at(struct pattern_ref *r, const void *address,
                                       struct slice value)
{
    enum pattern_change result = PATTERN_NOT_FOUND;
    struct pattern_elt *elt;

    begin(r);
    elt = elt_at(r, address);
    if (elt) result = can_set(r, value) ? PATTERN_CHANGED : PATTERN_WRONG;
    if (result == PATTERN_CHANGED) set_elt(r, elt, value);
    end(r);
    return result;
}

enum pattern_change pattern_ref_put(struct pattern_ref *r, struct slice key,
                                    const struct slice *value)
{
    enum pattern_change result = PATTERN_CHANGED;
    char why[PATTERN_WHY_MAX];

    begin(r);
    if (!find_elt(r, key))
        result = add_elt(r, r->generation, key, value, why);
    else if (value)
        result = set_all(r, key, *value);
    end(r);
    return result;
}

/* ---- generations ---- */

struct pattern_state pattern_ref_state(struct pattern_ref *r)
{
    struct pattern_state s;

    pthread_mutex_lock(&r->lock);
    s = (struct pattern_state){ r->generation, r->next_generation, r->n };
    pthread_mutex_unlock(&r->lock);
    return s;
}

uint32_t pattern_ref_prepare(struct pattern_ref *r)
{
    uint32_t generation;

    pthread_mutex_lock(&r->lock);
    generation = ++r->next_generation;
    pthread_mutex_unlock(&r->lock);
    return generation;
}

/* Takes the patterns of that generation out of the lists and puts them on *out; with `older` also
 * those before it. Numbers may wrap. */
static void take_out(struct pattern_ref *r, uint32_t generation, bool older, struct list *out)
{
    list_each(l, &r->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        int32_t age = (int32_t)(generation - elt->generation);
        if (age < 0 || (age > 0 && !older)) continue;
        unlink_elt(r, elt);
        list_append(out, &elt->link);
    }
}

/* New indexes with what is of the current generation take the place of the changeable ones. */
static void replace_indexes(struct pattern_ref *r)
{
    struct patterns *p;
    struct pattern_index **old;
    unsigned n = 0;

    for (p = r->views; p; p = p->next) n++;
    old = mem_alloc((n + 1) * sizeof(*old));
    n = 0;
    for (p = r->views; p; p = p->next) old[n++] = pattern_view_copy(p);
    stop_readers(r);
    n = 0;
    for (p = r->views; p; p = p->next, n++)
        old[n] = atomic_exchange_explicit(&p->live, old[n], memory_order_acq_rel);
    let_readers_go(r);
    while (n) pattern_view_drop(old[--n]);
    free(old);
}

void pattern_ref_clear(struct pattern_ref *r, uint32_t generation)
{
    struct list out;

    list_init(&out);
    begin(r);
    take_out(r, generation, false, &out);
    if (generation == r->generation) replace_indexes(r);
    list_each(l, &out) bury(r, list_entry(l, struct pattern_elt, link));
    end(r);
}

bool pattern_ref_commit(struct pattern_ref *r, uint32_t generation)
{
    struct list out;
    bool good;

    list_init(&out);
    begin(r);
    /* What lies between the current one and the last prepared is new. */
    good = generation - r->generation - 1 < r->next_generation - r->generation;
    if (good) {
        take_out(r, generation - 1, true, &out);
        r->generation = generation;
        replace_indexes(r);
        list_each(l, &out) bury(r, list_entry(l, struct pattern_elt, link));
    }
    end(r);
    return good;
}

/* ---- cursors ---- */

void pattern_cursor_open(struct pattern_cursor *c, struct pattern_ref *r)
{
    pthread_mutex_lock(&r->lock);
    c->next = list_entry(r->elts.next, struct pattern_elt, link);
    list_append(&r->cursors, &c->link);
    pthread_mutex_unlock(&r->lock);
}

void pattern_cursor_close(struct pattern_cursor *c, struct pattern_ref *r)
{
    pthread_mutex_lock(&r->lock);
    list_remove(&c->link);
    pthread_mutex_unlock(&r->lock);
}

bool pattern_cursor_show(struct pattern_cursor *c, struct pattern_ref *r, uint32_t generation,
                         unsigned most, void (*show)(const struct pattern_elt *, void *), void *arg)
{
    bool more;

    pthread_mutex_lock(&r->lock);
    for (unsigned looked = 0; &c->next->link != &r->elts && most && looked < 16 * most; looked++) {
        if (c->next->generation == generation) {
            show(c->next, arg);
            most--;
        }
        c->next = list_entry(c->next->link.next, struct pattern_elt, link);
    }
    more = &c->next->link != &r->elts;
    pthread_mutex_unlock(&r->lock);
    return more;
}
