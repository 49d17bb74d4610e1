/* SPDX-License-Identifier: Apache-2.0 */
/* The keywords of backends and servers. A section's data is its struct proxy_conf. */
#ifndef GATEHOUSE_UPSTREAM_KEYWORDS_H
#define GATEHOUSE_UPSTREAM_KEYWORDS_H

#include "lang/keyword.h"

extern const struct keyword_table backend_keywords, server_options, state_options, check_keywords,
    check_options;

extern const struct fetch_table proxy_fetches;

/* How a server's name is turned into an address (manual: "init-addr"); bits of init_addr, in the
 * order of the bytes, lowest first. */
enum init_addr { INIT_ADDR_END, INIT_ADDR_LAST, INIT_ADDR_LIBC, INIT_ADDR_NONE, INIT_ADDR_IP };

#endif
