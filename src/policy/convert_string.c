/* SPDX-License-Identifier: Apache-2.0 */
/* Converters of strings: cutting, joining, comparing. Most give a part of their input, which costs
 * nothing; those that make new bytes cut them where a sample may have no more, as HAProxy does. */
#include "policy/converters.h"

static bool is_one_of(char c, struct slice set)
{
    return slice_find(set, c) >= 0;
}

/* ---- cases and lengths ---- */

static bool change_case(struct context *c, struct sample *s, char first, char last)
{
    char *out = context_room(c, s->str.n);

    if (!out) return false;
    for (size_t i = 0; i < s->str.n; i++) {
        char b = s->str.p[i];
        out[i] = b >= first && b <= last ? b ^ ('a' ^ 'A') : b;
    }
    return sample_str(s, slice_of(out, s->str.n));
}

static bool str_lower(struct context *c, const struct arg *args, struct sample *s)
{
    (void)args;
    return change_case(c, s, 'A', 'Z');
}

static bool str_upper(struct context *c, const struct arg *args, struct sample *s)
{
    (void)args;
    return change_case(c, s, 'a', 'z');
}

static bool str_length(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return sample_sint(s, (int64_t)s->str.n);
}

/* ---- parts ---- */

static bool str_bytes(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t most = args[1].given ? args[1].sint : -1;

    (void)c;
    s->str = slice_from(s->str, args[0].sint < 0 ? s->str.n : (size_t)args[0].sint);
    if (most >= 0 && (uint64_t)most < s->str.n) s->str.n = (size_t)most;
    return true;
}

static bool str_ltrim(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    while (s->str.n && is_one_of(s->str.p[0], args[0].str)) s->str = slice_from(s->str, 1);
    return true;
}

static bool str_rtrim(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    while (s->str.n && is_one_of(s->str.p[s->str.n - 1], args[0].str)) s->str.n--;
    return true;
}

static bool str_cut_crlf(struct context *c, const struct arg *args, struct sample *s)
{
    size_t n = 0;

    (void)c;
    (void)args;
    while (n < s->str.n && s->str.p[n] != '\r' && s->str.p[n] != '\n') n++;
    s->str.n = n;
    return true;
}

/* A walk over a string from either end, so that "the third from the left" and "… from the right"
 * are one piece of code. Positions count from the end that the walk begins at. */
struct walk {
    struct slice text, delimiters;
    bool backwards;
};

static bool at_delimiter(const struct walk *w, size_t i)
{
    return is_one_of(w->text.p[w->backwards ? w->text.n - 1 - i : i], w->delimiters);
}

static size_t to_delimiter(const struct walk *w, size_t i)
{
    while (i < w->text.n && !at_delimiter(w, i)) i++;
    return i;
}

static size_t behind_delimiters(const struct walk *w, size_t i)
{
    while (i < w->text.n && at_delimiter(w, i)) i++;
    return i;
}

static struct slice walked(const struct walk *w, size_t from, size_t to)
{
    return slice_of(w->text.p + (w->backwards ? w->text.n - to : from), to - from);
}

static struct walk walk_of(const struct arg *args, const struct sample *s)
{
    return (struct walk){ s->str, args[1].str, args[0].sint < 0 };
}

/* How many parts are asked for before (index), and from there on (count; SIZE_MAX is all). */
static uint64_t parts_before(const struct arg *args)
{
    int64_t index = args[0].sint;
    return (index < 0 ? -(uint64_t)index : (uint64_t)index) - 1;
}

static uint64_t parts_wanted(const struct arg *args)
{
    if (!args[2].given) return 1;
    return args[2].sint > 0 ? (uint64_t)args[2].sint : UINT64_MAX;
}

/* Fields may be empty: one ends at each delimiter. */
static bool str_field(struct context *c, const struct arg *args, struct sample *s)
{
    struct walk w = walk_of(args, s);
    size_t from = 0, to;

    (void)c;
    for (uint64_t n = parts_before(args); n; n--) {
        from = to_delimiter(&w, from);
        if (from == w.text.n) return false; /* there are not so many */
        from++;
    }
    to = to_delimiter(&w, from);
    for (uint64_t n = parts_wanted(args); n > 1 && to < w.text.n; n--)
        to = to_delimiter(&w, to + 1);
    s->str = walked(&w, from, to);
    return true;
}

/* Words have a byte at least: any number of delimiters separates them. One that is not there is
 * empty; asked for more than there are, what follows the last is given too. */
static bool str_word(struct context *c, const struct arg *args, struct sample *s)
{
    struct walk w = walk_of(args, s);
    size_t from = behind_delimiters(&w, 0), to, next;

    (void)c;
    for (uint64_t n = parts_before(args); n && from < w.text.n; n--)
        from = behind_delimiters(&w, to_delimiter(&w, from));
    to = to_delimiter(&w, from);
    for (uint64_t n = parts_wanted(args); n > 1 && to < w.text.n; n--) {
        next = behind_delimiters(&w, to);
        to = next < w.text.n ? to_delimiter(&w, next) : next;
    }
    s->str = walked(&w, from, to);
    return true;
}

static bool check_parts(struct policy_cfg *pc, struct arg *args)
{
    if (args[0].sint == 0)
        return arg_error(pc, &args[0], "parts count from 1, or from -1 at the end");
    if (args[1].str.n == 0) return arg_error(pc, &args[1], "there are no delimiters");
    return true;
}

/* ---- joining ---- */

struct joined {
    char *p;
    size_t n, most;
};

static void join(struct joined *j, struct slice part)
{
    if (part.n > j->most - j->n) part.n = j->most - j->n;
    slice_put(j->p + j->n, part);
    j->n += part.n;
}

/* The input and up to three parts. HAProxy keeps a byte for a NUL here. */
static bool join_parts(struct context *c, struct sample *s, const struct slice *parts, unsigned n)
{
    struct joined j = { .n = 0 };
    size_t need = s->str.n, most = context_most(c) - 1;

    for (unsigned i = 0; i < n; i++) need += parts[i].n;
    j.most = need < most ? need : most;
    j.p = context_room(c, j.most);
    if (!j.p) return false;
    join(&j, s->str);
    for (unsigned i = 0; i < n; i++) join(&j, parts[i]);
    return sample_str(s, slice_of(j.p, j.n));
}

/* Makes the second argument a variable, unless it is empty. */
static bool check_variable(struct policy_cfg *pc, struct arg *a)
{
    const char *why;
    struct slice name = a->str;

    if (!a->given || name.n == 0) return true;
    a->variable = var_name_parse(pc->var_names, name, &a->var, &why);
    if (a->variable) return true;
    arg_error(pc, a, "'%.*s' is no variable", SLICE_ARG(name));
    return cfg_hint(pc->cfg, "%s", why);
}

static struct slice variable_or_nothing(struct context *c, const struct arg *a)
{
    struct slice text = { 0 };

    if (a->variable) convert_variable(c, a, SAMPLE_STR, &text);
    return text;
}

static bool check_concat(struct policy_cfg *pc, struct arg *args)
{
    return check_variable(pc, &args[1]);
}

static bool str_concat(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice parts[] = { args[0].str, variable_or_nothing(c, &args[1]), args[2].str };
    return join_parts(c, s, parts, 3);
}

static bool check_add_item(struct policy_cfg *pc, struct arg *args)
{
    if (args[1].str.n == 0 && args[2].str.n == 0)
        return arg_error(pc, &args[1], "there is nothing to add: neither a variable nor a text");
    return check_variable(pc, &args[1]);
}

static bool str_add_item(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice parts[] = { args[0].str, variable_or_nothing(c, &args[1]), args[2].str };

    if (s->str.n == 0 || parts[1].n + parts[2].n == 0) parts[0].n = 0;
    return join_parts(c, s, parts, 3);
}

/* ---- comparing, choosing ---- */

/* Like strcmp(3), which ends at a NUL; what is equal up to there is compared by its length. */
static bool str_strcmp(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice other;
    int difference = 0;

    if (!convert_variable(c, &args[0], SAMPLE_STR, &other)) return false;
    for (size_t i = 0; difference == 0 && i < s->str.n && i < other.n; i++) {
        difference = (uint8_t)s->str.p[i] - (uint8_t)other.p[i];
        if (s->str.p[i] == '\0') break;
    }
    if (difference == 0) difference = (s->str.n > other.n) - (s->str.n < other.n);
    return sample_sint(s, difference);
}

static bool choose_iif(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return sample_str(s, s->sint ? args[0].str : args[1].str);
}

#define OF_STRING SAMPLE_STR, SAMPLE_STR

static const struct converter ROWS[] = {
    { "add_item", ARGS(2, ARG_STR, ARG_STR, ARG_STR), OF_STRING, str_add_item,
      .check = check_add_item,
      .doc = "Appends an item to a list: a delimiter, the value of a variable and a text. The "
             "delimiter is left out when there is nothing on one of its sides. Variable or text "
             "may be empty: `add_item(\",\",,(site1))`." },
    { "bytes", ARGS(1, ARG_SINT, ARG_SINT), SAMPLE_BIN, SAMPLE_BIN, str_bytes,
      .doc = "The bytes from an offset on, at most as many as the second argument says. Behind the "
             "end there are none." },
    { "concat", ARGS(1, ARG_STR, ARG_STR, ARG_STR), OF_STRING, str_concat, .check = check_concat,
      .doc = "Appends a text, the value of a variable and another text; each may be empty, and a "
             "variable without a value is." },
    { "cut_crlf", ARGS(0, ARG_END), OF_STRING, str_cut_crlf,
      .doc = "What stands before the first CR or LF." },
    { "field", ARGS(2, ARG_SINT, ARG_STR, ARG_SINT), OF_STRING, str_field, .check = check_parts,
      .doc =
          "The n-th field from the left (1, 2, …) or from the right (-1, -2, …), where each of "
          "the characters given is a delimiter. Fields may be empty; one that is not there gives "
          "nothing. The third argument asks for so many of them, 0 for all." },
    { "iif", ARGS(2, ARG_STR, ARG_STR), SAMPLE_BOOL, SAMPLE_STR, choose_iif,
      .doc = "The first text when the input is true, else the second." },
    { "length", ARGS(0, ARG_END), SAMPLE_STR, SAMPLE_SINT, str_length,
      .doc = "How many bytes the input has." },
    { "lower", ARGS(0, ARG_END), OF_STRING, str_lower,
      .doc = "The input with the letters A to Z made small." },
    { "ltrim", ARGS(1, ARG_STR), OF_STRING, str_ltrim,
      .doc = "The input without the characters given at its beginning." },
    { "rtrim", ARGS(1, ARG_STR), OF_STRING, str_rtrim,
      .doc = "The input without the characters given at its end." },
    { "strcmp", ARGS(1, ARG_VAR), SAMPLE_STR, SAMPLE_SINT, str_strcmp,
      .doc = "Compares with a variable: 0 when both are equal, less than 0 when the input sorts "
             "before it, more when behind. Use `secure_memcmp` for secrets." },
    { "upper", ARGS(0, ARG_END), OF_STRING, str_upper,
      .doc = "The input with the letters a to z made capitals." },
    { "word", ARGS(2, ARG_SINT, ARG_STR, ARG_SINT), OF_STRING, str_word, .check = check_parts,
      .doc =
          "The n-th word from the left (1, 2, …) or from the right (-1, -2, …), where any number "
          "of the characters given separates words; one that is not there is empty. The third "
          "argument asks for so many of them, 0 for all." },
};

const struct converter_table string_converters = CONVERTER_TABLE("Strings", ROWS);
