/* SPDX-License-Identifier: Apache-2.0 */
/* `show|set|clear table`. Management manual: section 9.3. What they answer is HAProxy's, to the
 * byte; but a table of more than STICK_SORTED entries is not shown in the order of its keys. */
#include "ops/table_commands.h"
#include "ops/api.h"
#include "policy/context.h"
#include "policy/stick_table.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

enum {
    PIECE = 100, /* entries looked at before the client reads on */
    FILTERS_MOST = 4,
};

static msec_t now_of(const struct api_call *c)
{
    return c->api->worker->now;
}

/* The first word of the command's name. */
static bool is_command(const struct api_call *c, char first)
{
    return c->command->name[0] == first;
}

/* ---- entries as text ---- */

/* What would end a word, or is no text, is written with a backslash. */
static void put_string(struct text *out, struct slice s)
{
    static const char NAMED[] = "\\ =\n\t\r\033", NAMES[] = "\\ =ntre";

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const char *named = c ? strchr(NAMED, c) : NULL;
        if (named)
            text_printf(out, "\\%c", NAMES[named - NAMED]);
        else if (c < 0x20 || c > 0x7e)
            text_printf(out, "\\x%02X", c);
        else
            text_char(out, (char)c);
    }
}

static void put_key(struct text *out, const struct stick_conf *t, const struct stick_entry *e)
{
    struct slice key = stick_entry_key(t->state, e);
    char text[INET6_ADDRSTRLEN];
    uint32_t number;

    switch ((enum sample_type)t->type) {
    case SAMPLE_IPV4: text_str(out, inet_ntop(AF_INET, key.p, text, sizeof text)); break;
    case SAMPLE_IPV6: text_str(out, inet_ntop(AF_INET6, key.p, text, sizeof text)); break;
    case SAMPLE_SINT:
        memcpy(&number, key.p, sizeof number);
        text_u64(out, number);
        break;
    case SAMPLE_STR: put_string(out, key); break;
    default:
        for (size_t i = 0; i < key.n; i++) text_printf(out, "%02X", (unsigned char)key.p[i]);
    }
}

/* "gpc1_rate(10000)": an element of "gpc_rate" has its number behind the array's first word. */
static void put_data_name(struct text *out, const struct stick_conf *t, enum stick_data d,
                          unsigned i)
{
    struct slice name = slice_str(stick_data_name(d));

    text_char(out, ' ');
    if (stick_data_is_array(d)) {
        text_add(out, slice_of(name.p, 3));
        text_u64(out, i);
        name = slice_from(name, 3);
    }
    text_add(out, name);
    if (stick_data_is_rate(d)) text_printf(out, "(%u)", stick_period(t->state, d));
    text_char(out, '=');
}

static void put_entry(struct text *out, const struct stick_conf *t, const struct stick_entry *e,
                      msec_t now)
{
    text_printf(out, "%p: key=", (const void *)e);
    put_key(out, t, e);
    text_printf(out, " use=%u exp=%u", stick_trackers(e), stick_expires_in(t->state, e, now));
    for (enum stick_data d = 0; d < STICK_DATA; d++) {
        if (!(t->stored >> d & 1)) continue;
        for (unsigned i = 0; i < stick_elements(t->state, d); i++) {
            put_data_name(out, t, d, i);
            if (d == STICK_SERVER_KEY) {
                struct slice server = stick_read_server_key(t->state, e);
                put_string(out, server.n ? server : SLICE("-"));
            } else {
                text_u64(out, stick_read(t->state, e, d, i, now));
            }
        }
    }
    text_char(out, '\n');
}

static void put_head(struct text *out, const struct stick_conf *t, msec_t now)
{
    static const char *const NAMES[SAMPLE_TYPES] = { [SAMPLE_IPV4] = "ip",
                                                     [SAMPLE_IPV6] = "ipv6",
                                                     [SAMPLE_SINT] = "integer",
                                                     [SAMPLE_STR] = "string",
                                                     [SAMPLE_BIN] = "binary" };

    text_printf(out, "# table: %s, type: %s, size:%u, used:%u\n", t->name, NAMES[t->type],
                stick_size(t->state), stick_used(t->state, now));
}

/* ---- which data ---- */

/* "data.NAME" of a table; STICK_NOTHING, and why. */
static enum stick_data data_named(const struct stick_conf *t, const char *word, const char **why)
{
    struct slice name = slice_str(word), prefix = SLICE("data.");
    enum stick_data d = STICK_NOTHING;

    if (slice_starts(name, prefix)) d = stick_data_find(slice_from(name, prefix.n));
    if (d == STICK_NOTHING) {
        *why = "Unknown data type";
    } else if (!(t->stored >> d & 1)) {
        *why = "Data type not stored in this table";
        d = STICK_NOTHING;
    }
    return d;
}

/* A number of 64 bits, with a '-' perhaps. */
static bool read_number(const char *word, int64_t *out)
{
    return word && word[0] != '+' && slice_to_i64(slice_str(word), out);
}

enum operator{ EQ, NE, LE, GE, LT, GT, N_OPERATORS };

struct filter {
    enum stick_data data;
    enum operator op;
    int64_t value;
};

static bool read_operator(const char *word, enum operator* out)
{
    static const char *const NAMES[N_OPERATORS] = { "eq", "ne", "le", "ge", "lt", "gt" };
    unsigned i = 0;

    while (word && i < N_OPERATORS && strcmp(word, NAMES[i]) != 0) i++;
    *out = (enum operator)i;
    return word && i < N_OPERATORS;
}

/* NULL; or what is wrong with the words. */
static const char *read_filter(const struct stick_conf *t, const char *const *words, unsigned n,
                               struct filter *f)
{
    const char *why = NULL;

    f->data = data_named(t, words[0], &why);
    if (why) return why;
    if (!read_operator(n > 1 ? words[1] : NULL, &f->op))
        return "Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"";
    if (!read_number(n > 2 ? words[2] : NULL, &f->value))
        return "Require a valid integer value to compare against";
    return NULL;
}

static bool filter_passes(const struct filter *f, const struct stick_conf *t,
                          const struct stick_entry *e, msec_t now)
{
    bool text = f->data == STICK_SERVER_KEY; /* HAProxy compares that as 0 */
    int64_t is = text ? 0 : (int64_t)stick_read(t->state, e, f->data, 0, now);

    switch (f->op) {
    case EQ: return is == f->value;
    case NE: return is != f->value;
    case LE: return is <= f->value;
    case GE: return is >= f->value;
    case LT: return is < f->value;
    default: return is > f->value;
    }
}

/* ---- all entries: show, clear ---- */

struct walk {
    struct engine *engine;
    struct snapshot *snapshot; /* held, for the table */
    const struct stick_conf *table;
    struct stick_walk on;
    struct filter filters[FILTERS_MOST];
    unsigned n_filters;
    struct text *out; /* NULL: entries are removed, not shown */
    msec_t now;
};

static void see(struct stick_entry *e, void *arg)
{
    struct walk *w = arg;

    for (unsigned i = 0; i < w->n_filters; i++)
        if (!filter_passes(&w->filters[i], w->table, e, w->now)) return;
    if (w->out)
        put_entry(w->out, w->table, e, w->now);
    else
        stick_remove(w->table->state, e);
}

static void release_walk(struct api_call *c)
{
    struct walk *w = c->state;

    stick_walk_end(&w->on);
    snapshot_unref(w->engine, w->snapshot);
}

static enum api_progress go_on(struct api_call *c)
{
    struct walk *w = c->state;

    w->now = now_of(c);
    return stick_walk_on(&w->on, PIECE, w->now, see, w) ? API_MORE : API_DONE;
}

static enum api_progress begin_walk(struct api_call *c, const struct stick_conf *t,
                                    const struct filter *filters, unsigned n_filters)
{
    bool show = is_command(c, 's');
    struct walk *w;

    if (show) put_head(c->out, t, now_of(c));
    if (c->session->level < API_OPERATOR) {
        if (show) text_str(c->out, "# contents not dumped due to insufficient privileges\n");
        return API_DONE;
    }
    w = mem_zero(sizeof *w);
    w->engine = c->api->engine;
    w->snapshot = w->engine->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&w->snapshot->refs, 1, memory_order_relaxed);
    w->table = t;
    if (n_filters) memcpy(w->filters, filters, n_filters * sizeof *filters);
    w->n_filters = n_filters;
    w->out = show ? c->out : NULL;
    stick_walk_begin(&w->on, t->state, now_of(c));
    c->state = w;
    c->release = release_walk;
    return API_MORE;
}

static enum api_progress sayf(struct api_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum api_progress sayf(struct api_call *c, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return api_say(c, LOG_ERR, text);
}

/* args: the table and "data.TYPE OP VALUE", up to four times. */
static enum api_progress begin_filtered(struct api_call *c, const struct stick_conf *t)
{
    enum { WORDS = 3 }; /* a filter's */
    struct filter filters[FILTERS_MOST];
    unsigned n = 0, at = 1;

    for (; at < c->n_args && n < FILTERS_MOST; at += WORDS, n++) {
        const char *why = read_filter(t, c->args + at, c->n_args - at, &filters[n]);
        if (why) return sayf(c, "Filter entry #%u: %s\n", n + 1, why);
    }
    if (at < c->n_args)
        return sayf(c, "Detected extra data in filter, %uth word of input, after '%.100s'\n",
                    at + 3, c->args[at - 1]);
    return begin_walk(c, t, filters, n);
}

/* ---- one key ---- */

/* As much of it as is one: up to four numbers, each modulo 256, with dots between; 0 for the rest.
 */
static struct in_addr lax_ipv4(const char *text)
{
    uint8_t bytes[4] = { 0 };
    struct in_addr out;

    for (unsigned i = 0; i < sizeof bytes; text++) {
        if (isdigit((unsigned char)*text))
            bytes[i] = (uint8_t)(bytes[i] * 10 + (*text - '0'));
        else if (*text == '.')
            i++;
        else
            break;
    }
    memcpy(&out, bytes, sizeof out);
    return out;
}

/* A number that the text begins with, of 32 bits. */
static bool lax_number(const char *text, int64_t *out)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *out = (int64_t)n;
    return end != text && n <= UINT32_MAX;
}

enum key_result { KEY_FINE, KEY_WRONG, KEY_OF_NO_TEXT };

static enum key_result read_key(struct api_call *c, const struct stick_conf *t, const char *word,
                                struct sample *s, struct stick_key *key)
{
    struct context context = { .worker = c->api->worker };
    int64_t number = 0;

    *s = (struct sample){ .type = t->type };
    switch ((enum sample_type)t->type) {
    case SAMPLE_IPV4: s->ipv4 = lax_ipv4(word); break;
    case SAMPLE_IPV6:
        if (inet_pton(AF_INET6, word, &s->ipv6) != 1) return KEY_WRONG;
        break;
    case SAMPLE_SINT:
        if (!lax_number(word, &number)) return KEY_WRONG;
        s->sint = number;
        break;
    case SAMPLE_STR: s->str = slice_str(word); break;
    default: return KEY_OF_NO_TEXT;
    }
    return stick_key_make(t->state, s, &context, key) ? KEY_FINE : KEY_WRONG;
}

static enum api_progress show_key(struct api_call *c, const struct stick_conf *t,
                                  const struct stick_key *key)
{
    struct stick_entry *e = stick_lookup(t->state, key, now_of(c));

    if (!e) return API_DONE;
    put_head(c->out, t, now_of(c));
    put_entry(c->out, t, e, now_of(c));
    stick_unref(t->state, e);
    return API_DONE;
}

static enum api_progress clear_key(struct api_call *c, const struct stick_conf *t,
                                   const struct stick_key *key)
{
    struct stick_entry *e = stick_lookup(t->state, key, now_of(c));
    bool gone;

    if (!e) return API_DONE;
    gone = stick_remove(t->state, e);
    stick_unref(t->state, e);
    return gone ? API_DONE : api_say(c, LOG_ERR, "Entry currently in use, cannot remove\n");
}

/* "data.TYPE VALUE", as often as is liked; NULL, or what is wrong. What stands before it is set. */
static const char *set_data(struct api_call *c, const struct stick_conf *t, struct stick_entry *e)
{
    for (unsigned at = 3; at < c->n_args; at += 2) {
        const char *why = NULL;
        enum stick_data d;
        int64_t value;
        if (!slice_starts(slice_str(c->args[at]), SLICE("data.")))
            return "\"data.<type>\" followed by a value expected\n";
        d = data_named(t, c->args[at], &why);
        if (why)
            return why[0] == 'U' ? "Unknown data type\n" : "Data type not stored in this table\n";
        if (!read_number(at + 1 < c->n_args ? c->args[at + 1] : NULL, &value))
            return "Require a valid integer value to store\n";
        stick_write(t->state, e, d, 0, (uint64_t)value, now_of(c));
    }
    return NULL;
}

static enum api_progress set_key(struct api_call *c, const struct stick_conf *t,
                                 const struct stick_key *key)
{
    struct stick_entry *e = stick_enter(t->state, key, now_of(c));
    const char *why;

    if (!e) return api_say(c, LOG_ERR, "Unable to allocate a new entry\n");
    why = set_data(c, t, e);
    stick_touch(t->state, e, now_of(c));
    stick_unref(t->state, e);
    return why ? api_say(c, LOG_ERR, why) : API_DONE;
}

/* What the three commands do with a key, and say of one that they can't read. */
struct key_verb {
    char command;
    enum api_progress (*run)(struct api_call *, const struct stick_conf *,
                             const struct stick_key *);
    const char *no_text;
};

#define OTHER_THAN " tables of type other than ip, ipv6, string and integer is not supported\n"

static const struct key_verb verbs[] = {
    { 'h', show_key, "Showing keys from" OTHER_THAN },
    { 'e', set_key, "Inserting keys into" OTHER_THAN },
    { 'l', clear_key, "Removing keys from" OTHER_THAN },
};

/* By the second letter of show, set and clear. */
static const struct key_verb *verb_of(const struct api_call *c)
{
    const struct key_verb *v = verbs;

    while (v->command != c->command->name[1]) v++;
    return v;
}

static enum api_progress run_key(struct api_call *c, const struct stick_conf *t)
{
    const struct key_verb *verb = verb_of(c);
    struct sample s;
    struct stick_key key;

    if (c->n_args < 3) return api_say(c, LOG_ERR, "Key value expected\n");
    switch (read_key(c, t, c->args[2], &s, &key)) {
    case KEY_WRONG: return api_say(c, LOG_ERR, "Invalid key\n");
    case KEY_OF_NO_TEXT: return api_say(c, LOG_ERR, verb->no_text);
    default: break;
    }
    if (c->session->level < API_OPERATOR) return api_say(c, LOG_ERR, "Permission denied\n");
    return verb->run(c, t, &key);
}

/* ---- the commands ---- */

static const struct stick_conf *find_table(const struct api_call *c, const char *name)
{
    const struct snapshot *s = c->api->engine->current;

    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->table && strcmp(s->proxies[i]->name, name) == 0)
            return s->proxies[i]->table;
    return NULL;
}

/* HAProxy's order: the last table comes first. */
static enum api_progress list_tables(struct api_call *c)
{
    const struct snapshot *s = c->api->engine->current;

    for (unsigned i = s->n_proxies; i-- > 0;)
        if (s->proxies[i]->table) put_head(c->out, s->proxies[i]->table, now_of(c));
    return API_DONE;
}

static enum api_progress usage(struct api_call *c)
{
    if (is_command(c, 'c'))
        return api_say(c, LOG_ERR,
                       "Required arguments: <table> \"data.<store_data_type>\" "
                       "<operator> <value> or <table> key <key>\n");
    if (verb_of(c)->run == set_key)
        return api_say(c, LOG_ERR,
                       "Required arguments: <table> key <key> "
                       "[data.<store_data_type> <value>]*\n");
    return api_say(c, LOG_ERR,
                   "Optional argument only supports \"data.<store_data_type>\" "
                   "<operator> <value> and key <key>\n");
}

static enum api_progress run_table(struct api_call *c)
{
    bool set = verb_of(c)->run == set_key;
    const struct stick_conf *t;

    if (c->state) return go_on(c);
    if (!c->n_args) return verb_of(c)->run == show_key ? list_tables(c) : usage(c);
    t = find_table(c, c->args[0]);
    if (!t) return api_say(c, LOG_ERR, "No such table\n");
    if (c->n_args < 2) return set ? API_DONE : begin_walk(c, t, NULL, 0);
    if (strcmp(c->args[1], "key") == 0) return run_key(c, t);
    if (!slice_starts(slice_str(c->args[1]), SLICE("data."))) return usage(c);
    if (set)
        return api_say(c, LOG_ERR,
                       "content-based lookup is only supported with the \"show\" and "
                       "\"clear\" actions\n");
    return begin_filtered(c, t);
}

static const struct api_command rows[] = {
    { "clear table", "<table> [<filter>]*", "remove an entry from a table (filter: data/key)",
      API_USER, run_table, false },
    { "set table", "<table> key <k> [data.* <v>]*", "update or create a table entry's data",
      API_USER, run_table, false },
    { "show table", "<table> [<filter>]*",
      "report table usage stats or dump this table's contents (filter: data/key)", API_USER,
      run_table, false },
};

const struct api_commands table_commands = API_COMMANDS(rows);
