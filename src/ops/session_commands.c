/* SPDX-License-Identifier: Apache-2.0 */
/* show sess, shutdown session, shutdown sessions server: requests that are under way. They belong
 * to workers, so a question goes around (gateway/worker_call.h); each answers it a piece at a time,
 * so that no traffic waits for a long list. Management manual: section 9.3. */
#include "gateway/session_walk.h"
#include "gateway/worker_call.h"
#include "ops/api.h"
#include "ops/server_find.h"
#include "ops/session_commands.h"
#include "ops/session_text.h"

#include <stdlib.h>
#include <syslog.h>

enum {
    LOOKED_MOST = 500, /* sessions in one go */
    TEXT_ENOUGH = 8192,
};

struct sessions {
    struct worker_call call;
    struct session_walk walk;
    struct api_call *asked_by;
    struct text text;
    uintptr_t only; /* the request of that address; 0: all */
    bool kill, detailed, quit, found;
};

static struct sessions *of(struct worker_call *c)
{
    return container_of(c, struct sessions, call);
}

/* ---- on workers ---- */

static void meet(struct request *r, void *arg)
{
    struct sessions *s = arg;

    if (s->only && s->only != (uintptr_t)r) return;
    s->found = true;
    if (s->kill)
        request_shut_down(r);
    else if (s->detailed)
        session_text_all(&s->text, r);
    else
        session_text_line(&s->text, r);
}

static bool look(struct worker_call *call, struct gate *g)
{
    struct sessions *s = of(call);
    bool quit = s->quit;

    for (int i = 0; !quit && i < LOOKED_MOST && text_pending(&s->text) < TEXT_ENOUGH; i++) {
        struct session *next = session_walk_next(&s->walk, g);

        if (!next) return true;
        next->ops->each_request(next, meet, s);
        quit = s->only && s->found;
    }
    if (!quit) return false;
    session_walk_end(&s->walk);
    call->at = call->engine->n_workers;
    return true;
}

/* ---- control thread ---- */

static void home(struct worker_call *call)
{
    struct api_call *c = of(call)->asked_by;
    c->wake(c);
}

/* A walk that is not over stands on its worker's list: it has to be taken off there first. */
static void end(struct worker_call *call)
{
    struct sessions *s = of(call);

    if (s->walk.begun && !worker_call_done(call)) {
        s->quit = true;
        worker_call_go(call);
        return;
    }
    text_release(&s->text);
    free(s);
}

static void release(struct api_call *c)
{
    struct sessions *s = c->state;

    c->state = NULL;
    worker_call_leave(&s->call);
}

static enum api_progress ask(struct api_call *c, uintptr_t only, bool kill, bool detailed)
{
    struct sessions *s = mem_zero(sizeof *s);

    s->asked_by = c;
    s->only = only;
    s->kill = kill;
    s->detailed = detailed;
    s->call.work = look;
    s->call.home = home;
    s->call.free = end;
    c->state = s;
    c->release = release;
    worker_call_init(&s->call, c->api->engine);
    worker_call_go(&s->call);
    return API_WORK;
}

/* What has come home is said; the rest is asked for. */
static enum api_progress go_on(struct api_call *c, const char *not_found)
{
    struct sessions *s = c->state;

    if (s->call.away) return API_WORK;
    text_add(c->out, slice_of(s->text.p, s->text.n));
    text_release(&s->text);
    if (!worker_call_done(&s->call)) {
        worker_call_go(&s->call);
        return API_WORK;
    }
    return s->only && !s->found ? api_say(c, LOG_ERR, not_found) : API_DONE;
}

static uintptr_t pointer(const struct api_call *c)
{
    return c->n_args ? (uintptr_t)strtoull(c->args[0], NULL, 0) : 0;
}

static enum api_progress run_show(struct api_call *c)
{
    bool all = c->n_args && strcmp(c->args[0], "all") == 0;
    uintptr_t only = all ? 0 : pointer(c);

    if (!c->state) return ask(c, only, false, all || only);
    return go_on(c, "Session not found.\n");
}

static enum api_progress run_shutdown(struct api_call *c)
{
    uintptr_t only = pointer(c);

    if (!only) return api_say(c, LOG_ERR, "Session pointer expected (use 'show sess').\n");
    if (!c->state) return ask(c, only, true, false);
    return go_on(c, "No such session (use 'show sess').\n");
}

static enum api_progress run_shutdown_server(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);

    if (s) server_shut_down(s->state, 'K');
    return API_DONE;
}

static const struct api_command rows[] = {
    { "show sess", "[<id>|all]", "list the requests under way, or tell all about one", API_OPERATOR,
      run_show, false },
    { "shutdown session", "<id>", "end the request of that address", API_ADMIN, run_shutdown,
      false },
    { "shutdown sessions server", "<bk>/<srv>", "end the requests that a server has", API_ADMIN,
      run_shutdown_server, false },
};

const struct api_commands session_commands = API_COMMANDS(rows);
