/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <string.h>

static const char CUT[] = ",\"cut\":true";
static const char HEX[] = "0123456789abcdef";

/* ---- bytes: false, when there is no room ---- */

static bool put(struct json_text *j, struct slice s)
{
    if (s.n > (size_t)(j->end - j->at)) return false;
    j->at = slice_put(j->at, s);
    return true;
}

static bool in_range(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

/* How many bytes the UTF-8 character at p has (RFC 3629 §4: neither overlong ones nor surrogates);
 * 0: it is none. */
static size_t utf8_size(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf;
    size_t size = in_range(p[0], 0xc2, 0xdf)   ? 2
                  : in_range(p[0], 0xe0, 0xef) ? 3
                  : in_range(p[0], 0xf0, 0xf4) ? 4
                                               : 0;

    if (size == 0 || size > n) return 0;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    if (!in_range(p[1], low, high)) return 0;
    for (size_t i = 2; i < size; i++)
        if (!in_range(p[i], 0x80, 0xbf)) return 0;
    return size;
}

static bool put_code(struct json_text *j, unsigned char c)
{
    const char code[6] = { '\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15] };

    return put(j, slice_of(code, sizeof code));
}

/* One character of s; *n is set to its bytes. */
static bool put_char(struct json_text *j, struct slice s, size_t *n)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t wide = c >= 0x80 ? utf8_size(s.p, s.n) : 1;
    const char escaped[2] = { '\\', (char)c };

    *n = wide ? wide : 1;
    if (c == '"' || c == '\\') return put(j, slice_of(escaped, 2));
    if (c < ' ' || c == 0x7f || !wide) return put_code(j, c);
    return put(j, slice_of(s.p, wide));
}

/* In quotes. */
static bool put_text(struct json_text *j, struct slice s, size_t most)
{
    size_t n;

    if (!put(j, SLICE("\""))) return false;
    for (size_t i = 0; i < s.n; i += n) {
        if (i >= most) {
            j->cut = true;
            break;
        }
        if (!put_char(j, slice_from(s, i), &n)) return false;
    }
    return put(j, SLICE("\""));
}

/* ---- members ---- */

static bool put_name(struct json_text *j, struct slice name)
{
    if (!j->first && !put(j, SLICE(","))) return false;
    return !name.p || (put_text(j, name, SIZE_MAX) && put(j, SLICE(":")));
}

/* Either all of the member is there, or nothing. */
static void settle(struct json_text *j, char *before, bool fits)
{
    if (fits) {
        j->first = false;
        return;
    }
    j->at = before;
    j->cut = true;
}

static struct slice name_of(const char *name)
{
    return name ? slice_str(name) : slice_of(NULL, 0);
}

static void put_word(struct json_text *j, const char *name, struct slice word)
{
    char *before = j->at;

    if (!j->skipped) settle(j, before, put_name(j, name_of(name)) && put(j, word));
}

void json_open(struct json_text *j, const char *name, char bracket)
{
    char *before = j->at;

    if (j->skipped) {
        j->skipped++;
        return;
    }
    j->end--; /* for the other bracket */
    if (j->end > j->at && put_name(j, name_of(name)) && put(j, slice_of(&bracket, 1))) {
        j->first = true;
        return;
    }
    j->end++;
    j->at = before;
    j->cut = true;
    j->skipped = 1;
}

void json_close(struct json_text *j, char bracket)
{
    if (j->skipped) {
        j->skipped--;
        return;
    }
    j->end++;
    *j->at++ = bracket;
    j->first = false;
}

void json_i64(struct json_text *j, const char *name, int64_t n)
{
    char digits[21], *p = digits;

    if (n < 0) *p++ = '-';
    p = slice_put_u64(p, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
    put_word(j, name, slice_between(digits, p));
}

void json_bool(struct json_text *j, const char *name, bool value)
{
    put_word(j, name, value ? SLICE("true") : SLICE("false"));
}

void json_null(struct json_text *j, const char *name)
{
    put_word(j, name, SLICE("null"));
}

void json_named(struct json_text *j, struct slice name, struct slice s, size_t most)
{
    char *before = j->at;

    if (!j->skipped) settle(j, before, put_name(j, name) && put_text(j, s, most));
}

void json_str(struct json_text *j, const char *name, struct slice s, size_t most)
{
    json_named(j, name_of(name), s, most);
}

/* ---- all of it ---- */

void json_begin(struct json_text *j, char *to, size_t room)
{
    *j = (struct json_text){ .start = to, .at = to + 1, .first = true };
    j->end = to + room - sizeof CUT; /* CUT without its NUL, and a bracket */
    *to = '{';
}

size_t json_end(struct json_text *j)
{
    struct slice cut = slice_str(CUT);

    j->end += sizeof CUT;
    if (j->cut) put(j, j->first ? slice_from(cut, 1) : cut);
    *j->at++ = '}';
    return (size_t)(j->at - j->start);
}
