//! What an axis of a chart covers: its ends, its round ticks, and where along it a value stands.

use super::model::{Scale, Unit};

/// A value with what is written beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) text: String,
}

/// The values that an axis covers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    scale: Scale,
    low: f64,
    high: f64,
    /// From the least up.
    pub(super) ticks: Vec<Tick>,
    /// Values between the ticks that get a faint line and no text.
    pub(super) minor: Vec<f64>,
}

/// The digits that a round number begins with.
const ROUND: [f64; 3] = [1.0, 2.0, 5.0];

/// No linear range ends below this, since steps of it could not be written.
const AS_GOOD_AS_ZERO: f64 = 1e-9;

/// What the ends of a logarithmic range are apart at least, as a ratio: so that nothing that hardly
/// differs looks as if it did.
const NARROWEST: f64 = 1.5;

impl Range {
    /// Covers values up to the next round one, with about `most` ticks at most. None of the values may be
    /// negative, nor zero on a logarithmic scale.
    pub(super) fn around(scale: Scale, unit: Unit, least: f64, greatest: f64, most: usize) -> Self {
        match scale {
            Scale::Linear => Self::linear(unit, greatest, most),
            // The values are so close that powers would leave them in a corner.
            Scale::Log if greatest / least < 4.0 => {
                let aside = (NARROWEST / (greatest / least)).max(1.0).sqrt();
                Self::log_narrow(unit, least / aside, greatest * aside, most)
            }
            Scale::Log if unit.is_binary() => Self::log_binary(unit, least, greatest, most),
            Scale::Log => Self::log_decimal(unit, least, greatest, most),
        }
    }

    /// Covers the values and nothing beyond; ticks are those of [`Range::around`] that it still covers.
    pub(super) fn exactly(scale: Scale, unit: Unit, least: f64, greatest: f64, most: usize) -> Self {
        let mut range = Self::around(scale, unit, least, greatest, most);
        range.high = if greatest > AS_GOOD_AS_ZERO { greatest } else { range.high };
        range.low = least;
        let (low, high) = (range.low, range.high);
        let covers = |value: f64| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
        range.ticks.retain(|tick| covers(tick.value));
        range.minor.retain(|&value| covers(value));
        range
    }

    /// Where a value stands, from 0 at the low end to 1 at the high end.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        // One value alone is in the middle.
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
    }

    fn new(scale: Scale, low: f64, high: f64, ticks: Vec<Tick>) -> Self {
        Self { scale, low, high, ticks, minor: Vec::new() }
    }

    fn linear(unit: Unit, greatest: f64, most: usize) -> Self {
        let greatest = if greatest > AS_GOOD_AS_ZERO { greatest } else { 1.0 };
        let (values, texts) = steps(unit, 0.0, greatest, most);
        let high = values.last().copied().unwrap_or(greatest);
        Self::new(Scale::Linear, 0.0, high, ticks(values, texts))
    }

    fn log_narrow(unit: Unit, least: f64, greatest: f64, most: usize) -> Self {
        let (mut values, mut texts) = steps(unit, least, greatest, most);
        if values.first().is_some_and(|&value| value <= 0.0) {
            values.remove(0);
            texts.remove(0);
        }
        let low = values.first().copied().unwrap_or(least).min(least);
        let high = values.last().copied().unwrap_or(greatest).max(greatest);
        Self::new(Scale::Log, low, high, ticks(values, texts))
    }

    fn log_binary(unit: Unit, least: f64, greatest: f64, most: usize) -> Self {
        let low = (least.log2() + 1e-9).floor() as i32;
        let high = (greatest.log2() - 1e-9).ceil() as i32;
        let step = powers_apart(high - low, most);
        let exponents = (low..=high).filter(|exponent| exponent.rem_euclid(step) == 0);
        let ticks: Vec<_> = exponents.map(|exponent| tick(unit, 2f64.powi(exponent))).collect();
        Self::new(Scale::Log, 2f64.powi(low), 2f64.powi(high), ticks)
    }

    fn log_decimal(unit: Unit, least: f64, greatest: f64, most: usize) -> Self {
        let (first, last) = (least.log10().floor() as i32, greatest.log10().ceil() as i32);
        let round: Vec<f64> =
            (first..=last).flat_map(|decade| ROUND.map(|digit| digit * 10f64.powi(decade))).collect();
        let low = round.iter().copied().rfind(|&value| value <= least * (1.0 + 1e-9)).unwrap_or(least);
        let high = round.iter().copied().find(|&value| value >= greatest * (1.0 - 1e-9)).unwrap_or(greatest);
        let covers = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
        let fine: Vec<f64> = round.into_iter().filter(covers).collect();
        if fine.len() <= most {
            return Self::new(Scale::Log, low, high, fine.into_iter().map(|v| tick(unit, v)).collect());
        }
        let step = powers_apart(last - first, most);
        let decades = (first..=last).filter(|decade| decade.rem_euclid(step) == 0);
        let values = decades.map(|decade| 10f64.powi(decade)).filter(covers);
        let mut range = Self::new(Scale::Log, low, high, values.map(|v| tick(unit, v)).collect());
        let between = |decade: i32| (2..10).map(move |digit| f64::from(digit) * 10f64.powi(decade));
        if step == 1 {
            range.minor = (first..=last).flat_map(between).filter(covers).collect();
        }
        range
    }
}

/// How many powers apart ticks are, so that a span of powers has about `most` at most.
fn powers_apart(span: i32, most: usize) -> i32 {
    let most = i32::try_from(most.max(1)).unwrap_or(i32::MAX);
    (span.saturating_add(most - 1) / most).max(1)
}

fn tick(unit: Unit, value: f64) -> Tick {
    Tick { value, text: unit.write_exact(value) }
}

fn ticks(values: Vec<f64>, texts: Vec<String>) -> Vec<Tick> {
    values.into_iter().zip(texts).map(|(value, text)| Tick { value, text }).collect()
}

/// Round values at even distances that enclose two others, and how they are written: in one measure, with as
/// many decimals each.
fn steps(unit: Unit, least: f64, greatest: f64, most: usize) -> (Vec<f64>, Vec<String>) {
    let measure = unit.measure(greatest);
    let (least, greatest) = (least / measure.factor, greatest / measure.factor);
    let step = round_up((greatest - least) / most.max(1) as f64);
    let (first, last) = ((least / step + 1e-9).floor(), (greatest / step - 1e-9).ceil());
    let count = (last - first).clamp(1.0, 2.0 * most.max(1) as f64) as usize;
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let numbers: Vec<f64> = (0..=count).map(|index| (first + index as f64) * step).collect();
    let write = |number: &f64| match number.abs() > 0.0 {
        true => format!("{number:.decimals$}{}", measure.name),
        false => "0".into(),
    };
    let texts = numbers.iter().map(write).collect();
    (numbers.into_iter().map(|number| number * measure.factor).collect(), texts)
}

/// The least of 1, 2, 5, 10, 20, … (and their parts) that is as great as a number.
fn round_up(number: f64) -> f64 {
    let power = 10f64.powf(number.log10().floor());
    let fitting = ROUND.into_iter().find(|digit| digit * power >= number * (1.0 - 1e-9));
    let step = fitting.unwrap_or(10.0) * power;
    if step.is_finite() && step > 0.0 { step } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(range: &Range) -> Vec<&str> {
        range.ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    fn linear(unit: Unit, greatest: f64) -> Range {
        Range::around(Scale::Linear, unit, 0.0, greatest, 6)
    }

    fn log(unit: Unit, least: f64, greatest: f64) -> Range {
        Range::around(Scale::Log, unit, least, greatest, 7)
    }

    #[test]
    fn linear_ticks_are_round_begin_at_zero_and_reach_beyond_the_greatest() {
        let million = linear(Unit::PerSecond, 1_130_000.0);
        assert_eq!(texts(&million), ["0", "0.2 M/s", "0.4 M/s", "0.6 M/s", "0.8 M/s", "1.0 M/s", "1.2 M/s"]);
        assert!(million.share(0.0) == 0.0 && (million.share(600_000.0) - 0.5).abs() < 1e-9);
        assert_eq!(texts(&linear(Unit::Percent, 100.0)), ["0", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        let bytes = linear(Unit::BytesPerSecond, 900e6);
        assert_eq!(texts(&bytes), ["0", "200 MB/s", "400 MB/s", "600 MB/s", "800 MB/s", "1000 MB/s"]);
        assert_eq!(
            texts(&linear(Unit::Seconds, 0.25)),
            ["0", "50 ms", "100 ms", "150 ms", "200 ms", "250 ms"]
        );
    }

    #[test]
    fn nothing_but_zeros_still_has_an_axis() {
        let zeros = linear(Unit::PerSecond, 0.0);
        assert_eq!((zeros.share(0.0), texts(&zeros).first()), (0.0, Some(&"0")));
        assert!(zeros.ticks.len() > 1);
    }

    #[test]
    fn logarithmic_ticks_are_1_2_5_or_decades_or_powers_of_two() {
        assert_eq!(
            texts(&log(Unit::Microseconds, 230.0, 4_100.0)),
            ["200 µs", "500 µs", "1 ms", "2 ms", "5 ms"]
        );
        let wide = log(Unit::Microseconds, 120.0, 2_500_000.0);
        assert_eq!(texts(&wide), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]);
        assert!(wide.minor.contains(&200.0) && !wide.minor.contains(&90.0), "{:?}", wide.minor);
        assert_eq!(texts(&log(Unit::Bytes, 64.0, 1024.0)), ["64 B", "128 B", "256 B", "512 B", "1 KiB"]);
        assert_eq!(
            texts(&log(Unit::Bytes, 1.0, 1_048_576.0)),
            ["1 B", "8 B", "64 B", "512 B", "4 KiB", "32 KiB", "256 KiB"]
        );
    }

    #[test]
    fn the_same_ratio_is_the_same_distance_on_a_logarithmic_scale() {
        let range = log(Unit::Plain, 10.0, 10_000.0);
        let shares = [10.0, 100.0, 1000.0, 10_000.0].map(|value| range.share(value));
        for two in shares.windows(2) {
            assert!((two[1] - two[0] - 1.0 / 3.0).abs() < 1e-9, "{shares:?}");
        }
    }

    #[test]
    fn values_close_to_each_other_have_several_ticks_on_a_logarithmic_scale_too() {
        for (least, greatest) in [(100.0, 180.0), (1.0, 3.9), (999.0, 1001.0), (42.0, 42.0)] {
            let range = log(Unit::Plain, least, greatest);
            assert!(range.ticks.len() >= 2, "{least} to {greatest}: {:?}", texts(&range));
            assert!(range.ticks.iter().all(|tick| tick.value > 0.0));
            assert!(range.share(least) >= 0.0 && range.share(greatest) <= 1.0);
        }
    }

    #[test]
    fn what_hardly_differs_does_not_look_so_on_a_logarithmic_scale() {
        let range = log(Unit::PerSecond, 1_000_000.0, 1_010_000.0);
        assert!(range.share(1_010_000.0) - range.share(1_000_000.0) < 0.05);
    }

    #[test]
    fn an_exact_range_ends_with_the_values() {
        let time = Range::exactly(Scale::Linear, Unit::Seconds, 0.0, 63.0, 6);
        assert_eq!((time.share(63.0), texts(&time)), (1.0, vec!["0", "20 s", "40 s", "60 s"]));
        let one = Range::exactly(Scale::Log, Unit::Plain, 8.0, 8.0, 6);
        assert_eq!(one.share(8.0), 0.5);
    }
}
