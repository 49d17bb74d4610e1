/* SPDX-License-Identifier: Apache-2.0 */
/* The states of servers, and what becomes of a backend's turns. */
#include "upstream/backend.h"
#include "upstream/keeper.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 4 };

static struct objects all;
static struct keeper keeper;

/* A configuration: a backend of servers a, b, c, d. */
struct file {
    struct arena arena;
    struct proxy_conf proxy;
    struct backend_conf be;
    struct server_conf confs[MOST], *list[MOST];
};

static void begin(struct file *f, const char *name, unsigned n)
{
    static const char *const names[MOST] = { "a", "b", "c", "d" };

    memset(f, 0, sizeof *f);
    arena_init(&f->arena, NULL);
    f->proxy.name = name;
    f->proxy.be = &f->be;
    f->proxy.state = proxy_get(&all, name, 1);
    f->be = (struct backend_conf){
        .proxy = &f->proxy, .servers = f->list, .n_servers = n, .algorithm = &balance_roundrobin
    };
    for (unsigned i = 0; i < n; i++) {
        f->confs[i] = (struct server_conf){
            .name = names[i], .weight = 1, .backend = &f->be, .address_as_written = "x"
        };
        f->confs[i].state = server_get(&all, name, names[i], &f->proxy.state->object,
                                       f->proxy.state->queue, 1);
        f->list[i] = &f->confs[i];
    }
}

static void adopt(struct file *f)
{
    f->be.balance = backend_prepare(&f->be, &f->arena);
    for (unsigned i = 0; i < f->be.n_servers; i++) server_adopt(&keeper, &f->confs[i]);
    for (unsigned i = 0; i < f->be.n_servers; i++) server_follow(f->confs[i].state);
    backend_adopt(&keeper, &f->be);
}

/* What it names is not used any more, unless a later file has taken it over. */
static void end(struct file *f)
{
    for (unsigned i = 0; i < f->be.n_servers; i++) {
        struct server *s = f->confs[i].state;
        if (s->st.conf == &f->confs[i]) server_abandon(s);
        object_unref(&s->object);
    }
    backend_abandon(&keeper, &f->be);
    object_unref(&f->proxy.state->object);
    arena_release(&f->arena);
}

static int set_up(void **state)
{
    (void)state;
    clock_pretend(1, 1000 * UINT64_C(1000000));
    objects_init(&all);
    keeper_init(&keeper, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_pretend(0, 0);
    assert_int_equal(all.by_name.n, 0);
    objects_release(&all);
    keeper_release(&keeper);
    return 0;
}

static void pass_seconds(unsigned n)
{
    clock_pretend(1, clock_wall_usec() + n * UINT64_C(1000000));
}

static struct server *at(struct file *f, unsigned i)
{
    return f->confs[i].state;
}

static bool is_up(struct file *f, unsigned i)
{
    return server_is_up(&f->confs[i]);
}

/* n choices as letters, each slot given back at once; '-': there was none. */
static const char *choices(struct file *f, unsigned n)
{
    static char text[65];

    for (unsigned i = 0; i < n; i++) {
        const struct server_conf *s;
        if (backend_choose(&f->be, NULL, &s) == BALANCE_CHOSEN) {
            text[i] = s->name[0];
            server_slot_release(s->state);
        } else
            text[i] = '-';
    }
    text[n] = '\0';
    return text;
}

static unsigned times_chosen(struct file *f, char name, unsigned n)
{
    unsigned count = 0;

    while (n--) count += choices(f, 1)[0] == name;
    return count;
}

/* ---- checks ---- */

static bool fails(struct server *s)
{
    bool changed = server_check_failed(s);
    server_check_apply(s, "");
    return changed;
}

static bool passes(struct server *s)
{
    bool changed = server_check_passed(s);
    server_check_apply(s, "");
    return changed;
}

static void checks_bring_it_down_and_up(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 1);
    f.confs[0].check = true;
    f.confs[0].rise = 2;
    f.confs[0].fall = 3;
    adopt(&f);
    assert_true(is_up(&f, 0));
    assert_true(fails(at(&f, 0))); /* nobody knew yet that it is well */
    assert_false(is_up(&f, 0));
    assert_false(fails(at(&f, 0)));
    assert_true(passes(at(&f, 0)));
    assert_false(is_up(&f, 0));
    assert_true(passes(at(&f, 0)));
    assert_true(is_up(&f, 0));
    assert_false(passes(at(&f, 0))); /* it is as well as can be */
    assert_true(fails(at(&f, 0)) && fails(at(&f, 0)));
    assert_true(is_up(&f, 0));
    assert_true(passes(at(&f, 0))); /* and all is forgotten */
    assert_true(fails(at(&f, 0)) && fails(at(&f, 0)) && is_up(&f, 0));
    assert_true(fails(at(&f, 0)));
    assert_false(is_up(&f, 0));
    assert_int_equal(counter_get(&at(&f, 0)->st.failed_checks), 6);
    assert_int_equal(counter_get(&at(&f, 0)->st.downs), 2);
    assert_int_equal(counter_get(&f.proxy.state->st.downs), 2);
    end(&f);
}

static void who_is_down_has_no_turns(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 3);
    adopt(&f);
    assert_string_equal(choices(&f, 6), "abcabc");
    server_mark_down(at(&f, 1), "");
    assert_int_equal(times_chosen(&f, 'a', 10), 5); /* b's turns are shared alike */
    assert_int_equal(times_chosen(&f, 'c', 10), 5);
    assert_int_equal(backend_count_usable(&f.be), 2);
    server_mark_down(at(&f, 0), "");
    server_mark_down(at(&f, 2), "");
    assert_string_equal(choices(&f, 2), "--");
    assert_false(backend_is_up(&f.be));
    server_mark_up(at(&f, 1), "");
    assert_string_equal(choices(&f, 2), "bb");
    end(&f);
}

static void stopping_is_up_without_turns(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 2);
    f.confs[0].check = true;
    adopt(&f);
    server_check_stopping(at(&f, 0), "");
    assert_true(is_up(&f, 0));
    assert_string_equal(choices(&f, 2), "bb");
    assert_true(passes(at(&f, 0)));
    assert_int_equal(times_chosen(&f, 'a', 4), 2);
    end(&f);
}

/* ---- the administrator ---- */

static void maintenance_and_drain(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 2);
    adopt(&f);
    server_set_drain(at(&f, 0));
    assert_true(is_up(&f, 0));
    assert_string_equal(choices(&f, 2), "bb");
    server_set_maint(at(&f, 0));
    assert_false(is_up(&f, 0));
    assert_int_equal(server_admin(&at(&f, 0)->st), ADMIN_FORCED_MAINT);
    server_set_drain(at(&f, 0));
    assert_int_equal(server_admin(&at(&f, 0)->st), ADMIN_FORCED_DRAIN);
    assert_true(is_up(&f, 0));
    server_set_ready(at(&f, 0));
    assert_int_equal(times_chosen(&f, 'a', 4), 2);
    server_mark_down(at(&f, 0), "");
    server_set_maint(at(&f, 0));
    server_set_ready(at(&f, 0)); /* what it was before is not known any more */
    assert_true(is_up(&f, 0));
    end(&f);
}

static void in_maintenance_checks_rest(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 1);
    f.confs[0].check = true;
    adopt(&f);
    assert_true(server_probe_runs(&at(&f, 0)->st.check));
    server_set_maint(at(&f, 0));
    assert_false(server_probe_runs(&at(&f, 0)->st.check));
    server_mark_up(at(&f, 0), ""); /* not now */
    assert_false(is_up(&f, 0));
    server_set_ready(at(&f, 0));
    assert_true(server_probe_runs(&at(&f, 0)->st.check));
    assert_int_equal(server_health(&at(&f, 0)->st.check), 2); /* one failure would bring it down */
    server_probe_enable(at(&f, 0), &at(&f, 0)->st.check, false);
    assert_false(server_probe_runs(&at(&f, 0)->st.check));
    end(&f);
}

static void weights_hold_at_once(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 2);
    adopt(&f);
    server_set_weight(at(&f, 0), 3);
    assert_int_equal(times_chosen(&f, 'a', 40), 30);
    server_set_weight(at(&f, 0), 0);
    assert_int_equal(times_chosen(&f, 'a', 40), 0);
    assert_true(is_up(&f, 0));
    assert_int_equal(backend_count_usable(&f.be), 1);
    server_set_weight(at(&f, 0), 1);
    assert_int_equal(times_chosen(&f, 'a', 40), 20);
    end(&f);
}

static void backups_come_when_all_others_are_gone(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 4);
    f.confs[1].backup = f.confs[2].backup = true;
    adopt(&f);
    assert_int_equal(times_chosen(&f, 'a', 10) + times_chosen(&f, 'd', 10), 10);
    assert_int_equal(backend_count_usable(&f.be), 2);
    server_mark_down(at(&f, 0), "");
    server_set_drain(at(&f, 3));
    assert_string_equal(choices(&f, 3), "bbb"); /* the first of them only */
    assert_int_equal(backend_count_usable(&f.be), 1);
    server_set_maint(at(&f, 1));
    assert_string_equal(choices(&f, 3), "ccc");
    server_set_ready(at(&f, 3));
    assert_string_equal(choices(&f, 3), "ddd");
    end(&f);
    begin(&f, "be", 3);
    f.confs[1].backup = f.confs[2].backup = true;
    f.proxy.options = UINT32_C(1) << OPT_ALL_BACKUPS;
    adopt(&f);
    server_mark_down(at(&f, 0), "");
    assert_int_equal(times_chosen(&f, 'b', 10), 5);
    assert_int_equal(backend_count_usable(&f.be), 2);
    end(&f);
}

/* ---- track ---- */

static void a_tracker_follows(void **state)
{
    struct file f, g;

    (void)state;
    begin(&f, "be", 1);
    begin(&g, "other", 2);
    f.confs[0].check = true;
    g.confs[0].tracked = &f.confs[0];
    g.confs[1].tracked = &g.confs[0]; /* and is tracked itself */
    adopt(&f);
    adopt(&g);
    fails(at(&f, 0));
    assert_false(is_up(&g, 0) || is_up(&g, 1));
    server_mark_up(at(&f, 0), "");
    assert_true(is_up(&g, 0) && is_up(&g, 1));
    server_set_drain(at(&f, 0));
    assert_int_equal(server_admin(&at(&g, 1)->st), ADMIN_INHERITED_DRAIN);
    server_set_maint(at(&f, 0));
    assert_int_equal(server_admin(&at(&g, 1)->st), ADMIN_INHERITED_MAINT);
    server_set_maint(at(&g, 0)); /* its own affair */
    server_set_ready(at(&f, 0));
    assert_false(is_up(&g, 0) || is_up(&g, 1));
    server_mark_down(at(&f, 0), "");
    server_set_ready(at(&g, 0));
    assert_false(is_up(&g, 0)); /* out of maintenance it is what the other is */
    end(&g);
    server_mark_up(at(&f, 0), ""); /* nobody follows any more */
    end(&f);
}

/* ---- times ---- */

static uint64_t down_time(struct file *f, unsigned i)
{
    return server_down_time(&at(f, i)->st, clock_wall_usec());
}

static void times_are_those_of_haproxy(void **state)
{
    struct file f;

    (void)state;
    begin(&f, "be", 1);
    f.confs[0].check = true;
    adopt(&f);
    pass_seconds(5);
    server_mark_down(at(&f, 0), "");
    pass_seconds(7);
    assert_int_equal(down_time(&f, 0), 7);
    assert_int_equal(backend_down_time(&f.be, clock_wall_usec()), 7);
    server_mark_up(at(&f, 0), "");
    pass_seconds(3);
    assert_int_equal(down_time(&f, 0), 7);
    server_set_drain(at(&f, 0));
    pass_seconds(2);
    server_set_ready(at(&f, 0));
    assert_int_equal(down_time(&f, 0), 9); /* drained counts */
    server_set_maint(at(&f, 0));
    pass_seconds(4);
    assert_int_equal(down_time(&f, 0), 13); /* maintenance does as long as it lasts */
    server_set_ready(at(&f, 0));
    assert_int_equal(down_time(&f, 0), 9);
    assert_int_equal(at(&f, 0)->st.changed, clock_wall_usec());
    end(&f);
}

/* ---- reloads ---- */

static void what_was_set_survives_a_reload(void **state)
{
    struct file f, g;

    (void)state;
    begin(&f, "be", 2);
    f.confs[1].check = true;
    adopt(&f);
    server_set_weight(at(&f, 0), 5);
    server_set_maint(at(&f, 0));
    server_mark_down(at(&f, 1), "");
    begin(&g, "be", 2);
    g.confs[1].check = true;
    adopt(&g);
    end(&f);
    assert_int_equal(server_admin(&at(&g, 0)->st), ADMIN_FORCED_MAINT);
    assert_int_equal(at(&g, 0)->st.weight, 5);
    assert_string_equal(choices(&g, 2), "--");
    server_set_ready(at(&g, 0));
    assert_string_equal(choices(&g, 2), "aa");
    end(&g);
}

/* Workers go on choosing by the old file while the control thread takes a new one over. */
static void there_are_turns_all_through_a_reload(void **state)
{
    struct file f, g;

    (void)state;
    begin(&f, "be", 2);
    adopt(&f);
    begin(&g, "be", 2);
    g.confs[1].tracked = &g.confs[0];
    g.be.balance = backend_prepare(&g.be, &g.arena);
    for (unsigned i = 0; i < 2; i++) server_adopt(&keeper, &g.confs[i]);
    assert_int_equal(times_chosen(&f, 'a', 10), 5);
    for (unsigned i = 0; i < 2; i++) server_follow(at(&g, i));
    assert_int_equal(times_chosen(&f, 'b', 10), 5);
    backend_adopt(&keeper, &g.be);
    assert_int_equal(times_chosen(&f, 'b', 10), 5);
    end(&f);
    end(&g);
}

static void the_new_file_wins_where_it_differs(void **state)
{
    struct file f, g;

    (void)state;
    begin(&f, "be", 3);
    f.confs[0].disabled = true;
    f.confs[1].check = true;
    adopt(&f);
    assert_int_equal(server_admin(&at(&f, 0)->st), ADMIN_FORCED_MAINT | ADMIN_CONFIGURED_MAINT);
    server_mark_down(at(&f, 1), "");
    server_set_weight(at(&f, 2), 9);
    server_set_ready(at(&f, 0));
    begin(&g, "be", 3);
    g.confs[0].disabled = true; /* as before: it stays as it is */
    g.confs[2].weight = 4;
    g.confs[2].disabled = true;
    adopt(&g);
    end(&f);
    assert_true(is_up(&g, 0));
    assert_true(is_up(&g, 1)); /* nobody would ever bring it up, without a check */
    assert_false(is_up(&g, 2));
    assert_int_equal(at(&g, 2)->st.weight, 4);
    begin(&f, "be", 3);
    f.confs[2].weight = 4;
    adopt(&f);
    end(&g);
    assert_int_equal(times_chosen(&f, 'c', 60), 40);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checks_bring_it_down_and_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_down_has_no_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_is_up_without_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(maintenance_and_drain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_maintenance_checks_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weights_hold_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backups_come_when_all_others_are_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tracker_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_are_those_of_haproxy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_set_survives_a_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_new_file_wins_where_it_differs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_are_turns_all_through_a_reload, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
