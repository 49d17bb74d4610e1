/* SPDX-License-Identifier: Apache-2.0 */
/* A map from strings to pointers that remembers the order of insertion, for names in
 * configurations: sections, keywords, variables.
 *
 * Keys are slices and are not copied: their bytes must outlive the entry. Values must not be NULL.
 * The hash is not seeded, so this is not for keys that a client chooses. Not safe for several
 * threads while one writes. */
#ifndef GATEHOUSE_BASE_HASHMAP_H
#define GATEHOUSE_BASE_HASHMAP_H

#include "base/slice.h"

struct hashmap_entry {
    struct slice key;
    void *value; /* NULL: the entry was removed */
    uint32_t hash;
};

/* All zero is an empty map. */
struct hashmap {
    struct hashmap_entry *entries; /* in order of insertion, with holes where one was removed */
    uint32_t *slots;               /* 1 + index into entries, 0 where free */
    uint32_t n_entries, n_slots;
    uint32_t n; /* what the map holds */
};

static inline void hashmap_init(struct hashmap *m)
{
    *m = (struct hashmap){ 0 };
}

/* Frees the map's own memory; keys and values are the caller's. */
void hashmap_release(struct hashmap *m);

/* The value of key, or NULL. */
void *hashmap_get(const struct hashmap *m, struct slice key);

/* Sets key to value and returns the value it had, or NULL. An entry that exists keeps its key and
 * its place in the order. */
void *hashmap_put(struct hashmap *m, struct slice key, void *value);

/* Takes the entry out and returns its value, or NULL. */
void *hashmap_remove(struct hashmap *m, struct slice key);

/* The first entry at or behind index i that is in use; NULL at the end. */
static inline struct hashmap_entry *hashmap_from(const struct hashmap *m, uint32_t i)
{
    for (; i < m->n_entries; i++)
        if (m->entries[i].value) return &m->entries[i];
    return NULL;
}

/* In order of insertion; the body may remove the current entry, but not insert. */
#define hashmap_each(it, m)                                   \
    for (struct hashmap_entry *it = hashmap_from((m), 0); it; \
         it = hashmap_from((m), (uint32_t)(it - (m)->entries) + 1))

#endif
