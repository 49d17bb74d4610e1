/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a configuration, at start and again on a reload. Control thread. */
#ifndef GATEHOUSE_OPS_LOADING_H
#define GATEHOUSE_OPS_LOADING_H

#include "gateway/build.h"
#include "ops/command_line.h"

struct loading {
    const struct command_line *options;
    const struct vocabulary *words;
    struct engine *engine;
    const struct snapshot *before;         /* a reload: the one in use */
    bool open;                             /* open what it listens on and logs to: not for -c */
    bool (*address_taken)(struct build *); /* see struct build */
    void *user;
    struct compat *compat; /* check --compat: notes what is missing, and says nothing; NULL … */
    void (*compat_print)(const struct loading *); /* … before what was noted goes */

    /* What came of it */
    unsigned n_listeners; /* addresses that it binds */
    unsigned n_warnings, n_errors;
    bool quiet;
    char *errors; /* their first lines, each with its line end; NULL: none. The caller's to free */
};

/* Reads, checks and compiles the files. Messages go to stderr. NULL when there was an error; what
 * is in use stays in use. */
struct snapshot *load_configuration(struct loading *l);

/* -cc: 0 when the condition is true, 1 when it is false, 2 when it is none (which is printed). */
int evaluate_condition(const struct command_line *o, const struct vocabulary *words);

/* What `feature(NAME)` knows: the list of -vv. */
bool feature_built(void *user, struct slice name);
void features_print(FILE *out);

#endif
