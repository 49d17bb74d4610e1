/* SPDX-License-Identifier: Apache-2.0 */
/* A proxy's rules, and what else of its section holds expressions and formats. Part of a
 * snapshot. */
#ifndef GATEHOUSE_GATEWAY_RULES_H
#define GATEHOUSE_GATEWAY_RULES_H

#include "gateway/build.h"
#include "gateway/request.h"
#include "gateway/session_more.h"
#include "policy/condition_index.h"
#include "policy/rule.h"

/* `use_backend BACKEND if …`, in the order of the file. The name may be a format. */
struct switch_rule {
    const struct switch_rule *next;
    const struct condition *cond;
    const struct word *name_at;
    const struct proxy_conf *backend; /* resolved; NULL with a format */
    const struct format *format;
    struct place at;
};

/* `use-server SERVER if …` */
struct server_rule {
    const struct server_rule *next;
    const struct condition *cond;
    const struct word *name_at;
    const struct server_conf *server;
    const struct format *format;
    struct place at;
};

/* `monitor fail if …`: any that holds makes monitor-uri answer 503. */
struct monitor_rule {
    const struct monitor_rule *next;
    const struct condition *cond;
    struct place at;
};

/* option forwardfor, originalto: which field, and for whom not. */
struct forward_field {
    bool on, if_none;
    struct slice name; /* lower case */
    bool except_given;
    struct sockaddr_storage except; /* a network that is left alone … */
    unsigned except_bits;           /* … of so many bits */
};

/* option http-restrict-req-hdr-names. */
enum { NAMES_PRESERVE, NAMES_DELETE, NAMES_REJECT };

struct realip;
struct stats_conf;

struct proxy_rules {
    struct acl_set *acls;
    struct ruleset tcp_connection, tcp_session, request, response, after;
    struct ruleset redirects; /* `redirect` without `http-request`: run behind `request` */
    struct switch_rule *backends, **backends_end;
    unsigned n_backends;
    const struct switch_rule **backend_rules;    /* the same, by position … */
    const struct condition_index *backend_index; /* … of the condition */
    struct server_rule *servers, **servers_end;
    const struct stick_rule *sticks, *stick_answers; /* gateway/stickiness.h */
    struct slice monitor_uri;
    struct monitor_rule *monitor_fail, **monitor_end;
    struct forward_field forwarded_for, original_to;
    const struct format *log_format, *error_log_format, *log_format_sd, *unique_id_format;
    uint8_t json_log; /* JSON_LOG_… (gateway/json_log.h); 0: log_format it is */
    struct slice unique_id_header;
    const struct realip *realip; /* NULL: off */
    uint8_t odd_names;           /* NAMES_… */
    struct stats_conf *stats;    /* gateway/stats_conf.h; NULL: none */
    bool stats_inherited;        /* they are those of the defaults */
    unsigned stages;             /* while it is read: bits of enum rule_stage that were met */
};

struct proxy_rules *proxy_rules_new(struct arena *a);

/* What a section takes over from its defaults. Rules are the defaults' own ones first. */
void proxy_rules_inherit(struct proxy_rules *to, const struct proxy_rules *from, struct arena *a);

/* When all sections are read: finds what names were left for later. False: errors were reported. */
bool proxy_rules_resolve(struct build *b, struct cfg *cfg, struct proxy_conf *p);

/* ---- for the steps ---- */

/* Where a rule's result leads the request: STEP_WAIT, `next`, or an end. */
enum step rules_lead_to(struct request *r, enum rule_result result, enum step next);

/* rules_step where there are rules. */
enum step rules_run(struct request *r, const struct proxy_conf *p, const struct ruleset *set,
                    enum policy_place place, enum step next);

/* Runs a ruleset of one proxy; goes on where a rule waited. STEP_WAIT, `next`, or where the rule
 * that ended it leads. A request has eight of them to run, most of them empty. */
static inline enum step rules_step(struct request *r, const struct proxy_conf *p,
                                   const struct ruleset *set, enum policy_place place,
                                   enum step next)
{
    return set->first || r->in_rules ? rules_run(r, p, set, place, next) : next;
}

/* The http-response rules for a server's answer; then those for every answer. AFTER_RULES: go on.
 */
enum step rules_of_answer(struct request *r);
enum step rules_after_answer(struct request *r);

/* Adds what `option forwardfor` and `option originalto` ask for; just before the head is sent. */
void rules_add_forward_fields(struct request *r);

/* Runs a connection's own rules; false: they refuse it. */
bool session_run_rules(struct session *s, const struct bind_conf *bind, const struct ruleset *set,
                       enum policy_place place);

/* struct rule_hooks: logs what a rule with `report` would have done. */
void context_rule_decided(struct context *c, const struct rule *rule, enum rule_result result);

/* The same: of the client's socket. */
void context_set_tos(struct context *c, unsigned tos);
void context_set_mark(struct context *c, uint32_t mark);

/* Tells the server the request's id, as `unique-id-header` asks; the first of those fields. */
void rules_add_unique_id(struct request *r);

/* The server that a use-server rule of the backend chooses; NULL: it is balanced. */
const struct server_conf *rules_server(struct request *r);

/* `monitor-uri`: is this a request for it, and its answer. */
bool monitor_asked(const struct request *r);
enum step monitor_answer(struct request *r);

/* `option realip`: whom the request is to be taken from. */
void request_find_client(struct request *r);

/* `option http-restrict-req-hdr-names` of one proxy, which has rules for odd names: `next`, or a
 * refusal. */
enum step request_restrict_names(struct request *r, const struct proxy_conf *p, enum step next);

/* The backend that the frontend's use_backend rules choose; NULL: none of them does. */
const struct proxy_conf *rules_backend(struct request *r);

#endif
