/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check.h"
#include "upstream/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#define NO_DURATION UINT32_MAX

/* ---- the schedule ---- */

static unsigned health_of(const struct check *c)
{
    return server_health(&c->server->st.check);
}

/* As things stand: fast while it goes up or down, and before anything was found. */
static unsigned interval(const struct check *c)
{
    const struct check_settings *s = &c->conf->checking;
    unsigned health = health_of(c), full = c->conf->rise + c->conf->fall - 1;

    if (health == full) return s->inter_ms;
    if (health == 0 && c->reported != CHECK_INI) return s->down_ms ? s->down_ms : s->inter_ms;
    return s->fast_ms ? s->fast_ms : s->inter_ms;
}

/* A few percent more or less. */
static unsigned spread(const struct checker *k, unsigned ms)
{
    uint64_t most = (uint64_t)ms * k->spread / 100;

    return most ? (unsigned)(ms - most + arc4random_uniform((uint32_t)(2 * most + 1))) : ms;
}

static void schedule(struct check *c, msec_t at)
{
    timer_set(&c->checker->control->timers, &c->due, at);
}

static void schedule_next(struct check *c)
{
    schedule(c, c->checker->control->now + spread(c->checker, interval(c)));
}

/* Not later than in that time. */
static void hurry(struct check *c, unsigned ms)
{
    msec_t at = c->checker->control->now + ms;

    if (c->run || (timer_is_set(&c->due) && c->due.at <= at)) return;
    schedule(c, at);
}

static void on_due(struct timer *t)
{
    struct check *c = container_of(t, struct check, due);

    if (server_probe_runs(&c->server->st.check))
        check_run_start(c);
    else
        schedule_next(c);
}

/* ---- what was found ---- */

/* "Layer7 wrong status, code: 503, info: "…", check duration: 1ms" */
static void describe(const struct probe_report *r, char *out, size_t room)
{
    int n = snprintf(out, room, "%s", check_status_words(r->status));

    if (check_status_has_code(r->status))
        n += snprintf(out + n, room - (size_t)n, ", code: %d", r->code);
    if (r->text[0]) n += snprintf(out + n, room - (size_t)n, ", info: \"%s\"", r->text);
    if (r->duration_ms != NO_DURATION)
        snprintf(out + n, room - (size_t)n, ", check duration: %ums", r->duration_ms);
}

/* Control bytes would end a line of a log, or of a table. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) *text = ' ';
}

static const char *result_words(enum check_result r)
{
    return r == CHECK_RESULT_PASSED     ? "succeeded"
           : r == CHECK_RESULT_RESERVED ? "conditionally succeeded"
                                        : "failed";
}

static void log_result(const struct check *c, const struct probe_report *r, const char *why)
{
    const struct proxy_conf *p = c->conf->backend->proxy;
    unsigned rise = c->conf->rise, fall = c->conf->fall, health = health_of(c);
    bool up = health >= rise;
    char line[512];

    snprintf(line, sizeof line, "Health check for %sserver %s/%s %s%s, status: %u/%u %s.",
             c->conf->backup ? "backup " : "", p->name, c->conf->name, result_words(r->result), why,
             up ? health - rise + 1 : health, up ? fall : rise, up ? "UP" : "DOWN");
    keeper_say(c->server->st.keeper, p->logs, LOG_NOTICE, line, NULL);
}

static bool logs_checks(const struct check *c)
{
    return proxy_option(c->conf->backend->proxy, OPT_LOG_HEALTH_CHECKS);
}

/* Enters a report and, where health or status is new and it is wished, says so in the log. The
 * server's own line, if there is one, says why only when this one did not. */
static void enter(struct check *c, const struct probe_report *r)
{
    struct server *s = c->server;
    bool changed = r->result == CHECK_RESULT_FAILED ? server_check_failed(s)
                                                    : server_check_passed(s);
    bool news = changed || r->status != c->reported, logs = logs_checks(c);
    char text[300] = ", reason: ";
    size_t n = strlen(text);

    probe_report_set(s, &s->st.check, r);
    c->reported = r->status;
    describe(r, text + n, sizeof text - n);
    if (news && logs) log_result(c, r, text);
    if (r->result == CHECK_RESULT_RESERVED)
        server_check_stopping(s, logs ? "" : text);
    else
        server_check_apply(s, logs ? "" : text);
}

void check_finish(struct check *c, struct check_finding *found, uint32_t duration_ms)
{
    struct probe_report r = { .status = found->status,
                              .result = (uint8_t)check_status_result(found->status),
                              .code = (int16_t)found->code,
                              .duration_ms = duration_ms };

    c->run = NULL;
    make_printable(found->text);
    memcpy(r.text, found->text, sizeof r.text);
    atomic_fetch_and_explicit(&c->server->st.check.flags, ~(unsigned)PROBE_IN_PROGRESS,
                              memory_order_relaxed);
    if (r.result != CHECK_RESULT_FAILED)
        atomic_store_explicit(&c->server->observed_errors, 0, memory_order_relaxed);
    enter(c, &r);
    schedule_next(c);
}

/* ---- what traffic found ---- */

/* All but one of the failures that it takes are there already. */
static void nearly_down(struct server *s, const struct server_conf *conf)
{
    atomic_uint *health = &s->st.check.health;

    if (atomic_load_explicit(health, memory_order_relaxed) > conf->rise)
        atomic_store_explicit(health, conf->rise + 1, memory_order_relaxed);
}

void check_fail(struct check *c, const char *text, enum on_error how)
{
    const struct check_settings *s = &c->conf->checking;
    struct probe_report r = { .status = CHECK_HANA,
                              .result = CHECK_RESULT_FAILED,
                              .duration_ms = NO_DURATION };

    if (how != ON_ERROR_FASTINTER) {
        snprintf(r.text, sizeof r.text, "%s", text);
        if (how == ON_ERROR_SUDDEN_DEATH) nearly_down(c->server, c->conf);
        if (how == ON_ERROR_MARK_DOWN && health_of(c) > c->conf->rise)
            atomic_store_explicit(&c->server->st.check.health, c->conf->rise, memory_order_relaxed);
        enter(c, &r);
    }
    if (s->fast_ms) hurry(c, s->fast_ms);
}

/* ---- configurations ---- */

void checker_init(struct checker *k, struct worker *control)
{
    *k = (struct checker){ .control = control };
    list_init(&k->checks);
}

void checker_begin(struct checker *k)
{
    k->generation++;
}

static struct check *check_new(struct checker *k, struct server *s)
{
    struct check *c = mem_zero(sizeof *c);

    c->checker = k;
    c->server = s;
    c->reported = CHECK_INI;
    object_ref(&s->object);
    timer_init(&c->due, on_due);
    list_append(&k->checks, &c->link);
    s->check = c;
    return c;
}

void check_adopt(struct checker *k, const struct server_conf *conf)
{
    struct check *c = conf->state->check ? conf->state->check : check_new(k, conf->state);

    c->conf = conf;
    c->generation = k->generation;
    hurry(c, conf->checking.inter_ms);
}

static void check_end(struct check *c)
{
    check_run_cancel(c);
    timer_cancel(&c->checker->control->timers, &c->due);
    list_remove(&c->link);
    c->server->check = NULL;
    object_unref(&c->server->object);
    free(c);
}

/* The new ones of n, the i-th of them: not all at once. Nor is one put off that was new to the
 * configuration before, too, or it would never come where reloads are frequent. */
static void schedule_first(struct check *c, unsigned i, unsigned n)
{
    const struct checker *k = c->checker;
    unsigned within = c->conf->checking.inter_ms;

    if (k->max_spread_ms && k->max_spread_ms < within) within = k->max_spread_ms;
    hurry(c, (unsigned)((uint64_t)within * i / n));
}

static bool is_new(const struct check *c)
{
    return c->reported == CHECK_INI && !c->run;
}

void checker_end(struct checker *k)
{
    unsigned n = 0, i = 0;

    list_each(l, &k->checks)
    {
        struct check *c = list_entry(l, struct check, link);
        if (c->generation != k->generation)
            check_end(c);
        else
            n += is_new(c);
    }
    list_each(l, &k->checks)
    {
        struct check *c = list_entry(l, struct check, link);
        if (is_new(c)) schedule_first(c, i++, n);
    }
}

void checker_stop(struct checker *k)
{
    list_each(l, &k->checks) check_end(list_entry(l, struct check, link));
}
