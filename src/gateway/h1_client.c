/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/h1_client.h"
#include "gateway/bad_messages.h"
#include "gateway/tracking.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    REQUESTS_PER_TURN = 16,
    LINGER_MS = 2000,          /* how long a closing connection's rest is read and dropped */
    LINGER_BYTES = 256 * 1024, /* … and how much of it */
    LARGE_BYTES = 16 * 1024,   /* more may not leave the system's buffer at once */
    DRAIN_FIRST_MS = 1000,     /* while draining: how long a first request is waited for */
};

enum state {
    CLIENT_HEAD,   /* between requests, or within a head */
    CLIENT_BUSY,   /* a request is under way */
    CLIENT_LINGER, /* our side is shut; what still comes is dropped */
    CLIENT_DEAD,
};

struct h1_client {
    struct session session;
    struct client client;
    struct h1_conn h1;
    uint8_t state;
    bool serving;     /* serve() is on the stack */
    bool large;       /* the last answer may still be on its way when it is over for us */
    bool keep;        /* of the answer under way: another request may follow */
    bool begun;       /* the first byte of the next head has come … */
    uint32_t idle_ms; /* … so long after `since` */
    union {
        uint32_t heard;    /* CLIENT_HEAD: bytes of the head when its deadline was set */
        uint32_t lingered; /* CLIENT_LINGER: bytes dropped */
    };
    usec_t since; /* accept, or the end of the request before */
};

static void serve(struct h1_client *c);

static struct h1_client *client_of(struct client *c)
{
    return container_of(c, struct h1_client, client);
}

static const struct h1_client *client_of_const(const struct client *c)
{
    return (const struct h1_client *)((const char *)c - offsetof(struct h1_client, client));
}

static msec_t now(const struct h1_client *c)
{
    return c->session.gate->worker.now;
}

/* ---- the end ---- */

static void bury(struct grave *g, struct worker *w)
{
    struct session *s = container_of(g, struct session, grave);

    (void)w;
    session_release(s);
    free(container_of(s, struct h1_client, session));
}

/* What has come and gone since the last time is the frontend's. */
static void count_bytes(struct h1_client *c)
{
    struct counters *n = session_counters(&c->session);

    counter_add(&n->bytes_in, c->h1.bytes_in);
    counter_add(&n->bytes_out, c->h1.bytes_out);
    c->h1.bytes_in = c->h1.bytes_out = 0;
}

static void end(struct h1_client *c, bool reset)
{
    if (c->state == CLIENT_DEAD) return;
    c->state = CLIENT_DEAD;
    count_bytes(c);
    h1_conn_close(&c->h1, reset);
    session_end(&c->session, bury);
}

/* Reads and drops what still comes, so that the system does not answer it with a reset that would
 * take our last bytes with it. */
static void linger(struct h1_client *c)
{
    char drop[16384];
    ssize_t n;

    if (h1_conn_has_output(&c->h1)) {
        if (h1_conn_flush(&c->h1) == SINK_BROKEN) {
            end(c, false);
            return;
        }
        if (h1_conn_has_output(&c->h1)) return;
        conn_shutdown(&c->h1.conn);
    }
    while ((n = conn_read(&c->h1.conn, drop, sizeof drop)) > 0)
        if ((c->lingered += (uint32_t)n) > LINGER_BYTES) break;
    if (n != CONN_WAIT) end(c, false);
}

/* Orderly: what is queued is sent, then our side is shut. */
static void close_slowly(struct h1_client *c)
{
    struct h1_conn *h = &c->h1;

    if (conn_broken(&h->conn)) {
        end(c, false);
        return;
    }
    if (!h1_conn_has_output(h) && h->in_ended && !h->in && !c->large &&
        !(h->conn.io.ready & IO_READ)) {
        end(c, false); /* nothing unread, and little unsent: a plain close does no harm */
        return;
    }
    c->state = CLIENT_LINGER;
    c->lingered = 0;
    conn_deadline(&h->conn, now(c) + LINGER_MS);
    if (!h1_conn_has_output(h)) conn_shutdown(&h->conn);
    h->taken = (uint32_t)buf_filled(h->in);
    h1_conn_settle(h);
    linger(c);
}

/* ---- the client side of a request ---- */

static struct body_source *client_body(struct client *cl)
{
    return &client_of(cl)->h1.source;
}
static struct body_sink *client_answer(struct client *cl)
{
    return &client_of(cl)->h1.sink;
}

static bool client_reply(struct client *cl, const struct http_msg *msg, bool keep)
{
    struct h1_client *c = client_of(cl);
    const struct request *r = cl->request;
    /* A version is of the hop (RFC 9110 §2.5): ours, whatever the server's was. */
    struct h1_hop hop = { .version = HTTP_1_1, .framing = msg->framing };
    bool old = r->req.version == HTTP_1_0;

    if (msg->status >= 100 && msg->status < 200) {
        hop.upgrade = msg->status == 101;
        return h1_conn_write_response(&c->h1, msg, &hop);
    }
    if (r->tunnel) hop.framing = HTTP_NO_BODY;
    if (hop.framing == HTTP_CHUNKED && old) hop.framing = HTTP_UNTIL_CLOSE;
    /* What is left of the request's body must not be taken for the next request. */
    keep = keep && (c->h1.in_ended || pump_active(&r->up));
    /* What follows a CONNECT that was refused was meant for the tunnel. */
    if (r->req.method == HTTP_CONNECT) keep = false;
    c->keep = keep && hop.framing != HTTP_UNTIL_CLOSE;
    if (!r->tunnel) {
        hop.close = !c->keep;
        hop.say_keep_alive = c->keep && old;
    }
    return h1_conn_write_response(&c->h1, msg, &hop);
}

static enum body_push client_flush(struct client *cl)
{
    return h1_conn_flush(&client_of(cl)->h1);
}

static bool client_gone(const struct client *cl)
{
    return conn_broken(&client_of_const(cl)->h1.conn);
}

static bool client_half_closed(const struct client *cl)
{
    return conn_hung_up(&client_of_const(cl)->h1.conn);
}

static void client_deadline(struct client *cl, msec_t at)
{
    conn_deadline(&client_of(cl)->h1.conn, at);
}

static void client_again(struct client *cl)
{
    conn_again(&client_of(cl)->h1.conn);
}

static void client_tunnel(struct client *cl)
{
    struct h1_conn *h = &client_of(cl)->h1;

    h->in_framing = h->out_framing = HTTP_UNTIL_CLOSE;
    h->in_ended = false;
    client_of(cl)->keep = false;
}

static void client_shutdown(struct client *cl)
{
    conn_shutdown(&client_of(cl)->h1.conn);
}

static void client_bytes(const struct client *cl, uint64_t *in, uint64_t *out)
{
    const struct h1_conn *h = &client_of_const(cl)->h1;

    *in = h->bytes_in;
    *out = h->bytes_out;
}

static void client_done(struct client *cl, bool whole)
{
    struct h1_client *c = client_of(cl);
    struct h1_conn *h = &c->h1;

    h1_conn_settle(h);
    c->large = h->bytes_out > LARGE_BYTES;
    count_bytes(c);
    c->state = CLIENT_HEAD;
    if (!whole) {
        /* A body that only its end of connection delimits would look whole after an orderly end. */
        bool hide = h->out_framing == HTTP_UNTIL_CLOSE;
        if (hide || conn_broken(&h->conn))
            end(c, hide);
        else
            close_slowly(c);
        return;
    }
    if (!c->keep || !h->in_ended || h->in_spoilt) {
        close_slowly(c);
        return;
    }
    c->since = c->session.gate->worker.now_usec;
    c->begun = false;
    c->heard = 0;
    if (!c->serving) serve(c);
}

static const struct client_ops ops = {
    .name = "HTTP/1",
    .body = client_body,
    .answer = client_answer,
    .reply = client_reply,
    .flush = client_flush,
    .gone = client_gone,
    .half_closed = client_half_closed,
    .deadline = client_deadline,
    .again = client_again,
    .tunnel = client_tunnel,
    .shutdown = client_shutdown,
    .bytes = client_bytes,
    .done = client_done,
};

/* ---- heads ---- */

static void head_begins(struct h1_client *c)
{
    c->begun = true;
    c->idle_ms = (uint32_t)((c->session.gate->worker.now_usec - c->since) / 1000);
}

static struct request *begin_request(struct h1_client *c, const struct bind_conf *bind)
{
    struct request *r = request_new(&c->client, &c->session, bind);

    if (!c->begun) head_begins(c);
    r->flow.at.began = c->since;
    r->flow.at.first_byte = c->since + 1000 * (usec_t)c->idle_ms;
    c->state = CLIENT_BUSY;
    conn_deadline(&c->h1.conn, 0);
    return r;
}

/* The head is no good, or did not come in time: the request exists only to be refused. */
static void refuse(struct h1_client *c, const struct bind_conf *bind, unsigned status, char cause,
                   const char *reason)
{
    bool silent = !h1_conn_has_input(&c->h1);
    struct request *r = begin_request(c, bind);

    c->h1.in_ended = false; /* what follows is nobody's request */
    r->req.version = HTTP_1_1;
    r->flow.at.received = 0;
    if (silent) r->flow.at.first_byte = r->flow.at.began; /* it never came */
    r->bad_status = (uint16_t)status;
    r->bad_cause = cause;
    r->silent = silent;
    r->reason = reason;
    request_start(r);
}

/* Nobody is there to be answered: a request that is over leaves its line. */
static void log_silent(struct h1_client *c, const struct bind_conf *bind)
{
    struct request *r = begin_request(c, bind);

    r->req.version = HTTP_1_1;
    r->flow.at.received = 0;
    r->flow.at.first_byte = r->flow.at.began; /* it never came */
    r->bad_status = r->status = 400;
    r->ended = (struct termination){ 'C', 'R' };
    r->silent = r->answered = true;
    r->step = FINISH;
    request_start(r);
}

/* A connection on which nothing was said counts as a bad request, as in HAProxy. */
static void count_silent(struct h1_client *c, const struct bind_conf *bind)
{
    struct counters *n = session_counters(&c->session);

    if (proxy_option(bind->frontend, OPT_HTTP_IGNORE_PROBES)) return;
    session_count_request(&c->session);
    session_track(&c->session, TRACK_REQUEST, 1);
    session_track(&c->session, TRACK_REQUEST_ERROR, 1);
    counter_add(&n->failed_req, 1);
    counter_add(&n->responses[4], 1);
    if (bind->frontend->logs && !proxy_option(bind->frontend, OPT_DONTLOGNULL)) log_silent(c, bind);
}

/* Whether bytes have come since the deadline was set. */
static bool has_spoken(struct h1_client *c)
{
    uint32_t before = c->heard;

    c->heard = (uint32_t)c->h1.bytes_in;
    return c->heard != before || !timer_is_set(&c->h1.conn.timer);
}

/* How long the next head may take: `timeout http-keep-alive` until its first byte, then `timeout
 * http-request`, which also holds for the first request from the start; either falls back to the
 * other, and to `timeout client`. That last one is not for the whole of a head: it begins anew with
 * every part that comes. */
static void await_head(struct h1_client *c, const struct proxy_timeouts *t)
{
    bool begun = h1_conn_has_input(&c->h1);
    bool another = c->session.n_requests > 0, spoken = has_spoken(c);
    unsigned limit = t->http_request ? t->http_request : t->client;
    msec_t from = c->since / 1000;

    if (begun && !c->begun) head_begins(c);
    if (another && !begun && t->http_keep_alive) limit = t->http_keep_alive;
    if (another && begun) from += c->idle_ms;
    if (begun && !t->http_request) {
        if (!spoken) return;
        from = now(c);
    }
    if (c->session.gate->draining && c->session.n_requests == 0 && !begun &&
        (!limit || from + limit > now(c) + DRAIN_FIRST_MS)) {
        from = now(c);
        limit = DRAIN_FIRST_MS;
    }
    conn_deadline(&c->h1.conn, limit ? from + limit : 0);
}

/* Nothing has come of the next head. Whoever is draining keeps no idle connection, but for those
 * whose first request may be on its way. */
static void head_is_missing(struct h1_client *c, const struct bind_conf *bind)
{
    if (c->session.gate->draining && c->session.n_requests > 0 && !h1_conn_has_input(&c->h1))
        close_slowly(c);
    else
        await_head(c, &bind->frontend->timeouts);
}

/* One head. True when a request came of it, and is over already. */
static bool serve_one(struct h1_client *c, const struct bind_conf *bind)
{
    struct gate *g = c->session.gate;
    struct http_msg head = { .fields = g->fields, .max_fields = FIELDS_MAX };
    const struct global_conf *conf = &g->snapshot->global;
    struct h1_limits limits = { conf->bufsize - conf->maxrewrite, conf->max_headers };
    struct h1_error err;
    struct request *r;
    size_t used;

    switch (h1_conn_request(&c->h1, &limits, &head, &used, &err)) {
    case H1_HEAD_DONE:
        r = begin_request(c, bind);
        h1_conn_take(&c->h1, &head, used, &r->arena, &r->req);
        if (!h1_conn_body_sound(&c->h1, &r->arena)) {
            r->bad_status = 400;
            r->bad_cause = 'P';
        }
        request_start(r);
        return c->state == CLIENT_HEAD;
    case H1_HEAD_WAIT: head_is_missing(c, bind); return false;
    case H1_HEAD_BAD:
        bad_request_keep(&c->session, bind, &c->h1, &err);
        refuse(c, bind, err.status, 'P', err.reason);
        return false;
    case H1_HEAD_CUT: refuse(c, bind, 400, 'C', "the client closed within a head"); return false;
    case H1_HEAD_CLOSED:
    case H1_HEAD_BROKEN:
        if (c->session.n_requests == 0) count_silent(c, bind);
        end(c, false);
        return false;
    }
    return false;
}

static void serve(struct h1_client *c)
{
    const struct bind_conf *bind = session_bind(&c->session);

    if (!bind) {
        close_slowly(c);
        return;
    }
    c->serving = true;
    for (int n = 1; serve_one(c, bind); n++)
        if (n == REQUESTS_PER_TURN) {
            conn_again(&c->h1.conn);
            break;
        }
    c->serving = false;
}

/* ---- events ---- */

static void on_event(struct conn *conn)
{
    struct h1_client *c = container_of(conn, struct h1_client, h1.conn);

    switch ((enum state)c->state) {
    case CLIENT_HEAD: serve(c); break;
    case CLIENT_BUSY: request_wake(c->client.request, WAKE_CLIENT); break;
    case CLIENT_LINGER: linger(c); break;
    case CLIENT_DEAD: break;
    }
}

static void on_deadline(struct timer *t)
{
    struct h1_client *c = container_of(t, struct h1_client, h1.conn.timer);
    const struct bind_conf *bind = session_bind(&c->session);

    switch ((enum state)c->state) {
    case CLIENT_HEAD:
        /* Between requests nothing is owed to the client, and nothing to a probe. */
        if (!bind || (!h1_conn_has_input(&c->h1) &&
                      (c->session.n_requests > 0 || c->session.gate->draining ||
                       proxy_option(bind->frontend, OPT_HTTP_IGNORE_PROBES))))
            close_slowly(c);
        else
            refuse(c, bind, 408, 'c', "the head did not come in time");
        break;
    case CLIENT_BUSY: request_wake(c->client.request, WAKE_CLIENT_TIMEOUT); break;
    case CLIENT_LINGER: end(c, false); break;
    case CLIENT_DEAD: break;
    }
}

static void drain(struct session *s)
{
    struct h1_client *c = container_of(s, struct h1_client, session);

    if (c->state != CLIENT_HEAD) return;
    c->h1.conn.io.ready |= IO_READ; /* look: a request may be there, unheard of yet */
    serve(c);
}

static void kill_now(struct session *s)
{
    struct h1_client *c = container_of(s, struct h1_client, session);
    struct request *r = c->client.request;

    if (r) request_kill(r);
    end(c, false);
}

static void each_request(struct session *s, void (*fn)(struct request *, void *), void *arg)
{
    struct h1_client *c = container_of(s, struct h1_client, session);

    if (c->client.request) fn(c->client.request, arg);
}

static const struct session_ops session_ops = { drain, kill_now, each_request };

void h1_client_start(struct gate *g, struct listener *l, const struct bind_conf *bind, int fd,
                     const union address *from)
{
    struct h1_client *c = mem_zero(sizeof *c);

    h1_conn_init(&c->h1);
    timer_init(&c->h1.conn.timer, on_deadline);
    conn_init(&c->h1.conn, &g->worker, fd, on_event);
    c->h1.conn.tcp = from->sa.sa_family != AF_UNIX;
    c->session.conn = &c->h1.conn;
    c->session.ops = &session_ops;
    session_init(&c->session, g, l, bind, from);
    c->client.ops = &ops;
    c->since = g->worker.now_usec;
    if (!session_begin(&c->session)) {
        end(c, false);
        return;
    }
    /* Often the first request is there already: reading first saves a turn. */
    c->h1.conn.io.ready = IO_READ | IO_WRITE;
    serve(c);
    if (c->state != CLIENT_DEAD && conn_watch(&c->h1.conn) < 0) kill_now(&c->session);
}
