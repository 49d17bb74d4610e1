/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of what a client proves itself with: Basic (RFC 7617) and Bearer (RFC 6750). */
#include "policy/converters.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"
#include "policy/userlist.h"

/* ---- the field ---- */

/* The scheme and what follows it in the first field of that name; false: there is none, or nothing
 * behind a blank. */
static bool credentials(const struct context *c, struct slice field, struct slice *scheme,
                        struct slice *rest)
{
    struct field_walk w = { .msg = c->req, .name = field, .split = true };
    struct slice value;
    ptrdiff_t blank;

    if (!c->req || !field_next(&w, &value)) return false;
    blank = slice_find(value, ' ');
    if (blank <= 0) return false;
    *scheme = slice_of(value.p, (size_t)blank);
    *rest = slice_from(value, (size_t)blank);
    while (rest->n && rest->p[0] == ' ') *rest = slice_from(*rest, 1);
    return true;
}

/* The user's name and password. A NUL ends neither: it can't stand in them (RFC 7617 §2). */
bool context_basic_auth(struct context *c, struct slice *user, struct slice *password)
{
    struct slice scheme, rest, text;
    ptrdiff_t colon;
    char *to, *end;

    if (!credentials(c, SLICE("authorization"), &scheme, &rest)) return false;
    if (!slice_eq_nocase(scheme, SLICE("basic"))) return false;
    to = context_room(c, rest.n / 4 * 3 + 1);
    end = to ? convert_base64_decode(to, rest) : NULL;
    if (!end) return false;
    text = slice_between(to, end);
    colon = slice_find(text, ':');
    if (colon < 0 || slice_find(text, '\0') >= 0) return false;
    *user = slice_of(text.p, (size_t)colon);
    *password = slice_from(text, (size_t)colon + 1);
    return true;
}

static bool bearer(struct context *c, struct slice field, struct slice *token)
{
    struct slice scheme;

    return credentials(c, field, &scheme, token) && slice_eq_nocase(scheme, SLICE("bearer"));
}

/* ---- as they came ---- */

static bool fetch_user(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice user, password;

    (void)args;
    return context_basic_auth(c, &user, &password) && sample_str(out, user);
}

static bool fetch_password(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice user, password;

    (void)args;
    return context_basic_auth(c, &user, &password) && sample_str(out, password);
}

static bool fetch_type(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice user, password;

    (void)args;
    if (context_basic_auth(c, &user, &password)) return sample_str(out, SLICE("Basic"));
    return bearer(c, SLICE("authorization"), &user) && sample_str(out, SLICE("Bearer"));
}

static bool check_field(struct policy_cfg *pc, struct arg *args)
{
    if (args[0].given) args[0].str = field_lower(pc->cfg->arena, args[0].str);
    return true;
}

/* From a field that is named the result is empty, not missing, when there is no token. */
static bool fetch_token(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice token;

    if (!args[0].given) return bearer(c, SLICE("authorization"), &token) && sample_str(out, token);
    if (args[0].str.n && bearer(c, args[0].str, &token)) return sample_str(out, token);
    return c->req && sample_str(out, SLICE(""));
}

/* ---- with a userlist ---- */

/* True, false for a wrong password, not found when there is none. */
static bool fetch_auth(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice user, password;

    return context_basic_auth(c, &user, &password) &&
           sample_bool(out, userlist_check(args[0].thing, user, password));
}

/* The user's name, when the password is right. An ACL gets the user's groups one by one instead, or
 * one empty name for a user without any. */
static bool fetch_group(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice name, password;
    const struct user *user;
    const struct user_group *g;

    if (!context_basic_auth(c, &name, &password)) return false;
    user = userlist_check(args[0].thing, name, password);
    if (!user) return false;
    if (!out->each) return sample_str(out, name);
    g = user->groups;
    for (uint32_t i = 0; g && i < out->at; i++) g = g->next;
    if (!g) return out->at == 0 && sample_str(out, SLICE(""));
    out->at++;
    out->more = g->next;
    return sample_str(out, g->name);
}

/* ---- the rows ---- */

static const struct fetch rows[] = {
    { "http_auth", ARGS(1, ARG_USERLIST), SAMPLE_BOOL, NEED_REQUEST, 0, fetch_auth,
      "Are the client's name and password (Basic) those of a user of that userlist? Not found "
      "when it sent none.",
      NULL, 0 },
    { "http_auth_bearer", ARGS(0, ARG_STR), SAMPLE_STR, NEED_REQUEST, 0, fetch_token,
      "The token behind `Bearer` in Authorization, or in the field that is named: then it is empty "
      "where there is none. Nothing is checked.",
      check_field, 0 },
    { "http_auth_group", ARGS(1, ARG_USERLIST), SAMPLE_STR, NEED_REQUEST, FETCH_MANY, fetch_group,
      "The name of the user, when name and password are those of a user of that userlist. In an "
      "ACL each group that the user is in: `http_auth_group(staff) admins`.",
      NULL, 0 },
    { "http_auth_pass", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_password,
      "The password that the client sent (Basic). It is not checked.", NULL, 0 },
    { "http_auth_type", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_type,
      "The scheme of the client's credentials: `Basic`, where they can be read, or `Bearer`.", NULL,
      0 },
    { "http_auth_user", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_user,
      "The name that the client sent (Basic). It is not checked.", NULL, 0 },
};

const struct fetch_table auth_fetches = FETCH_TABLE("Authentication", rows);
