//! The client's memory does not grow with what it fills.

use fillbench::target::Layout;

use crate::common::{Server, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::Site;

const MIB: u64 = 1 << 20;

on_each_server! {
    async fn twenty_times_the_keys_take_no_more_memory(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let peak = |keys, proven_by: &str| {
            let run = site.fill(&Data::sized(keys, 24, 32), "");
            let record = run.assert_exact();
            assert_eq!(record.account.proven_by, [(proven_by.to_owned(), keys)].into(), "{run:?}");
            record.client.peak_rss_bytes
        };
        let few = peak(50_000, "count");
        site.empty();
        let many = peak(1_000_000, "count");
        let read = peak(1_000_000, "read");
        for peak in [few, many, read] {
            assert!(peak < 64 * MIB, "{few}, {many}, {read}");
            assert!(peak.abs_diff(few) < 8 * MIB, "{few}, {many}, {read}");
        }
    }
}
