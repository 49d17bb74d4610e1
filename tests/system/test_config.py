# SPDX-License-Identifier: Apache-2.0
"""Which configurations are accepted, which get a warning and which are refused: as by Debian's
HAProxy, where it is there to be asked; where Gatehouse differs, the table says why."""
import os
import re
import shutil
import subprocess

import pytest

import gate

HAPROXY = os.environ.get("HAPROXY") or shutil.which("haproxy")

# Why the two differ
NUMBER = "what is no number, or out of its range, is an error"
WORDS = "a word that means nothing is an error"
ABSENT = "not supported yet"
TCP = "TCP proxies are not supported yet"
TWICE = "an address that is bound twice is an error: HAProxy lets the kernel choose by chance"
LAST = "the last one holds"
ALERT = "HAProxy says that it is an error, and goes on"
IGNORED = "it is ignored, and so can't be wrong"
HAPROXY_ERRORS = "HAProxy's own messages do not fit"

BASE = """global
{G}
defaults
 mode http
 timeout client 1s
 timeout server 1s
 timeout connect 1s
{D}
frontend f
 bind 127.0.0.1:5999
 default_backend b
{F}
backend b
 server s 127.0.0.1:8080
{B}
"""

# Each row: the lines; what HAProxy makes of them; what Gatehouse does and why, where it differs.
# "ok", "warn" (accepted, with a warning), "error", "nothing" (no error, but nothing to listen on).

GLOBAL = [
    ("maxconn", "error"),
    ("maxconn 10 20", "error"),
    ("maxconn abc", "ok", "error", NUMBER),
    ("maxconn 0", "ok"),
    ("maxconn -1", "ok", "error", NUMBER),
    ("maxconn 10\nmaxconn 20", "ok"),
    ("maxconn 2000000000", "ok"),
    ("nbthread 1", "ok"),
    ("nbthread 0", "error"),
    ("nbthread 65", "error"),
    ("nbthread 64", "ok"),
    ("nbthread 2\nnbthread 3", "ok"),
    ("nbproc 1", "error"),
    ("nbproc 2", "error"),
    ("thread-groups 1", "ok"),
    ("thread-groups 2", "error"),
    ("user nobody", "ok"),
    ("user nosuchuser", "error"),
    ("group nogroup", "ok"),
    ("group nosuchgroup", "error"),
    ("user nobody\nuser root", "ok"),
    ("user nobody\nuid 33", "ok"),
    ("uid 0", "ok"),
    ("uid abc", "warn", "error", NUMBER),
    ("uid 33\nuid 34", "ok"),
    ("gid 33", "ok"),
    ("gid x", "warn", "error", NUMBER),
    ("chroot /nonexistent", "ok"),
    ("chroot /var/empty\nchroot /tmp", "ok"),
    ("daemon", "ok"),
    ("daemon extra", "error"),
    ("no daemon", "error"),
    ("master-worker", "ok"),
    ("master-worker no-exit-on-failure", "ok"),
    ("master-worker bad", "error"),
    ("no master-worker", "error"),
    ("ulimit-n 1000", "ok"),
    ("ulimit-n", "error"),
    ("ulimit-n 100\nulimit-n 200", "ok"),
    ("ulimit-n abc", "ok", "error", NUMBER),
    ("ulimit-n 10", "ok"),
    ("node foo", "ok"),
    ("node", "error"),
    ("node foo bar", "error"),
    ("description", "error"),
    ("description hello there world", "ok"),
    ("log-send-hostname", "ok"),
    ("log-send-hostname foo", "ok"),
    ("log-send-hostname foo bar", "ok", "error", WORDS),
    ("pidfile /tmp/x", "ok"),
    ("pidfile /tmp/x\npidfile /tmp/y", "ok"),
    ("pidfile", "error"),
    ("hard-stop-after 10s", "ok"),
    ("hard-stop-after", "error"),
    ("hard-stop-after 0", "ok"),
    ("hard-stop-after x", "error"),
    ("hard-stop-after 100d", "error"),
    ("grace 10s", "ok"),
    ("grace", "error"),
    ("grace 0", "ok"),
    ("setenv A", "error"),
    ("setenv A b", "ok"),
    ("setenv A b c", "ok", "error", WORDS),
    ("presetenv A b", "ok"),
    ("unsetenv A B", "ok"),
    ("unsetenv", "error"),
    ("resetenv", "ok"),
    ("resetenv A B", "ok"),
    ("tune.bufsize 1000", "ok", "error", NUMBER),
    ("tune.bufsize 0", "error"),
    ("tune.bufsize abc", "error"),
    ("tune.bufsize 16384", "ok"),
    ("tune.maxrewrite 0", "ok"),
    ("tune.maxrewrite 100000", "ok"),
    ("tune.maxrewrite 1024", "ok"),
    ("tune.http.maxhdr 0", "error"),
    ("tune.http.maxhdr 1", "error", "ok", HAPROXY_ERRORS),
    ("tune.http.maxhdr 32767", "ok", "error", NUMBER),
    ("tune.http.maxhdr 32768", "error"),
    ("tune.maxaccept -1", "ok"),
    ("tune.maxaccept 0", "ok"),
    ("tune.maxaccept 10\ntune.maxaccept 20", "ok"),
    ("tune.rcvbuf.client 1000", "ok"),
    ("tune.rcvbuf.client 0", "ok"),
    ("tune.rcvbuf.client 1000\ntune.rcvbuf.client 2000", "ok"),
    ("tune.sndbuf.server x", "ok", "error", NUMBER),
    ("tune.idle-pool.shared on", "ok"),
    ("tune.idle-pool.shared off", "ok"),
    ("tune.idle-pool.shared x", "error"),
    ("tune.pool-low-fd-ratio 0", "ok"),
    ("tune.pool-low-fd-ratio 101", "error"),
    ("tune.pool-low-fd-ratio", "error"),
    ("tune.pool-high-fd-ratio 100", "ok"),
    ("tune.pool-high-fd-ratio -1", "error"),
    ("tune.recv_enough ", "error"),
    ("tune.fd.edge-triggered on", "error"),
    ("tune.chksize 100", "error"),
    ("nosplice", "ok"),
    ("nosplice x", "error"),
    ("no nosplice", "error"),
    ("noreuseport", "ok"),
    ("quiet", "ok"),
    ("zero-warning", "ok"),
    ("no quiet", "error"),
    ("expose-experimental-directives", "ok"),
    ("insecure-setuid-wanted", "ok"),
    ("strict-limits", "ok"),
    ("no strict-limits", "ok"),
    ("fd-hard-limit 100", "ok"),
    ("fd-hard-limit 20", "ok"),
    ("set-dumpable", "ok"),
    ("no set-dumpable", "ok"),
    ("localpeer foo", "ok"),
    ("localpeer", "error"),
    ("unix-bind mode 600", "ok"),
    ("unix-bind mode 600 user root prefix /tmp/", "ok"),
    ("default-path x", "error"),
    ("stats timeout 10s", "ok"),
    ("stats maxconn 10", "ok"),
    ("foo bar", "error"),
    ("debug", "error"),
    ("log-stderr global", "error"),
    ("log-tag x", "ok"),
    ("log-tag", "error"),
    ("log-tag x\nlog-tag y", "ok"),
    ("log 127.0.0.1 local0", "ok"),
    ("log global", "error"),
    ("no log", "ok"),
    ("log stdout", "error"),
]

DEFAULTS = [
    ("description foo bar", "error"),
    ("id 5", "error"),
    ("disabled", "nothing"),
    ("enabled", "ok"),
    ("option redispatch -1", "ok"),
    ("backlog 100", "ok"),
    ("source 127.0.0.1", "ok"),
    ("fullconn x", "ok", "error", NUMBER),
    ("grace 3", "error"),
]

FRONTEND = [
    ("description foo bar", "ok"),
    ("id 5", "ok"),
    ("id 0", "error"),
    ("id x", "error"),
    ("id 2147483648", "error"),
    ("id 7\nid 8", "error", "ok", LAST),
    ("disabled x", "error"),
    ("option tcp-smart-connect", "warn"),
    ("option tcpka", "ok"),
    ("option clitcpka", "ok"),
    ("option srvtcpka", "warn"),
    ("option accept-invalid-http-request", "ok"),
    ("option accept-invalid-http-response", "warn"),
    ("option http-use-htx", "error"),
    ("no option http-use-htx", "error"),
    ("option http-no-delay", "ok"),
    ("option http-tunnel", "error"),
    ("option forceclose", "error"),
    ("option http-keep-alive", "ok"),
    ("option abortonclose", "warn"),
    ("option redispatch", "warn"),
    ("option dontlognull x", "error"),
    ("option foo", "error"),
    ("option", "error"),
    ("no option", "error"),
    ("no foo", "error"),
    ("no maxconn", "error"),
    ("default option redispatch", "warn"),
    ("backlog 100", "ok"),
    ("backlog", "error"),
    ("backlog abc", "ok", "error", NUMBER),
    ("bind 127.0.0.1:6001 id 5", "ok"),
    ("bind 127.0.0.1:6001 id 0", "error"),
    ("bind 127.0.0.1:6001 id 5\nbind 127.0.0.1:6002 id 5", "error"),
    ("bind 127.0.0.1:6001 name foo", "ok"),
    ("bind 127.0.0.1:6001 name foo\nbind 127.0.0.1:6002 name foo", "ok"),
    ("bind 127.0.0.1:6001 backlog 100", "ok"),
    ("bind 127.0.0.1:6001 backlog 0", "ok"),
    ("bind 127.0.0.1:6001 backlog -1", "error"),
    ("bind 127.0.0.1:6001 maxconn 10", "ok"),
    ("bind 127.0.0.1:6001 maxconn 0", "ok"),
    ("bind 127.0.0.1:6001 maxconn -1", "error"),
    ("bind 127.0.0.1:6001 v4v6", "ok"),
    ("bind 127.0.0.1:6001 v6only", "ok"),
    ("bind :::6001 v4v6", "ok"),
    ("bind :::6001 v4v6 v6only", "ok"),
    ("bind 127.0.0.1:6001 transparent", "ok"),
    ("bind 127.0.0.1:6001 interface lo", "ok"),
    ("bind 127.0.0.1:6001 interface nosuch", "ok"),
    ("bind 127.0.0.1:6001 mode 600", "ok"),
    ("bind /tmp/x mode 600", "ok"),
    ("bind /tmp/x mode 8", "error"),
    ("bind /tmp/x mode abc", "error"),
    ("bind /tmp/x user nobody", "ok"),
    ("bind /tmp/x user nosuch", "error"),
    ("bind /tmp/x uid 5 gid 6", "ok"),
    ("bind /tmp/x group nosuch", "error"),
    ("bind 127.0.0.1:6001 user nobody", "ok"),
    ("bind 127.0.0.1:6001 defer-accept", "ok"),
    ("bind 127.0.0.1:6001 tfo", "ok"),
    ("bind 127.0.0.1:6001 mss 1000", "ok"),
    ("bind 127.0.0.1:6001 mss 0", "error"),
    ("bind 127.0.0.1:6001 mss -100000", "error"),
    ("bind 127.0.0.1:6001 tcp-ut 30s", "ok"),
    ("bind 127.0.0.1:6001 tcp-ut x", "error"),
    ("bind 127.0.0.1:6001 tcp-ut 0", "ok"),
    ("bind 127.0.0.1:6001 namespace x", "error"),
    ("bind 127.0.0.1:6001 level admin", "ok"),
    ("bind 127.0.0.1:6001 shards 2", "ok", "error", ABSENT),
    ("bind 127.0.0.1:6001 shards by-thread", "ok"),
    ("bind 127.0.0.1:6001 proto h1", "ok"),
    ("bind 127.0.0.1:6001 proto h2", "ok", "error", ABSENT),
    ("bind 127.0.0.1:6001 severity-output string", "ok"),
    ("bind 127.0.0.1:6001 expose-fd listeners", "ok"),
    ("bind 127.0.0.1:6001 foo", "error"),
    ("bind 127.0.0.1:6001 name", "error"),
    ("bind", "error"),
    ("bind 127.0.0.1", "error"),
    ("bind 127.0.0.1:", "error"),
    ("bind 127.0.0.1:0", "error"),
    ("bind 127.0.0.1:70000", "error"),
    ("bind 127.0.0.1:6002-6001", "error"),
    ("bind 127.0.0.1:6001-6003", "ok"),
    ("bind localhost:6001", "ok"),
    ("bind a..b:6001", "error"),
    ("bind 127.0.0.1:5999", "ok", "error", TWICE),
    ("bind 127.0.0.1:6001,127.0.0.1:6002", "ok"),
    ("bind 127.0.0.1:6001,", "ok", "error", WORDS),
    ("bind *:6001 interface lo", "ok"),
    ("bind fd@100", "error"),
    ("bind fd@0", "error"),
    ("bind unix@/tmp/xyz", "ok"),
    ("bind abns@xyz", "ok"),
    ("bind ipv4@127.0.0.1:6001", "ok"),
    ("bind ipv6@::1:6001", "ok"),
    ("bind udp@127.0.0.1:6001", "error"),
    ("bind quic4@127.0.0.1:6001", "error"),
    ("bind sockpair@3", "error"),
    ("bind 10.1.1.1:99", "ok"),
    ("source 127.0.0.1", "warn"),
    ("fullconn 100", "warn"),
    ("retries 3", "warn"),
    ("clitimeout 3s", "error"),
    ("timeout clitimeout 3s", "error"),
    ("timeout server 3s", "warn"),
    ("timeout connect 3s", "warn"),
    ("timeout queue 3s", "warn"),
    ("timeout check 3s", "warn"),
    ("timeout server-fin 3s", "warn"),
    ("timeout tunnel 3s", "warn"),
    ("timeout tarpit 3s", "ok"),
    ("timeout client-hs 3s", "error"),
    ("timeout foo 3s", "error"),
    ("timeout client", "error"),
    ("timeout client abc", "error"),
    ("timeout client 0", "warn"),
    ("timeout client 10000d", "error"),
    ("timeout client 5s 6s", "error"),
    ("timeout client 5s\ntimeout client 6s", "warn"),
    ("no timeout client", "error"),
    ("timeout client 5x", "error"),
    ("timeout client 0.5s", "error"),
    ("timeout client -1", "error"),
    ("mode tcp", "ok", "error", TCP),
    ("mode foo", "error"),
    ("mode", "error"),
    ("mode health", "error"),
    ("mode http tcp", "error"),
    ("default_backend", "error"),
    ("default_backend nosuch", "error"),
    ("default_backend f", "error"),
    ("default_backend b c", "error"),
    ("default_backend b\ndefault_backend b", "ok"),
    ("server x 127.0.0.1:81", "error"),
    ("balance roundrobin", "warn"),
    ("http-reuse safe", "warn"),
    ("maxconn 0", "ok"),
    ("maxconn abc", "ok", "error", NUMBER),
    ("maxconn -1", "ok", "error", NUMBER),
    ("maxconn", "error"),
    ("maxconn 10 20", "error"),
    ("log global", "ok"),
    ("log 127.0.0.1 local0", "ok"),
    ("log 127.0.0.1 ", "error"),
    ("log 127.0.0.1 foo", "error"),
    ("log 127.0.0.1 local0 foo", "error"),
    ("log 127.0.0.1 local0 info foo", "error"),
    ("log 127.0.0.1 local0 info notice", "ok"),
    ("log 127.0.0.1 local0 info notice x", "error"),
    ("log 127.0.0.1 len 10 local0", "error"),
    ("log 127.0.0.1 len 100 format raw local0", "ok"),
    ("log 127.0.0.1 format foo local0", "error"),
    ("log 127.0.0.1 sample 1:2 local0", "ok"),
    ("log stdout format raw local0", "ok"),
    ("log ring@foo local0", "ok", "error", "there is no such ring"),
    ("log fd@99 local0", "ok"),
    ("log a..b local0", "error"),
    ("log /tmp/nosuch local0", "ok"),
    ("log global foo", "error"),
    ("no log", "ok"),
    ("no log global", "error"),
    ("log", "error"),
    ("log 127.0.0.1:0 local0", "ok"),
    ("log 127.0.0.1:99999 local0", "error"),
    ("log-tag foo", "ok"),
]

BACKEND = [
    ("description", "error"),
    ("id 7\nserver t 127.0.0.1:81 id 3\nserver u 127.0.0.1:82 id 3", "error"),
    ("disabled", "ok"),
    ("option tcp-smart-connect", "ok"),
    ("option clitcpka", "warn"),
    ("option srvtcpka", "ok"),
    ("option accept-invalid-http-request", "warn"),
    ("option accept-invalid-http-response", "ok"),
    ("option redispatch", "ok"),
    ("option redispatch 0", "ok"),
    ("option redispatch abc", "ok", "error", NUMBER),
    ("option redispatch 1 2", "ok", "error", WORDS),
    ("no option redispatch", "ok"),
    ("backlog 100", "warn"),
    ("source 127.0.0.1", "ok"),
    ("source 127.0.0.1:5000", "ok"),
    ("source 127.0.0.1:5000-6000", "error"),
    ("source", "error"),
    ("source *", "ok"),
    ("source 0.0.0.0 usesrc clientip", "ok", "error", ABSENT),
    ("source 0.0.0.0 usesrc client", "ok", "error", ABSENT),
    ("source 127.0.0.1 interface lo", "ok"),
    ("source ::1", "error"),
    ("source a..b", "error"),
    ("source 127.0.0.1\nsource 127.0.0.2", "ok"),
    ("source /tmp/x", "ok", "error", ABSENT),
    ("source 127.0.0.1 foo", "error"),
    ("server t 127.0.0.1:81 source 127.0.0.1", "ok"),
    ("server t 127.0.0.1:81 source 127.0.0.1:1000-2000", "ok", "error", ABSENT),
    ("server t 127.0.0.1:81 source 127.0.0.1 interface lo", "ok"),
    ("server t 127.0.0.1:81 source 0.0.0.0 usesrc clientip", "ok", "error", ABSENT),
    ("server t 127.0.0.1:81 id 1", "ok"),
    ("server t 127.0.0.1:81 id 0", "error"),
    ("server t 127.0.0.1:81 id x", "error"),
    ("server t 127.0.0.1:81 disabled", "ok"),
    ("server t 127.0.0.1:81 enabled", "ok"),
    ("server t 127.0.0.1:81 weight 257", "error"),
    ("server t 127.0.0.1:81 weight 256", "ok"),
    ("server t 127.0.0.1:81 weight -1", "error"),
    ("server t 127.0.0.1:81 weight", "ok", "error", NUMBER),
    ("server t 127.0.0.1:81 weight abc", "ok", "error", NUMBER),
    ("server t 127.0.0.1:81 no-backup", "ok"),
    ("server t 127.0.0.1:81 maxconn -1", "ok", "error", NUMBER),
    ("server t 127.0.0.1:81 no-tfo", "ok"),
    ("server t 127.0.0.1:81 tcp-ut 5s", "ok"),
    ("server t 127.0.0.1:81 init-addr none", "ok"),
    ("server t 127.0.0.1:81 init-addr last,libc,none,1.2.3.4", "ok"),
    ("server t 127.0.0.1:81 init-addr foo", "error"),
    ("server t 127.0.0.1:81 init-addr 1.2.3.4,2.3.4.5", "error"),
    ("server t 127.0.0.1:81 init-addr libc,", "ok"),
    ("server t 127.0.0.1:81 resolve-prefer foo", "error"),
    ("server t 127.0.0.1:81 error-limit 0", "error"),
    ("server t 127.0.0.1:81 proto h1", "ok"),
    ("server t 127.0.0.1:81 proto h2", "ok", "error", ABSENT),
    ("server t 127.0.0.1:81 namespace foo", "error"),
    ("server t 127.0.0.1:81 shard 1", "error"),
    ("server t 127.0.0.1:81 pool-max-conn 0", "ok"),
    ("server t 127.0.0.1:81 pool-max-conn -1", "ok"),
    ("server t 127.0.0.1:81 pool-max-conn -2", "error"),
    ("server t 127.0.0.1:81 pool-low-conn -1", "ok", "error", NUMBER),
    ("server t 127.0.0.1:81 pool-low-conn x", "ok", "error", NUMBER),
    ("server t 127.0.0.1:81 pool-purge-delay 0", "ok"),
    ("server t 127.0.0.1:81 max-reuse -1", "ok"),
    ("server t 127.0.0.1:81 max-reuse -2", "ok", "error", NUMBER),
    ("server t 127.0.0.1:81 track b/s", "error"),
    ("server t 127.0.0.1:81 foo", "error"),
    ("server t 127.0.0.1:81 127.0.0.1:82", "error"),
    ("server t", "error"),
    ("server", "error"),
    ("server s 127.0.0.1:81", "error"),
    ("server t 127.0.0.1", "ok"),
    ("server t 127.0.0.1:", "ok"),
    ("server t :81", "ok", "error", ABSENT),
    ("server t *:81", "ok", "error", ABSENT),
    ("server t 127.0.0.1:+1", "ok"),
    ("server t 127.0.0.1:-1", "ok"),
    ("server t 127.0.0.1:81-82", "error"),
    ("server t 127.0.0.1:0", "ok"),
    ("server t 127.0.0.1:70000", "error"),
    ("server t a..b:81", "error"),
    ("server t no-such-host.invalid:81 init-addr none", "ok"),
    ("server t no-such-host.invalid:81 init-addr libc,none", "warn"),
    ("server t a..b:81 init-addr last", "error"),
    ("server t localhost:81", "ok"),
    ("server t /tmp/foo", "ok"),
    ("server t unix@/tmp/foo", "ok"),
    ("server t abns@foo", "ok"),
    ("server t ::1:81", "ok"),
    ("server t [::1]:81", "ok"),
    ("server t ::1", "error"),
    ("server foo,bar 127.0.0.1:81", "error"),
    ("server foo/bar 127.0.0.1:81", "error"),
    ('server "foo bar" 127.0.0.1:81', 'error'),
    ('server "" 127.0.0.1:81', 'error'),
    ("default-server weight 3 maxconn 4", "ok"),
    ("default-server", "ok"),
    ("default-server foo", "error"),
    ("default-server id 3", "ok", "error", ALERT),
    ("default-server 127.0.0.1:80", "error"),
    ("default-server init-addr none disabled", "ok"),
    ("default-server source 127.0.0.1", "ok"),
    ("fullconn 100", "ok"),
    ("fullconn", "error"),
    ("retries 3", "ok"),
    ("retries -1", "ok", "error", NUMBER),
    ("retries", "error"),
    ("retries abc", "ok", "error", NUMBER),
    ("clitimeout 3", "error"),
    ("srvtimeout 3", "error"),
    ("contimeout 3", "error"),
    ("timeout client 3s", "warn"),
    ("timeout check 3s", "ok"),
    ("timeout http-request 3s", "ok"),
    ("timeout http-keep-alive 3s", "ok"),
    ("timeout client-fin 3s", "warn"),
    ("grace 3", "error"),
    ("mode tcp", "error"),
    ("default_backend b", "error", "warn", IGNORED),
    ("bind 127.0.0.1:6009", "warn"),
    ("balance roundrobin", "ok"),
    ("balance foo", "error"),
    ("balance", "ok", "error", NUMBER),
    ("balance roundrobin foo", "ok", "error", WORDS),
    ("http-reuse foo", "error"),
    ("http-reuse safe", "ok"),
    ("http-reuse", "error"),
    ("maxconn 10", "warn"),
    ("log global", "ok"),
    ("log 127.0.0.1 local0", "ok"),
]
MODES = " mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"

FILES = [
    ("", "nothing"),
    ("global\n", "nothing"),
    ("frontend f\n mode http\n", "nothing"),
    ("frontend f\n mode http\n bind :6000\n", "warn"),
    ("frontend f\n mode http\n timeout client 1s\n bind :6000\n", "ok"),
    ("frontend f\n mode http\n timeout client 1s\n bind :6000\n default_backend b\nbackend b\n mode http\n", "ok"),
    ("defaults\n mode http\nfrontend f\n timeout client 1s\n bind :6000\nbackend b\n server s ::1:80\n", "warn"),
    ("defaults\n mode http\n timeout client 1s\n timeout server 1s\nfrontend f\n bind :6000\nbackend b\n server s ::1:80\n", "warn"),
    ("defaults\n mode http\nlisten l\n bind :6000\n", "warn"),
    ("defaults\n" + MODES + "listen l :6000\n", "nothing", "error", WORDS),
    ("defaults\n" + MODES + "listen l\nlisten m\n bind :6001\n", "warn"),
    ("defaults\n" + MODES + "frontend l\nfrontend m\n bind :6001\n", "warn"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\n disabled\n", "nothing"),
    ("defaults\n" + MODES + " disabled\nfrontend m\n bind :6001\n", "nothing"),
    ("defaults\n" + MODES + "backend m\n server s 127.0.0.1:80\n", "nothing"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\nfrontend m\n bind :6002\n", "error"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\nbackend m\n", "ok"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\nlisten m\n bind :6002\n", "error"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\nfrontend n\n bind :6001\n", "ok", "error", TWICE),
    ("defaults\n" + MODES + "frontend m\n bind :6001\nfrontend n\n disabled\n bind :6001\n", "ok"),
    ("defaults\n" + MODES + "frontend m\n bind *:6001\n bind 127.0.0.1:6001\n", "ok"),
    ("defaults\n" + MODES + "frontend m x\n bind :6001\n", "error"),
    ("defaults a\n mode http\ndefaults a\n mode http\nfrontend m from a\n bind :6001\n", "error"),
    ("defaults a\n mode http\nfrontend m from b\n bind :6001\n", "error"),
    ("defaults a b\n" + MODES + "frontend m from a\n bind :6001\n", "ok", "error", WORDS),
    ("defaults a\n" + MODES + "defaults b from a\nfrontend m from b\n bind :6001\n", "ok"),
    ("frontend\n bind :6000\n", "error"),
    ("frontend a/b\n mode http\n timeout client 1s\n bind :6000\n", "error"),
    ("bind :6000\n", "error"),
    ("maxconn 10\n", "error"),
    ("foo\n", "error"),
    ("frontned f\n", "error"),
    ("global\n maxconn 10\nglobal\n maxconn 20\ndefaults\n" + MODES + "frontend m\n bind :6001\n", "ok"),
    ("global x\ndefaults\n" + MODES + "frontend m\n bind :6001\n", "error"),
    ("frontend m\n mode tcp\n timeout client 1s\n bind :6001\n", "ok", "error", TCP),
    ("frontend m\n timeout client 1s\n bind :6001\n", "ok", "error", TCP),
    ("defaults\n mode tcp\nfrontend m\n mode http\n timeout client 1s\n bind :6001\n", "ok"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\n default_backend b\nbackend b\n mode tcp\n", "error"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\n default_backend b\nbackend b\n server s ::1:8 disabled\n", "ok"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\n default_backend b\nbackend b\n disabled\n", "ok"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\n default_backend b\nlisten b\n bind :6002\n", "ok"),
    ("defaults\n" + MODES + "listen m\n bind :6001\n default_backend m\n", "error"),
    ("defaults\n" + MODES + " default_backend b\nlisten m\n bind :6001\nbackend b\n", "ok"),
    ("defaults\n" + MODES + "frontend m\n bind :6001\n default-server weight 1\n", "error"),
    ("defaults\n mode http\n server x ::1:80\n", "error"),
    ("defaults\n mode http\n bind :80\n", "error"),
    ("global\n stats socket unix@/tmp/no-such.sock\n", "ok"),
]

SECTIONS = [("G", GLOBAL), ("D", DEFAULTS), ("F", FRONTEND), ("B", BACKEND)]


def rows():
    for section, table in SECTIONS:
        for lines, *expected in table:
            text = BASE
            for letter, _ in SECTIONS:
                mine = "".join(f" {line}\n" for line in lines.split("\n")) if letter == section else ""
                text = text.replace("{%s}\n" % letter, mine)
            yield pytest.param(text, *full(expected), id=f"{section}: {lines}".replace("\n", " / "))
    for text, *expected in FILES:
        yield pytest.param(text, *full(expected), id=f"file: {text}".replace("\n", " / ")[:100])


def full(expected):
    theirs, ours, why = expected if len(expected) == 3 else (expected[0], expected[0], None)
    return theirs, ours, why


def verdict(program, text, tmp_path, *args):
    path = tmp_path / "x.cfg"
    path.write_text(text)
    p = subprocess.run(
        [program, "-c", "-f", str(path), *args], capture_output=True, text=True, timeout=30 * gate.SLOWNESS
    )
    assert not gate.TROUBLE.search(p.stderr), p.stderr
    assert p.returncode in (0, 1, 2), p.stderr
    warned = re.search(r"^\[WARNING\]|: warning: |^warning: ", p.stderr, re.M)
    return ["warn" if warned else "ok", "error", "nothing"][p.returncode], p.stderr


@pytest.mark.parametrize("text,theirs,ours,why", rows())
def test_verdict(text, theirs, ours, why, tmp_path):
    if not gate.is_haproxy():
        found, err = verdict(gate.BINARY, text, tmp_path)
        assert found == ours, err
        if found == "error":
            assert re.search(r"^\S+:\d+:\d+: error: .+\n +\d+ \| .*\n +\| +\^+", err, re.M), err
    if HAPROXY and gate.BUILD == "release":
        found, err = verdict(HAPROXY, text, tmp_path)
        assert found == theirs, err


@pytest.mark.gatehouse("about our messages")
def test_warnings_are_errors_with_dw(tmp_path):
    text = "defaults\n mode http\nfrontend f\n bind :6000\n"
    assert verdict(gate.BINARY, text, tmp_path)[0] == "warn"
    assert verdict(gate.BINARY, text, tmp_path, "-dW")[0] == "error"
    text = "global\n zero-warning\n" + text
    assert verdict(gate.BINARY, text, tmp_path)[0] == "error"


@pytest.mark.gatehouse("about our messages")
@pytest.mark.parametrize(
    "lines,message",
    [
        (" default_backend bx", "there is no backend 'bx'.*\n.*\n.*did you mean 'b'?"),
        (" default_backend f", "there is no backend 'f'.*\n.*\n.*'f' is a frontend"),
        (" bind 127.0.0.1:5999", "127.0.0.1:5999 is bound twice\n.*\n.*first at .*:8"),
        (" option htpp-no-delay", "did you mean 'http-no-delay'?"),
        (" bind :6001 defer-acept", "did you mean 'defer-accept'?"),
        (" log stdout formt raw local0", "unknown log facility 'formt'"),
        (" log stdout format ra local0", "did you mean 'raw'?"),
        (" log stdout local9", "did you mean 'local"),
    ],
)
def test_hints(lines, message, tmp_path):
    text = BASE.replace("{F}", lines)
    for letter in "GDB":
        text = text.replace("{%s}\n" % letter, "")
    found, err = verdict(gate.BINARY, text, tmp_path)
    assert found == "error"
    assert re.search(message, err), err


@pytest.mark.gatehouse("about our messages")
def test_notices_are_no_warnings(tmp_path):
    """A file that HAProxy has no warning about passes -dW, whatever we have to say about it."""
    text = "global\n maxconn 5\n maxconn 6\ndefaults\n" + MODES + " option accept-invalid-http-request\nfrontend f\n bind :6000\n"
    found, err = verdict(gate.BINARY, text, tmp_path, "-dW")
    assert found == "ok" and err.count("notice: ") == 2


@pytest.mark.gatehouse("about our messages")
def test_check_opens_nothing(tmp_path):
    """-c neither binds nor creates; and descriptors to log to are those of the real start."""
    text = f"global\n log fd@77 local0\n pidfile {tmp_path}/pid\ndefaults\n{MODES} log global\nfrontend f\n bind unix@{tmp_path}/s\n"
    assert verdict(gate.BINARY, text, tmp_path)[0] == "ok"
    assert sorted(os.listdir(tmp_path)) == ["x.cfg"]
