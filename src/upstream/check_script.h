/* SPDX-License-Identifier: Apache-2.0 */
/* What a health check does, as the configuration says it: steps that are carried out one after
 * another. Part of a snapshot. Manual: "option httpchk", "option tcp-check", "http-check …",
 * "tcp-check …".
 *
 * While a section is read its rules are collected (check_rules); when all have been read, they
 * become a script in which nothing is left unsaid: it begins to connect, what is sent is whole, and
 * an HTTP script ends with an expectation. */
#ifndef GATEHOUSE_UPSTREAM_CHECK_SCRIPT_H
#define GATEHOUSE_UPSTREAM_CHECK_SCRIPT_H

#include "net/address.h"
#include "policy/format.h"
#include "policy/rule.h"
#include "upstream/check_expect.h"

struct backend_conf;
struct cfg;
struct proxy_conf;
struct server_conf;
struct section;

enum check_kind {
    CHECK_CONNECT_ONLY, /* no option says more */
    CHECK_TCP,          /* option tcp-check */
    CHECK_HTTP,         /* option httpchk */
};

enum check_step_kind { STEP_CONNECT, STEP_SEND, STEP_EXPECT, STEP_VAR, STEP_COMMENT };

struct check_connect {
    const struct expr *port_expr; /* NULL: */
    uint16_t port;                /* 0: the check's, or the server's */
    bool has_address, linger;
    union address address;
};

/* A field of a request. */
struct check_field {
    struct check_field *next;
    struct slice name; /* lower case */
    const struct format *value;
};

/* Bytes, or a request. What is NULL was not said. */
struct check_send {
    struct slice bytes; /* TCP … */
    const struct format *format;
    bool hex;                                /* format's text is hexadecimal digits */
    struct slice method, uri, version, body; /* … and HTTP */
    const struct format *uri_format, *body_format;
    struct check_field *fields, **fields_end;
};

struct check_step {
    enum check_step_kind kind;
    unsigned number; /* as its owner counts, from 1; 0: nobody wrote it */
    struct check_step *next;
    struct slice comment; /* its own, or of the `comment` rule before it; NULL: none */
    union {
        struct check_connect connect;
        struct check_send send;
        struct check_expect expect;
        struct rule *var; /* set-var, set-var-fmt, unset-var */
    };
};

/* The rules of one kind, HTTP's or TCP's. */
struct check_rules {
    const struct section *owner; /* who wrote the first; another section begins anew */
    struct check_step *first, **end;
    struct place at; /* of the first */
    unsigned n;
    struct check_send request; /* what `option httpchk` says */
};

/* Member `checks` of struct backend_conf: what its section says. */
struct check_spec {
    enum check_kind kind;
    struct check_rules http, tcp;
    bool send_state, disable_on_404;
};

struct check_script {
    enum check_kind kind;
    const struct check_step *first;
    bool written; /* TCP: there were rules */
    bool send_state, disable_on_404;
    const char *node; /* for send_state */
};

/* The script of a backend, in the arena; never NULL. */
const struct check_script *check_script_make(const struct check_spec *spec, const char *node,
                                             struct arena *a);

/* Adds where a TCP script stands to the text of a report: " at step 2 of tcp-check (expect string
 * '+OK') comment: 'hello'". Nothing for HTTP, and for a mere connect without any option. */
void check_step_text(const struct check_script *script, const struct check_step *step,
                     char text[CHECK_TEXT]);

/* Adds a field to a request; the name is put into lower case. */
void check_add_field(struct check_send *send, struct arena *a, struct slice name,
                     const struct format *value);

/* Does every connect of the script say its port, so that the server's line need not? */
bool check_script_has_port(const struct check_script *script);

/* Warns of rules that nothing makes use of: their option was not given. */
void check_rules_used(struct cfg *cfg, const struct proxy_conf *p);

#endif
