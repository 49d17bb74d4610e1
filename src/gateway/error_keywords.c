/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered in place of the gateway's own messages: errorfile, errorfiles, http-error, and
 * the section http-errors. */
#include "gateway/reply_spec.h"
#include "gateway/rules.h"

static struct error_set *set_of(struct cfg *cfg, struct section *s)
{
    struct proxy_conf *p;

    if (s->kind->in & IN_HTTP_ERRORS) return s->data;
    p = s->data;
    if (!p->errors) p->errors = arena_zero(cfg->arena, sizeof *p->errors);
    return p->errors;
}

static void put(struct error_set *set, const struct reply_spec *spec, unsigned status)
{
    int i = error_index(status);

    set->by_status[i] = spec;
    set->n_before[i] = set->n_imports;
}

static bool read_status(struct cfg *cfg, struct words *w, unsigned *status)
{
    const struct word *at = words_peek(w);

    if (!words_uint(cfg, w, status, 100, 599)) return false;
    if (error_index(*status) >= 0) return true;
    cfg_error(cfg, at, "there is no error message for status %u", *status);
    return cfg_hint(cfg, "200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, "
                         "500 to 504; or 411, 414, 417, 431, 505");
}

static bool parse_errorfile(struct cfg *cfg, void *target, struct words *w)
{
    struct reply_spec *spec = arena_zero(cfg->arena, sizeof *spec);
    const struct word *at;
    const char *path;
    unsigned status;

    if (!read_status(cfg, w, &status)) return false;
    at = words_peek(w);
    if (!words_str(cfg, w, &path)) return false;
    *spec = (struct reply_spec){ .status = (uint16_t)status,
                                 .kind = REPLY_FILE,
                                 .file = reply_file_read(cfg, at, path) };
    put(set_of(cfg, target), spec, status);
    return spec->file != NULL;
}

static bool parse_http_error(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    struct policy_cfg *pc = policy_of(cfg);
    struct proxy_conf *p = s->data;
    struct reply_spec *spec = arena_zero(cfg->arena, sizeof *spec);
    const struct word *at = words_peek(w);

    pc->scope = (struct policy_scope){
        .section = s, .acls = p->rules->acls, .proxy = p, .place = PLACE_FRONTEND_REQUEST
    };
    if (!reply_parse(pc, NULL, w, 0, REPLY_STATUS_FIRST, spec)) return false;
    if (error_index(spec->status) < 0)
        return cfg_error(cfg, at, "there is no error message for status %u", spec->status);
    put(set_of(cfg, target), spec, spec->status);
    return true;
}

/* HAProxy's bytes: its fields in this order. */
static const struct reply_file *redirection(struct arena *a, unsigned status, const char *url)
{
    enum { FIELDS = 3 };
    struct reply_file *f = arena_zero(a, sizeof *f);
    struct http_msg *m = &f->msg;

    m->status = (uint16_t)status;
    m->reason = status == 302 ? SLICE("Found") : SLICE("See Other");
    m->version = HTTP_1_1;
    m->framing = HTTP_LENGTH;
    m->max_fields = FIELDS;
    m->fields = arena_alloc(a, FIELDS * sizeof *m->fields);
    http_msg_add(m, a, SLICE("cache-control"), SLICE("no-cache"));
    http_msg_add(m, a, SLICE("content-length"), SLICE("0"));
    http_msg_add(m, a, SLICE("location"), slice_str(url));
    return f;
}

static bool parse_errorloc(struct cfg *cfg, void *target, struct words *w)
{
    struct reply_spec *spec = arena_zero(cfg->arena, sizeof *spec);
    const char *url;
    unsigned status;

    if (!read_status(cfg, w, &status) || !words_str(cfg, w, &url)) return false;
    *spec = (struct reply_spec){ .status = (uint16_t)status,
                                 .kind = REPLY_FILE,
                                 .file = redirection(cfg->arena, (unsigned)w->keyword->param,
                                                     url) };
    put(set_of(cfg, target), spec, status);
    return true;
}

/* What a section http-errors has is taken when all is read, so the section may come later. */
static bool parse_errorfiles(struct cfg *cfg, void *target, struct words *w)
{
    struct error_set *set = set_of(cfg, target);
    struct error_import *import = arena_zero(cfg->arena, sizeof *import);
    unsigned status;

    import->name_at = words_peek(w);
    if (!words_need(cfg, w, &import->name_at)) return false;
    import->all = !words_left(w);
    while (words_left(w)) {
        if (!read_status(cfg, w, &status)) return false;
        import->wanted |= 1u << error_index(status);
    }
    import->before = set->imports;
    set->imports = import;
    set->n_imports++;
    import->next = build_of(cfg)->imports;
    build_of(cfg)->imports = import;
    return true;
}

static bool find_section(struct cfg *cfg, struct error_import *im)
{
    const struct section *s = cfg_section(cfg, IN_HTTP_ERRORS, im->name_at->text);
    uint32_t missing = 0;

    if (!s)
        return cfg_error(cfg, im->name_at, "there is no section 'http-errors %.*s'",
                         SLICE_ARG(im->name_at->text));
    im->from = s->data;
    for (int i = 0; i < ERROR_STATUSES; i++)
        if (!im->from->by_status[i]) missing |= im->wanted & 1u << i;
    if (missing)
        cfg_warning(cfg, im->name_at, "'http-errors %.*s' has not all of these",
                    SLICE_ARG(im->name_at->text));
    return true;
}

/* The last `errorfiles` behind the set's own line that has something for the status. */
static void resolve_status(struct error_set *set, int i)
{
    const struct error_import *im = set->imports;

    for (unsigned n = set->n_imports; n > set->n_before[i]; n--, im = im->before) {
        if (!im->from || !im->from->by_status[i] || !(im->all || im->wanted >> i & 1)) continue;
        set->by_status[i] = im->from->by_status[i];
        return;
    }
}

bool error_sets_resolve(struct build *b, struct cfg *cfg)
{
    const struct snapshot *snap = b->snapshot;
    bool ok = true;

    for (struct error_import *im = b->imports; im; im = im->next) ok &= find_section(cfg, im);
    for (unsigned k = 0; k < snap->n_proxies; k++)
        for (int i = 0; snap->proxies[k]->errors && i < ERROR_STATUSES; i++)
            resolve_status(snap->proxies[k]->errors, i);
    b->imports = NULL;
    return ok;
}

static const struct keyword rows[] = {
    { "errorfile", IN_PROXY | IN_HTTP_ERRORS, parse_errorfile, "<status> <file>", NULL, 0,
      "The gateway's own answers with that status are sent from this file, which holds a whole "
      "HTTP "
      "response. An empty file: nothing is sent, the connection is closed.",
      0, NULL },
    { "errorfiles", IN_PROXY, parse_errorfiles, "<section> [<status>…]", NULL, 0,
      "Takes over the messages of a section `http-errors`: those named, or all.", 0, NULL },
    { "errorloc", IN_PROXY, parse_errorloc, "<status> <url>", NULL, 0,
      "In place of the gateway's own answers with that status the client is sent elsewhere, with a "
      "302.",
      302, NULL },
    { "errorloc302", IN_PROXY, parse_errorloc, "<status> <url>", NULL, 0, "The same.", 302, NULL },
    { "errorloc303", IN_PROXY, parse_errorloc, "<status> <url>", NULL, 0,
      "The same with a 303: whatever the method was, the client gets that URL.", 303, NULL },
    { "http-error", IN_PROXY, parse_http_error,
      "status <status> [content-type <type>] [ default-errorfiles | errorfile <file> | "
      "errorfiles <section> | file <file> | lf-file <file> | string <text> | lf-string <format> ] "
      "[ hdr <name> <format> ]…",
      NULL, 0,
      "What the gateway's own answers with that status look like; the words are those of "
      "`http-request return`.",
      0, NULL },
};

const struct keyword_table error_keywords = KEYWORD_TABLE("Error messages", KEYWORDS, rows);

static bool begin_http_errors(struct cfg *cfg, struct section *s, struct words *w)
{
    (void)w;
    s->data = arena_zero(cfg->arena, sizeof(struct error_set));
    return true;
}

const struct section_kind section_http_errors = {
    .name = "http-errors",
    .in = IN_HTTP_ERRORS,
    .naming = SECTION_NAMED,
    .begin = begin_http_errors,
    .args = "<name>",
    .doc = "A set of error messages, which proxies take over with `errorfiles`.",
};
