/* SPDX-License-Identifier: Apache-2.0 */
/* Normalizers of paths and queries (RFC 3986 §6.2.2; HAProxy's manual, normalize-uri). Pure
 * functions: bytes in, bytes out, into memory of the arena, or the input itself where nothing
 * changes. */
#ifndef GATEHOUSE_POLICY_NORMALIZE_URI_H
#define GATEHOUSE_POLICY_NORMALIZE_URI_H

#include "base/arena.h"

/* False: the input is malformed, and strict was asked for. */
typedef bool normalize_fn(struct arena *a, struct slice in, bool option, struct slice *out);

struct normalizer {
    const char *name;
    const char *option; /* a word that may follow, or NULL */
    bool query;         /* works on path and query, not on the path alone */
    normalize_fn *normalize;
    const char *doc;
};

enum { NORMALIZERS = 8 };
extern const struct normalizer normalizers[NORMALIZERS];

#endif
