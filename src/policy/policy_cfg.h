/* SPDX-License-Identifier: Apache-2.0 */
/* What compiling expressions, conditions, formats and rules needs while a configuration is read;
 * cfg->policy. Control thread.
 *
 * The tables of rows come from registry.c; what this floor knows nothing of (the names of proxies,
 * servers, tables) is looked up through functions that the gateway sets. */
#ifndef GATEHOUSE_POLICY_POLICY_CFG_H
#define GATEHOUSE_POLICY_POLICY_CFG_H

#include "base/object.h"
#include "lang/section.h"
#include "policy/args.h"
#include "policy/need.h"

struct acl_set;
struct action_table;
struct converter;
struct converter_table;
struct fetch;
struct fetch_table;
struct format_item_table;
struct match;
struct pattern_sets;

/* The rows there are, and an index by name over each kind. Made once; immutable after. */
struct policy_rows {
    struct hashmap fetches;                        /* → struct fetch */
    struct hashmap converters;                     /* → struct converter */
    struct hashmap items;                          /* → struct format_item */
    const struct action_table *const *actions;     /* end with NULL */
    const struct fetch_table *const *fetch_tables; /* for the manual */
    const struct converter_table *const *converter_tables;
    const struct format_item_table *const *item_tables;
};

/* The tables end with NULL and must outlive the rows; any of them may be NULL. */

void policy_rows_init(struct policy_rows *r, const struct fetch_table *const *fetches,
                      const struct converter_table *const *converters,
                      const struct format_item_table *const *items,
                      const struct action_table *const *actions);
void policy_rows_release(struct policy_rows *r);

/* Where the expression stands that is being read. */
struct policy_scope {
    struct section *section;
    struct acl_set *acls;           /* that conditions may name; NULL: none */
    const struct proxy_conf *proxy; /* NULL: none (global) */
    enum policy_place place;
};

/* Something that must be released together with the snapshot: a compiled regex, a reference to a
 * runtime object. In the configuration's arena. */
struct keepsake {
    struct keepsake *next;
    void (*release)(void *);
    void *thing;
};

struct policy_cfg {
    struct cfg *cfg;
    const struct policy_rows *rows;
    struct objects *objects; /* where pattern files are found again after a reload */
    struct var_names *var_names;
    unsigned n_workers;                   /* from pattern_sets_finish on */
    struct policy_scope scope;            /* set by whoever parses a line, before each */
    struct arg_pending *pending;          /* args_resolve's */
    struct policy_late *late, **late_end; /* policy_later's */
    struct keepsake *kept;                /* whoever owns the configuration takes them over */
    struct pattern_sets *patterns;        /* match.h; NULL until a pattern is read */
    struct place seen;                    /* word_part's: a line whose beginning it knows … */
    size_t seen_at;                       /* … and where that is in its source */

    /* A proxy, server, table or userlist by name, seen from the scope where the argument stands;
     * NULL: there is none. `type` is the argument's. An empty name: the proxy itself. */
    const void *(*resolve)(struct policy_cfg *pc, enum arg_type type,
                           const struct policy_scope *scope, struct slice name);
    void *user;
};

static inline struct policy_cfg *policy_of(const struct cfg *cfg)
{
    return cfg->policy;
}

/* release(thing) is called when the configuration goes. */
void policy_keep(struct policy_cfg *pc, void (*release)(void *), void *thing);
void keepsakes_release(struct keepsake *first);

/* check(pc, thing) is called when all names are resolved (args_resolve), in the order of the calls
 * here: for what rules want to know of the things that they name. False: it reported an error. */
void policy_later(struct policy_cfg *pc, bool (*check)(struct policy_cfg *, void *), void *thing);
bool policy_run_later(struct policy_cfg *pc);

/* A word for a part of another: for messages that point into it. The place is exact when the word
 * was written as it is read, but for quotes around it; else that of the whole word. Its text is a
 * copy, with a NUL. */
struct word word_part(struct policy_cfg *pc, const struct word *w, struct slice part);

#endif
