/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/health.h"

#include <limits.h>
#include <unistd.h>

/* ---- global ---- */

static struct global_conf *global(void *target)
{
    return ((struct section *)target)->data;
}

static bool parse_spread(struct cfg *cfg, void *target, struct words *w)
{
    global(target)->spread_checks_given = true;
    return words_uint(cfg, w, &global(target)->spread_checks, 0, 50);
}

static bool parse_max_spread(struct cfg *cfg, void *target, struct words *w)
{
    return words_time(cfg, w, &global(target)->max_spread_ms, UNIT_MS, 0, INT_MAX);
}

static const struct keyword rows[] = {
    { "spread-checks", IN_GLOBAL, parse_spread, "<0 to 50>", "3", 0,
      "The time between two checks of a server is longer or shorter at random, by up to so many "
      "percent, so that checks do not come all at once. (HAProxy's default is 0.)",
      0, NULL },
    { "max-spread-checks", IN_GLOBAL, parse_max_spread, "<time>", "no limit", 0,
      "The first checks of all servers are spread over the time between two checks, but over no "
      "more than this.",
      0, NULL },
};

const struct keyword_table health_keywords = KEYWORD_TABLE("Health checks of all servers", KEYWORDS,
                                                           rows);

/* ---- compiling ---- */

static bool check_port(struct cfg *cfg, const struct server_conf *s)
{
    const struct check_settings *c = &s->checking;
    const struct sockaddr *to = c->has_address ? &c->address.sa : &s->address.sa;

    if (to->sa_family == AF_UNIX || c->port || check_script_has_port(s->backend->script))
        return true;
    if (c->has_address && address_port(&c->address.sa)) return true;
    if (!s->port_from_client && (s->spec.port || s->spec.kind != ADDRESS_IP)) return true;
    cfg_error_at(cfg, &s->at, "server %s/%s: to which port shall its check connect?",
                 s->backend->proxy->name, s->name);
    return cfg_hint(cfg, "write 'port N' behind 'check'");
}

bool health_compile(struct build *b, struct cfg *cfg, struct proxy_conf *p)
{
    struct backend_conf *be = p->be;
    const char *node = b->snapshot->global.node;
    bool ok = true;

    if (!node) {
        char name[256] = "";
        if (gethostname(name, sizeof name - 1) < 0) name[0] = '\0';
        node = arena_str(&b->snapshot->arena, slice_str(name));
    }
    be->script = check_script_make(&be->checks, node, &b->snapshot->arena);
    if (p->disabled) return true;
    check_rules_used(cfg, p);
    for (unsigned i = 0; i < be->n_servers; i++) {
        struct server_conf *s = be->servers[i];
        s->checking.observed = s->check && s->checking.observe != OBSERVE_NONE;
        if (s->check) ok &= check_port(cfg, s);
    }
    return ok;
}

/* ---- taking over ---- */

static void hold(struct checker *k, void *snapshot)
{
    struct snapshot *s = snapshot;

    (void)k;
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
}

static void release(struct checker *k, void *snapshot)
{
    snapshot_unref(container_of(k, struct engine, checker), snapshot);
}

static void set_up(struct engine *e, struct snapshot *fresh)
{
    struct checker *k = &e->checker;
    const struct global_conf *g = &fresh->global;

    k->bufsize = g->bufsize;
    k->spread = g->spread_checks_given ? g->spread_checks : SPREAD_DEFAULT;
    k->max_spread_ms = g->max_spread_ms;
    k->var_limits = &g->var_limits;
    k->proc_vars = &e->proc_vars;
    k->stopping = &e->stopping;
    k->config = fresh;
    k->hold = hold;
    k->release = release;
}

void health_adopt(struct engine *e, struct snapshot *fresh)
{
    struct checker *k = &e->checker;

    set_up(e, fresh);
    checker_begin(k);
    for (unsigned i = 0; i < fresh->n_proxies; i++) {
        const struct proxy_conf *p = fresh->proxies[i];
        for (unsigned n = 0; p->be && !p->disabled && n < p->be->n_servers; n++)
            if (p->be->servers[n]->check) check_adopt(k, p->be->servers[n]);
    }
    checker_end(k);
}
