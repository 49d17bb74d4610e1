/* SPDX-License-Identifier: Apache-2.0 */
#include "http/status.h"
#include "base/memory.h"
#include "http/h1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CRLF "\r\n"

static void every_status_has_a_reason(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *reason;
    } rows[] = {
        { 100, "Continue" },
        { 103, "Early Hints" },
        { 199, "Informational" },
        { 200, "OK" },
        { 204, "No Content" },
        { 299, "Success" },
        { 302, "Moved Temporarily" },
        { 399, "Redirection" },
        { 400, "Bad Request" },
        { 408, "Request Time-out" },
        { 418, "I'm a teapot" },
        { 498, "Client Error" },
        { 502, "Bad Gateway or Proxy Error" },
        { 520, "Web server is returning an unknown error" },
        { 599, "Server Error" },
        { 600, "Other" },
        { 0, "Other" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_true(slice_is(http_status_reason(rows[i].status), rows[i].reason));
    for (unsigned status = 0; status < 1000; status++)
        assert_true(http_status_reason(status).n > 0);
}

/* The bytes of an answer, as they go to a client that keeps its connection. */
static struct slice reply_bytes(unsigned status, char *out, size_t room, struct arena *a)
{
    const struct http_error_reply *reply = http_error_reply(status);
    struct h1_hop hop = { .version = HTTP_1_1, .framing = HTTP_LENGTH };
    struct http_msg msg;
    size_t n;

    http_error_msg(reply, &msg, a);
    n = h1_write_response(out, room, &msg, &hop);
    assert_true(n > 0);
    return slice_between(out, slice_put(out + n, reply->body));
}

/* What the guide shows, byte for byte. */
static void replies_are_those_of_the_guide(void **state)
{
    (void)state;
    char out[1024];
    struct arena a;

    arena_init(&a, NULL);
    assert_true(slice_is(reply_bytes(403, out, sizeof out, &a),
                         "HTTP/1.1 403 Forbidden" CRLF "content-length: 93" CRLF
                         "cache-control: no-cache" CRLF "content-type: text/html" CRLF CRLF
                         "<html><body><h1>403 Forbidden</h1>\n"
                         "Request forbidden by administrative rules.\n</body></html>\n"));
    assert_true(
        slice_is(reply_bytes(429, out, sizeof out, &a),
                 "HTTP/1.1 429 Too Many Requests" CRLF "content-length: 117" CRLF
                 "cache-control: no-cache" CRLF "content-type: text/html" CRLF CRLF
                 "<html><body><h1>429 Too Many Requests</h1>\n"
                 "You have sent too many requests in a given amount of time.\n</body></html>\n"));
    arena_release(&a);
}

static void every_reply_tells_its_length(void **state)
{
    (void)state;
    unsigned found = 0;
    struct arena a;

    arena_init(&a, NULL);
    for (unsigned status = 100; status < 600; status++) {
        const struct http_error_reply *r = http_error_reply(status);
        struct http_msg msg;
        uint64_t length;
        if (r->status != status) {
            assert_int_equal(r->status, 500);
            continue;
        }
        found++;
        assert_int_equal(r->fields[0].id, HTTP_FIELD_CONTENT_LENGTH);
        assert_true(slice_to_u64(r->fields[0].value, &length));
        if (length != r->body.n) fail_msg("%u has %zu bytes", status, r->body.n);
        http_error_msg(r, &msg, &a);
        assert_int_equal(msg.content_length, length);
        http_msg_add(&msg, &a, SLICE("x"), SLICE("y"));
        assert_int_equal(msg.n_fields, HTTP_ERROR_FIELDS + 1);
    }
    assert_int_equal(found, 24);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_reason),
        cmocka_unit_test(replies_are_those_of_the_guide),
        cmocka_unit_test(every_reply_tells_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
