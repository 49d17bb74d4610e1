/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns of a set as text, in order, and the changes that can be made to them while workers
 * look: what the Runtime API and set-map and its kin do. match.h tells how threads get along.
 *
 * Patterns belong to a generation; only those of the current one are looked up. So a whole set can
 * be prepared beside the one in use, and take its place at once (management manual, "prepare acl").
 * Any thread may change a set. */
#ifndef GATEHOUSE_POLICY_PATTERN_REF_H
#define GATEHOUSE_POLICY_PATTERN_REF_H

#include "base/object.h"
#include "policy/pattern_index.h"

/* One pattern. */
struct pattern_elt {
    struct list link;      /* ref->elts */
    struct hash_node node; /* ref->by_text, once that is kept */
    struct slice text;     /* a NUL follows */
    struct slice value;    /* a map's, from malloc, a NUL follows */
    bool has_value;
    bool pinned;     /* those who look at the first copy may read its bytes until the end */
    bool first_kept; /* … and the value that it had in there is in ref->gone */
    unsigned line;   /* of its file; 0: added since, or inline */
    uint32_t generation;
    uint64_t order;
    struct pattern_entry *entries; /* what methods make of it */
};

/* What one method makes of a ref. */
struct patterns {
    struct patterns *next; /* ref->views */
    struct pattern_ref *ref;
    const struct match *match;
    bool nocase;
    bool dns;    /* names are resolved while the configuration is read */
    uint8_t out; /* enum sample_type: what values are read as; SAMPLE_ANY: they are not */
    struct pattern_index base;
    _Atomic(struct pattern_index *) live; /* NULL: never changed; look at base */
};

/* A worker's lock. */
struct pattern_lock {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
};

/* Somebody who has made a copy of his own of a ref's patterns. */
struct pattern_watch {
    struct pattern_watch *next; /* ref->watches */
    atomic_bool *changed;       /* set when the copy is not to be used any more */
};

struct pattern_ref {
    struct object object; /* when it can be found again: kind PATTERN_OBJECT, by path or "#id" */
    bool entered;         /* … and it is in the index */
    bool lasting;         /* later configurations may find it: it has a path or an id */
    bool two_columns;
    uint64_t print[2];    /* of the file's content */
    pthread_mutex_t lock; /* of all below, but for who looks */
    struct list elts;
    struct list gone; /* pinned ones that were deleted, and first values */
    struct list cursors;
    uint64_t n, next_order;
    uint32_t generation, next_generation; /* current, and the last that was prepared */
    struct hash_table by_text;            /* once changeable */
    uint64_t secret;
    struct patterns *views;
    unsigned n_locks;
    struct pattern_lock *locks; /* one a worker and one more; NULL: never changed */
    struct pattern_watch *watches;
};

#define PATTERN_OBJECT "patterns"

/* n_locks is set when the number of workers is known (pattern_sets_finish). */
struct pattern_ref *pattern_ref_new(bool two_columns);

/* Gives a reference back: the last one, or the only one of what is in no index, frees. */
void pattern_ref_drop(struct pattern_ref *r);

/* From now on object_find(all, PATTERN_OBJECT, name) finds it, and no other. */
void pattern_ref_enter(struct pattern_ref *r, struct objects *all, const char *name);

/* ---- while a configuration is read ---- */

/* One more pattern, of the current generation. Only before the ref is changeable. */
struct pattern_elt *pattern_ref_append(struct pattern_ref *r, struct slice text,
                                       const struct slice *value, unsigned line);

/* What a method makes of it: the one that there is, or a new one. NULL and why: not all patterns
 * can be read so; *bad is the one. */
struct patterns *pattern_ref_view(struct pattern_ref *r, const struct match *m, unsigned flags,
                                  enum sample_type out, char why[PATTERN_WHY_MAX],
                                  const struct pattern_elt **bad);

/* The last appended, which the view has not seen yet. */
bool pattern_ref_view_add(struct patterns *p, struct pattern_elt *elt, char why[PATTERN_WHY_MAX]);

/* From now on it can be changed fast. */
void pattern_ref_make_changeable(struct pattern_ref *r);

/* *w->changed is set when the ref becomes changeable. Both live as long as the ref is in use. */
void pattern_ref_watch(struct pattern_ref *r, struct pattern_watch *w);

/* ---- changes ---- */

enum pattern_change { PATTERN_CHANGED, PATTERN_NOT_FOUND, PATTERN_WRONG };

struct pattern_state {
    uint32_t generation, next_generation;
    uint64_t n; /* of all generations */
};
struct pattern_state pattern_ref_state(struct pattern_ref *r);

/* A new last pattern; value NULL: none. PATTERN_WRONG and why: some method can't read it; nothing
 * has changed then. */
enum pattern_change pattern_ref_add(struct pattern_ref *r, uint32_t generation, struct slice key,
                                    const struct slice *value, char why[PATTERN_WHY_MAX]);

/* The value of all patterns with that key, or of the one at that address. */
enum pattern_change pattern_ref_set(struct pattern_ref *r, struct slice key, struct slice value);
enum pattern_change pattern_ref_set_at(struct pattern_ref *r, const void *elt, struct slice value);

/* add-acl and set-map: is it there already, then nothing is added, or the value is set. */
enum pattern_change pattern_ref_put(struct pattern_ref *r, struct slice key,
                                    const struct slice *value);

enum pattern_change pattern_ref_delete(struct pattern_ref *r, struct slice key);
enum pattern_change pattern_ref_delete_at(struct pattern_ref *r, const void *elt);

/* All of one generation. */
void pattern_ref_clear(struct pattern_ref *r, uint32_t generation);

/* The number of a new generation. */
uint32_t pattern_ref_prepare(struct pattern_ref *r);

/* It becomes the current one, and all that is older goes. False: it was not prepared, or is not
 * newer than the current one. */
bool pattern_ref_commit(struct pattern_ref *r, uint32_t generation);

/* ---- looking at all of them ---- */

/* A place in a ref that stays right while others change it. */
struct pattern_cursor {
    struct list link; /* ref->cursors */
    struct pattern_elt *next;
};

void pattern_cursor_open(struct pattern_cursor *c, struct pattern_ref *r);
void pattern_cursor_close(struct pattern_cursor *c, struct pattern_ref *r);

/* Calls show for up to `most` patterns of that generation, and looks at 16 times as many at most.
 * False: that was the end. */
bool pattern_cursor_show(struct pattern_cursor *c, struct pattern_ref *r, uint32_t generation,
                         unsigned most, void (*show)(const struct pattern_elt *, void *),
                         void *arg);

#endif
