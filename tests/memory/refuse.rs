//! A fill that does not fit is refused before it begins, with its numbers and what would do.

use crate::common::{Server, ask};
use crate::fill::data::Data;
use crate::memory::house::{House, MIB, in_each_house};

/// The number that follows a word in what the program says to do.
fn number_after(text: &str, word: &str) -> u64 {
    let rest = text.split_once(word).unwrap_or_else(|| panic!("no `{word}` in: {text}")).1;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

in_each_house! {
    async fn what_does_not_fit_is_refused_and_its_cures_do(server: Option<&Server>) {
        for masters in [None, Some(3)] {
            let house = House::start(server, masters).await;
            let last = house.masters().len() - 1;
            house.tell_all("CONFIG SET maxmemory 1000mb");
            house.leave_room(last, 5 * MIB);
            let data = Data::sized(90_000, 32, 128);
            let run = house.fill(&data, "");
            assert_eq!(run.code, 1, "{run:?}");
            let address = house.masters()[last].to_string();
            let told = run.assert_error(&[&address, "has no room for its", "are estimated to need", "--force"]);
            assert_eq!((house.keys(), run.record().account.executed), (0, 0), "{run:?}");

            // As many as it says fit.
            let keys = number_after(&told, "--keys ");
            let few = Data { keys, ..data.clone() };
            assert!(keys > 10_000 && keys < data.keys, "{told}");
            house.fill(&few, "").assert_exact();
            assert_eq!(house.keys(), keys);
            // A third more of them do not.
            house.tell_all("FLUSHALL SYNC");
            house.leave_room(last, 5 * MIB);
            let many = Data { keys: keys + keys / 3, ..data.clone() };
            assert_eq!(house.fill(&many, "").code, 1);

            // With as much memory as it says, all fit.
            let limit = number_after(&told, "raise maxmemory there to ");
            ask::<String>(house.masters()[last], &format!("CONFIG SET maxmemory {}", limit * MIB));
            house.fill(&data, "").assert_exact();
        }
    }

    async fn force_fills_all_the_same(server: Option<&Server>) {
        let house = House::start(server, None).await;
        house.leave_room(0, 3 * MIB);
        let data = Data::sized(40_000, 32, 128);
        let run = house.fill(&data, "--force");
        let record = run.record();
        assert_eq!(run.code, 3, "{run:?}");
        assert!(record.options.force);
        assert!(record.warnings.iter().any(|text| text.contains("does not fit, and is forced")), "{run:?}");
        run.assert_error(&["OOM"]);
        assert_eq!(record.account.proven, house.keys(), "{run:?}");
        assert!(record.account.proven > 1_000, "{run:?}");
    }

    async fn what_would_be_evicted_is_refused(server: Option<&Server>) {
        let house = House::start(server, None).await;
        house.tell_all("CONFIG SET maxmemory-policy allkeys-random");
        house.leave_room(0, 3 * MIB);
        let data = Data::sized(60_000, 32, 128);
        let run = house.fill(&data, "");
        assert_eq!(run.code, 1, "{run:?}");
        run.assert_error(&["so keys would be evicted (maxmemory-policy allkeys-random)"]);
        assert_eq!((house.keys(), house.evicted()), (0, 0));
        let run = house.fill(&data, "--force");
        // Whether keys go while they are looked at, too, is a matter of chance.
        assert!([1, 3].contains(&run.code), "{run:?}");
        assert!(house.evicted() > 0 && run.stderr.contains("would be evicted"), "{run:?}");
        // What fits needs no warning.
        let few = Data { keys: 5_000, ..data };
        let run = house.fill(&few, "--flush --yes");
        assert_eq!(run.assert_exact().warnings, Vec::<String>::new());
    }

    async fn a_flush_is_only_done_for_what_then_fits(server: Option<&Server>) {
        let house = House::start(server, Some(3)).await;
        let old = Data { prefix: "old", ..Data::sized(60_000, 32, 128) };
        house.fill(&old, "").assert_exact();
        (0..3).for_each(|master| house.leave_room(master, MIB));
        // Three times as many would not fit even then: what is there stays.
        let data = Data { keys: 180_000, ..Data::sized(0, 32, 128) };
        let run = house.fill(&data, "--flush --yes");
        assert_eq!(run.code, 1, "{run:?}");
        run.assert_error(&["has no room for its"]);
        assert_eq!(house.keys(), old.keys);
        // As many do, but not beside it.
        let data = Data { keys: 60_000, ..data };
        assert_eq!(house.fill(&data, "").code, 1);
        assert_eq!(house.keys(), old.keys);
        house.fill(&data, "--flush --yes").assert_exact();
        assert_eq!(house.keys(), data.keys);
    }

    async fn a_full_master_is_refused_even_what_it_has(server: Option<&Server>) {
        let house = House::start(server, None).await;
        let data = Data::of(20_000);
        house.fill(&data, "").assert_exact();
        ask::<String>(house.masters()[0], "CONFIG SET maxmemory 100000");
        let run = house.fill(&data.seeded(2), "");
        assert_eq!(run.code, 1, "{run:?}");
        run.assert_error(&["has no room for its 20,000 keys"]);
        assert_eq!(house.keys(), data.keys);
    }
}
