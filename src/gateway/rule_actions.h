/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's own actions: those that answer, end or hold up a request, or touch its connection.
 * Each is a row of one of these tables. */
#ifndef GATEHOUSE_GATEWAY_RULE_ACTIONS_H
#define GATEHOUSE_GATEWAY_RULE_ACTIONS_H

#include "policy/rule.h"

extern const struct action_table answer_actions, redirect_actions, connection_actions,
    capture_actions, wait_actions, hint_actions, service_actions;

extern const struct fetch_table capture_fetches, connection_fetches;
extern const struct converter_table capture_converters, name_converters;

#endif
