/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/json_find.h"

#include <math.h>

/* ---- tokens ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What a backslash and c stand for; 0: nothing. */
static char escape_value(char c)
{
    static const char FROM[] = "bfnrt\\\"", TO[] = "\b\f\n\r\t\\\"";
    const char *found = c ? strchr(FROM, c) : NULL;
    return found ? TO[found - FROM] : 0;
}

/* The offset of the quote that ends the string whose text begins s; -1: there is none. */
static ptrdiff_t string_end(struct slice s)
{
    for (size_t i = 0; i < s.n && s.p[i]; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && escape_value(s.p[i + 1])) {
            i++;
        } else if (s.p[i] == '"') {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

static char at(struct slice s, size_t i)
{
    return i < s.n ? s.p[i] : '\0';
}

double json_number(struct slice s, size_t *used)
{
    double n = 0, digit = 0.1, sign = 1;
    size_t i = 0, point;
    int exponent = 0, exponent_sign = 1;

    *used = 0;
    if (at(s, i) == '-') {
        sign = -1;
        i++;
    }
    if (!is_digit(at(s, i)) && at(s, i) != '.') return 0;
    for (; is_digit(at(s, i)); *used = ++i) n = n * 10 + (s.p[i] - '0');
    if (at(s, i) == '.') {
        point = i++;
        for (; is_digit(at(s, i)); i++, digit /= 10) n += digit * (s.p[i] - '0');
        if (i > point + 1) *used = i; /* a point alone is not part of it, unless an 'e' follows */
    }
    if (at(s, i) == 'e' || at(s, i) == 'E') {
        i++;
        if (at(s, i) == '-' || at(s, i) == '+') exponent_sign = s.p[i++] == '-' ? -1 : 1;
        for (; is_digit(at(s, i)); i++)
            if (exponent < 10000) exponent = exponent * 10 + (s.p[i] - '0');
        *used = i;
    }
    return n == 0 || exponent == 0 ? sign * n : sign * n * pow(10, exponent_sign * exponent);
}

/* The literal or number that s begins with. */
static enum json_kind scalar(struct slice s, size_t *used)
{
    if (slice_starts(s, SLICE("true"))) return *used = 4, JSON_TRUE;
    if (slice_starts(s, SLICE("false"))) return *used = 5, JSON_FALSE;
    if (slice_starts(s, SLICE("null"))) return *used = 4, JSON_NULL;
    if (!is_digit(s.p[0]) && s.p[0] != '-') return JSON_NONE;
    json_number(s, used);
    return JSON_NUMBER;
}

/* Whatever c is. */
static unsigned hex_digit(char c)
{
    if (is_digit(c)) return (unsigned)(c - '0');
    return (unsigned)(c >= 'A' && c <= 'F' ? c - 'A' + 10 : c - 'a' + 10);
}

char *json_unescape(char *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\') {
            *out++ = s.p[i];
        } else if (i + 5 < s.n && s.p[i + 1] == 'u') {
            if (s.p[i + 2] != '0' || s.p[i + 3] != '0') return NULL;
            *out++ = (char)(hex_digit(s.p[i + 4]) << 4 | hex_digit(s.p[i + 5]));
            i += 5;
        } else {
            char c = i + 1 < s.n ? escape_value(s.p[i + 1]) : 0;
            if (!c) return NULL;
            *out++ = c;
            i++;
        }
    }
    return out;
}

/* ---- the way along the path ---- */

/* `depth` brackets are open around where we are; the first `matched` of them were entered along the
 * path, of which `rest` is left. */
struct way {
    struct slice rest;
    unsigned depth, matched;
    int64_t index, wanted; /* of the array whose elements are being counted */
    bool lost;             /* the path leads nowhere */
};

/* "[3]": steps over it when it is the element that we are at. */
static void way_element(struct way *w)
{
    /* "[0]" is taken to have three bytes, whatever stands in it. */
    ptrdiff_t end = w->wanted == 0 ? 2 : slice_find(w->rest, ']');

    if (w->index != w->wanted || end < 0 || (size_t)end >= w->rest.n) return;
    w->rest = slice_from(w->rest, (size_t)end + 1);
    w->matched++;
}

static void way_open(struct way *w, char bracket)
{
    if (bracket == '[' && w->depth == w->matched && at(w->rest, 0) == '[') {
        size_t used;
        double wanted = json_number(slice_from(w->rest, 1), &used);
        w->wanted = wanted > -1e9 && wanted < 1e9 ? (int64_t)wanted : -1;
        w->index = 0;
        way_element(w);
    }
    w->depth++;
}

static void way_comma(struct way *w)
{
    if (w->depth != w->matched + 1) return;
    w->index++;
    if (at(w->rest, 0) == '[') way_element(w);
}

/* The length of the member's name that the path goes on with, if that is `name`; else 0. */
static size_t way_through(const struct way *w, struct slice name)
{
    size_t i = 1, k = 0;
    char c;

    for (; (c = at(w->rest, i)) && c != '.' && c != '['; i++, k++) {
        if (c == '\\') c = at(w->rest, ++i);
        if (k == name.n || c != name.p[k]) return 0;
    }
    return k == name.n ? i : 0;
}

static void way_name(struct way *w, struct slice name)
{
    size_t n;

    if (w->depth == w->matched) {
        w->lost = true; /* the next member of an object that the path led into */
    } else if (w->depth == w->matched + 1 && at(w->rest, 0) == '.' && (n = way_through(w, name))) {
        w->rest = slice_from(w->rest, n);
        w->matched++;
    }
}

static bool way_ends(const struct way *w)
{
    return w->depth == w->matched && w->rest.n == 0;
}

/* ---- the text ---- */

enum expected { A_VALUE, A_NAME, A_COLON, MORE_OR_END };

struct reader {
    struct slice left;
    struct way way;
    char open[JSON_NESTING];
    enum expected expected;
};

static void step(struct reader *r, size_t n)
{
    r->left = slice_from(r->left, n);
}

static bool open_bracket(struct reader *r, char bracket)
{
    if (r->way.depth == JSON_NESTING || way_ends(&r->way)) return false;
    r->open[r->way.depth] = bracket;
    way_open(&r->way, bracket);
    r->expected = bracket == '{' ? A_NAME : A_VALUE;
    step(r, 1);
    return true;
}

static bool close_bracket(struct reader *r)
{
    char c = r->left.p[0];

    if (r->way.depth == 0 || r->open[r->way.depth - 1] != (c == '}' ? '{' : '[')) return false;
    r->way.depth--;
    r->expected = MORE_OR_END;
    step(r, 1);
    return r->way.depth > 0; /* else all was read */
}

static bool read_name(struct reader *r)
{
    ptrdiff_t n;

    if (r->left.p[0] == '}') return close_bracket(r);
    if (r->left.p[0] != '"' || (n = string_end(slice_from(r->left, 1))) < 0) return false;
    way_name(&r->way, slice_of(r->left.p + 1, (size_t)n));
    r->expected = A_COLON;
    step(r, (size_t)n + 2);
    return !r->way.lost;
}

/* False at the end: the value was found (*kind), or there is none. */
static bool read_value(struct reader *r, enum json_kind *kind, struct slice *value)
{
    char c = r->left.p[0];
    size_t used = 0;
    ptrdiff_t n;

    if (c == '{' || c == '[') return open_bracket(r, c);
    if (c == ']') return close_bracket(r);
    if (c == '"') {
        if ((n = string_end(slice_from(r->left, 1))) < 0) return false;
        *kind = JSON_STRING;
        *value = slice_of(r->left.p + 1, (size_t)n);
        used = (size_t)n + 2;
    } else {
        *kind = scalar(r->left, &used);
        if (*kind == JSON_NONE) return false;
        *value = r->left;
        if (*kind != JSON_NUMBER) value->n = used;
    }
    if (way_ends(&r->way)) return false;
    *kind = JSON_NONE;
    r->expected = MORE_OR_END;
    step(r, used);
    return r->way.depth > 0 && used > 0;
}

static bool read_between(struct reader *r)
{
    char c = r->left.p[0];

    if (r->expected == A_COLON) {
        if (c != ':') return false;
        r->expected = A_VALUE;
    } else {
        if (c != ',') return (c == '}' || c == ']') && close_bracket(r);
        way_comma(&r->way);
        r->expected = r->open[r->way.depth - 1] == '{' ? A_NAME : A_VALUE;
    }
    step(r, 1);
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum json_kind json_find(struct slice text, struct slice path, struct slice *value)
{
    struct reader r = { .left = text, .way.rest = slice_from(path, 1) };
    enum json_kind kind = JSON_NONE;
    bool going = path.n && path.p[0] == '$';

    while (going && r.left.n) {
        if (is_space(r.left.p[0])) {
            step(&r, 1);
        } else if (r.expected == A_VALUE) {
            going = read_value(&r, &kind, value);
        } else if (r.expected == A_NAME) {
            going = read_name(&r);
        } else {
            going = read_between(&r);
        }
    }
    return kind;
}
