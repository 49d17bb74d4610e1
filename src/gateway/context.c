/* SPDX-License-Identifier: Apache-2.0 */
/* The request as rules see it: fills in policy's context. */
#include "gateway/held_body.h"
#include "gateway/rules.h"
#include "policy/fields.h"

#include <netinet/in.h>

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

static const struct rule_hooks rule_hooks = { .set_tos = context_set_tos,
                                              .set_mark = context_set_mark };

struct context *request_context(struct request *r)
{
    struct context *c = &r->context;

    if (!c->arena) {
        fields_settle(&r->req, &r->arena);
        struct client_facts *facts = session_facts(r->flow.session, r->bind);

        *c = (struct context){
            .arena = &r->arena,
            .worker = &r->gate->worker,
            .client = facts,
            .req = &r->req,
            .proc = &r->gate->engine->proc_vars,
            .var_limits = &r->pinned->snapshot->global.var_limits,
            .now_scope = SCOPE_REQ,
            .stopping = &r->gate->engine->stopping,
            .rule_hooks = &rule_hooks,
            .see_body = request_see_body,
            .trace = r->gate->trace,
            .frontend = r->flow.frontend,
            .src = facts->has_src ? &facts->src : NULL,
            .dst = facts->has_dst ? &facts->dst : NULL,
            .proxy = r->flow.frontend,
            .owner = r,
        };
        request_show_bodies(r);
    }
    c->backend = r->flow.backend;
    c->server = r->flow.server;
    c->res = r->res.status ? &r->res : NULL;
    return c;
}
