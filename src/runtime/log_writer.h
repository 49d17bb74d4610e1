/* SPDX-License-Identifier: Apache-2.0 */
/* What log.c (the thread) and log_target.c (targets and routes) share; private to them. */
#ifndef GATEHOUSE_RUNTIME_LOG_WRITER_H
#define GATEHOUSE_RUNTIME_LOG_WRITER_H

#include "runtime/log.h"
#include "runtime/log_sink.h"

#include <pthread.h>

struct log_target {
    _Atomic unsigned refs;
    struct log_writer *writer;
    struct log_sink *sinks[LOG_STREAMS_MOST];
    unsigned n_sinks;
    struct event_ring *ring;   /* NULL: none */
    struct log_sample *sample; /* NULL: all lines … */
    unsigned sampled; /* … else how many of the current sample have come; the log thread's */
    const struct log_format *format; /* NULL: by whether the route has a host */
    int facility, level, min_level;
    size_t length;
};

struct log_writer {
    struct log_bell bell;
    _Atomic(struct log_ring *) rings; /* they stay until the writer goes */
    _Atomic uint64_t sinks_dropped;
    _Atomic unsigned requests; /* counts calls of log_writer_request */

    pthread_mutex_t shared_lock; /* one producer at a time */
    struct log_ring *shared;     /* for threads without a ring */

    pthread_mutex_t lock;   /* for what follows, up to the log thread's own */
    pthread_cond_t flushed; /* flush_done has moved */
    uint64_t flush_wanted, flush_done, drain_done;
    struct log_sink *sinks;
    struct log_route *dead; /* routes without references; records may still name them */
    bool unused_sinks;      /* one lost its last target */
    bool started, stopping;
    pthread_t thread;
    struct event_ring *built_in; /* buf0 */

    /* The log thread's own. */
    int pid;
    struct log_date date;
    char *line; /* for rings, LOG_HEADER_MOST + LOG_LINE_MOST; made when first needed */
    struct log_sink *dirty;
    struct pollfd *polls;
    unsigned max_polls;
};

/* Makes the log thread come round for something other than a record. Not under the lock. */
void log_writer_request(struct log_writer *w);

/* Both under the lock: the sink of an address, made if there is none; and one reference less. */
struct log_sink *log_writer_sink(struct log_writer *w, const struct log_sink_key *key);
void log_writer_sink_unref(struct log_writer *w, struct log_sink *s);

/* Frees a route that no record names any more. */
void log_route_free(struct log_route *r);

/* Puts a record's lines into the backlogs of its route's targets. */
void log_route_deliver(struct log_writer *w, const struct log_record *m);

/* The sink has something to write. */
void log_writer_mark(struct log_writer *w, struct log_sink *s);

#endif
