/* SPDX-License-Identifier: Apache-2.0 */
/* Format strings. The input is a format, a NUL, and the bytes that its fetch "any" gives. What
 * must hold: an error is reported if and only if nothing is compiled; what comes out is bounded,
 * whole or a prefix, the same by each way, and has no byte that would end a header or a line of a
 * log; any text whose percent signs are doubled is itself. */
#include "policy/format.h"
#include "policy/message_fetches.h"

#include <stdlib.h>

#define CHECK(holds) \
    if (!(holds)) abort()

enum { MOST = 2000 };

static struct slice any;

static bool fetch_any(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return any.n && sample_str(out, any);
}

static void put_any(struct context *c, struct format_out *o, unsigned flags, const struct arg *args)
{
    (void)c;
    (void)args;
    format_put_text(o, any, flags);
}

static void put_uri(struct context *c, struct format_out *o, unsigned flags, const struct arg *args)
{
    (void)c;
    (void)args;
    format_put_encoded(o, any, flags, FORMAT_SET_CAPTURES);
    format_put_i64(o, (int64_t)any.n * -1);
}

static const struct fetch FETCH_ROWS[] = {
    { "any", ARGS(0, ARG_END), SAMPLE_STR, NEED_NOTHING, 0, fetch_any, "Any.", NULL, 0 },
    { "arg", ARGS(0, ARG_STR, ARG_SINT), SAMPLE_STR, NEED_NOTHING, 0, fetch_any, "Any.", NULL, 0 },
};
static const struct fetch_table FETCHES = FETCH_TABLE("Fuzz", FETCH_ROWS);
static const struct fetch_table *const FETCH_TABLES[] = { &FETCHES, NULL };
static const struct format_item ITEM_ROWS[] = {
    { "ci", NEED_NOTHING, 0, put_any, "Any." },
    { "HU", NEED_NOTHING, 1, put_uri, "Any." },
};
static const struct format_item_table ITEMS = { "Fuzz", ITEM_ROWS, 2 };
static const struct format_item_table *const ITEM_TABLES[] = { &ITEMS, NULL };
static const struct keyword_table *const NO_KEYWORDS[] = { NULL };
static const struct section_kind *const NO_SECTIONS[] = { NULL };

/* A configuration to compile in. */
struct place_to_be {
    struct arena config, arena;
    struct diag diag;
    struct vocabulary words;
    struct cfg cfg;
    struct policy_rows rows;
    struct policy_cfg pc;
    struct context c;
};

static void open_place(struct place_to_be *p)
{
    memset(p, 0, sizeof *p);
    arena_init(&p->config, NULL);
    arena_init(&p->arena, NULL);
    diag_init(&p->diag);
    vocabulary_init(&p->words, NO_KEYWORDS, NO_SECTIONS);
    cfg_init(&p->cfg, &p->config, &p->diag, &p->words);
    policy_rows_init(&p->rows, FETCH_TABLES, NULL, ITEM_TABLES, NULL);
    p->pc = (struct policy_cfg){
        .cfg = &p->cfg, .rows = &p->rows, .n_workers = 1, .scope.place = PLACE_FRONTEND_REQUEST
    };
    p->cfg.policy = &p->pc;
    p->c.arena = &p->arena;
}

static void close_place(struct place_to_be *p)
{
    keepsakes_release(p->pc.kept);
    policy_rows_release(&p->rows);
    cfg_release(&p->cfg);
    vocabulary_release(&p->words);
    diag_release(&p->diag);
    arena_release(&p->config);
    arena_release(&p->arena);
}

static bool is_control(char c)
{
    return (unsigned char)c < 32 || c == 127;
}

/* Text of the format itself is the configuration's, and may have any byte. */
static void check_bytes(struct slice text, struct slice format, unsigned flags)
{
    for (size_t i = 0; i < format.n; i++)
        if (is_control(format.p[i])) return;
    if (flags & FORMAT_RAW) return;
    for (size_t i = 0; i < text.n; i++)
        CHECK(!is_control(text.p[i]) || (text.p[i] == '\t' && flags & FORMAT_HTTP));
}

static void check_format(struct place_to_be *p, const struct format *f, struct slice format,
                         unsigned flags)
{
    static const size_t rooms[] = { 0, 1, 7, 100, MOST };
    struct slice all = format_text(f, &p->c, MOST), constant;
    char *exact;

    CHECK(all.n <= MOST);
    check_bytes(all, format, flags);
    if (format_is_constant(f, &constant))
        CHECK(slice_eq(all, slice_of(constant.p, constant.n < MOST ? constant.n : MOST)));
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        size_t n, want = all.n < rooms[i] ? all.n : rooms[i];
        exact = malloc(rooms[i] + (rooms[i] == 0));
        n = format_write(f, &p->c, exact, rooms[i]);
        CHECK(n == want && slice_eq(slice_of(exact, n), slice_of(all.p, n)));
        free(exact);
        CHECK(slice_eq(format_text(f, &p->c, rooms[i]), slice_of(all.p, want)));
    }
}

static struct word word_of(struct place_to_be *p, struct slice text)
{
    return (struct word){ .text = slice_of(arena_str(&p->config, text), text.n) };
}

static void check_doubled(struct place_to_be *p, struct slice text)
{
    char *doubled = arena_alloc(&p->config, text.n * 2 + 1), *q = doubled;
    struct slice out;
    struct word w;

    for (size_t i = 0; i < text.n; i++) {
        *q++ = text.p[i];
        if (text.p[i] == '%') *q++ = '%';
    }
    w = word_of(p, slice_between(doubled, q));
    CHECK(format_is_constant(format_parse(&p->pc, &w, FORMAT_FOR_HTTP), &out));
    CHECK(slice_eq(out, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned kinds[] = { FORMAT_FOR_LOG, FORMAT_FOR_HTTP, FORMAT_FOR_ID,
                                      FORMAT_FOR_TEXT, FORMAT_TCP };
    struct slice rest = slice_of((const char *)data, size), format;

    if (size > 4096) return 0;
    format = slice_cut(&rest, '\0');
    any = rest;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct place_to_be p;
        struct word w;
        const struct format *f;
        open_place(&p);
        w = word_of(&p, format);
        f = format_parse(&p.pc, &w, kinds[i]);
        CHECK((f == NULL) == (p.diag.n_errors > 0));
        if (f) check_format(&p, f, format, kinds[i] & ~(unsigned)FORMAT_TCP);
        if (i == 0) check_doubled(&p, format);
        close_place(&p);
    }
    return 0;
}
