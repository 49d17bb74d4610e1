/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: one message and its answer, from the first step to the last. gateway/request.c opens
 * with the table of steps; nothing else decides the order. A request lives in its own arena and on
 * its client's worker. */
#ifndef GATEHOUSE_GATEWAY_REQUEST_H
#define GATEHOUSE_GATEWAY_REQUEST_H

#include "gateway/client.h"
#include "gateway/flow.h"
#include "gateway/pump.h"
#include "policy/context.h"

struct held_body;
struct trace_context;
struct http_service;

enum step {
    STEP_WAIT = -2, /* stay; the next event runs the same step again */
    STEP_DONE = -1,
    READ_HEAD,
    FRONTEND_RULES,
    CHOOSE_BACKEND,
    BACKEND_RULES,
    CHOOSE_SERVER,
    CONNECT,
    SEND_REQUEST,
    READ_REPLY,
    RESPONSE_RULES,
    AFTER_RULES,
    RELAY,
    FINISH,
    N_STEPS,
};

/* What a waiting request waits on; a set. */
enum {
    ON_REPLY = 1,
    ON_PUMP = 2,
    ON_CLIENT = 4,
    ON_DEADLINE = 8,
    ON_SLOT = 16,
    ON_CONNECT = 32,
    NO_DEADLINE = 64, /* explicit: nothing limits this wait */
};

/* How a request ended, as HAProxy's logs tell it: who ended it, and at what. */
struct termination {
    char cause; /* '-': in order. C client, S server, P proxy, R resource, I internal; c, s:
                   timeouts */
    char phase; /* R request, Q queue, C connect, H headers, D data, L last, T tarpit; '-': none */
};

/* The body of an answer of the gateway's own. */
struct own_body {
    struct body_source source;
    struct slice bytes;
};

struct request {
    struct arena arena; /* holds the request itself */
    struct gate *gate;
    struct client *client;
    struct flow flow;
    struct pinned *pinned; /* the snapshot it began with */
    const struct bind_conf *bind;

    int8_t step;
    uint8_t waiting_on;
    bool running; /* the dispatcher is at work: events only add to `events` */
    bool finished;
    bool answered;   /* the final head has been handed to the client */
    bool own_answer; /* the gateway's, not a server's */
    bool keep;       /* the client's connection may serve another request */
    bool tunnel;
    bool whole;          /* the answer was sent as it should */
    bool interim_waits;  /* the client has not taken the last 1xx yet */
    uint8_t n_interim;   /* 1xx answers so far */
    uint16_t events;     /* WAKE_… since the step ran last */
    uint16_t status;     /* of the answer; 0: none yet */
    uint16_t bad_status; /* READ_HEAD: the protocol refuses the head with this … */
    char bad_cause;      /* … and the blame is (struct termination) */
    struct termination ended;
    const char *reason; /* why a message was refused */

    struct http_msg req, res;
    struct http_msg *hint; /* 103 in the making; NULL */
    struct pump up, down;  /* the bodies: to the server, to the client */
    struct own_body own;
    struct body_source *own_source;     /* of the gateway's own answer: &own, or a service's */
    const struct http_service *service; /* gateway/service.h: it answers; NULL */
    void *service_state;                /* its own; NULL at first */
    struct held_body *held_request, *held_response; /* gateway/held_body.h; NULL: nothing is held */
    msec_t client_until, server_until;              /* 0: not waiting for that side */
    struct slice method_was, target_was; /* as the client sent them, whatever rules make of them */
    uint64_t number; /* among those of the process that were given one; else UINT64_MAX */
    struct stick_stores *stick_stores; /* gateway/stickiness.h; NULL: nothing to be stored */
    const struct rule *rule;           /* that waits; NULL: none has begun */
    bool in_rules;                     /* a ruleset has begun and not ended */
    bool has_body;                     /* the server's answer has one */
    bool forwarded;                    /* the fields of option forwardfor and its kin were added */
    bool rules_failed;                 /* a rule could not be carried out */
    bool after_done;                   /* http-after-response rules have begun */
    uint8_t side;      /* whose rules for the answer are next: 0 the backend's, 1 … */
    bool held;         /* the rule that waits has begun its waiting */
    bool buffered;     /* option http-buffer-request: its body has come */
    bool server_asked; /* use-server rules have been run */
    bool stick_asked;  /* … and `stick` rules */
    bool unlogged;     /* nobody is to know (monitor-uri) */
    bool logged;       /* its line is written */
    bool silent;       /* its client closed, or let time run out, without a byte */
    struct trace_context *trace_context; /* option traceparent; NULL */
    struct trace *decisions;             /* option jsonlog decisions: what its rules read; NULL */
    struct grave grave;
    struct context context; /* for rules; made by request_context when first needed. The last: what
                               stands before it is zeroed for each request */
};

/* A request on that client's connection, not run yet. READ_HEAD looks at req, or at bad_status. */
struct request *request_new(struct client *c, struct session *s, const struct bind_conf *bind);

/* Runs the first steps, until one waits or all are done. */
void request_start(struct request *r);

/* Something happened (WAKE_…): moves the bodies, and runs the step that waits. */
void request_wake(struct request *r, unsigned why);

/* What it is at, as traces and `show sess` tell it. */
const char *request_step_name(const struct request *r);

/* An operator ends it (shutdown session): the client gets 502 where nothing of an answer was sent
 * yet, and a connection that breaks off where something was. */
void request_shut_down(struct request *r);

/* Its client is being killed: ends at once, without a word to the client. */
void request_kill(struct request *r);

/* ---- for the steps ---- */

typedef enum step step_fn(struct request *r);

step_fn step_read_head, step_frontend_rules, step_choose_backend, step_backend_rules,
    step_choose_server, step_connect, step_send_request, step_read_reply, step_response_rules,
    step_after_rules, step_relay, step_finish;

/* Stay on this step until one of `on` happens. */
static inline enum step request_wait(struct request *r, unsigned on)
{
    r->waiting_on = (uint8_t)on;
    return STEP_WAIT;
}

/* Answers with the gateway's own message for that status, in place of whatever was under way. When
 * an answer has begun already, ends it short instead. */
enum step request_refuse(struct request *r, unsigned status, char cause, char phase);

/* Ends without (another) answer. */
enum step request_abort(struct request *r, char cause, char phase);

/* The client has left: counts that, and ends. */
enum step request_client_left(struct request *r, char phase);

/* Gives the server's side up: its connection is closed. */
void request_drop_server(struct request *r);

/* The request as rules see it. */
struct context *request_context(struct request *r);

/* Makes the body of an answer of the gateway's own, whose head is r->res; nothing of it is sent
 * where the answer may have none. */
void request_own_body(struct request *r, struct slice body);

/* A rule ends the request: by whom (struct termination), in the phase that it is in. */
void request_end_as(struct request *r, char cause);

/* A rule denies the request, or its answer. */
void request_count_denied(struct request *r);

/* A frontend's rule answers the request itself, as in HAProxy's [intercepted]. */
void request_count_intercepted(struct request *r);

/* Writes the request's line to its frontend's logs, once: at its end, or when a server is connected
 * (the default line), or when the answer's head is there (option logasap). */
void request_log(struct request *r);
void request_log_connected(struct request *r);
void request_log_answered(struct request *r);

/* True if the request may be sent a second time without anybody noticing. */
static inline bool request_repeatable(const struct request *r)
{
    return http_method_idempotent(r->req.method) &&
           (r->req.framing == HTTP_NO_BODY ||
            (r->req.framing == HTTP_LENGTH && r->req.content_length == 0));
}

/* With `option abortonclose` a client that has ended its sending is taken to have left. */
static inline bool request_given_up(const struct request *r)
{
    return proxy_option(r->flow.backend, OPT_ABORT_ON_CLOSE) && !pump_active(&r->up) &&
           r->client->ops->half_closed(r->client);
}

static inline const struct proxy_timeouts *request_timeouts(const struct request *r)
{
    return r->flow.backend ? &r->flow.backend->timeouts : &r->flow.frontend->timeouts;
}

#endif
