/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets in parts (RFC 9112 §3.2), and what a rule may change of a request that has them:
 * target, authority, Host and path of a message always tell the same.
 *
 * Parts are slices of what they were taken from. Nothing here checks that the bytes may stand in a
 * target: the parser did, and the writer escapes what can't. */
#ifndef GATEHOUSE_HTTP_TARGET_H
#define GATEHOUSE_HTTP_TARGET_H

#include "http/message.h"

/* A part that is not there has a NULL pointer. */
struct http_target {
    struct slice scheme;    /* "http", without "://" */
    struct slice authority; /* without user information; may be empty */
    struct slice path;      /* and query: from the first '/' or '?' on */
};

/* The parts of any form: "/path?query", "scheme://authority/path?query", "authority" (which has no
 * path, whatever stands in it), "*" (which has no parts). */
void http_target_split(struct slice target, struct http_target *out);

/* A path and its query: where the '?' stands, or the length when there is none. */
size_t http_path_length(struct slice path);

/* Puts another target in the place of the request's; its bytes must live as long as the arena.
 * Where the new one has an authority, Host follows it; where it has none, Host stays. False, and
 * nothing changed, for an empty target or authority, and for one of CONNECT that is not
 * host:port. */
bool http_msg_set_target(struct http_msg *m, struct arena *a, struct slice target);

/* Puts another path (`query`: with the query) in the place of the request's. A target without a
 * path ("*", or an authority alone) is replaced as a whole. Behind an authority a path without a
 * slash gets one. False, and nothing changed, when nothing of the target would be left, when it
 * would name another authority, for CONNECT, or when it would be longer than `most`. */
bool http_msg_set_path(struct http_msg *m, struct arena *a, struct slice path, bool query,
                       size_t most);

/* Puts another query (without its '?') in the place of the request's. A '?' that is there stays;
 * where there is none, one is added if the query is not empty. */
bool http_msg_set_query(struct http_msg *m, struct arena *a, struct slice query, size_t most);

/* What a Host field that a rule sets means for the target and the authority of the request. False,
 * and nothing changed, when the value can't be an authority, or is empty where the target has one.
 */
bool http_msg_set_authority(struct http_msg *m, struct arena *a, struct slice host);

/* Another method. False, and nothing changed, when it is no token, when it would make a tunnel or
 * no longer make one (CONNECT), or a TRACE with a body. What is sent to the client goes by
 * http_msg_asked. */
bool http_msg_set_method(struct http_msg *m, struct slice name);

#endif
