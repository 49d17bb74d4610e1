/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are looked at before they go on: what has come of one is pulled into a buffer of its
 * own, where rules see it, and later given to whoever was to have it, in front of the rest. The
 * message's framing does not change by that.
 *
 * Manual: "http-request wait-for-body", "option http-buffer-request". */
#ifndef GATEHOUSE_GATEWAY_HELD_BODY_H
#define GATEHOUSE_GATEWAY_HELD_BODY_H

#include "gateway/request.h"
#include "policy/rule.h"

/* How far a body has come. */
enum body_wait {
    BODY_WAITING,
    BODY_THERE, /* as much as was asked for, or all, or what a buffer takes */
    BODY_LATE,
    BODY_LEFT,  /* its sender went away before the end */
    BODY_WRONG, /* its framing is broken */
    BODY_LARGE, /* more than max-body-size allows */
};

/* Waits for `at_least` bytes of the body (0: for all of it), at most `limit` milliseconds (0: as
 * long as its sender may be silent). To be called again whenever something happened. */
enum body_wait request_await_body(struct request *r, bool response, uint64_t at_least,
                                  unsigned limit);

/* Answers a request whose body, or whose answer's, did not come as it should: RULE_ANSWERED,
 * RULE_CLOSE when nobody is there to be answered, or RULE_NEXT when it goes on all the same. */
enum rule_result request_body_failed(struct request *r, bool response, enum body_wait why);

/* `option http-buffer-request`: waits for the body; `next` when it is there. */
enum step request_buffer(struct request *r, const struct proxy_conf *p, enum step next);

/* Shows in the context what has come of a body by now, without waiting; context.see_body. */
void request_see_body(struct context *c, bool response);

/* The same for what was held before there was a context. */
void request_show_bodies(struct request *r);

/* Where the body is to be pulled from: what is held, then the rest from `from`. */
struct body_source *request_held_source(struct request *r, bool response, struct body_source *from);

/* Takes what has come of a request's body that nobody will have, so that the client's connection
 * may be kept if that is all. */
void request_drop_body(struct request *r);

/* Gives the buffers back. */
void request_held_release(struct request *r);

#endif
