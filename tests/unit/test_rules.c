/* SPDX-License-Identifier: Apache-2.0 */
/* rule.c: reading rules of actions that these tests bring, and running them. */
#include "policy/actions.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"
#include "policy/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "policy_fixture.h"

/* ---- actions that note that they were run ---- */

static char notes[512];
static enum rule_result next_result;

static enum rule_result run_note(struct context *c, const struct rule *r)
{
    (void)c;
    strcat(notes, r->action->name);
    strcat(notes, " ");
    return RULE_NEXT;
}

static enum rule_result run_result(struct context *c, const struct rule *r)
{
    run_note(c, r);
    return next_result;
}

/* [status N] [text T], in any order, `name` and `report` between them. */
static bool parse_answer(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    const struct word *word;
    unsigned status;
    bool taken;

    while (!rule_words_end(w)) {
        if (!rule_common(pc, r, w, &taken)) return false;
        if (taken) continue;
        if (words_take_if(w, "status")) {
            if (!words_uint(pc->cfg, w, &status, 200, 599)) return false;
        } else if (words_take_if(w, "text")) {
            if (!words_need(pc->cfg, w, &word)) return false;
        } else {
            break;
        }
    }
    return true;
}

static bool parse_one(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    const struct word *word;

    (void)r;
    return words_need(pc->cfg, w, &word);
}

static const struct action ROWS[] = {
    { "note", RULES_HTTP_REQUEST, 0, NULL, run_note, NULL, "", "Notes.", 0 },
    { "note-more", RULES_HTTP_REQUEST, 0, parse_one, run_note, NULL, "<word>", "Notes.", 0 },
    { "inside", RULES_HTTP_REQUEST, ACTION_PAREN, parse_one, run_note, NULL, "(<name>) <word>",
      "Notes.", 0 },
    { "answer", RULES_HTTP, ACTION_FINAL | ACTION_STOPS, parse_answer, run_result, NULL,
      "[status <status>] [text <text>]", "Answers.", 0 },
    { "drop", RULES_HTTP, ACTION_FINAL, NULL, run_result, NULL, "", "Drops.", 0 },
    { "wait", RULES_HTTP_REQUEST, 0, NULL, run_result, NULL, "", "Waits.", 0 },
    { "answer", RULES_TCP_CONNECTION, ACTION_STOPS, NULL, run_result, NULL, "", "Other.", 0 },
};
static const struct action_table TABLE = ACTION_TABLE("Tests", ROWS);
static const struct action_table *const ACTIONS[] = { &TABLE, &flow_actions, NULL };
static const struct fetch_table *const FETCHES[] = { &basic_fetches, &request_fetches,
                                                     &field_fetches, NULL };

static const struct converter_table *const CONVERTERS[] = { &string_converters, NULL };

static int start(void **state)
{
    struct policy_fixture *f = calloc(1, sizeof *f);

    fixture_init_all(f, FETCHES, CONVERTERS, NULL, ACTIONS);
    fixture_request(f, "GET /a HTTP/1.1\r\nhost: h\r\n\r\n");
    notes[0] = '\0';
    *state = f;
    return 0;
}

static int finish(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

static bool read_line(struct policy_fixture *f, struct ruleset *set, unsigned kind,
                      const char *line)
{
    struct words w = fixture_words(f, line);

    return rule_parse(&f->pc, set, kind, &w);
}

static const struct rule *last(const struct ruleset *set)
{
    const struct rule *r = set->first;

    while (r->next) r = r->next;
    return r;
}

/* ---- reading ---- */

static void names(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *line, *name;
        bool report, cond;
    } entries[] = {
        { "answer", "test:1", false, false },
        { "answer status 429", "test:1", false, false },
        { "answer name a", "a", false, false },
        { "answer report", "test:1", true, false },
        { "answer name a report status 429", "a", true, false },
        { "answer report status 429 name a text x", "a", true, false },
        { "answer text name name b", "b", false, false },
        { "answer text report", "test:1", false, false },
        { "answer status 429 name a report if { bool(true) }", "a", true, true },
        { "drop report name if unless { bool(true) }", "if", true, true },
        { "note if { bool(true) }", "test:1", false, true },
    };

    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct ruleset set = { 0 };
        const struct rule *r;
        if (!read_line(f, &set, RULES_HTTP_REQUEST, entries[i].line))
            fail_msg("%s: %s", entries[i].line, fixture_messages(f));
        assert_int_equal(set.n, 1);
        r = set.first;
        assert_string_equal(r->name, entries[i].name);
        assert_int_equal(r->report, entries[i].report);
        assert_int_equal(r->cond != NULL, entries[i].cond);
        assert_true(slice_is(r->text, entries[i].line));
        assert_int_equal(r->kind, RULES_HTTP_REQUEST);
    }
}

static void inside(void **state)
{
    struct policy_fixture *f = *state;
    struct ruleset set = { 0 };

    assert_true(read_line(f, &set, RULES_HTTP_REQUEST, "inside(a,b(c)) x"));
    assert_true(slice_is(set.first->inside, "a,b(c)"));
    assert_true(read_line(f, &set, RULES_HTTP_REQUEST, "'inside(a b)' x"));
    assert_true(slice_is(last(&set)->inside, "a b"));
    assert_true(read_line(f, &set, RULES_HTTP_REQUEST, "inside() x"));
    assert_int_equal(last(&set)->inside.n, 0);
    assert_int_equal(set.n, 3);
}

/* One name may have a row for each ruleset. */
static void by_kind(void **state)
{
    struct policy_fixture *f = *state;
    struct ruleset http = { 0 }, tcp = { 0 };

    assert_true(read_line(f, &http, RULES_HTTP_RESPONSE, "answer"));
    assert_ptr_equal(http.first->action, &ROWS[3]);
    f->pc.scope.place = PLACE_TCP_CONNECTION;
    assert_true(read_line(f, &tcp, RULES_TCP_CONNECTION, "answer"));
    assert_ptr_equal(tcp.first->action, &ROWS[6]);
    f->pc.scope.place = PLACE_FRONTEND_REQUEST;
}

struct refused {
    unsigned kind;
    const char *line, *message, *hint;
    unsigned column;
};

static const struct refused REFUSED[] = {
    { RULES_HTTP_REQUEST, "", "an action is missing", NULL, 0 },
    { RULES_HTTP_REQUEST, "anser", "unknown http-request action 'anser'", "did you mean 'answer'",
      1 },
    { RULES_HTTP_RESPONSE, "note", "unknown http-response action 'note'", NULL, 1 },
    { RULES_HTTP_AFTER_RESPONSE, "foo", "unknown http-after-response action 'foo'", NULL, 1 },
    { RULES_TCP_CONNECTION, "foo", "unknown tcp-request connection action 'foo'", NULL, 1 },
    { RULES_TCP_SESSION, "foo", "unknown tcp-request session action 'foo'", NULL, 1 },
    { RULES_HTTP_REQUEST, "do-resolve(txn.a,b) c",
      "HAProxy http-request action 'do-resolve' is not supported", NULL, 1 },
    { RULES_HTTP_REQUEST, "insid(a) b", "unknown http-request action 'insid'",
      "did you mean 'inside'", 1 },
    { RULES_HTTP_REQUEST, "note(a)", "'note' takes no parentheses", NULL, 5 },
    { RULES_HTTP_REQUEST, "inside a", "'inside' needs parentheses", "inside(<name>)", 1 },
    { RULES_HTTP_REQUEST, "inside(a b", "'inside(' has no ')'", NULL, 7 },
    { RULES_HTTP_REQUEST, "inside(a)x b", "'inside(' has no ')'", NULL, 7 },
    { RULES_HTTP_REQUEST, "inside(a)", "'inside' needs more words", NULL, 10 },
    { RULES_HTTP_REQUEST, "note-more", "'note-more' needs more words: 'note-more <word>'", NULL,
      10 },
    { RULES_HTTP_REQUEST, "note foo", "unexpected 'foo' behind 'note'", "'if' or 'unless'", 6 },
    { RULES_HTTP_REQUEST, "note unles { bool(true) }", "unexpected 'unles'",
      "did you mean 'unless'", 6 },
    { RULES_HTTP_REQUEST, "note name x", "unexpected 'name' behind 'note'", NULL, 6 },
    { RULES_HTTP_REQUEST, "answer foo", "unexpected 'foo' behind 'answer'", "answer [status", 8 },
    { RULES_HTTP_REQUEST, "answer repor", "unexpected 'repor'", "did you mean 'report'", 8 },
    { RULES_HTTP_REQUEST, "answer name", "'name' needs another word", NULL, 12 },
    { RULES_HTTP_REQUEST, "answer name a name b", "has a name already", NULL, 15 },
    { RULES_HTTP_REQUEST, "answer status 99", "'answer' must be between", NULL, 15 },
    { RULES_HTTP_REQUEST, "note if nope", "nope", NULL, 9 },
};

static void refused(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        const struct refused *r = &REFUSED[i];
        struct ruleset set = { 0 };
        char place[40] = "";
        const char *all;
        assert_false(read_line(f, &set, r->kind, r->line));
        all = fixture_messages(f);
        if (r->column) snprintf(place, sizeof place, "test:1:%u: error: ", r->column);
        if (!strstr(all, place) || !strstr(all, r->message) || (r->hint && !strstr(all, r->hint)) ||
            f->diag.n_errors != 1)
            fail_msg("'%s': %s", r->line, all);
        assert_int_equal(set.n, 0);
        assert_null(set.first);
    }
}

/* HAProxy warns of the rule right behind an unconditional one that ends the ruleset. */
static void never_reached(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *first, *second;
        unsigned kind, warnings;
    } entries[] = {
        { "answer", "note", RULES_HTTP_REQUEST, 1 },
        { "allow", "note", RULES_HTTP_REQUEST, 1 },
        { "answer if { bool(true) }", "note", RULES_HTTP_REQUEST, 0 },
        { "answer report", "note", RULES_HTTP_REQUEST, 0 },
        { "drop", "note", RULES_HTTP_REQUEST, 0 },
        { "note", "note", RULES_HTTP_REQUEST, 0 },
        { "accept", "accept", RULES_TCP_CONNECTION, 0 },
    };

    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct ruleset set = { 0 };
        assert_true(read_line(f, &set, entries[i].kind, entries[i].first));
        assert_int_equal(f->diag.n_warnings, 0);
        assert_true(read_line(f, &set, entries[i].kind, entries[i].second));
        if (f->diag.n_warnings != entries[i].warnings)
            fail_msg("%s: %s", entries[i].first, fixture_messages(f));
        if (set.kind == RULES_HTTP_REQUEST) {
            assert_true(read_line(f, &set, entries[i].kind, "note"));
            assert_int_equal(f->diag.n_warnings, 0);
        }
    }
}

/* ---- running ---- */

static void make(struct policy_fixture *f, struct ruleset *set, const char *const *lines)
{
    *set = (struct ruleset){ 0 };
    for (; *lines; lines++)
        if (!read_line(f, set, RULES_HTTP_REQUEST, *lines))
            fail_msg("%s: %s", *lines, fixture_messages(f));
    notes[0] = '\0';
}

static struct {
    unsigned n;
    const struct rule *rule;
    enum rule_result result;
} told;

static void decided(struct context *c, const struct rule *r, enum rule_result result)
{
    (void)c;
    told.n++;
    told.rule = r;
    told.result = result;
}

static const struct rule_hooks HOOKS = { .decided = decided };

static void results(void **state)
{
    static const char *const lines[] = { "note", "answer name x if { path /a }", "note", NULL };
    struct policy_fixture *f = *state;
    struct ruleset set;

    f->c.rule_hooks = &HOOKS;
    make(f, &set, lines);
    for (enum rule_result r = RULE_NEXT; r <= RULE_ERROR; r++) {
        const struct rule *at = set.first;
        if (r == RULE_WAIT) continue;
        notes[0] = '\0';
        f->c.last_rule = f->c.final_rule = NULL;
        told.n = 0;
        next_result = r;
        assert_int_equal(ruleset_run(&f->c, &at), r);
        assert_string_equal(notes, r == RULE_NEXT ? "note answer note " : "note answer ");
        assert_ptr_equal(f->c.last_rule, r == RULE_NEXT ? NULL : set.first->next);
        assert_ptr_equal(f->c.final_rule,
                         r == RULE_NEXT || r == RULE_STOP ? NULL : set.first->next);
        assert_int_equal(told.n, r != RULE_NEXT);
        if (r == RULE_NEXT) continue;
        assert_int_equal(told.result, r);
        assert_string_equal(told.rule->name, "x");
    }
}

static void reports(void **state)
{
    static const char *const lines[] = { "answer report name x", "note", "answer report if FALSE",
                                         NULL };
    struct policy_fixture *f = *state;
    struct ruleset set;
    const struct rule *at;

    f->c.rule_hooks = &HOOKS;
    if (!read_line(f, &(struct ruleset){ 0 }, RULES_HTTP_REQUEST, "note if FALSE"))
        skip(); /* predefined ACLs need a set of them */
    make(f, &set, lines);
    at = set.first;
    told.n = 0;
    next_result = RULE_ANSWERED;
    assert_int_equal(ruleset_run(&f->c, &at), RULE_NEXT);
    assert_string_equal(notes, "note ");
    assert_int_equal(told.n, 1);
    assert_int_equal(told.result, RULE_NEXT);
    assert_ptr_equal(f->c.reported, set.first);
    assert_null(f->c.last_rule);
}

/* A rule that waits is run again without its condition; strict-mode lasts so long. */
static void waits(void **state)
{
    static const char *const lines[] = { "strict-mode off", "note", "wait if { path /a }", "note",
                                         NULL };
    struct policy_fixture *f = *state;
    struct ruleset set;
    const struct rule *at;

    make(f, &set, lines);
    at = set.first;
    next_result = RULE_WAIT;
    assert_int_equal(ruleset_run(&f->c, &at), RULE_WAIT);
    assert_string_equal(at->action->name, "wait");
    assert_true(f->c.lax);
    f->c.req->target = f->c.req->path = SLICE("/other");
    assert_int_equal(ruleset_run(&f->c, &at), RULE_WAIT);
    next_result = RULE_NEXT;
    assert_int_equal(ruleset_run(&f->c, &at), RULE_NEXT);
    assert_string_equal(notes, "note wait wait wait note ");
    assert_null(at);
    assert_false(f->c.lax);
    /* from the start the condition is asked again */
    at = set.first;
    notes[0] = '\0';
    assert_int_equal(ruleset_run(&f->c, &at), RULE_NEXT);
    assert_string_equal(notes, "note note ");
    /* none */
    at = NULL;
    assert_int_equal(ruleset_run(&f->c, &at), RULE_NEXT);
}

/* ---- who listens hears all of it, in order ---- */

static void note(const char *what, struct slice text, const char *how)
{
    size_t n = strlen(notes);

    snprintf(notes + n, sizeof notes - n, "%s%.*s%s ", what, SLICE_ARG(text), how);
}

static void hear_value(struct trace *t, struct context *c, const struct trace_value *v)
{
    (void)t, (void)c;
    note("", v->expr->text, v->value ? "=" : "?");
    if (!v->value) note("by:", slice_str(v->lost), v->before ? "" : "!");
}

static void hear_test(struct trace *t, struct context *c, const struct acl_test *test, bool holds)
{
    (void)t, (void)c;
    note("{", test->text, holds ? "}+" : "}-");
}

static void hear_term(struct trace *t, struct context *c, const struct condition_term *term,
                      bool holds)
{
    (void)t, (void)c;
    note(term->negate ? "!" : "", acl_name(term->acl), holds ? "+" : "-");
}

static void hear_condition(struct trace *t, struct context *c, const struct condition *cond,
                           bool holds)
{
    (void)t, (void)c;
    note(condition_negated(cond) ? "unless" : "if", SLICE(""), holds ? "+" : "-");
}

static void hear_rule(struct trace *t, struct context *c, const struct rule *r, bool holds)
{
    (void)t, (void)c;
    note("", slice_str(r->action->name), holds ? "+" : "-");
}

static void hear_done(struct trace *t, struct context *c, const struct rule *r,
                      enum rule_result result)
{
    (void)t, (void)c, (void)r;
    note("", slice_str(result == RULE_NEXT ? "next;" : "end;"), "");
}

static void hear_text(struct trace *t, struct context *c, const struct format *f, struct slice text)
{
    (void)t, (void)c, (void)f;
    note("'", text, "'");
}

static bool hear_again(struct trace *t, const struct format *f, struct slice *text)
{
    (void)t, (void)f, (void)text;
    return false;
}

static struct trace LISTENER = {
    .value = hear_value,
    .test = hear_test,
    .term = hear_term,
    .condition = hear_condition,
    .rule = hear_rule,
    .done = hear_done,
    .text = hear_text,
    .again = hear_again,
};

static void traced(void **state)
{
    static const char *const lines[] = { "note-more x if { path /b }", "answer report",
                                         "drop unless { path,strcmp(txn.none) -m found }", NULL };
    struct policy_fixture *f = *state;
    struct ruleset set;
    const struct rule *at;

    f->c.rule_hooks = &HOOKS;
    make(f, &set, lines);
    at = set.first;
    next_result = RULE_CLOSE;
    f->c.trace = &LISTENER;
    assert_int_equal(ruleset_run(&f->c, &at), RULE_CLOSE);
    f->c.trace = NULL;
    assert_string_equal(
        notes, "path= {path /b}- - if- note-more- "
               "answer+ next; "
               "path,strcmp(txn.none)? by:strcmp {path,strcmp(txn.none) -m found}- - unless+ "
               "drop+ drop end; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names, start, finish),
        cmocka_unit_test_setup_teardown(inside, start, finish),
        cmocka_unit_test_setup_teardown(by_kind, start, finish),
        cmocka_unit_test_setup_teardown(refused, start, finish),
        cmocka_unit_test_setup_teardown(never_reached, start, finish),
        cmocka_unit_test_setup_teardown(results, start, finish),
        cmocka_unit_test_setup_teardown(reports, start, finish),
        cmocka_unit_test_setup_teardown(waits, start, finish),
        cmocka_unit_test_setup_teardown(traced, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
