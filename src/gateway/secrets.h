/* SPDX-License-Identifier: Apache-2.0 */
/* What must not stand in a log: which names of fields, cookies and parameters hold secrets, and
 * which fetches give them. */
#ifndef GATEHOUSE_GATEWAY_SECRETS_H
#define GATEHOUSE_GATEWAY_SECRETS_H

#include "policy/expr.h"

/* Is a field or parameter of that name (in any case) one whose value is a secret: `authorization`,
 * `cookie`, and all that have `password`, `token`, `api-key` or their like in their name? */
bool secret_name(struct slice name);

/* Does the expression's fetch give the value of one? */
bool secret_expr(const struct expr *e);

/* Does the text contain the value of a secret field of that request? */
bool secret_inside(const struct http_msg *req, struct slice text);

/* The target, or a query alone, with `***` in place of the values of secret parameters; in the
 * arena, or as it was. */
struct slice secret_target(struct arena *a, struct slice target);

#endif
