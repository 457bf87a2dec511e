//! Every kind of fault is found, counted, named and repaired; nothing else is.

use fillbench::dataset::Position;
use fillbench::results::{Findings, Named, Verdict};

use crate::common::connect;
use crate::fill::data::Data;
use crate::fill::site::slots_by;
use crate::verify::place::{Place, everywhere};

/// The key with an index.
fn key(data: &Data, index: u64) -> String {
    String::from_utf8(data.spec().key(index)).unwrap()
}

/// Makes a fault of each kind, by others' hands, and tells what should be found.
fn spoil(place: &Place, data: &Data) -> Findings {
    let middle = (data.value_size / 2).to_string();
    let spoilt = [
        (3, "DEL K".to_owned()),
        (1_000, "DEL K".into()),
        (4, "SET K other".into()),
        (5, format!("SETRANGE K {middle} !")),
        (6, "APPEND K !".into()),
        (7, "SET K ".into()),
        (8, "DEL K".into()),
        (8, "RPUSH K one two".into()),
        (9, "PEXPIRE K 1000000".into()),
    ];
    // The embedded server has strings only: there, a list is one more key that is not there.
    let mut lists = true;
    for (index, words) in &spoilt {
        let key = key(data, *index);
        let has_lists = || redis::cmd("LLEN").arg("none").query::<u64>(&mut connect(place.masters()[0]));
        if words.starts_with("RPUSH")
            && matches!(has_lists(), Err(error) if error.to_string().contains("unknown"))
        {
            lists = false;
            continue;
        }
        place.about(&key, words);
    }
    let names = |indices: &[u64]| indices.iter().map(|&index| key(data, index)).collect::<Vec<_>>();
    let (missing, list): (&[u64], &[u64]) = if lists { (&[3, 1_000], &[8]) } else { (&[3, 8, 1_000], &[]) };
    let faulty = 8;
    Findings {
        planned: data.keys,
        selected: data.keys,
        exact: data.keys - faulty,
        missing: missing.len() as u64,
        wrong: 4,
        wrong_type: list.len() as u64,
        wrong_ttl: 1,
        unread: 0,
        named: Named {
            missing: names(missing),
            wrong: names(&[4, 5, 6, 7]),
            wrong_type: names(list),
            wrong_ttl: names(&[9]),
        },
    }
}

everywhere! {
    fn each_is_found_named_and_repaired(place: &Place) {
        for data in [Data::of(40_000), Data { prefix: "large", ..Data::sized(1_001, 24, 70 << 10) }] {
            place.fill(&data, "");
            let expected = spoil(place, &data);
            let verified = place.verify(&data, "");
            assert_eq!((verified.code, verified.record.verdict), (3, Verdict::Missing), "{verified:?}");
            assert_eq!(verified.record.found, expected, "{verified:?}");
            for name in verified.record.found.named.missing.iter().chain(&expected.named.wrong_ttl) {
                assert!(verified.told.contains(name), "{name} in {verified:?}");
            }
            // Looking is all that was done.
            assert_eq!(place.verify(&data, "").record.found, expected);

            let repaired = place.verify(&data, "--repair");
            assert_eq!((repaired.code, repaired.record.verdict), (0, Verdict::Exact), "{repaired:?}");
            assert_eq!(repaired.record.found, expected);
            let repair = repaired.record.repair.as_ref().unwrap();
            assert_eq!((repair.rewritten, repair.after.exact), (8, data.keys), "{repaired:?}");
            assert!(repaired.told.contains("8 keys written again"), "{repaired:?}");
            place.assert_holds(&data);
            place.verify(&data, "--repair").assert_exact(data.keys);
        }
    }

    fn each_check_sees_what_it_says(place: &Place) {
        let data = Data::of(40_000);
        place.fill(&data, "");
        let all = spoil(place, &data);
        let exists = place.verify(&data, "--check exists").record.found;
        assert_eq!((exists.missing, exists.inexact()), (all.missing, all.missing));
        let size = place.verify(&data, "--check size").record.found;
        // The byte in the middle is not seen.
        assert_eq!((size.wrong, size.inexact()), (3, all.inexact() - 1));
        assert_eq!((size.wrong_type, size.wrong_ttl), (all.wrong_type, all.wrong_ttl));
        // Only what was seen is written again.
        let repaired = place.verify(&data, "--check exists --repair");
        assert_eq!(repaired.record.repair.unwrap().rewritten, all.missing);
        let left = place.verify(&data, "").record.found;
        assert_eq!(left.inexact(), all.inexact() - all.missing);
    }

    fn many_are_counted_and_a_few_are_named(place: &Place) {
        let data = Data::of(30_000);
        place.fill(&data, "");
        let first = place.masters()[0];
        redis::cmd("FLUSHALL").exec(&mut connect(first)).unwrap();
        let spec = data.spec();
        let slots = slots_by(first).remove(&first).unwrap();
        let is_lost = |&index: &u64| slots.binary_search(&Position::of_index(index).slot).is_ok();
        let lost: Vec<u64> = (0..data.keys).filter(is_lost).collect();
        let verified = place.verify(&data, "");
        let found = &verified.record.found;
        assert_eq!((verified.code, found.missing), (3, lost.len() as u64), "{verified:?}");
        let names = lost[..5].iter().map(|&index| String::from_utf8(spec.key(index)).unwrap());
        assert_eq!(found.named.missing, names.collect::<Vec<_>>());
        assert!(verified.told.contains("and ") && verified.told.contains(" more"), "{verified:?}");
        let repaired = place.verify(&data, "--repair");
        assert_eq!(repaired.code, 0, "{repaired:?}");
        assert_eq!(repaired.record.repair.unwrap().rewritten, lost.len() as u64);
        place.assert_holds(&data);
    }

    fn what_expires_is_repaired_with_its_time_to_live(place: &Place) {
        let data = Data::of(3_000);
        place.fill(&data, "--ttl 1000");
        for (index, words) in [(1, "PERSIST K"), (2, "DEL K"), (3, "PEXPIRE K 2000000")] {
            place.about(&key(&data, index), words);
        }
        let verified = place.verify(&data, "--ttl 1000");
        let found = &verified.record.found;
        assert_eq!((verified.code, found.missing, found.wrong_ttl), (3, 1, 2), "{verified:?}");
        assert_eq!(place.verify(&data, "--ttl 1000 --repair").code, 0);
        place.verify(&data, "--ttl 1000").assert_exact(data.keys);
    }
}
