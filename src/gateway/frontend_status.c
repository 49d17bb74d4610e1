/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/frontend_status.h"

void frontend_adopt(const struct frontend_conf *fe)
{
    struct proxy *p = fe->proxy->state;

    if (!p->fe_known || p->fe_maxconn_file != fe->maxconn) {
        p->fe_known = true;
        p->fe_maxconn_file = fe->maxconn;
        atomic_store_explicit(&p->fe_maxconn, fe->maxconn, memory_order_relaxed);
    }
    if (frontend_status(p) == FRONTEND_STOPPED)
        atomic_store_explicit(&p->fe_status, FRONTEND_OPEN, memory_order_relaxed);
}

int frontend_obey(const struct bind_conf *bind, struct worker *w)
{
    if (frontend_status(bind->frontend->state) == FRONTEND_OPEN)
        return listener_release(bind->listener, w);
    listener_hold(bind->listener, w);
    return 0;
}
