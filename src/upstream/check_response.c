/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check_response.h"

void check_response_init(struct check_response *r, char *p, size_t size, bool http,
                         enum http_method method)
{
    memset(r, 0, offsetof(struct check_response, fields));
    r->p = p;
    r->size = size;
    r->http = http;
    r->method = method;
    r->state = http ? ANSWER_HEAD : ANSWER_BODY;
    r->msg.fields = r->fields;
    r->msg.max_fields = CHECK_FIELDS;
    h1_chunks_init(&r->chunks);
}

/* Reads the head. 1xx are stepped over. */
static void read_head(struct check_response *r)
{
    const struct h1_limits limits = { r->size - r->head, CHECK_FIELDS };
    struct h1_error err;
    enum h1_result got;
    size_t used;

    do {
        if (r->looked < r->head) r->looked = r->head;
        if (!memchr(r->p + r->looked, '\n', r->n - r->looked) && r->n < r->size && !r->closed) {
            r->looked = r->n;
            return;
        }
        r->looked = r->n;
        got = h1_parse_response(r->p + r->head, r->n - r->head, &limits, r->method, &r->msg, &used,
                                &err);
        if (got == H1_MORE && !r->closed && r->n < r->size) return;
        if (got != H1_DONE) {
            r->state = ANSWER_BROKEN;
            return;
        }
        r->head += used;
        r->decoded = r->head;
    } while (r->msg.status < 200 && r->msg.status != 101);
    r->state = ANSWER_BODY;
}

/* Takes the chunks apart; their bytes move together behind the head. */
static void decode_chunks(struct check_response *r)
{
    struct h1_error err;
    struct slice data;
    size_t used;
    enum h1_result got = h1_chunks_decode(&r->chunks, r->p + r->decoded, r->n - r->decoded, &used,
                                          &data, &err);
    char *rest = r->p + r->decoded + used;
    size_t left = r->n - r->decoded - used;

    if (got == H1_BAD) {
        r->state = ANSWER_BROKEN;
        return;
    }
    if (data.n) memmove(r->p + r->decoded, data.p, data.n);
    r->decoded += data.n;
    if (left) memmove(r->p + r->decoded, rest, left);
    r->n = r->decoded + left;
    if (got == H1_DONE) r->state = ANSWER_WHOLE;
}

static void read_body(struct check_response *r)
{
    switch (r->msg.framing) {
    case HTTP_NO_BODY: r->state = ANSWER_WHOLE; break;
    case HTTP_LENGTH:
        r->decoded = r->n;
        if (r->decoded - r->head < r->msg.content_length) break;
        r->decoded = r->head + (size_t)r->msg.content_length;
        r->state = ANSWER_WHOLE;
        break;
    case HTTP_CHUNKED: decode_chunks(r); break;
    case HTTP_UNTIL_CLOSE: r->decoded = r->n; break;
    }
}

void check_response_grown(struct check_response *r, size_t n, bool closed)
{
    r->n += n;
    r->closed |= closed;
    if (r->state == ANSWER_HEAD) read_head(r);
    if (r->state != ANSWER_BODY) return;
    if (r->http) read_body(r);
    if (r->state == ANSWER_BODY && (r->closed || r->n == r->size)) r->state = ANSWER_WHOLE;
}

struct slice check_response_body(const struct check_response *r)
{
    return r->http ? slice_of(r->p + r->head, r->decoded - r->head) : slice_of(r->p, r->n);
}
