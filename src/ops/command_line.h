/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: HAProxy's flags with HAProxy's meaning (its management manual, section 3), and
 * ours in long form. Two commands stand in front of theirs: `gatehouse check …` and `gatehouse
 * explain …`. */
#ifndef GATEHOUSE_OPS_COMMAND_LINE_H
#define GATEHOUSE_OPS_COMMAND_LINE_H

#include <stdbool.h>
#include <stdio.h>

enum command_line_action {
    ACTION_RUN,
    ACTION_CHECK,   /* -c */
    ACTION_VERSION, /* -v */
    ACTION_BUILT,   /* -vv */
    ACTION_HELP,
    ACTION_CONDITION, /* -cc */
    ACTION_DUMP_KEYWORDS,
    ACTION_DUMP_ABSENT,
    ACTION_DUMP_MANUAL,
    ACTION_COMPAT,  /* check --compat */
    ACTION_EXPLAIN, /* explain */
};

/* The request that `explain` is asked about. */
struct explain_options {
    const char *url;     /* NULL: not given */
    const char *method;  /* NULL: GET, or POST with a body */
    const char **fields; /* "name: value" */
    unsigned n_fields;
    const char *src, *body, *frontend; /* NULL: not given */
    bool json;
};

struct command_line {
    enum command_line_action action;
    const char **files;
    unsigned n_files;
    const char *condition;
    const char *pidfile, *directory, *local_peer;
    bool verbose, quiet, daemon, debug, foreground;
    bool master_worker, notify_ready; /* -W, -Ws */
    bool warnings_are_errors;         /* -dW */
    bool diagnostics;                 /* -dD */
    bool ignore_unresolved;           /* -dr */
    bool no_splice, no_reuseport;     /* -dS, -dR */
    bool dump_libraries;              /* -dL */
    const char *dump_classes;         /* -dK: "cfg", "all", "help", "smp,cnv"; NULL: not given */
    unsigned maxconn;                 /* -n; 0: not given */
    unsigned proxy_maxconn, memory_mb;
    int *old_pids; /* -sf, -st */
    unsigned n_old_pids;
    bool old_terminate; /* -st */
    struct explain_options explain;
};

/* False: what is wrong was printed to stderr; exit 1. */
bool command_line_parse(struct command_line *o, int argc, char **argv);
void command_line_release(struct command_line *o);

void command_line_usage(FILE *out);

#endif
