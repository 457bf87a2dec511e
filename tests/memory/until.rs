//! `--until-memory`: each master is filled until it uses so much, and what was filled is known, proven and
//! can be verified.

use fillbench::results::Record;

use crate::common::{Server, ask};
use crate::fill::data::Data;
use crate::fill::run::Run;
use crate::memory::house::{House, MIB, in_each_house};

/// Fills until so much memory is used; gives the run and its record.
fn fill(house: &House, data: &Data, words: &str) -> (Run, Record) {
    let sizes = format!("--key-size {} --value-size {} --seed {}", data.key_size, data.value_size, data.seed);
    let run = house.run(&format!("{sizes} {words}"));
    let record = run.assert_exact();
    (run, record)
}

/// Checks that each master uses what it was to use, but for one percent or one growth of its tables, and
/// never more.
#[track_caller]
fn assert_used(house: &House, goals: &[u64], run: &Run) {
    for (master, goal) in goals.iter().enumerate() {
        let used = house.info(master, "used_memory");
        let keys: u64 = ask(house.masters()[master], "DBSIZE");
        // One table for all slots: it doubles, and the old one stays until all keys have moved.
        let growth = if house.is_embedded() { 0 } else { 16 * keys.next_power_of_two() };
        println!("{master}: {used} of {goal}, {:.4}", used as f64 / *goal as f64);
        assert!(used <= goal + goal / 100, "{used} of {goal}: {run:?}");
        assert!(used + goal / 100 >= *goal || used + growth >= *goal, "{used} of {goal}: {run:?}");
    }
    assert_eq!(house.evicted(), 0, "{run:?}");
}

in_each_house! {
    async fn a_share_of_the_memory_is_used_and_what_was_filled_is_known(server: Option<&Server>) {
        for masters in [None, Some(3)] {
            let house = House::start(server, masters).await;
            let limit = if masters.is_some() { 24 * MIB } else { 48 * MIB };
            house.tell_all(&format!("CONFIG SET maxmemory {limit}"));
            house.tell_all("CONFIG SET maxmemory-policy allkeys-random");
            let goals = vec![limit * 80 / 100; house.masters().len()];
            for (data, words) in [
                (Data::sized(1, 32, 64), ""),
                (Data::sized(1, 64, 3_000).seeded(5), "--flush --yes"),
                (Data::sized(1, 32, 200), "--flush --yes --order stride --writers 2"),
            ] {
                let folder = tempfile::tempdir().unwrap();
                let out = folder.path().join("out");
                let (run, record) =
                    fill(&house, &data, &format!("--until-memory 80% {words} --out {}", out.display()));
                assert_used(&house, &goals, &run);
                assert_eq!(record.options.until_memory.as_deref(), Some("80%"));
                house.assert_holds(&data, &record);
                house.assert_verified(&out, record.account.planned);
            }
        }
    }

    async fn a_size_is_used_of_masters_with_and_without_a_limit(server: Option<&Server>) {
        let house = House::start(server, Some(3)).await;
        ask::<String>(house.masters()[1], "CONFIG SET maxmemory 100mb");
        let data = Data::sized(1, 40, 300);
        let (run, record) = fill(&house, &data, "--until-memory 20MiB");
        assert_used(&house, &[20 * MIB; 3], &run);
        house.assert_holds(&data, &record);
    }

    async fn masters_that_may_use_more_get_more(server: Option<&Server>) {
        let house = House::start(server, Some(3)).await;
        let limits = [16, 32, 64].map(|mib| mib * MIB);
        for (&master, limit) in house.masters().iter().zip(limits) {
            ask::<String>(master, &format!("CONFIG SET maxmemory {limit}"));
        }
        let data = Data::sized(1, 40, 100);
        let (run, record) = fill(&house, &data, "--until-memory 70%");
        assert_used(&house, &limits.map(|limit| limit * 70 / 100), &run);
        house.assert_holds(&data, &record);
        // Each master's slots have nearly the same number of keys: few runs say so.
        let runs = record.done.slots.unwrap();
        assert!(runs.len() <= 6, "{runs:?}");
        // More goes on from what is there.
        let (run, record) = fill(&house, &data, "--until-memory 85%");
        assert_used(&house, &limits.map(|limit| limit * 85 / 100), &run);
        house.assert_holds(&data, &record);
    }

    async fn a_little_more_goes_on_from_what_is_there(server: Option<&Server>) {
        let house = House::start(server, Some(2)).await;
        let data = Data::sized(1, 40, 300);
        fill(&house, &data, "--until-memory 20MiB");
        let goal = house.info(0, "used_memory").max(house.info(1, "used_memory")) * 1000 / 985;
        let (run, record) = fill(&house, &data, &format!("--until-memory {goal}B"));
        assert_used(&house, &[goal; 2], &run);
        house.assert_holds(&data, &record);
    }

    async fn keys_that_expire_and_foreign_keys_count(server: Option<&Server>) {
        let house = House::start(server, None).await;
        let theirs = Data { prefix: "theirs", ..Data::of(30_000) };
        house.fill(&theirs, "").assert_exact();
        let (run, record) = fill(&house, &Data::of(1), "--until-memory 30MiB --ttl 1h");
        assert_used(&house, &[30 * MIB], &run);
        assert_eq!(house.keys(), record.account.planned + theirs.keys);
    }

    async fn what_cannot_be_is_told_before_anything_is_written(server: Option<&Server>) {
        let house = House::start(server, None).await;
        let told = |words: &str, code: i32, parts: &[&str]| {
            let run = house.run(words);
            assert_eq!((run.code, house.keys()), (code, 0), "{run:?}");
            let text = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        };
        told("--until-memory 80%", 1, &["has no maxmemory", "--until-memory 10GB"]);
        told("--until-memory 1GiB --key-size 7 --value-size 8", 1, &["no room for", "--key-size 1"]);
        told("--until-memory 100%", 2, &["is not a share"]);
        told("--until-memory 80% --keys 5", 2, &["cannot be used with"]);
        told("--until-memory 80% --data 5", 2, &["cannot be used with"]);
        house.tell_all("CONFIG SET maxmemory 10mb");
        told("--until-memory 1GiB", 1, &["its maxmemory is 10.0 MiB", "80%"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finds_out_how_much_it_is_cannot_be_gone_on_with() {
    let house = House::start(None, None).await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (_, record) = fill(&house, &Data::of(1), &format!("--until-memory 10MiB --out {}", out.display()));
    assert_eq!((record.resume_command, out.join("journal.log").exists()), (None, false));
    let run = crate::fill::run::begin(&["--resume".into(), out.display().to_string()], &[]).end();
    assert_eq!(run.code, 2, "{run:?}");
    let text = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("was given --until-memory") && text.contains("begin anew, with --flush"), "{text}");
    assert_eq!(house.keys(), record.account.planned);
}

#[test]
fn a_server_that_keeps_nothing_is_not_filled_for_ever() {
    let args = ["--embedded", "--discard", "--until-memory", "50MiB", "--json"].map(String::from);
    let run = crate::fill::run::begin(&args, &[]).end();
    assert_eq!(run.code, 1, "{run:?}");
    run.assert_error(&["throws away what it is sent", "--keys"]);
}
