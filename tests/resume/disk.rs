//! Journals that a crash or a disk has spoilt, and disks that are full.

use std::fs;
use std::process::Command;

use fillbench::results::{IncidentKind, Record, Verdict};

use crate::common::{at, key_counts};
use crate::fill::data::Data;
use crate::resume::kept::{Kept, assert_exact, sets};
use crate::verify::place::Place;

#[test]
fn half_a_record_at_the_end_is_passed_by() {
    let (place, kept, data) = (Place::embedded(Some(3)), Kept::new(), Data::of(120_000));
    kept.cut_off(&place, &data, "--rate 30000 --command set", 3);
    let journal = kept.journal();
    let last = journal.trim_end().rfind('\n').unwrap() + 1;
    fs::write(kept.out.join("journal.log"), &journal[..last + (journal.len() - last) / 2]).unwrap();
    let record = assert_exact(&kept.resume("").end(), &place, &data);
    assert!((1..data.keys).contains(&record.resumed.keys_before));
    // One more second than the last note.
    assert!(sets(place.masters()) - data.keys < 90_000);
}

#[test]
fn damage_in_the_middle_is_told_and_nothing_is_sent() {
    let (place, kept, data) = (Place::embedded(None), Kept::new(), Data::of(150_000));
    kept.cut_off(&place, &data, "--rate 30000 --command set", 3);
    let mut journal = kept.journal().into_bytes();
    let second = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    journal[second + 40] ^= 1;
    fs::write(kept.out.join("journal.log"), &journal).unwrap();
    let before = (sets(place.masters()), kept.record());
    let run = kept.resume("").end();
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["journal.log is damaged in line 2: its checksum is wrong", "fill again into another folder"]
    {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!((sets(place.masters()), kept.record()), before);
}

/// Runs with a limit on the size of files, which does to each file what a full disk does; `blocks` are of
/// 512 bytes.
fn limited(kept: &Kept, place: &Place, data: &Data, args: &str, blocks: u32) -> std::process::Child {
    let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &limit, "sh", env!("CARGO_BIN_EXE_fillbench")]).args(data.args());
    command
        .args(at(place.masters()[0]))
        .args(args.split_whitespace())
        .args(["--json", "--out"])
        .arg(&kept.out);
    command.env_remove("REDISCLI_AUTH");
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
}

fn ended(child: std::process::Child) -> (i32, Record, String) {
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    let record = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    (output.status.code().unwrap(), record, told)
}

#[test]
fn a_full_disk_costs_the_journal_and_no_key() {
    let (place, kept, data) = (Place::embedded(Some(3)), Kept::new(), Data::of(120_000));
    let (code, record, told) = ended(limited(&kept, &place, &data, "--rate 40000", 80));
    assert_eq!((code, record.verdict), (0, Verdict::Exact), "{told}");
    place.assert_holds(&data);
    let warned = record.warnings.join("; ");
    for text in [&warned, &told] {
        assert!(
            text.contains("journal.log is no longer written: file too large: the fill goes on"),
            "{text}"
        );
        assert!(text.contains("can be resumed only from what was written before"), "{text}");
    }
    assert_eq!(warned.matches("is no longer written").count(), 1, "{warned}");
    let kinds: Vec<_> = record.incidents.iter().map(|incident| incident.kind).collect();
    assert_eq!(kinds, [IncidentKind::JournalFailed], "{told}");
}

#[test]
fn after_a_full_disk_a_fill_goes_on_from_what_was_written_before() {
    let (place, kept, data) = (Place::embedded(None), Kept::new(), Data::of(200_000));
    let child = limited(&kept, &place, &data, "--rate 40000", 110);
    // A record is written each second, and the third is too much at the latest.
    crate::common::eventually(&true, || key_counts(place.masters())[0] > 160_000);
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let (code, record, told) = ended(child);
    assert_eq!((code, record.verdict), (130, Verdict::Interrupted), "{told}");
    assert!(
        told.contains("not all that was executed is in the journal: --resume goes on from the first "),
        "{told}"
    );
    assert!(told.contains("to go on: fillbench --resume "), "{told}");
    let resumed = assert_exact(&kept.resume("").end(), &place, &data).resumed;
    assert!((1..record.account.executed).contains(&resumed.keys_before), "{resumed:?} after {told}");
}

#[test]
fn a_disk_that_is_full_from_the_start_costs_the_journal_alone() {
    let (place, kept, data) = (Place::embedded(None), Kept::new(), Data::of(5_000));
    // A folder in the place of the file cannot be written either, and the other files can.
    let child = {
        let mut running = kept.begin(&place, &data, "--rate 2000");
        running.until(|| kept.out.join("run.json").exists());
        running.signal("KILL");
        running.end();
        fs::create_dir(kept.out.join("journal.log.part")).unwrap();
        kept.resume("")
    };
    let run = child.end();
    let record = assert_exact(&run, &place, &data);
    let warned = record.warnings.join("; ");
    assert!(
        warned.contains("journal.log: is a directory: the fill goes on, and cannot be resumed"),
        "{warned}"
    );
}
