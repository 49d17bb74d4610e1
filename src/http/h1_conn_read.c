/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from an HTTP/1 connection: heads, and the bodies behind them. */
#include "http/h1_conn_ends.h"

enum {
    RESPONSE_READ = 132 * 1024, /* a read that begins an answer may bring this much of its body */
    LONG_BODY = 192 * 1024, /* more than this need not be copied at all (body_source.pull_pipe) */
    WIDE_FROM = 32 * 1024,  /* a body with more than this to come is read in wide pieces */
    TRAILERS_MOST = 64,
    LOOK_AHEAD = 4096,
};

static struct buf_pool *pool(struct h1_conn *h)
{
    return &h->conn.worker->bufs;
}

/* ---- the input buffer ---- */

static void in_put(struct h1_conn *h)
{
    struct wide *wide = &h->conn.worker->wide;

    if (h->in != wide->buf) {
        buf_put(pool(h), &h->in);
        return;
    }
    h->in = NULL;
    wide->holder = NULL;
}

void h1_conn_settle(struct h1_conn *h)
{
    if (!h->in) return;
    buf_consume(h->in, h->taken);
    h->taken = 0;
    if (buf_filled(h->in) == 0) in_put(h);
}

/* Another connection wants the wide buffer: what we have left in it moves to one of our own. */
static void evict(void *holder)
{
    struct h1_conn *h = holder;
    struct buf *own;

    h1_conn_settle(h);
    if (!h->in) return;
    own = buf_get_large(pool(h), (uint32_t)buf_filled(h->in));
    buf_append(own, slice_of(buf_at(h->in), buf_filled(h->in)));
    h->in = own;
    h->conn.worker->wide.holder = NULL;
}

/* Reads once, at most `most` bytes; conn_read's result. */
static ssize_t fill(struct h1_conn *h, size_t most)
{
    ssize_t n;

    if (!conn_readable(&h->conn)) return CONN_WAIT;
    if (!h->in) h->in = worker_wide(h->conn.worker, h, evict);
    if (buf_room(h->in) < h->in->size / 4) buf_compact(h->in);
    if (buf_room(h->in) == 0) return CONN_ERROR;
    n = conn_read(&h->conn, buf_end(h->in), buf_room(h->in) < most ? buf_room(h->in) : most);
    if (n > 0) {
        h->in->tail += (uint32_t)n;
        h->bytes_in += (uint64_t)n;
    } else if (buf_filled(h->in) == 0) {
        in_put(h);
    }
    return n;
}

/* ---- heads ---- */

struct head_parser {
    const struct h1_limits *limits;
    bool response;
    enum http_method method;
    struct http_msg *msg;
    size_t *used;
    struct h1_error *err;
};

static enum h1_result parse_head(const struct head_parser *p, char *at, size_t n)
{
    return p->response ? h1_parse_response(at, n, p->limits, p->method, p->msg, p->used, p->err)
                       : h1_parse_request(at, n, p->limits, p->msg, p->used, p->err);
}

/* A head need be parsed again only when another line has ended, or when it can't grow. */
static bool worth_parsing(const struct h1_conn *h, const struct h1_limits *limits)
{
    size_t n = buf_filled(h->in);

    if (n == h->looked) return false;
    if (h->looked == 0 || n >= limits->head_size) return true;
    return memchr(buf_at(h->in) + h->looked, '\n', n - h->looked) != NULL;
}

/* Of a long answer as little as can be should come with its head; and after a long one the next is
 * likely to be long as well. */
static size_t most_for_head(struct h1_conn *h, const struct head_parser *p)
{
    return p->response && !h->in_long ? RESPONSE_READ : pool(h)->size;
}

static enum h1_head read_head(struct h1_conn *h, const struct head_parser *p)
{
    size_t most = most_for_head(h, p);

    for (;;) {
        ssize_t n;

        if (h->in && worth_parsing(h, p->limits)) {
            switch (parse_head(p, buf_at(h->in), buf_filled(h->in))) {
            case H1_DONE: return H1_HEAD_DONE;
            case H1_BAD: return H1_HEAD_BAD;
            case H1_MORE: h->looked = (uint32_t)buf_filled(h->in); break;
            }
        }
        n = fill(h, most);
        if (n > 0) continue;
        if (n == CONN_WAIT) return H1_HEAD_WAIT;
        if (n == CONN_ERROR) return H1_HEAD_BROKEN;
        return h->in ? H1_HEAD_CUT : H1_HEAD_CLOSED;
    }
}

enum h1_head h1_conn_request(struct h1_conn *h, const struct h1_limits *limits,
                             struct http_msg *msg, size_t *used, struct h1_error *err)
{
    struct head_parser p = { limits, false, HTTP_METHOD_OTHER, msg, used, err };
    return read_head(h, &p);
}

enum h1_head h1_conn_response(struct h1_conn *h, const struct h1_limits *limits,
                              enum http_method method, struct http_msg *msg, size_t *used,
                              struct h1_error *err)
{
    struct head_parser p = { limits, true, method, msg, used, err };
    return read_head(h, &p);
}

void h1_conn_take(struct h1_conn *h, const struct http_msg *head, size_t used, struct arena *a,
                  struct http_msg *msg)
{
    http_msg_take(msg, head, buf_at(h->in), used, a);
    h->looked = 0;
    h->taken = (uint32_t)used;
    h1_conn_settle(h);
    h->in_framing = msg->framing;
    h->in_left = msg->framing == HTTP_LENGTH ? msg->content_length : 0;
    h->in_long = h->in_left > LONG_BODY;
    h->in_ended = msg->framing == HTTP_NO_BODY || (msg->framing == HTTP_LENGTH && !h->in_left);
    if (msg->framing == HTTP_CHUNKED) h1_chunks_init(&h->chunks);
}

bool h1_conn_body_sound(const struct h1_conn *h, struct arena *a)
{
    struct h1_chunks chunks;
    struct slice bytes, data;
    struct h1_error err;
    size_t used;

    if (h->in_framing != HTTP_CHUNKED || !h->in) return true;
    bytes = slice_of(buf_at(h->in),
                     buf_filled(h->in) < LOOK_AHEAD ? buf_filled(h->in) : LOOK_AHEAD);
    bytes = arena_copy(a, bytes); /* decoding moves data together */
    chunks = h->chunks;
    return h1_chunks_decode(&chunks, (char *)bytes.p, bytes.n, &used, &data, &err) != H1_BAD;
}

/* ---- the body being read ---- */

/* How much of what comes is known to be plain body bytes. */
static uint64_t plain_ahead(const struct h1_conn *h)
{
    switch (h->in_framing) {
    case HTTP_LENGTH: return h->in_left;
    case HTTP_CHUNKED: return h->chunks.left;
    case HTTP_UNTIL_CLOSE: return UINT64_MAX;
    }
    return 0;
}

static void account(struct h1_conn *h, size_t n)
{
    if (h->in_framing == HTTP_LENGTH) {
        h->in_left -= n;
        h->in_ended = h->in_left == 0;
    }
}

static enum body_pull ended_early(struct h1_conn *h, ssize_t n, struct body_part *part)
{
    if (n == CONN_EOF && h->in_framing == HTTP_UNTIL_CLOSE) {
        h->in_ended = true;
        part->last = true;
        return BODY_PART;
    }
    h->in_spoilt = true;
    return BODY_CUT;
}

/* Leaves out of a trailer section, in place, the fields that end here. */
static struct slice forwardable_trailer(struct slice trailer)
{
    struct http_field fields[TRAILERS_MOST];
    unsigned n = h1_trailer_fields(trailer, fields, TRAILERS_MOST);
    char *start = (char *)trailer.p, *out = start;

    for (unsigned i = 0; i < n; i++) {
        const char *line = fields[i].name.p;
        const char *end = memchr(line, '\n', (size_t)(trailer.p + trailer.n - line));
        memmove(out, line, (size_t)(end + 1 - line));
        out += end + 1 - line;
    }
    return slice_between(start, out);
}

/* What can be had of the bytes in hand: BODY_WAIT when they are not enough for anything. */
static enum body_pull pull_buffered(struct h1_conn *h, struct body_part *part, size_t most)
{
    size_t filled = buf_filled(h->in), used;
    struct h1_error err;

    if (filled > most) filled = most;
    if (h->in_framing != HTTP_CHUNKED) {
        used = h->in_framing == HTTP_LENGTH && h->in_left < filled ? (size_t)h->in_left : filled;
        part->data = slice_of(buf_at(h->in), used);
        h->taken = (uint32_t)used;
        account(h, used);
        part->last = h->in_ended;
        return BODY_PART;
    }
    switch (h1_chunks_decode(&h->chunks, buf_at(h->in), filled, &used, &part->data, &err)) {
    case H1_BAD: h->in_spoilt = true; return BODY_BROKEN;
    case H1_DONE:
        h->in_ended = part->last = true;
        if (h->chunks.trailer.n) part->trailer = forwardable_trailer(h->chunks.trailer);
        break;
    case H1_MORE: break;
    }
    h->taken = (uint32_t)used;
    if (part->data.n || part->last) return BODY_PART;
    h1_conn_settle(h);
    return BODY_WAIT;
}

static enum body_pull h1_pull(struct body_source *s, struct body_part *part)
{
    struct h1_conn *h = container_of(s, struct h1_conn, source);
    size_t most = part->most ? part->most : WORKER_WIDE_SIZE;

    *part = (struct body_part){ .last = h->in_ended };
    h1_conn_settle(h);
    if (h->in_ended) return BODY_PART;
    for (;;) {
        ssize_t n;

        if (h->in) {
            bool more = buf_filled(h->in) > most;
            enum body_pull r = pull_buffered(h, part, most);
            if (r == BODY_WAIT && more) r = pull_buffered(h, part, SIZE_MAX);
            if (r != BODY_WAIT) return r;
        }
        n = fill(h, plain_ahead(h) > WIDE_FROM ? most : pool(h)->size);
        if (n == CONN_WAIT) return BODY_WAIT;
        if (n <= 0) return ended_early(h, n, part);
    }
}

/* A chunked body is copied: its framing has to be looked at. */
static bool may_splice(const struct h1_conn *h)
{
    return !h->in && h->in_framing != HTTP_CHUNKED && !h->in_ended && conn_is_plain(&h->conn) &&
           conn_readable(&h->conn);
}

static enum body_pull h1_pull_pipe(struct body_source *s, struct body_part *part)
{
    struct h1_conn *h = container_of(s, struct h1_conn, source);
    struct pipes *pipes = &h->conn.worker->pipes;
    uint64_t most = plain_ahead(h);
    ssize_t n;

    h1_conn_settle(h);
    part->pipe = may_splice(h) ? pipe_get(pipes) : NULL;
    if (!part->pipe) return h1_pull(s, part);
    *part = (struct body_part){ .pipe = part->pipe };
    n = conn_read_pipe(&h->conn, part->pipe, most < SIZE_MAX ? (size_t)most : SIZE_MAX);
    if (n <= 0) {
        pipe_put(pipes, &part->pipe);
        return n == CONN_WAIT ? BODY_WAIT : ended_early(h, n, part);
    }
    h->bytes_in += (uint64_t)n;
    account(h, (size_t)n);
    if (h->in_ended) conn_look(&h->conn);
    part->last = h->in_ended;
    return BODY_PART;
}

static void h1_source_stop(struct body_source *s)
{
    struct h1_conn *h = container_of(s, struct h1_conn, source);
    h1_conn_settle(h);
    if (!h->in_ended) h->in_spoilt = true;
}

static uint64_t h1_source_ahead(const struct body_source *s)
{
    return plain_ahead(
        (const struct h1_conn *)((const char *)s - offsetof(struct h1_conn, source)));
}

static const struct body_source_ops source_ops = {
    .pull = h1_pull,
    .ahead = h1_source_ahead,
    .pull_pipe = h1_pull_pipe,
    .stop = h1_source_stop,
};

/* ---- life ---- */

void h1_conn_begin_reading(struct h1_conn *h)
{
    h->in = NULL;
    h->source.ops = &source_ops;
    h->taken = h->looked = 0;
    h->in_ended = true;
    h->in_spoilt = h->in_long = false;
    h->bytes_in = 0;
}

void h1_conn_end_reading(struct h1_conn *h)
{
    h->taken = 0;
    if (h->in) in_put(h);
}
