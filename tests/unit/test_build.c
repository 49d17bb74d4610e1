/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a configuration to a snapshot that is checked, but not opened. */
#include "gateway/build.h"
#include "base/memory.h"
#include "upstream/keywords.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct keyword_table *const tables[] = {
    &limit_keywords,       &identity_keywords, &process_keywords,
    &environment_keywords, &tuning_keywords,   &log_keywords,
    &proxy_keywords,       &timeout_keywords,  &option_keywords,
    &keepalive_keywords,   &frontend_keywords, &bind_options,
    &backend_keywords,     &server_options,    NULL,
};

static const struct section_kind *const kinds[] = {
    &section_global, &section_defaults, &section_frontend, &section_backend, &section_listen, NULL,
};

static char *read_text(const char *path, size_t *n, void *user)
{
    (void)path;
    *n = strlen(user);
    return mem_strdup(user);
}

/* One run. The engine has no worker: nothing is opened. */
struct run {
    struct worker control;
    struct engine engine;
    struct log_writer *logs;
    struct vocabulary words;
    struct snapshot *s;
    bool ok;
    char *messages;
};

static void load(struct run *r, const char *text, const struct snapshot *before)
{
    struct cfg_reader reader = { .read_file = read_text, .user = (void *)text };
    const char *path = "t.cfg";
    struct build b = { .engine = &r->engine, .before = before, .n_workers = 1 };
    struct diag diag;
    struct cfg cfg;
    size_t size;
    FILE *out = open_memstream(&r->messages, &size);

    b.snapshot = r->s = snapshot_new();
    diag_init(&diag);
    cfg_init(&cfg, &r->s->arena, &diag, &r->words);
    cfg.user = &b;
    r->ok = cfg_parse(&cfg, &path, 1, &reader);
    r->ok &= build_compile(&b, &cfg);
    diag_print(&diag, out);
    fclose(out);
    cfg_release(&cfg);
    diag_release(&diag);
}

static void begin(struct run *r, const char *text)
{
    memset(r, 0, sizeof *r);
    r->logs = log_writer_new();
    engine_init(&r->engine, &r->control, r->logs);
    vocabulary_init(&r->words, tables, kinds);
    load(r, text, NULL);
}

static void unload(struct run *r)
{
    snapshot_free(r->s);
    free(r->messages);
}

static void end(struct run *r)
{
    unload(r);
    vocabulary_release(&r->words);
    engine_release(&r->engine);
    log_writer_free(r->logs);
}

#define DEFAULTS \
    "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"

static void good(struct run *r, const char *text)
{
    begin(r, text);
    if (!r->ok || *r->messages) fail_msg("%s", r->messages);
}

static void numbers(void **state)
{
    static const unsigned proxies[] = { 1, 2, 9, 4, 5 }, servers[] = { 2, 1, 8, 5 },
                          binds[] = { 2, 1, 7, 5 };
    const struct bind_conf *b;
    struct run r;

    (void)state;
    good(&r, DEFAULTS "frontend a\n bind :1001\n bind :1002 id 1\n bind :1003 id 7\n bind :1004\n"
                      "frontend b\n id 2\n bind :1005\n"
                      "backend c\n id 9\n server s1 127.0.0.1:1\n server s2 127.0.0.1:1 id 1\n"
                      " server s3 127.0.0.1:1 id 8\n server s4 127.0.0.1:1\n"
                      "backend d\nbackend e\n");
    for (unsigned i = 0; i < 5; i++) assert_int_equal(r.s->proxies[i]->id, proxies[i]);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(r.s->proxies[2]->be->servers[i]->id, servers[i]);
    b = r.s->proxies[0]->fe->binds;
    for (unsigned i = 0; i < 4; i++, b = b->next) assert_int_equal(b->id, binds[i]);
    end(&r);
}

static void names(void **state)
{
    struct run r;

    (void)state;
    good(&r, DEFAULTS "frontend a\n bind :1001\n default_backend b\nbackend b\n");
    assert_ptr_equal(snapshot_frontend(r.s, "a")->fe->default_backend, snapshot_backend(r.s, "b"));
    assert_null(snapshot_backend(r.s, "a"));
    end(&r);
    begin(&r, DEFAULTS "frontend a\n bind :1001\n default_backend bx\nbackend by\n");
    assert_false(r.ok);
    assert_non_null(strstr(r.messages, "t.cfg:8:18: error: there is no backend 'bx'"));
    assert_non_null(strstr(r.messages, "did you mean 'by'?"));
    end(&r);
}

static void limits_of_buffers(void **state)
{
    struct run r;

    (void)state;
    good(&r, DEFAULTS);
    assert_int_equal(r.s->global.bufsize, 16384);
    assert_int_equal(r.s->global.maxrewrite, 1024);
    assert_int_equal(r.s->global.max_headers, 101);
    end(&r);
    good(&r, "global\n tune.bufsize 2048\n tune.maxrewrite 5000\n tune.http.maxhdr 7\n");
    assert_int_equal(r.s->global.bufsize, 2048);
    assert_int_equal(r.s->global.maxrewrite, 1024); /* half */
    assert_int_equal(r.s->global.max_headers, 7);
    end(&r);
    good(&r, "global\n tune.maxrewrite 0\n");
    assert_int_equal(r.s->global.maxrewrite, 0);
    end(&r);
}

static const struct conn_origin *origin_of(const struct run *r, unsigned server)
{
    return r->s->proxies[0]->be->servers[server]->origin;
}

static void origins(void **state)
{
    const struct conn_origin *o;
    struct run r;

    (void)state;
    good(&r, DEFAULTS "backend b\n server s 127.0.0.1:1\n");
    assert_null(origin_of(&r, 0)); /* nothing is asked for, and costs nothing */
    end(&r);
    good(&r, "global\n tune.sndbuf.server 9000\n" DEFAULTS
             "backend b\n source 127.0.0.7\n option srvtcpka\n srvtcpka-idle 1m\n"
             " server s 127.0.0.1:1\n server t 127.0.0.1:1 source 127.0.0.8:99 interface lo tcp-ut "
             "2s\n");
    o = origin_of(&r, 0);
    assert_int_equal(((const struct sockaddr_in *)(const void *)o->address)->sin_addr.s_addr,
                     htonl(0x7f000007));
    assert_int_equal(o->socket.sndbuf, 9000);
    assert_true(o->socket.keepalive);
    assert_int_equal(o->socket.keep_idle, 60);
    assert_null(o->interface);
    o = origin_of(&r, 1);
    assert_int_equal(address_port(o->address), 99);
    assert_string_equal(o->interface, "lo");
    assert_int_equal(o->socket.user_timeout, 2000);
    end(&r);
}

static void sockets_of_binds(void **state)
{
    const struct bind_conf *b;
    struct run r;

    (void)state;
    good(&r, "global\n tune.rcvbuf.client 5000\n tune.maxaccept 3\n" DEFAULTS
             "frontend f\n bind :1001 mss 900 backlog 4\n bind :1002\n option tcpka\n"
             " clitcpka-cnt 5\n backlog 30\n");
    b = r.s->proxies[0]->fe->binds;
    assert_int_equal(b->spec.socket.mss, 900);
    assert_int_equal(b->spec.socket.rcvbuf, 5000);
    assert_true(b->spec.socket.keepalive);
    assert_int_equal(b->spec.socket.keep_count, 5);
    assert_int_equal(b->spec.options.backlog, 4);
    assert_int_equal(b->spec.accepts, 3);
    assert_int_equal(b->next->spec.options.backlog, 30);
    assert_int_equal(b->next->spec.socket.mss, 0);
    end(&r);
}

static void first_and_last(void **state)
{
    struct run r;

    (void)state;
    begin(&r, "global\n maxconn 5\n maxconn 6\n nbthread 2\n nbthread 3\n");
    assert_true(r.ok);
    assert_int_equal(r.s->global.maxconn, 5);
    assert_int_equal(r.s->global.nbthread, 3);
    assert_non_null(strstr(r.messages, "t.cfg:3:2: notice: 'maxconn' was said before"));
    end(&r);
}

static void timeouts_said_twice(void **state)
{
    struct run r;

    (void)state;
    begin(&r, DEFAULTS "frontend f\n bind :1001\n timeout client 2s\n timeout client 3s\n");
    assert_true(r.ok);
    assert_int_equal(r.s->proxies[0]->timeouts.client, 3000);
    assert_non_null(strstr(r.messages, "t.cfg:9:2: warning: 'timeout client' was said before"));
    assert_null(strstr(r.messages, "t.cfg:8:2")); /* what the defaults say may be overridden */
    end(&r);
}

/* A name that can't be resolved any more keeps the address that it has. */
static void reload_without_a_resolver(void **state)
{
    struct run r;
    struct snapshot *first;
    char *messages;

    (void)state;
    good(&r, DEFAULTS "backend b\n server s a..b:81 init-addr 127.0.0.9\n");
    first = r.s;
    messages = r.messages;
    load(&r, DEFAULTS "backend b\n server s a..b:81\n server t c..d:81\n", first);
    assert_false(r.ok);
    assert_non_null(strstr(r.messages, "notice: server b/s: can't resolve 'a..b'; it keeps"));
    assert_non_null(strstr(r.messages, "error: server b/t: can't resolve 'c..d'"));
    assert_true(address_equal(&r.s->proxies[0]->be->servers[0]->address.sa,
                              &first->proxies[0]->be->servers[0]->address.sa));
    unload(&r);
    r.s = first;
    r.messages = messages;
    end(&r);
}

static void environment(void **state)
{
    struct run r;

    (void)state;
    good(&r,
         "global\n setenv A one\n presetenv A two\n presetenv B three\n setenv C x\n unsetenv C\n"
         " node \"$A\"\n description \"$B\" \"${C-none}\"\n");
    assert_string_equal(r.s->global.node, "one");
    assert_string_equal(r.s->global.description, "three none");
    end(&r);
}

/* Lines that are wrong, each with what is said about it. */
static const struct {
    const char *line, *message;
} wrong[] = {
    { "frontend f\n bind :0", "port 0 can't be bound" },
    { "frontend f\n bind :1001\n bind :1001", "1001 is bound twice" },
    { "frontend f\n bind :1001-1002 id 3", "'id' is for one socket" },
    { "frontend f\n bind :1001 id 3\n bind :1002 id 3", "has the id 3" },
    { "frontend f\n bind :1001 mss -100", "not supported" },
    { "frontend f\n bind fd@999", "descriptor 999" },
    { "frontend f\n bind a..b:80", "can't resolve 'a..b'" },
    { "frontend f\n id 4\nbackend b\n id 4", "frontend 'f' has the id 4 already" },
    { "backend b\n server s 0.0.0.0:80", "is not supported by Gatehouse" },
    { "backend b\n server a/b 127.0.0.1:80", "'/' can't stand in the name of a server" },
    { "backend b\n server s 127.0.0.1:80\n server s 127.0.0.1:81", "has a server 's' already" },
    { "backend b\n server s 127.0.0.1:80 id 3\n server t 127.0.0.1:81 id 3",
      "has the id 3 already" },
    { "backend b\n server s 127.0.0.1:80 source 1.2.3.4 usesrc client", "'usesrc' is not supp" },
    { "backend b\n server s 127.0.0.1:80 source a..b", "can't resolve 'a..b'" },
    { "backend b\n server s 127.0.0.1:80 init-addr 1.2.3.4,1.2.3.5", "one address" },
    { "backend b\n mode tcp", "'mode tcp', HAProxy's default" },
    { "listen l\n bind :1001\n default_backend l", "can't be its own default_backend" },
    { "global\n unix-bind mss 5", "'unix-bind' takes" },
    { "global\n node a/b", "can't stand in the name of a node" },
    { "global\n setenv A=B c", "is no name for a variable" },
    { "global\n user no-such-user", "there is no user 'no-such-user'" },
};

static void errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct run r;
        char text[512];

        snprintf(text, sizeof text, "%s%s\n", DEFAULTS, wrong[i].line);
        begin(&r, text);
        if (r.ok || !strstr(r.messages, wrong[i].message))
            fail_msg("%s: %s", wrong[i].line, r.messages);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(names),
        cmocka_unit_test(limits_of_buffers),
        cmocka_unit_test(origins),
        cmocka_unit_test(sockets_of_binds),
        cmocka_unit_test(first_and_last),
        cmocka_unit_test(timeouts_said_twice),
        cmocka_unit_test(reload_without_a_resolver),
        cmocka_unit_test(environment),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
