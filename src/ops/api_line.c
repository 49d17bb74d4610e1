/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/api_line.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice api_line_trim(struct slice line)
{
    ptrdiff_t nul = slice_find(line, '\0');

    if (nul >= 0) line.n = (size_t)nul;
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

bool api_line_take_payload(struct slice *line)
{
    size_t n = line->n;

    if (n < 2 || line->p[n - 1] != '<' || line->p[n - 2] != '<') return false;
    if (n > 2 && !is_blank(line->p[n - 3])) return false;
    line->n -= 2;
    return true;
}

/* Copies a word down to `to` without its backslashes and returns where it ends. *from: behind it.
 */
static char *take_word(char **from, const char *end, char *to)
{
    char *p = *from;

    for (; p < end && !is_blank(*p) && *p != ';'; p++) {
        if (*p == '\\' && p + 1 < end) p++;
        *to++ = *p;
    }
    *from = p;
    return to;
}

unsigned api_line_command(char **at, char *end, const char *words[API_WORDS_MAX])
{
    char *p = *at, *to = *at;
    unsigned n = 0;

    for (;;) {
        while (p < end && is_blank(*p)) p++;
        if (p == end || *p == ';') break;
        if (n < API_WORDS_MAX) words[n++] = to;
        to = take_word(&p, end, to);
        /* The byte that ended the word may be under the NUL: look at it first. */
        if (p == end || *p == ';') break;
        p++;
        *to++ = '\0';
    }
    *at = p < end ? p + 1 : NULL;
    *to = '\0';
    return n;
}
