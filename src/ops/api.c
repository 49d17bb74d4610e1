/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/api.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 10000, MAXCONN = 10 }; /* what holds where nothing is configured */

/* ---- events ---- */

static bool admit(struct listener *l, struct worker *w)
{
    const struct api_socket *s = l->engine;

    (void)w;
    return s->api->n_clients < s->api->maxconn && (!s->maxconn || s->n_clients < s->maxconn);
}

static void accepted(struct listener *l, struct worker *w, int fd, const union address *from)
{
    (void)w, (void)from;
    api_client_start(l->engine, fd);
}

static const struct listener_events events = { .admit = admit, .accepted = accepted };

/* ---- sockets ---- */

const char *api_socket_address(const struct api_socket *s, char buf[API_ADDRESS_MAX])
{
    const union address *a = &s->listener->address;
    char host[64];

    if (a->sa.sa_family != AF_UNIX)
        snprintf(buf, API_ADDRESS_MAX, a->sa.sa_family == AF_INET6 ? "ipv6@[%s]:%u" : "ipv4@%s:%u",
                 address_text(&a->sa, host), address_port(&a->sa));
    else if (a->un.sun_path[0])
        snprintf(buf, API_ADDRESS_MAX, "unix@%s", a->un.sun_path);
    else
        snprintf(buf, API_ADDRESS_MAX, "abns@%s", a->un.sun_path + 1);
    return buf;
}

static void drop(struct api_socket *s)
{
    if (s->started) listener_stop(s->listener, s->api->worker);
    if (s->listener) object_unref(&s->listener->object);
    api_clients_forget(s);
    list_remove(&s->link);
    atomic_fetch_sub_explicit(&s->api->engine->api.listeners, 1, memory_order_relaxed);
    free(s);
}

static struct api_socket *find(const struct api *a, const char *key)
{
    list_each(l, &a->sockets)
    {
        struct api_socket *s = list_entry(l, struct api_socket, link);
        if (strcmp(s->listener->object.name, key) == 0) return s;
    }
    return NULL;
}

/* ---- taking over a configuration ---- */

static bool bound_by_frontend(const struct snapshot *s, const char *key)
{
    char other[256];

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        if (!p->fe || p->disabled) continue;
        for (const struct bind_conf *b = p->fe->binds; b; b = b->next)
            if (strcmp(listener_key(&b->spec, other, sizeof other), key) == 0) return true;
    }
    return false;
}

static bool open_socket(struct api *a, const struct bind_conf *bind, struct diag *diag)
{
    struct api_socket *s = mem_zero(sizeof *s);
    struct listener_spec spec = bind->spec;
    struct resource_error err;

    s->api = a;
    s->wanted = bind;
    spec.take_over = a->take_over;
    s->listener = listener_open(&a->listeners, &spec, 1, &events, s, &err);
    list_append(&a->sockets, &s->link);
    atomic_fetch_add_explicit(&a->engine->api.listeners, 1, memory_order_relaxed);
    if (s->listener) return true;
    drop(s);
    return diag_error(diag, &bind->at.at, "%s", err.text);
}

/* Marks the socket of that address as wanted, and opens it if there is none. */
static bool claim(struct api *a, const struct snapshot *snap, const struct bind_conf *bind,
                  struct diag *diag)
{
    char key[256];
    struct api_socket *known = find(a, listener_key(&bind->spec, key, sizeof key));
    struct resource_error err;

    if ((known && known->wanted) || bound_by_frontend(snap, key))
        return diag_error(diag, &bind->at.at, "%s is bound twice", key);
    if (!known) return open_socket(a, bind, diag);
    if (!listener_tune(known->listener, &bind->spec, true, &err))
        return diag_error(diag, &bind->at.at, "%s", err.text);
    known->wanted = bind;
    return true;
}

/* Begins to accept, or goes on with what may have changed. */
static void start_or_resume(struct api_socket *s, struct diag *diag)
{
    struct resource_error err;

    if (s->started && !listener_tune(s->listener, &s->wanted->spec, false, &err))
        diag_warning(diag, &s->wanted->at.at, "%s", err.text);
    s->level = s->wanted->api_level;
    s->severity = s->wanted->api_severity;
    s->maxconn = s->wanted->maxconn;
    s->wanted = NULL;
    if (s->started)
        listener_resume(s->listener, s->api->worker);
    else
        listener_start(s->listener, s->api->worker);
    s->started = true;
}

/* The new ones are given up. */
static void give_up(struct api *a)
{
    list_each(l, &a->sockets)
    {
        struct api_socket *s = list_entry(l, struct api_socket, link);
        s->wanted = NULL;
        if (!s->started) drop(s);
    }
}

static void take_over(struct api *a, const struct global_conf *g, struct diag *diag)
{
    a->maxconn = g->api_maxconn ? g->api_maxconn : MAXCONN;
    a->timeout_ms = g->api_timeout_ms ? g->api_timeout_ms : TIMEOUT_MS;
    list_each(l, &a->sockets)
    {
        struct api_socket *s = list_entry(l, struct api_socket, link);
        if (s->wanted)
            start_or_resume(s, diag);
        else
            drop(s);
    }
}

bool api_listen(struct api *a, const struct snapshot *snap)
{
    struct diag diag;
    bool ok = true;

    diag_init(&diag);
    for (const struct api_bind *b = snap->global.api_binds; b; b = b->next)
        ok &= claim(a, snap, &b->bind, &diag);
    if (ok)
        take_over(a, &snap->global, &diag);
    else
        give_up(a);
    diag_print(&diag, stderr);
    diag_release(&diag);
    return ok;
}

/* ---- life ---- */

void api_init(struct api *a, struct engine *e, const struct api_commands *const *commands)
{
    *a = (struct api){ .worker = e->control, .engine = e, .commands = commands };
    objects_init(&a->listeners);
    list_init(&a->sockets);
    list_init(&a->clients);
}

void api_stop(struct api *a)
{
    list_each(l, &a->sockets) drop(list_entry(l, struct api_socket, link));
    api_clients_stop(a);
    objects_release(&a->listeners);
}
