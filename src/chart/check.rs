//! What every chart looks at before it draws: how much there is, and that no value is below zero.

use super::error::ChartError;
use super::model::Scale;

/// # Errors
/// [`ChartError::TooMany`] if there are more than `most`.
pub(super) fn at_most(title: &str, what: &'static str, count: usize, most: usize) -> Result<(), ChartError> {
    if count <= most {
        return Ok(());
    }
    Err(ChartError::TooMany { title: title.to_owned(), what, count, most })
}

/// The greatest value that an axis shows: more than any number of bytes that fits 64 bits.
const GREATEST: f64 = 1e21;

/// The least value on a logarithmic axis that is not as good as zero.
const LEAST: f64 = 1e-9;

/// Tells values that can be drawn from those that are left out, and counts the latter.
#[derive(Default)]
pub(super) struct Sieve {
    pub(super) left_out: usize,
}

impl Sieve {
    /// Whether a value can be drawn: it is a number, and above zero on a logarithmic axis.
    ///
    /// # Errors
    /// [`ChartError::Negative`] if it is below zero, [`ChartError::TooGreat`] if no axis reaches it.
    pub(super) fn keeps(&mut self, name: &str, scale: Scale, value: f64) -> Result<bool, ChartError> {
        let is_kept = value.is_finite() && (scale == Scale::Linear || value >= LEAST);
        match value {
            value if value.is_finite() && value < 0.0 => {
                Err(ChartError::Negative { name: name.to_owned(), value })
            }
            value if value.is_finite() && value > GREATEST => {
                Err(ChartError::TooGreat { name: name.to_owned(), value })
            }
            _ => {
                self.left_out += usize::from(!is_kept);
                Ok(is_kept)
            }
        }
    }
}

/// The least and the greatest of some values; none if there are none.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends: Option<(f64, f64)>, value| {
        let (least, greatest) = ends.unwrap_or((value, value));
        Some((least.min(value), greatest.max(value)))
    })
}
