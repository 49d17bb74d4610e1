/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on stick tables: track-sc0 to track-sc2, and what changes the entries that are tracked:
 * sc-inc-gpc and its kin, sc-set-gpt. HAProxy's manual, 4.2: "http-request track-sc0". */
#include "policy/actions.h"
#include "policy/stick_table.h"

/* ---- track-sc0 KEY [table NAME] ---- */

struct track_rule {
    const struct expr *key;
    struct arg table; /* resolved: a struct stick_conf */
    const char *name; /* the action's */
};

static const struct stick_conf *table_of(const struct track_rule *t)
{
    return t->table.thing;
}

/* When the table is known: can its keys be made of what the expression gives? */
static bool check_key(struct policy_cfg *pc, void *thing)
{
    const struct track_rule *t = thing;
    const struct stick_conf *conf = table_of(t);
    enum sample_type given = (enum sample_type)t->key->type, wanted = (enum sample_type)conf->type;

    if (sample_castable(given, wanted)) return true;
    return cfg_error_at(pc->cfg, &t->key->at,
                        "'%s' gives the type '%s', of which no key of table '%s' can be made: "
                        "those are '%s'",
                        t->name, sample_type_name(given), conf->name, sample_type_name(wanted));
}

static bool parse_track(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct track_rule *t = arena_zero(pc->cfg->arena, sizeof *t);

    r->data = t;
    t->name = r->action->name;
    if (!words_left(w)) return words_error(pc->cfg, w, "'%s' needs a key: an expression", t->name);
    t->table = (struct arg){ .type = ARG_TABLE, .at = *words_peek(w) };
    t->key = expr_parse_words(pc, w);
    if (!t->key) return false;
    if (words_take_if(w, "table")) {
        const struct word *name;
        if (!words_need(pc->cfg, w, &name)) return false;
        t->table.at = *name;
        t->table.str = name->text;
    }
    arg_later(pc, &t->table, t->name);
    policy_later(pc, check_key, t);
    return true;
}

/* A client's error or a server's failure that is known by now belongs to what begins to be tracked
 * in a rule for the answer, too. */
static void count_answer(const struct trackers *one, const struct http_msg *res, msec_t now)
{
    static const struct trackers none;
    unsigned status = res ? res->status : 0;

    if (status / 100 == 4) tracks_count(one, &none, TRACK_REQUEST_ERROR, 1, now);
    if (status / 100 == 5 && status != 501 && status != 505)
        tracks_count(one, &none, TRACK_FAILURE, 1, now);
}

/* Rules of requests and answers: a request is counted, too. */
static void count_request(struct context *c, const struct rule *r, struct tracker tracked)
{
    static const struct trackers none;
    const struct trackers one = { .any = true, .at = { tracked } };
    msec_t now = c->worker->now;

    tracks_count(&one, &none, TRACK_REQUEST, 1, now);
    if (r->kind == RULES_HTTP_RESPONSE) count_answer(&one, c->res, now);
}

static enum rule_result run_track(struct context *c, const struct rule *r)
{
    const struct track_rule *t = r->data;
    bool lasting = !(r->kind & RULES_HTTP);
    struct trackers *set = lasting ? &c->client->tracked : &c->tracked;
    unsigned n = (unsigned)r->action->param;
    struct stick_table *table = table_of(t)->state;
    struct stick_entry *e;
    struct stick_key key;
    struct sample s;

    if (track_find(c, n) || !expr_eval(t->key, c, &s) || !stick_key_make(table, &s, c, &key))
        return RULE_NEXT;
    e = stick_recall(c, table, &key, true);
    if (!e) return RULE_NEXT; /* the table is full */
    set->lasting = lasting;
    track_begin(set, n, table, e, c->worker->now);
    if (!lasting) count_request(c, r, set->at[n]);
    return RULE_NEXT;
}

/* What it tracks now, or why not. */
static struct slice describe_track(struct context *c, const struct rule *r)
{
    const struct track_rule *t = r->data;
    struct sample s;

    if (!expr_eval_as(t->key, c, SAMPLE_STR, &s)) return SLICE("has no key, and tracks nothing");
    return action_words(c, "tracks '%.*s' in table %s", SLICE_ARG(s.str), table_of(t)->name);
}

/* ---- sc-inc-gpc(IDX,SC), sc-set-gpt0(SC) VALUE ---- */

struct change_rule {
    unsigned index, tracker;
    int64_t value;           /* sc-set-gpt */
    const struct expr *expr; /* the same; NULL: value */
};

/* What an action changes. */
struct change_row {
    enum stick_data data, rate; /* rate STICK_NOTHING: none */
    bool array;
};

static const struct change_row CHANGES[] = {
    { STICK_GPC, STICK_GPC_RATE, true },    { STICK_GPC0, STICK_GPC0_RATE, false },
    { STICK_GPC1, STICK_GPC1_RATE, false }, { STICK_GPT, STICK_NOTHING, true },
    { STICK_GPT0, STICK_NOTHING, false },
};

static const struct change_row *row_of(const struct rule *r)
{
    return &CHANGES[r->action->param];
}

static bool read_number(struct policy_cfg *pc, const struct word *at, struct slice text,
                        const char *what, unsigned most, unsigned *out)
{
    struct word part;
    size_t used;
    int64_t n = sample_read_int(text, &used);

    if (text.n && used == text.n && n >= 0 && n <= (int64_t)most) {
        *out = (unsigned)n;
        return true;
    }
    part = word_part(pc, at, text);
    return cfg_error(pc->cfg, text.n ? &part : at, "%s is a number from 0 to %u, not '%.*s'", what,
                     most, SLICE_ARG(text));
}

/* What stands in the parentheses: [index,]tracker. Without them the first tracker is meant, as in
 * HAProxy. */
static bool read_which(struct policy_cfg *pc, struct rule *r, const struct word *at,
                       struct change_rule *k)
{
    struct slice rest = r->inside, index;

    if (row_of(r)->array) {
        if (slice_find(rest, ',') < 0) {
            cfg_error(pc->cfg, at, "'%s' needs the number of an element and that of a tracker",
                      r->action->name);
            return cfg_hint(pc->cfg, "%s%s", r->action->name, r->action->args);
        }
        index = slice_cut(&rest, ',');
        if (!read_number(pc, at, index, "an element of the array", STICK_ELEMENTS_MOST - 1,
                         &k->index))
            return false;
    }
    if (!rest.n && !row_of(r)->array) return true;
    return read_number(pc, at, rest, "a tracker", TRACKERS - 1, &k->tracker);
}

static bool parse_change(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct change_rule *k = arena_zero(pc->cfg->arena, sizeof *k);

    r->data = k;
    return read_which(pc, r, &w->w[w->at - 1], k);
}

static bool parse_set(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct change_rule *k = arena_zero(pc->cfg->arena, sizeof *k);
    const struct word *word;
    size_t used;

    r->data = k;
    if (!read_which(pc, r, &w->w[w->at - 1], k)) return false;
    word = words_peek(w);
    if (!word || rule_words_end(w))
        return words_error(pc->cfg, w, "'%s' needs a number or an expression", r->action->name);
    k->value = sample_read_int(word->text, &used);
    if (word->text.n && used == word->text.n) {
        w->at++;
        return true;
    }
    k->expr = expr_parse_words(pc, w);
    return k->expr != NULL;
}

static enum rule_result run_increment(struct context *c, const struct rule *r)
{
    const struct change_rule *k = r->data;
    const struct tracker *t = track_find(c, k->tracker);
    msec_t now = c->worker->now;

    if (!t) return RULE_NEXT;
    stick_add(t->table, t->entry, row_of(r)->rate, k->index, 1, now);
    stick_add(t->table, t->entry, row_of(r)->data, k->index, 1, now);
    stick_touch(t->table, t->entry, now);
    return RULE_NEXT;
}

static enum rule_result run_set(struct context *c, const struct rule *r)
{
    const struct change_rule *k = r->data;
    const struct tracker *t = track_find(c, k->tracker);
    struct sample s = { .sint = k->value };

    if (!t || (k->expr && !expr_eval_as(k->expr, c, SAMPLE_SINT, &s))) return RULE_NEXT;
    stick_write(t->table, t->entry, row_of(r)->data, k->index, (uint32_t)s.sint, c->worker->now);
    stick_touch(t->table, t->entry, c->worker->now);
    return RULE_NEXT;
}

static struct slice describe_change(struct context *c, const struct rule *r)
{
    const struct change_rule *k = r->data;
    const struct change_row *row = row_of(r);
    const char *verb = row->rate == STICK_NOTHING ? "sets" : "increments";

    if (!track_find(c, k->tracker)) return action_words(c, "sc%u tracks nothing", k->tracker);
    if (row->array)
        return action_words(c, "%s %s(%u) of what sc%u tracks", verb, stick_data_name(row->data),
                            k->index, k->tracker);
    return action_words(c, "%s %s of what sc%u tracks", verb, stick_data_name(row->data),
                        k->tracker);
}

/* ---- rows ---- */

enum {
    WHERE = RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE | RULES_TCP_CONNECTION | RULES_TCP_SESSION,
    MAY_PAREN = ACTION_PAREN | ACTION_PAREN_OPTIONAL,
};

#define TRACK(n, doc)                                                                            \
    {                                                                                            \
        "track-sc" #n, WHERE, 0, parse_track, run_track, describe_track, "<key> [table <name>]", \
            doc, n                                                                               \
    }

static const struct action ROWS[] = {
    TRACK(0, "Tracks the entry of that key in the section's stick table, or the one named, until "
             "the end of the request; in rules of connections, of the connection. It is made where "
             "it is not there. From then on requests, errors and bytes are counted in it, and it "
             "does not expire. An expression without a value tracks nothing, and so does a second "
             "rule."),
    TRACK(1, "The same, independently: a second entry, mostly of another table."),
    TRACK(2, "The same, independently: a third entry."),
    { "sc-inc-gpc", WHERE, ACTION_PAREN, parse_change, run_increment, describe_change,
      "(<index>,<tracker>)",
      "Increments an element of the arrays `gpc` and `gpc_rate` of the entry that is tracked (0: "
      "by "
      "`track-sc0`, …). Without one, or without such an element, it does nothing.",
      0 },
    { "sc-inc-gpc0", WHERE, MAY_PAREN, parse_change, run_increment, describe_change, "(<tracker>)",
      "The same of `gpc0` and `gpc0_rate`; or of the arrays' first element, if that is what the "
      "table stores.",
      1 },
    { "sc-inc-gpc1", WHERE, MAY_PAREN, parse_change, run_increment, describe_change, "(<tracker>)",
      "The same of `gpc1` and `gpc1_rate`, or of the arrays' second element.", 2 },
    { "sc-set-gpt", WHERE, ACTION_PAREN, parse_set, run_set, describe_change,
      "(<index>,<tracker>) { <integer> | <expression> }",
      "Sets an element of the array `gpt` of the entry that is tracked.", 3 },
    { "sc-set-gpt0", WHERE, MAY_PAREN, parse_set, run_set, describe_change,
      "(<tracker>) { <integer> | <expression> }",
      "The same of `gpt0`, or of the array's first element.", 4 },
};

const struct action_table track_actions = ACTION_TABLE("Actions on stick tables", ROWS);
