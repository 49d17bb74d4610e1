/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `gatehouse explain` share. */
#ifndef GATEHOUSE_OPS_EXPLAIN_PRIVATE_H
#define GATEHOUSE_OPS_EXPLAIN_PRIVATE_H

#include "gateway/rules.h"
#include "gateway/session_more.h"
#include "ops/command_line.h"
#include "ops/explain_story.h"

/* How the request ended: what there is to print in the end. */
enum explain_end {
    ENDS_AT_SERVER, /* it would be sent */
    ENDS_ANSWERED,  /* the gateway answers itself */
    ENDS_CLOSED,    /* without an answer */
    ENDS_REFUSED,   /* the connection is, by its own rules */
    ENDS_WAITING,   /* for what explain can't give */
};

/* What comes of the request when a test of what is known only at run time holds, or does not. */
struct explain_outcome {
    enum explain_end end;
    const char *backend, *server; /* ENDS_AT_SERVER */
    unsigned status;              /* ENDS_ANSWERED */
    const struct rule *rule;      /* why it ends; NULL: `why` says it */
    const char *why;
};

struct explain_open {
    struct explain_open *next;
    const struct acl_test *test;
    bool holds;                        /* in the story that is told */
    struct explain_outcome outcome[2]; /* by whether it holds */
};

struct explain {
    const struct explain_options *options;
    struct worker control;
    struct engine engine;
    struct log_writer *logs;
    struct snapshot *snapshot;
    struct arena arena;
    struct story story;

    /* The request as the client sends it */
    struct slice method, authority, target, body;
    struct slice host; /* of the authority, without brackets … */
    uint16_t port;     /* … and its port, the scheme's where it says none */
    struct slice head; /* its bytes */
    union address from;

    /* Where it comes in */
    const struct proxy_conf *frontend;
    const struct bind_conf *bind;
    struct bind_conf without_bind;
    bool bind_fits; /* the URL's host and port are this bind's */

    /* The request in the gateway */
    struct pinned pinned;
    struct conn conn;
    struct session session;
    struct client client;
    struct body_source body_source;
    struct body_sink nowhere;
    struct request *request;
    unsigned n_interim; /* 1xx that would have been sent */

    struct explain_open *open, **open_end; /* what may come out otherwise; in the arena */
    enum explain_end end;
    enum step ended_in;
    bool server_by_rule; /* use-server chose */
    unsigned held_ms;    /* a rule that waits for its time to pass; 0: none */
};

/* ---- explain_target.c: what the command line says of the request ---- */

/* Reads URL, method, fields and addresses, and finds the frontend. False: printed to stderr. */
bool explain_target(struct explain *x);

/* ---- explain_run.c ---- */

/* Runs it up to where it would be sent or answered. */
void explain_run(struct explain *x);
void explain_release(struct explain *x);

/* ---- explain_outcomes.c ---- */

/* The same, and again for each test of what is known only at run time, with what comes of it when
 * it comes out otherwise. */
void explain_all(struct explain *x);

/* ---- explain_print.c, explain_json.c ---- */

void explain_print(const struct explain *x, FILE *out);
void explain_json(const struct explain *x, FILE *out);

/* Why the end came, in a few words; NULL: the rule says it. */
const char *explain_why(const struct explain *x);

#endif
