//! Replies as servers give them, and as they may not.

use super::*;

fn bulk(text: &str) -> Value {
    Value::Bulk(text.to_owned().into())
}

fn list(items: Vec<Value>) -> Value {
    Value::Array(items)
}

fn node(id: &str, endpoint: &str, port: i64, role: &str, health: &str) -> Value {
    list(vec![
        bulk("id"),
        bulk(id),
        bulk("port"),
        Value::Integer(port),
        bulk("tls-port"),
        Value::Integer(port + 1000),
        bulk("ip"),
        bulk("10.0.0.1"),
        bulk("endpoint"),
        bulk(endpoint),
        bulk("role"),
        bulk(role),
        bulk("health"),
        bulk(health),
    ])
}

fn shard(slots: &[i64], nodes: Vec<Value>) -> Value {
    let slots = slots.iter().map(|&slot| Value::Integer(slot)).collect();
    list(vec![bulk("slots"), list(slots), bulk("nodes"), list(nodes)])
}

fn asked() -> Address {
    Address::tcp("seed", 7000)
}

#[test]
fn shards_give_masters_in_slot_order() {
    let reply = list(vec![
        shard(&[8192, 16383], vec![node("b", "hostb", 7001, "master", "online")]),
        shard(
            &[0, 99, 200, 8191],
            vec![
                node("c", "hostc", 7002, "replica", "online"),
                node("old", "hostx", 7009, "master", "fail"),
                node("a", "hosta", 7000, "master", "online"),
            ],
        ),
        shard(&[], vec![node("d", "hostd", 7003, "master", "online")]),
    ]);
    let topology = Topology::from_shards(&reply, &asked(), false).unwrap();
    let names: Vec<_> = topology.masters.iter().map(|m| (m.node.as_str(), m.address.to_string())).collect();
    assert_eq!(names, [("a", "hosta:7000".into()), ("b", "hostb:7001".into())]);
    assert_eq!(topology.masters[0].replicas.len(), 2);
    assert_eq!(topology.masters[0].slot_count(), 8092);
    let owners = topology.owners();
    assert_eq!((owners[0], owners[100], owners[8192]), (Some(0), None, Some(1)));
    let secure = Topology::from_shards(&reply, &asked(), true).unwrap();
    assert_eq!(secure.masters[0].address.to_string(), "hosta:8000");
}

#[test]
fn a_node_that_does_not_know_its_host_is_the_one_that_was_asked() {
    let unknown = list(vec![
        bulk("id"),
        bulk("a"),
        bulk("port"),
        Value::Integer(7005),
        bulk("endpoint"),
        Value::Nil,
        bulk("role"),
        bulk("master"),
        bulk("health"),
        bulk("online"),
    ]);
    let topology =
        Topology::from_shards(&list(vec![shard(&[0, 16383], vec![unknown])]), &asked(), false).unwrap();
    assert_eq!(topology.masters[0].address.to_string(), "seed:7005");
}

#[test]
fn slots_join_the_ranges_of_one_node() {
    let row = |first, last, id: &str| {
        let node = list(vec![bulk("h"), Value::Integer(7000), bulk(id)]);
        list(vec![Value::Integer(first), Value::Integer(last), node.clone(), node])
    };
    let reply = list(vec![row(9000, 16383, "a"), row(0, 100, "a"), row(101, 8999, "b")]);
    let topology = Topology::from_slots(&reply, &asked()).unwrap();
    assert_eq!(topology.masters.len(), 2);
    assert_eq!(topology.masters[0].slots, [0..=100, 9000..=16383]);
    assert_eq!(topology.masters[0].replicas.len(), 1);
    assert!(topology.owners().iter().all(Option::is_some));
}

#[test]
fn what_has_another_shape_is_said_and_not_guessed() {
    let bad = [
        Value::Nil,
        list(vec![Value::Nil]),
        list(vec![shard(&[0, 16384], vec![node("a", "h", 1, "master", "online")])]),
        list(vec![shard(&[5, 4], vec![node("a", "h", 1, "master", "online")])]),
        list(vec![shard(&[0, 1], vec![])]),
        list(vec![shard(&[0, 1], vec![node("a", "h", 99_999, "master", "online")])]),
    ];
    for reply in bad {
        assert!(Topology::from_shards(&reply, &asked(), false).is_err(), "{reply:?}");
        assert!(Topology::from_slots(&reply, &asked()).is_err(), "{reply:?}");
    }
}

#[test]
fn a_moved_slot_is_seen() {
    let of = |cut: i64| {
        let nodes = |id| vec![node(id, "h", 1, "master", "online")];
        let reply = list(vec![shard(&[0, cut], nodes("a")), shard(&[cut + 1, 16383], nodes("b"))]);
        Topology::from_shards(&reply, &asked(), false).unwrap()
    };
    assert_eq!(of(500).moved_slots(&of(500)).count(), 0);
    assert_eq!(of(500).moved_slots(&of(502)).collect::<Vec<_>>(), [501, 502]);
}

/// Before node ids were listed (Redis 3), the address tells nodes apart.
#[test]
fn a_moved_slot_is_seen_where_nodes_have_no_ids() {
    let row = |first, last, port| {
        let node = list(vec![bulk("h"), Value::Integer(port)]);
        list(vec![Value::Integer(first), Value::Integer(last), node])
    };
    let of = |cut: i64| {
        let reply = list(vec![row(0, cut, 7000), row(cut + 1, 16383, 7001)]);
        Topology::from_slots(&reply, &asked()).unwrap()
    };
    assert_eq!(of(500).moved_slots(&of(500)).count(), 0);
    assert_eq!(of(500).moved_slots(&of(502)).collect::<Vec<_>>(), [501, 502]);
}

#[test]
fn replicas_are_counted_by_the_cluster_or_by_info() {
    let info = Info::parse("connected_slaves:2");
    assert_eq!(Topology::standalone(asked()).replicas([&info]), 2);
    assert_eq!(Topology::standalone(asked()).replicas([]), 0);
    let nodes =
        ["a", "b"].map(|id| node(id, "h", 1, if id == "a" { "master" } else { "replica" }, "online")).into();
    let topology = Topology::from_shards(&list(vec![shard(&[0, 16383], nodes)]), &asked(), false).unwrap();
    assert_eq!(topology.replicas([&info]), 1);
}

#[test]
fn slots_are_shown_in_runs() {
    assert_eq!(show_slots([0, 1, 2, 7, 9, 10].into_iter()), "0-2, 7, 9-10");
    let many = show_slots((0..100).map(|i| i * 2));
    assert!(many.ends_with("14 and 92 more runs"), "{many}");
}
