/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_tree.h"
#include "base/memory.h"

#include <stdlib.h>

struct tree_node {
    struct tree_node *child[2]; /* by the bit behind this node's */
    struct tree_node *up;
    struct tree_leaf *first, *last; /* NULL: only a fork */
    uint32_t bits;
    unsigned char key[];
};

static unsigned bit_of(const unsigned char *key, uint32_t i)
{
    return key[i >> 3] >> (7 - (i & 7)) & 1;
}

/* How many bits two bytes have in common, from the top. */
static uint32_t common_bits(unsigned a, unsigned b)
{
    return (uint32_t)__builtin_clz((a ^ b) << 24 | 0x800000);
}

/* How many of the first `bits` are the same. */
static uint32_t common(const unsigned char *a, const unsigned char *b, uint32_t bits)
{
    uint32_t whole = bits / 8, i = 0, n;

    while (i < whole && a[i] == b[i]) i++;
    if (i * 8 == bits) return bits;
    n = i * 8 + common_bits(a[i], b[i]);
    return n < bits ? n : bits;
}

static struct tree_node *node_new(const unsigned char *key, uint32_t bits, struct tree_node *up)
{
    size_t n = (bits + 7) / 8;
    struct tree_node *node = mem_zero(sizeof(*node) + n);

    if (n) memcpy(node->key, key, n);
    node->bits = bits;
    node->up = up;
    return node;
}

void tree_release(struct tree *t)
{
    struct tree_node *node = t->root, *up;

    while (node) {
        unsigned side = node->child[0] ? 0 : 1;
        struct tree_node *child = node->child[side];
        if (child) {
            node->child[side] = NULL;
            node = child;
            continue;
        }
        up = node->up;
        free(node);
        node = up;
    }
    t->root = NULL;
}

/* The deepest node whose bits key begins with. */
static struct tree_node *descend(const struct tree *t, const unsigned char *key, uint32_t bits)
{
    struct tree_node *node = t->root, *child;

    while (node->bits < bits && (child = node->child[bit_of(key, node->bits)]) &&
           child->bits <= bits && common(child->key, key, child->bits) == child->bits)
        node = child;
    return node;
}

/* A node of that key below `up`, which is the deepest so far. */
static struct tree_node *grow(struct tree_node *up, const unsigned char *key, uint32_t bits)
{
    struct tree_node **link = &up->child[bit_of(key, up->bits)], *below = *link, *node;
    uint32_t same;

    if (!below) return *link = node_new(key, bits, up);
    same = common(below->key, key, below->bits < bits ? below->bits : bits);
    node = node_new(key, same, up);
    *link = node;
    node->child[bit_of(below->key, same)] = below;
    below->up = node;
    return same == bits ? node : (node->child[bit_of(key, same)] = node_new(key, bits, node));
}

void tree_add(struct tree *t, const void *key, uint32_t bits, struct tree_leaf *leaf)
{
    struct tree_node *node;

    if (!t->root) t->root = node_new(key, 0, NULL);
    node = descend(t, key, bits);
    if (node->bits < bits) node = grow(node, key, bits);
    leaf->next = NULL;
    if (node->first)
        node->last->next = leaf;
    else
        node->first = leaf;
    node->last = leaf;
}

/* Takes a node that holds nothing out, if it does not part two others. */
static void prune(struct tree *t, struct tree_node *node)
{
    while (node && !node->first && !(node->child[0] && node->child[1])) {
        struct tree_node *child = node->child[0] ? node->child[0] : node->child[1];
        struct tree_node *up = node->up;

        if (!up && child) return; /* the root stays as long as there is anything */
        if (child) child->up = up;
        if (up)
            up->child[up->child[1] == node] = child;
        else
            t->root = NULL;
        free(node);
        node = child ? NULL : up;
    }
}

void tree_remove(struct tree *t, const void *key, uint32_t bits, struct tree_leaf *leaf)
{
    struct tree_node *node = descend(t, key, bits);
    struct tree_leaf **at = &node->first, *before = NULL;

    while (*at != leaf) {
        before = *at;
        at = &before->next;
    }
    *at = leaf->next;
    if (node->last == leaf) node->last = before;
    prune(t, node);
}

/* ---- looking ---- */

static inline unsigned char byte_at(const struct tree_text *text, size_t i)
{
    unsigned char byte = (unsigned char)text->p[(ptrdiff_t)i * text->step];
    return text->fold ? text->fold[byte] : byte;
}

/* The node whose bits are those of the text at all places where the tree parts: no other can be
 * more alike, but what lies between those places has not been looked at. */
static inline const struct tree_node *follow(const struct tree *t, const struct tree_text *text)
{
    const struct tree_node *node = t->root, *child;
    uint64_t bits = (uint64_t)text->n * 8;

    while (node->bits < bits) {
        unsigned bit = byte_at(text, node->bits >> 3) >> (7 - (node->bits & 7)) & 1;
        child = node->child[bit];
        if (!child || child->bits > bits) break;
        node = child;
    }
    return node;
}

/* How many of the node's bits the text begins with. */
static inline uint32_t alike(const struct tree_text *text, const struct tree_node *node)
{
    uint32_t i = 0;

    while (i + 8 <= node->bits && byte_at(text, i >> 3) == node->key[i >> 3]) i += 8;
    return i < node->bits ? i + common_bits(byte_at(text, i >> 3), node->key[i >> 3]) : i;
}

/* The deepest node that the text begins with. */
static inline const struct tree_node *find_as(const struct tree *t, const struct tree_text *text)
{
    const struct tree_node *node = follow(t, text);
    uint32_t same = alike(text, node);

    while (node->bits > same) node = node->up;
    return node;
}

/* The same; most texts are read forwards and as they are, for which there is code of its own. */
static const struct tree_node *find(const struct tree *t, const struct tree_text *text)
{
    const struct tree_text plain = { text->p, text->n, 1, NULL };

    return text->step == 1 && !text->fold ? find_as(t, &plain) : find_as(t, text);
}

struct tree_leaf *tree_longest(const struct tree *t, const struct tree_text *text)
{
    const struct tree_node *node = t->root ? find(t, text) : NULL;

    while (node && !node->first) node = node->up;
    return node ? node->first : NULL;
}

struct tree_leaf *tree_earliest(const struct tree *t, const struct tree_text *text)
{
    struct tree_leaf *best = NULL;

    if (!t->root) return NULL;
    for (const struct tree_node *node = find(t, text); node; node = node->up)
        if (node->first && (!best || node->first->order < best->order)) best = node->first;
    return best;
}
