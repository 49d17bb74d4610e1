/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include "base/memory.h"

const struct match matches[N_MATCHES] = {
    { "found", MATCH_FOUND, SAMPLE_ANY, "there is a value; patterns are not looked at" },
    { "bool", MATCH_BOOL, SAMPLE_SINT, "the value is not 0; patterns are not looked at" },
    { "int", MATCH_INT, SAMPLE_SINT,
      "the number equals one of the patterns, or lies in one that is a range" },
    { "ip", MATCH_IP, SAMPLE_ADDR,
      "the address equals a pattern, or lies in one that is a network" },
    { "bin", MATCH_BIN, SAMPLE_BIN, "the bytes are those that a pattern gives in hexadecimal" },
    { "len", MATCH_LEN, SAMPLE_STR,
      "the number of bytes equals a pattern, or lies in one that is a range" },
    { "str", MATCH_STR, SAMPLE_STR, "the string equals a pattern" },
    { "beg", MATCH_BEG, SAMPLE_STR, "the string begins with a pattern" },
    { "sub", MATCH_SUB, SAMPLE_STR, "the string contains a pattern" },
    { "dir", MATCH_DIR, SAMPLE_STR,
      "the string contains a pattern between slashes or question marks" },
    { "dom", MATCH_DOM, SAMPLE_STR,
      "the string contains a pattern between dots, colons, slashes or question marks" },
    { "end", MATCH_END, SAMPLE_STR, "the string ends with a pattern" },
    { "reg", MATCH_REG, SAMPLE_STR, "a pattern, a regular expression, matches in the string" },
    { "method", MATCH_METH, SAMPLE_METH, "the method is that of a pattern" },
};

static bool has_name(const struct match *m)
{
    return m->kind != MATCH_METH;
}

const struct match *match_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(matches); i++)
        if (has_name(&matches[i]) && slice_is(name, matches[i].name)) return &matches[i];
    return slice_is(name, "regm") ? &matches[MATCH_REG] : NULL; /* HAProxy's other name for it */
}

void match_nearest(struct nearest *n)
{
    for (size_t i = 0; i < ARRAY_LEN(matches); i++)
        if (has_name(&matches[i])) nearest_try(n, slice_str(matches[i].name));
}

const struct match *match_default(enum sample_type t)
{
    static const uint8_t kinds[SAMPLE_TYPES] = {
        [SAMPLE_BOOL] = MATCH_BOOL, [SAMPLE_SINT] = MATCH_INT, [SAMPLE_ADDR] = MATCH_IP,
        [SAMPLE_IPV4] = MATCH_IP,   [SAMPLE_IPV6] = MATCH_IP,  [SAMPLE_STR] = MATCH_STR,
    };
    return t < SAMPLE_TYPES && kinds[t] ? &matches[kinds[t]] : NULL;
}

bool match_fits(const struct match *m, enum sample_type t)
{
    return m->type == SAMPLE_ANY || sample_castable(t, (enum sample_type)m->type);
}
