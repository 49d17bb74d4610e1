/* SPDX-License-Identifier: Apache-2.0 */
/* Converters from and to JSON: json writes a string's escapes, json_query finds a value. */
#include "policy/converters.h"
#include "policy/json_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- json ---- */

/* How the input is read. */
enum {
    JSON_UTF8 = 1 << 0, /* else each byte is a character */
    JSON_SKIP = 1 << 1, /* characters that are wrong are left out; else there is no result */
    JSON_FIX = 1 << 2,  /* those written longer than need be are right */
};

static const struct {
    const char *name;
    unsigned how;
} INPUT_CODES[] = {
    { "", 0 },
    { "ascii", 0 },
    { "utf8", JSON_UTF8 },
    { "utf8s", JSON_UTF8 | JSON_SKIP },
    { "utf8p", JSON_UTF8 | JSON_FIX },
    { "utf8ps", JSON_UTF8 | JSON_FIX | JSON_SKIP },
};

static bool check_json(struct policy_cfg *pc, struct arg *args)
{
    struct nearest near;

    nearest_init(&near, args[0].str);
    for (size_t i = 0; i < sizeof INPUT_CODES / sizeof *INPUT_CODES; i++) {
        if (slice_is(args[0].str, INPUT_CODES[i].name)) {
            args[1].sint = INPUT_CODES[i].how;
            return true;
        }
        nearest_try(&near, slice_str(INPUT_CODES[i].name));
    }
    arg_error(pc, &args[0], "'%.*s' is no encoding: there are ascii, utf8, utf8s, utf8p and utf8ps",
              SLICE_ARG(args[0].str));
    return near.best.n && cfg_hint(pc->cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

/* One character of UTF-8 as it was designed at first, of up to 6 bytes: *c, and how many bytes it
 * took. False: it is wrong, and so many bytes are to be skipped. */
static bool utf8_next(struct slice s, unsigned how, uint32_t *c, size_t *taken)
{
    static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000 };
    uint8_t first = (uint8_t)s.p[0];
    size_t n = 1;

    *taken = 1;
    *c = first;
    if (first < 0x80) return true;
    if (first < 0xc0 || first > 0xfd) return false;
    while (first << n & 0x80) n++;
    if (n > s.n) return false;
    *c = first & (0x7f >> n);
    for (; *taken < n; ++*taken) {
        if ((s.p[*taken] & 0xc0) != 0x80) return false;
        *c = *c << 6 | (s.p[*taken] & 0x3f);
    }
    if (*c < LEAST[n] && !(how & JSON_FIX)) return false;
    return *c <= 0xffff && (*c < 0xd800 || *c > 0xdfff) && *c < 0xfffe;
}

/* Room for one character: "\u00e9". */
enum { JSON_ESCAPE = 6 };

static size_t put_json(char out[JSON_ESCAPE], uint32_t c)
{
    static const char SPECIAL[] = "\"\\/\b\f\n\r\t", SHORT[] = "\"\\/bfnrt",
                      HEX[] = "0123456789abcdef";
    const char *at = c && c < 0x80 ? strchr(SPECIAL, (int)c) : NULL;

    out[0] = '\\';
    if (at) {
        out[1] = SHORT[at - SPECIAL];
        return 2;
    }
    if (c >= ' ' && c <= '~') {
        out[0] = (char)c;
        return 1;
    }
    out[1] = 'u';
    for (int i = 0; i < 4; i++) out[2 + i] = HEX[c >> 4 * (3 - i) & 15];
    return JSON_ESCAPE;
}

static bool to_json(struct context *c, const struct arg *args, struct sample *s)
{
    unsigned how = (unsigned)args_param(args);
    size_t most = context_most(c), room = JSON_ESCAPE * s->str.n, n = 0, taken;
    char *out = context_room(c, room = room < most ? room : most), one[JSON_ESCAPE];
    uint32_t code;

    if (!out) return false;
    for (struct slice rest = s->str; rest.n; rest = slice_from(rest, taken)) {
        if (!(how & JSON_UTF8)) {
            code = (uint8_t)rest.p[0];
            taken = 1;
        } else if (!utf8_next(rest, how, &code, &taken)) {
            if (how & JSON_SKIP) continue;
            return false;
        }
        size_t length = put_json(one, code);
        if (length > room - n) return false;
        memcpy(out + n, one, length);
        n += length;
    }
    return sample_str(s, slice_of(out, n));
}

/* ---- json_query ---- */

/* The largest number that is exact where numbers are doubles (RFC 8259 §6). */
#define JSON_INT_MOST ((INT64_C(1) << 53) - 1)

/* As strtol(3) reads it, so that "0x10" and "010" are numbers too. */
static bool query_int(struct slice text, struct sample *s)
{
    char number[32];
    long long n;

    errno = 0;
    n = strtoll(slice_copy(text, number, sizeof number), NULL, 0);
    if (errno || n < -JSON_INT_MOST || n > JSON_INT_MOST) return false;
    return sample_sint(s, n);
}

/* With six digits, as HAProxy prints it. */
static bool query_number(struct context *c, struct slice text, struct sample *s)
{
    enum { ROOM = 32 };
    char *out = context_room(c, ROOM);
    size_t used;

    if (!out) return false;
    return sample_str(s,
                      slice_of(out, (size_t)snprintf(out, ROOM, "%g", json_number(text, &used))));
}

static bool query_string(struct context *c, struct slice text, struct sample *s)
{
    char *out, *end;

    if (slice_find(text, '\\') < 0) return sample_str(s, text);
    out = context_room(c, text.n);
    end = out ? json_unescape(out, text) : NULL;
    return end && sample_str(s, slice_between(out, end));
}

static bool json_query(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice value;

    switch (json_find(s->str, args[0].str, &value)) {
    case JSON_STRING: return query_string(c, value, s);
    case JSON_NUMBER: return args[1].str.n ? query_int(value, s) : query_number(c, value, s);
    case JSON_TRUE: return sample_bool(s, true);
    case JSON_FALSE: return sample_bool(s, false);
    default: return false;
    }
}

static bool check_json_query(struct policy_cfg *pc, struct arg *args)
{
    if (args[0].str.n == 0) return arg_error(pc, &args[0], "the path is empty");
    if (args[1].str.n && !slice_is(args[1].str, "int"))
        return arg_error(pc, &args[1], "the type of the result can be 'int'");
    return true;
}

static const struct converter ROWS[] = {
    { "json", ARGS(1, ARG_STR), SAMPLE_STR, SAMPLE_STR, to_json, .check = check_json,
      .doc = "Writes the input for use between the quotes of a JSON string. The argument tells how "
             "it is read: `ascii` (the default: each byte is a character), `utf8` (nothing when it "
             "is no UTF-8, or has characters above U+FFFF), `utf8s` (what is wrong is left out), "
             "`utf8p` and `utf8ps` (the same, where characters may be written longer than need "
             "be)." },
    { "json_query", ARGS(1, ARG_STR, ARG_STR), SAMPLE_STR, SAMPLE_ANY, json_query,
      .check = check_json_query,
      .doc =
          "Finds a string, number or boolean in a JSON text: `$.name[0].member`. Objects, arrays "
          "and null give nothing. Numbers are given with six digits, and exact with `int` as "
          "second argument: nothing then when they are beyond 2^53." },
};

const struct converter_table json_converters = CONVERTER_TABLE("JSON", ROWS);
