/* SPDX-License-Identifier: Apache-2.0 */
/* From files to a snapshot: the sections and keywords fill in structs (each module's keyword
 * tables), then names are resolved, runtime objects found or made, and listeners opened
 * (gateway/compile.c). Control thread. */
#ifndef GATEHOUSE_GATEWAY_BUILD_H
#define GATEHOUSE_GATEWAY_BUILD_H

#include "gateway/engine.h"
#include "lang/section.h"
#include "policy/policy_cfg.h"

struct reply_pending;
struct error_import;

enum { THREADS_MOST = 64 }; /* workers, as in HAProxy */

/* One `log` line. */
struct log_line {
    struct log_line *next;
    union address address;
    bool has_address;
    bool stream;       /* by TCP … */
    struct slice ring; /* into the ring of that name; NULL pointer: not … */
    int fd;
    const struct log_sample *sample; /* NULL: all lines */
    const struct log_format *format;
    unsigned facility;
    int level, min_level;
    unsigned length;
    struct word at;
};

/* One address of a `stats socket` line. It takes the options of `bind`; its frontend and listener
 * are NULL, for the sockets belong to the Runtime API (ops/api.h). */
struct api_bind {
    struct api_bind *next;
    struct bind_conf bind;
};

/* A run of the builder; cfg->user. */
struct build {
    struct engine *engine;
    struct snapshot *snapshot;
    const struct snapshot *before; /* reload: the one in use */
    unsigned n_workers;
    unsigned max_proxies;
    const char *local_peer; /* -L; NULL: not given */
    bool ignore_unresolved; /* -dr */
    bool take_over;         /* -sf, -st: an old process may still hold our addresses … */
    bool (*address_taken)(struct build *); /* … and does: true to try again. NULL: do not */
    void *user;                            /* address_taken's */
    struct policy_cfg policy;              /* cfg->policy */
    struct reply_pending *replies;         /* gateway/reply_spec.h */
    struct error_import *imports;          /* the same */
};

static inline struct build *build_of(const struct cfg *cfg)
{
    return cfg->user;
}

/* The kinds of section and the tables of keywords of this folder. */
extern const struct section_kind section_global, section_defaults, section_frontend,
    section_backend, section_listen;
extern const struct keyword_table limit_keywords, identity_keywords, process_keywords,
    environment_keywords, tuning_keywords, log_keywords, proxy_keywords, timeout_keywords,
    option_keywords, keepalive_keywords, frontend_keywords, bind_options, rule_keywords,
    capture_keywords, forward_keywords, name_keywords, realip_keywords, error_keywords,
    log_format_keywords, variable_keywords, stats_keywords, stickiness_keywords;
extern const struct section_kind section_http_errors;

/* A keyword that may stand once: when it was `given` before, that is noted and the line skipped,
 * for in HAProxy the first one holds. Returns given. */
bool keyword_again(struct cfg *cfg, struct words *w, bool given);

/* The name of a format of log lines. */
bool log_format_word(struct cfg *cfg, struct words *w, const struct log_format **out);

/* The rest of the line as one text. */
bool words_sentence(struct cfg *cfg, struct words *w, const char **out);

/* The address that a `bind` line's text `at` means with that port; a host name is resolved. False:
 * an error was reported. */
bool bind_address(struct cfg *cfg, const struct word *at, const struct address_spec *a,
                  uint16_t port, union address *out);

/* The proxy, server or userlist that an argument of an expression names (policy_cfg.resolve). */
const void *build_resolve(struct policy_cfg *pc, enum arg_type type,
                          const struct policy_scope *scope, struct slice name);

/* Resolves, checks and links what the sections said. False: errors were reported; the snapshot is
 * of no use then. */
bool build_compile(struct build *b, struct cfg *cfg);

/* Then, to use it: opens the logs, and the listeners that are not there yet. False as above. */
bool build_open(struct build *b, struct cfg *cfg);

/* And at last, when nothing can fail any more and `is` is about to take the place of `was`: the
 * listeners take over what it says of their sockets, and those that it does not have are forgotten.
 * What the system refuses is printed to out. */
void build_adopt(const struct snapshot *was, const struct snapshot *is, FILE *out);

/* Sets what `set-var` of global says, where `before` (which may be NULL) did not say it. */
void global_variables_set(struct engine *e, const struct snapshot *is,
                          const struct snapshot *before);

/* Their parts: logs (gateway/compile_logs.c) and listeners (gateway/compile_binds.c). */
void build_logs(struct build *b, struct cfg *cfg);

/* Do the rings exist that `log` lines name? False: errors were reported. */
bool build_check_logs(struct build *b, struct cfg *cfg);
bool build_check_binds(struct build *b, struct cfg *cfg);

/* What servers track (gateway/compile_tracks.c). */
bool build_tracks(struct build *b, struct cfg *cfg);
bool build_open_binds(struct build *b, struct cfg *cfg);

#endif
