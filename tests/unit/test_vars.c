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

static const struct fetch_table *const FETCHES[] = { &basic_fetches, NULL };

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, FETCHES, NULL);
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

static struct var_name named(struct policy_fixture *f, const char *text)
{
    struct var_name name;
    const char *why;

    if (!var_name_parse(f->pc.var_names, slice_str(text), &name, &why))
        fail_msg("%s: %s", text, why);
    return name;
}

/* Sets a variable to what an expression gives. */
static bool set(struct policy_fixture *f, const char *name, const char *expr, unsigned conditions)
{
    struct var_name v = named(f, name);
    struct word w = fixture_word(f, expr);
    struct slice rest = w.text;
    const struct expr *e = expr_parse(&f->pc, &w, &rest, false);
    struct sample s;

    assert_non_null(e);
    return expr_eval(e, &f->c, &s) && var_set(&f->c, &v, &s, conditions);
}

static bool unset(struct policy_fixture *f, const char *name)
{
    struct var_name v = named(f, name);
    return var_unset(&f->c, &v);
}

static void check(struct policy_fixture *f, const char *name, const char *typed)
{
    char expr[64];

    snprintf(expr, sizeof expr, "var(%s)", name);
    assert_string_equal(fixture_typed(f, expr), typed);
}

static void names(void **state)
{
    static const char *const GOOD[] = {
        "txn.a", "proc.A_9", "sess.a.b", "req..", "res.x", "check.x"
    };
    static const char *const BAD[] = { "",        "x",      "txn",     "txn.",     "TXN.a",
                                       "txn.a-b", " txn.a", "txn.a b", "global.a", "txn.\xc3\xa4" };
    struct policy_fixture *f = *state;
    struct var_name a, b;
    const char *why;

    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        a = named(f, GOOD[i]);
        assert_true(slice_is(a.text, GOOD[i]));
        b = named(f, GOOD[i]);
        assert_true(a.id == b.id && a.text.p == b.text.p);
    }
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
        if (var_name_parse(f->pc.var_names, slice_str(BAD[i]), &a, &why)) fail_msg("%s", BAD[i]);
    assert_int_equal(named(f, "txn.q").id, named(f, "sess.q").id);
    assert_int_not_equal(named(f, "txn.q").id, named(f, "txn.r").id);
}

static void types(void **state)
{
    static const struct {
        const char *expr, *typed;
    } CASES[] = {
        { "str(abc)", "str abc" },   { "str()", "str " },
        { "int(-5)", "sint -5" },    { "bool(1)", "bool 1" },
        { "bin(6162)", "bin ab" },   { "ipv4(1.2.3.4)", "ipv4 1.2.3.4" },
        { "ipv6(::1)", "ipv6 ::1" }, { "meth(GET)", "meth GET" },
        { "meth(FOO)", "meth FOO" },
    };
    static const char *const SCOPES_[] = { "proc.v", "sess.v", "txn.v", "req.v" };
    struct policy_fixture *f = *state;

    for (size_t s = 0; s < ARRAY_LEN(SCOPES_); s++) {
        check(f, SCOPES_[s], "-");
        for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
            assert_true(set(f, SCOPES_[s], CASES[i].expr, 0));
            check(f, SCOPES_[s], CASES[i].typed);
        }
        assert_true(unset(f, SCOPES_[s]));
        assert_true(unset(f, SCOPES_[s]));
        check(f, SCOPES_[s], "-");
    }
}

/* Which scopes there are, and what ends with what. */
static void scopes(void **state)
{
    struct policy_fixture *f = *state;

    assert_false(set(f, "res.a", "int(1)", 0));
    assert_false(unset(f, "res.a"));
    assert_false(set(f, "check.a", "int(1)", 0));
    assert_string_equal(fixture_eval(f, "var(res.a,d)"), "-");
    assert_string_equal(fixture_eval(f, "var(req.a,d)"), "d");
    assert_true(set(f, "req.a", "int(1)", 0));
    assert_true(set(f, "txn.a", "int(2)", 0));
    assert_true(set(f, "sess.a", "str(three)", 0));
    assert_true(set(f, "proc.a", "str(four)", 0));

    fixture_response(f, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    check(f, "req.a", "-");
    check(f, "res.a", "-");
    check(f, "txn.a", "sint 2");
    assert_true(set(f, "res.a", "int(5)", 0));
    check(f, "res.a", "sint 5");
    assert_false(set(f, "req.a", "int(1)", 0));

    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    check(f, "req.a", "-");
    check(f, "txn.a", "-");
    check(f, "sess.a", "str three");
    check(f, "proc.a", "str four");

    context_end(&f->c); /* a connection's own rules */
    assert_false(set(f, "txn.a", "int(1)", 0));
    assert_string_equal(fixture_eval(f, "var(txn.a,d)"), "-");
    check(f, "sess.a", "str three");
    f->c.client = NULL; /* the Runtime API */
    check(f, "sess.a", "-");
    check(f, "proc.a", "str four");
    f->c.client = &f->client;
}

/* As HAProxy 2.6 answers. `before`: what the variable is made by; "unset": set and unset; "fail":
 * made by a set-var whose condition failed. */
static void conditions(void **state)
{
    static const struct {
        const char *condition, *before, *expr;
        bool done;
    } CASES[] = {
        { "ifexists", NULL, "int(3)", false },      { "ifexists", "int(5)", "int(3)", true },
        { "ifexists", "unset", "int(3)", false },   { "ifexists", "fail", "int(3)", true },
        { "ifnotexists", NULL, "int(3)", true },    { "ifnotexists", "int(5)", "int(3)", false },
        { "ifnotexists", "unset", "int(3)", true }, { "ifnotexists", "fail", "int(3)", false },
        { "ifempty", NULL, "int(3)", false },       { "ifempty", "int(5)", "str()", true },
        { "ifempty", "int(5)", "bool(0)", false },  { "ifempty", "str()", "str(x)", false },
        { "ifnotempty", NULL, "int(0)", true },     { "ifnotempty", NULL, "str()", false },
        { "ifnotempty", NULL, "meth(GET)", true },  { "ifset", NULL, "int(3)", false },
        { "ifset", "str()", "int(3)", true },       { "ifset", "unset", "int(3)", false },
        { "ifset", "fail", "int(3)", false },       { "ifnotset", NULL, "int(3)", true },
        { "ifnotset", "str()", "int(3)", false },   { "ifnotset", "unset", "int(3)", true },
        { "ifnotset", "fail", "int(3)", true },     { "ifgt", NULL, "int(3)", true },
        { "ifgt", "int(5)", "int(3)", true },       { "ifgt", "int(5)", "int(5)", false },
        { "ifgt", "int(5)", "int(7)", false },      { "ifgt", "int(5)", "str(7)", true },
        { "ifgt", "str(5)", "int(7)", true },       { "iflt", "int(5)", "int(3)", false },
        { "iflt", "int(5)", "int(5)", false },      { "iflt", "int(5)", "int(7)", true },
    };
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *before = CASES[i].before;
        unsigned bit = var_condition_find(slice_str(CASES[i].condition));
        fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
        if (before && strcmp(before, "unset") == 0) {
            set(f, "txn.a", "int(1)", 0);
            unset(f, "txn.a");
        } else if (before && strcmp(before, "fail") == 0) {
            assert_false(set(f, "txn.a", "int(1)", VAR_IF_SET));
        } else if (before) {
            set(f, "txn.a", before, 0);
        }
        if (set(f, "txn.a", CASES[i].expr, bit) != CASES[i].done)
            fail_msg("%s, %s, %s", CASES[i].condition, before, CASES[i].expr);
    }
    assert_int_equal(var_condition_find(SLICE("ifnever")), 0);
    assert_true(set(f, "proc.a", "int(1)", VAR_IF_EXISTS));
    assert_false(set(f, "proc.b", "int(1)", VAR_IF_NOT_EXISTS));
    assert_false(set(f, "proc.b", "int(1)", VAR_IF_SET));
}

/* 80 bytes a variable and the bytes of its string; what a scope holds counts for those around it.
 */
static void limits(void **state)
{
    static const struct {
        struct var_limits limits;
        const char *name, *expr;
        bool done;
    } CASES[] = {
        { { .txn = 79 }, "txn.a", "int(1)", false },
        { { .txn = 80 }, "txn.a", "int(1)", true },
        { { .txn = 82 }, "txn.a", "str(abc)", false },
        { { .txn = 83 }, "txn.a", "str(abc)", true },
        { { .txn = 80 }, "txn.a", "meth(GET)", true },
        { { .txn = 82 }, "txn.a", "meth(FOO)", false },
        { { .reqres = 82 }, "req.a", "str(abc)", false },
        { { .reqres = 82 }, "txn.a", "str(abc)", true },
        { { .txn = 82 }, "req.a", "str(abc)", false },
        { { .txn = 82 }, "sess.a", "str(abc)", true },
        { { .sess = 82 }, "req.a", "str(abc)", false },
        { { .sess = 82 }, "txn.a", "str(abc)", false },
        { { .sess = 82 }, "sess.a", "str(abc)", false },
        { { .sess = 82 }, "proc.a", "str(abc)", true },
        { { .proc = 82 }, "req.a", "str(abc)", false },
        { { .proc = 82 }, "proc.a", "str(abc)", false },
        { { .global = 82 }, "sess.a", "str(abc)", false },
        { { .global = 83 }, "sess.a", "str(abc)", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct policy_fixture f;
        fixture_init(&f, FETCHES, NULL);
        fixture_request(&f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
        f.c.var_limits = &CASES[i].limits;
        if (set(&f, CASES[i].name, CASES[i].expr, 0) != CASES[i].done)
            fail_msg("case %zu: %s %s", i, CASES[i].name, CASES[i].expr);
        if (!CASES[i].done) check(&f, CASES[i].name, "-");
        fixture_release(&f);
    }
}

/* What is given up is counted no more. */
static void counts(void **state)
{
    static const struct var_limits LIMITS = { .sess = 1000, .proc = 1000, .txn = 1000 };
    struct policy_fixture *f = *state;

    f->c.var_limits = &LIMITS;
    for (unsigned i = 0; i < 50; i++) {
        fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
        assert_true(set(f, "txn.a", "str(0123456789)", 0));
        assert_true(set(f, "txn.a", "str(012345678901234567890123456789)", 0));
        assert_true(set(f, "req.a", "str(0123456789)", 0));
        assert_true(set(f, "sess.a", "str(0123456789)", 0));
        assert_int_equal(f->c.txn.size, 80 + 30 + 80 + 10);
        assert_int_equal(f->client.sess.size, 200 + 90);
        assert_int_equal(f->proc.size, 290);
        assert_true(unset(f, "txn.a"));
        assert_int_equal(f->proc.size, 180);
        fixture_response(f, "HTTP/1.1 200 OK\r\n\r\n");
        assert_int_equal(f->proc.size, 90);
    }
    vars_release(&f->client.sess, &LIMITS, &f->proc);
    assert_int_equal(f->proc.size, 0);
}

/* A reload may begin to count when there is something already that was not counted. */
static void counts_from_now(void **state)
{
    static const struct var_limits LIMITS = { .proc = 1000, .global = 1000 };
    struct policy_fixture *f = *state;

    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    f->c.var_limits = NULL;
    assert_true(set(f, "sess.a", "str(0123456789)", 0));
    f->c.var_limits = &LIMITS;
    vars_release(&f->client.sess, &LIMITS, &f->proc);
    assert_int_equal(f->proc.size, 0);
    assert_true(set(f, "txn.a", "str(0123456789)", 0));
}

/* A value that was read outlives the next set-var. */
static void aliases(void **state)
{
    static const char *const NAMES[] = { "proc.a", "sess.a", "txn.a", "req.a" };
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct var_name v = named(f, NAMES[i]);
        struct sample s = { 0 };
        assert_true(set(f, NAMES[i], "str(one)", 0));
        assert_true(var_get(&f->c, &v, &s));
        assert_true(set(f, NAMES[i], "str(two)", 0));
        assert_true(slice_is(s.str, "one"));
        assert_true(var_set(&f->c, &v, &s, 0));
        assert_true(unset(f, NAMES[i]));
        assert_true(slice_is(s.str, "one"));
    }
}

/* Workers that set and read one variable of the process: each reads a value that was set. */
static void *worker_thread(void *arg)
{
    struct policy_fixture *f = arg;
    struct arena arena;
    struct context c = { .arena = &arena, .proc = &f->proc };
    struct var_name v = named(f, "proc.shared");

    arena_init(&arena, NULL);
    for (unsigned i = 0; i < 2000; i++) {
        char text[64];
        struct sample s = { 0 };
        memset(text, 'a' + (int)(i % 26), sizeof text);
        sample_str(&s, slice_of(text, 1 + i % sizeof text));
        assert_true(var_set(&c, &v, &s, 0));
        if (i % 7 == 0) var_unset(&c, &v);
        if (!var_get(&c, &v, &s)) continue;
        for (size_t k = 1; k < s.str.n; k++)
            if (s.str.p[k] != s.str.p[0]) fail_msg("torn: %.*s", SLICE_ARG(s.str));
    }
    arena_release(&arena);
    return NULL;
}

static void shared(void **state)
{
    struct policy_fixture *f = *state;
    pthread_t threads[4];

    named(f, "proc.shared"); /* names are the control thread's: numbered before */
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker_thread, f), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names, setup, teardown),
        cmocka_unit_test_setup_teardown(types, setup, teardown),
        cmocka_unit_test_setup_teardown(scopes, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(counts, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_from_now, setup, teardown),
        cmocka_unit_test_setup_teardown(aliases, setup, teardown),
        cmocka_unit_test_setup_teardown(shared, setup, teardown),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
