/* SPDX-License-Identifier: Apache-2.0 */
/* Format strings: text with "%[expression]" and items ("%ci"), compiled once into an array.
 * HAProxy's manual, 8.2.6.
 *
 * "%%" is a percent sign; one before what can't begin an item ("%-") is dropped, before a digit, a
 * blank or the end it is an error. Flags stand in braces before an item or an expression
 * ("%{+Q,-X}ci"); "%{+Q}o" alone sets them for all that follow. Unknown flags say nothing. */
#ifndef GATEHOUSE_POLICY_FORMAT_H
#define GATEHOUSE_POLICY_FORMAT_H

#include "policy/expr.h"

struct format;

/* Flags that a format, an item or an expression may have. A set. */
enum {
    FORMAT_QUOTE = 1 << 0,    /* Q: in quotes, which are there for no value too */
    FORMAT_HEX = 1 << 1,      /* X: items that are addresses, ports, numbers */
    FORMAT_ESCAPE = 1 << 2,   /* E: RFC 5424's structured data: backslashes before " \ ] */
    FORMAT_OPTIONAL = 1 << 3, /* nothing for no value, where logs have "-" (+M has it too) */
    /* Of a whole format: */
    FORMAT_HTTP = 1 << 4,   /* expressions: control bytes, but for tabs, become %XX; no quotes */
    FORMAT_SPACES = 1 << 5, /* keep blanks as they are; without it those that stand together become
                               one, and none stands in front */
    FORMAT_RAW = 1 << 6,    /* control bytes are kept; a NUL ends a value */
    FORMAT_TCP = 1 << 7,    /* compiling: the proxy is not in mode http, so some items can't be */
};

/* What format_parse is asked for. */
enum {
    FORMAT_FOR_LOG = 0, /* log-format */
    FORMAT_FOR_HTTP = FORMAT_OPTIONAL | FORMAT_HTTP |
                      FORMAT_SPACES,               /* headers, URIs, bodies, keys */
    FORMAT_FOR_ID = FORMAT_OPTIONAL | FORMAT_HTTP, /* unique-id-format */
    FORMAT_FOR_TEXT = FORMAT_OPTIONAL | FORMAT_SPACES | FORMAT_RAW, /* values nobody parses */
};

/* Where the text of an item goes. Bounded: what does not fit is cut, and `cut` is set. */
struct format_out {
    char *at, *end;
    bool cut;
    /* Set: memory grows, in the arena, up to `most` bytes from `start`. */
    struct arena *arena;
    char *start;
    size_t most;
    bool absent; /* set by an item that is not there at all: the blanks around it are one */
};

void format_put(struct format_out *o, struct slice s);
void format_put_u64(struct format_out *o, uint64_t n);
void format_put_i64(struct format_out *o, int64_t n);
void format_put_hex(struct format_out *o, uint64_t n, unsigned digits); /* upper case */

/* With the item's flags: quotes, escapes, "-" for nothing (unless FORMAT_OPTIONAL or quoted).
 * Control bytes become #XX, so that a value can't end a log's line. */
void format_put_text(struct format_out *o, struct slice s, unsigned flags);

/* The same for what a client sent: more bytes become #XX, nothing stays nothing. */
enum format_set {
    FORMAT_SET_URI,      /* control bytes, those above 126, " and # */
    FORMAT_SET_CAPTURES, /* and { | } */
};
void format_put_encoded(struct format_out *o, struct slice s, unsigned flags, enum format_set set);

/* With FORMAT_HEX the 4 or 16 bytes, the port's two; else as text. NULL or no port: nothing. */
void format_put_address(struct format_out *o, const struct sockaddr *sa, unsigned flags);
void format_put_port(struct format_out *o, const struct sockaddr *sa, unsigned flags);

/* An item is a row: "ci". The gateway has most of them; "o" is format.c's own. */
struct format_item {
    const char *name; /* letters and digits */
    uint8_t need;     /* enum policy_need; HAProxy does not ask, so this is for the manual */
    uint8_t http;     /* only where the proxy is in mode http */
    void (*put)(struct context *c, struct format_out *o, unsigned flags, const struct arg *args);
    const char *doc;
};

struct format_item_table {
    const char *title;
    const struct format_item *rows;
    unsigned n;
};

/* Compiles a format. `flags`: FORMAT_FOR_…. NULL: an error was reported. */
const struct format *format_parse(struct policy_cfg *pc, const struct word *at, unsigned flags);

/* The text, in c's arena (or the configuration's), at most `most` bytes. */
struct slice format_text(const struct format *f, struct context *c, size_t most);

/* The same into memory that is there (a log ring): its length. */
size_t format_write(const struct format *f, struct context *c, char *out, size_t room);

/* The text when the format has no variable part; else false. */
bool format_is_constant(const struct format *f, struct slice *out);

#endif
