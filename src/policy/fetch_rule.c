/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of which rule decided: for logs, and to find out. */
#include "policy/message_fetches.h"
#include "policy/rule.h"

static bool fetch_file(struct context *c, const struct arg *args, struct sample *out)
{
    const struct rule *r = c->last_rule;

    (void)args;
    return r && r->at.source && sample_str(out, slice_str(r->at.source->name));
}

static bool fetch_line(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->last_rule && sample_sint(out, c->last_rule->at.line);
}

static bool fetch_name(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->final_rule && sample_str(out, slice_str(c->final_rule->name));
}

static const struct fetch rows[] = {
    { "last_rule_file", ARGS(0, ARG_END), SAMPLE_STR, NEED_PROCESS, 0, fetch_file,
      "The file of the rule that last ended the evaluation of a set of rules; not found when none "
      "did.",
      NULL, 0 },
    { "last_rule_line", ARGS(0, ARG_END), SAMPLE_SINT, NEED_PROCESS, 0, fetch_line,
      "The line of that rule in its file.", NULL, 0 },
    { "txn.rule", ARGS(0, ARG_END), SAMPLE_STR, NEED_PROCESS, FETCH_OURS, fetch_name,
      "The name of the rule that ended the request: what its `name` says, else `<file>:<line>`; "
      "not found when none did.",
      NULL, 0 },
};

const struct fetch_table rule_fetches = FETCH_TABLE("Rules", rows);
