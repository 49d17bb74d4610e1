#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image's entry point: arguments alone are the gateway's; `gatehouse …` (or `haproxy …`) starts
# it in the foreground; anything else is a command to run.
set -e

case ${1:-} in
'' | -*) set -- gatehouse "$@" ;;
esac
case $1 in
gatehouse | haproxy)
    shift
    set -- gatehouse -db "$@" ;;
esac
exec "$@"
