/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that change the request line. What a format or a replacement can put into a target that
 * can't stand there, the writer escapes; what would leave none fails. HAProxy's manual, 4.2. */
#include "http/target.h"
#include "policy/actions.h"
#include "policy/regex.h"

enum uri_part { PART_METHOD, PART_PATH, PART_PATHQ, PART_QUERY, PART_URI };

struct uri_rule {
    const struct regex *regex;
    const struct format *format;
};

static bool parse_set(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct uri_rule *u = arena_zero(pc->cfg->arena, sizeof *u);

    r->data = u;
    return action_format(pc, w, FORMAT_FOR_HTTP, &u->format);
}

static bool parse_replace(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct uri_rule *u = arena_zero(pc->cfg->arena, sizeof *u);

    r->data = u;
    return action_regex(pc, w, 0, &u->regex) && action_format(pc, w, FORMAT_FOR_HTTP, &u->format);
}

static bool change(struct context *c, enum uri_part part, struct slice value)
{
    struct http_msg *m = c->req;
    size_t most = context_most(c);

    switch (part) {
    case PART_METHOD: return http_msg_set_method(m, value);
    case PART_PATH: return http_msg_set_path(m, c->arena, value, false, most);
    case PART_PATHQ: return http_msg_set_path(m, c->arena, value, true, most);
    case PART_QUERY: return http_msg_set_query(m, c->arena, value, most);
    case PART_URI: return value.n <= most && http_msg_set_target(m, c->arena, value);
    }
    return false;
}

static enum rule_result run_set(struct context *c, const struct rule *r)
{
    const struct uri_rule *u = r->data;
    struct slice value = format_text(u->format, c, context_most(c));

    return change(c, (enum uri_part)r->action->param, value) ? RULE_NEXT : rule_failed(c);
}

/* What the regex of a replace- action looks at; false: there is no such part. */
static bool subject(const struct http_msg *m, enum uri_part part, struct slice *out)
{
    struct http_target t;

    *out = m->target;
    if (part == PART_URI) return true;
    http_target_split(m->target, &t);
    if (!t.path.p) return false;
    *out = t.path;
    if (part == PART_PATH) out->n = http_path_length(t.path);
    return true;
}

static enum rule_result run_replace(struct context *c, const struct rule *r)
{
    const struct uri_rule *u = r->data;
    enum uri_part part = (enum uri_part)r->action->param;
    struct slice with = format_text(u->format, c, context_most(c)), old, value;
    struct regex_match found;

    if (!subject(c->req, part, &old)) return RULE_NEXT;
    if (!regex_match(u->regex, old, false, &found)) return RULE_NEXT;
    if (!action_replacement(c, with, &found, &value)) return rule_failed(c);
    return change(c, part, value) ? RULE_NEXT : rule_failed(c);
}

static struct slice describe_set(struct context *c, const struct rule *r)
{
    const struct uri_rule *u = r->data;
    struct slice value = format_text(u->format, c, context_most(c));

    return action_words(c, "%s to '%.*s'", r->action->name, SLICE_ARG(value));
}

static const struct action ROWS[] = {
    { "set-method", RULES_HTTP_REQUEST, 0, parse_set, run_set, describe_set, "<format>",
      "Changes the method for the server. It can't become or cease to be `CONNECT`.", PART_METHOD },
    { "set-path", RULES_HTTP_REQUEST, 0, parse_set, run_set, describe_set, "<format>",
      "Changes the path; scheme, authority and query stay.", PART_PATH },
    { "set-pathq", RULES_HTTP_REQUEST, 0, parse_set, run_set, describe_set, "<format>",
      "Changes the path and the query; scheme and authority stay.", PART_PATHQ },
    { "set-query", RULES_HTTP_REQUEST, 0, parse_set, run_set, describe_set, "<format>",
      "Changes what stands behind the question mark, which is added when there is none and the "
      "text "
      "is not empty, and never removed.",
      PART_QUERY },
    { "set-uri", RULES_HTTP_REQUEST, 0, parse_set, run_set, describe_set, "<format>",
      "Changes the whole target. If the new one has an authority, `Host` gets it too.", PART_URI },
    { "replace-path", RULES_HTTP_REQUEST, 0, parse_replace, run_replace, NULL, "<regex> <format>",
      "Where the regex matches anywhere in the path, the whole path becomes the format's text, in "
      "which `\\0` to `\\9` stand for the match and its groups.",
      PART_PATH },
    { "replace-pathq", RULES_HTTP_REQUEST, 0, parse_replace, run_replace, NULL, "<regex> <format>",
      "Does what `replace-path` does for path and query together.", PART_PATHQ },
    { "replace-uri", RULES_HTTP_REQUEST, 0, parse_replace, run_replace, NULL, "<regex> <format>",
      "Does what `replace-path` does for the whole target, as it came.", PART_URI },
};

const struct action_table uri_actions = ACTION_TABLE("Actions on the request line", ROWS);
