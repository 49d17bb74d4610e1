/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fields.h"

#include "http/target.h"

const struct http_msg *field_message(const struct context *c, intptr_t side)
{
    switch (side & SIDE_MASK) {
    case SIDE_REQUEST: return c->req;
    case SIDE_RESPONSE: return c->res;
    default: return c->now_scope == SCOPE_RES ? c->res : c->req;
    }
}

/* Fields that are asked for by name come in few lines, so most are told apart by their length. */
static const struct http_field *next_field(struct field_walk *w)
{
    const struct http_field *f = w->msg->fields + w->at, *end = w->msg->fields + w->msg->n_fields;
    const struct slice name = w->name;

    while (f < end && name.n && !slice_eq(f->name, name)) f++;
    w->at = (uint32_t)(f - w->msg->fields);
    return f < end ? f : NULL;
}

/* (The end of a list "a," is one more element, an empty one.) */
bool field_next(struct field_walk *w, struct slice *value)
{
    const struct http_field *f = next_field(w);
    struct slice rest;
    size_t n;

    if (!f) return false;
    w->from = w->at;
    rest = slice_from(f->value, w->within);
    n = w->split && rest.n ? http_list_element(rest) : rest.n;
    if (n < rest.n) {
        w->within += (uint32_t)n + 1;
    } else {
        w->at++;
        w->within = 0;
    }
    *value = slice_trim_blanks(slice_of(rest.p, n));
    return true;
}

bool field_nth(struct field_walk *w, int64_t n, struct slice *value)
{
    struct slice last[FIELD_HISTORY];
    int64_t seen = 0;

    if (n >= 0) {
        while (field_next(w, value))
            if (--n <= 0) return true;
        return false;
    }
    if (n < -FIELD_HISTORY) return false;
    while (field_next(w, &last[seen % FIELD_HISTORY])) seen++;
    if (seen < -n) return false;
    *value = last[(seen + n) % FIELD_HISTORY];
    return true;
}

struct slice field_lower(struct arena *a, struct slice name)
{
    char *p = arena_alloc(a, name.n + 1);

    for (size_t i = 0; i < name.n; i++)
        p[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
    p[name.n] = 0;
    return slice_of(p, name.n);
}

/* The digits are read as HAProxy reads them, 32 bits wide, up to the first byte beyond '9'; those
 * before '0' count as if they were digits ("1.5" is 85). */
int64_t field_number(struct slice s)
{
    bool negative = s.n && s.p[0] == '-';
    uint32_t n = 0;

    if (negative) s = slice_from(s, 1);
    for (size_t i = 0; i < s.n && (signed char)s.p[i] <= '9'; i++) {
        uint32_t digit = (uint32_t)((signed char)s.p[i] - '0');
        n = negative ? n * 10 - digit : n * 10 + digit;
    }
    return (int32_t)n;
}

/* ---- a head that has just come ---- */

static bool is_connection_word(struct slice s)
{
    return slice_eq_nocase(s, SLICE("close")) || slice_eq_nocase(s, SLICE("keep-alive"));
}

/* A Connection's value without the words that the model has. What stands before the first of them
 * stays as it is; of what follows the blanks around commas go. A comma at the end goes, too. */
static struct slice connection_rest(struct arena *a, struct slice value)
{
    char *to = NULL, *at = NULL;
    struct slice rest = value, word;

    while (rest.p) {
        word = slice_cut(&rest, ',');
        if (is_connection_word(slice_trim_blanks(word))) {
            if (to) continue;
            to = at = arena_alloc(a, value.n + 1);
            if (word.p > value.p) at = slice_put(at, slice_between(value.p, word.p - 1));
        } else if (to && (rest.p || slice_trim_blanks(word).n)) {
            if (at > to) *at++ = ',';
            at = slice_put(at, slice_trim_blanks(word));
        }
    }
    if (to) return slice_between(to, at);
    return slice_ends(value, SLICE(",")) ? slice_of(value.p, value.n - 1) : value;
}

static bool ends_with_port(struct slice authority, const char *port)
{
    return slice_ends(authority, slice_str(port));
}

static struct slice without_port(struct slice authority)
{
    while (authority.n && authority.p[authority.n - 1] != ':') authority.n--;
    if (authority.n) authority.n--;
    return authority;
}

static void settle_connect(struct http_msg *m)
{
    for (unsigned i = 0; i < m->n_fields; i++) {
        struct slice *host = &m->fields[i].value;
        if (m->fields[i].id != HTTP_FIELD_HOST) continue;
        if (ends_with_port(*host, ":80") || ends_with_port(*host, ":443"))
            *host = without_port(*host);
    }
}

/* The port that is the scheme's own, with its colon; NULL: none is. */
static const char *own_port(struct slice scheme)
{
    if (slice_eq_nocase(scheme, SLICE("http"))) return ":80";
    return slice_eq_nocase(scheme, SLICE("https")) ? ":443" : NULL;
}

static void settle_target(struct http_msg *m, struct arena *a)
{
    struct http_target t;
    const char *port;
    char *to, *at;

    http_target_split(m->target, &t);
    port = own_port(t.scheme);
    if (!port) return;
    if (!ends_with_port(t.authority, port) && !ends_with_port(t.authority, ":")) return;
    to = at = arena_alloc(a, m->target.n);
    at = slice_put(at, slice_between(m->target.p, t.authority.p));
    at = slice_put(at, without_port(t.authority));
    at = slice_put(at, slice_between(t.authority.p + t.authority.n, m->target.p + m->target.n));
    m->target = slice_between(to, at);
    http_target_split(m->target, &t);
    m->authority = t.authority;
    if (t.path.p) m->path = t.path;
    for (unsigned i = 0; i < m->n_fields; i++)
        if (m->fields[i].id == HTTP_FIELD_HOST) m->fields[i].value = t.authority;
}

static void settle_hop_fields(struct http_msg *m, struct arena *a)
{
    for (unsigned i = m->n_fields; i-- > 0;) {
        struct http_field *f = &m->fields[i];
        if (f->id == HTTP_FIELD_CONNECTION) {
            f->value = connection_rest(a, f->value);
            if (f->value.n == 0) http_msg_remove(m, i);
        } else if (f->id == HTTP_FIELD_CONTENT_LENGTH && f->hop) {
            http_msg_remove(m, i);
        }
    }
}

/* Out of the way of most heads, which have nothing of all this. */
__attribute__((noinline)) static void settle(struct http_msg *m, struct arena *a)
{
    settle_hop_fields(m, a);
    if (m->method == HTTP_CONNECT)
        settle_connect(m);
    else if (m->absolute)
        settle_target(m, a);
}

void fields_settle(struct http_msg *m, struct arena *a)
{
    if (m->has_hop || m->absolute || m->method == HTTP_CONNECT) settle(m, a);
}
