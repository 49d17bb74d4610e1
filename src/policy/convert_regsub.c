/* SPDX-License-Identifier: Apache-2.0 */
/* regsub: what a regular expression matches is replaced, once or everywhere. */
#include "policy/converters.h"
#include "policy/regex.h"

/* Each search of a `g` is bounded, but thousands of them that read to the end to find one byte
 * (`a.*b|a`) are work that grows with the square of the length. So what they cost is added up
 * (regex_match_near), against some steps for each byte and no more than this altogether. Who is
 * beyond it has no value: a rest that is copied unreplaced could be what the expression was to
 * remove. */
enum { COST_MOST = 4 << 20, COST_A_BYTE = 128 };

/* A result that grows, up to what a sample may have; what goes beyond is cut. */
struct grown {
    struct context *c;
    char *p;
    size_t n, room;
};

static size_t grown_left(const struct grown *g)
{
    return context_most(g->c) - g->n;
}

static bool grown_reserve(struct grown *g, size_t more)
{
    size_t most = context_most(g->c), room = 2 * g->room;
    char *p;

    if (more <= g->room - g->n) return true;
    if (room < g->n + more) room = g->n + more;
    if (room > most) room = most;
    p = context_room(g->c, room);
    if (!p) return false;
    if (g->n) memcpy(p, g->p, g->n);
    g->p = p;
    g->room = room;
    return true;
}

static bool grown_put(struct grown *g, struct slice s)
{
    if (s.n > grown_left(g)) s.n = grown_left(g);
    if (s.n == 0) return true;
    if (!grown_reserve(g, s.n)) return false;
    slice_put(g->p + g->n, s);
    g->n += s.n;
    return true;
}

/* The most bytes that a replacement can have. */
static size_t replacement_most(struct slice with, const struct regex_match *m)
{
    size_t n = with.n, longest = 0;

    for (unsigned i = 0; i < REGEX_GROUPS && i < m->n; i++)
        if (m->group[i].n > longest) longest = m->group[i].n;
    for (size_t i = 0; i + 1 < with.n; i++)
        if (with.p[i] == '\\') n += longest;
    return n;
}

static bool grown_replace(struct grown *g, struct slice with, const struct regex_match *m)
{
    size_t most = replacement_most(with, m);
    ptrdiff_t n;
    char *p;

    if (most == 0) return true;
    if (most <= grown_left(g)) {
        if (!grown_reserve(g, most)) return false;
        n = regex_replacement(g->p + g->n, most, with, m);
        if (n < 0) return false;
        g->n += (size_t)n;
        return true;
    }
    /* Perhaps too long: made elsewhere, and cut. */
    p = context_room(g->c, context_most(g->c));
    n = p ? regex_replacement(p, context_most(g->c), with, m) : -1;
    return n >= 0 && grown_put(g, slice_of(p, (size_t)n));
}

/* Behind a match the rest is a subject of its own, whose beginning is not the line's. A match of
 * nothing stands before a byte, which is copied; one at the very end is the last. */
static bool regsub(struct context *c, const struct arg *args, struct sample *s)
{
    const struct regex *re = args[0].regex;
    bool all = args_param(args), within = false;
    struct slice rest = s->str;
    struct grown g = { .c = c };
    struct regex_match m;
    size_t behind, cost = 0, most = COST_MOST + COST_A_BYTE * rest.n;

    if (!regex_match(re, rest, false, &m)) return true;
    do {
        behind = (size_t)(m.group[0].p + m.group[0].n - rest.p);
        if (!grown_put(&g, slice_between(rest.p, m.group[0].p))) return false;
        if (!grown_replace(&g, args[1].str, &m)) return false;
        if (rest.n == 0 || grown_left(&g) == 0) break;
        if (behind == 0) {
            if (!grown_put(&g, slice_of(rest.p, 1))) return false;
            behind = 1;
        }
        rest = slice_from(rest, behind);
        within = true;
        if (cost > most) return false;
    } while (all && regex_match_near(re, rest, within, &m, &cost));
    return grown_put(&g, rest) && sample_str(s, slice_of(g.p, g.n));
}

static bool check_regsub(struct policy_cfg *pc, struct arg *args)
{
    const char *wrong = regex_replacement_check(args[1].str);
    struct arg *flags = &args[2];
    unsigned how = 0;
    bool all = false;

    if (wrong) return arg_error(pc, &args[1], "the replacement is wrong: %s", wrong);
    if (args[0].str.n == 0) return arg_error(pc, &args[0], "the regular expression is empty");
    for (size_t i = 0; flags->given && i < flags->str.n; i++) {
        if (flags->str.p[i] == 'i') {
            how |= REGEX_NOCASE;
        } else if (flags->str.p[i] == 'g') {
            all = true;
        } else {
            return arg_error(pc, flags,
                             "'%c' is no flag: there are 'i' (either case) and 'g' (all)",
                             flags->str.p[i]);
        }
    }
    args[3].sint = all;
    if (all) how |= REGEX_AGAIN;
    return arg_regex(pc, &args[0], how);
}

static const struct converter ROWS[] = {
    { "regsub", ARGS(2, ARG_REGEX, ARG_STR, ARG_STR), SAMPLE_STR, SAMPLE_STR, regsub,
      .check = check_regsub,
      .doc = "Replaces what a regular expression (PCRE) matches first, or with the flag `g` "
             "everywhere; the flag `i` makes it ignore case. `\\0` to `\\9` in the replacement "
             "stand for what the whole and its groups matched. Quote the expression when it has "
             "commas or parentheses: `regsub('(foo|bar)+','\\1',gi)`. With `g`, an expression that "
             "must look far ahead again and again (`a.*b|a`) gives no value for a long text." },
};

const struct converter_table regsub_converters = CONVERTER_TABLE("Regular expressions", ROWS);
