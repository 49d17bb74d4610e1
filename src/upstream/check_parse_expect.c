/* SPDX-License-Identifier: Apache-2.0 */
/* `http-check expect` and `tcp-check expect`. */
#include "upstream/check_parse.h"

#include <limits.h>

/* ---- what stands in front of the pattern ---- */

/* One of the codes that are allowed here: a string of blank-separated ones. */
static bool parse_status(struct policy_cfg *pc, struct words *w, const char *allowed, uint8_t *out)
{
    const struct word *word;
    struct slice list = slice_str(allowed), one;
    enum check_status status;

    if (!words_need(pc->cfg, w, &word)) return false;
    status = check_status_find(word->text);
    while ((one = slice_cut(&list, ' ')).n)
        if (slice_eq(one, word->text)) {
            *out = (uint8_t)status;
            return true;
        }
    return cfg_error(pc->cfg, word, "'%s' can't stand here: one of %s", word->text.p, allowed);
}

static bool parse_ok_status(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return parse_status(pc, w, "L4OK L6OK L7OK L7OKC", &s->expect.ok_status);
}

static bool parse_error_status(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return parse_status(pc, w, "L4CON L6RSP L7OKC L7RSP L7STS", &s->expect.error_status);
}

static bool parse_timeout_status(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return parse_status(pc, w, "L4TOUT L6TOUT L7TOUT", &s->expect.timeout_status);
}

static bool parse_min_recv(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return words_int(pc->cfg, w, &s->expect.min_recv, -1, INT_MAX);
}

static bool parse_on_success(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return check_parse_format(pc, w, FORMAT_FOR_TEXT, &s->expect.on_success);
}

static bool parse_on_error(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return check_parse_format(pc, w, FORMAT_FOR_TEXT, &s->expect.on_error);
}

static bool parse_code(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    s->expect.code = expr_parse_words(pc, w);
    return s->expect.code != NULL;
}

/* ---- patterns ---- */

static bool parse_regex(struct policy_cfg *pc, const struct word *word, unsigned flags,
                        const struct regex **out)
{
    struct regex_error err;
    struct regex *re = regex_new(word->text, flags | REGEX_NO_GROUPS, &err);

    if (!re) return cfg_error(pc->cfg, word, "'%s' is no regex: %s", word->text.p, err.text);
    policy_keep(pc, (void (*)(void *))regex_free, re);
    *out = re;
    return true;
}

/* "200,301-303" */
static bool parse_ranges(struct policy_cfg *pc, const struct word *word, struct check_expect *e)
{
    struct slice list = word->text;
    struct status_range *ranges = arena_alloc(pc->cfg->arena,
                                              (word->text.n / 2 + 1) * sizeof *ranges);

    while (list.p) {
        struct slice to = slice_cut(&list, ','), from = slice_cut(&to, '-');
        uint64_t low, high;

        if (!from.n && !to.p) continue;
        if (!slice_to_u64(from, &low) || (to.p && !slice_to_u64(to, &high)) || low > 999)
            return cfg_error(pc->cfg, word, "'%s' is no list of status codes, as 200,301-303",
                             word->text.p);
        if (!to.p) high = low;
        if (high < low || high > 999)
            return cfg_error(pc->cfg, word, "%llu-%llu is no range of status codes",
                             (unsigned long long)low, (unsigned long long)high);
        ranges[e->n_ranges++] = (struct status_range){ (unsigned)low, (unsigned)high };
    }
    e->ranges = ranges;
    return e->n_ranges || cfg_error(pc->cfg, word, "no status codes are given");
}

/* [-m <method>] <text> */
static bool parse_text_pattern(struct policy_cfg *pc, struct words *w, bool format, unsigned flags,
                               struct text_pattern *p)
{
    static const char *const methods[] = { "str", "beg", "end", "sub", "reg", NULL };
    const struct word *word;
    unsigned how = TEXT_EXACT;

    p->given = true;
    if (words_take_if(w, "-m") && !words_enum(pc->cfg, w, &how, methods)) return false;
    p->how = how;
    if (!words_need(pc->cfg, w, &word)) return false;
    if (format && how == TEXT_REGEX) return cfg_error(pc->cfg, word, "a regex can't be a format");
    p->text = word->text;
    if (how == TEXT_REGEX) return parse_regex(pc, word, flags, &p->regex);
    if (!format) return true;
    p->format = format_parse(pc, word, FORMAT_FOR_TEXT);
    return p->format != NULL;
}

/* hdr name|name-lf … [value|value-lf …] */
static bool parse_field_pattern(struct policy_cfg *pc, struct check_expect *e, struct words *w)
{
    bool format = words_is(w, "name-lf");

    if (!words_take_if(w, "name") && !words_take_if(w, "name-lf"))
        return words_error(pc->cfg, w, "'name' or 'name-lf' is expected here");
    if (!parse_text_pattern(pc, w, format, REGEX_NOCASE, &e->name)) return false;
    format = words_is(w, "value-lf");
    if (!words_take_if(w, "value") && !words_take_if(w, "value-lf")) return true;
    return parse_text_pattern(pc, w, format, 0, &e->value);
}

static bool parse_hex(struct policy_cfg *pc, const struct word *word, struct check_expect *e)
{
    if (check_hex_bytes(word->text, pc->cfg->arena, &e->text)) return true;
    return cfg_error(pc->cfg, word, "'%s' is not an even number of hexadecimal digits",
                     word->text.p);
}

static bool parse_pattern(struct policy_cfg *pc, struct check_expect *e, struct words *w)
{
    const struct word *word;

    if (e->kind == EXPECT_FIELD || e->kind == EXPECT_FULL_FIELD)
        return parse_field_pattern(pc, e, w);
    if (!words_need(pc->cfg, w, &word)) return false;
    if (!word->text.n) return cfg_error(pc->cfg, word, "an empty pattern is found in everything");
    e->text = word->text;
    switch (e->kind) {
    case EXPECT_REGEX:
    case EXPECT_BINARY_REGEX:
    case EXPECT_STATUS_REGEX: return parse_regex(pc, word, 0, &e->regex);
    case EXPECT_STRING_FORMAT:
    case EXPECT_BINARY_FORMAT:
        e->format = format_parse(pc, word, FORMAT_FOR_TEXT);
        return e->format != NULL;
    case EXPECT_BINARY: return parse_hex(pc, word, e);
    case EXPECT_STATUS: return parse_ranges(pc, word, e);
    default: return true;
    }
}

/* ---- the rule ---- */

enum { FOR_TCP = 1, FOR_HTTP = 2 };

static const struct {
    const char *name;
    enum expect_kind kind;
    unsigned where;
} KINDS[] = {
    { "string", EXPECT_STRING, FOR_TCP | FOR_HTTP },
    { "rstring", EXPECT_REGEX, FOR_TCP | FOR_HTTP },
    { "string-lf", EXPECT_STRING_FORMAT, FOR_TCP | FOR_HTTP },
    { "binary", EXPECT_BINARY, FOR_TCP },
    { "rbinary", EXPECT_BINARY_REGEX, FOR_TCP },
    { "binary-lf", EXPECT_BINARY_FORMAT, FOR_TCP },
    { "status", EXPECT_STATUS, FOR_HTTP },
    { "rstatus", EXPECT_STATUS_REGEX, FOR_HTTP },
    { "hdr", EXPECT_FIELD, FOR_HTTP },
    { "fhdr", EXPECT_FULL_FIELD, FOR_HTTP },
};

static const struct check_word OPTIONS[] = {
    { "comment", check_parse_comment }, { "error-status", parse_error_status },
    { "min-recv", parse_min_recv },     { "ok-status", parse_ok_status },
    { "on-error", parse_on_error },     { "on-success", parse_on_success },
    { "status-code", parse_code },      { "tout-status", parse_timeout_status },
};

/* The kind that the word names, perhaps behind "!"; -1: none. */
static int find_kind(struct check_expect *e, struct slice name, bool http)
{
    if (name.n && *name.p == '!') {
        e->inverse = !e->inverse;
        name = slice_from(name, 1);
    }
    for (unsigned i = 0; i < ARRAY_LEN(KINDS); i++)
        if (slice_is(name, KINDS[i].name) && KINDS[i].where & (http ? FOR_HTTP : FOR_TCP))
            return KINDS[i].kind;
    return -1;
}

static bool unknown_word(struct policy_cfg *pc, const struct word *word, bool http)
{
    struct nearest near;

    nearest_init(&near, word->text);
    for (unsigned i = 0; i < ARRAY_LEN(KINDS); i++)
        if (KINDS[i].where & (http ? FOR_HTTP : FOR_TCP))
            nearest_try(&near, slice_str(KINDS[i].name));
    for (unsigned i = 0; i < ARRAY_LEN(OPTIONS); i++)
        nearest_try(&near, slice_str(OPTIONS[i].name));
    return cfg_error_unknown(pc->cfg, word, "expectation", &near);
}

/* An option; *taken false: it is none. */
static bool take_option(struct policy_cfg *pc, struct check_step *s, struct words *w, bool *taken)
{
    *taken = true;
    for (unsigned i = 0; i < ARRAY_LEN(OPTIONS); i++)
        if (words_take_if(w, OPTIONS[i].name)) return OPTIONS[i].parse(pc, s, w);
    *taken = false;
    return true;
}

bool check_parse_expect(struct policy_cfg *pc, struct check_step *s, struct words *w, bool http)
{
    bool found = false;

    s->kind = STEP_EXPECT;
    s->expect.min_recv = -1;
    while (words_left(w)) {
        const struct word *word;
        bool taken;
        int kind;

        if (!take_option(pc, s, w, &taken)) return false;
        if (taken) continue;
        word = words_next(w);
        if (slice_is(word->text, "!")) {
            s->expect.inverse = !s->expect.inverse;
            continue;
        }
        kind = find_kind(&s->expect, word->text, http);
        if (kind < 0) return unknown_word(pc, word, http);
        if (found) return cfg_error(pc->cfg, word, "one expectation a rule");
        found = true;
        s->expect.kind = (enum expect_kind)kind;
        if (!parse_pattern(pc, &s->expect, w)) return false;
    }
    return found || words_error(pc->cfg, w, "what is expected? 'status 200', 'string OK', …");
}
