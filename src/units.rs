//! Sizes, rates and lengths of time as people write and read them.

use std::time::Duration;

use bytesize::ByteSize;

/// One GiB in bytes.
pub const GIB: u64 = 1 << 30;

/// Why a quantity was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a number with a unit.
    #[error("`{0}` is not a size: write bytes like 4096, or with a unit like 64KiB, 512MiB, 5GiB, 500MB")]
    Size(String),
    /// More than 2^64 bytes.
    #[error("`{0}` is larger than 2^64 bytes")]
    TooLarge(String),
    /// Not a number of things.
    #[error("`{0}` is not a count: write a whole number below 2^64, like 1000000")]
    Count(String),
    /// Not a rate.
    #[error("`{0}` is not a rate: write keys a second like 50000 or 50k, or bytes a second like 100MB")]
    Rate(String),
    /// Not a part of a whole.
    #[error("`{0}` is not a share: write percent, above 0 and up to 100, like 1% or 0.05%")]
    Percent(String),
    /// Not a length of time.
    #[error("`{0}` is not a length of time: write seconds like 30, or with a unit like 500ms, 5m, 1h")]
    Time(String),
}

/// Reads a size; a bare number counts in `unit` bytes and may have a fraction.
///
/// # Errors
/// [`UnitError`] if it is no size, or does not fit 64 bits.
pub fn parse_size(text: &str, unit: u64) -> Result<u64, UnitError> {
    let text = text.trim();
    if let Ok(whole) = text.parse::<u64>() {
        return whole.checked_mul(unit).ok_or_else(|| UnitError::TooLarge(text.into()));
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_| UnitError::Size(text.into()))?;
    let unit = match text[digits..].trim() {
        "" => unit,
        name => name.parse::<bytesize::Unit>().map_err(|_| UnitError::Size(text.into()))? * 1,
    };
    let bytes = (number * unit as f64).round();
    if bytes >= u64::MAX as f64 {
        return Err(UnitError::TooLarge(text.into()));
    }
    Ok(bytes as u64)
}

/// As [`parse_size`], where a bare number counts bytes.
///
/// # Errors
/// [`UnitError`] if it is no size, or does not fit 64 bits.
pub fn parse_bytes(text: &str) -> Result<u64, UnitError> {
    parse_size(text, 1)
}

/// A size as [`parse_size`] reads it again, to its last byte: `512KiB`, `500000B`.
pub fn write_size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let fits = |(power, _): &(u32, &str)| bytes > 0 && bytes.trailing_zeros() >= *power;
    let (power, unit) = units.into_iter().find(fits).unwrap_or((0, "B"));
    format!("{}{unit}", bytes >> power)
}

/// Reads a whole number.
///
/// # Errors
/// [`UnitError::Count`] if it is none, or does not fit 64 bits.
pub fn parse_count(text: &str) -> Result<u64, UnitError> {
    text.trim().parse().map_err(|_| UnitError::Count(text.into()))
}

/// Reads a length of time; a bare number counts seconds and may have a fraction.
///
/// # Errors
/// [`UnitError::Time`] if it is none, or negative.
pub fn parse_time(text: &str) -> Result<Duration, UnitError> {
    let wrong = || UnitError::Time(text.into());
    match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong()),
        Err(_) => humantime::parse_duration(text.trim()).map_err(|_| wrong()),
    }
}

/// As [`parse_time`], for time in which something has to happen.
///
/// # Errors
/// [`UnitError::Time`] if it is none, negative, or zero.
pub fn parse_time_above_zero(text: &str) -> Result<Duration, UnitError> {
    let time = parse_time(text)?;
    if time.is_zero() { Err(UnitError::Time(text.into())) } else { Ok(time) }
}

/// A ceiling on how fast keys are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Keys a second.
    Keys(f64),
    /// Bytes of keys and values a second.
    Bytes(f64),
}

/// Reads a rate: a number is keys a second, also in thousands like `50k` or millions like `2M`; one with a unit that
/// ends with B is bytes a second. `/s` may follow.
///
/// # Errors
/// [`UnitError::Rate`] if it is none, or not above zero.
pub fn parse_rate(text: &str) -> Result<Rate, UnitError> {
    let wrong = || UnitError::Rate(text.into());
    let bare = text.trim().trim_end_matches("/s").trim();
    let rate = if bare.ends_with(['B', 'b']) {
        Rate::Bytes(parse_bytes(bare).map_err(|_| wrong())? as f64)
    } else {
        let keys = bare.trim_end_matches("keys").trim();
        let scales = [("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9)];
        let scaled = scales.iter().find_map(|(unit, scale)| Some((keys.strip_suffix(unit)?.trim(), *scale)));
        let (number, scale) = scaled.unwrap_or((keys, 1.0));
        Rate::Keys(number.parse::<f64>().map_err(|_| wrong())? * scale)
    };
    match rate {
        Rate::Keys(n) | Rate::Bytes(n) if n > 0.0 && n.is_finite() => Ok(rate),
        _ => Err(wrong()),
    }
}

/// Reads a share in percent, with its sign.
///
/// # Errors
/// [`UnitError::Percent`] if it is none, or not above 0 and up to 100.
pub fn parse_percent(text: &str) -> Result<f64, UnitError> {
    let wrong = || UnitError::Percent(text.into());
    let percent: f64 =
        text.trim().strip_suffix('%').ok_or_else(wrong)?.trim().parse().map_err(|_| wrong())?;
    if percent > 0.0 && percent <= 100.0 { Ok(percent) } else { Err(wrong()) }
}

/// Bytes as people read them: `1.5 GiB`.
pub fn show_bytes(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

/// A whole number with its thousands apart: `1,500,000`.
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// So many things: `1 run`, `2,000 runs`.
pub fn plural(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", show_count(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_a_unit() {
        assert_eq!(parse_size("5", GIB), Ok(5 * GIB));
        assert_eq!(parse_size("0.5", GIB), Ok(GIB / 2));
        assert_eq!(parse_bytes("512"), Ok(512));
        assert_eq!(parse_bytes("64KiB"), Ok(65536));
        assert_eq!(parse_bytes("64 kib"), Ok(65536));
        assert_eq!(parse_size("500MB", GIB), Ok(500_000_000));
        assert_eq!(parse_size("1.5gib", 1), Ok(GIB + GIB / 2));
    }

    #[test]
    fn sizes_are_written_as_they_are_read() {
        let written = [0, 1, 1023, 1024, 512_000, 1_000_000, 3 << 40].map(write_size);
        assert_eq!(written, ["0B", "1B", "1023B", "1KiB", "500KiB", "1000000B", "3TiB"]);
        for bytes in [0, 7, 512 << 10, 500_000, 5 << 30] {
            assert_eq!(parse_size(&write_size(bytes), GIB), Ok(bytes));
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "-1", "five", "5 apples", "1e999", "nan"] {
            assert!(matches!(parse_bytes(text), Err(UnitError::Size(_))), "{text}");
        }
        assert!(matches!(parse_size("18446744073709551615", 2), Err(UnitError::TooLarge(_))));
        assert!(matches!(parse_bytes("99999999999999999999999"), Err(UnitError::TooLarge(_))));
    }

    #[test]
    fn counts_are_whole_and_fit() {
        assert_eq!(parse_count("18446744073709551615"), Ok(u64::MAX));
        for text in ["18446744073709551616", "-1", "1.5", "many", ""] {
            assert!(parse_count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_with_and_without_a_unit() {
        assert_eq!(parse_time("30"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_time("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("1m 30s"), Ok(Duration::from_secs(90)));
        assert!(parse_time("-1").is_err());
        assert!(parse_time("soon").is_err());
    }

    #[test]
    fn rates_are_keys_or_bytes() {
        assert_eq!(parse_rate("50000"), Ok(Rate::Keys(50_000.0)));
        assert_eq!(parse_rate("50000 keys/s"), Ok(Rate::Keys(50_000.0)));
        assert_eq!(parse_rate("100MB/s"), Ok(Rate::Bytes(100e6)));
        assert_eq!(parse_rate("1KiB"), Ok(Rate::Bytes(1024.0)));
        // Without a B, nobody would expect bytes.
        assert_eq!(parse_rate("50k"), Ok(Rate::Keys(50_000.0)));
        assert_eq!(parse_rate("1.5M keys/s"), Ok(Rate::Keys(1.5e6)));
        for text in ["0", "inf", "fast", "k", "100Mi", "B", "-5k"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_percent() {
        assert_eq!(parse_percent("1%"), Ok(1.0));
        assert_eq!(parse_percent(" 0.05 % "), Ok(0.05));
        for text in ["1", "0%", "-1%", "101%", "nan%", "%", "half"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_are_shown_in_thousands() {
        assert_eq!(show_count(0), "0");
        assert_eq!(show_count(999), "999");
        assert_eq!(show_count(1_500_000), "1,500,000");
        assert_eq!([0, 1, 2_000].map(|count| plural(count, "run")), ["0 runs", "1 run", "2,000 runs"]);
    }
}
