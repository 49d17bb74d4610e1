/* SPDX-License-Identifier: Apache-2.0 */
/* Finding one value in a JSON text (RFC 8259) by a path, without building anything: one pass, no
 * memory, and nesting is bounded. It is as lenient as what HAProxy uses, since results must be the
 * same: what follows the value is not looked at, numbers may begin with 0 or lack digits, a comma
 * may stand before a closing bracket. */
#ifndef GATEHOUSE_POLICY_JSON_FIND_H
#define GATEHOUSE_POLICY_JSON_FIND_H

#include "base/slice.h"

enum json_kind { JSON_NONE, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

enum { JSON_NESTING = 20 };

/* What the path leads to, and its text (of strings what stands between the quotes, with its
 * escapes); JSON_NONE when there is no such value, when it is an object or an array, or when the
 * text is no JSON before it. Paths: "$" is the whole, ".name" a member, "[3]" an element; a
 * backslash in a name takes the next character as it is. Names are compared as the text writes
 * them, with their escapes. */
enum json_kind json_find(struct slice text, struct slice path, struct slice *value);

/* The number that text begins with ("-12.5e3"). *used: how many bytes. */
double json_number(struct slice text, size_t *used);

/* Writes a string's text without its escapes to out (text.n bytes at most), and returns the
 * position behind it; NULL for escapes that HAProxy knows nothing of: "\/" and "\u0100" and above
 * (those below become one byte). */
char *json_unescape(char *out, struct slice text);

#endif
