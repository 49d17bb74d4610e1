/* SPDX-License-Identifier: Apache-2.0 */
/* host[:port] as it stands in Host, in absolute targets and in CONNECT (RFC 3986 §3.2, RFC 9110
 * §4.2 and §7.2). Pure functions over borrowed bytes.
 *
 * Accepted: names of unreserved and sub-delimiter bytes and of %XX, IPv4 addresses (which are such
 * names), IPv6 addresses in brackets. Refused though the grammar has them: user information (RFC
 * 9110 §4.2.4 says why), a comma in a name (two hosts in one field look like that), zone and
 * future address literals, ports beyond 65535. */
#ifndef GATEHOUSE_HTTP_AUTHORITY_H
#define GATEHOUSE_HTTP_AUTHORITY_H

#include "base/slice.h"

enum { HTTP_NO_PORT = -1 };

struct http_authority {
    struct slice host; /* with its brackets; may be empty */
    int port;          /* HTTP_NO_PORT when there is none or nothing stands behind the colon */
};

/* The whole of s must be an authority; false, and *out undefined, when it is not. */
bool http_authority_parse(struct slice s, struct http_authority *out);

/* Both name the same place, an absent port being default_port. Hosts are compared without case and
 * otherwise byte for byte: "%61" is not "a". */
bool http_authority_same(const struct http_authority *a, const struct http_authority *b,
                         int default_port);

#endif
