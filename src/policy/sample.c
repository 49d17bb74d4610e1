/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/sample.h"

#include "http/message.h"
#include "policy/context.h"

#include <arpa/inet.h>
#include <endian.h>

typedef bool cast_fn(struct sample *s, struct context *c);

const char *sample_type_name(enum sample_type t)
{
    static const char *const NAMES[SAMPLE_TYPES] = {
        [SAMPLE_ANY] = "any",   [SAMPLE_BOOL] = "bool", [SAMPLE_SINT] = "sint",
        [SAMPLE_ADDR] = "addr", [SAMPLE_IPV4] = "ipv4", [SAMPLE_IPV6] = "ipv6",
        [SAMPLE_STR] = "str",   [SAMPLE_BIN] = "bin",   [SAMPLE_METH] = "meth",
    };
    return t < SAMPLE_TYPES ? NAMES[t] : "unknown";
}

bool sample_address(struct sample *s, const struct sockaddr *sa)
{
    if (!sa) return false;
    if (sa->sa_family == AF_INET) {
        s->type = SAMPLE_IPV4;
        s->ipv4 = ((const struct sockaddr_in *)sa)->sin_addr;
        return true;
    }
    if (sa->sa_family != AF_INET6) return false;
    s->type = SAMPLE_IPV6;
    s->ipv6 = ((const struct sockaddr_in6 *)sa)->sin6_addr;
    return true;
}

/* ---- numbers ---- */

int64_t sample_read_int(struct slice text, size_t *used)
{
    bool negative = text.n && text.p[0] == '-';
    size_t i = text.n && (negative || text.p[0] == '+');
    int64_t n = 0, digit;

    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++) {
        digit = text.p[i] - '0';
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, negative ? -digit : digit, &n)) {
            n = negative ? INT64_MIN : INT64_MAX;
            while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9') i++;
            break;
        }
    }
    if (used) *used = i;
    return n;
}

static bool str_to_int(struct sample *s, struct context *c)
{
    (void)c;
    return s->str.n > 0 && sample_sint(s, sample_read_int(s->str, NULL));
}

static bool int_to_str(struct sample *s, struct context *c)
{
    char *out = context_room(c, 21), *p = out;
    uint64_t n = s->sint < 0 ? 0 - (uint64_t)s->sint : (uint64_t)s->sint;

    if (!out) return false;
    if (s->sint < 0) *p++ = '-';
    return sample_str(s, slice_between(out, slice_put_u64(p, n)));
}

static bool int_to_bin(struct sample *s, struct context *c)
{
    char *out = context_room(c, 8);
    uint64_t n = htobe64((uint64_t)s->sint);

    if (!out) return false;
    memcpy(out, &n, sizeof n);
    return sample_bin(s, slice_of(out, sizeof n));
}

/* A boolean that was calculated with may be any number. */
static bool bool_to_bin(struct sample *s, struct context *c)
{
    s->sint = s->sint != 0;
    return int_to_bin(s, c);
}

/* ---- addresses ---- */

static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool int_to_ipv4(struct sample *s, struct context *c)
{
    (void)c;
    s->ipv4.s_addr = htonl((uint32_t)s->sint);
    s->type = SAMPLE_IPV4;
    return true;
}

static bool ipv4_to_int(struct sample *s, struct context *c)
{
    (void)c;
    return sample_sint(s, ntohl(s->ipv4.s_addr));
}

static bool ipv4_to_ipv6(struct sample *s, struct context *c)
{
    struct in_addr v4 = s->ipv4;

    (void)c;
    memcpy(s->ipv6.s6_addr, MAPPED, sizeof MAPPED);
    memcpy(s->ipv6.s6_addr + sizeof MAPPED, &v4, sizeof v4);
    s->type = SAMPLE_IPV6;
    return true;
}

static bool int_to_ipv6(struct sample *s, struct context *c)
{
    return int_to_ipv4(s, c) && ipv4_to_ipv6(s, c);
}

static bool ipv6_to_ipv4(struct sample *s, struct context *c)
{
    struct in_addr v4;

    (void)c;
    if (memcmp(s->ipv6.s6_addr, MAPPED, sizeof MAPPED) != 0) return false;
    memcpy(&v4, s->ipv6.s6_addr + sizeof MAPPED, sizeof v4);
    s->ipv4 = v4;
    s->type = SAMPLE_IPV4;
    return true;
}

static bool ip_to_str(struct sample *s, struct context *c)
{
    char *out = context_room(c, INET6_ADDRSTRLEN);
    int family = s->type == SAMPLE_IPV4 ? AF_INET : AF_INET6;

    if (!out || !inet_ntop(family, &s->ipv6, out, INET6_ADDRSTRLEN)) return false;
    return sample_str(s, slice_str(out));
}

static bool ip_to_bin(struct sample *s, struct context *c)
{
    size_t n = s->type == SAMPLE_IPV4 ? sizeof s->ipv4 : sizeof s->ipv6;
    char *out = context_room(c, n);

    if (!out) return false;
    memcpy(out, &s->ipv6, n);
    return sample_bin(s, slice_of(out, n));
}

/* Four decimal numbers with dots between; what follows them does not count, unless it goes on like
 * an address. */
static bool read_ipv4(struct slice text, struct in_addr *out)
{
    uint8_t bytes[4] = { 0 };
    size_t at = 0;

    for (unsigned i = 0; i < 4; i++) {
        unsigned n = 0;
        size_t from = at;
        for (; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++)
            if ((n = n * 10 + (unsigned)(text.p[at] - '0')) > 255) return false;
        if (at == from) return false;
        bytes[i] = (uint8_t)n;
        if (i < 3 && (at == text.n || text.p[at++] != '.')) return false;
    }
    if (at < text.n && text.p[at] == '.') return false;
    memcpy(out, bytes, sizeof bytes);
    return true;
}

static bool read_ipv6(struct slice text, struct in6_addr *out)
{
    char buf[INET6_ADDRSTRLEN + 1];

    if (text.n > INET6_ADDRSTRLEN || memchr(text.p ? text.p : "", 0, text.n)) return false;
    return inet_pton(AF_INET6, slice_copy(text, buf, sizeof buf), out) == 1;
}

static bool str_to_ipv4(struct sample *s, struct context *c)
{
    struct in_addr v4;

    (void)c;
    if (!read_ipv4(s->str, &v4)) return false;
    s->ipv4 = v4;
    s->type = SAMPLE_IPV4;
    return true;
}

static bool str_to_ipv6(struct sample *s, struct context *c)
{
    struct in6_addr v6;

    (void)c;
    if (!read_ipv6(s->str, &v6)) return false;
    s->ipv6 = v6;
    s->type = SAMPLE_IPV6;
    return true;
}

static bool str_to_addr(struct sample *s, struct context *c)
{
    return str_to_ipv4(s, c) || str_to_ipv6(s, c);
}

/* ---- methods ---- */

/* Ends at a NUL, as HAProxy's strings do here. */
static bool bin_to_str(struct sample *s, struct context *c)
{
    ptrdiff_t nul = slice_find(s->str, '\0');

    (void)c;
    return sample_str(s, slice_of(s->str.p, nul < 0 ? s->str.n : (size_t)nul));
}

static bool meth_to_str(struct sample *s, struct context *c)
{
    (void)c;
    return sample_str(s, s->str);
}

static bool str_to_meth(struct sample *s, struct context *c)
{
    (void)c;
    s->type = SAMPLE_METH;
    s->http_method = (uint8_t)http_method_find(s->str);
    return true;
}

/* ---- the table ---- */

/* The value is the same under both names. */
static bool same(struct sample *s, struct context *c)
{
    (void)s;
    (void)c;
    return true;
}

/* clang-format off */
static cast_fn *const CASTS[SAMPLE_TYPES][SAMPLE_TYPES] = {
    [SAMPLE_ANY] = { same, same, same, same, same, same, same, same, same },
    [SAMPLE_BOOL] = {
        [SAMPLE_ANY] = same, [SAMPLE_BOOL] = same, [SAMPLE_SINT] = same,
        [SAMPLE_STR] = int_to_str, [SAMPLE_BIN] = bool_to_bin,
    },
    [SAMPLE_SINT] = {
        [SAMPLE_ANY] = same, [SAMPLE_BOOL] = same, [SAMPLE_SINT] = same,
        [SAMPLE_ADDR] = int_to_ipv4, [SAMPLE_IPV4] = int_to_ipv4, [SAMPLE_IPV6] = int_to_ipv6,
        [SAMPLE_STR] = int_to_str, [SAMPLE_BIN] = int_to_bin,
    },
    [SAMPLE_ADDR] = { /* no value's type: what rows say that give either */
        [SAMPLE_ANY] = same, [SAMPLE_SINT] = ipv4_to_int,
        [SAMPLE_ADDR] = same, [SAMPLE_IPV4] = same, [SAMPLE_IPV6] = same,
        [SAMPLE_STR] = ip_to_str, [SAMPLE_BIN] = ip_to_bin,
    },
    [SAMPLE_IPV4] = {
        [SAMPLE_ANY] = same, [SAMPLE_SINT] = ipv4_to_int,
        [SAMPLE_ADDR] = same, [SAMPLE_IPV4] = same, [SAMPLE_IPV6] = ipv4_to_ipv6,
        [SAMPLE_STR] = ip_to_str, [SAMPLE_BIN] = ip_to_bin,
    },
    [SAMPLE_IPV6] = {
        [SAMPLE_ANY] = same,
        [SAMPLE_ADDR] = same, [SAMPLE_IPV4] = ipv6_to_ipv4, [SAMPLE_IPV6] = same,
        [SAMPLE_STR] = ip_to_str, [SAMPLE_BIN] = ip_to_bin,
    },
    [SAMPLE_STR] = {
        [SAMPLE_ANY] = same, [SAMPLE_BOOL] = str_to_int, [SAMPLE_SINT] = str_to_int,
        [SAMPLE_ADDR] = str_to_addr, [SAMPLE_IPV4] = str_to_ipv4, [SAMPLE_IPV6] = str_to_ipv6,
        [SAMPLE_STR] = same, [SAMPLE_BIN] = same, [SAMPLE_METH] = str_to_meth,
    },
    [SAMPLE_BIN] = {
        [SAMPLE_ANY] = same, [SAMPLE_STR] = bin_to_str, [SAMPLE_BIN] = same,
        [SAMPLE_METH] = str_to_meth,
    },
    [SAMPLE_METH] = {
        [SAMPLE_ANY] = same, [SAMPLE_STR] = meth_to_str, [SAMPLE_BIN] = meth_to_str,
        [SAMPLE_METH] = same,
    },
};
/* clang-format on */

bool sample_castable(enum sample_type from, enum sample_type to)
{
    return CASTS[from][to] != NULL;
}

bool sample_prepare(struct sample *s, enum sample_type to, struct context *c)
{
    cast_fn *cast = CASTS[s->type][to];
    return cast && (cast == same || cast(s, c));
}

bool sample_cast(struct sample *s, enum sample_type to, struct context *c)
{
    if (!sample_prepare(s, to, c)) return false;
    if (to != SAMPLE_ANY && to != SAMPLE_ADDR) s->type = (uint8_t)to;
    return true;
}
