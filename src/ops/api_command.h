/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the Runtime API: rows of tables, which registry.c lists. `help`, the answer to an
 * unknown command, and the look-up are made from the rows. Management manual: section 9.3.
 *
 * A command runs on the control thread. A long answer comes in pieces: run() adds one piece to
 * call->out and returns API_MORE, and is called again once the client has read what is there. So a
 * client that does not read costs a piece and a buffer, however long the whole answer. */
#ifndef GATEHOUSE_OPS_API_COMMAND_H
#define GATEHOUSE_OPS_API_COMMAND_H

#include "ops/api_line.h"
#include "ops/api_text.h"

struct api;
struct api_call;

/* `level` of `stats socket`: what a client may do. */
enum api_level { API_USER, API_OPERATOR, API_ADMIN };

/* `severity-output`: whether messages begin with their severity, as in "[6]: " or "[info]: ". */
enum api_severity { API_SEVERITY_NONE, API_SEVERITY_NUMBER, API_SEVERITY_STRING };

extern const char *const api_level_names[], *const api_severity_names[]; /* end with NULL */

/* API_WAIT: nothing more can be said now. The command calls call->wake when there is something, and
 * is then called again; as it is, with call->interrupted, when the client sends anything, or ends
 * its sending: what it sent is dropped. */
enum api_progress {
    API_DONE,
    API_MORE,
    API_WAIT,
    API_WORK, /* as API_WAIT, but whatever the client sends waits for its turn: the answer is on its
                 way, from a worker */
};

struct api_command {
    const char *name; /* one or more words: "show stat" */
    const char *args; /* as `help` shows them: "[<name>]"; "" */
    const char *doc;  /* the same: "report counters for each proxy and server" */
    enum api_level level;
    enum api_progress (*run)(struct api_call *);
    bool always; /* every list of commands ends with it */
};

struct api_commands {
    const struct api_command *rows;
    unsigned n;
};

#define API_COMMANDS(array)                       \
    {                                             \
        (array), sizeof(array) / sizeof(*(array)) \
    }

/* What a client has set for itself. */
struct api_session {
    bool interactive; /* prompt */
    bool quit;
    uint8_t level, severity;
    unsigned timeout_ms; /* set timeout cli; 0: what `stats timeout` says */
};

/* One command being carried out. */
struct api_call {
    struct api *api;
    struct api_session *session;
    const struct api_command *command; /* NULL: no command of that name */
    const char *const *words;          /* all of the command */
    unsigned n_words;
    const char *const *args; /* what stands behind its name */
    unsigned n_args;
    struct slice payload;
    struct text *out;
    void *state; /* what run() keeps between two pieces; NULL at first, freed with free() */
    void (*wake)(struct api_call *); /* the client's */
    bool interrupted;
    void (*release)(struct api_call *); /* if freeing state is not enough; may be NULL */
};

/* The tables of this folder. */
extern const struct api_commands api_basic_commands, stats_commands;

/* Looks for the command that the words name; the longest name wins. Sets command and args. */
void api_find(struct api_call *c);

/* Begins or goes on; an unknown or forbidden command is answered here. */
enum api_progress api_run(struct api_call *c);

/* The call is over: frees its state. Harmless when it is over already. */
void api_call_end(struct api_call *c);

/* A message (a whole line, with its line end) of that severity (LOG_ERR, LOG_INFO, …). API_DONE. */
enum api_progress api_say(struct api_call *c, int severity, const char *text);

#endif
