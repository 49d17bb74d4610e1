/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for behind the URI of statistics, the page's form, HTML, and where columns stand.
 */
#include "base/memory.h"
#include "ops/html.h"
#include "ops/stats.h"
#include "ops/stats_positions.h"
#include "ops/stats_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void words_behind_the_uri_choose(void **state)
{
    static const struct {
        const char *rest;
        enum stats_what what;
        bool up, no_maint, no_refresh;
        enum stats_result result;
        const char *scope;
    } cases[] = {
        { "", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "" },
        { ";csv", STATS_CSV, false, false, false, RESULT_NOT_ASKED, "" },
        { "/x;csvx", STATS_CSV, false, false, false, RESULT_NOT_ASKED, "" },
        { ";CSV", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "" },
        { "csv", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "" },
        { ";csv;typed", STATS_TYPED, false, false, false, RESULT_NOT_ASKED, "" },
        { ";typed;json;csv", STATS_JSON, false, false, false, RESULT_NOT_ASKED, "" },
        { ";json-schema;csv", STATS_SCHEMA, false, false, false, RESULT_NOT_ASKED, "" },
        { ";up;no-maint;norefresh", STATS_PAGE, true, true, true, RESULT_NOT_ASKED, "" },
        { ";st=DONE;up", STATS_PAGE, true, false, false, RESULT_DONE, "" },
        { ";st=NONE", STATS_PAGE, false, false, false, RESULT_NONE, "" },
        { ";st=<b>", STATS_PAGE, false, false, false, RESULT_UNKN, "" },
        { ";st=", STATS_PAGE, false, false, false, RESULT_UNKN, "" },
        { "?scope=web", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "web" },
        { ";scope=w;csv", STATS_CSV, false, false, false, RESULT_NOT_ASKED, "w" },
        { "?a=b&scope=a.b-c_d:e&x", STATS_PAGE, false, false, false, RESULT_NOT_ASKED,
          "a.b-c_d:e" },
        { "?scope=", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "" },
        { "?scope=%3Cb", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "" },
        { "?scope=a b", STATS_PAGE, false, false, false, RESULT_NOT_ASKED, "" },
        { "?scope=abcdefghijklmnopqrstuvwxyz", STATS_PAGE, false, false, false, RESULT_NOT_ASKED,
          "abcdefghijklmnopqrst" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stats_query q;

        stats_query_parse(slice_str(cases[i].rest), &q);
        assert_int_equal(q.what, cases[i].what);
        assert_int_equal(q.up, cases[i].up);
        assert_int_equal(q.no_maint, cases[i].no_maint);
        assert_int_equal(q.no_refresh, cases[i].no_refresh);
        assert_int_equal(q.result, cases[i].result);
        assert_string_equal(q.scope, cases[i].scope);
    }
}

static void check_form(struct slice body, const char *action, const char *backend,
                       const char *servers)
{
    struct text list = { 0 };
    struct stats_form f;
    struct arena a;

    arena_init(&a, NULL);
    stats_form_parse(body, &a, &f);
    for (unsigned i = 0; i < f.n_servers; i++) text_printf(&list, "[%s]", f.servers[i].p);
    text_char(&list, '\0');
    assert_string_equal(list.p, servers);
    if (action)
        assert_string_equal(f.action.p, action);
    else
        assert_null(f.action.p);
    if (backend)
        assert_string_equal(f.backend.p, backend);
    else
        assert_null(f.backend.p);
    text_release(&list);
    arena_release(&a);
}

static void forms_are_read(void **state)
{
    (void)state;
    check_form(SLICE(""), NULL, NULL, "");
    check_form(SLICE("s=a&action=maint&b=be"), "maint", "be", "[a]");
    check_form(SLICE("s=a&s=b&s=c"), NULL, NULL, "[a][b][c]");
    check_form(SLICE("b=%23%37&action=re%61dy&s=a+b&s=%c3%A9"), "ready", "#7", "[a b][\xc3\xa9]");
    check_form(SLICE("action=x&action=y&b=1&b=2"), "y", "2", "");
    check_form(SLICE("&&=&s&s=&action=&b="), "", "", "[][]");
    check_form(SLICE("S=a&Action=b&B=c&xs=d"), NULL, NULL, "");
    check_form(SLICE("s=a%&s=b%2&s=c%zz&s=d%00&s=e"), NULL, NULL, "[e]");
    check_form(slice_of("s=a\0b&s=c", 9), NULL, NULL, "[c]");
}

static const char *html(void (*put)(struct text *, struct slice), const char *s, char out[100])
{
    struct text t = { 0 };

    put(&t, slice_str(s));
    snprintf(out, 100, "%.*s", (int)t.n, t.p ? t.p : "");
    text_release(&t);
    return out;
}

static void html_is_escaped(void **state)
{
    char out[100];

    (void)state;
    assert_string_equal(html(html_text, "", out), "");
    assert_string_equal(html(html_text, "a <b> & \"c\" 'd'", out),
                        "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
    assert_string_equal(html(html_url, "/a b?c&d=\"<\xe9", out), "/a%20b?c&amp;d=%22%3C%E9");
}

static const char *number(void (*put)(struct text *, uint64_t), uint64_t n, char out[100])
{
    struct text t = { 0 };

    put(&t, n);
    snprintf(out, 100, "%.*s", (int)t.n, t.p);
    text_release(&t);
    return out;
}

static void numbers_are_readable(void **state)
{
    char out[100];

    (void)state;
    assert_string_equal(number(html_number, 999, out), "999");
    assert_string_equal(number(html_number, 1234567, out), "1\u2009234\u2009567");
    assert_string_equal(number(html_bytes, 999, out), "999\u2009B");
    assert_string_equal(number(html_bytes, 1000, out), "1.0\u2009kB");
    assert_string_equal(number(html_bytes, 999600, out), "1.0\u2009MB");
    assert_string_equal(number(html_bytes, 123456789, out), "123\u2009MB");
    assert_string_equal(number(html_age, 59, out), "59s");
    assert_string_equal(number(html_age, 3599, out), "59m59s");
    assert_string_equal(number(html_age, 3600, out), "1h0m");
    assert_string_equal(number(html_age, 200000, out), "2d7h");
}

static void columns_stand_where_they_are_said_to(void **state)
{
    static const struct {
        unsigned at;
        const char *name;
    } places[] = {
        { AT_QCUR, "qcur" },
        { AT_STATUS, "status" },
        { AT_QLIMIT, "qlimit" },
        { AT_THROTTLE, "throttle" },
        { AT_LBTOT, "lbtot" },
        { AT_RATE, "rate" },
        { AT_CHECK_STATUS, "check_status" },
        { AT_CHECK_DURATION, "check_duration" },
        { AT_HRSP_1XX, "hrsp_1xx" },
        { AT_HRSP_OTHER, "hrsp_other" },
        { AT_SRV_ABRT, "srv_abrt" },
        { AT_LASTSESS, "lastsess" },
        { AT_LAST_AGT, "last_agt" },
        { AT_TTIME, "ttime" },
        { AT_CHECK_DESC, "check_desc" },
        { AT_AGENT_DESC, "agent_desc" },
        { AT_ADDR, "addr" },
        { AT_ALGO, "algo" },
        { AT_CONN_TOT, "conn_tot" },
        { AT_INTERCEPTED, "intercepted" },
        { AT_WREW, "wrew" },
        { AT_REUSE, "reuse" },
        { AT_SRV_ICUR, "srv_icur" },
        { AT_QTIME_MAX, "qtime_max" },
        { AT_EINT, "eint" },
        { AT_USED_CONN_CUR, "used_conn_cur" },
        { AT_UWEIGHT, "uweight" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        assert_string_equal(stat_columns[places[i].at].name, places[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_behind_the_uri_choose),
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(numbers_are_readable),
        cmocka_unit_test(columns_stand_where_they_are_said_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
