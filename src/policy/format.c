/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling format strings, and evaluating them. */
#include "policy/trace.h"

enum node_kind { NODE_TEXT, NODE_BLANK, NODE_ITEM, NODE_EXPR };

struct node {
    uint8_t kind; /* enum node_kind */
    uint8_t flags;
    union {
        struct slice text;
        const struct format_item *item;
        const struct expr *expr;
    };
};

struct format {
    const struct node *nodes;
    unsigned n;
    unsigned flags;
    bool constant;
    struct slice text; /* constant: all of it */
};

static const struct arg NO_ARGS[] = { { .type = ARG_END } };

/* ---- compiling ---- */

struct reader {
    struct policy_cfg *pc;
    const struct word *at;
    struct slice rest;
    unsigned base;  /* flags of the format */
    unsigned flags; /* … and what %o made of them */
    struct node *nodes;
    unsigned n, room;
};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add(struct reader *r, struct node node)
{
    if (r->n == r->room) {
        unsigned room = r->room ? r->room * 2 : 8;
        struct node *nodes = arena_alloc(r->pc->cfg->arena, room * sizeof *nodes);
        if (r->n) memcpy(nodes, r->nodes, r->n * sizeof *nodes);
        r->nodes = nodes;
        r->room = room;
    }
    r->nodes[r->n++] = node;
}

static void add_text(struct reader *r, struct slice text)
{
    if (text.n) add(r, (struct node){ .kind = NODE_TEXT, .text = text });
}

/* An error at the n bytes at p. */
static struct word part(const struct reader *r, const char *p, size_t n)
{
    return word_part(r->pc, r->at, slice_of(p, n));
}

/* "+Q,-X" changes a set of flags. As in HAProxy the last sign before a comma counts, and what has
 * no sign or no known name says nothing. */
static unsigned change_flags(unsigned flags, struct slice args)
{
    static const struct {
        const char *name;
        uint8_t flag;
        bool inverse;
    } names[] = {
        { "Q", FORMAT_QUOTE, false },
        { "X", FORMAT_HEX, false },
        { "E", FORMAT_ESCAPE, false },
        { "M", FORMAT_OPTIONAL, true },
    };

    while (args.n) {
        struct slice one = slice_cut(&args, ',');
        size_t sign = one.n;
        while (sign && one.p[sign - 1] != '+' && one.p[sign - 1] != '-') sign--;
        if (sign == 0) continue;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            if (!slice_is(slice_from(one, sign), names[i].name)) continue;
            if ((one.p[sign - 1] == '+') != names[i].inverse)
                flags |= names[i].flag;
            else
                flags &= ~(unsigned)names[i].flag;
        }
    }
    return flags;
}

static bool unknown_item(struct reader *r, struct slice name)
{
    struct word at = part(r, name.p, name.n);
    struct nearest near;

    nearest_init(&near, name);
    hashmap_each(e, &r->pc->rows->items) nearest_try(&near, e->key);
    cfg_error(r->pc->cfg, &at, "unknown format item '%%%.*s'", SLICE_ARG(name));
    if (near.best.n)
        return cfg_hint(r->pc->cfg, "did you mean '%%%.*s'? A percent sign is '%%%%'",
                        SLICE_ARG(near.best));
    return cfg_hint(r->pc->cfg, "a percent sign is written '%%%%'");
}

/* A name at the beginning of rest. */
static bool read_item(struct reader *r, struct slice args)
{
    const struct format_item *item;
    struct slice name;
    struct word at;
    size_t n = 0;

    while (n < r->rest.n && (is_alpha(r->rest.p[n]) || is_digit(r->rest.p[n]))) n++;
    name = slice_of(r->rest.p, n);
    r->rest = slice_from(r->rest, n);
    if (slice_is(name, "o")) {
        r->flags = change_flags(r->flags, args);
        return true;
    }
    item = hashmap_get(&r->pc->rows->items, name);
    if (!item) return unknown_item(r, name);
    if (item->http && r->base & FORMAT_TCP) {
        at = part(r, name.p, name.n);
        return cfg_error(r->pc->cfg, &at, "format item '%%%s' is for proxies in mode http",
                         item->name);
    }
    add(r, (struct node){
               .kind = NODE_ITEM, .flags = (uint8_t)change_flags(r->flags, args), .item = item });
    return true;
}

/* rest is "[expression]…". */
static bool read_expr(struct reader *r, struct slice args)
{
    const char *open = r->rest.p;
    const struct expr *e;
    struct word at;

    r->rest = slice_from(r->rest, 1);
    e = expr_parse(r->pc, r->at, &r->rest, false);
    if (!e) return false;
    if (r->rest.n == 0) {
        at = part(r, open, (size_t)(r->rest.p - open));
        return cfg_error(r->pc->cfg, &at, "the expression has no ']' at its end");
    }
    if (r->rest.p[0] != ']') {
        at = part(r, r->rest.p, 1);
        return cfg_error(r->pc->cfg, &at, "expected ']' behind the expression, not '%c'",
                         r->rest.p[0] > ' ' && r->rest.p[0] < 127 ? r->rest.p[0] : '?');
    }
    r->rest = slice_from(r->rest, 1);
    add(r, (struct node){
               .kind = NODE_EXPR, .flags = (uint8_t)change_flags(r->flags, args), .expr = e });
    return true;
}

/* rest is "{flags}…". */
static bool read_flagged(struct reader *r)
{
    ptrdiff_t close = slice_find(r->rest, '}');
    struct slice args;
    struct word at;

    if (close < 0) {
        at = part(r, r->rest.p - 1, r->rest.n + 1);
        return cfg_error(r->pc->cfg, &at, "'%%{' has no '}'");
    }
    args = slice_of(r->rest.p + 1, (size_t)close - 1);
    r->rest = slice_from(r->rest, (size_t)close + 1);
    if (r->rest.n && r->rest.p[0] == '[') return read_expr(r, args);
    if (r->rest.n && (is_alpha(r->rest.p[0]) || is_digit(r->rest.p[0]))) return read_item(r, args);
    at = part(r, args.p - 2, args.n + 3);
    return cfg_error(r->pc->cfg, &at, "flags '%%{%.*s}' must stand before an item or an expression",
                     SLICE_ARG(args));
}

/* rest begins with '%'. */
static bool read_percent(struct reader *r)
{
    struct word at;
    char c;

    if (r->rest.n == 1) {
        at = part(r, r->rest.p, 1);
        cfg_error(r->pc->cfg, &at, "a single '%%' at the end");
        return cfg_hint(r->pc->cfg, "a percent sign is written '%%%%'");
    }
    r->rest = slice_from(r->rest, 1);
    c = r->rest.p[0];
    if (c == '{') return read_flagged(r);
    if (c == '[') return read_expr(r, slice_of(NULL, 0));
    if (is_alpha(c)) return read_item(r, slice_of(NULL, 0));
    if (is_digit(c) || c == ' ' || c == '\t') {
        at = part(r, r->rest.p - 1, 2);
        cfg_error(r->pc->cfg, &at, "no format item begins with '%c'", c);
        return cfg_hint(r->pc->cfg, "a percent sign is written '%%%%'");
    }
    if (c == '%') {
        add_text(r, slice_of(r->rest.p, 1));
        r->rest = slice_from(r->rest, 1);
    }
    return true;
}

static bool read_format(struct reader *r)
{
    bool blanks = !(r->base & FORMAT_SPACES), fine = true;
    size_t n;

    while (r->rest.n) {
        if (blanks && r->rest.p[0] == ' ') {
            add(r, (struct node){ .kind = NODE_BLANK });
            r->rest = slice_from(r->rest, 1);
        } else if (r->rest.p[0] == '%') {
            if (read_percent(r)) continue;
            if (!r->pc->cfg->compat) return false;
            fine = false; /* check --compat: what else is in it? */
        } else {
            for (n = 0; n < r->rest.n && r->rest.p[n] != '%' && !(blanks && r->rest.p[n] == ' ');)
                n++;
            add_text(r, slice_of(r->rest.p, n));
            r->rest = slice_from(r->rest, n);
        }
    }
    return fine;
}

/* ---- evaluating ---- */

/* The next byte stands behind a blank, or in front. */
struct run {
    struct context *c;
    struct format_out *o;
    bool behind_blank;
};

static bool is_control(char c)
{
    return (unsigned char)c < 32 || c == 127;
}

/* Is every byte of s one that stands for itself in a header? */
static bool http_clean(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_control(s.p[i]) && s.p[i] != '\t') return false;
    return true;
}

static void put_http(struct format_out *o, struct slice s, unsigned flags)
{
    static const char HEX[] = "0123456789ABCDEF";

    if (!(flags & FORMAT_ESCAPE) && http_clean(s)) {
        format_put(o, s);
        return;
    }
    for (size_t i = 0; i < s.n && !o->cut; i++) {
        uint8_t b = (uint8_t)s.p[i];
        char coded[3] = { '%', HEX[b >> 4], HEX[b & 15] };
        if (is_control(s.p[i]) && s.p[i] != '\t') {
            format_put(o, slice_of(coded, 3));
            continue;
        }
        if (flags & FORMAT_ESCAPE && (b == '"' || b == '\\' || b == ']'))
            format_put(o, SLICE("\\"));
        format_put(o, slice_of(s.p + i, 1));
    }
}

static void run_expr(struct run *run, const struct node *node)
{
    struct slice s;

    if (!expr_string(node->expr, run->c, &s)) s = slice_of(NULL, 0);
    if (node->flags & FORMAT_HTTP)
        put_http(run->o, s, node->flags);
    else
        format_put_text(run->o, s, node->flags);
}

static void run_nodes(const struct format *f, struct run *run)
{
    for (unsigned i = 0; i < f->n && !run->o->cut; i++) {
        const struct node *node = &f->nodes[i];
        switch ((enum node_kind)node->kind) {
        case NODE_TEXT: format_put(run->o, node->text); break;
        case NODE_BLANK:
            if (!run->behind_blank) format_put(run->o, SLICE(" "));
            break;
        case NODE_ITEM: node->item->put(run->c, run->o, node->flags, NO_ARGS); break;
        case NODE_EXPR: run_expr(run, node); break;
        }
        run->behind_blank = node->kind == NODE_BLANK || (run->behind_blank && run->o->absent);
        run->o->absent = false;
    }
}

static struct slice cut(struct slice s, size_t most)
{
    return s.n > most ? slice_of(s.p, most) : s;
}

static struct slice make_text(const struct format *f, struct context *c, size_t most)
{
    char first[512];
    struct format_out o = { .at = first,
                            .end = first + (most < sizeof first ? most : sizeof first),
                            .arena = c->arena,
                            .start = first,
                            .most = most };
    struct run run = { c, &o, true };
    struct slice s;

    /* What most formats in headers are: one expression, whose value can be used as it is. */
    if (f->n == 1 && f->nodes[0].kind == NODE_EXPR &&
        (f->nodes[0].flags & (FORMAT_HTTP | FORMAT_ESCAPE)) == FORMAT_HTTP) {
        if (!expr_string(f->nodes[0].expr, c, &s)) return slice_of("", 0);
        if (http_clean(s)) return cut(s, most);
        put_http(&o, s, f->nodes[0].flags);
    } else {
        run_nodes(f, &run);
    }
    s = slice_between(o.start, o.at);
    return o.start == first ? arena_copy(c->arena, s) : s;
}

/* While somebody listens; out of the way of those who serve. */
static TRACE_ONLY struct slice traced_text(const struct format *f, struct context *c, size_t most)
{
    struct trace *t = c->trace;
    struct slice text;

    if (t->describing && t->again(t, f, &text)) return text;
    text = f->constant ? cut(f->text, most) : make_text(f, c, most);
    if (!t->describing) t->text(t, c, f, text);
    return text;
}

struct slice format_text(const struct format *f, struct context *c, size_t most)
{
    if (c->trace) return traced_text(f, c, most);
    return f->constant ? cut(f->text, most) : make_text(f, c, most);
}

size_t format_write(const struct format *f, struct context *c, char *out, size_t room)
{
    struct format_out o = { .at = out, .end = out + room };
    struct run run = { c, &o, true };

    if (f->constant)
        format_put(&o, f->text);
    else
        run_nodes(f, &run);
    return (size_t)(o.at - out);
}

bool format_is_constant(const struct format *f, struct slice *out)
{
    if (f->constant) *out = f->text;
    return f->constant;
}

/* Texts and blanks alone: joined now. */
static void fold(struct format *f, struct arena *a)
{
    size_t n = 0;
    char *p;
    struct format_out o;
    struct run run = { NULL, &o, true };

    for (unsigned i = 0; i < f->n; i++) {
        if (f->nodes[i].kind > NODE_BLANK) return;
        n += f->nodes[i].kind == NODE_TEXT ? f->nodes[i].text.n : 1;
    }
    p = arena_alloc(a, n);
    o = (struct format_out){ .at = p, .end = p + n };
    run_nodes(f, &run);
    f->text = slice_between(p, o.at);
    f->constant = true;
}

const struct format *format_parse(struct policy_cfg *pc, const struct word *at, unsigned flags)
{
    struct reader r = { .pc = pc, .at = at, .rest = at->text, .base = flags };
    struct format *f;

    r.flags = flags & ~(unsigned)FORMAT_TCP;
    if (!read_format(&r)) return NULL;
    f = arena_zero(pc->cfg->arena, sizeof *f);
    f->nodes = r.nodes;
    f->n = r.n;
    f->flags = flags;
    fold(f, pc->cfg->arena);
    return f;
}
