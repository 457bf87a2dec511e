//! Drawing a [`Percentiles`].

use super::error::ChartError;
use super::model::Percentiles;
use super::svg::{Anchor, Body, WIDTH};

/// Draws it.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, too much of it, or it contradicts itself.
pub fn percentiles(chart: &Percentiles) -> Result<String, ChartError> {
    if chart.series.is_empty() {
        return Err(ChartError::Empty(chart.words.title.clone()));
    }
    let mut body = Body::default();
    body.text("title", (WIDTH / 2.0, 20.0), Anchor::Middle, &chart.words.title);
    Ok(body.into_document("percentiles", &chart.words, 40.0))
}
