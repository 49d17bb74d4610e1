/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEHOUSE_POLICY_EXPR_PRIVATE_H
#define GATEHOUSE_POLICY_EXPR_PRIVATE_H

#include "policy/expr.h"

struct expr_step {
    converter_fn *convert;
    const struct arg *args;
    const struct converter *row;
    uint8_t in; /* enum sample_type: row->in */
};

#endif
