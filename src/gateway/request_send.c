/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a request on its way to the server. */
#include "gateway/request.h"

#include <errno.h>

/* The protocol hands over a parsed head, or says why it can't. */
enum step step_read_head(struct request *r)
{
    struct counters *c = session_counters(r->flow.session);

    counter_add(&c->requests, 1);
    rate_add(&c->request_rate, (uint32_t)(r->gate->worker.now / 1000));
    if (r->bad_status) {
        counter_add(&c->failed_req, 1);
        return request_refuse(r, r->bad_status, r->bad_status == 408 ? 'c' : 'P', 'R');
    }
    r->keep = r->req.keep_alive;
    if (r->req.framing == HTTP_LENGTH && r->req.content_length > r->flow.frontend->max_body)
        return request_refuse(r, 413, 'P', 'R');
    return FRONTEND_RULES;
}

enum step step_frontend_rules(struct request *r)
{
    (void)r; /* http-request rules stand here */
    return CHOOSE_BACKEND;
}

enum step step_choose_backend(struct request *r)
{
    const struct proxy_conf *p = r->flow.frontend;
    const struct proxy_conf *be = p->fe->default_backend ? p->fe->default_backend
                                                         : (p->be ? p : NULL);

    if (!be || be->disabled) return request_refuse(r, 503, 'S', 'C');
    flow_enter_backend(&r->flow, be);
    counter_add(&flow_backend_counters(&r->flow)->requests, 1);
    return BACKEND_RULES;
}

enum step step_backend_rules(struct request *r)
{
    if (r->req.framing == HTTP_LENGTH && r->req.content_length > r->flow.backend->max_body)
        return request_refuse(r, 413, 'P', 'R');
    return CHOOSE_SERVER;
}

/* ---- to a server ---- */

/* The client may have gone while it waited for its turn. Its having ended its sending is no sign
 * of that, unless `option abortonclose` says so. */
static bool client_left(const struct request *r)
{
    if (r->client->ops->gone(r->client)) return true;
    return proxy_option(r->flow.backend, OPT_ABORT_ON_CLOSE) && !pump_active(&r->up) &&
           r->client->ops->half_closed(r->client);
}

enum step step_choose_server(struct request *r)
{
    if (client_left(r)) return request_client_left(r, 'Q');
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

    if (client_left(r)) return request_client_left(r, 'C');
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
    bool close = proxy_option(r->flow.backend, OPT_HTTP_CLOSE) ||
                 proxy_option(r->flow.backend, OPT_HTTP_SERVER_CLOSE);

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

    h->in_ended = true; /* until the head of its answer is there */
    h->in_spoilt = false;
    if (!h1_conn_write_request(h, &r->req, &hop)) return request_refuse(r, 400, 'P', 'R');
    pump_start(&r->up, r->client->ops->body(r->client), &h->sink, limit);
    pump_run(&r->up);
    return READ_REPLY;
}
