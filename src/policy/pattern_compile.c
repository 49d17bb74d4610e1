/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns from text to what is compared: HAProxy's manual, 7.1.2 to 7.1.6. */
#include "policy/pattern_index.h"
#include "runtime/resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define ROW8(n) (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7
#define ROW32(n) ROW8(n), ROW8((n) + 8), ROW8((n) + 16), ROW8((n) + 24)

/* clang-format off */
const unsigned char pattern_lower[256] = {
    ROW32(0), ROW32(32),
    '@', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '[', '\\', ']', '^', '_',
    ROW32(96), ROW32(128), ROW32(160), ROW32(192), ROW32(224),
};
/* clang-format on */

static bool wrong(char why[PATTERN_WHY_MAX], struct slice text, const char *what)
{
    snprintf(why, PATTERN_WHY_MAX, "'%.*s' is %s", (int)(text.n < 200 ? text.n : 200),
             text.p ? text.p : "", what);
    return false;
}

/* Memory of the entry's own for its key: it lies behind the entry. */
static char *key_of(struct pattern_entry *e)
{
    return (char *)(e + 1);
}

/* ---- numbers ---- */

/* Digits, perhaps a '-' before them. */
static bool number(struct slice s, int64_t *out)
{
    return s.n && s.p[0] != '+' && slice_to_i64(s, out);
}

/* "5", "1:9", "5:", ":5"; '-' will do for ':', so that a number below 0 can't be written. */
static bool compile_range(struct pattern_entry *e, struct slice text, char why[PATTERN_WHY_MAX])
{
    size_t at = 0;
    struct slice low, high;

    while (at < text.n && text.p[at] != ':' && text.p[at] != '-') at++;
    e->range.min = INT64_MIN;
    e->range.max = INT64_MAX;
    if (at == text.n) {
        if (!number(text, &e->range.min)) return wrong(why, text, "not a number");
        e->range.max = e->range.min;
        return true;
    }
    low = slice_of(text.p, at);
    high = slice_from(text, at + 1);
    if (!low.n && !high.n) return wrong(why, text, "not a valid number range");
    if (low.n && !number(low, &e->range.min)) return wrong(why, text, "not a valid number range");
    if (high.n && !number(high, &e->range.max)) return wrong(why, text, "not a valid number range");
    if (e->range.min > e->range.max) return wrong(why, text, "not a valid number range");
    return true;
}

static void place_range(struct pattern_entry *e)
{
    e->home = e->range.min == e->range.max ? HOME_HASH : HOME_LIST;
    e->key = slice_of((const char *)&e->range.min, sizeof e->range.min);
}

static bool compile_int(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)nocase, (void)dns;
    if (!compile_range(e, text, why)) return false;
    place_range(e);
    return true;
}

/* ---- addresses ---- */

/* A number of bits as strtol reads one: blanks and a sign may stand before it. */
static bool read_bits(struct slice s, long most, long *out)
{
    char buf[24], *end;

    if (s.n == 0 || s.n >= sizeof buf) return false;
    *out = strtol(slice_copy(s, buf, sizeof buf), &end, 10);
    return end != buf && *end == '\0' && *out >= 0 && *out <= most;
}

/* "24", or "255.255.255.0"; in network order. */
static bool mask4(struct slice s, uint32_t *out)
{
    char buf[INET_ADDRSTRLEN];
    long bits;

    if (slice_find(s, '.') >= 0)
        return s.n < sizeof buf && inet_pton(AF_INET, slice_copy(s, buf, sizeof buf), out) == 1;
    if (!read_bits(s, 32, &bits)) return false;
    *out = bits ? htonl(UINT32_MAX << (32 - bits)) : 0;
    return true;
}

/* A name, or digits and dots in a form that inet_pton does not take: "10.1" is 10.0.0.1. Other
 * shorthands of numbers ("0x0a000001") are neither, as in HAProxy. */
static bool resolve4(const char *host, uint32_t *out)
{
    struct sockaddr_storage found;
    struct in_addr a;

    if (inet_aton(host, &a)) {
        *out = a.s_addr;
        return host[strspn(host, "0123456789.")] == '\0';
    }
    if (resolve_name(slice_str(host), AF_INET, &found, 1) < 1) return false;
    *out = ((struct sockaddr_in *)&found)->sin_addr.s_addr;
    return true;
}

static bool compile_ip4(struct pattern_entry *e, struct slice host, uint32_t mask, bool dns)
{
    char buf[256];
    uint32_t address, bits = (uint32_t)__builtin_popcount(mask);

    if (host.n == 0 || host.n >= sizeof buf) return false;
    slice_copy(host, buf, sizeof buf);
    if (inet_pton(AF_INET, buf, &address) != 1 &&
        (!dns || slice_find(host, ':') >= 0 || !resolve4(buf, &address)))
        return false;
    e->net.mask = mask;
    e->net.address = address & mask;
    e->home = mask == (bits ? htonl(UINT32_MAX << (32 - bits)) : 0) ? HOME_TREE : HOME_LIST;
    e->key = slice_of((const char *)&e->net.address, 4);
    e->bits = bits;
    return true;
}

static bool compile_ip6(struct pattern_entry *e, struct slice host, struct slice mask)
{
    char buf[INET6_ADDRSTRLEN];
    long bits = 128;

    if (host.n >= sizeof buf || (mask.p && !read_bits(mask, 128, &bits))) return false;
    if (inet_pton(AF_INET6, slice_copy(host, buf, sizeof buf), key_of(e)) != 1) return false;
    e->home = HOME_TREE6;
    e->key = slice_of(key_of(e), 16);
    e->bits = (uint32_t)bits;
    return true;
}

static bool compile_ip(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                       char why[PATTERN_WHY_MAX])
{
    const char *slash = text.n ? memrchr(text.p, '/', text.n) : NULL;
    struct slice host = text, mask = { NULL, 0 };
    uint32_t m4 = UINT32_MAX;

    (void)nocase;
    if (slash) {
        host = slice_between(text.p, slash);
        mask = slice_between(slash + 1, text.p + text.n);
    }
    if ((!slash || mask4(mask, &m4)) && compile_ip4(e, host, m4, dns)) return true;
    if (compile_ip6(e, host, mask)) return true;
    return wrong(why, text, "not a valid IPv4 or IPv6 address");
}

/* ---- strings ---- */

static void copy_key(struct pattern_entry *e, struct slice from, bool nocase, bool turn)
{
    unsigned char *to = (unsigned char *)key_of(e);

    for (size_t i = 0; i < from.n; i++) {
        unsigned char c = (unsigned char)from.p[turn ? from.n - 1 - i : i];
        to[i] = nocase ? pattern_lower[c] : c;
    }
    e->key = slice_of(key_of(e), from.n);
    e->bits = (uint32_t)from.n * 8;
}

static bool compile_str(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    copy_key(e, text, nocase, false);
    e->home = HOME_HASH;
    return true;
}

static bool compile_beg(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    copy_key(e, text, nocase, false);
    e->home = HOME_TREE;
    return true;
}

static bool compile_end(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    copy_key(e, text, nocase, true);
    e->home = HOME_TREE;
    return true;
}

static bool compile_sub(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    copy_key(e, text, nocase, false);
    e->home = HOME_LIST;
    return true;
}

static struct slice strip(enum match_kind kind, struct slice s)
{
    while (s.n && pattern_is_delimiter(kind, s.p[0])) s = slice_from(s, 1);
    while (s.n && pattern_is_delimiter(kind, s.p[s.n - 1])) s.n--;
    return s;
}

static bool compile_dir(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    copy_key(e, strip(MATCH_DIR, text), nocase, false);
    e->home = HOME_HASH;
    return true;
}

static bool compile_dom(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    copy_key(e, strip(MATCH_DOM, text), nocase, false);
    e->home = HOME_HASH;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool compile_bin(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    char *to = key_of(e);

    (void)nocase, (void)dns;
    if (text.n % 2) return wrong(why, text, "not an even number of hexadecimal digits");
    for (size_t i = 0; i < text.n; i += 2) {
        int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);
        if (high < 0 || low < 0) return wrong(why, text, "not a hexadecimal string");
        *to++ = (char)(high << 4 | low);
    }
    e->key = slice_between(key_of(e), to);
    e->home = HOME_HASH;
    return true;
}

static bool compile_reg(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX])
{
    struct regex_error err;

    (void)dns;
    e->regex = regex_new(text, nocase ? REGEX_NOCASE : 0, &err);
    e->home = HOME_LIST;
    e->is_regex = true;
    if (e->regex) return true;
    snprintf(why, PATTERN_WHY_MAX, "regex '%.*s' is invalid: %s (at offset %zu)",
             (int)(text.n < 120 ? text.n : 120), text.p ? text.p : "", err.text, err.at);
    return false;
}

static bool compile_meth(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                         char why[PATTERN_WHY_MAX])
{
    (void)dns, (void)why;
    e->http_method = http_method_find(text);
    if (e->http_method == HTTP_PATCH) e->http_method = HTTP_METHOD_OTHER; /* HAProxy knows eight */
    copy_key(e, text, nocase, false);
    e->home = HOME_LIST;
    return true;
}

static bool compile_none(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                         char why[PATTERN_WHY_MAX])
{
    (void)e, (void)text, (void)nocase, (void)dns, (void)why;
    return true;
}

typedef bool compile_fn(struct pattern_entry *e, struct slice text, bool nocase, bool dns,
                        char why[PATTERN_WHY_MAX]);

static compile_fn *const compilers[N_MATCHES] = {
    [MATCH_FOUND] = compile_none, [MATCH_BOOL] = compile_none, [MATCH_INT] = compile_int,
    [MATCH_IP] = compile_ip,      [MATCH_BIN] = compile_bin,   [MATCH_LEN] = compile_int,
    [MATCH_STR] = compile_str,    [MATCH_BEG] = compile_beg,   [MATCH_SUB] = compile_sub,
    [MATCH_DIR] = compile_dir,    [MATCH_DOM] = compile_dom,   [MATCH_END] = compile_end,
    [MATCH_REG] = compile_reg,    [MATCH_METH] = compile_meth,
};

struct pattern_entry *pattern_compile(const struct match *m, bool nocase, bool dns,
                                      struct slice text, char why[PATTERN_WHY_MAX])
{
    size_t key = text.n < 16 ? 16 : text.n; /* an IPv6 address, or the text folded */
    struct pattern_entry *e = mem_zero(sizeof(*e) + key);

    e->text = text;
    if (compilers[m->kind](e, text, nocase, dns, why)) return e;
    free(e);
    return NULL;
}

struct pattern_entry *pattern_copy_ip(const struct pattern_entry *e)
{
    struct pattern_entry *copy = mem_alloc(sizeof(*e) + 16);

    memcpy(copy, e, sizeof(*e) + 16);
    copy->key.p = e->home == HOME_TREE6 ? key_of(copy) : (const char *)&copy->net.address;
    return copy;
}

void pattern_entry_free(struct pattern_entry *e)
{
    if (e->is_regex) regex_free(e->regex);
    free(e);
}
