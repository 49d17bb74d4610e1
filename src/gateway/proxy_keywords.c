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
    unsigned mode;

    if (!words_enum(cfg, w, &mode, modes)) return false;
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

static bool parse_description(struct cfg *cfg, void *target, struct words *w)
{
    return words_sentence(cfg, w, &proxy(target)->description);
}

static bool parse_id(struct cfg *cfg, void *target, struct words *w)
{
    const struct snapshot *s = build_of(cfg)->snapshot;
    struct proxy_conf *p = proxy(target);
    const struct word *at = words_peek(w);
    unsigned id;

    if (!words_uint(cfg, w, &id, 1, INT_MAX)) return false;
    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *other = s->proxies[i];
        if (!other->id_given || other->id != id) continue;
        cfg_error(cfg, at, "%s '%s' has the id %u already", other->section->kind->name, other->name,
                  id);
        return cfg_hint(cfg, "at %s", place_name(cfg->arena, &other->section->at));
    }
    p->id = id;
    p->id_given = true;
    return true;
}

static const struct keyword proxy_rows[] = {
    { "mode", IN_PROXY, parse_mode, "http", "tcp, as in HAProxy", 0,
      "The protocol that is spoken. A proxy in `mode tcp` is not supported yet and is refused.", 0,
      NULL },
    { "description", IN_LISTEN, parse_description, "<text>", "none", 0,
      "A text about this proxy, for those who look at statistics.", 0, NULL },
    { "id", IN_LISTEN, parse_id, "<number>", "the next that is free", 0,
      "The number that statistics show for this proxy.", 0, NULL },
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
    struct proxy_conf *p = proxy(target);
    size_t at = (size_t)w->keyword->param;
    uint32_t bit = UINT32_C(1) << at / sizeof(unsigned);

    if (p->timeouts_given & bit)
        cfg_warning(cfg, w->name, "'%s' was said before; this one takes its place",
                    w->keyword->name);
    p->timeouts_given |= bit;
    return words_time(cfg, w, (unsigned *)((char *)&p->timeouts + at), UNIT_MS, 0, INT_MAX);
}

#define TIMEOUT(name, where, dflt, field, doc)                                         \
    {                                                                                  \
        "timeout " name, where, parse_timeout, "<time>", dflt, KW_ELSEWHERE_WARN, doc, \
            offsetof(struct proxy_timeouts, field), NULL                               \
    }

static const struct keyword timeout_rows[] = {
    TIMEOUT(
        "client", IN_DEFAULTS | IN_FRONTEND, "none", client,
        "How long a client may be silent when it is its turn: within its request's head, unless "
        "`timeout http-request` is set, and while its body is awaited (then 408), and while it "
        "does not take what is sent to it. Every byte begins it anew: a head that drips in byte "
        "by byte can take as long as it likes. Only `timeout http-request` limits the whole."),
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
            "first request: from the connection's start), however it comes; then 408. Set it: "
            "`timeout client` in its place does not stop clients that send slowly to hold "
            "connections."),
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
    TIMEOUT(
        "check", IN_DEFAULTS | IN_BACKEND, "as long as `inter`", check,
        "How long a health check may take once it is connected; without it, all of the check may "
        "take as long as `inter`."),
    TIMEOUT("tarpit", IN_PROXY, "`timeout connect`", tarpit,
            "How long `http-request tarpit` keeps a client waiting."),
};

const struct keyword_table timeout_keywords = KEYWORD_TABLE("Timeouts", KEYWORDS, timeout_rows);

/* ---- option NAME ---- */

static bool parse_option(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = proxy(target);
    uint32_t bit = UINT32_C(1) << w->keyword->param;

    (void)cfg;
    p->options_given |= bit;
    if (w->prefix == PREFIX_NONE)
        p->options |= bit;
    else
        p->options &= ~bit;
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

/* The interval is for requests that a cookie binds to a server; there are none yet. */
static bool parse_redispatch(struct cfg *cfg, void *target, struct words *w)
{
    int interval;

    if (w->prefix == PREFIX_NONE && words_left(w) && !words_int(cfg, w, &interval, -100, 100))
        return false;
    return parse_option(cfg, target, w);
}

/* Gatehouse stays strict: what this would let through has two readings, or is harmless and let
 * through anyway. */
static bool parse_accept_invalid(struct cfg *cfg, void *target, struct words *w)
{
    if (w->prefix == PREFIX_NONE)
        cfg_notice(cfg, w->name, "'%s' relaxes nothing here: what is refused is not safe to pass",
                   w->keyword->name);
    return parse_option(cfg, target, w);
}

/* What would be done anyway. */
static bool parse_hint(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg, (void)target, (void)w;
    return true;
}

/* Both sides at once. */
static bool parse_keepalive(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = proxy(target);
    uint32_t bits = UINT32_C(1) << OPT_CLIENT_KEEPALIVE | UINT32_C(1) << OPT_SERVER_KEEPALIVE;

    (void)cfg;
    p->options_given |= bits;
    p->options = w->prefix == PREFIX_NONE ? p->options | bits : p->options & ~bits;
    return true;
}

#define OPTION(name, where, parse, args, option, doc)                               \
    {                                                                               \
        "option " name, where, parse, args, NULL,                                   \
            KW_NO_PREFIX | KW_DEFAULT_PREFIX | KW_ELSEWHERE_WARN, doc, option, NULL \
    }

/* Whatever is asked for, bodies are spliced where that saves copying them. `no option splice-…` is
 * refused, for it would not be kept. */
#define SPLICE(name, what)                                                                    \
    {                                                                                         \
        "option splice-" name, IN_PROXY, parse_hint, "", NULL, 0,                             \
            "Bodies of " what " go from socket to socket inside the kernel where that pays. " \
            "That is always so; `nosplice` of `global` switches it off.",                     \
            0, NULL                                                                           \
    }

static const struct keyword option_rows[] = {
    OPTION("http-keep-alive", IN_PROXY, parse_connection_mode, "", -1,
           "Connections on both sides are kept for further requests. This is the default."),
    OPTION("http-server-close", IN_PROXY, parse_connection_mode, "", OPT_HTTP_SERVER_CLOSE,
           "The connection to the server is closed after each exchange, if the frontend or the "
           "backend says so; the client's is kept."),
    OPTION("httpclose", IN_PROXY, parse_connection_mode, "", OPT_HTTP_CLOSE,
           "Connections are closed after each exchange: those to servers if the frontend or the "
           "backend says so, those to clients if the frontend does."),
    OPTION("redispatch", IN_DEFAULTS | IN_BACKEND, parse_redispatch, "[<interval>]", OPT_REDISPATCH,
           "A connection that failed is tried again at once, on another server where there is one. "
           "The interval concerns requests that are bound to a server by a cookie: it is read, and "
           "has no effect before those come."),
    OPTION("allbackups", IN_DEFAULTS | IN_BACKEND, parse_option, "", OPT_ALL_BACKUPS,
           "When only backup servers can be used, all that can take turns, not the first alone."),
    OPTION("abortonclose", IN_DEFAULTS | IN_BACKEND, parse_option, "", OPT_ABORT_ON_CLOSE,
           "A client that ends its sending behind its request is taken to have left: while the "
           "request waits for a server or for a connection to it, it is dropped without an answer; "
           "while the server's answer is awaited it gets 400, and later the answer is cut short. "
           "Without this option it still gets its answer."),
    OPTION("http-ignore-probes", IN_DEFAULTS | IN_FRONTEND, parse_option, "",
           OPT_HTTP_IGNORE_PROBES,
           "Connections that close or time out without having sent a byte get no 408 and are not "
           "logged."),
    OPTION(
        "http-buffer-request", IN_PROXY, parse_option, "", OPT_HTTP_BUFFER_REQUEST,
        "A request waits, before this proxy's `http-request` rules, until its body has come: all "
        "of it, or as much as a buffer takes (`tune.bufsize` less `tune.maxrewrite`). `timeout "
        "http-request` begins anew for it; then 408."),
    OPTION("dontlognull", IN_DEFAULTS | IN_FRONTEND, parse_option, "", OPT_DONTLOGNULL,
           "Connections on which nothing was sent are not logged: those of port scans and of "
           "simple health checks. Else they leave a line with `<BADREQ>`."),
    OPTION("dontlog-normal", IN_DEFAULTS | IN_FRONTEND, parse_option, "", OPT_DONTLOG_NORMAL,
           "What went well is not logged: only errors, timeouts, retries, requests that rules "
           "refused, and answers with a status of 500 and more are."),
    OPTION("log-separate-errors", IN_DEFAULTS | IN_FRONTEND, parse_option, "",
           OPT_LOG_SEPARATE_ERRORS,
           "What `option dontlog-normal` would leave is logged with level `err` instead of "
           "`info`."),
    OPTION("logasap", IN_DEFAULTS | IN_FRONTEND, parse_option, "", OPT_LOG_ASAP,
           "A request is logged as soon as the head of the server's answer has come, and not when "
           "all is over: the bytes (`%B`) and the times `%Ta` and `%Tt` are those up to then, with "
           "a plus sign in front."),
    OPTION("traceparent", IN_DEFAULTS | IN_FRONTEND, parse_option, "", OPT_TRACEPARENT,
           "W3C Trace Context: a valid `traceparent` of the client is passed on with a span of "
           "the gateway's own as the parent; where there is none, or an invalid one, a new trace "
           "begins, with the flag `sampled`, and `tracestate` is left out. `trace.id` and its kin "
           "tell logs and rules of it."),
    OPTION("http-no-delay", IN_PROXY, parse_option, "", OPT_HTTP_NO_DELAY,
           "What there is to send is sent at once, however little it is. That is always so."),
    OPTION("tcpka", IN_PROXY, parse_keepalive, "", 0,
           "TCP keepalive on connections to clients and to servers, so that the system finds out "
           "when a silent peer is gone. Its times are the system's, or those of `clitcpka-…` and "
           "`srvtcpka-…`."),
    OPTION("clitcpka", IN_DEFAULTS | IN_FRONTEND, parse_option, "", OPT_CLIENT_KEEPALIVE,
           "TCP keepalive on connections to clients."),
    OPTION("log-health-checks", IN_DEFAULTS | IN_BACKEND, parse_option, "", OPT_LOG_HEALTH_CHECKS,
           "Logs each health check that changes a server's health, or finds something else than "
           "the one before."),
    OPTION("srvtcpka", IN_DEFAULTS | IN_BACKEND, parse_option, "", OPT_SERVER_KEEPALIVE,
           "TCP keepalive on connections to servers."),
    OPTION("tcp-smart-connect", IN_DEFAULTS | IN_BACKEND, parse_option, "", OPT_SMART_CONNECT,
           "A new connection to a server is acknowledged together with the request, which saves a "
           "packet."),
    OPTION(
        "accept-invalid-http-request", IN_DEFAULTS | IN_FRONTEND, parse_accept_invalid, "",
        OPT_ACCEPT_INVALID_REQUEST,
        "Accepted, with a notice, and relaxes nothing: a request that HAProxy would pass on only "
        "with this is refused."),
    OPTION("accept-invalid-http-response", IN_DEFAULTS | IN_BACKEND, parse_accept_invalid, "",
           OPT_ACCEPT_INVALID_RESPONSE,
           "Accepted, with a notice, and relaxes nothing: the answer to a response that HAProxy "
           "would pass on only with this is 502. So is, unlike in HAProxy, the answer to one whose "
           "status is not 100 to 599."),
    { "option server-histograms", IN_DEFAULTS | IN_BACKEND, parse_option, "", NULL,
      KW_OURS | KW_NO_PREFIX | KW_DEFAULT_PREFIX | KW_ELSEWHERE_WARN,
      "The times of exchanges are counted for each server, too, and not just for frontends and "
      "backends: `use-service prometheus-exporter` tells them as histograms, of 68 lines a server.",
      OPT_SERVER_HISTOGRAMS, NULL },
    SPLICE("auto", "requests and responses"),
    SPLICE("request", "requests"),
    SPLICE("response", "responses"),
};

const struct keyword_table option_keywords = KEYWORD_TABLE("Options", KEYWORDS, option_rows);

/* ---- TCP keepalive ---- */

static bool parse_keep_count(struct cfg *cfg, void *target, struct words *w)
{
    enum { MOST = 127 }; /* Linux's */
    return words_uint(cfg, w, (unsigned *)((char *)proxy(target) + w->keyword->param), 0, MOST);
}

static bool parse_keep_time(struct cfg *cfg, void *target, struct words *w)
{
    enum { MOST_MS = 32767 * 1000 }; /* Linux's */
    unsigned ms;

    if (!words_time(cfg, w, &ms, UNIT_S, 0, MOST_MS)) return false;
    *(unsigned *)((char *)proxy(target) + w->keyword->param) = (ms + 999) / 1000;
    return true;
}

#define KEEPALIVE(name, where, parse, args, field, doc)                   \
    {                                                                     \
        name, where, parse, args, "the system's", KW_ELSEWHERE_WARN, doc, \
            offsetof(struct proxy_conf, field), NULL                      \
    }

static const struct keyword keepalive_rows[] = {
    KEEPALIVE("clitcpka-cnt", IN_DEFAULTS | IN_FRONTEND, parse_keep_count, "<number>",
              client_socket.keep_count,
              "`option clitcpka`: a client that leaves so many probes unanswered is given up."),
    KEEPALIVE("clitcpka-idle", IN_DEFAULTS | IN_FRONTEND, parse_keep_time, "<time>",
              client_socket.keep_idle,
              "`option clitcpka`: how long a connection is silent before it is probed; in seconds "
              "when no unit is given."),
    KEEPALIVE("clitcpka-intvl", IN_DEFAULTS | IN_FRONTEND, parse_keep_time, "<time>",
              client_socket.keep_interval,
              "`option clitcpka`: the time between two probes; in seconds when no unit is given."),
    KEEPALIVE("srvtcpka-cnt", IN_DEFAULTS | IN_BACKEND, parse_keep_count, "<number>",
              server_socket.keep_count,
              "`option srvtcpka`: a server that leaves so many probes unanswered is given up."),
    KEEPALIVE("srvtcpka-idle", IN_DEFAULTS | IN_BACKEND, parse_keep_time, "<time>",
              server_socket.keep_idle,
              "`option srvtcpka`: how long a connection is silent before it is probed; in seconds "
              "when no unit is given."),
    KEEPALIVE("srvtcpka-intvl", IN_DEFAULTS | IN_BACKEND, parse_keep_time, "<time>",
              server_socket.keep_interval,
              "`option srvtcpka`: the time between two probes; in seconds when no unit is given."),
};

const struct keyword_table keepalive_keywords = KEYWORD_TABLE("TCP keepalive", KEYWORDS,
                                                              keepalive_rows);
