/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `server` and `default-server`. */
#include "upstream/keywords.h"
#include "upstream/server.h"

#include <limits.h>

static bool parse_weight(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->weight, 0, 256);
}

static bool parse_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->maxconn, 0, INT_MAX);
}

static bool parse_pool_max(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_int(cfg, w, &s->pool_max, -1, INT_MAX);
}

static bool parse_pool_low(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->pool_low, 0, INT_MAX);
}

static bool parse_pool_purge(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_time(cfg, w, &s->pool_purge_ms, UNIT_MS, 0, INT_MAX);
}

static bool parse_max_reuse(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_int(cfg, w, &s->max_reuse, -1, INT_MAX);
}

static bool parse_disabled(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;

    (void)cfg;
    s->disabled = strcmp(w->keyword->name, "disabled") == 0;
    return true;
}

static bool parse_stick(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;

    (void)cfg;
    s->non_stick = w->keyword->param;
    return true;
}

static bool parse_id(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;

    if (!s->name) return cfg_error(cfg, w->name, "'id' can't stand in a default-server line");
    s->id_given = true;
    return words_uint(cfg, w, &s->id, 1, INT_MAX);
}

static bool parse_source(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return source_address_parse(cfg, w, &s->source);
}

static bool parse_tcp_ut(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_time(cfg, w, &s->user_timeout, UNIT_MS, 0, INT_MAX);
}

static bool parse_proto(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "h1", NULL };
    unsigned proto;

    (void)target;
    return words_enum(cfg, w, &proto, names);
}

/* no-check and the like: what they turn off is off. */
static bool parse_off(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg, (void)target, (void)w;
    return true;
}

/* ---- init-addr METHOD[,METHOD…] ---- */

static const struct {
    const char *name;
    enum init_addr method;
} init_addr_methods[] = {
    { "last", INIT_ADDR_LAST },
    { "libc", INIT_ADDR_LIBC },
    { "none", INIT_ADDR_NONE },
};

static enum init_addr init_addr_method(struct slice name, union address *literal)
{
    struct address_spec spec;

    for (size_t i = 0; i < ARRAY_LEN(init_addr_methods); i++)
        if (slice_is(name, init_addr_methods[i].name)) return init_addr_methods[i].method;
    if (address_parse(name, &spec) || spec.any || spec.has_port) return INIT_ADDR_END;
    return address_numeric(&spec, 0, literal) ? INIT_ADDR_IP : INIT_ADDR_END;
}

static bool parse_init_addr(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    const struct word *at;
    unsigned shift = 0;
    bool literal = false;

    if (!words_need(cfg, w, &at)) return false;
    s->init_addr_methods = 0;
    for (struct slice list = at->text; list.p;) {
        struct slice name = slice_cut(&list, ',');
        unsigned method;

        if (!name.n) continue;
        method = init_addr_method(name, &s->init_addr_ip);
        if (method == INIT_ADDR_END)
            return cfg_error(cfg, at, "init-addr takes last, libc, none or an address, not '%.*s'",
                             SLICE_ARG(name));
        if (shift >= 32 || (method == INIT_ADDR_IP && literal))
            return cfg_error(cfg, at, "init-addr: '%.*s' is too much: four methods, one address",
                             SLICE_ARG(name));
        literal |= method == INIT_ADDR_IP;
        s->init_addr_methods |= method << shift;
        shift += 8;
    }
    return true;
}

#define OFF(name, doc)                                                                         \
    {                                                                                          \
        name, 0, parse_off, "", "so it is", 0, doc " Accepted; there is nothing else yet.", 0, \
            NULL                                                                               \
    }

static const struct keyword rows[] = {
    { "weight", 0, parse_weight, "<0 to 256>", "1", 0,
      "The server's share, in proportion to the others'. 0: no request, but those bound to it.", 0,
      NULL },
    { "maxconn", 0, parse_maxconn, "<number>", "no limit", 0,
      "At most so many requests at the server at once, over all threads; more wait in the queue "
      "(see "
      "`timeout queue`).",
      0, NULL },
    { "non-stick", 0, parse_stick, "", NULL, 0,
      "Stick tables do not note the server: who was sent there once need not come back.", 1, NULL },
    { "stick", 0, parse_stick, "", NULL, 0, "Takes `non-stick` of `default-server` back.", 0,
      NULL },
    { "disabled", 0, parse_disabled, "", NULL, 0, "The server gets no traffic.", 0, NULL },
    { "enabled", 0, parse_disabled, "", NULL, 0, "Takes `disabled` of `default-server` back.", 0,
      NULL },
    { "id", 0, parse_id, "<number>", "the next that is free", 0, "The number that statistics show.",
      0, NULL },
    { "init-addr", 0, parse_init_addr, "last|libc|none|<ip>[,…]", "last,libc", 0,
      "Where the address of a host name comes from at start; the first that works is taken. "
      "`libc`: "
      "the system's resolver; `none`: start without one, the server is down; an address: take it.",
      0, NULL },
    { "pool-max-conn", 0, parse_pool_max, "<number>", "-1, no limit", 0,
      "At most so many idle connections are kept to the server; 0: none.", 0, NULL },
    { "pool-low-conn", 0, parse_pool_low, "<number>", "0", 0,
      "So many idle connections a thread keeps to itself; what exceeds it can be taken by the "
      "other "
      "threads. At least 32 are kept.",
      0, NULL },
    { "pool-purge-delay", 0, parse_pool_purge, "<time>", "5s", 0,
      "How often half of the idle connections that were not needed since are closed.", 0, NULL },
    { "max-reuse", 0, parse_max_reuse, "<number>", "-1, no limit", 0,
      "A connection is used again at most so many times, then closed.", 0, NULL },
    { "source", 0, parse_source, "<address>[:<port>] [interface <name>]", "the backend's `source`",
      0,
      "The address (`*`: any) and the network device from which connections to the server are "
      "made.",
      0, NULL },
    { "tcp-ut", 0, parse_tcp_ut, "<time>", "the system's", 0,
      "How long sent data may stay unacknowledged before the connection is given up "
      "(TCP_USER_TIMEOUT).",
      0, NULL },
    { "proto", 0, parse_proto, "h1", "h1", 0, "The protocol that the server speaks: HTTP/1.", 0,
      NULL },
    OFF("no-check-ssl", "Checks do not use TLS."),
    OFF("no-agent-check", "No agent is asked about the server."),
    OFF("no-send-proxy", "Connections do not begin with the PROXY protocol."),
    OFF("no-send-proxy-v2", "Connections do not begin with the PROXY protocol, version 2."),
    OFF("no-ssl", "Connections do not use TLS."),
    OFF("no-tfo", "Connections do not use TCP Fast Open."),
};

const struct keyword_table server_options = KEYWORD_TABLE("Options of server", "server option",
                                                          rows);
