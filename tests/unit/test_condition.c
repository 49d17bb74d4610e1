/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs and conditions. What each of the table gives was asked of haproxy 2.6, too. */
#include "policy_fixture.h"

#include "base/memory.h"
#include "policy/condition_index.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"
#include "policy/pattern_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static bool get_src(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return sample_address(out, context_src(c));
}

static const struct fetch SOURCE_ROWS[] = {
    { "src", .type = SAMPLE_IPV4, .get = get_src, .doc = "The client's address." },
};
static const struct fetch_table SOURCE = FETCH_TABLE("Source", SOURCE_ROWS);
static const struct fetch_table *const FETCHES[] = { &basic_fetches, &request_fetches,
                                                     &field_fetches, &cookie_fetches,
                                                     &query_fetches, &response_fetches,
                                                     &SOURCE,        NULL };
static const struct converter_table *const CONVERTERS[] = { &map_converters, &arith_converters,
                                                            &string_converters, NULL };

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, FETCHES, CONVERTERS);
    f->pc.scope.acls = acl_set_new(&f->config, NULL);
    fixture_request(f,
                    "GET /images/png/logo/32x32.png?a=b HTTP/1.1\r\n"
                    "host: www1.dc-eu.example.com:80\r\n"
                    "x-list: a, b ,c\r\nx-num: 12\r\nx-num: -5\r\nx-empty:\r\nx-mixed: FooBar\r\n"
                    "\r\n");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct policy_fixture *f = *state;

    fixture_release(f);
    free(f);
    return 0;
}

/* '1', '0', or 'E' for a condition that is refused. */
static char ask(struct policy_fixture *f, const char *text)
{
    struct words w = fixture_words(f, text);
    const struct condition *cond;

    if (!condition_parse(&f->pc, &w, &cond) || !args_resolve(&f->pc)) return 'E';
    return condition_holds(cond, &f->c) ? '1' : '0';
}

static const struct {
    char holds;
    const char *text;
} CASES[] = {
    /* operators */
    { '0', "if" },
    { '1', "unless" },
    { '1', "if TRUE" },
    { '0', "if !TRUE" },
    { '0', "if ! TRUE" },
    { '1', "if !!TRUE" },
    { '0', "unless TRUE" },
    { '1', "unless FALSE" },
    { '1', "if FALSE or TRUE" },
    { '1', "if FALSE OR TRUE" },
    { '1', "if FALSE || TRUE" },
    { '1', "if or TRUE" },
    { '1', "if TRUE or" },
    { '0', "if TRUE FALSE" },
    { '1', "if FALSE ! or TRUE" },
    { '1', "if { path /x } or TRUE TRUE" },
    { '1', "if TRUE { path /x } || !TRUE || !{ path /x }" },
    { '1', "if !{ path /x }" },
    { '0', "if ! ! { path /x }" },
    { '0', "if \"\" TRUE" },
    { '1', "if TRUE \"\" FALSE" },
    { 'E', "if TRUE unless TRUE" },
    { 'E', "if {path /x}" },
    { 'E', "if { path /x" },
    { 'E', "if } TRUE" },
    { 'E', "if nosuch" },
    { 'E', "if { }" },
    { 'E', "when TRUE" },
    /* strings */
    { '0', "if { path -- }" },
    { '1', "if { path_beg /im }" },
    { '0', "if { path_beg /IM }" },
    { '1', "if { path_beg -i /IM }" },
    { '1', "if { path_end .png }" },
    { '1', "if { path_end -i .PNG }" },
    { '1', "if { path_dir images }" },
    { '1', "if { path_dir /images }" },
    { '1', "if { path_dir images/png }" },
    { '1', "if { path_dir logo/32x32.png }" },
    { '1', "if { path_dir png }" },
    { '0', "if { path_dir 32x32 }" },
    { '0', "if { path_dir g }" },
    { '1', "if { path_dir -i IMAGES/PNG/ }" },
    { '1', "if { url_dir a=b }" },
    { '1', "if { url_dom png }" },
    { '1', "if { str(http://www1.dc-eu.example.com:80/blah) -m dom http }" },
    { '1', "if { str(http://www1.dc-eu.example.com:80/blah) -m dom .www1 }" },
    { '1', "if { str(http://www1.dc-eu.example.com:80/blah) -m dom :www1: }" },
    { '0', "if { str(http://www1.dc-eu.example.com:80/blah) -m dom dc-eu.example:80 }" },
    { '0', "if { str(http://www1.dc-eu.example.com:80/blah) -m dom eu }" },
    { '0', "if { str(http://www1.dc-eu.example.com:80/blah) -m dom dc }" },
    { '1', "if { str(a..b) -m dom a..b }" },
    { '0', "if { str(a..b) -m dom a.b }" },
    { '0', "if { str(abab) -m dom ab }" },
    { '1', "if { str(ab.ab) -m dom -i AB.AB }" },
    { '1', "if { hdr_sub(host) -i EU.EX }" },
    { '1', "if { hdr_reg(host) -i ^WWW[0-9]\\. }" },
    { '1', "if { hdr_len(host) 25 }" },
    { '0', "if { hdr_len(host) lt 25 }" },
    { '1', "if { hdr(x-mixed) -i foobar }" },
    { '1', "if { hdr(x-mixed) -m bin 466f6F426172 }" },
    { '1', "if { hdr(x-mixed),lower foobar }" },
    { '0', "if { hdr_beg(x-mixed),lower foo }" },
    { '1', "if { hdr_dom(x-mixed) -m beg Foo }" },
    { '0', "if { path /x -i /IMAGES/png/logo/32x32.PNG }" },
    { '1', "if { path -m beg /a -m /im }" },
    { 'E', "if { path -m foo x }" },
    { 'E', "if { path_foo x }" },
    { 'E', "if { path_beg(x) /images }" },
    { 'E', "if { path -m reg ( }" },
    { '1', "if { bin(610063) -m str a }" },
    { '1', "if { bin(616263) -m str abc }" },
    { 'E', "if { bin(00) 00 }" },
    { 'E', "if { str(a) -m bin 6 }" },
    /* all values of a fetch */
    { '1', "if { hdr(x-list) a }" },
    { '1', "if { hdr(x-list) c }" },
    { '1', "if { hdr_val(x-num) 12 }" },
    { '1', "if { hdr_val(x-num) lt 0 }" },
    { '1', "if { hdr(x-empty) -m found }" },
    { '0', "if { hdr(x-none) -m found }" },
    { '0', "if { hdr(x-none) -m len 0 }" },
    /* numbers */
    { '1', "if { int(5) 1:9 }" },
    { '0', "if { int(5) 1:4 }" },
    { '1', "if { int(5) 5- }" },
    { '1', "if { int(5) ge 0 le 3 }" },
    { '1', "if { int(5) gt 7 3 }" },
    { '0', "if { int(5) gt }" },
    { '0', "if { int(5) gt 3:4 }" },
    { '1', "if { int(5) gt 3.0 }" },
    { '1', "if { int(-5) -- -5 }" },
    { '1', "if { int(-5) lt 0 }" },
    { '1', "if { int(-5) :-1 }" },
    { 'E', "if { int(5) +5 }" },
    { 'E', "if { int(5) 0x5 }" },
    { 'E', "if { int(5) 5.0 }" },
    { 'E', "if { int(5) 9:1 }" },
    { 'E', "if { int(5) 99999999999999999999 }" },
    { '1', "if { int(5) -m bool }" },
    { '0', "if { int(0) -m bool }" },
    { '1', "if { int(5) -m str 5 }" },
    { '1', "if { always_true 0 }" },
    { '1', "if { str(12abc) -m int 12 }" },
    { '0', "if { str() -m int 0 }" },
    { '1', "if { str() -m found }" },
    /* methods */
    { '1', "if METH_GET" },
    { '0', "if METH_HEAD" },
    { '1', "if { method POST GET }" },
    { '0', "if { method -i get }" },
    { '1', "if { method -m str -i get }" },
    { 'E', "if { meth(GET) GET }" },
    { '1', "if HTTP_1.1" },
    { '1', "if HTTP_URL_SLASH" },
    { '0', "if LOCALHOST" },
    { '1', "if { src 192.0.2.0/24 }" },
    /* flags */
    { 'E', "if { path -f }" },
    { 'E', "if { path -m }" },
    { 'E', "if { path -u 5x y }" },
    { 'E', "if { path -q }" },
    { 'E', "if { path --- }" },
    { '0', "if { path -- - }" },
};

static void test_cases(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char got = ask(f, CASES[i].text);
        if (got != CASES[i].holds)
            fail_msg("%s: %c, not %c: %s", CASES[i].text, got, CASES[i].holds, fixture_messages(f));
    }
}

static bool define(struct policy_fixture *f, const char *text)
{
    struct words w = fixture_words(f, text);

    return acl_parse(&f->pc, f->pc.scope.acls, &w);
}

static void test_named(void **state)
{
    struct policy_fixture *f = *state;

    assert_true(define(f, "img path_beg /images"));
    assert_true(define(f, "any path /none"));
    assert_true(define(f, "any path_end .png"));
    assert_true(define(f, "METH_GET method POST")); /* ours comes before the predefined one */
    assert_int_equal(ask(f, "if img any"), '1');
    assert_int_equal(ask(f, "if img !any"), '0');
    assert_int_equal(ask(f, "if METH_GET"), '0');
    assert_int_equal(ask(f, "if IMG"), 'E');
    assert_false(define(f, "a! path /"));
    assert_false(define(f, "or path /"));
    assert_false(define(f, "x"));
    assert_false(define(f, ""));
}

/* What is said, and where the caret is. */
static const struct {
    const char *text, *message;
} MESSAGES[] = {
    { "if METH_GTE", "test:1:4: error: there is no ACL 'METH_GTE' above this line\n" },
    { "if METH_GTE", "   |    ^^^^^^^^ did you mean 'METH_GET'?\n" },
    { "if !!nope", "test:1:6: error:" },
    { "if { path -m bge /x }", "test:1:14: error: unknown matching method 'bge'\n" },
    { "if { path -m bge /x }", "did you mean 'beg'?" },
    { "if { path_beg,lowr /x }", "test:1:15: error: unknown converter 'lowr'\n" },
    { "if { hdr(host),lowr x }", "test:1:16: error: unknown converter 'lowr'\n" },
    { "if { src 1.2.3.4/33 }",
      "test:1:10: error: '1.2.3.4/33' is not a valid IPv4 or IPv6 address\n" },
    { "if { path", "test:1:4: error: '{' has no '}'\n" },
    { "if { path }", "test:1:6: warning: 'path' has no pattern" },
    { "if { status 200 }", "test:1:4: warning: this never matches here\n" },
    { "if { path -x }", "a pattern that begins with '-' needs '--' before it" },
};

static void test_messages(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(MESSAGES); i++) {
        ask(f, MESSAGES[i].text);
        if (!strstr(fixture_messages(f), MESSAGES[i].message))
            fail_msg("%s says:\n%s", MESSAGES[i].text, fixture_messages(f));
    }
}

/* A predefined ACL whose fetch is not there fails only where it is used. */
static void test_missing_fetch(void **state)
{
    struct policy_fixture *f = *state;

    assert_int_equal(ask(f, "if TRUE"), '1');
    assert_int_equal(ask(f, "if RDP_COOKIE"), 'E');
}

static void test_parts(void **state)
{
    struct policy_fixture *f = *state;
    struct words w = fixture_words(f, "unless TRUE !{ path_beg /a /b } or FALSE");
    const struct condition *cond;
    const struct condition_term *terms;

    assert_true(condition_parse(&f->pc, &w, &cond));
    assert_true(condition_negated(cond));
    assert_int_equal(condition_terms(cond, &terms), 3);
    assert_true(slice_is(acl_name(terms[0].acl), "TRUE"));
    assert_true(terms[0].begins && !terms[1].begins && terms[2].begins && terms[1].negate);
    assert_int_equal(acl_name(terms[1].acl).n, 0);
    assert_true(slice_is(acl_tests(terms[1].acl)->text, "path_beg /a /b"));
    assert_true(slice_is(acl_tests(terms[1].acl)->expr->text, "path"));
}

/* ---- conditions in a row ---- */

enum { IN_A_ROW = 12 };

static const struct condition_index *index_of(struct policy_fixture *f, const char *fmt)
{
    const struct condition **all = arena_alloc(f->pc.cfg->arena, IN_A_ROW * sizeof(*all));

    for (unsigned i = 0; i < IN_A_ROW; i++) {
        char line[64];
        struct words w;
        snprintf(line, sizeof line, fmt, i, i);
        w = fixture_words(f, line);
        assert_true(condition_parse(&f->pc, &w, &all[i]));
    }
    assert_true(args_resolve(&f->pc));
    pattern_sets_finish(&f->pc);
    return condition_index_new(&f->pc, all, IN_A_ROW);
}

static unsigned first_for(struct policy_fixture *f, const struct condition_index *ix,
                          const char *path)
{
    char head[64];

    snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nhost: h\r\n\r\n", path);
    fixture_request(f, head);
    return condition_index_first(ix, &f->c);
}

/* Whatever the Runtime API does to a set holds for the row of conditions, too. */
static void change_in_a_row(struct policy_fixture *f, const char *fmt, const char *id)
{
    const struct condition_index *ix = index_of(f, fmt);
    struct pattern_ref *r = pattern_sets_find(f->pc.patterns, slice_str(id))->ref;
    char why[PATTERN_WHY_MAX];

    assert_int_equal(first_for(f, ix, "/5"), 5);
    assert_int_equal(first_for(f, ix, "/new"), IN_A_ROW);
    assert_int_equal(pattern_ref_add(r, 0, SLICE("/new"), NULL, why), PATTERN_CHANGED);
    assert_int_equal(first_for(f, ix, "/new"), 5);
    assert_int_equal(pattern_ref_delete(r, SLICE("/5")), PATTERN_CHANGED);
    assert_int_equal(first_for(f, ix, "/5"), IN_A_ROW);
    assert_int_equal(first_for(f, ix, "/7"), 7);
}

static void test_changed_in_a_row(void **state)
{
    change_in_a_row(*state, "if { path /%u }", "#5");
}

static void test_numbered_in_a_row(void **state)
{
    change_in_a_row(*state, "if { path -u 10%u /%u }", "#105");
}

/* ---- replacements from a map ---- */

/* Short ones and those that need room of their own. */
static void test_replaced_groups(void **state)
{
    enum { LONG = 2000 };
    char path[64], expr[128], expected[LONG + 16];
    struct policy_fixture *f = *state;
    FILE *out;

    snprintf(path, sizeof path, "/tmp/gatehouse-regm-%d", (int)getpid());
    out = fopen(path, "w");
    assert_non_null(out);
    memset(expected, 'x', LONG);
    fprintf(out, "^/(.)([a-z]*)$ \\2.\\1\n^/(.)-$ %.*s\\1\n", LONG, expected);
    fclose(out);
    snprintf(expr, sizeof expr, "path,map_regm(%s,none)", path);
    fixture_request(f, "GET /image HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_string_equal(fixture_eval(f, expr), "mage.i");
    fixture_request(f, "GET /i- HTTP/1.1\r\nhost: h\r\n\r\n");
    strcpy(expected + LONG, "i");
    assert_string_equal(fixture_eval(f, expr), expected);
    fixture_request(f, "GET /a/b HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_string_equal(fixture_eval(f, expr), "none");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_fetch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed_in_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbered_in_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaced_groups, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
