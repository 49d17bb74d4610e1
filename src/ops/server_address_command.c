/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/server_address_command.h"
#include "ops/api.h"
#include "upstream/backend.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <syslog.h>

static enum api_progress fail(struct api_call *c, const char *text)
{
    return api_say(c, LOG_ERR, text);
}

/* What follows a fourth word "port": a text; NULL when it is not there. */
static const char *port_word(const struct api_call *c)
{
    if (c->n_args < 4 || strcmp(c->args[3], "port") != 0) return NULL;
    return c->n_args > 4 ? c->args[4] : "";
}

/* A literal address, in brackets or not; "*": any. */
static bool read_host(const char *word, union address *out)
{
    struct slice rest = slice_str(word);
    char text[64];

    *out = (union address){ .sa = { .sa_family = AF_INET } };
    if (slice_is(rest, "*")) return true;
    if (rest.n && rest.p[0] == '[' && rest.p[rest.n - 1] == ']')
        rest = slice_of(rest.p + 1, rest.n - 2);
    if (rest.n >= sizeof text) return false;
    *slice_put(text, rest) = '\0';
    if (inet_pton(AF_INET, text, &out->in.sin_addr) == 1) return true;
    out->sa.sa_family = AF_INET6;
    return inet_pton(AF_INET6, text, &out->in6.sin6_addr) == 1;
}

static bool same_host(const union address *a, const union address *b)
{
    if (a->sa.sa_family != b->sa.sa_family) return false;
    if (a->sa.sa_family == AF_INET) return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
}

/* ---- addr IP [port [+|-]PORT] ---- */

static const char updater[] = " by 'stats socket command'\n";

/* "+" and "-" make a port map: so much more than the client's port. */
static void add_port(struct text *t, const struct server_address *a)
{
    if (a->port_from_client)
        text_printf(t, "'%+d'", a->port_offset);
    else
        text_printf(t, "'%d'", address_port(&a->address.sa));
}

static bool same_port(const struct server_address *a, const struct server_address *b)
{
    if (a->port_from_client != b->port_from_client) return false;
    return a->port_from_client ? a->port_offset == b->port_offset
                               : address_port(&a->address.sa) == address_port(&b->address.sa);
}

static void say_host(struct text *t, const char *was, const char *is)
{
    text_printf(t, "IP changed from '%s' to '%s'", was, is);
}

/* False: it can't be, which was said. */
static bool take_port(struct text *t, const struct server_conf *s, const char *word,
                      const struct server_address *was, struct server_address *to)
{
    bool map = *word == '+' || *word == '-';
    char *end;
    long n = strtol(word, &end, 10);

    if (end == word) {
        text_printf(t, ", problem converting port '%s' to an int", word);
        return false;
    }
    if (map && !s->checking.port && !s->state->st.check_to.port) {
        text_str(t, ", can't change <port> to port map because it is incompatible with current "
                    "health check port configuration (use 'port' statement from the 'server' "
                    "directive.");
        return false;
    }
    to->port_from_client = map;
    to->port_offset = map ? (int)n : 0;
    address_set_port(&to->address.sa, map ? 0 : (uint16_t)n);
    if (same_port(was, to)) {
        text_str(t, ", no need to change the port");
    } else {
        text_str(t, ", port changed from ");
        add_port(t, was);
        text_str(t, " to ");
        add_port(t, to);
    }
    return true;
}

static void move(struct api_call *c, const struct server_conf *s, const char *word,
                 const union address *host)
{
    struct server_address was = server_address_now(s), to;
    const char *port = port_word(c);
    bool known = was.address.sa.sa_family != AF_UNSPEC;
    char text[64];
    bool moved = !known || !same_host(&was.address, host);

    if (!known) { /* all that is known is the port */
        was.address.sa.sa_family = AF_INET;
        address_set_port(&was.address.sa, s->spec.port);
    }
    to = was;
    if (moved) {
        say_host(c->out, known ? address_text(&was.address.sa, text) : "-", word);
        to.address = *host;
        address_set_port(&to.address.sa, address_port(&was.address.sa));
    } else
        text_str(c->out, "no need to change the addr");
    if (port && !take_port(c->out, s, port, &was, &to)) to = was;
    if (moved || !same_port(&was, &to)) server_move(s->state, &to);
    server_admin_clear(s->state, ADMIN_UNRESOLVED);
}

enum api_progress api_set_server_address(struct api_call *c, const struct server_conf *s,
                                         const char *word)
{
    struct server_address was = server_address_now(s);
    union address host;

    if (!word)
        return fail(c, "set server <b>/<s> addr requires an address and optionally a port.\n");
    if (!read_host(word, &host)) {
        text_printf(c->out, "Invalid addr '%s'%s", word, updater);
        return API_DONE;
    }
    if (was.address.sa.sa_family == AF_UNIX)
        text_str(c->out, "Update for the current server address family is only supported through "
                         "configuration file");
    else
        move(c, s, word, &host);
    text_str(c->out, updater);
    return API_DONE;
}

/* ---- check-addr, check-port ---- */

static bool is_checked(const struct server_conf *s)
{
    return atomic_load_explicit(&s->state->st.check.flags, memory_order_relaxed) & PROBE_ENABLED;
}

/* NULL, or what is wrong with it. */
static const char *read_port(const char *word, uint16_t *out)
{
    char *end;
    long n = strtol(word, &end, 10);

    if (end == word || *end || n > INT_MAX || n < INT_MIN) return "provided port is not an integer";
    if (n < 0 || n > UINT16_MAX) return "provided port is invalid";
    *out = (uint16_t)n;
    return NULL;
}

enum api_progress api_set_check_port(struct api_call *c, const struct server_conf *s,
                                     const char *word)
{
    const char *wrong;
    uint16_t port;

    if (!word) return fail(c, "set server <b>/<s> check-port requires a port.\n");
    if (!is_checked(s)) return fail(c, "health checks are not enabled on this server");
    wrong = read_port(word, &port);
    if (wrong) return fail(c, wrong);
    s->state->st.check_to.port = port;
    return API_DONE;
}

enum api_progress api_set_check_address(struct api_call *c, const struct server_conf *s,
                                        const char *word)
{
    struct check_target *to = &s->state->st.check_to;
    const char *port = port_word(c), *wrong = NULL;
    union address host;
    uint16_t n = to->port;
    char text[256];

    if (!word)
        return fail(c, "set server <b>/<s> check-addr requires an address and optionally a "
                       "port.\n");
    if (!is_checked(s)) return fail(c, "health checks are not enabled on this server");
    if (!read_host(word, &host)) {
        snprintf(text, sizeof text, "invalid addr '%s'", word);
        return fail(c, text);
    }
    if (port) wrong = read_port(port, &n);
    if (wrong) return fail(c, wrong);
    *to = (struct check_target){ .has_address = true, .port = n, .address = host };
    return API_DONE;
}
