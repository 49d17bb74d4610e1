/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that change the fields of a message. HAProxy's manual, 4.2: set-header and its kin. */
#include "policy/actions.h"

#include "policy/field_name.h"
#include "policy/fields.h"
#include "policy/regex.h"

/* What names of del-header are compared by. */
enum name_match { NAME_STR, NAME_BEG, NAME_END, NAME_SUB, NAME_REG };

struct field_rule {
    struct slice name; /* lower case */
    enum http_field_id id;
    enum name_match match;
    const struct regex *regex;   /* of values; of names for NAME_REG */
    const struct format *format; /* the value, or the replacement */
};

/* ---- reading ---- */

static bool read_name(struct policy_cfg *pc, struct words *w, struct field_rule *f)
{
    if (!words_field_name(pc->cfg, w, &f->name)) return false;
    f->id = http_field_find(f->name);
    return true;
}

/* <name> <format> */
static bool parse_set(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct field_rule *f = arena_zero(pc->cfg->arena, sizeof *f);

    r->data = f;
    return read_name(pc, w, f) && action_format(pc, w, FORMAT_FOR_HTTP, &f->format);
}

/* <name> <regex> <format> */
static bool parse_replace(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct field_rule *f = arena_zero(pc->cfg->arena, sizeof *f);

    r->data = f;
    return read_name(pc, w, f) && action_regex(pc, w, 0, &f->regex) &&
           action_format(pc, w, FORMAT_FOR_HTTP, &f->format);
}

/* <name> [-m <method>]: what stands first is a name, or a part of one, or a regex. */
static bool parse_del(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    static const char *const METHODS[] = { "str", "beg", "end", "sub", "reg", NULL };
    struct field_rule *f = arena_zero(pc->cfg->arena, sizeof *f);
    const struct word *word = words_peek(w);
    const char *name;
    unsigned method = NAME_STR;

    r->data = f;
    if (!words_str(pc->cfg, w, &name)) return false;
    if (words_take_if(w, "-m") && !words_enum(pc->cfg, w, &method, METHODS)) return false;
    f->match = (enum name_match)method;
    f->name = field_lower(pc->cfg->arena, word->text);
    return f->match != NAME_REG || action_regex_of(pc, word, REGEX_NO_GROUPS, &f->regex);
}

/* ---- running ---- */

/* Values so short are added without looking at the size of the message: what is then too long is
 * found when the head is written. */
enum { SHORT = 512 };

/* Would the message's head still be one that fits a buffer? */
static bool fits(struct context *c, const struct http_msg *m, struct slice value)
{
    size_t n = m->target.n + value.n;

    if (value.n <= SHORT) return true;
    for (unsigned i = 0; i < m->n_fields; i++) n += m->fields[i].name.n + m->fields[i].value.n;
    return n <= context_most(c);
}

static enum rule_result run_set(struct context *c, const struct rule *r)
{
    const struct field_rule *f = r->data;
    struct http_msg *m = rule_message(c, r);
    struct slice value = slice_trim_blanks(format_text(f->format, c, context_most(c)));
    bool done;

    if (!fits(c, m, value)) return rule_failed(c);
    done = r->action->param ? http_msg_put(m, c->arena, f->name, value)
                            : http_msg_set(m, c->arena, f->name, value);
    return done ? RULE_NEXT : rule_failed(c);
}

static bool name_matches(const struct field_rule *f, struct slice name)
{
    switch (f->match) {
    case NAME_BEG: return slice_starts(name, f->name);
    case NAME_END: return slice_ends(name, f->name);
    case NAME_SUB: return memmem(name.p, name.n, f->name.p, f->name.n) != NULL;
    case NAME_REG: return regex_match(f->regex, name, false, NULL);
    default: return slice_eq(name, f->name);
    }
}

static enum rule_result run_del(struct context *c, const struct rule *r)
{
    const struct field_rule *f = r->data;
    struct http_msg *m = rule_message(c, r);

    if (f->match == NAME_STR) {
        http_msg_remove_named(m, f->name);
        return RULE_NEXT;
    }
    for (unsigned i = 0; i < m->n_fields;)
        if (name_matches(f, m->fields[i].name))
            http_msg_drop(m, i);
        else
            i++;
    return RULE_NEXT;
}

static enum rule_result run_replace_header(struct context *c, const struct rule *r)
{
    const struct field_rule *f = r->data;
    struct http_msg *m = rule_message(c, r);
    struct slice with = format_text(f->format, c, context_most(c)), value;
    struct regex_match found;

    for (unsigned i = 0; i < m->n_fields; i++) {
        if (!slice_eq(m->fields[i].name, f->name)) continue;
        if (!regex_match(f->regex, m->fields[i].value, false, &found)) continue;
        if (!action_replacement(c, with, &found, &value) || !fits(c, m, value))
            return rule_failed(c);
        if (!http_msg_change(m, c->arena, i, slice_trim_blanks(value))) return rule_failed(c);
    }
    return RULE_NEXT;
}

/* A value that is made anew, element by element. */
struct edit {
    const struct field_rule *rule;
    struct slice with;
    struct format_out out;
    bool changed, failed;
};

/* One element. What is replaced loses the blanks around it, the others keep them. */
static void edit_element(struct context *c, struct edit *e, struct slice element)
{
    struct slice inner = slice_trim_blanks(element), value;
    struct regex_match found;

    if (!regex_match(e->rule->regex, inner, false, &found)) {
        format_put(&e->out, element);
        return;
    }
    e->changed = true;
    e->failed = !action_replacement(c, e->with, &found, &value);
    if (!e->failed) format_put(&e->out, value);
}

static bool edit_value(struct context *c, struct edit *e, struct slice value)
{
    size_t n;

    for (;;) {
        n = http_list_element(value);
        edit_element(c, e, slice_of(value.p, n));
        if (n >= value.n || e->failed) break;
        format_put(&e->out, SLICE(","));
        value = slice_from(value, n + 1);
    }
    return !e->failed && !e->out.cut;
}

static struct slice edited(struct context *c, const struct edit *e)
{
    return slice_trim_blanks(arena_copy(c->arena, slice_between(e->out.start, e->out.at)));
}

static enum rule_result run_replace_value(struct context *c, const struct rule *r)
{
    const struct field_rule *f = r->data;
    struct http_msg *m = rule_message(c, r);
    struct edit e = { .rule = f, .with = format_text(f->format, c, context_most(c)) };
    struct slice value;

    for (unsigned i = 0; i < m->n_fields; i++) {
        char first[256];
        if (!slice_eq(m->fields[i].name, f->name)) continue;
        e.changed = false;
        e.out = (struct format_out){ .at = first,
                                     .end = first + sizeof first,
                                     .arena = c->arena,
                                     .start = first,
                                     .most = context_most(c) };
        if (!edit_value(c, &e, m->fields[i].value)) return rule_failed(c);
        if (!e.changed) continue;
        value = edited(c, &e);
        if (!fits(c, m, value) || !http_msg_change(m, c->arena, i, value)) return rule_failed(c);
    }
    return RULE_NEXT;
}

/* ---- explain ---- */

static struct slice describe_set(struct context *c, const struct rule *r)
{
    const struct field_rule *f = r->data;
    struct slice value = format_text(f->format, c, context_most(c));

    return action_words(c, "%s %.*s: %.*s", r->action->param ? "adds" : "sets", SLICE_ARG(f->name),
                        SLICE_ARG(value));
}

static struct slice describe_del(struct context *c, const struct rule *r)
{
    const struct field_rule *f = r->data;

    return action_words(c, "removes %s%.*s", f->match == NAME_STR ? "" : "what matches ",
                        SLICE_ARG(f->name));
}

static const struct action ROWS[] = {
    { "set-header", RULES_HTTP, 0, parse_set, run_set, describe_set, "<name> <format>",
      "Removes all header fields of that name, then adds one. The value is made before, so it may "
      "use the old one.",
      0 },
    { "add-header", RULES_HTTP, 0, parse_set, run_set, describe_set, "<name> <format>",
      "Adds a header field behind the others. A second `Host` takes the place of the first.", 1 },
    { "del-header", RULES_HTTP, 0, parse_del, run_del, describe_del,
      "<name> [-m str|beg|end|sub|reg]",
      "Removes all header fields of that name, or whose name begins with, ends with or contains "
      "it, "
      "or matches it as a regex.",
      0 },
    { "replace-header", RULES_HTTP, 0, parse_replace, run_replace_header, NULL,
      "<name> <regex> <format>",
      "Where the regex matches anywhere in the value of a field of that name, the whole value "
      "becomes the format's text, in which `\\0` to `\\9` stand for the match and its groups.",
      0 },
    { "replace-value", RULES_HTTP, 0, parse_replace, run_replace_value, NULL,
      "<name> <regex> <format>",
      "Does what `replace-header` does for each element of a comma-separated list.", 0 },
};

const struct action_table field_actions = ACTION_TABLE("Actions on header fields", ROWS);
