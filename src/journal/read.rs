//! Reading a journal back. What a crash left half done at its end was never said to be there, and is
//! passed by; damage anywhere else is an error.

use std::fs;
use std::path::Path;

use super::format::{apply, is_torn, payload};
use super::{Header, JOURNAL_SCHEMA, JournalError};
use crate::slots::SLOTS;

/// What a journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Whose keys, and where.
    pub header: Header,
    /// For each slot, how many of its first keys were executed.
    pub executed: Vec<u64>,
}

/// Reads the journal at `path`.
///
/// # Errors
/// [`JournalError`] if it cannot be read, is damaged, or is one of another version.
pub fn read(path: &Path) -> Result<Past, JournalError> {
    let text = fs::read(path).map_err(|error| JournalError::Unreadable { path: path.into(), error })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &[u8]) -> Result<Past, JournalError> {
    let damaged = |line, problem: String| JournalError::Damaged { path: path.into(), line, problem };
    // A journal gets its name when its header is on the disk: no crash leaves one without.
    let (first, length) = payload(text).map_err(|problem| damaged(1, problem.into()))?;
    let header = header(path, first)?;
    let (mut rest, mut line) = (&text[length..], 2);
    let mut executed = vec![0; usize::from(SLOTS)];
    while !rest.is_empty() {
        let (payload, length) = match payload(rest) {
            Ok(found) => found,
            // Each line was on the disk before the next was begun.
            Err(_) if is_torn(rest) => break,
            Err(problem) => return Err(damaged(line, problem.into())),
        };
        apply(payload, line as u64 - 1, &mut executed).map_err(|problem| damaged(line, problem))?;
        (rest, line) = (&rest[length..], line + 1);
    }
    Ok(Past { header, executed })
}

fn header(path: &Path, payload: &str) -> Result<Header, JournalError> {
    let damaged = |error: serde_json::Error| JournalError::Damaged {
        path: path.into(),
        line: 1,
        problem: format!("it is no header: {error}"),
    };
    let json: serde_json::Value = serde_json::from_str(payload).map_err(damaged)?;
    // Looked at first: in another version, the fields may not be there.
    if let Some(schema) = json["schema"].as_str().filter(|schema| *schema != JOURNAL_SCHEMA) {
        return Err(JournalError::OtherVersion { path: path.into(), schema: schema.into() });
    }
    serde_json::from_value(json).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::format::{change, line};
    use super::super::header::Place;
    use super::*;

    const ALL: usize = SLOTS as usize;

    fn header_text() -> String {
        let place = Place { cluster: true, address: "h:1".into(), database: 0, nodes: vec!["a".into()] };
        line(&serde_json::to_string(&Header::new("d".into(), place)).unwrap())
    }

    /// A journal of these states, the first of which is that nothing was executed.
    fn journal(states: &[Vec<u64>]) -> String {
        let mut text = header_text();
        let mut number = 1;
        for pair in states.windows(2) {
            if let Some(payload) = change(number, &pair[0], &pair[1]) {
                text += &line(&payload);
                number += 1;
            }
        }
        text
    }

    fn state(seeds: &[(usize, u64)]) -> Vec<u64> {
        let mut state = vec![0; ALL];
        seeds.iter().for_each(|(slot, keys)| state[slot % ALL] = *keys);
        state
    }

    proptest! {
        #[test]
        fn any_prefix_reads_as_a_state_that_was_true_at_some_moment(
            seeds in prop::collection::vec(prop::collection::vec((any::<usize>(), 0..1000u64), 0..20), 1..12),
            cut in 0.0..=1.0f64,
        ) {
            // A slot's number may go down as well.
            let states: Vec<_> = std::iter::once(state(&[])).chain(seeds.iter().map(|seed| state(seed))).collect();
            let text = journal(&states);
            let begin = header_text().len();
            let cut = begin + ((text.len() - begin) as f64 * cut) as usize;
            let past = parse(Path::new("j"), &text.as_bytes()[..cut]).unwrap();
            let whole_lines = text[begin..cut].matches('\n').count();
            let mut distinct = states.clone();
            distinct.dedup();
            prop_assert!(past.executed == distinct[whole_lines]);
        }

        #[test]
        fn damage_in_the_middle_is_never_taken_for_a_state(at in any::<usize>(), flip in 1..=255u8) {
            let states: Vec<_> = (0..5).map(|i| state(&[(i, i as u64 + 1), (99, 7 * i as u64)])).collect();
            let text = journal(&states);
            let last = text.trim_end().rfind('\n').unwrap() + 1;
            let mut bytes = text.clone().into_bytes();
            let at = at % last;
            bytes[at] ^= flip;
            prop_assert!(parse(Path::new("j"), &bytes).is_err());
        }
    }

    #[test]
    fn a_torn_or_garbled_last_record_is_passed_by() {
        let states: Vec<_> = [0, 5, 9].map(|keys| state(&[(3, keys)])).into();
        let text = journal(&states);
        let second = journal(&states[..2]).len();
        let mut zeros = text.clone().into_bytes();
        zeros[second + 4..].fill(0);
        for torn in [&text.as_bytes()[..text.len() - 1], &zeros, text.replace(":9", ":8").as_bytes()] {
            assert_eq!(parse(Path::new("j"), torn).unwrap().executed[3], 5);
        }
    }

    #[test]
    fn a_line_that_is_gone_or_twice_is_told() {
        let states: Vec<_> = [0, 5, 9, 11].map(|keys| state(&[(3, keys)])).into();
        let text = journal(&states);
        let lines: Vec<_> = text.lines().collect();
        for wrong in [vec![0, 1, 3], vec![0, 1, 1, 2, 3], vec![0, 2, 1, 3], vec![1, 2, 3]] {
            let text: String = wrong.iter().map(|&at| format!("{}\n", lines[at])).collect();
            let error = parse(Path::new("out/journal.log"), text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("out/journal.log is damaged in line "), "{error}");
        }
    }

    #[test]
    fn what_has_no_whole_header_is_damaged_and_another_version_is_named() {
        let text = header_text();
        for cut in 0..text.len() {
            let error = parse(Path::new("j"), &text.as_bytes()[..cut]).unwrap_err();
            assert!(matches!(error, JournalError::Damaged { line: 1, .. }), "{error}");
        }
        let other = line(&text[text.find('{').unwrap()..].trim_end().replace("journal/1", "journal/2"));
        let error = parse(Path::new("j"), other.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("is written as `fillbench.journal/2`"), "{error}");
    }
}
