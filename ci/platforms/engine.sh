#!/bin/bash
# A private Docker engine for tests, as root, without systemd, bridge or iptables.
# Usage: engine.sh {start|stop} DIR, then DOCKER_HOST=unix://DIR/docker.sock
set -euo pipefail
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
export DOCKER_HOST=unix://$dir/docker.sock

start() {
    nohup dockerd --data-root "$dir/data" --exec-root "$dir/exec" --host "$DOCKER_HOST" \
        --pidfile "$dir/dockerd.pid" --bridge=none --iptables=false --ip6tables=false \
        > "$dir/dockerd.log" 2>&1 < /dev/null &
    for _ in $(seq 120); do
        docker version > /dev/null 2>&1 && return
        sleep 0.5
    done
    tail -n 20 "$dir/dockerd.log" >&2
    return 1
}

stop() {
    [ -s "$dir/dockerd.pid" ] || return 0
    local pid
    pid=$(cat "$dir/dockerd.pid")
    kill "$pid"
    for _ in $(seq 60); do
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.5
    done
    umount "$dir/exec/netns/default" 2> /dev/null || true
}

"$action"
