/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of frontends: `bind` with its options, `maxconn`, `default_backend`. */
#include "gateway/build.h"
#include "runtime/resolve.h"

#include <limits.h>

enum { PORTS_MOST = 10000 }; /* of one bind line's ranges */

static struct proxy_conf *proxy(void *target)
{
    return ((struct section *)target)->data;
}

/* ---- bind ---- */

bool bind_address(struct cfg *cfg, const struct word *at, const struct address_spec *a,
                  uint16_t port, union address *out)
{
    struct sockaddr_storage found;

    if (address_numeric(a, port, out)) return true;
    if (a->kind != ADDRESS_IP)
        return cfg_error(cfg, at, "'%.*s' is too long for the path of a socket",
                         SLICE_ARG(a->host));
    if (resolve_name(a->host, a->family, &found, 1) < 1)
        return cfg_error(cfg, at, "can't resolve '%.*s'", SLICE_ARG(a->host));
    memcpy(out, &found, address_length((struct sockaddr *)&found));
    address_set_port(&out->sa, port);
    return true;
}

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
        if (a->kind != ADDRESS_FD && !bind_address(cfg, at, a, (uint16_t)port, &b->spec.address))
            return false;
        b->next = NULL;
        *fe->binds_end = b;
        fe->binds_end = &b->next;
    }
    return true;
}

static bool parse_bind_address(struct cfg *cfg, struct frontend_conf *fe, const struct word *at,
                               struct slice text, const struct bind_conf *like)
{
    const char *prefix = build_of(cfg)->snapshot->global.unix_prefix;
    struct address_spec a;
    const char *wrong = address_parse(text, &a);

    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(text), wrong);
    if (a.port_sign) return cfg_error(cfg, at, "a port offset is for servers only");
    if (a.kind == ADDRESS_IP && !a.has_port)
        return cfg_error(cfg, at, "'%.*s' has no port: write ADDRESS:PORT", SLICE_ARG(text));
    if (a.kind == ADDRESS_IP && a.port == 0)
        return cfg_error(cfg, at, "'%.*s': port 0 can't be bound", SLICE_ARG(text));
    if (a.last_port - a.port >= PORTS_MOST) return cfg_error(cfg, at, "too many ports");
    if (a.kind == ADDRESS_UNIX && prefix)
        a.host = slice_str(arena_printf(cfg->arena, "%s%.*s", prefix, SLICE_ARG(a.host)));
    return add_binds(cfg, fe, at, &a, like);
}

/* bind … id N names one socket, which no other line of the frontend may have the number of. */
static bool check_bind_id(struct cfg *cfg, const struct frontend_conf *fe,
                          const struct bind_conf *first, const struct word *at)
{
    if (!first || !first->id) return true;
    if (first->next) return cfg_error(cfg, at, "'id' is for one socket, and these are several");
    for (const struct bind_conf *b = fe->binds; b != first; b = b->next)
        if (b->id == first->id) {
            cfg_error(cfg, at, "another 'bind' of this frontend has the id %u", b->id);
            return cfg_hint(cfg, "at %s", place_name(cfg->arena, &b->at.at));
        }
    return true;
}

static bool parse_bind(struct cfg *cfg, void *target, struct words *w)
{
    struct frontend_conf *fe = proxy(target)->fe;
    struct bind_conf **first = fe->binds_end;
    const struct word *address;
    struct bind_conf like = { .spec.options = build_of(cfg)->snapshot->global.unix_bind };
    struct slice list;
    bool ok;

    if (!words_need(cfg, w, &address)) return false;
    ok = options_parse(cfg, "bind option", &like, w);
    list = address->text;
    do ok &= parse_bind_address(cfg, fe, address, slice_cut(&list, ','), &like);
    while (list.p);
    return check_bind_id(cfg, fe, *first, address) && ok;
}

static bool parse_backlog_option(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_int(cfg, w, &b->spec.options.backlog, 0, INT_MAX);
}

static bool parse_bind_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_uint(cfg, w, &b->maxconn, 0, INT_MAX);
}

static bool parse_bind_id(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_uint(cfg, w, &b->id, 1, INT_MAX);
}

static bool parse_bind_mss(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    const struct word *at = words_peek(w);

    if (at && at->text.n > 1 && at->text.p[0] == '-')
        return cfg_error(cfg, at,
                         "'mss' relative to the client's (a negative number) is not "
                         "supported by Gatehouse");
    return words_uint(cfg, w, &b->spec.socket.mss, 1, UINT16_MAX);
}

static bool parse_bind_tcp_ut(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_time(cfg, w, &b->spec.socket.user_timeout, UNIT_MS, 0, INT_MAX);
}

static bool parse_bind_shards(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *at;

    (void)target;
    if (!words_need(cfg, w, &at)) return false;
    if (slice_is(at->text, "by-thread")) return true;
    cfg_error(cfg, at, "'shards' can't be '%s'", at->text.p);
    return cfg_hint(cfg, "each thread has a socket of its own here: 'by-thread'");
}

static bool parse_bind_proto(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "h1", NULL };
    unsigned proto;

    (void)target;
    return words_enum(cfg, w, &proto, names);
}

static bool parse_bind_name(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return words_str(cfg, w, &b->name);
}

static bool parse_bind_flag(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    bool *flag = (bool *)((char *)b + w->keyword->param);

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

#define LISTEN_FLAG(field) offsetof(struct bind_conf, spec.options.field)
#define SOCKET_FLAG(field) offsetof(struct bind_conf, spec.socket.field)

static const struct keyword bind_rows[] = {
    { "backlog", 0, parse_backlog_option, "<number>", "the frontend's `backlog`", 0,
      "How many connections may wait to be accepted.", 0, NULL },
    { "defer-accept", 0, parse_bind_flag, "", NULL, 0,
      "A connection is accepted when the client has sent something, or a minute after; so one that "
      "never speaks costs nothing. TCP only.",
      SOCKET_FLAG(defer_accept), NULL },
    { "id", 0, parse_bind_id, "<number>", "the next that is free", 0,
      "The number that statistics show. The line may then have one address and port only.", 0,
      NULL },
    { "maxconn", 0, parse_bind_maxconn, "<number>", "no limit of its own", 0,
      "At most so many connections through this line's sockets at once; more wait in the backlog.",
      0, NULL },
    { "name", 0, parse_bind_name, "<name>", NULL, 0, "The name that statistics show.", 0, NULL },
    { "interface", 0, parse_bind_interface, "<name>", "any", 0,
      "Only what comes in by that network device.", 0, NULL },
    { "mode", 0, parse_bind_mode, "<octal>", "as the umask says", 0,
      "The permissions of a UNIX socket's path.", 0, NULL },
    { "mss", 0, parse_bind_mss, "<1 to 65535>", "the system's", 0,
      "The maximum segment size that clients are told, and that is kept to. TCP only.", 0, NULL },
    { "proto", 0, parse_bind_proto, "h1", "h1", 0, "The protocol that clients speak: HTTP/1.", 0,
      NULL },
    { "shards", 0, parse_bind_shards, "by-thread", "by-thread", 0,
      "How many sockets share the address: one a thread, always.", 0, NULL },
    { "tcp-ut", 0, parse_bind_tcp_ut, "<time>", "the system's", 0,
      "How long sent data may stay unacknowledged before the connection is given up "
      "(TCP_USER_TIMEOUT).",
      0, NULL },
    { "tfo", 0, parse_bind_flag, "", NULL, 0,
      "TCP Fast Open: a client that was here before may send its request with its first packet.",
      SOCKET_FLAG(fast_open), NULL },
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

static bool parse_backlog(struct cfg *cfg, void *target, struct words *w)
{
    return words_int(cfg, w, &proxy(target)->fe->backlog, 0, INT_MAX);
}

static bool parse_default_backend(struct cfg *cfg, void *target, struct words *w)
{
    struct frontend_conf *fe = proxy(target)->fe;
    const struct word *at;

    if (!words_need(cfg, w, &at)) return false;
    if (at->text.n == 0) return cfg_error(cfg, at, "the name of a backend can't be empty");
    fe->default_backend_name = at->text.p;
    fe->default_backend_at = *at;
    return true;
}

static const struct keyword frontend_rows[] = {
    { "bind", IN_FRONTEND, parse_bind, "<address>[,…] [<option>…]", NULL, KW_ELSEWHERE_WARN,
      "Where to listen: `*:80`, `:::80`, `192.0.2.1:80`, `[2001:db8::1]:80`, `:8000-8009`, "
      "`unix@/run/x`, `/run/x`, `abns@name`, `fd@3`, or a host name of ours with a port.",
      0, NULL },
    { "maxconn", IN_DEFAULTS | IN_FRONTEND, parse_frontend_maxconn, "<number>",
      "global's `maxconn`", KW_ELSEWHERE_WARN,
      "At most so many client connections at once; more wait in the system's backlog.", 0, NULL },
    { "backlog", IN_DEFAULTS | IN_FRONTEND, parse_backlog, "<number>", "as the system allows",
      KW_ELSEWHERE_WARN, "How many connections may wait to be accepted.", 0, NULL },
    { "default_backend", IN_DEFAULTS | IN_FRONTEND, parse_default_backend, "<backend>", NULL,
      KW_ELSEWHERE_WARN, "The backend for requests that no rule sends elsewhere.", 0, NULL },
};

const struct keyword_table frontend_keywords = KEYWORD_TABLE("Frontends", KEYWORDS, frontend_rows);
