/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/decisions.h"
#include "gateway/request.h"
#include "gateway/secrets.h"
#include "policy/fields.h"
#include "policy/trace.h"

enum {
    READS_MOST = 128, /* values that are kept of a request … */
    RULES_MOST = 256, /* … and rules … */
    FIELDS_KEPT = 64, /* … and fields of its head */
    VALUE_MOST = 512, /* bytes of one value */
};

/* One value that an expression gave. */
struct read {
    struct read *next;
    struct slice expr, value;
    bool none;
};

/* One rule's turn, or a condition that belongs to none (use_backend, use-server). */
struct decision {
    struct decision *next;
    const struct rule *rule; /* NULL: a condition's */
    bool holds;
    struct read *reads, **reads_end;
};

struct field {
    struct field *next;
    struct slice name, value;
};

struct record {
    struct trace trace;
    struct request *request;
    struct decision *first, **end;
    struct read *pending, **pending_end; /* that no rule has claimed yet */
    struct decision *running;            /* the rule whose action reads; NULL */
    struct http_msg original;            /* its fields, as the client sent them */
    struct field *fields, **fields_end;
    unsigned n_reads, n_rules, n_fields;
    bool condition_over; /* a condition was evaluated since the last rule */
    bool condition_holds;
    bool tainted; /* a secret was read, so variables may hold it now */
    bool cut;
};

static struct record *of(struct trace *t)
{
    return container_of(t, struct record, trace);
}

/* ---- fields ---- */

/* The field whose value an expression looks at; empty: none. */
static struct slice field_of(struct context *c, const struct expr *e)
{
    static const char *const fetches[] = { "req.hdr", "req.fhdr", "hdr", "fhdr" };
    struct slice name = slice_str(e->fetch->name), rest = e->text;
    size_t n;

    if (slice_starts(name, SLICE("http_auth"))) return SLICE("authorization");
    if (slice_starts(name, SLICE("cook")) || slice_starts(name, SLICE("req.cook")))
        return SLICE("cookie");
    if (slice_starts(name, SLICE("base"))) return SLICE("host");
    for (size_t i = 0; i < ARRAY_LEN(fetches); i++) {
        if (!slice_starts(name, slice_str(fetches[i])) || rest.n <= name.n) continue;
        rest = slice_from(rest, name.n + 1);
        for (n = 0; n < rest.n && rest.p[n] != ',' && rest.p[n] != ')';) n++;
        return field_lower(c->arena, slice_of(rest.p, n));
    }
    return slice_of(NULL, 0);
}

/* Are they still what the client sent? A rule may have put a secret into one. */
static bool is_changed(const struct record *d, struct slice name)
{
    const struct http_msg *now = &d->request->req, *was = &d->original;
    unsigned i = 0, k = 0;

    for (;;) {
        while (i < now->n_fields && !slice_eq(now->fields[i].name, name)) i++;
        while (k < was->n_fields && !slice_eq(was->fields[k].name, name)) k++;
        if (i == now->n_fields || k == was->n_fields)
            return i != now->n_fields || k != was->n_fields;
        if (!slice_eq(now->fields[i++].value, was->fields[k++].value)) return true;
    }
}

/* ---- values ---- */

static struct slice kept(struct context *c, struct slice s)
{
    return arena_copy(c->arena, s.n > VALUE_MOST ? slice_of(s.p, VALUE_MOST) : s);
}

static struct slice hex(struct context *c, struct slice s)
{
    size_t n = s.n > VALUE_MOST / 2 ? VALUE_MOST / 2 : s.n;
    char *p = arena_alloc(c->arena, 2 * n + 1);

    for (size_t i = 0; i < n; i++) {
        p[2 * i] = "0123456789ABCDEF"[(unsigned char)s.p[i] >> 4];
        p[2 * i + 1] = "0123456789ABCDEF"[(unsigned char)s.p[i] & 15];
    }
    return slice_of(p, 2 * n);
}

static struct slice value_text(struct context *c, const struct sample *value)
{
    struct sample s = *value;

    if (s.type == SAMPLE_BIN) return hex(c, s.str);
    if (s.type == SAMPLE_METH) return kept(c, s.str);
    if (!sample_cast(&s, SAMPLE_STR, c)) return SLICE("");
    return kept(c, s.str);
}

static bool is_variable(const struct expr *e)
{
    return strcmp(e->fetch->name, "var") == 0;
}

static struct slice told_value(struct record *d, struct context *c, const struct expr *e,
                               const struct sample *value)
{
    struct slice text;

    if (value->type == SAMPLE_BOOL) return value->sint ? SLICE("true") : SLICE("false");
    if (secret_expr(e)) {
        d->tainted = true;
        return SLICE("***");
    }
    if (d->tainted && (is_variable(e) || is_changed(d, field_of(c, e)))) return SLICE("***");
    text = value_text(c, value);
    if (!secret_inside(&d->original, text)) return secret_target(c->arena, text);
    d->tainted = true;
    return SLICE("***");
}

static void note_fields(struct record *d, struct context *c, const struct expr *e)
{
    const struct http_msg *m = &d->original;
    struct slice name = field_of(c, e);

    if (!name.n || c->now_scope == SCOPE_RES) return;
    for (const struct field *f = d->fields; f; f = f->next)
        if (slice_eq(f->name, name)) return;
    for (unsigned i = 0; i < m->n_fields; i++) {
        struct field *f;
        struct slice value = m->fields[i].value;
        if (!slice_eq(m->fields[i].name, name)) continue;
        if (d->n_fields++ == FIELDS_KEPT) {
            d->cut = true;
            return;
        }
        f = arena_alloc(c->arena, sizeof *f);
        *f = (struct field){ NULL, name,
                             secret_name(name) || secret_inside(m, value) ? SLICE("***")
                                                                          : kept(c, value) };
        *d->fields_end = f;
        d->fields_end = &f->next;
    }
}

/* ---- what is heard ---- */

static struct decision *add(struct record *d, struct context *c, const struct rule *rule,
                            bool holds)
{
    struct decision *one;

    if (d->n_rules++ == RULES_MOST) d->cut = true;
    if (d->n_rules > RULES_MOST) return NULL;
    one = arena_alloc(c->arena, sizeof *one);
    *one = (struct decision){ .rule = rule, .holds = holds, .reads = d->pending };
    one->reads_end = d->pending ? d->pending_end : &one->reads;
    d->pending = NULL;
    d->pending_end = &d->pending;
    *d->end = one;
    d->end = &one->next;
    return one;
}

/* What was read for a condition that was no rule's. */
static void settle_condition(struct record *d, struct context *c)
{
    if (d->condition_over && d->pending) add(d, c, NULL, d->condition_holds);
    d->condition_over = false;
}

static void on_value(struct trace *t, struct context *c, const struct trace_value *v)
{
    struct record *d = of(t);
    struct read *one;

    if (!d->running) settle_condition(d, c);
    if (d->n_reads == READS_MOST) {
        d->cut = true;
        return;
    }
    d->n_reads++;
    note_fields(d, c, v->expr);
    one = arena_alloc(c->arena, sizeof *one);
    *one = (struct read){ .expr = v->expr->text, .none = !v->value };
    if (v->value) one->value = told_value(d, c, v->expr, v->value);
    if (d->running) {
        *d->running->reads_end = one;
        d->running->reads_end = &one->next;
        return;
    }
    *d->pending_end = one;
    d->pending_end = &one->next;
}

static void on_condition(struct trace *t, struct context *c, const struct condition *cond,
                         bool holds)
{
    struct record *d = of(t);

    (void)cond;
    settle_condition(d, c);
    d->condition_over = true;
    d->condition_holds = holds;
}

static void on_rule(struct trace *t, struct context *c, const struct rule *rule, bool holds)
{
    struct record *d = of(t);

    if (!rule->cond) settle_condition(d, c);
    d->condition_over = false;
    d->running = add(d, c, rule, holds);
    if (!holds) d->running = NULL;
}

static bool suppose(struct trace *t, struct context *c, const struct acl_test *test, bool holds)
{
    (void)t, (void)c, (void)test;
    return holds; /* it is known, for this is real */
}

static void on_test(struct trace *t, struct context *c, const struct acl_test *test, bool holds)
{
    (void)t, (void)c, (void)test, (void)holds;
}

static void on_term(struct trace *t, struct context *c, const struct condition_term *term,
                    bool holds)
{
    (void)t, (void)c, (void)term, (void)holds;
}

static void on_done(struct trace *t, struct context *c, const struct rule *rule,
                    enum rule_result result)
{
    (void)c, (void)rule, (void)result;
    of(t)->running = NULL;
}

static void on_text(struct trace *t, struct context *c, const struct format *f, struct slice text)
{
    (void)t, (void)c, (void)f, (void)text;
}

static bool not_again(struct trace *t, const struct format *f, struct slice *text)
{
    (void)t, (void)f, (void)text;
    return false;
}

struct trace *decisions_new(struct request *r)
{
    struct record *d = arena_zero(&r->arena, sizeof *d);

    d->trace = (struct trace){ .value = on_value,
                               .suppose = suppose,
                               .test = on_test,
                               .term = on_term,
                               .condition = on_condition,
                               .rule = on_rule,
                               .done = on_done,
                               .text = on_text,
                               .again = not_again };
    d->request = r;
    d->original.n_fields = r->req.n_fields;
    d->original.fields = arena_alloc(&r->arena, r->req.n_fields * sizeof *r->req.fields + 1);
    if (r->req.n_fields) /* a head that was no good has none */
        memcpy(d->original.fields, r->req.fields, r->req.n_fields * sizeof *r->req.fields);
    d->end = &d->first;
    d->pending_end = &d->pending;
    d->fields_end = &d->fields;
    return &d->trace;
}

/* ---- as JSON ---- */

static void write_reads(struct json_text *j, const struct read *reads)
{
    if (!reads) return;
    json_open(j, "read", '[');
    for (const struct read *r = reads; r; r = r->next) {
        json_open(j, NULL, '[');
        json_str(j, NULL, r->expr, VALUE_MOST);
        if (r->none)
            json_null(j, NULL);
        else
            json_str(j, NULL, r->value, VALUE_MOST);
        json_close(j, ']');
    }
    json_close(j, ']');
}

static void write_decision(struct json_text *j, const struct rule *rule, bool holds,
                           const struct read *reads)
{
    json_open(j, NULL, '{');
    if (rule) {
        json_str(j, "action", slice_str(rule->action->name), VALUE_MOST);
        json_str(j, "name", slice_str(rule->name), VALUE_MOST);
        if (rule->at.source) json_str(j, "file", slice_str(rule->at.source->name), VALUE_MOST);
        json_i64(j, "line", rule->at.line);
    }
    json_bool(j, "matched", holds);
    write_reads(j, reads);
    json_close(j, '}');
}

void decisions_write(const struct trace *t, struct json_text *j)
{
    const struct record *d = (const struct record *)((const char *)t -
                                                     offsetof(struct record, trace));

    json_open(j, "decisions", '{');
    json_open(j, "fields", '[');
    for (const struct field *f = d->fields; f; f = f->next) {
        json_open(j, NULL, '[');
        json_str(j, NULL, f->name, VALUE_MOST);
        json_str(j, NULL, f->value, VALUE_MOST);
        json_close(j, ']');
    }
    json_close(j, ']');
    json_open(j, "rules", '[');
    for (const struct decision *one = d->first; one; one = one->next)
        write_decision(j, one->rule, one->holds, one->reads);
    if (d->pending) write_decision(j, NULL, d->condition_holds, d->pending);
    json_close(j, ']');
    json_close(j, '}');
    if (d->cut) j->cut = true;
}
