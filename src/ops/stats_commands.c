/* SPDX-License-Identifier: Apache-2.0 */
/* `show info` and `show stat`. Management manual: section 9.3. */
#include "ops/api.h"
#include "ops/stats.h"
#include "ops/stats_info.h"

#include <stdlib.h>
#include <syslog.h>

enum stat_form { FORM_CSV, FORM_TYPED, FORM_JSON };

/* What the words behind the command ask for. */
struct options {
    enum stat_form form;
    bool descriptions, fractions;
    bool no_maint, up; /* leave servers out: in maintenance, not up */
};

static const struct {
    const char *word;
    unsigned at; /* a bool of struct options … */
    int form;    /* … or a form, if not negative */
} option_words[] = {
    { "typed", 0, FORM_TYPED },
    { "json", 0, FORM_JSON },
    { "desc", offsetof(struct options, descriptions), -1 },
    { "float", offsetof(struct options, fractions), -1 },
    { "no-maint", offsetof(struct options, no_maint), -1 },
    { "up", offsetof(struct options, up), -1 },
};

/* Takes one word. False when it is none of them; HAProxy passes over such. */
static bool take_option(struct options *o, const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(option_words); i++) {
        if (strcmp(option_words[i].word, word) != 0) continue;
        if (option_words[i].form >= 0)
            o->form = (enum stat_form)option_words[i].form;
        else
            *(bool *)((char *)o + option_words[i].at) = true;
        return true;
    }
    return false;
}

static void put_description(struct text *t, const struct options *o, const char *doc)
{
    if (o->descriptions) text_printf(t, ":\"%s\"", doc);
}

/* ---- show info ---- */

static void put_info(struct text *t, const struct options *o, const struct info_field *f,
                     const struct stat_value *v)
{
    if (o->form == FORM_JSON) {
        text_char(t, '{');
        stat_put_json(t, f->position, f->name, f->tags, v);
        text_char(t, '}');
        return;
    }
    if (o->form == FORM_TYPED) {
        text_printf(t, "%u.%s.1:", f->position, f->name);
        stat_put_typed(t, f->tags, v);
    } else {
        text_printf(t, "%s: ", f->name);
        stat_put(t, v);
    }
    put_description(t, o, f->doc);
    text_char(t, '\n');
}

static enum api_progress run_show_info(struct api_call *c)
{
    struct options o = { .form = FORM_CSV };
    struct info info;
    bool first = true;

    for (unsigned i = 0; i < c->n_args; i++) take_option(&o, c->args[i]);
    info_init(&info, c->api, o.fractions);
    for (unsigned i = 0; i < info_n_fields; i++) {
        const struct info_field *f = &info_fields[i];
        struct stat_value v = f->value(&info, f->param);

        if (v.kind == STAT_NONE) continue;
        if (o.form == FORM_JSON) text_char(c->out, first ? '[' : ',');
        put_info(c->out, &o, f, &v);
        first = false;
    }
    if (o.form == FORM_JSON) text_str(c->out, "]\n");
    return API_DONE;
}

/* ---- show stat: which rows ---- */

/* A dump under way. It holds on to the snapshot that it began with. */
struct dump {
    struct engine *engine;
    struct snapshot *snapshot;
    struct stat_view view;
    struct options options;
    int iid, types, sid;  /* -1: all */
    unsigned proxy, part; /* the next row: a proxy's frontend, its servers, its backend */
    bool begun;
};

static bool server_wanted(const struct dump *d, const struct server_conf *s)
{
    if (!(d->types & STAT_SERVER) || (d->sid != -1 && (unsigned)d->sid != s->id)) return false;
    return stat_server_is_up(s) || !(d->options.up || d->options.no_maint);
}

/* The next row of one proxy. */
static bool next_part(struct dump *d, const struct proxy_conf *p, struct stat_row *row)
{
    unsigned n_servers = p->be ? p->be->n_servers : 0;

    while (d->part <= n_servers + 1) {
        unsigned i = d->part++;

        if (i == 0 && p->fe && d->types & STAT_FRONTEND)
            stat_row_init(row, &d->view, STAT_FRONTEND, p, NULL);
        else if (i > 0 && i <= n_servers && server_wanted(d, p->be->servers[i - 1]))
            stat_row_init(row, &d->view, STAT_SERVER, p, p->be->servers[i - 1]);
        else if (i > n_servers && p->be && d->types & STAT_BACKEND)
            stat_row_init(row, &d->view, STAT_BACKEND, p, NULL);
        else
            continue;
        return true;
    }
    return false;
}

static bool next_row(struct dump *d, struct stat_row *row)
{
    for (; d->proxy < d->snapshot->n_proxies; d->proxy++, d->part = 0) {
        const struct proxy_conf *p = d->snapshot->proxies[d->proxy];

        if (p->disabled) continue;
        if (d->iid != -1 && (unsigned)d->iid != p->id) continue;
        if (next_part(d, p, row)) return true;
    }
    return false;
}

/* ---- show stat: its forms ---- */

static void put_csv_header(struct text *t)
{
    text_str(t, "# ");
    for (unsigned i = 0; i < STAT_COLUMNS; i++) text_printf(t, "%s,", stat_columns[i].name);
    text_str(t, "-,\n"); /* columns of ours will follow */
}

static void put_csv_row(struct text *t, struct stat_row *row)
{
    const char *tags;

    for (unsigned i = 0; i < STAT_COLUMNS; i++) {
        struct stat_value v = stat_row_value(row, i, &tags);
        stat_put_csv(t, &v);
        text_char(t, ',');
    }
    text_str(t, "-,\n");
}

static unsigned row_id(const struct stat_row *row)
{
    return row->server ? row->server->id : 0;
}

static void put_typed_row(struct text *t, const struct dump *d, struct stat_row *row)
{
    char letter = row->type == STAT_FRONTEND ? 'F' : row->type == STAT_BACKEND ? 'B' : 'S';
    const char *tags;

    for (unsigned i = 0; i < STAT_COLUMNS; i++) {
        struct stat_value v = stat_row_value(row, i, &tags);
        if (v.kind == STAT_NONE) continue;
        text_printf(t, "%c.%u.%u.%u.%s.1:", letter, row->proxy->id, row_id(row), i,
                    stat_columns[i].name);
        stat_put_typed(t, tags, &v);
        put_description(t, &d->options, stat_columns[i].doc);
        text_char(t, '\n');
    }
}

static void put_json_row(struct text *t, struct stat_row *row)
{
    const char *type = row->type == STAT_FRONTEND  ? "Frontend"
                       : row->type == STAT_BACKEND ? "Backend"
                                                   : "Server";
    const char *tags, *before = "[";

    for (unsigned i = 0; i < STAT_COLUMNS; i++) {
        struct stat_value v = stat_row_value(row, i, &tags);
        if (v.kind == STAT_NONE) continue;
        text_printf(t, "%s{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%u,", before, type,
                    row->proxy->id, row_id(row));
        stat_put_json(t, i, stat_columns[i].name, tags, &v);
        text_char(t, '}');
        before = ",";
    }
    text_char(t, ']');
}

static void put_row(struct text *t, struct dump *d, struct stat_row *row)
{
    switch (d->options.form) {
    case FORM_CSV: put_csv_row(t, row); break;
    case FORM_TYPED: put_typed_row(t, d, row); break;
    case FORM_JSON:
        if (d->begun) text_char(t, ',');
        put_json_row(t, row);
        break;
    }
    d->begun = true;
}

/* ---- show stat: the command ---- */

static void release(struct api_call *c)
{
    struct dump *d = c->state;
    snapshot_unref(d->engine, d->snapshot);
}

/* A number, or a proxy by its name. 0: there is none of that name. */
static int proxy_number(const struct snapshot *s, const char *word)
{
    char *end;
    long n = strtol(word + (*word == '#'), &end, 10);

    if (*word && *end == '\0' && n >= INT32_MIN && n <= INT32_MAX) return (int)n;
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (strcmp(s->proxies[i]->name, word) == 0) return (int)s->proxies[i]->id;
    return 0;
}

/* NULL, or what is wrong. */
static const char *read_args(struct dump *d, const struct api_call *c)
{
    unsigned i = 0;

    if (c->n_args && strcmp(c->args[0], "domain") == 0) {
        if (c->n_args < 2 || strcmp(c->args[1], "proxy") != 0)
            return "Invalid statistics domain.\n";
        i = 2;
    }
    if (c->n_args - i >= 3) {
        d->iid = proxy_number(d->snapshot, c->args[i]);
        if (d->iid) {
            d->types = (int)strtol(c->args[i + 1], NULL, 10);
            d->sid = (int)strtol(c->args[i + 2], NULL, 10);
            i += 3;
        } else if (take_option(&d->options, c->args[i])) {
            d->iid = -1;
        } else {
            return "No such proxy.\n";
        }
    }
    for (; i < c->n_args; i++) take_option(&d->options, c->args[i]);
    return NULL;
}

static enum api_progress begin(struct api_call *c)
{
    struct dump *d = mem_zero(sizeof *d);
    struct engine *e = c->api->engine;
    const char *wrong;

    d->engine = e;
    d->snapshot = e->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&d->snapshot->refs, 1, memory_order_relaxed);
    d->iid = d->types = d->sid = -1;
    c->state = d;
    c->release = release;
    wrong = read_args(d, c);
    if (wrong) return api_say(c, LOG_ERR, wrong);
    d->view = (struct stat_view){ e, d->snapshot, 0, c->session->level >= API_OPERATOR,
                                  d->options.up || d->options.no_maint };
    if (d->options.form == FORM_CSV) put_csv_header(c->out);
    if (d->options.form == FORM_JSON) text_char(c->out, '[');
    return API_MORE;
}

static enum api_progress run_show_stat(struct api_call *c)
{
    struct dump *d = c->state;
    struct stat_row row;

    if (!d) return begin(c);
    d->view.now = c->api->worker->now;
    if (next_row(d, &row)) {
        put_row(c->out, d, &row);
        return API_MORE;
    }
    if (d->options.form == FORM_JSON) text_str(c->out, "]\n");
    return API_DONE;
}

static const struct api_command rows[] = {
    { "show info", "[desc|json|typed|float]*", "tell about the process", API_USER, run_show_info,
      false },
    { "show stat", "[desc|json|typed|no-maint|up]*",
      "tell the counters of frontends, servers and backends", API_USER, run_show_stat, false },
};

const struct api_commands stats_commands = API_COMMANDS(rows);
