/* SPDX-License-Identifier: Apache-2.0 */
/* http-request normalize-uri. HAProxy's manual, 4.2. */
#include "http/target.h"
#include "policy/actions.h"
#include "policy/normalize_uri.h"

struct normalize_rule {
    const struct normalizer *normalizer;
    bool option;
};

/* <normalizer> [full|strict] */
static bool parse_normalize(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct normalize_rule *n = arena_zero(pc->cfg->arena, sizeof *n);
    const struct word *word;
    struct nearest near;

    r->data = n;
    if (!words_need(pc->cfg, w, &word)) return false;
    nearest_init(&near, word->text);
    for (unsigned i = 0; i < NORMALIZERS; i++) {
        nearest_try(&near, slice_str(normalizers[i].name));
        if (slice_is(word->text, normalizers[i].name)) n->normalizer = &normalizers[i];
    }
    if (!n->normalizer) return cfg_error_unknown(pc->cfg, word, "normalizer", &near);
    n->option = n->normalizer->option && words_take_if(w, n->normalizer->option);
    return true;
}

static enum rule_result run_normalize(struct context *c, const struct rule *r)
{
    const struct normalize_rule *n = r->data;
    struct http_msg *m = c->req;
    struct http_target t;
    struct slice value;
    bool query = n->normalizer->query;

    http_target_split(m->target, &t);
    if (!t.path.p) return RULE_NEXT;
    if (!query) t.path.n = http_path_length(t.path);
    if (!n->normalizer->normalize(c->arena, t.path, n->option, &value)) return RULE_INVALID;
    if (slice_eq(t.path, value)) return RULE_NEXT;
    if (!http_msg_set_path(m, c->arena, value, query, context_most(c))) return rule_failed(c);
    return RULE_NEXT;
}

static struct slice describe_normalize(struct context *c, const struct rule *r)
{
    (void)r;
    return action_words(c, "leaves '%.*s'", SLICE_ARG(c->req->target));
}

static const struct action ROWS[] = {
    { "normalize-uri", RULES_HTTP_REQUEST, 0, parse_normalize, run_normalize, describe_normalize,
      "<normalizer> [full|strict]",
      "Makes the target's path or query one of many that mean the same. Normalizers: "
      "`fragment-encode` (`#` becomes `%23`), `fragment-strip`, `path-merge-slashes`, "
      "`path-strip-dot`, `path-strip-dotdot` (with `full` also in front), "
      "`percent-decode-unreserved`, `percent-to-uppercase` (both with `strict`: 400 for a `%` that "
      "codes nothing), `query-sort-by-name`. HAProxy wants `expose-experimental-directives` for "
      "it.",
      0 },
};

const struct action_table normalize_actions = ACTION_TABLE("Normalizing targets", ROWS);
