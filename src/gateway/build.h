/* SPDX-License-Identifier: Apache-2.0 */
/* From files to a snapshot: the sections and keywords fill in structs (each module's keyword
 * tables), then names are resolved, runtime objects found or made, and listeners opened
 * (gateway/compile.c). Control thread. */
#ifndef GATEHOUSE_GATEWAY_BUILD_H
#define GATEHOUSE_GATEWAY_BUILD_H

#include "gateway/engine.h"
#include "lang/section.h"

/* One `log` line. */
struct log_line {
    struct log_line *next;
    union address address;
    bool has_address;
    int fd;
    const struct log_format *format;
    unsigned facility;
    int level, min_level;
    unsigned length;
    struct word at;
};

/* One address of a `stats socket` line. It takes the options of `bind`; its frontend and listener
 * are NULL, for the sockets belong to the Runtime API (ops/api.h). */
struct api_bind {
    struct api_bind *next;
    struct bind_conf bind;
};

/* A run of the builder; cfg->user. */
struct build {
    struct engine *engine;
    struct snapshot *snapshot;
    const struct snapshot *before; /* reload: the one in use */
    unsigned max_proxies;
    const char *node;
};

static inline struct build *build_of(const struct cfg *cfg)
{
    return cfg->user;
}

/* The kinds of section and the tables of keywords of this folder. */
extern const struct section_kind section_global, section_defaults, section_frontend,
    section_backend, section_listen;
extern const struct keyword_table global_keywords, tuning_keywords, proxy_keywords,
    timeout_keywords, option_keywords, frontend_keywords, bind_options, log_keywords;

/* Resolves, checks and links what the sections said, and with `open` also opens listeners. False:
 * errors were reported; the snapshot is of no use then. */
bool build_compile(struct build *b, struct cfg *cfg, bool open);

#endif
