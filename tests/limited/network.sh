#!/bin/sh
# A fill over a real network: two machines' worth of network namespaces, a link of 64 Mbit/s between them, a server at one end
# and the program at the other. It is run within a network namespace, and goes with it.
#   unshare --net sh network.sh FILLBENCH ARGUMENTS...
set -eu
program=$1
shift
PATH=$PATH:/usr/sbin:/sbin
folder=$(mktemp -d)
mkfifo "$folder/ready"
# Whatever becomes of this script, the server outlives it by a minute at most.
unshare --net timeout 60 sh -c 'read -r _ <"$1/ready"; exec "$2" serve --standalone --bind 10.9.0.2 2>"$1/said"' \
    sh "$folder" "$program" &
far=$!
trap 'kill "$far"; wait "$far" || true; rm -r "$folder"' EXIT
until [ "$(readlink "/proc/$far/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done

ip link set lo up
ip link add near type veth peer name far netns "$far"
ip addr add 10.9.0.1/24 dev near
ip link set near up
tc qdisc add dev near root tbf rate 64mbit burst 64k latency 50ms
nsenter --net --target "$far" ip addr add 10.9.0.2/24 dev far
nsenter --net --target "$far" ip link set far up
echo >"$folder/ready"
until grep -q 'to stop: Ctrl-C' "$folder/said" 2>/dev/null; do sleep 0.01; done

"$program" -h 10.9.0.2 -p 7000 "$@"
