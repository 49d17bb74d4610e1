/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/stickiness.h"

#include "policy/stick_table.h"

enum { STORES_MOST = 8 }; /* of a request and its answer, as in HAProxy */

struct stick_stores {
    unsigned n;
    struct {
        const struct stick_conf *table;
        struct sample sample; /* what the key was made of */
        struct stick_key key;
    } at[STORES_MOST];
};

/* ---- keys ---- */

/* Only the first key for each table is stored: the best, in the file's order. */
static bool stored_already(const struct request *r, const struct stick_rule *s)
{
    const struct stick_stores *all = r->stick_stores;

    for (unsigned i = 0; all && i < all->n; i++)
        if (all->at[i].table->state == stick_rule_table(s)->state) return true;
    return false;
}

static bool find_key(struct context *c, const struct stick_rule *s, struct sample *sample,
                     struct stick_key *key)
{
    return condition_holds(s->cond, c) && expr_eval(s->key, c, sample) &&
           stick_key_make(stick_rule_table(s)->state, sample, c, key);
}

static void keep_key(struct request *r, const struct stick_rule *s, const struct sample *sample,
                     struct context *c)
{
    struct stick_stores *all = r->stick_stores;
    unsigned n;

    if (!all) all = r->stick_stores = arena_zero(&r->arena, sizeof *all);
    if (all->n == STORES_MOST) return;
    n = all->n++;
    all->at[n].table = stick_rule_table(s);
    all->at[n].sample = *sample;
    stick_key_make(stick_rule_table(s)->state, &all->at[n].sample, c, &all->at[n].key);
}

/* ---- to the server ---- */

/* What the table knows it by: "10.0.0.1:80", or its name. In c's arena. */
static struct slice server_key(const struct server_conf *s, const struct stick_conf *table,
                               struct context *c)
{
    struct server_address at;
    char text[SERVER_ADDRESS_MAX];

    if (!table->server_addr) return slice_str(s->name);
    at = server_address_now(s);
    return arena_copy(c->arena, slice_str(server_address_text(&at, text)));
}

/* By what is stored of its name or address, or else by its number. */
static const struct server_conf *remembered(const struct backend_conf *be,
                                            const struct stick_conf *table,
                                            const struct stick_entry *e, struct context *c)
{
    struct slice key = stick_read_server_key(table->state, e);
    uint64_t id = stick_read(table->state, e, STICK_SERVER_ID, 0, c->worker->now);

    for (unsigned i = 0; key.n && i < be->n_servers; i++)
        if (slice_eq(server_key(be->servers[i], table, c), key)) return be->servers[i];
    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->id == id) return be->servers[i];
    return NULL;
}

static void match(struct request *r, const struct stick_rule *s, const struct stick_key *key,
                  struct context *c)
{
    const struct stick_conf *table = stick_rule_table(s);
    struct stick_entry *e = stick_recall(c, table->state, key, false);
    const struct server_conf *server;

    if (!e) return;
    if (!r->flow.bound) {
        server = remembered(r->flow.backend->be, table, e, c);
        if (server && server_is_up(server)) r->flow.bound = server;
    }
    stick_touch(table->state, e, c->worker->now);
}

void stickiness_ask(struct request *r)
{
    const struct proxy_rules *rules = r->flow.backend->rules;
    struct context *c = request_context(r);

    r->stick_asked = true;
    c->proxy = r->flow.backend;
    c->place = PLACE_USE_SERVER;
    for (const struct stick_rule *s = rules->sticks; s; s = s->next) {
        struct stick_key key;
        struct sample sample;

        if ((s->store && stored_already(r, s)) || !find_key(c, s, &sample, &key)) continue;
        if (s->match) match(r, s, &key, c);
        if (s->store) keep_key(r, s, &sample, c);
    }
}

/* ---- from the server ---- */

static void note(struct context *c, const struct stick_conf *table, const struct stick_key *key,
                 const struct server_conf *server)
{
    msec_t now = c->worker->now;
    struct stick_entry *e = stick_recall(c, table->state, key, true);

    if (!e) return; /* the table is full */
    stick_write(table->state, e, STICK_SERVER_ID, 0, server->id, now);
    stick_write_server_key(table->state, e, server_key(server, table, c));
    stick_touch(table->state, e, now);
}

void stickiness_note(struct request *r)
{
    const struct proxy_rules *rules = r->flow.backend->rules;
    struct stick_stores *all;
    struct context *c;

    if (!r->stick_stores && !rules->stick_answers) return;
    c = request_context(r);
    c->proxy = r->flow.backend;
    c->place = PLACE_BACKEND_RESPONSE;
    for (const struct stick_rule *s = rules->stick_answers; s; s = s->next) {
        struct stick_key key;
        struct sample sample;

        if (!stored_already(r, s) && find_key(c, s, &sample, &key)) keep_key(r, s, &sample, c);
    }
    all = r->stick_stores;
    for (unsigned i = 0; all && !r->flow.server->non_stick && i < all->n; i++)
        note(c, all->at[i].table, &all->at[i].key, r->flow.server);
}
