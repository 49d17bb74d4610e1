/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fetch_basic.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- constants ---- */

static bool get_bool(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_bool(out, args_param(args));
}

static bool get_const_bool(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_bool(out, args[0].sint);
}

static bool check_bool(struct policy_cfg *pc, struct arg *args)
{
    static const struct {
        const char *name;
        bool value;
    } NAMES[] = { { "true", true }, { "false", false }, { "1", true }, { "0", false } };

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (!slice_eq_nocase(args[0].str, slice_str(NAMES[i].name))) continue;
        args[0].sint = NAMES[i].value;
        return true;
    }
    return arg_error(pc, &args[0], "a boolean is 'true', 'false', '1' or '0', not '%.*s'",
                     SLICE_ARG(args[0].str));
}

static bool get_int(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, args[0].sint);
}

static bool get_str(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_str(out, args[0].str);
}

static bool get_bin(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_bin(out, args[0].str);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool check_bin(struct policy_cfg *pc, struct arg *args)
{
    struct slice hex = args[0].str;
    char *out = arena_alloc(pc->cfg->arena, hex.n / 2 + 1);

    if (hex.n == 0) return arg_error(pc, &args[0], "hex digits are missing here");
    if (hex.n % 2)
        return arg_error(pc, &args[0], "an even number of hex digits is needed, not %zu", hex.n);
    for (size_t i = 0; i < hex.n; i += 2) {
        int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return arg_error(pc, &args[0], "'%.2s' is no byte in hex", hex.p + i);
        out[i / 2] = (char)(high << 4 | low);
    }
    args[0].str = slice_of(out, hex.n / 2);
    return true;
}

static bool get_ipv4(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    out->type = SAMPLE_IPV4;
    out->ipv4 = args[0].ipv4;
    return true;
}

static bool get_ipv6(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    out->type = SAMPLE_IPV6;
    out->ipv6 = args[0].ipv6;
    return true;
}

/* A token (RFC 9110 §5.6.2). */
static bool check_meth(struct policy_cfg *pc, struct arg *args)
{
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < args[0].str.n; i++) {
        char c = args[0].str.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (!c || !strchr(OTHERS, c)))
            return arg_error(pc, &args[0], "'%.*s' is no method: it is not a token",
                             SLICE_ARG(args[0].str));
    }
    return true;
}

static bool get_meth(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    out->type = SAMPLE_METH;
    out->http_method = (uint8_t)http_method_find(args[0].str);
    out->str = args[0].str;
    return true;
}

/* ---- variables and environment ---- */

static bool get_var(struct context *c, const struct arg *args, struct sample *out)
{
    if (var_get(c, &args[0].var, out)) return true;
    if (!args[1].given || !var_reachable(c, &args[0].var)) return false;
    return sample_str(out, args[1].str);
}

static bool get_env(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return args[0].given && sample_str(out, args[0].str);
}

/* ---- time ---- */

enum date_unit { DATE_S, DATE_MS, DATE_US };

static bool check_date(struct policy_cfg *pc, struct arg *args)
{
    static const char *const UNITS[] = { "s", "ms", "us" };

    if (!args[1].given) return true;
    for (enum date_unit u = DATE_S; u <= DATE_US; u++) {
        if (!slice_is(args[1].str, UNITS[u])) continue;
        args[1].sint = u;
        return true;
    }
    return arg_error(pc, &args[1], "the unit of a date is 's', 'ms' or 'us', not '%.*s'",
                     SLICE_ARG(args[1].str));
}

static bool get_date(struct context *c, const struct arg *args, struct sample *out)
{
    static const int64_t DIVISORS[] = { 1000000, 1000, 1 };
    int64_t now = (int64_t)clock_wall_usec();

    (void)c;
    now /= DIVISORS[args[1].given ? args[1].sint : DATE_S];
    if (args[0].given) now = (int64_t)((uint64_t)now + (uint64_t)args[0].sint);
    return sample_sint(out, now);
}

static bool get_date_us(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_sint(out, (int64_t)(clock_wall_usec() % 1000000));
}

/* ---- chance ---- */

/* One step of splitmix64; the system is asked once a context. */
static uint32_t chance(struct context *c)
{
    uint64_t x;

    if (c->random == 0) arc4random_buf(&c->random, sizeof c->random);
    x = c->random += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (uint32_t)(x >> 32);
}

static bool get_rand(struct context *c, const struct arg *args, struct sample *out)
{
    uint64_t n = chance(c);

    return sample_sint(out,
                       args[0].given ? (int64_t)(n * (uint64_t)args[0].sint >> 32) : (int64_t)n);
}

static bool check_uuid(struct policy_cfg *pc, struct arg *args)
{
    return !args[0].given || args[0].sint == 4 ||
           arg_error(pc, &args[0], "only version 4 of UUIDs is made");
}

/* RFC 4122, version 4. */
static bool get_uuid(struct context *c, const struct arg *args, struct sample *out)
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t bytes[16];
    char *text = context_room(c, 36), *p = text;

    (void)args;
    if (!text) return false;
    arc4random_buf(bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
        *p++ = DIGITS[bytes[i] >> 4];
        *p++ = DIGITS[bytes[i] & 15];
    }
    return sample_str(out, slice_between(text, p));
}

/* ---- the process ---- */

static bool check_hostname(struct policy_cfg *pc, struct arg *args)
{
    char name[256];

    if (gethostname(name, sizeof name) < 0) name[0] = '\0';
    name[sizeof name - 1] = '\0';
    args[0].str = arena_copy(pc->cfg->arena, slice_str(name));
    return true;
}

static bool get_one(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_sint(out, 1);
}

static bool get_thread(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return sample_sint(out, c->worker ? c->worker->id : 0);
}

static bool get_stopping(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return sample_bool(out, c->stopping && *c->stopping);
}

static const struct fetch ROWS[] = {
    { "always_true", .type = SAMPLE_BOOL, .get = get_bool, .param = true, .doc = "True." },
    { "always_false", .type = SAMPLE_BOOL, .get = get_bool, .param = false, .doc = "False." },
    { "bool", ARGS(1, ARG_STR), SAMPLE_BOOL, .get = get_const_bool, .check = check_bool,
      .doc = "The boolean `true` (or `1`) or `false` (or `0`)." },
    { "int", ARGS(1, ARG_SINT), SAMPLE_SINT, .get = get_int, .doc = "The integer." },
    { "str", ARGS(1, ARG_STR), SAMPLE_STR, .get = get_str, .doc = "The string." },
    { "bin", ARGS(1, ARG_STR), SAMPLE_BIN, .get = get_bin, .check = check_bin,
      .doc = "The bytes that the hex digits stand for." },
    { "ipv4", ARGS(1, ARG_IPV4), SAMPLE_IPV4, .get = get_ipv4, .doc = "The IPv4 address." },
    { "ipv6", ARGS(1, ARG_IPV6), SAMPLE_IPV6, .get = get_ipv6, .doc = "The IPv6 address." },
    { "meth", ARGS(1, ARG_STR), SAMPLE_METH, .get = get_meth, .check = check_meth,
      .doc = "The method of that name." },
    { "var", ARGS(1, ARG_VAR, ARG_STR), SAMPLE_ANY, .get = get_var,
      .doc = "What the variable holds, in the type that it was set with. The second argument, a "
             "string, stands in where it is not set; without one there is no value then." },
    { "env", ARGS(1, ARG_ENV), SAMPLE_STR, .get = get_env,
      .doc = "The value of the environment variable when the configuration was read." },
    { "hostname", .type = SAMPLE_STR, .get = get_str, .check = check_hostname,
      .doc = "The name of this host." },
    { "date", ARGS(0, ARG_SINT, ARG_STR), SAMPLE_SINT, .get = get_date, .check = check_date,
      .doc = "The time since 1970 in seconds, or in the unit `s`, `ms` or `us`, plus the offset." },
    { "date_us", .type = SAMPLE_SINT, .get = get_date_us,
      .doc = "The microseconds behind the full second that `date` gives." },
    { "rand", ARGS(0, ARG_SINT), SAMPLE_SINT, .get = get_rand,
      .doc = "A random number below the argument, or below 2^32. Not for secrets." },
    { "uuid", ARGS(0, ARG_SINT), SAMPLE_STR, .get = get_uuid, .check = check_uuid,
      .doc = "A random UUID (version 4, the only one)." },
    { "nbproc", .type = SAMPLE_SINT, .get = get_one, .doc = "The number of processes: 1." },
    { "proc", .type = SAMPLE_SINT, .get = get_one, .doc = "The number of this process: 1." },
    { "thread", .type = SAMPLE_SINT, .get = get_thread,
      .doc = "The number of the worker thread, from 0." },
    { "stopping", .type = SAMPLE_BOOL, .need = NEED_PROCESS, .get = get_stopping,
      .doc = "Is the process draining, so as to end?" },
};

const struct fetch_table basic_fetches = FETCH_TABLE("Constants, variables, time, process", ROWS);
