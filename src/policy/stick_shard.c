/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/stick_private.h"

#include <stdlib.h>

enum {
    SEGMENT = 1024,      /* buckets */
    FEWEST_BUCKETS = 16, /* within one segment */
};

/* ---- slots ---- */

struct stick_entry *stick_slot(const struct stick_table *t, const struct stick_shard *s,
                               uint32_t number)
{
    uint32_t i = number - 1;
    char *slab = s->slabs[i >> t->slab_shift];

    return (struct stick_entry *)(slab + (size_t)(i & ((1u << t->slab_shift) - 1)) * t->stride);
}

/* An array of pointers that is full whenever its length is a power of two. */
static void *append(void *array, uint32_t n, void *p)
{
    char **all = array;

    if (!(n & (n - 1))) all = mem_resize(all, (n ? 2 * (size_t)n : 1) * sizeof *all);
    all[n] = p;
    return all;
}

static struct stick_entry *take_slot(const struct stick_table *t, struct stick_shard *s)
{
    struct stick_entry *e;
    uint32_t number = s->free;

    if (number) {
        e = stick_slot(t, s, number);
        s->free = e->chain;
        memset(e->rest, 0, t->stride - sizeof *e);
        return e;
    }
    if (s->n_slots >> t->slab_shift == s->n_slabs) {
        s->slabs = append(s->slabs, s->n_slabs, mem_zero((size_t)t->stride << t->slab_shift));
        s->n_slabs++;
    }
    e = stick_slot(t, s, ++s->n_slots);
    e->self = s->n_slots;
    return e;
}

void stick_shard_free(struct stick_shard *s, struct stick_entry *e)
{
    e->chain = s->free;
    s->free = e->self;
}

void stick_shard_release(struct stick_shard *s)
{
    for (uint32_t i = 0; i < s->n_slabs; i++) free(s->slabs[i]);
    for (uint32_t i = 0; i < s->n_segments; i++) free(s->segments[i]);
    free(s->slabs);
    free(s->segments);
    pthread_mutex_destroy(&s->lock);
}

/* ---- buckets ---- */

static uint32_t *bucket_at(const struct stick_shard *s, uint32_t i)
{
    return &s->segments[i / SEGMENT][i % SEGMENT];
}

/* The largest power of two that is not above n. */
static uint32_t power_below(uint32_t n)
{
    return UINT32_C(1) << (31 - __builtin_clz(n));
}

static uint32_t *bucket_of(const struct stick_shard *s, uint32_t hash)
{
    uint32_t half = power_below(s->n_buckets), i = hash & (2 * half - 1);

    return bucket_at(s, i < s->n_buckets ? i : i & (half - 1));
}

/* One more bucket, into which goes what belongs there from the one that stood for it. */
static void add_bucket(const struct stick_table *t, struct stick_shard *s)
{
    uint32_t fresh = s->n_buckets, half = power_below(fresh), *from, *to, i;

    if (fresh == UINT32_C(1) << 31) return;
    if (fresh / SEGMENT == s->n_segments) {
        s->segments = append(s->segments, s->n_segments, mem_zero(SEGMENT * sizeof(uint32_t)));
        s->n_segments++;
    }
    s->n_buckets++;
    from = bucket_at(s, fresh - half);
    to = bucket_at(s, fresh);
    while ((i = *from)) {
        struct stick_entry *e = stick_slot(t, s, i);
        if (!(e->hash & half)) {
            from = &e->chain;
            continue;
        }
        *from = e->chain;
        e->chain = *to;
        *to = i;
    }
}

static void begin_buckets(struct stick_shard *s)
{
    s->segments = append(NULL, 0, mem_zero(SEGMENT * sizeof(uint32_t)));
    s->n_segments = 1;
    s->n_buckets = FEWEST_BUCKETS;
}

/* What is behind the key in the entry: nothing but NULs, or the entry's key is a longer one. Only
 * binary keys have NULs within. */
static bool ends_here(const struct stick_table *t, const char *bytes, size_t n)
{
    if (n == t->key_size) return true;
    if (bytes[n]) return false;
    for (; t->type == SAMPLE_BIN && n < t->key_size; n++)
        if (bytes[n]) return false;
    return true;
}

struct stick_entry *stick_shard_find(const struct stick_table *t, const struct stick_shard *s,
                                     const struct stick_key *key)
{
    uint32_t hash = (uint32_t)key->hash;

    if (!s->n) return NULL;
    for (uint32_t i = *bucket_of(s, hash); i;) {
        struct stick_entry *e = stick_slot(t, s, i);
        const char *bytes = stick_bytes(t, e);
        if (e->hash == hash && slice_starts(slice_of(bytes, t->key_size), key->bytes) &&
            ends_here(t, bytes, key->bytes.n))
            return e;
        i = e->chain;
    }
    return NULL;
}

/* ---- the list by age ---- */

static void link_youngest(const struct stick_table *t, struct stick_shard *s, struct stick_entry *e)
{
    e->older = s->newest;
    e->newer = 0;
    if (s->newest)
        stick_slot(t, s, s->newest)->newer = e->self;
    else
        s->oldest = e->self;
    s->newest = e->self;
}

static void unlink_age(const struct stick_table *t, struct stick_shard *s, struct stick_entry *e)
{
    if (e->older)
        stick_slot(t, s, e->older)->newer = e->newer;
    else
        s->oldest = e->newer;
    if (e->newer)
        stick_slot(t, s, e->newer)->older = e->older;
    else
        s->newest = e->older;
}

void stick_shard_renew(const struct stick_table *t, struct stick_shard *s, struct stick_entry *e)
{
    if (s->newest == e->self) return;
    unlink_age(t, s, e);
    link_youngest(t, s, e);
}

bool stick_expired(const struct stick_table *t, const struct stick_entry *e, msec_t now)
{
    uint32_t expire = atomic_load_explicit(&t->expire, memory_order_relaxed);
    uint32_t touched = atomic_load_explicit(&e->touched, memory_order_relaxed);

    return expire && stick_elapsed((uint32_t)now, touched) >= expire &&
           !atomic_load_explicit(&e->trackers, memory_order_acquire);
}

/* ---- both ---- */

struct stick_entry *stick_shard_add(const struct stick_table *t, struct stick_shard *s,
                                    const struct stick_key *key, msec_t now)
{
    struct stick_entry *e = take_slot(t, s);
    uint32_t *bucket;

    if (!s->n_buckets) begin_buckets(s);
    e->hash = (uint32_t)key->hash;
    atomic_store_explicit(&e->touched, (uint32_t)now, memory_order_relaxed);
    atomic_store_explicit(&e->trackers, 0, memory_order_relaxed);
    atomic_store_explicit(&e->refs, 0, memory_order_relaxed);
    slice_put(stick_bytes(t, e), key->bytes);
    bucket = bucket_of(s, e->hash);
    e->chain = *bucket;
    *bucket = e->self;
    link_youngest(t, s, e);
    if (++s->n > s->n_buckets) add_bucket(t, s);
    return e;
}

void stick_shard_remove(const struct stick_table *t, struct stick_shard *s, struct stick_entry *e)
{
    uint32_t *from = bucket_of(s, e->hash);

    while (*from != e->self) from = &stick_slot(t, s, *from)->chain;
    *from = e->chain;
    unlink_age(t, s, e);
    s->n--;
    if (atomic_fetch_or_explicit(&e->refs, STICK_DEAD, memory_order_acq_rel) == 0)
        stick_shard_free(s, e);
}
