#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Is the gateway in this container well? With GATEHOUSE_HEALTH=PORT/PATH in the environment (of a
# `monitor-uri`, say): does a GET of that path answer 200. Without: is there a port that listens.
set -u

if [ -n "${GATEHOUSE_HEALTH:-}" ]; then
    port=${GATEHOUSE_HEALTH%%/*} path=/${GATEHOUSE_HEALTH#*/}
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >&3
    IFS=' ' read -r -t 2 _ status _ <&3 || exit 1
    [ "$status" = 200 ] || exit 1
else
    # The fourth column is a socket's state, 0A: listening.
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        while read -r _ _ _ state _; do [ "$state" = 0A ] && exit 7; done
    [ $? = 7 ] || exit 1
fi
