//! COMMAND and HELP: what clients ask about commands.

use fillbench::resp::Value;
use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};

#[tokio::test]
async fn keys_are_found_in_commands() {
    let Some(mut both) = Both::start(Layout::Standalone, "keys_are_found_in_commands").await else { return };
    both.agree(
        "
        command getkeys
        command getkeys get
        command getkeys get a
        command getkeys get a b
        command getkeys nosuch a
        command getkeys memory nosuch a
        command getkeys client|kill a
        command getkeys memory usage a
        command getkeys memory usage
        command getkeys mset a b c d
        command getkeys mset a b c
        command getkeys msetnx a b c d
        command getkeys mget a a b
        command getkeys del a b c
        command getkeys rename a b
        command getkeys copy a b db 1
        command getkeys set a b get
        command getkeys restore-asking a 0 x
        command getkeys scan 0
        command getkeys keys a
        command getkeys command getkeys get a
        command getkeys config get a
        command getkeys debug object a
        command getkeys cluster countkeysinslot 1
        command getkeys migrate h 1 a 0 10
        command getkeys migrate h 1 a 0
        command getkeys migrate h 1 a 0 10 copy replace
        command getkeys migrate h 1 a 0 10 keys
        command getkeys migrate h 1 a 0 10 keys b
        command getkeys migrate h 1 a 0 10 what b auth
        command getkeys migrate h 1 '' 0 10
        command getkeys migrate h 1 '' 0 10 keys
        command getkeys migrate h 1 '' 0 10 keys a b
        command getkeys migrate h 1 '' 0 10 auth x keys a
        command getkeys migrate h 1 '' 0 10 auth keys a b
        command getkeys migrate h 1 '' 0 10 auth keys keys a b
        command getkeys migrate h 1 '' 0 10 auth2 keys keys a b
        command getkeys migrate h 1 '' 0 10 auth2 keys keys keys a b
        command getkeys migrate h 1 '' 0 10 copy keys keys
        ",
    );
}

/// The counters of commands and errors, without times.
fn counters(client: &mut Client) -> Vec<String> {
    let info = client.call(&[b"info", b"commandstats", b"errorstats"]);
    let info = info.as_text().unwrap().into_owned();
    let counted = |line: &str| -> Option<String> {
        // The command that asks is counted before or after.
        let (name, fields) = line.trim_end().split_once(':').filter(|(name, _)| *name != "cmdstat_info")?;
        let fields = fields.split(',').filter(|field| !field.starts_with("usec"));
        Some(format!("{name}:{}", fields.collect::<Vec<_>>().join(",")))
    };
    let mut lines: Vec<String> = info.lines().filter_map(counted).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn commands_that_are_refused_are_counted_alike() {
    let test = "commands_that_are_refused_are_counted_alike";
    for layout in [Layout::Standalone, Layout::even(1)] {
        let Some(mut both) = Both::start(layout, test).await else { return };
        both.agree(
            "
            config resetstat
            nosuch
            client nosuch
            client
            client id x
            client help x
            cluster nosuch
            cluster keyslot
            config nosuch x
            memory nosuch
            command nosuch
            command help x
            get
            set a 1
            incr a x
            set a x
            incr a
            reset x
            ",
        );
        assert_eq!(counters(&mut both.embedded), counters(&mut both.real));
    }
}

/// The lines of a HELP, and whether each is a status, as it is to be.
fn lines(help: &Value) -> Vec<String> {
    let lines = help.as_array().unwrap_or_else(|| panic!("{help:?}")).iter();
    lines
        .map(|line| match line {
            Value::Simple(text) => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn help_names_what_there_is_in_redis_too() {
    // What came after the version that is followed, or has another name there.
    const OTHERS: [&str; 3] = ["SETINFO", "MYSHARDID", "SLAVES"];
    let Some(mut both) = Both::start(Layout::even(1), "help_names_what_there_is_in_redis_too").await else {
        return;
    };
    for command in ["client", "cluster", "command", "config", "memory"] {
        let words = [command.as_bytes(), b"HeLp"];
        let real = lines(&both.real.call(&words));
        let own = lines(&both.embedded.call(&words));
        assert!(own.len() > 2 && own[0].starts_with(&command.to_ascii_uppercase()), "{own:?}");
        for line in &own[1..] {
            let name = line.split([' ', ':']).next().unwrap();
            let is_there = real.iter().any(|line| line.split(' ').next() == Some(name));
            assert!(is_there || OTHERS.contains(&name), "{command} {name}");
        }
    }
    let Some(mut alone) = Both::start(Layout::Standalone, "help_names_what_there_is_in_redis_too").await
    else {
        return;
    };
    alone.same("cluster help");
    // A real server has to be started with leave to debug it.
    for command in [&b"debug"[..], b"fillbench"] {
        assert_eq!(lines(&both.embedded.call(&[command, b"help"])).len(), 3);
    }
}
