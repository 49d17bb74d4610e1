/* SPDX-License-Identifier: Apache-2.0 */
/* JSON written into memory that is there, and valid whatever happens: a member that does not fit is
 * left out whole, and so is what stands in it; json_end then adds `"cut":true` to the outermost
 * object. Bytes that are no UTF-8 are written as if they were Latin-1, control bytes as \u00XX, so
 * that a text never ends a line. No allocation, no errors. */
#ifndef GATEHOUSE_BASE_JSON_TEXT_H
#define GATEHOUSE_BASE_JSON_TEXT_H

#include "base/slice.h"

#include <stdbool.h>

enum { JSON_LEAST = 32 /* room that there must be */ };

struct json_text {
    char *start, *at;
    char *end;        /* members end here: behind it is room for what must be closed */
    unsigned skipped; /* so many levels are open that did not fit */
    bool first;       /* no comma before the next member */
    bool cut;
};

/* The outermost object begins; room >= JSON_LEAST. */
void json_begin(struct json_text *j, char *to, size_t room);
/* And ends: the length of all. */
size_t json_end(struct json_text *j);

/* A member of an object, or with name NULL an element of an array. */
void json_open(struct json_text *j, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json_text *j, char bracket);                  /* '}' or ']' */
void json_i64(struct json_text *j, const char *name, int64_t n);
void json_bool(struct json_text *j, const char *name, bool value);
void json_null(struct json_text *j, const char *name);

/* At most `most` bytes of s; what is longer is cut, which counts as left out. The name may be any
 * text in json_named. */
void json_str(struct json_text *j, const char *name, struct slice s, size_t most);
void json_named(struct json_text *j, struct slice name, struct slice s, size_t most);

#endif
