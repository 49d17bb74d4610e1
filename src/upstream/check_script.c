/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check_script.h"

static bool is_silent(const struct check_step *s)
{
    return s->kind == STEP_VAR || s->kind == STEP_COMMENT;
}

/* The first step that does something, from s on. */
static const struct check_step *first_act(const struct check_step *s)
{
    while (s && is_silent(s)) s = s->next;
    return s;
}

static struct check_step *new_step(enum check_step_kind kind, struct arena *a)
{
    struct check_step *s = arena_zero(a, sizeof *s);

    s->kind = kind;
    return s;
}

/* Copies the rules, for they may be those of a defaults section that others share, and gives each
 * the comment that stands right before it. */
static struct check_step *copy_rules(const struct check_rules *rules, struct arena *a)
{
    struct check_step *first = NULL, **end = &first;
    struct slice comment = { 0 };

    for (const struct check_step *s = rules->first; s; s = s->next) {
        struct check_step *copy = memcpy(arena_alloc(a, sizeof *s), s, sizeof *s);

        if (s->kind == STEP_COMMENT)
            comment = s->comment;
        else if (s->kind != STEP_VAR) {
            if (!copy->comment.p) copy->comment = comment;
            comment = (struct slice){ 0 };
        }
        copy->next = NULL;
        *end = copy;
        end = &copy->next;
    }
    return first;
}

static struct check_step *begin_to_connect(struct check_step *first, struct arena *a)
{
    const struct check_step *act = first_act(first);
    struct check_step *connect;

    if (act && act->kind == STEP_CONNECT) return first;
    connect = new_step(STEP_CONNECT, a);
    connect->next = first;
    return connect;
}

/* ---- HTTP ---- */

void check_add_field(struct check_send *send, struct arena *a, struct slice name,
                     const struct format *value)
{
    struct check_field *f = arena_zero(a, sizeof *f);
    char *lower = arena_str(a, name);

    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c |= 0x20;
    f->name = slice_of(lower, name.n);
    f->value = value;
    if (!send->fields_end) send->fields_end = &send->fields;
    *send->fields_end = f;
    send->fields_end = &f->next;
}

static bool says_uri(const struct check_send *send)
{
    return send->uri.p || send->uri_format;
}

/* What the option says holds where the rule does not; its fields stand in front. */
static void complete_send(struct check_send *send, const struct check_send *option, struct arena *a)
{
    struct check_send all = { 0 };

    if (!send->method.p) send->method = option->method;
    if (!says_uri(send)) send->uri = option->uri;
    if (!send->version.p) send->version = option->version;
    for (const struct check_field *f = option->fields; f; f = f->next)
        check_add_field(&all, a, f->name, f->value);
    for (const struct check_field *f = send->fields; f; f = f->next)
        check_add_field(&all, a, f->name, f->value);
    send->fields = all.fields;
}

static void fill_in(struct check_send *send)
{
    if (!send->method.p) send->method = SLICE("OPTIONS");
    if (!says_uri(send)) send->uri = SLICE("/");
    if (!send->version.p) send->version = SLICE("HTTP/1.0");
}

/* The first request is completed by the option; where there is none, the option is the request. */
static void complete_requests(struct check_step *first, const struct check_rules *rules,
                              struct arena *a)
{
    struct check_step *s = first, *send;

    while (s && s->kind != STEP_SEND) s = s->next;
    if (!s) {
        for (s = first; s->kind != STEP_CONNECT; s = s->next) continue;
        send = new_step(STEP_SEND, a);
        send->next = s->next;
        s->next = send;
        s = send;
    }
    complete_send(&s->send, &rules->request, a);
    for (; s; s = s->next)
        if (s->kind == STEP_SEND) fill_in(&s->send);
}

static const struct status_range GOOD[] = { { 200, 399 } };

/* Whether something is expected behind the last request; if not, a good status is. */
static void expect_at_last(struct check_step *first, struct arena *a)
{
    struct check_step *last = first, *expect;
    bool expected = false;

    for (struct check_step *s = first; s; last = s, s = s->next) {
        if (s->kind == STEP_SEND) expected = false;
        if (s->kind == STEP_EXPECT) expected = true;
    }
    if (expected) return;
    expect = new_step(STEP_EXPECT, a);
    expect->expect = (struct check_expect){
        .kind = EXPECT_STATUS, .min_recv = -1, .ranges = GOOD, .n_ranges = 1
    };
    last->next = expect;
}

const struct check_script *check_script_make(const struct check_spec *spec, const char *node,
                                             struct arena *a)
{
    const struct check_rules *rules = spec->kind == CHECK_HTTP ? &spec->http : &spec->tcp;
    struct check_script *script = arena_zero(a, sizeof *script);
    struct check_step *first;

    *script = (struct check_script){ .kind = spec->kind,
                                     .send_state = spec->send_state,
                                     .disable_on_404 = spec->disable_on_404,
                                     .node = node };
    if (spec->kind == CHECK_CONNECT_ONLY) {
        script->first = new_step(STEP_CONNECT, a);
        return script;
    }
    script->written = rules->first != NULL;
    first = begin_to_connect(copy_rules(rules, a), a);
    if (spec->kind == CHECK_HTTP) {
        complete_requests(first, rules, a);
        expect_at_last(first, a);
    }
    script->first = first;
    return script;
}

/* ---- words ---- */

static void add_expectation(const struct check_expect *e, char text[CHECK_TEXT])
{
    static const char *const names[] = {
        [EXPECT_REGEX] = "regex",
        [EXPECT_STRING_FORMAT] = "log-format string",
        [EXPECT_BINARY_REGEX] = "binary regex",
        [EXPECT_BINARY_FORMAT] = "log-format binary",
    };

    if (e->kind == EXPECT_STRING)
        check_text_add(text, " (expect string '%.*s')", SLICE_ARG(e->text));
    else if (e->kind == EXPECT_BINARY)
        check_text_add(text, " (expect binary '%.*s')", SLICE_ARG(e->text));
    else
        check_text_add(text, " (expect %s)", names[e->kind]);
}

void check_step_text(const struct check_script *script, const struct check_step *step,
                     char text[CHECK_TEXT])
{
    if (script->kind != CHECK_TCP || !step) return;
    if (!step->number) {
        check_text_add(text, " at initial connection step of tcp-check");
        return;
    }
    check_text_add(text, " at step %u of tcp-check", step->number);
    if (step->kind == STEP_CONNECT && step->connect.port)
        check_text_add(text, " (connect port %u)", step->connect.port);
    else if (step->kind == STEP_CONNECT)
        check_text_add(text, " (connect)");
    else if (step->kind == STEP_EXPECT)
        add_expectation(&step->expect, text);
    else
        check_text_add(text, " (send)");
    if (step->comment.n) check_text_add(text, " comment: '%.*s'", SLICE_ARG(step->comment));
}

bool check_script_has_port(const struct check_script *script)
{
    bool any = false;

    for (const struct check_step *s = script->first; s; s = s->next) {
        if (s->kind != STEP_CONNECT) continue;
        if (!s->connect.port && !s->connect.port_expr) return false;
        any = true;
    }
    return any;
}
