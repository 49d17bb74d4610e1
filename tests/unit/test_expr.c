/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "policy/fetch_basic.h"
#include "policy_fixture.h"

#include <stdlib.h>

/* ---- a few rows ---- */

/* "a,b,c": each part is a value. */
static bool get_parts(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice rest = slice_from(args[0].str, out->at);
    struct slice part = slice_cut(&rest, ';');

    (void)c;
    out->at += (uint32_t)part.n + 1;
    out->more = rest.p != NULL;
    return sample_str(out, part);
}

static bool get_path(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->req && sample_str(out, c->req->path);
}

static bool get_nothing(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    (void)out;
    return false;
}

static bool to_upper(struct context *c, const struct arg *args, struct sample *s)
{
    char *p = context_room(c, s->str.n);

    (void)args;
    if (!p) return false;
    for (size_t i = 0; i < s->str.n; i++) {
        char b = s->str.p[i];
        p[i] = b >= 'a' && b <= 'z' ? (char)(b - 32) : b;
    }
    s->str.p = p;
    return true;
}

static bool add(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;
    return arg_number(c, &args[0], &n) && sample_sint(s, s->sint + n);
}

/* Like HAProxy's `bytes`: what is cut stays what it was. */
static bool cut(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    s->str = slice_from(s->str, (size_t)args[0].sint);
    return true;
}

static bool only(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return slice_eq(s->str, args[0].str);
}

static bool identity(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    (void)s;
    return true;
}

static const struct fetch FETCH_ROWS[] = {
    { .name = "parts",
      .args = ARGS(1, ARG_STR),
      .type = SAMPLE_STR,
      .get = get_parts,
      .flags = FETCH_MANY },
    { .name = "path", .type = SAMPLE_STR, .need = NEED_REQUEST, .get = get_path },
    { .name = "be.name", .type = SAMPLE_STR, .need = NEED_BACKEND, .get = get_nothing },
    { .name = "nothing", .type = SAMPLE_STR, .get = get_nothing },
};

static const struct converter CONVERTER_ROWS[] = {
    { .name = "upper", .in = SAMPLE_STR, .out = SAMPLE_STR, .convert = to_upper },
    { .name = "add",
      .args = ARGS(1, ARG_VAR_OR_SINT),
      .in = SAMPLE_SINT,
      .out = SAMPLE_SINT,
      .convert = add },
    { .name = "cut",
      .args = ARGS(1, ARG_SINT),
      .in = SAMPLE_BIN,
      .out = SAMPLE_BIN,
      .convert = cut },
    { .name = "only",
      .args = ARGS(1, ARG_STR),
      .in = SAMPLE_STR,
      .out = SAMPLE_STR,
      .convert = only },
    { .name = "any", .in = SAMPLE_ANY, .out = SAMPLE_ANY, .convert = identity },
    { .name = "addr", .in = SAMPLE_ADDR, .out = SAMPLE_ADDR, .convert = identity },
    { .name = "meth", .in = SAMPLE_METH, .out = SAMPLE_METH, .convert = identity },
};

static const struct fetch_table TEST_FETCHES = FETCH_TABLE("Test", FETCH_ROWS);
static const struct converter_table TEST_CONVERTERS = CONVERTER_TABLE("Test", CONVERTER_ROWS);
static const struct fetch_table *const FETCHES[] = { &basic_fetches, &TEST_FETCHES, NULL };
static const struct converter_table *const CONVERTERS[] = { &TEST_CONVERTERS, NULL };

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, FETCHES, CONVERTERS);
    fixture_request(f, "GET /p HTTP/1.1\r\nhost: h\r\n\r\n");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

struct row {
    const char *expr, *result;
};

static void check_rows(struct policy_fixture *f, const struct row *rows, size_t n,
                       const char *eval(struct policy_fixture *, const char *))
{
    for (size_t i = 0; i < n; i++) {
        const char *got = eval(f, rows[i].expr);
        if (strcmp(got, rows[i].result) != 0) fail_msg("%s gave %s", rows[i].expr, got);
    }
}

static void chains(void **state)
{
    static const struct row ROWS[] = {
        { "str(abc)", "str abc" },
        { "str(abc),upper", "str ABC" },
        { "str(abc),,upper", "str ABC" },
        { "str(abc),upper,", "str ABC" },
        { "str(abc),", "str abc" },
        { "path,upper", "str /P" },
        { "int(5),upper", "str 5" },
        { "str(5x),add(1)", "sint 6" },
        { "bool(true),add(1)", "sint 2" },
        { "str(),add(1)", "-" },
        { "nothing,upper", "-" },
        { "int(1),add(txn.none)", "-" },
        { "ipv4(1.2.3.4),add(1)", "sint 16909061" },
        { "str(1.2.3.4),addr", "ipv4 1.2.3.4" },
        { "str(::1),addr", "ipv6 ::1" },
        { "str(x),addr", "-" },
        { "str(GET),meth,upper", "str GET" },
        /* A string stays one where bytes are asked for, and becomes a number all the same. */
        { "str(abc),cut(1)", "str bc" },
        { "str(a12),cut(1),any,add(1)", "sint 13" },
        { "bin(6162),cut(1)", "bin b" },
        { "bin(6162),upper", "str AB" },
        { "bin(6100),upper", "str A" },
        { "str(a),only(b),upper", "-" },
    };

    check_rows(*state, ROWS, ARRAY_LEN(ROWS), fixture_typed);
}

static void lines(void **state)
{
    static const struct row ROWS[] = {
        { "str(a) upper", "A" },
        { "str(a) upper,any", "A" },
        { "str(a), upper", "A" },
        { "'str(\"a,b\")' upper any", "A,B" },
        { "str(a\\ b)", "a b" },
        { "str(1) add(1) add(2),add(3)", "7" },
        { "str(a) nosuch", "! unexpected 'nosuch' behind 'str(a)'" },
        { "str(a) upper(", "! converter 'upper' lacks a ')' behind its arguments" },
        { "str(a)x", "! a ',' or the end of the word is missing behind the expression" },
        { "str(a))", "! a ',' or the end of the word is missing behind the expression" },
    };
    check_rows(*state, ROWS, ARRAY_LEN(ROWS), fixture_eval_line);
}

static void refused(void **state)
{
    static const struct row ROWS[] = {
        { "", "! the name of a fetch is missing here" },
        { ",upper", "! the name of a fetch is missing here" },
        { " str(a)", "! the name of a fetch is missing here" },
        { "strr(a)", "! unknown fetch 'strr'" },
        { "STR(a)", "! unknown fetch 'STR'" },
        { "str(a),uper", "! unknown converter 'uper'" },
        { "str(a),]", "! the name of a converter is missing behind ','" },
        { "str(a), upper", "! the name of a converter is missing behind ','" },
        { "str(a) ,upper", "! left over: ' ,upper'" },
        { "ipv6(::1),add(1)", "! converter 'add' takes the type 'sint', which can't be made of "
                              "'ipv6'" },
        { "bin(61),addr", "! converter 'addr' takes the type 'addr', which can't be made of "
                          "'bin'" },
        { "be.name", "! fetch 'be.name' needs a backend, which a frontend's http-request rule does "
                     "not have" },
        { "bool(2)", "! a boolean is 'true', 'false', '1' or '0', not '2'" },
        { "bin(616)", "! an even number of hex digits is needed, not 3" },
        { "bin(6g)", "! '6g' is no byte in hex" },
        { "bin()", "! hex digits are missing here" },
        { "meth(a b)", "! 'a b' is no method: it is not a token" },
        { "date(0,h)", "! the unit of a date is 's', 'ms' or 'us', not 'h'" },
        { "uuid(1)", "! only version 4 of UUIDs is made" },
    };
    struct policy_fixture *f = *state;

    check_rows(f, ROWS, ARRAY_LEN(ROWS), fixture_eval);
    fixture_eval(f, "str(a),uper");
    assert_string_equal(fixture_messages(f), "test:1:8: error: unknown converter 'uper'\n"
                                             "    1 | str(a),uper\n"
                                             "      |        ^^^^ did you mean 'upper'?\n");
    f->pc.scope.place = PLACE_BACKEND_REQUEST;
    assert_string_equal(fixture_eval(f, "be.name"), "-");
}

/* The caret stands under what is wrong, in words with quotes around them too. */
static void places(void **state)
{
    static const struct {
        const char *line;
        unsigned column;
    } CASES[] = {
        { "str(a),uper", 8 },           { "\"str(a),uper\"", 9 },
        { "'str(a),uper'", 9 },         { "str(a)\",uper\"", 1 },
        { "str(\\\"),uper", 1 },        { "\"str(\\\"),uper\"", 1 },
        { "\"str(${HOME}),uper\"", 1 }, { "\"int(x)\"", 6 },
        { "\"str(a),upper(1)\"", 15 },  { "strr(a)", 1 },
    };
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "test:1:%u: ", CASES[i].column);
        fixture_eval_line(f, CASES[i].line);
        if (strncmp(fixture_messages(f), expected, strlen(expected)) != 0)
            fail_msg("%s", fixture_messages(f));
    }
}

/* Conditions compile what can't be had, and never match. */
static void lenient(void **state)
{
    struct policy_fixture *f = *state;
    struct word w = fixture_word(f, "be.name,upper beg");
    struct slice rest = w.text;
    const struct expr *e = expr_parse(&f->pc, &w, &rest, true);

    assert_non_null(e);
    assert_true(slice_is(rest, " beg"));
    assert_true(slice_is(e->text, "be.name,upper"));
    assert_int_equal(e->fetch->need, NEED_BACKEND);
    assert_int_equal(e->type, SAMPLE_STR);
    assert_int_equal(f->diag.n, 0);
}

static void many(void **state)
{
    struct policy_fixture *f = *state;

    assert_string_equal(fixture_all(f, "parts(a;b;;c),upper"), "A|B||C");
    assert_string_equal(fixture_all(f, "parts(a),upper"), "A");
    assert_string_equal(fixture_all(f, "parts()"), "");
    assert_string_equal(fixture_eval(f, "parts(a;b)"), "a");
    /* A converter that fails ends the search, as in HAProxy. */
    assert_string_equal(fixture_all(f, "parts(a;b;a),only(a)"), "a");
}

static void basic(void **state)
{
    static const struct row ROWS[] = {
        { "always_true", "bool 1" },
        { "always_false()", "bool 0" },
        { "bool(TRUE)", "bool 1" },
        { "bool(0)", "bool 0" },
        { "int(-7)", "sint -7" },
        { "bin(0a)", "bin \n" },
        { "ipv4(1.2.3.4)", "ipv4 1.2.3.4" },
        { "ipv6(1:0::0)", "ipv6 1::" },
        { "meth(GET)", "meth GET" },
        { "meth()", "meth " },
        { "date", "sint 1700000000" },
        { "date(-10)", "sint 1699999990" },
        { "date(0,ms)", "sint 1700000000123" },
        { "date(1,us)", "sint 1700000000123457" },
        { "date_us", "sint 123456" },
        { "rand(1)", "sint 0" },
        { "rand(0)", "sint 0" },
        { "nbproc", "sint 1" },
        { "proc", "sint 1" },
        { "thread", "sint 0" },
        { "stopping", "bool 0" },
        { "var(txn.a)", "-" },
        { "var(txn.a,)", "str " },
    };
    atomic_bool stopping = true;
    struct policy_fixture *f = *state;
    const char *uuid;

    check_rows(f, ROWS, ARRAY_LEN(ROWS), fixture_typed);
    uuid = fixture_eval(f, "uuid");
    assert_int_equal(strlen(uuid), 36);
    assert_true(uuid[14] == '4' && strchr("89ab", uuid[19]));
    for (unsigned i = 0; i < 1000; i++) assert_true(atoi(fixture_eval(f, "rand(3)")) < 3);
    f->c.stopping = &stopping;
    assert_string_equal(fixture_eval(f, "stopping"), "1");
}

static void as_types(void **state)
{
    struct policy_fixture *f = *state;
    struct word w = fixture_word(f, "str(12x)");
    struct slice rest = w.text, text;
    const struct expr *e = expr_parse(&f->pc, &w, &rest, false);
    struct sample s;

    assert_true(expr_eval_as(e, &f->c, SAMPLE_SINT, &s) && s.type == SAMPLE_SINT && s.sint == 12);
    assert_true(expr_eval_as(e, &f->c, SAMPLE_BIN, &s) && s.type == SAMPLE_BIN);
    assert_false(expr_eval_as(e, &f->c, SAMPLE_ADDR, &s));
    assert_true(expr_string(e, &f->c, &text) && slice_is(text, "12x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chains, setup, teardown),
        cmocka_unit_test_setup_teardown(lines, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(places, setup, teardown),
        cmocka_unit_test_setup_teardown(lenient, setup, teardown),
        cmocka_unit_test_setup_teardown(many, setup, teardown),
        cmocka_unit_test_setup_teardown(basic, setup, teardown),
        cmocka_unit_test_setup_teardown(as_types, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
