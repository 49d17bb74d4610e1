/* SPDX-License-Identifier: Apache-2.0 */
/* The `log` lines of a configuration become targets and routes of the log writer. */
#include "gateway/build.h"
#include "runtime/log.h"

#include <unistd.h>

enum { TARGETS_MOST = 64 }; /* of one proxy */

/* log-send-hostname: the name, as HAProxy sends it; empty: not asked for. */
static struct slice host_name(const struct global_conf *g)
{
    return slice_str(g->log_send_hostname ? g->log_send_hostname : "");
}

static struct log_target *make_target(struct build *b, struct cfg *cfg, const struct log_line *l)
{
    struct resource_error err;
    struct log_target_spec spec = {
        .addr = l->has_address ? &l->address.sa : NULL,
        .size = l->has_address ? address_length(&l->address.sa) : 0,
        .fd = l->fd,
        .format = l->format,
        .facility = l->facility,
        .level = l->level,
        .min_level = l->min_level,
        .length = l->length,
    };
    struct log_target *t = log_target_new(b->engine->logs, &spec, &err);

    if (!t) cfg_error(cfg, &l->at, "%s", err.text);
    return t;
}

static struct log_route *make_route(struct build *b, struct cfg *cfg, const struct log_line *own,
                                    const struct log_line *global, const char *tag)
{
    struct log_target *targets[TARGETS_MOST];
    struct log_route *route = NULL;
    unsigned n = 0;

    for (const struct log_line *lists[] = { own, global }, **l = lists; l < lists + 2; l++)
        for (const struct log_line *line = *l; line; line = line->next) {
            if (n == TARGETS_MOST) {
                cfg_error(cfg, &line->at, "a proxy can log to %d places at most", TARGETS_MOST);
                break;
            }
            targets[n] = make_target(b, cfg, line);
            if (targets[n]) n++;
        }
    if (n)
        route = log_route_new(b->engine->logs, targets, n, slice_str(tag),
                              host_name(&b->snapshot->global));
    while (n) log_target_unref(targets[--n]);
    return route;
}

void build_logs(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    struct global_conf *g = &s->global;
    const char *tag = g->log_tag ? g->log_tag : "gatehouse";

    s->routes = arena_zero(&s->arena, (s->n_proxies + 1) * sizeof(struct log_route *));
    g->logs = make_route(b, cfg, g->log_lines, NULL, tag);
    if (g->logs) s->routes[s->n_routes++] = g->logs;
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        p->logs = make_route(b, cfg, p->log_lines, p->log_global ? g->log_lines : NULL,
                             p->log_tag ? p->log_tag : tag);
        if (p->logs) s->routes[s->n_routes++] = p->logs;
    }
}
