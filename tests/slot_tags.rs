//! The slot table against the program that makes it, and against the servers themselves.

#[path = "../slot-tags/make.rs"]
#[expect(dead_code, reason = "its main is for `cargo run --example slot-tags`")]
mod make;

use crate::common::{Server, connect, on_each_server};
use fillbench::slots::{SLOTS, tag};
use fillbench::target::Layout;

#[test]
fn the_table_is_what_the_program_makes() {
    assert!(make::table() == include_bytes!("../slot-tags/tags.txt"), "make slot-tags/tags.txt again");
}

on_each_server! {
    async fn servers_put_every_tag_into_its_slot(server: &Server) {
        let servers = server.start(Layout::even(1)).await;
        let mut pipeline = redis::pipe();
        for slot in 0..SLOTS {
            // Alone, and as the hash tag of a key that would be elsewhere without it.
            let key = [b"{", &tag(slot)[..], b"}:000000000017xxxx"].concat();
            pipeline.cmd("CLUSTER").arg("KEYSLOT").arg(&tag(slot));
            pipeline.cmd("CLUSTER").arg("KEYSLOT").arg(key);
        }
        let answers: Vec<u16> = pipeline.query(&mut connect(servers.addresses()[0])).unwrap();
        let expected: Vec<u16> = (0..SLOTS).flat_map(|slot| [slot, slot]).collect();
        assert!(answers == expected);
    }
}
