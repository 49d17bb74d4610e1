/* SPDX-License-Identifier: Apache-2.0 */
/* Any texts, in any order, in any room: what comes out is one JSON object in UTF-8 without a
 * control byte, as a reader written for this test alone has it (RFC 8259, RFC 3629). The first byte
 * chooses the room. */
#include "base/json_text.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool holds, const char *text, int line)
{
    if (holds) return;
    fprintf(stderr, "line %d: %s\n", line, text);
    abort();
}

/* ---- The reader: true, and *p behind it, when a value stands there ---- */

static bool word(const char **p, const char *end, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(end - *p) < n || memcmp(*p, text, n) != 0) return false;
    *p += n;
    return true;
}

static bool number(const char **p, const char *end)
{
    const char *from;

    if (*p < end && **p == '-') ++*p;
    from = *p;
    while (*p < end && **p >= '0' && **p <= '9') ++*p;
    return *p > from && (*from != '0' || *p == from + 1);
}

/* A character beyond ASCII: its code point must need as many bytes as it has. */
static bool wide(const char **p, const char *end)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = (unsigned char)**p;
    unsigned n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2, code = c & (0xffu >> (n + 1));

    if (c < 0xc0 || c >= 0xf8 || (size_t)(end - *p) < n) return false;
    for (unsigned i = 1; i < n; i++) {
        if (((unsigned char)(*p)[i] & 0xc0) != 0x80) return false;
        code = code << 6 | ((unsigned char)(*p)[i] & 0x3f);
    }
    *p += n;
    return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static bool string(const char **p, const char *end)
{
    if (!word(p, end, "\"")) return false;
    while (*p < end && **p != '"') {
        if (word(p, end, "\\u00")) {
            for (int i = 0; i < 2; i++, ++*p)
                if (*p == end || !strchr("0123456789abcdef", **p)) return false;
        } else if (**p == '\\') {
            if (!word(p, end, "\\\\") && !word(p, end, "\\\"")) return false;
        } else if ((unsigned char)**p >= 0x80) {
            if (!wide(p, end)) return false;
        } else {
            ++*p;
        }
    }
    return word(p, end, "\"");
}

static bool value(const char **p, const char *end);

static bool members(const char **p, const char *end, bool named, const char *close)
{
    if (word(p, end, close)) return true;
    for (;;) {
        if (named && (!string(p, end) || !word(p, end, ":"))) return false;
        if (!value(p, end)) return false;
        if (word(p, end, close)) return true;
        if (!word(p, end, ",")) return false;
    }
}

static bool value(const char **p, const char *end)
{
    if (word(p, end, "{")) return members(p, end, true, "}");
    if (word(p, end, "[")) return members(p, end, false, "]");
    if (*p < end && **p == '"') return string(p, end);
    return word(p, end, "null") || word(p, end, "true") || word(p, end, "false") || number(p, end);
}

/* ---- The writer, fed with the input ---- */

enum { DEPTH = 8 };

static struct slice take(struct slice *rest, size_t n)
{
    struct slice s = slice_of(rest->p, n < rest->n ? n : rest->n);

    *rest = slice_from(*rest, s.n);
    return s;
}

/* One member. Keys are numbered, since JSON's must differ. */
static void add(struct json_text *j, unsigned char op, struct slice *rest, char *open,
                unsigned *depth, unsigned number)
{
    char key[16];
    const char *name = *depth && open[*depth - 1] == '[' ? NULL : key;

    snprintf(key, sizeof key, "k%u", number);
    switch (op % 6) {
    case 0: json_i64(j, name, (int64_t)op * INT64_C(-1000000007)); break;
    case 1: json_null(j, name); break;
    case 2:
        if (*depth == DEPTH) break;
        open[*depth] = op & 64 ? '[' : '{';
        json_open(j, name, open[(*depth)++]);
        break;
    case 3:
        if (*depth) json_close(j, open[--*depth] == '[' ? ']' : '}');
        break;
    default: json_str(j, name, take(rest, op), op & 8 ? 5 : SIZE_MAX); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    size_t room = JSON_LEAST + (size ? data[0] * 4u : 0), n;
    char *out = mem_alloc(room), open[DEPTH];
    struct json_text j;
    const char *p = out;
    unsigned depth = 0, count = 0;

    take(&rest, 1);
    json_begin(&j, out, room);
    while (rest.n) add(&j, (unsigned char)*take(&rest, 1).p, &rest, open, &depth, count++);
    while (depth) json_close(&j, open[--depth] == '[' ? ']' : '}');
    n = json_end(&j);
    CHECK(n <= room);
    for (size_t i = 0; i < n; i++) CHECK((unsigned char)out[i] >= ' ' && out[i] != 0x7f);
    CHECK(value(&p, out + n) && p == out + n && *out == '{');
    free(out);
    return 0;
}
