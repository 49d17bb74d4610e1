/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_ref.h"

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

static void free_elt(struct pattern_elt *elt)
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
    list_each(it, l) free_elt(list_entry(it, struct pattern_elt, link));
}

static void free_index(struct pattern_index *ix)
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
        free_index(atomic_load_explicit(&p->live, memory_order_relaxed));
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

/* ---- patterns ---- */

static struct slice own(struct slice s)
{
    return slice_of(mem_strndup(s.p ? s.p : "", s.n), s.n);
}

static struct pattern_elt *elt_new(struct pattern_ref *r, struct slice text,
                                   const struct slice *value, unsigned line)
{
    struct pattern_elt *elt = mem_zero(sizeof(*elt) + text.n + 1);

    elt->text = slice_of((char *)(elt + 1), text.n);
    slice_put((char *)(elt + 1), text);
    if (value) {
        elt->has_value = true;
        elt->value = own(*value);
    }
    elt->line = line;
    elt->order = r->next_order++;
    return elt;
}

static void note_text(struct pattern_ref *r, struct pattern_elt *elt)
{
    elt->node.key = elt->text;
    elt->node.hash = hash_bytes(r->secret, elt->text);
    hash_add(&r->by_text, &elt->node);
}

struct pattern_elt *pattern_ref_append(struct pattern_ref *r, struct slice text,
                                       const struct slice *value, unsigned line)
{
    struct pattern_elt *elt = elt_new(r, text, value, line);

    elt->generation = r->generation;
    list_append(&r->elts, &elt->link);
    r->n++;
    return elt;
}

/* What a view makes of a pattern, not in its index yet; NULL and why. */
static struct pattern_entry *make_entry(const struct patterns *p, struct pattern_elt *elt, bool dns,
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

static void attach(struct pattern_elt *elt, struct pattern_entry *e)
{
    e->sibling = elt->entries;
    elt->entries = e;
}

bool pattern_ref_view_add(struct patterns *p, struct pattern_elt *elt, char why[PATTERN_WHY_MAX])
{
    struct pattern_index *live = atomic_load_explicit(&p->live, memory_order_relaxed);
    struct pattern_entry *e = make_entry(p, elt, p->dns, why);

    if (!e) return false;
    attach(elt, e);
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
    if (ix != &p->base) free_index(ix);
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

/* A new index with all that is of the current generation. */
static struct pattern_index *copy_view(const struct patterns *p)
{
    struct pattern_index *ix = index_new(p);
    char why[PATTERN_WHY_MAX];

    list_each(l, &p->ref->elts)
    {
        struct pattern_elt *elt = list_entry(l, struct pattern_elt, link);
        struct pattern_entry *e = NULL;
        if (elt->generation == p->ref->generation) e = resolved(p, elt);
        if (!e && elt->generation == p->ref->generation) e = make_entry(p, elt, false, why);
        if (!e) continue; /* can't be: it was readable once */
        attach(elt, e);
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
        note_text(r, elt);
    }
    for (struct patterns *p = r->views; p; p = p->next)
        atomic_store_explicit(&p->live, copy_view(p), memory_order_release);
    for (struct pattern_watch *w = r->watches; w; w = w->next)
        atomic_store_explicit(w->changed, true, memory_order_release);
}

void pattern_ref_watch(struct pattern_ref *r, struct pattern_watch *w)
{
    w->next = r->watches;
    r->watches = w;
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
        free_elt(elt);
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
    struct pattern_elt *elt = elt_new(r, key, value, 0);

    for (const struct patterns *p = r->views; p; p = p->next) {
        struct pattern_entry *e = make_entry(p, elt, false, why);
        if (!e) {
            free_elt(elt);
            return PATTERN_WRONG;
        }
        e->index = atomic_load_explicit(&p->live, memory_order_relaxed);
        attach(elt, e);
    }
    elt->generation = generation;
    list_append(&r->elts, &elt->link);
    note_text(r, elt);
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
    value = own(text);
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
    for (p = r->views; p; p = p->next) old[n++] = copy_view(p);
    stop_readers(r);
    n = 0;
    for (p = r->views; p; p = p->next, n++)
        old[n] = atomic_exchange_explicit(&p->live, old[n], memory_order_acq_rel);
    let_readers_go(r);
    while (n) free_index(old[--n]);
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
