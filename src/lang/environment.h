/* SPDX-License-Identifier: Apache-2.0 */
/* The environment variables that one configuration sees: those of the process, under what the
 * configuration (`setenv`, `presetenv`, `unsetenv`, `resetenv`) and main (`HAPROXY_*`) set. The
 * process's own environment is never written, so a reload starts from a clean one, and no other
 * thread can be reading it meanwhile. */
#ifndef GATEHOUSE_LANG_ENVIRONMENT_H
#define GATEHOUSE_LANG_ENVIRONMENT_H

#include "base/arena.h"
#include "base/hashmap.h"

struct environment {
    struct arena *arena;
    struct hashmap vars; /* name → value, or a mark for "unset" */
    bool reset;          /* the process's own are hidden */
};

/* Names and values are copied into a. */
void environment_init(struct environment *e, struct arena *a);
void environment_release(struct environment *e);

/* The value, or NULL when the variable does not exist. */
const char *environment_get(const struct environment *e, struct slice name);

void environment_set(struct environment *e, struct slice name, struct slice value);
void environment_unset(struct environment *e, struct slice name);

/* Forgets every variable but the n named (those of them that exist). */
void environment_reset(struct environment *e, const struct slice *keep, unsigned n);

/* All variables as "NAME=value", NULL at the end, in arena a: what a child process is given. */
char **environment_list(const struct environment *e, struct arena *a);

#endif
