/* SPDX-License-Identifier: Apache-2.0 */
/* How a stick table is made; for its own files.
 *
 * An entry is a slot of its shard, known there by a 32-bit number from 1 on (0: none). Slots lie in
 * slabs, which never move. They hang in two structures, both guarded by the shard's lock: a
 * bucket's chain, and the list by age, which begins with the entry that was touched longest ago and
 * is therefore the next to expire.
 *
 * The buckets are a linear hash table: with each entry that makes it too full one bucket is split,
 * so that no insertion pays for all. */
#ifndef GATEHOUSE_POLICY_STICK_PRIVATE_H
#define GATEHOUSE_POLICY_STICK_PRIVATE_H

#include "base/memory.h"
#include "policy/stick_table.h"

#include <pthread.h>
#include <stdatomic.h>

/* In stick_entry.refs: it is not found any more. Who gives the last reference back frees it. */
#define STICK_DEAD (UINT32_C(1) << 31)

struct stick_entry {
    uint32_t self;  /* its number */
    uint32_t chain; /* the next of its bucket; of the free list, when it is free */
    uint32_t older, newer;
    uint32_t hash;            /* the shard's number in the highest bits, then the bucket's */
    _Atomic uint32_t touched; /* a time's lowest 32 bits */
    _Atomic uint32_t refs;    /* STICK_DEAD alone: the slot is free */
    _Atomic uint32_t trackers;
    char rest[]; /* its data, then its key */
};

struct stick_shard {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
    uint32_t n;       /* entries that can be found */
    uint32_t n_slots; /* that were ever in use */
    uint32_t free;    /* the first free one of them */
    uint32_t oldest, newest;
    uint32_t n_buckets, n_segments, n_slabs;
    uint32_t **segments; /* of buckets, each the number of its first entry */
    char **slabs;
};

struct stick_table {
    struct object object; /* found by "table" and name, once it is entered */
    bool entered;
    uint8_t type, shard_bits;
    uint8_t slab_shift; /* a slab has 1 << slab_shift slots of `stride` bytes */
    uint32_t key_size, stored;
    uint32_t data_size, stride; /* the key stands behind the data */
    uint64_t secret;
    uint16_t at[STICK_DATA]; /* where in an entry's rest; what n says is there */
    uint8_t n[STICK_DATA];   /* 0: not stored, and no array's first element either */
    _Atomic uint32_t period[STICK_DATA];
    _Atomic uint32_t size, expire;
    atomic_bool nopurge;
    pthread_mutex_t server_lock; /* of servers and n_servers */
    char **servers;              /* the texts that server_key's values point to */
    uint32_t n_servers;
    _Atomic uint64_t full;
    uint64_t full_told; /* the control thread's, with told */
    msec_t told;
    _Alignas(CACHE_LINE) _Atomic uint32_t used; /* all shards' n, and room that was taken */
    struct stick_shard *shards;
};

/* From `then` to `now`, both a time's lowest 32 bits; 0 when then is the later one, by a clock that
 * was read a little later. */
static inline uint32_t stick_elapsed(uint32_t now, uint32_t then)
{
    enum { SKEW = 1 << 24 };
    uint32_t n = now - then;

    return n > UINT32_MAX - SKEW ? 0 : n;
}

static inline char *stick_bytes(const struct stick_table *t, const struct stick_entry *e)
{
    return (char *)e->rest + t->data_size;
}

static inline bool stick_is_dead(const struct stick_entry *e)
{
    return atomic_load_explicit(&e->refs, memory_order_relaxed) & STICK_DEAD;
}

static inline struct stick_shard *stick_shard_of(const struct stick_table *t, uint32_t hash)
{
    return &t->shards[t->shard_bits ? hash >> (32 - t->shard_bits) : 0];
}

static inline unsigned stick_shards(const struct stick_table *t)
{
    return 1u << t->shard_bits;
}

/* ---- stick_data.c ---- */

/* Sets at, n and data_size; returns what the data must be aligned to. */
unsigned stick_data_place(struct stick_table *t, const struct stick_conf *conf);

/* ---- stick_shard.c; all under the shard's lock ---- */

void stick_shard_release(struct stick_shard *s);

struct stick_entry *stick_slot(const struct stick_table *t, const struct stick_shard *s,
                               uint32_t number);

/* The entry of that key, expired or not; NULL. */
struct stick_entry *stick_shard_find(const struct stick_table *t, const struct stick_shard *s,
                                     const struct stick_key *key);

/* A new entry, the youngest, whose data are zero. */
struct stick_entry *stick_shard_add(const struct stick_table *t, struct stick_shard *s,
                                    const struct stick_key *key, msec_t now);

/* Takes it out; its slot is free at once or when its last reference is given back. */
void stick_shard_remove(const struct stick_table *t, struct stick_shard *s, struct stick_entry *e);

/* The slot of a dead entry without references. */
void stick_shard_free(struct stick_shard *s, struct stick_entry *e);

/* It is now the youngest in the list; `touched` stays. */
void stick_shard_renew(const struct stick_table *t, struct stick_shard *s, struct stick_entry *e);

/* Has its time come, and nobody tracks it? */
bool stick_expired(const struct stick_table *t, const struct stick_entry *e, msec_t now);

#endif
