/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: an answer that sends the client elsewhere. Manual: "redirect". */
#include "gateway/reply_spec.h"
#include "gateway/request.h"
#include "gateway/rule_actions.h"
#include "http/status.h"

enum redirect_kind { TO_LOCATION, TO_PREFIX, TO_SCHEME };

struct redirect {
    enum redirect_kind kind;
    uint16_t code;
    bool drop_query, append_slash, ignore_empty;
    bool plain, given, response;
    const struct format *to; /* location, prefix or scheme */
    struct slice literal;    /* instead of `to`: the keyword `redirect` takes no formats */
    struct slice cookie;     /* Set-Cookie's value; empty: none */
};

static bool read_target(struct policy_cfg *pc, struct redirect *d, struct words *w,
                        enum redirect_kind kind)
{
    const struct word *text;

    if (!words_need(pc->cfg, w, &text)) return false;
    if (!text->text.n) return cfg_error(pc->cfg, text, "this may not be empty");
    if (d->response && kind != TO_LOCATION)
        return cfg_error(pc->cfg, text - 1, "a response is redirected by 'location' alone");
    d->kind = kind; /* of several the last one holds */
    d->given = true;
    if (d->plain) {
        d->literal = text->text;
        return true;
    }
    d->to = format_parse(pc, text, FORMAT_FOR_HTTP);
    return d->to != NULL;
}

static bool read_code(struct policy_cfg *pc, struct redirect *d, struct words *w)
{
    const struct word *at = words_peek(w);
    unsigned code;

    if (!words_uint(pc->cfg, w, &code, 300, 399)) return false;
    d->code = (uint16_t)code;
    if (code == 301 || code == 302 || code == 303 || code == 307 || code == 308) return true;
    return cfg_error(pc->cfg, at, "a redirect's code is 301, 302, 303, 307 or 308");
}

/* HAProxy ends a cookie that is to be set with "; path=/;", and one that is to go with an age of
 * nothing. */
static bool read_cookie(struct policy_cfg *pc, struct redirect *d, struct words *w, bool clear)
{
    struct slice name;
    const char *format = clear ? "%.*s; path=/; Max-Age=0;" : "%.*s; path=/;";

    if (!words_text(pc->cfg, w, &name)) return false;
    d->cookie = slice_str(arena_printf(pc->cfg->arena, format, SLICE_ARG(name)));
    return true;
}

static bool read_word(struct policy_cfg *pc, struct redirect *d, struct words *w)
{
    if (words_take_if(w, "location")) return read_target(pc, d, w, TO_LOCATION);
    if (words_take_if(w, "prefix")) return read_target(pc, d, w, TO_PREFIX);
    if (words_take_if(w, "scheme")) return read_target(pc, d, w, TO_SCHEME);
    if (words_take_if(w, "code")) return read_code(pc, d, w);
    if (words_take_if(w, "set-cookie")) return read_cookie(pc, d, w, false);
    if (words_take_if(w, "clear-cookie")) return read_cookie(pc, d, w, true);
    if (words_take_if(w, "drop-query")) return d->drop_query = true;
    if (words_take_if(w, "append-slash")) return d->append_slash = true;
    if (words_take_if(w, "ignore-empty")) return d->ignore_empty = true;
    words_error(pc->cfg, w, "'%.*s' says nothing of a redirect", SLICE_ARG(words_peek(w)->text));
    return cfg_hint(pc->cfg, "location, prefix, scheme, code, drop-query, append-slash, "
                             "ignore-empty, set-cookie or clear-cookie");
}

static bool parse(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct redirect *d = arena_zero(pc->cfg->arena, sizeof *d);
    bool taken;

    r->data = d;
    d->code = 302;
    d->plain = slice_is(w->w[0].text, "redirect");
    d->response = slice_is(w->w[0].text, "http-response");
    do {
        if (!rule_common(pc, r, w, &taken)) return false;
        if (!taken && !rule_words_end(w) && !read_word(pc, d, w)) return false;
    } while (!rule_words_end(w));
    return d->given ||
           words_error(pc->cfg, w, "a redirect needs a 'location', 'prefix' or 'scheme'");
}

/* ---- the location ---- */

static struct slice path_of(const struct redirect *d, const struct http_msg *req)
{
    struct slice path = req->path.n && req->path.p[0] == '/' ? req->path : SLICE("/");
    ptrdiff_t query = slice_find(path, '?');

    if (d->drop_query && query >= 0) path.n = (size_t)query;
    return path;
}

/* "/" where the location does not end in one: behind the query, too, unless that is dropped. */
static bool lacks_slash(const struct redirect *d, struct slice path)
{
    return d->append_slash && path.p[path.n - 1] != '/';
}

static struct slice make_location(const struct redirect *d, struct context *c, size_t most)
{
    struct slice to = d->plain ? d->literal : format_text(d->to, c, most),
                 path = path_of(d, c->req);
    const struct http_field *host;
    struct slice authority = SLICE("");
    const char *slash = lacks_slash(d, path) ? "/" : "";

    switch (d->kind) {
    case TO_LOCATION: return to;
    case TO_PREFIX:
        if (slice_is(to, "/")) to = SLICE("");
        return slice_str(
            arena_printf(c->arena, "%.*s%.*s%s", SLICE_ARG(to), SLICE_ARG(path), slash));
    case TO_SCHEME: break;
    }
    host = http_msg_field(c->req, HTTP_FIELD_HOST);
    if (host) authority = host->value;
    return slice_str(arena_printf(c->arena, "%.*s://%.*s%.*s%s", SLICE_ARG(to),
                                  SLICE_ARG(authority), SLICE_ARG(path), slash));
}

/* HAProxy's bytes: an empty answer with its fields in this order. */
static void make_answer(struct request *r, const struct redirect *d, struct slice location)
{
    struct http_msg *m = &r->res;

    *m = (struct http_msg){ .status = d->code,
                            .reason = d->code == 302 ? SLICE("Found") : http_status_reason(d->code),
                            .version = HTTP_1_1,
                            .framing = HTTP_LENGTH,
                            .keep_alive = true,
                            .max_fields = 8,
                            .fields = arena_alloc(&r->arena, 8 * sizeof *m->fields) };
    http_msg_add(m, &r->arena, SLICE("content-length"), SLICE("0"));
    http_msg_add(m, &r->arena, SLICE("location"), location);
    if (d->code == 302 || d->code == 303 || d->code == 307)
        http_msg_add(m, &r->arena, SLICE("cache-control"), SLICE("no-cache"));
    if (d->cookie.n) http_msg_add(m, &r->arena, SLICE("set-cookie"), d->cookie);
    request_own_body(r, SLICE(""));
}

static enum rule_result run(struct context *c, const struct rule *rule)
{
    const struct redirect *d = rule->data;
    struct request *r = c->owner;
    struct slice location = make_location(d, c, r->pinned->snapshot->global.bufsize);

    if (d->ignore_empty && d->kind == TO_LOCATION && !location.n) return RULE_NEXT;
    request_end_as(r, 'L');
    request_count_intercepted(r);
    make_answer(r, d, location);
    return RULE_ANSWERED;
}

static struct slice describe(struct context *c, const struct rule *rule)
{
    const struct redirect *d = rule->data;

    return slice_str(arena_printf(c->arena, "answers %u, location %.*s", d->code,
                                  SLICE_ARG(make_location(d, c, 4096))));
}

static const struct action rows[] = {
    { "redirect", RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE, ACTION_FINAL | ACTION_STOPS, parse, run,
      describe,
      "{ location | prefix | scheme } <format> [code <code>] [drop-query] [append-slash] "
      "[ignore-empty] [set-cookie <name>[=<value>]] [clear-cookie <name>[=]]",
      "Sends the client elsewhere: to a location, to the same path behind another prefix, or to "
      "the same host and path by another scheme. The code is 302 unless it is given.",
      0 },
};

const struct action_table redirect_actions = { .title = "Redirects",
                                               .rows = rows,
                                               .n = sizeof rows / sizeof *rows };
