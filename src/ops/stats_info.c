/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_info.h"
#include "ops/stats.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef GATEHOUSE_VERSION
#define GATEHOUSE_VERSION "unknown"
#endif

enum { MEGABYTE = 1 << 20 };

/* ---- what is added up first ---- */

static void add_worker(struct info *i, const struct worker *w)
{
    i->sent += counter_get(&w->sent.bytes);
    i->spliced += counter_get(&w->sent.spliced);
    i->pipes_most += w->pipes.most;
    i->pipes_free += counter_get(&w->pipes.n_idle);
    i->pipes_used += counter_get(&w->pipes.n_open) - counter_get(&w->pipes.n_idle);
}

static void count_listeners(struct info *i)
{
    for (unsigned k = 0; k < i->snapshot->n_proxies; k++) {
        const struct proxy_conf *p = i->snapshot->proxies[k];

        if (!p->fe || p->disabled) continue;
        for (const struct bind_conf *b = p->fe->binds; b; b = b->next) i->listeners++;
    }
    i->listeners += atomic_load_explicit(&i->engine->api.listeners, memory_order_relaxed);
}

void info_init(struct info *i, struct engine *e, const struct snapshot *snapshot, msec_t now,
               bool fractions)
{
    struct mallinfo2 heap = mallinfo2();
    struct rlimit r;

    *i = (struct info){ .engine = e, .snapshot = snapshot, .fractions = fractions };
    i->age = clock_usec() - e->started;
    stat_sum(&i->totals, e->totals, e->n_workers, now);
    i->connections = counter_get(&e->api.connections) + i->totals.counts[STAT_COUNTER(connections)];
    i->requests = counter_get(&e->api.requests) + i->totals.counts[STAT_COUNTER(requests)];
    for (unsigned k = 0; k < e->n_workers; k++) add_worker(i, &e->gates[k].worker);
    add_worker(i, e->control);
    i->sent_rate = (uint64_t)SENT_UNIT *
                   rate_read(&e->control->sent.rate, (uint32_t)(now / 1000), now % 1000);
    i->memory_held = heap.arena + heap.hblkhd;
    i->memory_used = heap.uordblks + heap.hblkhd;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) i->descriptors = (unsigned)r.rlim_cur;
    count_listeners(i);
}

/* ---- values ---- */

static struct stat_value number(struct info *i, unsigned n)
{
    (void)i;
    return stat_u32(n);
}

static struct stat_value u64_field(struct info *i, unsigned at)
{
    return stat_u64(*(const uint64_t *)((const char *)i + at));
}

static struct stat_value count_field(struct info *i, unsigned at)
{
    return stat_u32(*(const uint64_t *)((const char *)i + at));
}

static struct stat_value megabytes(struct info *i, unsigned at)
{
    return stat_u32(*(const uint64_t *)((const char *)i + at) / MEGABYTE);
}

static struct stat_value u32_field(struct info *i, unsigned at)
{
    return stat_u32(*(const uint32_t *)((const char *)i + at));
}

static struct stat_value name(struct info *i, unsigned param)
{
    (void)i, (void)param;
    return stat_text("Gatehouse");
}

static struct stat_value version(struct info *i, unsigned param)
{
    (void)i, (void)param;
    return stat_text(GATEHOUSE_VERSION);
}

static struct stat_value release_date(struct info *i, unsigned param)
{
    (void)i, (void)param;
    return stat_text("unreleased");
}

static struct stat_value threads(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(i->engine->n_workers);
}

static struct stat_value pid(struct info *i, unsigned param)
{
    (void)i, (void)param;
    return stat_u32((uint64_t)getpid());
}

static struct stat_value uptime(struct info *i, unsigned param)
{
    unsigned s = (unsigned)(i->age / 1000000);

    (void)param;
    snprintf(i->text, sizeof i->text, "%ud %uh%02um%02us", s / 86400, s / 3600 % 24, s / 60 % 60,
             s % 60);
    return stat_text(i->text);
}

static struct stat_value seconds(const struct info *i, usec_t t)
{
    return i->fractions ? stat_float((double)t / 1e6) : stat_u32(t / 1000000);
}

static struct stat_value uptime_sec(struct info *i, unsigned param)
{
    (void)param;
    return seconds(i, i->age);
}

static struct stat_value start_time(struct info *i, unsigned param)
{
    (void)param;
    return seconds(i, i->engine->started_wall);
}

static struct stat_value maxconn(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(atomic_load_explicit(&i->engine->maxconn, memory_order_relaxed));
}

static struct stat_value hard_maxconn(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(i->snapshot->global.maxconn);
}

static struct stat_value accept_limit(struct info *i, unsigned at)
{
    return stat_u32(accept_rate_limit((const void *)((const char *)i->engine + at)));
}

static struct stat_value connections(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(gauge_now(&i->engine->connections));
}

/* Whatever lives in its own right: connections, and clients of the API; listeners where asked. */
static struct stat_value jobs(struct info *i, unsigned with_listeners)
{
    return stat_u32(gauge_now(&i->engine->connections) +
                    atomic_load_explicit(&i->engine->api.clients, memory_order_relaxed) +
                    (with_listeners ? i->listeners : 0));
}

static struct stat_value idle(struct info *i, unsigned param)
{
    struct engine *e = i->engine;

    (void)param;
    return stat_u32(usage_idle(&e->usage, i->age, e->n_workers));
}

static struct stat_value node(struct info *i, unsigned param)
{
    struct utsname u;

    (void)param;
    if (i->snapshot->global.node) return stat_text(i->snapshot->global.node);
    if (uname(&u) < 0) return stat_text("");
    snprintf(i->text, sizeof i->text, "%s", u.nodename);
    return stat_text(i->text);
}

static struct stat_value description(struct info *i, unsigned param)
{
    const char *text = i->snapshot->global.description;

    (void)param;
    return text ? stat_text(text) : stat_none();
}

static struct stat_value stopping(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(engine_stopping(i->engine));
}

static struct stat_value dropped_logs(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(log_dropped(i->engine->logs));
}

static struct stat_value tainted(struct info *i, unsigned param)
{
    (void)i, (void)param;
    return stat_text("0");
}

static struct stat_value generation(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(i->snapshot->generation);
}

static struct stat_value live_generations(struct info *i, unsigned param)
{
    (void)param;
    return stat_u32(atomic_load(&i->engine->live_snapshots));
}

/* ---- the table ---- */

#define AT(field) offsetof(struct info, field)

const struct info_field info_fields[] = {
    { 0, "Name", "POS", name, 0, "The program" },
    { 1, "Version", "POS", version, 0, "Its version" },
    { 2, "Release_date", "POS", release_date, 0, "When that version was released" },
    { 3, "Nbthread", "CGS", threads, 0, "Worker threads" },
    { 4, "Nbproc", "CGS", number, 1, "Processes, always 1" },
    { 5, "Process_num", "KGP", number, 1, "This process among them, always 1" },
    { 6, "Pid", "SGP", pid, 0, "The process's number in the system" },
    { 7, "Uptime", "MDP", uptime, 0, "Time since the start" },
    { 8, "Uptime_sec", "MDP", uptime_sec, 0, "The same in seconds" },
    { 9, "Memmax_MB", "CLP", number, 0, "The limit of memory; 0: none" },
    { 10, "PoolAlloc_MB", "MGP", megabytes, AT(memory_held), "Heap that the system has given" },
    { 11, "PoolUsed_MB", "MGP", megabytes, AT(memory_used), "Heap in use" },
    { 12, "PoolFailed", "MCP", number, 0, "Allocations that failed: such a process ends" },
    { 13, "Ulimit-n", "CLP", u32_field, AT(descriptors), "The limit of descriptors" },
    { 14, "Maxsock", "CLP", u32_field, AT(descriptors), "The limit of sockets" },
    { 15, "Maxconn", "CLP", maxconn, 0, "The limit of client connections" },
    { 16, "Hard_maxconn", "CLP", hard_maxconn, 0, "The same as the system allows it" },
    { 17, "CurrConns", "MGP", connections, 0, "Client connections now" },
    { 18, "CumConns", "MCP", count_field, AT(connections), "Client connections since the start" },
    { 19, "CumReq", "MCP", count_field, AT(requests), "Requests since the start" },
    { 20, "MaxSslConns", "MMP", number, 0, "The limit of TLS connections; 0: none" },
    { 21, "CurrSslConns", "MGP", number, 0, "TLS connections now" },
    { 22, "CumSslConns", "MCP", number, 0, "TLS connections since the start" },
    { 23, "Maxpipes", "CLP", u32_field, AT(pipes_most),
      "The limit of pipes for splicing; 0: none" },
    { 24, "PipesUsed", "MGP", u32_field, AT(pipes_used), "Pipes in use" },
    { 25, "PipesFree", "MGP", u32_field, AT(pipes_free), "Pipes that wait for use" },
    { 26, "ConnRate", "MRP", u32_field, AT(totals.connection_rate.now),
      "Connections, last second" },
    { 27, "ConnRateLimit", "CLP", accept_limit, offsetof(struct engine, connection_limit),
      "Their limit; 0: none" },
    { 28, "MaxConnRate", "MMP", u32_field, AT(totals.connection_rate.max),
      "Their highest rate ever" },
    { 29, "SessRate", "MRP", u32_field, AT(totals.session_rate.now), "Sessions, last second" },
    { 30, "SessRateLimit", "CLP", accept_limit, offsetof(struct engine, session_limit),
      "Their limit; 0: none" },
    { 31, "MaxSessRate", "MRP", u32_field, AT(totals.session_rate.max), "Their highest rate ever" },
    { 32, "SslRate", "MRP", number, 0, "TLS sessions, last second" },
    { 33, "SslRateLimit", "CLP", number, 0, "Their limit; 0: none" },
    { 34, "MaxSslRate", "MMP", number, 0, "Their highest rate ever" },
    { 35, "SslFrontendKeyRate", "MGP", number, 0, "TLS keys for clients, last second" },
    { 36, "SslFrontendMaxKeyRate", "MMP", number, 0, "Their highest rate ever" },
    { 37, "SslFrontendSessionReuse_pct", "MGP", number, 0, "TLS sessions that were resumed, %" },
    { 38, "SslBackendKeyRate", "MRP", number, 0, "TLS keys for servers, last second" },
    { 39, "SslBackendMaxKeyRate", "MMP", number, 0, "Their highest rate ever" },
    { 40, "SslCacheLookups", "MCP", number, 0, "Look-ups in the cache of TLS sessions" },
    { 41, "SslCacheMisses", "MCP", number, 0, "Those that found nothing" },
    { 42, "CompressBpsIn", "MRP", number, 0, "Bytes given to the compressor, last second" },
    { 43, "CompressBpsOut", "MRP", number, 0, "Bytes that it gave back, last second" },
    { 44, "CompressBpsRateLim", "CLP", number, 0, "Their limit; 0: none" },
    { 47, "Tasks", "MGP", jobs, false, "Connections and other things that live" },
    { 48, "Run_queue", "MGP", number, 0, "Those that wait for their turn" },
    { 49, "Idle_pct", "MaP", idle, 0,
      "The share of their time that the workers have slept lately" },
    { 50, "node", "COS", node, 0, "This machine's name" },
    { 51, "description", "COS", description, 0, "What it is for, as configured" },
    { 52, "Stopping", "MGP", stopping, 0, "1 once an orderly end was asked for" },
    { 53, "Jobs", "MGP", jobs, true, "Connections and listeners" },
    { 54, "Unstoppable Jobs", "MGP", number, 0, "Those that a drain does not end" },
    { 55, "Listeners", "MGP", u32_field, AT(listeners), "Addresses that it listens on" },
    { 56, "ActivePeers", "MGP", number, 0, "Peers in contact" },
    { 57, "ConnectedPeers", "MGP", number, 0, "Peers connected" },
    { 58, "DroppedLogs", "MGP", dropped_logs, 0, "Log lines that no receiver took" },
    { 59, "BusyPolling", "MGP", number, 0, "1 if workers never sleep" },
    { 60, "FailedResolutions", "MGP", number, 0, "Host names that could not be resolved" },
    { 61, "TotalBytesOut", "MGP", u64_field, AT(sent), "Bytes sent, to clients and servers" },
    { 62, "TotalSplicdedBytesOut", "MGP", u64_field, AT(spliced),
      "Those of them that were spliced" },
    { 63, "BytesOutRate", "MRP", u64_field, AT(sent_rate), "Bytes sent, last second" },
    { 64, "DebugCommandsIssued", "MGP", number, 0, "Debug commands that were used" },
    { 65, "CumRecvLogs", "MCP", number, 0, "Log lines received" },
    { 66, "Build info", "POS", version, 0, "What was built" },
    { 67, "Memmax_bytes", "CLP", number, 0, "The limit of memory; 0: none" },
    { 68, "PoolAlloc_bytes", "MGP", u64_field, AT(memory_held), "Heap that the system has given" },
    { 69, "PoolUsed_bytes", "MGP", u64_field, AT(memory_used), "Heap in use" },
    { 70, "Start_time_sec", "MDP", start_time, 0, "When it started, since 1970" },
    { 71, "Tainted", "SGP", tainted, 0, "What may have spoilt it" },
    { INFO_OURS, "Generation", "MCP", generation, 0, "Configurations taken, this one included" },
    { INFO_OURS + 1, "LiveGenerations", "MGP", live_generations, 0,
      "Configurations that something still uses" },
};

const unsigned info_n_fields = ARRAY_LEN(info_fields);
