/* SPDX-License-Identifier: Apache-2.0 */
/* The converters of this floor, one table a file; registry.c names them. Those that need to know
 * proxies, servers or tables are rows of the floors above. Adding one is a row, a function and
 * lines in tests/system/language/converters.txt, where haproxy is asked the same. HAProxy's manual,
 * 7.3.1. */
#ifndef GATEHOUSE_POLICY_CONVERTERS_H
#define GATEHOUSE_POLICY_CONVERTERS_H

#include "policy/expr.h"

extern const struct converter_table arith_converters, string_converters, regsub_converters,
    http_converters, json_converters, encoding_converters, digest_converters, date_converters,
    state_converters, map_converters, table_converters;

/* For their functions: the value of a variable as a string; false when it has none. `a` is an
 * argument that was made a variable. */
static inline bool convert_variable(struct context *c, const struct arg *a, enum sample_type as,
                                    struct slice *out)
{
    struct sample v = { 0 };

    if (!var_get(c, &a->var, &v) || !sample_cast(&v, as, c)) return false;
    *out = v.str;
    return true;
}

/* Decodes base64 (`in.n / 4 * 3` bytes at most) to out and returns the position behind it, or NULL
 * when it is none. */
char *convert_base64_decode(char *out, struct slice in);

#endif
