/* SPDX-License-Identifier: Apache-2.0 */
/* The page's head: what an action did, the process, the colours, the ways to look at it. */
#include "ops/html.h"
#include "ops/stats_page.h"
#include "ops/web_assets.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef GATEHOUSE_VERSION
#define GATEHOUSE_VERSION "unknown"
#endif

/* ---- links ---- */

void stats_page_uri(struct text *t, const struct stats_page *p, bool up, bool no_refresh)
{
    html_url(t, p->conf->uri);
    if (up) text_str(t, ";up");
    if (p->query->no_maint) text_str(t, ";no-maint");
    if (no_refresh) text_str(t, ";norefresh");
    if (p->query->scope[0]) text_printf(t, "%cscope=%s", '?', p->query->scope);
}

static void put_link(struct stats_page *p, bool up, bool no_refresh, const char *words)
{
    text_str(p->out, "<li><a href=\"");
    stats_page_uri(p->out, p, up, no_refresh);
    text_printf(p->out, "\">%s</a></li>\n", words);
}

/* A form of the data for programs, with the servers that the page shows. */
static void put_export(struct stats_page *p, const char *form, const char *words)
{
    const struct stats_query *q = p->query;

    text_str(p->out, "<a href=\"");
    html_url(p->out, p->conf->uri);
    text_printf(p->out, ";%s%s%s;norefresh", form, q->up ? ";up" : "",
                q->no_maint ? ";no-maint" : "");
    if (q->scope[0]) text_printf(p->out, "?scope=%s", q->scope);
    text_printf(p->out, "\">%s</a>", words);
}

/* ---- what an action did ---- */

static const struct {
    const char *state, *words;
} results[] = {
    [RESULT_NONE] = { "active_going_down", "Nothing was changed." },
    [RESULT_DONE] = { "active_up", "Done." },
    [RESULT_PART] = { "active_going_down",
                      "Done, but not for all: there is no server of some of these names." },
    [RESULT_ERRP] = { "active_down",
                      "Not done: the action, the backend, or all of the servers are unknown." },
    [RESULT_EXCD] = { "active_down",
                      "Not done: the request was too long. Choose fewer servers at a time." },
    [RESULT_DENY] = { "active_down", "Not done: you may not change anything here." },
    [RESULT_UNKN] = { "active_no_check", "What came of it is not known." },
};

static void put_result(struct stats_page *p)
{
    enum stats_result r = p->query->result;

    if (r == RESULT_NOT_ASKED) return;
    text_printf(p->out, "<p class=\"notice %s\" role=\"status\"><a href=\"", results[r].state);
    stats_page_uri(p->out, p, p->query->up, p->query->no_refresh);
    text_printf(p->out, "\" title=\"Remove this message\">✕</a>%s</p>\n", results[r].words);
}

/* ---- the process ---- */

static void put_tile(struct text *t, const char *name, uint64_t n, const char *unit)
{
    text_printf(t, "<div><dt>%s</dt><dd>", name);
    html_number(t, n);
    text_printf(t, "%s</dd></div>\n", unit);
}

static void put_bits(struct text *t, uint64_t bytes)
{
    static const char *const units[] = { "bps", "kbps", "Mbps", "Gbps", "Tbps" };
    double v = 8.0 * (double)bytes;
    unsigned unit = 0;

    for (; v >= 1000 && unit + 1 < ARRAY_LEN(units); unit++) v /= 1000;
    text_printf(t, unit && v < 100 ? "%.1f <small>%s</small>" : "%.0f <small>%s</small>", v,
                units[unit]);
}

/* Servers that are up, of those that the page is about. */
static void put_servers(struct stats_page *p)
{
    const struct snapshot *s = p->rows.view.snapshot;
    unsigned n = 0, up = 0;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *px = s->proxies[i];
        if (!px->be || !stat_rows_wants(&p->rows, px)) continue;
        n += px->be->n_servers;
        for (unsigned k = 0; k < px->be->n_servers; k++)
            up += stat_server_is_up(px->be->servers[k]);
    }
    text_printf(p->out, "<div%s><dt>Servers up</dt><dd>%u <small>of %u</small></dd></div>\n",
                up < n ? " class=\"bad\"" : "", up, n);
}

static void put_tiles(struct stats_page *p, const struct stat_sums *totals)
{
    const struct engine *e = p->gate->engine;
    const struct worker *w = &p->gate->worker;
    usec_t age = clock_usec() - e->started;
    struct text *t = p->out;

    text_str(t, "<dl class=\"tiles\">\n<div><dt>Uptime</dt><dd>");
    html_age(t, age / 1000000);
    text_str(t, "</dd></div>\n");
    put_servers(p);
    put_tile(t, "Current conns", gauge_now(&e->connections), "");
    put_tile(t, "Conn rate", totals->connection_rate.now, " <small>/s</small>");
    put_tile(t, "Requests", totals->counts[STAT_COUNTER(requests)], "");
    text_str(t, "<div><dt>Bit rate</dt><dd>");
    put_bits(t, (uint64_t)SENT_UNIT *
                    rate_read(&w->sent.rate, (uint32_t)(w->now / 1000), (uint32_t)(w->now % 1000)));
    text_printf(t, "</dd></div>\n<div><dt>Idle</dt><dd>%u <small>%%</small></dd></div>\n</dl>\n",
                usage_idle(&p->gate->engine->usage, age, e->n_workers));
}

static void put_facts(struct stats_page *p)
{
    const struct engine *e = p->gate->engine;
    unsigned pipes = 0, used = 0, idle = 0;
    struct rlimit files = { 0 };

    getrlimit(RLIMIT_NOFILE, &files);
    for (unsigned i = 0; i < e->n_workers; i++) {
        const struct pipes *q = &e->gates[i].worker.pipes;
        unsigned resting = (unsigned)counter_get(&q->n_idle);
        pipes += q->most;
        idle += resting;
        used += (unsigned)counter_get(&q->n_open) - resting;
    }
    text_printf(
        p->out,
        "<section class=\"panel\"><h2>General process information</h2>\n<dl class=\"facts\">"
        "<dt>pid</dt><dd>%d <small>process #1, nbproc 1, nbthread %u</small></dd>"
        "<dt>system limits</dt><dd>memmax unlimited, ulimit-n %llu</dd>"
        "<dt>maxsock</dt><dd>%llu</dd><dt>maxconn</dt><dd>%u</dd><dt>maxpipes</dt><dd>%u</dd>"
        "<dt>current pipes</dt><dd>%u/%u</dd><dt>running tasks</dt><dd>%u</dd>"
        "<dt>configuration</dt><dd>%u <small>%u in use</small></dd></dl></section>\n",
        (int)getpid(), e->n_workers, (unsigned long long)files.rlim_cur,
        (unsigned long long)files.rlim_cur, atomic_load(&e->maxconn), pipes, used, idle,
        gauge_now(&e->connections), p->rows.view.snapshot->generation,
        atomic_load(&e->live_snapshots));
}

/* ---- the colours ---- */

static const struct {
    const char *state, *words;
    bool wide;
} states[] = {
    { "active_up", "active UP", false },
    { "backup_up", "backup UP", false },
    { "active_going_down", "active UP, going down", false },
    { "backup_going_down", "backup UP, going down", false },
    { "active_going_up", "active DOWN, going up", false },
    { "backup_going_up", "backup DOWN, going up", false },
    { "active_down", "active or backup DOWN", false },
    { "active_no_check", "not checked", false },
    { "maintain", "active or backup DOWN for maintenance (MAINT)", true },
    { "active_draining", "active or backup SOFT STOPPED for maintenance (DRAIN, NOLB)", true },
};

static void put_legend(struct text *t)
{
    text_str(t, "<section class=\"panel\"><h2>Colours of servers</h2>\n<ul class=\"legend\">\n");
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        text_printf(t, "<li class=\"%s%s\"><i></i>%s</li>\n", states[i].state,
                    states[i].wide ? " wide" : "", states[i].words);
    text_str(t, "</ul></section>\n");
}

/* ---- the ways to look at it ---- */

static void put_options(struct stats_page *p)
{
    const struct stats_query *q = p->query;
    struct text *t = p->out;

    text_str(t,
             "<nav class=\"panel\" aria-label=\"Display option\"><h2>Display option</h2>\n<ul>\n");
    put_link(p, !q->up, q->no_refresh, q->up ? "Show all servers" : "Hide 'DOWN' servers");
    if (p->conf->refresh_s)
        put_link(p, q->up, !q->no_refresh, q->no_refresh ? "Enable refresh" : "Disable refresh");
    put_link(p, q->up, q->no_refresh, "Refresh now");
    text_str(t, "<li>");
    put_export(p, "csv", "CSV export");
    text_str(t, "</li>\n<li>");
    put_export(p, "json", "JSON export");
    text_str(t, " (<a href=\"");
    html_url(t, p->conf->uri);
    text_str(t, ";json-schema\">schema</a>)</li>\n</ul>\n<form class=\"scope\" method=\"get\" "
                "action=\"");
    html_url(t, p->conf->uri);
    text_printf(t,
                "\"><label for=\"scope\">Scope</label><input id=\"scope\" name=\"scope\" "
                "maxlength=\"%d\" value=\"%s\"></form></nav>\n",
                STATS_SCOPE_MAX, q->scope);
}

static void put_resources(struct text *t)
{
    text_str(t, "<nav class=\"panel\" aria-label=\"External resources\"><h2>External resources</h2>"
                "\n<ul>\n<li><a href=\"https://docs.haproxy.org/2.6/configuration.html\">"
                "Configuration language (2.6)</a></li>\n"
                "<li><a href=\"https://docs.haproxy.org/2.6/management.html#9.1\">"
                "What the columns mean</a></li>\n</ul></nav>\n");
}

/* ---- the whole ---- */

static void put_node(struct text *t, const struct stats_page *p)
{
    const char *name = p->conf->node ? p->conf->node : p->rows.view.snapshot->global.node;
    struct utsname u;

    if (!p->conf->show_node) return;
    if (!name) name = uname(&u) == 0 ? u.nodename : "";
    text_str(t, " on ");
    html_str(t, name);
}

static void put_title(struct stats_page *p)
{
    const struct stats_conf *conf = p->conf;
    const char *desc = conf->desc ? conf->desc : p->rows.view.snapshot->global.description;
    struct text *t = p->out;

    text_str(t, "<header>\n<div class=\"brand\"><h1>Gatehouse</h1><p>");
    if (!conf->hide_version) text_str(t, "version " GATEHOUSE_VERSION " · ");
    text_printf(t, "Statistics Report for pid %d", (int)getpid());
    put_node(t, p);
    if (conf->show_desc && desc) {
        text_str(t, ": ");
        html_str(t, desc);
    }
    text_str(t, "</p></div>\n");
}

void stats_page_head(struct stats_page *p)
{
    struct engine *e = p->gate->engine;
    struct text *t = p->out;
    struct stat_sums totals;

    stat_sum(&totals, e->totals, e->n_workers, p->rows.view.now);
    text_str(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<title>Statistics Report for Gatehouse");
    put_node(t, p);
    text_str(t, "</title>\n<link rel=\"icon\" href=\"data:,\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"robots\" content=\"noindex\">\n<style>\n");
    text_str(t, web_stats_css);
    text_str(t, "</style>\n</head>\n<body>\n");
    put_title(p);
    put_result(p);
    put_tiles(p, &totals);
    text_str(t, "</header>\n<aside class=\"panels\">\n");
    put_facts(p);
    put_legend(t);
    put_options(p);
    put_resources(t);
    text_str(t, "</aside>\n<main>\n");
}

void stats_page_end(struct stats_page *p)
{
    text_str(p->out, "</main>\n<footer>Point at, tap, or move to a dotted value to see what is "
                     "behind it.</footer>\n</body>\n</html>\n");
}
