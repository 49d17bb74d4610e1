/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/cond.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct cond {
    struct slice text;
    size_t at;
    unsigned depth;
    const struct cond_world *world;
    struct cond_error *err;
    bool failed;
    char *scratch; /* the arguments of one predicate, unquoted; as long as the text */
    struct slice args[2];
    unsigned n_args;
};

__attribute__((format(printf, 4, 5))) static bool fail(struct cond *c, size_t at, size_t width,
                                                       const char *fmt, ...)
{
    va_list ap;

    if (c->failed) return false;
    c->failed = true;
    c->err->at = at;
    c->err->width = width;
    va_start(ap, fmt);
    vsnprintf(c->err->text, sizeof(c->err->text), fmt, ap);
    va_end(ap);
    return false;
}

/* ---- versions ---- */

/* Fields from most to least significant: four numbers, the kind of pre-release (0 for a release,
 * less before one), its number, and commits since. */
enum { VERSION_FIELDS = 7, VERSION_KIND = 4 };

static bool take_u32(struct slice *s, uint32_t *out)
{
    size_t n = 0;
    uint64_t v;

    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') n++;
    if (!slice_to_u64(slice_of(s->p, n), &v) || v > UINT32_MAX) return false;
    *out = (uint32_t)v;
    *s = slice_from(*s, n);
    return true;
}

/* "-dev3", "-rc1", "-pre2", each with commits behind it; other words behind a dash mean nothing. */
static void take_suffix(struct slice *s, int64_t v[VERSION_FIELDS])
{
    static const struct {
        struct slice name;
        int kind;
    } KINDS[] = { { SLICE_LIT("-dev"), -3 }, { SLICE_LIT("-pre"), -2 }, { SLICE_LIT("-rc"), -1 } };
    uint32_t n;

    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (!slice_starts(*s, KINDS[i].name)) continue;
        *s = slice_from(*s, KINDS[i].name.n);
        v[VERSION_KIND] = KINDS[i].kind;
        v[VERSION_KIND + 1] = take_u32(s, &n) ? n : 0;
        break;
    }
    if (s->n > 1 && s->p[0] == '-') {
        struct slice rest = slice_from(*s, 1);
        if (take_u32(&rest, &n)) {
            v[VERSION_KIND + 2] = n;
            *s = rest;
        } else {
            *s = slice_from(*s, s->n);
        }
    }
}

static void version_read(struct slice s, int64_t v[VERSION_FIELDS])
{
    memset(v, 0, VERSION_FIELDS * sizeof(*v));
    while (s.n && s.p[0] == ' ') s = slice_from(s, 1);
    for (unsigned i = 0; i < VERSION_KIND; i++) {
        uint32_t n;
        if (!take_u32(&s, &n)) break;
        v[i] = n;
        if (!s.n || s.p[0] != '.') break;
        s = slice_from(s, 1);
    }
    take_suffix(&s, v);
    if (s.n && !slice_is(s, "-")) memset(v, 0, VERSION_FIELDS * sizeof(*v));
}

/* < 0 when the version we answer as is older than s. */
static int version_compare(struct slice s)
{
    int64_t ours[VERSION_FIELDS], theirs[VERSION_FIELDS];

    version_read(SLICE(HAPROXY_VERSION), ours);
    version_read(s, theirs);
    for (unsigned i = 0; i < VERSION_FIELDS; i++)
        if (ours[i] != theirs[i]) return ours[i] < theirs[i] ? -1 : 1;
    return 0;
}

/* "1.1.1g" or "3.0.2" as OPENSSL_VERSION_NUMBER without its status. */
static bool tls_version_read(struct slice s, uint32_t *version)
{
    uint32_t v[3], letters = 0;

    s = slice_trim(s, " ");
    for (unsigned i = 0; i < 3; i++) {
        if (i && (!s.n || s.p[0] != '.')) return false;
        if (i) s = slice_from(s, 1);
        if (!take_u32(&s, &v[i]) || v[i] > 255) return false;
    }
    if (v[0] > 15) return false;
    for (; s.n && s.p[0] >= 'a' && s.p[0] <= 'z'; s = slice_from(s, 1))
        letters += (uint32_t)(s.p[0] - 'a') + 1;
    if (s.n && s.p[0] != '-') return false;
    if (v[0] >= 3)
        *version = v[0] << 28 | v[1] << 20 | v[2] << 4;
    else
        *version = v[0] << 28 | v[1] << 20 | (v[2] & 255) << 12 | (letters & 255) << 4;
    return true;
}

/* ---- predicates ---- */

static bool eval_defined(struct cond *c)
{
    return c->world->defined && c->world->defined(c->world->user, c->args[0]);
}
static bool eval_feature(struct cond *c)
{
    return c->world->feature && c->world->feature(c->world->user, c->args[0]);
}
static bool eval_streq(struct cond *c)
{
    return slice_eq(c->args[0], c->args[1]);
}
static bool eval_strneq(struct cond *c)
{
    return !slice_eq(c->args[0], c->args[1]);
}
static bool eval_version_atleast(struct cond *c)
{
    return version_compare(c->args[0]) >= 0;
}
static bool eval_version_before(struct cond *c)
{
    return version_compare(c->args[0]) < 0;
}

static bool eval_tls_version(struct cond *c, bool atleast)
{
    uint32_t wanted;

    if (!tls_version_read(c->args[0], &wanted))
        return fail(c, c->at, 1, "an OpenSSL version looks like '3.0.2' or '1.1.1g'");
    if (!c->world->tls_name) return false;
    return (c->world->tls_version >> 4 >= wanted >> 4) == atleast;
}
static bool eval_openssl_atleast(struct cond *c)
{
    return eval_tls_version(c, true);
}
static bool eval_openssl_before(struct cond *c)
{
    return eval_tls_version(c, false);
}

static bool eval_ssllib(struct cond *c)
{
    return c->world->tls_name && slice_starts(slice_str(c->world->tls_name), c->args[0]);
}

static const struct predicate {
    struct slice name;
    unsigned args;
    bool (*eval)(struct cond *c);
} PREDICATES[] = {
    { SLICE_LIT("defined"), 1, eval_defined },
    { SLICE_LIT("feature"), 1, eval_feature },
    { SLICE_LIT("streq"), 2, eval_streq },
    { SLICE_LIT("strneq"), 2, eval_strneq },
    { SLICE_LIT("version_atleast"), 1, eval_version_atleast },
    { SLICE_LIT("version_before"), 1, eval_version_before },
    { SLICE_LIT("openssl_version_atleast"), 1, eval_openssl_atleast },
    { SLICE_LIT("openssl_version_before"), 1, eval_openssl_before },
    { SLICE_LIT("ssllib_name_startswith"), 1, eval_ssllib },
};

static const struct predicate *find_predicate(struct cond *c, struct slice name)
{
    unsigned nearest = 3;

    for (size_t i = 0; i < ARRAY_LEN(PREDICATES); i++)
        if (slice_eq(PREDICATES[i].name, name)) return &PREDICATES[i];
    for (size_t i = 0; i < ARRAY_LEN(PREDICATES); i++) {
        unsigned d = slice_distance(PREDICATES[i].name, name, 2);
        if (d >= nearest) continue;
        nearest = d;
        c->err->near = PREDICATES[i].name.p;
    }
    return NULL;
}

/* ---- the grammar ---- */

static bool parse_or(struct cond *c);

static char at_char(const struct cond *c)
{
    return c->at < c->text.n ? c->text.p[c->at] : '\0';
}

static void skip_spaces(struct cond *c)
{
    while (at_char(c) == ' ' || at_char(c) == '\t') c->at++;
}

static bool take_pair(struct cond *c, char what)
{
    skip_spaces(c);
    if (at_char(c) != what || c->at + 1 >= c->text.n || c->text.p[c->at + 1] != what) return false;
    c->at += 2;
    return true;
}

/* The character that a backslash makes at text[at], or 0 when it is no escape here. */
static char escape_at(const struct cond *c)
{
    switch (c->at + 1 < c->text.n ? c->text.p[c->at + 1] : '\0') {
    case ' ': return ' ';
    case '\\': return '\\';
    case '"': return '"';
    case '\'': return '\'';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
    }
}

/* One argument, up to its comma or parenthesis, which stays; it is put at *out. */
static void parse_argument(struct cond *c, char **out)
{
    char quote = '\0';
    const char *start = *out;

    for (; c->at < c->text.n; c->at++) {
        char now = at_char(c), escaped;
        if (!quote && (now == ',' || now == ')')) break;
        if ((now == '"' || now == '\'') && (!quote || quote == now)) {
            quote = quote ? '\0' : now;
            continue;
        }
        escaped = now == '\\' && quote != '\'' ? escape_at(c) : '\0';
        if (escaped) c->at++;
        *(*out)++ = escaped ? escaped : now;
    }
    c->args[c->n_args++] = slice_between(start, *out);
}

/* Behind a predicate's name: "(a,b)", or nothing. */
static bool parse_arguments(struct cond *c, const struct predicate *p)
{
    size_t from = c->at;
    char *out = c->scratch;

    c->n_args = 0;
    c->args[0] = c->args[1] = (struct slice){ 0 };
    if (at_char(c) == '(') {
        do {
            c->at++;
            if (c->n_args == p->args)
                return fail(c, c->at - 1, 1, "'%s' takes %u argument%s", p->name.p, p->args,
                            p->args > 1 ? "s" : "");
            parse_argument(c, &out);
        } while (at_char(c) == ',');
        if (at_char(c) != ')') return fail(c, from, 1, "unmatched parenthesis");
        c->at++;
    }
    if (c->n_args < p->args && p->args > 1)
        return fail(c, from, 1, "'%s' needs %u arguments", p->name.p, p->args);
    return true;
}

static bool parse_predicate(struct cond *c)
{
    size_t from = c->at;
    struct slice name;
    const struct predicate *p;
    bool value;

    while ((at_char(c) >= 'a' && at_char(c) <= 'z') || at_char(c) == '_') c->at++;
    name = slice_of(c->text.p + from, c->at - from);
    if (name.n == 0)
        return fail(c, from, 1,
                    c->at < c->text.n ? "a condition can't go on like this"
                                      : "a condition is missing here");
    p = find_predicate(c, name);
    if (!p) return fail(c, from, name.n, "unknown predicate '%.*s'", SLICE_ARG(name));
    if (!parse_arguments(c, p)) return false;
    value = p->eval(c);
    if (c->failed) c->err->at = from, c->err->width = c->at - from;
    return value;
}

/* True unless it is zero. HAProxy reads it as C does, so there may be a sign or "0x". */
static bool parse_integer(struct cond *c)
{
    bool value = false, hex;

    if (at_char(c) == '-' || at_char(c) == '+') c->at++;
    hex = at_char(c) == '0' && c->at + 1 < c->text.n && (c->text.p[c->at + 1] | 0x20) == 'x';
    if (hex) c->at += 2;
    for (;; c->at++) {
        char d = at_char(c), letter = d | 0x20;
        if (!(d >= '0' && d <= '9') && !(hex && letter >= 'a' && letter <= 'f')) return value;
        value = value || d != '0';
    }
}

static bool is_integer(const struct cond *c)
{
    char d = at_char(c);

    if (d == '-' || d == '+') d = c->at + 1 < c->text.n ? c->text.p[c->at + 1] : '\0';
    return d >= '0' && d <= '9';
}

static bool parse_parentheses(struct cond *c)
{
    size_t from = c->at++;
    bool value;

    if (++c->depth > COND_NESTING) return fail(c, from, 1, "parentheses nest too deep");
    value = parse_or(c);
    c->depth--;
    skip_spaces(c);
    if (!c->failed && at_char(c) != ')') fail(c, from, 1, "unmatched parenthesis");
    c->at++;
    return value;
}

static bool parse_term(struct cond *c)
{
    bool negate = false, value;

    for (skip_spaces(c); at_char(c) == '!'; skip_spaces(c)) {
        negate = !negate;
        c->at++;
    }
    if (at_char(c) == '(')
        value = parse_parentheses(c);
    else if (is_integer(c))
        value = parse_integer(c);
    else
        value = parse_predicate(c);
    return value != negate;
}

static bool parse_and(struct cond *c)
{
    bool value = parse_term(c);

    while (!c->failed && take_pair(c, '&')) {
        bool right = parse_term(c);
        value = value && right;
    }
    return value;
}

static bool parse_or(struct cond *c)
{
    bool value = parse_and(c);

    while (!c->failed && take_pair(c, '|')) {
        bool right = parse_and(c);
        value = value || right;
    }
    return value;
}

enum cond_result cond_eval(struct slice text, const struct cond_world *world,
                           struct cond_error *err)
{
    struct cond c = { .text = text, .world = world, .err = err };
    bool value;

    *err = (struct cond_error){ 0 };
    if (text.n == 0) return COND_FALSE;
    c.scratch = mem_alloc(text.n);
    value = parse_or(&c);
    skip_spaces(&c);
    if (!c.failed && c.at < text.n)
        fail(&c, c.at, 1, "unexpected '%c' behind the condition", text.p[c.at]);
    free(c.scratch);
    if (c.failed) return COND_ERROR;
    return value ? COND_TRUE : COND_FALSE;
}
