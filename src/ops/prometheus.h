/* SPDX-License-Identifier: Apache-2.0 */
/* `http-request use-service prometheus-exporter`: what the gateway counts, in Prometheus' text
 * format 0.0.4. First HAProxy 2.6's metrics, by its names (haproxy_…), then ours (gatehouse_…); for
 * each metric its help, its type and the values of all that has it. */
#ifndef GATEHOUSE_OPS_PROMETHEUS_H
#define GATEHOUSE_OPS_PROMETHEUS_H

#include "gateway/service.h"

extern const struct http_service prometheus_service;

#endif
