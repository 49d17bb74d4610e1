/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of frontends: `bind` with its options, `maxconn`, `default_backend`. */
#include "gateway/build.h"

#include <limits.h>

enum { PORTS_MOST = 10000 }; /* of one bind line's ranges */

static struct proxy_conf *proxy(void *target)
{
    return ((struct section *)target)->data;
}

/* ---- bind ---- */

/* One bind_conf for each port of a range. False: an error was reported. */
static bool add_binds(struct cfg *cfg, struct frontend_conf *fe, const struct word *at,
                      const struct address_spec *a, const struct bind_conf *like)
{
    for (unsigned port = a->port; port <= a->last_port; port++) {
        struct bind_conf *b = arena_alloc(cfg->arena, sizeof *b);

        *b = *like;
        b->frontend = fe->proxy;
        b->at = *at;
        b->spec.inherited_fd = a->kind == ADDRESS_FD ? (int)a->port : -1;
        if (a->kind != ADDRESS_FD && !address_numeric(a, (uint16_t)port, &b->spec.address))
            return cfg_error(cfg, at, "'%.*s' is no address of this machine", SLICE_ARG(a->host));
        b->next = NULL;
        *fe->binds_end = b;
        fe->binds_end = &b->next;
    }
    return true;
}

static bool parse_bind_address(struct cfg *cfg, struct frontend_conf *fe, const struct word *at,
                               struct slice text, const struct bind_conf *like)
{
    struct address_spec a;
    const char *wrong = address_parse(text, &a);

    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(text), wrong);
    if (a.port_sign) return cfg_error(cfg, at, "a port offset is for servers only");
    if (a.kind == ADDRESS_IP && !a.has_port)
        return cfg_error(cfg, at, "'%.*s' has no port: write ADDRESS:PORT", SLICE_ARG(text));
    if (a.last_port - a.port >= PORTS_MOST) return cfg_error(cfg, at, "too many ports");
    return add_binds(cfg, fe, at, &a, like);
}

static bool parse_bind(struct cfg *cfg, void *target, struct words *w)
{
    struct frontend_conf *fe = proxy(target)->fe;
    const struct word *address;
    struct bind_conf like = { 0 };
    struct slice list;
    bool ok;

    if (!words_need(cfg, w, &address)) return false;
    ok = options_parse(cfg, "bind option", &like, w);
    list = address->text;
    do ok &= parse_bind_address(cfg, fe, address, slice_cut(&list, ','), &like);
    while (list.p);
    return ok;
}

static bool parse_backlog_option(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_int(cfg, w, &b->spec.options.backlog, 1, INT_MAX);
}

static bool parse_bind_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_uint(cfg, w, &b->maxconn, 1, INT_MAX);
}

static bool parse_bind_name(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_str(cfg, w, &b->name);
}

static bool parse_bind_flag(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    bool *flag = (bool *)((char *)&b->spec.options + w->keyword->param);

    (void)cfg;
    *flag = true;
    return true;
}

static bool parse_bind_interface(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_str(cfg, w, &b->spec.options.interface);
}

static bool parse_bind_mode(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    const struct word *at;
    unsigned mode = 0;

    if (!words_need(cfg, w, &at)) return false;
    for (size_t i = 0; i < at->text.n; i++) {
        unsigned d = (unsigned)(unsigned char)at->text.p[i] - '0';
        if (d > 7 || (mode = mode * 8 + d) > 07777)
            return cfg_error(cfg, at, "an octal mode such as 660 is expected");
    }
    b->spec.options.mode = mode;
    return true;
}

#define LISTEN_FLAG(field) offsetof(struct resource_listen, field)

static const struct keyword bind_rows[] = {
    { "backlog", 0, parse_backlog_option, "<number>", "the system's", 0,
      "How many connections may wait to be accepted.", 0, NULL },
    { "maxconn", 0, parse_bind_maxconn, "<number>", "no limit of its own", 0,
      "At most so many connections through this line's sockets at once; more wait in the backlog.",
      0, NULL },
    { "name", 0, parse_bind_name, "<name>", NULL, 0, "The name that statistics show.", 0, NULL },
    { "interface", 0, parse_bind_interface, "<name>", "any", 0,
      "Only what comes in by that network device.", 0, NULL },
    { "mode", 0, parse_bind_mode, "<octal>", "as the umask says", 0,
      "The permissions of a UNIX socket's path.", 0, NULL },
    { "v4v6", 0, parse_bind_flag, "", NULL, 0, "An IPv6 address takes IPv4 clients as well.",
      LISTEN_FLAG(v4v6), NULL },
    { "v6only", 0, parse_bind_flag, "", NULL, 0, "An IPv6 address takes no IPv4 clients.",
      LISTEN_FLAG(v6only), NULL },
    { "transparent", 0, parse_bind_flag, "", NULL, 0,
      "The address need not be one of this machine's.", LISTEN_FLAG(transparent), NULL },
};

const struct keyword_table bind_options = KEYWORD_TABLE("Options of bind", "bind option",
                                                        bind_rows);

/* ---- the others ---- */

static bool parse_frontend_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &proxy(target)->fe->maxconn, 0, INT_MAX);
}

static bool parse_default_backend(struct cfg *cfg, void *target, struct words *w)
{
    struct frontend_conf *fe = proxy(target)->fe;
    const struct word *at;

    if (!words_need(cfg, w, &at)) return false;
    fe->default_backend_name = at->text.p;
    fe->default_backend_at = *at;
    return true;
}

static const struct keyword frontend_rows[] = {
    { "bind", IN_FRONTEND, parse_bind, "<address>[,…] [<option>…]", NULL, 0,
      "Where to listen: `*:80`, `:::80`, `192.0.2.1:80`, `[2001:db8::1]:80`, `:8000-8009`, "
      "`unix@/run/x`, `/run/x`, `fd@3`.",
      0, NULL },
    { "maxconn", IN_DEFAULTS | IN_FRONTEND, parse_frontend_maxconn, "<number>",
      "global's `maxconn`", 0,
      "At most so many client connections at once; more wait in the system's backlog.", 0, NULL },
    { "default_backend", IN_DEFAULTS | IN_FRONTEND, parse_default_backend, "<backend>", NULL, 0,
      "The backend for requests that no rule sends elsewhere.", 0, NULL },
};

const struct keyword_table frontend_keywords = KEYWORD_TABLE("Frontends", KEYWORDS, frontend_rows);
