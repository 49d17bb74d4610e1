/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_index.h"

#include <stdlib.h>

/* ---- holding entries ---- */

static bool uses_words(const struct pattern_index *ix)
{
    return ix->match->kind == MATCH_DIR || ix->match->kind == MATCH_DOM;
}

void pattern_index_init(struct pattern_index *ix, const struct match *m, bool nocase)
{
    *ix = (struct pattern_index){ .match = m, .nocase = nocase, .secret = hash_secret() };
    ix->stepwise = uses_words(ix) || (nocase && m->kind == MATCH_STR);
    list_init(&ix->list);
}

void pattern_index_release(struct pattern_index *ix)
{
    tree_release(&ix->tree);
    tree_release(&ix->tree6);
    hash_release(&ix->hash);
}

static uint64_t hash_stepwise(const struct pattern_index *ix, struct slice s)
{
    uint64_t h = ix->secret;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        h = hash_step(h, ix->nocase ? pattern_lower[c] : c);
    }
    return hash_end(h);
}

static void note_words(struct pattern_index *ix, struct slice key)
{
    uint32_t inner = 0;

    for (size_t i = 0; i < key.n; i++) inner += pattern_is_delimiter(ix->match->kind, key.p[i]);
    if (inner > ix->most_inner) ix->most_inner = inner;
    ix->lengths |= 1ull << key.n % 64;
}

static void add_to_hash(struct pattern_index *ix, struct pattern_entry *e)
{
    e->node.key = e->key;
    e->node.hash = ix->stepwise ? hash_stepwise(ix, e->key) : hash_bytes(ix->secret, e->key);
    if (uses_words(ix)) note_words(ix, e->key);
    hash_add(&ix->hash, &e->node);
}

void pattern_index_add(struct pattern_index *ix, struct pattern_entry *e)
{
    e->index = ix;
    e->leaf.order = e->order;
    ix->only = ix->n++ ? NULL : e;
    switch ((enum pattern_home)e->home) {
    case HOME_NONE: break;
    case HOME_LIST: list_append(&ix->list, &e->link); break;
    case HOME_HASH: add_to_hash(ix, e); break;
    case HOME_TREE: tree_add(&ix->tree, e->key.p, e->bits, &e->leaf); break;
    case HOME_TREE6: tree_add(&ix->tree6, e->key.p, e->bits, &e->leaf); break;
    }
}

void pattern_index_remove(struct pattern_index *ix, struct pattern_entry *e)
{
    ix->n--;
    ix->only = NULL;
    switch ((enum pattern_home)e->home) {
    case HOME_NONE: break;
    case HOME_LIST: list_remove(&e->link); break;
    case HOME_HASH: hash_remove(&ix->hash, &e->node); break;
    case HOME_TREE: tree_remove(&ix->tree, e->key.p, e->bits, &e->leaf); break;
    case HOME_TREE6: tree_remove(&ix->tree6, e->key.p, e->bits, &e->leaf); break;
    }
}

/* ---- finding ---- */

typedef const struct pattern_entry *find_fn(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups);

static const struct pattern_entry *of_node(const struct hash_node *node)
{
    return node ? container_of(node, struct pattern_entry, node) : NULL;
}

static const struct pattern_entry *of_leaf(const struct tree_leaf *leaf)
{
    return leaf ? container_of(leaf, struct pattern_entry, leaf) : NULL;
}

static const struct pattern_entry *earlier(const struct pattern_entry *a,
                                           const struct pattern_entry *b)
{
    if (!a || !b) return a ? a : b;
    return a->order < b->order ? a : b;
}

static const struct pattern_entry *exact(const struct pattern_index *ix, struct slice text)
{
    return of_node(hash_find(&ix->hash, hash_bytes(ix->secret, text), text));
}

/* Do the bytes from p on begin with the key, whose letters' case may not count? */
static inline bool stands_at(const struct pattern_index *ix, const char *p, struct slice key)
{
    if (!ix->nocase) return key.n == 0 || memcmp(p, key.p, key.n) == 0;
    for (size_t i = 0; i < key.n; i++)
        if (pattern_lower[(unsigned char)p[i]] != (unsigned char)key.p[i]) return false;
    return true;
}

/* The entry whose key is the text. */
static const struct pattern_entry *folded(const struct pattern_index *ix, uint64_t hash,
                                          struct slice text)
{
    const struct hash_node *node = ix->hash.buckets[hash & (ix->hash.n_buckets - 1)];

    for (; node; node = node->chain)
        if (node->hash == hash && node->key.n == text.n && stands_at(ix, text.p, node->key))
            return of_node(node);
    return NULL;
}

static const struct pattern_entry *find_str(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    const struct pattern_entry *only = ix->only;
    struct slice text = s->str;
    ptrdiff_t nul;

    (void)groups;
    if (!ix->nocase) {
        nul = slice_find(text, '\0'); /* HAProxy compares up to it */
        if (nul >= 0) text.n = (size_t)nul;
    }
    if (only) return text.n == only->key.n && stands_at(ix, text.p, only->key) ? only : NULL;
    if (ix->nocase) return ix->hash.n ? folded(ix, hash_stepwise(ix, text), text) : NULL;
    return exact(ix, text);
}

static const struct pattern_entry *find_bin(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    (void)groups;
    return exact(ix, s->str);
}

/* Out of the way of sets of one pattern. */
__attribute__((noinline)) static const struct pattern_entry *
beginning(const struct pattern_index *ix, struct slice s)
{
    struct tree_text text = { s.p, s.n, 1, ix->nocase ? pattern_lower : NULL };

    return of_leaf(ix->nocase || ix->earliest ? tree_earliest(&ix->tree, &text)
                                              : tree_longest(&ix->tree, &text));
}

static const struct pattern_entry *find_beg(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    const struct pattern_entry *only = ix->only;

    (void)groups;
    if (!only) return beginning(ix, s->str);
    return s->str.n >= only->key.n && stands_at(ix, s->str.p, only->key) ? only : NULL;
}

static const struct pattern_entry *find_end(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    struct tree_text text = { s->str.n ? s->str.p + s->str.n - 1 : s->str.p, s->str.n, -1,
                              ix->nocase ? pattern_lower : NULL };

    (void)groups;
    return of_leaf(tree_earliest(&ix->tree, &text));
}

/* The key is no longer than the text. */
static bool contains(const struct pattern_index *ix, struct slice text, struct slice key)
{
    if (!ix->nocase) return key.n == 0 || memmem(text.p, text.n, key.p, key.n);
    for (size_t at = 0; at + key.n <= text.n; at++)
        if (stands_at(ix, text.p + at, key)) return true;
    return false;
}

static const struct pattern_entry *find_sub(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    (void)groups;
    list_each(l, &ix->list)
    {
        const struct pattern_entry *e = list_entry(l, struct pattern_entry, link);
        if (e->key.n <= s->str.n && contains(ix, s->str, e->key)) return e;
    }
    return NULL;
}

/* ---- words ---- */

/* The first of the set among those that begin where text does, and end where a word ends. */
static const struct pattern_entry *words_from(const struct pattern_index *ix, struct slice text)
{
    const struct pattern_entry *best = NULL;
    uint32_t inner = 0;
    uint64_t h = ix->secret;

    for (size_t i = 0; i <= text.n; i++) {
        unsigned char c;
        if (i == text.n || pattern_is_delimiter(ix->match->kind, text.p[i])) {
            if (ix->lengths >> i % 64 & 1)
                best = earlier(best, folded(ix, hash_end(h), slice_of(text.p, i)));
            if (i == text.n || inner++ == ix->most_inner) break;
        }
        c = (unsigned char)text.p[i];
        h = hash_step(h, ix->nocase ? pattern_lower[c] : c);
    }
    return best;
}

static const struct pattern_entry *find_words(const struct pattern_index *ix,
                                              const struct sample *s, struct regex_match *groups)
{
    const struct pattern_entry *best = NULL;
    struct slice text = s->str;
    bool begins = true;

    (void)groups;
    if (ix->hash.n == 0) return NULL;
    for (size_t i = 0; i < text.n; i++) {
        bool delimiter = pattern_is_delimiter(ix->match->kind, text.p[i]);
        if (begins && !delimiter) best = earlier(best, words_from(ix, slice_from(text, i)));
        begins = delimiter;
    }
    /* A pattern without a word matches where there is room for one, at the end. */
    if (begins && ix->lengths & 1)
        best = earlier(best, folded(ix, hash_end(ix->secret), slice_of(text.p, 0)));
    return best;
}

/* ---- numbers ---- */

static const struct pattern_entry *number_in(const struct pattern_index *ix, int64_t n)
{
    const struct pattern_entry *best = NULL;

    if (ix->hash.n) best = exact(ix, slice_of((const char *)&n, sizeof n));
    list_each(l, &ix->list)
    {
        const struct pattern_entry *e = list_entry(l, struct pattern_entry, link);
        if (e->range.min <= n && n <= e->range.max) return earlier(best, e);
    }
    return best;
}

static const struct pattern_entry *find_int(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    (void)groups;
    return number_in(ix, s->sint);
}

static const struct pattern_entry *find_len(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    (void)groups;
    return number_in(ix, (int64_t)s->str.n);
}

/* ---- addresses ---- */

/* Is it ::ffff:a.b.c.d, ::a.b.c.d or 2002:aabb:ccdd::? */
static bool is_ip4(const struct in6_addr *a, uint32_t *out)
{
    static const unsigned char zeros[12];

    if (a->s6_addr[0] == 0x20 && a->s6_addr[1] == 0x02) {
        memcpy(out, a->s6_addr + 2, 4);
        return true;
    }
    if (memcmp(a->s6_addr, zeros, 8) != 0) return false;
    if (memcmp(a->s6_addr + 8, zeros, 4) != 0 && memcmp(a->s6_addr + 8, "\0\0\xff\xff", 4) != 0)
        return false;
    memcpy(out, a->s6_addr + 12, 4);
    return true;
}

static const struct pattern_entry *net_in(const struct tree *t, const void *address, size_t n)
{
    struct tree_text text = { address, n, 1, NULL };
    return of_leaf(tree_longest(t, &text));
}

static const struct pattern_entry *odd_net(const struct pattern_index *ix, uint32_t address)
{
    list_each(l, &ix->list)
    {
        const struct pattern_entry *e = list_entry(l, struct pattern_entry, link);
        if ((address & e->net.mask) == e->net.address) return e;
    }
    return NULL;
}

static const struct pattern_entry *find_ip4(const struct pattern_index *ix, uint32_t address)
{
    struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
    const struct pattern_entry *e = net_in(&ix->tree, &address, 4);

    if (e) return e;
    memcpy(mapped.s6_addr + 12, &address, 4);
    e = net_in(&ix->tree6, &mapped, 16);
    return e ? e : odd_net(ix, address);
}

static const struct pattern_entry *find_ip(const struct pattern_index *ix, const struct sample *s,
                                           struct regex_match *groups)
{
    const struct pattern_entry *e;
    uint32_t address;

    (void)groups;
    if (s->type == SAMPLE_IPV4) return find_ip4(ix, s->ipv4.s_addr);
    if (s->type != SAMPLE_IPV6) return NULL;
    e = net_in(&ix->tree6, &s->ipv6, 16);
    if (e || !is_ip4(&s->ipv6, &address)) return e;
    e = net_in(&ix->tree, &address, 4);
    return e ? e : odd_net(ix, address);
}

/* ---- regexes, methods ---- */

static const struct pattern_entry *find_reg(const struct pattern_index *ix, const struct sample *s,
                                            struct regex_match *groups)
{
    list_each(l, &ix->list)
    {
        const struct pattern_entry *e = list_entry(l, struct pattern_entry, link);
        if (regex_match(e->regex, s->str, false, groups)) return e;
    }
    return NULL;
}

static bool same_name(const struct pattern_index *ix, struct slice key, struct slice name)
{
    return ix->nocase ? slice_eq_nocase(key, name) : slice_eq(key, name);
}

static const struct pattern_entry *find_meth(const struct pattern_index *ix, const struct sample *s,
                                             struct regex_match *groups)
{
    uint8_t method = s->http_method == HTTP_PATCH ? HTTP_METHOD_OTHER : s->http_method;

    (void)groups;
    list_each(l, &ix->list)
    {
        const struct pattern_entry *e = list_entry(l, struct pattern_entry, link);
        if (e->http_method != method) continue;
        if (method != HTTP_METHOD_OTHER || same_name(ix, e->key, s->str)) return e;
    }
    return NULL;
}

static const struct pattern_entry *find_none(const struct pattern_index *ix, const struct sample *s,
                                             struct regex_match *groups)
{
    (void)ix, (void)s, (void)groups;
    return NULL;
}

static find_fn *const finders[N_MATCHES] = {
    [MATCH_FOUND] = find_none, [MATCH_BOOL] = find_none, [MATCH_INT] = find_int,
    [MATCH_IP] = find_ip,      [MATCH_BIN] = find_bin,   [MATCH_LEN] = find_len,
    [MATCH_STR] = find_str,    [MATCH_BEG] = find_beg,   [MATCH_SUB] = find_sub,
    [MATCH_DIR] = find_words,  [MATCH_DOM] = find_words, [MATCH_END] = find_end,
    [MATCH_REG] = find_reg,    [MATCH_METH] = find_meth,
};

const struct pattern_entry *pattern_index_find(const struct pattern_index *ix,
                                               const struct sample *s, struct regex_match *groups)
{
    return ix->n ? finders[ix->match->kind](ix, s, groups) : NULL;
}
