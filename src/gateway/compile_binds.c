/* SPDX-License-Identifier: Apache-2.0 */
/* The `bind` lines of a configuration and the listeners behind them: those that are there already
 * are kept, the others are opened, and nothing of what is in use changes before everything is known
 * to be right. */
#include "gateway/build.h"
#include "gateway/session.h"

#include <errno.h>
#include <stdlib.h>

enum { KEY_MAX = 256 };

/* Calls fn for every address that an enabled proxy binds. False when one of the calls was. */
static bool each_bind(const struct snapshot *s, struct build *b, struct cfg *cfg,
                      bool (*fn)(struct build *, struct cfg *, struct bind_conf *))
{
    bool ok = true;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (struct bind_conf *bind = p->fe->binds; bind; bind = bind->next) ok &= fn(b, cfg, bind);
    }
    return ok;
}

/* ---- what else the configuration says of the socket ---- */

static void complete_bind(const struct build *b, struct bind_conf *bind)
{
    const struct global_conf *g = &b->snapshot->global;
    const struct proxy_conf *p = bind->frontend;
    struct socket_options *o = &bind->spec.socket;

    if (!bind->spec.options.backlog) bind->spec.options.backlog = p->fe->backlog;
    bind->spec.accepts = g->maxaccept;
    bind->spec.one_socket = g->no_reuseport;
    bind->spec.take_over = b->take_over;
    if (bind->spec.inherited_fd < 0 && bind->spec.address.sa.sa_family == AF_UNIX) {
        *o = (struct socket_options){ .rcvbuf = g->client_socket.rcvbuf,
                                      .sndbuf = g->client_socket.sndbuf };
        return;
    }
    o->rcvbuf = g->client_socket.rcvbuf;
    o->sndbuf = g->client_socket.sndbuf;
    if (!proxy_option(p, OPT_CLIENT_KEEPALIVE)) return;
    o->keepalive = true;
    o->keep_count = p->client_socket.keep_count;
    o->keep_idle = p->client_socket.keep_idle;
    o->keep_interval = p->client_socket.keep_interval;
}

/* ---- is it right? ---- */

static struct listener *known_listener(const struct build *b, const struct bind_conf *bind)
{
    char key[KEY_MAX];
    struct object *o = object_find(&b->engine->objects, "listener",
                                   listener_key(&bind->spec, key, sizeof key));

    return o ? container_of(o, struct listener, object) : NULL;
}

/* `names`: listener keys → bind_conf, of the addresses seen so far. */
static bool is_bound_once(struct cfg *cfg, struct hashmap *names, struct bind_conf *bind)
{
    char key[KEY_MAX];
    struct slice name;
    const struct bind_conf *other;

    name = slice_str(listener_key(&bind->spec, key, sizeof key));
    other = hashmap_get(names, name);
    if (!other) {
        hashmap_put(names, arena_copy(cfg->arena, name), bind);
        return true;
    }
    cfg_error(cfg, &bind->at, "%s is bound twice", key);
    return cfg_hint(cfg, "first at %s", place_name(cfg->arena, &other->at.at));
}

static bool may_become(const struct build *b, struct cfg *cfg, const struct bind_conf *bind)
{
    struct resource_error err;
    struct listener *l = known_listener(b, bind);
    bool ok = true;

    if (l) {
        ok = listener_tune(l, &bind->spec, true, &err);
        object_unref(&l->object);
    } else if (bind->spec.inherited_fd >= 0) {
        ok = resource_check_inherited(bind->spec.inherited_fd, &err) == 0;
    }
    return ok || cfg_error(cfg, &bind->at, "%s", err.text);
}

bool build_check_binds(struct build *b, struct cfg *cfg)
{
    struct hashmap names;
    bool ok = true;

    hashmap_init(&names);
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++) {
        const struct proxy_conf *p = b->snapshot->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (struct bind_conf *bind = p->fe->binds; bind; bind = bind->next) {
            complete_bind(b, bind);
            ok &= is_bound_once(cfg, &names, bind) && may_become(b, cfg, bind);
        }
    }
    hashmap_release(&names);
    return ok;
}

/* ---- addresses of ours that overlap ---- */

/* "*:80" and "192.0.2.1:80" can both be bound, but only with SO_REUSEPORT from the first on, so
 * that we can't ask first whether somebody else has the port. */
struct port_use {
    uint8_t addresses; /* 0, 1, or 2 for more */
    bool any;          /* one of them is "any" */
};

static bool is_any_address(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET)
        return ((const struct sockaddr_in *)sa)->sin_addr.s_addr == INADDR_ANY;
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

static bool is_tcp(const struct bind_conf *bind)
{
    return bind->spec.inherited_fd < 0 && bind->spec.address.sa.sa_family != AF_UNIX;
}

static void note_ports(const struct snapshot *s, struct port_use *ports)
{
    for (unsigned i = 0; s && i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (const struct bind_conf *bind = p->fe->binds; bind; bind = bind->next) {
            struct port_use *use = &ports[address_port(&bind->spec.address.sa)];
            if (!is_tcp(bind)) continue;
            use->addresses = use->addresses ? 2 : 1;
            use->any |= is_any_address(&bind->spec.address.sa);
        }
    }
}

static void find_overlaps(struct build *b)
{
    struct port_use *ports = mem_zero((UINT16_MAX + 1) * sizeof *ports);

    note_ports(b->snapshot, ports);
    note_ports(b->before, ports);
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++) {
        const struct proxy_conf *p = b->snapshot->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (struct bind_conf *bind = p->fe->binds; bind; bind = bind->next) {
            const struct port_use *use = &ports[address_port(&bind->spec.address.sa)];
            if (is_tcp(bind) && use->any && use->addresses > 1) bind->spec.take_over = true;
        }
    }
    free(ports);
}

/* ---- opening ---- */

static struct listener *open_new(struct build *b, struct cfg *cfg, const struct bind_conf *bind)
{
    struct resource_error err = { 0 };
    struct listener *l;

    do
        l = listener_open(&b->engine->objects, &bind->spec, b->n_workers, &session_listener_events,
                          b->engine, &err);
    while (!l && err.code == -EADDRINUSE && b->address_taken && b->address_taken(b));
    if (l)
        l->slot = b->engine->next_slot++;
    else
        cfg_error(cfg, &bind->at, "%s", err.text);
    return l;
}

static bool open_bind(struct build *b, struct cfg *cfg, struct bind_conf *bind)
{
    if (bind->listener) return true;
    bind->listener = known_listener(b, bind);
    if (!bind->listener) bind->listener = open_new(b, cfg, bind);
    if (!bind->listener) return false;
    if (bind->listener->slot >= b->snapshot->n_slots)
        b->snapshot->n_slots = bind->listener->slot + 1;
    return true;
}

/* Paths come last: a socket that we put in the place of another process's can't be put back. */
static bool open_bind_but_paths(struct build *b, struct cfg *cfg, struct bind_conf *bind)
{
    return (bind->spec.address.sa.sa_family == AF_UNIX && bind->spec.inherited_fd < 0) ||
           open_bind(b, cfg, bind);
}

static bool enter_slot(struct build *b, struct cfg *cfg, struct bind_conf *bind)
{
    (void)cfg;
    b->snapshot->by_slot[bind->listener->slot] = bind;
    return true;
}

bool build_open_binds(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;

    find_overlaps(b);
    if (!each_bind(s, b, cfg, open_bind_but_paths) || !each_bind(s, b, cfg, open_bind))
        return false;
    s->by_slot = arena_zero(&s->arena, s->n_slots * sizeof(struct bind_conf *));
    return each_bind(s, b, cfg, enter_slot);
}

/* ---- adopting ---- */

static void tune(const struct bind_conf *bind, FILE *out)
{
    struct resource_error err;
    const struct place *at = &bind->at.at;

    if (!listener_tune(bind->listener, &bind->spec, false, &err))
        fprintf(out, "%s:%u: %s\n", at->source->name, at->line, err.text);
}

void build_adopt(const struct snapshot *was, const struct snapshot *is, FILE *out)
{
    for (unsigned i = 0; i < is->n_slots; i++)
        if (is->by_slot[i]) tune(is->by_slot[i], out);
    for (unsigned i = 0; i < was->n_slots; i++)
        if (was->by_slot[i] && (i >= is->n_slots || !is->by_slot[i]))
            object_forget(&was->by_slot[i]->listener->object);
}
