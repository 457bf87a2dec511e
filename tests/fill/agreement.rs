//! The same options make the same data: again, in another order, with another command, and as another
//! client finds and reads it.

use std::collections::BTreeMap;

use fillbench::target::Layout;
use redis::Commands;
use redis::cluster_routing::{Route, SlotAddr};

use crate::common::{Server, ask, cluster, connect, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::Site;

/// All keys and values of all masters.
fn everything(site: &Site) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut all = BTreeMap::new();
    for &master in site.masters() {
        let mut connection = connect(master);
        let keys: Vec<Vec<u8>> = connection.scan().unwrap().map(Result::unwrap).collect();
        let mut pipe = redis::pipe();
        keys.iter().for_each(|key| {
            pipe.get(key);
        });
        let values: Vec<Vec<u8>> = pipe.query(&mut connection).unwrap();
        all.extend(keys.into_iter().zip(values));
    }
    all
}

on_each_server! {
    async fn a_second_fill_adds_nothing(server: &Server) {
        for layout in [Layout::Standalone, Layout::shares(&[2, 5, 1])] {
            let site = Site::start(server, layout).await;
            let data = Data::of(20_000);
            let first = site.fill(&data, "").assert_exact();
            assert_eq!(first.account.proven_by, [("count".into(), data.keys)].into());
            let run = site.fill(&data, "");
            let second = run.assert_exact();
            assert_eq!(second.account.proven_by, [("read".into(), data.keys)].into());
            site.assert_holds(&data, "twice");
        }
    }

    async fn another_seed_changes_every_value_and_no_key(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        let data = Data::of(20_000);
        site.fill(&data, "").assert_exact();
        let before = everything(&site);
        site.fill(&data.seeded(2), "").assert_exact();
        let after = everything(&site);
        assert_eq!(before.len() as u64, data.keys);
        assert!(before.keys().eq(after.keys()));
        assert!(before.values().zip(after.values()).all(|(before, after)| before != after));
        // A fill in which one value occurs twice could not be told from one in which a key has another's.
        let distinct: std::collections::BTreeSet<_> = before.values().chain(after.values()).collect();
        assert_eq!(distinct.len() as u64, 2 * data.keys);
    }

    async fn a_larger_fill_contains_the_smaller(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        let (small, large) = (Data::of(5_000), Data::of(12_000));
        site.fill(&small, "").assert_exact();
        let before = everything(&site);
        let run = site.fill(&large, "");
        let record = run.assert_exact();
        // None of them has a slot with two keys: those that were empty are counted, the others read.
        let proven_by = [("count".into(), 7_000), ("read".into(), 5_000)].into();
        assert_eq!(record.account.proven_by, proven_by, "{run:?}");
        let after = everything(&site);
        assert!(before.iter().all(|(key, value)| after.get(key) == Some(value)));
        site.assert_holds(&large, "larger");
    }

    async fn every_way_to_send_leaves_the_same_bytes(server: &Server) {
        let args = ["--enable-debug-command", "yes"];
        let site = Site::start_with(server, Layout::shares(&[2, 5, 1]), &args).await;
        let digests = || site.masters().iter().map(|&at| ask(at, "DEBUG DIGEST")).collect::<Vec<String>>();
        for data in [Data::of(40_000), Data::sized(500, 48, 70_000)] {
            site.empty();
            site.fill(&data, "--command set").assert_exact();
            let expected = digests();
            for args in ["--command mset", "--order stride", "--reply on", "--writers 3 -P 13"] {
                site.empty();
                site.fill(&data, args).assert_exact();
                assert_eq!(digests(), expected, "{args}");
            }
        }
    }

    async fn another_client_finds_and_reads_it(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        let mut client = cluster(&site.servers);
        for data in [Data::of(30_000), Data { prefix: "p}", ..Data::sized(3_000, 70, 66_000) }] {
            site.empty();
            site.fill(&data, "").assert_exact();
            let (spec, values) = (data.spec(), data.values());
            let slots: Vec<u16> = (0..16_384).step_by(97).collect();
            for position in data.positions(&slots) {
                let (key, slot) = (spec.shape().key(position), position.slot);
                assert_eq!(Route::with_key(&key, SlotAddr::Master), Route::new(slot, SlotAddr::Master));
                assert_eq!(client.get::<_, Vec<u8>>(&key).unwrap(), values.value(position), "{position:?}");
            }
            assert_eq!(client.exists::<_, bool>(spec.key(data.keys - 1)), Ok(true));
            assert_eq!(client.exists::<_, bool>(spec.key(data.keys)), Ok(false));
        }
    }
}
