//! Figures as people read them: three digits, a unit, never an exponent.

use crate::text::printable;
use crate::units::plural;

/// Text is wrapped before this column.
pub(in crate::report) const WIDTH: usize = 79;

/// Three digits and a unit of thousands: `2.91M`.
pub(in crate::report) fn short(number: f64) -> String {
    scaled(number, &["", "k", "M", "G", "T"])
}

/// Keys a second: `2.91M keys/s`.
pub(in crate::report) fn key_rate(per_second: f64) -> String {
    format!("{} keys/s", short(per_second))
}

/// Bytes a second in decimal units, as networks are rated: `2.23 GB/s`.
pub(in crate::report) fn byte_rate(per_second: f64) -> String {
    scaled(per_second, &[" B/s", " kB/s", " MB/s", " GB/s", " TB/s"])
}

/// A length of time given in microseconds: `213 µs`, `1.25 ms`, `2.41 s`.
pub(in crate::report) fn micros(us: u64) -> String {
    scaled(us as f64, &[" µs", " ms", " s"])
}

/// A length of time given in seconds: `0.06 s`, `41.5 s`, and from a minute on as [`clock`].
pub(in crate::report) fn span(seconds: f64) -> String {
    match seconds {
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 59.95 => format!("{s:.1} s"),
        s => clock(s),
    }
}

/// A length of time as clocks show it, minutes and seconds, with hours if there are any: `0:07`,
/// `1:02:03`.
pub(super) fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// `1 key`, `2 keys`.
pub(super) fn keys(count: u64) -> String {
    plural(count, "key")
}

/// A part of a whole in percent, rounded down: 100 means all.
pub(super) fn percent(part: u64, whole: u64) -> u64 {
    (u128::from(part) * 100).checked_div(u128::from(whole)).unwrap_or(0).min(100) as u64
}

/// Breaks text at spaces before [`WIDTH`]; what follows the first line is indented. Line breaks in
/// the text stay; nothing else in it is obeyed by a terminal.
pub(in crate::report) fn wrap(first: &str, indent: usize, text: &str) -> String {
    let mut shown = String::from(first);
    let mut column = first.chars().count();
    for (number, line) in text.lines().enumerate() {
        let mut fresh = true;
        for word in line.split_whitespace() {
            let length = word.chars().count();
            if (fresh && number > 0) || (!fresh && column + 1 + length > WIDTH) {
                shown.push('\n');
                shown.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if !fresh {
                shown.push(' ');
                column += 1;
            }
            shown.push_str(&printable(word));
            column += length;
            fresh = false;
        }
    }
    shown.push('\n');
    shown
}

fn scaled(number: f64, units: &[&str]) -> String {
    let mut rest = number;
    let mut place = 0;
    // 999.5 would be shown as 1000 of the smaller unit.
    while rest >= 999.5 && place + 1 < units.len() {
        rest /= 1000.0;
        place += 1;
    }
    let digits = match rest {
        _ if place == 0 => 0,
        r if r < 9.995 => 2,
        r if r < 99.95 => 1,
        _ => 0,
    };
    format!("{rest:.digits$}{}", units[place])
}

/// How much of their keys warm up for runs.
pub(super) fn warm_up(percent: f64) -> String {
    match percent {
        0.0 => "no warm-ups".into(),
        percent => format!("a warm-up of {percent} % of its keys before each run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let shown = [0.0, 7.4, 999.4, 999.6, 9_996.0, 99_960.0, 2_912_345.0, 1e18].map(short);
        assert_eq!(shown, ["0", "7", "999", "1.00k", "10.0k", "100k", "2.91M", "1000000T"]);
        assert_eq!(byte_rate(2_234_000_000.0), "2.23 GB/s");
        assert_eq!([0, 213, 1_250, 30_000_000].map(micros), ["0 µs", "213 µs", "1.25 ms", "30.0 s"]);
        let shown = [0.0, 0.061, 41.46, 59.96, 125.0, 3723.0].map(span);
        assert_eq!(shown, ["0.00 s", "0.06 s", "41.5 s", "1:00", "2:05", "1:02:03"]);
        assert_eq!(keys(1), "1 key");
    }

    #[test]
    fn a_hundred_percent_means_all() {
        assert_eq!(percent(999_999, 1_000_000), 99);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(0, 0), 0);
    }

    #[test]
    fn long_lines_are_wrapped_and_indented() {
        let shown = wrap("label ", 6, &"word ".repeat(20));
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
        assert!(shown.lines().skip(1).all(|line| line.starts_with("      word")), "{shown}");
        assert_eq!(shown.matches("word").count(), 20);
        assert_eq!(wrap("a: ", 3, "one\ntwo"), "a: one\n   two\n");
        assert_eq!(wrap("\n", 0, "\x1b[2Jone\rtwo"), "\n?[2Jone two\n");
    }
}
