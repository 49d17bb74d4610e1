/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of `global`. */
#include "gateway/build.h"

#include <limits.h>

enum { THREADS_MOST = 64 };

static struct global_conf *global(void *target)
{
    return ((struct section *)target)->data;
}

static bool parse_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->maxconn, 0, INT_MAX);
}

static bool parse_nbthread(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->nbthread, 1, THREADS_MOST);
}

static bool parse_pidfile(struct cfg *cfg, void *target, struct words *w)
{
    return words_str(cfg, w, &global(target)->pidfile);
}

static bool parse_hard_stop_after(struct cfg *cfg, void *target, struct words *w)
{
    global(target)->hard_stop_after_given = true;
    return words_time(cfg, w, &global(target)->hard_stop_after_ms, UNIT_MS, 1, INT_MAX);
}

static const struct keyword rows[] = {
    { "maxconn", IN_GLOBAL, parse_maxconn, "<number>", "as the limit of descriptors allows", 0,
      "At most so many client connections at once in the whole process; more wait in the system's "
      "backlog.",
      0, NULL },
    { "nbthread", IN_GLOBAL, parse_nbthread, "<number>", "the CPUs that the process may use",
      KW_NO_RELOAD, "The number of worker threads.", 0, NULL },
    { "pidfile", IN_GLOBAL, parse_pidfile, "<path>", "none", KW_NO_RELOAD,
      "The process's number is written to this file. `-p` on the command line wins.", 0, NULL },
    { "hard-stop-after", IN_GLOBAL, parse_hard_stop_after, "<time>", "30s for SIGTERM, else none",
      0, "How long a stop waits for connections to end; then they are closed.", 0, NULL },
};

const struct keyword_table global_keywords = KEYWORD_TABLE("Process", KEYWORDS, rows);
