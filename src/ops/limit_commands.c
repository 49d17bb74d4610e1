/* SPDX-License-Identifier: Apache-2.0 */
/* set maxconn global, set rate-limit, set timeout cli. Management manual: section 9.3. */
#include "ops/api.h"
#include "ops/session_commands.h"

#include <limits.h>
#include <stdlib.h>
#include <syslog.h>

/* ---- set maxconn global ---- */

/* 0, and what is no number: as the configuration says. */
static enum api_progress run_maxconn(struct api_call *c)
{
    struct engine *e = c->api->engine;
    unsigned most = e->current->global.maxconn;
    int n;

    if (!c->n_args) return api_say(c, LOG_ERR, "Expects an integer value.\n");
    n = atoi(c->args[0]);
    if (n > 0 && (unsigned)n > most) return api_say(c, LOG_ERR, "Value out of range.\n");
    atomic_store_explicit(&e->maxconn, n > 0 ? (unsigned)n : most, memory_order_relaxed);
    engine_limits_changed(e);
    return API_DONE;
}

/* ---- set rate-limit ---- */

static const struct {
    const char *name, *what;
    size_t at; /* of the struct accept_rate in struct engine */
} rates[] = {
    { "connections", "connection rate", offsetof(struct engine, connection_limit) },
    { "sessions", "session rate", offsetof(struct engine, session_limit) },
};

static enum api_progress list_rates(struct api_call *c)
{
    api_say(c, LOG_ERR, "'set rate-limit' only supports :\n");
    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        text_printf(c->out, "   - '%s global' to set the per-process maximum %s\n", rates[i].name,
                    rates[i].what);
    return API_DONE;
}

static enum api_progress run_rate(struct api_call *c)
{
    struct accept_rate *r = NULL;
    int n;

    for (size_t i = 0; c->n_args >= 2 && i < ARRAY_LEN(rates); i++)
        if (strcmp(c->args[0], rates[i].name) == 0 && strcmp(c->args[1], "global") == 0)
            r = (void *)((char *)c->api->engine + rates[i].at);
    if (!r) return list_rates(c);
    if (c->n_args < 3) return api_say(c, LOG_ERR, "Expects an integer value.\n");
    n = atoi(c->args[2]);
    if (n < 0) return api_say(c, LOG_ERR, "Value out of range.\n");
    atomic_store_explicit(&r->limit, (unsigned)n, memory_order_relaxed);
    engine_limits_changed(c->api->engine);
    return API_DONE;
}

/* ---- set timeout ---- */

/* Seconds, or with a unit. 0: it is none. */
static uint64_t read_ms(const char *text)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = { { "ms", 1 },    { "us", 0 },      { "s", 1000 },
                  { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (end == text || *text == '-' || n > INT_MAX) return 0;
    if (!*end) return n * 1000;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strncmp(end, units[i].unit, strlen(units[i].unit)) == 0)
            return units[i].ms ? n * units[i].ms : n / 1000;
    return 0;
}

static enum api_progress run_timeout(struct api_call *c)
{
    uint64_t ms;

    if (!c->n_args || strcmp(c->args[0], "cli") != 0)
        return api_say(c, LOG_ERR, "'set timeout' only supports 'cli'.\n");
    if (c->n_args < 2) return api_say(c, LOG_ERR, "Expects an integer value.\n");
    ms = read_ms(c->args[1]);
    if (!ms) return api_say(c, LOG_ERR, "Invalid timeout value.\n");
    c->session->timeout_ms = ms < INT_MAX ? (unsigned)ms : INT_MAX;
    return API_DONE;
}

static const struct api_command rows[] = {
    { "set maxconn global", "<number>", "change how many connections the process may have",
      API_ADMIN, run_maxconn, false },
    { "set rate-limit", "<setting> <number>", "change how fast connections are accepted", API_ADMIN,
      run_rate, false },
    { "set timeout", "cli <delay>", "change how long this connection may be silent", API_USER,
      run_timeout, false },
};

const struct api_commands limit_commands = API_COMMANDS(rows);
