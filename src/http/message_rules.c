/* SPDX-License-Identifier: Apache-2.0 */
/* What rules do to the fields of a message. The meaning that the parser found in hop-by-hop fields
 * lives in the model, so taking such a field away, or setting it, must change the model too, and
 * nothing that a rule does may change where the body ends. */
#include "http/target.h"

static bool is_request(const struct http_msg *m)
{
    return m->method_name.n != 0;
}

/* The field is no longer there: what of the model said the same goes with it. */
static void forget(struct http_msg *m, enum http_field_id id)
{
    switch (id) {
    case HTTP_FIELD_UPGRADE:
    case HTTP_FIELD_CONNECTION: m->upgrade = false; break;
    case HTTP_FIELD_TE: m->te_trailers = false; break;
    case HTTP_FIELD_EXPECT: m->expect_continue = false; break;
    default: break;
    }
}

void http_msg_drop(struct http_msg *m, unsigned i)
{
    enum http_field_id id = (enum http_field_id)m->fields[i].id;

    http_msg_remove(m, i);
    forget(m, id);
}

/* Removes the fields of that name, of which `first` is one. */
static void remove_from(struct http_msg *m, const struct http_field *first, struct slice name)
{
    unsigned kept = (unsigned)(first - m->fields);

    for (unsigned i = kept + 1; i < m->n_fields; i++) {
        if (slice_eq(m->fields[i].name, name)) continue;
        m->fields[kept++] = m->fields[i];
    }
    m->n_fields = (uint16_t)kept;
}

unsigned http_msg_remove_named(struct http_msg *m, struct slice lower_name)
{
    const struct http_field *first = http_msg_field_named(m, lower_name);
    unsigned n = m->n_fields;

    if (!first) return 0;
    remove_from(m, first, lower_name);
    forget(m, http_field_find(lower_name));
    return n - m->n_fields;
}

/* A length that a rule adds is there for later rules, but says nothing where the body's end is
 * known otherwise: the writer writes content_length, once. */
static void put_length(struct http_msg *m, struct arena *a, struct slice name, struct slice value)
{
    uint64_t length = m->content_length;
    bool framed = m->framing == HTTP_LENGTH;

    http_msg_add(m, a, name, value);
    m->fields[m->n_fields - 1].hop = false;
    if (framed) m->content_length = length;
}

static bool put_known(struct http_msg *m, struct arena *a, struct slice name, struct slice value,
                      enum http_field_id id)
{
    if (m->n_fields == UINT16_MAX) return false;
    if (id == HTTP_FIELD_HOST && is_request(m)) {
        if (!http_msg_set_authority(m, a, value)) return false;
        for (unsigned i = 0; i < m->n_fields; i++)
            if (m->fields[i].id == HTTP_FIELD_HOST) http_field_drop(m, &m->fields[i]);
    }
    if (id == HTTP_FIELD_CONTENT_LENGTH)
        put_length(m, a, name, value);
    else
        http_msg_append(m, a, name, value, id);
    return true;
}

bool http_msg_put(struct http_msg *m, struct arena *a, struct slice name, struct slice value)
{
    return put_known(m, a, name, value, http_field_find(name));
}

/* A rule that sets what is there anyway does not end an upgrade. */
static bool still_upgrade(const struct http_msg *m, enum http_field_id id, struct slice value)
{
    if (!m->upgrade) return false;
    if (id == HTTP_FIELD_UPGRADE) return value.n != 0;
    return id == HTTP_FIELD_CONNECTION && http_list_has(value, SLICE("upgrade"));
}

/* A field that the model knows of. */
static bool set_known(struct http_msg *m, struct arena *a, struct slice name, struct slice value,
                      enum http_field_id id)
{
    bool upgrade = still_upgrade(m, id, value);

    if (id == HTTP_FIELD_HOST && is_request(m) && !http_msg_set_authority(m, a, value))
        return false;
    http_msg_remove_named(m, name);
    if (upgrade) {
        m->upgrade = true;
        if (id == HTTP_FIELD_UPGRADE) m->upgrade_value = value;
    }
    return put_known(m, a, name, value, id);
}

bool http_msg_set(struct http_msg *m, struct arena *a, struct slice name, struct slice value)
{
    enum http_field_id id = http_field_find(name);
    const struct http_field *first;

    if (id != HTTP_FIELD_OTHER) return set_known(m, a, name, value, id);
    first = http_msg_field_named(m, name);
    if (first) remove_from(m, first, name);
    if (m->n_fields == UINT16_MAX) return false;
    http_msg_append(m, a, name, value, id);
    return true;
}

bool http_msg_change(struct http_msg *m, struct arena *a, unsigned i, struct slice value)
{
    struct http_field *f = &m->fields[i];
    enum http_field_id id = (enum http_field_id)f->id;
    bool upgrade = still_upgrade(m, id, value);

    if (id == HTTP_FIELD_HOST && is_request(m) && !f->hop && !http_msg_set_authority(m, a, value))
        return false;
    f->value = value;
    f->checked = false;
    forget(m, id);
    if (upgrade) m->upgrade = true;
    if (upgrade && id == HTTP_FIELD_UPGRADE) m->upgrade_value = value;
    return true;
}
