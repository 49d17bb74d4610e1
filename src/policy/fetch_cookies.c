/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of cookies, from Cookie and Set-Cookie lines as HAProxy reads them: lines are taken apart
 * at commas, too, which RFC 6265 does not say; names are compared with their case; `$` attributes
 * and what has no `=` are no cookies. */
#include "policy/cookies.h"
#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice trim(struct slice s)
{
    while (s.n && blank(s.p[0])) s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1])) s.n--;
    return s;
}

/* The end of the value that s begins with: a `;` or `,` that is not quoted. */
static size_t value_end(struct slice s)
{
    bool quoted = false;

    for (size_t i = 0; i < s.n; i++) {
        if (quoted && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (!quoted && (s.p[i] == ';' || s.p[i] == ','))
            return i;
    }
    return s.n;
}

struct pair {
    struct slice name, value;
    bool has_value;
};

/* The pair that *rest begins with; steps behind it and its delimiter, rest->p becoming NULL at the
 * end. */
static struct pair take_pair(struct slice *rest)
{
    struct pair p = { 0 };
    size_t n = 0, end;

    while (n < rest->n && rest->p[n] != '=' && rest->p[n] != ';' && rest->p[n] != ',') n++;
    p.name = trim(slice_of(rest->p, n));
    p.has_value = n < rest->n && rest->p[n] == '=';
    end = p.has_value ? n + 1 + value_end(slice_from(*rest, n + 1)) : n;
    if (p.has_value) p.value = trim(slice_of(rest->p + n + 1, end - n - 1));
    *rest = end < rest->n ? slice_from(*rest, end + 1) : (struct slice){ NULL, 0 };
    return p;
}

/* The value of the cookie of that name (empty: any) in *rest, which steps behind it. Of a
 * Set-Cookie line only the first pair is a cookie. What is too short to have a value of one byte
 * is not looked at, so that an empty cookie at the end of a line is not found, as in HAProxy. */
static bool find_cookie(struct slice *rest, struct slice name, bool first_only, struct slice *value)
{
    while (rest->p && rest->n > name.n + 1) {
        struct pair p = take_pair(rest);
        if (!p.has_value || (p.name.n && p.name.p[0] == '$')) continue;
        if (name.n == 0 || slice_eq(p.name, name)) {
            *value = p.value;
            return true;
        }
        if (first_only) break;
    }
    return false;
}

/* ---- for captures ---- */

/* "name=value", copied only where blanks stand in between. */
static struct slice pair_text(const struct pair *p, struct arena *a)
{
    if (p->name.p + p->name.n + 1 == p->value.p)
        return slice_between(p->name.p, p->value.p + p->value.n);
    return slice_str(arena_printf(a, "%.*s=%.*s", SLICE_ARG(p->name), SLICE_ARG(p->value)));
}

static bool first_in_line(struct slice line, bool first_only, struct slice start, struct arena *a,
                          struct slice *out)
{
    while (line.p) {
        struct pair p = take_pair(&line);
        if (p.has_value && (p.name.n == 0 || p.name.p[0] != '$')) {
            *out = pair_text(&p, a);
            if (slice_starts(*out, start)) return true;
        }
        if (first_only) break;
    }
    return false;
}

bool cookie_first(const struct http_msg *m, bool response, struct slice start, struct arena *a,
                  struct slice *out)
{
    struct slice name = response ? SLICE("set-cookie") : SLICE("cookie");

    for (unsigned i = 0; i < m->n_fields; i++)
        if (slice_eq(m->fields[i].name, name) &&
            first_in_line(m->fields[i].value, response, start, a, out))
            return true;
    return false;
}

/* ---- fetches ---- */

struct cookie_walk {
    struct field_walk lines;
    struct slice name; /* empty: any */
    bool response;
    struct slice rest; /* of the line, behind the cookie found last; NULL pointer: nothing */
};

static bool walk_begin(const struct context *c, const struct arg *args, struct cookie_walk *w)
{
    const struct http_msg *m = field_message(c, args_param(args));

    *w = (struct cookie_walk){
        .lines = { .msg = m, .split = true },
        .response = m && m == c->res,
    };
    w->lines.name = w->response ? SLICE("set-cookie") : SLICE("cookie");
    if (args[0].given) w->name = args[0].str;
    return m;
}

static bool next_cookie(struct cookie_walk *w, struct slice *value)
{
    while (w->rest.p || field_next(&w->lines, &w->rest)) {
        if (find_cookie(&w->rest, w->name, w->response, value)) return true;
        w->rest.p = NULL;
    }
    return false;
}

/* Goes on where out->at and out->within say: at 2n in the n-th field, where an element begins; at
 * 2n + 1 behind a cookie there, where blanks count for the length. */
static void walk_resume(struct cookie_walk *w, const struct sample *out)
{
    struct field_walk *l = &w->lines;
    const char *from;

    l->at = out->at >> 1;
    l->within = out->within;
    if (!(out->at & 1) || !field_next(l, &w->rest)) return;
    from = l->msg->fields[l->from].value.p + out->within;
    w->rest = slice_between(from, w->rest.p + w->rest.n);
}

static void walk_keep(const struct cookie_walk *w, struct sample *out)
{
    const struct field_walk *l = &w->lines;

    if (w->rest.p) {
        out->at = l->from << 1 | 1;
        out->within = (uint32_t)(w->rest.p - l->msg->fields[l->from].value.p);
    } else {
        out->at = l->at << 1;
        out->within = l->within;
    }
}

/* Each value, one after the other. */
static bool cookie_after(struct cookie_walk *w, struct sample *out)
{
    struct slice value;

    walk_resume(w, out);
    out->more = next_cookie(w, &value);
    walk_keep(w, out);
    return out->more && sample_str(out, value);
}

/* The last one of that name, or the first of all, or each. */
static bool fetch_cookie(struct context *c, const struct arg *args, struct sample *out)
{
    struct cookie_walk w;
    struct slice value;
    bool found = false;

    if (!walk_begin(c, args, &w)) return false;
    if (out->each) return cookie_after(&w, out);
    while (next_cookie(&w, &value)) {
        sample_str(out, value);
        found = true;
        if (w.name.n == 0) break;
    }
    return found;
}

static bool fetch_count(struct context *c, const struct arg *args, struct sample *out)
{
    struct cookie_walk w;
    struct slice value;
    int64_t n = 0;

    if (!walk_begin(c, args, &w)) return false;
    while (next_cookie(&w, &value)) n++;
    return sample_sint(out, n);
}

static bool fetch_number(struct context *c, const struct arg *args, struct sample *out)
{
    return fetch_cookie(c, args, out) && sample_sint(out, field_number(out->str));
}

/* ---- the rows ---- */

static const struct fetch rows[] = {
    { "cook", ARGS(0, ARG_STR), SAMPLE_STR, NEED_REQUEST, FETCH_MANY | FETCH_DERIVED, fetch_cookie,
      "The same as `req.cook`.", NULL, SIDE_REQUEST },
    { "cook_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, 0, fetch_count,
      "The same as `req.cook_cnt`.", NULL, SIDE_REQUEST },
    { "cook_val", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, FETCH_MANY, fetch_number,
      "The same as `req.cook_val`.", NULL, SIDE_REQUEST },
    { "cookie", ARGS(0, ARG_STR), SAMPLE_STR, NEED_MESSAGE, FETCH_MANY, fetch_cookie,
      "The same as `req.cook` where a request is handled, and as `res.cook` where a response is.",
      NULL, SIDE_HERE },
    { "req.cook", ARGS(0, ARG_STR), SAMPLE_STR, NEED_REQUEST, FETCH_MANY, fetch_cookie,
      "The value of the request's last cookie of that name (in its case), or of its first cookie "
      "when no name is given; in an ACL each value. Quotes are part of it.",
      NULL, SIDE_REQUEST },
    { "req.cook_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, 0, fetch_count,
      "How many cookies of that name, or in all, the request has.", NULL, SIDE_REQUEST },
    { "req.cook_val", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, FETCH_MANY, fetch_number,
      "The value that `req.cook` gives, as a number: the digits that it begins with.", NULL,
      SIDE_REQUEST },
    { "res.cook", ARGS(0, ARG_STR), SAMPLE_STR, NEED_RESPONSE, FETCH_MANY, fetch_cookie,
      "The value of the last cookie of that name that the response sets, or of the first one when "
      "no name is given; in an ACL each value.",
      NULL, SIDE_RESPONSE },
    { "res.cook_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, 0, fetch_count,
      "How many cookies of that name the response sets. Without a name attributes with a value "
      "(`Path=/`) are counted, too, as in HAProxy.",
      NULL, SIDE_RESPONSE },
    { "res.cook_val", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, FETCH_MANY, fetch_number,
      "The value that `res.cook` gives, as a number: the digits that it begins with.", NULL,
      SIDE_RESPONSE },
    { "scook", ARGS(0, ARG_STR), SAMPLE_STR, NEED_RESPONSE, FETCH_MANY | FETCH_DERIVED,
      fetch_cookie, "The same as `res.cook`.", NULL, SIDE_RESPONSE },
    { "scook_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, 0, fetch_count,
      "The same as `res.cook_cnt`.", NULL, SIDE_RESPONSE },
    { "scook_val", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, FETCH_MANY, fetch_number,
      "The same as `res.cook_val`.", NULL, SIDE_RESPONSE },
};

const struct fetch_table cookie_fetches = FETCH_TABLE("Cookies", rows);
