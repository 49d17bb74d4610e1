/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule has changed of its message, for actions that don't say so themselves. */
#include "ops/explain_story.h"

static void keep_fields(struct story *s, const struct http_msg *m)
{
    s->fields = arena_alloc(&s->arena, (m->n_fields + 1u) * sizeof *s->fields);
    if (m->n_fields) memcpy(s->fields, m->fields, m->n_fields * sizeof *s->fields);
}

void changes_begin(struct story *s, const struct http_msg *m)
{
    if (!m) return;
    s->before = *m;
    keep_fields(s, m);
}

static bool has(const struct http_field *fields, unsigned n, const struct http_field *f, bool value)
{
    for (unsigned i = 0; i < n; i++)
        if (slice_eq(fields[i].name, f->name) && (!value || slice_eq(fields[i].value, f->value)))
            return true;
    return false;
}

/* Adds to *text, behind a comma where something stands there already. */
static void add(struct story *s, struct slice *text, const char *what, struct slice value,
                const char *quote)
{
    *text = slice_str(arena_printf(&s->arena, "%.*s%s%s%s%.*s%s", SLICE_ARG(*text),
                                   text->n ? ", " : "", what, quote, SLICE_ARG(value), quote));
}

static void add_field(struct story *s, struct slice *text, const struct http_field *f)
{
    const char *name = arena_printf(&s->arena, "%.*s: ", SLICE_ARG(f->name));

    add(s, text, name, f->value, "'");
}

struct slice changes_end(struct story *s, const struct http_msg *m)
{
    const struct http_msg *was = &s->before;
    struct slice text = SLICE("");

    if (!m) return text;
    if (!slice_eq(was->method_name, m->method_name))
        add(s, &text, "method is ", m->method_name, "'");
    if (!slice_eq(was->target, m->target)) add(s, &text, "target is ", m->target, "'");
    for (unsigned i = 0; i < m->n_fields; i++)
        if (!has(s->fields, was->n_fields, &m->fields[i], true)) add_field(s, &text, &m->fields[i]);
    for (unsigned i = 0; i < was->n_fields; i++)
        if (!has(m->fields, m->n_fields, &s->fields[i], false))
            add(s, &text, "removes ", s->fields[i].name, "");
    return text;
}
