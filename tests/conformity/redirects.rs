//! Who answers what in a cluster of two while slots move: the same order of commands to both clusters.

use fillbench::resp::Value;

use crate::common::eventually;
use crate::conformity::judge::Client;
use crate::conformity::pair::Pair;

#[tokio::test]
async fn commands_are_sent_where_their_keys_are() {
    let Some(mut pair) = Pair::start("commands_are_sent_where_their_keys_are").await else { return };
    pair.agree(
        "
        0 cluster keyslot {b}
        0 set {b}1 x
        1 set {b}1 x
        1 get {b}1
        1 exists {b}1 {b}2
        0 mset {b}1 x a y
        1 mset {b}1 x a y
        0 del {b}1 {b}none
        1 asking
        1 get {b}1
        0 set {b}1 old
        0 set {b}2 old
        # Half of it.
        0 cluster setslot 3300 migrating ID1
        0 get {b}1
        0 get {b}none
        0 exists {b}none
        0 del {b}none
        0 set {b}new x
        0 mget {b}1 {b}2
        0 mget {b}1 {b}none
        0 mget {b}none {b}none2
        0 mset {b}1 x {b}none y
        0 mset {b}none x {b}none2 y
        0 exists {b}1 {b}none
        1 set {b}new x
        1 cluster setslot 3300 importing ID0
        1 get {b}new
        1 asking
        1 get {b}new
        1 get {b}new
        1 asking
        1 set {b}new x
        1 asking
        1 mget {b}new {b}none
        1 asking
        1 mget {b}none {b}none
        1 asking
        1 del {b}none {b}none
        1 asking
        1 mset {b}new y {b}none y
        1 asking
        1 mset {b}new y {b}new z
        1 asking
        1 ping
        1 get {b}new
        1 asking
        1 nosuchcommand
        1 get {b}new
        1 asking
        1 get a b
        1 get {b}new
        1 restore-asking {b}r 0 x
        # Hand it over.
        0 cluster setslot 3300 node ID1
        0 migrate HOST1 PORT1 {b}none 0 5000
        0 migrate HOST1 PORT1 {b}1 0 5000 keys {b}2
        0 migrate HOST1 PORT1 {b}1 0 5000 what
        0 migrate HOST1 PORT1 {b}1 0 5000 auth
        0 migrate HOST1 PORT1 {b}1 x 5000
        0 migrate HOST1 PORT1 {b}1 0 x
        0 migrate HOST1 PORT1 {b}1 0 5000 copy
        0 migrate HOST1 PORT1 {b}1 0 5000
        0 migrate HOST1 PORT1 {b}1 0 5000 auth secret
        0 migrate HOST1 PORT1 {b}1 0 5000 replace
        0 get {b}1
        0 migrate HOST1 PORT1 '' 0 5000 keys {b}1 {b}2 a
        0 migrate HOST1 PORT1 '' 0 5000 keys {b}1 {b}2
        0 cluster countkeysinslot 3300
        1 cluster countkeysinslot 3300
        1 migrate HOST0 PORT0 a{x} 0 5000
        0 migrate HOST1 PORT1 a 0 5000
        1 asking
        1 mget {b}1 {b}2 {b}new
        1 cluster setslot 3300 node ID1
        0 cluster setslot 3300 node ID1
        0 get {b}1
        1 get {b}1
        1 mget {b}1 {b}2 {b}new
        0 migrate HOST1 1 b 0 100
        ",
    );
}

#[tokio::test]
async fn orders_are_refused_with_the_same_words() {
    let Some(mut pair) = Pair::start("orders_are_refused_with_the_same_words").await else { return };
    pair.agree(
        "
        0 cluster
        0 cluster what
        0 cluster addslots 0
        0 cluster addslots x
        0 cluster addslots 16384
        0 cluster addslots -1
        0 cluster addslots
        0 cluster addslotsrange 5 1
        0 cluster addslotsrange 1 5 7
        0 cluster addslotsrange 1 5
        0 cluster delslots 1 1
        0 cluster delslotsrange 5 3
        0 cluster setslot 0 migrating ID0
        0 cluster setslot 0 migrating what
        0 cluster setslot 16000 migrating ID1
        0 cluster setslot 0 importing ID1
        0 cluster setslot 16000 importing what
        0 cluster setslot 0 node what
        0 cluster setslot 0 stable
        0 cluster setslot 0 stable now
        0 cluster setslot 0 what ID1
        0 cluster setslot 0 node
        0 cluster setslot x stable
        0 cluster forget what
        0 cluster forget ID0
        0 cluster replicas what
        0 cluster replicas ID1
        0 cluster slaves ID0
        0 cluster count-failure-reports what
        0 cluster count-failure-reports ID1
        0 cluster set-config-epoch 9
        0 cluster set-config-epoch -9
        0 cluster set-config-epoch x
        0 cluster meet what 7000
        0 cluster meet 127.0.0.1 0
        0 cluster meet 127.0.0.1 x
        0 cluster meet 127.0.0.1 7000 x
        0 cluster countkeysinslot x
        0 cluster countkeysinslot 16384
        0 cluster getkeysinslot 0 -1
        0 cluster getkeysinslot 16384 1
        0 cluster getkeysinslot 0 x
        0 cluster keyslot {b}x
        0 cluster slots what
        0 cluster reset what
        0 set {b}1 x
        0 cluster reset
        0 cluster flushslots
        0 cluster getkeysinslot 3300 5
        0 readonly
        0 readwrite
        ",
    );
}

#[tokio::test]
async fn slots_that_nobody_has_are_not_served() {
    let Some(mut pair) = Pair::start("slots_that_nobody_has_are_not_served").await else { return };
    pair.agree("0 cluster delslots 3300");
    // In Redis each node has to be told.
    pair.real.ask(1, "cluster delslots 3300");
    let script = "
        0 cluster delslots 3300
        0 get {b}1
        0 mget {b}1 a
        0 get {c}1
        0 get {bd}1
        0 mget {bd}1 a
        1 get {b}1
        0 ping
        0 dbsize
    ";
    pair.agree(script);
    pair.agree("0 config set cluster-require-full-coverage no");
    pair.agree("1 config set cluster-require-full-coverage no");
    pair.real_is_up();
    pair.agree(script);
    pair.agree("0 cluster addslots 3300");
    pair.real_is_up();
    pair.agree("0 set {b}1 x");
}

#[tokio::test]
async fn a_transaction_is_sent_where_its_keys_are() {
    let Some(mut pair) = Pair::start("a_transaction_is_sent_where_its_keys_are").await else { return };
    pair.agree(
        "
        0 multi
        0 set {b}1 x
        0 set a 1
        0 set {b}2 y
        0 exec
        # Each at home, but not together.
        0 multi
        0 set {b}1 x
        0 set {c}1 y
        0 exec
        0 exec
        0 multi
        0 mset {b}1 x {c}1 y
        0 exec
        0 multi
        0 set {b}1 x
        0 cluster setslot 3300 migrating ID1
        0 set {b}2 x
        0 get {b}1
        0 exec
        0 get {b}1
        # There are now two that are here, and others that are not.
        0 multi
        0 get {b}1
        0 get {b}none
        0 exec
        0 multi
        0 mget {b}1 {b}2
        0 del {b}1
        0 exec
        0 multi
        0 get {b}2
        0 mget {b}1 {b}2
        0 exec
        1 cluster setslot 3300 importing ID0
        1 multi
        1 get {b}3
        1 exec
        1 asking
        1 multi
        1 set {b}3 1
        1 set {b}4 2
        1 exec
        1 asking
        1 multi
        1 set {b}3 1
        1 get {b}3
        1 exec
        1 get {b}3
        1 multi
        1 asking
        1 get {b}3
        1 exec
        1 multi
        1 asking
        1 exec
        1 get {b}3
        1 asking
        1 multi
        1 get {b}3
        1 discard
        1 get {b}3
        1 multi
        1 cluster setslot 3300 stable
        1 cluster delslots 8000 8000
        1 cluster nosuch
        1 exec
        ",
    );
    // Gone between two commands of the queue.
    pair.agree("0 multi\n0 get {b}2\n0 get {b}2");
    for side in [&mut pair.real, &mut pair.embedded] {
        let node: std::net::SocketAddr = side.addresses[0].parse().unwrap();
        let mut other = Client::connect(node);
        assert_eq!(other.call(&[b"del", b"{b}2"]), Value::Integer(1));
    }
    pair.agree("0 exec\n0 exec");
}

impl Pair {
    /// In both clusters, and at all of their nodes, this node comes to have the slot.
    fn comes_to_have(&mut self, owner: usize, slot: u16) {
        for side in [&mut self.real, &mut self.embedded] {
            let key = format!("setslot {slot} migrating ID{}", 1 - owner);
            eventually(&true, || side.ask(owner, &format!("cluster {key}")).contains("OK"));
            side.ask(owner, &format!("cluster setslot {slot} stable"));
            let refused = format!("I'm not the owner of hash slot {slot}");
            let order = format!("cluster setslot {slot} migrating ID{owner}");
            eventually(&true, || side.ask(1 - owner, &order).contains(&refused));
        }
    }
}

#[tokio::test]
async fn a_slot_can_be_taken_from_another_by_a_greater_epoch() {
    let test = "a_slot_can_be_taken_from_another_by_a_greater_epoch";
    let Some(mut pair) = Pair::start(test).await else { return };
    // In one transaction, so that no heartbeat comes between.
    let take = "
        0 multi
        0 cluster addslots 16000
        0 cluster delslots 16000
        0 cluster delslots 16000
        0 cluster addslots 16000
        0 cluster addslots 16000
    ";
    pair.agree(take);
    pair.agree("0 exec");
    pair.comes_to_have(1, 16000);
    pair.agree(take);
    pair.agree("0 cluster setslot 16000 stable\n0 cluster bumpepoch\n0 exec");
    pair.comes_to_have(0, 16000);
    // It has the greater epoch by now.
    pair.agree("0 multi\n0 cluster delslots 16001\n0 cluster addslots 16001\n0 exec");
    pair.comes_to_have(0, 16001);
}

/// Gossip has a real source learn that its slot is another's; it removes what it had of it.
#[tokio::test]
async fn a_target_that_takes_a_slot_too_early_has_the_source_lose_its_keys() {
    let test = "a_target_that_takes_a_slot_too_early_has_the_source_lose_its_keys";
    let Some(mut pair) = Pair::start(test).await else { return };
    pair.agree(
        "
        0 mset {b}1 x {b}2 y
        0 set {e} stays
        0 cluster setslot 3300 migrating ID1
        1 cluster setslot 3300 importing ID0
        0 migrate HOST1 PORT1 {b}1 0 5000
        0 cluster countkeysinslot 3300
        1 cluster setslot 3300 node ID1
        ",
    );
    for side in [&mut pair.real, &mut pair.embedded] {
        eventually(&"Integer(0)".to_owned(), || side.ask(0, "cluster countkeysinslot 3300"));
        eventually(&true, || side.ask(0, "get {b}1").contains("MOVED 3300 N1"));
    }
    pair.agree(
        "
        0 get {b}2
        0 dbsize
        0 get {e}
        1 mget {b}1 {b}2
        1 dbsize
        # It gives what it has no more, and is done with it.
        0 cluster setslot 3300 node ID1
        0 set {b}2 y
        1 set {b}2 z
        1 get {b}2
        ",
    );
}
