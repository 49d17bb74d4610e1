/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rule_lists.h"
#include "gateway/stats_conf.h"
#include "policy/rule_counts.h"

const struct ruleset *proxy_ruleset(const struct proxy_conf *p, unsigned i)
{
    static const struct ruleset none;
    const struct proxy_rules *r = p->rules;
    const struct ruleset *all[] = { &r->tcp_connection, &r->tcp_session,
                                    &r->request,        r->stats ? &r->stats->rules : &none,
                                    &r->redirects,      &r->response,
                                    &r->after };

    return i < ARRAY_LEN(all) ? all[i] : NULL;
}

void proxy_rules_count(struct build *b, struct proxy_conf *p)
{
    const struct ruleset *set;
    bool again;

    for (unsigned i = 0; (set = proxy_ruleset(p, i)); i++)
        for (struct rule *r = (struct rule *)set->first; r; r = (struct rule *)r->next) {
            if (!(r->action->flags & ACTION_FINAL)) continue;
            r->counts = rule_counts_get(&b->policy, p->name, r, b->n_workers, b->snapshot, &again);
            r->counts_shared = again;
        }
}

const struct rule *rule_walk_next(struct rule_walk *w, const struct snapshot *s)
{
    const struct ruleset *set;
    const struct rule *r;

    for (; w->proxy < s->n_proxies; w->proxy++, w->set = 0) {
        const struct proxy_conf *p = s->proxies[w->proxy];
        for (; !p->disabled && (set = proxy_ruleset(p, w->set)); w->set++, w->rule = NULL) {
            r = w->rule ? w->rule->next : set->first;
            while (r && (!r->counts || r->counts_shared)) r = r->next;
            w->rule = r;
            w->of = p;
            if (r) return r;
        }
    }
    return NULL;
}
