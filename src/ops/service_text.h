/* SPDX-License-Identifier: Apache-2.0 */
/* A body that a service (gateway/service.h) writes piece by piece, as its client takes it. One
 * piece is in memory at a time. Part of what the service keeps for a request. */
#ifndef GATEHOUSE_OPS_SERVICE_TEXT_H
#define GATEHOUSE_OPS_SERVICE_TEXT_H

#include "gateway/service.h"
#include "ops/api_text.h"

struct service_text {
    struct body_source source;
    struct text text; /* the piece */
    bool ended;
    /* Adds a row, or so: some kilobytes at most. False: that was the last. */
    bool (*more)(struct service_text *t);
};

void service_text_init(struct service_text *t, bool (*more)(struct service_text *t));

/* The request is over; http_service.release calls it. */
void service_text_release(struct service_text *t);

#endif
