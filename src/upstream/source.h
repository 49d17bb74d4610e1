/* SPDX-License-Identifier: Apache-2.0 */
/* From which address connections to servers are made: `source` of a backend and of a server. */
#ifndef GATEHOUSE_UPSTREAM_SOURCE_H
#define GATEHOUSE_UPSTREAM_SOURCE_H

#include "lang/keyword.h"
#include "net/address.h"

struct source_address {
    bool given;
    bool has_address; /* false: any */
    union address address;
    const char *interface; /* NULL: any */
};

/* Reads "<address>[:<port>] [interface <name>]". False: an error was reported. */
bool source_address_parse(struct cfg *cfg, struct words *w, struct source_address *out);

#endif
