/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "policy/regex.h"
#include "policy_fixture.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>

/* ---- rows that give back their arguments ---- */

static void show(struct context *c, FILE *out, const struct arg *a)
{
    char text[INET6_ADDRSTRLEN];
    struct slice s;
    int64_t n;

    switch (a->type) {
    case ARG_STR:
    case ARG_ENV: fprintf(out, "<%.*s>", SLICE_ARG(a->str)); break;
    case ARG_SINT:
    case ARG_TIME:
    case ARG_SIZE: fprintf(out, "%" PRId64, a->sint); break;
    case ARG_IPV4:
    case ARG_MASK4: fputs(inet_ntop(AF_INET, &a->ipv4, text, sizeof text), out); break;
    case ARG_IPV6:
    case ARG_MASK6: fputs(inet_ntop(AF_INET6, &a->ipv6, text, sizeof text), out); break;
    case ARG_VAR: fprintf(out, "var %.*s", SLICE_ARG(a->var.text)); break;
    case ARG_VAR_OR_SINT:
        if (arg_number(c, a, &n)) fprintf(out, "%" PRId64, n);
        break;
    case ARG_VAR_OR_STR:
        if (arg_string(c, a, &s)) fprintf(out, "<%.*s>", SLICE_ARG(s));
        break;
    case ARG_REGEX:
        fputs(regex_match(a->regex, SLICE("xay"), false, NULL) ? "yes" : "no", out);
        break;
    default: fputs((const char *)a->thing, out);
    }
}

static bool get_args(struct context *c, const struct arg *args, struct sample *out)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    for (; args->type != ARG_END; args++) {
        if (args->given)
            show(c, f, args);
        else
            fputc('-', f);
        fputc(' ', f);
    }
    fprintf(f, "%" PRIdPTR, args_param(args));
    fclose(f);
    sample_str(out, arena_copy(c->arena, slice_of(text, n)));
    free(text);
    return true;
}

static bool check_regex(struct policy_cfg *pc, struct arg *args)
{
    return arg_regex(pc, &args[0], REGEX_NOCASE);
}

static bool check_refuse(struct policy_cfg *pc, struct arg *args)
{
    return args[0].given ? arg_error(pc, &args[0], "'%.*s' won't do", SLICE_ARG(args[0].str))
                         : true;
}

#define ROW(name_, ...)                                                         \
    {                                                                           \
        .name = name_, .args = __VA_ARGS__, .type = SAMPLE_STR, .get = get_args \
    }

static const struct fetch ROWS[] = {
    { .name = "none", .type = SAMPLE_STR, .get = get_args, .param = 7 },
    ROW("s", ARGS(1, ARG_STR)),
    ROW("os", ARGS(0, ARG_STR)),
    ROW("ss", ARGS(2, ARG_STR, ARG_STR)),
    ROW("i", ARGS(1, ARG_SINT)),
    ROW("oi", ARGS(0, ARG_SINT, ARG_STR)),
    ROW("is", ARGS(2, ARG_SINT, ARG_STR, ARG_SINT)),
    ROW("si", ARGS(1, ARG_STR, ARG_SINT, ARG_STR)),
    ROW("t", ARGS(1, ARG_TIME)),
    ROW("z", ARGS(1, ARG_SIZE)),
    ROW("v4", ARGS(1, ARG_IPV4)),
    ROW("v6", ARGS(1, ARG_IPV6)),
    ROW("m", ARGS(1, ARG_MASK4, ARG_MASK6)),
    ROW("var", ARGS(1, ARG_VAR)),
    ROW("vi", ARGS(1, ARG_VAR_OR_SINT)),
    ROW("vs", ARGS(1, ARG_VAR_OR_STR)),
    ROW("env", ARGS(1, ARG_ENV)),
    ROW("be", ARGS(1, ARG_BACKEND)),
    ROW("srv", ARGS(1, ARG_SERVER)),
    ROW("otab", ARGS(0, ARG_TABLE)),
    ROW("eight",
        ARGS(8, ARG_SINT, ARG_SINT, ARG_SINT, ARG_SINT, ARG_SINT, ARG_SINT, ARG_SINT, ARG_SINT)),
    { .name = "re",
      .args = ARGS(1, ARG_REGEX),
      .type = SAMPLE_STR,
      .get = get_args,
      .check = check_regex },
    { .name = "refuse",
      .args = ARGS(0, ARG_STR),
      .type = SAMPLE_STR,
      .get = get_args,
      .check = check_refuse },
};

static const struct fetch_table TABLE = FETCH_TABLE("Test", ROWS);
static const struct fetch_table *const FETCHES[] = { &TABLE, NULL };

static const void *resolve(struct policy_cfg *pc, enum arg_type type,
                           const struct policy_scope *scope, struct slice name)
{
    (void)pc;
    (void)scope;
    if (name.n == 0) return type == ARG_SERVER ? NULL : "itself";
    return slice_is(name, "known") ? "found" : NULL;
}

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, FETCHES, NULL);
    f->pc.resolve = resolve;
    environment_set(&f->cfg.env, SLICE("GATEHOUSE_TEST"), SLICE("value"));
    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
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

static void check_rows(struct policy_fixture *f, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = fixture_eval(f, rows[i].expr);
        if (strcmp(got, rows[i].result) != 0) fail_msg("%s gave %s", rows[i].expr, got);
    }
}

/* Quotes, backslashes and blanks within parentheses. */
static void texts(void **state)
{
    static const struct row ROWS_[] = {
        { "none", "7" },
        { "none()", "7" },
        { "s", "<> 0" }, /* as HAProxy: an argument that is needed and not there is empty */
        { "s()", "<> 0" },
        { "s(\"\")", "<> 0" },
        { "s(a)", "<a> 0" },
        { "s( a b )", "< a b > 0" },
        { "s(\"a,b\")", "<a,b> 0" },
        { "s('a,b')", "<a,b> 0" },
        { "s(a\",\"b)", "<a,b> 0" },
        { "s(\"a)b\")", "<a)b> 0" },
        { "s(\"it's\")", "<it's> 0" },
        { "s('say \"x\"')", "<say \"x\"> 0" },
        { "s(a\\\"b)", "<a\"b> 0" },
        { "s(a\\\\b)", "<a\\b> 0" },
        { "s(a\\ b)", "<a b> 0" },
        { "s(a\\db)", "<a\\db> 0" },
        { "s(a\\tb)", "<a\tb> 0" },
        { "s('a\\tb')", "<a\\tb> 0" },
        { "s(\"a\\tb\")", "<a\tb> 0" },
        { "s((a)", "<(a> 0" },
        { "os", "- 0" },
        { "os()", "<> 0" },
        { "ss(a,b)", "<a> <b> 0" },
        { "ss(,b)", "<> <b> 0" },
        { "ss(a,)", "<a> <> 0" },
    };
    check_rows(*state, ROWS_, ARRAY_LEN(ROWS_));
}

static void values(void **state)
{
    static const struct row ROWS_[] = {
        { "i(5)", "5 0" },
        { "i(+5)", "5 0" },
        { "i(-5)", "-5 0" },
        { "i(-)", "0 0" },
        { "i(\"5\")", "5 0" },
        { "i(99999999999999999999)", "9223372036854775807 0" },
        { "oi", "- - 0" },
        { "oi()", "- - 0" },
        { "oi(1)", "1 - 0" },
        { "oi(1,a)", "1 <a> 0" },
        { "is(1,.)", "1 <.> - 0" },
        { "is(1,.,)", "1 <.> - 0" },
        { "is(1,.,0)", "1 <.> 0 0" },
        { "si(a)", "<a> - - 0" },
        { "t(5)", "5 0" },
        { "t(5s)", "5000 0" },
        { "z(1k)", "1024 0" },
        { "v4(1.2.3.4)", "1.2.3.4 0" },
        { "v6(::1)", "::1 0" },
        { "m(24)", "255.255.255.0 - 0" },
        { "m(0)", "0.0.0.0 - 0" },
        { "m(32,128)", "255.255.255.255 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 0" },
        { "m(255.255.0.0,ffff::)", "255.255.0.0 ffff:: 0" },
        { "m(9,9)", "255.128.0.0 ff80:: 0" },
        { "var(txn.a)", "var txn.a 0" },
        { "vi(5)", "5 0" },
        { "vi()", "0 0" },
        { "vi(txn.a)", " 0" }, /* it is not set */
        { "vs(txn)", "<txn> 0" },
        { "env(GATEHOUSE_TEST)", "<value> 0" },
        { "env(GATEHOUSE_NO_SUCH)", "- 0" },
        { "env", "- 0" },
        { "be(known)", "found 0" },
        { "be", "itself 0" },
        { "be()", "itself 0" },
        { "srv(known)", "found 0" },
        { "otab", "- 0" },
        { "otab()", "itself 0" },
        { "eight(1,2,3,4,5,6,7,8)", "1 2 3 4 5 6 7 8 0" },
        { "re(A)", "yes 0" },
        { "re(b)", "no 0" },
        { "refuse", "- 0" },
    };
    check_rows(*state, ROWS_, ARRAY_LEN(ROWS_));
}

static void refused(void **state)
{
    static const struct row ROWS_[] = {
        { "none(a)", "! fetch 'none' takes no arguments" },
        { "none(", "! fetch 'none' lacks a ')' behind its arguments" },
        { "s(a", "! fetch 's' lacks a ')' behind its arguments" },
        { "s(\"a)", "! fetch 's' lacks a ')' behind its arguments" },
        { "s(a,b)", "! fetch 's' has too many arguments" },
        { "s(a,)", "! fetch 's' has too many arguments" },
        { "ss(a)", "! fetch 'ss' lacks an argument" },
        { "i", "! argument 1 of fetch 'i' is empty: it must be an integer" },
        { "i()", "! argument 1 of fetch 'i' is empty: it must be an integer" },
        { "i(x)", "! argument 1 of fetch 'i' must be an integer, not 'x'" },
        { "i(12x)", "! argument 1 of fetch 'i' must be an integer, not '12x'" },
        { "i( 5)", "! argument 1 of fetch 'i' must be an integer, not ' 5'" },
        { "i(--5)", "! argument 1 of fetch 'i' must be an integer, not '--5'" },
        { "oi(,a)", "! fetch 'oi' can't have a number left out before others" },
        { "si(a,,b)", "! fetch 'si' can't have a number left out before others" },
        { "is(,.)", "! argument 1 of fetch 'is' is empty: it must be an integer" },
        { "t(5x)", "! argument 1 of fetch 't' must be a time, not '5x'" },
        { "t(99d)", "! argument 1 of fetch 't' must be a time, not '99d'" },
        { "z(-1)", "! argument 1 of fetch 'z' must be a size, not '-1'" },
        { "v4(1.2.3)", "! argument 1 of fetch 'v4' must be an IPv4 address, not '1.2.3'" },
        { "v6(1.2.3.4)", "! argument 1 of fetch 'v6' must be an IPv6 address, not '1.2.3.4'" },
        { "m(33)", "! argument 1 of fetch 'm' must be a mask of IPv4 (0 to 32, or as an address), "
                   "not '33'" },
        { "m(8,129)", "! argument 2 of fetch 'm' must be a mask of IPv6 (0 to 128, or as an "
                      "address), not '129'" },
        { "var(x)", "! argument 1 of fetch 'var' must be a variable, not 'x'" },
        { "var", "! argument 1 of fetch 'var' must be a variable, not ''" },
        { "vi(x)", "! argument 1 of fetch 'vi' must be an integer or a variable, not 'x'" },
        { "be(nope)", "! fetch 'be' names backend 'nope', which does not exist" },
        { "srv", "! fetch 'srv' needs the name of a server here" },
        { "re(()", "! '(' is no regular expression: missing closing parenthesis, at its byte 2" },
        { "refuse(x)", "! 'x' won't do" },
        { "eight(1,2,3,4,5,6,7,8,9)", "! fetch 'eight' has too many arguments" },
    };
    check_rows(*state, ROWS_, ARRAY_LEN(ROWS_));
}

/* The caret stands under the argument. */
static void places(void **state)
{
    static const struct row ROWS_[] = {
        { "is(1,a,x)", "test:1:8: error: argument 3 of fetch 'is' must be an integer, not 'x'\n"
                       "    1 | is(1,a,x)\n"
                       "      |        ^\n" },
        { "i(abc)", "test:1:3: error: argument 1 of fetch 'i' must be an integer, not 'abc'\n"
                    "    1 | i(abc)\n"
                    "      |   ^^^\n" },
        { "s(a,b)", "test:1:5: error: fetch 's' has too many arguments\n"
                    "    1 | s(a,b)\n"
                    "      |     ^^ its arguments are (<string>)\n" },
    };
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(ROWS_); i++) {
        fixture_eval(f, ROWS_[i].expr);
        assert_string_equal(fixture_messages(f), ROWS_[i].result);
    }
}

static void described(void **state)
{
    struct policy_fixture *f = *state;

    assert_string_equal(args_describe(&f->config, &ROWS[0].args), "");
    assert_string_equal(args_describe(&f->config, &(struct arg_spec)ARGS(1, ARG_STR)),
                        "(<string>)");
    assert_string_equal(
        args_describe(&f->config, &(struct arg_spec)ARGS(1, ARG_STR, ARG_SINT, ARG_VAR)),
        "(<string>[,<integer>[,<var>]])");
    assert_string_equal(args_describe(&f->config, &(struct arg_spec)ARGS(0, ARG_BACKEND)),
                        "([<backend>])");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts, setup, teardown),
        cmocka_unit_test_setup_teardown(values, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(places, setup, teardown),
        cmocka_unit_test_setup_teardown(described, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
