/* SPDX-License-Identifier: Apache-2.0 */
/* What a `server` line says of its check besides `check`, `rise` and `fall`. Member `checking` of
 * struct server_conf. Manual: 5.2. */
#ifndef GATEHOUSE_UPSTREAM_CHECK_SETTINGS_H
#define GATEHOUSE_UPSTREAM_CHECK_SETTINGS_H

#include "net/address.h"

/* Which traffic is looked at for errors. */
enum observe_mode { OBSERVE_NONE, OBSERVE_LAYER4, OBSERVE_LAYER7 };

/* What is done when so many errors came in a row. */
enum on_error {
    ON_ERROR_FAIL_CHECK,
    ON_ERROR_FASTINTER,
    ON_ERROR_SUDDEN_DEATH,
    ON_ERROR_MARK_DOWN
};

struct check_settings {
    unsigned inter_ms, fast_ms, down_ms; /* between checks; fast, down 0: as inter */
    uint16_t port;                       /* 0: the address's, or the server's */
    bool has_address;
    union address address; /* its port is 0 where none was written */
    uint8_t observe, on_error;
    unsigned error_limit;
    bool observed; /* observe, and there is a check to be told (set when all was read) */
};

#endif
