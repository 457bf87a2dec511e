//! How slots are told of, byte for byte, in both protocols.

use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};

/// What the server sends for a command in RESP3, with the node's own name and port taken out.
fn told(client: &mut Client, command: &str, port: u16) -> String {
    let pong = "+PONG\r\n";
    client.send(format!("{command}\r\nping\r\n").as_bytes());
    let mut text = String::new();
    while !text.ends_with(pong) {
        text += &String::from_utf8_lossy(&client.part());
    }
    let is_id = |line: &str| line.len() == 40 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lines = text.split("\r\n").map(|line| if is_id(line) { "ID" } else { line });
    lines.collect::<Vec<_>>().join("\n").replace(&port.to_string(), "PORT")
}

#[tokio::test]
async fn slots_and_shards_are_told_the_same_in_both_protocols() {
    let test = "slots_and_shards_are_told_the_same_in_both_protocols";
    let Some(mut both) = Both::start(Layout::even(1), test).await else { return };
    let ports = [both.spawned.addresses()[0].port(), both.server.addresses()[0].port()];
    // So that there are several runs of slots.
    both.agree("cluster delslots 0 7 8 5000 16383");
    for hello in ["hello 2", "hello 3"] {
        for client in [&mut both.real, &mut both.embedded] {
            client.send(format!("{hello}\r\nping\r\n").as_bytes());
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"+PONG\r\n") {
                bytes.extend(client.part());
            }
        }
        for command in ["cluster slots", "cluster shards", "cluster links", "cluster keyslot a"] {
            let real = told(&mut both.real, command, ports[0]);
            let embedded = told(&mut both.embedded, command, ports[1]);
            assert_eq!(embedded, real, "{command} after {hello}");
        }
    }
}
