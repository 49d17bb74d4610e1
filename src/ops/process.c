/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/process.h"
#include "ops/api.h"
#include "ops/background.h"
#include "ops/dump.h"
#include "ops/limits.h"
#include "ops/loading.h"
#include "ops/privileges.h"
#include "runtime/notify.h"
#include "runtime/resources.h"
#include "runtime/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    TERM_GRACE_MS = 30000, /* SIGTERM's `hard-stop-after` when none is configured */
    LOOK_EVERY_MS = 10,    /* whether a drain is over */
    TAKE_OVER_MS = 10,     /* -sf, -st: between two attempts to bind an address … */
    TAKE_OVER_TRIES = 100, /* … and how many */
};

struct process {
    const struct command_line *options;
    const struct vocabulary *words;
    struct worker control;
    struct engine engine;
    struct api api;
    struct log_writer *logs;
    struct signals signals;
    struct notify notify;
    struct background background;
    struct timer grace; /* a stop goes on accepting until then */
    struct timer look;  /* while draining */
    msec_t hard_stop;   /* stop then, whatever is going on; 0: never */
    bool attached;      /* the control thread's loop is there */
    bool serving;       /* the workers run */
    bool terminating;   /* … by SIGTERM */
    unsigned tries;     /* to bind an address that an old process holds */
    char *pidfile;
};

static int complain(const char *what, int error)
{
    fprintf(stderr, "gatehouse: %s: %s\n", what, strerrordesc_np(error));
    return 1;
}

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

static uint64_t sum(const struct counters_block *blocks, unsigned n, size_t field)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += counter_get((const counter_t *)((const char *)&blocks[i].c + field));
    return total;
}

/* What HAProxy writes into the logs of each proxy that it stops. */
static void log_stop(struct process *p)
{
    const struct snapshot *s = p->engine.current;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *c = s->proxies[i];
        const struct proxy *state = c->state;
        if (c->disabled || !c->logs) continue;
        log_message(
            p->logs, c->logs, LOG_WARNING,
            "Proxy %s stopped (cumulated conns: FE: %" PRIu64 ", BE: %" PRIu64 ").", c->name,
            sum(state->fe_counters, state->n_workers, offsetof(struct counters, connections)),
            sum(state->be_counters, state->n_workers, offsetof(struct counters, sessions)));
    }
}

static void begin_drain(struct process *p)
{
    if (p->engine.draining) return;
    log_stop(p);
    engine_drain(&p->engine);
    timer_set(&p->control.timers, &p->look, p->control.now + LOOK_EVERY_MS);
}

static void on_grace(struct timer *t)
{
    begin_drain(container_of(t, struct process, grace));
}

/* Asks for an orderly end, bounded by `hard-stop-after` in any case or only if that is configured.
 */
static void stop(struct process *p, bool bounded)
{
    const struct global_conf *g = &p->engine.current->global;
    bool again = engine_stopping(&p->engine);
    msec_t now = p->control.now, begins = now + (again ? 0 : g->grace_ms);
    msec_t limit = g->hard_stop_after_given ? g->hard_stop_after_ms : bounded ? TERM_GRACE_MS : 0;

    if (limit && (!p->hard_stop || begins + limit < p->hard_stop)) p->hard_stop = begins + limit;
    if (again) return;
    engine_begin_stop(&p->engine);
    notify_stopping(&p->notify);
    if (g->grace_ms)
        timer_set(&p->control.timers, &p->grace, begins);
    else
        begin_drain(p);
}

static void terminate(struct process *p)
{
    if (p->terminating) {
        worker_stop(&p->control);
        return;
    }
    p->terminating = true;
    stop(p, true);
}

/* ---- reload ---- */

/* To the terminal, to the logs of `global`, and to the service manager. */
static void __attribute__((format(printf, 3, 4)))
announce(struct process *p, int level, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fprintf(stderr, "gatehouse: %s\n", text);
    if (p->engine.current->global.logs)
        log_message(p->logs, p->engine.current->global.logs, level, "%s", text);
    notify_ready(&p->notify, text);
}

static void log_errors(struct process *p, const char *lines)
{
    struct slice rest = slice_str(lines);
    struct log_route *to = p->engine.current->global.logs;

    while (to && rest.n) {
        struct slice line = slice_cut(&rest, '\n');
        log_message(p->logs, to, LOG_ERR, "%.*s", SLICE_ARG(line));
    }
}

static struct snapshot *load_anew(struct process *p)
{
    struct loading l = { .options = p->options,
                         .words = p->words,
                         .engine = &p->engine,
                         .before = p->engine.current,
                         .open = true };
    struct snapshot *fresh = load_configuration(&l);

    if (l.errors) log_errors(p, l.errors);
    free(l.errors);
    if (!fresh || api_listen(&p->api, fresh)) return fresh;
    snapshot_free(fresh);
    return NULL;
}

static void reload(struct process *p)
{
    struct snapshot *fresh;

    if (engine_stopping(&p->engine)) {
        fputs("gatehouse: no reload while we are stopping\n", stderr);
        return;
    }
    notify_reloading(&p->notify);
    fresh = load_anew(p);
    if (!fresh) {
        announce(p, LOG_ERR, "the configuration was not reloaded; the one in use stays");
        return;
    }
    build_adopt(p->engine.current, fresh, stderr);
    engine_swap(&p->engine, fresh);
    announce(p, LOG_NOTICE, "configuration reloaded (generation %u)", fresh->generation);
}

static void on_signal(struct signals *s, int number)
{
    struct process *p = s->user;

    switch (number) {
    case SIGHUP:
    case SIGUSR2: reload(p); break;
    case SIGUSR1: stop(p, false); break;
    case SIGTERM: terminate(p); break;
    case SIGINT: worker_stop(&p->control); break;
    }
}

/* ---- old processes (-sf, -st) ---- */

static void signal_old(const struct command_line *o, int number)
{
    for (unsigned i = 0; i < o->n_old_pids; i++) kill(o->old_pids[i], number);
}

/* An old process holds an address in a way that does not let us bind it as well. As HAProxy does,
 * we ask it to let go (SIGTTOU), and try again for a second. */
static bool wait_for_address(struct build *b)
{
    struct process *p = b->user;
    struct timespec pause = { .tv_nsec = TAKE_OVER_MS * 1000000L };

    if (!p->options->n_old_pids || p->tries == TAKE_OVER_TRIES) return false;
    if (p->tries++ == 0) signal_old(p->options, SIGTTOU);
    nanosleep(&pause, NULL);
    return true;
}

/* We could not start: whoever let go goes on. */
static void give_back(struct process *p)
{
    if (p->tries) signal_old(p->options, SIGTTIN);
}

/* ---- start ---- */

static void say_hello(const struct process *p, const struct snapshot *s)
{
    printf("gatehouse: %u threads, maxconn %u\n", p->engine.n_workers, s->global.maxconn);
    for (unsigned i = 0; i < s->n_slots; i++) {
        const struct bind_conf *b = s->by_slot[i];
        char key[256];
        if (b)
            printf("gatehouse: '%s' listens on %s\n", b->frontend->name,
                   listener_key(&b->spec, key, sizeof key));
    }
    fflush(stdout);
}

/* A successor may have written its own number over ours. */
static void remove_pidfile(const char *path)
{
    enum { MOST = 32 };
    size_t n;
    uint64_t pid;
    char *text = resource_read_file(path, MOST, &n, NULL);
    struct slice rest = slice_str(text);

    if (slice_to_u64(slice_cut(&rest, '\n'), &pid) && pid == (uint64_t)getpid())
        resource_remove(path, NULL);
    free(text);
}

/* From here on there are threads, and things that do not survive a fork. */
static int attach(struct process *p)
{
    int rc = worker_init(&p->control, 0, 16384);

    p->control.user = &p->engine;
    p->attached = rc == 0;
    if (!rc) rc = signals_watch(&p->signals, &p->control, on_signal);
    return rc;
}

static bool write_pidfile(struct process *p, const char *path)
{
    struct resource_error err;

    if (!path) return true;
    if (resource_pidfile(path, &err) < 0) {
        fprintf(stderr, "gatehouse: %s\n", err.text);
        return false;
    }
    p->pidfile = mem_strdup(path);
    return true;
}

/* How many pipes each worker may splice through, and how large they are. */
static void set_pipes(struct engine *e, const struct global_conf *g)
{
    e->control->pipes.most = 0; /* it moves no bodies */
    for (unsigned i = 0; i < e->n_workers; i++) {
        struct pipes *p = &e->gates[i].worker.pipes;

        p->most = g->no_splice ? 0 : (g->maxpipes + e->n_workers - 1) / e->n_workers;
        if (g->pipesize) p->size = g->pipesize;
    }
}

/* Everything is open: gives up privileges and starts the workers. */
static int launch(struct process *p, struct snapshot *first, bool quiet)
{
    const char *what;
    int rc = engine_add_workers(&p->engine, first->global.nbthread, first->global.bufsize);

    if (rc) return complain("can't start", -rc);
    set_pipes(&p->engine, &first->global);
    if (!quiet && p->background.parent < 0) keeper_use_stderr(&p->engine.keeper);
    log_writer_start(p->logs);
    if (p->options->notify_ready && !notify_open(&p->notify, getenv("NOTIFY_SOCKET")))
        complain("NOTIFY_SOCKET", errno);
    signal_old(p->options, p->options->old_terminate ? SIGTERM : SIGUSR1);
    if (!privileges_drop(&first->global, &what)) return complain(what, errno);
    rc = engine_start(&p->engine);
    if (rc) _exit(complain("can't start a thread", -rc)); /* others may be running */
    p->serving = true;
    engine_swap(&p->engine, first);
    if ((p->options->verbose || p->options->debug) && !quiet) say_hello(p, first);
    notify_ready(&p->notify, "Ready");
    background_ready(&p->background);
    return 0;
}

static bool goes_into_background(const struct command_line *o, const struct snapshot *s)
{
    return (o->daemon || s->global.daemon) && !o->foreground && !o->debug && !o->notify_ready;
}

/* The Runtime API's addresses are taken over from an old process as well. */
static bool listen_to_commands(struct process *p, struct snapshot *first)
{
    for (struct api_bind *b = first->global.api_binds; b; b = b->next)
        b->bind.spec.take_over = p->options->n_old_pids != 0;
    return api_listen(&p->api, first);
}

/* Becomes the process that serves, and serves until it is told to stop. */
static int serve(struct process *p, struct snapshot *first, bool quiet)
{
    const struct command_line *o = p->options;
    int rc = 0;

    if (o->memory_mb) rc = limits_memory(o->memory_mb);
    if (rc) return complain("-m", -rc);
    if (goes_into_background(o, first)) rc = background_enter(&p->background);
    if (rc) return complain("can't go into the background", -rc);
    rc = attach(p);
    if (rc) return complain("can't start", -rc);
    if (!write_pidfile(p, first->global.pidfile) || !listen_to_commands(p, first)) return 1;
    rc = launch(p, first, quiet);
    if (!rc) worker_run(&p->control);
    api_stop(&p->api);
    if (!p->serving) return rc;
    engine_stop(&p->engine);
    worker_run(&p->control); /* delivers what the workers left: snapshots to be freed */
    return rc;
}

static int start(struct process *p)
{
    struct loading l = { .options = p->options,
                         .words = p->words,
                         .engine = &p->engine,
                         .open = true,
                         .address_taken = wait_for_address,
                         .user = p };
    struct snapshot *first;
    int rc = 1;

    limits_raise();
    first = load_configuration(&l);
    free(l.errors);
    dump_requested(p->options, p->words, first != NULL);
    if (first && l.n_listeners == 0 && !first->global.api_binds)
        fputs("gatehouse: no listener: a frontend needs a 'bind' line\n", stderr);
    else if (first)
        rc = serve(p, first, l.quiet);
    if (first && !p->serving) snapshot_free(first); /* else it is the engine's */
    if (rc) give_back(p);
    return rc;
}

static void prepare(struct process *p, const struct command_line *o, const struct vocabulary *words)
{
    static const int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT, 0 };

    memset(p, 0, sizeof *p);
    p->options = o;
    p->words = words;
    p->signals.user = p;
    p->background.parent = p->notify.fd = -1;
    /* A shell has its background jobs ignore SIGINT; who sends it to us by number means it. */
    for (const int *n = numbers; *n; n++) signal(*n, SIG_DFL);
    signals_block(&p->signals, numbers);
    signal(SIGTTOU, SIG_IGN); /* for HAProxy's users: our addresses can be bound beside us */
    signal(SIGTTIN, SIG_IGN);
    timer_init(&p->look, look);
    timer_init(&p->grace, on_grace);
    p->logs = log_writer_new();
    engine_init(&p->engine, &p->control, p->logs);
}

static void release(struct process *p)
{
    if (p->attached) {
        timer_cancel(&p->control.timers, &p->look);
        timer_cancel(&p->control.timers, &p->grace);
        signals_release(&p->signals, &p->control);
    }
    engine_release(&p->engine);
    log_writer_stop(p->logs);
    log_writer_free(p->logs);
    if (p->attached) worker_release(&p->control);
    if (p->pidfile) remove_pidfile(p->pidfile);
    notify_close(&p->notify);
    free(p->pidfile);
}

static bool change_directory(const struct command_line *o)
{
    if (!o->directory || chdir(o->directory) == 0) return true;
    complain(o->directory, errno);
    return false;
}

int process_run(const struct command_line *o, const struct vocabulary *words,
                const struct api_commands *const *commands)
{
    struct process *p = mem_zero_aligned(sizeof *p);
    int rc = 1;

    prepare(p, o, words);
    api_init(&p->api, &p->engine, commands);
    p->api.take_over = o->n_old_pids > 0;
    if (change_directory(o)) rc = start(p);
    release(p);
    free(p);
    return rc;
}

int process_check(const struct command_line *o, const struct vocabulary *words)
{
    struct process *p = mem_zero_aligned(sizeof *p);
    struct loading l = { .options = o, .words = words, .engine = &p->engine };
    struct snapshot *s = NULL;
    int rc = 1;

    prepare(p, o, words);
    if (change_directory(o)) s = load_configuration(&l);
    if (s) rc = l.n_listeners || s->global.api_binds ? 0 : 2;
    dump_requested(o, words, s != NULL);
    if (s && !l.quiet) {
        if (l.n_warnings) puts("Warnings were found.");
        puts(rc ? "The configuration has no error, but there is no listener, so it will not start."
                : "Configuration file is valid");
    }
    if (s) snapshot_free(s);
    free(l.errors);
    release(p);
    free(p);
    return rc;
}
