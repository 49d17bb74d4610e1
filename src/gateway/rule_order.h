/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a proxy's rules are run is that of a request's life, wherever they stand in
 * the file. Who writes them in another order is told, since it may not be what was meant. */
#ifndef GATEHOUSE_GATEWAY_RULE_ORDER_H
#define GATEHOUSE_GATEWAY_RULE_ORDER_H

struct cfg;
struct words;
struct proxy_rules;

/* What is run after what. */
enum rule_stage {
    STAGE_TCP_CONNECTION,
    STAGE_TCP_SESSION,
    STAGE_TCP_CONTENT,
    STAGE_MONITOR,
    STAGE_HTTP_REQUEST,
    STAGE_REDIRECT,
    STAGE_USE_BACKEND,
    STAGE_USE_SERVER,
    N_STAGES,
};

/* A rule of that stage was read, whose words are w: warns, at its keyword, if the section has a
 * rule above that is run later. HAProxy warns of the same orders. */
void rule_order_check(struct cfg *cfg, struct proxy_rules *rules, const struct words *w,
                      enum rule_stage stage);

#endif
