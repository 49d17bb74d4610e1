/* SPDX-License-Identifier: Apache-2.0 */
/* What only some sessions need, made when it is first asked for: an idle connection is small. */
#ifndef GATEHOUSE_GATEWAY_SESSION_MORE_H
#define GATEHOUSE_GATEWAY_SESSION_MORE_H

#include "gateway/session.h"
#include "policy/context.h"

struct session_more {
    struct client_facts facts;
    struct list own; /* server connections that only this session uses (http-reuse never) */
};

/* What rules may know of the client's connection. `bind`: what it is served by now. */
struct client_facts *session_facts(struct session *s, const struct bind_conf *bind);

struct list *session_own_conns(struct session *s);

/* At the session's end: closes the connections and ends what it tracks at once, frees the rest when
 * the turn is over. */
void session_more_close(struct session *s);
void session_more_free(struct session *s);

#endif
