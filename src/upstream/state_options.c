/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `server` that concern its state. */
#include "upstream/keywords.h"
#include "upstream/server.h"

static bool parse_backup(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;

    (void)cfg;
    s->backup = strcmp(w->keyword->name, "backup") == 0;
    return true;
}

static bool parse_track(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    const struct word *at;

    if (!words_need(cfg, w, &at)) return false;
    s->track = at->text.p;
    s->track_at = *at;
    return true;
}

static bool parse_marked_down(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "shutdown-sessions", NULL };
    struct server_conf *s = target;
    unsigned which;

    s->shutdown_when_down = true;
    return words_enum(cfg, w, &which, names);
}

static bool parse_marked_up(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "shutdown-backup-sessions", NULL };
    struct server_conf *s = target;
    unsigned which;

    s->shutdown_backups_when_up = true;
    return words_enum(cfg, w, &which, names);
}

static const struct keyword rows[] = {
    { "backup", 0, parse_backup, "", NULL, 0,
      "The server gets requests only while no other server of the backend can be used. Of several "
      "of them it is the first that can (see `option allbackups`).",
      0, NULL },
    { "no-backup", 0, parse_backup, "", NULL, 0, "Takes `backup` of `default-server` back.", 0,
      NULL },
    { "track", 0, parse_track, "[<backend>/]<server>", NULL, 0,
      "The server is not checked itself: it is up, down, in maintenance or drained when that one "
      "is, which must have a `check` or track one that has. The Runtime API may still take it out "
      "alone.",
      0, NULL },
    { "on-marked-down", 0, parse_marked_down, "shutdown-sessions", NULL, 0,
      "When the server goes down, what is at it is broken off: requests without an answer yet get "
      "502, other answers are cut short.",
      0, NULL },
    { "on-marked-up", 0, parse_marked_up, "shutdown-backup-sessions", NULL, 0,
      "When the server comes up, what is at the backend's backup servers is broken off, so that "
      "clients come to this one.",
      0, NULL },
};

const struct keyword_table state_options = KEYWORD_TABLE("Options of server: its state",
                                                         "server option", rows);
