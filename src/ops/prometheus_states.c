/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics that tell a state: a line for each that there may be. */
#include "ops/prometheus_metrics.h"
#include "upstream/backend_state.h"
#include "upstream/check_status.h"

/* ---- frontends and backends ---- */

static void put_up(struct exposition *x, const struct metric *m, bool up)
{
    metric_put_u64(x, m, "state", "DOWN", !up);
    metric_put_u64(x, m, "state", "UP", up);
}

void metric_frontend_status(struct exposition *x, const struct metric *m)
{
    put_up(x, m, !atomic_load(&x->view.engine->draining));
}

void metric_backend_status(struct exposition *x, const struct metric *m)
{
    put_up(x, m, backend_is_up(x->p->be));
}

/* ---- servers ---- */

enum server_status { DOWN, UP, MAINT, DRAIN, NOLB, SERVER_STATUSES };

static const char *const status_names[SERVER_STATUSES] = {
    [DOWN] = "DOWN", [UP] = "UP", [MAINT] = "MAINT", [DRAIN] = "DRAIN", [NOLB] = "NOLB",
};

static enum server_status status_of(const struct server_conf *s)
{
    const struct server_state *st = &s->state->st;
    unsigned admin = server_admin(st);

    if (admin & ADMIN_MAINT) return MAINT;
    switch (server_op(st)) {
    case SERVER_STOPPED: return DOWN;
    case SERVER_STOPPING: return NOLB;
    default: return admin & ADMIN_DRAIN ? DRAIN : UP;
    }
}

void metric_server_status(struct exposition *x, const struct metric *m)
{
    enum server_status is = status_of(x->s);

    for (unsigned i = 0; i < SERVER_STATUSES; i++)
        metric_put_u64(x, m, "state", status_names[i], i == is);
}

void metric_servers_by_status(struct exposition *x, const struct metric *m)
{
    const struct backend_conf *be = x->p->be;
    unsigned n[SERVER_STATUSES] = { 0 };

    if (!be->n_servers) return;
    for (unsigned i = 0; i < be->n_servers; i++) n[status_of(be->servers[i])]++;
    for (unsigned i = 0; i < SERVER_STATUSES; i++)
        metric_put_u64(x, m, "state", status_names[i], n[i]);
}

/* ---- checks ---- */

/* Of HAProxy's statuses the last ones are those of checks by other programs, which there are none
 * of here. */
static const char *const check_names[] = {
    "HANA",   "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK",    "L6TOUT",   "L6RSP",
    "L7TOUT", "L7RSP",   "L7OK", "L7OKC",  "L7STS", "PROCERR", "PROCTOUT", "PROCOK",
};

static bool is_checked(const struct server_conf *s)
{
    return server_probe_runs(&s->state->st.check);
}

static const char *check_code(const struct server_conf *s)
{
    return check_status_code(probe_report_get(s->state, &s->state->st.check).status);
}

void metric_check_status(struct exposition *x, const struct metric *m)
{
    const char *is;

    if (!is_checked(x->s)) return;
    is = check_code(x->s);
    for (unsigned i = 0; i < ARRAY_LEN(check_names); i++)
        metric_put_u64(x, m, "state", check_names[i], strcmp(is, check_names[i]) == 0);
}

void metric_servers_by_check(struct exposition *x, const struct metric *m)
{
    const struct backend_conf *be = x->p->be;
    unsigned n[ARRAY_LEN(check_names)] = { 0 };

    if (!be->n_servers) return;
    for (unsigned k = 0; k < be->n_servers; k++) {
        const char *is = is_checked(be->servers[k]) ? check_code(be->servers[k]) : "";

        for (unsigned i = 0; i < ARRAY_LEN(check_names); i++)
            n[i] += strcmp(is, check_names[i]) == 0;
    }
    for (unsigned i = 0; i < ARRAY_LEN(check_names); i++)
        metric_put_u64(x, m, "state", check_names[i], n[i]);
}

void metric_check_code(struct exposition *x, const struct metric *m)
{
    struct probe_report report;

    if (!is_checked(x->s)) return;
    report = probe_report_get(x->s->state, &x->s->state->st.check);
    metric_put_u64(x, m, NULL, NULL,
                   check_status_has_code(report.status) && report.code > 0 ? (unsigned)report.code
                                                                           : 0);
}
