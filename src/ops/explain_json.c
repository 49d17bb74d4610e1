/* SPDX-License-Identifier: Apache-2.0 */
/* The story for programs: explain --json. */
#include "ops/explain_private.h"

/* What is being written: commas between members are its business. */
struct json {
    FILE *out;
    bool first;
};

/* How many bytes the UTF-8 character at p has; 0: it is none. */
static size_t utf8(const char *p, size_t n)
{
    unsigned char c = (unsigned char)*p;
    size_t size = c >= 0xc2 && c < 0xe0   ? 2
                  : c >= 0xe0 && c < 0xf0 ? 3
                  : c >= 0xf0 && c < 0xf5 ? 4
                                          : 0;

    if (size == 0 || size > n) return 0;
    for (size_t i = 1; i < size; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80) return 0;
    return size;
}

/* What is no UTF-8 is taken for Latin-1, so that the result is JSON whatever was sent. */
static void text(FILE *out, struct slice s)
{
    putc('"', out);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        size_t wide = c >= 0x80 ? utf8(s.p + i, s.n - i) : 0;

        if (wide) {
            fwrite(s.p + i, 1, wide, out);
            i += wide - 1;
        } else if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < ' ' || c >= 0x7f) {
            fprintf(out, "\\u%04x", c);
        } else {
            putc(c, out);
        }
    }
    putc('"', out);
}

static void name(struct json *j, const char *member)
{
    if (!j->first) putc(',', j->out);
    j->first = false;
    if (member) fprintf(j->out, "\"%s\":", member);
}

static void open_(struct json *j, const char *member, char bracket)
{
    name(j, member);
    putc(bracket, j->out);
    j->first = true;
}

static void close_(struct json *j, char bracket)
{
    putc(bracket, j->out);
    j->first = false;
}

static void put_text(struct json *j, const char *member, struct slice value)
{
    name(j, member);
    text(j->out, value);
}

static void put_str(struct json *j, const char *member, const char *value)
{
    put_text(j, member, slice_str(value));
}

static void put_bool(struct json *j, const char *member, bool value)
{
    name(j, member);
    fputs(value ? "true" : "false", j->out);
}

static void put_number(struct json *j, const char *member, unsigned value)
{
    name(j, member);
    fprintf(j->out, "%u", value);
}

static void put_place(struct json *j, const struct place *at)
{
    if (!at->source) return;
    put_str(j, "file", at->source->name);
    put_number(j, "line", at->line);
}

static void put_values(struct json *j, const struct story_value *v)
{
    open_(j, "values", '[');
    for (; v; v = v->next) {
        open_(j, NULL, '{');
        put_text(j, "expression", v->expr);
        put_bool(j, "found", v->found);
        put_text(j, v->found ? "value" : "why", v->found ? v->raw : v->text);
        close_(j, '}');
    }
    close_(j, ']');
}

static void put_rule(struct json *j, const struct story_rule *r)
{
    open_(j, NULL, '{');
    put_place(j, &r->at);
    if (r->rule) put_str(j, "name", r->rule->name);
    if (*r->keyword) put_str(j, "keyword", r->keyword);
    put_text(j, "text", r->text);
    put_bool(j, "applies", r->holds);
    if (r->rule) put_bool(j, "report", r->rule->report);
    put_text(j, "did", r->did);
    open_(j, "tests", '[');
    for (const struct story_test *t = r->tests; t; t = t->next) {
        open_(j, NULL, '{');
        put_text(j, "acl", t->acl);
        put_text(j, "text", t->text);
        put_bool(j, "negated", t->negated);
        put_bool(j, "holds", t->holds);
        if (t->counts) put_bool(j, "run_time", true);
        put_values(j, t->values);
        close_(j, '}');
    }
    close_(j, ']');
    put_values(j, r->values);
    close_(j, '}');
}

static void put_parts(struct json *j, const struct story_part *p)
{
    open_(j, "parts", '[');
    for (; p; p = p->next) {
        open_(j, NULL, '{');
        put_str(j, "title", p->title);
        open_(j, "rules", '[');
        for (const struct story_rule *r = p->rules; r; r = r->next) put_rule(j, r);
        close_(j, ']');
        put_number(j, "unreached", p->unreached);
        close_(j, '}');
    }
    close_(j, ']');
}

static const char *const ENDS[] = { "server", "answer", "closed", "refused", "waiting" };

static void put_reason(struct json *j, const struct rule *rule)
{
    open_(j, "rule", '{');
    put_place(j, &rule->at);
    put_str(j, "name", rule->name);
    put_str(j, "action", rule->action->name);
    close_(j, '}');
}

static void put_end(struct json *j, const struct explain *x)
{
    const struct rule *rule = x->request ? x->request->context.final_rule : NULL;

    put_str(j, "end", ENDS[x->end]);
    if (x->end == ENDS_AT_SERVER) {
        put_str(j, "backend", x->request->flow.backend->name);
        put_str(j, "server", x->request->flow.server->name);
        return;
    }
    if (x->end == ENDS_ANSWERED) put_number(j, "status", x->request->res.status);
    if (!x->request || x->end == ENDS_WAITING) return;
    if (explain_why(x)) {
        put_str(j, "why", explain_why(x));
        return;
    }
    put_reason(j, rule);
}

/* What may come out otherwise when a gateway runs. */
static void put_outcome(struct json *j, const struct explain_open *open, bool holds)
{
    const struct explain_outcome *o = &open->outcome[holds];

    open_(j, NULL, '{');
    put_bool(j, "holds", holds);
    put_str(j, "end", ENDS[o->end]);
    if (o->server) put_str(j, "backend", o->backend);
    if (o->server) put_str(j, "server", o->server);
    if (o->end == ENDS_ANSWERED) put_number(j, "status", o->status);
    if (o->why) put_str(j, "why", o->why);
    if (o->rule) put_reason(j, o->rule);
    close_(j, '}');
}

static void put_open(struct json *j, const struct explain_open *o)
{
    open_(j, "run_time", '[');
    for (; o; o = o->next) {
        open_(j, NULL, '{');
        put_place(j, &o->test->expr->at);
        put_text(j, "text", o->test->text);
        open_(j, "outcomes", '[');
        put_outcome(j, o, false);
        put_outcome(j, o, true);
        close_(j, ']');
        close_(j, '}');
    }
    close_(j, ']');
}

void explain_json(const struct explain *x, FILE *out)
{
    struct json j = { out, true };

    open_(&j, NULL, '{');
    put_text(&j, "method", x->method);
    put_text(&j, "target", x->target);
    put_text(&j, "host", x->authority);
    put_str(&j, "frontend", x->frontend->name);
    put_parts(&j, x->story.parts);
    put_end(&j, x);
    put_open(&j, x->open);
    close_(&j, '}');
    putc('\n', out);
}
