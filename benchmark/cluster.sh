#!/usr/bin/env bash
# A throwaway cluster of real servers on loopback, for measuring.
#
#   cluster.sh start SERVER PORT [MASTERS]   masters on PORT, PORT+1, …; 3 of them if not said, 0: one plain server
#   cluster.sh stop PORT
#
# SERVER is a redis-server or valkey-server, 7.0 or newer; redis-cli must be on PATH. Persistence is off. What
# little is written is in ${TMPDIR:-/tmp}/fillbench-cluster-PORT, and is removed by stop.
set -euo pipefail

fail() { echo "cluster.sh: $*" >&2; exit 2; }
usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# wait_until SECONDS WHAT COMMAND...: until the command succeeds
wait_until() {
    local tries=$(($1 * 10)) what=$2; shift 2
    until "$@" >/dev/null 2>&1; do
        ((tries-- > 0)) || fail "waited too long until $what: see the logs under $home"
        sleep 0.1
    done
}
answers() { [ "$(redis-cli -p "$1" ping)" = PONG ]; }
is_whole() { redis-cli -p "$1" cluster info | grep -q '^cluster_state:ok'; }

start() {
    local server=$1 masters=$2 options=() ports=() i
    command -v "$server" >/dev/null || fail "no such server: $server"
    # The bus of a node is its port + 10000, and Linux gives connections ports from 32768 on.
    ((port >= 1024 && port + 10000 + masters < 32768)) || fail "PORT must be between 1024 and $((32767 - 10000 - masters))"
    [ ! -e "$home" ] || fail "$home exists: stop that cluster first, with: cluster.sh stop $port"
    ((masters == 0)) || options=(--cluster-enabled yes --cluster-config-file nodes.conf)
    for ((i = 0; i < (masters > 0 ? masters : 1); i++)); do ports+=($((port + i))); done
    for i in "${ports[@]}"; do
        ! answers "$i" 2>/dev/null || fail "something already answers on port $i: choose another PORT"
    done
    trap 'status=$?; ((status == 0)) || stop' EXIT
    for i in "${ports[@]}"; do
        mkdir -p "$home/$i"
        "$server" --port "$i" --bind 127.0.0.1 --dir "$home/$i" --save '' --appendonly no --daemonize yes \
            --logfile "$home/$i/log" --pidfile "$home/$i/pid" "${options[@]}" >/dev/null
    done
    for i in "${ports[@]}"; do wait_until 10 "port $i answers" answers "$i"; done
    # Slots are shared out by hand, since `redis-cli --cluster create` will not make one or two masters.
    for ((i = 0; i < masters; i++)); do
        redis-cli -p "${ports[i]}" cluster addslotsrange $((i * 16384 / masters)) $(((i + 1) * 16384 / masters - 1)) >/dev/null
        redis-cli -p "${ports[i]}" cluster set-config-epoch $((i + 1)) >/dev/null
        redis-cli -p "${ports[i]}" cluster meet 127.0.0.1 "$port" >/dev/null
    done
    ((masters == 0)) || for i in "${ports[@]}"; do wait_until 30 "port $i sees all slots" is_whole "$i"; done
}

stop() {
    [ -d "$home" ] || fail "no cluster was started at $port"
    local node pid
    for node in "$home"/*/; do
        pid=$(cat "$node/pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || continue
        wait_until 30 "process $pid ends" eval "! kill -0 $pid"
    done
    rm -rf "$home"
}

[ $# -ge 2 ] || usage
action=$1 port=$2
case $action in
start)
    [ $# -ge 3 ] || usage
    port=$3; home=${TMPDIR:-/tmp}/fillbench-cluster-$port
    start "$2" "${4:-3}";;
stop)
    home=${TMPDIR:-/tmp}/fillbench-cluster-$port
    stop;;
*) usage;;
esac
