/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of what has come of a body: all of it only behind `http-request wait-for-body` and with
 * `option http-buffer-request`. */
#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"

static const struct context_body *body_of(struct context *c, intptr_t side)
{
    bool response = side == SIDE_RESPONSE;
    const struct context_body *b = response ? &c->res_body : &c->req_body;

    if (!b->whole && c->see_body) c->see_body(c, response);
    return b;
}

static bool fetch_body(struct context *c, const struct arg *args, struct sample *out)
{
    intptr_t side = args_param(args);
    return field_message(c, side) && sample_bin(out, body_of(c, side)->bytes);
}

static bool fetch_body_length(struct context *c, const struct arg *args, struct sample *out)
{
    intptr_t side = args_param(args);
    return field_message(c, side) && sample_sint(out, (int64_t)body_of(c, side)->bytes.n);
}

/* What Content-Length says; without one, what has come. */
static bool fetch_body_size(struct context *c, const struct arg *args, struct sample *out)
{
    intptr_t side = args_param(args);
    const struct http_msg *m = field_message(c, side);

    if (!m) return false;
    if (m->framing != HTTP_LENGTH) return fetch_body_length(c, args, out);
    return sample_sint(out, (int64_t)m->content_length);
}

static const struct fetch rows[] = {
    { "req.body", ARGS(0, ARG_END), SAMPLE_BIN, NEED_REQUEST_BODY, 0, fetch_body,
      "The request's body, as far as it has come: all of it, when it fits into a buffer, behind "
      "`http-request wait-for-body` or with `option http-buffer-request`.",
      NULL, SIDE_REQUEST },
    { "req.body_len", ARGS(0, ARG_END), SAMPLE_SINT, NEED_REQUEST_BODY, 0, fetch_body_length,
      "How many bytes `req.body` is long.", NULL, SIDE_REQUEST },
    { "req.body_size", ARGS(0, ARG_END), SAMPLE_SINT, NEED_REQUEST_BODY, 0, fetch_body_size,
      "How long the request's Content-Length says that its body is; when there is none, as "
      "`req.body_len`.",
      NULL, SIDE_REQUEST },
    { "res.body", ARGS(0, ARG_END), SAMPLE_BIN, NEED_RESPONSE_BODY, 0, fetch_body,
      "The response's body, as far as it has come.", NULL, SIDE_RESPONSE },
    { "res.body_len", ARGS(0, ARG_END), SAMPLE_SINT, NEED_RESPONSE_BODY, 0, fetch_body_length,
      "How many bytes `res.body` is long.", NULL, SIDE_RESPONSE },
    { "res.body_size", ARGS(0, ARG_END), SAMPLE_SINT, NEED_RESPONSE_BODY, 0, fetch_body_size,
      "How long the response's Content-Length says that its body is; when there is none, as "
      "`res.body_len`.",
      NULL, SIDE_RESPONSE },
};

const struct fetch_table body_fetches = FETCH_TABLE("Bodies", rows);
