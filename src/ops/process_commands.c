/* SPDX-License-Identifier: Apache-2.0 */
/* show env, show pools, show activity, show threads, show schema json: about the process. What is a
 * worker's own business is noted by the worker (gateway/worker_call.h). Management manual: section
 * 9.3. */
#include "gateway/worker_call.h"
#include "ops/api.h"
#include "ops/session_commands.h"
#include "ops/web_assets.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

/* ---- show env ---- */

static enum api_progress run_env(struct api_call *c)
{
    struct slice wanted = slice_str(c->n_args ? c->args[0] : "");
    bool found = false;

    for (char **v = c->api->engine->current->environment; v && *v; v++) {
        struct slice name = slice_str(*v);

        name = slice_cut(&name, '=');
        if (wanted.n && !slice_eq(name, wanted)) continue;
        text_printf(c->out, "%s\n", *v);
        found = true;
    }
    return found || !wanted.n ? API_DONE : api_say(c, LOG_ERR, "Variable not found\n");
}

/* ---- show schema json ---- */

static enum api_progress run_schema(struct api_call *c)
{
    text_str(c->out, web_api_schema);
    return API_DONE;
}

/* ---- what workers note ---- */

struct worker_note {
    uint64_t turns, connections, sessions, requests, cpu_ns;
    unsigned buffers_used, buffers_free, chunks, slabs, pipes_open, pipes_idle, connected, pinned;
    pthread_t thread;
};

struct survey {
    struct worker_call call;
    struct api_call *asked_by;
    struct worker_note notes[];
};

static uint64_t cpu_time(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) < 0) return 0;
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool note(struct worker_call *call, struct gate *g)
{
    struct survey *s = container_of(call, struct survey, call);
    const struct worker *w = &g->worker;

    s->notes[w->id] = (struct worker_note){
        .turns = counter_get(&w->n_turns),
        .connections = counter_get(&g->totals->connections),
        .sessions = counter_get(&g->totals->sessions),
        .requests = counter_get(&g->totals->requests),
        .cpu_ns = cpu_time(),
        .buffers_used = w->bufs.n_used,
        .buffers_free = w->bufs.n_free,
        .chunks = w->arenas.n,
        .slabs = w->arenas.n_slabs,
        .pipes_open = (unsigned)counter_get(&w->pipes.n_open),
        .pipes_idle = (unsigned)counter_get(&w->pipes.n_idle),
        .connected = atomic_load_explicit(&w->load, memory_order_relaxed),
        .pinned = g->pinned->requests,
        .thread = w->thread,
    };
    return true;
}

static void home(struct worker_call *call)
{
    struct api_call *c = container_of(call, struct survey, call)->asked_by;
    c->wake(c);
}

static void end(struct worker_call *call)
{
    free(container_of(call, struct survey, call));
}

static void release(struct api_call *c)
{
    struct survey *s = c->state;

    c->state = NULL;
    worker_call_leave(&s->call);
}

/* NULL: it is on its way. */
static const struct survey *survey(struct api_call *c)
{
    struct survey *s = c->state;
    struct engine *e = c->api->engine;

    if (s) return s->call.away ? NULL : s;
    s = mem_zero(sizeof *s + e->n_workers * sizeof s->notes[0]);
    s->asked_by = c;
    s->call.work = note;
    s->call.home = home;
    s->call.free = end;
    c->state = s;
    c->release = release;
    worker_call_init(&s->call, e);
    worker_call_go(&s->call);
    return NULL;
}

/* ---- show pools ---- */

static void put_pool(struct text *t, const char *name, uint64_t size, uint64_t all, uint64_t used)
{
    text_printf(t,
                "  - Pool %s (%" PRIu64 " bytes) : %" PRIu64 " allocated (%" PRIu64
                " bytes), %" PRIu64 " used, 0 failures\n",
                name, size, all, all * size, used);
}

static enum api_progress run_pools(struct api_call *c)
{
    const struct survey *s = survey(c);
    const struct engine *e = c->api->engine;
    struct mallinfo2 heap = mallinfo2();
    uint64_t used = 0, all = 0, chunks = 0;

    if (!s) return API_WORK;
    for (unsigned i = 0; i < e->n_workers; i++) {
        used += s->notes[i].buffers_used;
        all += s->notes[i].buffers_used + s->notes[i].buffers_free;
        chunks += s->notes[i].chunks;
    }
    text_str(c->out, "Dumping pools usage.\n");
    put_pool(c->out, "buffer", e->gates[0].worker.bufs.size, all, used);
    put_pool(c->out, "wide", WORKER_WIDE_SIZE, e->n_workers, e->n_workers);
    put_pool(c->out, "arena", ARENA_CHUNK, chunks, 0);
    text_printf(c->out, "Total: 3 pools, %zu bytes allocated, %zu used.\n",
                heap.arena + heap.hblkhd, heap.uordblks + heap.hblkhd);
    return API_DONE;
}

/* ---- show activity ---- */

static const struct {
    const char *name;
    size_t at;
} activities[] = {
    { "loops", offsetof(struct worker_note, turns) },
    { "accepted", offsetof(struct worker_note, connections) },
    { "sessions", offsetof(struct worker_note, sessions) },
    { "requests", offsetof(struct worker_note, requests) },
    { "cpu_ns", offsetof(struct worker_note, cpu_ns) },
};

/* "name: sum [ of each thread ]"; with one thread, the sum alone. */
static void put_activity(struct text *t, const struct survey *s, const char *name, size_t at)
{
    unsigned n = s->call.engine->n_workers;
    uint64_t sum = 0;

    for (unsigned i = 0; i < n; i++) sum += *(const uint64_t *)((const char *)&s->notes[i] + at);
    text_printf(t, "%s: %" PRIu64, name, sum);
    for (unsigned i = 0; n > 1 && i < n; i++)
        text_printf(t, "%s%" PRIu64 "%s", i ? " " : " [ ",
                    *(const uint64_t *)((const char *)&s->notes[i] + at), i + 1 == n ? " ]" : "");
    text_char(t, '\n');
}

static enum api_progress run_activity(struct api_call *c)
{
    const struct survey *s = survey(c);
    usec_t now = clock_wall_usec();

    if (!s) return API_WORK;
    text_printf(c->out, "thread_id: 1 (1..%u)\ndate_now: %llu.%06llu\n", c->api->engine->n_workers,
                (unsigned long long)(now / 1000000), (unsigned long long)(now % 1000000));
    for (size_t i = 0; i < ARRAY_LEN(activities); i++)
        put_activity(c->out, s, activities[i].name, activities[i].at);
    return API_DONE;
}

/* ---- show threads ---- */

static enum api_progress run_threads(struct api_call *c)
{
    const struct survey *s = survey(c);

    if (!s) return API_WORK;
    for (unsigned i = 0; i < c->api->engine->n_workers; i++) {
        const struct worker_note *n = &s->notes[i];

        text_printf(c->out,
                    "%c Thread %-2u: id=0x%lx act=%d conns=%u reqs=%u\n"
                    "      1/%-2u   stuck=0 bufs=%u pipes=%u\n"
                    "             cpu_ns: now=%" PRIu64 "\n",
                    i ? ' ' : '*', i + 1, (unsigned long)n->thread, n->pinned > 0, n->connected,
                    n->pinned, i + 1, n->buffers_used, n->pipes_open - n->pipes_idle, n->cpu_ns);
    }
    return API_DONE;
}

static const struct api_command rows[] = {
    { "show activity", "", "tell what each thread has done", API_USER, run_activity, false },
    { "show env", "[<name>]", "list the environment that the configuration was read with",
      API_OPERATOR, run_env, false },
    { "show pools", "", "tell what buffers and arenas take", API_USER, run_pools, false },
    { "show schema json", "", "describe the JSON form of statistics", API_USER, run_schema, false },
    { "show threads", "", "tell what each thread is at", API_USER, run_threads, false },
};

const struct api_commands process_commands = API_COMMANDS(rows);
