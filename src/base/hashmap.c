/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hashmap.h"

#include "base/memory.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 16 };

/* FNV-1a, with a last mix because slots are taken from the low bits. */
static uint32_t hash_of(struct slice key)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < key.n; i++) h = (h ^ (unsigned char)key.p[i]) * 16777619u;
    return h ^ h >> 15;
}

void hashmap_release(struct hashmap *m)
{
    free(m->entries);
    free(m->slots);
    hashmap_init(m);
}

/* The slot of key, or the free one where it belongs. Removed entries keep their slot (and their
 * key), so that probing does not end early; a rebuild drops them. */
static uint32_t *slot_of(const struct hashmap *m, struct slice key, uint32_t hash)
{
    for (uint32_t i = hash & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
        const struct hashmap_entry *e;
        if (m->slots[i] == 0) return &m->slots[i];
        e = &m->entries[m->slots[i] - 1];
        if (e->value && e->hash == hash && slice_eq(e->key, key)) return &m->slots[i];
    }
}

/* Makes room for one more entry: drops holes, and doubles when there are few of them. */
static void rebuild(struct hashmap *m)
{
    uint32_t slots = m->n_slots ? m->n_slots : FIRST_SLOTS, n = 0;

    if (m->n >= slots / 4) slots *= 2;
    for (uint32_t i = 0; i < m->n_entries; i++)
        if (m->entries[i].value) m->entries[n++] = m->entries[i];
    m->n_entries = n;
    m->entries = mem_resize(m->entries, slots / 2 * sizeof(*m->entries));
    free(m->slots);
    m->slots = mem_zero(slots * sizeof(*m->slots));
    m->n_slots = slots;
    for (uint32_t i = 0; i < n; i++) *slot_of(m, m->entries[i].key, m->entries[i].hash) = i + 1;
}

void *hashmap_get(const struct hashmap *m, struct slice key)
{
    uint32_t slot;

    if (m->n == 0) return NULL;
    slot = *slot_of(m, key, hash_of(key));
    return slot ? m->entries[slot - 1].value : NULL;
}

void *hashmap_put(struct hashmap *m, struct slice key, void *value)
{
    uint32_t hash = hash_of(key), *slot;

    if (m->n_entries >= m->n_slots / 2) rebuild(m);
    slot = slot_of(m, key, hash);
    if (*slot) {
        void *old = m->entries[*slot - 1].value;
        m->entries[*slot - 1].value = value;
        return old;
    }
    m->entries[m->n_entries] = (struct hashmap_entry){ key, value, hash };
    *slot = ++m->n_entries;
    m->n++;
    return NULL;
}

void *hashmap_remove(struct hashmap *m, struct slice key)
{
    uint32_t slot = m->n ? *slot_of(m, key, hash_of(key)) : 0;
    void *old;

    if (slot == 0) return NULL;
    old = m->entries[slot - 1].value;
    m->entries[slot - 1].value = NULL;
    m->entries[slot - 1].key = (struct slice){ 0 };
    m->n--;
    return old;
}
