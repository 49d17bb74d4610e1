/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of frontends and backends alike: modes, timeouts, options. */
#include "gateway/build.h"

#include <limits.h>

static struct proxy_conf *proxy(void *target)
{
    return ((struct section *)target)->data;
}

static bool parse_mode(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const modes[] = { "tcp", "http", NULL };
    const struct word *at = words_peek(w);
    unsigned mode;

    if (!words_enum(cfg, w, &mode, modes)) return false;
    if (mode == MODE_TCP) return cfg_error(cfg, at, "'mode tcp' is not supported by Gatehouse yet");
    proxy(target)->mode = mode;
    return true;
}

static bool parse_disabled(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg;
    proxy(target)->disabled = strcmp(w->keyword->name, "disabled") == 0;
    return true;
}

static bool parse_max_body(struct cfg *cfg, void *target, struct words *w)
{
    return words_size(cfg, w, &proxy(target)->max_body, 0, INT64_MAX);
}

static const struct keyword proxy_rows[] = {
    { "mode", IN_PROXY, parse_mode, "http", "tcp, as in HAProxy", 0,
      "The protocol that is spoken. `mode tcp` is not supported yet and is refused.", 0, NULL },
    { "disabled", IN_PROXY, parse_disabled, "", NULL, 0,
      "The proxy takes no traffic: its listeners are not opened, and requests sent to it as a "
      "backend get 503.",
      0, NULL },
    { "enabled", IN_PROXY, parse_disabled, "", NULL, 0, "Takes `disabled` of the defaults back.", 0,
      NULL },
    { "max-body-size", IN_PROXY, parse_max_body, "<size>", "no limit", KW_OURS,
      "A request with a larger body gets 413: at once when its length is announced, else as soon "
      "as "
      "the limit is passed. The smaller of the frontend's and the backend's holds.",
      0, NULL },
};

const struct keyword_table proxy_keywords = KEYWORD_TABLE("Proxies", KEYWORDS, proxy_rows);

/* ---- timeouts ---- */

static bool parse_timeout(struct cfg *cfg, void *target, struct words *w)
{
    char *timeouts = (char *)&proxy(target)->timeouts;

    return words_time(cfg, w, (unsigned *)(timeouts + w->keyword->param), UNIT_MS, 0, INT_MAX);
}

#define TIMEOUT(name, where, dflt, field, doc)                         \
    {                                                                  \
        "timeout " name, where, parse_timeout, "<time>", dflt, 0, doc, \
            offsetof(struct proxy_timeouts, field), NULL               \
    }

static const struct keyword timeout_rows[] = {
    TIMEOUT("client", IN_DEFAULTS | IN_FRONTEND, "none", client,
            "How long a client may be silent when it is its turn: while its request's body is "
            "awaited (then 408), and while it does not take what is sent to it."),
    TIMEOUT("server", IN_DEFAULTS | IN_BACKEND, "none", server,
            "How long a server may be silent when it is its turn: until its answer begins (then "
            "504), between two parts of it, and while it does not take what is sent to it."),
    TIMEOUT("connect", IN_DEFAULTS | IN_BACKEND, "none", connect,
            "How long a connection attempt to a server may take; then it counts as failed, and is "
            "tried again as `retries` says."),
    TIMEOUT("queue", IN_DEFAULTS | IN_BACKEND, "`timeout connect`", queue,
            "How long a request may wait for a slot of a server (`maxconn`); then 503."),
    TIMEOUT("http-request", IN_PROXY, "`timeout client`", http_request,
            "How long a client may take to send a whole request head, from its first byte (for the "
            "first request: from the connection's start); then 408."),
    TIMEOUT("http-keep-alive", IN_PROXY, "`timeout http-request`", http_keep_alive,
            "How long a connection may be idle between two requests; then it is closed."),
    TIMEOUT(
        "tunnel", IN_DEFAULTS | IN_BACKEND, "`timeout client` and `timeout server`", tunnel,
        "How long both directions of a tunnel (an upgraded connection, CONNECT) may be silent."),
    TIMEOUT(
        "client-fin", IN_DEFAULTS | IN_FRONTEND, "`timeout client`", client_fin,
        "In a tunnel whose other direction is closed already: how long the client may be silent."),
    TIMEOUT(
        "server-fin", IN_DEFAULTS | IN_BACKEND, "`timeout server`", server_fin,
        "In a tunnel whose other direction is closed already: how long the server may be silent."),
    TIMEOUT("check", IN_DEFAULTS | IN_BACKEND, "`timeout connect`", check,
            "Reserved for health checks; it has no effect before they come."),
    TIMEOUT("tarpit", IN_PROXY, "`timeout connect`", tarpit,
            "Reserved for `tarpit`; it has no effect before that comes."),
};

const struct keyword_table timeout_keywords = KEYWORD_TABLE("Timeouts", KEYWORDS, timeout_rows);

/* ---- option NAME ---- */

static bool parse_option(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = proxy(target);
    uint32_t bit = UINT32_C(1) << w->keyword->param;

    (void)cfg;
    p->options_given |= bit;
    if (w->prefix == PREFIX_NO)
        p->options &= ~bit;
    else
        p->options |= bit;
    return true;
}

/* The connection modes exclude each other: the last one said holds. */
static bool parse_connection_mode(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = proxy(target);

    if (w->prefix == PREFIX_NONE)
        p->options &= ~(UINT32_C(1) << OPT_HTTP_CLOSE | UINT32_C(1) << OPT_HTTP_SERVER_CLOSE);
    if (w->keyword->param < 0) return true; /* http-keep-alive is what remains */
    return parse_option(cfg, target, w);
}

static bool parse_redispatch(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = proxy(target);

    p->redispatch_interval = -1;
    if (w->prefix == PREFIX_NONE && words_left(w) &&
        !words_int(cfg, w, &p->redispatch_interval, -100, 100))
        return false;
    return parse_option(cfg, target, w);
}

#define OPTION(name, where, parse, args, option, doc)                             \
    {                                                                             \
        "option " name, where, parse, args, NULL, KW_NO_PREFIX, doc, option, NULL \
    }

static const struct keyword option_rows[] = {
    OPTION("http-keep-alive", IN_PROXY, parse_connection_mode, "", -1,
           "Connections on both sides are kept for further requests. This is the default."),
    OPTION("http-server-close", IN_PROXY, parse_connection_mode, "", OPT_HTTP_SERVER_CLOSE,
           "The connection to the server is closed after each exchange; the client's is kept."),
    OPTION("httpclose", IN_PROXY, parse_connection_mode, "", OPT_HTTP_CLOSE,
           "Connections on both sides are closed after each exchange."),
    OPTION("redispatch", IN_DEFAULTS | IN_BACKEND, parse_redispatch, "[<interval>]", OPT_REDISPATCH,
           "A connection that failed is tried again on another server: with a positive interval at "
           "every so manieth retry, with a negative one counted from the last; by default at the "
           "last."),
    OPTION("abortonclose", IN_DEFAULTS | IN_BACKEND, parse_option, "", OPT_ABORT_ON_CLOSE,
           "A client that ends its sending while its request waits is taken to have left."),
    OPTION("http-ignore-probes", IN_DEFAULTS | IN_FRONTEND, parse_option, "",
           OPT_HTTP_IGNORE_PROBES,
           "Connections that close or time out without having sent a byte get no 408 and are not "
           "logged."),
    OPTION("dontlognull", IN_DEFAULTS | IN_FRONTEND, parse_option, "", OPT_DONTLOGNULL,
           "Connections on which nothing was sent are not logged."),
};

const struct keyword_table option_keywords = KEYWORD_TABLE("Options", KEYWORDS, option_rows);
