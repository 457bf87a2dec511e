//! What a fill is estimated to take is what it then takes.

use crate::common::Server;
use crate::fill::data::Data;
use crate::memory::house::{House, in_each_house};

in_each_house! {
    async fn an_estimate_is_right_within_a_tenth(server: Option<&Server>) {
        for masters in [None, Some(3)] {
            let house = House::start(server, masters).await;
            house.tell_all("CONFIG SET maxmemory 2000mb");
            for (data, ttl) in [
                (Data::sized(150_000, 32, 64), ""),
                (Data::sized(150_000, 32, 64), "--ttl 1h"),
                (Data::sized(270_000, 16, 8), ""),
                (Data::sized(40_000, 256, 512), ""),
                (Data::sized(600, 64, 70_000), ""),
            ] {
                let run = house.fill(&data, &format!("--flush --yes {ttl}"));
                let record = run.assert_exact();
                for server in &record.servers {
                    let estimated = server.estimated_bytes.unwrap_or_else(|| panic!("{run:?}"));
                    let grown = server.used_bytes_after.unwrap() - server.used_bytes_before.unwrap();
                    let ratio = estimated as f64 / grown as f64;
                    let what = format!("{masters:?} {data:?} {ttl}: {estimated} estimated, {grown} taken");
                    println!("{what}: {ratio:.3}, {:?} a key", server.estimated_bytes_per_key);
                    assert!((0.9..=1.1).contains(&ratio), "{what}");
                }
            }
        }
    }

    async fn keys_that_are_there_already_take_no_more(server: Option<&Server>) {
        let house = House::start(server, Some(3)).await;
        house.tell_all("CONFIG SET maxmemory 1000mb");
        house.fill(&Data::of(100_000), "").assert_exact();
        // There is room for less than what is there already.
        (0..3).for_each(|master| house.leave_room(master, 1_500_000));
        let run = house.fill(&Data::of(100_000), "");
        let record = run.assert_exact();
        assert!(record.servers.iter().all(|server| server.estimated_bytes < Some(400_000)), "{run:?}");
        // And for half as many again, there is not.
        let run = house.fill(&Data::of(150_000), "");
        assert_eq!(run.code, 1, "{run:?}");
        run.assert_error(&["has no room for its", "2 other masters"]);
        assert_eq!(house.keys(), 100_000);
    }
}

/// Keys in one chunk of what is written to be measured, which may never be answered.
const CHUNK_KEYS: u64 = (16 << 10) / 96;

/// Connections end after so many bytes, in the middle of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_to_be_measured_is_deleted_although_that_failed() {
    let house = House::start(None, None).await;
    house.tell_all("CONFIG SET maxmemory 2000mb");
    house.tell_all("FILLBENCH FAULT drop=200000");
    let run = house.fill(&Data::sized(150_000, 32, 64), "");
    house.tell_all("FILLBENCH FAULT OFF");
    assert_eq!((run.code, run.record().account.executed), (1, 0), "{run:?}");
    assert!(house.keys() <= CHUNK_KEYS, "{} keys are left: {run:?}", house.keys());
}
