/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on sets of patterns: add-acl, del-acl, set-map, del-map. HAProxy's manual, 4.2. */
#include "policy/actions.h"
#include "policy/pattern_ref.h"

struct map_rule {
    struct pattern_ref *set; /* NULL: no ACL and no map uses the file, so there is nothing to do */
    const struct format *key, *value; /* value NULL: an ACL's, or deleting */
};

static bool parse(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct map_rule *m = arena_zero(pc->cfg->arena, sizeof *m);

    r->data = m;
    if (!r->inside.n)
        return cfg_error(pc->cfg, &w->w[w->at - 1], "'%s' needs a path in its parentheses",
                         r->action->name);
    pattern_sets_want(pc, r->inside, &m->set);
    if (!action_format(pc, w, FORMAT_FOR_HTTP, &m->key)) return false;
    return !r->action->param || action_format(pc, w, FORMAT_FOR_HTTP, &m->value);
}

static enum rule_result run_put(struct context *c, const struct rule *r)
{
    const struct map_rule *m = r->data;
    struct slice key, value;

    if (!m->set) return RULE_NEXT;
    key = format_text(m->key, c, context_most(c));
    if (!m->value) {
        pattern_ref_put(m->set, key, NULL);
        return RULE_NEXT;
    }
    value = format_text(m->value, c, context_most(c));
    pattern_ref_put(m->set, key, &value);
    return RULE_NEXT;
}

static enum rule_result run_delete(struct context *c, const struct rule *r)
{
    const struct map_rule *m = r->data;

    if (m->set) pattern_ref_delete(m->set, format_text(m->key, c, context_most(c)));
    return RULE_NEXT;
}

static struct slice describe_put(struct context *c, const struct rule *r)
{
    const struct map_rule *m = r->data;
    struct slice key = format_text(m->key, c, context_most(c)), value;

    if (!m->value)
        return action_words(c, "adds '%.*s' to %.*s", SLICE_ARG(key), SLICE_ARG(r->inside));
    value = format_text(m->value, c, context_most(c));
    return action_words(c, "sets '%.*s' in %.*s to '%.*s'", SLICE_ARG(key), SLICE_ARG(r->inside),
                        SLICE_ARG(value));
}

static struct slice describe_delete(struct context *c, const struct rule *r)
{
    const struct map_rule *m = r->data;
    struct slice key = format_text(m->key, c, context_most(c));

    return action_words(c, "deletes '%.*s' from %.*s", SLICE_ARG(key), SLICE_ARG(r->inside));
}

enum { WHERE = RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE };

static const struct action ROWS[] = {
    { "add-acl", WHERE, ACTION_PAREN, parse, run_put, describe_put, "(<path>) <key format>",
      "Adds a pattern to the set of that file, unless it is there already. The file itself stays "
      "as it is. Some ACL or map must use it; else nothing happens.",
      0 },
    { "del-acl", WHERE, ACTION_PAREN, parse, run_delete, describe_delete, "(<path>) <key format>",
      "Deletes a pattern from the set of that file.", 0 },
    { "del-map", WHERE, ACTION_PAREN, parse, run_delete, describe_delete, "(<path>) <key format>",
      "Deletes a key from the map of that file.", 0 },
    { "set-map", WHERE, ACTION_PAREN, parse, run_put, describe_put,
      "(<path>) <key format> <value format>",
      "Sets the value of a key in the map of that file, adding the key where it is not there.", 1 },
};

const struct action_table map_actions = ACTION_TABLE("Actions on ACL files and maps", ROWS);
