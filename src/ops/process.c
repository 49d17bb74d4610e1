/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/process.h"
#include "ops/loading.h"
#include "runtime/resources.h"
#include "runtime/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    TERM_GRACE_MS = 30000, /* SIGTERM's `hard-stop-after` when none is configured */
    LOOK_EVERY_MS = 10,    /* whether a drain is over */
};

struct process {
    const struct command_line *options;
    const struct vocabulary *words;
    struct worker control;
    struct engine engine;
    struct log_writer *logs;
    struct signals signals;
    struct timer look; /* while draining */
    msec_t hard_stop;  /* stop then, whatever is going on; 0: never */
};

/* ---- stopping ---- */

static void look(struct timer *t)
{
    struct process *p = container_of(t, struct process, look);
    msec_t now = p->control.now;

    if (engine_idle(&p->engine) || (p->hard_stop && now >= p->hard_stop))
        worker_stop(&p->control);
    else
        timer_set(&p->control.timers, &p->look, now + LOOK_EVERY_MS);
}

static void drain(struct process *p, bool bounded)
{
    const struct global_conf *g = &p->engine.current->global;
    msec_t limit = g->hard_stop_after_given ? g->hard_stop_after_ms : bounded ? TERM_GRACE_MS : 0;
    msec_t until = limit ? p->control.now + limit : 0;

    if (until && (!p->hard_stop || until < p->hard_stop)) p->hard_stop = until;
    engine_drain(&p->engine);
    timer_set(&p->control.timers, &p->look, p->control.now + LOOK_EVERY_MS);
}

/* ---- reload ---- */

static void reload(struct process *p)
{
    unsigned listeners;
    struct snapshot *fresh;

    if (p->engine.draining) return;
    fresh = load_configuration(p->options, p->words, &p->engine, p->engine.current, true,
                               &listeners);
    if (!fresh) {
        fputs("gatehouse: the configuration was not reloaded; the one in use stays\n", stderr);
        return;
    }
    engine_swap(&p->engine, fresh);
    fprintf(stderr, "gatehouse: configuration reloaded (generation %u)\n", fresh->generation);
}

static void on_signal(struct signals *s, int number)
{
    struct process *p = s->user;
    bool again = p->engine.draining;

    switch (number) {
    case SIGHUP:
    case SIGUSR2: reload(p); break;
    case SIGUSR1: drain(p, false); break;
    case SIGTERM:
        if (again && p->hard_stop)
            worker_stop(&p->control);
        else
            drain(p, true);
        break;
    case SIGINT: worker_stop(&p->control); break;
    }
}

/* ---- start ---- */

static void raise_descriptor_limit(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static int complain(const char *what, int error)
{
    fprintf(stderr, "gatehouse: %s: %s\n", what, strerror(error));
    return 1;
}

/* Tells the old processes (-sf, -st) that we have taken over. */
static void relieve_old(const struct command_line *o)
{
    for (unsigned i = 0; i < o->n_old_pids; i++)
        kill(o->old_pids[i], o->old_terminate ? SIGTERM : SIGUSR1);
}

static int serve(struct process *p, struct snapshot *first)
{
    const char *pidfile = first->global.pidfile ? mem_strdup(first->global.pidfile) : NULL;
    struct resource_error err;
    int rc;

    if (first->global.pidfile && resource_pidfile(first->global.pidfile, &err) < 0)
        fprintf(stderr, "gatehouse: %s\n", err.text);
    rc = engine_add_workers(&p->engine, p->engine.n_workers, first->global.bufsize);
    if (rc) return complain("can't start", -rc);
    log_writer_start(p->logs);
    rc = engine_start(&p->engine);
    if (rc) return complain("can't start a thread", -rc);
    engine_swap(&p->engine, first);
    relieve_old(p->options);
    worker_run(&p->control);
    engine_stop(&p->engine);
    worker_run(&p->control); /* delivers what the workers left: snapshots to be freed */
    if (pidfile) resource_remove(pidfile, NULL);
    free((char *)pidfile);
    return 0;
}

static int start(struct process *p)
{
    unsigned listeners;
    struct snapshot *first;

    if (p->options->directory && chdir(p->options->directory) < 0)
        return complain(p->options->directory, errno);
    raise_descriptor_limit();
    first = load_configuration(p->options, p->words, &p->engine, NULL, true, &listeners);
    if (!first) return 1;
    if (listeners == 0) {
        fputs("gatehouse: no listener: a frontend needs a 'bind' line\n", stderr);
        snapshot_free(first);
        return 1;
    }
    if (p->options->daemon && daemon(1, 0) < 0) return complain("daemon", errno);
    return serve(p, first);
}

static int init(struct process *p, const struct command_line *o, const struct vocabulary *words)
{
    static const int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT, 0 };
    int rc;

    memset(p, 0, sizeof *p);
    p->options = o;
    p->words = words;
    p->signals.user = p;
    signals_block(&p->signals, numbers);
    rc = worker_init(&p->control, 0, 16384);
    if (!rc) rc = signals_watch(&p->signals, &p->control, on_signal);
    if (rc) return rc;
    timer_init(&p->look, look);
    p->logs = log_writer_new();
    engine_init(&p->engine, &p->control, p->logs);
    return 0;
}

static void release(struct process *p)
{
    timer_cancel(&p->control.timers, &p->look);
    signals_release(&p->signals, &p->control);
    engine_release(&p->engine);
    log_writer_stop(p->logs);
    log_writer_free(p->logs);
    worker_release(&p->control);
}

int process_run(const struct command_line *o, const struct vocabulary *words)
{
    struct process *p = mem_zero_aligned(sizeof *p);
    int rc = init(p, o, words);

    if (rc) return complain("can't start", -rc);
    rc = start(p);
    release(p);
    free(p);
    return rc;
}

int process_check(const struct command_line *o, const struct vocabulary *words)
{
    struct process *p = mem_zero_aligned(sizeof *p);
    unsigned listeners = 0;
    struct snapshot *s;
    int rc = init(p, o, words);

    if (rc) return complain("can't start", -rc);
    s = load_configuration(o, words, &p->engine, NULL, false, &listeners);
    if (!s)
        rc = 1;
    else if (listeners == 0)
        rc = 2;
    if (rc == 2) fputs("gatehouse: no listener: a frontend needs a 'bind' line\n", stderr);
    if (rc == 0) puts("Configuration file is valid");
    if (s) snapshot_free(s);
    release(p);
    free(p);
    return rc;
}
