"""Judges a cluster with the cluster client of redis-py, which knows nothing of this project.

Usage: cluster_client.py PROTOCOL HOST:PORT..., with all masters. Prints `done` if every assertion held."""

import sys
import time

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, ResponseError

PROTOCOL = int(sys.argv[1])
ADDRESSES = [(host, int(port)) for host, port in (word.rsplit(":", 1) for word in sys.argv[2:])]
OPTIONS = {"protocol": PROTOCOL, "decode_responses": True, "socket_timeout": 20}
NODES = {port: Redis(host=host, port=port, **OPTIONS) for host, port in ADDRESSES}
# By when something that happens by itself has to have happened.
DEADLINE_SECONDS = 10


def client():
    return RedisCluster(startup_nodes=[ClusterNode(*address) for address in ADDRESSES], **OPTIONS)


def told(node, code):
    """How many errors of a kind a node has answered."""
    return node.info("errorstats").get(f"errorstat_{code}", {}).get("count", 0)


def one_by_one(cluster):
    for number in range(300):
        assert cluster.set(f"k:{number}", number)
    assert [cluster.get(f"k:{number}") for number in range(300)] == [str(number) for number in range(300)]
    counts = [node.dbsize() for node in NODES.values()]
    assert sum(counts) == 300 and all(count > 50 for count in counts), counts
    assert cluster.get("none") is None and cluster.exists("k:1", "k:2", "none") == 2
    assert cluster.set("k:1", "x", nx=True) is None and cluster.set("k:1", "x", get=True) == "1"
    assert (cluster.incrby("k:2", 40), cluster.append("k:3", "abc"), cluster.getdel("k:4")) == (42, 4, "4")
    assert cluster.delete("k:1", "k:2", "k:3", "k:4") == 3
    cluster.flushall()
    assert all(node.dbsize() == 0 for node in NODES.values())


def many_at_once(cluster):
    tagged = {f"{{tag}}:{number}": f"value {number}" for number in range(50)}
    assert cluster.mset(tagged) and cluster.mget(list(tagged)) == list(tagged.values())
    spread = {f"m:{number}": f"value {number}" for number in range(100)}
    try:
        cluster.mset(spread)
        raise AssertionError("keys of several slots in one MSET")
    except RedisClusterException:
        pass
    assert all(cluster.mset_nonatomic(spread))
    assert cluster.mget_nonatomic(list(spread)) == list(spread.values())
    assert set(cluster.scan_iter(match="m:1*", count=7)) == {key for key in spread if key.startswith("m:1")}
    assert set(cluster.scan_iter()) == set(tagged) | set(spread)
    pipeline = cluster.pipeline()
    for number in range(200):
        pipeline.set(f"p:{number}", number).incr(f"p:{number}")
    assert pipeline.execute() == [True if place % 2 == 0 else place // 2 + 1 for place in range(400)]
    pipeline.get("p:1").incr("m:1").get("p:2")
    first, error, last = pipeline.execute(raise_on_error=False)
    assert (first, last) == ("2", "3") and isinstance(error, ResponseError), (first, error, last)


def expiry(cluster):
    assert cluster.set("e:1", 1, px=150) and cluster.set("e:2", 2, ex=100) and cluster.set("e:3", 3)
    assert cluster.expire("e:3", 100) and 90 < cluster.ttl("e:3") <= 100
    assert cluster.persist("e:3") and cluster.ttl("e:3") == -1 and cluster.ttl("none") == -2
    assert 90_000 < cluster.pttl("e:2") <= 100_000
    deadline = time.monotonic() + DEADLINE_SECONDS
    while cluster.get("e:1") is not None:
        assert time.monotonic() < deadline, "it should have expired"
        time.sleep(0.01)


def redirects(cluster):
    late = client()
    keys = {f"{{moves}}:{number}": str(number) for number in range(20)}
    cluster.mset(keys)
    assert late.get("{moves}:0") == "0"
    slot = cluster.keyslot("{moves}")
    source = NODES[cluster.get_node_from_key("{moves}").port]
    host, port = next(address for address in ADDRESSES if NODES[address[1]] is not source)
    target = NODES[port]
    ids = {node: node.execute_command("CLUSTER MYID") for node in (source, target)}

    target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
    source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
    asked = told(source, "ASK")
    assert cluster.set("{moves}:new", "new") and cluster.get("{moves}:new") == "new"
    assert told(source, "ASK") == asked + 2 and cluster.get("{moves}:1") == "1"
    assert target.execute_command("CLUSTER COUNTKEYSINSLOT", slot) == 1
    half = list(keys)[:10]
    assert source.migrate(host, port, half, 0, 5000) == "OK"
    assert [cluster.get(key) for key in keys] == list(keys.values())
    assert told(source, "ASK") == asked + 12
    pipeline = cluster.pipeline()
    for key in keys:
        pipeline.get(key)
    assert pipeline.execute() == list(keys.values())

    assert source.migrate(host, port, list(keys)[10:], 0, 5000) == "OK"
    for node in (target, source, *NODES.values()):
        node.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target])
    moved = told(source, "MOVED")
    assert cluster.get("{moves}:1") == "1" and told(source, "MOVED") == moved + 1
    # It has learnt where the slot is.
    assert cluster.get("{moves}:2") == "2" and cluster.mget(list(keys)) == list(keys.values())
    assert told(source, "MOVED") == moved + 1
    pipeline = late.pipeline()
    for key in keys:
        pipeline.set(key, "later").get(key)
    assert pipeline.execute() == [True, "later"] * 20
    assert told(source, "MOVED") > moved + 1
    assert late.get_node_from_key("{moves}").port == port


cluster = client()
cluster.flushall()
for judge in (one_by_one, many_at_once, expiry, redirects):
    judge(cluster)
cluster.flushall()
print("done")
