/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of backends: `server`, `default-server`, `balance`, `retries`, `http-reuse`, … */
#include "lang/section.h"
#include "upstream/backend.h"
#include "upstream/keywords.h"

#include <limits.h>

static struct proxy_conf *proxy(void *target)
{
    return ((struct section *)target)->data;
}

/* ---- servers ---- */

static void add_server(struct arena *a, struct backend_conf *be, struct server_conf *s)
{
    if (be->n_servers == be->max_servers) {
        unsigned most = be->max_servers ? 2 * be->max_servers : 8;
        struct server_conf **all = arena_alloc(a, most * sizeof(struct server_conf *));

        if (be->n_servers) memcpy(all, be->servers, be->n_servers * sizeof *all);
        be->servers = all;
        be->max_servers = most;
    }
    be->servers[be->n_servers++] = s;
    s->id = be->n_servers;
    s->backend = be;
}

static bool parse_server_address(struct cfg *cfg, struct server_conf *s, const struct word *at)
{
    const char *wrong = address_parse(at->text, &s->spec);

    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(at->text), wrong);
    if (s->spec.kind == ADDRESS_FD) return cfg_error(cfg, at, "a server can't be a descriptor");
    if (s->spec.last_port != s->spec.port)
        return cfg_error(cfg, at, "a server has one port, not a range");
    s->address_as_written = at->text.p;
    s->port_from_client = s->spec.kind == ADDRESS_IP && (!s->spec.has_port || s->spec.port_sign);
    s->port_offset = s->spec.port_sign == '-' ? -s->spec.port : s->spec.port;
    return true;
}

struct server_conf *backend_server(const struct backend_conf *be, const char *name)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (strcmp(be->servers[i]->name, name) == 0) return be->servers[i];
    return NULL;
}

static bool parse_server(struct cfg *cfg, void *target, struct words *w)
{
    struct backend_conf *be = proxy(target)->be;
    const struct word *name, *address;
    struct server_conf *s;

    if (!words_need(cfg, w, &name) || !words_need(cfg, w, &address)) return false;
    if (backend_server(be, name->text.p))
        return cfg_error(cfg, name, "this backend has a server '%s' already", name->text.p);
    s = arena_alloc(cfg->arena, sizeof *s);
    *s = *be->default_server;
    s->name = name->text.p;
    if (!parse_server_address(cfg, s, address)) return false;
    add_server(cfg->arena, be, s);
    return options_parse(cfg, "server option", s, w);
}

static bool parse_default_server(struct cfg *cfg, void *target, struct words *w)
{
    return options_parse(cfg, "server option", proxy(target)->be->default_server, w);
}

/* ---- the others ---- */

static const struct balance_algorithm *const algorithms[] = { &balance_roundrobin };

static bool parse_balance(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *at;
    struct nearest near;

    if (!words_need(cfg, w, &at)) return false;
    nearest_init(&near, at->text);
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (slice_is(at->text, algorithms[i]->name)) {
            proxy(target)->be->algorithm = algorithms[i];
            return true;
        }
        nearest_try(&near, slice_str(algorithms[i]->name));
    }
    return cfg_error_unknown(cfg, at, "balance algorithm", &near);
}

static bool parse_retries(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &proxy(target)->be->retries, 0, INT_MAX);
}

static bool parse_http_reuse(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = {
        [REUSE_SAFE] = "safe",
        [REUSE_NEVER] = "never",
        [REUSE_AGGRESSIVE] = "aggressive",
        [REUSE_ALWAYS] = "always",
        NULL,
    };
    unsigned reuse;

    if (!words_enum(cfg, w, &reuse, names)) return false;
    proxy(target)->be->reuse = reuse;
    return true;
}

static const struct keyword rows[] = {
    { "server", IN_BACKEND, parse_server, "<name> <address>[:<port>] [<option>…]", NULL, 0,
      "A server: an IPv4 or IPv6 address, a host name, or the path of a UNIX socket. Without a "
      "port, "
      "or with `+<n>` or `-<n>`, the port is derived from the one that the client connected to.",
      0, NULL },
    { "default-server", IN_DEFAULTS | IN_BACKEND, parse_default_server, "<option>…", NULL, 0,
      "Options for the `server` lines that follow.", 0, NULL },
    { "balance", IN_DEFAULTS | IN_BACKEND, parse_balance, "<algorithm>", "roundrobin", 0,
      "How a server is chosen. `roundrobin`: servers take turns, each as often as its weight says; "
      "the turns are shared by all threads, so that the shares are exact.",
      0, NULL },
    { "retries", IN_DEFAULTS | IN_BACKEND, parse_retries, "<number>", "3", 0,
      "How often a connection that failed is tried again; then 503.", 0, NULL },
    { "http-reuse", IN_DEFAULTS | IN_BACKEND, parse_http_reuse, "never|safe|aggressive|always",
      "safe", 0,
      "Which requests may use an idle connection to a server that another client's request used "
      "before. `never`: none; `safe`: all but a client's first, which can't be sent again should "
      "the "
      "server have just closed; `aggressive`: a first request as well, on a connection that has "
      "served a second "
      "request before; `always`: all.",
      0, NULL },
};

const struct keyword_table backend_keywords = KEYWORD_TABLE("Backends", KEYWORDS, rows);
