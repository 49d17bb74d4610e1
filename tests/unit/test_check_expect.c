/* SPDX-License-Identifier: Apache-2.0 */
/* What health checks make of answers, whatever the pieces in which they come; and what they send.
 */
#include "policy_fixture.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"
#include "upstream/check_parse.h"
#include "upstream/check_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct fetch_table *const FETCHES[] = { &basic_fetches, &response_fetches,
                                                     &request_fetches, NULL };

static struct policy_fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&f, FETCHES, NULL);
    f.pc.scope.place = PLACE_CHECK;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_release(&f);
    return 0;
}

/* Reads "status 200 comment x"; fails the test when it can't be. */
static struct check_step *expectation(const char *line, bool http)
{
    struct check_step *s = arena_zero(&f.config, sizeof *s);
    struct words w = fixture_words(&f, line);

    if (!check_parse_expect(&f.pc, s, &w, http)) fail_msg("%s", fixture_messages(&f));
    return s;
}

static enum check_verdict judge(const struct check_step *s, struct check_response *r,
                                struct check_finding *found)
{
    return check_expect_judge(&s->expect, r, &f.c, 3, s->comment, found);
}

/* "L7STS/404 Not Found", or "wait": the verdict on an answer that comes in pieces of `piece` bytes;
 * `closed`: and then ends. */
static const char *verdict(const char *line, bool http, const char *answer, size_t piece,
                           bool closed)
{
    static char text[256];
    static char buffer[4096];
    struct check_step *s = expectation(line, http);
    struct check_response r;
    struct check_finding found;
    enum check_verdict v = VERDICT_WAIT;
    size_t n = strlen(answer);

    check_response_init(&r, buffer, sizeof buffer, http, HTTP_GET);
    for (size_t at = 0; at < n && v == VERDICT_WAIT; at += piece) {
        size_t part = n - at < piece ? n - at : piece;
        memcpy(buffer + r.n, answer + at, part);
        check_response_grown(&r, part, false);
        v = judge(s, &r, &found);
    }
    if (v == VERDICT_WAIT && closed) {
        check_response_grown(&r, 0, true);
        v = judge(s, &r, &found);
        assert_int_not_equal(v, VERDICT_WAIT);
    }
    if (v == VERDICT_WAIT) return "wait";
    assert_true((v == VERDICT_PASSED) ==
                (check_status_result(found.status) >= CHECK_RESULT_PASSED));
    snprintf(text, sizeof text, "%s/%d %s", check_status_code(found.status), found.code,
             found.text);
    return text;
}

struct row {
    const char *expect, *answer, *verdict;
};

static void hold(const struct row *rows, size_t n, bool http)
{
    for (size_t i = 0; i < n; i++)
        for (size_t piece = 1; piece < 64; piece += 9)
            assert_string_equal(verdict(rows[i].expect, http, rows[i].answer, piece, true),
                                rows[i].verdict);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define LENGTH(n) "content-length: " #n "\r\n\r\n"

static void http_answers(void **state)
{
    static const struct row rows[] = {
        { "status 200", OK LENGTH(0), "L7OK/200 " },
        { "status 201,300-399", OK LENGTH(0), "L7STS/200 OK" },
        { "status 201,300-399", "HTTP/1.0 302 Found\r\n\r\n", "L7OK/302 " },
        { "! status 200", OK LENGTH(0), "L7STS/200 OK" },
        { "rstatus ^[23]", "HTTP/1.1 404 Not Found\r\n" LENGTH(0), "L7STS/404 Not Found" },
        { "status 200 comment hello", "HTTP/1.1 500 X\r\n" LENGTH(0),
          "L7STS/500 X comment: hello" },
        { "ok-status L7OKC status 200", OK LENGTH(0), "L7OKC/200 " },
        { "error-status L4CON status 201", OK LENGTH(0), "L4CON/200 OK" },
        { "status-code int(7) on-success yes status 200", OK LENGTH(0), "L7OK/7 yes" },
        { "on-error no%[status] status 201", OK LENGTH(0), "L7STS/200 no200" },
        { "string llo", OK LENGTH(5) "hello", "L7OK/200 " },
        { "string llo", OK LENGTH(4) "hello", "L7RSP/200 HTTP content check did not match" },
        { "string hello", OK "transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
          "L7OK/200 " },
        { "rstring ^hel+o$", OK "\r\nhello", "L7OK/200 " },
        { "! string x", OK LENGTH(5) "hello", "L7OK/200 " },
        { "! string ell", OK LENGTH(5) "hello", "L7RSP/200 HTTP check matched unwanted content" },
        { "string x", OK LENGTH(0), "L7RSP/200 HTTP content check could not find a response body" },
        { "hdr name x-a", OK "X-A: 1\r\n" LENGTH(0), "L7OK/200 " },
        { "hdr name X-A value two", OK "x-a: one, two\r\n" LENGTH(0), "L7OK/200 " },
        { "fhdr name x-a value two", OK "x-a: one, two\r\n" LENGTH(0), "L7STS/200 OK" },
        { "fhdr name -m beg x- value -m end two", OK "x-a: one, two\r\n" LENGTH(0), "L7OK/200 " },
        { "hdr name -m reg ^X-.$ value -m sub w", OK "x-a: one, two\r\n" LENGTH(0), "L7OK/200 " },
        { "! hdr name x-b", OK "x-a: 1\r\n" LENGTH(0), "L7OK/200 " },
        { "status 200", "HTTP/1.1 100 Continue\r\n\r\n" OK LENGTH(0), "L7OK/200 " },
        { "status 200", "garbage\r\n\r\n", "L7RSP/0 " },
        { "status 200", "HTTP/1.1 200 OK\r\nconte", "L7RSP/0 " },
        { "status 200", OK "content-length: x\r\n\r\n", "L7RSP/0 " },
        { "status 200", "", "L7RSP/0 " },
        { "string x", OK "transfer-encoding: chunked\r\n\r\nzz\r\n", "L7RSP/0 " },
    };

    (void)state;
    hold(rows, ARRAY_LEN(rows), true);
}

static void raw_answers(void **state)
{
    static const struct row rows[] = {
        { "string +OK", "+OK ready", "L7OK/0 " },
        { "string +OK comment hm", "-ERR",
          "L7RSP/0 TCPCHK did not match content '+OK' at step 3 comment: hm" },
        { "rstring ^\\+OK", "-ERR", "L7RSP/0 TCPCHK did not match content (regex) at step 3" },
        { "! string ERR", "-ERR", "L7RSP/0 TCPCHK matched unwanted content 'ERR' at step 3" },
        { "! string OK", "-ERR", "L7OK/0 " },
        { "binary 2b4F", "+OK", "L7OK/0 " },
        { "rbinary ^2B4F", "+OK", "L7OK/0 " },
        { "rbinary ^2b4f", "+OK", "L7RSP/0 TCPCHK did not match content (binary regex) at step 3" },
        { "string-lf %[str(OK)]", "+OK", "L7OK/0 " },
        { "binary-lf %[str(4f4b)]", "+OK", "L7OK/0 " },
        { "binary-lf %[str(4f4)]", "+OK",
          "L7RSP/0 TCPCHK did not match content (log-format binary) at step 3" },
        { "string x", "", "L7RSP/0 TCPCHK got an empty response at step 3" },
    };

    (void)state;
    hold(rows, ARRAY_LEN(rows), false);
}

/* What may still come is waited for, unless min-recv says that it won't matter. */
static void waiting(void **state)
{
    (void)state;
    assert_string_equal(verdict("string hello", true, OK LENGTH(9) "hel", 1, false), "wait");
    assert_string_equal(verdict("! string x", true, OK LENGTH(9) "hel", 1, false), "wait");
    assert_string_equal(verdict("status 200", true, OK "content-len", 1, false), "wait");
    assert_string_equal(verdict("status 200", true, OK LENGTH(9) "hel", 1, false), "L7OK/200 ");
    assert_string_equal(verdict("string x", false, "abc", 1, false), "wait");
    assert_string_equal(verdict("min-recv 0 string x", false, "abc", 3, false),
                        "L7RSP/0 TCPCHK did not match content 'x' at step 3");
    assert_string_equal(verdict("min-recv 9 string abc", false, "abc", 1, false), "wait");
    assert_string_equal(verdict("min-recv 9 ! string abc", false, "abc", 1, false), "wait");
    assert_string_equal(verdict("min-recv 1 string abc", false, "ab", 1, false), "wait");
    assert_string_equal(verdict("min-recv 3 rstring x", false, "ab", 1, false), "wait");
    assert_string_equal(verdict("min-recv 3 ! rstring x", false, "abc", 1, false), "L7OK/0 ");
}

static void refused(void **state)
{
    static const char *const lines[] = {
        "",
        "status",
        "status abc",
        "status 300-200",
        "status 200 300",
        "status 200 string x",
        "rstatus (",
        "binary 41",
        "hdr value x",
        "hdr name -m foo x",
        "hdr name-lf -m reg x",
        "ok-status L7RSP status 200",
        "error-status L7OK status 200",
        "tout-status L7OK status 200",
        "min-recv -2 string a",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct check_step s = { 0 };
        struct words w = fixture_words(&f, lines[i]);
        assert_false(check_parse_expect(&f.pc, &s, &w, true));
        assert_true(strlen(fixture_messages(&f)) > 0);
    }
}

static const char *request(const char *line)
{
    struct check_step *s = arena_zero(&f.config, sizeof *s);
    struct check_spec spec = { .kind = CHECK_HTTP };
    struct words w = fixture_words(&f, line);
    const struct check_script *script;
    const struct check_step *send;

    if (!check_parse_http_send(&f.pc, s, &w)) fail_msg("%s", fixture_messages(&f));
    spec.http.first = s;
    script = check_script_make(&spec, "node", &f.config);
    for (send = script->first; send->kind != STEP_SEND;) send = send->next;
    return arena_str(&f.arena, check_request(&send->send, &f.c, (struct slice){ 0 }));
}

static void requests(void **state)
{
    (void)state;
    assert_string_equal(request("comment none"), "OPTIONS / HTTP/1.0\r\n\r\n");
    assert_string_equal(request("meth GET uri /a ver HTTP/1.1 hdr Host b"),
                        "GET /a HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n");
    assert_string_equal(request("meth POST body abc hdr Content-Length 7"),
                        "POST / HTTP/1.0\r\ncontent-length: 3\r\n\r\nabc");
    assert_string_equal(request("meth PUT ver HTTP/1.1"),
                        "PUT / HTTP/1.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    assert_string_equal(request("uri-lf /%[int(5)] hdr A x%[str(b)]"),
                        "OPTIONS /5 HTTP/1.0\r\na: xb\r\n\r\n");
    assert_string_equal(request("ver HTTP/1.1 hdr Connection keep-alive"),
                        "OPTIONS / HTTP/1.1\r\n\r\n");
    assert_string_equal(request("meth GET uri http://a/x hdr Host b ver HTTP/1.1"),
                        "GET http://b/x HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(http_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(raw_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
