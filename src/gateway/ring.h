/* SPDX-License-Identifier: Apache-2.0 */
/* `ring` sections: places in memory for log lines, and the servers that they are passed on to. */
#ifndef GATEHOUSE_GATEWAY_RING_H
#define GATEHOUSE_GATEWAY_RING_H

#include "gateway/build.h"
#include "runtime/log.h"

/* Part of a snapshot. */
struct ring_conf {
    struct ring_conf *next; /* in the order of the file */
    const char *name, *description;
    const struct log_format *format;
    unsigned max_length; /* of a line */
    uint64_t size;       /* of all of them */
    unsigned connect_ms, server_ms;
    struct log_stream streams[LOG_STREAMS_MOST];
    const char *stream_names[LOG_STREAMS_MOST];
    unsigned n_streams;
    const struct section *section;
    struct event_ring *events; /* the snapshot's reference; NULL before it is opened */
};

extern const struct section_kind section_ring;
extern const struct keyword_table ring_keywords, ring_server_options;

/* The ring of that name; NULL: there is none (buf0 is none of these). */
struct ring_conf *ring_named(const struct snapshot *s, struct slice name);

/* The rings of the snapshot get their memory: that of the one in use, where it stays the same. */
void rings_open(struct build *b);
void rings_release(struct snapshot *s);

/* The address of a receiver of logs, with port 514 where none is written; false: an error was
 * reported. */
bool log_address(struct cfg *cfg, const struct word *at, struct slice text, union address *out);

#endif
