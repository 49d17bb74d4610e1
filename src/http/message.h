/* SPDX-License-Identifier: Apache-2.0 */
/* The message: what a request or a response is, whatever protocol carried it. Protocol modules
 * fill it in from the wire and write it anew for the other side; policy sees nothing else.
 *
 * A message owns nothing: its slices and its field list live in the arena of the request (or, for
 * a moment, in the parser's scratch), and are freed with it. One thread at a time. */
#ifndef GATEHOUSE_HTTP_MESSAGE_H
#define GATEHOUSE_HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/slice.h"

enum http_version {
    HTTP_1_0 = 10,
    HTTP_1_1 = 11,
    HTTP_2_0 = 20,
};

/* Methods that something here treats specially; all others are HTTP_METHOD_OTHER. */
enum http_method {
    HTTP_METHOD_OTHER,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_CONNECT,
    HTTP_OPTIONS,
    HTTP_TRACE,
    HTTP_PATCH,
};

/* Field names that the gateway itself looks at; found once, when a head is parsed. */
enum http_field_id {
    HTTP_FIELD_OTHER,
    HTTP_FIELD_HOST,
    HTTP_FIELD_CONNECTION,
    HTTP_FIELD_CONTENT_LENGTH,
    HTTP_FIELD_TRANSFER_ENCODING,
    HTTP_FIELD_KEEP_ALIVE,
    HTTP_FIELD_PROXY_CONNECTION,
    HTTP_FIELD_PROXY_AUTHENTICATE,
    HTTP_FIELD_PROXY_AUTHORIZATION,
    HTTP_FIELD_TE,
    HTTP_FIELD_TRAILER,
    HTTP_FIELD_UPGRADE,
    HTTP_FIELD_EXPECT,
    HTTP_FIELD_COOKIE,
    HTTP_FIELD_SET_COOKIE,
    HTTP_FIELD_AUTHORIZATION,
    HTTP_FIELD_DATE,
    HTTP_FIELD_HTTP2_SETTINGS,
    HTTP_FIELD_IDS,
};

struct http_field {
    struct slice name;  /* lower case */
    struct slice value; /* no blanks at either end */
    uint8_t id;         /* enum http_field_id */
    bool hop;           /* for this hop only (RFC 9110 §7.6.1): never written to the other side */
    bool checked;       /* a parser saw that the value is text; writers look at the others */
};

/* How the end of a body is known (RFC 9112 §6). */
enum http_framing {
    HTTP_NO_BODY,
    HTTP_LENGTH,      /* content_length bytes; may be 0 */
    HTTP_CHUNKED,     /* or, from HTTP/2: until the stream ends */
    HTTP_UNTIL_CLOSE, /* responses of HTTP/1 servers only */
};

struct http_msg {
    /* request */
    uint8_t method; /* enum http_method */
    uint8_t asked;  /* with method_set: the method before a rule changed it; see http_msg_asked */
    bool method_set;
    bool absolute; /* the target came in absolute form, or is CONNECT's authority */
    struct slice method_name;
    struct slice target;    /* as it came: origin, absolute, authority form, or "*" */
    struct slice authority; /* of the target in absolute or authority form, else Host's value */
    struct slice path;      /* path and query of the target; empty for CONNECT, "*" for "*"; for an
                               absolute target that is an authority alone "/", or "*" (OPTIONS) */

    /* response */
    uint16_t status;
    struct slice reason;

    /* both */
    uint8_t version; /* enum http_version, of who sent it */
    uint8_t framing; /* enum http_framing */
    bool keep_alive; /* its sender would use the connection again */
    bool upgrade;    /* `upgrade` is named by Connection and an Upgrade field is there */
    bool expect_continue;
    bool te_trailers;           /* the sender takes trailers (TE: trailers) */
    uint64_t content_length;    /* with HTTP_LENGTH; in answers to HEAD and 304 what was said */
    bool has_content_length;    /* a Content-Length field is there */
    struct slice upgrade_value; /* the value of Upgrade, when upgrade is set */

    bool has_hop; /* false: no field is marked `hop` */
    uint16_t n_fields, max_fields;
    struct http_field *fields; /* in the order of arrival */
};

/* The method's number by name; case matters (RFC 9110 §9.1). */
enum http_method http_method_find(struct slice name);

/* Safe to send again without asking anyone (RFC 9110 §9.2.2). */
bool http_method_idempotent(enum http_method m);

/* The number of a field name in lower case. */
enum http_field_id http_field_find(struct slice lower_name);

/* The first field with that id, or with that name in lower case; NULL when there is none. */
struct http_field *http_msg_field(const struct http_msg *m, enum http_field_id id);
struct http_field *http_msg_field_named(const struct http_msg *m, struct slice lower_name);

/* True for the fields that end at the next hop whatever else is said (RFC 9110 §7.6.1): their
 * meaning is in the model (keep_alive, framing, te_trailers, upgrade), and the writer says anew
 * what holds for the other side. */
static inline bool http_field_is_hop(enum http_field_id id)
{
    const unsigned set = 1u << HTTP_FIELD_CONNECTION | 1u << HTTP_FIELD_KEEP_ALIVE |
                         1u << HTTP_FIELD_PROXY_CONNECTION | 1u << HTTP_FIELD_TE |
                         1u << HTTP_FIELD_TRANSFER_ENCODING | 1u << HTTP_FIELD_UPGRADE |
                         1u << HTTP_FIELD_HTTP2_SETTINGS;
    return set >> id & 1;
}

/* Ends a field at this hop. */
static inline void http_field_drop(struct http_msg *m, struct http_field *f)
{
    f->hop = m->has_hop = true;
}

/* Appends a field; name must be lower case, and both must live as long as the arena. The message
 * keeps one meaning: a hop-by-hop field is marked so, the first Content-Length that is a number
 * sets content_length, any other is marked hop. */
void http_msg_add(struct http_msg *m, struct arena *a, struct slice name, struct slice value);

void http_msg_grow(struct http_msg *m, struct arena *a); /* for http_msg_append: room for fields */

/* The same for a field whose number is known, and is not Content-Length's. There must be fewer than
 * UINT16_MAX. */
static inline void http_msg_append(struct http_msg *m, struct arena *a, struct slice name,
                                   struct slice value, enum http_field_id id)
{
    bool hop = http_field_is_hop(id);

    if (m->n_fields == m->max_fields) http_msg_grow(m, a);
    m->fields[m->n_fields++] =
        (struct http_field){ .name = name, .value = value, .id = (uint8_t)id, .hop = hop };
    m->has_hop |= hop;
}

/* Removes the i-th field, keeping the order of the others. */
void http_msg_remove(struct http_msg *m, unsigned i);

/* ---- what rules do to fields; the model follows ----
 *
 * A field that a rule adds is sent, whatever the message's own Connection names. The framing stays
 * what it is: Content-Length and Transfer-Encoding are seen by later rules and change nothing on
 * the wire. Without Upgrade, or Connection's word for it, nothing is upgraded. A Host (of a
 * request) changes authority and target too, and only the last one that was added is sent. All
 * return false, with nothing changed, when the message can't have that. */

/* Appends a field. */
bool http_msg_put(struct http_msg *m, struct arena *a, struct slice name, struct slice value);

/* Removes all fields of that name, then appends one. */
bool http_msg_set(struct http_msg *m, struct arena *a, struct slice name, struct slice value);

/* Gives the i-th field another value. */
bool http_msg_change(struct http_msg *m, struct arena *a, unsigned i, struct slice value);

/* Removes the i-th field. */
void http_msg_drop(struct http_msg *m, unsigned i);

/* Removes all fields of that name, which is in lower case; how many. */
unsigned http_msg_remove_named(struct http_msg *m, struct slice lower_name);

/* The method that the client sent: the one that decides what its answer looks like, whatever a rule
 * has made of it for the server. */
static inline enum http_method http_msg_asked(const struct http_msg *m)
{
    return (enum http_method)(m->method_set ? m->asked : m->method);
}

/* Copies into *to what *from refers to: all of it lies in the n bytes at base, which are copied
 * into the arena in one piece; the field list is copied with room for a few more. */
void http_msg_take(struct http_msg *to, const struct http_msg *from, const char *base, size_t n,
                   struct arena *a);

/* The length of the element that s, the value of a list field (RFC 9110 §5.6.1), begins with: up to
 * its comma, or all of s. Commas within quoted strings (§5.6.4) don't count; one that is not closed
 * reaches to the end. */
size_t http_list_element(struct slice s);

/* True if the value of a list field contains the token, whatever its case. */
bool http_list_has(struct slice value, struct slice token);

/* The next element of a comma-separated list, trimmed; false at its end. Empty elements are
 * skipped; commas within quoted strings don't count. */
bool http_list_next(struct slice *rest, struct slice *element);

#endif
