/* SPDX-License-Identifier: Apache-2.0 */
/* The client side of a request, as the request sees it: where its body comes from, where its
 * answer goes. HTTP/1 connections implement it (gateway/h1_client.c); HTTP/2 streams and the
 * internal client will. A request never asks which one it talks to. */
#ifndef GATEHOUSE_GATEWAY_CLIENT_H
#define GATEHOUSE_GATEWAY_CLIENT_H

#include "base/clock.h"
#include "http/body.h"
#include "http/message.h"

struct client;
struct request;
struct session;

struct client_ops {
    const char *name; /* "HTTP/1", as traces show it */

    /* The request's body, and where the answer's goes. */
    struct body_source *(*body)(struct client *);
    struct body_sink *(*answer)(struct client *);

    /* Queues the head of an answer: a 1xx, or the final one, whose framing the client chooses so
     * that it can carry msg's body. It goes out with the first part of the body, or with flush.
     * `keep`: what the request would like; the client may know better. False: it does not fit. */
    bool (*reply)(struct client *, const struct http_msg *msg, bool keep);
    enum body_push (*flush)(struct client *);

    /* The client takes no more and gives no more: its connection (or stream) is broken. */
    bool (*gone)(const struct client *);

    /* It has ended its sending. */
    bool (*half_closed)(const struct client *);

    /* The request is waiting for the client until then (0: not at all). */
    void (*deadline)(struct client *, msec_t at);

    /* Run the request again in the next turn. */
    void (*again)(struct client *);

    /* From now on the body is raw bytes in both directions, until each side closes. */
    void (*tunnel)(struct client *);
    void (*shutdown)(struct client *); /* end of our sending, in a tunnel */

    /* So many bytes have come from the client and gone to it, heads and bodies as they were sent,
     * since the request before. */
    void (*bytes)(const struct client *, uint64_t *in, uint64_t *out);

    /* The request is over (called once). `whole`: the answer was sent as it should. Otherwise the
     * client must not take what it got for a whole answer. */
    void (*done)(struct client *, bool whole);
};

struct client {
    const struct client_ops *ops;
    struct request *request; /* under way; NULL */
};

#endif
