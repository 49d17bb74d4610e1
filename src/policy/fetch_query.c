/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of parameters: "a=1&b=2" in a request's query, or in its body. Parameters are parted by
 * `&`, `;` and the row's delimiter; a name without `=` is none; nothing is decoded. */
#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"

static bool parts(char c, char delimiter)
{
    return c == '&' || c == ';' || c == delimiter;
}

/* The value of the parameter of that name (empty: any) which *rest begins with or has further on;
 * *rest steps behind it. */
static bool next_parameter(struct slice *rest, struct slice name, char delimiter,
                           struct slice *value)
{
    while (rest->n) {
        struct slice one = *rest;
        ptrdiff_t equal;
        size_t n = 0;

        while (n < rest->n && !parts(rest->p[n], delimiter)) n++;
        one.n = n;
        *rest = slice_from(*rest, n + 1);
        equal = slice_find(one, '=');
        if (equal < 0) continue;
        if (name.n && !slice_eq(slice_of(one.p, (size_t)equal), name)) continue;
        *value = slice_from(one, (size_t)equal + 1);
        return true;
    }
    return false;
}

/* The first value, or each; out->within is where in `all` to go on. */
static bool parameter(struct slice all, const struct arg *args, char delimiter, struct sample *out)
{
    struct slice name = args[0].given ? args[0].str : (struct slice){ NULL, 0 };
    struct slice rest = slice_from(all, out->within), value;

    out->more = false;
    if (!next_parameter(&rest, name, delimiter, &value)) return false;
    if (out->each) {
        out->more = rest.n;
        out->within = (uint32_t)(rest.p - all.p);
    }
    return sample_str(out, value);
}

static bool fetch_url_parameter(struct context *c, const struct arg *args, struct sample *out)
{
    char delimiter = !args[1].given ? '?' : args[1].str.n ? args[1].str.p[0] : 0;
    ptrdiff_t mark;

    if (!c->req) return false;
    mark = slice_find(c->req->target, delimiter);
    return mark >= 0 &&
           parameter(slice_from(c->req->target, (size_t)mark + 1), args, delimiter, out);
}

static bool fetch_url_number(struct context *c, const struct arg *args, struct sample *out)
{
    return fetch_url_parameter(c, args, out) && sample_sint(out, field_number(out->str));
}

static bool fetch_body_parameter(struct context *c, const struct arg *args, struct sample *out)
{
    if (c->req && !c->req_body.whole && c->see_body) c->see_body(c, false);
    return c->req && parameter(c->req_body.bytes, args, '&', out) && sample_bin(out, out->str);
}

/* ---- the rows ---- */

static const struct fetch rows[] = {
    { "req.body_param", ARGS(0, ARG_STR), SAMPLE_BIN, NEED_REQUEST_BODY, FETCH_MANY,
      fetch_body_parameter,
      "The value of the first parameter of that name (in its case; without a name: of the first "
      "one) in a request's body that is an encoded form, as far as it has come; in an ACL each "
      "value. It is not decoded.",
      NULL, 0 },
    { "url_param", ARGS(0, ARG_STR, ARG_STR), SAMPLE_STR, NEED_REQUEST, FETCH_MANY,
      fetch_url_parameter, "The same as `urlp`.", NULL, 0 },
    { "urlp", ARGS(0, ARG_STR, ARG_STR), SAMPLE_STR, NEED_REQUEST, FETCH_MANY | FETCH_DERIVED,
      fetch_url_parameter,
      "The value of the first parameter of that name (in its case; without a name: of the first "
      "one) in the query; in an ACL each value. It is not decoded. Parameters end at `&`, `;` and "
      "the delimiter, `?` unless another character is given, behind whose first place in the "
      "target they begin.",
      NULL, 0 },
    { "urlp_val", ARGS(0, ARG_STR, ARG_STR), SAMPLE_SINT, NEED_REQUEST, FETCH_MANY,
      fetch_url_number, "The value that `urlp` gives, as a number: the digits that it begins with.",
      NULL, 0 },
};

const struct fetch_table query_fetches = FETCH_TABLE("Parameters", rows);
