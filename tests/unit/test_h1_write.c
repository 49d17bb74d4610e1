/* SPDX-License-Identifier: Apache-2.0 */
/* The writer, from messages made by hand: what the hop decides, what policy may have done to the
 * message, and rooms of every size. */
#include "h1_parsed.h"

enum { MOST_MADE = 8 };

/* A message as policy may have left it. */
struct made {
    struct http_msg msg;
    struct {
        const char *name;
        struct slice value;
        bool hop;
    } fields[MOST_MADE];
    struct h1_hop hop;
    struct slice out; /* "" when nothing is written */
};

static size_t write_made(const struct made *m, bool request, char *out, size_t room)
{
    struct http_field fields[MOST_MADE];
    struct http_msg msg = m->msg;

    msg.fields = fields;
    for (; msg.n_fields < MOST_MADE && m->fields[msg.n_fields].name; msg.n_fields++) {
        struct slice name = slice_str(m->fields[msg.n_fields].name);
        fields[msg.n_fields] = (struct http_field){ .name = name,
                                                    .value = m->fields[msg.n_fields].value,
                                                    .id = (uint8_t)http_field_find(name),
                                                    .hop = m->fields[msg.n_fields].hop };
    }
    return request ? h1_write_request(out, room, &msg, &m->hop)
                   : h1_write_response(out, room, &msg, &m->hop);
}

/* Each row in rooms from nothing to more than it needs, each a piece of memory of its own. */
static void check_made(const struct made *rows, size_t n, bool request)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t room = 0; room < rows[i].out.n + 40; room++) {
            char *out = mem_alloc(room ? room : 1);
            size_t got = write_made(&rows[i], request, out, room);
            size_t want = room < rows[i].out.n ? 0 : rows[i].out.n;
            if (got != want || (got && memcmp(out, rows[i].out.p, got) != 0))
                fail_msg("row %zu, room %zu: %zu bytes, %.*s", i, room, got, (int)got, out);
            free(out);
        }
    }
}

#define START .method_name = LITERAL("GET"), .target = LITERAL("/"), .authority = LITERAL("b")
#define HOST                        \
    {                               \
        "host", LITERAL("a"), false \
    }
#define LENGTH                                 \
    {                                          \
        "content-length", LITERAL("99"), false \
    }

static const struct made requests[] = {
    { { START },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { { START },
      { HOST },
      { HTTP_1_0, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.0" CRLF "host: a" CRLF CRLF) },
    { { START },
      { { "x", LITERAL("y"), false } },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.1" CRLF "host: b" CRLF "x: y" CRLF CRLF) },
    { { START },
      { { "host", LITERAL("a"), true } },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.1" CRLF "host: b" CRLF CRLF) },
    { { START },
      { { "x", LITERAL("y"), false } },
      { HTTP_1_0, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.0" CRLF "x: y" CRLF CRLF) },
    /* lengths */
    { { START, .content_length = 7, .has_content_length = true },
      { HOST, LENGTH },
      { HTTP_1_1, .framing = HTTP_LENGTH },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "content-length: 7" CRLF CRLF) },
    { { START, .content_length = 7, .has_content_length = true },
      { HOST, LENGTH },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { { START, .content_length = 7, .has_content_length = true },
      { HOST, LENGTH, LENGTH },
      { HTTP_1_1, .framing = HTTP_CHUNKED },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "transfer-encoding: chunked" CRLF CRLF) },
    { { START, .content_length = UINT64_MAX },
      { HOST },
      { HTTP_1_1, .framing = HTTP_LENGTH },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF
              "content-length: 18446744073709551615" CRLF CRLF) },
    { { START, .content_length = 7 },
      { HOST, LENGTH, LENGTH },
      { HTTP_1_1, .framing = HTTP_LENGTH },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "content-length: 7" CRLF CRLF) },
    /* the connection */
    { { START },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY, .close = true },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "connection: close" CRLF CRLF) },
    { { START },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY, .say_keep_alive = true },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "connection: keep-alive" CRLF CRLF) },
    { { START },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY, .close = true, .say_keep_alive = true },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "connection: close" CRLF CRLF) },
    { { START, .upgrade_value = LITERAL("websocket") },
      { HOST, { "upgrade", LITERAL("h2c"), true } },
      { HTTP_1_1, .framing = HTTP_NO_BODY, .upgrade = true, .close = true },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "upgrade: websocket" CRLF
              "connection: upgrade" CRLF CRLF) },
    /* what would be two messages, or none */
    { { .method_name = LITERAL("GET"), .target = LITERAL("/a b\r\nX: \x80#y\x7f") },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET /a%20b%0D%0AX:%20%80%23y%7F HTTP/1.1" CRLF "host: a" CRLF CRLF) },
    { { START },
      { HOST, { "x", LITERAL("a\r\nY: b\0\x01\tc\x7f"), false } },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.1" CRLF "host: a" CRLF "x: a  Y: b  \tc " CRLF CRLF) },
    { { .method_name = LITERAL("GET"), .target = LITERAL("/"), .authority = LITERAL("b\r\nx: y") },
      { { NULL, LITERAL(""), false } },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("GET / HTTP/1.1" CRLF "host: b  x: y" CRLF CRLF) },
    { { .method_name = LITERAL("GE T"), .target = LITERAL("/") },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("") },
    { { .method_name = LITERAL(""), .target = LITERAL("/") },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("") },
    { { .method_name = LITERAL("GET"), .target = LITERAL("") },
      { HOST },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("") },
};

static void requests_are_written_for_the_hop(void **state)
{
    (void)state;
    check_made(requests, ARRAY_LEN(requests), true);
}

static const struct made responses[] = {
    { { .status = 200, .reason = LITERAL("OK") },
      { { "x", LITERAL("y"), false } },
      { HTTP_1_1, .framing = HTTP_UNTIL_CLOSE, .close = true },
      LITERAL("HTTP/1.1 200 OK" CRLF "x: y" CRLF "connection: close" CRLF CRLF) },
    { { .status = 200 },
      { LENGTH },
      { HTTP_1_0, .framing = HTTP_UNTIL_CLOSE },
      LITERAL("HTTP/1.0 200 " CRLF CRLF) },
    { { .status = 200, .content_length = 5 },
      { { "x", LITERAL("y"), false } },
      { HTTP_1_1, .framing = HTTP_LENGTH },
      LITERAL("HTTP/1.1 200 " CRLF "x: y" CRLF "content-length: 5" CRLF CRLF) },
    { { .status = 200, .content_length = 5, .has_content_length = true },
      { LENGTH },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("HTTP/1.1 200 " CRLF "content-length: 5" CRLF CRLF) },
    { { .status = 200 },
      { LENGTH },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("HTTP/1.1 200 " CRLF CRLF) },
    { { .status = 304, .content_length = 5, .has_content_length = true },
      { LENGTH },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("HTTP/1.1 304 " CRLF "content-length: 5" CRLF CRLF) },
    { { .status = 204, .content_length = 5, .has_content_length = true },
      { LENGTH },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("HTTP/1.1 204 " CRLF CRLF) },
    { { .status = 103, .content_length = 5, .has_content_length = true },
      { LENGTH },
      { HTTP_1_1, .framing = HTTP_NO_BODY },
      LITERAL("HTTP/1.1 103 " CRLF CRLF) },
    { { .status = 200 },
      { LENGTH },
      { HTTP_1_1, .framing = HTTP_CHUNKED },
      LITERAL("HTTP/1.1 200 " CRLF "transfer-encoding: chunked" CRLF CRLF) },
    { { .status = 101, .upgrade_value = LITERAL("a") },
      { { NULL, LITERAL(""), false } },
      { HTTP_1_1, .framing = HTTP_NO_BODY, .upgrade = true },
      LITERAL("HTTP/1.1 101 " CRLF "upgrade: a" CRLF "connection: upgrade" CRLF CRLF) },
    { { .status = 200, .reason = LITERAL("a reason\r\nX: \0y of more than a vector") },
      { { NULL, LITERAL(""), false } },
      { HTTP_1_1, .framing = HTTP_UNTIL_CLOSE },
      LITERAL("HTTP/1.1 200 a reason  X:  y of more than a vector" CRLF CRLF) },
    { { .status = 99 },
      { { NULL, LITERAL(""), false } },
      { HTTP_1_1, .framing = HTTP_UNTIL_CLOSE },
      LITERAL("") },
    { { .status = 1000 },
      { { NULL, LITERAL(""), false } },
      { HTTP_1_1, .framing = HTTP_UNTIL_CLOSE },
      LITERAL("") },
};

static void responses_are_written_for_the_hop(void **state)
{
    (void)state;
    check_made(responses, ARRAY_LEN(responses), false);
}

/* What is written is read as the same message. */
static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const struct slice text = LITERAL(
        "POST http://a.example:8080/x?y=z HTTP/1.1" CRLF "Host: a.example:8080" CRLF
        "Content-Length: 3, 3" CRLF "Connection: x-drop, close" CRLF "X-Drop: 1" CRLF
        "X-Empty:" CRLF "X-Long: 0123456789012345678901234567890123456789" CRLF CRLF);
    static char out[ROOM];
    struct parsed *a = parse(REQUEST, text, &limits), *b;
    struct h1_hop hop = { .version = HTTP_1_1, .framing = HTTP_LENGTH };
    unsigned j = 0;

    b = parse(REQUEST, slice_of(out, h1_write_request(out, ROOM, &a->msg, &hop)), &limits);
    assert_int_equal(b->result, H1_DONE);
    assert_true(slice_eq(a->msg.method_name, b->msg.method_name));
    assert_true(slice_eq(a->msg.target, b->msg.target));
    assert_true(slice_eq(a->msg.authority, b->msg.authority));
    assert_int_equal(b->msg.content_length, 3);
    assert_true(b->msg.keep_alive);
    for (unsigned i = 0; i < a->msg.n_fields; i++) {
        if (a->fields[i].hop) continue;
        assert_true(slice_eq(a->fields[i].name, b->fields[j].name));
        assert_true(slice_eq(a->fields[i].value, b->fields[j].value));
        j++;
    }
    assert_int_equal(j, b->msg.n_fields);
    parsed_free(a);
    parsed_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_written_for_the_hop),
        cmocka_unit_test(responses_are_written_for_the_hop),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
