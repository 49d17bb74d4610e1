/* SPDX-License-Identifier: Apache-2.0 */
/* set server, enable|disable server|health|agent, set weight, set maxconn server. */
#include "ops/api.h"
#include "ops/server_address_command.h"
#include "ops/server_commands.h"
#include "ops/server_find.h"

#include <limits.h>
#include <stdlib.h>
#include <syslog.h>

enum { WEIGHT_MOST = 256 };

static const char changed[] = ", changed from CLI";

static enum api_progress fail(struct api_call *c, const char *text)
{
    return api_say(c, LOG_ERR, text);
}

/* ---- weights ---- */

/* What the word says, an absolute weight or a share of the initial one; NULL, or what is wrong with
 * it. */
static const char *read_weight(const struct server_state *st, const char *word, unsigned *out)
{
    char *end;
    long n = strtol(word, &end, 10);
    bool relative = *end == '%';

    if (end == word) return "Empty weight string empty or preceded by garbage";
    if (end[relative] != '\0') return "Trailing garbage in weight string";
    if (relative) {
        unsigned initial = atomic_load_explicit(&st->initial_weight, memory_order_relaxed);

        if (n < 0) return "Relative weight must be positive.\n";
        if (n > 100 * WEIGHT_MOST) n = 100 * WEIGHT_MOST;
        n = n * (long)initial / 100;
        if (n > WEIGHT_MOST) n = WEIGHT_MOST;
    } else if (n < 0 || n > WEIGHT_MOST)
        return "Absolute weight can only be between 0 and 256 inclusive.\n";
    *out = (unsigned)n;
    return NULL;
}

static enum api_progress set_weight(struct api_call *c, const struct server_conf *s,
                                    const char *word)
{
    const char *wrong;
    unsigned weight;

    if (!word) return fail(c, "Require <weight> or <weight%>.\n");
    wrong = read_weight(&s->state->st, word, &weight);
    if (wrong) return fail(c, wrong);
    server_set_weight(s->state, weight);
    return API_DONE;
}

static enum api_progress run_set_weight(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);
    return s ? set_weight(c, s, c->n_args > 1 ? c->args[1] : NULL) : API_DONE;
}

/* ---- set server … ; `word` is what stands behind, NULL: nothing ---- */

/* What a word stands for, and what is done then. */
struct choice {
    const char *word;
    void (*act)(struct server *);
};

static void health_up(struct server *s)
{
    server_mark_up(s, changed);
}

static void health_stopping(struct server *s)
{
    server_mark_stopping(s, changed);
}

static void health_down(struct server *s)
{
    server_mark_down(s, changed);
}

static bool choose(const struct choice *all, struct server *s, const char *word)
{
    for (; word && all->word; all++) {
        if (strcmp(all->word, word) != 0) continue;
        all->act(s);
        return true;
    }
    return false;
}

static enum api_progress set_state(struct api_call *c, const struct server_conf *s,
                                   const char *word)
{
    static const struct choice choices[] = {
        { "ready", server_set_ready },
        { "drain", server_set_drain },
        { "maint", server_set_maint },
        { NULL, NULL },
    };

    if (choose(choices, s->state, word)) return API_DONE;
    return fail(c, "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
}

static enum api_progress set_health(struct api_call *c, const struct server_conf *s,
                                    const char *word)
{
    static const struct choice choices[] = {
        { "up", health_up },
        { "stopping", health_stopping },
        { "down", health_down },
        { NULL, NULL },
    };

    if (s->tracked) return fail(c, "cannot change health on a tracking server.\n");
    if (choose(choices, s->state, word)) return API_DONE;
    return fail(c, "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
}

/* There are no agents. */
static enum api_progress set_agent(struct api_call *c, const struct server_conf *s,
                                   const char *word)
{
    (void)s, (void)word;
    return fail(c, "agent checks are not enabled on this server.\n");
}

static enum api_progress set_agent_addr(struct api_call *c, const struct server_conf *s,
                                        const char *word)
{
    (void)s;
    return fail(c, word ? "agent checks are not enabled on this server"
                        : "set server <b>/<s> agent-addr requires an address and optionally a "
                          "port.\n");
}

static enum api_progress set_agent_port(struct api_call *c, const struct server_conf *s,
                                        const char *word)
{
    (void)s;
    return fail(c, word ? "agent checks are not enabled on this server"
                        : "set server <b>/<s> agent-port requires a port.\n");
}

/* Names are resolved at start only. */
static enum api_progress set_fqdn(struct api_call *c, const struct server_conf *s, const char *word)
{
    (void)s;
    return fail(c, word ? "set server <b>/<s> fqdn failed because no resolution is configured.\n"
                        : "set server <b>/<s> fqdn requires a FQDN.\n");
}

static enum api_progress set_ssl(struct api_call *c, const struct server_conf *s, const char *word)
{
    (void)s, (void)word;
    return fail(c, "'set server <srv> ssl' cannot be set.  default-server should define ssl "
                   "settings\n");
}

static const struct server_setting {
    const char *name;
    enum api_progress (*set)(struct api_call *, const struct server_conf *, const char *word);
} settings[] = {
    { "addr", api_set_server_address },
    { "agent", set_agent },
    { "agent-addr", set_agent_addr },
    { "agent-port", set_agent_port },
    { "agent-send", set_agent },
    { "check-addr", api_set_check_address },
    { "check-port", api_set_check_port },
    { "fqdn", set_fqdn },
    { "health", set_health },
    { "ssl", set_ssl },
    { "state", set_state },
    { "weight", set_weight },
};

static enum api_progress run_set_server(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (!s) return API_DONE;
    for (size_t i = 0; c->n_args > 1 && i < ARRAY_LEN(settings); i++)
        if (strcmp(c->args[1], settings[i].name) == 0)
            return settings[i].set(c, s, c->n_args > 2 ? c->args[2] : NULL);
    return fail(c, "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | "
                   "agent-send | check-addr | check-port | fqdn | health | ssl | state | "
                   "weight\n");
}

/* ---- enable, disable ---- */

static enum api_progress run_enable_server(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (s) server_set_ready(s->state);
    return API_DONE;
}

static enum api_progress run_disable_server(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (s) server_set_maint(s->state);
    return API_DONE;
}

static bool is_configured(const struct server_probe *p)
{
    return atomic_load_explicit(&p->flags, memory_order_relaxed) & PROBE_CONFIGURED;
}

static enum api_progress run_enable_health(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (!s) return API_DONE;
    if (!is_configured(&s->state->st.check))
        return fail(c, "Health check was not configured on this server, cannot enable.\n");
    server_probe_enable(s->state, &s->state->st.check, true);
    return API_DONE;
}

static enum api_progress run_disable_health(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (s) server_probe_enable(s->state, &s->state->st.check, false);
    return API_DONE;
}

static enum api_progress run_enable_agent(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (!s) return API_DONE;
    if (!is_configured(&s->state->st.agent))
        return fail(c, "Agent was not configured on this server, cannot enable.\n");
    server_probe_enable(s->state, &s->state->st.agent, true);
    return API_DONE;
}

static enum api_progress run_disable_agent(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (s) server_probe_enable(s->state, &s->state->st.agent, false);
    return API_DONE;
}

/* ---- set maxconn server ---- */

static enum api_progress run_set_maxconn(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);
    char *end;
    long n;

    if (!s) return API_DONE;
    if (c->n_args < 2) return fail(c, "Require <maxconn>.\n");
    n = strtol(c->args[1], &end, 10);
    if (end == c->args[1]) return fail(c, "maxconn string empty or preceded by garbage");
    if (*end) return fail(c, "Trailing garbage in maxconn string");
    atomic_store_explicit(&s->state->maxconn, n < 0 || n > UINT_MAX ? UINT_MAX : (unsigned)n,
                          memory_order_relaxed);
    server_slots_offer(s->state);
    return API_DONE;
}

static const struct api_command rows[] = {
    { "disable agent", "<backend>/<server>", "do not ask the server's agent", API_ADMIN,
      run_disable_agent, false },
    { "disable health", "<backend>/<server>", "do not check the server", API_ADMIN,
      run_disable_health, false },
    { "disable server", "<backend>/<server>", "put the server into maintenance", API_ADMIN,
      run_disable_server, false },
    { "enable agent", "<backend>/<server>", "ask the server's agent again", API_ADMIN,
      run_enable_agent, false },
    { "enable health", "<backend>/<server>", "check the server again", API_ADMIN, run_enable_health,
      false },
    { "enable server", "<backend>/<server>", "end the server's maintenance, or drain", API_ADMIN,
      run_enable_server, false },
    { "set maxconn server", "<backend>/<server> <n>", "change the server's maxconn", API_ADMIN,
      run_set_maxconn, false },
    { "set server", "<backend>/<server> [opts]", "change the server's state, weight, address, …",
      API_ADMIN, run_set_server, false },
    { "set weight", "<backend>/<server> <n>[%]", "change the server's weight", API_ADMIN,
      run_set_weight, false },
};

const struct api_commands server_set_commands = API_COMMANDS(rows);
