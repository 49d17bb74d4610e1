/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/held_body.h"
#include "gateway/reply_spec.h"

struct held_body {
    struct body_source source;
    struct request *request;
    struct body_source *rest; /* where it comes from */
    struct buf *buf;          /* what has come; NULL at the request's end */
    struct slice beyond;      /* … and did not fit into buf */
    struct slice trailer;     /* with last */
    uint64_t most;            /* that buf shall hold */
    msec_t until;             /* what is waited for must be there by then; 0: no limit */
    enum body_pull stopped;   /* BODY_CUT, BODY_BROKEN: it ends so; else BODY_PART */
    bool response;
    bool last;  /* the body's end has been pulled */
    bool given; /* buf's bytes went on */
};

static struct buf_pool *pool(const struct held_body *h)
{
    return &h->request->gate->worker.bufs;
}

/* ---- what rules see ---- */

static struct context_body seen(const struct held_body *h)
{
    return (struct context_body){ .bytes = slice_of(buf_at(h->buf), buf_filled(h->buf)),
                                  .whole = h->last && !h->beyond.n };
}

static void show(const struct held_body *h)
{
    struct context *c = &h->request->context;

    if (!c->arena) return; /* request_context will ask */
    if (h->response)
        c->res_body = seen(h);
    else
        c->req_body = seen(h);
}

void request_show_bodies(struct request *r)
{
    if (r->held_request) show(r->held_request);
    if (r->held_response) show(r->held_response);
}

/* ---- giving it on ---- */

static struct held_body *held_of(struct body_source *s)
{
    return container_of(s, struct held_body, source);
}

/* What is held and was not given on yet. */
static uint64_t left(const struct held_body *h)
{
    return (h->given ? 0 : buf_filled(h->buf)) + h->beyond.n;
}

/* The buffer's bytes first, which stay where they are, for rules may have kept parts of them. */
static enum body_pull give(struct held_body *h, struct body_part *part)
{
    struct slice bytes = h->beyond;

    if (!h->given)
        bytes = slice_of(buf_at(h->buf), buf_filled(h->buf));
    else
        h->beyond = SLICE("");
    h->given = true;
    *part = (struct body_part){ .data = bytes, .last = h->last && left(h) == 0 };
    if (part->last) part->trailer = h->trailer;
    return BODY_PART;
}

static enum body_pull pull(struct body_source *s, struct body_part *part)
{
    struct held_body *h = held_of(s);

    if (left(h) || h->last) return give(h, part);
    h->given = true;
    return h->stopped != BODY_PART ? h->stopped : h->rest->ops->pull(h->rest, part);
}

static enum body_pull pull_pipe(struct body_source *s, struct body_part *part)
{
    struct held_body *h = held_of(s);

    if (left(h) || h->last || h->stopped != BODY_PART || !h->rest->ops->pull_pipe)
        return pull(s, part);
    h->given = true;
    return h->rest->ops->pull_pipe(h->rest, part);
}

static uint64_t ahead(const struct body_source *s)
{
    const struct held_body *h = (const struct held_body *)((const char *)s -
                                                           offsetof(struct held_body, source));
    uint64_t here = left(h), there = h->rest->ops->ahead ? h->rest->ops->ahead(h->rest) : 0;

    return there > UINT64_MAX - here ? UINT64_MAX : here + there;
}

static void stop(struct body_source *s)
{
    struct held_body *h = held_of(s);

    h->rest->ops->stop(h->rest);
}

static const struct body_source_ops ops = { pull, ahead, pull_pipe, stop };

/* ---- taking it in ---- */

static void keep(struct held_body *h, const struct body_part *part)
{
    struct arena *a = &h->request->arena;
    size_t room = buf_room(h->buf);
    struct slice fits = slice_of(part->data.p, part->data.n < room ? part->data.n : room);

    buf_append(h->buf, fits);
    if (part->data.n > room) h->beyond = arena_copy(a, slice_from(part->data, room));
    h->last = part->last;
    if (part->trailer.n) h->trailer = arena_copy(a, part->trailer);
}

static bool is_full(const struct held_body *h)
{
    return buf_filled(h->buf) >= h->most || h->beyond.n;
}

/* Pulls what there is. True: some came. */
static bool fill(struct held_body *h)
{
    size_t before = buf_filled(h->buf);

    while (!h->given && !h->last && h->stopped == BODY_PART && !is_full(h)) {
        struct body_part part = { .most = h->most - buf_filled(h->buf) };
        enum body_pull r = h->rest->ops->pull(h->rest, &part);

        if (r == BODY_WAIT) break;
        if (r == BODY_PART)
            keep(h, &part);
        else
            h->stopped = r;
    }
    show(h);
    return buf_filled(h->buf) > before;
}

static struct held_body *hold(struct request *r, bool response)
{
    const struct global_conf *g = &r->pinned->snapshot->global;
    struct held_body **at = response ? &r->held_response : &r->held_request, *h = *at;

    if (h) return h;
    h = *at = arena_zero(&r->arena, sizeof *h);
    h->source.ops = &ops;
    h->request = r;
    h->response = response;
    h->rest = response ? &r->flow.conn->h1.source : r->client->ops->body(r->client);
    h->most = g->bufsize - g->maxrewrite;
    h->stopped = BODY_PART;
    h->buf = buf_get(pool(h));
    return h;
}

/* A tunnel's bytes are nobody's body, and what was answered by ourselves is not a server's. */
static bool has_body(const struct request *r, bool response)
{
    if (response) return r->flow.conn && !r->own_answer && !r->tunnel && r->step <= AFTER_RULES;
    return r->req.method != HTTP_CONNECT && !r->bad_status && r->step < SEND_REQUEST;
}

void request_see_body(struct context *c, bool response)
{
    struct request *r = c->owner;

    if (r && has_body(r, response)) fill(hold(r, response));
}

void request_drop_body(struct request *r)
{
    if (r->req.framing == HTTP_NO_BODY || r->req.method == HTTP_CONNECT || r->bad_status) return;
    if (r->keep && r->up.state == PUMP_OFF) fill(hold(r, false));
}

struct body_source *request_held_source(struct request *r, bool response, struct body_source *from)
{
    struct held_body *h = response ? r->held_response : r->held_request;

    return h && !(response && r->own_answer) ? &h->source : from;
}

void request_held_release(struct request *r)
{
    struct buf_pool *bufs = &r->gate->worker.bufs;

    if (r->held_request) buf_put(bufs, &r->held_request->buf);
    if (r->held_response) buf_put(bufs, &r->held_response->buf);
}

/* ---- waiting ---- */

/* A client that waits to be told to send its body is told so, and not once more by the server. */
static void invite(struct request *r)
{
    const struct http_msg go_on = { .status = 100,
                                    .reason = SLICE("Continue"),
                                    .version = HTTP_1_1 };
    bool body = r->req.framing == HTTP_CHUNKED || r->req.content_length;

    if (!r->req.expect_continue || r->req.version < HTTP_1_1 || !body) return;
    r->req.expect_continue = false;
    http_msg_remove_named(&r->req, SLICE("expect"));
    if (r->client->ops->reply(r->client, &go_on, true)) r->client->ops->flush(r->client);
}

/* Who is silent for longer than its timeout is not waited for. */
static void set_timer(struct request *r, const struct held_body *h)
{
    struct worker *w = &r->gate->worker;
    unsigned silent = h->response ? request_timeouts(r)->server : r->flow.frontend->timeouts.client;
    msec_t at = silent ? w->now + silent : TIMER_NEVER;

    if (h->until && h->until < at) at = h->until;
    r->flow.timed_out = false;
    timer_set(&w->timers, &r->flow.timer, at);
}

static enum body_wait look(const struct held_body *h, uint64_t at_least)
{
    const struct request *r = h->request;
    uint64_t n = left(h);

    if (!h->response && n > r->flow.frontend->max_body) return BODY_LARGE;
    if (h->stopped == BODY_BROKEN) return BODY_WRONG;
    if (h->stopped == BODY_CUT) return BODY_LEFT;
    if (h->last || is_full(h) || (at_least && n >= at_least)) return BODY_THERE;
    return BODY_WAITING;
}

enum body_wait request_await_body(struct request *r, bool response, uint64_t at_least,
                                  unsigned limit)
{
    struct held_body *h;
    enum body_wait is;
    bool moved;

    if (!has_body(r, response)) return BODY_THERE;
    if (!response) invite(r);
    h = hold(r, response);
    moved = fill(h);
    is = look(h, at_least);
    if (is == BODY_WAITING && r->held && r->flow.timed_out) is = BODY_LATE;
    if (is == BODY_WAITING) {
        if (!r->held) h->until = limit ? r->gate->worker.now + limit : 0;
        if (!r->held || moved) set_timer(r, h);
        r->held = true;
        return is;
    }
    if (r->held) timer_cancel(&r->gate->worker.timers, &r->flow.timer);
    r->held = r->flow.timed_out = false;
    if (!response) r->flow.at.received = r->gate->worker.now_usec;
    return is;
}

/* ---- when it did not come ---- */

static enum rule_result answer(struct request *r, unsigned status, char cause, char phase)
{
    const struct reply_spec spec = { .status = (uint16_t)status, .kind = REPLY_ERRORS };

    r->ended = (struct termination){ cause, phase };
    return reply_make(r, &spec) ? RULE_ANSWERED : RULE_CLOSE;
}

static void count_failed_response(struct request *r)
{
    counter_add(&flow_backend_counters(&r->flow)->failed_resp, 1);
    counter_add(&flow_server_counters(&r->flow)->failed_resp, 1);
}

/* A server that is only late is not blamed, as in HAProxy, which also calls that phase R. What one
 * sent before it went away goes to the client, which will see that it is not whole. */
static enum rule_result response_failed(struct request *r, enum body_wait why)
{
    enum { BAD_GATEWAY = 502, TIMED_OUT = 504 };

    r->flow.at.answered = 0;
    if (why == BODY_LATE) return answer(r, TIMED_OUT, 's', 'R');
    count_failed_response(r);
    return answer(r, BAD_GATEWAY, 'P', 'H');
}

enum rule_result request_body_failed(struct request *r, bool response, enum body_wait why)
{
    enum { BAD = 400, TIMED_OUT = 408, TOO_LARGE = 413 };

    if (response && why == BODY_LEFT) return RULE_NEXT;
    if (response) return response_failed(r, why);
    counter_add(&session_counters(r->flow.session)->failed_req, 1);
    r->keep = false;
    if (why == BODY_LEFT) {
        request_client_left(r, 'R');
        return RULE_CLOSE;
    }
    r->flow.at.received = 0;
    switch (why) {
    case BODY_LATE: return answer(r, TIMED_OUT, 'c', 'R');
    case BODY_LARGE: return answer(r, TOO_LARGE, 'P', 'R');
    default: return answer(r, BAD, 'P', 'R');
    }
}

/* Until when it may take is the proxy's `timeout http-request`, which begins anew for it. */
enum step request_buffer(struct request *r, const struct proxy_conf *p, enum step next)
{
    enum body_wait is = request_await_body(r, false, 0, p->timeouts.http_request);

    if (is == BODY_WAITING) return request_wait(r, ON_CLIENT | ON_DEADLINE);
    if (is == BODY_THERE) {
        r->buffered = true;
        return next;
    }
    return request_body_failed(r, false, is) == RULE_ANSWERED ? AFTER_RULES
                                                              : request_abort(r, 'P', 'R');
}
