/* SPDX-License-Identifier: Apache-2.0 */
/* What pattern_ref.c and pattern_change.c share; all of it under the ref's lock, or before anybody
 * else knows of the ref. */
#ifndef GATEHOUSE_POLICY_PATTERN_REF_PRIVATE_H
#define GATEHOUSE_POLICY_PATTERN_REF_PRIVATE_H

#include "policy/pattern_ref.h"

/* A copy on the heap; with a NUL behind it. */
static inline struct slice pattern_own(struct slice s)
{
    return slice_of(mem_strndup(s.p ? s.p : "", s.n), s.n);
}

/* A pattern with the next order, in no list yet; value NULL: none. */
struct pattern_elt *pattern_elt_new(struct pattern_ref *r, struct slice text,
                                    const struct slice *value, unsigned line);

/* Frees it with its entries, which are in no index any more. */
void pattern_elt_free(struct pattern_elt *elt);

/* From now on it is found by its text. */
void pattern_elt_note(struct pattern_ref *r, struct pattern_elt *elt);

/* What a view makes of a pattern, not in its index yet; NULL and why. `dns`: host names are
 * resolved. */
struct pattern_entry *pattern_elt_entry(const struct patterns *p, struct pattern_elt *elt, bool dns,
                                        char why[PATTERN_WHY_MAX]);

/* The entry is one of the pattern's. */
static inline void pattern_elt_attach(struct pattern_elt *elt, struct pattern_entry *e)
{
    e->sibling = elt->entries;
    elt->entries = e;
}

/* A new index with all that is of the current generation. */
struct pattern_index *pattern_view_copy(const struct patterns *p);

/* Frees an index that pattern_view_copy made; NULL: nothing. */
void pattern_view_drop(struct pattern_index *ix);

#endif
