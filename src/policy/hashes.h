/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of bytes into 32 bits that HAProxy has, for converters and for choosing servers: the
 * results must be the same wherever several gateways share the work. None is for security. */
#ifndef GATEHOUSE_POLICY_HASHES_H
#define GATEHOUSE_POLICY_HASHES_H

#include "base/slice.h"

/* Bernstein's h * 33 + c, from 5381. */
uint32_t hash_djb2(struct slice s);

/* The sdbm library's h * 65599 + c. */
uint32_t hash_sdbm(struct slice s);

/* HAProxy's own. */
uint32_t hash_wt6(struct slice s);

/* Of Ethernet and gzip (ISO-HDLC). */
uint32_t hash_crc32(struct slice s);

/* Castagnoli's: RFC 4960, appendix B. */
uint32_t hash_crc32c(struct slice s);

/* Spreads a hash over all 32 bits: Jenkins' integer hash, times a prime near 3/4 of the range. */
uint32_t hash_avalanche(uint32_t h);

#endif
