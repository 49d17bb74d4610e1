/* SPDX-License-Identifier: Apache-2.0 */
/* What request heads, response heads and trailer sections share: the lines of fields, and the
 * fields that say where a message ends and what happens to its connection. Internal to the HTTP/1
 * parser; http/h1.h is its interface. */
#ifndef GATEHOUSE_HTTP_H1_HEAD_H
#define GATEHOUSE_HTTP_H1_HEAD_H

#include "http/h1.h"

/* Where a parse stands. What was found of the fields known by id is kept by id, so that the
 * questions at the end of the head need no search. */
struct h1_parse {
    char *base, *at, *end; /* all bytes; the next to look at; the end of those that may be */
    struct http_msg *msg;
    struct h1_error *err;
    unsigned max_fields;
    bool request;
    bool chunked;                   /* the last coding so far is chunked */
    bool other_coding;              /* there is a coding that is not */
    bool closes;                    /* a response that ends its connection whatever it says */
    uint32_t seen, twice;           /* bits by id: at least one, at least two */
    uint16_t first[HTTP_FIELD_IDS]; /* of the ids seen: where in msg->fields */
};

/* Sets up *h for the n bytes at p, or as many as a head may have, and clears *msg but for its field
 * list. `request` is left to the caller. */
void h1_begin(struct h1_parse *h, char *p, size_t n, const struct h1_limits *limits,
              struct http_msg *msg, struct h1_error *err);

/* Fills in *err for the byte at `at`, and returns H1_BAD. */
enum h1_result h1_bad(struct h1_parse *h, unsigned status, const char *at, const char *reason);

/* Steps over CR LF at h->at. */
enum h1_result h1_line_end(struct h1_parse *h);

/* Parses one line of a field at h->at: the name goes into lower case in place, the value loses its
 * blanks at both ends. H1_DONE: *f has name and value, h->at is behind the line. */
enum h1_result h1_field_line(struct h1_parse *h, struct http_field *f);

/* Parses all lines up to and with the empty one into h->msg. */
enum h1_result h1_fields(struct h1_parse *h);

/* Reads the fields that matter to both kinds of message, when all are there: Connection and what
 * it names, Upgrade, TE. Before this the framing must have been decided. */
enum h1_result h1_connection(struct h1_parse *h);

static inline bool h1_seen(const struct h1_parse *h, enum http_field_id id)
{
    return h->seen >> id & 1;
}

/* The first field with an id that was seen. */
static inline struct http_field *h1_first(const struct h1_parse *h, enum http_field_id id)
{
    return &h->msg->fields[h->first[id]];
}

/* Marks all fields with an id as of this hop. */
void h1_drop(struct h1_parse *h, enum http_field_id id);

#endif
