/* SPDX-License-Identifier: Apache-2.0 */
/* One end of an HTTP/1 connection: the connection, what was read from it and not used yet, what its
 * socket did not take yet, and where in a message it stands in both directions. Used alike towards
 * clients (requests in, responses out) and servers (the other way round).
 *
 * Buffers are held only while they hold bytes. What is read goes into the worker's wide buffer
 * first, and is copied only when it can't be used up before another connection reads. What the
 * other side does not take is kept, up to a whole part of a body; a side that once took long to
 * take that gets smaller parts from then on, until it is faster or the body is over. */
#ifndef GATEHOUSE_HTTP_H1_CONN_H
#define GATEHOUSE_HTTP_H1_CONN_H

#include "http/body.h"
#include "http/h1.h"
#include "net/conn.h"

struct h1_conn {
    struct conn conn;
    struct buf *in;             /* bytes read; NULL when there are none */
    struct buf *out, *out_last; /* bytes to send, linked by next */
    struct pipe *out_pipe;      /* bytes of a body to send after them; NULL when there are none */
    struct body_source source;  /* the body of the message being read */
    struct body_sink sink;      /* the body of the message being written */

    uint32_t taken;     /* bytes in front of `in` that the last pull handed out */
    uint32_t looked;    /* bytes of an unfinished head that were looked at in vain */
    uint8_t in_framing; /* enum http_framing */
    bool in_ended;      /* the body of the message being read is over */
    bool in_spoilt;     /* what follows can't be trusted: never read a message again */
    bool in_long;       /* the body of the last message read was a long one */
    uint8_t out_framing;
    uint16_t stalled; /* when `out` began to wait for the other side (pace_clock); 0: it does not */
    union {
        uint64_t in_left;        /* with HTTP_LENGTH */
        struct h1_chunks chunks; /* with HTTP_CHUNKED */
    };
    uint64_t out_left; /* with HTTP_LENGTH */
    uint64_t bytes_in, bytes_out;
};

void h1_conn_init(struct h1_conn *h);

/* Gives its buffers back and closes. The memory must stay until the end of the turn. */
void h1_conn_close(struct h1_conn *h, bool reset);

enum h1_head {
    H1_HEAD_DONE,
    H1_HEAD_WAIT,
    H1_HEAD_BAD,    /* *err says why */
    H1_HEAD_CLOSED, /* the other side closed before the first byte of a head */
    H1_HEAD_CUT,    /* … within a head */
    H1_HEAD_BROKEN, /* reset */
};

/* ---- reading ---- */

/* Reads until a head is whole. *msg comes with the caller's scratch for fields; with H1_HEAD_DONE
 * it is filled in, its slices point into h->in, and h1_conn_take must be called before anything
 * else. */
enum h1_head h1_conn_request(struct h1_conn *h, const struct h1_limits *limits,
                             struct http_msg *msg, size_t *used, struct h1_error *err);
enum h1_head h1_conn_response(struct h1_conn *h, const struct h1_limits *limits,
                              enum http_method method, struct http_msg *msg, size_t *used,
                              struct h1_error *err);

/* Moves the head that was just read into the arena, and gets ready for its body. */
void h1_conn_take(struct h1_conn *h, const struct http_msg *head, size_t used, struct arena *a,
                  struct http_msg *msg);

/* Looks ahead into the body that begins in hand: false when its chunks are broken already there, so
 * that a message which came in one piece is refused whole. Only the first few KiB are looked at. */
bool h1_conn_body_sound(const struct h1_conn *h, struct arena *a);

/* True if bytes of a head, or of what should be one, are in hand. */
static inline bool h1_conn_has_input(const struct h1_conn *h)
{
    return buf_filled(h->in) > h->taken;
}

/* Gives the bytes that the last pull handed out back to the pool. */
void h1_conn_settle(struct h1_conn *h);

/* ---- writing ---- */

/* Queues a head, to be sent with the body's first part or by h1_conn_flush. False when it does not
 * fit a buffer. */
bool h1_conn_write_request(struct h1_conn *h, const struct http_msg *msg, const struct h1_hop *hop);
bool h1_conn_write_response(struct h1_conn *h, const struct http_msg *msg,
                            const struct h1_hop *hop);

/* Queues bytes as they are (tunnels, "100 Continue"). */
void h1_conn_queue(struct h1_conn *h, struct slice bytes);

/* Sends what is queued: SINK_READY when all is gone. */
enum body_push h1_conn_flush(struct h1_conn *h);

static inline bool h1_conn_has_output(const struct h1_conn *h)
{
    return h->out || h->out_pipe;
}

#endif
