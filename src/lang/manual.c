/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/manual.h"

#include "base/memory.h"

static void print_where(FILE *out, const struct vocabulary *v, unsigned where, const char *glue,
                        const char *last)
{
    const char *names[32];
    unsigned n = 0;

    for (const struct section_kind *const *k = v->kinds; *k && n < ARRAY_LEN(names); k++)
        if ((*k)->in & where) names[n++] = (*k)->name;
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "%s%s", i == 0 ? "" : i + 1 == n ? last : glue, names[i]);
    if (n == 0) putc('-', out);
}

static void print_facts(FILE *out, const struct vocabulary *v, const struct keyword *k)
{
    static const struct {
        unsigned flag;
        const char *text;
    } FACTS[] = {
        { KW_NO_PREFIX, "may be negated by `no`" },
        { KW_DEFAULT_PREFIX, "`default` takes it back" },
        { KW_NO_RELOAD, "a reload can't change it" },
        { KW_OURS, "not in HAProxy 2.6" },
        { KW_OBSOLETE, "obsolete" },
    };
    const char *glue = "";

    if (k->where) {
        fputs("In: ", out);
        print_where(out, v, k->where, ", ", ", ");
        glue = " · ";
    }
    if (k->dflt) {
        fprintf(out, "%sDefault: %s", glue, k->dflt);
        glue = " · ";
    }
    for (size_t i = 0; i < ARRAY_LEN(FACTS); i++) {
        if (!(k->flags & FACTS[i].flag)) continue;
        fprintf(out, "%s%s", glue, FACTS[i].text);
        glue = " · ";
    }
    if (*glue) fputs("\n\n", out);
}

static void print_row(FILE *out, const struct vocabulary *v, const struct keyword *k)
{
    bool args = k->args && *k->args;

    fprintf(out, "#### `%s%s%s`\n\n", k->name, args ? " " : "", args ? k->args : "");
    print_facts(out, v, k);
    fprintf(out, "%s\n\n", k->doc);
}

static void print_kinds(FILE *out, const struct vocabulary *v)
{
    fputs("### Sections\n\n", out);
    for (const struct section_kind *const *k = v->kinds; *k; k++) {
        bool args = (*k)->args && *(*k)->args;
        fprintf(out, "#### `%s%s%s`\n\n%s\n\n", (*k)->name, args ? " " : "", args ? (*k)->args : "",
                (*k)->doc);
    }
}

void manual_print(FILE *out, const struct vocabulary *v)
{
    print_kinds(out, v);
    for (const struct keyword_table *const *t = v->tables; *t; t++) {
        fprintf(out, "### %s\n\n", (*t)->title);
        for (unsigned i = 0; i < (*t)->n; i++) print_row(out, v, &(*t)->rows[i]);
    }
}

static void dump_flags(FILE *out, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } FLAGS[] = {
        { KW_NO_PREFIX, "no" }, { KW_DEFAULT_PREFIX, "default" }, { KW_NO_RELOAD, "no-reload" },
        { KW_OURS, "ours" },    { KW_OBSOLETE, "obsolete" },
    };
    const char *glue = "";

    for (size_t i = 0; i < ARRAY_LEN(FLAGS); i++) {
        if (!(flags & FLAGS[i].flag)) continue;
        fprintf(out, "%s%s", glue, FLAGS[i].name);
        glue = ",";
    }
    fputs(*glue ? "\n" : "-\n", out);
}

void keywords_dump(FILE *out, const struct vocabulary *v)
{
    for (const struct section_kind *const *k = v->kinds; *k; k++)
        fprintf(out, "section\t%s\t-\t-\n", (*k)->name);
    for (const struct keyword_table *const *t = v->tables; *t; t++) {
        for (unsigned i = 0; i < (*t)->n; i++) {
            const struct keyword *k = &(*t)->rows[i];
            fprintf(out, "%s\t%s\t", (*t)->what, k->name);
            print_where(out, v, k->where, ",", ",");
            putc('\t', out);
            dump_flags(out, k->flags);
        }
    }
}
