//! MIGRATE between the embedded server and real ones, both ways, and to targets that do not take keys: what
//! was not taken is still where it was.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use fillbench::server::{Server as Embedded, ServerOptions};
use redis::{Commands, Connection};

use crate::common::{ask, connect};
use crate::judges::Nodes;

/// A server that may want passwords: that of the default user, or that of the user `alice`.
const PASSWORD: &str = "secret";

/// Where keys come from, and where they go to.
struct Way {
    from: Connection,
    to: Connection,
    target: SocketAddr,
    name: &'static str,
}

/// Servers that live for as long as this does.
struct Ways {
    ways: Vec<Way>,
    _servers: [Nodes; 2],
}

impl Ways {
    /// From the embedded server to a real one, and back.
    async fn start(test: &str) -> Option<Self> {
        let (real, embedded) = (Nodes::real(None, test).await?, Nodes::embedded(None));
        let [at_real, at_embedded] = [&real, &embedded].map(|nodes| nodes.addresses()[0]);
        let way = |from, target, name| Way { from: connect(from), to: connect(target), target, name };
        let ways = vec![
            way(at_embedded, at_real, "embedded to real"),
            way(at_real, at_embedded, "real to embedded"),
        ];
        Some(Self { ways, _servers: [real, embedded] })
    }
}

impl Way {
    fn migrate(&mut self, key: &str, more: &[&str]) -> Result<String, String> {
        migrate(&mut self.from, self.target, key, 5000, more)
    }
}

/// MIGRATE, and what it says.
fn migrate(
    from: &mut Connection,
    to: SocketAddr,
    key: &str,
    timeout_ms: u64,
    more: &[&str],
) -> Result<String, String> {
    let mut command = redis::cmd("MIGRATE");
    command.arg(to.ip().to_string()).arg(to.port()).arg(key).arg(0).arg(timeout_ms).arg(more);
    command.query(from).map_err(|error: redis::RedisError| {
        format!("{} {}", error.code().unwrap_or_default(), error.detail().unwrap_or_default())
    })
}

#[tokio::test]
async fn values_arrive_with_their_times() {
    let Some(mut ways) = Ways::start("values_arrive_with_their_times").await else { return };
    // Numbers, what can be made shorter and what cannot, and every byte.
    let noise: Vec<u8> =
        (0..100_000u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect();
    let mut values: Vec<Vec<u8>> = ["", "0", "-129", "70000", "12345678901", "text"].map(Into::into).into();
    values.extend([vec![b'x'; 100_000], noise, (0..=255).collect(), vec![0; 70]]);
    for way in &mut ways.ways {
        for (number, value) in values.iter().enumerate() {
            let (lasting, passing) = (format!("lasting:{number}"), format!("passing:{number}"));
            let _: () = way.from.set(&lasting, value).unwrap();
            let _: () = way.from.pset_ex(&passing, value, 100_000).unwrap();
            for key in [&lasting, &passing] {
                assert_eq!(way.migrate(key, &[]), Ok("OK".into()), "{}", way.name);
                assert_eq!(way.from.get::<_, Option<Vec<u8>>>(key).unwrap(), None, "{}", way.name);
                assert_eq!(
                    way.to.get::<_, Option<Vec<u8>>>(key).unwrap().as_ref(),
                    Some(value),
                    "{}",
                    way.name
                );
                assert_eq!(way.migrate(key, &[]), Ok("NOKEY".into()), "{}", way.name);
            }
            assert_eq!(way.to.pttl::<_, i64>(&lasting).unwrap(), -1, "{}", way.name);
            let left: i64 = way.to.pttl(&passing).unwrap();
            assert!((80_000..=100_000).contains(&left), "{}: {left}", way.name);
        }
        let _: () = redis::cmd("FLUSHALL").query(&mut way.to).unwrap();
    }
}

#[tokio::test]
async fn keys_are_copied_replaced_and_taken_together() {
    let Some(mut ways) = Ways::start("keys_are_copied_replaced_and_taken_together").await else { return };
    const BUSY: &str = "Target instance replied with error: BUSYKEY Target key name already exists.";
    for way in &mut ways.ways {
        let name = way.name;
        let all = |connection: &mut Connection| -> Vec<Option<String>> {
            connection.mget(&["a", "b", "c", "d"]).unwrap()
        };
        let some = |texts: [&str; 4]| texts.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
        let _: () = way.from.set("a", "1").unwrap();
        assert_eq!(way.migrate("a", &["COPY"]), Ok("OK".into()), "{name}");
        assert_eq!(
            (all(&mut way.from), all(&mut way.to)),
            (some(["1", "", "", ""]).into(), some(["1", "", "", ""]).into())
        );
        let _: () = way.from.set("a", "2").unwrap();
        for options in [&[][..], &["COPY"]] {
            let refused = way.migrate("a", options).unwrap_err();
            assert!(refused.contains(BUSY), "{name}: {refused}");
        }
        assert_eq!(way.migrate("a", &["COPY", "REPLACE"]), Ok("OK".into()), "{name}");
        assert_eq!(
            (all(&mut way.from), all(&mut way.to)),
            (some(["2", "", "", ""]).into(), some(["2", "", "", ""]).into())
        );
        // The others go, the one that is there already stays, and so does its namesake.
        let _: () = way.from.mset(&[("a", "3"), ("b", "3"), ("c", "3"), ("d", "3")]).unwrap();
        let refused = way.migrate("", &["KEYS", "none", "b", "a", "c"]).unwrap_err();
        assert!(refused.contains(BUSY), "{name}: {refused}");
        assert_eq!(all(&mut way.from), some(["3", "", "", "3"]), "{name}");
        assert_eq!(all(&mut way.to), some(["2", "3", "3", ""]), "{name}");
        assert_eq!(way.migrate("", &["REPLACE", "KEYS", "a", "d", "none"]), Ok("OK".into()), "{name}");
        assert_eq!((all(&mut way.from), all(&mut way.to)), (some([""; 4]).into(), some(["3"; 4]).into()));
        assert_eq!(way.migrate("", &["KEYS", "none", "a"]), Ok("NOKEY".into()), "{name}");
        let _: () = redis::cmd("FLUSHALL").query(&mut way.to).unwrap();
    }
}

#[tokio::test]
async fn a_target_that_wants_a_password_gets_it() {
    let Some(real) = Nodes::real(None, "a_target_that_wants_a_password_gets_it").await else { return };
    let at_real = real.addresses()[0];
    let mut admin = connect(at_real);
    let user = ["SETUSER", "alice", "on", &format!(">{PASSWORD}"), "~*", "+@all"];
    let _: () = redis::cmd("ACL").arg(&user).query(&mut admin).unwrap();
    let options = ServerOptions {
        masters: None,
        users: vec![("alice".into(), PASSWORD.into())],
        ..ServerOptions::default()
    };
    let embedded = Embedded::start(&options).unwrap();
    let at_embedded = embedded.addresses()[0];
    // Who is connected before there is a password needs none.
    let (mut real, mut own) = (admin, connect(at_embedded));
    for connection in [&mut real, &mut own] {
        let _: () = redis::cmd("CONFIG").arg(&["SET", "requirepass", PASSWORD]).query(connection).unwrap();
    }
    for (from, to, target) in [(&mut own, at_real, 0), (&mut real, at_embedded, 1)] {
        for (login, error) in [
            (&[][..], "NOAUTH Authentication required."),
            (&["AUTH", "wrong"], "WRONGPASS invalid username-password pair or user is disabled."),
            (&["AUTH2", "bob", PASSWORD], "WRONGPASS invalid username-password pair or user is disabled."),
        ] {
            let _: () = from.set("a", target).unwrap();
            let refused = migrate(from, to, "a", 5000, login).unwrap_err();
            assert!(refused.contains(&format!("Target instance replied with error: {error}")), "{refused}");
            assert_eq!(from.get::<_, i64>("a").unwrap(), target);
        }
        for login in [&["AUTH", PASSWORD][..], &["REPLACE", "AUTH2", "alice", PASSWORD]] {
            let _: () = from.set("a", target).unwrap();
            assert_eq!(migrate(from, to, "a", 5000, login), Ok("OK".into()));
            assert!(!from.exists::<_, bool>("a").unwrap());
        }
    }
    // What went there came back, and nothing went twice.
    assert_eq!(own.get::<_, i64>("a").unwrap(), 1);
    assert_eq!(real.get::<_, Option<i64>>("a").unwrap(), None);
}

/// A target that takes a connection, says this, and then does nothing or hangs up.
fn pretender(says: &'static str, hangs_up: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let mut part = [0; 1024];
            // Something has come before something is said.
            let _ = stream.read(&mut part);
            let _ = stream.write_all(says.as_bytes());
            if !hangs_up {
                kept.push(stream);
            }
        }
    });
    address
}

#[tokio::test]
async fn a_target_that_does_not_take_keys_gets_none() {
    let Some(mut ways) = Ways::start("a_target_that_does_not_take_keys_gets_none").await else { return };
    const TIMEOUT_MS: u64 = 300;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let cases = [
        (nobody, "IOERR error or timeout writing to target instance", false),
        (deaf.local_addr().unwrap(), "IOERR error or timeout reading to target instance", true),
        (pretender("+OK\r\n", false), "IOERR error or timeout reading to target instance", true),
        (pretender("+O", false), "IOERR error or timeout reading to target instance", true),
        (pretender("+OK\r\n", true), "IOERR error or timeout reading to target instance", false),
        (pretender("", true), "IOERR error or timeout reading to target instance", false),
    ];
    for way in &mut ways.ways {
        let _: () = way.from.mset(&[("a", "1"), ("b", "2")]).unwrap();
        for (number, (target, error, is_late)) in cases.iter().enumerate() {
            let start = Instant::now();
            let told = migrate(&mut way.from, *target, "", TIMEOUT_MS, &["KEYS", "a", "b"]).unwrap_err();
            let took = start.elapsed();
            assert_eq!(told, *error, "{}, case {number}", way.name);
            assert!(
                !is_late || took >= Duration::from_millis(TIMEOUT_MS),
                "{}, case {number}: {took:?}",
                way.name
            );
            // Redis counts anew for each step, and may try a connection that it kept once more.
            assert!(took < Duration::from_millis(8 * TIMEOUT_MS), "{}, case {number}: {took:?}", way.name);
            let kept: [String; 2] = way.from.mget(&["a", "b"]).unwrap();
            assert_eq!(kept, ["1", "2"], "{}, case {number}", way.name);
        }
        // It goes on with one that does.
        assert_eq!(way.migrate("", &["KEYS", "a", "b"]), Ok("OK".into()), "{}", way.name);
        let _: () = redis::cmd("FLUSHALL").query(&mut way.to).unwrap();
    }
}

/// Each waits for the other, and neither can answer: it is over when the time is, with every key in one
/// of them at least.
#[test]
fn two_that_migrate_to_each_other_give_up_in_time() {
    const TIMEOUT_MS: u64 = 400;
    let servers = [Nodes::embedded(None), Nodes::embedded(None)];
    let [one, two] = [&servers[0], &servers[1]].map(|nodes| nodes.addresses()[0]);
    let mut at_one = connect(one);
    let mut at_two = connect(two);
    for round in 0..3 {
        let _: () = at_one.set("one", round).unwrap();
        let _: () = at_two.set("two", round).unwrap();
        // Both are asked while they sleep, and so begin together.
        for node in [one, two] {
            let mut sleeper = connect(node);
            sleeper.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            let slept: Result<(), _> = redis::cmd("DEBUG").arg(&["SLEEP", "0.2"]).query(&mut sleeper);
            assert!(slept.is_err(), "it should have slept longer");
        }
        let start = Instant::now();
        let [first, second] = std::thread::scope(|scope| {
            let first = scope.spawn(|| migrate(&mut at_one, two, "one", TIMEOUT_MS, &["REPLACE"]));
            let second = scope.spawn(|| migrate(&mut at_two, one, "two", TIMEOUT_MS, &["REPLACE"]));
            [first.join().unwrap(), second.join().unwrap()]
        });
        let took = start.elapsed();
        assert!(took < Duration::from_millis(200 + 4 * TIMEOUT_MS), "round {round}: {took:?}");
        for (told, key, from, to) in [(first, "one", one, two), (second, "two", two, one)] {
            let places = [from, to].map(|node| ask::<Option<u64>>(node, &format!("GET {key}")));
            match told {
                Ok(told) => assert_eq!((told.as_str(), places), ("OK", [None, Some(round)]), "{key}"),
                Err(error) => {
                    assert_eq!(error, "IOERR error or timeout reading to target instance", "{key}");
                    assert_eq!(places[0], Some(round), "{key}");
                }
            }
        }
    }
    // One after the other, they can.
    let _: () = at_one.set("one", 9).unwrap();
    assert_eq!(migrate(&mut at_one, two, "one", 5000, &["REPLACE"]), Ok("OK".into()));
    assert_eq!(migrate(&mut at_two, one, "one", 5000, &["REPLACE"]), Ok("OK".into()));
    assert_eq!(at_one.get::<_, u64>("one").unwrap(), 9);
}
