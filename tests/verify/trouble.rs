//! Servers that will not be read, runs that are cut short: told with cause and cure, never a hang, and
//! nothing is said of keys that nobody saw.

use std::time::{Duration, Instant};

use fillbench::results::{Verdict, Verification};
use fillbench::target::Layout;

use crate::common::{Server, ask, at, connect, fillbench, on_each_server};
use crate::fill::data::Data;
use crate::fill::run::begin;
use crate::fill::site::{slots_by, truth_at};
use crate::verify::place::{Place, Verified};

/// It ended with an error that has these words, and a cure that has those.
#[track_caller]
fn failed(verified: &Verified, cause: &str, cure: &str) {
    assert_eq!((verified.code, verified.record.verdict), (1, Verdict::Failed), "{verified:?}");
    let error = verified.record.error.as_ref().unwrap();
    assert!(error.message.contains(cause), "{cause:?} is not in {error:?}");
    assert!(error.cure.as_deref().unwrap_or_default().contains(cure), "{cure:?} is not in {error:?}");
    assert!(verified.told.contains(cause), "{verified:?}");
}

on_each_server! {
    async fn a_user_who_may_not_look(server: &Server) {
        let place = Place::real(server, Layout::even(2)).await;
        let data = Data::of(5_000);
        place.fill(&data, "");
        for &master in place.masters() {
            ask::<()>(master, "ACL SETUSER looker on >hunter2 ~* +@all -mget");
            ask::<()>(master, "ACL SETUSER other on >hunter2 ~* +@all -info");
        }
        let as_looker = "--user looker -a hunter2";
        failed(&place.verify(&data, as_looker), "does not let this user read keys: NOPERM", "+mget");
        place.verify(&data, &format!("{as_looker} --check size")).assert_exact(data.keys);
        failed(&place.verify(&data, "--user looker -a hunter3"), "WRONGPASS", "--pass");
        // Without INFO, each time to live is asked for.
        place.verify(&data, "--user other -a hunter2").assert_exact(data.keys);
        let verified = place.verify(&data, "--user other -a hunter2 --ttl 5");
        assert_eq!(verified.record.found.wrong_ttl, data.keys);
    }

    async fn a_server_without_room_is_named(server: &Server) {
        let place = Place::real(server, Layout::even(2)).await;
        let data = Data::of(5_000);
        place.fill(&data, "");
        let lost = ask::<u64>(place.masters()[1], "DBSIZE");
        ask::<()>(place.masters()[1], "FLUSHALL SYNC");
        ask::<()>(place.masters()[1], "CONFIG SET maxmemory 1");
        let verified = place.verify(&data, "--repair");
        assert_eq!((verified.code, verified.record.found.missing), (3, lost), "{verified:?}");
        assert_eq!(verified.record.repair.as_ref().unwrap().after.missing, lost);
        assert!(verified.told.contains("refused SET: OOM"), "{verified:?}");
        assert!(verified.told.contains("raise maxmemory there"), "{verified:?}");
    }

    /// It makes room for what is written again by throwing other keys away, of slots that were found exact.
    async fn a_server_that_evicts_to_make_room(server: &Server) {
        let place = Place::real(server, Layout::Standalone).await;
        let (node, data) = (place.masters()[0], Data::of(60_000));
        place.fill(&data, "");
        let mut pipe = redis::pipe();
        for position in data.positions(&(0..5_000).collect::<Vec<_>>()) {
            pipe.del(data.spec().shape().key(position)).ignore();
        }
        pipe.exec(&mut connect(node)).unwrap();
        let number = |field: &str| -> u64 {
            let info: String = ask(node, "INFO all");
            info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap().trim().parse().unwrap()
        };
        ask::<()>(node, "CONFIG SET maxmemory-policy allkeys-lru");
        // Enough for looking at keys, and for a third of those that are to be written.
        ask::<()>(node, &format!("CONFIG SET maxmemory {}", number("used_memory") + (1 << 20)));
        let verified = place.verify(&data, "--repair --proof-timeout 1");
        // From here on nothing is evicted any more, also not to make room for the judge.
        ask::<()>(node, "CONFIG SET maxmemory 0");
        let (evicted, truth) = (number("evicted_keys"), truth_at(&data, &slots_by(node)));
        assert!(evicted > 0 && truth.missing > 0, "{truth:?} {verified:?}");
        let after = &verified.record.repair.as_ref().unwrap().after;
        assert!(verified.code != 0 && verified.record.warnings.len() == 1, "{verified:?}");
        // To make room for whoever came after the last look, some more were.
        let words = verified.record.warnings[0].split(' ').nth(2).unwrap().replace(',', "");
        let late = evicted - words.parse::<u64>().unwrap();
        assert!(after.exact <= truth.exact + late && after.missing <= truth.missing, "{truth:?} {verified:?}");
        let error = verified.record.error.as_ref().unwrap();
        assert!(error.message.contains(&format!("{node} evicted")), "{error:?}");
        assert!(error.cure.as_ref().unwrap().contains("raise maxmemory"), "{error:?}");
    }

    async fn a_dead_node(server: &Server) {
        let mut place = Place::real(server, Layout::even(3)).await;
        let data = Data::of(5_000);
        place.fill(&data, "");
        let dead = place.masters()[2].to_string();
        place.kill(2);
        let began = Instant::now();
        let verified = place.verify(&data, "--proof-timeout 2");
        // Whether the others have noticed is a matter of time.
        assert_eq!((verified.code, verified.record.verdict), (1, Verdict::Failed), "{verified:?}");
        let told = &verified.told;
        assert!(told.contains(&dead) || told.contains("is in state `fail`"), "{verified:?}");
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    async fn a_node_that_dies_while_it_is_read(server: &Server) {
        let mut place = Place::real(server, Layout::even(3)).await;
        let data = Data::of(700_000);
        place.fill(&data, "");
        let dead = place.masters()[1];
        let hits = || {
            let stats: String = ask(dead, "INFO stats");
            let line = stats.lines().find_map(|line| line.strip_prefix("keyspace_hits:"));
            line.unwrap().trim().parse::<u64>().unwrap()
        };
        let (before, words) = (hits(), "verify --proof-timeout 2 --json");
        let mut args: Vec<String> = words.split(' ').map(Into::into).collect();
        args.extend(data.args());
        args.extend(at(place.masters()[0]));
        let mut running = begin(&args, &[]);
        // More than it asks before it begins to read.
        running.until(|| hits() > before + 1_000);
        place.kill(1);
        let run = running.end();
        let record: Verification = serde_json::from_str(&run.stdout).unwrap();
        let found = &record.found;
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        // What was seen until then is told, and nothing is said of the rest.
        assert!(found.unread > 0 && found.exact > 0, "{run:?}");
        assert_eq!((found.exact + found.unread, found.inexact()), (data.keys, 0), "{run:?}");
        let error = record.error.unwrap().message;
        assert!(error.contains(&dead.to_string()) || error.contains("CLUSTERDOWN"), "{error}");
        assert!(run.took < Duration::from_secs(40), "{run:?}");
    }
}

/// A server of which every command takes so long that no run comes to an end.
fn slow() -> (Place, Data) {
    let place = Place::embedded(None);
    let data = Data::of(20_000);
    place.fill(&data, "");
    ask::<()>(place.masters()[0], "FILLBENCH FAULT delay=20ms");
    (place, data)
}

#[test]
fn an_interrupted_run_says_so() {
    let (place, data) = slow();
    let mut args: Vec<String> = ["verify", "--check", "size", "--json"].map(Into::into).into();
    args.extend(data.args());
    args.extend(at(place.masters()[0]));
    let mut running = begin(&args, &[]);
    running.until_said("verifying");
    running.signal("INT");
    let since = Instant::now();
    let run = running.end();
    assert!(since.elapsed() < Duration::from_secs(5), "{run:?}");
    let record: Verification = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, record.verdict), (130, Verdict::Interrupted), "{run:?}");
    assert_eq!((record.found.selected, record.found.inexact()), (data.keys, 0));
    assert!(record.found.unread > 0, "{run:?}");
}

#[test]
fn the_deadline_is_kept() {
    let (place, data) = slow();
    let began = Instant::now();
    let verified = place.verify(&data, "--check size --deadline 1");
    assert!(began.elapsed() < Duration::from_secs(10));
    failed(&verified, "the deadline of 1s is over", "more time");
}

#[test]
fn nobody_there() {
    let output = fillbench(["verify", "--keys", "5", "-p", "1", "--json"]).output().unwrap();
    failed(&Verified::of(output), "no connection to 127.0.0.1:1", "is a server running there?");
}

#[test]
fn a_sample_without_a_key() {
    let place = Place::embedded(None);
    let verified = place.verify(&Data::of(1), "--sample 0.000001%");
    failed(&verified, "a sample of 0.000001 % of 1 keys has no key in it", "larger --sample");
}
