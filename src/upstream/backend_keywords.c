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
    s->backend = be;
}

/* "*" and "0.0.0.0": in HAProxy the address that the client connected to. */
static bool is_client_destination(const struct address_spec *spec)
{
    union address a;

    if (spec->kind != ADDRESS_IP) return false;
    if (spec->any) return true;
    return address_numeric(spec, 0, &a) && a.sa.sa_family == AF_INET &&
           a.in.sin_addr.s_addr == INADDR_ANY;
}

static bool parse_server_address(struct cfg *cfg, struct server_conf *s, const struct word *at)
{
    const char *wrong = address_parse(at->text, &s->spec);

    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(at->text), wrong);
    if (s->spec.kind == ADDRESS_FD) return cfg_error(cfg, at, "a server can't be a descriptor");
    if (s->spec.last_port != s->spec.port)
        return cfg_error(cfg, at, "a server has one port, not a range");
    if (is_client_destination(&s->spec))
        return cfg_error(cfg, at,
                         "'%s' (the address that the client connected to) is not supported by "
                         "Gatehouse",
                         at->text.p);
    s->address_as_written = at->text.p;
    s->port_from_client = s->spec.kind == ADDRESS_IP && (!s->spec.port || s->spec.port_sign);
    s->port_offset = s->spec.port_sign == '-' ? -s->spec.port : s->spec.port;
    return true;
}

struct server_conf *backend_server(const struct backend_conf *be, const char *name)
{
    for (unsigned i = 0; i < be->n_servers; i++)
        if (strcmp(be->servers[i]->name, name) == 0) return be->servers[i];
    return NULL;
}

static bool check_server_name(struct cfg *cfg, const struct backend_conf *be,
                              const struct word *name)
{
    const struct server_conf *other = backend_server(be, name->text.p);

    if (name->text.n == 0) return cfg_error(cfg, name, "a server's name can't be empty");
    for (const char *c = name->text.p; *c; c++) {
        if ((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') ||
            strchr("-_.:", *c))
            continue;
        cfg_error(cfg, name, "'%c' can't stand in the name of a server: '%s'", *c, name->text.p);
        return cfg_hint(cfg, "letters, digits, '-', '_', '.' and ':' can");
    }
    if (!other) return true;
    cfg_error(cfg, name, "this backend has a server '%s' already", name->text.p);
    return cfg_hint(cfg, "at %s", place_name(cfg->arena, &other->at));
}

/* The number that a server was given must be its own. */
static bool check_server_id(struct cfg *cfg, const struct server_conf *s)
{
    const struct backend_conf *be = s->backend;

    for (unsigned i = 0; s->id_given && i < be->n_servers; i++) {
        const struct server_conf *other = be->servers[i];
        if (other == s || !other->id_given || other->id != s->id) continue;
        cfg_error_at(cfg, &s->at, "server '%s' has the id %u already", other->name, s->id);
        return cfg_hint(cfg, "at %s", place_name(cfg->arena, &other->at));
    }
    return true;
}

static bool parse_server(struct cfg *cfg, void *target, struct words *w)
{
    struct backend_conf *be = proxy(target)->be;
    const struct word *name, *address;
    struct server_conf *s;

    if (!words_need(cfg, w, &name) || !words_need(cfg, w, &address)) return false;
    if (!check_server_name(cfg, be, name)) return false;
    s = arena_alloc(cfg->arena, sizeof *s);
    *s = *be->default_server;
    s->name = name->text.p;
    s->at = name->at;
    if (!parse_server_address(cfg, s, address)) return false;
    add_server(cfg->arena, be, s);
    return options_parse(cfg, "server option", s, w) && check_server_id(cfg, s);
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

static bool parse_fullconn(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &proxy(target)->be->fullconn, 0, INT_MAX);
}

static bool parse_source(struct cfg *cfg, void *target, struct words *w)
{
    return source_address_parse(cfg, w, &proxy(target)->be->source);
}

static const struct keyword rows[] = {
    { "server", IN_BACKEND, parse_server, "<name> <address>[:<port>] [<option>…]", NULL, 0,
      "A server: an IPv4 or IPv6 address, a host name, or the path of a UNIX socket. Without a "
      "port, "
      "or with `+<n>` or `-<n>`, the port is derived from the one that the client connected to.",
      0, NULL },
    { "default-server", IN_DEFAULTS | IN_BACKEND, parse_default_server, "<option>…", NULL, 0,
      "Options for the `server` lines that follow.", 0, NULL },
    { "balance", IN_DEFAULTS | IN_BACKEND, parse_balance, "<algorithm>", "roundrobin",
      KW_ELSEWHERE_WARN,
      "How a server is chosen. `roundrobin`: servers take turns, each as often as its weight says; "
      "the turns are shared by all threads, so that the shares are exact.",
      0, NULL },
    { "retries", IN_DEFAULTS | IN_BACKEND, parse_retries, "<number>", "3", KW_ELSEWHERE_WARN,
      "How often a connection that failed is tried again; then 503.", 0, NULL },
    { "source", IN_DEFAULTS | IN_BACKEND, parse_source, "<address>[:<port>] [interface <name>]",
      "as the system routes", KW_ELSEWHERE_WARN,
      "The address (`*`: any) and the network device from which connections to servers are made.",
      0, NULL },
    { "fullconn", IN_DEFAULTS | IN_BACKEND, parse_fullconn, "<number>", NULL, KW_ELSEWHERE_WARN,
      "The load of the backend at which a server reaches its `maxconn`. It matters to servers with "
      "`minconn` only, which is not supported yet.",
      0, NULL },
    { "http-reuse", IN_DEFAULTS | IN_BACKEND, parse_http_reuse, "never|safe|aggressive|always",
      "safe", KW_ELSEWHERE_WARN,
      "Which requests may use an idle connection to a server that another client's request used "
      "before. `never`: none; `safe`: all but a client's first, which can't be sent again should "
      "the "
      "server have just closed; `aggressive`: a first request as well, on a connection that has "
      "served a second "
      "request before; `always`: all.",
      0, NULL },
};

const struct keyword_table backend_keywords = KEYWORD_TABLE("Backends", KEYWORDS, rows);
