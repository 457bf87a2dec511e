//! A study in brief, for a terminal of 80 columns.

use super::bars::Letters;
use super::effects::EffectShown;
use super::latencies::merged;
use super::page::Page;
use super::words::{plural, point, share};
use crate::report::terminal::words::{WIDTH, micros, wrap};
use crate::results::{RunDetail, Study};

/// Parameters that are shown.
const EFFECTS_MAX: usize = 4;

/// Values of each.
const VALUES_MAX: usize = 8;

/// Rows of the histogram.
const BUCKETS_MAX: usize = 10;

/// Letters of the longest bar.
const BAR: usize = 30;

/// Letters of a bar's name at most.
const NAME_MAX: usize = 24;

/// The whole text.
pub(super) fn brief(study: &Study, details: &[RunDetail], page: &Page, letters: Letters) -> String {
    let mut text = wrap("", 2, &page.title) + &wrap("  ", 2, &page.lead);
    page.alerts.iter().for_each(|alert| text += &wrap("  note: ", 8, alert));
    for fact in &page.in_short {
        text += &wrap(&format!("  {:<11}", fact.label), 13, &fact.lines.join(", "));
    }
    for place in &page.choices {
        if !place.place.is_empty() {
            text += &wrap("\n", 0, &place.place);
        }
        if !place.left_out.is_empty() {
            text += &wrap("  note: ", 8, &place.left_out);
        }
        for (number, card) in place.cards.iter().enumerate() {
            text += "\n";
            let before = place.cards[..number].iter().find(|one| one.settings == card.settings);
            if let Some(before) = before.filter(|_| !card.settings.is_empty()) {
                text += &wrap("", 2, &format!("{}: as for {}", card.aim, before.aim.to_lowercase()));
                continue;
            }
            text += &wrap("", 2, &format!("{}:", card.aim));
            if card.settings.is_empty() {
                text += &wrap("  ", 2, &format!("none of these settings. {}", card.rule));
                continue;
            }
            text += &wrap("  ", 2, &card.settings);
            if !card.flags.is_empty() {
                // In one line, so that it can be copied.
                text += &format!("  {}\n", card.flags);
            }
            card.evidence.iter().for_each(|line| text += &wrap("    ", 4, line));
        }
    }
    page.effects.iter().take(EFFECTS_MAX).for_each(|effect| text += &of_effect(effect, letters));
    text += &histogram(study, details, letters);
    letters.shown(&text)
}

fn of_effect(effect: &EffectShown, letters: Letters) -> String {
    let mut text = wrap("\n", 2, &format!("{}: {}", effect.name, effect.text));
    let shown: Vec<_> = effect.shares.iter().map(|(_, own)| share(*own)).collect();
    let rows = effect.shares.iter().zip(&shown).take(VALUES_MAX);
    let rows: Vec<_> = rows.map(|((name, own), shown)| (name.as_str(), *own, shown.as_str())).collect();
    text += &chart(&rows, letters);
    match effect.shares.len().saturating_sub(VALUES_MAX) {
        0 => text,
        more => text + &format!("  and {}\n", plural(more as u64, "value")),
    }
}

/// Rows of a name, a bar and what it says.
fn chart(rows: &[(&str, f64, &str)], letters: Letters) -> String {
    let width = rows.iter().map(|(name, _, _)| name.chars().count().min(NAME_MAX)).max().unwrap_or_default();
    let line = |(name, share, shown): &(&str, f64, &str)| {
        let name: String = name.chars().take(NAME_MAX).collect();
        let line = format!("  {name:>width$}  {}  {shown}", letters.bar(*share, BAR));
        line.chars().take(WIDTH).collect::<String>() + "\n"
    };
    rows.iter().map(line).collect()
}

/// How the latencies of the reference point are spread: a row for each step of 1, 2, 5, 10, or for each power of ten.
fn histogram(study: &Study, details: &[RunDetail], letters: Letters) -> String {
    let Some(reference) = study.reference.map(|place| &study.points[place]) else { return String::new() };
    let latencies = merged(&reference.runs, details);
    let (Some((least, _)), Some((most, _))) = (latencies.first(), latencies.last()) else {
        return String::new();
    };
    let ends = ends_of_rows(*least, *most);
    let mut counts = vec![0_u64; ends.len()];
    for (us, count) in &latencies {
        counts[ends.partition_point(|end| end <= us).min(ends.len() - 1)] += count;
    }
    let all: u64 = counts.iter().sum();
    let highest = counts.iter().copied().max().unwrap_or_default().max(1);
    let rows: Vec<(String, f64, String)> = ends
        .iter()
        .zip(&counts)
        .map(|(&end, &count)| {
            let share = 100.0 * count as f64 / all as f64;
            (format!("< {}", round(end)), count as f64 / highest as f64, format!("{share:.1}%"))
        })
        .collect();
    let of = match study.points.len() {
        1 => String::new(),
        _ => format!(" at {}", point(study, reference)),
    };
    let rows: Vec<_> =
        rows.iter().map(|(name, share, shown)| (name.as_str(), *share, shown.as_str())).collect();
    wrap("\n", 2, &format!("latency of {}{of}:", plural(all, "pipeline"))) + &chart(&rows, letters)
}

/// Where rows end that hold latencies from the least to the most: round numbers of microseconds, rising.
fn ends_of_rows(least: u64, most: u64) -> Vec<u64> {
    let rows = |digits: &[u64]| -> Vec<u64> {
        let round =
            (0..20).flat_map(|power| digits.iter().map(move |digit| digit.saturating_mul(10_u64.pow(power))));
        let mut ends: Vec<u64> = round.skip_while(|end| *end <= least).collect();
        ends.truncate(ends.iter().position(|end| *end > most).map_or(ends.len(), |last| last + 1));
        if ends.last().is_none_or(|last| *last <= most) {
            ends.push(u64::MAX);
        }
        ends
    };
    let fine = rows(&[1, 2, 5]);
    if fine.len() <= BUCKETS_MAX { fine } else { rows(&[1]) }
}

/// A round latency, without the digits that say nothing.
fn round(us: u64) -> String {
    let shown = micros(us);
    let (number, unit) = shown.split_once(' ').unwrap_or((&shown, ""));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_latencies_end_at_round_numbers() {
        let shown =
            |least, most| ends_of_rows(least, most).into_iter().map(round).collect::<Vec<_>>().join(", ");
        assert_eq!(shown(21_000, 99_000), "50 ms, 100 ms");
        assert_eq!(shown(100, 100), "200 µs");
        assert_eq!(shown(900, 25_000_000), "1 ms, 10 ms, 100 ms, 1 s, 10 s, 100 s");
        assert_eq!(shown(0, 1_999), "1 µs, 10 µs, 100 µs, 1 ms, 10 ms");
        assert!(ends_of_rows(0, u64::MAX).len() <= 21 && ends_of_rows(u64::MAX, u64::MAX) == [u64::MAX]);
    }
}
