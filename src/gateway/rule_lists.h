/* SPDX-License-Identifier: Apache-2.0 */
/* All rules of a proxy, and counts for those that may end a request. */
#ifndef GATEHOUSE_GATEWAY_RULE_LISTS_H
#define GATEHOUSE_GATEWAY_RULE_LISTS_H

#include "gateway/rules.h"

/* The i-th of a proxy's rulesets, in the order in which they are run; NULL: it has no more. */
const struct ruleset *proxy_ruleset(const struct proxy_conf *p, unsigned i);

/* When all sections are read: finds or makes the counts of p's rules. */
void proxy_rules_count(struct build *b, struct proxy_conf *p);

/* A walk over the rules that count, of all proxies in the order of the file. Zero at first. */
struct rule_walk {
    unsigned proxy, set;
    const struct rule *rule;
    const struct proxy_conf *of; /* the proxy of the rule that was returned */
};

/* NULL: there are no more. */
const struct rule *rule_walk_next(struct rule_walk *w, const struct snapshot *s);

#endif
