//! What a person reads of a live comparison while it goes.

use std::path::Path;

use super::words::{clock, keys, span, warm_up, wrap};
use crate::report::comparison::{change, interval, percents, signed, word};
use crate::report::{LivePlan, LiveSize};
use crate::results::{ComparisonVerdict, LiveLook, MetricChange};
use crate::units::{plural, show_bytes};

/// Width of the labels on the left.
const LABEL: usize = 10;

/// Bytes in a gigabyte, as networks are rated.
const GB: f64 = 1e9;

/// What is about to be done.
pub(in crate::report) fn live_planned(plan: &LivePlan) -> String {
    let [base, new] = plan.sides.each_ref().map(|(name, target)| format!("{name}: {}", target.describe()));
    let looks: Vec<_> = plan.looks.iter().map(u64::to_string).collect();
    let most = plan.looks.last().copied().unwrap_or_default();
    let size = match plan.size {
        LiveSize::Keys(count, payload_bytes) => live_size(count, payload_bytes),
        LiveSize::Seconds(seconds) => format!("about {}", span(seconds)),
    };
    let turns =
        format!("up to {} of each, {size} a run, looked at after {}", plural(most, "run"), looks.join(", "));
    let (usual, first) = (plan.warm_up_percent, plan.first_warm_up_percent);
    let warm_up = match plan.renewed_after_pairs {
        None => warm_up(usual),
        Some(1) => warm_up(first),
        Some(_) if usual == first => warm_up(usual),
        Some(_) => format!("{}, and of {first} % before the first of a server", warm_up(usual)),
    };
    let servers = match plan.renewed_after_pairs {
        None => "emptied".into(),
        Some(pairs) => format!("emptied, and started anew {}", renewed(pairs)),
    };
    let order = format!("--shuffle-seed {}; the servers are {servers}; {warm_up}", plan.shuffle_seed);
    wrap("comparing ", LABEL, &base)
        + &wrap("     with ", LABEL, &new)
        + &wrap(" in turns ", LABEL, &turns)
        + &wrap("    order ", LABEL, &order)
        + &wrap("    takes ", LABEL, &takes(plan, most))
}

/// How long it may take, as far as that is known before the first run.
fn takes(plan: &LivePlan, most: u64) -> String {
    let anew = plan.renewed_after_pairs.map_or(0, |pairs| most.div_ceil(pairs.max(1)));
    let warm_ups =
        (anew as f64 * plan.first_warm_up_percent + (most - anew) as f64 * plan.warm_up_percent) / 100.0;
    // Of both sides.
    let fills = 2.0 * (most as f64 + warm_ups);
    let (seconds, how) = match plan.size {
        LiveSize::Keys(_, bytes) => (fills * bytes as f64 / GB, "to send all of it at 1 GB/s"),
        LiveSize::Seconds(seconds) => (fills * seconds, "to fill"),
    };
    let runs = format!("{} {how}, if no look settles it before", clock(seconds));
    match plan.max_seconds {
        None => runs,
        Some(most) => format!("{} at most, by --max-time; {runs}", clock(most)),
    }
}

/// How much a run fills, where that was found out.
pub(in crate::report) fn live_sized(keys: u64, payload_bytes: u64) -> String {
    wrap("  ", 4, &format!("a run fills {}", live_size(keys, payload_bytes)))
}

fn live_size(count: u64, payload_bytes: u64) -> String {
    format!("{} ({})", keys(count), show_bytes(payload_bytes))
}

/// `pair 5: -2.4%; so far -1.9%, -3.0 to -0.8%`
pub(in crate::report) fn live_pair(pair: u64, percent: Option<f64>, so_far: &MetricChange) -> String {
    let percent =
        percent.map_or_else(|| "no change in percent".into(), |percent| format!("{}%", signed(percent)));
    wrap("  ", 4, &format!("pair {pair}: {percent}; so far {}", live_so_far(so_far)))
}

/// `-1.9%, -3.0 to -0.8%`; without the interval as long as it is not known.
pub fn live_so_far(so_far: &MetricChange) -> String {
    let interval = so_far.interval_percent.map(|_| interval(so_far));
    [Some(change(so_far)), interval].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `look 1 of 4, 10 pairs: -1.9%, -3.0 to -0.8%: inconclusive`
pub(in crate::report) fn live_look((number, of): (u64, u64), look: &LiveLook) -> String {
    let change = look.change_percent.map_or_else(|| "?".into(), |percent| format!("{}%", signed(percent)));
    let interval = look.interval_percent.map_or_else(String::new, |one| format!(", {}", percents(one)));
    let next = match look.verdict {
        ComparisonVerdict::Inconclusive if number < of => "not settled, and goes on",
        verdict => word(verdict),
    };
    wrap("  ", 4, &format!("look {number} of {of}, {} pairs: {change}{interval}: {next}", look.pairs))
}

/// What it came to, after so many runs and seconds.
pub(in crate::report) fn live_ended(
    count: u64,
    seconds: f64,
    is_interrupted: bool,
    folder: Option<&Path>,
) -> String {
    let head = match is_interrupted {
        true => format!("interrupted after {} in {}", plural(count, "run"), clock(seconds)),
        false => format!("compared: {} in {}", plural(count, "run"), clock(seconds)),
    };
    let place =
        folder.map_or_else(String::new, |path| wrap("  results in ", 13, &path.display().to_string()));
    wrap("", 0, &head) + &place
}

/// `for each pair`
pub(in crate::report) fn renewed(after_pairs: u64) -> String {
    match after_pairs {
        1 => "for each pair".into(),
        pairs => format!("after every {pairs} pairs, which count as one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{PercentInterval, Target, example};

    #[test]
    fn a_live_comparison_is_told_as_it_goes() {
        let target = |version: &str, masters| Target {
            mode: "cluster".into(),
            server: "valkey".into(),
            version: version.into(),
            masters,
            ..Target::default()
        };
        let plan = LivePlan {
            sides: [
                ("127.0.0.1:7001".into(), target("8.1.0", 3)),
                ("127.0.0.1:7011".into(), target("9.1.2", 3)),
            ],
            size: LiveSize::Keys(1_000_000, 1 << 30),
            max_seconds: None,
            looks: vec![10, 16, 25, 40],
            renewed_after_pairs: Some(1),
            warm_up_percent: 10.0,
            first_warm_up_percent: 100.0,
            shuffle_seed: 1234,
        };
        let comparison = example::compared_live();
        let so_far = comparison.points[0].metrics[0].clone();
        let looks = &comparison.live.as_ref().unwrap().looks;
        let mut text = live_planned(&plan);
        let (size, max_seconds) = (LiveSize::Seconds(0.5), Some(1800.0));
        text += &live_planned(&LivePlan { renewed_after_pairs: Some(5), size, max_seconds, ..plan.clone() });
        text += &live_sized(150_000, 48_000_000);
        text += &live_planned(&LivePlan { renewed_after_pairs: None, warm_up_percent: 0.0, ..plan });
        text += &live_pair(3, Some(-2.44), &MetricChange { interval_percent: None, ..so_far.clone() });
        text += &live_pair(10, None, &so_far);
        for (number, look) in (1..).zip(looks) {
            text += &live_look((number, 4), look);
        }
        let high = PercentInterval { low: -1.0, high: 2.0 };
        let last = LiveLook {
            verdict: ComparisonVerdict::Inconclusive,
            interval_percent: Some(high),
            ..looks[0].clone()
        };
        text += &live_look((4, 4), &last);
        text += &live_ended(32, 312.0, false, Some(Path::new("results/1")));
        text += &live_ended(1, 3.0, true, None);
        insta::assert_snapshot!(text);
    }
}
