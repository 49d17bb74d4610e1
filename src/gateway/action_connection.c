/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on connections: reject, silent-drop. */
#include "gateway/rule_actions.h"
#include "gateway/rules.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

static bool parse_nothing(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    (void)pc;
    (void)r;
    (void)w;
    return true;
}

/* A client that is not even told counts as a denied request wherever that happens, as in HAProxy.
 */
static void count_silent(struct context *c)
{
    struct request *r = c->owner;

    counter_add(&session_counters(c->client->owner)->denied_req, 1);
    if (r && r->flow.backend) counter_add(&flow_backend_counters(&r->flow)->denied_req, 1);
}

static void count_reject(struct context *c, const struct rule *rule)
{
    struct session *s = c->client->owner;
    struct counters *n = session_counters(s);

    if (c->owner)
        request_count_denied(c->owner);
    else
        counter_add(rule->kind == RULES_TCP_CONNECTION ? &n->denied_conn : &n->denied_sess, 1);
}

/* The log tells no time for the head of a request that ends so. */
static enum rule_result close_now(struct context *c)
{
    struct request *r = c->owner;

    if (!r) return RULE_CLOSE;
    r->ended = (struct termination){ 'P', 'R' };
    if (r->step < READ_REPLY)
        r->flow.at.received = 0;
    else
        r->flow.at.answered = 0;
    return RULE_CLOSE;
}

static enum rule_result run_reject(struct context *c, const struct rule *rule)
{
    count_reject(c, rule);
    return close_now(c);
}

/* In repair mode a socket goes without a word to its peer. Without the privilege for that, the last
 * packet's life is cut short instead, so that it does not get far. */
static void silence(int fd)
{
    const int on = 1, hops = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == 0) return;
    setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
    setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops);
}

static enum rule_result run_silent_drop(struct context *c, const struct rule *rule)
{
    const struct session *s = c->client->owner;

    (void)rule;
    silence(s->conn->io.fd);
    count_silent(c);
    return close_now(c);
}

static struct slice describe_reject(struct context *c, const struct rule *rule)
{
    (void)c;
    (void)rule;
    return SLICE("closes the connection without an answer");
}

enum { CONNECTIONS = RULES_TCP_CONNECTION | RULES_TCP_SESSION };

static const struct action rows[] = {
    { "reject", CONNECTIONS | RULES_HTTP_REQUEST, ACTION_FINAL, parse_nothing, run_reject,
      describe_reject, "", "Closes the connection without an answer.", 0 },
    { "silent-drop", CONNECTIONS | RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE, ACTION_FINAL,
      parse_nothing, run_silent_drop, describe_reject, "",
      "Closes the connection so that the client does not notice: it goes on waiting. Needs "
      "CAP_NET_ADMIN; without it, the client is told by a packet that does not get beyond the next "
      "hop.",
      0 },
};

const struct action_table connection_actions = { .title = "Actions on connections",
                                                 .rows = rows,
                                                 .n = sizeof rows / sizeof *rows };
