/* SPDX-License-Identifier: Apache-2.0 */
/* Samples: the typed values that fetches extract, converters change and matches look at.
 *
 * A sample owns nothing: its bytes lie in the message, in the configuration or in the arena of the
 * context it was made in, and are never changed in place. HAProxy's manual, 7.1 and 7.3.1. */
#ifndef GATEHOUSE_POLICY_SAMPLE_H
#define GATEHOUSE_POLICY_SAMPLE_H

#include "base/arena.h"

#include <netinet/in.h>

struct context;

enum sample_type {
    SAMPLE_ANY,  /* in tables of rows only: whatever comes in; for a result: not known before */
    SAMPLE_BOOL, /* sint is 0 or 1 */
    SAMPLE_SINT,
    SAMPLE_ADDR, /* in tables of rows only: IPv4 or IPv6 */
    SAMPLE_IPV4,
    SAMPLE_IPV6,
    SAMPLE_STR,
    SAMPLE_BIN,
    SAMPLE_METH, /* str is the method's name */
    SAMPLE_TYPES,
};

struct sample {
    uint8_t type;        /* a real one: neither SAMPLE_ANY nor SAMPLE_ADDR */
    bool more;           /* the fetch has, or may have, further values: call it again with the same
                            sample (fetch_fn) */
    uint8_t http_method; /* SAMPLE_METH: enum http_method */
    bool each; /* set by who asks a fetch: all values are wanted, one after the other (conditions);
                  else a row with FETCH_MANY gives one and no more: of a header's the last, of a
                  query's the first */
    uint32_t at, within; /* the fetch's own, to find the next value */
    bool bare; /* set by who asks a fetch: whether there is a value is all that is wanted, so that
                  it need not be found where it begins and ends (-m found) */
    union {
        int64_t sint;
        struct slice str;
        struct in_addr ipv4; /* in network order, like ipv6 */
        struct in6_addr ipv6;
    };
};

/* "bool", "sint", "addr", "ipv4", "ipv6", "str", "bin", "meth", "any": HAProxy's words. */
const char *sample_type_name(enum sample_type t);

/* Can a value of `from` be used where `to` is asked for? When rows are compiled. */
bool sample_castable(enum sample_type from, enum sample_type to);

/* Makes *s a value of type `to`; false when this value can't be. Leaves more, at and within alone.
 *
 * Strings become numbers as far as they begin with one ("18:3" is 18, "abc" 0), but an empty string
 * is none; IPv4 when they begin with an address ("1.2.3.4 " is one), IPv6 when the whole is one.
 * IPv6 becomes IPv4 when it is a mapped one. Integers become binary as 8 bytes, the highest first;
 * strings are the same bytes as binary, and binary is a string up to its first NUL. */
bool sample_cast(struct sample *s, enum sample_type to, struct context *c);

/* The same for a converter that takes `to`: a value that is already what is asked for in all but
 * its name (a string as BIN, a boolean as SINT) keeps its type. */
bool sample_prepare(struct sample *s, enum sample_type to, struct context *c);

/* The number that text begins with, as HAProxy reads it: a sign, digits; 0 where there is none, the
 * nearest end of the range when it is too large. *used may be NULL. */
int64_t sample_read_int(struct slice text, size_t *used);

/* The usual results; all keep more, at and within. */
static inline bool sample_bool(struct sample *s, bool value)
{
    s->type = SAMPLE_BOOL;
    s->sint = value;
    return true;
}
static inline bool sample_sint(struct sample *s, int64_t value)
{
    s->type = SAMPLE_SINT;
    s->sint = value;
    return true;
}
static inline bool sample_str(struct sample *s, struct slice value)
{
    s->type = SAMPLE_STR;
    s->str = value;
    return true;
}
static inline bool sample_bin(struct sample *s, struct slice value)
{
    s->type = SAMPLE_BIN;
    s->str = value;
    return true;
}

/* The address, or false for a family that is none of both (a UNIX socket has none). */
bool sample_address(struct sample *s, const struct sockaddr *sa);

#endif
