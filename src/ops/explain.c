/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/explain.h"
#include "ops/explain_private.h"
#include "gateway/stick_tables.h"
#include "ops/loading.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int complain(const char *what, int error)
{
    fprintf(stderr, "gatehouse explain: %s: %s\n", what, strerrordesc_np(error));
    return 1;
}

static int explain_one(struct explain *x)
{
    int rc = engine_add_workers(&x->engine, 1, x->snapshot->global.bufsize);

    if (rc) return complain("can't start", -rc);
    engine_adopt(&x->engine, x->snapshot, NULL);
    stick_tables_adopt(&x->engine, x->snapshot);
    if (!explain_target(x)) return 1;
    explain_all(x);
    if (x->options->json)
        explain_json(x, stdout);
    else
        explain_print(x, stdout);
    explain_release(x);
    return 0;
}

static int load_and_explain(struct explain *x, const struct command_line *o,
                            const struct vocabulary *words)
{
    struct loading l = { .options = o, .words = words, .engine = &x->engine };
    int rc = worker_init(&x->control, 0, 4096);

    if (rc) return complain("can't start", -rc);
    x->logs = log_writer_new();
    engine_init(&x->engine, &x->control, x->logs);
    x->snapshot = load_configuration(&l);
    free(l.errors);
    if (x->snapshot) global_variables_set(&x->engine, x->snapshot, NULL);
    rc = x->snapshot ? explain_one(x) : 1;
    keeper_stop(&x->engine.keeper); /* its worker never ran */
    engine_adopt(&x->engine, NULL, x->snapshot);
    if (x->snapshot) snapshot_free(x->snapshot);
    engine_release(&x->engine);
    log_writer_stop(x->logs);
    log_writer_free(x->logs);
    worker_release(&x->control);
    return rc;
}

int explain(const struct command_line *o, const struct vocabulary *words)
{
    struct explain *x = mem_zero_aligned(sizeof *x);
    int rc;

    x->options = &o->explain;
    arena_init(&x->arena, NULL);
    story_init(&x->story);
    if (o->directory && chdir(o->directory) < 0)
        rc = complain(o->directory, errno);
    else
        rc = load_and_explain(x, o, words);
    story_release(&x->story);
    arena_release(&x->arena);
    free(x);
    return rc;
}
