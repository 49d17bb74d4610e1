/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/stick_tables.h"

#include <inttypes.h>
#include <syslog.h>

enum {
    TEND_EACH_MS = 500,
    TEND_SOON_MS = 1, /* when there is more to remove */
    TEND_MOST = 4096, /* entries of a table at once */
};

const struct stick_conf *stick_tables_find(const struct snapshot *s,
                                           const struct policy_scope *scope, struct slice name)
{
    if (!name.n) return scope->proxy ? scope->proxy->table : NULL;
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->table && slice_is(name, s->proxies[i]->name))
            return s->proxies[i]->table;
    return NULL;
}

/* A frontend and a backend may share their name, but then only one has a table. */
static bool check_name(struct cfg *cfg, const struct snapshot *s, unsigned at)
{
    const struct proxy_conf *p = s->proxies[at];

    for (unsigned i = 0; i < at; i++) {
        const struct proxy_conf *other = s->proxies[i];
        if (!other->table || strcmp(other->name, p->name) != 0) continue;
        cfg_error(cfg, &p->table->at, "there is a stick-table '%s' already", p->name);
        return cfg_hint(cfg, "%s '%s' has it: rename one of them", other->section->kind->name,
                        other->name);
    }
    return true;
}

bool stick_tables_build(struct build *b, struct cfg *cfg)
{
    struct snapshot *s = b->snapshot;
    bool ok = true, replaces;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct stick_conf *t = s->proxies[i]->table;
        if (!t) continue;
        ok &= check_name(cfg, s, i);
        t->state = stick_table_get(&b->engine->objects, t, &replaces);
        if (replaces)
            cfg_warning(cfg, &t->at,
                        "stick-table '%s' has another type or stores other things than before: it "
                        "starts empty",
                        t->name);
    }
    return ok;
}

void stick_tables_adopt(struct engine *e, const struct snapshot *s)
{
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->table) stick_table_adopt(&e->objects, s->proxies[i]->table);
}

void stick_tables_release(struct snapshot *s)
{
    for (unsigned i = 0; i < s->n_proxies; i++) {
        struct stick_conf *t = s->proxies[i]->table;
        if (t && t->state) stick_table_unref(t->state);
    }
}

static void tell(struct engine *e, const struct proxy_conf *p, uint64_t news)
{
    struct log_route *route = p->logs ? p->logs : e->current->global.logs;

    if (!log_route_wants(route, LOG_WARNING)) return;
    log_message(e->logs, route, LOG_WARNING,
                "stick-table %s is full (%" PRIu32 " entries): %" PRIu64 " %s since the last time",
                p->name, p->table->size, news,
                p->table->nopurge ? "new ones were refused" : "old ones were given up");
}

unsigned stick_tables_tend(struct engine *e, msec_t now)
{
    const struct snapshot *s = e->current;
    unsigned again = 0;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        uint64_t news;
        if (!p->table) continue;
        if (!again) again = TEND_EACH_MS;
        if (stick_reap(p->table->state, TEND_MOST, now) >= TEND_MOST) again = TEND_SOON_MS;
        news = stick_full_news(p->table->state, now);
        if (news) tell(e, p, news);
    }
    return again;
}
