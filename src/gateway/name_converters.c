/* SPDX-License-Identifier: Apache-2.0 */
/* Converters that take the name of a backend or a server: a look-up in the request's snapshot. */
#include "gateway/rule_actions.h"
#include "gateway/rules.h"

static const struct proxy_conf *backend_named(const struct context *c, struct slice name)
{
    const struct request *r = c->owner;

    return r ? snapshot_backend_of(r->pinned->snapshot, name) : NULL;
}

static bool convert_nbsrv(struct context *c, const struct arg *args, struct sample *s)
{
    const struct proxy_conf *p = backend_named(c, s->str);

    (void)args;
    return p && sample_sint(s, backend_count_usable(p->be));
}

/* "backend/server", or a server of the request's backend. */
static bool convert_srv_queue(struct context *c, const struct arg *args, struct sample *s)
{
    ptrdiff_t slash = slice_find(s->str, '/');
    struct slice server = slash < 0 ? s->str : slice_from(s->str, (size_t)slash + 1);
    const struct proxy_conf *p = slash < 0 ? c->backend
                                           : backend_named(c, slice_of(s->str.p, (size_t)slash));

    (void)args;
    for (unsigned i = 0; p && p->be && i < p->be->n_servers; i++)
        if (slice_is(server, p->be->servers[i]->name))
            return sample_sint(s, server_waiting(p->be->servers[i]->state));
    return false;
}

static const struct converter rows[] = {
    { .name = "nbsrv",
      .in = SAMPLE_STR,
      .out = SAMPLE_SINT,
      .convert = convert_nbsrv,
      .doc = "How many servers of the backend of that name are usable." },
    { .name = "srv_queue",
      .in = SAMPLE_STR,
      .out = SAMPLE_SINT,
      .convert = convert_srv_queue,
      .doc = "How many requests wait for the server `[backend/]server` alone, as `use-server` "
             "makes them; others wait for any server of the backend." },
};

const struct converter_table name_converters = CONVERTER_TABLE("Backends and servers by name",
                                                               rows);
