//! Folders of sweeps that were torn at any place, and what is left of them.

use super::*;
use crate::results::example;

const TURNS: [Turn; 3] =
    [Turn { point: 3, repeat: 1 }, Turn { point: 1, repeat: 1 }, Turn { point: 4, repeat: 1 }];

/// Records that differ in their names; the second has a line end in a cell.
fn records() -> [Record; 3] {
    let named = |name: &str, record: Record| Record { run: name.into(), ..record };
    let mut torn = named("b", example::failed());
    torn.warnings.push("the server said:\n\"no\"".into());
    [named("a", example::exact()), torn, named("c", example::missing())]
}

/// A sweep of three runs, all written down.
fn written(path: &Path) {
    let mut folder = SweepFolder::create(path).unwrap();
    folder.begin(&example::sweep()).unwrap();
    for (record, turn) in records().iter().zip(TURNS) {
        let rows = format!("{0},0.0,1.0,x\n{0},1.0,0.5,x\n", record.run);
        folder.add("s", turn, record, rows.as_bytes(), &example::histogram()).unwrap();
    }
}

fn runs_in(path: &Path, table: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path.join(table)).unwrap();
    let mut runs: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    runs.dedup();
    runs
}

#[test]
fn what_is_written_down_is_found_again() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a/b");
    written(&path);
    let (folder, kept) = SweepFolder::reopen(&path).unwrap();
    let verdicts = [Verdict::Exact, Verdict::Failed, Verdict::Missing];
    let expected = ["a", "b", "c"].iter().zip(TURNS).zip(verdicts);
    let limits = [LimitedBy::Server, LimitedBy::Unknown, LimitedBy::Server];
    let expected = expected.zip(limits).map(|(((run, turn), verdict), limited_by)| KeptRun {
        run: (*run).into(),
        turn,
        verdict,
        limited_by,
    });
    let expected: Vec<_> = expected.collect();
    assert_eq!(kept, expected);
    assert!(matches!(SweepFolder::reopen(&path), Err(OutputError::Busy { .. })));
    drop(folder);
    for table in ["runs.csv", "intervals.csv", "latency.csv"] {
        assert_eq!(runs_in(&path, table), ["a", "b", "c"], "{table}");
    }
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    assert_eq!(Sweep::parse(&read(SWEEP_FILE)).unwrap(), example::sweep());
    assert_eq!(Record::parse(&read("runs/b/run.json")).unwrap(), records()[1]);
}

/// Wherever `runs.csv` is cut, what is left are whole runs, and the other tables and folders have no more.
#[test]
fn a_torn_table_is_cut_back_to_whole_runs_everywhere() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    written(&whole);
    let text = fs::read(whole.join("runs.csv")).unwrap();
    let ends: Vec<usize> = [1, 2, 3, 4]
        .into_iter()
        .map(|rows| {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
            reader.records().take(rows).for_each(|row| drop(row.unwrap()));
            reader.position().byte() as usize
        })
        .collect();
    assert_eq!(ends[3], text.len());
    // Before the header is whole, and at many places after it.
    for (number, length) in [0, 5].into_iter().chain((ends[0]..=text.len()).step_by(7)).enumerate() {
        let path = place.path().join(number.to_string());
        written(&path);
        fs::write(path.join("runs.csv"), &text[..length]).unwrap();
        let (_, kept) = SweepFolder::reopen(&path).unwrap();
        let expected = ends[1..].iter().filter(|end| **end <= length).count();
        assert_eq!(kept.len(), expected, "{length} of {ends:?}");
        for table in ["runs.csv", "intervals.csv", "latency.csv"] {
            assert_eq!(runs_in(&path, table), ["a", "b", "c"][..expected], "{table} at {length}");
        }
        let folders = fs::read_dir(path.join(RUNS)).unwrap().count();
        assert_eq!(folders, expected);
        fs::remove_dir_all(path).unwrap();
    }
}

#[test]
fn torn_rows_of_the_other_tables_go_as_well() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("torn");
    written(&path);
    let before = fs::read(path.join("intervals.csv")).unwrap();
    for extra in ["d,0.0,1.0,x\n", "c,2.0", "d"] {
        fs::write(path.join("intervals.csv"), [&before[..], extra.as_bytes()].concat()).unwrap();
        fs::create_dir_all(path.join("runs/d")).unwrap();
        fs::write(path.join("runs/d/run.json.part"), "{").unwrap();
        SweepFolder::reopen(&path).unwrap();
        assert_eq!(fs::read(path.join("intervals.csv")).unwrap(), before, "{extra}");
        assert!(!path.join("runs/d").exists());
    }
    fs::write(path.join("latency.csv"), "run,other\na,1\n").unwrap();
    assert!(matches!(SweepFolder::reopen(&path), Err(OutputError::OtherVersion { .. })));
}

/// Runs that are done again are taken out of the middle of every table, wherever that is cut off.
#[test]
fn what_is_to_be_done_again_goes_from_everywhere() {
    let place = tempfile::tempdir().unwrap();
    for (number, forgotten, rest) in
        [(0, vec!["b"], vec!["a", "c"]), (1, vec!["a", "c"], vec!["b"]), (2, vec!["a", "b", "c"], vec![])]
    {
        let path = place.path().join(number.to_string());
        written(&path);
        let (mut folder, _) = SweepFolder::reopen(&path).unwrap();
        folder.forget(&forgotten.iter().map(|run| (*run).to_owned()).collect()).unwrap();
        for table in ["runs.csv", "intervals.csv", "latency.csv"] {
            assert_eq!(runs_in(&path, table), rest, "{table}");
        }
        // What comes then is added behind that.
        let again = Record { run: "again".into(), ..example::exact() };
        folder.add("s", TURNS[1], &again, b"again,0.0,1.0,x\n", &example::histogram()).unwrap();
        drop(folder);
        let (_, kept) = SweepFolder::reopen(&path).unwrap();
        let expected: Vec<_> = rest.iter().copied().chain(["again"]).collect();
        assert_eq!(kept.iter().map(|run| &*run.run).collect::<Vec<_>>(), expected);
        for table in ["runs.csv", "intervals.csv", "latency.csv"] {
            assert_eq!(runs_in(&path, table), expected, "{table}");
        }
        assert_eq!(fs::read_dir(path.join(RUNS)).unwrap().count(), expected.len());
    }
    // Killed after the first table: the rest follows when the folder is opened again.
    let path = place.path().join("killed");
    written(&path);
    let before = fs::read(path.join("intervals.csv")).unwrap();
    let (mut folder, _) = SweepFolder::reopen(&path).unwrap();
    folder.forget(&BTreeSet::from(["b".to_owned()])).unwrap();
    drop(folder);
    fs::write(path.join("intervals.csv"), before).unwrap();
    fs::write(path.join("runs.csv.part"), "half").unwrap();
    SweepFolder::reopen(&path).unwrap();
    assert_eq!(runs_in(&path, "intervals.csv"), ["a", "c"]);
    assert!(!path.join("runs.csv.part").exists() && !path.join("intervals.csv.part").exists());
}

#[test]
fn a_sweep_that_never_began_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out");
    drop(SweepFolder::create(&path).unwrap());
    assert!(!path.exists());
    fs::create_dir(&path).unwrap();
    drop(SweepFolder::create(&path).unwrap());
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
    written(&path);
    assert!(matches!(SweepFolder::create(&path), Err(OutputError::Used { .. })));
}

#[test]
fn every_column_is_documented() {
    let page = include_str!("../../docs/results.md");
    for (_, header) in headers().unwrap() {
        for column in String::from_utf8(header).unwrap().trim().split(',') {
            assert!(page.contains(&format!("`{column}`")), "{column}");
        }
    }
}
