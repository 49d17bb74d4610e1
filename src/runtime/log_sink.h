/* SPDX-License-Identifier: Apache-2.0 */
/* Where lines go: one socket, pipe, terminal or file, shared by all log targets that name the same
 * address. Private to the log writer.
 *
 * Lines are put into a backlog and written in batches. What the receiver does not take at once
 * stays there for the next flush; when the backlog is full, new lines are dropped, so that a line
 * that is half written can always be finished. Only the log thread calls these, but for
 * log_sink_new, log_sink_open and the counters. */
#ifndef GATEHOUSE_RUNTIME_LOG_SINK_H
#define GATEHOUSE_RUNTIME_LOG_SINK_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    LOG_BACKLOG = 256 * 1024,
    LOG_RECONNECT_MS = 1000, /* between two attempts to connect */
};

enum log_sink_kind {
    LOG_SINK_DATAGRAMS, /* a line is a datagram */
    LOG_SINK_STREAM,    /* a connected socket */
    LOG_SINK_PIPE,      /* a pipe or terminal: at most PIPE_BUF bytes at once, which is atomic */
    LOG_SINK_FILE,      /* always takes all */
};

struct log_sink {
    struct log_sink *next; /* the writer's list of all sinks */
    struct log_sink *next_dirty;
    unsigned refs; /* targets; under the writer's lock */
    bool dirty;    /* has a backlog, and is on the writer's list of those */

    struct sockaddr_storage addr;
    socklen_t size; /* 0: `given` is it */
    int given;      /* the inherited descriptor */
    bool stream;    /* a connection to addr, not datagrams … */
    bool counted;   /* … with the length before each line */
    unsigned connect_ms, server_ms;
    bool connected;
    uint64_t since; /* real milliseconds: when connecting began, or something was last taken, or the
                       connection failed */

    enum log_sink_kind kind;
    int fd;           /* what is written to; -1: nobody is there yet, or no longer */
    bool nonblocking; /* a write never waits; else poll() must ask first */
    bool blocked;     /* the last write found no room */
    char *backlog;    /* LOG_BACKLOG bytes, allocated with the first line */
    size_t from, to;  /* what is filled: lines, each preceded by its length in 4 bytes */
    size_t partial;   /* bytes of the first line that were written already */

    _Atomic uint64_t written, dropped;
    _Atomic uint64_t *total_dropped; /* the writer's, of all sinks that there ever were */
};

/* What a sink is found by. addr == NULL: the descriptor `fd`, which the sink never closes. */
struct log_sink_key {
    const struct sockaddr *addr;
    socklen_t size;
    int fd;
    bool stream, counted;
    unsigned connect_ms, server_ms; /* not part of the key: the last one holds */
};

struct log_sink *log_sink_new(const struct log_sink_key *key, _Atomic uint64_t *total_dropped);

/* Drops what is left, and closes. */
void log_sink_free(struct log_sink *s);

bool log_sink_is(const struct log_sink *s, const struct log_sink_key *key);

/* Gets ready for writing; a receiver that is not there yet is tried again with each flush. */
void log_sink_open(struct log_sink *s);

/* Room for a line of up to `most` bytes, its line end included; NULL, and one more dropped, when
 * there is none. Then log_sink_commit with what was used. */
char *log_sink_begin(struct log_sink *s, size_t most);
void log_sink_commit(struct log_sink *s, size_t used);

/* Writes what the receiver takes; true when nothing is left. */
bool log_sink_flush(struct log_sink *s);

/* How long poll() may wait before log_sink_flush is called again: milliseconds, -1 for ever. Of a
 * connection that must be made anew, or has a timeout. */
int log_sink_patience(const struct log_sink *s);

/* Drops and counts the backlog. */
void log_sink_drop(struct log_sink *s);

#endif
