//! Drawing a [`Spread`].

use super::error::ChartError;
use super::model::Spread;
use super::svg::{Anchor, Body, WIDTH};

/// Draws it.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, too much of it, or it contradicts itself.
pub fn spread(chart: &Spread) -> Result<String, ChartError> {
    if chart.series.is_empty() {
        return Err(ChartError::Empty(chart.words.title.clone()));
    }
    let mut body = Body::default();
    body.text("title", (WIDTH / 2.0, 20.0), Anchor::Middle, &chart.words.title);
    Ok(body.into_document("spread", &chart.words, 40.0))
}
