/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_service.h"
#include "gateway/held_body.h"
#include "ops/service_text.h"
#include "ops/stats_change.h"
#include "ops/stats_page.h"
#include "ops/web_assets.h"

#include <stdio.h>

/* ---- what is kept for a request ---- */

enum stage { HEAD, ROWS, RULES, TABLES, END };

struct answer {
    struct service_text text;
    struct stats_query query;
    struct stats_page page; /* its rows are those of the other forms, too */
    struct stat_style style;
    struct stats_change *change; /* on its way to the control thread; NULL */
    uint8_t stage;
    bool begun; /* a row was told */
};

static struct answer *answer_of(struct service_text *t)
{
    return container_of(t, struct answer, text);
}

static struct answer *new_answer(struct request *r, const struct proxy_conf *p)
{
    const struct stats_conf *conf = p->rules->stats;
    struct slice asked = conf->uri.n && conf->uri.p[0] == '/' ? r->req.path : r->req.target;
    struct answer *a = arena_zero(&r->arena, sizeof *a);
    struct stat_rows *rows = &a->page.rows;

    stats_query_parse(slice_from(asked, conf->uri.n), &a->query);
    if (!conf->refresh_s) a->query.no_refresh = false; /* it is not asked for a second time */
    a->page.out = &a->text.text;
    a->page.conf = conf;
    a->page.query = &a->query;
    a->page.of = p;
    a->page.gate = r->gate;
    rows->iid = rows->types = rows->sid = -1;
    rows->up = a->query.up;
    rows->no_maint = a->query.no_maint;
    rows->scope = slice_str(a->query.scope);
    rows->of = p;
    rows->view = (struct stat_view){ .engine = r->gate->engine,
                                     .snapshot = r->pinned->snapshot,
                                     .now = r->gate->worker.now,
                                     .secrets = conf->show_legends,
                                     .hides_servers = rows->up || rows->no_maint };
    return a;
}

/* ---- bodies ---- */

static bool more_rows(struct service_text *t)
{
    struct answer *a = answer_of(t);
    struct stat_row row;

    if (a->stage == HEAD) {
        stat_put_begin(&t->text, &a->style);
        a->stage = ROWS;
        return true;
    }
    if (!stat_rows_next(&a->page.rows, &row)) {
        stat_put_end(&t->text, &a->style);
        return false;
    }
    stat_put_row(&t->text, &a->style, &row, !a->begun);
    a->begun = true;
    return true;
}

static bool more_page(struct service_text *t)
{
    struct answer *a = answer_of(t);

    switch ((enum stage)a->stage) {
    case HEAD: stats_page_head(&a->page); break;
    case ROWS:
        if (stats_page_row(&a->page)) return true;
        break;
    case RULES:
        if (stats_page_rules(&a->page)) return true;
        break;
    case TABLES:
        if (stats_page_tables(&a->page)) return true;
        break;
    case END: stats_page_end(&a->page); return false;
    }
    a->stage++;
    return true;
}

static bool whole_schema(struct service_text *t)
{
    text_str(&t->text, web_stats_schema);
    return false;
}

/* ---- heads ---- */

static const struct {
    const char *type;
    bool (*more)(struct service_text *);
    enum stat_form form;
} forms[] = {
    [STATS_PAGE] = { "text/html", more_page, FORM_CSV },
    [STATS_CSV] = { "text/plain", more_rows, FORM_CSV },
    [STATS_TYPED] = { "text/plain", more_rows, FORM_TYPED },
    [STATS_JSON] = { "application/json", more_rows, FORM_JSON },
    [STATS_SCHEMA] = { "application/json", whole_schema, FORM_JSON },
};

/* HAProxy's fields, in its order. */
static enum service_result show(struct request *r, struct answer *a)
{
    unsigned refresh = a->query.no_refresh ? 0 : a->page.conf->refresh_s;

    service_head(r, 200);
    http_msg_add(&r->res, &r->arena, SLICE("cache-control"), SLICE("no-cache"));
    http_msg_add(&r->res, &r->arena, SLICE("content-type"), slice_str(forms[a->query.what].type));
    if (refresh)
        http_msg_add(&r->res, &r->arena, SLICE("refresh"),
                     slice_str(arena_printf(&r->arena, "%u", refresh)));
    a->style.form = forms[a->query.what].form;
    service_text_init(&a->text, forms[a->query.what].more);
    service_body(r, &a->text.source);
    return SERVICE_ANSWERS;
}

/* The client is sent back to the page, which tells what came of its action. */
static enum service_result send_back(struct request *r, struct answer *a, enum stats_result result)
{
    const struct stats_query *q = &a->query;
    char *to = arena_printf(&r->arena, "%.*s;st=%s%s%s%s%s", SLICE_ARG(a->page.conf->uri),
                            stats_result_code(result), q->up ? ";up" : "",
                            q->no_refresh ? ";norefresh" : "", q->scope[0] ? "?scope=" : "",
                            q->scope);

    service_head(r, 303);
    r->res.framing = HTTP_LENGTH;
    http_msg_add(&r->res, &r->arena, SLICE("cache-control"), SLICE("no-cache"));
    http_msg_add(&r->res, &r->arena, SLICE("content-type"), SLICE("text/plain"));
    http_msg_add(&r->res, &r->arena, SLICE("content-length"), SLICE("0"));
    http_msg_add(&r->res, &r->arena, SLICE("location"), slice_str(to));
    request_own_body(r, SLICE(""));
    return SERVICE_ANSWERS;
}

/* ---- actions ---- */

/* The form that was sent; false: see *result. */
static bool read_form(struct request *r, struct stats_form *f, enum stats_result *result)
{
    struct context *c = request_context(r);

    *result = RESULT_EXCD;
    if (!c->req_body.whole && r->req.framing != HTTP_NO_BODY &&
        !(r->req.framing == HTTP_LENGTH && !r->req.content_length))
        return false;
    stats_form_parse(c->req_body.bytes, &r->arena, f);
    *result = RESULT_NONE;
    return f->action.p && f->backend.p && f->n_servers;
}

/* Its body did not come. */
static enum service_result failed(struct request *r, enum body_wait why)
{
    return request_body_failed(r, false, why) == RULE_ANSWERED ? SERVICE_ANSWERS : SERVICE_CLOSES;
}

static enum service_result change(struct request *r, struct answer *a)
{
    enum stats_result result = RESULT_DENY;
    struct stats_form form;
    enum body_wait is;

    if (a->change) {
        if (!stats_change_done(a->change, &result)) return SERVICE_WAITS;
        return send_back(r, a, result);
    }
    is = request_await_body(r, false, 0, a->page.of->timeouts.http_request);
    if (is == BODY_WAITING) return SERVICE_WAITS;
    if (is != BODY_THERE) return failed(r, is);
    if (!stats_is_admin(r, a->page.of)) return send_back(r, a, RESULT_DENY);
    if (!read_form(r, &form, &result)) return send_back(r, a, result);
    if (r->gate->trace) return send_back(r, a, RESULT_NONE); /* explain does nothing */
    a->change = stats_change_begin(r, &form);
    return SERVICE_WAITS;
}

/* ---- the service ---- */

static enum service_result start(struct request *r, const void *conf)
{
    struct answer *a = r->service_state;

    if (!a) r->service_state = a = new_answer(r, conf);
    if (r->req.method == HTTP_POST) return change(r, a);
    if (a->query.what == STATS_PAGE) a->page.admin = stats_is_admin(r, conf);
    return show(r, a);
}

static void release(struct request *r)
{
    struct answer *a = r->service_state;

    if (!a) return;
    if (a->change) stats_change_leave(a->change);
    service_text_release(&a->text);
}

const struct http_service stats_service = {
    .name = "stats",
    .shown = "<STATS>",
    .usable = false,
    .doc = "Statistics, as `stats …` of a proxy says.",
    .start = start,
    .release = release,
};
