//! MULTI, EXEC and DISCARD: the same lines to both servers, and the same bytes from both.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fillbench::resp::Value;
use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};
use crate::conformity::protocol::answers;

/// How long a pause lasts that nobody ends.
const PAUSE_MS: u64 = 60_000;

/// Both answer these lines, sent at once over one new connection, with the same bytes.
#[track_caller]
fn same_bytes(both: &Both, script: &str) -> String {
    let lines: Vec<_> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let wire = format!("{}\r\n", lines.join("\r\n"));
    let parts = [wire.as_bytes()];
    let ask = |address| String::from_utf8_lossy(&answers(address, &parts)).into_owned();
    let (real, embedded) = (ask(both.spawned.addresses()[0]), ask(both.server.addresses()[0]));
    assert_eq!(embedded, real, "{lines:?}");
    real
}

#[tokio::test]
async fn commands_are_queued_and_executed() {
    let Some(both) = Both::start(Layout::Standalone, "commands_are_queued_and_executed").await else {
        return;
    };
    let told = same_bytes(
        &both,
        "
        multi
        set a 1
        incr a
        mget a none
        get none
        exec
        get a
        exec
        discard
        multi
        set a x
        incr a
        set a y
        exec
        get a
        multi
        exec
        multi
        del a
        discard
        get a
        ",
    );
    assert!(told.contains("*3\r\n+OK\r\n-ERR value is not an integer or out of range\r\n+OK\r\n"), "{told}");
    // Refused when it was to be queued, so that nothing is executed.
    for wrong in
        ["nosuch a", "set a", "get", "shutdown", "client nosuch", "client", "multi a", "discard a", "exec a"]
    {
        same_bytes(&both, &format!("set a 1\nmulti\nset a 2\n{wrong}\nget a\nexec\nget a\nexec"));
    }
    // Refused only when it is executed, or not at all.
    for late in
        ["set a 1 ex 0", "multi", "select 0", "select 99", "client setname x", "get a b\ndiscard", "", "*0"]
    {
        same_bytes(&both, &format!("set a 1\nmulti\nset a 2\n{late}\nget a\nexec\nget a\nexec"));
    }
    for alone in ["multi a", "exec a", "discard a", "exec", "discard"] {
        same_bytes(&both, alone);
    }
    let script = "multi\nset q 1\nquit\nget q";
    assert_eq!(same_bytes(&both, script), "+OK\r\n+QUEUED\r\n+OK\r\n");
    same_bytes(&both, "multi\nset q 1\nreset\nget q\nexec");
    same_bytes(&both, "multi\nset q 1\n*1\nexec\nget q");
    // The connection ends before EXEC.
    same_bytes(&both, "multi\nset q 1");
    same_bytes(&both, "get q");
}

#[tokio::test]
async fn answers_are_spelt_and_wanted_as_each_command_says() {
    let test = "answers_are_spelt_and_wanted_as_each_command_says";
    let Some(both) = Both::start(Layout::Standalone, test).await else { return };
    same_bytes(
        &both,
        "multi\nget none\nclient reply off\nget none\nexec\nget none\nclient reply on\nget none",
    );
    same_bytes(&both, "client reply off\nmulti\nget none\nclient reply on\nget none\nexec\nget none");
    same_bytes(&both, "multi\nget none\nclient reply skip\nget none\nexec\nget none\nget none");
    same_bytes(&both, "client reply skip\nmulti\nget none\nexec");
    same_bytes(&both, "multi\nget none\nclient reply skip\nexec\nclient reply skip\nget none\nget none");
    same_bytes(&both, "client reply off\nmulti\nnosuch\nexec\nclient reply on\nexec");
    // What the client is not to hear is done all the same.
    same_bytes(&both, "multi\nclient kill type normal skipme no\nset b 2\nexec\nset b 3");
    assert_eq!(same_bytes(&both, "get b"), "$1\r\n2\r\n");
    let shape = |address: SocketAddr| {
        let text = answers(address, &[b"hello 3\r\nmulti\r\nget none\r\nselect 0\r\nexec\r\n"]);
        String::from_utf8_lossy(&text).split_once("+OK").unwrap().1.to_owned()
    };
    let embedded = shape(both.server.addresses()[0]);
    assert_eq!(embedded, shape(both.spawned.addresses()[0]));
    assert!(embedded.ends_with("*2\r\n_\r\n+OK\r\n"), "{embedded}");
}

/// A field of a command's or an error's statistics.
fn count(client: &mut Client, section: &str, name: &str, field: &str) -> u64 {
    let told = client.call(&[b"info", section.as_bytes()]);
    let told = told.as_text().unwrap().into_owned();
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let found =
        line.and_then(|line| line.split(',').find_map(|pair| pair.strip_prefix(field)?.strip_prefix('=')));
    found.map_or(0, |number| number.parse().unwrap())
}

#[tokio::test]
async fn what_is_executed_and_refused_is_counted() {
    let test = "what_is_executed_and_refused_is_counted";
    let Some(mut both) = Both::start(Layout::Standalone, test).await else { return };
    both.same("config resetstat");
    both.agree(
        "
        multi
        set a x
        incr a
        multi
        exec
        multi
        nosuch
        get
        exec
        exec
        exec a
        discard
        multi
        set b 1
        discard
        ",
    );
    let mut counted = |section: &str, name: &str, field: &str| {
        let [real, embedded] =
            [&mut both.real, &mut both.embedded].map(|client| count(client, section, name, field));
        assert_eq!(embedded, real, "{name} {field}");
        real
    };
    for command in ["multi", "exec", "discard", "set", "incr", "get"] {
        for field in ["calls", "rejected_calls", "failed_calls"] {
            counted("commandstats", &format!("cmdstat_{command}"), field);
        }
    }
    assert_eq!(counted("commandstats", "cmdstat_exec", "rejected_calls"), 1);
    assert_eq!(counted("errorstats", "errorstat_EXECABORT", "count"), 2);
    counted("errorstats", "errorstat_ERR", "count");
}

#[tokio::test]
async fn memory_is_wanted_when_a_command_is_queued() {
    let test = "memory_is_wanted_when_a_command_is_queued";
    let Some(mut both) = Both::start(Layout::Standalone, test).await else { return };
    both.agree(
        "set a 1\nconfig set maxmemory 1\nmulti\nget a\nexec\nmulti\nexec\nmulti\ndiscard\nmulti\nreset",
    );
    both.agree("config set maxmemory 0\nmulti\nset a 2\nget a");
    let others =
        [&both.spawned.addresses()[0], &both.server.addresses()[0]].map(|address| Client::connect(*address));
    let limit = |others: &mut [Client; 2], bytes: &str| {
        for other in others {
            assert!(other.call(&[b"config", b"set", b"maxmemory", bytes.as_bytes()]).is_ok());
        }
    };
    let mut others = others;
    limit(&mut others, "1");
    both.agree("exec\nexec");
    limit(&mut others, "0");
    both.agree("multi\nget a");
    limit(&mut others, "1");
    both.agree("exec\nexec");
    limit(&mut others, "0");
}

#[tokio::test]
async fn a_password_may_be_set_meanwhile() {
    let Some(mut both) = Both::start(Layout::Standalone, "a_password_may_be_set_meanwhile").await else {
        return;
    };
    both.agree("multi\nset a 5\nconfig set requirepass word");
    both.agree("exec");
    same_bytes(&both, "exec\nmulti\ndiscard\nget a\nexec\nauth word\nmulti\nauth wrong\nget a\nexec\nget a");
}

fn field(client: &mut Client, name: &str) -> Vec<String> {
    let told = client.call(&[b"client", b"list"]).as_text().unwrap().into_owned();
    let of = |line: &str| {
        line.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(Into::into))
    };
    told.lines().filter_map(of).collect()
}

#[tokio::test]
async fn others_see_the_transaction_and_a_pause_holds_it() {
    let test = "others_see_the_transaction_and_a_pause_holds_it";
    let Some(both) = Both::start(Layout::Standalone, test).await else { return };
    for address in [both.spawned.addresses()[0], both.server.addresses()[0]] {
        let [mut one, mut two] = [(); 2].map(|()| Client::connect(address));
        for line in [&b"multi\r\n"[..], b"set a 1\r\n", b"client info\r\n"] {
            one.send(line);
            one.answer();
        }
        let multi = field(&mut two, "multi");
        assert!(multi.contains(&"2".into()) && multi.contains(&"-1".into()), "{address} {multi:?}");
        assert!(field(&mut two, "flags").contains(&"x".into()), "{address}");
        // Its writes were queued before the pause, and wait for its end.
        assert!(two.call(&[b"client", b"pause", PAUSE_MS.to_string().as_bytes(), b"write"]).is_ok());
        one.send(b"exec\r\n");
        let deadline = Instant::now() + Duration::from_secs(5);
        while !field(&mut two, "cmd").contains(&"exec".into()) {
            assert!(Instant::now() < deadline, "{address}");
        }
        assert_eq!(two.call(&[b"get", b"a"]), Value::Nil, "{address}");
        // One that only reads goes on.
        let mut three = Client::connect(address);
        three.send(b"multi\r\nget a\r\nexec\r\n");
        three.answer();
        three.answer();
        assert!(matches!(three.answer(), Value::Array(items) if items == [Value::Nil]), "{address}");
        assert!(two.call(&[b"client", b"unpause"]).is_ok());
        let Value::Array(items) = one.answer() else { panic!("{address}") };
        let info = items[1].as_text().unwrap().into_owned();
        assert!(items[0].is_ok() && info.contains(" multi=2 ") && info.contains(" cmd=exec "), "{info}");
        assert!(info.contains(" flags=x "), "{info}");
        assert_eq!(two.call(&[b"get", b"a"]).as_bytes(), Some(&b"1"[..]), "{address}");
        assert!(!field(&mut two, "multi").contains(&"2".into()), "{address}");
    }
}
