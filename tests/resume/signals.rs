//! Fills that somebody interrupts, and goes on with by the command that they leave.

use std::process::Command;

use fillbench::results::Verdict;

use crate::fill::data::Data;
use crate::fill::run::begin;
use crate::resume::kept::{Kept, assert_exact};
use crate::verify::place::Place;

#[test]
fn an_interrupted_fill_says_how_to_go_on_and_loses_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let (place, kept, data) = (Place::embedded(Some(3)), Kept::new(), Data::of(60_000));
        let mut running = kept.begin(&place, &data, "--rate 40000");
        running.until_said("filling ");
        running.until(|| crate::common::key_counts(place.masters()).iter().sum::<u64>() > 10_000);
        running.signal(signal);
        let run = running.end();
        let record = run.record();
        assert_eq!((run.code, record.verdict), (130, Verdict::Interrupted), "{signal}: {run:?}");
        let command = format!("fillbench --resume {}", kept.out.display());
        assert_eq!(record.resume_command.as_ref(), Some(&command), "{run:?}");
        assert!(run.stderr.contains(&format!("to go on: {command}\n")), "{run:?}");
        assert_eq!(kept.record(), record);

        let words = command.split(' ').skip(1).chain(["--json"]).map(String::from);
        let run = begin(&words.collect::<Vec<_>>(), &[]).end();
        let resumed = assert_exact(&run, &place, &data);
        // All that barriers answered for before the end is in the journal.
        assert_eq!(resumed.resumed.keys_before, record.account.executed, "{run:?}");
        assert_eq!(resumed.done.keys, data.keys - record.account.executed);
    }
}

#[test]
fn a_run_that_goes_on_can_be_interrupted_as_well() {
    let (place, kept, data) = (Place::embedded(None), Kept::new(), Data::of(100_000));
    kept.cut_off(&place, &data, "--rate 30000", 2);
    let mut running = kept.resume("");
    let before = crate::common::key_counts(place.masters())[0];
    running.until(|| crate::common::key_counts(place.masters())[0] > before + 5_000);
    running.signal("INT");
    let run = running.end();
    let record = run.record();
    assert_eq!((run.code, record.resumed.times), (130, 1), "{run:?}");
    assert!(record.resume_command.is_some() && record.account.executed > record.done.keys, "{run:?}");
    let record = assert_exact(&kept.resume("").end(), &place, &data);
    assert_eq!(record.resumed.times, 2);
}

#[test]
fn a_folder_with_blanks_is_quoted_for_the_shell() {
    let (place, mut kept, data) = (Place::embedded(None), Kept::new(), Data::of(50_000));
    kept.out = kept.out.with_file_name("it's mine");
    kept.cut_off(&place, &data, "--rate 20000", 2);
    let command = kept.record().resume_command.unwrap();
    let command = command.replacen("fillbench", env!("CARGO_BIN_EXE_fillbench"), 1);
    let output = Command::new("sh").args(["-c", &command]).env_remove("REDISCLI_AUTH").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    place.assert_holds(&data);
}
