/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what an answer shall be, from the words of a rule. */
#include "gateway/reply_spec.h"
#include "http/h1.h"
#include "http/status.h"
#include "policy/field_name.h"
#include "runtime/resources.h"

#include <stdlib.h>

/* In HAProxy's order; ours behind. */
static const uint16_t error_statuses[ERROR_STATUSES] = {
    200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422,
    425, 429, 500, 501, 502, 503, 504, 411, 414, 417, 431, 505,
};

int error_index(unsigned status)
{
    for (int i = 0; i < ERROR_STATUSES; i++)
        if (error_statuses[i] == status) return i;
    return -1;
}

/* ---- whole answers from files ---- */

enum { FIELDS_OF_FILE = 64 };

static bool file_error(struct cfg *cfg, const struct word *at, const char *path, const char *why)
{
    return cfg_error(cfg, at, "'%s' is no HTTP response: %s", path, why);
}

/* The head is parsed as a server's would be; the body is all that follows it. A Content-Length must
 * tell the truth, and one that is missing is added. */
static bool parse_file(struct cfg *cfg, const struct word *at, const char *path, char *p, size_t n,
                       struct reply_file *out)
{
    struct http_field *fields = arena_alloc(cfg->arena, FIELDS_OF_FILE * sizeof *fields);
    struct h1_limits limits = { n + 1, FIELDS_OF_FILE - 8 };
    struct http_msg *m = &out->msg;
    struct h1_error err = { .reason = "it ends within its head" };
    size_t used;

    *m = (struct http_msg){ .fields = fields, .max_fields = FIELDS_OF_FILE };
    if (h1_parse_response(p, n, &limits, HTTP_GET, m, &used, &err) != H1_DONE)
        return file_error(cfg, at, path, err.reason);
    if (m->status < 200) return file_error(cfg, at, path, "its status is an interim one");
    out->body = slice_of(p + used, n - used);
    if (m->has_content_length && m->content_length != out->body.n)
        return file_error(cfg, at, path, "its Content-Length is not the length of its body");
    if (m->framing == HTTP_CHUNKED) return file_error(cfg, at, path, "its body is chunked");
    if (m->status == 204 || m->status == 304) out->body.n = 0;
    m->framing = HTTP_LENGTH;
    m->content_length = out->body.n;
    m->version = HTTP_1_1;
    return true;
}

/* Editors end lines with a bare LF, which a head of HTTP must not: made CRLF up to the empty line.
 */
static char *with_crlf(struct arena *a, struct slice text, size_t *n)
{
    char *out = arena_alloc(a, 2 * text.n + 1), *p = out;
    bool head = true;
    size_t line = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (head && text.p[i] == '\n') {
            if (i == 0 || text.p[i - 1] != '\r') *p++ = '\r';
            head = line != 0;
            line = 0;
        } else if (text.p[i] != '\r')
            line++;
        *p++ = text.p[i];
    }
    *n = (size_t)(p - out);
    return out;
}

static bool read_text(struct cfg *cfg, const struct word *at, const char *path, struct slice *out)
{
    enum { FILE_MOST = 1 << 20 };
    struct resource_error err;
    size_t n;
    char *text = resource_read_file(path, FILE_MOST, &n, &err);

    if (!text) return cfg_error(cfg, at, "%s", err.text);
    *out = arena_copy(cfg->arena, slice_of(text, n));
    free(text);
    return true;
}

const struct reply_file *reply_file_read(struct cfg *cfg, const struct word *at, const char *path)
{
    struct reply_file *f = arena_zero(cfg->arena, sizeof *f);
    struct slice text = SLICE("");
    size_t n;
    char *p;

    if (!read_text(cfg, at, path, &text)) return NULL;
    if (text.n == 0) {
        f->silent = true;
        return f;
    }
    p = with_crlf(cfg->arena, text, &n);
    return parse_file(cfg, at, path, p, n, f) ? f : NULL;
}

/* ---- the words ---- */

struct parsing {
    struct policy_cfg *pc;
    struct words *w;
    struct reply_spec *out;
    const struct word *kind_at; /* where the kind was said; NULL: not yet */
    const struct word *type_at, *field_at, *status_at;
    bool plain;           /* nothing but a deny_status was said */
    struct slice section; /* errorfiles NAME */
    const char *path;     /* errorfile, file, lf-file */
    const struct word *path_at;
    const struct reply_field **fields_end;
};

static bool set_kind(struct parsing *p, const struct word *at, enum reply_kind kind)
{
    if (p->kind_at)
        return cfg_error(p->pc->cfg, at, "'%.*s' after '%.*s': an answer has one body",
                         SLICE_ARG(at->text), SLICE_ARG(p->kind_at->text));
    p->kind_at = at;
    p->out->kind = kind;
    return true;
}

/* An empty word is none, as in HAProxy. */
static bool need_word(struct parsing *p, const struct word **out)
{
    if (!words_need(p->pc->cfg, p->w, out)) return false;
    return (*out)->text.n || cfg_error(p->pc->cfg, *out, "this may not be empty");
}

static bool need_text(struct parsing *p, struct slice *out)
{
    const struct word *word;

    if (!need_word(p, &word)) return false;
    *out = word->text;
    return true;
}

static bool read_status(struct parsing *p, const struct word *at)
{
    enum { LEAST = 200, MOST = 599 };
    unsigned status;

    if (p->status_at && slice_is(at->text, "deny_status"))
        return cfg_error(p->pc->cfg, at, "the status was said before");
    p->status_at = words_peek(p->w);
    p->plain &= slice_is(at->text, "deny_status");
    if (!words_uint(p->pc->cfg, p->w, &status, LEAST, MOST)) return false;
    p->out->status = (uint16_t)status;
    return true;
}

static bool read_content_type(struct parsing *p, const struct word *at)
{
    p->type_at = at;
    return need_text(p, &p->out->content_type);
}

static bool read_default_errorfiles(struct parsing *p, const struct word *at)
{
    return set_kind(p, at, REPLY_ERRORS);
}

static bool read_errorfiles(struct parsing *p, const struct word *at)
{
    p->path_at = words_peek(p->w);
    return set_kind(p, at, REPLY_ERRORS) && need_text(p, &p->section);
}

static bool read_path(struct parsing *p, const struct word *at, enum reply_kind kind)
{
    p->path_at = words_peek(p->w);
    return set_kind(p, at, kind) && words_str(p->pc->cfg, p->w, &p->path);
}

static bool read_errorfile(struct parsing *p, const struct word *at)
{
    return read_path(p, at, REPLY_FILE);
}

static bool read_file(struct parsing *p, const struct word *at)
{
    return read_path(p, at, REPLY_TEXT) &&
           read_text(p->pc->cfg, p->path_at, p->path, &p->out->text);
}

static bool read_lf_file(struct parsing *p, const struct word *at)
{
    struct word content;

    if (!read_path(p, at, REPLY_FORMAT)) return false;
    content = *p->path_at;
    if (!read_text(p->pc->cfg, p->path_at, p->path, &content.text)) return false;
    content.quoted = true; /* messages point to the path */
    p->out->text = content.text;
    p->out->format = format_parse(
        p->pc, memcpy(arena_alloc(p->pc->cfg->arena, sizeof content), &content, sizeof content),
        FORMAT_FOR_HTTP);
    return p->out->format != NULL;
}

static bool read_string(struct parsing *p, const struct word *at)
{
    return set_kind(p, at, REPLY_TEXT) && need_text(p, &p->out->text);
}

static bool read_lf_string(struct parsing *p, const struct word *at)
{
    const struct word *text;

    if (!set_kind(p, at, REPLY_FORMAT) || !need_word(p, &text)) return false;
    p->out->text = text->text;
    p->out->format = format_parse(p->pc, text, FORMAT_FOR_HTTP);
    return p->out->format != NULL;
}

static bool read_field(struct parsing *p, const struct word *at)
{
    struct reply_field *f = arena_zero(p->pc->cfg->arena, sizeof *f);
    const struct word *name, *value;

    p->field_at = at;
    if (!need_word(p, &name) || !need_word(p, &value)) return false;
    if (slice_eq_nocase(name->text, SLICE("content-type")) ||
        slice_eq_nocase(name->text, SLICE("content-length")) ||
        slice_eq_nocase(name->text, SLICE("transfer-encoding")))
        return cfg_error(p->pc->cfg, name, "'%.*s' can't be set by 'hdr'", SLICE_ARG(name->text));
    if (!field_name_of(p->pc, name, &f->name)) return false;
    f->value = format_parse(p->pc, value, FORMAT_FOR_HTTP);
    *p->fields_end = f;
    p->fields_end = &f->next;
    return f->value != NULL;
}

static const struct option {
    const char *name;
    bool (*read)(struct parsing *p, const struct word *at);
    unsigned needs; /* of reply_parse's flags */
} options[] = {
    { "status", read_status, 0 },
    { "deny_status", read_status, REPLY_DENY },
    { "content-type", read_content_type, 0 },
    { "default-errorfiles", read_default_errorfiles, 0 },
    { "errorfile", read_errorfile, 0 },
    { "errorfiles", read_errorfiles, 0 },
    { "file", read_file, 0 },
    { "lf-file", read_lf_file, 0 },
    { "string", read_string, 0 },
    { "lf-string", read_lf_string, 0 },
    { "hdr", read_field, 0 },
};

static const struct option *find_option(struct slice name, unsigned flags)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (slice_is(name, options[i].name) && (options[i].needs & ~flags) == 0) return &options[i];
    return NULL;
}

/* *end: the answer's words are over. False: an error was reported. */
static bool read_common(struct parsing *p, struct rule *r, bool *end)
{
    bool taken = r;

    *end = false;
    while (taken)
        if (!rule_common(p->pc, r, p->w, &taken)) return false;
    *end = rule_words_end(p->w);
    return true;
}

static bool unknown_word(struct parsing *p, unsigned flags)
{
    const struct word *at = words_peek(p->w);
    struct nearest near;

    nearest_init(&near, at->text);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if ((options[i].needs & ~flags) == 0) nearest_try(&near, slice_str(options[i].name));
    cfg_error(p->pc->cfg, at, "'%.*s' says nothing of an answer", SLICE_ARG(at->text));
    return near.best.n && cfg_hint(p->pc->cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

/* ---- what goes together ---- */

static bool check_errors(struct parsing *p)
{
    struct cfg *cfg = p->pc->cfg;

    if (error_index(p->out->status) < 0)
        return cfg_error(cfg, p->status_at ? p->status_at : p->kind_at,
                         "there is no error message for status %u", p->out->status);
    if (p->field_at) cfg_warning(cfg, p->field_at, "'hdr' is ignored: a whole answer has its own");
    if (p->type_at)
        cfg_warning(cfg, p->type_at, "'content-type' is ignored: a whole answer has its own");
    if (p->out->kind == REPLY_FILE) p->out->file = reply_file_read(cfg, p->path_at, p->path);
    return p->out->kind != REPLY_FILE || p->out->file;
}

static bool check_payload(struct parsing *p)
{
    struct cfg *cfg = p->pc->cfg;
    struct reply_spec *out = p->out;

    if (out->text.n == 0) {
        if (p->type_at) cfg_warning(cfg, p->type_at, "'content-type' is ignored: there is no body");
        out->kind = REPLY_EMPTY;
        out->content_type = SLICE("");
        return true;
    }
    if (!out->content_type.n)
        return cfg_error(cfg, p->kind_at, "an answer with a body needs its 'content-type'");
    if (out->status == 204 || out->status == 304)
        return cfg_error(cfg, p->kind_at, "an answer with status %u has no body", out->status);
    return true;
}

static bool check(struct parsing *p)
{
    bool whole = p->out->kind == REPLY_ERRORS || p->out->kind == REPLY_FILE;

    return whole ? check_errors(p) : check_payload(p);
}

/* The section may stand further down: reply_resolve looks for it when all is read. */
static void defer_section(struct parsing *p)
{
    struct build *b = build_of(p->pc->cfg);
    struct reply_pending *later;

    if (!p->section.n) return;
    later = arena_zero(p->pc->cfg->arena, sizeof *later);
    *later = (struct reply_pending){ b->replies, p->out, p->path_at };
    b->replies = later;
}

bool reply_resolve(struct build *b, struct cfg *cfg)
{
    bool ok = true;

    for (struct reply_pending *p = b->replies; p; p = p->next) {
        const struct section *s = cfg_section(cfg, IN_HTTP_ERRORS, p->section_at->text);
        if (s)
            p->spec->set = s->data;
        else
            ok = cfg_error(cfg, p->section_at, "there is no section 'http-errors %.*s'",
                           SLICE_ARG(p->section_at->text));
    }
    b->replies = NULL;
    return ok;
}

bool reply_parse(struct policy_cfg *pc, struct rule *r, struct words *w, unsigned status,
                 unsigned flags, struct reply_spec *out)
{
    struct parsing p = {
        .pc = pc, .w = w, .out = out, .plain = flags & REPLY_DENY, .fields_end = &out->fields
    };
    bool end;

    *out = (struct reply_spec){ .status = (uint16_t)status, .kind = REPLY_EMPTY };
    while (read_common(&p, r, &end) && !end) {
        const struct word *at = words_peek(w);
        const struct option *o = find_option(at->text, flags);
        if (!o) return unknown_word(&p, flags);
        words_next(w);
        if (!o->read(&p, at)) return false;
    }
    if (!end) return false;
    if (flags & REPLY_STATUS_FIRST && !p.status_at)
        return words_error(pc->cfg, w, "'status' is missing");
    if (p.plain && !p.kind_at && !p.type_at && !p.field_at) out->kind = REPLY_ERRORS;
    if (!check(&p)) return false;
    defer_section(&p);
    return true;
}
