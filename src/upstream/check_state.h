/* SPDX-License-Identifier: Apache-2.0 */
/* What `http-check send-state` tells a server of how it is seen. Manual: "http-check send-state".
 */
#ifndef GATEHOUSE_UPSTREAM_CHECK_STATE_H
#define GATEHOUSE_UPSTREAM_CHECK_STATE_H

#include "upstream/backend.h"

/* "UP 1/3; address=127.0.0.1; port=80; name=b/s; node=gw; weight=1/2; scur=0/0; qcur=0" */
void check_state_text(const struct server_conf *s, const char *node, char *out, size_t room);

#endif
