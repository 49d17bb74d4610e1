/* SPDX-License-Identifier: Apache-2.0 */
/* Below the tables of proxies: requests that rules ended, by the rules' names; and how full stick
 * tables are. */
#include "ops/html.h"
#include "ops/stats_page.h"
#include "policy/rule_counts.h"
#include "policy/stick_table.h"

/* ---- rules ---- */

static void begin_rules(struct stats_page *p)
{
    if (p->listed) return;
    p->listed = true;
    text_str(p->out, "<section class=\"more\" id=\"rules\"><h2>Ended by rules <small>refusals and "
                     "other answers of the gateway's own, by the rule's name</small></h2>\n"
                     "<table class=\"rules\"><thead><tr><th scope=\"col\">Rule</th>"
                     "<th scope=\"col\">Proxy</th><th scope=\"col\">What it says</th>"
                     "<th scope=\"col\" class=\"n\">Times</th>"
                     "<th scope=\"col\" class=\"n\" title=\"with 'report': it would have\">"
                     "Reported</th></tr></thead>\n<tbody>\n");
}

static void end_list(struct stats_page *p)
{
    if (p->listed) text_str(p->out, "</tbody></table></section>\n");
    p->listed = false;
}

static void put_rule(struct stats_page *p, const struct rule *r, const struct rule_totals *n)
{
    struct text *t = p->out;

    text_str(t, "<tr><th scope=\"row\">");
    html_str(t, r->name);
    text_str(t, "</th><td>");
    html_str(t, p->walk.of->name);
    text_str(t, "</td><td>");
    html_text(t, r->text);
    text_str(t, "</td><td class=\"n\">");
    html_number(t, n->ended);
    text_str(t, "</td><td class=\"n\">");
    if (n->reported) html_number(t, n->reported);
    text_str(t, "</td></tr>\n");
}

bool stats_page_rules(struct stats_page *p)
{
    const struct rule *r;

    while ((r = rule_walk_next(&p->walk, p->rows.view.snapshot))) {
        struct rule_totals n = rule_counts_read(r);

        if ((!n.ended && !n.reported) || !stat_rows_wants(&p->rows, p->walk.of)) continue;
        begin_rules(p);
        put_rule(p, r, &n);
        return true;
    }
    end_list(p);
    return false;
}

/* ---- tables ---- */

static void begin_tables(struct stats_page *p)
{
    if (p->listed) return;
    p->listed = true;
    text_str(p->out,
             "<section class=\"more\" id=\"tables\"><h2>Stick tables</h2>\n<table class=\""
             "sticks\"><thead><tr><th scope=\"col\">Table</th><th scope=\"col\">Key</th>"
             "<th scope=\"col\">Fill</th><th scope=\"col\" class=\"n\">Entries</th>"
             "<th scope=\"col\" class=\"n\">Size</th><th scope=\"col\" class=\"n\">Expire"
             "</th><th scope=\"col\" class=\"n\" title=\"Entries given up or refused because"
             " it was full\">Was full</th></tr></thead>\n<tbody>\n");
}

static const char *type_name(const struct stick_conf *c)
{
    switch (c->type) {
    case SAMPLE_IPV4: return "ip";
    case SAMPLE_IPV6: return "ipv6";
    case SAMPLE_SINT: return "integer";
    case SAMPLE_BIN: return "binary";
    default: return "string";
    }
}

static void put_table(struct stats_page *p, const struct stick_conf *c)
{
    uint32_t used = stick_used(c->state, p->rows.view.now);
    uint64_t full = stick_full_count(c->state);
    struct text *t = p->out;

    text_str(t, "<tr><th scope=\"row\">");
    html_str(t, c->name);
    text_printf(t,
                "</th><td>%s</td><td><meter max=\"%u\" high=\"%u\" value=\"%u\">%u%%</meter></td>"
                "<td class=\"n\">",
                type_name(c), c->size, c->size - c->size / 10, used,
                c->size ? (unsigned)(100ull * used / c->size) : 0);
    html_number(t, used);
    text_str(t, "</td><td class=\"n\">");
    html_number(t, c->size);
    text_str(t, "</td><td class=\"n\">");
    if (c->expire)
        html_age(t, c->expire / 1000);
    else
        text_str(t, "-");
    text_str(t, full ? "</td><td class=\"n hot\">" : "</td><td class=\"n\">");
    html_number(t, full);
    text_str(t, "</td></tr>\n");
}

bool stats_page_tables(struct stats_page *p)
{
    const struct snapshot *s = p->rows.view.snapshot;

    for (; p->table < s->n_proxies; p->table++) {
        const struct proxy_conf *px = s->proxies[p->table];

        if (px->disabled || !px->table || !px->table->state || !stat_rows_wants(&p->rows, px))
            continue;
        begin_tables(p);
        put_table(p, px->table);
        p->table++;
        return true;
    }
    end_list(p);
    return false;
}
