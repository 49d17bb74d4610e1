/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check_state.h"
#include "upstream/server_address.h"

#include <stdio.h>

/* "UP", or "UP 1/3" while it is on its way. */
static int put_health(const struct server_conf *s, char *out, size_t room)
{
    const struct server_probe *p = &s->state->st.check;
    unsigned health = server_health(p);
    bool up = health >= s->rise;
    const char *word = !up ? "DOWN" : server_op(&s->state->st) == SERVER_STOPPING ? "NOLB" : "UP";

    if (health == 0 || health == s->rise + s->fall - 1) return snprintf(out, room, "%s; ", word);
    return snprintf(out, room, "%s %u/%u; ", word, up ? health - s->rise + 1 : health,
                    up ? s->fall : s->rise);
}

static int put_address(const struct server_conf *s, char *out, size_t room)
{
    struct server_address at = server_address_now(s);
    char text[64];

    if (at.address.sa.sa_family == AF_UNIX) return snprintf(out, room, "address=unix; port=unix; ");
    return snprintf(out, room, "address=%s; port=%u; ", address_text(&at.address.sa, text),
                    address_port(&at.address.sa));
}

static unsigned all_sessions(const struct backend_conf *be)
{
    unsigned n = 0;

    for (unsigned i = 0; i < be->n_servers; i++) n += gauge_now(&be->servers[i]->state->sessions);
    return n;
}

void check_state_text(const struct server_conf *s, const char *node, char *out, size_t room)
{
    const struct backend_conf *be = s->backend;
    const struct server_state *st = &s->state->st;
    size_t n = (size_t)put_health(s, out, room);

    if (n < room) n += (size_t)put_address(s, out + n, room - n);
    if (n >= room) return;
    snprintf(out + n, room - n, "name=%s/%s; node=%s; weight=%u/%u; scur=%u/%u; qcur=%u",
             be->proxy->name, s->name, node, server_standing_of(st) & STANDING_WEIGHT,
             atomic_load_explicit(&be->proxy->state->st.weight, memory_order_relaxed),
             gauge_now(&s->state->sessions), all_sessions(be), server_waiting(s->state));
}
