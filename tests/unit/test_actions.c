/* SPDX-License-Identifier: Apache-2.0 */
/* What the actions make of a message: the head that goes on, as HAProxy 2.6 sends it, but where it
 * would send what is no message. */
#include "http/h1.h"
#include "policy/actions.h"
#include "policy/fetch_basic.h"
#include "policy/field_name.h"
#include "policy/message_fetches.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "policy_fixture.h"

static const struct fetch_table *const FETCHES[] = { &basic_fetches, &request_fetches,
                                                     &field_fetches, &response_fetches, NULL };
static const struct action_table *const ACTIONS[] = {
    &field_actions,    &uri_actions,    &normalize_actions, &response_actions,
    &variable_actions, &client_actions, &flow_actions,      NULL,
};

static int start(void **state)
{
    struct policy_fixture *f = calloc(1, sizeof *f);

    fixture_init_all(f, FETCHES, NULL, NULL, ACTIONS);
    *state = f;
    return 0;
}

static int finish(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

/* Compiles lines of rules ("set-header a b\nset-path /") into a set. */
static void compile(struct policy_fixture *f, struct ruleset *set, unsigned kind, const char *lines)
{
    *set = (struct ruleset){ 0 };
    f->pc.scope.place = kind == RULES_HTTP_REQUEST ? PLACE_FRONTEND_REQUEST
                                                   : PLACE_BACKEND_RESPONSE;
    while (lines) {
        const char *end = strchr(lines, '\n');
        char line[512];
        struct words w;
        slice_copy(end ? slice_between(lines, end) : slice_str(lines), line, sizeof line);
        w = fixture_words(f, line);
        if (!rule_parse(&f->pc, set, kind, &w)) fail_msg("'%s': %s", line, fixture_messages(f));
        lines = end ? end + 1 : NULL;
    }
}

/* The head that goes on after the rules; "500", "400" where they end the request. */
static const char *outcome(struct policy_fixture *f, struct ruleset *set, unsigned kind)
{
    static char text[4096];
    const struct rule *at = set->first;
    struct h1_hop hop = { .version = HTTP_1_1 };
    size_t n;

    switch (ruleset_run(&f->c, &at)) {
    case RULE_NEXT:
    case RULE_STOP: break;
    case RULE_INVALID: return "400";
    case RULE_ERROR: return "500";
    default: return "?";
    }
    if (kind == RULES_HTTP_REQUEST) {
        hop.framing = f->c.req->framing;
        n = h1_write_request(text, sizeof text - 1, f->c.req, &hop);
    } else {
        hop.framing = f->c.res->framing;
        n = h1_write_response(text, sizeof text - 1, f->c.res, &hop);
    }
    text[n] = '\0';
    return text;
}

/* The same with '|' for the ends of lines, and without the last two. */
static void flatten(const char *head, char *out)
{
    for (; *head; head++) {
        if (*head == '\r') continue;
        *out++ = *head == '\n' ? '|' : *head;
    }
    while (out[-1] == '|') out--;
    *out = '\0';
}

/* "GET /a HTTP/1.1|host: h|x: 1": a head with '|' for the ends of lines. */
static void unflatten(const char *flat, char *out)
{
    for (; *flat; flat++) {
        if (*flat == '|') *out++ = '\r';
        *out++ = *flat == '|' ? '\n' : *flat;
    }
    memcpy(out, "\r\n\r\n", 5);
}

struct entry {
    const char *rules, *in, *out; /* out begins with '…': the rest of `in` goes on unchanged */
};

static const struct entry REQUESTS[] = {
    /* fields */
    { "set-header X-A 1", "GET / HTTP/1.1|host: h|x-b: 2", "GET / HTTP/1.1|host: h|x-b: 2|x-a: 1" },
    { "set-header x-b %[req.hdr(x-b)]+", "GET / HTTP/1.1|x-b: 1|host: h|X-B: 5",
      "GET / HTTP/1.1|host: h|x-b: 5+" },
    { "add-header X-B %[req.hdr(x-b)]+", "GET / HTTP/1.1|host: h|x-b: 1",
      "GET / HTTP/1.1|host: h|x-b: 1|x-b: 1+" },
    { "set-header x-b %[req.hdr(none)]", "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h|x-b: " },
    { "del-header X-B", "GET / HTTP/1.1|host: h|x-b: 1|x-bc: 2|X-b: 3",
      "GET / HTTP/1.1|host: h|x-bc: 2" },
    { "del-header X-B -m beg", "GET / HTTP/1.1|host: h|x-b: 1|x-bc: 2|y: 3",
      "GET / HTTP/1.1|host: h|y: 3" },
    { "del-header -B -m end", "GET / HTTP/1.1|host: h|x-b: 1|x-bc: 2|y: 3",
      "GET / HTTP/1.1|host: h|x-bc: 2|y: 3" },
    { "del-header -b -m sub", "GET / HTTP/1.1|host: h|x-b: 1|x-bc: 2|y: 3",
      "GET / HTTP/1.1|host: h|y: 3" },
    { "del-header ^x-.$ -m reg", "GET / HTTP/1.1|host: h|x-b: 1|x-bc: 2|y: 3",
      "GET / HTTP/1.1|host: h|x-bc: 2|y: 3" },
    { "del-header ^X- -m reg", "GET / HTTP/1.1|host: h|x-b: 1", "GET / HTTP/1.1|host: h|x-b: 1" },
    { "replace-header x ^a(.*)$ b\\1", "GET / HTTP/1.1|host: h|x: a1, a2|x: zz|x: a3",
      "GET / HTTP/1.1|host: h|x: b1, a2|x: zz|x: b3" },
    { "replace-header x a b", "GET / HTTP/1.1|host: h|x: 1a1, a2", "GET / HTTP/1.1|host: h|x: b" },
    { "replace-header X a|b %[req.hdr(y)]-\\0", "GET / HTTP/1.1|host: h|x: 1a1|y: \\0",
      "GET / HTTP/1.1|host: h|x: a-a|y: \\0" },
    { "replace-header x ^$ e", "GET / HTTP/1.1|host: h|x:|x: a",
      "GET / HTTP/1.1|host: h|x: e|x: a" },
    { "replace-header x (a)(b)? [\\2\\1\\3]", "GET / HTTP/1.1|host: h|x: a",
      "GET / HTTP/1.1|host: h|x: [a]" },
    { "replace-header x A b", "GET / HTTP/1.1|host: h|x: a", "GET / HTTP/1.1|host: h|x: a" },
    { "replace-value x ^a(.*)$ b\\1", "GET / HTTP/1.1|host: h|x: a1, a2 ,  c|x:zz,,a3,",
      "GET / HTTP/1.1|host: h|x: b1,b2,  c|x: zz,,b3," },
    { "replace-value x ^$ e", "GET / HTTP/1.1|host: h|x: a1,, c,",
      "GET / HTTP/1.1|host: h|x: a1,e, c,e" },
    { "replace-value x . 1,2", "GET / HTTP/1.1|host: h|x: a1, \"q,r\" ,b\\,c",
      "GET / HTTP/1.1|host: h|x: 1,2,1,2,1,2,1,2" },
    { "replace-value x q -", "GET / HTTP/1.1|host: h|x: a1, \"q,r\" ,\"b\\\",q\",q",
      "GET / HTTP/1.1|host: h|x: a1,-,-,-" },
    /* what a client names in Connection does not undo what a rule sets */
    { "set-header x-a 1", "GET / HTTP/1.1|host: h|x-a: 0|connection: x-a",
      "GET / HTTP/1.1|host: h|x-a: 1" },
    { "add-header x-a 1", "GET / HTTP/1.1|host: h|x-a: 0|connection: x-a",
      "GET / HTTP/1.1|host: h|x-a: 1" },
    /* where the body ends stays what it is */
    { "set-header content-length 5\nset-header x %[req.hdr(content-length)]",
      "POST / HTTP/1.1|host: h|content-length: 2",
      "POST / HTTP/1.1|host: h|content-length: 2|x: 5" },
    { "add-header content-length 5", "POST / HTTP/1.1|host: h|content-length: 2",
      "POST / HTTP/1.1|host: h|content-length: 2" },
    { "del-header content-length", "POST / HTTP/1.1|host: h|content-length: 2",
      "POST / HTTP/1.1|host: h|content-length: 2" },
    { "set-header content-length 5", "POST / HTTP/1.1|host: h|transfer-encoding: chunked",
      "POST / HTTP/1.1|host: h|transfer-encoding: chunked" },
    { "set-header content-length 5", "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h" },
    { "set-header transfer-encoding chunked", "POST / HTTP/1.1|host: h|content-length: 2",
      "POST / HTTP/1.1|host: h|content-length: 2" },
    { "del-header transfer-encoding", "POST / HTTP/1.1|host: h|transfer-encoding: chunked",
      "POST / HTTP/1.1|host: h|transfer-encoding: chunked" },
    { "set-header connection close", "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h" },
    { "replace-header content-length .* 9", "POST / HTTP/1.1|host: h|content-length: 2",
      "POST / HTTP/1.1|host: h|content-length: 2" },
    /* lines and bytes that can't stand in one */
    { "set-header x %[bin(610d0a78)]", "GET / HTTP/1.1|host: h",
      "GET / HTTP/1.1|host: h|x: a%0D%0Ax" },
    { "replace-header x a \"b\\\\x0d\\\\x0ac: d\"", "GET / HTTP/1.1|host: h|x: a",
      "GET / HTTP/1.1|host: h|x: b  c: d" },
    { "set-path /a\\ b%[bin(0a)]", "GET / HTTP/1.1|host: h", "GET /a%20b%0A HTTP/1.1|host: h" },
    { "set-method \"A B\"", "GET / HTTP/1.1|host: h", "500" },
    { "set-method %[req.hdr(none)]", "GET / HTTP/1.1|host: h", "500" },
    { "set-method CONNECT", "GET / HTTP/1.1|host: h", "500" },
    { "set-path %[req.hdr(none)]", "GET /p HTTP/1.1|host: h", "500" },
    { "set-uri %[req.hdr(none)]", "GET /p HTTP/1.1|host: h", "500" },
    /* Host and the target's authority */
    { "set-header host new", "GET /p HTTP/1.1|host: h|a: b", "GET /p HTTP/1.1|a: b|host: new" },
    { "set-header host new:81", "GET http://h/p?x HTTP/1.1|host: h",
      "GET http://new:81/p?x HTTP/1.1|host: new:81" },
    { "set-header host a/b", "GET http://h/p?x HTTP/1.1|host: h", "500" },
    { "set-header host %[req.hdr(none)]", "GET http://h/p HTTP/1.1|host: h", "500" },
    { "add-header host new", "GET /p HTTP/1.1|host: h", "GET /p HTTP/1.1|host: new" },
    { "add-header host new", "GET http://h/p HTTP/1.1|host: h",
      "GET http://new/p HTTP/1.1|host: new" },
    { "replace-header host (.*) x\\1", "GET http://h/p HTTP/1.1|host: h",
      "GET http://xh/p HTTP/1.1|host: xh" },
    { "del-header host", "GET /p HTTP/1.1|host: h", "GET /p HTTP/1.1|host: h" },
    { "set-header host new:81", "CONNECT h:80 HTTP/1.1|host: h:80",
      "CONNECT new:81 HTTP/1.1|host: new:81" },
    { "set-header host new", "CONNECT h:80 HTTP/1.1|host: h:80", "500" },
    { "set-uri http://o/x\nset-header x %[req.hdr(host)]", "GET /p HTTP/1.1|host: h",
      "GET http://o/x HTTP/1.1|host: o|x: o" },
    { "set-uri http://u@o:80/x", "GET /p HTTP/1.1|host: h",
      "GET http://u@o:80/x HTTP/1.1|host: o:80" },
    { "set-uri http://o\nset-header x %[url]", "GET /p HTTP/1.1|host: h",
      "GET http://o HTTP/1.1|host: o|x: http://o" },
    { "set-uri foo", "GET /p HTTP/1.1|host: h", "GET foo HTTP/1.1|host: foo" },
    { "set-uri /x", "GET http://h/p HTTP/1.1|host: h", "GET /x HTTP/1.1|host: h" },
    { "set-uri *", "GET /p HTTP/1.1|host: h", "GET * HTTP/1.1|host: h" },
    { "set-uri foo", "CONNECT h:80 HTTP/1.1|host: h", "500" },
    /* the target's parts */
    { "set-path /new", "GET /p?q=1 HTTP/1.1|host: h", "GET /new?q=1 HTTP/1.1|host: h" },
    { "set-path /a?b", "GET /p?q=1 HTTP/1.1|host: h", "GET /a?b?q=1 HTTP/1.1|host: h" },
    { "set-path /new", "GET http://h/p?q=1 HTTP/1.1|host: h",
      "GET http://h/new?q=1 HTTP/1.1|host: h" },
    { "set-path /new", "GET http://h HTTP/1.1|host: h", "GET /new HTTP/1.1|host: h" },
    { "set-path /new", "OPTIONS * HTTP/1.1|host: h", "OPTIONS /new HTTP/1.1|host: h" },
    { "set-path new", "GET /p?q=1 HTTP/1.1|host: h", "GET new?q=1 HTTP/1.1|host: h" },
    { "set-pathq /new?x", "OPTIONS * HTTP/1.1|host: h", "OPTIONS /new?x HTTP/1.1|host: h" },
    { "set-pathq /new", "GET /p?q=1 HTTP/1.1|host: h", "GET /new HTTP/1.1|host: h" },
    { "set-pathq /new?z", "GET http://h/p?q HTTP/1.1|host: h",
      "GET http://h/new?z HTTP/1.1|host: h" },
    { "set-query z=2", "GET /p?q=1?r HTTP/1.1|host: h", "GET /p?z=2 HTTP/1.1|host: h" },
    { "set-query z=2", "GET /p HTTP/1.1|host: h", "GET /p?z=2 HTTP/1.1|host: h" },
    { "set-query z=2", "GET http://h HTTP/1.1|host: h", "GET http://h?z=2 HTTP/1.1|host: h" },
    { "set-query %[req.hdr(none)]", "GET /p HTTP/1.1|host: h", "GET /p HTTP/1.1|host: h" },
    { "set-query %[req.hdr(none)]", "GET /p?x HTTP/1.1|host: h", "GET /p? HTTP/1.1|host: h" },
    { "set-query a=1", "OPTIONS * HTTP/1.1|host: h", "OPTIONS *?a=1 HTTP/1.1|host: h" },
    { "set-method POST\nset-header x %[method]", "GET /p HTTP/1.1|host: h",
      "POST /p HTTP/1.1|host: h|x: GET" },
    { "set-method post", "GET /p HTTP/1.1|host: h", "post /p HTTP/1.1|host: h" },
    { "replace-path (.*) /foo\\1", "GET /bar?q=1 HTTP/1.1|host: h",
      "GET /foo/bar?q=1 HTTP/1.1|host: h" },
    { "replace-path a X", "GET /bar?q=1 HTTP/1.1|host: h", "GET X?q=1 HTTP/1.1|host: h" },
    { "replace-path zz X", "GET /bar HTTP/1.1|host: h", "GET /bar HTTP/1.1|host: h" },
    { "replace-path . /x", "OPTIONS * HTTP/1.1|host: h", "OPTIONS * HTTP/1.1|host: h" },
    { "replace-path . /x", "GET http://h HTTP/1.1|host: h", "GET http://h HTTP/1.1|host: h" },
    { "replace-path . '/a\\'", "GET /bar HTTP/1.1|host: h", "500" },
    { "strict-mode off\nreplace-path . '/a\\'\nset-header x y", "GET /bar HTTP/1.1|host: h",
      "GET /bar HTTP/1.1|host: h|x: y" },
    { "strict-mode off\nstrict-mode on\nreplace-path . '/a\\'", "GET /bar HTTP/1.1|host: h",
      "500" },
    { "replace-pathq (.*)\\?(.*) \\2?\\1", "GET /bar?q=1 HTTP/1.1|host: h",
      "GET q=1?/bar HTTP/1.1|host: h" },
    { "replace-uri ^http://(.*) https://\\1", "GET http://h/b?q HTTP/1.1|host: h",
      "GET https://h/b?q HTTP/1.1|host: h" },
    { "replace-uri ^/(.*) http://new/\\1", "GET /b?q HTTP/1.1|host: h",
      "GET http://new/b?q HTTP/1.1|host: new" },
    { "normalize-uri path-strip-dotdot", "GET http://h/a/../b?x=/../y HTTP/1.1|host: h",
      "GET http://h/b?x=/../y HTTP/1.1|host: h" },
    { "normalize-uri path-strip-dotdot full", "GET /../b HTTP/1.1|host: h",
      "GET /b HTTP/1.1|host: h" },
    { "normalize-uri percent-to-uppercase strict", "GET /%zz HTTP/1.1|host: h", "400" },
    { "normalize-uri percent-decode-unreserved", "GET /?%61 HTTP/1.1|host: h",
      "GET /?a HTTP/1.1|host: h" },
    { "normalize-uri query-sort-by-name", "GET /p?b&a HTTP/1.1|host: h",
      "GET /p?a&b HTTP/1.1|host: h" },
    { "normalize-uri path-strip-dot", "OPTIONS * HTTP/1.1|host: h", "OPTIONS * HTTP/1.1|host: h" },
    /* variables */
    { "set-var(txn.a) int(1)\nset-var(txn.a) req.hdr(none)\nset-header x [%[var(txn.a)]]",
      "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h|x: [1]" },
    { "set-var(txn.a,ifexists) int(1)\nset-header x [%[var(txn.a)]]", "GET / HTTP/1.1|host: h",
      "GET / HTTP/1.1|host: h|x: []" },
    { "set-var(txn.a,ifnotexists) int(1)\nset-var(txn.a,ifnotexists) int(2)\n"
      "set-header x [%[var(txn.a)]]",
      "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h|x: [1]" },
    { "set-var(txn.a) int(1)\nunset-var(txn.a)\nset-header x [%[var(txn.a)]]",
      "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h|x: []" },
    { "set-var-fmt(txn.a) x\\ \\ %[req.hdr(host)]\nset-header x [%[var(txn.a)]]",
      "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h|x: [x  h]" },
    { "set-var-fmt(txn.a,ifempty) x\nset-header x [%[var(txn.a)]]", "GET / HTTP/1.1|host: h",
      "GET / HTTP/1.1|host: h|x: []" },
    /* flow */
    { "allow\nset-header x y", "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h" },
    { "set-nice 5\nset-tos 0x10\nset-mark 1\nset-header x y if { bool(true) }",
      "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h|x: y" },
    { "set-header x y unless { bool(true) }", "GET / HTTP/1.1|host: h", "GET / HTTP/1.1|host: h" },
};

static const struct entry RESPONSES[] = {
    { "set-status 404", "HTTP/1.1 200 OK|content-length: 2|x: 1",
      "HTTP/1.1 404 Not Found|content-length: 2|x: 1" },
    { "set-status 503 reason \"Slow  Down\"", "HTTP/1.1 200 OK|content-length: 2",
      "HTTP/1.1 503 Slow  Down|content-length: 2" },
    { "set-status 799", "HTTP/1.1 200 OK|content-length: 2",
      "HTTP/1.1 799 Other|content-length: 2" },
    { "set-status 204", "HTTP/1.1 200 OK|content-length: 2|x: 1", "HTTP/1.1 204 No Content|x: 1" },
    { "set-status 304", "HTTP/1.1 200 OK|content-length: 2",
      "HTTP/1.1 304 Not Modified|content-length: 2" },
    { "set-status 200", "HTTP/1.1 204 No Content|x: 1", "HTTP/1.1 200 OK|x: 1|content-length: 0" },
    { "set-status 200", "HTTP/1.1 304 NM|content-length: 9", "HTTP/1.1 200 OK|content-length: 0" },
    { "set-status 100", "HTTP/1.1 200 OK|content-length: 2", "500" },
    { "set-status 101", "HTTP/1.1 200 OK|content-length: 2", "500" },
    { "set-header x %[res.hdr(x)]%[status]", "HTTP/1.1 200 OK|x: 1|content-length: 2",
      "HTTP/1.1 200 OK|content-length: 2|x: 1200" },
    { "set-header content-length 5", "HTTP/1.1 200 OK|content-length: 2",
      "HTTP/1.1 200 OK|content-length: 2" },
    { "set-header content-length 5", "HTTP/1.1 200 OK|x: 1", "HTTP/1.1 200 OK|x: 1" },
    { "set-header host x", "HTTP/1.1 200 OK|content-length: 2",
      "HTTP/1.1 200 OK|content-length: 2|host: x" },
    { "replace-header x 1 2\ndel-header y", "HTTP/1.1 200 OK|x: 1|y: 2|content-length: 0",
      "HTTP/1.1 200 OK|x: 2|content-length: 0" },
};

static void each(struct policy_fixture *f, const struct entry *e, size_t n, unsigned kind)
{
    for (size_t i = 0; i < n; i++) {
        struct ruleset set;
        char head[1024], got[4096];
        const char *out;
        unflatten(e[i].in, head);
        fixture_request(f, kind == RULES_HTTP_REQUEST ? head : "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
        if (kind != RULES_HTTP_REQUEST) fixture_response(f, head);
        compile(f, &set, kind, e[i].rules);
        out = outcome(f, &set, kind);
        flatten(out, got);
        if (strcmp(got, e[i].out) != 0)
            fail_msg("%s\nof %s\n is %s\nnot %s", e[i].rules, e[i].in, got, e[i].out);
        assert_false(f->c.lax);
    }
}

static void requests(void **state)
{
    each(*state, REQUESTS, sizeof REQUESTS / sizeof *REQUESTS, RULES_HTTP_REQUEST);
}

static void responses(void **state)
{
    each(*state, RESPONSES, sizeof RESPONSES / sizeof *RESPONSES, RULES_HTTP_RESPONSE);
    each(*state, RESPONSES, sizeof RESPONSES / sizeof *RESPONSES, RULES_HTTP_AFTER_RESPONSE);
}

/* ---- what is not in the head ---- */

static void run(struct policy_fixture *f, const char *rules)
{
    struct ruleset set;

    compile(f, &set, RULES_HTTP_REQUEST, rules);
    outcome(f, &set, RULES_HTTP_REQUEST);
}

static const char *shown(const struct sockaddr *sa)
{
    static char line[100];
    char text[64];

    snprintf(line, sizeof line, "%s %u", address_text(sa, text), address_port(sa));
    return line;
}

static void addresses(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *rules, *src;
    } entries[] = {
        { "set-src str(1.2.3.4)", "1.2.3.4 1234" },
        { "set-src str(1.2.3.4)\nset-src-port int(77)", "1.2.3.4 77" },
        { "set-src str(::1)", "::1 1234" },
        { "set-src str(::1)\nset-src-port int(9)", "::1 9" },
        { "set-src str(foo)", "192.0.2.7 1234" },
        { "set-src req.hdr(none)", "192.0.2.7 1234" },
        { "set-src int(16909060)", "1.2.3.4 1234" },
        { "set-src-port int(70000)", "192.0.2.7 4464" },
        { "set-src-port int(-1)", "192.0.2.7 65535" },
    };

    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
        f->c.src = NULL;
        run(f, entries[i].rules);
        if (strcmp(shown(context_src(&f->c)), entries[i].src) != 0)
            fail_msg("%s: %s", entries[i].rules, shown(context_src(&f->c)));
    }
    f->c.src = f->c.dst = NULL;
    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    run(f, "set-dst str(1.2.3.4)");
    assert_string_equal(shown(context_dst(&f->c)), "1.2.3.4 0");
    f->c.dst = NULL;
    run(f, "set-dst-port int(5)");
    assert_string_equal(shown(context_dst(&f->c)), "0.0.0.0 5");
    f->c.dst = NULL;
}

struct marks {
    unsigned tos, mark;
};
static struct marks marks;

static void note_tos(struct context *c, unsigned tos)
{
    (void)c;
    marks.tos = tos;
}
static void note_mark(struct context *c, uint32_t mark)
{
    (void)c;
    marks.mark = mark;
}

static void hooks(void **state)
{
    static const struct rule_hooks h = { .set_tos = note_tos, .set_mark = note_mark };
    struct policy_fixture *f = *state;

    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    f->c.rule_hooks = &h;
    run(f, "set-tos 0x10\nset-mark 0xffffffff\nset-log-level warning");
    assert_int_equal(marks.tos, 16);
    assert_int_equal(marks.mark, UINT32_MAX);
    assert_int_equal(f->c.log_level, 1 + 4);
    run(f, "set-log-level silent\nset-tos 300");
    assert_int_equal(f->c.log_level, RULE_LOG_SILENT);
    assert_int_equal(marks.tos, 300 & 255);
}

/* The client's method decides what its answer looks like. */
static void asked(void **state)
{
    struct policy_fixture *f = *state;

    fixture_request(f, "HEAD / HTTP/1.1\r\nhost: h\r\n\r\n");
    run(f, "set-method GET\nset-method PUT");
    assert_int_equal(f->c.req->method, HTTP_PUT);
    assert_int_equal(http_msg_asked(f->c.req), HTTP_HEAD);
    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_int_equal(http_msg_asked(f->c.req), HTTP_GET);
}

/* Rules that take a field away take away what it said. */
static void hop_meaning(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade, te\r\n"
                               "upgrade: websocket\r\nte: trailers\r\n\r\n";
    struct policy_fixture *f = *state;

    fixture_request(f, head);
    assert_true(f->c.req->upgrade && f->c.req->te_trailers);
    run(f, "del-header upgrade\ndel-header te");
    assert_false(f->c.req->upgrade || f->c.req->te_trailers);
    fixture_request(f, head);
    run(f, "del-header connection");
    assert_false(f->c.req->upgrade);
    fixture_request(f, head);
    run(f, "set-header connection upgrade\nset-header upgrade other");
    assert_true(f->c.req->upgrade);
    assert_true(slice_is(f->c.req->upgrade_value, "other"));
    fixture_request(f, head);
    run(f, "set-header connection close");
    assert_false(f->c.req->upgrade);
    fixture_request(f, head);
    run(f, "replace-header upgrade web.* x");
    assert_true(f->c.req->upgrade);
    assert_true(slice_is(f->c.req->upgrade_value, "x"));
}

static void strictness(void **state)
{
    struct policy_fixture *f = *state;

    fixture_request(f, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    f->c.failed_rewrites = 0;
    run(f, "strict-mode OFF\nset-method CONNECT\nset-path %[req.hdr(none)]");
    assert_int_equal(f->c.failed_rewrites, 2);
    assert_null(f->c.last_rule);
}

/* ---- names of fields ---- */

static const struct {
    const char *line, *name, *message; /* name NULL: refused with that message */
} NAMES[] = {
    { "X-Some_Name.1", "x-some_name.1", "" },
    { "!%&*+-.^_`|~", "!%&*+-.^_`|~", "" },
    { "\"a b\"", NULL, "test:1:3: error: a header's name can't have this character" },
    { "Ab:", NULL, "test:1:3: error: a header's name can't have this character" },
    { "a\\r\\n", NULL, "a header's name can't have this character" },
    { "\xc3\xa4", NULL, "test:1:1: error: a header's name can't have this character" },
    { "''", NULL, "error" },
    { "", NULL, "error" },
};

static void names_of_fields(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct words w = fixture_words(f, NAMES[i].line);
        struct slice name = SLICE("?");
        bool good = words_field_name(f->pc.cfg, &w, &name);
        if (good != (NAMES[i].name != NULL)) fail_msg("'%s': %d", NAMES[i].line, good);
        if (!slice_is(name, good ? NAMES[i].name : "?")) fail_msg("%.*s", SLICE_ARG(name));
        if (!strstr(fixture_messages(f), NAMES[i].message))
            fail_msg("'%s': %s", NAMES[i].line, fixture_messages(f));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests, start, finish),
        cmocka_unit_test_setup_teardown(responses, start, finish),
        cmocka_unit_test_setup_teardown(addresses, start, finish),
        cmocka_unit_test_setup_teardown(hooks, start, finish),
        cmocka_unit_test_setup_teardown(asked, start, finish),
        cmocka_unit_test_setup_teardown(hop_meaning, start, finish),
        cmocka_unit_test_setup_teardown(strictness, start, finish),
        cmocka_unit_test_setup_teardown(names_of_fields, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
