/* SPDX-License-Identifier: Apache-2.0 */
/* The service "stats": what `stats …` of a proxy offers over HTTP. */
#ifndef GATEHOUSE_OPS_STATS_SERVICE_H
#define GATEHOUSE_OPS_STATS_SERVICE_H

#include "gateway/service.h"

extern const struct http_service stats_service;

#endif
