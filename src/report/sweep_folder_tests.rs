//! Folders of sweeps that were torn or damaged at any place, and what is made of them.

use std::collections::BTreeMap;

use super::*;
use crate::report::intervals::Intervals;
use crate::results::{LimitedBy, Verdict, example};

const TABLES: [&str; 3] = ["runs.csv", "intervals.csv", "latency.csv"];
const TURNS: [Turn; 3] =
    [Turn { point: 3, repeat: 1 }, Turn { point: 1, repeat: 1 }, Turn { point: 4, repeat: 1 }];

/// Records that differ in their names; the second has a line end in a cell.
fn records() -> [Record; 3] {
    let named = |name: &str, record: Record| Record { run: name.into(), ..record };
    let mut torn = named("b", example::failed());
    torn.warnings.push("the server said:\n\"no\"".into());
    [named("a", example::exact()), torn, named("c", example::missing())]
}

/// Writes one run down.
fn add(folder: &mut SweepFolder, turn: Turn, record: &Record) {
    let mut seconds = Intervals::new(Vec::new(), &record.run);
    example::seconds().iter().for_each(|second| seconds.second(second).unwrap());
    let seconds = seconds.take().unwrap();
    folder.add(&example::sweep().sweep, turn, record, &seconds, &example::histogram()).unwrap();
}

/// A sweep of three runs, all written down.
fn written(path: &Path) {
    let mut folder = SweepFolder::create(path).unwrap();
    folder.begin(&example::sweep()).unwrap();
    records().iter().zip(TURNS).for_each(|(record, turn)| add(&mut folder, turn, record));
}

fn reopened(path: &Path) -> Result<(SweepFolder, Vec<KeptRun>, Dropped), OutputError> {
    SweepFolder::reopen(path, &example::sweep())
}

fn names<'a>(runs: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    runs.into_iter().map(str::to_owned).collect()
}

fn runs_in(path: &Path, table: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path.join(table)).unwrap();
    let mut runs: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    runs.dedup();
    runs
}

/// Checks that the folder holds these runs everywhere, and no others.
#[track_caller]
fn assert_holds(path: &Path, runs: &[&str]) {
    for table in TABLES {
        assert_eq!(runs_in(path, table), runs, "{table}");
    }
    let entries = fs::read_dir(path.join(RUNS_FOLDER)).unwrap();
    let found = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names(runs.iter().copied()), found);
}

/// All that a folder holds, by its path.
fn all(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all(&path));
        } else {
            files.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    files
}

/// Writes the same again in another place, and does not wait for the disk.
fn copied(files: &BTreeMap<PathBuf, Vec<u8>>, from: &Path, to: &Path) {
    for (path, text) in files {
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Where the header and the rows of a text end.
fn ends(text: &[u8]) -> Vec<usize> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let (mut row, mut ends) = (csv::ByteRecord::new(), Vec::new());
    while reader.read_byte_record(&mut row).unwrap() {
        ends.push(reader.position().byte() as usize);
    }
    ends
}

#[test]
fn what_is_written_down_is_found_again() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a/b");
    written(&path);
    let (folder, kept, dropped) = reopened(&path).unwrap();
    let verdicts = [Verdict::Exact, Verdict::Failed, Verdict::Missing];
    let limits = [LimitedBy::Server, LimitedBy::Unknown, LimitedBy::Server];
    let expected = records().into_iter().zip(TURNS).zip(verdicts).zip(limits);
    let expected = expected.map(|(((record, turn), verdict), limited_by)| KeptRun {
        run: record.run,
        turn,
        verdict,
        limited_by,
        seconds: record.seconds.total,
    });
    let expected: Vec<_> = expected.collect();
    assert_eq!((kept, dropped), (expected, Dropped::default()));
    assert!(matches!(reopened(&path), Err(OutputError::Busy { .. })));
    drop(folder);
    assert_holds(&path, &["a", "b", "c"]);
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    assert_eq!(Sweep::parse(&read(SWEEP_FILE)).unwrap(), example::sweep());
    assert_eq!(Record::parse(&read("runs/b/run.json")).unwrap(), records()[1]);
}

/// Wherever the last row of `runs.csv` is cut, what is left are whole runs, and the other tables and folders have no
/// more. Where none is left, though there are records of several, nothing is touched.
#[test]
fn a_torn_table_is_cut_back_to_whole_runs_everywhere() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    written(&whole);
    let (files, text) = (all(&whole), fs::read(whole.join("runs.csv")).unwrap());
    let ends = ends(&text);
    assert_eq!((ends.len(), ends[3]), (4, text.len()));
    // Before the header is whole, and at many places after it.
    let all_lengths = [0, 5].into_iter().chain((ends[0]..=text.len()).step_by(7)).chain(ends.clone());
    for (number, length) in all_lengths.enumerate() {
        let path = place.path().join(number.to_string());
        copied(&files, &whole, &path);
        fs::write(path.join("runs.csv"), &text[..length]).unwrap();
        let left = ends[1..].iter().filter(|end| **end <= length).count();
        if left == 0 {
            let before = all(&path);
            assert!(
                matches!(reopened(&path), Err(OutputError::Lost { runs: 3, .. })),
                "{length} of {ends:?}"
            );
            assert_eq!(all(&path), before);
        } else {
            let (_, kept, dropped) = reopened(&path).unwrap();
            assert_eq!(kept.len(), left, "{length} of {ends:?}");
            let runs = names(["a", "b", "c"].into_iter().skip(left));
            assert_eq!(dropped, Dropped { torn: !ends.contains(&length), runs }, "{length} of {ends:?}");
            assert_holds(&path, &["a", "b", "c"][..left]);
            assert!(reopened(&path).unwrap().2.is_empty());
        }
        fs::remove_dir_all(path).unwrap();
    }
}

/// Killed before the row of its first run was there, a sweep has lost nothing but that run.
#[test]
fn the_first_run_may_be_cut_off() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("first");
    let mut folder = SweepFolder::create(&path).unwrap();
    folder.begin(&example::sweep()).unwrap();
    add(&mut folder, TURNS[0], &records()[0]);
    drop(folder);
    let text = fs::read(path.join("runs.csv")).unwrap();
    fs::write(path.join("runs.csv"), &text[..ends(&text)[0]]).unwrap();
    let (_, kept, dropped) = reopened(&path).unwrap();
    assert_eq!((kept, dropped), (Vec::new(), Dropped { torn: false, runs: names(["a"]) }));
    assert_holds(&path, &[]);
    // Without a row, and without a record, the tables are made again.
    TABLES.iter().for_each(|table| fs::remove_file(path.join(table)).unwrap());
    let (mut folder, kept, _) = reopened(&path).unwrap();
    assert_eq!(kept, Vec::new());
    add(&mut folder, TURNS[0], &records()[0]);
    drop(folder);
    assert_holds(&path, &["a"]);
}

/// What nobody can have left who was cut off is told by its row, and nothing is touched.
#[test]
fn a_table_that_is_damaged_is_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    written(&whole);
    let text = fs::read_to_string(whole.join("runs.csv")).unwrap();
    let ends = ends(text.as_bytes());
    let rows: Vec<&str> = ends.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
    let [a, b, c] = rows[..] else { panic!("{rows:?}") };
    assert!(b.contains("the server said:\n\"\"no\"\"\""), "{b}");
    let sweep = example::sweep().sweep;
    let other_sweep = b.replace(&format!(",{sweep},"), ",another,");
    let other_turn = b.replace(",1,1\n", ",9,1\n");
    let (unquoted, quoted) = (b.replace("\"\"no\"\"\"", "no"), format!("\"{b}"));
    for (rows, row, says) in [
        ([a, "", "half of a row\n", c].concat(), 3, "too few cells"),
        ([a, &b[..b.len() / 2], c].concat(), 3, "too few cells"),
        ([a, &b.replacen(',', "", 1), c].concat(), 3, "too few cells"),
        ([a, &unquoted, c].concat(), 3, "too few cells"),
        ([&quoted, a, c].concat(), 2, "too few cells"),
        // In the last row, too: it is not one that was cut off.
        ([a, b, &c.replacen(',', "", 1)].concat(), 4, "too few cells"),
        ([a, b, &format!("\"{c}")].concat(), 4, "too few cells"),
        ([a, &other_sweep, c].concat(), 3, "is of another sweep"),
        ([a, &other_turn, c].concat(), 3, "that the sweep has not"),
        ([a, b, a, c].concat(), 4, "that an earlier row has"),
        ([a, b, c, "\0\0\0\n"].concat(), 5, "too few cells"),
        ([&a.replacen("exact", "perfect", 1), b, c].concat(), 2, "has no verdict"),
    ] {
        let path = place.path().join("damaged");
        written(&path);
        fs::write(path.join("runs.csv"), [&text[..ends[0]], &rows].concat()).unwrap();
        let before = all(&path);
        let error = reopened(&path).err().expect("it is damaged");
        let expected = format!("{}, row {row}: ", path.join("runs.csv").display());
        assert!(error.to_string().starts_with(&expected) && error.to_string().contains(says), "{error}");
        assert_eq!(all(&path), before);
        fs::remove_dir_all(path).unwrap();
    }
    // What is no text at all.
    let mut bytes = text.clone().into_bytes();
    bytes[ends[1] + 3] = 0xff;
    fs::write(whole.join("runs.csv"), bytes).unwrap();
    assert!(matches!(reopened(&whole), Err(OutputError::Damaged { row: 3, problem: "is no text", .. })));
}

#[test]
fn a_row_that_somebody_took_out_takes_the_rest_of_its_run_along() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out");
    written(&path);
    let text = fs::read(path.join("runs.csv")).unwrap();
    let ends = ends(&text);
    fs::write(path.join("runs.csv"), [&text[..ends[1]], &text[ends[2]..]].concat()).unwrap();
    let (_, kept, dropped) = reopened(&path).unwrap();
    assert_eq!(kept.iter().map(|run| &*run.run).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(dropped, Dropped { torn: false, runs: names(["b"]) });
    assert_holds(&path, &["a", "c"]);
}

#[test]
fn torn_rows_of_the_other_tables_go_as_well() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("torn");
    written(&path);
    let before = fs::read(path.join("intervals.csv")).unwrap();
    for (extra, runs) in [("d,0.0,1.0,x\n", &["d"][..]), ("c,2.0", &[]), ("d", &["d"])] {
        fs::write(path.join("intervals.csv"), [&before[..], extra.as_bytes()].concat()).unwrap();
        fs::create_dir_all(path.join("runs/d")).unwrap();
        fs::write(path.join("runs/d/run.json.part"), "{").unwrap();
        let (_, _, dropped) = reopened(&path).unwrap();
        assert_eq!(dropped, Dropped { torn: false, runs: names(runs.iter().copied()) });
        assert_eq!(fs::read(path.join("intervals.csv")).unwrap(), before, "{extra}");
        assert!(!path.join("runs/d").exists());
    }
    fs::write(path.join("latency.csv"), "run,other\na,1\n").unwrap();
    assert!(matches!(reopened(&path), Err(OutputError::OtherVersion { whose: Whose::Sweep, .. })));
    fs::remove_file(path.join("latency.csv")).unwrap();
    assert!(matches!(reopened(&path), Err(OutputError::Lost { runs: 3, .. })));
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
        let (mut folder, kept, _) = reopened(&path).unwrap();
        folder.forget(&example::sweep(), &names(forgotten.iter().copied())).unwrap();
        assert_holds(&path, &rest);
        // What comes then is added behind that.
        let again = Record { run: "again".into(), ..example::exact() };
        let turn = kept.iter().find(|run| forgotten.contains(&&*run.run)).unwrap().turn;
        add(&mut folder, turn, &again);
        drop(folder);
        let (_, kept, dropped) = reopened(&path).unwrap();
        let expected: Vec<_> = rest.iter().copied().chain(["again"]).collect();
        assert_eq!(kept.iter().map(|run| &*run.run).collect::<Vec<_>>(), expected);
        assert!(dropped.is_empty());
        assert_holds(&path, &expected);
    }
    // Killed after the first table: the rest follows when the folder is opened again.
    let path = place.path().join("killed");
    written(&path);
    let before = fs::read(path.join("intervals.csv")).unwrap();
    let (mut folder, ..) = reopened(&path).unwrap();
    folder.forget(&example::sweep(), &names(["b"])).unwrap();
    drop(folder);
    fs::write(path.join("intervals.csv"), before).unwrap();
    fs::write(path.join("runs.csv.part"), "half").unwrap();
    reopened(&path).unwrap();
    assert_holds(&path, &["a", "c"]);
    assert!(!path.join("runs.csv.part").exists() && !path.join("intervals.csv.part").exists());
    // Killed before it: they are runs that failed, of which nothing is known but their rows.
    let path = place.path().join("earlier");
    written(&path);
    fs::remove_dir_all(path.join(RUNS_FOLDER)).unwrap();
    let (_, kept, dropped) = reopened(&path).unwrap();
    assert_eq!((kept.len(), dropped), (3, Dropped::default()));
}

#[test]
fn a_sweep_that_never_began_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out");
    drop(SweepFolder::create(&path).unwrap());
    assert!(!path.exists());
    // What it leaves where it was killed is in nobody's way.
    for left in ["", "{\"schema\":"] {
        fs::create_dir_all(path.join(RUNS_FOLDER)).unwrap();
        fs::write(path.join(SWEEP_FILE_IN_THE_MAKING), left).unwrap();
        drop(SweepFolder::create(&path).unwrap());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
    }
    fs::create_dir_all(path.join("runs/mine")).unwrap();
    let used = SweepFolder::create(&path).err();
    assert!(matches!(used, Some(OutputError::Used { whose: Whose::Sweep, .. })));
    fs::remove_dir_all(&path).unwrap();
    written(&path);
    assert!(matches!(SweepFolder::create(&path), Err(OutputError::Used { .. })));
}

/// The columns of a table that a page describes, with their types.
fn documented<'a>(page: &'a str, table: &str) -> BTreeMap<&'a str, &'a str> {
    let heading = format!("`{table}`");
    let section = page.split("\n## ").find(|section| section.starts_with(&heading)).unwrap();
    let mut columns = BTreeMap::new();
    for line in section.lines() {
        let cells: Vec<_> = line.split(" | ").collect();
        let [names, kind, _] = cells[..] else { continue };
        let Some(names) = names.strip_prefix("| `").and_then(|names| names.strip_suffix('`')) else {
            continue;
        };
        for name in names.split("`, `") {
            assert_eq!(columns.insert(name, kind), None, "{name} is described twice");
        }
    }
    columns
}

/// Whether a cell is of a type as the page means it. What is not known is empty.
fn fits(cell: &str, kind: &str) -> bool {
    cell.is_empty()
        || match kind {
            "text" => true,
            "integer" => cell.parse::<u64>().is_ok(),
            "real" => cell.parse::<f64>().is_ok() && cell.parse::<u64>().is_err(),
            "boolean" => ["true", "false"].contains(&cell),
            "time" => humantime::parse_rfc3339(cell).is_ok(),
            _ => false,
        }
}

#[test]
fn every_column_is_documented() {
    let page = include_str!("../../docs/results.md");
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out");
    written(&path);
    for table in TABLES {
        let documented = documented(page, table);
        let mut reader = csv::Reader::from_path(path.join(table)).unwrap();
        let columns = reader.headers().unwrap().clone();
        let columns: Vec<&str> = columns.iter().collect();
        let there: BTreeSet<&str> = columns.iter().copied().collect();
        assert_eq!(documented.keys().copied().collect::<BTreeSet<_>>(), there, "{table}");
        let mut known = BTreeSet::new();
        for row in reader.records() {
            for (column, cell) in columns.iter().zip(row.unwrap().iter()) {
                let kind = documented[column];
                assert!(fits(cell, kind), "{column} of {table} is {cell}, and documented as {kind}");
                if !cell.is_empty() {
                    known.insert(*column);
                }
            }
        }
        assert_eq!(known, there, "some columns of {table} are never seen with a value");
    }
}

/// The rules of the test before are seen to tell.
#[test]
fn what_is_documented_is_read_as_it_stands() {
    let page = "\n## `a.csv`: x\n\n| columns | type | what |\n| --- | --- | --- |\n| `one`, `two` | integer | x |\n\
                | `no` | when |\n\n## `b.csv`\n| `three` | text | y |\n";
    assert_eq!(documented(page, "a.csv"), BTreeMap::from([("one", "integer"), ("two", "integer")]));
    for (cell, right, wrong) in [
        ("7", "integer", "real"),
        ("7.0", "real", "integer"),
        ("true", "boolean", "time"),
        ("x", "text", "boolean"),
    ] {
        assert!(fits(cell, right) && !fits(cell, wrong) && !fits(cell, "number"), "{cell}");
    }
}
