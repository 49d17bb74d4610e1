/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of byte strings for sets of patterns: grows and shrinks with what it holds, keeps
 * the order of those that are equal. It owns nothing but its buckets: the nodes are embedded in
 * what is to be found, and the bytes of a node's key must stay as long as it is in the table.
 *
 * Hashes begin with a secret, because keys may come from clients (set-map). One thread at a time
 * while somebody writes. */
#ifndef GATEHOUSE_POLICY_PATTERN_HASH_H
#define GATEHOUSE_POLICY_PATTERN_HASH_H

#include "base/slice.h"

struct hash_node {
    struct hash_node *chain;                 /* of the bucket: other keys */
    struct hash_node *next_same, *last_same; /* equal keys, in the order of their coming; last_same
                                                is the first one's only */
    uint64_t hash;
    struct slice key;
};

/* All zero is an empty table. */
struct hash_table {
    struct hash_node **buckets;
    uint32_t n_buckets; /* a power of two, or 0 */
    uint32_t n;         /* different keys */
};

/* Frees the buckets; the nodes are the caller's. */
void hash_release(struct hash_table *t);

/* Another secret at each call. */
uint64_t hash_secret(void);

/* The hash of a whole string. */
uint64_t hash_bytes(uint64_t secret, struct slice s);

/* The same function of bytes, made byte by byte, for all parts of a string that begin at one place.
 * Not the same values as hash_bytes. */
static inline uint64_t hash_step(uint64_t h, unsigned char byte)
{
    return (h ^ byte) * 0x9E3779B97F4A7C15u;
}

static inline uint64_t hash_end(uint64_t h)
{
    return h ^ h >> 29;
}

/* node->hash and node->key are set. */
void hash_add(struct hash_table *t, struct hash_node *node);
void hash_remove(struct hash_table *t, struct hash_node *node);

/* The first node with that key, or NULL. */
static inline struct hash_node *hash_find(const struct hash_table *t, uint64_t hash,
                                          struct slice key)
{
    struct hash_node *node = t->n ? t->buckets[hash & (t->n_buckets - 1)] : NULL;

    while (node && !(node->hash == hash && slice_eq(node->key, key))) node = node->chain;
    return node;
}

#endif
