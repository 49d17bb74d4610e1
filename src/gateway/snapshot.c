/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/stick_tables.h"
#include "gateway/ring.h"
#include "policy/policy_cfg.h"
#include "runtime/log.h"

#include <stdlib.h>

struct snapshot *snapshot_new(void)
{
    struct snapshot *s = mem_zero(sizeof *s);
    arena_init(&s->arena, NULL);
    s->global.pool_low_ratio = 20;
    s->global.pool_high_ratio = 25;
    return s;
}

static void drop_servers(const struct backend_conf *be)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->state) object_unref(&be->servers[i]->state->object);
}

void snapshot_free(struct snapshot *s)
{
    struct arena a = s->arena;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        for (const struct bind_conf *b = p->fe ? p->fe->binds : NULL; b; b = b->next)
            if (b->listener) object_unref(&b->listener->object);
        if (p->be) drop_servers(p->be);
        if (p->state) object_unref(&p->state->object);
    }
    stick_tables_release(s);
    for (unsigned i = 0; i < s->n_routes; i++) log_route_unref(s->routes[i]);
    rings_release(s);
    keepsakes_release(s->kept);
    hashmap_release(&s->backends);
    free(s);
    arena_release(&a);
}

static struct proxy_conf *find(const struct snapshot *s, const char *name, bool frontend)
{
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        if ((frontend ? p->fe != NULL : p->be != NULL) && strcmp(p->name, name) == 0) return p;
    }
    return NULL;
}

void snapshot_index(struct snapshot *s)
{
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->be)
            hashmap_put(&s->backends, slice_str(s->proxies[i]->name), s->proxies[i]);
}

const struct proxy_conf *snapshot_backend_of(const struct snapshot *s, struct slice name)
{
    return hashmap_get(&s->backends, name);
}

struct proxy_conf *snapshot_frontend(const struct snapshot *s, const char *name)
{
    return find(s, name, true);
}

struct proxy_conf *snapshot_backend(const struct snapshot *s, const char *name)
{
    return find(s, name, false);
}
