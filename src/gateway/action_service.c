/* SPDX-License-Identifier: Apache-2.0 */
/* `http-request use-service NAME`: a service of the gateway's own answers. */
#include "gateway/rule_actions.h"
#include "gateway/service.h"

static bool unknown(struct policy_cfg *pc, const struct word *name)
{
    struct nearest near;

    nearest_init(&near, name->text);
    for (const struct http_service *const *s = pc->cfg->words->services; s && *s; s++)
        if ((*s)->usable) nearest_try(&near, slice_str((*s)->name));
    return cfg_error_unknown(pc->cfg, name, "service", &near);
}

static bool parse_service(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    const struct http_service *s;
    const struct word *name;

    if (!words_need(pc->cfg, w, &name)) return false;
    s = http_service_find(pc->cfg->words->services, name->text);
    if (!s || !s->usable) return unknown(pc, name);
    r->data = s;
    return true;
}

static enum rule_result run_service(struct context *c, const struct rule *rule)
{
    return service_run(c->owner, rule->data, NULL);
}

static struct slice describe_service(struct context *c, const struct rule *rule)
{
    const struct http_service *s = rule->data;

    return slice_str(arena_printf(c->arena, "the service %s answers", s->name));
}

static const struct action rows[] = {
    { "use-service", RULES_HTTP_REQUEST, ACTION_FINAL | ACTION_STOPS, parse_service, run_service,
      describe_service, "<name>",
      "A service of the gateway's own answers the request: `prometheus-exporter` with what it "
      "counts, in the form that Prometheus reads.",
      0 },
};

const struct action_table service_actions = ACTION_TABLE("Actions that hand over to a service",
                                                         rows);
