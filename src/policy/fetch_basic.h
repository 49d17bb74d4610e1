/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches that need nothing but the context: constants, variables, time, chance, the process. */
#ifndef GATEHOUSE_POLICY_FETCH_BASIC_H
#define GATEHOUSE_POLICY_FETCH_BASIC_H

#include "policy/expr.h"

extern const struct fetch_table basic_fetches;

#endif
