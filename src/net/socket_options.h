/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration may ask of a TCP socket beyond its address. Connections that are accepted
 * have the options of their listener, which saves each of them the calls. */
#ifndef GATEHOUSE_NET_SOCKET_OPTIONS_H
#define GATEHOUSE_NET_SOCKET_OPTIONS_H

#include <stdbool.h>

/* All zero: as the system has it. */
struct socket_options {
    int rcvbuf, sndbuf;                /* SO_RCVBUF, SO_SNDBUF, bytes */
    unsigned mss;                      /* TCP_MAXSEG */
    unsigned user_timeout;             /* TCP_USER_TIMEOUT, milliseconds */
    unsigned keep_count;               /* TCP_KEEPCNT */
    unsigned keep_idle, keep_interval; /* TCP_KEEPIDLE, TCP_KEEPINTVL, seconds */
    bool keepalive;                    /* SO_KEEPALIVE */
    bool defer_accept;                 /* TCP_DEFER_ACCEPT: listeners */
    bool fast_open;                    /* TCP_FASTOPEN: listeners */
    bool late_ack;                     /* no TCP_QUICKACK: connects */
};

bool socket_options_same(const struct socket_options *a, const struct socket_options *b);

/* Sets those that differ from `was`, which are the socket's (NULL: a new one's). What has become
 * zero is given back to the system, but for buffer sizes, where that is not possible. NULL, or the
 * name of the first option that the system refused, with errno. */
const char *socket_options_set(int fd, const struct socket_options *o,
                               const struct socket_options *was);

#endif
