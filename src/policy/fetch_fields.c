/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of header fields. A row's param is the side it looks at (fields.h), and WHOLE where
 * commas don't part values. */
#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"

#include <arpa/inet.h>

enum { WHOLE = SIDE_MASK + 1 };

/* ---- arguments ---- */

/* Names are looked for in lower case. */
static bool check_name(struct policy_cfg *pc, struct arg *args)
{
    struct arg *name = &args[0];

    if (name->given) name->str = field_lower(pc->cfg->arena, name->str);
    return true;
}

static bool check_occurrence(struct policy_cfg *pc, struct arg *args)
{
    if (args[1].given && args[1].sint < -FIELD_HISTORY)
        return cfg_error(pc->cfg, &args[1].at,
                         "an occurrence can be counted back from the last "
                         "one to -%d at most",
                         FIELD_HISTORY);
    return check_name(pc, args);
}

/* ---- values ---- */

static bool walk_begin(const struct context *c, const struct arg *args, struct field_walk *w)
{
    intptr_t param = args_param(args);

    *w = (struct field_walk){ .msg = field_message(c, param), .split = !(param & WHOLE) };
    if (args[0].given) w->name = args[0].str;
    return w->msg;
}

/* What a field's first value is part of. */
static bool fetch_bare(const struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = field_message(c, args_param(args));
    const struct http_field *f = m ? http_msg_field_named(m, args[0].str) : NULL;

    return f && sample_str(out, f->value);
}

/* The n-th value; 0: the last one, or all one by one. Out of the way of those who only ask whether
 * there is one. */
__attribute__((noinline)) static bool fetch_nth(const struct context *c, const struct arg *args,
                                                int64_t n, struct sample *out)
{
    struct field_walk w;
    struct slice value;

    if (!walk_begin(c, args, &w)) return false;
    if (n != 0 || !out->each) {
        out->more = false;
        return field_nth(&w, n ? n : -1, &value) && sample_str(out, value);
    }
    w.at = out->at;
    w.within = out->within;
    if (!field_next(&w, &value)) return false;
    out->at = w.at;
    out->within = w.within;
    out->more = true;
    return sample_str(out, value);
}

/* One value. Without an occurrence (0 is none, too) it is the last one, or all one by one. An empty
 * name means all fields, but with no argument at all nothing is found. */
static bool fetch_value(struct context *c, const struct arg *args, struct sample *out)
{
    int64_t n = args[1].given ? args[1].sint : 0;

    if (!args[0].given) return false;
    if (out->bare && n == 0 && args[0].str.n) return fetch_bare(c, args, out);
    return fetch_nth(c, args, n, out);
}

static bool fetch_count(struct context *c, const struct arg *args, struct sample *out)
{
    struct field_walk w;
    struct slice value;
    int64_t n = 0;

    if (!walk_begin(c, args, &w)) return false;
    while (field_next(&w, &value)) n++;
    return sample_sint(out, n);
}

static bool fetch_number(struct context *c, const struct arg *args, struct sample *out)
{
    return fetch_value(c, args, out) && sample_sint(out, field_number(out->str));
}

/* ---- addresses ---- */

/* RFC 7239 §6: an IPv4 address, perhaps with a port (which is HAProxy's addition), or an IPv6 one
 * without brackets. */
static bool read_address(struct slice s, struct sample *out)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a6;
    size_t n = fetch_ipv4(s, &out->ipv4);
    struct slice port = slice_from(s, n);

    if (n && (port.n == 0 || (port.p[0] == ':' && fetch_port(slice_from(port, 1), NULL)))) {
        out->type = SAMPLE_IPV4;
        return true;
    }
    if (s.n >= sizeof text || inet_pton(AF_INET6, slice_copy(s, text, sizeof text), &a6) != 1)
        return false;
    out->type = SAMPLE_IPV6;
    out->ipv6 = a6;
    return true;
}

static bool fetch_address(struct context *c, const struct arg *args, struct sample *out)
{
    while (fetch_value(c, args, out)) {
        struct slice value = out->str;
        if (read_address(value, out)) return true;
        if (!out->more) return false;
    }
    return false;
}

/* ---- all fields at once ---- */

static bool fetch_names(struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = field_message(c, args_param(args));
    char delimiter = !args[0].given ? ',' : args[0].str.n ? args[0].str.p[0] : 0;
    size_t room = 0;
    char *to, *at;

    if (!m) return false;
    for (unsigned i = 0; i < m->n_fields; i++) room += m->fields[i].name.n + 1;
    to = at = context_room(c, room);
    if (!to) return false;
    for (unsigned i = 0; i < m->n_fields; i++) {
        if (at > to) *at++ = delimiter;
        at = slice_put(at, m->fields[i].name);
    }
    return sample_str(out, slice_between(to, at));
}

static bool fetch_all(struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = field_message(c, args_param(args));
    size_t room = 2;
    char *to, *at;

    if (!m) return false;
    for (unsigned i = 0; i < m->n_fields; i++)
        room += m->fields[i].name.n + m->fields[i].value.n + 4;
    to = at = context_room(c, room);
    if (!to) return false;
    for (unsigned i = 0; i < m->n_fields; i++) {
        at = slice_put(at, m->fields[i].name);
        at = slice_put(at, SLICE(": "));
        at = slice_put(at, m->fields[i].value);
        at = slice_put(at, SLICE("\r\n"));
    }
    return sample_bin(out, slice_between(to, slice_put(at, SLICE("\r\n"))));
}

/* SPOE's variable integers (HAProxy's SPOE.txt, 3.1): up to 239 in one byte; else four bits there,
 * and seven in each further byte, the last of which lacks the highest bit. */
static char *put_varint(char *to, size_t n)
{
    if (n < 240) {
        *to++ = (char)n;
        return to;
    }
    *to++ = (char)(n | 240);
    for (n = (n - 240) >> 4; n >= 128; n = (n - 128) >> 7) *to++ = (char)(n | 128);
    *to++ = (char)n;
    return to;
}

/* Room for s behind its length. */
static size_t counted_room(struct slice s)
{
    return s.n + (s.n < 240 ? 1 : 5);
}

static char *put_counted(char *to, struct slice s)
{
    return slice_put(put_varint(to, s.n), s);
}

static bool fetch_all_binary(struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = field_message(c, args_param(args));
    size_t room = 2;
    char *to, *at;

    if (!m) return false;
    for (unsigned i = 0; i < m->n_fields; i++)
        room += counted_room(m->fields[i].name) + counted_room(m->fields[i].value);
    to = at = context_room(c, room);
    if (!to) return false;
    for (unsigned i = 0; i < m->n_fields; i++) {
        at = put_counted(at, m->fields[i].name);
        at = put_counted(at, m->fields[i].value);
    }
    *at++ = 0;
    *at++ = 0;
    return sample_bin(out, slice_between(to, at));
}

/* ---- the rows ---- */

static const struct fetch rows[] = {
    { "hdr", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_MESSAGE, FETCH_MANY | FETCH_DERIVED,
      fetch_value,
      "The same as `req.hdr` where a request is handled, and as `res.hdr` where a response is; "
      "in ACLs always `req.hdr`.",
      check_occurrence, SIDE_HERE },
    { "hdr_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, 0, fetch_count,
      "The same as `req.hdr_cnt`.", check_name, SIDE_REQUEST },
    { "hdr_ip", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_ADDR, NEED_REQUEST, FETCH_MANY, fetch_address,
      "The same as `req.hdr_ip`.", check_occurrence, SIDE_REQUEST },
    { "hdr_val", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_SINT, NEED_REQUEST, FETCH_MANY, fetch_number,
      "The same as `req.hdr_val`.", check_occurrence, SIDE_REQUEST },
    { "req.fhdr", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_REQUEST, FETCH_MANY, fetch_value,
      "The same as `req.hdr`, but of whole lines: commas are part of the value.", check_occurrence,
      SIDE_REQUEST | WHOLE },
    { "req.fhdr_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, 0, fetch_count,
      "How many lines the request's field of that name has; without a name how many fields "
      "there are.",
      check_name, SIDE_REQUEST | WHOLE },
    { "req.hdr", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_REQUEST, FETCH_MANY, fetch_value,
      "A value of the request's header field of that name: its lines are taken apart at commas "
      "that are not quoted, and the last value is given, or in an ACL each. An occurrence "
      "counts from the first (1) or back from the last (-1, at most -10). Without a name it is "
      "the values of all fields.",
      check_occurrence, SIDE_REQUEST },
    { "req.hdr_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_REQUEST, 0, fetch_count,
      "How many values the request's field of that name has, counting each part between "
      "commas; without a name those of all fields.",
      check_name, SIDE_REQUEST },
    { "req.hdr_ip", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_ADDR, NEED_REQUEST, FETCH_MANY,
      fetch_address,
      "The value that `req.hdr` gives, as an address: IPv4, perhaps with a port, which is left "
      "out, or IPv6 without brackets. In an ACL values that are none are passed over.",
      check_occurrence, SIDE_REQUEST },
    { "req.hdr_names", ARGS(0, ARG_STR), SAMPLE_STR, NEED_REQUEST, 0, fetch_names,
      "The names of the request's fields in lower case, one behind the other, with a comma "
      "between them, or with the first character that is given.",
      NULL, SIDE_REQUEST },
    { "req.hdr_val", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_SINT, NEED_REQUEST, FETCH_MANY,
      fetch_number, "The value that `req.hdr` gives, as a number: the digits that it begins with.",
      check_occurrence, SIDE_REQUEST },
    { "req.hdrs", ARGS(0, ARG_END), SAMPLE_BIN, NEED_REQUEST, 0, fetch_all,
      "The request's whole head behind its first line, with the empty line at its end.", NULL,
      SIDE_REQUEST },
    { "req.hdrs_bin", ARGS(0, ARG_END), SAMPLE_BIN, NEED_REQUEST, 0, fetch_all_binary,
      "The request's fields, name and value each behind its length as SPOE encodes it, and two "
      "empty ones at the end.",
      NULL, SIDE_REQUEST },
    { "res.fhdr", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_RESPONSE, FETCH_MANY, fetch_value,
      "The same as `res.hdr`, but of whole lines: commas are part of the value.", check_occurrence,
      SIDE_RESPONSE | WHOLE },
    { "res.fhdr_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, 0, fetch_count,
      "How many lines the response's field of that name has; without a name how many fields "
      "there are.",
      check_name, SIDE_RESPONSE | WHOLE },
    { "res.hdr", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_RESPONSE, FETCH_MANY, fetch_value,
      "A value of the response's header field of that name: its lines are taken apart at "
      "commas that are not quoted, and the last value is given, or in an ACL each. An "
      "occurrence counts from the first (1) or back from the last (-1, at most -10). Without a "
      "name it is the values of all fields.",
      check_occurrence, SIDE_RESPONSE },
    { "res.hdr_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, 0, fetch_count,
      "How many values the response's field of that name has, counting each part between "
      "commas; without a name those of all fields.",
      check_name, SIDE_RESPONSE },
    { "res.hdr_ip", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_ADDR, NEED_RESPONSE, FETCH_MANY,
      fetch_address,
      "The value that `res.hdr` gives, as an address: IPv4, perhaps with a port, which is left "
      "out, or IPv6 without brackets. In an ACL values that are none are passed over.",
      check_occurrence, SIDE_RESPONSE },
    { "res.hdr_names", ARGS(0, ARG_STR), SAMPLE_STR, NEED_RESPONSE, 0, fetch_names,
      "The names of the response's fields in lower case, one behind the other, with a comma "
      "between them, or with the first character that is given.",
      NULL, SIDE_RESPONSE },
    { "res.hdr_val", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_SINT, NEED_RESPONSE, FETCH_MANY,
      fetch_number, "The value that `res.hdr` gives, as a number: the digits that it begins with.",
      check_occurrence, SIDE_RESPONSE },
    { "res.hdrs", ARGS(0, ARG_END), SAMPLE_BIN, NEED_RESPONSE, 0, fetch_all,
      "The response's whole head behind its first line, with the empty line at its end.", NULL,
      SIDE_RESPONSE },
    { "res.hdrs_bin", ARGS(0, ARG_END), SAMPLE_BIN, NEED_RESPONSE, 0, fetch_all_binary,
      "The response's fields, name and value each behind its length as SPOE encodes it, and "
      "two empty ones at the end.",
      NULL, SIDE_RESPONSE },
    { "shdr", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_RESPONSE, FETCH_MANY | FETCH_DERIVED,
      fetch_value, "The same as `res.hdr`.", check_occurrence, SIDE_RESPONSE },
    { "shdr_cnt", ARGS(0, ARG_STR), SAMPLE_SINT, NEED_RESPONSE, 0, fetch_count,
      "The same as `res.hdr_cnt`.", check_name, SIDE_RESPONSE },
    { "shdr_ip", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_ADDR, NEED_RESPONSE, FETCH_MANY, fetch_address,
      "The same as `res.hdr_ip`.", check_occurrence, SIDE_RESPONSE },
    { "shdr_val", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_SINT, NEED_RESPONSE, FETCH_MANY, fetch_number,
      "The same as `res.hdr_val`.", check_occurrence, SIDE_RESPONSE },
};

const struct fetch_table field_fetches = FETCH_TABLE("Header fields", rows);
