/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void methods_are_found_by_case(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum http_method method;
        bool idempotent;
    } rows[] = {
        { "GET", HTTP_GET, true },
        { "HEAD", HTTP_HEAD, true },
        { "POST", HTTP_POST, false },
        { "PUT", HTTP_PUT, true },
        { "DELETE", HTTP_DELETE, true },
        { "CONNECT", HTTP_CONNECT, false },
        { "OPTIONS", HTTP_OPTIONS, true },
        { "TRACE", HTTP_TRACE, true },
        { "PATCH", HTTP_PATCH, false },
        { "get", HTTP_METHOD_OTHER, false },
        { "GE", HTTP_METHOD_OTHER, false },
        { "GETS", HTTP_METHOD_OTHER, false },
        { "PROPFIND", HTTP_METHOD_OTHER, false },
        { "", HTTP_METHOD_OTHER, false },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum http_method m = http_method_find(slice_str(rows[i].name));
        assert_int_equal(m, rows[i].method);
        assert_int_equal(http_method_idempotent(m), rows[i].idempotent);
    }
}

static void fields_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum http_field_id id;
        bool hop;
    } rows[] = {
        { "host", HTTP_FIELD_HOST, false },
        { "connection", HTTP_FIELD_CONNECTION, true },
        { "content-length", HTTP_FIELD_CONTENT_LENGTH, false },
        { "transfer-encoding", HTTP_FIELD_TRANSFER_ENCODING, true },
        { "keep-alive", HTTP_FIELD_KEEP_ALIVE, true },
        { "proxy-connection", HTTP_FIELD_PROXY_CONNECTION, true },
        { "proxy-authenticate", HTTP_FIELD_PROXY_AUTHENTICATE, false },
        { "proxy-authorization", HTTP_FIELD_PROXY_AUTHORIZATION, false },
        { "te", HTTP_FIELD_TE, true },
        { "trailer", HTTP_FIELD_TRAILER, false },
        { "upgrade", HTTP_FIELD_UPGRADE, true },
        { "expect", HTTP_FIELD_EXPECT, false },
        { "cookie", HTTP_FIELD_COOKIE, false },
        { "set-cookie", HTTP_FIELD_SET_COOKIE, false },
        { "authorization", HTTP_FIELD_AUTHORIZATION, false },
        { "date", HTTP_FIELD_DATE, false },
        { "http2-settings", HTTP_FIELD_HTTP2_SETTINGS, true },
    };

    assert_int_equal(ARRAY_LEN(rows), HTTP_FIELD_IDS - 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice name = slice_str(rows[i].name);
        char other[32];
        assert_int_equal(http_field_find(name), rows[i].id);
        assert_int_equal(http_field_is_hop(rows[i].id), rows[i].hop);
        slice_copy(name, other, sizeof other);
        for (size_t k = 0; k < name.n; k++) { /* one byte more, less, or other */
            other[k] ^= 1;
            assert_int_equal(http_field_find(slice_of(other, name.n)), HTTP_FIELD_OTHER);
            other[k] ^= 1;
        }
        assert_int_equal(http_field_find(slice_of(name.p, name.n - 1)), HTTP_FIELD_OTHER);
        other[name.n] = 's';
        assert_int_equal(http_field_find(slice_of(other, name.n + 1)), HTTP_FIELD_OTHER);
    }
    assert_int_equal(http_field_find(SLICE("")), HTTP_FIELD_OTHER);
    assert_int_equal(http_field_find(SLICE("user-agent")), HTTP_FIELD_OTHER);
}

static void fields_are_added_and_removed(void **state)
{
    (void)state;
    struct http_msg m = { 0 };
    struct arena a;
    char names[40][16];

    arena_init(&a, NULL);
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "x-%d", i);
        http_msg_add(&m, &a, slice_str(names[i]), SLICE("v"));
    }
    assert_int_equal(m.n_fields, 40);
    assert_true(m.max_fields >= 40);
    for (int i = 0; i < 40; i++) assert_true(slice_is(m.fields[i].name, names[i]));
    http_msg_remove(&m, 39);
    http_msg_remove(&m, 0);
    http_msg_remove(&m, 4);
    assert_int_equal(m.n_fields, 37);
    assert_true(slice_is(m.fields[0].name, "x-1"));
    assert_true(slice_is(m.fields[3].name, "x-4"));
    assert_true(slice_is(m.fields[4].name, "x-6"));
    assert_true(slice_is(m.fields[36].name, "x-38"));
    assert_ptr_equal(http_msg_field_named(&m, SLICE("x-6")), &m.fields[4]);
    assert_null(http_msg_field_named(&m, SLICE("x-5")));
    assert_null(http_msg_field(&m, HTTP_FIELD_HOST));
    http_msg_add(&m, &a, SLICE("host"), SLICE("h"));
    http_msg_add(&m, &a, SLICE("host"), SLICE("i"));
    assert_ptr_equal(http_msg_field(&m, HTTP_FIELD_HOST), &m.fields[37]);
    arena_release(&a);
}

/* Whatever is added, the message has one length, and what is for the hop alone stays here. */
static void added_fields_keep_one_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool hop;
    } rows[] = {
        { "connection", "close", true },      { "transfer-encoding", "chunked", true },
        { "te", "trailers", true },           { "upgrade", "x", true },
        { "content-length", "x", true },      { "content-length", "12", false },
        { "content-length", "12", true },     { "content-length", "13", true },
        { "proxy-authenticate", "x", false }, { "x", "y", false },
    };
    struct http_msg m = { 0 };
    struct arena a;

    arena_init(&a, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        http_msg_add(&m, &a, slice_str(rows[i].name), slice_str(rows[i].value));
        assert_int_equal(m.fields[i].hop, rows[i].hop);
    }
    assert_true(m.has_content_length);
    assert_int_equal(m.content_length, 12);
    arena_release(&a);
}

static void a_message_is_taken_over(void **state)
{
    (void)state;
    char text[] = "GET /a?b host: h x: ";
    struct http_field fields[2] = {
        { .name = slice_of(text + 9, 4), .value = slice_of(text + 15, 1), .id = HTTP_FIELD_HOST },
        { .name = slice_of(text + 17, 1),
          .value = slice_of(text + sizeof text - 1, 0),
          .hop = true },
    };
    struct http_msg from = { .method = HTTP_GET,
                             .method_name = slice_of(text, 3),
                             .target = slice_of(text + 4, 4),
                             .authority = slice_of(text + 15, 1),
                             .path = SLICE("/"), /* a constant, outside of the text */
                             .keep_alive = true,
                             .n_fields = 2,
                             .max_fields = 2,
                             .fields = fields };
    struct http_msg to;
    struct arena a;

    arena_init(&a, NULL);
    http_msg_take(&to, &from, text, sizeof text - 1, &a);
    memset(text, '!', sizeof text - 1);
    memset(fields, 0, sizeof fields);
    assert_true(slice_is(to.method_name, "GET"));
    assert_true(slice_is(to.target, "/a?b"));
    assert_true(slice_is(to.authority, "h"));
    assert_true(slice_is(to.path, "/"));
    assert_null(to.reason.p);
    assert_true(to.keep_alive);
    assert_int_equal(to.n_fields, 2);
    assert_true(to.max_fields > 2);
    assert_true(slice_is(to.fields[0].name, "host"));
    assert_true(slice_is(to.fields[0].value, "h"));
    assert_int_equal(to.fields[0].id, HTTP_FIELD_HOST);
    assert_true(slice_is(to.fields[1].name, "x"));
    assert_true(slice_is(to.fields[1].value, ""));
    assert_true(to.fields[1].hop);
    arena_release(&a);
}

static void lists_are_split_at_commas(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *elements[4];
    } rows[] = {
        { "", { NULL } },
        { " , ,\t,", { NULL } },
        { "a", { "a" } },
        { " a ,\tb\t,, c d ", { "a", "b", "c d" } },
        { "\"a,b\", c", { "\"a,b\"", "c" } },
        { "x=\"a\\\",b\", c", { "x=\"a\\\",b\"", "c" } },
        { "x=\"a\\\\\",b", { "x=\"a\\\\\"", "b" } },
        { "\"a,b", { "\"a,b" } },
        { "\"a\\", { "\"a\\" } },
        { "a\\,b", { "a\\", "b" } },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice rest = slice_str(rows[i].text), element;
        for (size_t k = 0; k < ARRAY_LEN(rows[i].elements) && rows[i].elements[k]; k++) {
            assert_true(http_list_next(&rest, &element));
            assert_true(slice_is(element, rows[i].elements[k]));
        }
        assert_false(http_list_next(&rest, &element));
    }
    assert_true(http_list_has(SLICE("a, Trailers ,b"), SLICE("trailers")));
    assert_false(http_list_has(SLICE("a, trailers;q=1"), SLICE("trailers")));
    assert_false(http_list_has(SLICE("\"a, trailers, b\""), SLICE("trailers")));
    assert_false(http_list_has(slice_of(NULL, 0), SLICE("trailers")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_found_by_case),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(fields_are_added_and_removed),
        cmocka_unit_test(added_fields_keep_one_meaning),
        cmocka_unit_test(a_message_is_taken_over),
        cmocka_unit_test(lists_are_split_at_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
