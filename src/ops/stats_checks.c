/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_checks.h"
#include "upstream/check_status.h"

#include <stdio.h>

/* False: the server is not checked, or not now. */
static bool report_of(const struct stat_row *r, struct probe_report *out)
{
    struct server *s = r->server->state;

    if (!server_probe_runs(&s->st.check)) return false;
    *out = probe_report_get(s, &s->st.check);
    return true;
}

static bool in_progress(const struct stat_row *r)
{
    const struct server_probe *p = &r->server->state->st.check;
    return atomic_load_explicit(&p->flags, memory_order_relaxed) & PROBE_IN_PROGRESS;
}

struct stat_value stat_check_status(struct stat_row *r, unsigned param)
{
    struct probe_report report;

    (void)param;
    if (!report_of(r, &report)) return stat_none();
    snprintf(r->text, sizeof r->text, "%s%s", in_progress(r) ? "* " : "",
             check_status_code(report.status));
    return stat_text(r->text);
}

struct stat_value stat_check_code(struct stat_row *r, unsigned param)
{
    struct probe_report report;

    (void)param;
    if (!report_of(r, &report) || !check_status_has_code(report.status)) return stat_none();
    return stat_u32((uint64_t)(report.code > 0 ? report.code : 0));
}

/* What traffic told took no time of its own. */
struct stat_value stat_check_duration(struct stat_row *r, unsigned param)
{
    struct probe_report report;

    (void)param;
    if (!report_of(r, &report) || report.status <= CHECK_HANA) return stat_none();
    return stat_u64(report.duration_ms);
}

struct stat_value stat_check_text(struct stat_row *r, unsigned param)
{
    struct probe_report report;

    (void)param;
    if (!report_of(r, &report)) return stat_none();
    snprintf(r->text, sizeof r->text, "%s", report.text);
    return stat_text(r->text);
}

struct stat_value stat_check_words(struct stat_row *r, unsigned param)
{
    struct probe_report report;

    (void)param;
    return report_of(r, &report) ? stat_text(check_status_words(report.status)) : stat_none();
}

struct stat_value stat_check_number(struct stat_row *r, unsigned param)
{
    const struct server_probe *p = &r->server->state->st.check;
    const atomic_uint *n = (const void *)((const char *)p + param);

    if (!server_probe_runs(p)) return stat_none();
    return stat_u32(atomic_load_explicit(n, memory_order_relaxed));
}

struct stat_value stat_hanafail(struct stat_row *r, unsigned param)
{
    (void)param;
    if (!r->server->checking.observe) return stat_none();
    return stat_u64(counter_get(&r->server->state->hanafail));
}
