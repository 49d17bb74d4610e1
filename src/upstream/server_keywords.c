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

static bool parse_id(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->id, 1, INT_MAX);
}

/* init-addr METHOD[,METHOD…] */
static bool parse_init_addr(struct cfg *cfg, void *target, struct words *w)
{
    static const struct {
        const char *name;
        enum init_addr method;
    } methods[] = { { "last", INIT_ADDR_LAST },
                    { "libc", INIT_ADDR_LIBC },
                    { "none", INIT_ADDR_NONE } };
    struct server_conf *s = target;
    const struct word *at;
    struct slice list;
    unsigned shift = 0;

    if (!words_need(cfg, w, &at)) return false;
    s->init_addr_methods = 0;
    list = at->text;
    do {
        struct slice name = slice_cut(&list, ',');
        union address literal;
        struct address_spec spec;
        unsigned method = INIT_ADDR_END;

        for (size_t i = 0; i < ARRAY_LEN(methods); i++)
            if (slice_is(name, methods[i].name)) method = methods[i].method;
        if (!method && !address_parse(name, &spec) && address_numeric(&spec, 0, &literal)) {
            method = INIT_ADDR_IP;
            s->init_addr_ip = literal;
        }
        if (!method || shift >= 32)
            return cfg_error(cfg, at, "init-addr takes last, libc, none or an address, not '%.*s'",
                             SLICE_ARG(name));
        s->init_addr_methods |= method << shift;
        shift += 8;
    } while (list.p);
    return true;
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
    { "disabled", 0, parse_disabled, "", NULL, 0, "The server gets no traffic.", 0, NULL },
    { "enabled", 0, parse_disabled, "", NULL, 0, "Takes `disabled` of `default-server` back.", 0,
      NULL },
    { "id", 0, parse_id, "<number>", "its place in the backend", 0,
      "The number that statistics show.", 0, NULL },
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
};

const struct keyword_table server_options = KEYWORD_TABLE("Options of server", "server option",
                                                          rows);
