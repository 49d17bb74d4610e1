/* SPDX-License-Identifier: Apache-2.0 */
/* `show info` and `show stat`. Management manual: section 9.3. */
#include "ops/api.h"
#include "ops/stats_info.h"
#include "ops/stats_rows.h"

#include <stdlib.h>
#include <syslog.h>

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
    info_init(&info, c->api->engine, c->api->engine->current, c->api->worker->now, o.fractions);
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

/* ---- show stat ---- */

/* A dump under way. It holds on to the snapshot that it began with. */
struct dump {
    struct engine *engine;
    struct snapshot *snapshot;
    struct stat_rows rows;
    struct stat_style style;
    bool begun;
};

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
static const char *read_args(struct dump *d, struct options *o, const struct api_call *c)
{
    unsigned i = 0;

    if (c->n_args && strcmp(c->args[0], "domain") == 0) {
        if (c->n_args < 2 || strcmp(c->args[1], "proxy") != 0)
            return "Invalid statistics domain.\n";
        i = 2;
    }
    if (c->n_args - i >= 3) {
        d->rows.iid = proxy_number(d->snapshot, c->args[i]);
        if (d->rows.iid) {
            d->rows.types = (int)strtol(c->args[i + 1], NULL, 10);
            d->rows.sid = (int)strtol(c->args[i + 2], NULL, 10);
            i += 3;
        } else if (take_option(o, c->args[i])) {
            d->rows.iid = -1;
        } else {
            return "No such proxy.\n";
        }
    }
    for (; i < c->n_args; i++) take_option(o, c->args[i]);
    return NULL;
}

static enum api_progress begin(struct api_call *c)
{
    struct dump *d = mem_zero(sizeof *d);
    struct options o = { .form = FORM_CSV };
    struct engine *e = c->api->engine;
    const char *wrong;

    d->engine = e;
    d->snapshot = e->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&d->snapshot->refs, 1, memory_order_relaxed);
    d->rows.iid = d->rows.types = d->rows.sid = -1;
    c->state = d;
    c->release = release;
    wrong = read_args(d, &o, c);
    if (wrong) return api_say(c, LOG_ERR, wrong);
    d->rows.up = o.up;
    d->rows.no_maint = o.no_maint;
    d->rows.view = (struct stat_view){ e, d->snapshot, 0, c->session->level >= API_OPERATOR,
                                       o.up || o.no_maint };
    d->style = (struct stat_style){ o.form, o.descriptions };
    stat_put_begin(c->out, &d->style);
    return API_MORE;
}

static enum api_progress run_show_stat(struct api_call *c)
{
    struct dump *d = c->state;
    struct stat_row row;

    if (!d) return begin(c);
    d->rows.view.now = c->api->worker->now;
    if (stat_rows_next(&d->rows, &row)) {
        stat_put_row(c->out, &d->style, &row, !d->begun);
        d->begun = true;
        return API_MORE;
    }
    stat_put_end(c->out, &d->style);
    return API_DONE;
}

static const struct api_command rows[] = {
    { "show info", "[desc|json|typed|float]*", "tell about the process", API_USER, run_show_info,
      false },
    { "show stat", "[desc|json|typed|no-maint|up]*",
      "tell the counters of frontends, servers and backends", API_USER, run_show_stat, false },
};

const struct api_commands stats_commands = API_COMMANDS(rows);
