/* SPDX-License-Identifier: Apache-2.0 */
/* How one method finds patterns: each is compiled into an entry (pattern_compile.c), and the
 * entries of a set are kept in what finds them fast (pattern_index.c). Private to the patterns'
 * files.
 *
 * Which of several patterns wins is HAProxy's: where it keeps a tree (exact and prefix strings that
 * heed case, addresses) the longest, else the first of the set. */
#ifndef GATEHOUSE_POLICY_PATTERN_INDEX_H
#define GATEHOUSE_POLICY_PATTERN_INDEX_H

#include "base/list.h"
#include "policy/match.h"
#include "policy/pattern_hash.h"
#include "policy/pattern_tree.h"

/* Where an entry is kept. */
enum pattern_home { HOME_NONE, HOME_LIST, HOME_HASH, HOME_TREE, HOME_TREE6 };

struct pattern_entry {
    struct pattern_entry *sibling; /* of the same pattern, in another index */
    struct pattern_index *index;   /* whose it is */
    union {                        /* by home */
        struct list link;
        struct hash_node node;
        struct tree_leaf leaf;
    };
    uint64_t order; /* in its set */
    uint8_t home;   /* enum pattern_home */
    bool is_regex;

    struct slice key; /* what is compared: folded, stripped, decoded, turned round */
    uint32_t bits;    /* of the key, in trees */
    union {
        struct {
            int64_t min, max;
        } range;
        struct {
            uint32_t address, mask; /* of a network that is no prefix; network order */
        } net;
        struct regex *regex;
        uint8_t http_method;
    };

    struct slice text;   /* as written */
    struct sample value; /* a map's */
    bool has_value;
};

/* What is found by a method. Owns no entries. */
struct pattern_index {
    const struct match *match;
    bool nocase;
    bool stepwise; /* hashes are made by hash_step */
    bool earliest; /* of several beginnings the first wins, not the longest (condition_index.c) */
    uint64_t secret;
    struct list list;
    struct hash_table hash;
    struct tree tree, tree6;
    uint32_t most_inner;              /* delimiters within a key, for MATCH_DIR and MATCH_DOM */
    uint64_t lengths;                 /* the same: bit n % 64 is set if some key has n bytes */
    uint64_t n;                       /* entries */
    const struct pattern_entry *only; /* the first, while no other was added: compared directly */
};

void pattern_index_init(struct pattern_index *ix, const struct match *m, bool nocase);

/* The entries are not looked at: they may be freed before, or after. */
void pattern_index_release(struct pattern_index *ix);

/* Not O(1) only where many entries have one key. */
void pattern_index_add(struct pattern_index *ix, struct pattern_entry *e);
void pattern_index_remove(struct pattern_index *ix, struct pattern_entry *e);

/* The entry that wins; NULL: none matches. groups: for MATCH_REG, or NULL. */
const struct pattern_entry *pattern_index_find(const struct pattern_index *ix,
                                               const struct sample *s, struct regex_match *groups);

/* ---- pattern_compile.c ---- */

enum { PATTERN_WHY_MAX = 300 };

/* A pattern read by a method, or NULL and why. text must live as long as the entry; the value's
 * text too. `dns`: host names are resolved. */
struct pattern_entry *pattern_compile(const struct match *m, bool nocase, bool dns,
                                      struct slice text, char why[PATTERN_WHY_MAX]);
void pattern_entry_free(struct pattern_entry *e);

/* Another one like it; only of MATCH_IP. */
struct pattern_entry *pattern_copy_ip(const struct pattern_entry *e);

extern const unsigned char pattern_lower[256];

/* Does it part words, for MATCH_DIR ('/', '?') or MATCH_DOM (also '.', ':')? */
static inline bool pattern_is_delimiter(enum match_kind kind, char c)
{
    return c == '/' || c == '?' || (kind == MATCH_DOM && (c == '.' || c == ':'));
}

#endif
