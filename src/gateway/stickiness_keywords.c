/* SPDX-License-Identifier: Apache-2.0 */
/* The keywords of stickiness: stick on, stick match, stick store-request, stick store-response. */
#include "gateway/stickiness.h"
#include "policy/stick_table.h"

/* keyword.param */
enum { STICK_MATCHES = 1, STICK_STORES = 2, STICK_ANSWERS = 4 };

/* When the table is known: its keys can be made of what the expression gives, and it has room for a
 * server's name. */
static bool check_table(struct policy_cfg *pc, void *thing)
{
    const struct stick_rule *s = thing;
    struct stick_conf *table = (struct stick_conf *)stick_rule_table(s);
    enum sample_type given = (enum sample_type)s->key->type, wanted = (enum sample_type)table->type;

    if (!sample_castable(given, wanted))
        return cfg_error_at(pc->cfg, &s->key->at,
                            "this gives the type '%s', of which no key of table '%s' can be made: "
                            "those are '%s'",
                            sample_type_name(given), table->name, sample_type_name(wanted));
    table->stored |= UINT32_C(1) << STICK_SERVER_ID | UINT32_C(1) << STICK_SERVER_KEY;
    table->data[STICK_SERVER_ID].n = table->data[STICK_SERVER_KEY].n = 1;
    return true;
}

static bool parse_table(struct policy_cfg *pc, struct words *w, struct arg *table)
{
    const struct word *name;

    *table = (struct arg){ .type = ARG_TABLE, .at = *w->name };
    if (words_take_if(w, "table")) {
        if (!words_need(pc->cfg, w, &name)) return false;
        table->at = *name;
        table->str = name->text;
    }
    arg_later(pc, table, w->keyword->name);
    return true;
}

static void add(struct proxy_rules *rules, struct stick_rule *s, bool answers)
{
    const struct stick_rule **end = answers ? &rules->stick_answers : &rules->sticks;

    while (*end) end = (const struct stick_rule **)&(*end)->next;
    *end = s;
}

static bool parse_stick(struct cfg *cfg, void *target, struct words *w)
{
    struct section *section = target;
    struct proxy_conf *p = section->data;
    struct policy_cfg *pc = policy_of(cfg);
    struct stick_rule *s = arena_zero(cfg->arena, sizeof *s);
    bool answers = w->keyword->param & STICK_ANSWERS;

    pc->scope = (struct policy_scope){
        .section = section,
        .acls = p->rules->acls,
        .proxy = p,
        .place = answers ? PLACE_BACKEND_RESPONSE : PLACE_USE_SERVER,
    };
    s->at = w->name->at;
    s->match = w->keyword->param & STICK_MATCHES;
    s->store = w->keyword->param & STICK_STORES;
    if (!words_left(w)) return words_error(cfg, w, "a key is missing: an expression");
    s->key = expr_parse_words(pc, w);
    if (!s->key || !parse_table(pc, w, &s->table)) return false;
    if (words_left(w) && !rule_words_end(w))
        return words_error(cfg, w, "'table', 'if' or 'unless' is expected here, not '%s'",
                           words_peek(w)->text.p);
    if (!condition_parse(pc, w, &s->cond)) return false;
    add(p->rules, s, answers);
    policy_later(pc, check_table, s);
    return true;
}

#define STICK(name, what, doc)                                                                 \
    {                                                                                          \
        name, IN_BACKEND, parse_stick, "<key> [table <name>] [ { if | unless } <condition> ]", \
            NULL, KW_ELSEWHERE_WARN, doc, what, NULL                                           \
    }

static const struct keyword ROWS[] = {
    STICK("stick match", STICK_MATCHES,
          "Looks the key up in the backend's stick table, or the one named. Where a server is "
          "remembered that is not down, the request goes there rather than by turns; the first "
          "such rule counts, and `use-server` before it."),
    STICK("stick on", STICK_MATCHES | STICK_STORES,
          "`stick match` and `stick store-request` in one."),
    STICK("stick store-request", STICK_STORES,
          "When the server has answered, it is noted under that key of the request. The first rule "
          "for a table whose expression has a value counts; up to 8 keys are stored."),
    STICK("stick store-response", STICK_STORES | STICK_ANSWERS,
          "The same for a key of the answer, as the server has sent it."),
};

const struct keyword_table stickiness_keywords = KEYWORD_TABLE("Stickiness", KEYWORDS, ROWS);
