/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies: what frontends and backends have in common. `struct proxy_conf` is what a section of the
 * configuration says (part of a snapshot, immutable once checked); `struct proxy` is the runtime
 * object of that name, which outlives snapshots and carries what must not be lost: counters and
 * what is going on now. */
#ifndef GATEHOUSE_UPSTREAM_PROXY_H
#define GATEHOUSE_UPSTREAM_PROXY_H

#include "base/clock.h"
#include "upstream/counters.h"
#include "base/object.h"
#include "net/socket_options.h"
#include "upstream/backend_state.h"
#include "upstream/histogram.h"

struct frontend_conf;
struct backend_conf;
struct log_route;
struct log_line;
struct proxy_rules;
struct error_set;
struct section;
struct stick_conf;

enum proxy_mode { MODE_TCP, MODE_HTTP };

/* Milliseconds; 0: none. Manual: "timeout …". */
struct proxy_timeouts {
    unsigned client, server, connect, queue, http_request, http_keep_alive;
    unsigned tunnel, client_fin, server_fin, check, tarpit;
};

/* option NAME / no option NAME */
enum proxy_option {
    OPT_REDISPATCH,
    OPT_ABORT_ON_CLOSE,
    OPT_HTTP_CLOSE,        /* both sides close after each exchange */
    OPT_HTTP_SERVER_CLOSE, /* the server side does */
    OPT_HTTP_IGNORE_PROBES,
    OPT_HTTP_BUFFER_REQUEST,
    OPT_DONTLOGNULL,
    OPT_HTTP_NO_DELAY,
    OPT_CLIENT_KEEPALIVE, /* TCP keepalive, to clients … */
    OPT_SERVER_KEEPALIVE, /* … and to servers */
    OPT_SMART_CONNECT,
    OPT_ACCEPT_INVALID_REQUEST,
    OPT_ACCEPT_INVALID_RESPONSE,
    OPT_ALL_BACKUPS,
    OPT_DONTLOG_NORMAL,
    OPT_LOG_ASAP,
    OPT_LOG_SEPARATE_ERRORS,
    OPT_TRACEPARENT,
    OPT_LOG_HEALTH_CHECKS,
    OPT_SERVER_HISTOGRAMS, /* upstream/histogram.h */
};

struct proxy_conf {
    const char *name;
    const struct section *section;
    unsigned id; /* 1, 2, … in the order of the file */
    bool id_given;
    const char *description;
    enum proxy_mode mode;
    bool disabled;
    struct proxy_timeouts timeouts;
    uint32_t timeouts_given; /* by their order in proxy_timeouts: said here, not inherited */
    uint32_t options, options_given; /* bits of enum proxy_option; given: said, not inherited */
    struct socket_options client_socket, server_socket; /* how keepalive is done */
    uint64_t max_body;                                  /* max-body-size; UINT64_MAX: none */
    struct log_line *log_lines;                         /* `log` lines of its own */
    bool log_global;                                    /* `log global`: those of `global` too */
    struct log_route *logs;                             /* where to log; NULL: nowhere */
    const char *log_tag;
    struct proxy_rules *rules; /* gateway/rules.h */
    struct error_set *errors;  /* gateway/reply_spec.h */
    struct stick_conf *table;  /* policy/stick_table.h; NULL: none */
    struct frontend_conf *fe;  /* NULL for a backend */
    struct backend_conf *be;   /* NULL for a frontend */
    struct proxy *state;
};

static inline bool proxy_option(const struct proxy_conf *p, enum proxy_option o)
{
    return p->options >> o & 1;
}

/* Of a frontend, as the Runtime API made it. */
enum frontend_status {
    FRONTEND_OPEN,
    FRONTEND_PAUSED,  /* disable frontend: it serves nobody new */
    FRONTEND_STOPPED, /* shutdown frontend: its addresses are given up until the next reload */
};

struct bad_message;

struct proxy {
    struct object object; /* found by "proxy" and name */
    unsigned n_workers;
    struct counters_block *fe_counters, *be_counters; /* one a worker */
    struct histograms *fe_times, *be_times;           /* likewise; NULL while it has no such side */
    atomic_uint fe_status;    /* enum frontend_status; the control thread's, as is the next: */
    unsigned fe_maxconn_file; /* as the configuration says; what holds now: fe_maxconn */
    bool fe_known;            /* some configuration had it */
    atomic_uint fe_maxconn;   /* of its frontend; 0: no limit of its own */
    struct bad_message *bad_request, *bad_response; /* upstream/bad_message.h; NULL: none */
    pthread_mutex_t bad_lock;
    _Alignas(CACHE_LINE) struct gauge fe_sessions; /* [scur, smax] */
    _Alignas(CACHE_LINE) struct gauge be_sessions;
    _Alignas(CACHE_LINE) atomic_uint ticket; /* round robin's */
    _Atomic uint64_t log_lines;              /* that its requests left, as a frontend */
    struct queue *queue;                     /* requests that wait for any of its servers */
    struct backend_state st;
};

/* The proxy of that name, made if there is none; the caller gets a reference. */
struct proxy *proxy_get(struct objects *all, const char *name, unsigned n_workers);

/* Makes the histograms of those of its sides that a configuration has and that it had not before.
 * Control thread, before anybody uses that configuration. */
void proxy_time(struct proxy *p, bool frontend, bool backend);

#endif
