/* SPDX-License-Identifier: Apache-2.0 */
/* How a line of the Runtime API is read. Management manual: section 9.3.
 *
 * A line holds commands separated by ';', a command holds words separated by blanks. A backslash
 * takes the meaning of the byte behind it and vanishes. Quotes mean nothing. A line that ends with
 * the word "<<" is followed by a payload, which an empty line ends. No I/O, no memory. */
#ifndef GATEHOUSE_OPS_API_LINE_H
#define GATEHOUSE_OPS_API_LINE_H

#include "base/slice.h"

enum { API_WORDS_MAX = 64 }; /* of one command; the words behind them are dropped, as in HAProxy */

/* The line without what ends it: the carriage return of a telnet client, or everything from a NUL
 * on. */
struct slice api_line_trim(struct slice line);

/* Takes the "<<" off a line that a payload follows. */
bool api_line_take_payload(struct slice *line);

/* Takes the next command off [*at, end): its words, each ended by a NUL, are in place of the text.
 * *end must be writable. *at is behind the ';' afterwards, or NULL when that was the last command.
 * Returns the number of words, which may be 0. */
unsigned api_line_command(char **at, char *end, const char *words[API_WORDS_MAX]);

#endif
