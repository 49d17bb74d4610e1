/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of bit strings that finds those which a given string begins with: prefixes, suffixes (read
 * backwards) and networks. A path-compressed binary trie: looking costs one step for each place
 * where known strings part, and one comparison.
 *
 * Nodes are the tree's own and keep copies of their bits; what is found are the caller's leaves.
 * One thread at a time while somebody writes. */
#ifndef GATEHOUSE_POLICY_PATTERN_TREE_H
#define GATEHOUSE_POLICY_PATTERN_TREE_H

#include "base/slice.h"

/* Embedded in what is found. */
struct tree_leaf {
    struct tree_leaf *next; /* with the same bits, in the order of their coming */
    uint64_t order;         /* the caller's: which of several is the first */
};

struct tree_node;

/* All zero is an empty tree. */
struct tree {
    struct tree_node *root;
};

void tree_release(struct tree *t); /* leaves are the caller's */

/* `bits` of key; what is behind them in the last byte does not count. */
void tree_add(struct tree *t, const void *key, uint32_t bits, struct tree_leaf *leaf);
void tree_remove(struct tree *t, const void *key, uint32_t bits, struct tree_leaf *leaf);

/* How a string is read: byte i of it is fold[(unsigned char)p[i * step]]. */
struct tree_text {
    const char *p; /* the first byte: for suffixes, the last in memory */
    size_t n;
    ptrdiff_t step;            /* 1, or -1 */
    const unsigned char *fold; /* 256 bytes; NULL: as it is */
};

/* The leaf with the most bits that the text begins with; NULL: none. */
struct tree_leaf *tree_longest(const struct tree *t, const struct tree_text *text);

/* The one of least order among all that it begins with. */
struct tree_leaf *tree_earliest(const struct tree *t, const struct tree_text *text);

#endif
