//! Words of a request to what they mean, or to the error that Redis gives.

use crate::server::execute::Refusal;

pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
pub(super) const SYNTAX: &str = "ERR syntax error";

/// A whole number as Redis reads it: no plus sign, no blanks, no zeros in front.
pub(super) fn integer(word: &[u8]) -> Result<i64, Refusal> {
    let is_canonical = match word {
        b"0" => true,
        [b'-', b'1'..=b'9', rest @ ..] | [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let text = std::str::from_utf8(word).ok().filter(|_| is_canonical);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| NOT_AN_INTEGER.into())
}

/// Whether the word is this one, whatever its case.
pub(super) fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}
