/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: reading them, and whether they hold. HAProxy's manual, 7.2. */
#include "policy/condition.h"

#include "base/memory.h"
#include "policy/acl.h"
#include "policy/trace.h"

struct condition {
    bool negate; /* unless */
    unsigned n;
    const struct condition_term *terms;
};

/* ---- does it hold? ---- */

static bool value_matches(const struct acl_test *test, struct context *c, struct sample *s)
{
    const struct match *m = test->match;
    uint8_t type = m->type;

    if (m->kind == MATCH_FOUND) return true;
    if (type == SAMPLE_ADDR && (s->type == SAMPLE_IPV4 || s->type == SAMPLE_IPV6)) type = s->type;
    if (s->type != type && !sample_cast(s, (enum sample_type)m->type, c)) return false;
    if (m->kind == MATCH_BOOL) return s->sint != 0;
    for (unsigned i = 0; i < test->n_sets; i++)
        if (patterns_match(test->sets[i], c, s, NULL)) return true;
    return false;
}

/* All values are tried, up to the first for which a converter gives nothing. */
static bool any_value_matches(const struct acl_test *test, struct context *c)
{
    /* (What converters make of a value may be none; and `gatehouse explain` shows it.) */
    struct sample s = {
        .each = true, .bare = test->match->kind == MATCH_FOUND && !test->expr->n_steps && !c->trace
    };

    do {
        if (!expr_next(test->expr, c, &s)) return false;
        if (value_matches(test, c, &s)) return true;
    } while (s.more);
    return false;
}

/* `traced` is known when these are compiled: who does not listen pays for one look at c->trace in a
 * condition. */
static inline bool test_holds(const struct acl_test *test, struct context *c, const bool traced)
{
    bool holds = any_value_matches(test, c);

    if (traced && test->expr->counts && c->trace->suppose)
        holds = c->trace->suppose(c->trace, c, test, holds);
    if (traced) c->trace->test(c->trace, c, test, holds);
    return holds;
}

static bool test_unmet(const struct acl_test *test, enum policy_place place)
{
    return !policy_need_met((enum policy_need)test->expr->fetch->need, place);
}

/* The request's head is still there when its response is judged, but HAProxy has forgotten it by
 * then, and so conditions may not see it. (Other needs that are not met are left to the fetch:
 * `be_id` without a backend is the frontend's.) */
static bool test_lost(const struct acl_test *test, enum policy_place place)
{
    enum policy_need need = (enum policy_need)test->expr->fetch->need;

    return (need == NEED_REQUEST || need == NEED_REQUEST_BODY) && !policy_need_met(need, place);
}

static inline bool any_test_holds(const struct condition_term *term, struct context *c,
                                  const bool traced)
{
    for (const struct acl_test *test = term->acl->tests; test; test = test->next) {
        if (term->lost && test_lost(test, (enum policy_place)term->place)) {
            if (traced) c->trace->test(c->trace, c, test, false);
        } else if (test_holds(test, c, traced)) {
            return true;
        }
    }
    return false;
}

static inline bool term_holds(const struct condition_term *term, struct context *c,
                              const bool traced)
{
    bool holds = any_test_holds(term, c, traced) != term->negate;

    if (traced) c->trace->term(c->trace, c, term, holds);
    return holds;
}

static inline bool all_holds(const struct condition *cond, struct context *c, const bool traced)
{
    const struct condition_term *t = cond->terms, *end = cond->n ? t + cond->n : t;
    bool holds = false;

    while (t < end && !holds) {
        holds = true;
        do {
            if (holds) holds = term_holds(t, c, traced);
        } while (++t < end && !t->begins);
    }
    return holds != cond->negate;
}

/* Several terms, or alternatives; out of the way of conditions that are one test. */
__attribute__((noinline)) static bool several_hold(const struct condition *cond, struct context *c)
{
    return all_holds(cond, c, false);
}

/* The only test that there is to a condition, as in most; NULL: there are several, or it is lost.
 * (An ACL may get more of them after the condition was read.) */
static inline const struct acl_test *only_test(const struct condition *cond)
{
    const struct acl_test *t = cond->n == 1 && !cond->terms->lost ? cond->terms->acl->tests : NULL;

    return t && !t->next ? t : NULL;
}

static TRACE_ONLY bool traced_holds(const struct condition *cond, struct context *c)
{
    bool holds = all_holds(cond, c, true);

    c->trace->condition(c->trace, c, cond, holds);
    return holds;
}

bool condition_asked(const struct condition *cond, struct context *c)
{
    const struct acl_test *only = only_test(cond);

    if (c->trace) return traced_holds(cond, c);
    if (!only) return several_hold(cond, c);
    return any_value_matches(only, c) != (cond->terms->negate != cond->negate);
}

bool condition_term_holds(const struct condition_term *term, struct context *c)
{
    return term_holds(term, c, c->trace != NULL);
}

/* ---- parts ---- */

unsigned condition_terms(const struct condition *cond, const struct condition_term **out)
{
    *out = cond->terms;
    return cond->n;
}

bool condition_negated(const struct condition *cond)
{
    return cond->negate;
}

struct slice acl_name(const struct acl *acl)
{
    return acl->name;
}

const struct acl_test *acl_tests(const struct acl *acl)
{
    return acl->tests;
}

/* ---- warnings ---- */

/* A fetch that has nothing to offer where the condition is asked: true, and a warning. */
static bool warn_of_need(struct policy_cfg *pc, const struct word *at, const struct acl *acl)
{
    enum policy_place place = pc->scope.place;
    const struct fetch *lost = NULL;
    unsigned n = 0, n_lost = 0;

    for (const struct acl_test *t = acl->tests; t; t = t->next, n++) {
        if (!test_unmet(t, place)) continue;
        if (!lost) lost = t->expr->fetch;
        n_lost++;
    }
    if (!lost) return false;
    if (n_lost < n)
        cfg_warning(pc->cfg, at, "a part of ACL '%.*s' never matches here", SLICE_ARG(acl->name));
    else if (acl->name.n)
        cfg_warning(pc->cfg, at, "ACL '%.*s' never matches here", SLICE_ARG(acl->name));
    else
        cfg_warning(pc->cfg, at, "this never matches here");
    cfg_hint(pc->cfg, "fetch '%s' needs %s, which %s does not have", lost->name,
             policy_need_name((enum policy_need)lost->need), policy_place_name(place));
    return true;
}

/* ---- reading ---- */

struct reader {
    struct policy_cfg *pc;
    struct words *w;
    struct condition_term *terms;
    unsigned n, room;
    bool negate; /* the next term; '!' may stand alone before it */
    bool begins;
};

static bool add_term(struct reader *r, const struct word *at, const struct acl *acl)
{
    if (r->n == r->room) {
        struct condition_term *more;
        r->room = r->room ? 2 * r->room : 4;
        more = arena_alloc(r->pc->cfg->arena, r->room * sizeof(*more));
        if (r->n) memcpy(more, r->terms, r->n * sizeof(*more));
        r->terms = more;
    }
    r->terms[r->n++] = (struct condition_term){
        .acl = acl,
        .negate = r->negate,
        .begins = r->begins,
        .lost = warn_of_need(r->pc, at, acl),
        .place = (uint8_t)r->pc->scope.place,
    };
    r->negate = r->begins = false;
    return true;
}

/* "{ … }": w stands behind the brace. */
static bool take_anonymous(struct reader *r, const struct word *brace)
{
    struct acl *acl = acl_new(r->pc->cfg->arena, SLICE(""));
    struct words inside = *r->w;

    for (inside.n = inside.at; inside.n < r->w->n; inside.n++) {
        if (slice_is(r->w->w[inside.n].text, "}")) break;
        if (r->w->w[inside.n].text.n == 0) break;
    }
    if (inside.n == r->w->n || r->w->w[inside.n].text.n == 0)
        return cfg_error(r->pc->cfg, brace, "'{' has no '}'");
    r->w->at = inside.n + 1;
    return acl_test_parse(r->pc, acl, &inside) && add_term(r, brace, acl);
}

static bool unknown_acl(struct reader *r, const struct word *at, struct slice name)
{
    struct word part = word_part(r->pc, at, name);
    struct nearest near;

    nearest_init(&near, name);
    acl_nearest(r->pc->scope.acls, &near);
    cfg_error(r->pc->cfg, &part, "there is no ACL '%.*s' above this line", SLICE_ARG(name));
    if (near.best.n) return cfg_hint(r->pc->cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
    return false;
}

static bool take_named(struct reader *r, const struct word *at, struct slice name)
{
    bool failed;
    const struct acl *acl = acl_find(r->pc, at, name, &failed);

    if (acl) return add_term(r, at, acl);
    return failed ? false : unknown_acl(r, at, name);
}

static bool take_word(struct reader *r, const struct word *word)
{
    struct slice text = word->text;

    for (; text.n && text.p[0] == '!'; text = slice_from(text, 1)) r->negate = !r->negate;
    if (text.n == 0) return true;
    if (slice_eq_nocase(text, SLICE("or")) || slice_is(text, "||")) {
        r->begins = true;
        r->negate = false;
        return true;
    }
    if (slice_is(text, "{")) return take_anonymous(r, word);
    return take_named(r, word, text);
}

bool condition_parse_terms(struct policy_cfg *pc, struct words *w, bool negate,
                           const struct condition **out)
{
    struct reader r = { .pc = pc, .w = w, .begins = true };
    struct condition *cond = arena_zero(pc->cfg->arena, sizeof *cond);
    const struct word *word;
    bool fine = true;

    while ((word = words_next(w)) && word->text.n) {
        if (take_word(&r, word)) continue;
        if (!pc->cfg->compat) return false;
        fine = false;
    }
    w->at = w->n; /* an empty word ends it, as in HAProxy */
    if (!fine) return false;
    cond->negate = negate;
    cond->terms = r.terms;
    cond->n = r.n;
    *out = cond;
    return true;
}

bool condition_parse(struct policy_cfg *pc, struct words *w, const struct condition **out)
{
    bool negate;

    *out = NULL;
    while (words_left(w) && words_peek(w)->text.n == 0) w->at++;
    if (!words_left(w)) return true;
    negate = words_is(w, "unless");
    if (!negate && !words_is(w, "if")) {
        words_error(pc->cfg, w, "'if' or 'unless' is expected here, not '%s'",
                    words_peek(w)->text.p);
        return false;
    }
    w->at++;
    return condition_parse_terms(pc, w, negate, out);
}
