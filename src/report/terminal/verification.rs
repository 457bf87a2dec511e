//! The record of a verification as a person reads it, verdict first, below 80 columns.

use super::summary::{LABEL, failure, painted, place};
use super::words::{key_rate, keys, span, wrap};
use crate::results::{Findings, Verdict, Verification};
use crate::text::printable;
use crate::units::show_count;

/// Characters of a key that are shown: the rest is filler, and stands in the JSON.
const KEY_SHOWN: usize = 48;

/// The whole summary; with `colour`, the verdict is coloured for a terminal.
pub fn verify_summary(record: &Verification, colour: bool) -> String {
    let mut text = verify_headline(record, colour);
    for (place, (label, fact)) in facts(record).into_iter().enumerate() {
        if place == 0 {
            text.push('\n');
        }
        text += &wrap(&format!("  {label:<width$}", width = LABEL - 2), LABEL, &fact);
    }
    text
}

/// The verdict, the first faulty keys, and what went wrong.
pub(super) fn verify_headline(record: &Verification, colour: bool) -> String {
    let last = record.last();
    let word = match record.verdict {
        Verdict::Exact | Verdict::Discarded => "exact",
        Verdict::Missing => "missing",
        Verdict::Wrong => "wrong",
        Verdict::Failed => "failed",
        Verdict::Interrupted => "interrupted",
        Verdict::Unfinished => "unfinished",
    };
    let rest = match record.verdict {
        Verdict::Exact | Verdict::Discarded if record.options.check == "exists" => {
            format!("{} are there", all(last))
        }
        Verdict::Exact | Verdict::Discarded if record.options.check == "size" => {
            format!("{} are there and have their length", all(last))
        }
        Verdict::Exact | Verdict::Discarded => format!("{} are there with their exact value", all(last)),
        Verdict::Missing | Verdict::Wrong => format!("of {}, {}", chosen(last), faults(last)),
        Verdict::Failed | Verdict::Interrupted | Verdict::Unfinished => format!(
            "of {}, {} were looked at{}",
            chosen(last),
            show_count(last.selected - last.unread),
            if last.inexact() > 0 { format!(": {}", faults(last)) } else { String::new() },
        ),
    };
    let mut text = painted(record.verdict, word, &rest, colour);
    if last.unread > 0 && matches!(record.verdict, Verdict::Missing | Verdict::Wrong) {
        text += &wrap("  ", 4, &format!("{} could not be read", keys(last.unread)));
    }
    text += &names(last);
    if let Some(repair) = &record.repair {
        let found = format!("before the repair, {}", faults(&record.found));
        let kept = if repair.after.inexact() == 0 { names(&record.found) } else { String::new() };
        text += &(wrap("  ", 4, &found) + &kept);
    }
    text + &failure(record.error.as_ref())
}

/// `all 5 keys`, `all 10 keys of the sample, of 1,000 keys,`.
fn all(findings: &Findings) -> String {
    match findings.selected == findings.planned {
        true => format!("all {}", keys(findings.planned)),
        false => {
            format!("all {} of the sample, of {},", keys(findings.selected), show_count(findings.planned))
        }
    }
}

fn chosen(findings: &Findings) -> String {
    match findings.selected == findings.planned {
        true => keys(findings.planned),
        false => format!("{} of the sample", keys(findings.selected)),
    }
}

/// `3 are not there, 2 have another value`; what does not occur is left out.
fn faults(findings: &Findings) -> String {
    let kinds = [
        (findings.missing, "is not there", "are not there"),
        (findings.wrong, "has another value", "have another value"),
        (findings.wrong_type, "is of another type", "are of another type"),
        (findings.wrong_ttl, "has another time to live", "have another time to live"),
    ];
    let told = kinds.into_iter().filter(|(count, ..)| *count > 0);
    let told = told
        .map(|(count, one, many)| format!("{} {}", show_count(count), if count == 1 { one } else { many }));
    told.collect::<Vec<_>>().join(", ")
}

/// The first faulty keys, a line each.
fn names(findings: &Findings) -> String {
    let named = &findings.named;
    let kinds = [
        ("missing", &named.missing, findings.missing),
        ("other value", &named.wrong, findings.wrong),
        ("other type", &named.wrong_type, findings.wrong_type),
        ("other ttl", &named.wrong_ttl, findings.wrong_ttl),
    ];
    let mut text = String::new();
    for (label, names, count) in kinds {
        for name in names {
            text += &format!("  {label:<width$}{}\n", shortened(name), width = LABEL - 1);
        }
        let more = count.saturating_sub(names.len() as u64);
        if more > 0 && !names.is_empty() {
            text += &format!("  {label:<width$}and {} more\n", show_count(more), width = LABEL - 1);
        }
    }
    text
}

fn shortened(key: &str) -> String {
    let safe = printable(key);
    match safe.char_indices().nth(KEY_SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &safe[..end], key.len()),
        None => safe.into_owned(),
    }
}

/// Label and fact, in the order of interest.
fn facts(record: &Verification) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let (found, options) = (&record.found, &record.options);
    let looked_at = found.selected - found.unread;
    if looked_at > 0 {
        facts.push((
            "verified",
            format!(
                "{} of {}+{} bytes by {}, in {}, {}",
                keys(looked_at),
                options.key_size,
                options.value_size,
                options.check,
                span(record.seconds.read),
                key_rate(record.keys_per_second),
            ),
        ));
    }
    if !record.target.mode.is_empty() {
        facts.push(("in", place(&record.target)));
    }
    if let Some(sample) = &record.sample {
        let seen = match found.inexact() {
            0 => "no fault".into(),
            1 => "1 fault".into(),
            many => format!("{} faults", show_count(many)),
        };
        let (looked_at, planned) = (show_count(looked_at), show_count(found.planned));
        let (sure, most) = (100.0 * sample.confidence, percent(sample.inexact_percent_max));
        facts.push((
            "sample",
            format!(
                "{seen} among {looked_at} of {planned} keys: with {sure} % confidence, at most {most} % of all are \
                 not as they should be"
            ),
        ));
    }
    if let Some(repair) = &record.repair {
        let time = span(record.seconds.repair);
        facts.push((
            "repaired",
            format!("{} written again, and looked at once more, in {time}", keys(repair.rewritten)),
        ));
    }
    facts
}

/// Rounded up, to two digits: it is a bound.
fn percent(percent: f64) -> String {
    if percent <= 0.0 {
        return "0".into();
    }
    let digits = (1 - percent.log10().floor() as i32).max(0);
    let unit = 10f64.powi(digits);
    // A little less, because what is exact in decimal is not in binary.
    let up = (percent * unit - 1e-9).ceil() / unit;
    format!("{}", (up * 1e9).round() / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::words::WIDTH;
    use crate::results::example;

    #[test]
    fn all_is_well() {
        insta::assert_snapshot!(verify_summary(&example::verified(), false));
    }

    #[test]
    fn faults_are_counted_and_named() {
        insta::assert_snapshot!(verify_summary(&example::faulty(), false));
    }

    #[test]
    fn faults_that_were_repaired_are_told_all_the_same() {
        insta::assert_snapshot!(verify_summary(&example::repaired(), false));
    }

    #[test]
    fn a_sample_says_what_it_tells_of_all() {
        insta::assert_snapshot!(verify_summary(&example::sampled(), false));
    }

    #[test]
    fn a_bound_is_rounded_up() {
        let shown = [0.029_95, 0.03, 0.000_299, 3.0, 2.91, 45.1, 100.0].map(percent);
        assert_eq!(shown, ["0.03", "0.03", "0.0003", "3", "3", "46", "100"]);
    }

    #[test]
    fn no_line_is_wider_than_a_small_terminal() {
        let mut record = example::faulty();
        record.found.named.missing = vec!["x".repeat(500), "a\nb".into()];
        let text = verify_summary(&record, false);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
