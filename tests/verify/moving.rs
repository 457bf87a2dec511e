//! Slots that are moved while their keys are read, or were left half moved.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::common::{ask, connect, eventually};
use crate::fill::data::Data;
use crate::fill::site::slots_by;
use crate::verify::place::{Place, everywhere};

/// A slot that the first master owns, whatever the shares.
const SLOT: u16 = 5;

fn id(node: SocketAddr) -> String {
    ask(node, "CLUSTER MYID")
}

/// Leaves a slot half moved: its first `count` keys are at the next master already.
fn move_half(place: &Place, data: &Data, count: usize) -> (SocketAddr, SocketAddr) {
    let from = place.owner(SLOT);
    let to = *place.masters().iter().find(|&&master| master != from).unwrap();
    ask::<()>(to, &format!("CLUSTER SETSLOT {SLOT} IMPORTING {}", id(from)));
    ask::<()>(from, &format!("CLUSTER SETSLOT {SLOT} MIGRATING {}", id(to)));
    for position in data.positions(&[SLOT]).into_iter().take(count) {
        let key = String::from_utf8(data.spec().shape().key(position)).unwrap();
        ask::<String>(from, &format!("MIGRATE 127.0.0.1 {} {key} 0 5000", to.port()));
    }
    (from, to)
}

everywhere! {
    fn a_slot_left_half_moved_is_read_and_repaired_where_its_keys_are(place: &Place) {
        let data = Data::of(16_384 * 20);
        place.fill(&data, "");
        let (from, to) = move_half(place, &data, 8);
        for check in ["exists", "size", "value"] {
            place.verify(&data, &format!("--check {check}")).assert_exact(data.keys);
        }
        // One of those that have moved is gone, one has another value; one of those that have not is gone.
        let keys: Vec<String> = data.positions(&[SLOT]).into_iter()
            .map(|position| String::from_utf8(data.spec().shape().key(position)).unwrap()).collect();
        let mut there = connect(to);
        for words in [["DEL", &keys[2]].as_slice(), &["SET", &keys[3], "other"]] {
            redis::cmd("ASKING").exec(&mut there).unwrap();
            let mut command = redis::Cmd::new();
            words.iter().for_each(|word| { command.arg(word); });
            command.exec(&mut there).unwrap();
        }
        ask::<u64>(from, &format!("DEL {}", keys[12]));
        let verified = place.verify(&data, "");
        let found = &verified.record.found;
        assert_eq!((verified.code, found.missing, found.wrong, found.unread), (3, 2, 1, 0), "{verified:?}");
        assert_eq!(found.named.missing, [keys[2].as_str(), &keys[12]]);
        assert_eq!(found.named.wrong, [keys[3].as_str()]);
        let repaired = place.verify(&data, "--repair");
        assert_eq!((repaired.code, repaired.record.repair.as_ref().unwrap().rewritten), (0, 3), "{repaired:?}");
        place.verify(&data, "").assert_exact(data.keys);
    }

    fn a_reshard_goes_unnoticed(place: &Place) {
        let data = Data::of(60_000);
        place.fill(&data, "");
        let ids: Vec<String> = place.masters().iter().map(|&master| id(master)).collect();
        for (from, to) in [(1, 0), (0, 2)] {
            // It refuses to begin before they agree.
            eventually(&true, || {
                let views: Vec<_> = place.masters().iter().map(|&master| slots_by(master)).collect();
                views.iter().all(|view| *view == views[0])
            });
            let words = format!(
                "--cluster reshard {} --cluster-from {} --cluster-to {} --cluster-slots 400 --cluster-yes",
                place.masters()[0], ids[from], ids[to]
            );
            let mut reshard = Command::new("redis-cli")
                .args(words.split(' '))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let status = loop {
                place.verify(&data, "").assert_exact(data.keys);
                if let Some(status) = reshard.try_wait().unwrap() {
                    break status;
                }
            };
            assert!(status.success(), "{status}");
        }
        place.verify(&data, "").assert_exact(data.keys);
        place.assert_holds(&data);
    }
}
