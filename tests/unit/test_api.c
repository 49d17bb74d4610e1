/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the Runtime API, finding and listing commands, and the forms of values. */
#include "ops/api.h"
#include "ops/stats.h"
#include "ops/stats_info.h"

#include <stdlib.h>
#include <syslog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- lines ---- */

static void lines_are_split_into_commands_and_words(void **state)
{
    static const struct {
        const char *line, *commands; /* each word in brackets, each command before a '/' */
    } cases[] = {
        { "", "/" },
        { "help", "[help]/" },
        { "show stat", "[show][stat]/" },
        { "  show \t stat  ", "[show][stat]/" },
        { "a;b", "[a]/[b]/" },
        { "a ; b", "[a]/[b]/" },
        { ";", "//" },
        { "a;", "[a]//" },
        { ";a", "/[a]/" },
        { "a\\;b", "[a;b]/" },
        { "a\\ b", "[a b]/" },
        { "a\\\\;b", "[a\\]/[b]/" },
        { "\\s\\how", "[show]/" },
        { "a \\;", "[a][;]/" },
        { "a\\", "[a\\]/" },
        { "\"a b\"", "[\"a][b\"]/" },
        { "a;b c;d", "[a]/[b][c]/[d]/" },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *words[API_WORDS_MAX];
        char line[64], got[128] = "";
        char *at = line;

        snprintf(line, sizeof line, "%s", cases[i].line);
        for (char *end = line + strlen(line); at;) {
            unsigned n = api_line_command(&at, end, words);
            for (unsigned k = 0; k < n; k++) sprintf(got + strlen(got), "[%s]", words[k]);
            strcat(got, "/");
        }
        assert_string_equal(got, cases[i].commands);
    }
}

static void words_beyond_the_most_are_dropped(void **state)
{
    const char *words[API_WORDS_MAX];
    char line[1024] = "";
    char *at = line;
    (void)state;

    for (unsigned i = 0; i < API_WORDS_MAX + 10; i++) sprintf(line + strlen(line), "w%u ", i);
    strcat(line, "; next");
    assert_int_equal(api_line_command(&at, line + strlen(line), words), API_WORDS_MAX);
    assert_string_equal(words[API_WORDS_MAX - 1], "w63");
    assert_non_null(at);
    assert_int_equal(api_line_command(&at, at + strlen(at), words), 1);
    assert_string_equal(words[0], "next");
    assert_null(at);
}

static void ends_of_lines(void **state)
{
    static const struct {
        struct slice line;
        const char *trimmed;
        bool payload;
        const char *command;
    } cases[] = {
        { SLICE_LIT("show"), "show", false, "show" },
        { SLICE_LIT("show\r"), "show", false, "show" },
        { SLICE_LIT("show\r\r"), "show\r", false, "show\r" },
        { SLICE_LIT("a\0b"), "a", false, "a" },
        { SLICE_LIT("a\r\0b"), "a", false, "a" },
        { SLICE_LIT("set x <<"), "set x <<", true, "set x " },
        { SLICE_LIT("set x <<\r"), "set x <<", true, "set x " },
        { SLICE_LIT("<<"), "<<", true, "" },
        { SLICE_LIT("x\t<<"), "x\t<<", true, "x\t" },
        { SLICE_LIT("x<<"), "x<<", false, "x<<" },
        { SLICE_LIT("x << "), "x << ", false, "x << " },
        { SLICE_LIT("<"), "<", false, "<" },
        { SLICE_LIT(""), "", false, "" },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice s = api_line_trim(cases[i].line);

        assert_true(slice_is(s, cases[i].trimmed));
        assert_int_equal(api_line_take_payload(&s), cases[i].payload);
        assert_true(slice_is(s, cases[i].command));
    }
}

/* ---- texts ---- */

static void texts_grow_and_are_sent(void **state)
{
    struct text t = { 0 };
    char long_word[3000];
    (void)state;

    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    text_printf(&t, "%s,", "first");
    text_printf(&t, "%s;", long_word); /* does not fit at first */
    text_u64(&t, UINT64_MAX);
    text_char(&t, '\n');
    assert_int_equal(text_pending(&t), 6 + sizeof long_word + 20 + 1);
    assert_memory_equal(t.p, "first,xxx", 9);
    assert_memory_equal(t.p + t.n - 23, "x;18446744073709551615\n", 23);
    text_sent(&t, 6);
    assert_memory_equal(t.p + t.sent, "xxx", 3);
    text_sent(&t, text_pending(&t));
    assert_null(t.p);
    assert_int_equal(text_pending(&t), 0);
    text_str(&t, "again");
    assert_int_equal(text_pending(&t), 5);
    text_release(&t);
}

/* ---- finding, refusing, listing ---- */

static enum api_progress say_name(struct api_call *c)
{
    text_printf(c->out, "%s:%u\n", c->command->name, c->n_args);
    return API_DONE;
}

static const struct api_command some_rows[] = {
    { "show stat", "[<x>]", "the counters", API_USER, say_name, false },
    { "show stat more", "", "more counters", API_USER, say_name, false },
    { "show info", "", "the process", API_USER, say_name, false },
    { "set weight", "<n>", "the weight", API_ADMIN, say_name, false },
    { "clear", "", "nothing is left", API_OPERATOR, say_name, false },
};
static const struct api_commands some = API_COMMANDS(some_rows);
static const struct api_commands *const tables[] = { &some, &api_basic_commands, NULL };

/* What the API answers to a line of one command. Freed by the caller. */
static char *answer(const char *line, enum api_level level, enum api_severity severity)
{
    struct api api = { .commands = tables };
    struct api_session session = { .level = level, .severity = severity };
    const char *words[API_WORDS_MAX];
    struct text out = { 0 };
    char *copy = mem_strdup(line), *at = copy;
    struct api_call c = { .api = &api, .session = &session, .words = words, .out = &out };

    c.n_words = api_line_command(&at, copy + strlen(copy), words);
    api_find(&c);
    assert_int_equal(api_run(&c), API_DONE);
    api_call_end(&c);
    free(copy);
    text_char(&out, '\0');
    return out.p;
}

static void commands_are_found_by_their_longest_name(void **state)
{
    static const struct {
        const char *line, *answer;
        enum api_level level;
    } cases[] = {
        { "show stat", "show stat:0\n", API_USER },
        { "show stat less", "show stat:1\n", API_USER },
        { "show stat more", "show stat more:0\n", API_USER },
        { "show stat more or less", "show stat more:2\n", API_USER },
        { "clear", "Permission denied\n", API_USER },
        { "clear", "clear:0\n", API_OPERATOR },
        { "set weight 1", "Permission denied\n", API_OPERATOR },
        { "set weight 1", "set weight:1\n", API_ADMIN },
        { "show cli level", "operator\n", API_OPERATOR },
        { "operator", "Permission denied\n", API_USER },
        { "operator", "", API_ADMIN },
        { "set severity-output loud", "one of 'none', 'number', 'string' is a required argument\n",
          API_USER },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = answer(cases[i].line, cases[i].level, API_SEVERITY_NONE);
        assert_string_equal(got, cases[i].answer);
        free(got);
    }
}

static void messages_begin_with_their_severity(void **state)
{
    char *got = answer("clear", API_USER, API_SEVERITY_NUMBER);
    (void)state;

    assert_string_equal(got, "[3]: Permission denied\n");
    free(got);
    got = answer("clear", API_USER, API_SEVERITY_STRING);
    assert_string_equal(got, "[err]: Permission denied\n");
    free(got);
    got = answer("show cli level", API_USER, API_SEVERITY_STRING);
    assert_string_equal(got, "[info]: user\n");
    free(got);
    got = answer("show stat", API_USER, API_SEVERITY_STRING); /* no message */
    assert_string_equal(got, "show stat:0\n");
    free(got);
}

#define ALL "The following commands are valid at this level:\n"
#define LIKE "Unknown command, but maybe one of the following ones is a better match:\n"
#define UNKNOWN "Unknown command. Please enter one of the following commands only:\n"

static void lists_hold_what_was_meant(void **state)
{
    static const struct {
        const char *line, *title, *names; /* the first words of the rows, "always" left out */
        enum api_level level;
    } cases[] = {
        { "help", ALL,
          "set severity-output|show cli level|show info |show stat |show stat more|show version|"
          "user |",
          API_USER },
        { "help", ALL,
          "clear |operator |set severity-output|set weight|show cli level|show cli sockets|"
          "show info |show stat |show stat more|show version|user |",
          API_ADMIN },
        { "help show stat", ALL, "show stat |show stat more|", API_ADMIN },
        { "help show st", ALL, "show stat |show stat more|", API_ADMIN },
        { "help show stat more", ALL, "show stat more|", API_ADMIN },
        { "help set", ALL, "set severity-output|set weight|", API_ADMIN },
        { "help set", ALL, "set severity-output|", API_USER },
        { "help nothing-like-it", ALL, "", API_ADMIN },
        { "shwo info", LIKE, "show info |", API_USER },
        { "show inof", LIKE, "show info |", API_USER },
        { "sh in", LIKE, "show info |", API_USER },
        { "set", LIKE, "set severity-output|set weight|", API_ADMIN },
        { "set zzzzzz", LIKE, "set severity-output|set weight|", API_ADMIN },
        { "qqqqqq", UNKNOWN,
          "set severity-output|show cli level|show info |show stat |show stat more|show version|"
          "user |",
          API_USER },
        { "", UNKNOWN,
          "set severity-output|show cli level|show info |show stat |show stat more|show version|"
          "user |",
          API_USER },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = answer(cases[i].line, cases[i].level, API_SEVERITY_NONE), *p = got;
        struct slice names = slice_str(cases[i].names);

        assert_memory_equal(p, cases[i].title, strlen(cases[i].title));
        p += strlen(cases[i].title);
        while (names.n) {
            struct slice name = slice_cut(&names, '|');
            assert_memory_equal(p, "  ", 2);
            assert_memory_equal(p + 2, name.p, name.n);
            assert_memory_equal(p + 42, ": ", 2);
            p = strchr(p, '\n') + 1;
        }
        assert_memory_equal(p, "  help [<command>]", 18);
        p = strchr(p, '\n') + 1;
        assert_memory_equal(p, "  prompt  ", 10);
        p = strchr(p, '\n') + 1;
        assert_memory_equal(p, "  quit  ", 8);
        assert_string_equal(strchr(p, '\n'), "\n");
        free(got);
    }
}

/* ---- values ---- */

static void values_in_their_forms(void **state)
{
    const struct {
        struct stat_value value;
        const char *plain, *csv, *typed, *json;
    } cases[] = {
        { stat_none(), "", "", "MGP::", NULL },
        { stat_u32(7), "7", "7", "MGP:u32:7", "\"u32\",\"value\":7}" },
        { stat_u32(UINT64_MAX), "4294967295", "4294967295", "MGP:u32:4294967295",
          "\"u32\",\"value\":4294967295}" },
        { stat_s32(-1), "-1", "-1", "MGP:s32:-1", "\"s32\",\"value\":-1}" },
        { stat_u64(UINT64_MAX), "18446744073709551615", "18446744073709551615",
          "MGP:u64:18446744073709551615", "\"u64\",\"value\":18446744073709551615}" },
        { stat_float(0.5), "0.500000", "0.500000", "MGP:flt:0.500000",
          "\"flt\",\"value\":0.500000}" },
        { stat_text("no check"), "no check", "no check", "MGP:str:no check",
          "\"str\",\"value\":\"no check\"}" },
        { stat_text("a,b"), "a,b", "\"a,b\"", "MGP:str:a,b", "\"str\",\"value\":\"a,b\"}" },
        { stat_text("a\"b"), "a\"b", "\"a\"\"b\"", "MGP:str:a\"b",
          "\"str\",\"value\":\"a\\\"b\"}" },
        { stat_text("\\\t"), "\\\t", "\\\t", "MGP:str:\\\t", "\"str\",\"value\":\"\\\\\\u0009\"}" },
    };
    static const char json_head[] =
        "\"field\":{\"pos\":3,\"name\":\"name\"},\"processNum\":1,\"tags\":{\"origin\":"
        "\"Config\",\"nature\":\"Avg\",\"scope\":\"Service\"},\"value\":{\"type\":";
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct text t = { 0 };

        stat_put(&t, &cases[i].value);
        text_char(&t, '\0');
        assert_string_equal(t.p, cases[i].plain);
        text_sent(&t, t.n);
        stat_put_csv(&t, &cases[i].value);
        text_char(&t, '\0');
        assert_string_equal(t.p, cases[i].csv);
        text_sent(&t, t.n);
        stat_put_typed(&t, "MGP/XYZ", &cases[i].value);
        text_char(&t, '\0');
        assert_string_equal(t.p, cases[i].typed);
        text_sent(&t, t.n);
        if (!cases[i].json) continue;
        stat_put_json(&t, 3, "name", "CaS", &cases[i].value);
        text_char(&t, '\0');
        assert_memory_equal(t.p, json_head, sizeof json_head - 1);
        assert_string_equal(t.p + sizeof json_head - 1, cases[i].json);
        text_release(&t);
    }
}

/* ---- tables ---- */

static bool tags_are_good(const char *tags)
{
    return strspn(tags, "MSKCP") >= 1 && strchr("AaCDGLMmNORT", tags[1]) &&
           strchr("CPSs", tags[2]) && (tags[3] == '\0' || tags[3] == '/');
}

static void tables_are_whole(void **state)
{
    unsigned position = 0;
    (void)state;

    for (unsigned i = 0; i < STAT_COLUMNS; i++) {
        const struct stat_column *c = &stat_columns[i];

        assert_non_null(c->name);
        assert_true(tags_are_good(c->tags));
        if (c->tags[3]) assert_true(tags_are_good(c->tags + 4));
        assert_true(c->types == 0 || c->value);
        assert_true(c->doc && *c->doc);
        for (unsigned k = 0; k < i; k++) assert_string_not_equal(c->name, stat_columns[k].name);
    }
    for (unsigned i = 0; i < info_n_fields; i++) {
        const struct info_field *f = &info_fields[i];

        assert_true(tags_are_good(f->tags) && f->value && *f->doc);
        assert_true(i == 0 || f->position > position);
        position = f->position;
    }
}

static void counters_go_to_the_columns_that_they_name(void **state)
{
    static const struct {
        const char *column;
        size_t at;
    } cases[] = {
#define CASE(column, field) { column, offsetof(struct counters, field) / sizeof(counter_t) }
        CASE("stot", sessions),          CASE("dreq", denied_req),
        CASE("dresp", denied_resp),      CASE("ereq", failed_req),
        CASE("econ", failed_conn),       CASE("eresp", failed_resp),
        CASE("wretr", retries),          CASE("wredis", redispatches),
        CASE("lbtot", chosen),           CASE("hrsp_1xx", responses[1]),
        CASE("hrsp_5xx", responses[5]),  CASE("hrsp_other", responses[0]),
        CASE("req_tot", requests),       CASE("conn_tot", connections),
        CASE("cli_abrt", client_aborts), CASE("srv_abrt", server_aborts),
        CASE("dcon", denied_conn),       CASE("dses", denied_sess),
        CASE("eint", internal_errors),   CASE("connect", connects),
        CASE("reuse", reuses),           CASE("bin", bytes_in),
        CASE("bout", bytes_out),
#undef CASE
    };
    struct proxy proxy = { .n_workers = 3 };
    const struct proxy_conf conf = { .name = "p", .state = &proxy };
    const struct stat_view view = { .now = 1000 };
    (void)state;

    proxy.fe_counters = counters_new(3);
    proxy.be_counters = counters_new(3);
    for (unsigned w = 0; w < 3; w++) {
        counter_t *fe = (counter_t *)&proxy.fe_counters[w].c;
        counter_t *be = (counter_t *)&proxy.be_counters[w].c;
        for (unsigned i = 0; i < STAT_COUNTERS; i++) {
            counter_add(&fe[i], 100 * i + w);
            counter_add(&be[i], 1000000 + 100 * i + w);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stat_row fe, be;
        const char *tags;
        unsigned column = 0;

        stat_row_init(&fe, &view, STAT_FRONTEND, &conf, NULL);
        stat_row_init(&be, &view, STAT_BACKEND, &conf, NULL);
        while (strcmp(stat_columns[column].name, cases[i].column) != 0) column++;
        if (stat_columns[column].types & STAT_FRONTEND)
            assert_int_equal(stat_row_value(&fe, column, &tags).u, 300 * cases[i].at + 3);
        else
            assert_int_equal(stat_row_value(&fe, column, &tags).kind, STAT_NONE);
        if (stat_columns[column].types & STAT_BACKEND)
            assert_int_equal(stat_row_value(&be, column, &tags).u, 3000003 + 300 * cases[i].at);
        else
            assert_int_equal(stat_row_value(&be, column, &tags).kind, STAT_NONE);
    }
    free(proxy.fe_counters);
    free(proxy.be_counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_split_into_commands_and_words),
        cmocka_unit_test(words_beyond_the_most_are_dropped),
        cmocka_unit_test(ends_of_lines),
        cmocka_unit_test(texts_grow_and_are_sent),
        cmocka_unit_test(commands_are_found_by_their_longest_name),
        cmocka_unit_test(messages_begin_with_their_severity),
        cmocka_unit_test(lists_hold_what_was_meant),
        cmocka_unit_test(values_in_their_forms),
        cmocka_unit_test(tables_are_whole),
        cmocka_unit_test(counters_go_to_the_columns_that_they_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
