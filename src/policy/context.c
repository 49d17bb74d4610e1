/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/context.h"

#include "policy/stick_table.h"

enum { MOST_WITHOUT_WORKER = 16384 };

const struct sockaddr *context_src(const struct context *c)
{
    if (c->src) return &c->src->sa;
    return c->client ? &c->client->from.sa : NULL;
}

const struct sockaddr *context_dst(struct context *c)
{
    union address local;

    if (c->dst) return &c->dst->sa;
    if (!c->client || !c->client->local || !c->client->local(c->client, &local)) return NULL;
    c->dst = memcpy(arena_alloc(c->arena, sizeof local), &local, sizeof local);
    return &c->dst->sa;
}

size_t context_most(const struct context *c)
{
    return c->worker ? c->worker->bufs.size : MOST_WITHOUT_WORKER;
}

char *context_room(struct context *c, size_t n)
{
    return n <= context_most(c) ? arena_alloc(c->arena, n) : NULL;
}

static void forget(struct context *c, enum var_scope scope)
{
    struct vars *vs = scope == SCOPE_TXN ? &c->txn : &c->now;

    if (vs->first) vars_forget(c, scope);
    vs->size = 0;
}

void context_begin_response(struct context *c)
{
    if (c->now_scope == SCOPE_RES) return;
    forget(c, SCOPE_REQ);
    c->now_scope = SCOPE_RES;
}

void context_end(struct context *c)
{
    forget(c, SCOPE_REQ);
    forget(c, SCOPE_TXN);
    stick_recall_end(c);
    if (c->tracked.any) tracks_end(&c->tracked, c->worker->now);
    c->now_scope = 0;
}
