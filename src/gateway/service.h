/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP services: answers that a floor above the gateway makes, and the gateway sends. A service is
 * a row of the table that registry.c names (vocabulary.services); `http-request use-service NAME`
 * and `stats …` reach it by its name.
 *
 * It runs on the client's worker, within the request's step, and must not hold that worker up: it
 * answers from what can be read at once, and makes its body piece by piece, as fast as the client
 * takes it (http/body.h). What it keeps for a request stands in r->service_state: in the request's
 * arena, or given back by `release`.
 *
 * HEAD, keep-alive, HTTP/1.0 and the framing are the gateway's business, `http-after-response`
 * rules run as for every answer, and logs name the service in the place of a server. */
#ifndef GATEHOUSE_GATEWAY_SERVICE_H
#define GATEHOUSE_GATEWAY_SERVICE_H

#include "gateway/request.h"

enum {
    SERVICE_PIECE = 16 * 1024, /* bytes: about so many a service makes at once */
    SERVICE_FIELDS = 8,        /* that a head of service_head has room for, without growing */
};

enum service_result {
    SERVICE_ANSWERS, /* r->res and its body are ready */
    SERVICE_WAITS,   /* it is to be started again when something happened to the request */
    SERVICE_CLOSES,  /* there is nobody to be answered */
    SERVICE_FAILS,   /* it could not be done: 500, counted as internal error */
};

struct http_service {
    const char *name;  /* "prometheus-exporter" */
    const char *shown; /* "<PROMEX>": what logs show as the server */
    bool usable;       /* by use-service; else only by what knows it */
    const char *doc;
    /* Makes the answer with service_head and service_body, or with one of the gateway's own
     * (reply_make). Called again after SERVICE_WAITS. conf: what the caller has for it; NULL for
     * use-service. */
    enum service_result (*start)(struct request *r, const void *conf);
    /* The request is over: gives back what r->service_state holds. May be NULL. */
    void (*release)(struct request *r);
};

/* The service of that name in a table, which NULL ends; NULL. */
const struct http_service *http_service_find(const struct http_service *const *all,
                                             struct slice name);

/* Starts it for this request, or goes on where it waited. RULE_ANSWERED, RULE_WAIT, RULE_CLOSE or
 * RULE_ERROR. */
enum rule_result service_run(struct request *r, const struct http_service *s, const void *conf);

/* The request is over. */
void service_release(struct request *r);

/* ---- for services ---- */

/* Begins r->res, whose body comes in pieces; fields are added with http_msg_add. */
void service_head(struct request *r, unsigned status);

/* Where the answer's body is pulled from, after its head is made; nothing of it is where the
 * request was HEAD. The source lives as long as the request does. */
void service_body(struct request *r, struct body_source *source);

#endif
