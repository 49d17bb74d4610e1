/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy's last invalid message looked like: for `show errors` of the Runtime API. A frontend
 * keeps its last invalid request, a backend its last invalid answer, each with the bytes that were
 * there when it was refused, at most BAD_BYTES_MOST of them. Kept on the runtime object, so a
 * reload does not lose it.
 *
 * Management manual: "show errors". */
#ifndef GATEHOUSE_UPSTREAM_BAD_MESSAGE_H
#define GATEHOUSE_UPSTREAM_BAD_MESSAGE_H

#include "base/clock.h"
#include "net/address.h"
#include "upstream/proxy.h"

enum { BAD_BYTES_MOST = 16384 };

struct bad_message {
    atomic_uint refs;
    bool response;
    usec_t when;        /* since 1970 */
    uint64_t event;     /* 0, 1, …: among those of the process */
    const char *reason; /* constant */
    size_t at;          /* of the first byte that is wrong */
    size_t room;        /* of the buffer that it was in */
    union address from; /* the client */
    unsigned frontend_id, backend_id, server_id;
    char *frontend, *backend, *server; /* names, its own; NULL: none yet */
    size_t n;
    char bytes[];
};

/* A new one with one reference, to be filled in and kept. */
struct bad_message *bad_message_new(struct slice bytes);

/* NULL is harmless. */
void bad_message_unref(struct bad_message *m);

/* Any thread: m takes the place of what p has of its kind; takes the reference over. */
void bad_message_keep(struct proxy *p, struct bad_message *m);

/* Any thread: the last one, with one more reference; NULL. */
struct bad_message *bad_message_last(struct proxy *p, bool response);

#endif
