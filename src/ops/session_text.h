/* SPDX-License-Identifier: Apache-2.0 */
/* How `show sess` tells a request that is under way: HAProxy's form, a line of `key=value`, or with
 * all details some lines. What HAProxy tells of its inner workings has a place here only where
 * Gatehouse has something like it: `ts` is the step that the request is at, `f` what it waits for.
 * A worker formats its own requests.
 *
 * Management manual: "show sess". */
#ifndef GATEHOUSE_OPS_SESSION_TEXT_H
#define GATEHOUSE_OPS_SESSION_TEXT_H

#include "gateway/request.h"
#include "ops/api_text.h"

void session_text_line(struct text *t, const struct request *r);
void session_text_all(struct text *t, const struct request *r);

#endif
