/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches on proxies and servers: who they are, what they are busy with. HAProxy's manual, 7.3.2
 * and 7.3.3. */
#include "upstream/backend.h"
#include "upstream/keywords.h"
#include "policy/expr.h"

/* ---- names ---- */

static bool get_fe_name(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->frontend && sample_str(out, slice_str(c->frontend->name));
}

static bool get_fe_id(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->frontend && sample_sint(out, c->frontend->id);
}

/* Before a backend is chosen, HAProxy takes the frontend for one. */
static const struct proxy_conf *current_backend(const struct context *c)
{
    return c->backend ? c->backend : c->frontend;
}

static bool get_be_name(struct context *c, const struct arg *args, struct sample *out)
{
    const struct proxy_conf *p = current_backend(c);

    (void)args;
    return p && sample_str(out, slice_str(p->name));
}

static bool get_be_id(struct context *c, const struct arg *args, struct sample *out)
{
    const struct proxy_conf *p = current_backend(c);

    (void)args;
    return p && sample_sint(out, p->id);
}

static bool get_srv_name(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->server && sample_str(out, slice_str(c->server->name));
}

static bool get_srv_id(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->server && sample_sint(out, c->server->id);
}

static bool get_timeout(struct context *c, const struct arg *args, struct sample *out)
{
    const char *p = (const char *)(args_param(args) == offsetof(struct proxy_timeouts, client)
                                       ? c->frontend
                                       : current_backend(c));

    if (!p) return false;
    return sample_sint(
        out, *(const unsigned *)(p + offsetof(struct proxy_conf, timeouts) + args_param(args)));
}

/* ---- what proxies are busy with ---- */

static const struct proxy_conf *proxy_of(const struct arg *args)
{
    return args[0].thing;
}

static bool get_fe_conn(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, gauge_now(&proxy_of(args)->state->fe_sessions));
}

static bool get_be_conn(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, gauge_now(&proxy_of(args)->state->be_sessions));
}

static bool sample_rate(struct sample *out, const struct context *c, const struct rate *r)
{
    msec_t now = c->worker->now;

    return sample_sint(out, rate_read(r, (uint32_t)(now / 1000), now % 1000));
}

static bool get_fe_sess_rate(struct context *c, const struct arg *args, struct sample *out)
{
    return sample_rate(out, c, &proxy_of(args)->state->fe_counters[0].c.session_rate);
}

static bool get_fe_req_rate(struct context *c, const struct arg *args, struct sample *out)
{
    return sample_rate(out, c, &proxy_of(args)->state->fe_counters[0].c.request_rate);
}

static bool get_be_sess_rate(struct context *c, const struct arg *args, struct sample *out)
{
    return sample_rate(out, c, &proxy_of(args)->state->be_counters[0].c.session_rate);
}

/* ---- servers ---- */

static bool get_nbsrv(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, backend_count_usable(proxy_of(args)->be));
}

static bool get_queue(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, queue_length(proxy_of(args)->state->queue));
}

/* Rounded up; with no server to share it, the whole queue twice. */
static bool get_avg_queue(struct context *c, const struct arg *args, struct sample *out)
{
    const struct proxy_conf *p = proxy_of(args);
    unsigned n = backend_count_usable(p->be), waiting = queue_length(p->state->queue);

    (void)c;
    return sample_sint(out, n ? (waiting + n - 1) / n : waiting * 2);
}

/* 0: no limit. */
static unsigned limit_of(const struct server_conf *s)
{
    return atomic_load_explicit(&s->state->maxconn, memory_order_relaxed);
}

static unsigned slots_left(const struct server_conf *s)
{
    unsigned busy = gauge_now(&s->state->sessions), limit = limit_of(s);

    return limit > busy ? limit - busy : 0;
}

/* -1: a server without a limit takes any number. */
static bool get_be_conn_free(struct context *c, const struct arg *args, struct sample *out)
{
    const struct backend_conf *be = proxy_of(args)->be;
    int64_t n = 0;

    (void)c;
    for (unsigned i = 0; i < be->n_servers; i++) {
        if (!server_has_turns(be->servers[i])) continue;
        if (!limit_of(be->servers[i])) return sample_sint(out, -1);
        n += slots_left(be->servers[i]);
    }
    return sample_sint(out, n);
}

/* Queues have no limit here, so that there is always a slot where a server is not down. */
static bool get_connslots(struct context *c, const struct arg *args, struct sample *out)
{
    const struct backend_conf *be = proxy_of(args)->be;

    (void)c;
    for (unsigned i = 0; i < be->n_servers; i++)
        if (server_op(&be->servers[i]->state->st) != SERVER_STOPPED) return sample_sint(out, -1);
    return sample_sint(out, 0);
}

static const struct server_conf *server_of(const struct arg *args)
{
    return args[0].thing;
}

static bool get_srv_conn(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, gauge_now(&server_of(args)->state->sessions));
}

static bool get_srv_conn_free(struct context *c, const struct arg *args, struct sample *out)
{
    const struct server_conf *s = server_of(args);

    (void)c;
    return sample_sint(out, limit_of(s) ? (int64_t)slots_left(s) : -1);
}

static bool get_srv_is_up(struct context *c, const struct arg *args, struct sample *out)
{
    const struct server_state *st = &server_of(args)->state->st;
    bool checked = atomic_load_explicit(&st->check.flags, memory_order_relaxed) & PROBE_CONFIGURED;

    (void)c;
    return sample_bool(out, !(server_admin(st) & ADMIN_MAINT) &&
                                (!checked || server_op(st) != SERVER_STOPPED));
}

static bool get_srv_queue(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, server_waiting(server_of(args)->state));
}

static bool get_srv_sess_rate(struct context *c, const struct arg *args, struct sample *out)
{
    return sample_rate(out, c, &server_of(args)->state->counters[0].c.session_rate);
}

static bool get_srv_weight(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(
        out, atomic_load_explicit(&server_of(args)->state->st.weight, memory_order_relaxed));
}

static bool get_srv_iweight(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    return sample_sint(out, server_of(args)->weight);
}

#define TIMEOUT(field) .get = get_timeout, .param = offsetof(struct proxy_timeouts, field)

static const struct fetch rows[] = {
    { "fe_name", .type = SAMPLE_STR, .need = NEED_FRONTEND, .get = get_fe_name,
      .doc = "The frontend's name." },
    { "fe_id", .type = SAMPLE_SINT, .need = NEED_FRONTEND, .get = get_fe_id,
      .doc = "The frontend's number." },
    { "fe_client_timeout", .type = SAMPLE_SINT, .need = NEED_FRONTEND, TIMEOUT(client),
      .doc = "The frontend's `timeout client` in milliseconds." },
    { "fe_conn", ARGS(0, ARG_FRONTEND), SAMPLE_SINT, NEED_PROCESS, .get = get_fe_conn,
      .doc = "How many connections the frontend has now." },
    { "fe_sess_rate", ARGS(0, ARG_FRONTEND), SAMPLE_SINT, NEED_PROCESS, .get = get_fe_sess_rate,
      .doc = "New sessions of the frontend within the last second." },
    { "fe_req_rate", ARGS(0, ARG_FRONTEND), SAMPLE_SINT, NEED_PROCESS, .get = get_fe_req_rate,
      .doc = "Requests of the frontend within the last second." },
    { "be_name", .type = SAMPLE_STR, .need = NEED_BACKEND, .get = get_be_name,
      .doc = "The backend's name." },
    { "be_id", .type = SAMPLE_SINT, .need = NEED_BACKEND, .get = get_be_id,
      .doc = "The backend's number." },
    { "be_server_timeout", .type = SAMPLE_SINT, .need = NEED_BACKEND, TIMEOUT(server),
      .doc = "The backend's `timeout server` in milliseconds." },
    { "be_tunnel_timeout", .type = SAMPLE_SINT, .need = NEED_BACKEND, TIMEOUT(tunnel),
      .doc = "The backend's `timeout tunnel` in milliseconds." },
    { "be_conn", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_be_conn,
      .doc = "How many requests the backend has now." },
    { "be_conn_free", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_be_conn_free,
      .doc = "How many requests more its servers may have by their `maxconn`; -1 when one of them "
             "has no limit." },
    { "be_sess_rate", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_be_sess_rate,
      .doc = "New requests of the backend within the last second." },
    { "nbsrv", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_nbsrv,
      .doc = "How many servers of the backend are usable." },
    { "queue", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_queue,
      .doc = "How many requests wait in the backend's queue." },
    { "avg_queue", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_avg_queue,
      .doc = "How many wait for each usable server, rounded up." },
    { "connslots", ARGS(0, ARG_BACKEND), SAMPLE_SINT, NEED_PROCESS, .get = get_connslots,
      .doc = "How many requests more the servers and their queues may take; -1: any number." },
    { "srv_name", .type = SAMPLE_STR, .need = NEED_SERVER, .get = get_srv_name,
      .doc = "The name of the server that answered." },
    { "srv_id", .type = SAMPLE_SINT, .need = NEED_SERVER, .get = get_srv_id,
      .doc = "The number of the server that answered." },
    { "srv_conn", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_conn,
      .doc = "How many requests are at the server." },
    { "srv_conn_free", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_conn_free,
      .doc = "How many more it may have by its `maxconn`; -1: any number." },
    { "srv_is_up", ARGS(1, ARG_SERVER), SAMPLE_BOOL, NEED_PROCESS, .get = get_srv_is_up,
      .doc = "Is the server up? It is not in maintenance, and not where its checks say so." },
    { "srv_queue", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_queue,
      .doc = "How many requests wait for this server alone, as `use-server` makes them; others "
             "wait for any server of the backend." },
    { "srv_sess_rate", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_sess_rate,
      .doc = "New requests to the server within the last second." },
    { "srv_weight", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_weight,
      .doc = "The server's weight." },
    { "srv_iweight", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_iweight,
      .doc = "The weight that its line says." },
    { "srv_uweight", ARGS(1, ARG_SERVER), SAMPLE_SINT, NEED_PROCESS, .get = get_srv_weight,
      .doc = "The weight that users see." },
};

const struct fetch_table proxy_fetches = FETCH_TABLE("Proxies and servers", rows);
