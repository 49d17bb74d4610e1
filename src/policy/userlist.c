/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/userlist.h"
#include "policy/policy_cfg.h"

/* A name that a line gave: of a user in a group's line, or of a group in a user's. */
struct mention {
    struct slice name;
    const struct word *at;
};

struct mentions {
    struct mention *all;
    unsigned n;
};

/* What a line said; a user's or a group's. */
struct entry {
    struct user user; /* first: a userlist's users are these */
    struct word at;
    struct mentions others; /* a user's groups, a group's users */
};

struct userlist {
    struct hashmap users, groups; /* → struct entry */
};

/* ---- asking ---- */

bool secret_same(struct slice given, struct slice secret)
{
    static const char nothing[1] = { 0 };
    size_t n = secret.n ? secret.n : 1, differ = given.n ^ secret.n;
    const char *s = secret.n ? secret.p : nothing;

    for (size_t i = 0, k = 0; i < given.n; i++) {
        differ |= (unsigned char)(given.p[i] ^ s[k]);
        k = k + 1 == n ? 0 : k + 1;
    }
    return differ == 0;
}

const struct user *userlist_check(const struct userlist *l, struct slice name,
                                  struct slice password)
{
    const struct entry *e = hashmap_get(&l->users, name);
    bool same = secret_same(password, e ? e->user.secret : SLICE("nobody's"));

    return same && e && e->user.has_secret ? &e->user : NULL;
}

const struct userlist *userlist_find(const struct cfg *cfg, struct slice name)
{
    const struct section *s = cfg_section(cfg, IN_USERLIST, name);
    return s ? s->data : NULL;
}

/* ---- reading ---- */

static void release(void *thing)
{
    struct userlist *l = thing;

    hashmap_release(&l->users);
    hashmap_release(&l->groups);
}

static bool begin(struct cfg *cfg, struct section *s, struct words *w)
{
    struct userlist *l = arena_zero(cfg->arena, sizeof *l);

    (void)w;
    policy_keep(policy_of(cfg), release, l);
    s->data = l;
    return true;
}

static bool check_name(struct cfg *cfg, const struct word *at, const char *what)
{
    if (at->text.n == 0) return cfg_error(cfg, at, "a %s's name can't be empty", what);
    for (const char *c = at->text.p; *c; c++) {
        if ((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') ||
            strchr("-_.:", *c))
            continue;
        cfg_error(cfg, at, "'%c' can't stand in the name of a %s: '%s'", *c, what, at->text.p);
        return cfg_hint(cfg, "letters, digits, '-', '_', '.' and ':' can");
    }
    return true;
}

/* A line's name and options. The first line of a name holds, as in HAProxy. */
static bool parse_entry(struct cfg *cfg, struct words *w, struct hashmap *all, const char *what,
                        const char *options)
{
    struct entry *e = arena_zero(cfg->arena, sizeof *e);
    const struct word *at;
    const struct entry *first;

    if (!words_need(cfg, w, &at) || !check_name(cfg, at, what)) return false;
    e->user.name = at->text;
    e->at = *at;
    if (!options_parse(cfg, options, e, w)) return false;
    first = hashmap_get(all, at->text);
    if (!first) {
        hashmap_put(all, e->user.name, e);
        return true;
    }
    cfg_warning(cfg, at, "%s '%s' is there already: this line is ignored", what, at->text.p);
    cfg_hint(cfg, "at %s", place_name(cfg->arena, &first->at.at));
    return true;
}

static bool parse_user(struct cfg *cfg, void *target, struct words *w)
{
    struct userlist *l = ((struct section *)target)->data;
    return parse_entry(cfg, w, &l->users, "user", user_options.what);
}

static bool parse_group(struct cfg *cfg, void *target, struct words *w)
{
    struct userlist *l = ((struct section *)target)->data;
    return parse_entry(cfg, w, &l->groups, "group", group_options.what);
}

static bool parse_secret(struct cfg *cfg, void *target, struct words *w)
{
    struct entry *e = target;

    if (!words_text(cfg, w, &e->user.secret)) return false;
    e->user.has_secret = true;
    return true;
}

/* A list of names with commas between them, which may be empty, as may each of its elements. The
 * last list of a line holds. */
static bool parse_mentions(struct cfg *cfg, void *target, struct words *w)
{
    struct mentions *m = &((struct entry *)target)->others;
    const struct word *at = words_next(w);
    struct slice rest, name;
    unsigned most = 1;

    m->n = 0;
    if (!at) return true;
    for (size_t i = 0; i < at->text.n; i++) most += at->text.p[i] == ',';
    m->all = arena_alloc(cfg->arena, most * sizeof *m->all);
    for (rest = at->text; rest.p;) {
        name = slice_cut(&rest, ',');
        if (name.n) m->all[m->n++] = (struct mention){ name, at };
    }
    return true;
}

/* ---- putting both sides together ---- */

static void join(struct arena *a, struct entry *user, const struct entry *group)
{
    struct user_group *g = arena_alloc(a, sizeof *g);

    *g = (struct user_group){ group->user.name, user->user.groups };
    user->user.groups = g;
}

/* Every name that the lines of `from` mention stands in `in`. */
static bool join_all(struct cfg *cfg, const struct hashmap *from, const struct hashmap *in,
                     const char *what, bool users)
{
    bool fine = true;

    hashmap_each(it, from)
    {
        struct entry *e = it->value;
        for (unsigned i = 0; i < e->others.n; i++) {
            const struct mention *m = &e->others.all[i];
            struct entry *other = hashmap_get(in, m->name);
            struct nearest near;
            struct word at;
            if (other) {
                join(cfg->arena, users ? e : other, users ? other : e);
                continue;
            }
            at = word_part(policy_of(cfg), m->at, m->name);
            nearest_init(&near, m->name);
            hashmap_each(known, in) nearest_try(&near, known->key);
            fine = cfg_error(cfg, &at, "this userlist has no %s '%.*s'", what, SLICE_ARG(m->name));
            if (near.best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
        }
    }
    return fine;
}

static bool end(struct cfg *cfg, struct section *s)
{
    struct userlist *l = s->data;
    bool fine = join_all(cfg, &l->groups, &l->users, "user", false);

    return join_all(cfg, &l->users, &l->groups, "group", true) && fine;
}

/* ---- the rows ---- */

static const struct keyword lines[] = {
    { "group", IN_USERLIST, parse_group, "<name> [users <user>[,<user>…]]", NULL, 0,
      "A group, and perhaps users that are in it. They may stand above or below.", 0, NULL },
    { "user", IN_USERLIST, parse_user, "<name> [insecure-password <password>] [groups <group>…]",
      NULL, 0, "A user. Without a password nobody comes in by that name.", 0, NULL },
};

static const struct keyword of_users[] = {
    { "groups", 0, parse_mentions, "<group>[,<group>…]", NULL, 0,
      "The groups that the user is in, besides those whose lines name it.", 0, NULL },
    { "insecure-password", 0, parse_secret, "<password>", NULL, 0,
      "The password as it is. Who may read the configuration knows it.", 0, NULL },
};

static const struct keyword of_groups[] = {
    { "users", 0, parse_mentions, "<user>[,<user>…]", NULL, 0, "Users that are in the group.", 0,
      NULL },
};

const struct keyword_table userlist_keywords = KEYWORD_TABLE("Userlists", KEYWORDS, lines);
const struct keyword_table user_options = KEYWORD_TABLE("Users", "user option", of_users);
const struct keyword_table group_options = KEYWORD_TABLE("Groups", "group option", of_groups);

const struct section_kind section_userlist = {
    .name = "userlist",
    .in = IN_USERLIST,
    .naming = SECTION_NAMED,
    .begin = begin,
    .end = end,
    .args = "<name>",
    .doc = "Who may come in by which password, and in which groups they are: for `http_auth` and "
           "`http_auth_group`.",
};
