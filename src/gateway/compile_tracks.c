/* SPDX-License-Identifier: Apache-2.0 */
/* `track`: names of servers are looked up, and chains of them followed to their ends. */
#include "gateway/build.h"

static const struct server_conf *find_server(const struct backend_conf *be, struct slice name)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (slice_is(name, be->servers[i]->name)) return be->servers[i];
    return NULL;
}

static bool no_such_backend(struct cfg *cfg, const struct build *b, const struct server_conf *s,
                            struct slice name)
{
    struct nearest near;

    nearest_init(&near, name);
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++)
        if (b->snapshot->proxies[i]->be)
            nearest_try(&near, slice_str(b->snapshot->proxies[i]->name));
    cfg_error(cfg, &s->track_at, "there is no backend '%.*s' to track a server of",
              SLICE_ARG(name));
    return near.best.n ? cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best)) : false;
}

static bool no_such_server(struct cfg *cfg, const struct backend_conf *be,
                           const struct server_conf *s, struct slice name)
{
    struct nearest near;

    nearest_init(&near, name);
    for (unsigned i = 0; i < be->n_servers; i++)
        nearest_try(&near, slice_str(be->servers[i]->name));
    cfg_error(cfg, &s->track_at, "backend '%s' has no server '%.*s' to be tracked", be->proxy->name,
              SLICE_ARG(name));
    return near.best.n ? cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best)) : false;
}

static bool look_up(struct build *b, struct cfg *cfg, struct server_conf *s)
{
    struct slice rest = slice_str(s->track), backend = { NULL, 0 };
    const struct backend_conf *be = s->backend;
    const struct proxy_conf *p;

    if (slice_find(rest, '/') >= 0) {
        backend = slice_cut(&rest, '/');
        p = snapshot_backend_of(b->snapshot, backend);
        if (!p) return no_such_backend(cfg, b, s, backend);
        be = p->be;
    }
    s->tracked = (struct server_conf *)find_server(be, rest);
    if (!s->tracked) return no_such_server(cfg, be, s, rest);
    if (!s->check) return true;
    return cfg_error(cfg, &s->track_at, "a server can't have a check and track another one, too");
}

/* Whose state holds in the end; NULL: it comes back to s. */
static const struct server_conf *end_of(const struct server_conf *s, unsigned n_servers)
{
    const struct server_conf *at = s->tracked;

    while (at && at->tracked && at != s && n_servers--) at = at->tracked;
    return at == s || (at && at->tracked) ? NULL : at;
}

static bool check_chain(struct cfg *cfg, struct server_conf *s, unsigned n_servers)
{
    const struct server_conf *end = end_of(s, n_servers);

    if (!end)
        return cfg_error(cfg, &s->track_at, "%s/%s would track itself in the end",
                         s->backend->proxy->name, s->name);
    if (end->check) return true;
    cfg_error(cfg, &s->track_at, "%s/%s can't be tracked: it has no check",
              end->backend->proxy->name, end->name);
    return cfg_hint(cfg, "its line is at %s", place_name(cfg->arena, &end->at));
}

bool build_tracks(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    unsigned n_servers = 0;
    bool ok = true;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct backend_conf *be = s->proxies[i]->be;
        for (unsigned k = 0; be && k < be->n_servers; k++, n_servers++)
            if (be->servers[k]->track) ok &= look_up(b, cfg, be->servers[k]);
    }
    for (unsigned i = 0; ok && i < s->n_proxies; i++) {
        const struct backend_conf *be = s->proxies[i]->be;
        for (unsigned k = 0; be && k < be->n_servers; k++)
            if (be->servers[k]->track) ok &= check_chain(cfg, be->servers[k], n_servers);
    }
    return ok;
}
