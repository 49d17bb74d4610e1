/* SPDX-License-Identifier: Apache-2.0 */
/* `stick-table`: HAProxy's manual, 4.2. */
#include "gateway/stick_tables.h"
#include "lang/compat.h"

enum {
    LENGTH = 32,            /* of strings and binary keys, unless said otherwise */
    LENGTH_MOST = 16 << 20, /* no sample is that long */
};

/* ---- keys ---- */

struct key_type {
    const char *name;
    uint8_t type;
    uint8_t size; /* bytes; 0: `len` says it */
};

static const struct key_type key_types[] = {
    { "ip", SAMPLE_IPV4, 4 },    { "ipv6", SAMPLE_IPV6, 16 }, { "integer", SAMPLE_SINT, 4 },
    { "string", SAMPLE_STR, 0 }, { "binary", SAMPLE_BIN, 0 },
};

static const struct key_type *key_type_of(struct slice name)
{
    for (unsigned i = 0; i < ARRAY_LEN(key_types); i++)
        if (slice_is(name, key_types[i].name)) return &key_types[i];
    return NULL;
}

static bool parse_length(struct cfg *cfg, struct words *w, uint32_t *out)
{
    const struct word *word;
    uint64_t n;

    if (!words_left(w)) return words_error(cfg, w, "'len' needs a number of bytes");
    word = words_next(w);
    if (!slice_to_u64(word->text, &n) || n < 1 || n > LENGTH_MOST)
        return cfg_error(cfg, word, "'len' needs a number of bytes from 1 to %d, not '%s'",
                         LENGTH_MOST, word->text.p);
    *out = (uint32_t)n;
    return true;
}

static bool parse_type(struct cfg *cfg, void *target, struct words *w)
{
    struct stick_conf *t = target;
    const struct key_type *type;
    const struct word *word;
    struct nearest near;

    if (!words_need(cfg, w, &word)) return false;
    type = key_type_of(word->text);
    if (!type) {
        nearest_init(&near, word->text);
        for (unsigned i = 0; i < ARRAY_LEN(key_types); i++)
            nearest_try(&near, slice_str(key_types[i].name));
        return cfg_error_unknown(cfg, word, "stick-table type", &near);
    }
    t->type = type->type;
    t->at = *word;
    t->key_size = type->size ? type->size : LENGTH;
    return type->size || !words_take_if(w, "len") || parse_length(cfg, w, &t->key_size);
}

/* ---- store ---- */

/* A data type as it is written: "gpc_rate(10,30s)". */
struct item {
    struct word whole, name, args;
    bool has_args;
};

static bool split_item(struct policy_cfg *pc, const struct word *word, struct slice text,
                       struct item *out)
{
    ptrdiff_t open = slice_find(text, '(');
    struct slice args;

    out->whole = word_part(pc, word, text);
    out->has_args = open >= 0;
    out->name = word_part(pc, word, open < 0 ? text : slice_of(text.p, (size_t)open));
    if (!out->has_args) return true;
    args = slice_from(text, (size_t)open + 1);
    if (!args.n || args.p[args.n - 1] != ')')
        return cfg_error(pc->cfg, &out->whole, "a ')' is missing behind '%s'", out->whole.text.p);
    args.n--;
    out->args = word_part(pc, word, args);
    return true;
}

static enum stick_data item_kind(struct cfg *cfg, const struct item *item)
{
    enum stick_data d = stick_data_find(item->name.text);
    struct nearest near;

    if (d != STICK_NOTHING) return d;
    nearest_init(&near, item->name.text);
    for (unsigned i = 0; i < STICK_DATA; i++)
        nearest_try(&near, slice_str(stick_data_name((enum stick_data)i)));
    cfg_error_unknown(cfg, &item->name, "stick-table data type", &near);
    return STICK_NOTHING;
}

static bool read_elements(struct cfg *cfg, const struct word *w, struct slice text, uint32_t *out)
{
    uint64_t n;

    if (!slice_to_u64(text, &n) || n < 1 || n > STICK_ELEMENTS_MOST)
        return cfg_error(cfg, w, "an array has 1 to %u elements, not '%.*s'", STICK_ELEMENTS_MOST,
                         SLICE_ARG(text));
    *out = (uint32_t)n;
    return true;
}

static bool read_period(struct cfg *cfg, const struct word *w, struct slice text, uint32_t *out)
{
    size_t bad;
    enum units_error e = units_time_ms(text, UNIT_MS, out, &bad);

    if (e == UNITS_OK) return true;
    cfg_error(cfg, w, "'%.*s' is no time: the period of a rate is expected", SLICE_ARG(text));
    return cfg_hint(cfg, e == UNITS_OVER ? "at most 2147483647 ms, 24.8 days" : "such as 10s");
}

/* What stands in the parentheses: elements of an array, period of a rate, or both. */
static bool read_args(struct policy_cfg *pc, const struct item *item, enum stick_data d,
                      struct stick_conf *t)
{
    bool array = stick_data_is_array(d), rate = stick_data_is_rate(d);
    struct slice rest = item->args.text, text;
    struct word part;

    if (!array && !rate)
        return !item->has_args ||
               cfg_error(pc->cfg, &item->args, "'%s' has no arguments", item->name.text.p);
    if (!item->has_args)
        return cfg_error(pc->cfg, &item->whole, "'%s' needs %s in parentheses", item->name.text.p,
                         !array  ? "its period"
                         : !rate ? "its number of elements"
                                 : "its number of elements and its period");
    if (array) {
        text = slice_cut(&rest, ',');
        part = word_part(pc, &item->args, text);
        if (!read_elements(pc->cfg, &part, text, &t->data[d].n)) return false;
        if (rate && !rest.p)
            return cfg_error(pc->cfg, &item->args, "'%s' needs its period, too", item->name.text.p);
    }
    if (rate) {
        text = slice_cut(&rest, ',');
        part = word_part(pc, &item->args, text);
        if (!read_period(pc->cfg, &part, text, &t->data[d].period)) return false;
    }
    if (!rest.p) return true;
    part = word_part(pc, &item->args, rest);
    return cfg_error(pc->cfg, &part, "'%s' has one argument too many", item->name.text.p);
}

/* Arrays, and what their first elements are called by themselves: a table has one or the other. */
static bool check_array(struct cfg *cfg, const struct item *item, const struct stick_conf *t)
{
    static const struct {
        enum stick_data array, alone[2];
    } EITHER[] = {
        { STICK_GPT, { STICK_GPT0, STICK_GPT0 } },
        { STICK_GPC, { STICK_GPC0, STICK_GPC1 } },
        { STICK_GPC_RATE, { STICK_GPC0_RATE, STICK_GPC1_RATE } },
    };

    for (unsigned i = 0; i < ARRAY_LEN(EITHER); i++) {
        const enum stick_data *alone = EITHER[i].alone;
        if (!(t->stored >> EITHER[i].array & 1)) continue;
        if (!(t->stored >> alone[0] & 1) && !(t->stored >> alone[1] & 1)) continue;
        return cfg_error(cfg, &item->name, "'%s' can't be stored beside '%s', whose elements it is",
                         stick_data_name(alone[t->stored >> alone[0] & 1 ? 0 : 1]),
                         stick_data_name(EITHER[i].array));
    }
    return true;
}

static bool store_item(struct policy_cfg *pc, const struct word *word, struct slice text,
                       struct stick_conf *t)
{
    struct stick_conf read = *t;
    struct item item;
    enum stick_data d;

    if (!split_item(pc, word, text, &item)) return false;
    d = item_kind(pc->cfg, &item);
    if (d == STICK_NOTHING || !read_args(pc, &item, d, &read)) return false;
    if (t->stored >> d & 1)
        return !cfg_warning(pc->cfg, &item.name, "'%s' is stored already: the first one holds",
                            item.name.text.p);
    read.stored |= UINT32_C(1) << d;
    if (!check_array(pc->cfg, &item, &read)) return false;
    *t = read;
    return true;
}

/* Up to the comma that is in no parentheses. */
static struct slice cut_item(struct slice *rest)
{
    unsigned depth = 0;
    size_t n = 0;
    struct slice item;

    for (; n < rest->n && (depth || rest->p[n] != ','); n++) {
        if (rest->p[n] == '(') depth++;
        if (rest->p[n] == ')' && depth) depth--;
    }
    item = slice_of(rest->p, n);
    *rest = slice_from(*rest, n + 1);
    return item;
}

static bool parse_store(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *word;
    struct slice rest;
    bool ok = true;

    if (!words_need(cfg, w, &word)) return false;
    rest = word->text;
    while (rest.n) ok &= store_item(policy_of(cfg), word, cut_item(&rest), target);
    return ok;
}

/* ---- the others ---- */

static bool parse_size(struct cfg *cfg, void *target, struct words *w)
{
    struct stick_conf *t = target;
    uint64_t size;

    if (!words_size(cfg, w, &size, 1, UINT32_MAX)) return false;
    t->size = (uint32_t)size;
    return true;
}

static bool parse_expire(struct cfg *cfg, void *target, struct words *w)
{
    struct stick_conf *t = target;

    return words_time(cfg, w, &t->expire, UNIT_MS, 0, TIME_MS_MAX);
}

static bool parse_nopurge(struct cfg *cfg, void *target, struct words *w)
{
    struct stick_conf *t = target;

    (void)cfg;
    (void)w;
    t->nopurge = true;
    return true;
}

static bool parse_srvkey(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const NAMES[] = { "name", "addr", NULL };
    struct stick_conf *t = target;
    unsigned which;

    if (!words_enum(cfg, w, &which, NAMES)) return false;
    t->server_addr = which == 1;
    return true;
}

static const struct keyword options[] = {
    { "type", 0, parse_type, "(ip|ipv6|integer|string [len <n>]|binary [len <n>])", NULL, 0,
      "What its keys are. `len`: how many bytes of a string or binary key count, 32 unless said "
      "otherwise; longer ones are cut.",
      0, NULL },
    { "size", 0, parse_size, "<size>", NULL, 0,
      "How many entries it has at most. When it is full, the oldest entry that nobody uses goes "
      "for "
      "a new one, which the log tells once a minute.",
      0, NULL },
    { "expire", 0, parse_expire, "<time>", "never", 0,
      "How long an entry lives after it was made, tracked or matched for the last time.", 0, NULL },
    { "nopurge", 0, parse_nopurge, "", NULL, 0,
      "When it is full, new entries are refused instead of old ones given up.", 0, NULL },
    { "srvkey", 0, parse_srvkey, "(name|addr)", "name", 0,
      "What `server_key` says of a server: its name, or its address.", 0, NULL },
    { "store", 0, parse_store, "<type>[,<type>]…", NULL, 0,
      "What its entries hold: counters `conn_cnt`, `conn_cur`, `sess_cnt`, `http_req_cnt`, "
      "`http_err_cnt`, `http_fail_cnt`, `bytes_in_cnt`, `bytes_out_cnt`, the rates of all but "
      "`conn_cur` over a period (`http_req_rate(10s)`, …), counters of general purpose `gpc0`, "
      "`gpc1` or `gpc(<n>)`, their rates `gpc0_rate(<period>)`, `gpc1_rate(<period>)` or "
      "`gpc_rate(<n>,<period>)`, tags `gpt0` or `gpt(<n>)`, and `server_id` and `server_key`. May "
      "be repeated.",
      0, NULL },
};

const struct keyword_table stick_options = KEYWORD_TABLE("Options of stick-table",
                                                         "stick-table option", options);

/* ---- the keyword ---- */

static bool refuse_peers(struct cfg *cfg, const struct words *w)
{
    for (unsigned i = w->at; i < w->n; i++) {
        if (!slice_is(w->w[i].text, "peers")) continue;
        cfg_error(cfg, &w->w[i], "'peers' of a stick-table is not supported by Gatehouse");
        compat_note_error(cfg, &w->w[i].at, "stick-table option", SLICE("peers"), NULL);
        return cfg_hint(cfg, "a reload keeps the table");
    }
    return true;
}

static bool parse_stick_table(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    struct proxy_conf *p = s->data;
    struct stick_conf *t;

    if (p->table) return cfg_error(cfg, w->name, "'%s' has a stick-table already", p->name);
    if (!refuse_peers(cfg, w)) return false;
    t = arena_zero(cfg->arena, sizeof *t);
    t->name = p->name;
    t->at = *w->name;
    for (unsigned d = 0; d < STICK_DATA; d++) t->data[d].n = 1;
    if (!options_parse(cfg, stick_options.what, t, w)) return false;
    if (!t->type) return cfg_error(cfg, w->name, "the stick-table's 'type' is missing");
    if (!t->size) return cfg_error(cfg, w->name, "the stick-table's 'size' is missing");
    p->table = t;
    return true;
}

static const struct keyword rows[] = {
    { "stick-table", IN_LISTEN, parse_stick_table, "type <type> size <size> [<option>]…", NULL, 0,
      "A table of this section's name, which remembers what is counted of its keys: see the "
      "options "
      "below. One a section. It outlives reloads that leave its type and what it stores as they "
      "are.",
      0, NULL },
};

const struct keyword_table stick_keywords = KEYWORD_TABLE("Stick tables", KEYWORDS, rows);
