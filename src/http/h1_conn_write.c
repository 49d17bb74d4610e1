/* SPDX-License-Identifier: Apache-2.0 */
/* Writing to an HTTP/1 connection: heads, the bodies behind them, and what its socket did not take
 * at once. */
#include "http/h1_conn_ends.h"

#include <assert.h>

enum {
    COPY_UP_TO = 4096,     /* smaller parts are copied behind what is queued, to go in one piece */
    PACE_UNIT = 16,        /* milliseconds of pace_clock */
    SLOW_MS = 256,         /* to be rid of what was kept: then … */
    SLOW_PART = 64 * 1024, /* … parts are no larger than this at first … */
    PART_GROWS = 512,      /* … each that is taken at once allows the next so much more … */
    FAST_PART = 96 * 1024, /* … and beyond this, some 5 MB later, any size */
};

static struct buf_pool *pool(struct h1_conn *h)
{
    return &h->conn.worker->bufs;
}

/* ---- what waits to be sent ---- */

static struct buf *out_buf(struct h1_conn *h, size_t room)
{
    struct buf *b = h->out_last;

    assert(!h->out_pipe); /* it would be overtaken */
    if (b && buf_room(b) >= room) return b;
    b = buf_get(pool(h));
    if (h->out_last)
        h->out_last->next = b;
    else
        h->out = b;
    h->out_last = b;
    return b;
}

void h1_conn_queue(struct h1_conn *h, struct slice bytes)
{
    while (bytes.n) {
        struct buf *b = out_buf(h, 1);
        size_t n = bytes.n < buf_room(b) ? bytes.n : buf_room(b);
        buf_append(b, slice_of(bytes.p, n));
        bytes = slice_from(bytes, n);
    }
}

/* Drops n sent bytes from the queue. */
static void out_consume(struct h1_conn *h, size_t n)
{
    while (h->out) {
        struct buf *b = h->out, *next = b->next;
        size_t part = n < buf_filled(b) ? n : buf_filled(b);

        buf_consume(b, part);
        n -= part;
        if (buf_filled(b)) return;
        buf_put(pool(h), &b);
        h->out = next;
        if (!next) h->out_last = NULL;
    }
}

enum { OUT_VECTORS = 16 };

static int out_vectors(const struct h1_conn *h, struct iovec *v, int most)
{
    int n = 0;

    for (struct buf *b = h->out; b && n < most; b = b->next)
        v[n++] = (struct iovec){ buf_at(b), buf_filled(b) };
    return n;
}

static enum body_push flush_pipe(struct h1_conn *h)
{
    while (h->out_pipe->held) {
        ssize_t sent = conn_write_pipe(&h->conn, h->out_pipe);

        if (sent == CONN_WAIT) return SINK_BLOCKED;
        if (sent < 0) return SINK_BROKEN;
        h->bytes_out += (uint64_t)sent;
    }
    pipe_put(&h->conn.worker->pipes, &h->out_pipe);
    return SINK_READY;
}

enum body_push h1_conn_flush(struct h1_conn *h)
{
    while (h->out) {
        struct iovec v[OUT_VECTORS];
        int n = out_vectors(h, v, OUT_VECTORS);
        ssize_t sent = conn_writev(&h->conn, v, n);

        if (sent == CONN_WAIT) return SINK_BLOCKED;
        if (sent < 0) return SINK_BROKEN;
        h->bytes_out += (uint64_t)sent;
        out_consume(h, (size_t)sent);
    }
    return h->out_pipe ? flush_pipe(h) : SINK_READY;
}

typedef size_t head_writer(char *out, size_t room, const struct http_msg *msg,
                           const struct h1_hop *hop);

static bool write_head(struct h1_conn *h, const struct http_msg *msg, const struct h1_hop *hop,
                       head_writer *write)
{
    struct buf *b = out_buf(h, 1);
    size_t n = write(buf_end(b), buf_room(b), msg, hop);

    if (n == 0 && buf_filled(b)) { /* behind another head: a buffer of its own */
        b = out_buf(h, b->size);
        n = write(buf_end(b), buf_room(b), msg, hop);
    }
    b->tail += (uint32_t)n;
    h->conn.more = false;
    h->sink.part_most = 0;
    h->stalled = 0;
    h->out_framing = hop->framing;
    h->out_left = hop->framing == HTTP_LENGTH ? msg->content_length : 0;
    return n > 0;
}

bool h1_conn_write_request(struct h1_conn *h, const struct http_msg *msg, const struct h1_hop *hop)
{
    return write_head(h, msg, hop, h1_write_request);
}

bool h1_conn_write_response(struct h1_conn *h, const struct http_msg *msg, const struct h1_hop *hop)
{
    return write_head(h, msg, hop, h1_write_response);
}

/* ---- the body being written ---- */

/* What a part looks like on the wire: at most four pieces. */
static int frame_part(struct h1_conn *h, const struct body_part *part, char *size_line,
                      struct iovec *v)
{
    static const char crlf[] = "\r\n", end[] = "0\r\n";
    int n = 0;

    if (h->out_framing == HTTP_NO_BODY) return 0;
    if (h->out_framing != HTTP_CHUNKED) {
        if (part->data.n) v[n++] = (struct iovec){ (void *)part->data.p, part->data.n };
        return n;
    }
    if (part->data.n) {
        v[n++] = (struct iovec){ size_line, h1_write_chunk_size(size_line, part->data.n) };
        v[n++] = (struct iovec){ (void *)part->data.p, part->data.n };
        v[n++] = (struct iovec){ (void *)crlf, 2 };
    }
    if (part->last) {
        v[n++] = (struct iovec){ (void *)end, 3 };
        if (part->trailer.n) v[n++] = (struct iovec){ (void *)part->trailer.p, part->trailer.n };
        v[n++] = (struct iovec){ (void *)crlf, 2 };
    }
    return n;
}

/* Queues what of the pieces lies behind the first `sent` bytes. */
static void queue_rest(struct h1_conn *h, const struct iovec *v, int n, size_t sent)
{
    for (int i = 0; i < n; i++) {
        struct slice s = slice_of(v[i].iov_base, v[i].iov_len);
        size_t gone = sent < s.n ? sent : s.n;
        sent -= gone;
        h1_conn_queue(h, slice_from(s, gone));
    }
}

/* Sends what is queued and then the pieces; keeps what the socket does not take. */
static enum body_push send_pieces(struct h1_conn *h, const struct iovec *pieces, int n)
{
    struct iovec v[OUT_VECTORS + 6];
    int queued = out_vectors(h, v, OUT_VECTORS);
    size_t before = 0;
    ssize_t sent;

    for (int i = 0; i < queued; i++) before += v[i].iov_len;
    memcpy(v + queued, pieces, (size_t)n * sizeof *v);
    sent = conn_writev(&h->conn, v, queued + n);
    if (sent == CONN_ERROR) return SINK_BROKEN;
    if (sent == CONN_WAIT) sent = 0;
    h->bytes_out += (uint64_t)sent;
    if ((size_t)sent < before) {
        out_consume(h, (size_t)sent);
        queue_rest(h, pieces, n, 0);
        return SINK_BLOCKED;
    }
    out_consume(h, before);
    queue_rest(h, pieces, n, (size_t)sent - before);
    return h->out ? SINK_BLOCKED : SINK_READY;
}

/* The clock of `stalled`, which is never 0. It turns over every 17 minutes; a wait of just that
 * long is taken for a short one, and nothing comes of that. */
static uint16_t pace_clock(const struct h1_conn *h)
{
    uint16_t now = (uint16_t)(h->conn.worker->now / PACE_UNIT);
    return now ? now : 1;
}

/* Notes how fast the other side takes what had to be kept for it. */
static enum body_push note_pace(struct h1_conn *h, enum body_push r)
{
    if (r == SINK_BLOCKED) {
        if (!h->stalled) h->stalled = pace_clock(h);
    } else if (h->stalled) {
        uint16_t took = (uint16_t)(pace_clock(h) - h->stalled);
        h->sink.part_most = took >= SLOW_MS / PACE_UNIT ? SLOW_PART : 0;
        h->stalled = 0;
    } else if (h->sink.part_most && (h->sink.part_most += PART_GROWS) > FAST_PART) {
        h->sink.part_most = 0;
    }
    return r;
}

static void account_out(struct h1_conn *h, const struct body_part *part)
{
    if (h->out_framing == HTTP_LENGTH) h->out_left -= part->pipe ? part->pipe->held : part->data.n;
    h->conn.more = h->out_framing == HTTP_LENGTH && h->out_left > 0;
}

static enum body_push send_part(struct h1_conn *h, const struct body_part *part)
{
    char size_line[18];
    struct iovec v[6];
    size_t bytes = 0;
    int n;

    account_out(h, part);
    if (part->pipe) {
        h->out_pipe = part->pipe;
        return h1_conn_flush(h);
    }
    n = frame_part(h, part, size_line, v);
    for (int i = 0; i < n; i++) bytes += v[i].iov_len;
    if (bytes == 0) return h1_conn_flush(h);
    if (bytes <= COPY_UP_TO && h->out && buf_room(h->out_last) >= bytes) {
        queue_rest(h, v, n, 0);
        return h1_conn_flush(h);
    }
    if (h->out && h->out != h->out_last) { /* much is waiting already: keep the order simple */
        queue_rest(h, v, n, 0);
        return h1_conn_flush(h);
    }
    return send_pieces(h, v, n);
}

static enum body_push h1_push(struct body_sink *s, const struct body_part *part)
{
    struct h1_conn *h = container_of(s, struct h1_conn, sink);
    return note_pace(h, send_part(h, part));
}

static void h1_sink_stop(struct body_sink *s)
{
    (void)s;
}

static bool h1_takes_pipe(const struct body_sink *s)
{
    const struct h1_conn *h = (const struct h1_conn *)((const char *)s -
                                                       offsetof(struct h1_conn, sink));

    /* A pipe is too good for one who lets it lie full: there are not many. */
    return conn_is_plain(&h->conn) && !h->sink.part_most &&
           (h->out_framing == HTTP_LENGTH || h->out_framing == HTTP_UNTIL_CLOSE);
}

static const struct body_sink_ops sink_ops = {
    .push = h1_push,
    .takes_pipe = h1_takes_pipe,
    .stop = h1_sink_stop,
};

/* ---- life ---- */

void h1_conn_begin_writing(struct h1_conn *h)
{
    h->out = h->out_last = NULL;
    h->out_pipe = NULL;
    h->sink = (struct body_sink){ .ops = &sink_ops, .phase = BODY_PHASE_SINK };
    h->stalled = 0;
    h->bytes_out = 0;
}

void h1_conn_end_writing(struct h1_conn *h)
{
    for (struct buf *b = h->out, *next; b; b = next) {
        next = b->next;
        buf_put(pool(h), &b);
    }
    h->out = h->out_last = NULL;
    pipe_put(&h->conn.worker->pipes, &h->out_pipe);
}
