/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/server_find.h"
#include "ops/api.h"

#include <syslog.h>

/* Is it "#" and this number? */
static bool is_number(struct slice name, unsigned id)
{
    uint64_t n;

    if (!name.n || name.p[0] != '#') return false;
    return slice_to_u64(slice_from(name, 1), &n) && n == id;
}

const struct proxy_conf *api_find_backend(const struct snapshot *s, struct slice name)
{
    const struct proxy_conf *p = snapshot_backend_of(s, name);

    for (unsigned i = 0; !p && i < s->n_proxies; i++)
        if (s->proxies[i]->be && is_number(name, s->proxies[i]->id)) p = s->proxies[i];
    return p;
}

static const struct server_conf *find_in(const struct backend_conf *be, struct slice name)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (slice_is(name, be->servers[i]->name) || is_number(name, be->servers[i]->id))
            return be->servers[i];
    return NULL;
}

const struct server_conf *api_find_server(struct api_call *c, unsigned i)
{
    struct slice server = slice_str(i < c->n_args ? c->args[i] : "");
    struct slice backend = slice_cut(&server, '/');
    const struct server_conf *s = NULL;
    const struct proxy_conf *p;

    if (!backend.n || !server.n) {
        api_say(c, LOG_ERR, "Require 'backend/server'.\n");
        return NULL;
    }
    p = api_find_backend(c->api->engine->current, backend);
    if (!p)
        api_say(c, LOG_ERR, "No such backend.\n");
    else if (!(s = find_in(p->be, server)))
        api_say(c, LOG_ERR, "No such server.\n");
    return s;
}
