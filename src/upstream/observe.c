/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic as a witness: errors in a row are counted by whoever meets them, and told to the control
 * thread when there are as many as `error-limit` says. */
#include "upstream/check.h"

#include <stdio.h>
#include <stdlib.h>

/* On its way from a worker; holds a reference to the server. */
struct errors_observed {
    struct message message;
    struct server *server;
    enum observed last;
    unsigned limit;
};

static const char *const WORDS[] = {
    [OBSERVED_NOT_CONNECTED] = "L4 unsuccessful connection",
    [OBSERVED_BAD_STATUS] = "Wrong http response",
    [OBSERVED_BAD_HEAD] = "Invalid http response (headers)",
    [OBSERVED_TIMEOUT] = "Read timeout (http)",
    [OBSERVED_CLOSED] = "Close from server (http)",
    [OBSERVED_RESET] = "Read error (http)",
};

static void deliver(struct message *m, struct worker *control)
{
    struct errors_observed *e = container_of(m, struct errors_observed, message);
    struct server *s = e->server;
    char text[CHECK_TEXT];

    (void)control;
    if (s->check) {
        counter_add(&s->hanafail, 1);
        snprintf(text, sizeof text, "Detected %u consecutive errors, last one was: %s", e->limit,
                 WORDS[e->last]);
        check_fail(s->check, text, s->check->conf->checking.on_error);
    }
    object_unref(&s->object);
    free(e);
}

/* What counts in which mode: a good connection only for layer 4, answers only for layer 7. */
static bool concerns(enum observe_mode mode, enum observed what)
{
    if (what == OBSERVED_NOT_CONNECTED) return true;
    return (what == OBSERVED_CONNECTED) == (mode == OBSERVE_LAYER4);
}

void server_observe_slowly(const struct server_conf *conf, enum observed what,
                           struct worker *control)
{
    struct server *s = conf->state;
    unsigned limit = conf->checking.error_limit, n;
    struct errors_observed *e;

    if (!concerns(conf->checking.observe, what)) return;
    if (what == OBSERVED_CONNECTED || what == OBSERVED_ANSWER) {
        if (atomic_load_explicit(&s->observed_errors, memory_order_relaxed))
            atomic_store_explicit(&s->observed_errors, 0, memory_order_relaxed);
        return;
    }
    n = atomic_fetch_add_explicit(&s->observed_errors, 1, memory_order_relaxed) + 1;
    do /* of several workers that meet the limit at once, or a lowered one, one tells */
        if (n < limit) return;
    while (!atomic_compare_exchange_weak_explicit(&s->observed_errors, &n, 0, memory_order_relaxed,
                                                  memory_order_relaxed));
    e = mem_zero(sizeof *e);
    *e = (struct errors_observed){ { .deliver = deliver }, s, what, limit };
    object_ref(&s->object);
    worker_send(control, &e->message);
}
