/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/manual.h"

#include "base/memory.h"
#include "policy/match.h"
#include "policy/rule.h"

/* The rulesets by their keywords; a set of RULES_… is a list of them. */
static const struct {
    unsigned kind;
    const char *name;
} RULESETS[] = {
    { RULES_TCP_CONNECTION, "tcp-request connection" },
    { RULES_TCP_SESSION, "tcp-request session" },
    { RULES_HTTP_REQUEST, "http-request" },
    { RULES_HTTP_RESPONSE, "http-response" },
    { RULES_HTTP_AFTER_RESPONSE, "http-after-response" },
};

/* A fact behind others: "Gives: str · Needs: …". */
static void fact(FILE *out, const char **glue, const char *label, const char *text)
{
    fprintf(out, "%s%s%s", *glue, label, text);
    *glue = " · ";
}

static void entry_end(FILE *out, const char *doc)
{
    fprintf(out, "\n\n%s\n\n", doc);
}

static const char *type_name(unsigned t)
{
    return sample_type_name((enum sample_type)t);
}

/* "(<string>[,<integer>])", or nothing. */
static void print_args(FILE *out, const struct arg_spec *spec)
{
    struct arena a;

    if (spec->types[0] == ARG_END) return;
    arena_init(&a, NULL);
    fputs(args_describe(&a, spec), out);
    arena_release(&a);
}

/* ---- the reference ---- */

static void print_fetch(FILE *out, const struct fetch *f)
{
    const char *glue = "";

    fprintf(out, "#### `%s", f->name);
    print_args(out, &f->args);
    fputs("`\n\n", out);
    fact(out, &glue, "Gives: ", f->type == SAMPLE_ANY ? "any type" : type_name(f->type));
    if (f->need != NEED_NOTHING)
        fact(out, &glue, "Needs: ", policy_need_name((enum policy_need)f->need));
    if (f->flags & FETCH_MANY) fact(out, &glue, "", "may have several values");
    if (f->flags & FETCH_DERIVED) fact(out, &glue, "", "as an ACL also with `_beg` and its kin");
    if (f->flags & FETCH_OURS) fact(out, &glue, "", "not in HAProxy 2.6");
    entry_end(out, f->doc);
}

static void print_converter(FILE *out, const struct converter *c)
{
    const char *glue = "";

    fprintf(out, "#### `%s", c->name);
    print_args(out, &c->args);
    fputs("`\n\n", out);
    fact(out, &glue, "Takes: ", type_name(c->in));
    fact(out, &glue, "Gives: ", type_name(c->out));
    if (c->flags & FETCH_OURS) fact(out, &glue, "", "not in HAProxy 2.6");
    entry_end(out, c->doc);
}

static void print_match(FILE *out, const struct match *m)
{
    fprintf(out, "#### `-m %s`\n\nTakes: %s\n\nTrue if %s.\n\n", m->name, type_name(m->type),
            m->doc);
}

static void print_action(FILE *out, const struct action *a)
{
    const char *glue = "", *args = a->args ? a->args : "";
    const char *blank = *args && *args != '(' ? " " : "";
    const char *label = "In: ";

    fprintf(out, "#### `%s%s%s`\n\n", a->name, blank, args);
    for (size_t i = 0; i < ARRAY_LEN(RULESETS); i++) {
        if (!(a->where & RULESETS[i].kind)) continue;
        fprintf(out, "%s`%s`", label, RULESETS[i].name);
        label = ", ";
        glue = " · ";
    }
    if (a->flags & ACTION_FINAL) fact(out, &glue, "", "takes `name <name>` and `report`");
    if (a->flags & ACTION_OURS) fact(out, &glue, "", "not in HAProxy 2.6");
    entry_end(out, a->doc);
}

static void print_item(FILE *out, const struct format_item *f)
{
    const char *glue = "";

    fprintf(out, "#### `%%%s`\n\n", f->name);
    if (f->need != NEED_NOTHING)
        fact(out, &glue, "Needs: ", policy_need_name((enum policy_need)f->need));
    if (f->http) fact(out, &glue, "", "in `mode http` only");
    fprintf(out, "%s%s\n\n", *glue ? "\n\n" : "", f->doc);
}

void policy_manual_print(FILE *out, const struct policy_rows *r)
{
    for (unsigned t = 0; r->fetch_tables && r->fetch_tables[t]; t++) {
        fprintf(out, "### Fetches: %s\n\n", r->fetch_tables[t]->title);
        for (unsigned i = 0; i < r->fetch_tables[t]->n; i++)
            print_fetch(out, &r->fetch_tables[t]->rows[i]);
    }
    for (unsigned t = 0; r->converter_tables && r->converter_tables[t]; t++) {
        fprintf(out, "### Converters: %s\n\n", r->converter_tables[t]->title);
        for (unsigned i = 0; i < r->converter_tables[t]->n; i++)
            print_converter(out, &r->converter_tables[t]->rows[i]);
    }
    fputs("### Matches\n\n", out);
    for (size_t i = 0; i < N_MATCHES; i++)
        if (match_find(slice_str(matches[i].name)) == &matches[i]) print_match(out, &matches[i]);
    for (unsigned t = 0; r->actions && r->actions[t]; t++) {
        const char *title = r->actions[t]->title;
        bool says_so = slice_starts(slice_str(title), SLICE("Actions"));
        fprintf(out, "### %s%s\n\n", says_so ? "" : "Actions: ", title);
        for (unsigned i = 0; i < r->actions[t]->n; i++) print_action(out, &r->actions[t]->rows[i]);
    }
    for (unsigned t = 0; r->item_tables && r->item_tables[t]; t++) {
        fprintf(out, "### Format items: %s\n\n", r->item_tables[t]->title);
        for (unsigned i = 0; i < r->item_tables[t]->n; i++)
            print_item(out, &r->item_tables[t]->rows[i]);
    }
}

/* ---- --dump-keywords ---- */

static const char *ours(unsigned flags)
{
    return flags & FETCH_OURS ? "ours" : "-";
}

static void dump_action(FILE *out, const struct action *a)
{
    for (size_t i = 0; i < ARRAY_LEN(RULESETS); i++)
        if (a->where & RULESETS[i].kind)
            fprintf(out, "%s action\t%s\t-\t%s\n", RULESETS[i].name, a->name,
                    a->flags & ACTION_OURS ? "ours" : "-");
}

void policy_rows_dump(FILE *out, const struct policy_rows *r)
{
    for (unsigned t = 0; r->fetch_tables && r->fetch_tables[t]; t++)
        for (unsigned i = 0; i < r->fetch_tables[t]->n; i++) {
            const struct fetch *f = &r->fetch_tables[t]->rows[i];
            fprintf(out, "fetch\t%s\t%s\t%s\n", f->name,
                    policy_need_name((enum policy_need)f->need), ours(f->flags));
        }
    for (unsigned t = 0; r->converter_tables && r->converter_tables[t]; t++)
        for (unsigned i = 0; i < r->converter_tables[t]->n; i++) {
            const struct converter *c = &r->converter_tables[t]->rows[i];
            fprintf(out, "converter\t%s\t%s => %s\t%s\n", c->name, type_name(c->in),
                    type_name(c->out), ours(c->flags));
        }
    for (size_t i = 0; i < N_MATCHES; i++)
        if (match_find(slice_str(matches[i].name)) == &matches[i])
            fprintf(out, "match\t%s\t%s\t-\n", matches[i].name, type_name(matches[i].type));
    for (unsigned t = 0; r->actions && r->actions[t]; t++)
        for (unsigned i = 0; i < r->actions[t]->n; i++) dump_action(out, &r->actions[t]->rows[i]);
    for (unsigned t = 0; r->item_tables && r->item_tables[t]; t++)
        for (unsigned i = 0; i < r->item_tables[t]->n; i++) {
            const struct format_item *f = &r->item_tables[t]->rows[i];
            fprintf(out, "format item\t%s\t%s\t-\n", f->name,
                    policy_need_name((enum policy_need)f->need));
        }
}

/* ---- -dK ---- */

void policy_dump_fetches(FILE *out, const struct policy_rows *r)
{
    for (unsigned t = 0; r->fetch_tables && r->fetch_tables[t]; t++)
        for (unsigned i = 0; i < r->fetch_tables[t]->n; i++) {
            const struct fetch *f = &r->fetch_tables[t]->rows[i];
            putc('[', out);
            for (unsigned p = PLACE_TCP_CONNECTION; p < N_PLACES; p++)
                fputs(policy_need_met((enum policy_need)f->need, (enum policy_place)p) ? " Y"
                                                                                       : " .",
                      out);
            fprintf(out, " ] %s", f->name);
            print_args(out, &f->args);
            fprintf(out, ": %s\n", type_name(f->type));
        }
}

void policy_dump_converters(FILE *out, const struct policy_rows *r)
{
    for (unsigned t = 0; r->converter_tables && r->converter_tables[t]; t++)
        for (unsigned i = 0; i < r->converter_tables[t]->n; i++) {
            const struct converter *c = &r->converter_tables[t]->rows[i];
            fputs(c->name, out);
            print_args(out, &c->args);
            fprintf(out, ": %s => %s\n", type_name(c->in), type_name(c->out));
        }
}

void policy_dump_criteria(FILE *out, const struct policy_rows *r)
{
    for (unsigned t = 0; r->fetch_tables && r->fetch_tables[t]; t++)
        for (unsigned i = 0; i < r->fetch_tables[t]->n; i++) {
            const struct fetch *f = &r->fetch_tables[t]->rows[i];
            const struct match *m = match_default((enum sample_type)f->type);

            if (m) fprintf(out, "%s = %s -m %s\n", f->name, f->name, m->name);
            for (unsigned k = MATCH_LEN; f->flags & FETCH_DERIVED && k <= MATCH_REG; k++)
                if (k != MATCH_STR)
                    fprintf(out, "%s_%s = %s -m %s\n", f->name, matches[k].name, f->name,
                            matches[k].name);
        }
}
