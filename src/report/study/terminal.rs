//! A study in brief, for a terminal of 80 columns.

use super::bars::Letters;
use super::effects::EffectShown;
use super::latencies::merged;
use super::page::Page;
use super::words::{plural, point};
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
    letters.shown(text)
}

fn of_effect(effect: &EffectShown, letters: Letters) -> String {
    let mut text = wrap("\n", 2, &format!("{}: {}", effect.name, effect.text));
    let most = effect.values.iter().fold(0.0_f64, |most, (_, measure, _)| most.max(*measure));
    let rows = effect
        .values
        .iter()
        .take(VALUES_MAX)
        .map(|(name, measure, shown)| (name.as_str(), measure / most, shown.as_str()));
    text += &chart(&rows.collect::<Vec<_>>(), letters);
    match effect.values.len().saturating_sub(VALUES_MAX) {
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

/// How the latencies of the reference point are spread: as many rows as there are powers of two, or of four.
fn histogram(study: &Study, details: &[RunDetail], letters: Letters) -> String {
    let Some(reference) = study.reference.map(|place| &study.points[place]) else { return String::new() };
    let latencies = merged(&reference.runs, details);
    let (Some((least, _)), Some((most, _))) = (latencies.first(), latencies.last()) else {
        return String::new();
    };
    let power = |us: u64| us.max(1).ilog2() as usize;
    let first = power(*least);
    let each = (power(*most) - first) / BUCKETS_MAX + 1;
    let mut counts = vec![0_u64; (power(*most) - first) / each + 1];
    latencies.iter().for_each(|(us, count)| counts[(power(*us) - first) / each] += count);
    let all: u64 = counts.iter().sum();
    let highest = counts.iter().copied().max().unwrap_or_default().max(1);
    let rows: Vec<(String, f64, String)> = counts
        .iter()
        .enumerate()
        .map(|(place, &count)| {
            // Powers of two are no round numbers of microseconds: three digits of them will do.
            let end = 1_u64.checked_shl((first + (place + 1) * each) as u32).unwrap_or(u64::MAX);
            let share = 100.0 * count as f64 / all as f64;
            (format!("< {}", micros(end)), count as f64 / highest as f64, format!("{share:.1} %"))
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
