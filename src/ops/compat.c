/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/compat.h"

#include "base/memory.h"
#include "lang/compat.h"
#include "ops/loading.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- in the order of the files ---- */

static int by_place(const void *left, const void *right)
{
    const struct place *a = &(*(struct compat_use *const *)left)->at;
    const struct place *b = &(*(struct compat_use *const *)right)->at;

    if (a->source->order != b->source->order) return a->source->order < b->source->order ? -1 : 1;
    if (a->line != b->line) return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static struct compat_use **sorted(const struct compat *c)
{
    struct compat_use **all = mem_alloc((c->n + 1) * sizeof *all);
    unsigned n = 0;

    for (struct compat_use *u = c->first; u; u = u->next) all[n++] = u;
    qsort(all, n, sizeof *all, by_place);
    return all;
}

static int place_width(const struct compat_use *u)
{
    return snprintf(NULL, 0, "%s:%u:%u", u->at.source->name, u->at.line, u->at.column);
}

static int name_width(const struct compat_use *u)
{
    return snprintf(NULL, 0, "%s '%s'", u->what, u->name);
}

static void print_uses(struct compat_use *const *all, unsigned n)
{
    enum { NAME_MOST = 48 };
    int place = 0, name = 0;

    for (unsigned i = 0; i < n; i++) {
        if (place_width(all[i]) > place) place = place_width(all[i]);
        if (name_width(all[i]) > name && name_width(all[i]) <= NAME_MOST) name = name_width(all[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        const struct compat_use *u = all[i];
        int left = place - place_width(u) + 2, middle = name - name_width(u) + 2;

        printf("%s:%u:%u%*s%s '%s'%*s%s\n", u->at.source->name, u->at.line, u->at.column, left, "",
               u->what, u->name, middle > 2 ? middle : 2, "", u->instead ? u->instead : "later");
    }
}

/* ---- how many ---- */

static int by_name(const void *left, const void *right)
{
    const struct compat_use *a = *(struct compat_use *const *)left;
    const struct compat_use *b = *(struct compat_use *const *)right;
    int what = strcmp(a->what, b->what);

    return what ? what : strcmp(a->name, b->name);
}

static unsigned count_names(struct compat_use **all, unsigned n)
{
    unsigned names = n > 0;

    qsort(all, n, sizeof *all, by_name);
    for (unsigned i = 1; i < n; i++) names += by_name(&all[i - 1], &all[i]) != 0;
    return names;
}

static void print_all(const struct compat *c, unsigned n_errors)
{
    struct compat_use **all = sorted(c);
    unsigned names;

    print_uses(all, c->n);
    names = count_names(all, c->n);
    if (c->n == 0)
        puts("Nothing is missing.");
    else
        printf("%u missing, used %u time%s\n", names, c->n, c->n == 1 ? "" : "s");
    if (n_errors)
        printf("There %s %u other error%s, which may follow from these: `gatehouse check` tells.\n",
               n_errors == 1 ? "is" : "are", n_errors, n_errors == 1 ? "" : "s");
    free(all);
}

/* ---- reading ---- */

static bool readable(const struct command_line *o)
{
    bool all = true;

    for (unsigned i = 0; i < o->n_files; i++) {
        if (access(o->files[i], R_OK) == 0) continue;
        fprintf(stderr, "gatehouse check: can't read %s\n", o->files[i]);
        all = false;
    }
    return all;
}

/* What is noted lives in the snapshot's arena, which goes when there are errors: so the list is
 * printed by a function that loading calls before. */
static void print_noted(const struct loading *l)
{
    print_all(l->compat, l->n_errors - l->compat->n_errors);
}

static int read_and_print(const struct command_line *o, const struct vocabulary *words)
{
    struct engine *e = mem_zero_aligned(sizeof *e);
    struct worker *control = mem_zero_aligned(sizeof *control);
    struct log_writer *logs = log_writer_new();
    struct compat missing;
    struct loading l = {
        .options = o, .words = words, .engine = e, .compat = &missing, .compat_print = print_noted
    };
    struct snapshot *s;

    compat_init(&missing);
    engine_init(e, control, logs);
    s = load_configuration(&l);
    if (s) snapshot_free(s);
    free(l.errors);
    engine_release(e);
    log_writer_stop(logs);
    log_writer_free(logs);
    free(control);
    free(e);
    return missing.n ? 1 : 0;
}

int compat_check(const struct command_line *o, const struct vocabulary *words)
{
    if (o->directory && chdir(o->directory) < 0) {
        fprintf(stderr, "gatehouse check: %s: %s\n", o->directory, strerrordesc_np(errno));
        return 1;
    }
    return readable(o) ? read_and_print(o, words) : 1;
}
