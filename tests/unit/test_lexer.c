/* SPDX-License-Identifier: Apache-2.0 */
/* The lexer, compared with what HAProxy 2.6.12 makes of the same lines (its `.notice` shows a
 * word). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "lang/lexer.h"

#include <stdlib.h>

struct fixture {
    struct arena arena;
    struct diag diag;
    struct environment env;
    struct source source;
    struct lexer lx;
};

static void setup(struct fixture *f, struct slice text)
{
    static const struct {
        const char *name, *value;
    } VARS[] = {
        { "A", "1" },     { "LIST", "x  y z" },     { "EMPTY", "" },
        { "QQ", "a\"b" }, { "SP", " lead trail " },
    };

    arena_init(&f->arena, NULL);
    diag_init(&f->diag);
    environment_init(&f->env, &f->arena);
    environment_reset(&f->env, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(VARS); i++)
        environment_set(&f->env, slice_str(VARS[i].name), slice_str(VARS[i].value));
    f->source = (struct source){ .name = "test.cfg", .text = text };
    lexer_init(&f->lx, &f->arena, &f->diag, &f->env, &f->source);
    f->lx.section = "api";
}

static void teardown(struct fixture *f)
{
    lexer_release(&f->lx);
    environment_release(&f->env);
    diag_release(&f->diag);
    arena_release(&f->arena);
}

/* All words as "[a][b]", lines behind each other with a newline. */
static void show(struct fixture *f, char *out, size_t size)
{
    struct line line;
    size_t n = 0;

    out[0] = '\0';
    while (lexer_next(&f->lx, &line)) {
        if (n) n += (size_t)snprintf(out + n, size - n, "\n");
        for (unsigned i = 0; i < line.n; i++)
            n += (size_t)snprintf(out + n, size - n, "[%s]", line.words[i].text.p);
        assert_true(n < size);
    }
}

static char *messages(struct fixture *f)
{
    static char text[4096];
    FILE *out = fmemopen(text, sizeof(text), "w");

    diag_print(&f->diag, out);
    fclose(out);
    return text;
}

static void words(void **state)
{
    static const struct {
        const char *text, *words;
    } CASES[] = {
        { "", "" },
        { "\n\n  \t\n", "" },
        { "a b\n", "[a][b]" },
        { " \t a\v\fb \n", "[a][b]" },
        { "a\r\nb\r\n", "[a]\n[b]" },
        { "a # \r b\n", "[a]" },
        { "# a\nb # c\n", "[b]" },
        { "a#b\n", "[a]" },
        { "a\\#b\n", "[a#b]" },
        { "a\\ b\n", "[a b]" },
        { "a\\tb\\n\\r\n", "[a\tb\n\r]" },
        { "a\\qb \\1\n", "[a\\qb][\\1]" },
        { "a\\x41b\\x7A\n", "[aAbz]" },
        { "\\\n", "[\\]" },
        { "a\\\n", "[a\\]" },
        { "a\\\\b\n", "[a\\b]" },
        { "\\\\\\x5c\n", "[\\\\]" },
        { "\\\"a\\\" \\'a\n", "[\"a\"]['a]" },
        { "a\\\tb\n", "[a\\][b]" },
        { "$A \\$A\n", "[$A][\\$A]" },
        { "\"a\\$A $A ${A}b $Ax\"\n", "[a$A 1 1b ]" },
        { "'$A\\\\ \\x41'\n", "[$A\\\\ \\x41]" },
        { "\"a\\\"b\"\n", "[a\"b]" },
        { "\"\\'a\"\n", "['a]" },
        { "\"\\ a\\\tb\"\n", "[ a\\\tb]" },
        { "\"a#b\" # c\n", "[a#b]" },
        { "'a#b'c#d\n", "[a#bc]" },
        { "a\"b c\"'d \"e'f\n", "[ab cd \"ef]" },
        { "\"it's\"\n", "[it's]" },
        { "a \"\"\n", "[a][]" },
        { "a '' b\n", "[a][][b]" },
        { "\"\" foo\nb\n", "[b]" },
        { "\xef\xbb\xbf"
          "a\n",
          "[a]" },
        { "a\xa0"
          "b\n",
          "[a\xa0"
          "b]" },
        /* variables */
        { "\"$NOPE-def ${NOPE-def} ${NOPE-} ${NOPE} ${EMPTY-def}|\"\n", "[-def def   |]" },
        { "\"${NOPE-127.0.0.1}:514\"\n", "[127.0.0.1:514]" },
        { "\"${NOPE-a\\}b}\"\n", "[a\\b}]" },
        { "\"${A-a\\}b}\"\n", "[1b}]" },
        { "\"${NOPE-d$A\"c}\"\n", "[d$A\"c]" },
        { "\"${NOPE-'x'#}\"\n", "['x'#]" },
        { "\"$QQ\"\n", "[a\"b]" },
        { "\"$LIST\"\n", "[x  y z]" },
        { "\"${LIST[*]}\"\n", "[x][y][z]" },
        { "\"a${LIST[*]}b\"c\n", "[ax][y][zbc]" },
        { "\"$LIST[*]\"\n", "[x  y z[*]]" },
        { "\"${NOPE[*]-d e f}\"\n", "[d][e][f]" },
        { "a \"${SP[*]}\" b\n", "[a][][lead][trail][][b]" },
        { "a \"${NOPE[*]}\" b\n", "[a][][b]" },
        { "a \"${NOPE[*]}\"\n", "[a]" },
        { "a \"$EMPTY\" \"$NOPE\"\n", "[a]" },
        { "a\"${EMPTY[*]}\"b\"${NOPE[*]}\"c\n", "[abc]" },
        { "\"$.FILE $.LINE ${.LINE}\"\n\"<$.SECTION> ${.LINE-x}\"\n", "[test.cfg 1 1]\n[<api> 2]" },
        { "\"${A}$A\\x41\\n|\"\n", "[11A\n|]" },
    };
    char out[512];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct fixture f;
        setup(&f, slice_str(CASES[i].text));
        show(&f, out, sizeof(out));
        if (f.diag.n_errors) fail_msg("%s: %s", CASES[i].text, messages(&f));
        assert_string_equal(out, CASES[i].words);
        teardown(&f);
    }
}

static void errors(void **state)
{
    static const struct {
        struct slice text;
        const char *begins;
        const char *words; /* of the lines that are left */
    } CASES[] = {
        { SLICE_LIT("a \"b\nc\n"), "test.cfg:1:3: error: unmatched quote", "[c]" },
        { SLICE_LIT("a 'b\n"), "test.cfg:1:3: error: unmatched quote", "" },
        { SLICE_LIT("'a\\'b'\n"), "test.cfg:1:6: error: unmatched quote", "" },
        { SLICE_LIT("\"a\\\n"), "test.cfg:1:1: error: unmatched quote", "" },
        { SLICE_LIT("a\\x4\n"), "test.cfg:1:2: error: '\\x' needs two", "" },
        { SLICE_LIT("a\\x4gzz\n"), "test.cfg:1:2: error: '\\x' needs two", "" },
        { SLICE_LIT("a \\x00\n"), "test.cfg:1:3: error: a word can't hold a NUL", "" },
        { SLICE_LIT("\"${A\"\n"), "test.cfg:1:2: error: unmatched brace", "" },
        { SLICE_LIT("\"${A x}\"\n"), "test.cfg:1:2: error: unmatched brace", "" },
        { SLICE_LIT("\"${A-x\"\n"), "test.cfg:1:2: error: unmatched brace", "" },
        { SLICE_LIT("\"$1\"\n"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"$\"\n"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"$"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"${}\"\n"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"$$A\"\n"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"$.NOPE\"\n"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"$.LINEX\"\n"), "test.cfg:1:2: error: a variable's name", "" },
        { SLICE_LIT("\"${LIST[*}\"\n"), "test.cfg:1:8: error: only '[*]'", "" },
        { SLICE_LIT("\"${LIST[1]}\"\n"), "test.cfg:1:8: error: only '[*]'", "" },
        { SLICE_LIT("a \r b\nc\r\n"), "test.cfg:1:3: error: a carriage return", "[c]" },
        { SLICE_LIT("'\r'\n"), "test.cfg:1:2: error: a carriage return", "" },
        { SLICE_LIT("a\r\r\n"), "test.cfg:1:2: error: a carriage return", "" },
        { SLICE_LIT("a\nb"), "test.cfg:2:2: error: the last line has no LF", "[a]\n[b]" },
        { SLICE_LIT("a\n# b"), "test.cfg:2:4: error: the last line has no LF", "[a]" },
        { SLICE_LIT("a\nb\0c\nd\n"), "test.cfg:2:2: error: a NUL byte", "[a]" },
    };
    char out[512];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct fixture f;
        setup(&f, CASES[i].text);
        show(&f, out, sizeof(out));
        assert_true(f.diag.n_errors > 0);
        if (strncmp(messages(&f), CASES[i].begins, strlen(CASES[i].begins)) != 0)
            fail_msg("%s: %s", CASES[i].text.p, messages(&f));
        assert_string_equal(out, CASES[i].words);
        teardown(&f);
    }
}

static void places(void **state)
{
    struct fixture f;
    struct line line;

    (void)state;
    setup(&f, SLICE("\n  bind \"a b\" c\\ d \"${LIST[*]}\"\n"));
    assert_true(lexer_next(&f.lx, &line));
    assert_int_equal(line.n, 6);
    for (unsigned i = 0; i < line.n; i++) assert_int_equal(line.words[i].at.line, 2);
    assert_int_equal(line.words[0].at.column, 3);
    assert_int_equal(line.words[0].at.width, 4);
    assert_false(line.words[0].quoted);
    assert_int_equal(line.words[1].at.column, 8);
    assert_int_equal(line.words[1].at.width, 5);
    assert_true(line.words[1].quoted);
    assert_int_equal(line.words[2].at.column, 14);
    assert_int_equal(line.words[2].at.width, 4);
    assert_true(line.words[2].quoted);
    assert_int_equal(line.words[4].at.column, 20);
    assert_true(line.words[4].expanded);
    assert_int_equal(line.at.column, 3);
    assert_false(lexer_next(&f.lx, &line));
    teardown(&f);
}

/* 64 words are a line, 65 are not (HAProxy's limit). */
static void many_words(void **state)
{
    char text[256];
    struct line line;
    struct fixture f;

    (void)state;
    for (int n = 64; n <= 65; n++) {
        for (int i = 0; i < n; i++) memcpy(text + 2 * i, "a ", 2);
        text[2 * n] = '\n';
        setup(&f, slice_of(text, (size_t)(2 * n) + 1));
        assert_int_equal(lexer_next(&f.lx, &line), n == 64);
        assert_int_equal(f.diag.n_errors, n == 65);
        if (n == 64) assert_int_equal(line.n, 64);
        teardown(&f);
    }
}

/* A variable whose value is large cannot blow a line up. */
static void large_values(void **state)
{
    size_t n = LEXER_LINE_MAX / 8;
    char *value = mem_alloc(n);
    struct line line;
    struct fixture f;

    (void)state;
    memset(value, 'x', n);
    setup(&f, SLICE("a \"$BIG$BIG$BIG$BIG\"\nb \"$BIG$BIG$BIG$BIG$BIG$BIG$BIG$BIG$BIG\"\nc\n"));
    environment_set(&f.env, SLICE("BIG"), slice_of(value, n));
    assert_true(lexer_next(&f.lx, &line));
    assert_int_equal(line.words[1].text.n, 4 * n);
    assert_true(lexer_next(&f.lx, &line));
    assert_true(slice_is(line.words[0].text, "c"));
    assert_int_equal(f.diag.n_errors, 1);
    teardown(&f);
    free(value);
}

static void one_line(void **state)
{
    struct fixture f;
    char out[64];

    (void)state;
    setup(&f, SLICE("a#b # \"$A\""));
    f.lx.one_line = true;
    show(&f, out, sizeof(out));
    assert_string_equal(out, "[a#b][#][1]");
    assert_int_equal(f.diag.n_errors, 0);
    teardown(&f);
}

static void environment(void **state)
{
    struct arena a;
    struct environment e;
    struct slice keep[] = { SLICE("B"), SLICE("GATEHOUSE_TEST"), SLICE("NOPE") };
    char **list;

    (void)state;
    arena_init(&a, NULL);
    environment_init(&e, &a);
    setenv("GATEHOUSE_TEST", "own", 1);
    assert_string_equal(environment_get(&e, SLICE("GATEHOUSE_TEST")), "own");
    assert_null(environment_get(&e, SLICE("GATEHOUSE_TES")));
    assert_null(environment_get(&e, SLICE("")));
    environment_unset(&e, SLICE("GATEHOUSE_TEST"));
    assert_null(environment_get(&e, SLICE("GATEHOUSE_TEST")));
    environment_set(&e, SLICE("GATEHOUSE_TEST"), SLICE("new"));
    environment_set(&e, SLICE("B"), SLICE("2"));
    environment_set(&e, SLICE("C"), SLICE("3"));
    assert_string_equal(environment_get(&e, SLICE("GATEHOUSE_TEST")), "new");
    assert_string_equal(getenv("GATEHOUSE_TEST"), "own");
    environment_reset(&e, keep, 3);
    assert_string_equal(environment_get(&e, SLICE("B")), "2");
    assert_null(environment_get(&e, SLICE("C")));
    assert_null(environment_get(&e, SLICE("PATH")));
    list = environment_list(&e, &a);
    assert_string_equal(list[0], "B=2");
    assert_string_equal(list[1], "GATEHOUSE_TEST=new");
    assert_null(list[2]);
    environment_release(&e);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),       cmocka_unit_test(errors),       cmocka_unit_test(places),
        cmocka_unit_test(many_words),  cmocka_unit_test(large_values), cmocka_unit_test(one_line),
        cmocka_unit_test(environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
