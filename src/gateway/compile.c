/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of building a snapshot: what the sections said is checked against each other and
 * linked to runtime objects. Every error is reported; nothing of the running configuration changes
 * before the snapshot is swapped in. */
#include "gateway/health.h"
#include "gateway/reply_spec.h"
#include "gateway/rules.h"
#include "gateway/stick_tables.h"
#include "policy/match.h"
#include "lang/compat.h"
#include "runtime/resolve.h"
#include "upstream/keywords.h"

#include <stdlib.h>

/* ---- numbers ---- */

/* Gives numbers to things in their order: to each the next that nobody has asked for. */
struct numbering {
    unsigned *taken; /* in ascending order */
    unsigned n, at;
    unsigned next;
};

static int by_value(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

/* Behind every number that was taken before `most` calls of numbering_take. */
static void numbering_begin(struct numbering *g, unsigned most)
{
    *g = (struct numbering){ .taken = mem_alloc((most + 1) * sizeof *g->taken), .next = 1 };
}

static void numbering_take(struct numbering *g, unsigned number)
{
    g->taken[g->n++] = number;
}

static void numbering_sort(struct numbering *g)
{
    qsort(g->taken, g->n, sizeof *g->taken, by_value);
}

/* The number of the next thing, which may have its own. As in HAProxy, that counts too. */
static unsigned numbering_next(struct numbering *g, unsigned own)
{
    unsigned number;

    for (; g->at < g->n && g->taken[g->at] <= g->next; g->at++)
        if (g->taken[g->at] == g->next && !own) g->next++;
    number = own ? own : g->next;
    g->next++;
    return number;
}

static void number_servers(struct backend_conf *be)
{
    struct numbering g;

    numbering_begin(&g, be->n_servers);
    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->id_given) numbering_take(&g, be->servers[i]->id);
    numbering_sort(&g);
    for (unsigned i = 0; i < be->n_servers; i++) {
        struct server_conf *s = be->servers[i];
        s->id = numbering_next(&g, s->id_given ? s->id : 0);
    }
    free(g.taken);
}

static void number_binds(struct frontend_conf *fe)
{
    struct numbering g;
    unsigned n = 0;

    for (const struct bind_conf *b = fe->binds; b; b = b->next) n++;
    numbering_begin(&g, n);
    for (const struct bind_conf *b = fe->binds; b; b = b->next)
        if (b->id) numbering_take(&g, b->id);
    numbering_sort(&g);
    for (struct bind_conf *b = fe->binds; b; b = b->next) b->id = numbering_next(&g, b->id);
    free(g.taken);
}

static void number_proxies(struct snapshot *s)
{
    const struct global_conf *global = &s->global;
    struct numbering g;

    numbering_begin(&g, s->n_proxies);
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->id_given) numbering_take(&g, s->proxies[i]->id);
    numbering_sort(&g);
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        if (global->api_binds && i == global->api_before) numbering_next(&g, 0);
        p->id = numbering_next(&g, p->id_given ? p->id : 0);
        if (p->fe) number_binds(p->fe);
        if (p->be) number_servers(p->be);
    }
    free(g.taken);
}

/* ---- names ---- */

static bool no_such_backend(struct build *b, struct cfg *cfg, const struct frontend_conf *fe)
{
    const char *name = fe->default_backend_name;
    struct nearest near;

    nearest_init(&near, slice_str(name));
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++)
        if (b->snapshot->proxies[i]->be)
            nearest_try(&near, slice_str(b->snapshot->proxies[i]->name));
    cfg_error(cfg, &fe->default_backend_at, "there is no backend '%s'", name);
    if (snapshot_frontend(b->snapshot, name)) return cfg_hint(cfg, "'%s' is a frontend", name);
    return near.best.n ? cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best)) : false;
}

static bool resolve_default_backend(struct build *b, struct cfg *cfg, struct frontend_conf *fe)
{
    if (!fe->default_backend_name || fe->proxy->disabled) return true;
    fe->default_backend = snapshot_backend(b->snapshot, fe->default_backend_name);
    if (!fe->default_backend) return no_such_backend(b, cfg, fe);
    if (fe->default_backend != fe->proxy) return true;
    return cfg_error(cfg, &fe->default_backend_at, "'%s' can't be its own default_backend",
                     fe->proxy->name);
}

/* ---- servers ---- */

static unsigned init_addr_method(const struct build *b, const struct server_conf *s, unsigned i)
{
    unsigned methods = s->init_addr_methods ? s->init_addr_methods
                                            : INIT_ADDR_LAST | INIT_ADDR_LIBC << 8;
    unsigned method = i < 4 ? methods >> 8 * i & 0xff : INIT_ADDR_END;

    if (method == INIT_ADDR_END && b->ignore_unresolved && i < 5) return INIT_ADDR_NONE;
    return method;
}

static bool resolve_by_libc(struct server_conf *s)
{
    struct sockaddr_storage found;

    if (resolve_name(s->spec.host, s->spec.family, &found, 1) < 1) return false;
    memcpy(&s->address, &found, address_length((struct sockaddr *)&found));
    return true;
}

/* The address that the server has in the configuration in use, if it is the same there. */
static bool keep_address(const struct build *b, struct server_conf *s)
{
    const struct proxy_conf *was = b->before ? snapshot_backend(b->before, s->backend->proxy->name)
                                             : NULL;
    const struct server_conf *old = was ? backend_server(was->be, s->name) : NULL;

    if (!old || old->no_address || strcmp(old->address_as_written, s->address_as_written) != 0)
        return false;
    s->address = old->address;
    return true;
}

static bool without_address(struct cfg *cfg, struct server_conf *s, bool tried)
{
    s->no_address = s->disabled = true;
    if (tried)
        cfg_warning_at(cfg, &s->at, "server %s/%s: can't resolve '%.*s', so it is disabled",
                       s->backend->proxy->name, s->name, SLICE_ARG(s->spec.host));
    return true;
}

/* A host name is resolved by the first method that works. */
static bool resolve_server(struct build *b, struct cfg *cfg, struct server_conf *s)
{
    uint16_t port = s->port_from_client ? 0 : s->spec.port;
    bool tried = false;
    unsigned method;

    if (address_numeric(&s->spec, port, &s->address)) return true;
    for (unsigned i = 0; (method = init_addr_method(b, s, i)) != INIT_ADDR_END; i++) {
        if (method == INIT_ADDR_NONE) return without_address(cfg, s, tried);
        tried |= method == INIT_ADDR_LIBC;
        if (method == INIT_ADDR_IP) s->address = s->init_addr_ip;
        if (method == INIT_ADDR_IP || (method == INIT_ADDR_LIBC && resolve_by_libc(s))) {
            address_set_port(&s->address.sa, port);
            return true;
        }
    }
    if (keep_address(b, s))
        return !cfg_notice(cfg, NULL, "server %s/%s: can't resolve '%.*s'; it keeps its address",
                           s->backend->proxy->name, s->name, SLICE_ARG(s->spec.host));
    return cfg_error_at(cfg, &s->at, "server %s/%s: can't resolve '%.*s'", s->backend->proxy->name,
                        s->name, SLICE_ARG(s->spec.host));
}

/* From where it is connected to, and how; nothing when that is left to the system. */
static void set_origin(struct build *b, struct server_conf *s)
{
    static const struct socket_options none;
    const struct global_conf *g = &b->snapshot->global;
    const struct proxy_conf *p = s->backend->proxy;
    const struct source_address *from = s->source.given ? &s->source : &p->be->source;
    struct conn_origin o = { .socket = { .rcvbuf = g->server_socket.rcvbuf,
                                         .sndbuf = g->server_socket.sndbuf,
                                         .user_timeout = s->user_timeout,
                                         .late_ack = proxy_option(p, OPT_SMART_CONNECT) } };

    if (proxy_option(p, OPT_SERVER_KEEPALIVE)) {
        o.socket.keepalive = true;
        o.socket.keep_count = p->server_socket.keep_count;
        o.socket.keep_idle = p->server_socket.keep_idle;
        o.socket.keep_interval = p->server_socket.keep_interval;
    }
    if (from->has_address) o.address = &from->address.sa;
    o.interface = from->interface;
    if (!o.address && !o.interface && socket_options_same(&o.socket, &none)) return;
    s->origin = memcpy(arena_alloc(&b->snapshot->arena, sizeof o), &o, sizeof o);
}

static bool compile_backend(struct build *b, struct cfg *cfg, struct proxy_conf *p)
{
    struct backend_conf *be = p->be;
    bool ok = true;

    for (unsigned i = 0; i < be->n_servers; i++) {
        struct server_conf *s = be->servers[i];
        if (!p->disabled) ok &= resolve_server(b, cfg, s);
        set_origin(b, s);
        s->pool_private = b->snapshot->global.private_pools;
        s->state = server_get(&b->engine->objects, p->name, s->name, &p->state->object,
                              p->state->queue, b->n_workers);
        if (proxy_option(p, OPT_SERVER_HISTOGRAMS)) s->times = server_time(s->state);
    }
    be->balance = backend_prepare(be, &b->snapshot->arena);
    return health_compile(b, cfg, p) && ok;
}

/* ---- what HAProxy refuses or warns about, too ---- */

static bool check_mode(struct cfg *cfg, const struct proxy_conf *p)
{
    if (p->mode == MODE_HTTP) return true;
    cfg_error_at(
        cfg, &p->section->at,
        "%s '%s' is in 'mode tcp', HAProxy's default, which Gatehouse does not support yet",
        p->section->kind->name, p->name);
    compat_note_error(cfg, &p->section->at, "mode", SLICE("tcp"), NULL);
    return cfg_hint(cfg, "write 'mode http' here or in a defaults section");
}

static void warn_about(struct cfg *cfg, const struct global_conf *g, const struct proxy_conf *p)
{
    const struct proxy_timeouts *t = &p->timeouts;
    const char *kind = p->section->kind->name;

    if (p->fe && !p->fe->binds)
        cfg_warning_at(cfg, &p->section->at, "%s '%s' has no 'bind': nothing reaches it", kind,
                       p->name);
    if ((p->fe && !t->client) || (p->be && p->be->n_servers && (!t->connect || !t->server)))
        cfg_warning_at(cfg, &p->section->at,
                       "missing timeouts: %s '%s' needs 'timeout client', 'timeout connect' and "
                       "'timeout server', or a peer that is silent is never given up",
                       kind, p->name);
    if (p->fe && (p->rules->log_format || p->rules->log_format_sd || p->rules->json_log) &&
        !p->log_lines && !(p->log_global && g->log_lines))
        cfg_warning_at(cfg, &p->section->at, "%s '%s' has a log format and no 'log'", kind,
                       p->name);
}

/* ---- all of it ---- */

static void set_global_defaults(struct global_conf *g)
{
    enum { BUFSIZE = 16384, MAXREWRITE = 1024, MAXHDR = 101, COOKIE = 63, LOG_URI = 1024 };

    if (!g->bufsize) g->bufsize = BUFSIZE;
    if (!g->maxrewrite_given) g->maxrewrite = MAXREWRITE;
    if (g->maxrewrite > g->bufsize / 2) g->maxrewrite = g->bufsize / 2;
    if (!g->max_headers) g->max_headers = MAXHDR;
    if (!g->cookie_most_given) g->cookie_most = COOKIE;
    if (!g->log_uri_most) g->log_uri_most = LOG_URI;
}

static bool compile_proxies(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    bool ok = true;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        p->state = proxy_get(&b->engine->objects, p->name, b->n_workers);
        proxy_time(p->state, p->fe, p->be);
        if (p->disabled) continue;
        ok &= check_mode(cfg, p);
        warn_about(cfg, &s->global, p);
    }
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        if (p->fe) ok &= resolve_default_backend(b, cfg, p->fe);
        if (!p->disabled) ok &= proxy_rules_resolve(b, cfg, p);
        if (p->be) ok &= compile_backend(b, cfg, p);
    }
    return ok;
}

bool build_compile(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    bool ok;

    set_global_defaults(&s->global);
    number_proxies(s);
    snapshot_index(s);
    b->policy.n_workers = b->n_workers;
    ok = args_resolve(&b->policy);
    pattern_sets_finish(&b->policy);
    s->patterns = b->policy.patterns;
    ok &= error_sets_resolve(b, cfg);
    ok &= reply_resolve(b, cfg);
    ok &= compile_proxies(b, cfg);
    ok &= build_tracks(b, cfg);
    ok &= stick_tables_build(b, cfg);
    ok &= build_check_logs(b, cfg);
    ok &= build_check_binds(b, cfg);
    s->fixed = reload_keep(cfg, &s->arena);
    return ok && cfg->diag->n_errors == 0;
}

bool build_open(struct build *b, struct cfg *cfg)
{
    build_logs(b, cfg);
    return cfg->diag->n_errors == 0 && build_open_binds(b, cfg);
}
