/* SPDX-License-Identifier: Apache-2.0 */
#include "net/socket_options.h"

#include "base/memory.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
    FAST_OPEN_QUEUE = 1024, /* connections whose handshake is not over yet */
    /* Seconds to wait for a client's first bytes. After them it is accepted all the same. */
    DEFER_ACCEPT_S = 60,
    /* What the system begins with, for those that have no "none" */
    KEEP_COUNT = 9,
    KEEP_IDLE_S = 7200,
    KEEP_INTERVAL_S = 75,
};

enum form { FLAG, NUMBER };

static const struct row {
    const char *name;
    size_t at;
    enum form form;
    int level, option;
    int on;  /* FLAG: the value that stands for yes */
    int off; /* what takes a number back; -1: nothing does */
} rows[] = {
#define AT(field) offsetof(struct socket_options, field)
    { "SO_RCVBUF", AT(rcvbuf), NUMBER, SOL_SOCKET, SO_RCVBUF, 0, -1 },
    { "SO_SNDBUF", AT(sndbuf), NUMBER, SOL_SOCKET, SO_SNDBUF, 0, -1 },
    { "TCP_MAXSEG", AT(mss), NUMBER, IPPROTO_TCP, TCP_MAXSEG, 0, 0 },
    { "TCP_USER_TIMEOUT", AT(user_timeout), NUMBER, IPPROTO_TCP, TCP_USER_TIMEOUT, 0, 0 },
    { "TCP_KEEPCNT", AT(keep_count), NUMBER, IPPROTO_TCP, TCP_KEEPCNT, 0, KEEP_COUNT },
    { "TCP_KEEPIDLE", AT(keep_idle), NUMBER, IPPROTO_TCP, TCP_KEEPIDLE, 0, KEEP_IDLE_S },
    { "TCP_KEEPINTVL", AT(keep_interval), NUMBER, IPPROTO_TCP, TCP_KEEPINTVL, 0, KEEP_INTERVAL_S },
    { "SO_KEEPALIVE", AT(keepalive), FLAG, SOL_SOCKET, SO_KEEPALIVE, 1, 0 },
    { "TCP_DEFER_ACCEPT", AT(defer_accept), FLAG, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_ACCEPT_S,
      0 },
    { "TCP_FASTOPEN", AT(fast_open), FLAG, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPEN_QUEUE, 0 },
    { "TCP_QUICKACK", AT(late_ack), FLAG, IPPROTO_TCP, TCP_QUICKACK, 0, 1 },
#undef AT
};

static int value_of(const struct row *r, const struct socket_options *o)
{
    const char *field = (const char *)o + r->at;

    return r->form == NUMBER ? *(const int *)field : *(const bool *)field;
}

/* What the option is set to for this value of the field. */
static int setting(const struct row *r, int value)
{
    if (!value) return r->off;
    return r->form == NUMBER ? value : r->on;
}

bool socket_options_same(const struct socket_options *a, const struct socket_options *b)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (value_of(&rows[i], a) != value_of(&rows[i], b)) return false;
    return true;
}

const char *socket_options_set(int fd, const struct socket_options *o,
                               const struct socket_options *was)
{
    static const struct socket_options none;

    if (!was) was = &none;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        int v = value_of(r, o), to = setting(r, v);

        if (v == value_of(r, was) || to < 0) continue;
        if (setsockopt(fd, r->level, r->option, &to, sizeof to) < 0) return r->name;
    }
    return NULL;
}
