/* SPDX-License-Identifier: Apache-2.0 */
/* Stickiness: clients that go back to the server that served them before, as a stick table has
 * noted it. HAProxy's manual: "stick match", "stick store-request", "stick store-response".
 *
 * `stick match` and `stick store-request` are read in one list, in the order of the file, when a
 * server is to be chosen; what is to be stored is kept until the server has answered. `stick
 * store-response` is another list, read then. */
#ifndef GATEHOUSE_GATEWAY_STICKINESS_H
#define GATEHOUSE_GATEWAY_STICKINESS_H

#include "gateway/rules.h"

/* A `stick …` line. */
struct stick_rule {
    const struct stick_rule *next;
    bool match, store; /* `stick on`: both */
    const struct expr *key;
    const struct condition *cond;
    struct arg table;  /* resolved: a struct stick_conf */
    struct slice text; /* the line's words behind "stick" */
    struct place at;
};

static inline const struct stick_conf *stick_rule_table(const struct stick_rule *s)
{
    return s->table.thing;
}

/* What a request will store when its server has answered; in its arena. */
struct stick_stores;

/* The backend's rules for the request: sets the server that it goes to, where one is remembered
 * that is up, unless it has one already. Once a request, in a backend that has such rules. */
void stickiness_ask(struct request *r);

/* The server has answered: notes it for what the request's and the answer's rules say. */
void stickiness_note(struct request *r);

#endif
