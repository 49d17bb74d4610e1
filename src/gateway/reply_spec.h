/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that a configuration describes: what stands behind `http-request return`, `deny`,
 * `tarpit` and `http-error`, and the files of `errorfile`. Compiled once; part of a snapshot.
 * Manual: "http-request return". */
#ifndef GATEHOUSE_GATEWAY_REPLY_SPEC_H
#define GATEHOUSE_GATEWAY_REPLY_SPEC_H

#include "gateway/build.h"
#include "policy/rule.h"

struct request;

/* The statuses that `errorfile` knows, HAProxy's and ours: an index, or -1. */
enum { ERROR_STATUSES = 24 };
int error_index(unsigned status);

/* A whole answer from a file, checked when it was read. */
struct reply_file {
    struct http_msg msg;
    struct slice body;
    bool silent; /* the file is empty: nothing is sent, the connection is closed */
};

struct reply_field {
    struct slice name;
    const struct format *value;
    const struct reply_field *next;
};

enum reply_kind {
    REPLY_EMPTY,  /* no body */
    REPLY_ERRORS, /* the message that the proxy has for the status */
    REPLY_FILE,   /* file */
    REPLY_TEXT,   /* text */
    REPLY_FORMAT, /* format, evaluated for each answer */
};

struct reply_spec {
    uint16_t status;
    enum reply_kind kind;
    const struct reply_file *file;
    struct slice text;
    const struct format *format;
    struct slice content_type; /* empty: none */
    const struct reply_field *fields;
    const struct error_set *set; /* errorfiles NAME: looked at before the proxies' own; NULL */
};

/* A reply_spec whose http-errors section is to be found. */
struct reply_pending {
    struct reply_pending *next;
    struct reply_spec *spec;
    const struct word *section_at;
};

/* The messages of a proxy or an http-errors section, by error_index; NULL: not said here. */
struct error_set {
    const struct reply_spec *by_status[ERROR_STATUSES];
    /* While sections are read; of several lines for a status the last one counts. */
    const struct error_import *imports; /* the last first */
    unsigned n_imports;                 /* the defaults' are among them */
    unsigned n_before[ERROR_STATUSES];  /* how many stood before the line that by_status is of */
};

/* What `errorfiles` takes over from a section http-errors. */
struct error_import {
    struct error_import *next;         /* build->imports */
    const struct error_import *before; /* of its set, or of the defaults' */
    const struct word *name_at;
    bool all;
    uint32_t wanted;              /* bits by error_index */
    const struct error_set *from; /* when all is read; NULL: an error was reported */
};
bool error_sets_resolve(struct build *b, struct cfg *cfg);

/* What reply_parse allows. A set. */
enum {
    REPLY_STATUS_FIRST = 1 << 0, /* http-error: `status` must stand there */
    REPLY_DENY = 1 << 1,         /* "deny_status", and nothing else said means REPLY_ERRORS */
};

/* Reads the words of an answer up to `if`, `unless` or the line's end, those that all rules have
 * (`name`, `report`) among them when it is a rule's; r NULL: it is not. *out's status is `status`
 * unless another is written; out must last as long as the snapshot. False: an error was reported.
 */
bool reply_parse(struct policy_cfg *pc, struct rule *r, struct words *w, unsigned status,
                 unsigned flags, struct reply_spec *out);

/* When all sections are read: finds those that `errorfiles` named. False: errors were reported. */
bool reply_resolve(struct build *b, struct cfg *cfg);

/* Reads a whole answer from a file, which is sent as it is, its status too, as HAProxy does. NULL:
 * an error was reported at `at`. */
const struct reply_file *reply_file_read(struct cfg *cfg, const struct word *at, const char *path);

/* Makes the request's answer of it: r->res and r->own. False: it could not be made (too large). */
bool reply_make(struct request *r, const struct reply_spec *spec);

/* Asks for a name and a password: 401 with that realm. RULE_ANSWERED or RULE_CLOSE. */
enum rule_result reply_auth(struct request *r, struct slice realm);

/* The realm of a rule `auth` that names none. */
void reply_auth_default(struct arena *a, struct rule *rule, struct slice realm);

/* What the request's proxies say is to be answered for that status: the backend's, then the
 * frontend's; NULL: nobody says anything. */
const struct reply_spec *reply_of_proxies(const struct request *r, unsigned status);

#endif
