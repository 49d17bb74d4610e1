/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked coding (RFC 9112 §7.1).
 *
 * Chunk-size lines are read byte by byte and may be cut anywhere. Extensions are held to their
 * grammar by a table of states, so that a quoted string with a line end in it, or a line that
 * another reader would end elsewhere, is an error and not a matter of taste. A trailer section is
 * read line by line where it lies, by the code that reads heads. */
#include "http/h1_head.h"
#include "http/h1_scan.h"

enum {
    MOST_SIZE_DIGITS = 16,
    MOST_LINE = 512,             /* bytes of a chunk-size line */
    MOST_EXTENSIONS = 16 * 1024, /* bytes of extensions beyond one per byte of data */
    MOST_TRAILER = 8 * 1024,     /* bytes of a trailer section */
    MOST_TRAILER_FIELDS = 64,
};

enum state {
    /* Within a chunk-size line, after the size. The order is that of `extension`'s rows. */
    IN_BLANKS, /* a ';' must follow */
    IN_NAME_START,
    IN_NAME,
    IN_NAME_BLANKS, /* '=' or ';' must follow */
    IN_VALUE_START,
    IN_VALUE,
    IN_QUOTES,
    IN_ESCAPE, /* after a backslash */
    AFTER_QUOTES,
    EXTENSION_STATES,

    AT_SIZE = EXTENSION_STATES,
    AT_SIZE_LF,
    IN_DATA,
    AT_DATA_CR,
    AT_DATA_LF,
    IN_TRAILER,
    IS_DONE,
    IS_BAD,
};

/* What a byte may be in an extension. */
enum kind {
    K_BAD, /* control bytes */
    K_CR,
    K_BLANK,
    K_SEMICOLON,
    K_EQUALS,
    K_QUOTE,
    K_BACKSLASH,
    K_TOKEN,
    K_OTHER, /* what only quotes may hold */
    KINDS,
};

static enum kind kind_of(char c)
{
    switch (c) {
    case '\r': return K_CR;
    case ' ':
    case '\t': return K_BLANK;
    case ';': return K_SEMICOLON;
    case '=': return K_EQUALS;
    case '"': return K_QUOTE;
    case '\\': return K_BACKSLASH;
    default: break;
    }
    if (h1_is_token(c)) return K_TOKEN;
    return h1_is_text(c) ? K_OTHER : K_BAD;
}

/* chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ): the next state by
 * state and kind of byte. What has no entry is 0, and 0 is no state to go to but from here. */
enum { NOT = 0, TO = 1 }; /* entries are TO + state */
static const uint8_t extension[EXTENSION_STATES][KINDS] = {
    [IN_BLANKS] = { [K_BLANK] = TO + IN_BLANKS, [K_SEMICOLON] = TO + IN_NAME_START },
    [IN_NAME_START] = { [K_BLANK] = TO + IN_NAME_START, [K_TOKEN] = TO + IN_NAME },
    [IN_NAME] = { [K_TOKEN] = TO + IN_NAME,
                  [K_EQUALS] = TO + IN_VALUE_START,
                  [K_SEMICOLON] = TO + IN_NAME_START,
                  [K_BLANK] = TO + IN_NAME_BLANKS,
                  [K_CR] = TO + AT_SIZE_LF },
    [IN_NAME_BLANKS] = { [K_BLANK] = TO + IN_NAME_BLANKS,
                         [K_EQUALS] = TO + IN_VALUE_START,
                         [K_SEMICOLON] = TO + IN_NAME_START },
    [IN_VALUE_START] = { [K_BLANK] = TO + IN_VALUE_START,
                         [K_QUOTE] = TO + IN_QUOTES,
                         [K_TOKEN] = TO + IN_VALUE },
    [IN_VALUE] = { [K_TOKEN] = TO + IN_VALUE,
                   [K_SEMICOLON] = TO + IN_NAME_START,
                   [K_BLANK] = TO + IN_BLANKS,
                   [K_CR] = TO + AT_SIZE_LF },
    [IN_QUOTES] = { [K_BLANK] = TO + IN_QUOTES,
                    [K_SEMICOLON] = TO + IN_QUOTES,
                    [K_EQUALS] = TO + IN_QUOTES,
                    [K_QUOTE] = TO + AFTER_QUOTES,
                    [K_BACKSLASH] = TO + IN_ESCAPE,
                    [K_TOKEN] = TO + IN_QUOTES,
                    [K_OTHER] = TO + IN_QUOTES },
    [IN_ESCAPE] = { [K_BLANK] = TO + IN_QUOTES,
                    [K_SEMICOLON] = TO + IN_QUOTES,
                    [K_EQUALS] = TO + IN_QUOTES,
                    [K_QUOTE] = TO + IN_QUOTES,
                    [K_BACKSLASH] = TO + IN_QUOTES,
                    [K_TOKEN] = TO + IN_QUOTES,
                    [K_OTHER] = TO + IN_QUOTES },
    [AFTER_QUOTES] = { [K_SEMICOLON] = TO + IN_NAME_START,
                       [K_BLANK] = TO + IN_BLANKS,
                       [K_CR] = TO + AT_SIZE_LF },
};

/* One call's work. */
struct decoding {
    struct h1_chunks *c;
    char *base, *at, *end;
    char *data; /* where the data of this call begins */
    size_t n;   /* bytes of it */
    struct h1_error *err;
};

static enum h1_result bad_at(struct decoding *d, const char *at, const char *reason)
{
    d->c->state = IS_BAD;
    *d->err = (struct h1_error){ 400, (size_t)(at - d->base), reason };
    return H1_BAD;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The digits of a size, up to what follows them. */
static enum h1_result read_size(struct decoding *d)
{
    struct h1_chunks *c = d->c;

    for (; d->at < d->end; d->at++) {
        int v = hex_value(*d->at);
        if (v < 0) break;
        if (c->size_digits == MOST_SIZE_DIGITS || c->left > INT64_MAX >> 4)
            return bad_at(d, d->at, "chunk size too large");
        c->left = c->left << 4 | (unsigned)v;
        c->size_digits++;
    }
    if (d->at == d->end) return H1_MORE;
    if (c->size_digits == 0) return bad_at(d, d->at, "chunk without a size");
    if (*d->at == '\r') {
        c->state = AT_SIZE_LF;
        d->at++;
        return H1_DONE;
    }
    c->line = 0;
    c->state = IN_BLANKS; /* as if a blank had come */
    return H1_DONE;
}

static enum h1_result read_extension(struct decoding *d)
{
    struct h1_chunks *c = d->c;

    while (c->state < EXTENSION_STATES) {
        uint8_t next;
        if (d->at == d->end) return H1_MORE;
        next = extension[c->state][kind_of(*d->at)];
        if (next == NOT) return bad_at(d, d->at, "invalid chunk extension");
        if (++c->line > MOST_LINE) return bad_at(d, d->at, "chunk line too long");
        if (++c->extensions > MOST_EXTENSIONS) return bad_at(d, d->at, "too many chunk extensions");
        c->state = next - TO;
        d->at++;
    }
    return H1_DONE;
}

static enum h1_result expect_byte(struct decoding *d, char byte, enum state next,
                                  const char *reason)
{
    if (d->at == d->end) return H1_MORE;
    if (*d->at != byte) return bad_at(d, d->at, reason);
    d->at++;
    d->c->state = (uint8_t)next;
    return H1_DONE;
}

/* The line of a size is over: data follows, or the trailer section. */
static enum h1_result end_of_size(struct decoding *d)
{
    struct h1_chunks *c = d->c;
    enum h1_result r = expect_byte(d, '\n', c->left ? IN_DATA : IN_TRAILER, "bare CR in chunking");

    if (r != H1_DONE) return r;
    c->extensions = c->extensions > c->left ? c->extensions - (uint32_t)c->left : 0;
    c->size_digits = 0;
    c->line = 0;
    return H1_DONE;
}

/* Takes the data that is there. Pieces of one call are put together by moving the shorter side. */
static enum h1_result read_data(struct decoding *d)
{
    struct h1_chunks *c = d->c;
    size_t n = (size_t)(d->end - d->at);

    if (n > c->left) n = c->left;
    if (n == 0) return H1_MORE;
    if (d->n == 0) {
        d->data = d->at;
    } else if (d->n < n) {
        memmove(d->at - d->n, d->data, d->n);
        d->data = d->at - d->n;
    } else {
        memmove(d->data + d->n, d->at, n);
    }
    d->n += n;
    d->at += n;
    c->left -= n;
    if (c->left) return H1_MORE;
    c->state = AT_DATA_CR;
    return H1_DONE;
}

/* What becomes of a field in a trailer section. Names stand in lower case. */
enum trailer_rule {
    TRAILER_PASS,
    TRAILER_DROP,   /* would change what was already decided from the head */
    TRAILER_REFUSE, /* frames or routes the message: two readings if anyone merged it */
};

static const struct {
    struct slice name;
    enum trailer_rule rule;
} trailer_rows[] = {
    { SLICE_LIT("content-length"), TRAILER_REFUSE },
    { SLICE_LIT("transfer-encoding"), TRAILER_REFUSE },
    { SLICE_LIT("host"), TRAILER_REFUSE },
    { SLICE_LIT("connection"), TRAILER_REFUSE },
    { SLICE_LIT("proxy-connection"), TRAILER_REFUSE },
    { SLICE_LIT("keep-alive"), TRAILER_REFUSE },
    { SLICE_LIT("upgrade"), TRAILER_REFUSE },
    { SLICE_LIT("http2-settings"), TRAILER_REFUSE },
    { SLICE_LIT("te"), TRAILER_REFUSE },
    { SLICE_LIT("trailer"), TRAILER_REFUSE },
    { SLICE_LIT("expect"), TRAILER_REFUSE },
    { SLICE_LIT("content_length"), TRAILER_REFUSE },
    { SLICE_LIT("transfer_encoding"), TRAILER_REFUSE },
    { SLICE_LIT("authorization"), TRAILER_DROP },
    { SLICE_LIT("proxy-authorization"), TRAILER_DROP },
    { SLICE_LIT("proxy-authenticate"), TRAILER_DROP },
    { SLICE_LIT("proxy-authentication-info"), TRAILER_DROP },
    { SLICE_LIT("www-authenticate"), TRAILER_DROP },
    { SLICE_LIT("cookie"), TRAILER_DROP },
    { SLICE_LIT("set-cookie"), TRAILER_DROP },
    { SLICE_LIT("forwarded"), TRAILER_DROP },
    { SLICE_LIT("x-forwarded-for"), TRAILER_DROP },
    { SLICE_LIT("x-forwarded-host"), TRAILER_DROP },
    { SLICE_LIT("x-forwarded-port"), TRAILER_DROP },
    { SLICE_LIT("x-forwarded-proto"), TRAILER_DROP },
    { SLICE_LIT("x-forwarded-server"), TRAILER_DROP },
    { SLICE_LIT("x-real-ip"), TRAILER_DROP },
    { SLICE_LIT("x-client-ip"), TRAILER_DROP },
    { SLICE_LIT("true-client-ip"), TRAILER_DROP },
    { SLICE_LIT("x-host"), TRAILER_DROP },
    { SLICE_LIT("x-original-host"), TRAILER_DROP },
    { SLICE_LIT("x-original-url"), TRAILER_DROP },
    { SLICE_LIT("x-rewrite-url"), TRAILER_DROP },
    { SLICE_LIT("x-http-method-override"), TRAILER_DROP },
    { SLICE_LIT("via"), TRAILER_DROP },
    { SLICE_LIT("max-forwards"), TRAILER_DROP },
    { SLICE_LIT("range"), TRAILER_DROP },
    { SLICE_LIT("if-match"), TRAILER_DROP },
    { SLICE_LIT("if-none-match"), TRAILER_DROP },
    { SLICE_LIT("if-modified-since"), TRAILER_DROP },
    { SLICE_LIT("if-unmodified-since"), TRAILER_DROP },
    { SLICE_LIT("if-range"), TRAILER_DROP },
    { SLICE_LIT("content-encoding"), TRAILER_DROP },
    { SLICE_LIT("content-type"), TRAILER_DROP },
    { SLICE_LIT("content-range"), TRAILER_DROP },
    { SLICE_LIT("content-location"), TRAILER_DROP },
    { SLICE_LIT("content-language"), TRAILER_DROP },
    { SLICE_LIT("content-disposition"), TRAILER_DROP },
    { SLICE_LIT("accept-encoding"), TRAILER_DROP },
    { SLICE_LIT("cache-control"), TRAILER_DROP },
    { SLICE_LIT("pragma"), TRAILER_DROP },
    { SLICE_LIT("age"), TRAILER_DROP },
    { SLICE_LIT("date"), TRAILER_DROP },
    { SLICE_LIT("expires"), TRAILER_DROP },
    { SLICE_LIT("location"), TRAILER_DROP },
    { SLICE_LIT("retry-after"), TRAILER_DROP },
    { SLICE_LIT("vary"), TRAILER_DROP },
    { SLICE_LIT("warning"), TRAILER_DROP },
};

static enum trailer_rule trailer_rule_of(struct slice name)
{
    for (size_t i = 0; i < sizeof trailer_rows / sizeof *trailer_rows; i++)
        if (slice_eq(name, trailer_rows[i].name)) return trailer_rows[i].rule;
    return TRAILER_PASS;
}

/* Goes on with the trailer section at d->at, c->line bytes of which are checked. */
static enum h1_result read_trailer(struct decoding *d)
{
    struct h1_chunks *c = d->c;
    bool cut = (size_t)(d->end - d->at) > MOST_TRAILER;
    struct h1_parse h = { .base = d->base,
                          .at = d->at + c->line,
                          .end = cut ? d->at + MOST_TRAILER : d->end,
                          .err = d->err };
    struct http_field f;
    enum h1_result r;

    for (;;) {
        char *line = h.at;
        if (line < h.end && *line == '\r') break;
        r = h1_field_line(&h, &f);
        if (r == H1_BAD) return bad_at(d, d->base + d->err->at, d->err->reason);
        if (r == H1_MORE) return cut ? bad_at(d, h.end, "trailer section too large") : H1_MORE;
        if (trailer_rule_of(f.name) == TRAILER_REFUSE)
            return bad_at(d, line, "framing or routing field in a trailer section");
        if (++c->trailers > MOST_TRAILER_FIELDS) return bad_at(d, line, "too many trailer fields");
        c->line = (uint16_t)(h.at - d->at);
    }
    c->trailer = slice_of(d->at, c->line);
    r = h1_line_end(&h);
    if (r == H1_BAD) return bad_at(d, d->base + d->err->at, d->err->reason);
    if (r == H1_MORE) return cut ? bad_at(d, h.end, "trailer section too large") : H1_MORE;
    d->at = h.at;
    c->state = IS_DONE;
    return H1_DONE;
}

static enum h1_result decode_step(struct decoding *d)
{
    switch (d->c->state) {
    case AT_SIZE: return read_size(d);
    case AT_SIZE_LF: return end_of_size(d);
    case IN_DATA: return read_data(d);
    case AT_DATA_CR: return expect_byte(d, '\r', AT_DATA_LF, "no line end after a chunk's data");
    case AT_DATA_LF: return expect_byte(d, '\n', AT_SIZE, "no line end after a chunk's data");
    case IN_TRAILER: return read_trailer(d);
    case IS_BAD: return bad_at(d, d->at, "after broken chunking");
    default: return read_extension(d);
    }
}

void h1_chunks_init(struct h1_chunks *c)
{
    *c = (struct h1_chunks){ .state = AT_SIZE };
}

enum h1_result h1_chunks_decode(struct h1_chunks *c, char *p, size_t n, size_t *used,
                                struct slice *data, struct h1_error *err)
{
    struct decoding d = { .c = c, .base = p, .at = p, .end = p + n, .data = p, .err = err };
    enum h1_result r = H1_DONE;

    while (r == H1_DONE && c->state != IS_DONE) r = decode_step(&d);
    *used = (size_t)(d.at - p);
    *data = slice_of(d.data, d.n);
    return r;
}

unsigned h1_trailer_fields(struct slice trailer, struct http_field *fields, unsigned max)
{
    unsigned n = 0;

    while (trailer.n && n < max) {
        struct slice line = slice_cut(&trailer, '\n');
        struct slice name = slice_cut(&line, ':');
        if (trailer_rule_of(name) != TRAILER_PASS) continue;
        fields[n++] = (struct http_field){ .name = name,
                                           .value = slice_trim(line, " \t\r"),
                                           .id = (uint8_t)http_field_find(name) };
    }
    return n;
}

size_t h1_write_chunk_size(char *out, uint64_t n)
{
    static const char digits[] = "0123456789abcdef";
    unsigned bits = 64 - (unsigned)__builtin_clzll(n | 1);
    size_t len = (bits + 3) / 4;

    for (size_t i = len; i > 0; n >>= 4) out[--i] = digits[n & 15];
    memcpy(out + len, "\r\n", 2);
    return len + 2;
}
