/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy 2.6's metrics of the process, in the order of the fields of `show info` that they tell,
 * and two of ours. */
#include "ops/prometheus_metrics.h"

/* The field of that position. */
static struct stat_value field(struct exposition *x, unsigned position)
{
    for (unsigned i = 0; i < info_n_fields; i++)
        if (info_fields[i].position == position)
            return info_fields[i].value(&x->info, info_fields[i].param);
    return stat_none();
}

static void put_info(struct exposition *x, const struct metric *m)
{
    struct stat_value v = field(x, m->at);

    metric_put(x, m, NULL, NULL, &v);
}

/* The version is a label of a number that is always 1. */
static void put_build(struct exposition *x, const struct metric *m)
{
    metric_put_u64(x, m, "version", field(x, m->at).text, 1);
}

#define P SCOPE_PROCESS

static const struct metric rows[] = {
    { "nbthread", P, METRIC_GAUGE, 0, 3, NULL, put_info,
      "Number of started threads (global.nbthread)" },
    { "nbproc", P, METRIC_GAUGE, 0, 4, NULL, put_info,
      "Number of started worker processes (historical, always 1)" },
    { "relative_process_id", P, METRIC_GAUGE, 0, 5, NULL, put_info,
      "Relative worker process number (1)" },
    { "uptime_seconds", P, METRIC_GAUGE, 0, 8, NULL, put_info,
      "How long ago this worker process was started (seconds)" },
    { "pool_failures_total", P, METRIC_COUNTER, 0, 12, NULL, put_info,
      "Number of failed pool allocations since this worker was started" },
    { "max_fds", P, METRIC_GAUGE, 0, 13, NULL, put_info,
      "Hard limit on the number of per-process file descriptors" },
    { "max_sockets", P, METRIC_GAUGE, 0, 14, NULL, put_info,
      "Hard limit on the number of per-process sockets" },
    { "max_connections", P, METRIC_GAUGE, 0, 15, NULL, put_info,
      "Hard limit on the number of per-process connections (configured or imposed by Ulimit-n)" },
    { "hard_max_connections", P, METRIC_GAUGE, 0, 16, NULL, put_info,
      "Hard limit on the number of per-process connections (imposed by Memmax_MB or Ulimit-n)" },
    { "current_connections", P, METRIC_GAUGE, 0, 17, NULL, put_info,
      "Current number of connections on this worker process" },
    { "connections_total", P, METRIC_COUNTER, 0, 18, NULL, put_info,
      "Total number of connections on this worker process since started" },
    { "requests_total", P, METRIC_COUNTER, 0, 19, NULL, put_info,
      "Total number of requests on this worker process since started" },
    { "max_ssl_connections", P, METRIC_GAUGE, 0, 20, NULL, put_info,
      "Hard limit on the number of per-process SSL endpoints (front+back), 0=unlimited" },
    { "current_ssl_connections", P, METRIC_GAUGE, 0, 21, NULL, put_info,
      "Current number of SSL endpoints on this worker process (front+back)" },
    { "ssl_connections_total", P, METRIC_COUNTER, 0, 22, NULL, put_info,
      "Total number of SSL endpoints on this worker process since started (front+back)" },
    { "max_pipes", P, METRIC_GAUGE, 0, 23, NULL, put_info,
      "Hard limit on the number of pipes for splicing, 0=unlimited" },
    { "pipes_used_total", P, METRIC_COUNTER, 0, 24, NULL, put_info,
      "Current number of pipes in use in this worker process" },
    { "pipes_free_total", P, METRIC_COUNTER, 0, 25, NULL, put_info,
      "Current number of allocated and available pipes in this worker process" },
    { "current_connection_rate", P, METRIC_GAUGE, 0, 26, NULL, put_info,
      "Number of front connections created on this worker process over the last second" },
    { "limit_connection_rate", P, METRIC_GAUGE, 0, 27, NULL, put_info,
      "Hard limit for ConnRate (global.maxconnrate)" },
    { "max_connection_rate", P, METRIC_GAUGE, 0, 28, NULL, put_info,
      "Highest ConnRate reached on this worker process since started (in connections per second)" },
    { "current_session_rate", P, METRIC_GAUGE, 0, 29, NULL, put_info,
      "Number of sessions created on this worker process over the last second" },
    { "limit_session_rate", P, METRIC_GAUGE, 0, 30, NULL, put_info,
      "Hard limit for SessRate (global.maxsessrate)" },
    { "max_session_rate", P, METRIC_GAUGE, 0, 31, NULL, put_info,
      "Highest SessRate reached on this worker process since started (in sessions per second)" },
    { "current_ssl_rate", P, METRIC_GAUGE, 0, 32, NULL, put_info,
      "Number of SSL connections created on this worker process over the last second" },
    { "limit_ssl_rate", P, METRIC_GAUGE, 0, 33, NULL, put_info,
      "Hard limit for SslRate (global.maxsslrate)" },
    { "max_ssl_rate", P, METRIC_GAUGE, 0, 34, NULL, put_info,
      "Highest SslRate reached on this worker process since started (in connections per second)" },
    { "current_frontend_ssl_key_rate", P, METRIC_GAUGE, 0, 35, NULL, put_info,
      "Number of SSL keys created on frontends in this worker process over the last second" },
    { "max_frontend_ssl_key_rate", P, METRIC_GAUGE, 0, 36, NULL, put_info,
      "Highest SslFrontendKeyRate reached on this worker process since started (in SSL keys per "
      "second)" },
    { "frontend_ssl_reuse", P, METRIC_GAUGE, 0, 37, NULL, put_info,
      "Percent of frontend SSL connections which did not require a new key" },
    { "current_backend_ssl_key_rate", P, METRIC_GAUGE, 0, 38, NULL, put_info,
      "Number of SSL keys created on backends in this worker process over the last second" },
    { "max_backend_ssl_key_rate", P, METRIC_GAUGE, 0, 39, NULL, put_info,
      "Highest SslBackendKeyRate reached on this worker process since started (in SSL keys per "
      "second)" },
    { "ssl_cache_lookups_total", P, METRIC_COUNTER, 0, 40, NULL, put_info,
      "Total number of SSL session ID lookups in the SSL session cache on this worker since "
      "started" },
    { "ssl_cache_misses_total", P, METRIC_COUNTER, 0, 41, NULL, put_info,
      "Total number of SSL session ID lookups that didn't find a session in the SSL session cache "
      "on this worker since started" },
    { "http_comp_bytes_in_total", P, METRIC_COUNTER, 0, 42, NULL, put_info,
      "Number of bytes submitted to the HTTP compressor in this worker process over the last "
      "second" },
    { "http_comp_bytes_out_total", P, METRIC_COUNTER, 0, 43, NULL, put_info,
      "Number of bytes emitted by the HTTP compressor in this worker process over the last "
      "second" },
    { "limit_http_comp", P, METRIC_GAUGE, 0, 44, NULL, put_info,
      "Limit of CompressBpsOut beyond which HTTP compression is automatically disabled" },
    { "current_zlib_memory", P, METRIC_GAUGE, 0, 45, NULL, put_info,
      "Amount of memory currently used by HTTP compression on the current worker process (in "
      "bytes)" },
    { "max_zlib_memory", P, METRIC_GAUGE, 0, 46, NULL, put_info,
      "Limit on the amount of memory used by HTTP compression above which it is automatically "
      "disabled (in bytes, see global.maxzlibmem)" },
    { "current_tasks", P, METRIC_GAUGE, 0, 47, NULL, put_info,
      "Total number of tasks in the current worker process (active + sleeping)" },
    { "current_run_queue", P, METRIC_GAUGE, 0, 48, NULL, put_info,
      "Total number of active tasks+tasklets in the current worker process" },
    { "idle_time_percent", P, METRIC_GAUGE, 0, 49, NULL, put_info,
      "Percentage of last second spent waiting in the current worker thread" },
    { "stopping", P, METRIC_GAUGE, 0, 52, NULL, put_info,
      "1 if the worker process is currently stopping, otherwise zero" },
    { "jobs", P, METRIC_GAUGE, 0, 53, NULL, put_info,
      "Current number of active jobs on the current worker process (frontend connections, master "
      "connections, listeners)" },
    { "unstoppable_jobs", P, METRIC_GAUGE, 0, 54, NULL, put_info,
      "Current number of unstoppable jobs on the current worker process (master connections)" },
    { "listeners", P, METRIC_GAUGE, 0, 55, NULL, put_info,
      "Current number of active listeners on the current worker process" },
    { "active_peers", P, METRIC_GAUGE, 0, 56, NULL, put_info,
      "Current number of verified active peers connections on the current worker process" },
    { "connected_peers", P, METRIC_GAUGE, 0, 57, NULL, put_info,
      "Current number of peers having passed the connection step on the current worker process" },
    { "dropped_logs_total", P, METRIC_COUNTER, 0, 58, NULL, put_info,
      "Total number of dropped logs for current worker process since started" },
    { "busy_polling_enabled", P, METRIC_GAUGE, 0, 59, NULL, put_info,
      "1 if busy-polling is currently in use on the worker process, otherwise zero "
      "(config.busy-polling)" },
    { "failed_resolutions", P, METRIC_COUNTER, 0, 60, NULL, put_info,
      "Total number of failed DNS resolutions in current worker process since started" },
    { "bytes_out_total", P, METRIC_COUNTER, 0, 61, NULL, put_info,
      "Total number of bytes emitted by current worker process since started" },
    { "spliced_bytes_out_total", P, METRIC_COUNTER, 0, 62, NULL, put_info,
      "Total number of bytes emitted by current worker process through a kernel pipe since "
      "started" },
    { "bytes_out_rate", P, METRIC_GAUGE, 0, 63, NULL, put_info,
      "Number of bytes emitted by current worker process over the last second" },
    { "recv_logs_total", P, METRIC_COUNTER, 0, 65, NULL, put_info,
      "Total number of log messages received by log-forwarding listeners on this worker process "
      "since started" },
    { "build_info", P, METRIC_GAUGE, 0, 66, NULL, put_build, "Build info" },
    { "max_memory_bytes", P, METRIC_GAUGE, 0, 67, NULL, put_info,
      "Worker process's hard limit on memory usage in byes (-m on command line)" },
    { "pool_allocated_bytes", P, METRIC_GAUGE, 0, 68, NULL, put_info,
      "Amount of memory allocated in pools (in bytes)" },
    { "pool_used_bytes", P, METRIC_GAUGE, 0, 69, NULL, put_info,
      "Amount of pool memory currently used (in bytes)" },
    { "start_time_seconds", P, METRIC_GAUGE, 0, 70, NULL, put_info, "Start time in seconds" },
    { "generation", P, METRIC_GAUGE, METRIC_OURS, INFO_OURS, NULL, put_info,
      "Number of the configuration in use, counted from 1 with each reload" },
    { "live_generations", P, METRIC_GAUGE, METRIC_OURS, INFO_OURS + 1, NULL, put_info,
      "Configurations that something still uses" },
};

const struct metric_table process_metrics = { rows, ARRAY_LEN(rows) };
