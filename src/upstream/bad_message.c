/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/bad_message.h"

#include <stdlib.h>

struct bad_message *bad_message_new(struct slice bytes)
{
    size_t n = bytes.n < BAD_BYTES_MOST ? bytes.n : BAD_BYTES_MOST;
    struct bad_message *m = mem_zero(sizeof *m + n);

    atomic_init(&m->refs, 1);
    m->when = clock_wall_usec();
    m->n = n;
    if (n) memcpy(m->bytes, bytes.p, n);
    return m;
}

void bad_message_unref(struct bad_message *m)
{
    if (!m || atomic_fetch_sub(&m->refs, 1) > 1) return;
    free(m->frontend);
    free(m->backend);
    free(m->server);
    free(m);
}

static struct bad_message **place(struct proxy *p, bool response)
{
    return response ? &p->bad_response : &p->bad_request;
}

void bad_message_keep(struct proxy *p, struct bad_message *m)
{
    struct bad_message **at = place(p, m->response), *before;

    pthread_mutex_lock(&p->bad_lock);
    before = *at;
    *at = m;
    pthread_mutex_unlock(&p->bad_lock);
    bad_message_unref(before);
}

struct bad_message *bad_message_last(struct proxy *p, bool response)
{
    struct bad_message *m;

    pthread_mutex_lock(&p->bad_lock);
    m = *place(p, response);
    if (m) atomic_fetch_add(&m->refs, 1);
    pthread_mutex_unlock(&p->bad_lock);
    return m;
}
