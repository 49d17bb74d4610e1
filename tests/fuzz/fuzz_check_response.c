/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the answer to a health check: in one piece and in several they mean the same, and no
 * slice leaves the buffer. The first three bytes: raw or HTTP and the method, the buffer's size,
 * the size of the pieces. */
#include "upstream/check_expect.h"

#include <stdlib.h>

#define CHECK(condition)           \
    do {                           \
        if (!(condition)) abort(); \
    } while (0)

struct outcome {
    enum check_answer state;
    unsigned status, n_fields;
    size_t body_n;
    char body[1024];
};

static bool within(const struct check_response *r, struct slice s)
{
    return s.n == 0 || (s.p >= r->p && s.p + s.n <= r->p + r->n);
}

static void read_all(const uint8_t *data, size_t n, size_t size, size_t piece, unsigned kind,
                     struct outcome *out)
{
    char *buffer = malloc(size);
    struct check_response r;
    struct slice body;

    check_response_init(&r, buffer, size, kind & 1, kind & 2 ? HTTP_HEAD : HTTP_GET);
    for (size_t at = 0; at < n && check_response_room(&r) && r.state < ANSWER_WHOLE;) {
        size_t part = n - at < piece ? n - at : piece;

        if (part > check_response_room(&r)) part = check_response_room(&r);
        memcpy(r.p + r.n, data + at, part);
        check_response_grown(&r, part, false);
        at += part;
        CHECK(r.n <= r.size && r.head <= r.n);
    }
    check_response_grown(&r, 0, true);
    CHECK(r.state == ANSWER_WHOLE || r.state == ANSWER_BROKEN);
    body = check_response_body(&r);
    CHECK(within(&r, body));
    *out = (struct outcome){ .state = r.state };
    if (r.state == ANSWER_WHOLE) {
        out->body_n = body.n;
        memcpy(out->body, body.p, body.n);
    }
    if (r.http && r.state == ANSWER_WHOLE) {
        CHECK(within(&r, r.msg.reason));
        out->status = r.msg.status;
        out->n_fields = r.msg.n_fields;
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, parts;
    size_t room;

    if (size < 3) return 0;
    room = 16 + (size_t)data[1] * 3;
    read_all(data + 3, size - 3, room, room, data[0], &whole);
    read_all(data + 3, size - 3, room, 1 + data[2] % 16, data[0], &parts);
    /* A full buffer cuts what comes in pieces elsewhere than what came at once. */
    if (size - 3 < room) {
        CHECK(whole.state == parts.state && whole.status == parts.status);
        CHECK(whole.body_n == parts.body_n && whole.n_fields == parts.n_fields);
        CHECK(memcmp(whole.body, parts.body, whole.body_n) == 0);
    }
    return 0;
}
