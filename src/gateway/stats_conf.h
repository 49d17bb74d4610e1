/* SPDX-License-Identifier: Apache-2.0 */
/* What a section's `stats …` lines say: at which URI statistics are answered, to whom, and how they
 * look. Part of a snapshot; whoever answers is the service "stats" (gateway/service.h), of a floor
 * above. Any such line switches them on, and one of a proxy's own puts away all that its defaults
 * said, as in HAProxy. Manual: "stats enable" and what follows. */
#ifndef GATEHOUSE_GATEWAY_STATS_CONF_H
#define GATEHOUSE_GATEWAY_STATS_CONF_H

#include "gateway/rules.h"

/* One of several names, or accounts. */
struct stats_scope {
    struct slice name; /* a proxy's; ".": the one whose statistics these are */
    const struct stats_scope *next;
};
struct stats_user {
    struct slice name, password;
    const struct stats_user *next;
};

/* `stats admin if …` */
struct stats_admin {
    const struct condition *cond;
    const struct stats_admin *next;
};

struct stats_conf {
    struct slice uri; /* a prefix: of path and query when it begins with '/', else of the target */
    struct slice realm; /* of `stats auth` */
    unsigned refresh_s; /* 0: none */
    bool hide_version, show_legends, show_node, show_desc, show_modules;
    const char *node, *desc;          /* NULL: what global says */
    const struct stats_scope *scopes; /* NULL: all proxies */
    const struct stats_user *users;   /* NULL: anybody */
    const struct stats_admin *admin;  /* NULL: nobody may change anything */
    struct ruleset rules;             /* stats http-request */
    const struct http_service *service;
    struct place at, auth_at; /* of the last line, and of the last `auth` or `realm` */
    bool authenticates;       /* `auth` or `realm` was said */
};

/* What the defaults said, for a section of its own to change. */
const struct stats_conf *stats_conf_inherit(const struct stats_conf *from, struct arena *a);

/* When all sections are read: what can't go together. False: an error was reported. */
bool stats_conf_check(struct build *b, struct cfg *cfg, struct proxy_conf *p);

/* ---- for the steps, behind a proxy's http-request rules ---- */

/* Answers a request for p's statistics; `next` for any other. */
enum step stats_step(struct request *r, const struct proxy_conf *p, enum policy_place place,
                     enum step next);

/* The service has begun and waits: goes on with it. */
static inline bool stats_begun(const struct request *r)
{
    return r->service && !r->in_rules;
}

/* Does a `stats admin` of p hold for this request? */
bool stats_is_admin(struct request *r, const struct proxy_conf *p);

/* Is a proxy of that name to be shown by the statistics of p? */
bool stats_in_scope(const struct proxy_conf *p, const char *name);

#endif
