/* SPDX-License-Identifier: Apache-2.0 */
/* A request for statistics: whose it is, who may, and the service that answers. */
#include "gateway/reply_spec.h"
#include "gateway/service.h"
#include "gateway/stats_conf.h"
#include "policy/userlist.h"

static bool asks(const struct request *r, const struct stats_conf *s)
{
    unsigned method = r->req.method;

    if (method != HTTP_GET && method != HTTP_HEAD && method != HTTP_POST) return false;
    return slice_starts(s->uri.n && s->uri.p[0] == '/' ? r->req.path : r->req.target, s->uri);
}

/* All accounts are looked at, so that the time it takes tells nothing. */
static bool is_user(struct request *r, const struct stats_conf *s)
{
    struct slice name, password;
    bool found = false;

    if (!context_basic_auth(request_context(r), &name, &password)) return false;
    for (const struct stats_user *u = s->users; u; u = u->next) {
        bool named = secret_same(name, u->name), right = secret_same(password, u->password);
        found |= named && right;
    }
    return found;
}

/* Refused: in logs that is the service's doing, too. */
static enum step refused(struct request *r, const struct stats_conf *s, enum step where)
{
    r->service = s->service;
    return where;
}

enum step stats_step(struct request *r, const struct proxy_conf *p, enum policy_place place,
                     enum step next)
{
    const struct stats_conf *s = p->rules->stats;
    enum step is;

    if (!stats_begun(r)) {
        if (!asks(r, s)) return next;
        is = rules_step(r, p, &s->rules, place, next);
        if (is != next) return refused(r, s, is);
        if (s->users && !is_user(r, s))
            return refused(r, s, rules_lead_to(r, reply_auth(r, s->realm), next));
    }
    return rules_lead_to(r, service_run(r, s->service, p), next);
}

bool stats_is_admin(struct request *r, const struct proxy_conf *p)
{
    struct context *c = request_context(r);

    c->proxy = p;
    c->place = r->flow.backend ? PLACE_BACKEND_REQUEST : PLACE_FRONTEND_REQUEST;
    for (const struct stats_admin *a = p->rules->stats->admin; a; a = a->next)
        if (condition_holds(a->cond, c)) return true;
    return false;
}

bool stats_in_scope(const struct proxy_conf *p, const char *name)
{
    const struct stats_scope *s = p->rules->stats->scopes;

    for (; s; s = s->next)
        if (slice_is(s->name, name) || (slice_is(s->name, ".") && strcmp(p->name, name) == 0))
            return true;
    return !p->rules->stats->scopes;
}
