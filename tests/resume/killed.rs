//! Fills that are killed, and killed again.

use std::time::Duration;

use fillbench::results::Verdict;

use crate::common::{Server, key_counts};
use crate::fill::data::Data;
use crate::resume::kept::{Kept, assert_exact, sets};
use crate::verify::place::Place;

/// Keys a second: little enough that a busy machine keeps up.
const RATE: u64 = 30_000;
/// So often is a fill killed, unless it comes to its end before.
const KILLS: u64 = 4;

/// Numbers that look random, from a seed that a failure shows.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Self(now.as_nanos() as u64)
    }

    /// Below `most`.
    fn below(&mut self, most: u64) -> u64 {
        // Knuth's MMIX generator; its high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Kills a fill at random moments, again and again, until one run comes to its end.
fn kill_until_done(place: &Place, args: &str) {
    let data = Data::of(120_000);
    let kept = Kept::new();
    let mut chance = Chance::new();
    let seed = chance.0;
    let mut running = kept.begin(place, &data, &format!("--command set --rate {RATE} {args}"));
    // Until then there is nothing to go on from; later runs may die at any moment.
    running.until(|| kept.out.join("run.json").exists());
    let mut kills = 0;
    let last = loop {
        if kills < KILLS {
            std::thread::sleep(Duration::from_millis(chance.below(2_500)));
            running.signal("KILL");
        }
        let run = running.end();
        if run.code == 0 {
            break run;
        }
        assert_eq!(run.code, 128 + 9, "seed {seed}: {run:?}");
        kills += 1;
        running = kept.resume("");
    };
    let record = assert_exact(&last, place, &data);
    assert_eq!(kept.record(), record, "seed {seed}");
    assert_eq!(key_counts(place.masters()).iter().sum::<u64>(), data.keys, "seed {seed}");
    assert_eq!(record.options.command, "set", "seed {seed}");
    // A run that was killed before it came to send anything left no trace.
    assert!((1..=kills).contains(&record.resumed.times), "seed {seed}: {} of {kills}", record.resumed.times);
    let again = sets(place.masters()) - data.keys;
    // Of each killed run, a second between two notes, and what a busy machine adds to it.
    assert!(again <= kills * RATE * 3 / 2, "seed {seed}: {again} keys in {kills} kills");

    // Now everything is there: it is proven once more, and nothing is sent.
    let before = sets(place.masters());
    let proven = kept.resume("").end();
    let record = assert_exact(&proven, place, &data);
    assert_eq!((record.done.keys, sets(place.masters())), (0, before));
    assert_eq!(record.resumed.keys_before, data.keys);
}

async fn real(server: &'static str, test: &str, shares: Option<&[u16]>, args: &'static str) {
    let Some(server) = Server::find(server, test) else { return };
    let layout = match shares {
        Some(_) => "3".parse().unwrap(),
        None => "standalone".parse().unwrap(),
    };
    let place = Place::real(&server, layout).await;
    tokio::task::spawn_blocking(move || kill_until_done(&place, args)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_cluster_is_filled_in_the_end() {
    real("redis", "a_redis_cluster_is_filled_in_the_end", Some(&[]), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_cluster_is_filled_in_the_end() {
    real("valkey", "a_valkey_cluster_is_filled_in_the_end", Some(&[]), "--writers 2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_server_is_filled_in_the_end() {
    real("redis", "a_redis_server_is_filled_in_the_end", None, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_server_is_filled_in_the_end() {
    real("valkey", "a_valkey_server_is_filled_in_the_end", None, "--order stride").await;
}

#[test]
fn the_embedded_cluster_is_filled_in_the_end() {
    kill_until_done(&Place::embedded(Some(3)), "--order stride");
}

#[test]
fn the_embedded_server_is_filled_in_the_end() {
    kill_until_done(&Place::embedded(None), "--serial");
}

#[test]
fn from_the_first_key_on_the_record_says_that_the_run_goes_on() {
    let (place, kept, data) = (Place::embedded(None), Kept::new(), Data::of(100_000));
    kept.cut_off(&place, &data, "--rate 40000 --ttl 1h", 2);
    let record = kept.record();
    assert_eq!((record.verdict, record.account.planned), (Verdict::Unfinished, data.keys));
    assert_eq!(record.account.suspect, data.keys);
    assert_eq!((record.servers.len(), record.options.ttl_seconds), (1, Some(3600.0)));
    let command = format!("fillbench --resume {}", kept.out.display());
    assert_eq!((record.resume_command, record.resumed.times), (Some(command), 0));

    let run = kept.resume("").end();
    let resumed = assert_exact(&run, &place, &data).resumed;
    assert_eq!((resumed.times, resumed.began_at), (1, Some(record.started_at)));
    assert!(resumed.keys_before > 0 && resumed.keys_before < data.keys, "{run:?}");
}

#[test]
fn what_the_servers_have_lost_meanwhile_is_sent_again() {
    for masters in [None, Some(2)] {
        let (place, kept, data) = (Place::embedded(masters), Kept::new(), Data::of(100_000));
        kept.cut_off(&place, &data, "--rate 40000", 2);
        for &master in place.masters() {
            crate::common::ask::<()>(master, "FLUSHALL");
        }
        let record = assert_exact(&kept.resume("").end(), &place, &data);
        assert_eq!((record.resumed.keys_before, record.done.keys), (0, data.keys));
    }
}

#[test]
fn a_flush_is_never_repeated() {
    let (place, kept, data) = (Place::embedded(Some(3)), Kept::new(), Data::of(100_000));
    crate::common::ask::<()>(place.owner(fillbench::slots::slot_of(b"theirs")), "SET theirs 1");
    kept.cut_off(&place, &data, "--rate 40000 --flush --yes", 2);
    let mine = fillbench::slots::slot_of(b"mine");
    crate::common::ask::<()>(place.owner(mine), "SET mine 1");
    let record = assert_exact(&kept.resume("").end(), &place, &data);
    assert!(record.options.flush && record.seconds.flush == 0.0);
    assert_eq!(crate::common::ask::<Option<u64>>(place.owner(mine), "GET mine"), Some(1));
    assert_eq!(key_counts(place.masters()).iter().sum::<u64>(), data.keys + 1);
}
