/* SPDX-License-Identifier: Apache-2.0 */
/* Converters between bytes and their spellings: URL encoding, base64 and base64url (RFC 4648),
 * hexadecimal and decimal numbers. Where the result would be longer than a sample may be, base64
 * gives none and the others cut it, each as HAProxy does. */
#include "policy/converters.h"

static const char UPPER_HEX[] = "0123456789ABCDEF";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static char *put_hex(char *p, uint8_t byte)
{
    *p++ = UPPER_HEX[byte >> 4];
    *p++ = UPPER_HEX[byte & 15];
    return p;
}

/* ---- URLs ---- */

/* '+' is a space in forms and behind the '?' of a URL. Ends at a NUL. */
static bool url_dec(struct context *c, const struct arg *args, struct sample *s)
{
    bool form = args[0].given && args[0].sint;
    char *out = context_room(c, s->str.n), *p = out;
    const char *in = s->str.p, *end = in + s->str.n;

    if (!out) return false;
    for (; in < end && *in; in++) {
        if (*in == '%') {
            int high = end - in > 2 ? hex_value(in[1]) : -1,
                low = high >= 0 ? hex_value(in[2]) : -1;
            if (low < 0) return false;
            *p++ = (char)(high << 4 | low);
            in += 2;
        } else {
            *p++ = form && *in == '+' ? ' ' : *in;
            if (*in == '?') form = true;
        }
    }
    return sample_str(s, slice_between(out, p));
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static bool url_enc(struct context *c, const struct arg *args, struct sample *s)
{
    size_t most = context_most(c) - 1, n = 3 * s->str.n; /* HAProxy keeps a byte for a NUL */
    char *out = context_room(c, n < most ? n : most), *p = out;

    (void)args;
    if (!out) return false;
    for (size_t i = 0; i < s->str.n; i++) {
        size_t left = most - (size_t)(p - out);
        if (is_unreserved(s->str.p[i])) {
            if (left == 0) break;
            *p++ = s->str.p[i];
        } else {
            if (left <= 3) break;
            *p++ = '%';
            p = put_hex(p, (uint8_t)s->str.p[i]);
        }
    }
    return sample_str(s, slice_between(out, p));
}

static bool check_url_enc(struct policy_cfg *pc, struct arg *args)
{
    if (args[0].str.n == 0 || slice_is(args[0].str, "query")) return true;
    return arg_error(pc, &args[0], "there is one way to encode, 'query'");
}

/* ---- base64 ---- */

static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char FOR_URLS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *put_base64(char *p, struct slice in, const char *alphabet, bool pad)
{
    size_t i = 0;

    for (; i + 2 < in.n; i += 3) {
        uint32_t bits = (uint32_t)(uint8_t)in.p[i] << 16 | (uint32_t)(uint8_t)in.p[i + 1] << 8 |
                        (uint8_t)in.p[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) *p++ = alphabet[bits >> shift & 63];
    }
    if (i < in.n) {
        bool two = i + 1 < in.n;
        uint32_t bits = (uint32_t)(uint8_t)in.p[i] << 16;
        if (two) bits |= (uint32_t)(uint8_t)in.p[i + 1] << 8;
        *p++ = alphabet[bits >> 18];
        *p++ = alphabet[bits >> 12 & 63];
        if (two) *p++ = alphabet[bits >> 6 & 63];
        if (pad) *p++ = '=';
        if (pad && !two) *p++ = '=';
    }
    return p;
}

enum { BASE64_PLAIN, BASE64_URL };

static bool base64_encode(struct context *c, const struct arg *args, struct sample *s)
{
    bool plain = args_param(args) == BASE64_PLAIN;
    size_t n = (s->str.n + 2) / 3 * 4; /* counted with padding for both */
    char *out = n < context_most(c) ? context_room(c, n) : NULL;

    if (!out) return false;
    return sample_str(s,
                      slice_between(out, put_base64(out, s->str, plain ? PLAIN : FOR_URLS, plain)));
}

/* 0 to 63, or -1. */
static int base64_value(char c, bool plain)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (plain ? '+' : '-')) return 62;
    if (c == (plain ? '/' : '_')) return 63;
    return -1;
}

static char *put_bytes(char *p, uint32_t bits, unsigned n)
{
    if (n > 0) *p++ = (char)(bits >> 16);
    if (n > 1) *p++ = (char)(bits >> 8);
    if (n > 2) *p++ = (char)bits;
    return p;
}

/* Each four characters may end in one to three '=', anywhere in the text, and then stand for as
 * many bytes less. NULL: it is not base64. */
static char *take_base64(char *p, struct slice in)
{
    if (in.n % 4) return NULL;
    for (size_t i = 0; i < in.n; i += 4) {
        uint32_t bits = 0;
        unsigned padding = 0;
        for (size_t k = i; k < i + 4; k++) {
            int v = base64_value(in.p[k], true);
            if (in.p[k] == '=' && k > i) {
                padding++;
                v = 0;
            } else if (v < 0 || padding) {
                return NULL;
            }
            bits = bits << 6 | (uint32_t)v;
        }
        p = put_bytes(p, bits, 3 - padding);
    }
    return p;
}

/* Nothing is padded; '=' counts as '_', as in HAProxy. */
static char *take_base64url(char *p, struct slice in)
{
    if (in.n % 4 == 1) return NULL;
    for (size_t i = 0; i < in.n; i += 4) {
        size_t k = i;
        uint32_t bits = 0;
        for (; k < i + 4 && k < in.n; k++) {
            int v = in.p[k] == '=' ? 63 : base64_value(in.p[k], false);
            if (v < 0) return NULL;
            bits = bits << 6 | (uint32_t)v;
        }
        p = put_bytes(p, bits << 6 * (4 - (k - i)), (unsigned)(k - i - 1));
    }
    return p;
}

char *convert_base64_decode(char *out, struct slice in)
{
    return take_base64(out, in);
}

static bool base64_decode(struct context *c, const struct arg *args, struct sample *s)
{
    char *out = context_room(c, s->str.n / 4 * 3 + 3), *end;

    if (!out) return false;
    end = args_param(args) == BASE64_PLAIN ? take_base64(out, s->str) : take_base64url(out, s->str);
    return end && sample_bin(s, slice_between(out, end));
}

/* ---- numbers ---- */

static bool to_hex(struct context *c, const struct arg *args, struct sample *s)
{
    size_t most = context_most(c) / 2, n = s->str.n < most ? s->str.n : most;
    char *out = context_room(c, 2 * n), *p = out;

    (void)args;
    if (!out) return false;
    for (size_t i = 0; i < n; i++) p = put_hex(p, (uint8_t)s->str.p[i]);
    return sample_str(s, slice_between(out, p));
}

/* Of more than 16 digits the last ones count. */
static bool hex_to_int(struct context *c, const struct arg *args, struct sample *s)
{
    uint64_t n = 0;

    (void)c;
    (void)args;
    for (size_t i = 0; i < s->str.n; i++) {
        int v = hex_value(s->str.p[i]);
        if (v < 0) return false;
        n = n << 4 | (uint64_t)v;
    }
    return sample_sint(s, (int64_t)n);
}

static bool to_network_order(struct context *c, const struct arg *args, struct sample *s)
{
    uint32_t n = htonl((uint32_t)s->sint);
    char *out = context_room(c, sizeof n);

    (void)args;
    if (!out) return false;
    memcpy(out, &n, sizeof n);
    return sample_bin(s, slice_of(out, sizeof n));
}

/* be2hex and be2dec: args are a separator, the size of a chunk, and whether a last chunk that is
 * not whole is left out. */
static struct slice chunked_input(const struct arg *args, struct slice in, size_t size)
{
    if (args[2].given && args[2].sint) in.n -= in.n % size;
    return in;
}

static bool to_chunked_hex(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice separator = args[0].str;
    bool whole = separator.n == 0 && !(args[2].given && args[2].sint);
    size_t size = whole ? s->str.n : (size_t)args[1].sint, most = context_most(c), need, done = 0;
    struct slice in = chunked_input(args, s->str, size ? size : 1);
    char *out, *p;

    if (size == 0 || in.n == 0) return sample_str(s, slice_of(in.p, 0));
    need = 2 * in.n + (in.n - 1) / size * separator.n;
    p = out = context_room(c, need < most ? need : most);
    if (!out) return false;
    for (; done < in.n; done += size) {
        struct slice chunk = slice_of(in.p + done, in.n - done < size ? in.n - done : size);
        size_t gap = done ? separator.n : 0;
        if ((size_t)(p - out) + gap + 2 * chunk.n > most) break;
        if (gap) p = slice_put(p, separator);
        for (size_t i = 0; i < chunk.n; i++) p = put_hex(p, (uint8_t)chunk.p[i]);
    }
    return sample_str(s, slice_between(out, p));
}

static bool check_chunked_hex(struct policy_cfg *pc, struct arg *args)
{
    if (args[0].str.n && (!args[1].given || args[1].sint < 1))
        return arg_error(pc, &args[1], "a separator needs the size of a chunk, at least 1 byte");
    if (args[2].given && args[2].sint != 0 && args[2].sint != 1)
        return arg_error(pc, &args[2],
                         "it is 1 to leave out a last chunk that is not whole, else 0");
    /* Without a separator the size matters only for what is left out. */
    if (args[2].given && args[2].sint == 1 && args[1].sint < 1)
        return arg_error(pc, &args[1], "the size of a chunk is at least 1 byte");
    return true;
}

static bool to_chunked_decimal(struct context *c, const struct arg *args, struct sample *s)
{
    enum { DIGITS = 20 };
    struct slice separator = args[0].str;
    size_t size = (size_t)args[1].sint, most = context_most(c), need;
    struct slice in = chunked_input(args, s->str, size);
    char number[DIGITS], *out, *p;

    need = (in.n / size + 1) * (DIGITS + separator.n);
    p = out = context_room(c, need < most ? need : most);
    if (!out) return false;
    for (size_t done = 0; done < in.n;) {
        uint64_t n = 0;
        size_t gap = done ? separator.n : 0, length;
        for (size_t i = 0; i < size && done < in.n; i++) n = n << 8 | (uint8_t)in.p[done++];
        length = (size_t)(slice_put_u64(number, n) - number);
        if ((size_t)(p - out) + gap + length >= most) break;
        if (gap) p = slice_put(p, separator);
        p = slice_put(p, slice_of(number, length));
    }
    return sample_str(s, slice_between(out, p));
}

static bool check_chunked_decimal(struct policy_cfg *pc, struct arg *args)
{
    if (!args[1].given || args[1].sint < 1 || args[1].sint > 8)
        return arg_error(pc, &args[1], "the size of a chunk is 1 to 8 bytes");
    if (args[2].given && args[2].sint != 0 && args[2].sint != 1)
        return arg_error(pc, &args[2],
                         "it is 1 to leave out a last chunk that is not whole, else 0");
    return true;
}

#define CHUNKS ARGS(1, ARG_STR, ARG_SINT, ARG_SINT), SAMPLE_BIN, SAMPLE_STR

static const struct converter ROWS[] = {
    { "b64dec", ARGS(0, ARG_END), SAMPLE_STR, SAMPLE_BIN, base64_decode, .param = BASE64_PLAIN,
      .doc = "Decodes base64; nothing when it is not." },
    { "base64", ARGS(0, ARG_END), SAMPLE_BIN, SAMPLE_STR, base64_encode, .param = BASE64_PLAIN,
      .doc = "Encodes as base64." },
    { "be2dec", CHUNKS, to_chunked_decimal, .check = check_chunked_decimal,
      .doc =
          "Writes each chunk of so many bytes (1 to 8) as a decimal number, the highest byte "
          "first, with the separator between them; with 1 as third argument a last chunk that is "
          "not whole is left out. `bin(7f000001),be2dec(.,1)` is 127.0.0.1." },
    { "be2hex", CHUNKS, to_chunked_hex, .check = check_chunked_hex,
      .doc = "Writes bytes as hexadecimal digits, with the separator behind each chunk of so many "
             "bytes; with 1 as third argument a last chunk that is not whole is left out." },
    { "hex", ARGS(0, ARG_END), SAMPLE_BIN, SAMPLE_STR, to_hex,
      .doc = "Writes each byte as two hexadecimal digits. A number has 8 bytes." },
    { "hex2i", ARGS(0, ARG_END), SAMPLE_STR, SAMPLE_SINT, hex_to_int,
      .doc = "The number that hexadecimal digits stand for; nothing when there are others." },
    { "htonl", ARGS(0, ARG_END), SAMPLE_SINT, SAMPLE_BIN, to_network_order,
      .doc = "The lower 32 bits of a number as 4 bytes, the highest first." },
    { "ub64dec", ARGS(0, ARG_END), SAMPLE_STR, SAMPLE_BIN, base64_decode, .param = BASE64_URL,
      .doc = "Decodes base64url, as tokens (JWT) have it; nothing when it is not." },
    { "ub64enc", ARGS(0, ARG_END), SAMPLE_BIN, SAMPLE_STR, base64_encode, .param = BASE64_URL,
      .doc = "Encodes as base64url, without padding." },
    { "url_dec", ARGS(0, ARG_SINT), SAMPLE_STR, SAMPLE_STR, url_dec,
      .doc = "Decodes `%HH`; nothing when a `%` is not followed by two digits. `+` becomes a space "
             "behind a `?`, and with an argument other than 0 everywhere." },
    { "url_enc", ARGS(1, ARG_STR), SAMPLE_STR, SAMPLE_STR, url_enc, .check = check_url_enc,
      .doc = "Encodes as `%HH` all but letters, digits and `-._~`." },
};

const struct converter_table encoding_converters = CONVERTER_TABLE("Encodings", ROWS);
