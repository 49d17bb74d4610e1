/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_address.h"
#include "upstream/keeper.h"
#include "upstream/server.h"

#include <stdio.h>

struct server_address server_address_now(const struct server_conf *conf)
{
    struct server *s = conf->state;
    struct server_address a = { conf->address, conf->port_from_client, conf->port_offset };

    if (!s || !atomic_load_explicit(&s->moved.is, memory_order_acquire)) return a;
    pthread_mutex_lock(&s->st.report_lock);
    a = s->moved.to;
    pthread_mutex_unlock(&s->st.report_lock);
    return a;
}

const char *server_address_text(const struct server_address *a, char buf[SERVER_ADDRESS_MAX])
{
    const struct sockaddr *sa = &a->address.sa;
    char host[64];
    int port = a->port_from_client ? a->port_offset : address_port(sa);

    if (sa->sa_family == AF_UNIX)
        snprintf(buf, SERVER_ADDRESS_MAX, "unix");
    else
        snprintf(buf, SERVER_ADDRESS_MAX, sa->sa_family == AF_INET6 ? "[%s]:%d" : "%s:%d",
                 address_text(sa, host), port);
    return buf;
}

void server_move(struct server *s, const struct server_address *to)
{
    pthread_mutex_lock(&s->st.report_lock);
    s->moved.to = *to;
    pthread_mutex_unlock(&s->st.report_lock);
    atomic_store_explicit(&s->moved.is, true, memory_order_release);
    server_close_idle(s);
}

void server_move_back(struct server *s)
{
    if (!atomic_exchange(&s->moved.is, false)) return;
    server_close_idle(s);
}
