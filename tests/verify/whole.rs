//! What a fill wrote is found to be there, all of it or a sample, in every way of looking.

use fillbench::target::Layout;

use crate::common::{Server, ask, on_each_server};
use crate::fill::data::Data;
use crate::verify::place::{Place, everywhere};

const CHECKS: [&str; 3] = ["exists", "size", "value"];

fn verify_in_every_way(place: &Place, data: &Data, args: &str) {
    for check in CHECKS {
        let verified = place.verify(data, &format!("--check {check} {args}"));
        verified.assert_exact(data.keys);
        assert_eq!(verified.record.options.check, check);
        assert_eq!(verified.record.target.masters, place.masters().len() as u64);
    }
    verify_more(place, data, args);
}

/// What is there is right, and what is not is missing: a check that sees nothing would not say both.
fn verify_more(place: &Place, data: &Data, args: &str) {
    // Once more of everything is missing.
    let more = Data { keys: 2 * data.keys, ..data.clone() };
    let verified = place.verify(&more, args);
    let found = &verified.record.found;
    assert_eq!((verified.code, found.exact, found.missing), (3, data.keys, data.keys), "{verified:?}");
}

everywhere! {
    fn values_of_every_size(place: &Place) {
        for data in [
            Data { prefix: "none", ..Data::sized(5_000, 20, 0) },
            Data { prefix: "one", ..Data::sized(5_000, 20, 1) },
            Data::of(50_001),
            Data { prefix: "edge", ..Data::sized(200, 32, 64 << 10) },
            Data { prefix: "above", ..Data::sized(200, 32, (64 << 10) + 1) },
            Data { prefix: "large", ..Data::sized(5, 32, (3 << 20) + 7) },
            Data { prefix: "long", ..Data::sized(300, 65_536, 16) },
        ] {
            place.fill(&data, "");
            verify_more(place, &data, "");
        }
        let empty = Data { prefix: "none", ..Data::sized(5_000, 20, 0) };
        verify_in_every_way(place, &empty, "");
    }

    fn with_more_connections_and_threads(place: &Place) {
        let data = Data::of(50_000);
        place.fill(&data, "");
        verify_in_every_way(place, &data, "--readers 5 --threads 2");
    }

    fn a_sample_tells_of_all(place: &Place) {
        let data = Data::of(100_000);
        place.fill(&data, "");
        let run = |args: &str| place.verify(&data, &format!("--sample 2% {args}"));
        let first = run("");
        let found = &first.record.found;
        // Five standard deviations of 44.
        assert!((1_780..=2_220).contains(&found.selected), "{first:?}");
        first.assert_exact(found.selected);
        let bound = first.record.sample.as_ref().unwrap();
        assert!((bound.inexact_percent_max - 300.0 / found.selected as f64).abs() < 0.01, "{bound:?}");
        assert!(first.told.contains("no fault among") && first.told.contains("95 % confidence"), "{first:?}");
        // The same again, and others for another seed.
        assert_eq!(run("").record.found, *found);
        let selected = |seed: u64| run(&format!("--sample-seed {seed}")).record.found.selected;
        assert!((2..6).any(|seed| selected(seed) != found.selected));

        let wrong = Data { seed: 2, ..data.clone() };
        let verified = place.verify(&wrong, "--sample 2%");
        assert_eq!((verified.code, verified.record.found.wrong), (3, found.selected), "{verified:?}");
        assert!(verified.record.sample.unwrap().inexact_percent_max > 99.9);
    }

    fn others_keys_in_a_slot_hide_none_of_ours(place: &Place) {
        let data = Data::of(40_000);
        place.fill(&data, "");
        let ours = data.key_in(5);
        let tag = ours.split(':').next().unwrap();
        // More than a listing of the slot goes beyond what is looked for.
        (0..100).for_each(|number| place.about(&format!("{tag}{number}"), "SET K x"));
        place.verify(&data, "--check exists").assert_exact(data.keys);
        place.about(&ours, "DEL K");
        let found = place.verify(&data, "--check exists").record.found;
        assert_eq!((found.missing, found.exact), (1, data.keys - 1));
        assert_eq!(found.named.missing, [ours]);
    }

    fn keys_that_expire(place: &Place) {
        let data = Data::of(5_000);
        place.fill(&data, "--ttl 1000");
        for check in ["size", "value"] {
            place.verify(&data, &format!("--ttl 1000 --check {check}")).assert_exact(data.keys);
            // None was given, a shorter one was.
            for other in ["", "--ttl 900"] {
                let verified = place.verify(&data, &format!("{other} --check {check}"));
                let wrong = verified.record.found.wrong_ttl;
                assert_eq!((verified.code, wrong), (3, data.keys), "{other} {verified:?}");
            }
        }
        place.verify(&data, "--check exists").assert_exact(data.keys);
        // A longer one cannot be told from one that was given earlier, unless it is known when that was.
        place.verify(&data, "--ttl 2000").assert_exact(data.keys);
        // One key that expires among keys that stay, and the reverse.
        let repaired = place.verify(&data, "--repair");
        assert_eq!(repaired.code, 0, "{repaired:?}");
        place.verify(&data, "").assert_exact(data.keys);
    }
}

/// How often the masters of a place were asked a command, whether they did it or not.
fn asked(place: &Place, command: &str) -> u64 {
    let count = |line: &str, name: &str| {
        let value = line.split(',').find_map(|field| field.strip_prefix(name)).unwrap();
        value.parse::<u64>().unwrap()
    };
    let by = |&master| {
        let info: String = ask(master, "INFO commandstats");
        let line = info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:")));
        line.map_or(0, |line| count(line, "calls=") + count(line, "rejected_calls="))
    };
    place.masters().iter().map(by).sum()
}

on_each_server! {
    async fn on_a_standalone_server(server: &Server) {
        let place = Place::real(server, Layout::Standalone).await;
        let data = Data::of(20_000);
        place.fill(&data, "-n 3");
        assert_eq!(place.verify(&data, "").record.found.missing, data.keys);
        verify_in_every_way(&place, &data, "-n 3");
    }

    async fn who_refuses_to_list_is_asked_once_by_each_reader(server: &Server) {
        let place = Place::real(server, Layout::Standalone).await;
        let data = Data::of(20_000);
        place.fill(&data, "");
        place.verify(&data, "--check exists --readers 2").assert_exact(data.keys);
        assert!((1..=2).contains(&asked(&place, "cluster|getkeysinslot")), "{}", asked(&place, "cluster|getkeysinslot"));
    }

    async fn existence_is_listed_where_that_is_allowed(server: &Server) {
        let place = Place::real(server, Layout::even(2)).await;
        let data = Data::of(40_000);
        place.fill(&data, "");
        let calls = |command: &str| {
            let called = |&master| {
                let info: String = ask(master, "INFO commandstats");
                let line = info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
                line.map_or(0, |rest| rest.split(',').next().unwrap().parse::<u64>().unwrap())
            };
            place.masters().iter().map(called).sum::<u64>()
        };
        place.verify(&data, "--check exists").assert_exact(data.keys);
        assert_eq!(calls("cluster|getkeysinslot"), 16_384);
        for &master in place.masters() {
            ask::<String>(master, "ACL SETUSER some reset on nopass ~* +@all -cluster|getkeysinslot");
        }
        place.verify(&data, "--check exists --user some -a any").assert_exact(data.keys);
        assert_eq!(calls("cluster|getkeysinslot"), 16_384);
    }
}
