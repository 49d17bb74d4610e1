/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { FEWEST_BUCKETS = 8 };

uint64_t hash_secret(void)
{
    uint64_t secret;

    if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) == sizeof secret) return secret;
    return (uint64_t)time(NULL) * 0x9E3779B97F4A7C15u ^ (uint64_t)(uintptr_t)&secret;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0xD6E8FEB86659FD93u;
    return h ^ h >> 32;
}

uint64_t hash_bytes(uint64_t h, struct slice s)
{
    uint64_t word;

    h ^= s.n;
    for (; s.n >= 8; s = slice_from(s, 8)) {
        memcpy(&word, s.p, 8);
        h = mix(h, word);
    }
    word = 0;
    if (s.n) memcpy(&word, s.p, s.n);
    h = mix(h, word);
    return mix(h, 0);
}

void hash_release(struct hash_table *t)
{
    free(t->buckets);
    *t = (struct hash_table){ 0 };
}

static struct hash_node **bucket_of(struct hash_table *t, uint64_t hash)
{
    return &t->buckets[hash & (t->n_buckets - 1)];
}

static void resize(struct hash_table *t, uint32_t n_buckets)
{
    struct hash_table fresh = { .n_buckets = n_buckets, .n = t->n };

    fresh.buckets = mem_zero(n_buckets * sizeof(*fresh.buckets));
    for (uint32_t i = 0; i < t->n_buckets; i++) {
        struct hash_node *node = t->buckets[i], *next;
        for (; node; node = next) {
            struct hash_node **b = bucket_of(&fresh, node->hash);
            next = node->chain;
            node->chain = *b;
            *b = node;
        }
    }
    free(t->buckets);
    *t = fresh;
}

void hash_add(struct hash_table *t, struct hash_node *node)
{
    struct hash_node *first = hash_find(t, node->hash, node->key), **b;

    node->next_same = NULL;
    if (first) {
        first->last_same->next_same = node;
        first->last_same = node;
        return;
    }
    if (t->n >= t->n_buckets) resize(t, t->n_buckets ? t->n_buckets * 2 : FEWEST_BUCKETS);
    node->last_same = node;
    b = bucket_of(t, node->hash);
    node->chain = *b;
    *b = node;
    t->n++;
}

/* Takes the first of its key out of its bucket: the next of the key takes its place. */
static void remove_first(struct hash_table *t, struct hash_node *node)
{
    struct hash_node **at = bucket_of(t, node->hash), *heir = node->next_same;

    while (*at != node) at = &(*at)->chain;
    if (heir) {
        heir->last_same = node->last_same;
        heir->chain = node->chain;
        *at = heir;
        return;
    }
    *at = node->chain;
    t->n--;
    if (t->n_buckets > FEWEST_BUCKETS && t->n < t->n_buckets / 4) resize(t, t->n_buckets / 2);
}

void hash_remove(struct hash_table *t, struct hash_node *node)
{
    struct hash_node *first = hash_find(t, node->hash, node->key), *before;

    if (first == node) {
        remove_first(t, node);
        return;
    }
    for (before = first; before->next_same != node;) before = before->next_same;
    before->next_same = node->next_same;
    if (first->last_same == node) first->last_same = before;
}
