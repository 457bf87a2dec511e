//! Users who may not do everything: what they may not is told, and what can be done without it is done.

use std::net::SocketAddr;

use fillbench::target::Layout;

use crate::bad::case::Case;
use crate::common::{Server, ask, on_each_server};

const KEYS: u64 = 200;

/// A run as a user with these rights, on servers that hold nothing.
fn with_rights(servers: &[SocketAddr], rights: &str, more: &str) -> Case {
    for &server in servers {
        let _: () = ask(server, "FLUSHALL");
        let _: () = ask(server, &format!("ACL SETUSER filler reset on >pw {rights}"));
    }
    Case::new(&format!("-p {} --user filler -a pw --keys {KEYS} {more}", servers[0].port()))
}

fn keys(servers: &[SocketAddr]) -> u64 {
    servers.iter().map(|&server| ask::<u64>(server, "DBSIZE")).sum()
}

on_each_server! {
    async fn passwords_are_asked_for_and_checked(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let line = format!("-p {} --keys {KEYS}", address.port());
        Case::new(&format!("{line} -a any")).run().failed("refused AUTH: ", "leave out --pass");
        let _: () = ask(address, "CONFIG SET requirepass right");
        Case::new(&line).run().failed("NOAUTH", "give a password: --pass, --askpass or REDISCLI_AUTH");
        Case::new(&format!("{line} -a wrong")).run().failed("WRONGPASS", "check --user and --pass");
        Case::new(&format!("{line} -a right --user no")).run().failed("WRONGPASS", "check --user and --pass");
        Case::new(&line).env("REDISCLI_AUTH", "right").run().exact();
    }

    async fn what_is_not_needed_may_be_forbidden(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        for without in ["-ping", "-keys -scan -get", "-config"] {
            let record = with_rights(servers.addresses(), &format!("~* +@all {without}"), "").run().exact();
            // What was tried before the fill is not held against the servers; each connection pings.
            let refusals = record["account"]["refusals"].as_array().unwrap();
            assert!(refusals.is_empty() || without == "-ping", "{without}: {refusals:?}");
        }
    }

    async fn keys_that_cannot_be_counted_are_read(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        for without in ["-info", "-dbsize", "-info -dbsize -config"] {
            let ran = with_rights(servers.addresses(), &format!("~* +@all {without}"), "").run();
            assert_eq!(ran.exact()["account"]["proven_by"], serde_json::json!({ "read": KEYS }));
            assert!(ran.told.contains("every key will be proven by reading it"), "{ran:?}");
        }
        let least = "~* +set +mset +strlen +getrange +exists +pttl +client|reply +cluster|slots";
        with_rights(servers.addresses(), least, "").run().exact();

        let servers = server.start(Layout::even(2)).await;
        let rights = "~* +@all -cluster|countkeysinslot";
        let ran = with_rights(servers.addresses(), rights, "").run();
        assert_eq!(ran.exact()["account"]["proven_by"], serde_json::json!({ "read": KEYS }));
        // Once, whatever the number of masters.
        assert_eq!(ran.told.matches("every key will be proven by reading it").count(), 1, "{ran:?}");
    }

    async fn keys_that_cannot_be_read_are_counted_or_not_written(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let counted = with_rights(servers.addresses(), "~* +@all -strlen", "").run();
        assert_eq!(counted.exact()["account"]["proven_by"], serde_json::json!({ "count": KEYS }));
        assert!(counted.told.contains("this user may not read keys"), "{counted:?}");
        for without in ["-strlen -info", "-getrange -dbsize"] {
            with_rights(servers.addresses(), &format!("~* +@all {without}"), "")
                .run()
                .failed("neither count keys nor read them, so no fill could be proven", "+info +dbsize");
            assert_eq!(keys(servers.addresses()), 0);
        }
        with_rights(servers.addresses(), "~* +@all -info -cluster", "")
            .run()
            .failed("does not let this user see whether it is a cluster", "+info");
    }

    async fn replies_that_cannot_be_turned_off_stay_on(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let rights = "~* +@all -client|reply";
        with_rights(servers.addresses(), rights, "")
            .run()
            .failed("refuses CLIENT REPLY: NOPERM", "grant +client|reply, or fill with --reply on");
        assert_eq!(keys(servers.addresses()), 0);
        with_rights(servers.addresses(), rights, "--reply on").run().exact();
    }

    // Nothing but a write shows whether a user may write. What can still be read is known to be missing;
    // what cannot is not known at all.
    async fn writes_that_are_refused_are_found_out(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        for replies in ["off", "on"] {
            let more = format!("--reply {replies}");
            let ran = with_rights(servers.addresses(), "~* +@all -set -mset", &more).run();
            let record = ran.ended(3, "missing");
            assert_eq!(record["account"]["missing"], KEYS);
            assert_eq!(record["account"]["proven"], 0);
            assert!(record["error"]["message"].as_str().unwrap().contains("refused a write: NOPERM"), "{ran:?}");
            assert!(record["error"]["cure"].as_str().unwrap().contains("+set +mset"), "{ran:?}");

            let ran = with_rights(servers.addresses(), "~other:* +@all", &more).run();
            let record = ran.ended(1, "failed");
            assert_eq!((&record["account"]["suspect"], &record["account"]["proven"]), (&KEYS.into(), &0.into()));
            assert!(record["error"]["message"].as_str().unwrap().contains("refused a write: NOPERM"), "{ran:?}");
            assert_eq!(keys(servers.addresses()), 0);
        }
    }

    async fn who_may_not_flush_is_told(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let case = with_rights(servers.addresses(), "~* +@all -flushall", "--flush --yes");
        let _: () = ask(servers.addresses()[0], "SET precious 1");
        case.run().failed("refused FLUSHALL: NOPERM", "ACL SETUSER");
        assert_eq!(keys(servers.addresses()), 1);
    }
}
