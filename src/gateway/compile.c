/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of building a snapshot: what the sections said is checked against each other and
 * linked to runtime objects. Every error is reported; nothing of the running configuration changes
 * before the snapshot is swapped in. */
#include "gateway/build.h"
#include "gateway/session.h"
#include "runtime/log.h"
#include "runtime/resolve.h"
#include "upstream/keywords.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- names ---- */

static bool resolve_default_backend(struct build *b, struct cfg *cfg, struct frontend_conf *fe)
{
    const char *name = fe->default_backend_name;
    struct nearest near;

    if (!name) return true;
    fe->default_backend = snapshot_backend(b->snapshot, name);
    if (fe->default_backend) return true;
    nearest_init(&near, slice_str(name));
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++)
        if (b->snapshot->proxies[i]->be)
            nearest_try(&near, slice_str(b->snapshot->proxies[i]->name));
    cfg_error(cfg, &fe->default_backend_at, "there is no backend '%s'", name);
    if (near.best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
    return false;
}

/* ---- servers ---- */

static unsigned init_addr_method(const struct server_conf *s, unsigned i)
{
    unsigned methods = s->init_addr_methods ? s->init_addr_methods
                                            : INIT_ADDR_LAST | INIT_ADDR_LIBC << 8;
    return i < 4 ? methods >> 8 * i & 0xff : INIT_ADDR_END;
}

static bool resolve_by_libc(struct server_conf *s)
{
    struct sockaddr_storage found;

    if (resolve_name(s->spec.host, s->spec.family, &found, 1) < 1) return false;
    memcpy(&s->address, &found, address_length((struct sockaddr *)&found));
    return true;
}

/* A host name is resolved by the first method that works. */
static bool resolve_server(struct cfg *cfg, struct server_conf *s)
{
    uint16_t port = s->port_from_client ? 0 : s->spec.port;
    unsigned method;

    if (address_numeric(&s->spec, port, &s->address)) return true;
    for (unsigned i = 0; (method = init_addr_method(s, i)) != INIT_ADDR_END; i++) {
        if (method == INIT_ADDR_NONE) {
            s->disabled = true;
            return true;
        }
        if (method == INIT_ADDR_IP) s->address = s->init_addr_ip;
        if (method == INIT_ADDR_IP || (method == INIT_ADDR_LIBC && resolve_by_libc(s))) {
            address_set_port(&s->address.sa, port);
            return true;
        }
    }
    return cfg_error(cfg, NULL, "server %s/%s: can't resolve the address '%s'",
                     s->backend->proxy->name, s->name, s->address_as_written);
}

static bool compile_backend(struct build *b, struct cfg *cfg, struct proxy_conf *p)
{
    struct backend_conf *be = p->be;
    bool ok = true;

    for (unsigned i = 0; i < be->n_servers; i++) {
        struct server_conf *s = be->servers[i];
        if (!resolve_server(cfg, s)) ok = false;
        s->state = server_get(&b->engine->objects, p->name, s->name, &p->state->object,
                              p->state->queue, b->engine->n_workers);
    }
    be->balance = be->algorithm->prepare(be, &b->snapshot->arena);
    return ok;
}

/* ---- logs ---- */

static struct log_route *make_route(struct build *b, struct cfg *cfg, const struct log_line *own,
                                    const struct log_line *global, const char *tag)
{
    struct log_target *targets[64];
    struct log_route *route = NULL;
    unsigned n = 0;

    for (const struct log_line *lists[] = { own, global }, **l = lists; l < lists + 2; l++)
        for (const struct log_line *line = *l; line && n < ARRAY_LEN(targets); line = line->next) {
            struct resource_error err;
            struct log_target_spec spec = {
                .addr = line->has_address ? &line->address.sa : NULL,
                .size = line->has_address ? address_length(&line->address.sa) : 0,
                .fd = line->fd,
                .format = line->format,
                .facility = line->facility,
                .level = line->level,
                .min_level = line->min_level,
                .length = line->length,
            };
            targets[n] = log_target_new(b->engine->logs, &spec, &err);
            if (targets[n])
                n++;
            else
                cfg_error(cfg, &line->at, "%s", err.text);
        }
    if (n) route = log_route_new(b->engine->logs, targets, n, slice_str(tag), slice_str(""));
    while (n) log_target_unref(targets[--n]);
    return route;
}

static void compile_logs(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    struct global_conf *g = &s->global;
    const char *tag = g->log_tag ? g->log_tag : "gatehouse";

    s->routes = arena_zero(&s->arena, (s->n_proxies + 1) * sizeof(struct log_route *));
    g->logs = make_route(b, cfg, g->log_lines, NULL, tag);
    if (g->logs) s->routes[s->n_routes++] = g->logs;
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        p->logs = make_route(b, cfg, p->log_lines, p->log_global ? g->log_lines : NULL,
                             p->log_tag ? p->log_tag : tag);
        if (p->logs) s->routes[s->n_routes++] = p->logs;
    }
}

/* ---- warnings that HAProxy gives, too ---- */

static void warn_about(struct cfg *cfg, const struct proxy_conf *p)
{
    const struct proxy_timeouts *t = &p->timeouts;

    if ((p->fe && !t->client) || (p->be && p->be->n_servers && (!t->connect || !t->server)))
        cfg_warning_at(cfg, &p->section->at,
                       "%s '%s' has no 'timeout client', 'timeout connect' or 'timeout server': a "
                       "peer that is silent would never be given up",
                       p->section->kind->name, p->name);
}

/* ---- listeners ---- */

static bool open_bind(struct build *b, struct cfg *cfg, struct bind_conf *bind, unsigned *slots)
{
    char key[256];
    struct object *known;
    struct resource_error err;

    known = object_find(&b->engine->objects, "listener",
                        listener_key(&bind->spec, key, sizeof key));
    if (known) {
        bind->listener = container_of(known, struct listener, object);
    } else {
        bind->listener = listener_open(&b->engine->objects, &bind->spec, b->engine->n_workers,
                                       &session_listener_events, b->engine, &err);
        if (!bind->listener) return cfg_error(cfg, &bind->at, "%s", err.text);
        bind->listener->slot = b->engine->next_slot++;
    }
    if (bind->listener->slot >= *slots) *slots = bind->listener->slot + 1;
    return true;
}

static bool open_listeners(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    bool ok = true;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (struct bind_conf *bind = p->fe->binds; bind; bind = bind->next)
            ok &= open_bind(b, cfg, bind, &s->n_slots);
    }
    s->by_slot = arena_zero(&s->arena, s->n_slots * sizeof(struct bind_conf *));
    for (unsigned i = 0; ok && i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (struct bind_conf *bind = p->fe->binds; ok && bind; bind = bind->next) {
            if (s->by_slot[bind->listener->slot])
                ok = cfg_error(cfg, &bind->at, "this address is bound twice");
            s->by_slot[bind->listener->slot] = bind;
        }
    }
    return ok;
}

/* ---- all of it ---- */

static void set_global_defaults(struct global_conf *g)
{
    if (!g->bufsize) g->bufsize = 16384;
    if (!g->maxrewrite) g->maxrewrite = g->bufsize / 2 < 1024 ? g->bufsize / 2 : 1024;
    if (!g->max_headers) g->max_headers = 101;
}

bool build_compile(struct build *b, struct cfg *cfg, bool open)
{
    struct snapshot *s = b->snapshot;
    bool ok = true;

    set_global_defaults(&s->global);
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        p->state = proxy_get(&b->engine->objects, p->name, b->engine->n_workers);
        warn_about(cfg, p);
    }
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        if (p->fe) ok &= resolve_default_backend(b, cfg, p->fe);
        if (p->be) ok &= compile_backend(b, cfg, p);
    }
    compile_logs(b, cfg);
    ok &= cfg->diag->n_errors == 0;
    if (ok && open) ok = open_listeners(b, cfg);
    s->fixed = reload_keep(cfg, &s->arena);
    return ok;
}
