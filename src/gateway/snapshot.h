/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot: one checked configuration, immutable, with everything that requests look at. It
 * points to runtime objects and owns none (it holds a reference to each). Each worker holds one
 * reference to the snapshot it uses and takes a new one at the top of a turn; a request pins the
 * snapshot it began with by a count that belongs to its worker alone, so that no request pays an
 * atomic for it. */
#ifndef GATEHOUSE_GATEWAY_SNAPSHOT_H
#define GATEHOUSE_GATEWAY_SNAPSHOT_H

#include "base/arena.h"
#include "lang/reload.h"
#include "net/listener.h"
#include "gateway/capture.h"
#include "policy/vars.h"
#include "upstream/backend.h"

/* One `bind` line's address. */
struct bind_conf {
    const struct proxy_conf *frontend;
    struct bind_conf *next;
    struct listener_spec spec;
    unsigned maxconn; /* 0: no limit */
    const char *name; /* bind … name NAME; NULL */
    unsigned id;
    uint8_t api_level, api_severity; /* of a `stats socket` only (ops/api_command.h) */
    struct word at;                  /* for messages */
    struct listener *listener;
};

struct frontend_conf {
    struct proxy_conf *proxy;
    struct bind_conf *binds, **binds_end;
    unsigned maxconn; /* 0: no limit of its own */
    int backlog;
    const char *default_backend_name; /* as written */
    struct word default_backend_at;
    const struct proxy_conf *default_backend;
    struct capture_slots request_slots, response_slots;
    struct cookie_capture *cookie; /* capture cookie; NULL: none */
};

/* What `global` says. */
struct global_conf {
    unsigned maxconn; /* 0: as the descriptors allow */
    struct word maxconn_at;
    unsigned connection_rate, session_rate; /* maxconnrate, maxsessrate; 0: no limit */
    unsigned nbthread;
    uint32_t bufsize, maxrewrite;
    bool maxrewrite_given;
    unsigned max_headers;
    unsigned cookie_most; /* tune.http.cookielen */
    bool cookie_most_given;
    unsigned log_uri_most; /* tune.http.logurilen */
    unsigned hard_stop_after_ms, grace_ms;
    bool hard_stop_after_given;
    bool daemon, quiet, zero_warning;
    bool no_splice, no_reuseport, private_pools; /* nosplice, noreuseport, tune.idle-pool.shared */
    bool lenient_limits;                         /* no strict-limits */
    bool set_dumpable, insecure_setuid;
    unsigned ulimit_n, fd_hard_limit; /* 0: not given */
    const char *pidfile, *chroot, *node, *description;
    bool has_uid, has_gid;
    uid_t uid;
    gid_t gid;
    unsigned maxaccept;                       /* 0: not given */
    unsigned pool_low_ratio, pool_high_ratio; /* tune.pool-low-fd-ratio, …, percent */
    unsigned descriptors;                     /* the limit; 0: not settled (ops/limits.c) */
    unsigned own_descriptors;                 /* of them are not connections */
    bool maxpipes_given;                      /* else maxpipes is settled with the limit */
    unsigned maxpipes, pipesize;              /* pipesize 0: not given */
    struct socket_options client_socket, server_socket; /* tune.rcvbuf.client, … */
    const char *unix_prefix;                            /* unix-bind, also … */
    struct resource_listen unix_bind;                   /* … mode and owner */
    struct var_limits var_limits;                       /* tune.vars.… */
    struct global_var *variables, **variables_end;      /* set-var (gateway/global_variables.c) */
    struct log_line *log_lines;
    struct log_route *logs;
    const char *log_tag, *log_send_hostname; /* NULL: not asked for */
    struct api_bind *api_binds;              /* stats socket */
    unsigned spread_checks, max_spread_ms;   /* percent; 0: no limit (gateway/health.h) */
    bool spread_checks_given;
    unsigned api_timeout_ms, api_maxconn; /* 0: the defaults */
    unsigned api_before; /* so many proxies stand before its first line; it counts as one of them */
};

struct snapshot {
    atomic_uint refs;
    struct arena arena;
    unsigned generation; /* 1, 2, … */
    char **environment;  /* "NAME=value" as it was read with, NULL at the end; NULL: not known */
    struct global_conf global;
    struct proxy_conf **proxies; /* in the order of the file */
    unsigned n_proxies;
    struct hashmap backends; /* by name; filled when all sections are read */
    /* by listener->slot: what it serves; NULL: nothing any more */
    const struct bind_conf **by_slot;
    unsigned n_slots;
    const struct keyword_use *fixed; /* what a reload can't change (lang/reload.h) */
    struct log_route **routes;       /* all that its proxies log to */
    unsigned n_routes;
    struct ring_conf *rings;       /* gateway/ring.h */
    struct keepsake *kept;         /* what else goes with it (policy/policy_cfg.h) */
    struct pattern_sets *patterns; /* ACLs' and maps' (policy/match.h); NULL: none */
    struct message release;        /* from the last user to the control thread */
};

struct snapshot *snapshot_new(void);

/* When all sections are read: makes what snapshot_backend_of looks at. */
void snapshot_index(struct snapshot *s);

/* Gives back every reference and frees it. Control thread. */
void snapshot_free(struct snapshot *s);

/* The backend of that name, by a look-up that costs the same for any number of them; NULL. */
const struct proxy_conf *snapshot_backend_of(const struct snapshot *s, struct slice name);

/* The proxy of that name with a frontend's or backend's part; NULL. */
struct proxy_conf *snapshot_frontend(const struct snapshot *s, const char *name);
struct proxy_conf *snapshot_backend(const struct snapshot *s, const char *name);

#endif
