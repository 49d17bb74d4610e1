/* SPDX-License-Identifier: Apache-2.0 */
/* The request as rules see it: fills in policy's context. */
#include "gateway/decisions.h"
#include "gateway/held_body.h"
#include "gateway/json_log.h"
#include "gateway/rules.h"
#include "policy/fields.h"
#include "policy/rule_counts.h"
#include "runtime/log.h"

#include <netinet/in.h>
#include <stdio.h>
#include <syslog.h>

/* ---- what actions do to the client's socket ---- */

static int socket_of(const struct context *c)
{
    const struct session *s = c->client->owner;

    return s->conn->io.fd;
}

void context_set_tos(struct context *c, unsigned tos)
{
    const int value = (int)tos;

    if (c->client->from.sa.sa_family == AF_INET6)
        setsockopt(socket_of(c), IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
    else if (c->client->from.sa.sa_family == AF_INET)
        setsockopt(socket_of(c), IPPROTO_IP, IP_TOS, &value, sizeof value);
}

void context_set_mark(struct context *c, uint32_t mark)
{
    setsockopt(socket_of(c), SOL_SOCKET, SO_MARK, &mark, sizeof mark);
}

/* ---- what rules decide ---- */

/* A rule with `report` would have ended the request: that is told in the frontend's logs. */
static void report(struct context *c, const struct rule *rule)
{
    enum { LINE_MAX_BYTES = 1024 };
    struct slice method = SLICE("connection"), path = SLICE("");
    struct log_route *route = c->frontend->logs;
    char *line, address[64];
    int n;

    if (!log_route_wants(route, LOG_NOTICE)) return;
    line = log_begin(c->worker->log, LINE_MAX_BYTES);
    if (!line) return;
    if (c->req) method = c->req->method_name, path = c->req->path;
    n = snprintf(line, LINE_MAX_BYTES, "rule %s reports: %s %.*s %.*s from %s", rule->name,
                 rule->action->name, SLICE_ARG(method), SLICE_ARG(path),
                 address_text(&c->client->from.sa, address));
    log_commit(c->worker->log, n < LINE_MAX_BYTES ? (size_t)n : LINE_MAX_BYTES - 1, route,
               LOG_NOTICE, clock_wall_usec());
}

void context_rule_decided(struct context *c, const struct rule *rule, enum rule_result result)
{
    bool reported = rule->report && result == RULE_NEXT;

    if (reported) report(c, rule);
    if (result != RULE_STOP) rule_count_add(rule, c->worker->id, reported);
}

static const struct rule_hooks rule_hooks = { .decided = context_rule_decided,
                                              .set_tos = context_set_tos,
                                              .set_mark = context_set_mark };

/* When the first rule of a request asks; out of the way of those that follow. */
__attribute__((noinline)) static void begin(struct request *r)
{
    struct client_facts *facts = session_facts(r->flow.session, r->bind);
    struct context *c = &r->context;

    fields_settle(&r->req, &r->arena);
    if (r->step >= RESPONSE_RULES && !r->own_answer && r->res.status)
        fields_settle(&r->res, &r->arena);
    mem_clear(c, sizeof *c);
    c->arena = &r->arena;
    c->worker = &r->gate->worker;
    c->client = facts;
    c->req = &r->req;
    c->proc = &r->gate->engine->proc_vars;
    c->var_limits = &r->pinned->snapshot->global.var_limits;
    c->now_scope = r->step >= RESPONSE_RULES ? SCOPE_RES : SCOPE_REQ;
    c->stopping = &r->gate->engine->stopping;
    c->rule_hooks = &rule_hooks;
    c->see_body = request_see_body;
    c->trace = r->gate->trace;
    if (!c->trace && r->flow.frontend->rules->json_log == JSON_LOG_DECISIONS)
        c->trace = r->decisions = decisions_new(r);
    c->frontend = r->flow.frontend;
    c->src = facts->has_src ? &facts->src : NULL;
    c->dst = facts->has_dst ? &facts->dst : NULL;
    c->proxy = r->flow.frontend;
    c->owner = r;
    request_show_bodies(r);
}

struct context *request_context(struct request *r)
{
    struct context *c = &r->context;

    if (!c->arena) begin(r);
    c->backend = r->flow.backend;
    c->server = r->flow.server;
    c->res = r->res.status ? &r->res : NULL;
    return c;
}
