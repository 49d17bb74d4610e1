/* SPDX-License-Identifier: Apache-2.0 */
/* CSV, typed lines, JSON. */
#include "ops/stats_rows.h"

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

static void put_typed_row(struct text *t, const struct stat_style *style, struct stat_row *row)
{
    char letter = row->type == STAT_FRONTEND ? 'F' : row->type == STAT_BACKEND ? 'B' : 'S';
    const char *tags;

    for (unsigned i = 0; i < STAT_COLUMNS; i++) {
        struct stat_value v = stat_row_value(row, i, &tags);
        if (v.kind == STAT_NONE) continue;
        text_printf(t, "%c.%u.%u.%u.%s.1:", letter, row->proxy->id, row_id(row), i,
                    stat_columns[i].name);
        stat_put_typed(t, tags, &v);
        if (style->descriptions) text_printf(t, ":\"%s\"", stat_columns[i].doc);
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

void stat_put_begin(struct text *t, const struct stat_style *style)
{
    if (style->form == FORM_CSV) put_csv_header(t);
    if (style->form == FORM_JSON) text_char(t, '[');
}

void stat_put_row(struct text *t, const struct stat_style *style, struct stat_row *row, bool first)
{
    switch (style->form) {
    case FORM_CSV: put_csv_row(t, row); break;
    case FORM_TYPED: put_typed_row(t, style, row); break;
    case FORM_JSON:
        if (!first) text_char(t, ',');
        put_json_row(t, row);
        break;
    }
}

void stat_put_end(struct text *t, const struct stat_style *style)
{
    if (style->form == FORM_JSON) text_str(t, "]\n");
}
