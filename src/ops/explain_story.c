/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/explain_story.h"

#include "base/memory.h"
#include "upstream/proxy.h"

enum { VALUE_SHOWN = 200 }; /* bytes of a value */

/* What a format gave while the rule was run. */
struct story_text {
    struct story_text *next;
    const struct format *format;
    struct slice text;
};

static struct story *story_of(struct trace *t)
{
    return container_of(t, struct story, trace);
}

/* ---- values, for people ---- */

static bool plain(unsigned char c)
{
    return c >= ' ' && c != 0x7f && c != '\'' && c != '\\';
}

/* In quotes, on one line, not longer than is good. */
static struct slice quoted(struct arena *a, struct slice s)
{
    static const char HEX[] = "0123456789abcdef";
    size_t shown = s.n < VALUE_SHOWN ? s.n : VALUE_SHOWN;
    char *out = arena_alloc(a, 4 * shown + 64), *p = out;

    *p++ = '\'';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (plain(c)) {
            *p++ = (char)c;
        } else if (c == '\'' || c == '\\') {
            *p++ = '\\';
            *p++ = (char)c;
        } else {
            p = slice_put(p, SLICE("\\x"));
            *p++ = HEX[c >> 4];
            *p++ = HEX[c & 15];
        }
    }
    *p++ = '\'';
    if (shown < s.n) p += sprintf(p, "… (%zu bytes)", s.n);
    return slice_between(out, p);
}

static bool is_text(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!plain((unsigned char)s.p[i]) && s.p[i] != '\'' && s.p[i] != '\\') return false;
    return true;
}

static struct slice hex(struct arena *a, struct slice s)
{
    size_t shown = s.n < VALUE_SHOWN / 2 ? s.n : VALUE_SHOWN / 2;
    char *out = arena_alloc(a, 2 * shown + 64), *p = out + 2;

    memcpy(out, "0x", 2);
    for (size_t i = 0; i < shown; i++) p += sprintf(p, "%02x", (unsigned char)s.p[i]);
    if (shown < s.n) p += sprintf(p, "… (%zu bytes)", s.n);
    return slice_between(out, p);
}

static struct slice shown(struct story *s, struct context *c, const struct sample *value)
{
    struct sample copy = *value;

    switch ((enum sample_type)value->type) {
    case SAMPLE_BOOL: return value->sint ? SLICE("true") : SLICE("false");
    case SAMPLE_STR:
    case SAMPLE_METH: return quoted(&s->arena, value->str);
    case SAMPLE_BIN:
        return is_text(value->str) ? quoted(&s->arena, value->str) : hex(&s->arena, value->str);
    default: break;
    }
    if (!sample_cast(&copy, SAMPLE_STR, c)) return SLICE("?");
    return arena_copy(&s->arena, copy.str);
}

static struct slice lost(struct story *s, struct context *c, const struct trace_value *v)
{
    struct slice before;

    if (!v->before) return SLICE("not found");
    before = shown(s, c, v->before);
    return slice_str(
        arena_printf(&s->arena, "nothing: %s makes no value of %.*s", v->lost, SLICE_ARG(before)));
}

static struct slice raw(struct story *s, struct context *c, const struct sample *value)
{
    struct sample copy = *value;

    if (copy.type == SAMPLE_BIN && !is_text(copy.str)) return hex(&s->arena, copy.str);
    return sample_cast(&copy, SAMPLE_STR, c) ? arena_copy(&s->arena, copy.str) : SLICE("");
}

/* ---- what is heard ---- */

static void hear_value(struct trace *t, struct context *c, const struct trace_value *v)
{
    struct story *s = story_of(t);
    struct story_value *n = arena_zero(&s->arena, sizeof *n);

    n->expr = v->expr->text;
    n->found = v->value != NULL;
    n->text = v->value ? shown(s, c, v->value) : lost(s, c, v);
    if (v->value) n->raw = raw(s, c, v->value);
    *s->values_end = n;
    s->values_end = &n->next;
}

static struct story_value *take_values(struct story *s)
{
    struct story_value *all = s->values;

    s->values = NULL;
    s->values_end = &s->values;
    return all;
}

/* The values of a test: that there are no more is not worth telling. */
static struct story_value *test_values(struct story *s)
{
    struct story_value *all = take_values(s);

    for (struct story_value *v = all; v && v->next; v = v->next)
        if (!v->next->found && !v->next->next) v->next = NULL;
    return all;
}

static bool hear_suppose(struct trace *t, struct context *c, const struct acl_test *test,
                         bool holds)
{
    struct story *s = story_of(t);
    struct story_open *n = s->open;

    (void)c;
    while (n && n->test != test) n = n->next;
    if (!n) {
        n = arena_zero(&s->arena, sizeof *n);
        *n = (struct story_open){ NULL, test, holds };
        *s->open_end = n;
        s->open_end = &n->next;
    }
    return test == s->other ? !n->holds : holds;
}

static void hear_test(struct trace *t, struct context *c, const struct acl_test *test, bool holds)
{
    struct story *s = story_of(t);
    struct story_test *n = arena_zero(&s->arena, sizeof *n);

    (void)c;
    n->text = test->text;
    n->holds = holds;
    n->counts = test->expr->counts;
    n->values = test_values(s);
    *s->tests_end = n;
    s->tests_end = &n->next;
}

static void hear_term(struct trace *t, struct context *c, const struct condition_term *term,
                      bool holds)
{
    struct story *s = story_of(t);

    (void)c, (void)holds;
    for (struct story_test *n = *s->term; n; n = n->next) {
        n->acl = acl_name(term->acl);
        n->negated = term->negate;
    }
    s->term = s->tests_end;
}

static void hear_condition(struct trace *t, struct context *c, const struct condition *cond,
                           bool holds)
{
    struct story *s = story_of(t);
    struct story_asked *n = arena_zero(&s->arena, sizeof *n);

    (void)c;
    n->cond = cond;
    n->holds = holds;
    n->tests = s->tests;
    *s->asked_end = n;
    s->asked_end = &n->next;
    s->tests = NULL;
    s->tests_end = s->term = &s->tests;
}

/* What was told of a condition; NULL: it was not asked. */
static struct story_asked *find_asked(const struct story *s, const struct condition *cond)
{
    struct story_asked *found = NULL;

    for (struct story_asked *n = s->asked; n; n = n->next)
        if (n->cond == cond) found = n;
    return found;
}

/* ---- rulesets ---- */

static const char *keyword_of(unsigned kind)
{
    switch (kind) {
    case RULES_TCP_CONNECTION: return "tcp-request connection";
    case RULES_TCP_SESSION: return "tcp-request session";
    case RULES_HTTP_REQUEST: return "http-request";
    case RULES_HTTP_RESPONSE: return "http-response";
    default: return "http-after-response";
    }
}

static const char *kind_of(const struct proxy_conf *p)
{
    if (p->fe && p->be) return "listen";
    return p->fe ? "frontend" : "backend";
}

static struct story_part *ruleset_part(struct story *s, struct context *c, const struct rule *r)
{
    struct story_part *p = s->part;

    if (p && p->proxy == c->proxy && p->place == c->place) return p;
    return story_part(s, c->proxy, c->place,
                      arena_printf(&s->arena, "%s %s, %s rules", kind_of(c->proxy), c->proxy->name,
                                   keyword_of(r->kind)));
}

static void hear_rule(struct trace *t, struct context *c, const struct rule *r, bool holds)
{
    struct story *s = story_of(t);
    struct story_rule *n = s->rule;

    s->texts = NULL;
    take_values(s);
    if (holds) changes_begin(s, rule_message(c, r));
    if (n && n->rule == r && n->result == RULE_WAIT) return; /* it goes on */
    n = story_rule(s, ruleset_part(s, c, r), r->cond);
    n->rule = r;
    n->at = r->at;
    n->keyword = keyword_of(r->kind);
    n->text = r->text;
    n->holds = holds;
}

static unsigned count_behind(const struct rule *r)
{
    unsigned n = 0;

    for (r = r->next; r; r = r->next) n++;
    return n;
}

static void hear_done(struct trace *t, struct context *c, const struct rule *r,
                      enum rule_result result)
{
    struct story *s = story_of(t);
    struct story_rule *n = s->rule;

    n->values = take_values(s);
    n->result = result;
    n->waited |= result == RULE_WAIT;
    if (result == RULE_WAIT) return;
    n->did = arena_copy(&s->arena, trace_describe(c, r));
    if (!n->did.n && result == RULE_NEXT && !r->report) n->did = changes_end(s, rule_message(c, r));
    if (result != RULE_NEXT) s->part->unreached = count_behind(r);
}

static void hear_text(struct trace *t, struct context *c, const struct format *f, struct slice text)
{
    struct story *s = story_of(t);
    struct story_text *n = arena_zero(&s->arena, sizeof *n);

    (void)c;
    *n = (struct story_text){ s->texts, f, arena_copy(&s->arena, text) };
    s->texts = n;
}

static bool hear_again(struct trace *t, const struct format *f, struct slice *text)
{
    for (const struct story_text *n = story_of(t)->texts; n; n = n->next)
        if (n->format == f) {
            *text = n->text;
            return true;
        }
    return false;
}

/* ---- for explain.c ---- */

struct story_part *story_part(struct story *s, const struct proxy_conf *proxy,
                              enum policy_place place, const char *title)
{
    struct story_part *p = arena_zero(&s->arena, sizeof *p);

    p->proxy = proxy;
    p->place = place;
    p->title = title;
    p->rules_end = &p->rules;
    *s->parts_end = p;
    s->parts_end = &p->next;
    s->part = p;
    return p;
}

struct story_rule *story_rule(struct story *s, struct story_part *part,
                              const struct condition *cond)
{
    struct story_rule *n = arena_zero(&s->arena, sizeof *n);
    const struct story_asked *asked = cond ? find_asked(s, cond) : NULL;

    n->has_condition = cond != NULL;
    n->unless = cond && condition_negated(cond);
    n->holds = cond ? asked && asked->holds : true;
    n->tests = asked ? asked->tests : NULL;
    *part->rules_end = n;
    part->rules_end = &n->next;
    s->rule = n;
    return n;
}

void story_init(struct story *s)
{
    *s = (struct story){ .trace = { .value = hear_value,
                                    .suppose = hear_suppose,
                                    .test = hear_test,
                                    .term = hear_term,
                                    .condition = hear_condition,
                                    .rule = hear_rule,
                                    .done = hear_done,
                                    .text = hear_text,
                                    .again = hear_again } };
    arena_init(&s->arena, NULL);
    s->parts_end = &s->parts;
    s->values_end = &s->values;
    s->tests_end = s->term = &s->tests;
    s->asked_end = &s->asked;
    s->open_end = &s->open;
}

void story_release(struct story *s)
{
    arena_release(&s->arena);
}
