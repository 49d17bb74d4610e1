/* SPDX-License-Identifier: Apache-2.0 */
/* The answer that a health check reads: raw bytes, or an HTTP response. Bytes in, facts out; no
 * I/O. What comes is kept up to the buffer's size (tune.bufsize); what is beyond it is not looked
 * at. */
#ifndef GATEHOUSE_UPSTREAM_CHECK_RESPONSE_H
#define GATEHOUSE_UPSTREAM_CHECK_RESPONSE_H

#include "http/h1.h"

enum { CHECK_FIELDS = 101 }; /* tune.http.maxhdr's default, which bounds an answer's fields */

enum check_answer {
    ANSWER_HEAD,   /* HTTP: its head has not come whole */
    ANSWER_BODY,   /* the head is there, the body (or the raw bytes) as far as it has come */
    ANSWER_WHOLE,  /* nothing more will come, or be looked at */
    ANSWER_BROKEN, /* HTTP: it is no response */
};

struct check_response {
    char *p; /* the caller's buffer */
    size_t size, n;
    bool http;
    enum http_method method; /* of the request that it answers */
    enum check_answer state;
    bool closed;    /* the server sends no more */
    size_t head;    /* HTTP: bytes of its head, those of 1xx before it included */
    size_t decoded; /* HTTP: what lies behind the head up to here is the body */
    size_t looked;  /* in so many bytes the end of a head was looked for in vain */
    struct h1_chunks chunks;
    struct http_msg msg; /* once the head is there; its slices point into the buffer */
    struct http_field fields[CHECK_FIELDS];
};

void check_response_init(struct check_response *r, char *p, size_t size, bool http,
                         enum http_method method);

/* n bytes more were put behind those that are there, or (closed) nothing will come any more. */
void check_response_grown(struct check_response *r, size_t n, bool closed);

/* The raw bytes, or the body as far as it has come. */
struct slice check_response_body(const struct check_response *r);

/* Where the next bytes go. */
static inline size_t check_response_room(const struct check_response *r)
{
    return r->size - r->n;
}

#endif
