//! What a person reads of a sweep: what it will do, one line for each run, and what it came to.

use std::path::Path;

use super::summary::failure;
use super::words::{byte_rate, clock, key_rate, keys, micros, percent, short, warm_up, wrap};
use crate::report::{Cut, Dropped, SweepPlan, Swept};
use crate::results::{LimitedBy, Options, Record, Setting, Sweep, Verdict};
use crate::units::{plural, show_bytes, show_count};

/// Settings of one parameter that are named one by one.
const SETTINGS_NAMED: usize = 8;

/// Bytes in a gigabyte, as networks are rated.
const GB: f64 = 1e9;
/// Runs that are named one by one.
const RUNS_NAMED: usize = 3;

/// What is about to be done.
pub(in crate::report) fn planned(sweep: &Sweep, plan: &SweepPlan) -> String {
    let SweepPlan { runs: left, keys: count, payload_bytes, .. } = *plan;
    let (points, runs) = (sweep.points.len() as u64, sweep.order.len() as u64);
    let times = if sweep.repeat == 1 { "once".into() } else { format!("{} times", show_count(sweep.repeat)) };
    let what = format!("{} {times}: {}", plural(points, "point"), plural(runs, "run"));
    let left = if left < runs { format!(", of which {} are left", show_count(left)) } else { String::new() };
    let much = format!("{what}{left}, {} ({}) in all", keys(count), show_bytes(payload_bytes));
    let axes = sweep.grid.iter().map(|(name, settings)| format!("{name} {}", named(settings)));
    let warm_up = warm_up(sweep.warm_up_percent);
    let order = format!("--shuffle-seed {}; the servers are emptied, and {warm_up}", sweep.shuffle_seed);
    wrap("sweeping ", 9, &much)
        + &wrap("    over ", 9, &axes.collect::<Vec<_>>().join("; "))
        + &wrap("    into ", 9, &sweep.target.describe())
        + &wrap("    with ", 9, &order)
        + &takes(sweep, plan)
}

/// How long it may take, as far as that is known before the first run.
fn takes(sweep: &Sweep, plan: &SweepPlan) -> String {
    let Options { rate_keys_per_second: keys, rate_bytes_per_second: bytes, .. } = &sweep.options;
    let by_keys = keys.map(|rate| plan.keys as f64 / rate);
    let by_rate = by_keys.or_else(|| bytes.map(|rate| plan.payload_bytes as f64 / rate));
    match (plan.seconds, by_rate) {
        (Some(seconds), _) => estimated(seconds, "the runs that are there"),
        (None, Some(seconds)) => wrap("   takes ", 9, &format!("{} at least, by --rate", clock(seconds))),
        (None, None) => {
            let seconds = clock(plan.bytes_with_warm_ups as f64 / GB);
            let first = if sweep.warm_up_percent > 0.0 { "warm-up" } else { "run" };
            let text = format!("{seconds} to send at 1 GB/s; more is known after the first {first}");
            wrap("   takes ", 9, &text)
        }
    }
}

fn named(settings: &[Setting]) -> String {
    let mut words: Vec<String> = settings.iter().map(ToString::to_string).collect();
    if words.len() > SETTINGS_NAMED {
        let more = words.len() - SETTINGS_NAMED + 1;
        let last = words.pop().unwrap_or_default();
        words.truncate(SETTINGS_NAMED - 2);
        words.extend([format!("({more} more)"), last]);
    }
    words.join(", ")
}

/// What was taken away of runs that are not written down.
pub(in crate::report) fn dropped(dropped: &Dropped) -> String {
    let mut text = String::new();
    if dropped.torn {
        let torn = "runs.csv ended within a row, as after a crash or on a full disk: that row is cut off";
        text += &wrap("caution: ", 9, torn);
    }
    if !dropped.runs.is_empty() {
        let named: Vec<_> = dropped.runs.iter().take(RUNS_NAMED).map(String::as_str).collect();
        let more = if dropped.runs.len() > RUNS_NAMED { ", …" } else { "" };
        let runs = plural(dropped.runs.len() as u64, "run");
        let text_of = format!(
            "runs.csv has no row of {runs} ({}{more}): what else there was is taken away, and what that table lacks is \
             done again",
            named.join(", ")
        );
        text += &wrap("caution: ", 9, &text_of);
    }
    text
}

/// The servers are waited for.
pub(in crate::report) fn waiting(cause: &str, seconds: f64) -> String {
    wrap("  waiting ", 10, &format!("for the servers, for {} at most: {cause}", clock(seconds)))
}

/// How long it may take.
pub(in crate::report) fn estimated(seconds: f64, by: &str) -> String {
    format!("   takes about {}, by {by}\n", clock(seconds))
}

/// `sweep  25%`
pub(in crate::report) fn bar_heading(whole: &str, done: u64, of: u64) -> String {
    format!("{whole} {:>3}%", percent(done, of))
}

/// `6 of 24 runs  0:41 left  filling 43%: key_size 64`
pub(in crate::report) fn bar(
    done: u64,
    of: u64,
    seconds_left: Option<f64>,
    work: &str,
    keys: (u64, u64),
    point: &str,
) -> String {
    let left = seconds_left.map_or_else(String::new, |seconds| format!("  {} left", clock(seconds)));
    let share = percent(keys.0, keys.1);
    format!("{} of {} runs{left}  {work} {share}%: {point}", short(done as f64), short(of as f64))
}

/// What became of a run, and which one of how many it was.
pub(in crate::report) fn ended(
    (number, of): (u64, u64),
    point: &str,
    repeat: Option<u64>,
    record: &Record,
) -> String {
    let what = match record.verdict {
        Verdict::Exact | Verdict::Discarded => {
            let (rates, latency) = (&record.rates, &record.latency_us);
            let rate = key_rate(rates.keys_per_second);
            let bytes = byte_rate(rates.payload_bytes_per_second);
            let limit = match record.limited_by {
                LimitedBy::Client => ", limited by THIS CLIENT",
                _ => "",
            };
            format!("{rate}, {bytes}, p99 {}{limit}", micros(latency.p99))
        }
        Verdict::Missing | Verdict::Wrong => {
            let account = &record.account;
            let (missing, wrong) = (account.missing.unwrap_or_default(), account.wrong.unwrap_or_default());
            format!("{} missing, {} wrong", keys(missing), show_count(wrong))
        }
        _ => {
            let error = record.error.as_ref().map_or("it came to no end", |error| &error.message);
            format!("failed: {error}")
        }
    };
    let width = of.to_string().len();
    let first = format!("{number:>width$}/{of}  ");
    let repeat = repeat.map_or_else(String::new, |repeat| format!(", run {repeat}"));
    wrap(&first, first.len(), &format!("{point}{repeat}: {what}"))
}

/// What the whole came to.
pub(in crate::report) fn swept(result: &Swept, out: &Path) -> String {
    let (done, of) = result.runs;
    let mut parts = Vec::new();
    if result.failed > 0 {
        parts.push(format!("{} failed", show_count(result.failed)));
    }
    if result.inexact > 0 {
        parts.push(format!("{} with keys missing or wrong", show_count(result.inexact)));
    }
    if parts.is_empty() {
        parts.push("all exact".into());
    }
    let time = match result.runs_now {
        0 => String::new(),
        now if now == done => format!(" in {}", clock(result.seconds)),
        now => format!(", {} of them now, in {}", show_count(now), clock(result.seconds)),
    };
    let kept = || format!("{} of {} are kept", show_count(done), plural(of, "run"));
    let mut text = match &result.cut {
        None => wrap("", 0, &format!("swept: {}{time}, {}", plural(done, "run"), parts.join(", "))),
        Some(Cut::Interrupted) => wrap("", 0, &format!("interrupted: {}", kept())),
        Some(Cut::Stopped(why) | Cut::Unconsented(why)) => {
            wrap("", 0, &format!("stopped: {}, {}", kept(), parts.join(", "))) + &failure(Some(why))
        }
    };
    if result.by_client > 0 {
        let runs = format!("{} of {}", show_count(result.by_client), plural(done, "run"));
        text += &wrap(
            "caution: ",
            9,
            &format!(
                "in {runs} THIS CLIENT WAS THE LIMIT, not the servers: their figures say what it can send, not what \
                 they can take. runs.csv says why, and what would help: limited_by_because, limited_by_cure."
            ),
        );
    }
    text += &wrap("  results in ", 13, &out.display().to_string());
    if let Some(command) = &result.resume_command {
        let to_do = if done < of { "to go on" } else { "to do what failed again" };
        // In one line, so that it can be copied.
        text += &format!("  {to_do}: {command}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Failure, example};

    #[test]
    fn a_sweep_says_what_it_will_do() {
        let sweep = example::sweep();
        let plan = SweepPlan {
            runs: 12,
            keys: 6_000_000,
            payload_bytes: 3 << 30,
            bytes_with_warm_ups: 3_600_000_000_000,
            seconds: None,
        };
        let by_rate = planned(&sweep, &plan);
        let options =
            Options { rate_keys_per_second: None, rate_bytes_per_second: None, ..sweep.options.clone() };
        let unlimited = planned(&Sweep { options, ..sweep.clone() }, &plan);
        let some_left = planned(&sweep, &SweepPlan { runs: 5, seconds: Some(41.0), ..plan });
        insta::assert_snapshot!(by_rate + &unlimited + &some_left + &estimated(754.0, "the first warm-up"));
    }

    #[test]
    fn each_run_is_a_line() {
        let sweep = example::sweep();
        let words = sweep.words(2);
        let by_client = Record { limited_by: LimitedBy::Client, ..example::exact() };
        let lines = [example::exact(), example::missing(), example::failed(), by_client]
            .iter()
            .zip(9..)
            .map(|(record, number)| ended((number, 12), &words, Some(3), record))
            .collect::<String>();
        insta::assert_snapshot!(lines);
        assert_eq!(bar_heading("sweep", 3, 12), "sweep  25%");
        let shown = bar(3, 12, Some(61.0), "filling", (43, 100), &words);
        assert_eq!(shown, "3 of 12 runs  1:01 left  filling 43%: command mset, key_size 64");
    }

    #[test]
    fn the_end_says_what_it_came_to_and_how_to_go_on() {
        let well = Swept {
            runs: (12, 12),
            runs_now: 12,
            inexact: 0,
            failed: 0,
            by_client: 0,
            cut: None,
            seconds: 61.0,
            resume_command: None,
        };
        let again = Some("fillbench sweep --resume results/1 --retry-failed".into());
        let badly = Swept { inexact: 1, failed: 2, resume_command: again.clone(), ..well.clone() };
        let by_client = Swept { by_client: 7, ..well.clone() };
        let stopped = Swept {
            runs: (5, 12),
            failed: 1,
            cut: Some(Cut::Stopped(Failure {
                message: "no connection to 127.0.0.1:7001: connection refused".into(),
                cure: Some("start the servers again, and go on".into()),
            })),
            resume_command: again,
            ..well.clone()
        };
        let cut = Swept {
            runs: (5, 12),
            cut: Some(Cut::Interrupted),
            resume_command: Some("fillbench sweep --resume results/1".into()),
            ..well.clone()
        };
        let resumed = Swept { runs_now: 7, ..well.clone() };
        let nothing_left = Swept { runs_now: 0, ..well.clone() };
        let all = [well, badly, cut, stopped, by_client, resumed, nothing_left]
            .map(|result| swept(&result, Path::new("results/1")));
        insta::assert_snapshot!(all.concat());
    }

    #[test]
    fn what_is_taken_away_is_told() {
        let runs = |runs: &[&str]| runs.iter().map(|run| (*run).to_owned()).collect();
        let few = Dropped { torn: true, runs: runs(&["20261120T101112Z-4f2a"]) };
        let many = Dropped { torn: false, runs: runs(&["a", "b", "c", "d"]) };
        insta::assert_snapshot!(dropped(&few) + &dropped(&many));
    }

    #[test]
    fn long_lists_are_cut_short() {
        let settings: Vec<_> = (1..=20).map(Setting::Number).collect();
        assert_eq!(named(&settings), "1, 2, 3, 4, 5, 6, (13 more), 20");
        assert_eq!(named(&settings[..8]), "1, 2, 3, 4, 5, 6, 7, 8");
    }
}
