/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ACLs: a criterion, flags, values. HAProxy's manual, 7.1. */
#include "policy/acl.h"

#include "base/memory.h"

#include <stdio.h>

enum { BUCKETS = 64 };

struct acl_set {
    struct arena *arena;
    const struct acl_set *outer;
    struct acl *buckets[BUCKETS];
};

/* ---- sets ---- */

struct acl_set *acl_set_new(struct arena *a, const struct acl_set *outer)
{
    struct acl_set *set = arena_zero(a, sizeof *set);

    set->arena = a;
    set->outer = outer;
    return set;
}

static unsigned bucket_of(struct slice name)
{
    unsigned h = 0;

    for (size_t i = 0; i < name.n; i++) h = h * 31 + (unsigned char)name.p[i];
    return h % BUCKETS;
}

static struct acl *set_find(const struct acl_set *set, struct slice name)
{
    struct acl *acl = set->buckets[bucket_of(name)];

    while (acl && !slice_eq(acl->name, name)) acl = acl->next;
    return acl;
}

struct acl *acl_new(struct arena *a, struct slice name)
{
    struct acl *acl = arena_zero(a, sizeof *acl);

    acl->name = name;
    acl->tests_end = &acl->tests;
    return acl;
}

static void set_add(struct acl_set *set, struct acl *acl)
{
    unsigned b = bucket_of(acl->name);

    acl->next = set->buckets[b];
    set->buckets[b] = acl;
}

void acl_nearest(const struct acl_set *set, struct nearest *n)
{
    for (; set; set = set->outer)
        for (unsigned b = 0; b < BUCKETS; b++)
            for (const struct acl *acl = set->buckets[b]; acl; acl = acl->next)
                nearest_try(n, acl->name);
    acl_predefined_nearest(n);
}

/* ---- a test being read ---- */

struct reader {
    struct policy_cfg *pc;
    struct words *w;
    struct acl_test *test;
    struct acl_criterion criterion;
    const struct word *criterion_at;
    unsigned flags; /* PATTERNS_… for what follows */
    int id;         /* -u */
    bool loaded;    /* a file: -m comes too late */
};

/* The next word; an empty one ends the line. */
static const struct word *peek(struct reader *r)
{
    const struct word *word = words_peek(r->w);
    return word && word->text.n ? word : NULL;
}

static const struct word *next(struct reader *r)
{
    const struct word *word = peek(r);
    if (word) r->w->at++;
    return word;
}

static bool add_set(struct reader *r, struct patterns *p)
{
    struct arena *a = r->pc->cfg->arena;
    struct patterns **sets;

    if (!p) return false;
    sets = arena_alloc(a, (r->test->n_sets + 1) * sizeof(*sets));
    if (r->test->n_sets) memcpy(sets, r->test->sets, r->test->n_sets * sizeof(*sets));
    sets[r->test->n_sets++] = p;
    r->test->sets = sets;
    return true;
}

/* ---- the criterion ---- */

/* The word with the fetch's own name, and a place that still fits what stands behind the name. */
static struct word plain_word(struct reader *r, const struct word *word)
{
    const struct acl_criterion *c = &r->criterion;
    struct slice rest = slice_from(word->text, c->name.n);
    struct word out = *word;

    out.text.p = arena_printf(r->pc->cfg->arena, "%.*s%.*s", SLICE_ARG(c->fetch), SLICE_ARG(rest));
    out.text.n = c->fetch.n + rest.n;
    if (word->at.width != word->text.n || word->at.column + c->name.n <= c->fetch.n) return out;
    out.at.column += (unsigned)c->name.n - (unsigned)c->fetch.n;
    out.at.width += (unsigned)c->fetch.n - (unsigned)c->name.n;
    return out;
}

static bool read_criterion(struct reader *r)
{
    const struct word *word = next(r);
    struct slice rest;
    struct word plain;

    if (!word) return words_error(r->pc->cfg, r->w, "an ACL needs a criterion here: a fetch");
    r->criterion_at = word;
    r->criterion = acl_criterion_of(r->pc->rows, word->text);
    plain = slice_eq(r->criterion.name, r->criterion.fetch) ? *word : plain_word(r, word);
    rest = plain.text;
    r->test->expr = expr_parse(r->pc, &plain, &rest, true);
    if (!r->test->expr) return false;
    if (rest.n) {
        struct word at = word_part(r->pc, &plain, rest);
        return cfg_error(r->pc->cfg, &at, "unexpected '%s' behind the criterion", at.text.p);
    }
    r->test->match = r->criterion.match;
    if (!r->test->match || r->test->expr->n_steps)
        r->test->match = match_default((enum sample_type)r->test->expr->type);
    return true;
}

/* ---- flags ---- */

static bool flag_nocase(struct reader *r, const struct word *flag)
{
    (void)flag;
    r->flags |= PATTERNS_NOCASE;
    return true;
}

static bool flag_no_dns(struct reader *r, const struct word *flag)
{
    (void)flag;
    r->flags |= PATTERNS_NO_DNS;
    return true;
}

static bool flag_map(struct reader *r, const struct word *flag)
{
    (void)flag;
    r->flags |= PATTERNS_MAP;
    return true;
}

static bool need_match(struct reader *r)
{
    if (r->test->match) return true;
    cfg_error(r->pc->cfg, r->criterion_at,
              "a criterion of type '%s' says nothing of how it is matched: '-m' must come first",
              sample_type_name((enum sample_type)r->test->expr->type));
    return cfg_hint(r->pc->cfg, "'-m str', for example");
}

static bool flag_file(struct reader *r, const struct word *flag)
{
    const struct word *path = next(r);

    if (!need_match(r)) return false;
    if (!path) return cfg_error(r->pc->cfg, flag, "'-f' needs a path");
    r->loaded = true;
    return add_set(r, patterns_file(r->pc, path, path->text, r->test->match, r->flags, SAMPLE_ANY));
}

static bool unknown_match(struct reader *r, const struct word *word)
{
    struct nearest near;

    nearest_init(&near, word->text);
    match_nearest(&near);
    cfg_error(r->pc->cfg, word, "unknown matching method '%s'", word->text.p);
    if (near.best.n) return cfg_hint(r->pc->cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
    return false;
}

static bool flag_match(struct reader *r, const struct word *flag)
{
    const struct word *name = next(r);
    const struct match *m;

    if (r->loaded) return cfg_error(r->pc->cfg, flag, "'-m' must stand before patterns and files");
    if (!name) return cfg_error(r->pc->cfg, flag, "'-m' needs a matching method");
    m = match_find(name->text);
    if (!m) return unknown_match(r, name);
    if (!match_fits(m, (enum sample_type)r->test->expr->type))
        return cfg_error(r->pc->cfg, name, "a value of type '%s' can't be matched by '%s'",
                         sample_type_name((enum sample_type)r->test->expr->type), m->name);
    r->test->match = m;
    return true;
}

static bool flag_id(struct reader *r, const struct word *flag)
{
    const struct word *word = next(r);
    int64_t id;

    if (!word || !slice_to_i64(word->text, &id) || id < INT32_MIN || id > INT32_MAX)
        return cfg_error(r->pc->cfg, word ? word : flag, "'-u' needs a whole number");
    if (id >= 0 && patterns_id_taken(r->pc, (int)id))
        return cfg_error(r->pc->cfg, word, "the id %d is taken already", (int)id);
    r->id = id < 0 ? -1 : (int)id;
    return true;
}

static const struct flag {
    const char *name;
    bool (*take)(struct reader *, const struct word *flag);
} flag_rows[] = {
    { "-i", flag_nocase }, { "-n", flag_no_dns }, { "-M", flag_map },
    { "-f", flag_file },   { "-m", flag_match },  { "-u", flag_id },
};

static bool take_flag(struct reader *r, const struct word *word)
{
    for (size_t i = 0; i < ARRAY_LEN(flag_rows); i++)
        if (slice_is(word->text, flag_rows[i].name)) return flag_rows[i].take(r, word);
    cfg_error(r->pc->cfg, word, "'%s' is no flag of ACLs", word->text.p);
    return cfg_hint(r->pc->cfg, "a pattern that begins with '-' needs '--' before it");
}

static bool read_flags(struct reader *r)
{
    const struct word *word;

    while ((word = peek(r)) && word->text.p[0] == '-') {
        r->w->at++;
        if (slice_is(word->text, "--")) break;
        if (!take_flag(r, word)) return false;
    }
    return need_match(r);
}

/* ---- values ---- */

enum operator{ OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OPERATORS };

static const char *const operator_names[OPERATORS] = { "eq", "ge", "gt", "le", "lt" };

static bool take_operator(struct slice word, enum operator* op)
{
    for (unsigned i = 0; i < OPERATORS; i++)
        if (slice_is(word, operator_names[i])) {
            *op = (enum operator)i;
            return true;
        }
    return false;
}

/* "gt 3" is "4:", and so is "gt 3.9". What holds a ':' or a '-' is a range already, whatever
 * operator stands before it: so `lt -3` is the range "-3", which is ":3". HAProxy's way. False: it
 * is no number. */
static bool apply(struct arena *a, enum operator op, struct slice *text)
{
    struct slice whole = *text;
    int64_t n;

    if (op == OP_EQ || slice_find(*text, ':') >= 0 || slice_find(*text, '-') >= 0) return true;
    if (!slice_to_i64(slice_cut(&whole, '.'), &n)) return false;
    if (op == OP_GT) n = (int64_t)((uint64_t)n + 1);
    if (op == OP_LT) n = (int64_t)((uint64_t)n - 1);
    *text = slice_str(
        arena_printf(a, op == OP_GE || op == OP_GT ? "%lld:" : ":%lld", (long long)n));
    return true;
}

static bool add_value(struct reader *r, struct patterns *p, const struct word *word,
                      enum operator op)
{
    struct slice text = word->text;
    const char *why;

    if (!apply(r->pc->cfg->arena, op, &text))
        return cfg_error(r->pc->cfg, word, "'%s' is neither a number nor an operator",
                         word->text.p);
    if (patterns_add(r->pc, p, text, &why)) return true;
    return cfg_error(r->pc->cfg, word, "%s", why);
}

static bool read_values(struct reader *r)
{
    bool numbers = r->test->match->kind == MATCH_INT || r->test->match->kind == MATCH_LEN;
    struct patterns *p = patterns_new(r->pc, r->criterion_at, r->criterion.name, r->test->match,
                                      r->flags, r->id);
    enum operator op = OP_EQ;
    const struct word *word;

    while ((word = next(r))) {
        if (numbers && take_operator(word->text, &op)) continue;
        if (!add_value(r, p, word, op)) return false;
    }
    return add_set(r, patterns_seal(r->pc, p)); /* an empty one, too: the Runtime API may fill it */
}

/* HAProxy warns of a criterion that stands alone, unless it is a boolean. */
static void warn_alone(struct reader *r)
{
    if (peek(r) || r->test->expr->type == SAMPLE_BOOL) return;
    cfg_warning(r->pc->cfg, r->criterion_at,
                "'%s' has no pattern to be matched with, so it never "
                "matches",
                r->criterion_at->text.p);
    cfg_hint(r->pc->cfg, "'-m found' asks whether there is a value, '-m bool' for a number other "
                         "than 0; '--' if this is meant");
}

/* As it was written, for explain. */
static struct slice text_of(struct reader *r, unsigned from)
{
    struct arena *a = r->pc->cfg->arena;
    size_t n = 0;
    char *text, *p;

    for (unsigned i = from; i < r->w->at; i++) n += r->w->w[i].text.n + 1;
    text = p = arena_alloc(a, n + 1);
    for (unsigned i = from; i < r->w->at; i++) {
        if (i > from) *p++ = ' ';
        p = slice_put(p, r->w->w[i].text);
    }
    return slice_between(text, p);
}

bool acl_test_parse(struct policy_cfg *pc, struct acl *acl, struct words *w)
{
    struct acl_test *test = arena_zero(pc->cfg->arena, sizeof *test);
    struct reader r = { .pc = pc, .w = w, .test = test, .id = -1 };
    unsigned from = w->at;

    if (!read_criterion(&r)) return false;
    warn_alone(&r);
    if (!read_flags(&r) || !read_values(&r)) return false;
    test->text = text_of(&r, from);
    *acl->tests_end = test;
    acl->tests_end = &test->next;
    return true;
}

/* ---- predefined ones ---- */

static struct acl *define(struct policy_cfg *pc, const struct word *at, struct slice name,
                          const char *const *text)
{
    struct acl *acl = acl_new(pc->cfg->arena, arena_copy(pc->cfg->arena, name));
    struct word *words;
    unsigned n = 0;
    struct words w;

    while (text[n]) n++;
    words = arena_zero(pc->cfg->arena, n * sizeof(*words));
    for (unsigned i = 0; i < n; i++)
        words[i] = (struct word){ .text = slice_str(text[i]), .at = at->at, .expanded = true };
    w = (struct words){ .w = words, .n = n };
    if (!acl_test_parse(pc, acl, &w)) return NULL;
    if (pc->scope.acls) set_add(pc->scope.acls, acl);
    return acl;
}

const struct acl *acl_find(struct policy_cfg *pc, const struct word *at, struct slice name,
                           bool *failed)
{
    const char *const *text;
    const struct acl *acl = NULL;

    *failed = false;
    for (const struct acl_set *set = pc->scope.acls; set && !acl; set = set->outer)
        acl = set_find(set, name);
    text = acl ? NULL : acl_predefined(name);
    if (!text) return acl;
    acl = define(pc, at, name, text);
    *failed = acl == NULL;
    return acl;
}

/* ---- `acl` lines ---- */

static bool check_name(struct policy_cfg *pc, const struct word *word)
{
    for (size_t i = 0; i < word->text.n; i++) {
        char c = word->text.p[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
        struct word at;
        if (letter || digit || strchr("-_.:", c)) continue;
        at = word_part(pc, word, slice_of(word->text.p + i, 1));
        cfg_error(pc->cfg, &at, "'%c' can't stand in the name of an ACL", c);
        return cfg_hint(pc->cfg, "letters, digits, '-', '_', '.' and ':' can");
    }
    if (!slice_eq_nocase(word->text, SLICE("or"))) return true;
    return cfg_error(pc->cfg, word,
                     "an ACL can't be called '%s': in conditions that is an operator",
                     word->text.p);
}

bool acl_parse(struct policy_cfg *pc, struct acl_set *set, struct words *w)
{
    const struct word *word;
    struct acl *acl;

    if (!words_need(pc->cfg, w, &word)) return false;
    if (word->text.n == 0) return cfg_error(pc->cfg, word, "an ACL needs a name");
    if (!check_name(pc, word)) return false;
    acl = set_find(set, word->text);
    if (acl) {
        if (!acl_test_parse(pc, acl, w)) return false;
    } else {
        acl = acl_new(pc->cfg->arena, word->text);
        if (!acl_test_parse(pc, acl, w)) return false;
        set_add(set, acl);
    }
    w->at = w->n; /* an empty word ended it */
    return true;
}
