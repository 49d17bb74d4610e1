/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on what is known of the client and its connection: its address and that which it came to,
 * the marks of its packets, the level of its log line. HAProxy's manual, 4.2. */
#include "policy/actions.h"
#include "runtime/log_format.h"

#include <arpa/inet.h>

/* ---- addresses ---- */

enum { OF_SRC, OF_DST };

static bool parse_expr(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    if (!words_left(w)) return words_error(pc->cfg, w, "'%s' needs an expression", r->action->name);
    r->data = expr_parse_words(pc, w);
    return r->data != NULL;
}

/* A copy of the address that rules see, to be changed; all zero when it is not known. */
static union address *own_address(struct context *c, intptr_t which)
{
    const struct sockaddr *now = which == OF_SRC ? context_src(c) : context_dst(c);
    union address *own = arena_zero(c->arena, sizeof *own);

    if (now && now->sa_family == AF_INET)
        own->in = ((const union address *)now)->in;
    else if (now && now->sa_family == AF_INET6)
        own->in6 = ((const union address *)now)->in6;
    if (which == OF_SRC)
        c->src = own;
    else
        c->dst = own;
    return own;
}

/* The port stays. No value, no change. */
static enum rule_result run_address(struct context *c, const struct rule *r)
{
    const struct expr *e = r->data;
    struct sample s = { 0 };
    union address *own;
    uint16_t port;

    if (!expr_eval_as(e, c, SAMPLE_ADDR, &s)) return RULE_NEXT;
    own = own_address(c, r->action->param);
    port = own->sa.sa_family ? htons(address_port(&own->sa)) : 0;
    *own = (union address){ 0 };
    if (s.type == SAMPLE_IPV4)
        own->in =
            (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port, .sin_addr = s.ipv4 };
    else
        own->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                                          .sin6_port = port,
                                          .sin6_addr = s.ipv6 };
    return RULE_NEXT;
}

/* The address stays; where there is none with ports it is 0.0.0.0. */
static enum rule_result run_port(struct context *c, const struct rule *r)
{
    const struct expr *e = r->data;
    struct sample s = { 0 };
    union address *own;

    if (!expr_eval_as(e, c, SAMPLE_SINT, &s)) return RULE_NEXT;
    own = own_address(c, r->action->param);
    if (own->sa.sa_family != AF_INET6) own->sa.sa_family = AF_INET;
    address_set_port(&own->sa, (uint16_t)s.sint);
    return RULE_NEXT;
}

static struct slice describe_address(struct context *c, const struct rule *r)
{
    const struct sockaddr *sa = r->action->param == OF_SRC ? context_src(c) : context_dst(c);
    char text[64];

    if (!sa) return SLICE("changes nothing");
    return action_words(c, "%s is %s port %u", r->action->param == OF_SRC ? "src" : "dst",
                        address_text(sa, text), (unsigned)address_port(sa));
}

/* ---- the log ---- */

struct level {
    unsigned value; /* as in context.log_level */
};

static bool parse_log_level(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct level *l = arena_zero(pc->cfg->arena, sizeof *l);
    const struct word *word;
    struct nearest near;
    int level;

    r->data = l;
    if (!words_need(pc->cfg, w, &word)) return false;
    if (slice_is(word->text, "silent")) {
        l->value = RULE_LOG_SILENT;
        return true;
    }
    level = log_level_named(word->text);
    if (level >= 0) {
        l->value = 1 + (unsigned)level;
        return true;
    }
    nearest_init(&near, word->text);
    nearest_try(&near, SLICE("silent"));
    for (level = 0; level < LOG_LEVELS; level++)
        nearest_try(&near, slice_str(log_level_names()[level]));
    return cfg_error_unknown(pc->cfg, word, "log level", &near);
}

static enum rule_result run_log_level(struct context *c, const struct rule *r)
{
    const struct level *l = r->data;

    c->log_level = l->value;
    return RULE_NEXT;
}

/* ---- packets and scheduling ---- */

struct number {
    int64_t value; /* any; what fits of it is used, as in HAProxy */
};

static bool parse_nice(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    int value;

    (void)r;
    return words_int(pc->cfg, w, &value, INT32_MIN, INT32_MAX);
}

static enum rule_result run_nice(struct context *c, const struct rule *r)
{
    (void)c;
    (void)r;
    return RULE_NEXT;
}

static bool parse_tos(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct number *n = arena_zero(pc->cfg->arena, sizeof *n);

    r->data = n;
    return action_integer(pc, w, &n->value);
}

static bool parse_mark(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct number *n = arena_zero(pc->cfg->arena, sizeof *n);

    r->data = n;
    return action_integer(pc, w, &n->value);
}

static enum rule_result run_tos(struct context *c, const struct rule *r)
{
    const struct number *n = r->data;

    if (c->rule_hooks && c->rule_hooks->set_tos) c->rule_hooks->set_tos(c, (uint8_t)n->value);
    return RULE_NEXT;
}

static enum rule_result run_mark(struct context *c, const struct rule *r)
{
    const struct number *n = r->data;

    if (c->rule_hooks && c->rule_hooks->set_mark) c->rule_hooks->set_mark(c, (uint32_t)n->value);
    return RULE_NEXT;
}

enum {
    ADDRESSES = RULES_HTTP_REQUEST | RULES_TCP_CONNECTION | RULES_TCP_SESSION,
    BOTH = RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE,
    PACKETS = BOTH | RULES_TCP_CONNECTION | RULES_TCP_SESSION,
};

static const struct action ROWS[] = {
    { "set-src", ADDRESSES, 0, parse_expr, run_address, describe_address, "<expression>",
      "Changes the client's address, as `src` and the log show it; the port stays.", OF_SRC },
    { "set-src-port", ADDRESSES, 0, parse_expr, run_port, describe_address, "<expression>",
      "Changes the client's port; the address stays.", OF_SRC },
    { "set-dst", ADDRESSES, 0, parse_expr, run_address, describe_address, "<expression>",
      "Changes the address that the client came to, as `dst` shows it, and where a server with the "
      "address 0.0.0.0 is reached; the port stays.",
      OF_DST },
    { "set-dst-port", ADDRESSES, 0, parse_expr, run_port, describe_address, "<expression>",
      "Changes the port that the client came to; the address stays.", OF_DST },
    { "set-log-level", BOTH, 0, parse_log_level, run_log_level, NULL, "<level>",
      "Changes the level of this request's log line, or `silent`: there is none.", 0 },
    { "set-nice", BOTH, 0, parse_nice, run_nice, NULL, "<number>",
      "Is read, and changes nothing: all requests of a worker take turns.", 0 },
    { "set-tos", PACKETS, 0, parse_tos, run_tos, NULL, "<number>",
      "Sets the type of service (DSCP) of the packets to the client.", 0 },
    { "set-mark", PACKETS, 0, parse_mark, run_mark, NULL, "<number>",
      "Sets the netfilter mark of the packets to the client, which needs privileges.", 0 },
};

const struct action_table client_actions = ACTION_TABLE("Actions on the client", ROWS);
