/* SPDX-License-Identifier: Apache-2.0 */
/* Looking something up in a set. */
#include "policy/pattern_ref.h"

#include <arpa/inet.h>

bool pattern_value(struct slice text, enum sample_type type, struct sample *out)
{
    char buf[INET6_ADDRSTRLEN];

    if (type == SAMPLE_STR) return sample_str(out, text);
    if (type == SAMPLE_SINT) {
        out->type = SAMPLE_SINT;
        return slice_to_i64(text, &out->sint);
    }
    if (text.n >= sizeof buf) return false;
    slice_copy(text, buf, sizeof buf);
    out->type = SAMPLE_IPV4;
    if (inet_pton(AF_INET, buf, &out->ipv4) == 1) return true;
    out->type = SAMPLE_IPV6;
    return inet_pton(AF_INET6, buf, &out->ipv6) == 1;
}

const struct match *patterns_method(const struct patterns *p)
{
    return p->match;
}

bool patterns_nocase(const struct patterns *p)
{
    return p->nocase;
}

enum sample_type patterns_value_type(const struct patterns *p)
{
    return (enum sample_type)p->out;
}

/* HAProxy keeps a tree where case counts, and of networks that are prefixes. */
static bool in_tree(const struct patterns *p, const struct pattern_entry *e)
{
    if (p->match->kind == MATCH_IP) return e->home != HOME_LIST;
    return !p->nocase && (p->match->kind == MATCH_STR || p->match->kind == MATCH_BEG);
}

static void tell(struct pattern_hit *hit, const struct patterns *p, const struct pattern_entry *e)
{
    hit->has_value = e->has_value;
    hit->value = e->value;
    hit->in_tree = in_tree(p, e);
    hit->text = e->text;
}

/* The same, when the set may change as soon as the lock is given back. */
static void tell_copy(struct pattern_hit *hit, const struct patterns *p, struct context *c,
                      const struct pattern_entry *e)
{
    tell(hit, p, e);
    hit->text = hit->wants_text ? arena_copy(c->arena, e->text) : slice_of(NULL, 0);
    if (e->has_value && p->out == SAMPLE_STR) hit->value.str = arena_copy(c->arena, e->value.str);
}

static pthread_mutex_t *lock_of(const struct pattern_ref *r, const struct context *c)
{
    unsigned last = r->n_locks - 1, id = c->worker ? c->worker->id : last;
    return &r->locks[id < last ? id : last].lock;
}

/* Out of the way of sets that nobody changes. */
__attribute__((noinline)) static bool look_up_locked(const struct patterns *p, struct context *c,
                                                     const struct sample *s,
                                                     struct pattern_hit *hit)
{
    pthread_mutex_t *lock = lock_of(p->ref, c);
    const struct pattern_entry *e;

    pthread_mutex_lock(lock);
    e = pattern_index_find(atomic_load_explicit(&p->live, memory_order_relaxed), s,
                           hit ? hit->groups : NULL);
    if (e && hit) tell_copy(hit, p, c, e);
    pthread_mutex_unlock(lock);
    return e != NULL;
}

bool patterns_match(const struct patterns *p, struct context *c, const struct sample *s,
                    struct pattern_hit *hit)
{
    const struct pattern_entry *e;

    if (p->match->kind == MATCH_FOUND) return true;
    if (p->match->kind == MATCH_BOOL) return s->sint != 0;
    if (atomic_load_explicit(&p->live, memory_order_acquire)) return look_up_locked(p, c, s, hit);
    e = pattern_index_find(&p->base, s, hit ? hit->groups : NULL);
    if (e && hit) tell(hit, p, e);
    return e != NULL;
}
