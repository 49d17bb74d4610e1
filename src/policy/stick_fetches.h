/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches on stick tables as a whole; those on what is tracked are in track.h's company. */
#ifndef GATEHOUSE_POLICY_STICK_FETCHES_H
#define GATEHOUSE_POLICY_STICK_FETCHES_H

#include "policy/expr.h"

extern const struct fetch_table table_fetches;

#endif
