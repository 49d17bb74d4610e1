/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a request on its way to the server. */
#include "gateway/capture.h"
#include "gateway/held_body.h"
#include "gateway/stats_conf.h"
#include "gateway/stickiness.h"
#include "gateway/trace_context.h"
#include "gateway/tracking.h"
#include "policy/fields.h"

#include <errno.h>

/* The protocol hands over a parsed head, or says why it can't. */
enum step step_read_head(struct request *r)
{
    struct counters *c = session_counters(r->flow.session);

    session_count_request(r->flow.session);
    request_track(r, TRACK_REQUEST, 1);
    if (r->bad_status) {
        if (r->bad_status != 408) request_track(r, TRACK_REQUEST_ERROR, 1);
        counter_add(&c->failed_req, 1);
        return request_refuse(r, r->bad_status, r->bad_cause ? r->bad_cause : 'P', 'R');
    }
    counter_add(&r->gate->totals->requests, 1);
    r->keep = r->req.keep_alive;
    if (r->req.absolute) fields_settle(&r->req, &r->arena);
    r->method_was = r->req.method_name;
    r->target_was = r->req.target;
    if (r->flow.frontend->rules->realip) request_find_client(r);
    if (monitor_asked(r)) return monitor_answer(r);
    if (proxy_option(r->flow.frontend, OPT_TRACEPARENT)) trace_context_begin(r);
    if (r->req.framing == HTTP_LENGTH && r->req.content_length > r->flow.frontend->max_body)
        return request_refuse(r, 413, 'P', 'R');
    return FRONTEND_RULES;
}

/* `option http-buffer-request`, of either side; once. */
static bool must_buffer(const struct request *r, const struct proxy_conf *p)
{
    return proxy_option(p, OPT_HTTP_BUFFER_REQUEST) && !r->buffered;
}

/* One side's rules, and what follows them there. */
static enum step request_rules(struct request *r, const struct proxy_conf *p,
                               enum policy_place place, enum step next)
{
    enum step s = rules_step(r, p, &p->rules->request, place, next);

    if (s == next && p->rules->odd_names) s = request_restrict_names(r, p, next);
    if (s == next && p->rules->stats) s = stats_step(r, p, place, next);
    if (s == next) s = rules_step(r, p, &p->rules->redirects, place, next);
    return s;
}

enum step step_frontend_rules(struct request *r)
{
    const struct proxy_conf *p = r->flow.frontend;

    if (stats_begun(r)) return stats_step(r, p, PLACE_FRONTEND_REQUEST, CHOOSE_BACKEND);
    if (!r->in_rules) {
        if (must_buffer(r, p)) return request_buffer(r, p, FRONTEND_RULES);
        capture_fields(r, false);
    }
    return request_rules(r, p, PLACE_FRONTEND_REQUEST, CHOOSE_BACKEND);
}

enum step step_choose_backend(struct request *r)
{
    const struct proxy_conf *p = r->flow.frontend;
    const struct proxy_conf *be = rules_backend(r);

    if (!be) be = p->fe->default_backend ? p->fe->default_backend : (p->be ? p : NULL);
    if (!be || be->disabled) return request_refuse(r, 503, 'S', 'C');
    flow_enter_backend(&r->flow, be);
    counter_add(&flow_backend_counters(&r->flow)->requests, 1);
    return BACKEND_RULES;
}

enum step step_backend_rules(struct request *r)
{
    const struct proxy_conf *p = r->flow.backend;

    if (stats_begun(r)) return stats_step(r, p, PLACE_BACKEND_REQUEST, CHOOSE_SERVER);
    if (r->req.framing == HTTP_LENGTH && r->req.content_length > r->flow.backend->max_body)
        return request_refuse(r, 413, 'P', 'R');
    if (p == r->flow.frontend) return CHOOSE_SERVER; /* listen: its rules were run */
    if (!r->in_rules && must_buffer(r, p)) return request_buffer(r, p, BACKEND_RULES);
    return request_rules(r, p, PLACE_BACKEND_REQUEST, CHOOSE_SERVER);
}

/* ---- to a server ---- */

/* The client may have gone while it waited for its turn. Nothing was cut short by that: it does not
 * count as an abort, as in HAProxy. */
static bool client_left(const struct request *r)
{
    return r->client->ops->gone(r->client) || request_given_up(r);
}

enum step step_choose_server(struct request *r)
{
    if (client_left(r)) return request_abort(r, 'C', 'Q');
    capture_cookie(r, false);
    if (r->flow.backend->rules->servers && !r->server_asked) r->flow.bound = rules_server(r);
    if (r->flow.backend->rules->sticks && !r->stick_asked) stickiness_ask(r);
    switch (flow_choose_server(&r->flow)) {
    case FLOW_OK: return CONNECT;
    case FLOW_WAIT: return request_wait(r, ON_SLOT | ON_CLIENT | ON_DEADLINE);
    case FLOW_LATE:
        counter_add(&flow_backend_counters(&r->flow)->failed_conn, 1);
        return request_refuse(r, 503, 's', 'Q');
    default: break;
    }
    counter_add(&flow_backend_counters(&r->flow)->failed_conn, 1);
    return request_refuse(r, 503, 'S', 'C');
}

enum step step_connect(struct request *r)
{
    bool first = r->flow.session->n_requests == 1;

    if (client_left(r)) return request_abort(r, 'C', 'C');
    switch (flow_connect(&r->flow, first, !request_repeatable(r))) {
    case FLOW_OK: return SEND_REQUEST;
    case FLOW_WAIT: return request_wait(r, ON_CONNECT | ON_CLIENT | ON_DEADLINE);
    case FLOW_AGAIN: return CHOOSE_SERVER;
    default: break;
    }
    return request_refuse(r, 503, r->flow.connect_error == ETIMEDOUT ? 's' : 'S', 'C');
}

/* How the head is written for the server's side. */
static struct h1_hop server_hop(const struct request *r)
{
    bool close = flow_closes(&r->flow);

    return (struct h1_hop){
        .version = r->req.version == HTTP_1_0 ? HTTP_1_0 : HTTP_1_1,
        .framing = r->req.framing,
        .close = close,
        .say_keep_alive = r->req.version == HTTP_1_0 && !close,
        .upgrade = r->req.upgrade,
    };
}

enum step step_send_request(struct request *r)
{
    struct h1_conn *h = &r->flow.conn->h1;
    struct h1_hop hop = server_hop(r);
    uint64_t limit = r->flow.frontend->max_body < r->flow.backend->max_body
                         ? r->flow.frontend->max_body
                         : r->flow.backend->max_body;

    if (!r->forwarded) { /* not again for another attempt */
        rules_add_unique_id(r);
        rules_add_forward_fields(r);
        r->forwarded = true;
    }
    request_log_connected(r);
    h->in_ended = true; /* until the head of its answer is there */
    h->in_spoilt = false;
    if (!h1_conn_write_request(h, &r->req, &hop)) return request_refuse(r, 400, 'P', 'R');
    pump_start(&r->up, request_held_source(r, false, r->client->ops->body(r->client)), &h->sink,
               limit);
    pump_run(&r->up);
    return READ_REPLY;
}
