/* SPDX-License-Identifier: Apache-2.0 */
/* What the Runtime API made of a frontend: open, paused, stopped (upstream/proxy.h). A pause
 * outlives reloads, and so does a `maxconn` set at run time as long as the file's own stays the
 * same; a frontend that was shut down opens again with the next configuration that has it.
 *
 * Management manual: "disable frontend", "enable frontend", "shutdown frontend". */
#ifndef GATEHOUSE_GATEWAY_FRONTEND_STATUS_H
#define GATEHOUSE_GATEWAY_FRONTEND_STATUS_H

#include "gateway/engine.h"

static inline enum frontend_status frontend_status(const struct proxy *p)
{
    return (enum frontend_status)atomic_load_explicit(&p->fe_status, memory_order_relaxed);
}

/* Control thread, before the workers take the configuration: what is to hold from now on. */
void frontend_adopt(const struct frontend_conf *fe);

/* On a worker: the listener holds, or serves, as its frontend's status says. 0 or a negative
 * errno. */
int frontend_obey(const struct bind_conf *bind, struct worker *w);

#endif
