/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a configuration, at start and again on a reload. Control thread. */
#ifndef GATEHOUSE_OPS_LOADING_H
#define GATEHOUSE_OPS_LOADING_H

#include "gateway/build.h"
#include "ops/command_line.h"

/* Reads, checks and compiles the files. `before`: the snapshot in use, or NULL at start. `open`:
 * also open the listeners (not for -c). Messages go to stderr. NULL when there was an error; what
 * was in use stays in use. *listeners: how many addresses it binds. */
struct snapshot *load_configuration(const struct command_line *o, const struct vocabulary *words,
                                    struct engine *e, const struct snapshot *before, bool open,
                                    unsigned *listeners);

/* What `feature(NAME)` knows: the list of -vv. */
bool feature_built(void *user, struct slice name);
void features_print(FILE *out);

#endif
