/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/args_private.h"
#include "policy/policy_cfg.h"

#include <arpa/inet.h>

static bool read_str(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    (void)pc;
    (void)why;
    a->str = text;
    return true;
}

static bool whole_int(struct slice text, int64_t *out)
{
    size_t used;

    *out = sample_read_int(text, &used);
    return used == text.n;
}

static bool read_sint(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    (void)pc;
    (void)why;
    return whole_int(text, &a->sint);
}

static bool read_time(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    uint32_t ms;
    size_t bad;
    enum units_error e = units_time_ms(text, UNIT_MS, &ms, &bad);

    (void)pc;
    if (e == UNITS_OVER) *why = "it is too long: at most 2147483647 ms, 24.8 days";
    a->sint = e == UNITS_OK ? ms : 0;
    return e == UNITS_OK;
}

static bool read_size(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    uint64_t bytes = 0;
    size_t bad;

    (void)pc;
    (void)why;
    if (units_size(text, &bytes, &bad) != UNITS_OK || bytes > UINT32_MAX) return false;
    a->sint = (int64_t)bytes;
    return true;
}

static bool read_ipv4(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    (void)pc;
    (void)why;
    return inet_pton(AF_INET, text.p, &a->ipv4) == 1;
}

static bool read_ipv6(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    (void)pc;
    (void)why;
    return inet_pton(AF_INET6, text.p, &a->ipv6) == 1;
}

/* Bits from the left set, in n bytes. */
static bool mask_of(struct slice text, void *out, size_t n)
{
    uint8_t *bytes = out;
    int64_t bits;

    if (!whole_int(text, &bits) || bits < 0 || bits > (int64_t)(8 * n)) return false;
    for (size_t i = 0; i < n; i++, bits -= 8)
        bytes[i] = bits >= 8 ? 0xff : bits > 0 ? (uint8_t)(0xff << (8 - bits)) : 0;
    return true;
}

static bool read_mask4(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    if (slice_find(text, '.') >= 0) return read_ipv4(pc, a, text, why);
    return mask_of(text, &a->ipv4, sizeof a->ipv4);
}

static bool read_mask6(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    if (slice_find(text, ':') >= 0) return read_ipv6(pc, a, text, why);
    return mask_of(text, &a->ipv6, sizeof a->ipv6);
}

static bool read_var(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why)
{
    a->variable = var_name_parse(pc->var_names, text, &a->var, why);
    return a->variable;
}

static bool read_var_or_sint(struct policy_cfg *pc, struct arg *a, struct slice text,
                             const char **why)
{
    const char *ignored;

    (void)why;
    return read_var(pc, a, text, &ignored) || whole_int(text, &a->sint);
}

static bool read_var_or_str(struct policy_cfg *pc, struct arg *a, struct slice text,
                            const char **why)
{
    const char *ignored;

    return read_var(pc, a, text, &ignored) || read_str(pc, a, text, why);
}

const struct arg_kind arg_kinds[ARG_OTHER_TABLE + 1] = {
    [ARG_STR] = { "string", "a string", read_str, true, false },
    [ARG_SINT] = { "integer", "an integer", read_sint, false, false },
    [ARG_TIME] = { "time", "a time", read_time, false, false },
    [ARG_SIZE] = { "size", "a size", read_size, false, false },
    [ARG_IPV4] = { "ipv4", "an IPv4 address", read_ipv4, false, false },
    [ARG_IPV6] = { "ipv6", "an IPv6 address", read_ipv6, false, false },
    [ARG_MASK4] = { "mask", "a mask of IPv4 (0 to 32, or as an address)", read_mask4, false,
                    false },
    [ARG_MASK6] = { "mask6", "a mask of IPv6 (0 to 128, or as an address)", read_mask6, false,
                    false },
    [ARG_VAR_OR_SINT] = { "integer or var", "an integer or a variable", read_var_or_sint, true,
                          false },
    [ARG_VAR_OR_STR] = { "string or var", "a string or a variable", read_var_or_str, true, false },
    [ARG_VAR] = { "var", "a variable", read_var, true, false },
    [ARG_REGEX] = { "regex", "a regular expression", read_str, true, false },
    [ARG_ENV] = { "name", "the name of an environment variable", read_str, true, true },
    [ARG_FRONTEND] = { "frontend", "the name of a frontend", read_str, true, true },
    [ARG_BACKEND] = { "backend", "the name of a backend", read_str, true, true },
    [ARG_PROXY] = { "proxy", "the name of a frontend or backend", read_str, true, true },
    [ARG_SERVER] = { "server", "the name of a server", read_str, true, true },
    [ARG_TABLE] = { "table", "the name of a table", read_str, true, true },
    [ARG_USERLIST] = { "userlist", "the name of a userlist", read_str, true, true },
    [ARG_OTHER_TABLE] = { "table", "the name of a table", read_str, true, true },
};
