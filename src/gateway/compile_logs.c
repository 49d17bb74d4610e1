/* SPDX-License-Identifier: Apache-2.0 */
/* The `log` lines of a configuration become targets and routes of the log writer. */
#include "gateway/ring.h"
#include "gateway/rules.h"

enum {
    TARGETS_MOST = 64, /* of one proxy */
    JSON_LINE = 16384, /* `len` where a line is JSON, and none is given */
};

/* log-send-hostname: the name, as HAProxy sends it; empty: not asked for. */
static struct slice host_name(const struct global_conf *g)
{
    return slice_str(g->log_send_hostname ? g->log_send_hostname : "");
}

/* A ring's format and length hold for what comes into it. */
static void aim_at_ring(const struct build *b, const struct log_line *l,
                        struct log_target_spec *spec)
{
    const struct ring_conf *r = ring_named(b->snapshot, l->ring);

    if (!r) {
        spec->ring = log_built_in_ring(b->engine->logs);
        spec->format = log_format_named(SLICE("timed"));
        return;
    }
    spec->ring = r->events;
    spec->format = r->format;
    spec->streams = r->streams;
    spec->n_streams = r->n_streams;
    if (!spec->length) spec->length = LOG_LINE;
    if (spec->length > r->max_length) spec->length = r->max_length;
}

static struct log_target *make_target(struct build *b, struct cfg *cfg, const struct log_line *l,
                                      unsigned usual_length)
{
    enum { CONNECT_MS = 1000, SERVER_MS = 5000 }; /* of tcp@, as in HAProxy */
    struct log_stream stream = { .connect_ms = CONNECT_MS, .server_ms = SERVER_MS };
    struct resource_error err;
    struct log_target_spec spec = {
        .addr = l->has_address ? &l->address.sa : NULL,
        .size = l->has_address ? address_length(&l->address.sa) : 0,
        .fd = l->fd,
        .format = l->format,
        .facility = l->facility,
        .level = l->level,
        .min_level = l->min_level,
        .length = l->length ? l->length : usual_length,
        .sample = l->sample,
    };
    struct log_target *t;

    if (l->ring.p) aim_at_ring(b, l, &spec);
    if (l->stream) {
        memcpy(&stream.address, spec.addr, spec.size);
        stream.size = spec.size;
        spec.streams = &stream;
        spec.n_streams = 1;
    }
    t = log_target_new(b->engine->logs, &spec, &err);
    if (!t) cfg_error(cfg, &l->at, "%s", err.text);
    return t;
}

static struct log_route *make_route(struct build *b, struct cfg *cfg, const struct log_line *own,
                                    const struct log_line *global, const char *tag,
                                    unsigned usual_length)
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
            targets[n] = make_target(b, cfg, line, usual_length);
            if (targets[n]) n++;
        }
    if (n)
        route = log_route_new(b->engine->logs, targets, n, slice_str(tag),
                              host_name(&b->snapshot->global));
    while (n) log_target_unref(targets[--n]);
    return route;
}

static bool check_lines(struct build *b, struct cfg *cfg, const struct log_line *lines)
{
    struct nearest near;
    bool fine = true;

    for (const struct log_line *l = lines; l; l = l->next) {
        if (!l->ring.p || slice_is(l->ring, "buf0") || ring_named(b->snapshot, l->ring)) continue;
        nearest_init(&near, l->ring);
        for (const struct ring_conf *r = b->snapshot->rings; r; r = r->next)
            nearest_try(&near, slice_str(r->name));
        fine = cfg_error(cfg, &l->at, "there is no ring '%.*s'", SLICE_ARG(l->ring));
        if (near.best.n) cfg_hint(cfg, "did you mean 'ring@%.*s'?", SLICE_ARG(near.best));
    }
    return fine;
}

bool build_check_logs(struct build *b, struct cfg *cfg)
{
    bool fine = check_lines(b, cfg, b->snapshot->global.log_lines);

    for (unsigned i = 0; i < b->snapshot->n_proxies; i++)
        fine &= check_lines(b, cfg, b->snapshot->proxies[i]->log_lines);
    return fine;
}

void build_logs(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    struct global_conf *g = &s->global;
    const char *tag = g->log_tag ? g->log_tag : "gatehouse";

    s->routes = arena_zero(&s->arena, (s->n_proxies + 1) * sizeof(struct log_route *));
    rings_open(b);
    g->logs = make_route(b, cfg, g->log_lines, NULL, tag, 0);
    if (g->logs) s->routes[s->n_routes++] = g->logs;
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct proxy_conf *p = s->proxies[i];
        p->logs = make_route(b, cfg, p->log_lines, p->log_global ? g->log_lines : NULL,
                             p->log_tag ? p->log_tag : tag, p->rules->json_log ? JSON_LINE : 0);
        if (p->logs) s->routes[s->n_routes++] = p->logs;
    }
}
