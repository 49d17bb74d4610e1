/* SPDX-License-Identifier: Apache-2.0 */
/* Names of header fields, as a configuration writes them: tokens (RFC 9110, 5.1), for what is sent
 * with any other name is no message of HTTP. HAProxy takes whatever is written. */
#ifndef GATEHOUSE_POLICY_FIELD_NAME_H
#define GATEHOUSE_POLICY_FIELD_NAME_H

#include "policy/policy_cfg.h"

/* The name that a word is, in lower case as messages have it, in the configuration's arena. False:
 * it is none, which was reported at the byte that is wrong; *out is as it was then. */
bool field_name_of(struct policy_cfg *pc, const struct word *word, struct slice *out);

/* The same of the next word. */
bool words_field_name(struct cfg *cfg, struct words *w, struct slice *out);

#endif
