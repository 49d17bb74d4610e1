/* SPDX-License-Identifier: Apache-2.0 */
/* The line that a request leaves in its frontend's logs: whether it does, when, at which level and
 * in which format. HAProxy's manual, 8.2 and 8.3. */
#include "gateway/json_log.h"
#include "gateway/rules.h"

#include "base/json_text.h"

#include <stdio.h>
#include <syslog.h>

static const char *mode_name(enum proxy_mode m)
{
    return m == MODE_HTTP ? "HTTP" : "TCP";
}

/* HAProxy's default format: "Connect from 10.0.0.1:33320 to 10.0.0.2:80 (www/HTTP)". */
static size_t default_line(const struct request *r, char *out, size_t room)
{
    const struct session *s = r->flow.session;
    union address to;
    char from_text[64], to_text[64];
    int n;

    session_local_address(s, &to);
    n = snprintf(out, room, "Connect from %s:%u to %s:%u (%s/%s)",
                 address_text(&s->from.sa, from_text), address_port(&s->from.sa),
                 address_text(&to.sa, to_text), address_port(&to.sa), r->flow.frontend->name,
                 mode_name(r->flow.frontend->mode));
    return n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* ---- what went wrong ---- */

/* Did it not go as it should? An answer of the gateway's own that was meant is no error ('L'). */
static bool is_error(const struct request *r)
{
    char cause = r->ended.cause;

    if (cause != '-' && cause != 'L') return true;
    return r->flow.redispatched || r->flow.retries || r->status >= 500;
}

/* The level, or -1: nothing shall be logged. What a rule said (set-log-level) holds. */
static int level_of(const struct request *r)
{
    const struct proxy_conf *fe = r->flow.frontend;
    unsigned said = r->context.arena ? r->context.log_level : 0;
    bool error = is_error(r);

    if (!error && proxy_option(fe, OPT_DONTLOG_NORMAL)) return -1;
    if (r->silent && proxy_option(fe, OPT_DONTLOGNULL)) return -1;
    if (said) return said > LOG_DEBUG + 1 ? -1 : (int)said - 1;
    return error && proxy_option(fe, OPT_LOG_SEPARATE_ERRORS) ? LOG_ERR : LOG_INFO;
}

/* ---- the line ---- */

/* A head that was no good never became a request: such have a format of their own, and in the
 * default format they leave nothing. */
static const struct format *format_of(const struct request *r)
{
    const struct proxy_rules *rules = r->flow.frontend->rules;

    return r->bad_status && rules->error_log_format ? rules->error_log_format : rules->log_format;
}

static bool has_line(const struct request *r)
{
    return r->flow.frontend->rules->json_log || format_of(r) || !r->bad_status;
}

static size_t structured_data(struct request *r, const struct log_route *route, char *out)
{
    const struct format *f = r->flow.frontend->rules->log_format_sd;

    return f && route->structured ? format_write(f, request_context(r), out, route->length) : 0;
}

static size_t text(struct request *r, const struct log_route *route, char *out)
{
    const struct format *format = format_of(r);

    if (r->flow.frontend->rules->json_log)
        return json_log_write(r, out, route->fits > JSON_LEAST ? route->fits : JSON_LEAST);
    if (format) return format_write(format, request_context(r), out, route->length);
    return default_line(r, out, route->length);
}

static void write_line(struct request *r, struct log_route *route, int level)
{
    struct log_ring *ring = r->gate->worker.log;
    size_t n, structured;
    char *line;

    line = log_begin(ring, 2 * route->length + JSON_LEAST);
    if (!line) return; /* full: counted */
    if (r->context.arena) r->context.trace = NULL;
    structured = structured_data(r, route, line);
    n = structured + text(r, route, line + structured);
    atomic_fetch_add_explicit(&r->flow.frontend->state->log_lines, 1, memory_order_relaxed);
    log_commit_structured(ring, structured, n, route, level, clock_wall_usec());
}

/* ---- when ---- */

void request_log(struct request *r)
{
    struct log_route *route = r->flow.frontend->logs;
    int level;

    if (!route || r->unlogged || r->logged) return;
    level = level_of(r);
    if (level < 0 || !log_route_wants(route, level) || !has_line(r)) return;
    r->logged = true;
    write_line(r, route, level);
}

void request_log_connected(struct request *r)
{
    const struct proxy_rules *rules = r->flow.frontend->rules;

    if (r->flow.frontend->logs && !rules->log_format && !rules->json_log) request_log(r);
}

void request_log_answered(struct request *r)
{
    if (!r->own_answer && proxy_option(r->flow.frontend, OPT_LOG_ASAP)) request_log(r);
}
