/* SPDX-License-Identifier: Apache-2.0 */
/* The types of arguments, as rows. args.c reads by them. */
#ifndef GATEHOUSE_POLICY_ARGS_PRIVATE_H
#define GATEHOUSE_POLICY_ARGS_PRIVATE_H

#include "policy/args.h"

struct arg_kind {
    const char *name;      /* "integer": in descriptions */
    const char *described; /* "an integer": in sentences */
    /* Reads text (a NUL follows) into *a; false, and perhaps *why, when it is not of this type. */
    bool (*read)(struct policy_cfg *pc, struct arg *a, struct slice text, const char **why);
    bool may_be_empty;
    bool late; /* a name that is resolved when all is read; str until then */
};

/* By enum arg_type. */
extern const struct arg_kind arg_kinds[ARG_OTHER_TABLE + 1];

#endif
