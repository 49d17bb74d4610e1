/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of what a connection's buffer holds, as they are where HTTP is spoken: the predefined
 * ACLs REQ_CONTENT, WAIT_END and RDP_COOKIE ask them. HAProxy's manual, 7.3.5. */
#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"

/* Rules for messages are run when all is there that they wait for. */
static bool fetch_wait_end(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_bool(out, true);
}

/* A message of HTTP is none of RDP. */
static bool fetch_rdp_cookie(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    (void)out;
    return false;
}

static bool fetch_rdp_cookie_count(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->req && sample_sint(out, 0);
}

/* ---- lengths ---- */

/* HAProxy counts a message in its own form: names and values without what stands between them, and
 * so much for what it knows of the first line, for the head's end and for a chunked body's. */
enum { ABOUT_FIRST_LINE = 20, HEAD_END = 1, CHUNKS_END = 1, VERSION = sizeof("HTTP/1.1") - 1 };

/* Connection without what HTTP/1 says of the connection itself. */
static size_t connection_length(struct slice value)
{
    size_t n = 0, options = 0;

    while (value.p) {
        struct slice option = slice_trim(slice_cut(&value, ','), " \t");
        if (slice_eq_nocase(option, SLICE("close")) || slice_eq_nocase(option, SLICE("keep-alive")))
            continue;
        n += option.n;
        options++;
    }
    return options ? n + 2 * (options - 1) : 0;
}

static size_t field_length(const struct http_field *f)
{
    size_t n = f->value.n;

    if (slice_is(f->name, "connection")) {
        n = connection_length(f->value);
        if (!n) return 0;
    }
    return f->name.n + n;
}

static size_t first_line_length(const struct http_msg *m, bool response)
{
    enum { STATUS = 3 };
    size_t n = response ? STATUS + m->reason.n : m->method_name.n + m->target.n;

    return ABOUT_FIRST_LINE + VERSION + n;
}

static bool fetch_length(struct context *c, const struct arg *args, struct sample *out)
{
    bool response = args_param(args) == SIDE_RESPONSE;
    const struct http_msg *m = field_message(c, args_param(args));
    const struct context_body *body = response ? &c->res_body : &c->req_body;
    size_t n;

    if (!m) return false;
    if (!body->whole && c->see_body) c->see_body(c, response);
    n = first_line_length(m, response) + HEAD_END + body->bytes.n;
    for (unsigned i = 0; i < m->n_fields; i++) n += field_length(&m->fields[i]);
    if (m->framing == HTTP_CHUNKED && body->whole) n += CHUNKS_END;
    return sample_sint(out, (int64_t)n);
}

#define LENGTH(name, need, side, text)                                               \
    {                                                                                \
        name, ARGS(0, ARG_END), SAMPLE_SINT, need, 0, fetch_length, text, NULL, side \
    }
#define COOKIE(name, text)                                                                   \
    {                                                                                        \
        name, ARGS(0, ARG_STR), SAMPLE_STR, NEED_REQUEST, 0, fetch_rdp_cookie, text, NULL, 0 \
    }
#define COOKIES(name, text)                                                                       \
    {                                                                                             \
        name, ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, 0, fetch_rdp_cookie_count, text, NULL, \
            0                                                                                     \
    }

static const struct fetch rows[] = {
    COOKIE("rdp_cookie", "The same as `req.rdp_cookie`."),
    COOKIES("rdp_cookie_cnt", "The same as `req.rdp_cookie_cnt`."),
    LENGTH("req.len", NEED_REQUEST, SIDE_REQUEST,
           "How much of the request has come, head and body, in the form that HAProxy keeps it in: "
           "more than 0 in each request, and no length that anybody sent."),
    LENGTH("req_len", NEED_REQUEST, SIDE_REQUEST, "The same as `req.len`."),
    COOKIE("req.rdp_cookie", "Nothing: a request of HTTP has no cookie of RDP."),
    COOKIES("req.rdp_cookie_cnt", "0: a request of HTTP has no cookie of RDP."),
    LENGTH("res.len", NEED_RESPONSE, SIDE_RESPONSE, "The same of the response."),
    { "wait_end", ARGS(0, ARG_END), SAMPLE_BOOL, NEED_PROCESS, 0, fetch_wait_end,
      "True: rules for HTTP messages are run when nothing is waited for any more.", NULL, 0 },
};

const struct fetch_table contents_fetches = FETCH_TABLE("What has come", rows);
