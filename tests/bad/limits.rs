//! Servers that are busy with something else, or take less than is asked.

use fillbench::target::{Layout, Spawn};

use crate::bad::case::Case;
use crate::common::{Server, ask, connect, eventually, on_each_server};

on_each_server! {
    async fn a_value_that_a_server_would_swallow_is_refused(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let _: () = ask(address, "CONFIG SET proto-max-bulk-len 1mb");
        Case::new(&format!("-p {} --keys 10 --value-size 1048577", address.port())).run().failed(
            &format!("values of 1048577 bytes are above {address}'s proto-max-bulk-len of 1048576"),
            "give a smaller --value-size, or raise proto-max-bulk-len",
        );
        Case::new(&format!("-p {} --keys 10 --value-size 1MiB", address.port())).run().exact();
    }

    async fn a_server_that_loads_is_told(server: &Server) {
        let options = ["--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"];
        let extra_args = options.map(str::to_owned).into();
        let servers = Spawn { extra_args, ..server.spawn(Layout::Standalone) }.start().await.unwrap();
        let address = servers.addresses()[0];
        let line = format!("-p {} --keys 10000", address.port());
        Case::new(&line).run().exact();
        // Six seconds, in microseconds a key.
        let _: () = ask(address, "CONFIG SET key-load-delay 600");
        let reload = std::thread::spawn(move || {
            let mut connection = connect(address);
            redis::cmd("DEBUG").arg("RELOAD").exec(&mut connection).unwrap();
        });
        let loads = || redis::cmd("PING").exec(&mut connect(address)).is_err();
        eventually(&true, loads);
        Case::new(&line).run().failed("refused PING: LOADING", "wait until the server has loaded its data");
        reload.join().unwrap();
        Case::new(&line).run().exact();
    }

    async fn a_full_server_says_how_to_go_on(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let _: () = ask(address, "CONFIG SET maxmemory 16mb");
        let ran = Case::new(&format!("-p {} --keys 40000 --force", address.port())).run();
        let record = ran.ended(3, "missing");
        let [message, cure] = ["message", "cure"].map(|name| record["error"][name].as_str().unwrap());
        assert!(message.contains("refused a write: OOM"), "{message}");
        assert!(cure.contains("raise maxmemory there"), "{cure}");
        let account = &record["account"];
        let there = ask::<u64>(address, "DBSIZE");
        assert_eq!(account["proven"], there);
        assert_eq!(account["missing"], 40000 - there);
    }
}
