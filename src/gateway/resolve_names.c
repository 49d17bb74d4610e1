/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the arguments of expressions: proxies, servers, userlists. */
#include "gateway/stick_tables.h"
#include "policy/userlist.h"

static const struct proxy_conf *own_proxy(const struct policy_scope *scope, bool frontend)
{
    const struct proxy_conf *p = scope->proxy;

    if (!p) return NULL;
    return (frontend ? p->fe != NULL : p->be != NULL) ? p : NULL;
}

static const struct proxy_conf *find_proxy(const struct build *b, const struct policy_scope *scope,
                                           struct slice name, bool frontend)
{
    if (!name.n) return own_proxy(scope, frontend);
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++) {
        const struct proxy_conf *p = b->snapshot->proxies[i];
        if ((frontend ? p->fe != NULL : p->be != NULL) && slice_is(name, p->name)) return p;
    }
    return NULL;
}

/* "backend/server", or a server of the proxy where the expression stands. */
static const struct server_conf *find_server(const struct build *b,
                                             const struct policy_scope *scope, struct slice name)
{
    ptrdiff_t slash = slice_find(name, '/');
    struct slice of = slash < 0 ? SLICE("") : slice_of(name.p, (size_t)slash);
    struct slice server = slash < 0 ? name : slice_from(name, (size_t)slash + 1);
    const struct proxy_conf *p = find_proxy(b, scope, of, false);

    for (unsigned i = 0; p && i < p->be->n_servers; i++)
        if (slice_is(server, p->be->servers[i]->name)) return p->be->servers[i];
    return NULL;
}

const void *build_resolve(struct policy_cfg *pc, enum arg_type type,
                          const struct policy_scope *scope, struct slice name)
{
    const struct build *b = build_of(pc->cfg);
    const struct proxy_conf *p;
    const struct section *s;

    switch (type) {
    case ARG_FRONTEND: return find_proxy(b, scope, name, true);
    case ARG_BACKEND: return find_proxy(b, scope, name, false);
    case ARG_PROXY:
        p = find_proxy(b, scope, name, true);
        return p ? p : find_proxy(b, scope, name, false);
    case ARG_SERVER: return find_server(b, scope, name);
    case ARG_TABLE: return stick_tables_find(b->snapshot, scope, name);
    case ARG_USERLIST: s = cfg_section(pc->cfg, IN_USERLIST, name); return s ? s->data : NULL;
    default: return NULL;
    }
}
