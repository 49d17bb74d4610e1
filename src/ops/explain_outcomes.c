/* SPDX-License-Identifier: Apache-2.0 */
/* Counts (of stick tables) are known only while a gateway runs. The story is told as if nothing had
 * been counted before; here the request is run once more for each test of a count, with the other
 * result, to find what comes of it then. */
#include "ops/explain_private.h"

#include "policy/stick_table.h"

enum { OPEN_MOST = 8 }; /* tests that are tried so */

static void forget_entry(struct stick_entry *e, void *table)
{
    stick_remove(table, e);
}

/* What an earlier run has left: counts, and whose turn it is. */
static void forget(struct explain *x)
{
    msec_t now = x->engine.gates[0].worker.now;

    for (unsigned i = 0; i < x->snapshot->n_proxies; i++) {
        const struct proxy_conf *p = x->snapshot->proxies[i];
        struct stick_walk w;

        atomic_store(&p->state->ticket, 0);
        if (!p->table) continue;
        stick_walk_begin(&w, p->table->state, now);
        while (stick_walk_on(&w, UINT32_MAX, now, forget_entry, p->table->state)) continue;
        stick_walk_end(&w);
    }
}

/* Runs it anew, with that test the other way round (NULL: as it is). */
static void run_again(struct explain *x, const struct acl_test *other)
{
    explain_release(x);
    forget(x);
    story_release(&x->story);
    story_init(&x->story);
    x->story.other = other;
    x->session = (struct session){ 0 };
    x->n_interim = x->held_ms = 0;
    x->server_by_rule = false;
    explain_run(x);
}

static struct explain_outcome outcome(const struct explain *x)
{
    const struct request *r = x->request;
    struct explain_outcome o = { .end = x->end };

    if (!r) return o;
    if (x->end == ENDS_AT_SERVER) {
        o.backend = r->flow.backend->name;
        o.server = r->flow.server->name;
        return o;
    }
    o.status = r->res.status;
    o.why = explain_why(x);
    if (!o.why) o.rule = r->context.final_rule;
    return o;
}

void explain_all(struct explain *x)
{
    unsigned n = 0;

    x->open_end = &x->open;
    explain_run(x);
    for (const struct story_open *o = x->story.open; o && n < OPEN_MOST; o = o->next, n++) {
        struct explain_open *open = arena_zero(&x->arena, sizeof *open);
        open->test = o->test;
        open->holds = o->holds;
        open->outcome[o->holds] = outcome(x);
        *x->open_end = open;
        x->open_end = &open->next;
    }
    if (!n) return;
    for (struct explain_open *o = x->open; o; o = o->next) {
        run_again(x, o->test);
        o->outcome[!o->holds] = outcome(x);
    }
    run_again(x, NULL);
}
