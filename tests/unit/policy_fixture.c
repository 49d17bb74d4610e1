/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_fixture.h"

#include "base/memory.h"
#include "http/h1.h"

#include <stdlib.h>

enum { BUFSIZE = 16384 };

static const struct h1_limits LIMITS = { 65536, FIXTURE_FIELDS };
static const struct keyword_table *const NO_KEYWORDS[] = { NULL };
static const struct section_kind *const NO_SECTIONS[] = { NULL };

/* A test that is wrong, not what it tests. */
static void refuse(const char *what, const char *reason)
{
    fprintf(stderr, "the fixture's %s is none: %s\n", what, reason ? reason : "it is not whole");
    abort();
}

void fixture_init_all(struct policy_fixture *f, const struct fetch_table *const *fetches,
                      const struct converter_table *const *converters,
                      const struct format_item_table *const *items,
                      const struct action_table *const *actions)
{
    memset(f, 0, sizeof *f);
    clock_pretend(1000000, FIXTURE_WALL * 1000000ull + 123456);
    arena_init(&f->config, NULL);
    arena_init(&f->arena, NULL);
    diag_init(&f->diag);
    vocabulary_init(&f->vocabulary, NO_KEYWORDS, NO_SECTIONS);
    cfg_init(&f->cfg, &f->config, &f->diag, &f->vocabulary);
    policy_rows_init(&f->rows, fetches, converters, items, actions);
    objects_init(&f->objects);
    vars_process_init(&f->proc);
    f->pc = (struct policy_cfg){
        .cfg = &f->cfg,
        .rows = &f->rows,
        .objects = &f->objects,
        .var_names = var_names_new(),
        .n_workers = 1,
        .scope.place = PLACE_FRONTEND_REQUEST,
    };
    f->cfg.policy = &f->pc;
    f->worker.bufs.size = BUFSIZE;
    f->worker.now = clock_msec();
    f->worker.now_usec = clock_usec();
    f->client.from.in = (struct sockaddr_in){ .sin_family = AF_INET,
                                              .sin_port = htons(1234),
                                              .sin_addr.s_addr = htonl(0xc0000207) };
    f->c = (struct context){
        .arena = &f->arena, .worker = &f->worker, .client = &f->client, .proc = &f->proc
    };
}

void fixture_init(struct policy_fixture *f, const struct fetch_table *const *fetches,
                  const struct converter_table *const *converters)
{
    fixture_init_all(f, fetches, converters, NULL, NULL);
}

static void request_forget(struct policy_fixture *f)
{
    context_end(&f->c);
    f->c.req = f->c.res = NULL;
    f->c.req_body = f->c.res_body = (struct context_body){ 0 };
    f->c.captures = NULL;
    f->c.unique_id = (struct slice){ 0 };
    free(f->req.bytes);
    free(f->res.bytes);
    f->req.bytes = f->res.bytes = NULL;
    arena_release(&f->arena);
}

void fixture_release(struct policy_fixture *f)
{
    request_forget(f);
    vars_release(&f->client.sess, f->c.var_limits, &f->proc);
    vars_process_release(&f->proc);
    keepsakes_release(f->pc.kept);
    var_names_free(f->pc.var_names);
    objects_release(&f->objects);
    policy_rows_release(&f->rows);
    cfg_release(&f->cfg);
    vocabulary_release(&f->vocabulary);
    diag_release(&f->diag);
    arena_release(&f->config);
    free(f->text);
    clock_pretend(0, 0);
}

/* ---- messages ---- */

/* A copy of exactly the text, so that a sanitizer sees what is read beyond it. */
static void message_copy(struct fixture_message *m, struct slice text)
{
    m->bytes = mem_alloc(text.n ? text.n : 1);
    slice_put(m->bytes, text);
    m->msg = (struct http_msg){ .fields = m->fields, .max_fields = FIXTURE_FIELDS };
}

void fixture_request_bytes(struct policy_fixture *f, struct slice text)
{
    struct h1_error err = { 0 };
    size_t used = 0;

    request_forget(f);
    message_copy(&f->req, text);
    if (h1_parse_request(f->req.bytes, text.n, &LIMITS, &f->req.msg, &used, &err) != H1_DONE)
        refuse("request", err.reason);
    f->c.req = &f->req.msg;
    f->c.req_body = (struct context_body){ slice_of(f->req.bytes + used, text.n - used), true };
    f->c.now_scope = SCOPE_REQ;
}

void fixture_request(struct policy_fixture *f, const char *text)
{
    fixture_request_bytes(f, slice_str(text));
}

void fixture_response(struct policy_fixture *f, const char *text)
{
    struct slice s = slice_str(text);
    struct h1_error err = { 0 };
    size_t used = 0;

    free(f->res.bytes);
    message_copy(&f->res, s);
    if (h1_parse_response(f->res.bytes, s.n, &LIMITS, HTTP_GET, &f->res.msg, &used, &err) !=
        H1_DONE)
        refuse("response", err.reason);
    f->c.res = &f->res.msg;
    f->c.res_body = (struct context_body){ slice_of(f->res.bytes + used, s.n - used), true };
    context_begin_response(&f->c);
}

/* ---- compiling ---- */

static void begin(struct policy_fixture *f, const char *text)
{
    diag_release(&f->diag);
    diag_init(&f->diag);
    f->source = (struct source){ .name = "test", .text = slice_str(text) };
}

struct word fixture_word(struct policy_fixture *f, const char *text)
{
    struct slice s = slice_str(text);

    begin(f, text);
    return (struct word){
        .text = slice_of(arena_str(&f->config, s), s.n),
        .at = { .source = &f->source, .line = 1, .column = 1, .width = (unsigned)s.n },
    };
}

struct words fixture_words(struct policy_fixture *f, const char *line)
{
    struct line words = { 0 };
    struct words w;
    struct lexer lx;

    begin(f, line);
    lexer_init(&lx, &f->config, &f->diag, &f->cfg.env, &f->source);
    lx.section = "";
    lx.one_line = true;
    lexer_next(&lx, &words);
    lexer_release(&lx);
    words_init(&w, &words);
    return w;
}

const char *fixture_messages(struct policy_fixture *f)
{
    size_t n = 0;
    FILE *out;

    free(f->text);
    f->text = NULL;
    out = open_memstream(&f->text, &n);
    diag_print(&f->diag, out);
    fclose(out);
    return f->text;
}

/* ---- evaluating ---- */

static const char *answer(struct policy_fixture *f, const char *prefix, struct slice s)
{
    char *text = mem_alloc(strlen(prefix) + s.n + 1), *p = slice_put(text, slice_str(prefix));

    *slice_put(p, s) = '\0';
    free(f->text);
    return f->text = text;
}

/* "! unknown fetch 'x'": the first message without its place. */
static const char *refusal(struct policy_fixture *f)
{
    const char *all = fixture_messages(f), *from = strstr(all, "error: ");

    if (!from) return answer(f, "! ", slice_str("no message"));
    from += strlen("error: ");
    return answer(f, "! ", slice_between(from, strchrnul(from, '\n')));
}

static const struct expr *compile(struct policy_fixture *f, const char *text)
{
    struct word *w = arena_alloc(&f->config, sizeof *w);
    const struct expr *e;
    struct slice rest;

    *w = fixture_word(f, text);
    rest = w->text;
    e = expr_parse(&f->pc, w, &rest, false);
    if (e && rest.n) {
        cfg_error(&f->cfg, w, "left over: '%.*s'", SLICE_ARG(rest));
        e = NULL;
    }
    return args_resolve(&f->pc) ? e : NULL;
}

static const char *value(struct policy_fixture *f, const struct expr *e, bool typed)
{
    struct sample s;
    char prefix[16] = "";

    if (!e) return refusal(f);
    if (!expr_eval(e, &f->c, &s)) return answer(f, "", SLICE("-"));
    if (typed) snprintf(prefix, sizeof prefix, "%s ", sample_type_name(s.type));
    if (!sample_cast(&s, SAMPLE_STR, &f->c)) return answer(f, prefix, SLICE("(no text)"));
    return answer(f, prefix, s.str);
}

const char *fixture_eval(struct policy_fixture *f, const char *expr)
{
    return value(f, compile(f, expr), false);
}

const char *fixture_typed(struct policy_fixture *f, const char *expr)
{
    return value(f, compile(f, expr), true);
}

const char *fixture_eval_line(struct policy_fixture *f, const char *line)
{
    struct words w = fixture_words(f, line);
    const struct expr *e = expr_parse_words(&f->pc, &w);

    if (!args_resolve(&f->pc)) e = NULL;
    if (e && !words_done(&f->cfg, &w)) e = NULL;
    return value(f, e, false);
}

const char *fixture_all(struct policy_fixture *f, const char *expr)
{
    const struct expr *e = compile(f, expr);
    struct sample s = { .each = true };
    char *all = NULL;
    size_t n = 0;
    FILE *out;
    bool more;

    if (!e) return refusal(f);
    if (!expr_next(e, &f->c, &s)) return answer(f, "", SLICE("-"));
    out = open_memstream(&all, &n);
    do {
        struct sample text = s;
        if (sample_cast(&text, SAMPLE_STR, &f->c)) fwrite(text.str.p, 1, text.str.n, out);
        more = s.more && expr_next(e, &f->c, &s);
        if (more) fputc('|', out);
    } while (more);
    fclose(out);
    answer(f, "", slice_of(all, n));
    free(all);
    return f->text;
}
