/* SPDX-License-Identifier: Apache-2.0 */
/* What a health check connects to, and what it sends: `http-check connect`, `http-check send` and
 * their kin for TCP. */
#include "upstream/check_parse.h"

/* ---- words in any order ---- */

bool check_parse_words(struct policy_cfg *pc, struct check_step *s, struct words *w,
                       const struct check_word *rows, unsigned n, const char *what)
{
    while (words_left(w)) {
        const struct word *word = words_next(w);
        struct nearest near;
        unsigned i = 0;

        nearest_init(&near, word->text);
        for (; i < n && !slice_is(word->text, rows[i].name); i++)
            nearest_try(&near, slice_str(rows[i].name));
        if (i == n) return cfg_error_unknown(pc->cfg, word, what, &near);
        if (!rows[i].parse(pc, s, w)) return false;
    }
    return true;
}

bool check_parse_comment(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    const char *text;

    if (!words_str(pc->cfg, w, &text)) return false;
    s->comment = slice_str(text);
    return true;
}

bool check_parse_format(struct policy_cfg *pc, struct words *w, unsigned flags,
                        const struct format **out)
{
    const struct word *word;

    if (!words_need(pc->cfg, w, &word)) return false;
    *out = format_parse(pc, word, flags);
    return *out != NULL;
}

/* ---- connect ---- */

static bool parse_port(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    const struct word *word = words_peek(w);
    uint64_t port;

    if (!word) return words_error(pc->cfg, w, "'port' needs a number or an expression");
    if (!slice_to_u64(word->text, &port)) {
        s->connect.port_expr = expr_parse_words(pc, w);
        return s->connect.port_expr != NULL;
    }
    if (port < 1 || port > 65535)
        return cfg_error(pc->cfg, word, "'%s' is no port: 1 to 65535", word->text.p);
    s->connect.port = (uint16_t)port;
    words_next(w);
    return true;
}

static bool parse_address(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    const struct word *word;

    if (!words_need(pc->cfg, w, &word)) return false;
    s->connect.has_address = true;
    return check_parse_address(pc->cfg, word, &s->connect.address);
}

static bool parse_linger(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    (void)pc, (void)w;
    s->connect.linger = true;
    return true;
}

/* The server's own options are used anyway. */
static bool parse_default(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    (void)pc, (void)s, (void)w;
    return true;
}

bool check_parse_connect(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    static const struct check_word rows[] = {
        { "addr", parse_address },    { "comment", check_parse_comment },
        { "default", parse_default }, { "linger", parse_linger },
        { "port", parse_port },
    };

    s->kind = STEP_CONNECT;
    return check_parse_words(pc, s, w, rows, ARRAY_LEN(rows), "check connect option");
}

/* ---- send: HTTP ---- */

static bool parse_text(struct policy_cfg *pc, struct words *w, struct slice *out)
{
    const char *text;

    if (!words_str(pc->cfg, w, &text)) return false;
    *out = slice_str(text);
    return true;
}

/* Could end its line, or its part of it, early. */
static bool check_token(struct policy_cfg *pc, const struct words *w, struct slice s)
{
    const struct word *word = &w->w[w->at - 1];

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
            return cfg_error(pc->cfg, word, "a blank or control byte can't stand here");
    return true;
}

static bool parse_method(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return parse_text(pc, w, &s->send.method) && check_token(pc, w, s->send.method);
}

static bool parse_uri(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    s->send.uri_format = NULL;
    return parse_text(pc, w, &s->send.uri) && check_token(pc, w, s->send.uri);
}

static bool parse_uri_format(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    s->send.uri.p = NULL;
    return check_parse_format(pc, w, FORMAT_FOR_HTTP, &s->send.uri_format);
}

static bool parse_version(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    return parse_text(pc, w, &s->send.version) && check_token(pc, w, s->send.version);
}

static bool parse_body(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    s->send.body_format = NULL;
    return parse_text(pc, w, &s->send.body);
}

static bool parse_body_format(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    s->send.body.p = NULL;
    return check_parse_format(pc, w, FORMAT_FOR_TEXT, &s->send.body_format);
}

static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool parse_field(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    const struct format *value;
    const struct word *name;

    if (!words_need(pc->cfg, w, &name)) return false;
    for (size_t i = 0; i < name->text.n; i++)
        if (!is_name_byte(name->text.p[i]))
            return cfg_error(pc->cfg, name, "'%s' is not the name of a field", name->text.p);
    if (!name->text.n || !words_peek(w) || !words_peek(w)->text.n)
        return words_error(pc->cfg, w, "'hdr' needs a name and a value");
    if (!check_parse_format(pc, w, FORMAT_FOR_HTTP, &value)) return false;
    check_add_field(&s->send, pc->cfg->arena, name->text, value);
    return true;
}

bool check_parse_http_send(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    static const struct check_word rows[] = {
        { "body", parse_body },
        { "body-lf", parse_body_format },
        { "comment", check_parse_comment },
        { "hdr", parse_field },
        { "meth", parse_method },
        { "uri", parse_uri },
        { "uri-lf", parse_uri_format },
        { "ver", parse_version },
    };

    s->kind = STEP_SEND;
    return check_parse_words(pc, s, w, rows, ARRAY_LEN(rows), "check send option");
}

/* ---- send: TCP ---- */

static bool parse_hex(struct policy_cfg *pc, struct check_step *s, struct words *w)
{
    const struct word *word;

    if (!words_need(pc->cfg, w, &word)) return false;
    if (check_hex_bytes(word->text, pc->cfg->arena, &s->send.bytes)) return true;
    return cfg_error(pc->cfg, word, "'%s' is not an even number of hexadecimal digits",
                     word->text.p);
}

bool check_parse_tcp_send(struct policy_cfg *pc, struct check_step *s, struct words *w,
                          const char *how)
{
    static const struct check_word rows[] = { { "comment", check_parse_comment } };
    bool ok;

    s->kind = STEP_SEND;
    if (strcmp(how, "send") == 0)
        ok = parse_text(pc, w, &s->send.bytes);
    else if (strcmp(how, "send-binary") == 0)
        ok = parse_hex(pc, s, w);
    else
        ok = check_parse_format(pc, w, FORMAT_FOR_TEXT, &s->send.format);
    s->send.hex = strcmp(how, "send-binary-lf") == 0;
    return ok && check_parse_words(pc, s, w, rows, ARRAY_LEN(rows), "check send option");
}
