/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/prometheus.h"
#include "gateway/reply_spec.h"
#include "ops/prometheus_metrics.h"
#include "ops/service_text.h"

/* What is kept for a request. */
struct scrape {
    struct service_text text;
    struct exposition x;
    struct gate *gate;
};

static bool more(struct service_text *t)
{
    struct scrape *s = container_of(t, struct scrape, text);

    s->x.view.now = s->gate->worker.now;
    return exposition_next(&s->x);
}

static enum service_result refuse(struct request *r)
{
    const struct reply_spec bad = { .status = 400, .kind = REPLY_ERRORS };

    r->keep = false;
    return reply_make(r, &bad) ? SERVICE_ANSWERS : SERVICE_CLOSES;
}

static struct scrape *new_scrape(struct request *r, const struct prometheus_query *q)
{
    struct scrape *s = arena_zero(&r->arena, sizeof *s);
    struct exposition *x = &s->x;

    s->gate = r->gate;
    x->out = &s->text.text;
    x->query = *q;
    x->view = (struct stat_view){ .engine = r->gate->engine,
                                  .snapshot = r->pinned->snapshot,
                                  .now = r->gate->worker.now };
    if (q->scopes & SCOPE_PROCESS)
        info_init(&x->info, r->gate->engine, x->view.snapshot, x->view.now, false);
    return s;
}

static enum service_result start(struct request *r, const void *conf)
{
    struct prometheus_query q;
    struct scrape *s;

    (void)conf;
    if (!prometheus_query_parse(r->req.path, &q)) return refuse(r);
    r->service_state = s = new_scrape(r, &q);
    service_head(r, 200);
    http_msg_add(&r->res, &r->arena, SLICE("cache-control"), SLICE("no-cache"));
    http_msg_add(&r->res, &r->arena, SLICE("content-type"), SLICE("text/plain; version=0.0.4"));
    service_text_init(&s->text, more);
    service_body(r, &s->text.source);
    return SERVICE_ANSWERS;
}

static void release(struct request *r)
{
    struct scrape *s = r->service_state;

    if (s) service_text_release(&s->text);
}

const struct http_service prometheus_service = {
    .name = "prometheus-exporter",
    .shown = "<PROMEX>",
    .usable = true,
    .doc = "What the gateway counts, in the form that Prometheus reads.",
    .start = start,
    .release = release,
};
