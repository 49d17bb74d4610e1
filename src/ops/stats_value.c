/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_value.h"

#include <inttypes.h>

void stat_put(struct text *t, const struct stat_value *v)
{
    switch (v->kind) {
    case STAT_NONE: break;
    case STAT_U32:
    case STAT_U64: text_u64(t, v->u); break;
    case STAT_S32: text_printf(t, "%" PRId64, v->s); break;
    case STAT_FLOAT: text_printf(t, "%f", v->f); break;
    case STAT_TEXT: text_str(t, v->text); break;
    }
}

void stat_put_csv(struct text *t, const struct stat_value *v)
{
    if (v->kind != STAT_TEXT || !strpbrk(v->text, ",\"\r\n")) {
        stat_put(t, v);
        return;
    }
    text_char(t, '"');
    for (const char *p = v->text; *p; p++) {
        if (*p == '"') text_char(t, '"');
        text_char(t, *p);
    }
    text_char(t, '"');
}

static const char *const kind_names[] = {
    [STAT_NONE] = "",   [STAT_U32] = "u32",   [STAT_S32] = "s32",
    [STAT_U64] = "u64", [STAT_FLOAT] = "flt", [STAT_TEXT] = "str",
};

void stat_put_typed(struct text *t, const char *tags, const struct stat_value *v)
{
    text_printf(t, "%.3s:%s:", tags, kind_names[v->kind]);
    stat_put(t, v);
}

/* ---- JSON ---- */

struct letter {
    char letter;
    const char *name;
};

static const struct letter origins[] = { { 'M', "Metric" }, { 'S', "Status" },  { 'K', "Key" },
                                         { 'C', "Config" }, { 'P', "Product" }, { 0, "Unknown" } };
static const struct letter natures[] = {
    { 'A', "Age" },   { 'a', "Avg" },  { 'C', "Counter" }, { 'D', "Duration" }, { 'G', "Gauge" },
    { 'L', "Limit" }, { 'M', "Max" },  { 'm', "Min" },     { 'N', "Name" },     { 'O', "Output" },
    { 'R', "Rate" },  { 'T', "Time" }, { 0, "Unknown" },
};
static const struct letter scopes[] = {
    { 'C', "Cluster" }, { 'P', "Process" }, { 'S', "Service" }, { 's', "System" }, { 0, "Unknown" }
};

static const char *letter_name(const struct letter *all, char letter)
{
    while (all->letter && all->letter != letter) all++;
    return all->name;
}

static void put_json_string(struct text *t, const char *s)
{
    text_char(t, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c < 0x20)
            text_printf(t, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            text_printf(t, "\\%c", c);
        else
            text_char(t, *s);
    }
    text_char(t, '"');
}

void stat_put_json(struct text *t, unsigned position, const char *name, const char *tags,
                   const struct stat_value *v)
{
    text_printf(t,
                "\"field\":{\"pos\":%u,\"name\":\"%s\"},\"processNum\":1,\"tags\":{\"origin\":"
                "\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},\"value\":{\"type\":\"%s\",\"value\":",
                position, name, letter_name(origins, tags[0]), letter_name(natures, tags[1]),
                letter_name(scopes, tags[2]), kind_names[v->kind]);
    if (v->kind == STAT_TEXT)
        put_json_string(t, v->text);
    else
        stat_put(t, v);
    text_char(t, '}');
}
