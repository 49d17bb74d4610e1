/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/stick_private.h"

#include "policy/pattern_hash.h"

#include <stdlib.h>
#include <xxhash.h>

#define TABLE_OBJECT "table"

enum {
    SMALL = 1024,           /* below: one shard, and what goes is exactly the oldest */
    MIDDLE = 65536,         /* below: MIDDLE_BITS; else LARGE_BITS */
    MIDDLE_BITS = 4,        /* 16 shards */
    LARGE_BITS = 6,         /* 64 */
    SLAB = 8192,            /* bytes, about */
    REAP_ON_ENTRY = 2,      /* expired ones removed for each that is made */
    REAP_AT_ONCE = 64,      /* … while a lock is held */
    TRIES = 32,             /* of the oldest are looked at for one that nobody refers to */
    TRIES_ELSEWHERE = 4,    /* … in each of the other shards */
    TELL_EACH_MS = 60000,   /* that a table is full */
    REAP_BEFORE_COUNT = 64, /* a shard */
};

/* ---- the table ---- */

static unsigned shard_bits(uint32_t size)
{
    return size < SMALL ? 0 : size < MIDDLE ? MIDDLE_BITS : LARGE_BITS;
}

static void set_layout(struct stick_table *t, const struct stick_conf *conf)
{
    unsigned align = stick_data_place(t, conf);

    t->type = conf->type;
    t->key_size = conf->key_size;
    t->stored = conf->stored;
    t->stride = (uint32_t)((sizeof(struct stick_entry) + t->data_size + t->key_size + align - 1) /
                           align * align);
    t->shard_bits = (uint8_t)shard_bits(conf->size);
    while (t->slab_shift < 10 && (t->stride << t->slab_shift) < SLAB &&
           1u << t->slab_shift < conf->size)
        t->slab_shift++;
}

static bool same_layout(const struct stick_table *t, const struct stick_conf *conf)
{
    if (t->type != conf->type || t->key_size != conf->key_size || t->stored != conf->stored)
        return false;
    for (unsigned d = 0; d < STICK_DATA; d++)
        if (conf->stored >> d & 1 && t->n[d] != conf->data[d].n) return false;
    return true;
}

static void set_limits(struct stick_table *t, const struct stick_conf *conf)
{
    for (unsigned d = 0; d < STICK_DATA; d++)
        atomic_store_explicit(&t->period[d], conf->data[d].period, memory_order_relaxed);
    atomic_store_explicit(&t->size, conf->size, memory_order_relaxed);
    atomic_store_explicit(&t->expire, conf->expire, memory_order_relaxed);
    atomic_store_explicit(&t->nopurge, conf->nopurge, memory_order_relaxed);
}

static struct stick_table *table_new(const struct stick_conf *conf)
{
    struct stick_table *t = mem_zero_aligned(sizeof *t);

    set_layout(t, conf);
    set_limits(t, conf);
    t->secret = hash_secret();
    pthread_mutex_init(&t->server_lock, NULL);
    t->shards = mem_zero_aligned(stick_shards(t) * sizeof *t->shards);
    for (unsigned i = 0; i < stick_shards(t); i++) pthread_mutex_init(&t->shards[i].lock, NULL);
    return t;
}

static void table_free(struct stick_table *t)
{
    for (unsigned i = 0; i < stick_shards(t); i++) stick_shard_release(&t->shards[i]);
    for (uint32_t i = 0; i < t->n_servers; i++) free(t->servers[i]);
    free(t->servers);
    pthread_mutex_destroy(&t->server_lock);
    free(t->shards);
    free(t);
}

static void free_object(struct object *o)
{
    table_free(container_of(o, struct stick_table, object));
}

struct stick_table *stick_table_get(struct objects *all, const struct stick_conf *conf,
                                    bool *replaces)
{
    struct object *known = object_find(all, TABLE_OBJECT, conf->name);

    *replaces = false;
    if (known) {
        struct stick_table *t = container_of(known, struct stick_table, object);
        if (same_layout(t, conf)) return t;
        object_unref(known);
        *replaces = true;
    }
    return table_new(conf);
}

void stick_table_adopt(struct objects *all, const struct stick_conf *conf)
{
    struct stick_table *t = conf->state;
    struct object *before;

    set_limits(t, conf);
    if (t->entered) return;
    before = object_find(all, TABLE_OBJECT, conf->name);
    if (before) {
        object_forget(before);
        object_unref(before);
    }
    object_enter(all, &t->object, TABLE_OBJECT, conf->name, free_object);
    t->entered = true;
}

void stick_table_ref(struct stick_table *t)
{
    object_ref(&t->object);
}

void stick_table_unref(struct stick_table *t)
{
    if (t->entered)
        object_unref(&t->object);
    else
        table_free(t);
}

/* ---- keys ---- */

static bool key_bytes(const struct stick_table *t, struct sample *s, struct slice *out)
{
    ptrdiff_t nul;
    uint32_t number;

    switch ((enum sample_type)t->type) {
    case SAMPLE_IPV4: *out = slice_of((const char *)&s->ipv4, sizeof s->ipv4); return true;
    case SAMPLE_IPV6: *out = slice_of((const char *)&s->ipv6, sizeof s->ipv6); return true;
    case SAMPLE_SINT:
        number = (uint32_t)s->sint;
        memcpy(&s->ipv4, &number, sizeof number);
        *out = slice_of((const char *)&s->ipv4, sizeof number);
        return true;
    case SAMPLE_STR:
        *out = slice_of(s->str.p, s->str.n < t->key_size ? s->str.n : t->key_size);
        if ((nul = slice_find(*out, '\0')) >= 0) out->n = (size_t)nul;
        return true;
    case SAMPLE_BIN:
        *out = slice_of(s->str.p, s->str.n < t->key_size ? s->str.n : t->key_size);
        while (out->n && !out->p[out->n - 1]) out->n--;
        return true;
    default: return false;
    }
}

bool stick_key_make(const struct stick_table *t, struct sample *s, struct context *c,
                    struct stick_key *out)
{
    if (!sample_cast(s, (enum sample_type)t->type, c) || !key_bytes(t, s, &out->bytes))
        return false;
    out->hash = XXH3_64bits_withSeed(out->bytes.p, out->bytes.n, t->secret);
    return true;
}

struct slice stick_entry_key(const struct stick_table *t, const struct stick_entry *e)
{
    const char *p = stick_bytes(t, e);

    return slice_of(p, t->type == SAMPLE_STR ? strnlen(p, t->key_size) : t->key_size);
}

bool stick_key_again(const struct stick_table *t, const struct stick_table *from,
                     const struct stick_entry *e, struct stick_key *out)
{
    struct slice key = stick_entry_key(from, e);

    if (t->type != from->type) return false;
    if (key.n > t->key_size) key.n = t->key_size;
    while (t->type == SAMPLE_BIN && key.n && !key.p[key.n - 1]) key.n--;
    out->bytes = key;
    out->hash = XXH3_64bits_withSeed(key.p, key.n, t->secret);
    return true;
}

/* ---- one goes ---- */

/* Under the lock. */
static void drop(struct stick_table *t, struct stick_shard *s, struct stick_entry *e)
{
    stick_shard_remove(t, s, e);
    atomic_fetch_sub_explicit(&t->used, 1, memory_order_relaxed);
}

/* Under the lock. Those that are tracked are put off until it is their turn again. */
static unsigned reap(struct stick_table *t, struct stick_shard *s, unsigned most, msec_t now)
{
    uint32_t expire = atomic_load_explicit(&t->expire, memory_order_relaxed);
    unsigned n = 0;

    for (; expire && most && s->oldest; most--) {
        struct stick_entry *e = stick_slot(t, s, s->oldest);
        uint32_t touched = atomic_load_explicit(&e->touched, memory_order_relaxed);
        if (stick_elapsed((uint32_t)now, touched) < expire) break;
        if (stick_expired(t, e, now))
            drop(t, s, e), n++;
        else
            stick_shard_renew(t, s, e);
    }
    return n;
}

/* Under the lock: the oldest that nobody refers to, or, `read` being true, that is read and not
 * tracked. */
static bool give_up_one(struct stick_table *t, struct stick_shard *s, unsigned tries, bool read)
{
    for (; tries && s->oldest; tries--) {
        struct stick_entry *e = stick_slot(t, s, s->oldest);
        bool held = read ? atomic_load_explicit(&e->trackers, memory_order_acquire) != 0
                         : atomic_load_explicit(&e->refs, memory_order_acquire) != 0;
        if (!held) {
            drop(t, s, e);
            atomic_fetch_add_explicit(&t->full, 1, memory_order_relaxed);
            return true;
        }
        stick_shard_renew(t, s, e);
    }
    return false;
}

/* Under the lock. What is only read goes when all else is tracked: somebody who looks through the
 * whole table, and takes his time, must not keep others from being counted. He may read on. */
static bool give_up(struct stick_table *t, struct stick_shard *s, unsigned tries)
{
    return give_up_one(t, s, tries, false) || give_up_one(t, s, tries, true);
}

/* ---- one comes ---- */

static bool take_room(struct stick_table *t)
{
    uint32_t used = atomic_load_explicit(&t->used, memory_order_relaxed);
    uint32_t size = atomic_load_explicit(&t->size, memory_order_relaxed);

    while (used < size)
        if (atomic_compare_exchange_weak_explicit(&t->used, &used, used + 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    return false;
}

/* Under the lock. Two go for one that comes where the table was made smaller. */
static bool make_room(struct stick_table *t, struct stick_shard *s, msec_t now)
{
    bool nopurge = atomic_load_explicit(&t->nopurge, memory_order_relaxed);

    reap(t, s, REAP_ON_ENTRY, now);
    if (take_room(t)) return true;
    for (unsigned i = 0; i < 2 && !nopurge && give_up(t, s, TRIES); i++)
        if (take_room(t)) return true;
    return false;
}

/* The shard itself has none to give; some other may. Under no lock. */
static bool make_room_elsewhere(struct stick_table *t, const struct stick_shard *but, msec_t now)
{
    bool nopurge = atomic_load_explicit(&t->nopurge, memory_order_relaxed), made = false;

    for (unsigned i = 0; i < stick_shards(t) && !made; i++) {
        struct stick_shard *s = &t->shards[i];
        if (s == but) continue;
        pthread_mutex_lock(&s->lock);
        made = reap(t, s, REAP_ON_ENTRY, now) || (!nopurge && give_up(t, s, TRIES_ELSEWHERE));
        pthread_mutex_unlock(&s->lock);
    }
    return made;
}

/* Under the lock: a reference to the entry of that key, if it has not expired. */
static struct stick_entry *find(struct stick_table *t, struct stick_shard *s,
                                const struct stick_key *key, msec_t now)
{
    struct stick_entry *e = stick_shard_find(t, s, key);

    if (!e) return NULL;
    if (!stick_expired(t, e, now)) return stick_ref(e);
    drop(t, s, e);
    return NULL;
}

struct stick_entry *stick_lookup(struct stick_table *t, const struct stick_key *key, msec_t now)
{
    struct stick_shard *s = stick_shard_of(t, (uint32_t)key->hash);
    struct stick_entry *e;

    pthread_mutex_lock(&s->lock);
    e = find(t, s, key, now);
    pthread_mutex_unlock(&s->lock);
    return e;
}

static struct stick_entry *enter(struct stick_table *t, const struct stick_key *key, msec_t now)
{
    struct stick_shard *s = stick_shard_of(t, (uint32_t)key->hash);
    struct stick_entry *e;

    pthread_mutex_lock(&s->lock);
    e = find(t, s, key, now);
    if (!e && make_room(t, s, now)) e = stick_ref(stick_shard_add(t, s, key, now));
    pthread_mutex_unlock(&s->lock);
    return e;
}

struct stick_entry *stick_enter(struct stick_table *t, const struct stick_key *key, msec_t now)
{
    struct stick_entry *e = enter(t, key, now);

    if (!e && make_room_elsewhere(t, stick_shard_of(t, (uint32_t)key->hash), now))
        e = enter(t, key, now);
    if (!e) atomic_fetch_add_explicit(&t->full, 1, memory_order_relaxed);
    return e;
}

/* ---- while it lives ---- */

void stick_touch(struct stick_table *t, struct stick_entry *e, msec_t now)
{
    uint32_t is = atomic_load_explicit(&e->touched, memory_order_relaxed);
    struct stick_shard *s;

    if (!stick_elapsed((uint32_t)now, is)) return;
    s = stick_shard_of(t, e->hash);
    pthread_mutex_lock(&s->lock);
    if (!stick_is_dead(e)) {
        atomic_store_explicit(&e->touched, (uint32_t)now, memory_order_relaxed);
        stick_shard_renew(t, s, e);
    }
    pthread_mutex_unlock(&s->lock);
}

struct stick_entry *stick_ref(struct stick_entry *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void stick_unref(struct stick_table *t, struct stick_entry *e)
{
    struct stick_shard *s = stick_shard_of(t, e->hash);

    /* Alive it belongs to its shard, and from here on perhaps to nobody. */
    if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != (STICK_DEAD | 1)) return;
    pthread_mutex_lock(&s->lock);
    stick_shard_free(s, e);
    pthread_mutex_unlock(&s->lock);
}

void stick_track(struct stick_entry *e)
{
    atomic_fetch_add_explicit(&e->trackers, 1, memory_order_relaxed);
}

void stick_untrack(struct stick_entry *e)
{
    atomic_fetch_sub_explicit(&e->trackers, 1, memory_order_release);
}

unsigned stick_trackers(const struct stick_entry *e)
{
    return atomic_load_explicit(&e->trackers, memory_order_relaxed);
}

uint32_t stick_idle(const struct stick_table *t, const struct stick_entry *e, msec_t now)
{
    if (!atomic_load_explicit(&t->expire, memory_order_relaxed)) return 0;
    return stick_elapsed((uint32_t)now, atomic_load_explicit(&e->touched, memory_order_relaxed));
}

uint32_t stick_expires_in(const struct stick_table *t, const struct stick_entry *e, msec_t now)
{
    uint32_t expire = atomic_load_explicit(&t->expire, memory_order_relaxed);
    uint32_t idle = stick_idle(t, e, now);

    return idle < expire ? expire - idle : 0;
}

/* ---- the whole table ---- */

uint32_t stick_size(const struct stick_table *t)
{
    return atomic_load_explicit(&t->size, memory_order_relaxed);
}

static unsigned reap_shard(struct stick_table *t, unsigned i, unsigned most, msec_t now)
{
    struct stick_shard *s = &t->shards[i];
    unsigned n;

    pthread_mutex_lock(&s->lock);
    n = reap(t, s, most, now);
    pthread_mutex_unlock(&s->lock);
    return n;
}

uint32_t stick_used(struct stick_table *t, msec_t now)
{
    bool expires = atomic_load_explicit(&t->expire, memory_order_relaxed) > 0;

    for (unsigned i = 0; expires && i < stick_shards(t); i++)
        reap_shard(t, i, REAP_BEFORE_COUNT, now);
    return atomic_load_explicit(&t->used, memory_order_relaxed);
}

unsigned stick_reap(struct stick_table *t, unsigned most, msec_t now)
{
    unsigned n = 0, more = 1;

    while (n < most && more) {
        more = 0;
        for (unsigned i = 0; i < stick_shards(t) && n + more < most; i++)
            more += reap_shard(t, i, REAP_AT_ONCE, now);
        n += more;
    }
    return n;
}

uint64_t stick_full_count(const struct stick_table *t)
{
    return atomic_load_explicit(&t->full, memory_order_relaxed);
}

uint64_t stick_full_news(struct stick_table *t, msec_t now)
{
    uint64_t full = stick_full_count(t), news = full - t->full_told;

    if (!news || (t->told && now - t->told < TELL_EACH_MS)) return 0;
    t->full_told = full;
    t->told = now;
    return news;
}

bool stick_remove(struct stick_table *t, struct stick_entry *e)
{
    struct stick_shard *s = stick_shard_of(t, e->hash);
    bool tracked = stick_trackers(e) > 0;

    if (tracked) return false;
    pthread_mutex_lock(&s->lock);
    if (!stick_is_dead(e)) drop(t, s, e);
    pthread_mutex_unlock(&s->lock);
    return true;
}
