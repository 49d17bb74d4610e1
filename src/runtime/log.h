/* SPDX-License-Identifier: Apache-2.0 */
/* Logs: a thread that writes them, so that nobody else ever waits for one.
 *
 *   worker ── ring ──┐                         ┌── UDP, UNIX datagrams (sendmmsg)
 *   worker ── ring ──┼── log thread ── lines ──┼── stdout, stderr, fd@N (writev)
 *   others ── ring ──┘                         ├── TCP (sendmsg)
 *                                              └── rings of events (runtime/event_ring.h)
 *
 * Each worker has a ring of its own (runtime/log_ring.h). A record is the bare text, its level, its
 * time and its route; what stands before the text in a line (priority, date, tag) is formatted by
 * the log thread, for each target in that target's format.
 *
 * A *target* is what one `log` line of the configuration says. A *route* is where the messages of
 * one proxy go: its targets, and its log-tag. Both are immutable and counted by references, which
 * snapshots hold; a record holds none: what loses its last reference is freed by the log thread
 * once it has written everything that was committed before.
 * Targets with the same address share one socket, so that no line is torn by another.
 *
 * Nothing here waits for a receiver. What a receiver doesn't take at once is kept, up to 256 KiB;
 * beyond it, messages for that receiver are dropped and counted, and so are those that the
 * system refuses to send. Lines are dropped whole. */
#ifndef GATEHOUSE_RUNTIME_LOG_H
#define GATEHOUSE_RUNTIME_LOG_H

#include "base/slice.h"
#include "runtime/event_ring.h"
#include "runtime/log_format.h"
#include "runtime/log_ring.h"
#include "runtime/resources.h"

struct log_writer;
struct log_target;

/* --- the thread --- */

struct log_writer *log_writer_new(void);

/* Starts the thread; call it after the last fork and once stdout is what it will be, but better
 * before privileges are dropped: it opens what the targets name. Records may be committed before:
 * they wait in their rings. */
void log_writer_start(struct log_writer *w);

/* Writes what is there, for at most a second, counts the rest as dropped, and ends the thread.
 * Producers must have ended, or be silent. Harmless if the thread is not running. */
void log_writer_stop(struct log_writer *w);

/* Stops it, and frees the rings, and the targets and routes that nobody refers to. */
void log_writer_free(struct log_writer *w);

/* Waits until everything that was committed before has been written or dropped; false if that took
 * longer than `most` milliseconds of real time. For tests, and for an orderly end. */
bool log_flush_wait(struct log_writer *w, unsigned most);

/* The same, but what waits for a receiver that does not take it need not be written. */
bool log_drain_wait(struct log_writer *w, unsigned most);

/* --- producers --- */

/* A ring for one thread (LOG_RING_DEFAULT bytes do); the writer owns it. Use it with log_begin and
 * log_commit. Any thread may call this. */
struct log_ring *log_ring_new(struct log_writer *w, size_t bytes);

/* For threads without a ring, and for what is rare: a message through the writer's own ring, under
 * a lock, with the time of the clock. Cut at 8 KiB. */
void log_message(struct log_writer *w, struct log_route *route, int level, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* --- targets and routes --- */

/* A server that gets lines over a connection. */
struct log_stream {
    struct sockaddr_storage address;
    socklen_t size;
    bool counted; /* before each line stands its length (RFC 6587, octet counting); else a line end
                     behind it */
    unsigned connect_ms, server_ms; /* how long it may take to connect, and to take anything; 0: any
                                       time */
};

/* `sample`: of every `size` lines those whose number, from 1, is in one of the ranges. */
struct log_sample {
    unsigned size, n;
    struct {
        unsigned low, high;
    } ranges[];
};

enum { LOG_STREAMS_MOST = 8 /* servers of one ring */ };

struct log_target_spec {
    const struct sockaddr *addr; /* UDP over IPv4 or IPv6, or a UNIX datagram path; NULL: fd */
    socklen_t size;
    struct event_ring *ring;          /* not NULL: there, instead of addr and fd … */
    const struct log_stream *streams; /* … and (also without a ring) to these servers */
    unsigned n_streams;
    const struct log_sample *sample; /* NULL: all lines */
    int fd;                          /* an open descriptor that we did not open ourselves */
    const struct log_format *format; /* NULL: the default, or rfc3164 where there is a host name */
    unsigned facility;               /* 0 to 23 */
    int level;                       /* less important messages are not sent; normally LOG_DEBUG */
    int min_level;                   /* more important ones are sent as this; normally LOG_EMERG */
    size_t length;                   /* longest line; 0: LOG_LINE */
};

/* The descriptor that "stdout", "stderr" or "fd@N" stands for; -1 if it is none of them. */
int log_fd_named(struct slice word);

/* A new target with one reference. A receiver that is not there yet is no error: a syslog server
 * may come later than we do. NULL, and a text in *err, when the descriptor is not open or is one
 * of our own, or the address is of a family that can't be. Everything is copied. */
struct log_target *log_target_new(struct log_writer *w, const struct log_target_spec *spec,
                                  struct resource_error *err);
/* What drops the last reference need not wait for anything. NULL is harmless. Any thread. */
struct log_target *log_target_ref(struct log_target *t);
void log_target_unref(struct log_target *t);

/* Lines that the target's receivers took, and lines that they did not take. Targets with the same
 * address count together. Any thread. */
struct log_counts {
    uint64_t written, dropped;
};
struct log_counts log_target_counts(const struct log_target *t);

/* What those that write to that descriptor did not take. Any thread. */
uint64_t log_fd_dropped(struct log_writer *w, int fd);

/* The ring that always exists, buf0. */
struct event_ring *log_built_in_ring(struct log_writer *w);

/* All that was dropped since the start, by full rings and by receivers (HAProxy's DroppedLogs). */
uint64_t log_dropped(struct log_writer *w);

struct log_route {
    int level;       /* the least important level that any target wants; -1: no target */
    size_t length;   /* of the longest line that any target takes */
    size_t fits;     /* a text that is no longer than this is cut by none of them */
    bool structured; /* a target has a place for structured data */
    _Atomic unsigned refs;
    struct log_writer *writer;
    struct log_route *next; /* while it waits to be freed */
    struct slice tag, host;
    unsigned n;
    struct log_target *targets[];
};

/* A route with one reference; it takes references to its targets. `tag` is log-tag, `host` is
 * log-send-hostname (empty: not asked for); both are copied. */
struct log_route *log_route_new(struct log_writer *w, struct log_target *const *targets, unsigned n,
                                struct slice tag, struct slice host);
struct log_route *log_route_ref(struct log_route *r);
void log_route_unref(struct log_route *r); /* NULL is harmless */

/* Would a message of this level be sent anywhere? Ask before formatting one. NULL: no. */
static inline bool log_route_wants(const struct log_route *r, int level)
{
    return r && level <= r->level;
}

#endif
