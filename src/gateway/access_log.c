/* SPDX-License-Identifier: Apache-2.0 */
/* The line that a request leaves in its frontend's logs. */
#include "gateway/rules.h"

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

/* What a rule said (set-log-level); -1: nothing shall be logged. */
static int log_level(const struct request *r)
{
    unsigned said = r->context.arena ? r->context.log_level : 0;

    if (!said) return LOG_INFO;
    return said > LOG_DEBUG + 1 ? -1 : (int)said - 1;
}

void request_log(struct request *r)
{
    struct log_route *route = r->flow.frontend->logs;
    struct log_ring *ring = r->gate->worker.log;
    const struct format *format = r->flow.frontend->rules->log_format;
    int level = log_level(r);
    size_t n;
    char *line;

    if (r->unlogged || level < 0 || !log_route_wants(route, level)) return;
    line = log_begin(ring, route->length);
    if (!line) return; /* full: counted */
    n = format ? format_write(format, request_context(r), line, route->length)
               : default_line(r, line, route->length);
    atomic_fetch_add_explicit(&r->flow.frontend->state->log_lines, 1, memory_order_relaxed);
    log_commit(ring, n, route, level, clock_wall_usec());
}
