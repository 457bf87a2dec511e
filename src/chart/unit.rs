//! Numbers with their units, as short as a tick needs them.

use super::model::Unit;

/// A multiple of a unit that has a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measure {
    /// So many of the unit are one of it.
    pub(super) factor: f64,
    /// Stands behind the number.
    pub(super) name: &'static str,
    /// From how many of it on it is used: `90 s` says more than `1.5 min`.
    from: f64,
}

const fn measure(factor: f64, name: &'static str) -> Measure {
    Measure { factor, name, from: 1.0 }
}

const KIB: f64 = 1024.0;

const PLAIN: &[Measure] =
    &[measure(1.0, ""), measure(1e3, " k"), measure(1e6, " M"), measure(1e9, " G"), measure(1e12, " T")];
const BYTES: &[Measure] = &[
    measure(1.0, " B"),
    measure(KIB, " KiB"),
    measure(KIB * KIB, " MiB"),
    measure(KIB * KIB * KIB, " GiB"),
    measure(KIB * KIB * KIB * KIB, " TiB"),
];
const PER_SECOND: &[Measure] =
    &[measure(1.0, "/s"), measure(1e3, " k/s"), measure(1e6, " M/s"), measure(1e9, " G/s")];
const BYTES_PER_SECOND: &[Measure] = &[
    measure(1.0, " B/s"),
    measure(1e3, " kB/s"),
    measure(1e6, " MB/s"),
    measure(1e9, " GB/s"),
    measure(1e12, " TB/s"),
];
const MICROSECONDS: &[Measure] = &[measure(1.0, " µs"), measure(1e3, " ms"), measure(1e6, " s")];
const SECONDS: &[Measure] = &[
    measure(1e-6, " µs"),
    measure(1e-3, " ms"),
    measure(1.0, " s"),
    Measure { factor: 60.0, name: " min", from: 3.0 },
    Measure { factor: 3600.0, name: " h", from: 3.0 },
];
const PERCENT: &[Measure] = &[measure(1.0, " %")];

/// Letters of a value to its last digit. Longer ones are rounded.
const MAX_LETTERS: usize = 14;

impl Unit {
    /// From the least up.
    fn measures(self) -> &'static [Measure] {
        match self {
            Self::Plain => PLAIN,
            Self::Bytes => BYTES,
            Self::PerSecond => PER_SECOND,
            Self::BytesPerSecond => BYTES_PER_SECOND,
            Self::Microseconds => MICROSECONDS,
            Self::Seconds => SECONDS,
            Self::Percent => PERCENT,
        }
    }

    /// Whether round numbers are powers of two.
    pub(super) fn is_binary(self) -> bool {
        self == Self::Bytes
    }

    /// The measure in which a value is written.
    pub(super) fn measure(self, value: f64) -> Measure {
        let measures = self.measures();
        let fitting = measures.iter().rev().find(|one| value >= one.factor * one.from);
        *fitting.unwrap_or(&measures[0])
    }

    /// A value to three digits: `1.25 M/s`. Zero has no unit, since it is zero in any.
    pub(super) fn write(self, value: f64) -> String {
        if value == 0.0 {
            return "0".into();
        }
        let measure = self.measure(value);
        let digits = three_digits(value / measure.factor);
        // 999.9 k is 1000 k when it is rounded, which is 1 M.
        let rounded = digits.parse::<f64>().unwrap_or(0.0) * measure.factor;
        let measure_rounded = self.measure(rounded);
        if measure_rounded == measure {
            return format!("{digits}{}", measure.name);
        }
        format!("{}{}", three_digits(rounded / measure_rounded.factor), measure_rounded.name)
    }

    /// A value to its last digit: `10 k`, but `10240`.
    pub(super) fn write_exact(self, value: f64) -> String {
        let measure = self.measure(value);
        let digits = three_digits(value / measure.factor);
        let written = digits.parse::<f64>().unwrap_or(0.0) * measure.factor;
        if (written - value).abs() <= value.abs() * 1e-9 {
            return self.write(value);
        }
        let plain = self.measures().iter().find(|one| one.factor == 1.0).map_or("", |one| one.name);
        let exact = format!("{value}{plain}");
        if exact.chars().count() <= MAX_LETTERS { exact } else { self.write(value) }
    }
}

/// A number to three digits, or to all that it has before the point.
fn three_digits(number: f64) -> String {
    let decimals = match number.abs() {
        number if number >= 100.0 => 0,
        number if number >= 10.0 => 1,
        number if number >= 1.0 => 2,
        number if number > 0.0 => (2 - number.log10().floor() as i32).clamp(0, 12) as usize,
        _ => 0,
    };
    let written = format!("{number:.decimals$}");
    if !written.contains('.') {
        return written;
    }
    written.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_to_three_digits_in_the_unit_that_fits() {
        let written = [
            (Unit::Plain, 64.0, "64"),
            (Unit::Plain, 0.5, "0.5"),
            (Unit::Plain, 0.012_345, "0.0123"),
            (Unit::Plain, 1000.0, "1 k"),
            (Unit::Plain, 999.96, "1 k"),
            (Unit::Plain, 999_900.0, "1 M"),
            (Unit::PerSecond, 1_234_567.0, "1.23 M/s"),
            (Unit::Bytes, 1023.0, "1023 B"),
            (Unit::Bytes, 65536.0, "64 KiB"),
            (Unit::Bytes, 1020.0 * 1024.0, "1020 KiB"),
            (Unit::BytesPerSecond, 1.5e9, "1.5 GB/s"),
            (Unit::Microseconds, 0.4, "0.4 µs"),
            (Unit::Microseconds, 3000.0, "3 ms"),
            (Unit::Microseconds, 1_500_000.0, "1.5 s"),
            (Unit::Seconds, 0.0025, "2.5 ms"),
            (Unit::Seconds, 90.0, "90 s"),
            (Unit::Seconds, 300.0, "5 min"),
            (Unit::Seconds, 4.0 * 3600.0, "4 h"),
            (Unit::Percent, 12.34, "12.3 %"),
            (Unit::Percent, 0.0, "0"),
        ];
        for (unit, value, expected) in written {
            assert_eq!(unit.write(value), expected, "{unit:?} {value}");
        }
    }

    #[test]
    fn swept_values_keep_every_digit() {
        let written = [
            (Unit::Plain, 10_000.0, "10 k"),
            (Unit::Plain, 10_240.0, "10240"),
            (Unit::Plain, 1500.0, "1.5 k"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 1536.0, "1.5 KiB"),
            (Unit::Bytes, 5000.0, "5000 B"),
            (Unit::Seconds, 200.0, "200 s"),
            (Unit::Plain, 0.0, "0"),
            (Unit::Plain, 1.0 / 3.0, "0.333"),
            (Unit::Bytes, 1e-300, "0 B"),
        ];
        for (unit, value, expected) in written {
            assert_eq!(unit.write_exact(value), expected, "{unit:?} {value}");
        }
    }

    #[test]
    fn extremes_are_written_somehow() {
        for unit in [Unit::Plain, Unit::Bytes, Unit::Seconds, Unit::Percent] {
            for value in [f64::MIN_POSITIVE, 1e-30, 1e30, f64::MAX] {
                assert!(!unit.write(value).is_empty() && !unit.write_exact(value).is_empty());
            }
        }
    }
}
