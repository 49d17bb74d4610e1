/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check_expect.h"

#include <stdio.h>

enum { BY_DEFAULT_NO_MINIMUM = -1 };

void check_text_add(char text[CHECK_TEXT], const char *fmt, ...)
{
    size_t n = strlen(text);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text + n, CHECK_TEXT - n, fmt, ap);
    va_end(ap);
}

/* ---- the body, or raw bytes ---- */

static const char *const KIND_WORDS[] = {
    [EXPECT_REGEX] = "(regex)",
    [EXPECT_STRING_FORMAT] = "(log-format string)",
    [EXPECT_BINARY] = "(binary)",
    [EXPECT_BINARY_REGEX] = "(binary regex)",
    [EXPECT_BINARY_FORMAT] = "(log-format binary)",
};

static bool holds(struct slice body, struct slice wanted)
{
    return wanted.n == 0 || (body.n && memmem(body.p, body.n, wanted.p, wanted.n));
}

static struct slice to_hex(struct slice s, struct context *c)
{
    static const char digits[] = "0123456789ABCDEF";
    char *p = arena_alloc(c->arena, 2 * s.n + 1);

    for (size_t i = 0; i < s.n; i++) {
        p[2 * i] = digits[(unsigned char)s.p[i] >> 4];
        p[2 * i + 1] = digits[s.p[i] & 15];
    }
    return slice_of(p, 2 * s.n);
}

static int hex_digit(char ch)
{
    if (ch >= '0' && ch <= '9') return ch - '0';
    ch |= 0x20;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

bool check_hex_bytes(struct slice hex, struct arena *a, struct slice *out)
{
    char *p = arena_alloc(a, hex.n / 2 + 1);

    if (hex.n % 2) return false;
    for (size_t i = 0; i < hex.n; i += 2) {
        int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);
        if (high < 0 || low < 0) return false;
        p[i / 2] = (char)(high << 4 | low);
    }
    *out = slice_of(p, hex.n / 2);
    return true;
}

/* What the body must hold; false: it can't be told, so that nothing holds it. */
static bool wanted_bytes(const struct check_expect *e, struct context *c, struct slice *out)
{
    *out = e->text;
    if (e->format) *out = format_text(e->format, c, context_most(c));
    return e->kind != EXPECT_BINARY_FORMAT || check_hex_bytes(*out, c->arena, out);
}

static bool body_matches(const struct check_expect *e, struct slice body, struct context *c)
{
    struct slice wanted;

    if (e->kind == EXPECT_REGEX) return regex_match(e->regex, body, false, NULL);
    if (e->kind == EXPECT_BINARY_REGEX) return regex_match(e->regex, to_hex(body, c), false, NULL);
    return wanted_bytes(e, c, &wanted) && holds(body, wanted);
}

/* ---- status and fields ---- */

static bool status_listed(const struct check_expect *e, unsigned status)
{
    for (unsigned i = 0; i < e->n_ranges; i++)
        if (status >= e->ranges[i].from && status <= e->ranges[i].to) return true;
    return false;
}

static bool text_matches(const struct text_pattern *p, struct slice s, struct slice text)
{
    switch (p->how) {
    case TEXT_EXACT: return slice_eq(s, text);
    case TEXT_BEGIN: return slice_starts(s, text);
    case TEXT_END: return slice_ends(s, text);
    case TEXT_WITHIN: return holds(s, text);
    case TEXT_REGEX: return regex_match(p->regex, s, false, NULL);
    }
    return false;
}

static struct slice pattern_text(const struct text_pattern *p, struct context *c)
{
    return p->format ? format_text(p->format, c, context_most(c)) : p->text;
}

static bool value_matches(const struct check_expect *e, struct slice value, struct slice text)
{
    if (!e->value.given) return true;
    if (e->kind == EXPECT_FULL_FIELD) return text_matches(&e->value, value, text);
    do
        if (text_matches(&e->value, slice_trim(slice_cut(&value, ','), " \t"), text)) return true;
    while (value.p);
    return false;
}

static struct slice in_lower_case(struct slice s, struct context *c)
{
    char *p = arena_alloc(c->arena, s.n + 1);

    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    return slice_of(p, s.n);
}

static bool field_matches(const struct check_expect *e, const struct http_msg *m, struct context *c)
{
    struct slice name = in_lower_case(pattern_text(&e->name, c), c);
    struct slice value = pattern_text(&e->value, c);

    for (unsigned i = 0; i < m->n_fields; i++)
        if (text_matches(&e->name, m->fields[i].name, name) &&
            value_matches(e, m->fields[i].value, value))
            return true;
    return false;
}

static bool head_matches(const struct check_expect *e, const struct http_msg *m, struct context *c)
{
    char digits[24];

    if (e->kind == EXPECT_STATUS) return status_listed(e, m->status);
    if (e->kind != EXPECT_STATUS_REGEX) return field_matches(e, m, c);
    return regex_match(e->regex, slice_between(digits, slice_put_u64(digits, m->status)), false,
                       NULL);
}

/* ---- the verdict ---- */

static void add_format(const struct format *f, struct context *c, char text[CHECK_TEXT])
{
    struct slice s = format_text(f, c, CHECK_TEXT - 1);
    check_text_add(text, "%.*s", SLICE_ARG(s));
}

static void set_code(const struct check_expect *e, const struct check_response *r,
                     struct context *c, struct check_finding *out)
{
    struct sample s = { 0 };

    out->code = r->http ? r->msg.status : 0;
    if (e->code && expr_eval_as(e->code, c, SAMPLE_SINT, &s)) out->code = (int)s.sint;
}

static enum check_verdict passed(const struct check_expect *e, const struct check_response *r,
                                 struct context *c, struct check_finding *out)
{
    out->status = e->ok_status ? e->ok_status : CHECK_L7OK;
    set_code(e, r, c, out);
    if (e->on_success) add_format(e->on_success, c, out->text);
    return VERDICT_PASSED;
}

/* What is wrong with the body, in words. */
static void add_complaint(const struct check_expect *e, const struct check_response *r,
                          unsigned step, char text[CHECK_TEXT])
{
    if (r->http) {
        check_text_add(text, "%s",
                       e->inverse ? "HTTP check matched unwanted content"
                                  : "HTTP content check did not match");
        return;
    }
    check_text_add(text, "TCPCHK %s content ", e->inverse ? "matched unwanted" : "did not match");
    if (e->kind == EXPECT_STRING)
        check_text_add(text, "'%.*s'", SLICE_ARG(e->text));
    else
        check_text_add(text, "%s", KIND_WORDS[e->kind]);
    check_text_add(text, " at step %u", step);
}

static enum check_verdict failed(const struct check_expect *e, const struct check_response *r,
                                 struct context *c, struct slice comment, struct check_finding *out)
{
    bool of_head = e->kind >= EXPECT_STATUS;

    out->status = e->error_status ? e->error_status : of_head ? CHECK_L7STS : CHECK_L7RSP;
    set_code(e, r, c, out);
    if (e->on_error) {
        out->text[0] = '\0';
        add_format(e->on_error, c, out->text);
    }
    if (comment.n) check_text_add(out->text, " comment: %.*s", SLICE_ARG(comment));
    return VERDICT_FAILED;
}

/* Nothing came that could be looked at: *out has the words. */
static bool body_missing(const struct check_response *r, struct slice body, unsigned step,
                         char text[CHECK_TEXT])
{
    if (body.n || r->state != ANSWER_WHOLE) return false;
    if (r->http)
        check_text_add(text, "HTTP content check could not find a response body");
    else
        check_text_add(text, "TCPCHK got an empty response at step %u", step);
    return true;
}

/* Fewer bytes than must be there before it is worth a look. */
static bool too_short(const struct check_expect *e, size_t n)
{
    size_t least = e->min_recv > 0 ? (size_t)e->min_recv : 0;
    bool exact = e->kind == EXPECT_STRING || e->kind == EXPECT_BINARY;

    if (exact && e->text.n > least) least = e->text.n;
    return n == 0 || n < least;
}

static enum check_verdict judge_body(const struct check_expect *e, struct check_response *r,
                                     struct context *c, unsigned step, struct slice comment,
                                     struct check_finding *out)
{
    struct slice body = check_response_body(r);
    bool whole = r->state == ANSWER_WHOLE, matches;

    if (body_missing(r, body, step, out->text)) return failed(e, r, c, comment, out);
    if (!whole && too_short(e, body.n)) return VERDICT_WAIT;
    matches = body_matches(e, body, c);
    if (!matches && !whole && e->min_recv == BY_DEFAULT_NO_MINIMUM) return VERDICT_WAIT;
    if (matches != e->inverse) return passed(e, r, c, out);
    add_complaint(e, r, step, out->text);
    return failed(e, r, c, comment, out);
}

enum check_verdict check_expect_judge(const struct check_expect *e, struct check_response *r,
                                      struct context *c, unsigned step, struct slice comment,
                                      struct check_finding *out)
{
    *out = (struct check_finding){ .status = CHECK_L7RSP };
    if (r->state == ANSWER_HEAD) return VERDICT_WAIT;
    if (r->state == ANSWER_BROKEN) return VERDICT_FAILED;
    if (r->http) {
        c->res = &r->msg;
        c->res_body = (struct context_body){ check_response_body(r), r->state == ANSWER_WHOLE };
    }
    if (e->kind < EXPECT_STATUS) return judge_body(e, r, c, step, comment, out);
    if (head_matches(e, &r->msg, c) != e->inverse) return passed(e, r, c, out);
    check_text_add(out->text, "%.*s", SLICE_ARG(r->msg.reason));
    return failed(e, r, c, comment, out);
}
