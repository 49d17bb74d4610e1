/* SPDX-License-Identifier: Apache-2.0 */
/* The story for people: aligned, without colours, so that it can be pasted into a report. */
#include "ops/explain_private.h"

#include "base/memory.h"
#include "http/status.h"

enum { LABEL = 10 }; /* columns of "frontend  " */

struct printer {
    const struct explain *x;
    FILE *out;
    int place; /* columns of the widest file:line */
};

/* ---- columns ---- */

/* Columns of a text in UTF-8. */
static int width(struct slice s)
{
    int n = 0;

    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* What came from outside must not speak to a terminal. */
static void put_clean(FILE *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        putc(c < ' ' || c == 0x7f ? '?' : c, out);
    }
}

static void pad(FILE *out, int n)
{
    fprintf(out, "%*s", n > 0 ? n : 0, "");
}

/* place_name, into a buffer. */
static struct slice place_text(const struct place *at, char *buf, size_t size)
{
    int n = at->source ? snprintf(buf, size, "%s:%u", at->source->name, at->line) : 0;

    return slice_of(buf, n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1);
}

static void put_place(FILE *out, const struct place *at)
{
    char buf[512];

    put_clean(out, place_text(at, buf, sizeof buf));
}

static int widest_place(const struct story *s)
{
    char buf[512];
    int most = 0;

    for (const struct story_part *p = s->parts; p; p = p->next)
        for (const struct story_rule *r = p->rules; r; r = r->next) {
            int n = width(place_text(&r->at, buf, sizeof buf));
            if (n > most) most = n;
        }
    return most;
}

/* ---- rules ---- */

/* Where everything below a rule's text stands. */
static void indent(const struct printer *p)
{
    pad(p->out, p->place + 6);
}

static void put_value(FILE *out, const struct story_value *v)
{
    put_clean(out, v->expr);
    fputs(": ", out);
    fwrite(v->text.p, 1, v->text.n, out);
}

/* Those of one expression stand together: "req.hdr(x): 'a', 'b'". */
static void put_values(FILE *out, const struct story_value *v)
{
    const struct story_value *before = NULL;

    for (; v; before = v, v = v->next) {
        bool same = before && before->expr.p == v->expr.p;
        if (before) fputs(", ", out);
        if (same)
            fwrite(v->text.p, 1, v->text.n, out);
        else
            put_value(out, v);
    }
}

static int test_width(const struct story_test *t)
{
    return width(t->text) + (t->negated ? 1 : 0) + (t->acl.n ? width(t->acl) + 2 : 0);
}

static void print_test(const struct printer *p, const struct story_test *t, int column)
{
    indent(p);
    fputs(t->holds ? "yes  " : "no   ", p->out);
    fprintf(p->out, "%s%.*s%s", t->negated ? "!" : "", SLICE_ARG(t->acl), t->acl.n ? ": " : "");
    put_clean(p->out, t->text);
    if (t->values) pad(p->out, (column > test_width(t) ? column - test_width(t) : 0) + 3);
    if (t->values && t->counts)
        fprintf(p->out, "here %.*s; known only at run time", SLICE_ARG(t->values->text));
    else if (t->values)
        put_values(p->out, t->values);
    putc('\n', p->out);
}

static void print_tests(const struct printer *p, const struct story_rule *r)
{
    enum { COLUMN_MOST = 60 };
    int column = 0;

    for (const struct story_test *t = r->tests; t; t = t->next)
        if (test_width(t) > column && test_width(t) <= COLUMN_MOST) column = test_width(t);
    for (const struct story_test *t = r->tests; t; t = t->next) print_test(p, t, column);
}

static const char *result_words(enum rule_result result)
{
    switch (result) {
    case RULE_STOP: return "these rules end here";
    case RULE_ANSWERED: return "answers the request";
    case RULE_CLOSE: return "closes the connection without an answer";
    case RULE_INVALID: return "refuses the request: it is invalid";
    case RULE_ERROR: return "could not be carried out";
    case RULE_WAIT: return "waits";
    default: return "";
    }
}

static void print_conclusion(const struct printer *p, const struct story_rule *r)
{
    struct slice did = r->did.n ? r->did : slice_str(result_words(r->result));

    indent(p);
    if (!r->holds) {
        fputs("=> does not apply\n", p->out);
        return;
    }
    fputs(r->rule && r->rule->report ? "=> would apply, but only reports" : "=> applies", p->out);
    if (did.n) fputs(": ", p->out);
    put_clean(p->out, did);
    if (r->result == RULE_ERROR && r->did.n) fputs(" - which could not be carried out", p->out);
    if (r->waited && p->x->held_ms) fprintf(p->out, " (after %u ms)", p->x->held_ms);
    putc('\n', p->out);
}

static void print_rule(const struct printer *p, const struct story_rule *r)
{
    char buf[512];
    struct slice at = place_text(&r->at, buf, sizeof buf);

    fputs("  ", p->out);
    put_clean(p->out, at);
    pad(p->out, p->place - width(at) + 2);
    if (*r->keyword) fprintf(p->out, "%s ", r->keyword);
    put_clean(p->out, r->text);
    putc('\n', p->out);
    print_tests(p, r);
    if (r->values && r->holds) {
        indent(p);
        fputs("with ", p->out);
        put_values(p->out, r->values);
        putc('\n', p->out);
    }
    print_conclusion(p, r);
}

static void print_part(const struct printer *p, const struct story_part *part)
{
    fprintf(p->out, "\n%s\n", part->title);
    for (const struct story_rule *r = part->rules; r; r = r->next) print_rule(p, r);
    if (part->unreached)
        fprintf(p->out, "  %u more %s not reached\n", part->unreached,
                part->unreached == 1 ? "is" : "are");
}

/* ---- where it comes from, and how it ends ---- */

static void label(const struct printer *p, const char *text)
{
    fprintf(p->out, "%-*s", LABEL, text);
}

static void print_request(const struct printer *p)
{
    const struct explain *x = p->x;
    char text[64];

    label(p, "request");
    put_clean(p->out, x->method);
    putc(' ', p->out);
    put_clean(p->out, x->target);
    fputs(" of ", p->out);
    put_clean(p->out, x->authority);
    fprintf(p->out, ", from %s\n", address_text(&x->from.sa, text));
    label(p, "frontend");
    fprintf(p->out, "%s (", x->frontend->name);
    put_place(p->out, &x->frontend->section->at);
    fputs(")", p->out);
    if (x->bind_fits) {
        fputs(", bind at ", p->out);
        put_place(p->out, &x->bind->at.at);
    } else {
        fprintf(p->out, "; none of its binds is at port %u", x->port);
    }
    putc('\n', p->out);
}

static void print_fields(const struct printer *p, const struct http_msg *m)
{
    for (unsigned i = 0; i < m->n_fields; i++) {
        if (m->fields[i].hop) continue;
        label(p, "");
        put_clean(p->out, m->fields[i].name);
        fputs(": ", p->out);
        put_clean(p->out, m->fields[i].value);
        putc('\n', p->out);
    }
}

const char *explain_why(const struct explain *x)
{
    static const char *const WHY[N_STEPS] = {
        [READ_HEAD] = "its head is refused",
        [FRONTEND_RULES] = "the frontend answers it itself",
        [CHOOSE_BACKEND] = "there is no backend for it",
        [BACKEND_RULES] = "the backend does not take it",
        [CHOOSE_SERVER] = "no server can be used",
    };

    if (x->request->reason) return x->request->reason;
    if (x->ended_in == READ_HEAD && monitor_asked(x->request)) return "it asks for monitor-uri";
    if (x->request->context.arena && x->request->context.final_rule) return NULL;
    return WHY[x->ended_in];
}

/* The rule that is the reason, or else what is. */
static void print_why(const struct printer *p)
{
    const struct context *c = &p->x->request->context;
    const char *why = explain_why(p->x);
    const struct rule *r;
    char place[512];

    label(p, "because");
    if (why) {
        fprintf(p->out, "%s\n", why);
        return;
    }
    r = c->final_rule;
    fputs("of the rule ", p->out);
    if (!slice_eq(slice_str(r->name), place_text(&r->at, place, sizeof place)))
        fprintf(p->out, "'%s' ", r->name);
    fputs("at ", p->out);
    put_place(p->out, &r->at);
    fputs(": ", p->out);
    put_clean(p->out, r->text);
    putc('\n', p->out);
}

static void print_answer(const struct printer *p)
{
    const struct request *r = p->x->request;
    struct slice reason = r->res.reason.n ? r->res.reason : http_status_reason(r->res.status);

    label(p, "answer");
    fprintf(p->out, "%u %.*s\n", r->res.status, SLICE_ARG(reason));
    print_why(p);
    print_fields(p, &r->res);
}

static const struct story_rule *rule_that_chose(const struct explain *x, enum policy_place place)
{
    const struct story_rule *found = NULL;

    for (const struct story_part *p = x->story.parts; p; p = p->next)
        for (const struct story_rule *r = p->place == place ? p->rules : NULL; r; r = r->next)
            if (r->holds && slice_starts(r->did, SLICE("chooses"))) found = r;
    return found;
}

static void print_backend(const struct printer *p)
{
    const struct explain *x = p->x;
    const struct proxy_conf *be = x->request->flow.backend;
    const struct story_rule *chose = rule_that_chose(x, PLACE_USE_BACKEND);

    label(p, "backend");
    fprintf(p->out, "%s (", be->name);
    put_place(p->out, &be->section->at);
    fputs("), by ", p->out);
    if (chose) {
        fputs("use_backend at ", p->out);
        put_place(p->out, &chose->at);
    } else if (be == x->frontend->fe->default_backend) {
        fputs("default_backend at ", p->out);
        put_place(p->out, &x->frontend->fe->default_backend_at.at);
    } else {
        fputs("the section's own servers", p->out);
    }
    putc('\n', p->out);
}

static void print_server(const struct printer *p)
{
    const struct flow *f = &p->x->request->flow;
    const struct backend_conf *be = f->backend->be;
    const struct story_rule *chose;

    label(p, "server");
    fprintf(p->out, "%s %s (", f->server->name, f->server->address_as_written);
    put_place(p->out, &f->server->at);
    fputs("), ", p->out);
    chose = rule_that_chose(p->x, PLACE_USE_SERVER);
    if (chose && p->x->server_by_rule) {
        fputs("by use-server at ", p->out);
        put_place(p->out, &chose->at);
        putc('\n', p->out);
    } else if (be->n_servers == 1) {
        fputs("the only one\n", p->out);
    } else {
        fprintf(p->out, "by balance %s among %u; a gateway that runs may be at another one\n",
                be->algorithm->name, be->n_servers);
    }
}

static unsigned n_response_rules(const struct explain *x)
{
    const struct proxy_conf *fe = x->frontend, *be = x->request->flow.backend;
    unsigned n = be->rules->response.n + be->rules->after.n;

    return fe == be ? n : n + fe->rules->response.n + fe->rules->after.n;
}

static void print_sent(const struct printer *p)
{
    const struct http_msg *m = &p->x->request->req;
    unsigned n = n_response_rules(p->x);

    print_backend(p);
    print_server(p);
    label(p, "sent");
    put_clean(p->out, m->method_name);
    putc(' ', p->out);
    put_clean(p->out, m->target);
    putc('\n', p->out);
    print_fields(p, m);
    if (!n) return;
    label(p, "then");
    fprintf(p->out, "%u rule%s for the server's answer, which is not known here\n", n,
            n == 1 ? "" : "s");
}

static void print_end(const struct printer *p)
{
    putc('\n', p->out);
    switch (p->x->end) {
    case ENDS_AT_SERVER: print_sent(p); return;
    case ENDS_ANSWERED: print_answer(p); return;
    case ENDS_CLOSED:
        label(p, "answer");
        fputs("none: the connection is closed\n", p->out);
        print_why(p);
        return;
    case ENDS_REFUSED:
        label(p, "answer");
        fputs("none: the connection is refused by the rule above\n", p->out);
        return;
    case ENDS_WAITING:
        label(p, "answer");
        fputs("not known: the last rule waits for something that is not known here\n", p->out);
        return;
    }
}

/* ---- what is known only at run time ---- */

static void print_outcome(const struct printer *p, const struct explain_open *open, bool holds)
{
    const struct explain_outcome *o = &open->outcome[holds];

    pad(p->out, LABEL + 2);
    fputs(holds ? "yes: " : "no:  ", p->out);
    switch (o->end) {
    case ENDS_AT_SERVER: fprintf(p->out, "sent to server %s/%s", o->backend, o->server); break;
    case ENDS_ANSWERED: fprintf(p->out, "answer %u", o->status); break;
    case ENDS_CLOSED: fputs("the connection is closed", p->out); break;
    case ENDS_REFUSED: fputs("the connection is refused", p->out); break;
    case ENDS_WAITING: fputs("not known", p->out); break;
    }
    if (o->why) fprintf(p->out, ": %s", o->why);
    if (o->rule) {
        fputs(", by the rule at ", p->out);
        put_place(p->out, &o->rule->at);
        fputs(": ", p->out);
        put_clean(p->out, o->rule->text);
    }
    fputs(holds == open->holds ? " (as above)\n" : "\n", p->out);
}

static void print_open(const struct printer *p)
{
    for (const struct explain_open *o = p->x->open; o; o = o->next) {
        label(p, o == p->x->open ? "run time" : "");
        put_clean(p->out, o->test->text);
        fputs(" (", p->out);
        put_place(p->out, &o->test->expr->at);
        fputs(")? The count is known only at run time.\n", p->out);
        print_outcome(p, o, false);
        print_outcome(p, o, true);
    }
}

void explain_print(const struct explain *x, FILE *out)
{
    const struct printer p = { x, out, widest_place(&x->story) };

    print_request(&p);
    for (const struct story_part *part = x->story.parts; part; part = part->next)
        print_part(&p, part);
    print_end(&p);
    print_open(&p);
}
