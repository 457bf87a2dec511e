//! Numbers with 64 bits of mantissa, which is what INCRBYFLOAT reckons with on the machines that most
//! servers run on: with 53 bits, 3 and 1.1 would not come to 4.1. Knows nothing of commands.

use super::natural::Natural;

/// The exponent of the smallest step.
const MIN_EXPONENT: i64 = -16445;
/// Numbers are below two to this.
const MAX_BITS: i64 = 16384;
/// Bits of a mantissa.
const MANTISSA_BITS: i64 = 64;
/// Decimals that are written, unless they are zeros at the end.
const DECIMALS: u32 = 17;
/// Bytes of text that are read at most.
const MAX_TEXT_BYTES: usize = 5 * 1024;
/// Powers of ten beyond which every number that fits into a text is infinite, or nothing.
const MAX_DECIMAL_EXPONENT: i64 = 12_000;

/// A number, or an infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongDouble {
    negative: bool,
    /// Times two to the power of `exponent`; `None` is infinite.
    mantissa: Option<u64>,
    exponent: i64,
}

impl LongDouble {
    pub(crate) const ZERO: Self = Self { negative: false, mantissa: Some(0), exponent: 0 };

    /// Reads a number as C does: decimal or hexadecimal, or `inf`. What is too large to be told from
    /// infinity, or too small to be told from zero, is none.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() < MAX_TEXT_BYTES)?;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let digits = digits.to_ascii_lowercase();
        if digits == "inf" || digits == "infinity" {
            return Some(Self { negative, mantissa: None, exponent: 0 });
        }
        let (number, exponent, sticky) = match digits.strip_prefix("0x") {
            Some(digits) => hexadecimal(digits)?,
            None => decimal(&digits)?,
        };
        let is_zero = number.is_zero();
        let read = Self::round(negative, &number, exponent, sticky);
        let is_lost = read.mantissa.is_none_or(|mantissa| mantissa == 0 && !is_zero);
        (!is_lost).then_some(read)
    }

    /// The sum; `None` where it is no number.
    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let (Some(mantissa), Some(others)) = (self.mantissa, other.mantissa) else {
            return None;
        };
        let exponent = self.exponent.min(other.exponent);
        let scaled =
            |mantissa: u64, from: i64| Natural::from(mantissa).shifted_left((from - exponent) as usize);
        let (a, b) = (scaled(mantissa, self.exponent), scaled(others, other.exponent));
        let (negative, sum) = match (self.negative == other.negative, a.is_less_than(&b)) {
            (true, _) => (self.negative, a.plus(&b)),
            (false, true) => (other.negative, b.minus(&a)),
            (false, false) => (self.negative, a.minus(&b)),
        };
        Some(Self::round(negative, &sum, exponent, false)).filter(|sum| sum.mantissa.is_some())
    }

    /// The number in decimals, without an exponent, and without zeros at the end; `None` where it is infinite.
    pub(crate) fn text(self) -> Option<String> {
        let mut number = Natural::from(self.mantissa?);
        if self.exponent >= 0 {
            let digits = number.shifted_left(self.exponent as usize).decimal();
            return Some(if self.negative && digits != "0" { format!("-{digits}") } else { digits });
        }
        (0..DECIMALS).for_each(|_| number.multiply_add(10, 0));
        let digits = number.rounded_right(-self.exponent as usize, false).decimal();
        let digits = format!("{digits:0>width$}", width = DECIMALS as usize + 1);
        let (whole, part) = digits.split_at(digits.len() - DECIMALS as usize);
        let digits = format!("{whole}.{part}");
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        Some(if self.negative && digits != "0" { format!("-{digits}") } else { digits.into() })
    }

    /// The nearest number to one of any length, times two to the power of `exponent`, of two that are as near
    /// the even one. `sticky` says that the true one is a little larger.
    fn round(negative: bool, number: &Natural, exponent: i64, sticky: bool) -> Self {
        let bits = number.bits() as i64;
        let drop = (bits - MANTISSA_BITS).max(MIN_EXPONENT - exponent).max(0);
        let mut rounded = number.rounded_right(drop as usize, sticky);
        let mut exponent = exponent + drop;
        if rounded.bits() as i64 > MANTISSA_BITS {
            rounded = rounded.rounded_right(1, false);
            exponent += 1;
        }
        let is_finite = rounded.bits() as i64 + exponent <= MAX_BITS;
        Self { negative, mantissa: rounded.low().filter(|_| is_finite), exponent }
    }
}

/// A number, the power of two that it is to be multiplied by, and whether there is a little more of it.
type Parts = (Natural, i64, bool);

fn hexadecimal(text: &str) -> Option<Parts> {
    let (digits, exponent) = match text.split_once('p') {
        Some((digits, exponent)) => (digits, self::exponent(exponent)?),
        None => (text, 0),
    };
    let (number, decimals) = digits_of(digits, 16)?;
    Some((number, exponent - 4 * decimals, false)).filter(|(_, exponent, _)| exponent.abs() < 4 * MAX_BITS)
}

fn decimal(text: &str) -> Option<Parts> {
    let (digits, exponent) = match text.split_once('e') {
        Some((digits, exponent)) => (digits, self::exponent(exponent)?),
        None => (text, 0),
    };
    let (mut number, decimals) = digits_of(digits, 10)?;
    if number.is_zero() {
        return Some((number, 0, false));
    }
    let exponent = exponent - decimals;
    if exponent.abs() > MAX_DECIMAL_EXPONENT {
        return None;
    }
    if exponent >= 0 {
        (0..exponent).for_each(|_| number.multiply_add(10, 0));
        return Some((number, 0, false));
    }
    // Enough bits that a whole mantissa and one more are left when it is divided: ten is below two to the fourth.
    let shift = 4 * -exponent + 2 * MANTISSA_BITS;
    let mut number = number.shifted_left(shift as usize);
    let mut sticky = false;
    (0..-exponent).for_each(|_| sticky |= number.divide(10) != 0);
    Some((number, -shift, sticky))
}

/// Digits, of which those behind a point are counted. There is at least one.
fn digits_of(text: &str, radix: u32) -> Option<(Natural, i64)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut number = Natural::default();
    for digit in whole.chars().chain(part.chars()) {
        number.multiply_add(radix, digit.to_digit(radix)?);
    }
    (!whole.is_empty() || !part.is_empty()).then_some((number, part.len() as i64))
}

/// An exponent; one of many digits is as good as one that is too large.
fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().unwrap_or(i64::from(u32::MAX)).min(i64::from(u32::MAX));
    Some(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        LongDouble::parse(a.as_bytes())?.add(LongDouble::parse(b.as_bytes())?)?.text()
    }

    #[test]
    fn sums_are_those_of_redis() {
        for (a, b, wanted) in [
            ("3", "1.1", "4.1"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0.1", "0.2", "0.3"),
            ("-1", "1", "0"),
            ("-0", "0", "0"),
            ("0", "1e-17", "0.00000000000000001"),
            ("0", "1e-30", "0"),
            ("9223372036854775807", "1", "9223372036854775808"),
            ("0x10", "0x.8p1", "17"),
            ("1e19", "-1", "9999999999999999999"),
            ("1e21", "-1", "1000000000000000000000"),
            (".5", "5.", "5.5"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(wanted), "{a} {b}");
        }
        for (a, b) in [("inf", "1"), ("-inf", "inf"), ("1e4932", "1e4932"), ("1e5000", "1"), ("1e-5000", "1")]
        {
            assert_eq!(sum(a, b), None, "{a} {b}");
        }
        for text in
            ["", " 1", "1 ", "x", "nan", "1e", "e1", ".", "0x", "--1", "1.2.3", "1e99999999999999999999"]
        {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text}");
        }
    }
}
