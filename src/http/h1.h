/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.0 and 1.1 (RFC 9112), without I/O: bytes in, messages out, and back. Strict: what has two
 * readings is rejected, never repaired (docs/manual.md has the list and where HAProxy differs).
 *
 * Heads are parsed by pure functions over all bytes that have come so far: a caller whose head is
 * not whole calls again with more bytes at the same place. It need do so only once another line
 * has ended (the new bytes hold a LF), which bounds the work by the number of lines. A start line
 * is refused at its first wrong byte, a field with its line, what takes several fields with the
 * head; whatever the bytes so far were found to be, more bytes don't change it. */
#ifndef GATEHOUSE_HTTP_H1_H
#define GATEHOUSE_HTTP_H1_H

#include "http/message.h"

enum h1_result {
    H1_MORE, /* nothing is wrong so far; more bytes are needed */
    H1_DONE,
    H1_BAD, /* struct h1_error says why */
};

/* Why a message is refused. */
struct h1_error {
    uint16_t status;    /* for a request: what to answer (400, 414, 417, 431, 501, 505) */
    size_t at;          /* offset of the first byte that is wrong */
    const char *reason; /* for logs and the manual: "two Host fields" */
};

struct h1_limits {
    size_t head_size;    /* bytes of a head, start line and empty line included */
    unsigned max_fields; /* tune.http.maxhdr */
};

/* Parses a request head (RFC 9112 §2 to §6). Names are put into lower case in place, which is why
 * the bytes are not const. On H1_DONE *msg is complete, its slices point into p (or are constants),
 * *used is the length of the head; empty lines before the request line (at most one CRLF, RFC 9112
 * §2.2) are included in it. msg->fields and msg->max_fields are the caller's scratch (at least
 * limits->max_fields); of the rest of *msg nothing need be set.
 *
 * Where the standards leave a choice:
 * - HTTP/1.2 to 1.9 are read as 1.1; another major version is 505, anything else 400.
 * - A target is visible ASCII without '#'; it is a path, "*" (OPTIONS), host:port (CONNECT), or a
 *   URI of http or https without user information, whose authority must agree with Host (absent
 *   ports are the scheme's). Host has the form of an authority, may be empty, may be missing
 * in 1.0.
 * - Content-Lengths that are equal, in a list or in several fields, become one. Codings: `chunked`
 *   alone; another before it is 501; all else, empty elements and parameters too, is 400.
 * - TRACE and CONNECT have no content.
 * - Expect is 100-continue or 417. Where nothing waits for it (no content, HTTP/1.0) it is dropped.
 * - Connection holds tokens, at most 32, and may name any field but those that say what the message
 *   is or who sent it (host, content-*, transfer-encoding, cache-control, authorization, cookie,
 *   set-cookie, expect, date).
 * - msg->upgrade is set only for one Upgrade field in a request without content, never for h2c, h2,
 *   HTTP or TLS: whoever ignores it has answered it.
 * - A name that servers of the CGI kind confuse with Content-Length or Transfer-Encoding
 *   ("content_length") is 400. */
enum h1_result h1_parse_request(char *p, size_t n, const struct h1_limits *limits,
                                struct http_msg *msg, size_t *used, struct h1_error *err);

/* The same for a response head. `method` is that of the request it answers: it decides whether
 * there is a body (RFC 9112 §6.3). A bad response has status 502 in *err.
 *
 * A status is 100 to 599; the reason, and the blank before it, may be missing. Lengths and codings
 * that a 1xx, a 204 or a 2xx to CONNECT can't have are dropped, and keep_alive is then false, since
 * who knows what its sender sends next. A Connection that is not a list of tokens means "close". */
enum h1_result h1_parse_response(char *p, size_t n, const struct h1_limits *limits,
                                 enum http_method method, struct http_msg *msg, size_t *used,
                                 struct h1_error *err);

/* What the writer decides for the hop that it writes to. */
struct h1_hop {
    enum http_version version; /* to write in the start line */
    enum http_framing framing; /* HTTP_CHUNKED adds transfer-encoding; HTTP_LENGTH writes
                                  content-length where the message had none */
    bool close;                /* say "connection: close" */
    bool say_keep_alive;       /* say "connection: keep-alive" (to HTTP/1.0 peers that asked) */
    bool upgrade;              /* say "connection: upgrade" and pass Upgrade on */
};

/* Writes a request or response head anew from the message, never more than `room` bytes; returns
 * its length, or 0 when it did not fit. Fields marked hop are left out, and so are
 * Content-Length and Transfer-Encoding of the message where hop->framing says otherwise.
 * Content-Length is written from msg->content_length: with HTTP_LENGTH always, with HTTP_NO_BODY in
 * a response that has one (to HEAD, 304). An HTTP/1.1 request without a Host gets one from
 * msg->authority. Bytes that would end a line or a target early are made harmless; 0 too for a
 * method that is no token, an empty target, a status of more or less than three digits. */
size_t h1_write_request(char *out, size_t room, const struct http_msg *msg,
                        const struct h1_hop *hop);
size_t h1_write_response(char *out, size_t room, const struct http_msg *msg,
                         const struct h1_hop *hop);

/* The chunked coding (RFC 9112 §7.1), decoded in place. */
struct h1_chunks {
    uint8_t state;
    uint8_t size_digits;
    uint16_t line;        /* bytes of the chunk's extensions or of the trailer section so far */
    uint8_t trailers;     /* fields of the trailer section so far */
    uint32_t extensions;  /* bytes of extensions, less those that data has paid for */
    uint64_t left;        /* data bytes of the chunk that are still to come */
    struct slice trailer; /* after H1_DONE: the lines of the trailer section, checked, "" if none;
                             in the bytes of the last call */
};

void h1_chunks_init(struct h1_chunks *c);

/* Decodes what it can of the n bytes at p. *used: how many are done with; *data: the body's bytes
 * among them, moved together in place. H1_DONE: the body and its trailers are over, what follows
 * *used belongs to the next message. H1_MORE: call again with the bytes that were not used (part of
 * a trailer section may be left over; it must then stay in front of what comes) and more. H1_BAD:
 * the framing is broken (in *err status 400, whoever sent it); what *data holds came before.
 *
 * Sizes have at most 16 digits and are below 2^63. Extensions must follow their grammar, are read
 * over and never passed on; a line has at most 512 bytes of them, and all may be no more than 16
 * KiB longer than the data so far. A trailer section has at most 8 KiB and 64 fields, and no field
 * that frames or routes a message. */
enum h1_result h1_chunks_decode(struct h1_chunks *c, char *p, size_t n, size_t *used,
                                struct slice *data, struct h1_error *err);

/* Splits a checked trailer section into fields (names already lower case), leaving out those that
 * would change what was decided from the head: credentials, cookies, forwarding, conditions,
 * content and cache metadata (RFC 9110 §6.5.1). At most max; returns how many. */
unsigned h1_trailer_fields(struct slice trailer, struct http_field *fields, unsigned max);

/* The line in front of a chunk of n > 0 bytes ("1000\r\n"): at most 18 bytes at out; its length. */
size_t h1_write_chunk_size(char *out, uint64_t n);

#endif
