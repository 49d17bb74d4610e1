/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an answer on its way to the client. */
#include "gateway/bad_messages.h"
#include "gateway/held_body.h"
#include "gateway/rules.h"
#include "gateway/service.h"
#include "gateway/tracking.h"
#include "http/status.h"

/* ---- the answer's head ---- */

enum { INTERIM_MOST = 64 };

static bool timed_out(const struct request *r)
{
    return r->server_until && r->gate->worker.now >= r->server_until;
}

static enum step bad_answer(struct request *r, unsigned status, char cause)
{
    counter_add(&flow_backend_counters(&r->flow)->failed_resp, 1);
    counter_add(&flow_server_counters(&r->flow)->failed_resp, 1);
    request_track(r, TRACK_FAILURE, 1);
    return request_refuse(r, status, cause, 'H');
}

/* The server closed without a word. On a connection that had been idle this is the race between its
 * closing and our sending, and nobody's fault: such a request goes out again on a new one, if
 * nothing of it is lost and sending it twice does no harm. */
static enum step no_answer(struct request *r, enum observed how)
{
    if (!r->flow.conn->fresh && request_repeatable(r) && !r->n_interim && !r->flow.conn->h1.in) {
        request_drop_server(r);
        r->flow.fresh_only = true;
        return CONNECT;
    }
    flow_observe(&r->flow, how);
    return bad_answer(r, 502, 'S');
}

/* The request's body stopped on the way: who is to blame. STEP_WAIT: nobody. */
static enum step blame_upload(struct request *r)
{
    switch (r->up.state) {
    case PUMP_CUT: return request_client_left(r, 'D');
    case PUMP_BROKEN:
        counter_add(&session_counters(r->flow.session)->failed_req, 1);
        return request_refuse(r, 400, 'P', 'D');
    case PUMP_REFUSED: return request_refuse(r, 413, 'P', 'D');
    default: return STEP_WAIT;
    }
}

/* The client is taken to have left, but it may still read. */
static enum step give_up(struct request *r)
{
    request_client_left(r, 'H');
    return request_refuse(r, 400, 'C', 'H');
}

/* 1xx goes on to clients that know it. A client that does not take it holds up what comes behind,
 * and there may be only so many: neither side can make us store them. */
static enum step forward_interim(struct request *r)
{
    if (++r->n_interim > INTERIM_MOST) {
        r->reason = "too many 1xx answers";
        return bad_answer(r, 502, 'P');
    }
    if (r->req.version < HTTP_1_1) return READ_REPLY;
    if (!r->client->ops->reply(r->client, &r->res, true)) return bad_answer(r, 502, 'P');
    r->interim_waits = true;
    return READ_REPLY;
}

/* False: the last 1xx is still on its way to the client, or the client is gone. */
static bool interim_is_out(struct request *r)
{
    if (r->interim_waits) r->interim_waits = r->client->ops->flush(r->client) != SINK_READY;
    return !r->interim_waits;
}

/* Both sides have just shown that they are there: from here on they are timed anew. */
static void restart_deadlines(struct request *r)
{
    r->client_until = r->server_until = 0;
    r->client->ops->deadline(r->client, 0);
    conn_deadline(&r->flow.conn->h1.conn, 0);
}

/* [hrsp_*] by the hundreds of the status; 0: none, or an odd one. */
static counter_t *status_counter(struct counters *c, unsigned status)
{
    return &c->responses[status >= 100 && status < 600 ? status / 100 : 0];
}

/* A server may switch only to what it was asked for (RFC 9110 §7.8). */
static bool switched_well(const struct request *r)
{
    struct slice rest = r->res.upgrade_value, protocol;

    if (!r->req.upgrade || !r->res.upgrade || r->up.state != PUMP_DONE) return false;
    while (http_list_next(&rest, &protocol))
        if (!http_list_has(r->req.upgrade_value, protocol)) return false;
    return true;
}

/* A rule changed the method (set-method): the client gets the form of answer that it asked for. */
static void answer_what_was_asked(struct request *r)
{
    bool asked_head = http_msg_asked(&r->req) == HTTP_HEAD, sent_head = r->req.method == HTTP_HEAD;

    if (asked_head == sent_head) return;
    r->res.framing = asked_head ? HTTP_NO_BODY : HTTP_LENGTH;
    if (!asked_head) r->res.content_length = 0;
}

/* Statuses that say that the server can't, and not just that it does not know the request. */
static enum observed observed_status(unsigned status)
{
    bool good = status < 500 || status == 501 || status == 505;
    return good ? OBSERVED_ANSWER : OBSERVED_BAD_STATUS;
}

static enum step take_answer(struct request *r, const struct http_msg *head, size_t used)
{
    struct server_conn *sc = r->flow.conn;
    struct counters *c = flow_server_counters(&r->flow);

    h1_conn_take(&sc->h1, head, used, &r->arena, &r->res);
    restart_deadlines(r);
    counter_add(&c->requests, 1);
    counter_add(status_counter(c, r->res.status), 1);
    request_track_answer(r, r->res.status);
    flow_observe(&r->flow, observed_status(r->res.status));
    if (r->res.status == 101) {
        if (!switched_well(r)) return bad_answer(r, 502, 'P');
        r->tunnel = true;
        return RESPONSE_RULES;
    }
    if (r->res.status < 200) {
        sc->h1.in_ended = true;
        return forward_interim(r);
    }
    sc->requests++;
    if (!h1_conn_body_sound(&sc->h1, &r->arena)) return bad_answer(r, 502, 'P');
    r->has_body = r->res.framing == HTTP_LENGTH ? r->res.content_length > 0
                                                : r->res.framing != HTTP_NO_BODY;
    if (r->req.method_set) answer_what_was_asked(r);
    r->tunnel = r->req.method == HTTP_CONNECT && r->res.status < 300;
    return RESPONSE_RULES;
}

enum step step_read_reply(struct request *r)
{
    struct http_msg head = { .fields = r->gate->fields, .max_fields = FIELDS_MAX };
    const struct global_conf *g = &r->pinned->snapshot->global;
    struct h1_limits limits = { g->bufsize - g->maxrewrite, g->max_headers };
    struct h1_error err;
    size_t used;
    enum step stopped;

    if (r->client->ops->gone(r->client)) return request_client_left(r, 'H');
    if (request_given_up(r)) return give_up(r);
    stopped = blame_upload(r);
    if (stopped != STEP_WAIT) return stopped;
    if (!interim_is_out(r)) {
        if (r->events & WAKE_CLIENT_TIMEOUT) return request_abort(r, 'c', 'H');
        return request_wait(r, ON_CLIENT | ON_DEADLINE);
    }
    switch (h1_conn_response(&r->flow.conn->h1, &limits, r->req.method, &head, &used, &err)) {
    case H1_HEAD_DONE: return take_answer(r, &head, used);
    case H1_HEAD_BAD:
        r->reason = err.reason;
        bad_response_keep(r, &err);
        flow_observe(&r->flow, OBSERVED_BAD_HEAD);
        return bad_answer(r, 502, 'P');
    case H1_HEAD_CLOSED: return no_answer(r, OBSERVED_CLOSED);
    case H1_HEAD_BROKEN: return no_answer(r, OBSERVED_RESET);
    case H1_HEAD_CUT: flow_observe(&r->flow, OBSERVED_CLOSED); return bad_answer(r, 502, 'S');
    case H1_HEAD_WAIT: break;
    }
    if (timed_out(r)) {
        flow_observe(&r->flow, OBSERVED_TIMEOUT);
        return bad_answer(r, 504, 's');
    }
    if (r->events & WAKE_CLIENT_TIMEOUT) return request_refuse(r, 408, 'c', 'D');
    return request_wait(r, ON_REPLY | ON_PUMP | ON_CLIENT | ON_DEADLINE);
}

/* ---- rules ---- */

enum step step_response_rules(struct request *r)
{
    r->status = r->res.status;
    r->flow.at.answered = r->gate->worker.now_usec;
    return rules_of_answer(r);
}

static void count_status(struct request *r)
{
    counter_add(status_counter(session_counters(r->flow.session), r->status), 1);
    if (r->flow.backend) counter_add(status_counter(flow_backend_counters(&r->flow), r->status), 1);
}

/* Can the client's connection be used again? Not when its body has not been read whole. */
static bool may_keep(const struct request *r)
{
    if (!r->keep || r->gate->draining) return false;
    return !proxy_option(r->flow.frontend, OPT_HTTP_CLOSE);
}

/* Is the server's body still one that the answer can have? Not when rules made an answer of the
 * consent to a tunnel, or of an answer without a body one that says that it has none. */
static bool body_fits(const struct request *r)
{
    if (r->tunnel) return r->res.status == 101 || r->res.status / 100 == 2;
    return !r->has_body || r->res.framing != HTTP_LENGTH || r->res.content_length > 0;
}

static void withhold_body(struct request *r)
{
    if (r->tunnel) r->keep = false;
    r->res.framing = HTTP_LENGTH;
    r->res.content_length = 0;
    request_own_body(r, SLICE(""));
    request_drop_server(r);
}

/* The final head goes to the client, by whichever way the answer came about. */
enum step step_after_rules(struct request *r)
{
    struct body_source *from;
    enum step s;

    if (!r->own_answer) r->status = r->res.status; /* rules may have changed it */
    s = rules_after_answer(r);
    if (s != AFTER_RULES) return s;
    if (!r->own_answer && !body_fits(r)) withhold_body(r);
    if (r->own_answer) request_drop_body(r);
    from = r->own_answer ? r->own_source : &r->flow.conn->h1.source;
    count_status(r);
    r->answered = true;
    if (!r->client->ops->reply(r->client, &r->res, may_keep(r))) return request_abort(r, 'I', 'H');
    if (r->tunnel) {
        struct h1_conn *h = &r->flow.conn->h1;
        h->in_framing = h->out_framing = HTTP_UNTIL_CLOSE;
        h->in_ended = false;
        r->client->ops->tunnel(r->client);
        pump_start(&r->up, r->client->ops->body(r->client), &h->sink, UINT64_MAX);
        pump_run(&r->up);
    }
    from = request_held_source(r, true, from);
    pump_start(&r->down, from, r->client->ops->answer(r->client), UINT64_MAX);
    pump_run(&r->down);
    request_log_answered(r);
    return RELAY;
}

/* ---- bodies ---- */

/* The server's body did not come whole: what the client got must not look as if it had. */
static enum step cut_short(struct request *r, char cause)
{
    struct counters *sv = flow_server_counters(&r->flow), *be = flow_backend_counters(&r->flow);

    if (cause != 'P') { /* it stopped, or broke off; else what it sent is wrong */
        counter_add(&sv->server_aborts, 1);
        counter_add(&be->server_aborts, 1);
    }
    if (cause != 's') {
        counter_add(&sv->failed_resp, 1);
        counter_add(&be->failed_resp, 1);
    }
    return request_abort(r, cause, 'D');
}

static enum step relay_tunnel(struct request *r)
{
    if (r->up.state == PUMP_CUT || r->down.state == PUMP_SINK_GONE)
        return request_client_left(r, 'D');
    if (r->up.state > PUMP_DONE || r->down.state > PUMP_DONE) return request_abort(r, 'S', 'D');
    if (r->up.state == PUMP_DONE && !r->flow.conn->h1.conn.shut)
        conn_shutdown(&r->flow.conn->h1.conn);
    if (r->down.state == PUMP_DONE) r->client->ops->shutdown(r->client);
    if (timed_out(r) || r->events & WAKE_CLIENT_TIMEOUT)
        return request_abort(r, timed_out(r) ? 's' : 'c', 'D');
    if (pump_active(&r->up) || pump_active(&r->down))
        return request_wait(r, ON_PUMP | ON_CLIENT | ON_DEADLINE);
    r->whole = r->up.state == PUMP_DONE && r->down.state == PUMP_DONE;
    return FINISH;
}

/* The answer is out, but the request's body is still on its way: as long as the server takes it, it
 * gets it, and both connections stay good for another exchange. */
static enum step finish_upload(struct request *r)
{
    r->whole = true;
    if (!pump_active(&r->up) || !r->flow.conn || conn_hung_up(&r->flow.conn->h1.conn) ||
        timed_out(r) || r->events & WAKE_CLIENT_TIMEOUT || r->client->ops->gone(r->client))
        return FINISH;
    return request_wait(r, ON_PUMP | ON_CLIENT | ON_DEADLINE);
}

enum step step_relay(struct request *r)
{
    if (r->tunnel) return relay_tunnel(r);
    switch (r->down.state) {
    case PUMP_DONE: return finish_upload(r);
    case PUMP_CUT: return cut_short(r, 'S');
    case PUMP_BROKEN: return cut_short(r, 'P');
    case PUMP_SINK_GONE: return request_client_left(r, 'D');
    case PUMP_REFUSED: return request_abort(r, 'P', 'D');
    default: break;
    }
    if (timed_out(r)) return cut_short(r, 's');
    if (r->events & WAKE_CLIENT_TIMEOUT) return request_abort(r, 'c', 'D');
    if (r->client->ops->gone(r->client)) return request_client_left(r, 'D');
    if (!r->own_answer && request_given_up(r)) return request_client_left(r, 'D');
    return request_wait(r, ON_PUMP | ON_CLIENT | ON_DEADLINE);
}

/* ---- the end ---- */

void request_drop_server(struct request *r)
{
    pump_stop(&r->up);
    flow_release_conn(&r->flow, false);
    r->server_until = 0;
}

static void bury(struct grave *g, struct worker *w)
{
    struct request *r = container_of(g, struct request, grave);
    struct arena a = r->arena;

    (void)w;
    if (r->context.arena) context_end(&r->context);
    snapshot_unpin(r->gate, r->pinned);
    arena_release(&a);
}

/* May the server's connection serve another request? Not if it was told that this is the last. */
static bool server_reusable(const struct request *r)
{
    const struct h1_conn *h = r->flow.conn ? &r->flow.conn->h1 : NULL;

    if (!h || flow_closes(&r->flow)) return false;
    return !r->tunnel && !r->own_answer && r->whole && r->up.state == PUMP_DONE && h->in_ended &&
           r->res.keep_alive && r->res.framing != HTTP_UNTIL_CLOSE;
}

enum step step_finish(struct request *r)
{
    struct client *c = r->client;
    uint64_t in, out;

    if (!r->answered) count_status(r);
    c->ops->bytes(c, &in, &out);
    request_track(r, TRACK_BYTES_IN, in);
    request_track(r, TRACK_BYTES_OUT, out);
    request_log(r);
    if (r->context.arena) context_end(&r->context);
    flow_count(&r->flow, in, out);
    pump_stop(&r->up);
    pump_stop(&r->down);
    request_held_release(r);
    service_release(r);
    flow_release_conn(&r->flow, server_reusable(r));
    flow_release(&r->flow);
    if (r->client_until) c->ops->deadline(c, 0);
    r->finished = true;
    c->request = NULL;
    worker_bury(&r->gate->worker, &r->grave, bury);
    c->ops->done(c, r->whole);
    return STEP_DONE;
}
