/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that stand in another order than the one they are run in. */
#include "gateway/rule_order.h"
#include "gateway/rules.h"

static const char *const names[N_STAGES] = {
    [STAGE_TCP_CONNECTION] = "tcp-request connection",
    [STAGE_TCP_SESSION] = "tcp-request session",
    [STAGE_TCP_CONTENT] = "tcp-request content",
    [STAGE_MONITOR] = "monitor fail",
    [STAGE_HTTP_REQUEST] = "http-request",
    [STAGE_REDIRECT] = "redirect",
    [STAGE_USE_BACKEND] = "use_backend",
    [STAGE_USE_SERVER] = "use-server",
};

/* Nobody can mean a choice of a server to come before that of the backend. */
static bool harmless(enum rule_stage stage)
{
    return stage == STAGE_USE_BACKEND;
}

void rule_order_check(struct cfg *cfg, struct proxy_rules *rules, const struct words *w,
                      enum rule_stage stage)
{
    enum rule_stage later = stage + 1;

    rules->stages |= 1u << stage;
    if (harmless(stage)) return;
    while (later < N_STAGES && !(rules->stages >> later & 1)) later++;
    if (later == N_STAGES) return;
    cfg_warning(cfg, w->name, "this '%s' rule is run before the '%s' rules that stand above it",
                names[stage], names[later]);
}
