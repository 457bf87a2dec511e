#!/bin/sh
# Makes a cluster of the six nodes in $SUBNET, the first three of them masters, and waits until all of them see that
# it serves. Nodes that are one already are left as they are, so this may run as often as it likes.
set -eu

patience=60 # seconds, for everything
end=$(($(date +%s) + patience))
cli=$(command -v valkey-cli || command -v redis-cli)
nodes=
for number in 0 1 2 3 4 5; do nodes="$nodes $SUBNET.1$number:700$number"; done

# ask NODE COMMAND...: the answer; nothing if there is none within two seconds
ask() {
    node=$1
    shift
    timeout 2 "$cli" -h "${node%:*}" -p "${node#*:}" "$@" 2>/dev/null || true
}

# How many nodes know five others and see a cluster that serves, their master copied if they are a replica; and how
# many know nobody.
look() {
    whole=0 new=0
    for one in $nodes; do
        case $(ask "$one" cluster info; ask "$one" info replication) in
        *master_link_status:down*) ;;
        *cluster_state:ok*cluster_known_nodes:6[!0-9]*role:*) whole=$((whole + 1)) ;;
        *cluster_slots_assigned:0*cluster_known_nodes:1[!0-9]*role:*) new=$((new + 1)) ;;
        esac
    done
}

until look; [ "$whole" = 6 ]; do
    if [ "$(date +%s)" -ge "$end" ]; then
        echo "after $patience s, $whole of 6 nodes see a cluster that serves, and $new know nobody;" \
            "to begin anew, keys and all: docker compose down -v, then up -d" >&2
        exit 1
    fi
    if [ "$new" = 6 ]; then
        # Words of their own are wanted, one for each node.
        # shellcheck disable=SC2086
        timeout "$patience" "$cli" --cluster create $nodes --cluster-replicas 1 --cluster-yes
    fi
    sleep 1
done
echo "the cluster serves: 3 masters, 3 replicas"
