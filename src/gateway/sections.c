/* SPDX-License-Identifier: Apache-2.0 */
/* The sections `global`, `defaults`, `frontend`, `backend` and `listen`. */
#include "gateway/reply_spec.h"
#include "gateway/rules.h"

static bool begin_global(struct cfg *cfg, struct section *s, struct words *w)
{
    (void)w;
    s->data = &build_of(cfg)->snapshot->global;
    return true;
}

/* What holds where neither the section nor its defaults say anything. */
static void set_defaults(struct proxy_conf *p)
{
    p->mode = MODE_TCP;
    p->max_body = UINT64_MAX;
    p->be->retries = 3;
    p->be->algorithm = &balance_roundrobin;
    *p->be->default_server = (struct server_conf){
        .weight = 1,
        .rise = 2,
        .fall = 3,
        .checking = { .inter_ms = 2000, .error_limit = 10 },
        .pool_max = -1,
        .pool_purge_ms = 5000,
        .max_reuse = -1,
    };
}

static struct proxy_conf *new_proxy(struct arena *a)
{
    struct proxy_conf *p = arena_zero(a, sizeof *p);

    p->fe = arena_zero(a, sizeof *p->fe);
    p->be = arena_zero(a, sizeof *p->be);
    p->be->default_server = arena_zero(a, sizeof *p->be->default_server);
    p->rules = proxy_rules_new(a);
    return p;
}

/* A copy of the defaults, each part at its own place. */
static void inherit(struct proxy_conf *p, const struct proxy_conf *from, struct arena *a)
{
    struct proxy_rules *rules = p->rules;
    struct frontend_conf *fe = p->fe;
    struct backend_conf *be = p->be;
    struct server_conf *server = be->default_server;

    *fe = *from->fe;
    *be = *from->be;
    *server = *from->be->default_server;
    *p = *from;
    p->fe = fe;
    p->be = be;
    p->rules = rules;
    proxy_rules_inherit(rules, from->rules, a);
    if (from->errors)
        p->errors = memcpy(arena_alloc(a, sizeof *p->errors), from->errors, sizeof *p->errors);
    be->default_server = server;
    p->options_given = 0;
    p->timeouts_given = 0;
}

static struct proxy_conf *begin_proxy(struct cfg *cfg, struct section *s)
{
    struct proxy_conf *p = new_proxy(cfg->arena);

    if (s->from && s->from->data)
        inherit(p, s->from->data, cfg->arena);
    else
        set_defaults(p);
    p->name = s->name;
    p->section = s;
    p->fe->proxy = p->be->proxy = p;
    p->fe->binds_end = &p->fe->binds;
    s->data = p;
    return p;
}

static bool begin_defaults(struct cfg *cfg, struct section *s, struct words *w)
{
    (void)w;
    begin_proxy(cfg, s);
    return true;
}

static void enter(struct build *b, struct proxy_conf *p)
{
    struct snapshot *snap = b->snapshot;

    if (snap->n_proxies == b->max_proxies) {
        unsigned most = b->max_proxies ? 2 * b->max_proxies : 16;
        struct proxy_conf **all = arena_alloc(&snap->arena, most * sizeof(struct proxy_conf *));

        if (snap->n_proxies) memcpy(all, snap->proxies, snap->n_proxies * sizeof *all);
        snap->proxies = all;
        b->max_proxies = most;
    }
    snap->proxies[snap->n_proxies++] = p;
}

static bool begin_frontend(struct cfg *cfg, struct section *s, struct words *w)
{
    struct proxy_conf *p = begin_proxy(cfg, s);

    (void)w;
    p->be = NULL;
    enter(build_of(cfg), p);
    return true;
}

static bool begin_backend(struct cfg *cfg, struct section *s, struct words *w)
{
    struct proxy_conf *p = begin_proxy(cfg, s);

    (void)w;
    p->fe = NULL;
    enter(build_of(cfg), p);
    return true;
}

static bool begin_listen(struct cfg *cfg, struct section *s, struct words *w)
{
    (void)w;
    enter(build_of(cfg), begin_proxy(cfg, s));
    return true;
}

const struct section_kind section_global = {
    .name = "global",
    .in = IN_GLOBAL,
    .naming = SECTION_UNNAMED,
    .flags = SECTION_ONCE,
    .begin = begin_global,
    .args = "",
    .doc = "Settings of the whole process. Several `global` sections are one.",
};

const struct section_kind section_defaults = {
    .name = "defaults",
    .in = IN_DEFAULTS,
    .naming = SECTION_MAY_NAME,
    .flags = SECTION_DEFAULTS,
    .begin = begin_defaults,
    .args = "[<name>] [from <defaults>]",
    .doc =
        "Settings for the proxies that follow, until the next `defaults`, and for those that name "
        "it with `from`.",
};

const struct section_kind section_frontend = {
    .name = "frontend",
    .in = IN_FRONTEND,
    .naming = SECTION_NAMED,
    .flags = SECTION_FROM,
    .begin = begin_frontend,
    .args = "<name> [from <defaults>]",
    .doc =
        "Where clients connect, and what is done with their requests before a backend gets them.",
};

const struct section_kind section_backend = {
    .name = "backend",
    .in = IN_BACKEND,
    .naming = SECTION_NAMED,
    .flags = SECTION_FROM,
    .begin = begin_backend,
    .args = "<name> [from <defaults>]",
    .doc = "The servers of one service, and how requests reach them.",
};

const struct section_kind section_listen = {
    .name = "listen",
    .in = IN_LISTEN,
    .naming = SECTION_NAMED,
    .flags = SECTION_FROM,
    .begin = begin_listen,
    .args = "<name> [from <defaults>]",
    .doc = "A frontend and a backend in one.",
};
