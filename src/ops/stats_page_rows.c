/* SPDX-License-Identifier: Apache-2.0 */
/* A table for each proxy: HAProxy's columns, under HAProxy's words. */
#include "ops/html.h"
#include "ops/stats_page.h"
#include "ops/stats_positions.h"

#include <ctype.h>

/* ---- what is behind a value ---- */

enum unit { PLAIN, PER_SECOND, MS, SECONDS, SIZE };

struct tip {
    const char *name;
    short at, most; /* positions; most: a second value, "most / average"; -1: none */
    uint8_t unit;
};

static const struct tip rate_tip[] = {
    { "Connections", AT_CONN_RATE, -1, PER_SECOND },
    { "Sessions", AT_RATE, -1, PER_SECOND },
    { "Requests", AT_REQ_RATE, -1, PER_SECOND },
    { NULL, 0, 0, 0 },
};
static const struct tip rate_max_tip[] = {
    { "Connections", AT_CONN_RATE_MAX, -1, PER_SECOND },
    { "Sessions", AT_RATE_MAX, -1, PER_SECOND },
    { "Requests", AT_REQ_RATE_MAX, -1, PER_SECOND },
    { NULL, 0, 0, 0 },
};
static const struct tip current_tip[] = {
    { "Connections in use", AT_USED_CONN_CUR, -1, PLAIN },
    { "Idle connections", AT_SRV_ICUR, -1, PLAIN },
    { "Limit of idle ones", AT_SRC_ILIM, -1, PLAIN },
    { "Needed, by estimate", AT_NEED_CONN_EST, -1, PLAIN },
    { NULL, 0, 0, 0 },
};
static const struct tip total_tip[] = {
    { "Connections", AT_CONN_TOT, -1, PLAIN },
    { "Sessions", AT_STOT, -1, PLAIN },
    { "New connections", AT_CONNECT, -1, PLAIN },
    { "Reused connections", AT_REUSE, -1, PLAIN },
    { "HTTP requests", AT_REQ_TOT, -1, PLAIN },
    { "1xx responses", AT_HRSP_1XX, -1, PLAIN },
    { "2xx responses", AT_HRSP_1XX + 1, -1, PLAIN },
    { "3xx responses", AT_HRSP_1XX + 2, -1, PLAIN },
    { "4xx responses", AT_HRSP_1XX + 3, -1, PLAIN },
    { "5xx responses", AT_HRSP_1XX + 4, -1, PLAIN },
    { "Other responses", AT_HRSP_OTHER, -1, PLAIN },
    { "Intercepted", AT_INTERCEPTED, -1, PLAIN },
    { "Failed rewrites", AT_WREW, -1, PLAIN },
    { "Internal errors", AT_EINT, -1, PLAIN },
    { "Queue, average / max", AT_QTIME, AT_QTIME_MAX, MS },
    { "Connect, average / max", AT_CTIME, AT_CTIME_MAX, MS },
    { "Response, average / max", AT_RTIME, AT_RTIME_MAX, MS },
    { "Total, average / max", AT_TTIME, AT_TTIME_MAX, MS },
    { NULL, 0, 0, 0 },
};
static const struct tip in_tip[] = { { "Bytes in", AT_BIN, -1, PLAIN }, { NULL, 0, 0, 0 } };
static const struct tip out_tip[] = { { "Bytes out", AT_BOUT, -1, PLAIN }, { NULL, 0, 0, 0 } };
static const struct tip resp_tip[] = {
    { "Cut short by clients", AT_CLI_ABRT, -1, PLAIN },
    { "Cut short by the server", AT_SRV_ABRT, -1, PLAIN },
    { NULL, 0, 0, 0 },
};
static const struct tip check_tip[] = {
    { "Check", AT_CHECK_DESC, -1, PLAIN },
    { "It got", AT_LAST_CHK, -1, PLAIN },
    { "Agent", AT_AGENT_DESC, -1, PLAIN },
    { "It said", AT_LAST_AGT, -1, PLAIN },
    { NULL, 0, 0, 0 },
};
static const struct tip weight_tip[] = { { "As configured", AT_UWEIGHT, -1, PLAIN },
                                         { NULL, 0, 0, 0 } };
static const struct tip failed_tip[] = {
    { "Failed checks", AT_CHKFAIL, -1, PLAIN },
    { "Failures in traffic", AT_HANAFAIL, -1, PLAIN },
    { NULL, 0, 0, 0 },
};

/* ---- the columns ---- */

enum shape { NUMBER, LIMIT, BYTES, AGE, TROUBLE, YES, STATUS, CHECK };

static const struct cell {
    const char *name;
    short at;
    uint8_t shape;
    const struct tip *tip;
} cells[] = {
    { "Cur", AT_QCUR, NUMBER, NULL },
    { "Max", AT_QMAX, NUMBER, NULL },
    { "Limit", AT_QLIMIT, LIMIT, NULL },
    { "Cur", AT_RATE, NUMBER, rate_tip },
    { "Max", AT_RATE_MAX, NUMBER, rate_max_tip },
    { "Limit", AT_RATE_LIM, LIMIT, NULL },
    { "Cur", AT_SCUR, NUMBER, current_tip },
    { "Max", AT_SMAX, NUMBER, NULL },
    { "Limit", AT_SLIM, LIMIT, NULL },
    { "Total", AT_STOT, NUMBER, total_tip },
    { "LbTot", AT_LBTOT, NUMBER, NULL },
    { "Last", AT_LASTSESS, AGE, NULL },
    { "In", AT_BIN, BYTES, in_tip },
    { "Out", AT_BOUT, BYTES, out_tip },
    { "Req", AT_DREQ, NUMBER, NULL },
    { "Resp", AT_DRESP, NUMBER, NULL },
    { "Req", AT_EREQ, TROUBLE, NULL },
    { "Conn", AT_ECON, TROUBLE, NULL },
    { "Resp", AT_ERESP, TROUBLE, resp_tip },
    { "Retr", AT_WRETR, NUMBER, NULL },
    { "Redis", AT_WREDIS, NUMBER, NULL },
    { "Status", AT_STATUS, STATUS, NULL },
    { "LastChk", AT_CHECK_STATUS, CHECK, check_tip },
    { "Wght", AT_WEIGHT, NUMBER, weight_tip },
    { "Act", AT_ACT, YES, NULL },
    { "Bck", AT_BCK, YES, NULL },
    { "Chk", AT_CHKFAIL, NUMBER, failed_tip },
    { "Dwn", AT_CHKDOWN, NUMBER, NULL },
    { "Dwntme", AT_DOWNTIME, AGE, NULL },
    { "Thrtle", AT_THROTTLE, NUMBER, NULL },
};

static const struct {
    const char *name;
    unsigned span;
} groups[] = {
    { "Queue", 3 },  { "Session rate", 3 }, { "Sessions", 6 }, { "Bytes", 2 },
    { "Denied", 2 }, { "Errors", 3 },       { "Warnings", 2 }, { "Server", 9 },
};

static void put_thead(struct text *t)
{
    text_str(t, "<thead><tr><th rowspan=\"2\" scope=\"col\"></th>");
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        text_printf(t, "<th colspan=\"%u\" scope=\"colgroup\">%s</th>", groups[i].span,
                    groups[i].name);
    text_str(t, "</tr>\n<tr>");
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        text_printf(t, "<th scope=\"col\">%s</th>", cells[i].name);
    text_str(t, "</tr></thead>\n<tbody>\n");
}

/* ---- values ---- */

static struct stat_value value_at(struct stat_row *row, int at)
{
    const char *tags;

    return stat_row_value(row, (unsigned)at, &tags);
}

static void put_value(struct text *t, const struct stat_value *v)
{
    if (v->kind == STAT_TEXT)
        html_str(t, v->text);
    else if (v->kind == STAT_U32 || v->kind == STAT_U64)
        html_number(t, v->u);
    else
        stat_put(t, v);
}

static bool is_empty(const struct stat_value *v)
{
    return v->kind == STAT_NONE || (v->kind == STAT_TEXT && !*v->text);
}

static void put_tip_line(struct text *t, struct stat_row *row, const struct tip *tip)
{
    static const char *const units[] = {
        [PLAIN] = "", [PER_SECOND] = " /s", [MS] = " ms", [SECONDS] = " s", [SIZE] = " B"
    };
    struct stat_value v = value_at(row, tip->at);

    if (is_empty(&v)) return;
    text_printf(t, "<b>%s</b><span>", tip->name);
    put_value(t, &v);
    if (tip->most >= 0) {
        v = value_at(row, tip->most);
        text_str(t, " / ");
        put_value(t, &v);
    }
    text_printf(t, "%s</span>", units[tip->unit]);
}

/* Is there more to be said than the value itself? */
static bool has_tip(struct stat_row *row, const struct tip *tip)
{
    for (; tip && tip->name; tip++) {
        struct stat_value v = value_at(row, tip->at);
        if (!is_empty(&v)) return true;
    }
    return false;
}

static void put_number(struct text *t, const struct stat_value *v, uint8_t shape)
{
    uint64_t n = v->kind == STAT_S32 ? (v->s < 0 ? 0 : (uint64_t)v->s) : v->u;

    switch (shape) {
    case LIMIT:
        if (n)
            html_number(t, n);
        else
            text_str(t, "-");
        break;
    case BYTES: html_bytes(t, n); break;
    case AGE:
        if (v->kind == STAT_S32 && v->s < 0)
            text_str(t, "?");
        else
            html_age(t, n);
        break;
    case TROUBLE:
        if (n) text_str(t, "<b class=\"hot\">");
        html_number(t, n);
        if (n) text_str(t, "</b>");
        break;
    default: html_number(t, n); break;
    }
}

/* Active or backup: a server is one of both, a backend has so many. */
static void put_yes(struct text *t, const struct stat_row *row, const struct stat_value *v)
{
    if (row->server)
        text_str(t, v->u ? "Y" : "-");
    else
        html_number(t, v->u);
}

static void put_status(struct text *t, struct stat_row *row, const struct stat_value *v)
{
    struct stat_value since;

    text_str(t, "<span class=\"st\">");
    html_str(t, v->text);
    text_str(t, "</span>");
    since = value_at(row, AT_LASTCHG);
    if (since.kind == STAT_NONE) return;
    text_str(t, " <small>");
    html_age(t, since.u);
    text_str(t, "</small>");
}

static void put_check(struct text *t, struct stat_row *row, const struct stat_value *v)
{
    struct stat_value n;

    html_str(t, v->text);
    n = value_at(row, AT_CHECK_CODE);
    if (n.kind == STAT_U32 && n.u) text_printf(t, "/%u", (unsigned)n.u);
    n = value_at(row, AT_CHECK_DURATION);
    if (n.kind == STAT_U32 || n.kind == STAT_U64)
        text_printf(t, " in %llums", (unsigned long long)n.u);
}

static void put_content(struct text *t, struct stat_row *row, const struct cell *c,
                        const struct stat_value *v)
{
    switch (c->shape) {
    case STATUS: put_status(t, row, v); break;
    case CHECK: put_check(t, row, v); break;
    case YES: put_yes(t, row, v); break;
    default: put_number(t, v, c->shape); break;
    }
}

/* Of no use where there is little room: a card leaves it out. */
static bool says_no(const struct stat_row *row, const struct cell *c, const struct stat_value *v)
{
    return (c->shape == LIMIT || (c->shape == YES && row->server)) && !v->u;
}

static void put_cell(struct text *t, struct stat_row *row, const struct cell *c)
{
    struct stat_value v = value_at(row, c->at);
    bool tip;

    if (is_empty(&v)) {
        /* A limit that is not there is told where there could be one. */
        text_str(t, c->shape == LIMIT && row->server ? "<td class=\"no\">-</td>" : "<td></td>");
        return;
    }
    tip = has_tip(row, c->tip);
    v = value_at(row, c->at);
    text_str(t, says_no(row, c, &v) ? "<td class=\"no\">" : "<td>");
    if (tip) text_str(t, "<span class=\"tip\" tabindex=\"0\">");
    put_content(t, row, c, &v);
    if (tip) {
        text_str(t, "<span role=\"tooltip\"><span class=\"kv\">");
        for (const struct tip *i = c->tip; i->name; i++) put_tip_line(t, row, i);
        text_str(t, "</span></span></span>");
    }
    text_str(t, "</td>");
}

/* ---- rows ---- */

/* The colour of a server, by what its status begins with and, for one that changes, how far it is.
 */
static const char *state_of(const char *status)
{
    bool changes = strpbrk(status, "0123456789") && strchr(status, '/');

    if (strncmp(status, "MAINT", 5) == 0) return "maintain";
    if (strncmp(status, "DRAIN", 5) == 0) return "draining";
    if (strncmp(status, "NOLB", 4) == 0) return "nolb";
    if (strncmp(status, "no check", 8) == 0) return "no_check";
    if (strncmp(status, "UP", 2) == 0) return changes ? "going_down" : "up";
    return changes ? "going_up" : "down";
}

static void put_class(struct text *t, struct stat_row *row)
{
    struct stat_value status = value_at(row, AT_STATUS);
    const char *state;

    if (row->type == STAT_FRONTEND) {
        text_str(t, "frontend");
    } else if (row->type == STAT_BACKEND) {
        text_str(t, strncmp(status.text, "DOWN", 4) == 0 ? "backend backend_down" : "backend");
    } else {
        state = state_of(status.text);
        if (strcmp(state, "maintain") != 0)
            text_str(t, row->server->backup ? "backup_" : "active_");
        text_str(t, state);
    }
}

static const char *row_name(const struct stat_row *row)
{
    if (row->server) return row->server->name;
    return row->type == STAT_FRONTEND ? "Frontend" : "Backend";
}

/* `stats show-legends`: what else there is to know of it. */
static void put_legends(struct text *t, struct stat_row *row)
{
    static const struct tip lines[] = { { "Address", AT_ADDR, -1, PLAIN },
                                        { "Cookie", AT_COOKIE, -1, PLAIN },
                                        { "Algorithm", AT_ALGO, -1, PLAIN },
                                        { NULL, 0, 0, 0 } };

    text_str(t, "<span role=\"tooltip\"><span class=\"kv\">");
    if (row->server) text_printf(t, "<b>Id</b><span>%u</span>", row->server->id);
    for (const struct tip *i = lines; i->name; i++) put_tip_line(t, row, i);
    text_str(t, "</span></span></span>");
}

static void put_anchor(struct text *t, const struct stat_row *row)
{
    html_str(t, row->proxy->name);
    text_char(t, '/');
    html_str(t, row_name(row));
}

static void put_name(struct stats_page *p, struct stat_row *row)
{
    bool legends = p->conf->show_legends && row->type != STAT_FRONTEND;
    struct text *t = p->out;

    text_str(t, "<th scope=\"row\">");
    if (p->admin && row->server) {
        text_str(t, "<input type=\"checkbox\" name=\"s\" value=\"");
        html_str(t, row->server->name);
        text_str(t, "\" aria-label=\"");
        html_str(t, row->server->name);
        text_str(t, "\">");
    }
    if (legends) text_str(t, "<span class=\"tip\">");
    text_str(t, "<a href=\"#");
    put_anchor(t, row);
    text_str(t, "\">");
    html_str(t, row_name(row));
    text_str(t, "</a>");
    if (legends) put_legends(t, row);
    text_str(t, "</th>");
}

static void put_row(struct stats_page *p, struct stat_row *row)
{
    struct text *t = p->out;

    text_str(t, "<tr class=\"");
    put_class(t, row);
    text_str(t, "\" id=\"");
    put_anchor(t, row);
    text_str(t, "\">");
    put_name(p, row);
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) put_cell(t, row, &cells[i]);
    text_str(t, "</tr>\n");
}

/* ---- tables ---- */

static const struct {
    const char *value, *words;
} actions[] = {
    { "ready", "Set state to READY" },     { "drain", "Set state to DRAIN" },
    { "maint", "Set state to MAINT" },     { "dhlth", "Health: disable checks" },
    { "ehlth", "Health: enable checks" },  { "hrunn", "Health: force UP" },
    { "hnolb", "Health: force NOLB" },     { "hdown", "Health: force DOWN" },
    { "dagent", "Agent: disable checks" }, { "eagent", "Agent: enable checks" },
    { "arunn", "Agent: force UP" },        { "adown", "Agent: force DOWN" },
    { "shutdown", "Kill Sessions" },
};

static bool has_form(const struct stats_page *p, const struct proxy_conf *px)
{
    return p->admin && px->be && px->be->n_servers;
}

static void put_form_end(struct text *t, const struct proxy_conf *px)
{
    text_str(t, "<div class=\"admin\"><label>Action on the checked servers "
                "<select name=\"action\"><option value=\"\"></option>");
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        text_printf(t, "<option value=\"%s\">%s</option>", actions[i].value, actions[i].words);
    text_printf(t,
                "</select></label><input type=\"hidden\" name=\"b\" value=\"#%u\">"
                "<button>Apply</button></div>\n</form>\n",
                px->id);
}

static void close_table(struct stats_page *p)
{
    if (!p->open) return;
    text_str(p->out, "</tbody></table>\n");
    if (has_form(p, p->open)) put_form_end(p->out, p->open);
    text_str(p->out, "</section>\n");
    p->open = NULL;
}

static void open_table(struct stats_page *p, const struct proxy_conf *px)
{
    struct text *t = p->out;

    close_table(p);
    p->open = px;
    text_str(t, "<section class=\"proxy\" id=\"");
    html_str(t, px->name);
    text_str(t, "\">\n<h2><a href=\"#");
    html_str(t, px->name);
    text_str(t, "\">");
    html_str(t, px->name);
    text_printf(t, "</a> <small>%s", px->section->kind->name);
    if (p->conf->show_legends)
        text_printf(t, " · mode %s · id %u", px->mode == MODE_HTTP ? "http" : "tcp", px->id);
    if (px->description) {
        text_str(t, " · ");
        html_str(t, px->description);
    }
    text_str(t, "</small></h2>\n");
    if (has_form(p, px)) {
        text_str(t, "<form method=\"post\" action=\"");
        stats_page_uri(t, p, p->query->up, p->query->no_refresh);
        text_str(t, "\">\n");
    }
    text_str(t, "<table class=\"stats\">\n");
    put_thead(t);
}

bool stats_page_row(struct stats_page *p)
{
    struct stat_row row;

    if (!stat_rows_next(&p->rows, &row)) {
        close_table(p);
        return false;
    }
    if (row.proxy != p->open) open_table(p, row.proxy);
    put_row(p, &row);
    return true;
}
