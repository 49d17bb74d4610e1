/* SPDX-License-Identifier: Apache-2.0 */
/* Finding commands, listing them, and those that concern the API itself. */
#include "base/memory.h"
#include "ops/api.h"

#include <stdlib.h>
#include <syslog.h>

#ifndef GATEHOUSE_VERSION
#define GATEHOUSE_VERSION "unknown"
#endif

enum { USAGE_WIDTH = 40 }; /* the column of the documentation in lists; HAProxy's */

const char *const api_level_names[] = { "user", "operator", "admin", NULL };
const char *const api_severity_names[] = { "none", "number", "string", NULL };

enum api_progress api_say(struct api_call *c, int severity, const char *text)
{
    static const char *const names[] = { "emerg",   "alert",  "crit", "err",
                                         "warning", "notice", "info", "debug" };

    if (c->session->severity == API_SEVERITY_NUMBER) text_printf(c->out, "[%d]: ", severity);
    if (c->session->severity == API_SEVERITY_STRING) text_printf(c->out, "[%s]: ", names[severity]);
    text_str(c->out, text);
    return API_DONE;
}

/* ---- going through the tables ---- */

struct commands_iter {
    const struct api_commands *const *table;
    unsigned row;
};

static const struct api_command *next_command(struct commands_iter *it)
{
    while (*it->table && it->row == (*it->table)->n) {
        it->table++;
        it->row = 0;
    }
    return *it->table ? &(*it->table)->rows[it->row++] : NULL;
}

/* How many words the name has, if the given ones begin with it; else 0. */
static unsigned named_by(const struct api_command *row, const char *const *words, unsigned n)
{
    struct slice name = slice_str(row->name);
    unsigned i = 0;

    while (name.p) {
        struct slice word = slice_cut(&name, ' ');
        if (i == n || !slice_is(word, words[i++])) return 0;
    }
    return i;
}

void api_find(struct api_call *c)
{
    struct commands_iter it = { c->api->commands, 0 };
    const struct api_command *row;
    unsigned best = 0;

    c->command = NULL;
    while ((row = next_command(&it)) != NULL) {
        unsigned n = named_by(row, c->words, c->n_words);
        if (n <= best) continue;
        best = n;
        c->command = row;
    }
    c->args = c->words + best;
    c->n_args = c->n_words - best;
}

/* ---- lists ---- */

/* What the given words stand for: whole words of names, the beginnings of some, or those nearest to
 * them. */
struct pattern {
    struct slice word[API_WORDS_MAX];
    bool begins[API_WORDS_MAX];
    unsigned n;
};

static struct slice nth_word(const struct api_command *row, unsigned i)
{
    struct slice name = slice_str(row->name), word = { NULL, 0 };

    for (unsigned k = 0; k <= i; k++) word = slice_cut(&name, ' ');
    return word;
}

static bool fits(const struct pattern *p, const struct api_command *row)
{
    for (unsigned i = 0; i < p->n; i++) {
        struct slice word = nth_word(row, i);
        if (p->begins[i] ? !slice_starts(word, p->word[i]) : !slice_eq(word, p->word[i]))
            return false;
    }
    return true;
}

/* Adds the next given word to the pattern. False when no name has anything like it there. */
static bool extend(struct pattern *p, struct slice given, const struct api_commands *const *tables)
{
    struct commands_iter it = { tables, 0 };
    const struct api_command *row;
    struct nearest near;
    bool whole = false, begins = false;

    nearest_init(&near, given);
    while ((row = next_command(&it)) != NULL) {
        struct slice word = nth_word(row, p->n);
        if (!word.n || !fits(p, row)) continue;
        whole |= slice_eq(word, given);
        begins |= slice_starts(word, given);
        nearest_try(&near, word);
    }
    if (!whole && !begins && !near.best.n) return false;
    p->word[p->n] = whole || begins ? given : near.best;
    p->begins[p->n++] = !whole && begins;
    return true;
}

static void list_row(const struct api_call *c, const struct api_command *row)
{
    int n = (int)(strlen(row->name) + strlen(row->args)) + 1;

    text_printf(c->out, "  %s %s%*s: %s\n", row->name, row->args,
                n < USAGE_WIDTH ? USAGE_WIDTH - n : 0, "", row->doc);
}

/* The rows that fit, by name, as far as the client may use them; `always`: the others. */
static void list_rows(const struct api_call *c, const struct pattern *p, bool always)
{
    const struct api_command *last = NULL, *next, *row;

    do {
        struct commands_iter it = { c->api->commands, 0 };

        next = NULL;
        while ((row = next_command(&it)) != NULL) {
            if (row->always != always || row->level > c->session->level || !fits(p, row)) continue;
            if (last && strcmp(row->name, last->name) <= 0) continue;
            if (!next || strcmp(row->name, next->name) < 0) next = row;
        }
        if (next) list_row(c, next);
        last = next;
    } while (next);
}

static void list_commands(const struct api_call *c, const struct pattern *p)
{
    static const struct pattern all = { .n = 0 };

    list_rows(c, p, false);
    list_rows(c, &all, true);
}

static void make_pattern(struct pattern *p, const struct api_call *c, const char *const *words,
                         unsigned n)
{
    p->n = 0;
    for (unsigned i = 0; i < n; i++)
        if (!extend(p, slice_str(words[i]), c->api->commands)) break;
}

static enum api_progress answer_unknown(struct api_call *c)
{
    struct pattern p;

    make_pattern(&p, c, c->words, c->n_words);
    api_say(c, LOG_INFO,
            p.n ? "Unknown command, but maybe one of the following ones is a better match:\n"
                : "Unknown command. Please enter one of the following commands only:\n");
    list_commands(c, &p);
    return API_DONE;
}

/* ---- carrying out ---- */

enum api_progress api_run(struct api_call *c)
{
    if (!c->command) return answer_unknown(c);
    if (c->command->level > c->session->level) return api_say(c, LOG_ERR, "Permission denied\n");
    return c->command->run(c);
}

void api_call_end(struct api_call *c)
{
    if (c->release) c->release(c);
    c->release = NULL;
    free(c->state);
    c->state = NULL;
}

/* ---- commands ---- */

static enum api_progress run_help(struct api_call *c)
{
    struct pattern p;

    make_pattern(&p, c, c->args, c->n_args);
    api_say(c, LOG_INFO, "The following commands are valid at this level:\n");
    if (p.n || !c->n_args)
        list_commands(c, &p);
    else
        list_rows(c, &p, true); /* nothing is like what was asked for */
    return API_DONE;
}

static enum api_progress run_prompt(struct api_call *c)
{
    c->session->interactive = !c->session->interactive;
    return API_DONE;
}

static enum api_progress run_quit(struct api_call *c)
{
    c->session->quit = true;
    return API_DONE;
}

static enum api_progress run_operator(struct api_call *c)
{
    c->session->level = API_OPERATOR;
    return API_DONE;
}

static enum api_progress run_user(struct api_call *c)
{
    c->session->level = API_USER;
    return API_DONE;
}

static enum api_progress run_show_level(struct api_call *c)
{
    char line[16];

    snprintf(line, sizeof line, "%s\n", api_level_names[c->session->level]);
    return api_say(c, LOG_INFO, line);
}

static enum api_progress run_show_sockets(struct api_call *c)
{
    text_str(c->out, "# socket lvl processes\n");
    list_each(l, &c->api->sockets)
    {
        const struct api_socket *s = list_entry(l, struct api_socket, link);
        char address[API_ADDRESS_MAX];

        text_printf(c->out, "%s %s all\n", api_socket_address(s, address),
                    api_level_names[s->level]);
    }
    return API_DONE;
}

static enum api_progress run_severity(struct api_call *c)
{
    for (uint8_t i = 0; c->n_args && api_severity_names[i]; i++)
        if (strcmp(c->args[0], api_severity_names[i]) == 0) {
            c->session->severity = i;
            return API_DONE;
        }
    return api_say(c, LOG_ERR, "one of 'none', 'number', 'string' is a required argument\n");
}

static enum api_progress run_show_version(struct api_call *c)
{
    return api_say(c, LOG_INFO, GATEHOUSE_VERSION "\n");
}

static const struct api_command rows[] = {
    { "operator", "", "lower the level of this connection to operator", API_OPERATOR, run_operator,
      false },
    { "set severity-output", "[none|number|string]", "begin messages with their severity, or not",
      API_USER, run_severity, false },
    { "show cli level", "", "tell the level of this connection", API_USER, run_show_level, false },
    { "show cli sockets", "", "list the sockets of this API", API_OPERATOR, run_show_sockets,
      false },
    { "show version", "", "tell the version of this process", API_USER, run_show_version, false },
    { "user", "", "lower the level of this connection to user", API_USER, run_user, false },
    { "help", "[<command>]", "list all commands, or those that look like the given one", API_USER,
      run_help, true },
    { "prompt", "", "keep the connection open and show a prompt, or no more", API_USER, run_prompt,
      true },
    { "quit", "", "close the connection", API_USER, run_quit, true },
};

const struct api_commands api_basic_commands = API_COMMANDS(rows);
