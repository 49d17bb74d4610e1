/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of fetches and converters: what stands in their parentheses. A row says with a
 * struct arg_spec what it takes; the parser makes an array of struct arg that is as long as the
 * spec and ends with ARG_END; those not given have `given` false. HAProxy's manual, 2.2 and 7.3. */
#ifndef GATEHOUSE_POLICY_ARGS_H
#define GATEHOUSE_POLICY_ARGS_H

#include "lang/keyword.h"
#include "policy/vars.h"

enum arg_type {
    ARG_END,
    ARG_STR,
    ARG_SINT,
    ARG_TIME, /* sint: milliseconds, or what the row's unit says */
    ARG_SIZE,
    ARG_IPV4,
    ARG_IPV6,
    ARG_MASK4, /* "24" or "255.255.255.0" */
    ARG_MASK6,
    ARG_VAR_OR_SINT, /* a number, or the name of a variable that holds one */
    ARG_VAR_OR_STR,
    ARG_VAR,
    ARG_REGEX, /* str until the row's check calls arg_regex (whose flags only it knows) */
    ARG_ENV,   /* the name of an environment variable: becomes its value, or is not given */
    /* Names of things that may stand further down in the file; resolved when all is read. With no
     * argument the proxy that the expression stands in is meant. */
    ARG_FRONTEND,
    ARG_BACKEND,
    ARG_PROXY,  /* a frontend, or else a backend */
    ARG_SERVER, /* [backend/]server */
    ARG_TABLE,
    ARG_USERLIST,
    ARG_OTHER_TABLE, /* the name of a table; left out, none is meant */
};

enum { ARGS_MOST = 8 };

struct arg {
    uint8_t type;
    bool given;
    bool variable;  /* ARG_VAR_OR_…: var is set */
    struct word at; /* as written: for messages */
    union {
        int64_t sint;
        struct slice str;
        struct in_addr ipv4;
        struct in6_addr ipv6;
        struct var_name var;
        const void *thing; /* a struct proxy_conf, server_conf, table, userlist */
        const struct regex *regex;
    };
};

struct arg_spec {
    uint8_t needed;           /* so many must be given */
    uint8_t types[ARGS_MOST]; /* enum arg_type */
};

/* In rows: .args = ARGS(1, ARG_STR, ARG_SINT) */
#define ARGS(needed, ...) \
    {                     \
        needed,           \
        {                 \
            __VA_ARGS__   \
        }                 \
    }

struct policy_cfg;
struct regex;

/* Reads "(a,b)" at the beginning of *rest, which is a part of the word `at`, and steps behind it;
 * nothing is read when there is no parenthesis. Quotes and backslashes within are HAProxy's: each
 * argument may be quoted as a whole or in parts, so that it can hold commas and parentheses.
 * *out gets spec's arguments, in cfg's arena, ended by ARG_END. False: an error was reported,
 * naming `what` ("fetch 'hdr'"). */
bool args_parse(struct policy_cfg *pc, const struct word *at, struct slice *rest,
                const struct arg_spec *spec, const char *what, struct arg **out);

/* Resolves the names that were left for later (proxies, servers, tables, userlists, environment
 * variables), and when all were found calls what policy_later asked for; false: errors were
 * reported. Called once, when all sections have been read. */
bool args_resolve(struct policy_cfg *pc);

/* For names outside parentheses: the name of a thing, in a->str (empty: the proxy's own), becomes
 * the thing in a->thing when args_resolve is called; `what` is named in messages. a->type, a->at
 * and pc->scope are set; a lives as long. */
void arg_later(struct policy_cfg *pc, struct arg *a, const char *what);

/* For a row's check: reports at the argument; false. */
bool arg_error(struct policy_cfg *pc, const struct arg *a, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* For a row's check: compiles the ARG_REGEX, `flags` being REGEX_…; it lives as long as the
 * configuration. False: an error was reported. */
bool arg_regex(struct policy_cfg *pc, struct arg *a, unsigned flags);

/* For the manual and messages: "(<string>[,<integer>])". */
const char *args_describe(struct arena *a, const struct arg_spec *spec);

/* The number or string that an ARG_VAR_OR_… stands for; false when the variable has none. */
bool arg_number(struct context *c, const struct arg *a, int64_t *out);
bool arg_string(struct context *c, const struct arg *a, struct slice *out);

#endif
