/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's own rules: tcp-request connection, tcp-request session. They see a context without
 * a request; what they keep is in the session. */
#include "gateway/rules.h"
#include "policy/stick_table.h"

static const struct rule_hooks hooks = { .decided = context_rule_decided,
                                         .set_tos = context_set_tos,
                                         .set_mark = context_set_mark };

/* set-src and its kin hold for the whole session. */
static void keep_addresses(struct client_facts *f, const struct context *c)
{
    if (c->src) {
        f->src = *c->src;
        f->has_src = true;
    }
    if (c->dst) {
        f->dst = *c->dst;
        f->has_dst = true;
    }
}

bool session_run_rules(struct session *s, const struct bind_conf *bind, const struct ruleset *set,
                       enum policy_place place)
{
    const struct rule *at = set->first;
    struct client_facts *f;
    struct context c;
    struct arena a;
    enum rule_result r;

    if (!at) return true;
    arena_init(&a, &s->gate->worker.arenas);
    f = session_facts(s, bind);
    c = (struct context){
        .arena = &a,
        .worker = &s->gate->worker,
        .client = f,
        .proc = &s->gate->engine->proc_vars,
        .var_limits = &s->gate->snapshot->global.var_limits,
        .frontend = bind->frontend,
        .proxy = bind->frontend,
        .place = place,
        .src = f->has_src ? &f->src : NULL,
        .dst = f->has_dst ? &f->dst : NULL,
        .stopping = &s->gate->engine->stopping,
        .rule_hooks = &hooks,
        .trace = s->gate->trace,
    };
    r = ruleset_run(&c, &at);
    keep_addresses(f, &c);
    stick_recall_end(&c);
    arena_release(&a);
    return r == RULE_NEXT || r == RULE_STOP;
}
