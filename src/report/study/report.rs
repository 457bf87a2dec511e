//! A study, written into a folder and shown in brief.

use std::path::{Path, PathBuf};

use super::bars::Letters;
use super::folder;
use super::html::html;
use super::markdown::markdown;
use super::page::Page;
use super::terminal::brief;
use crate::report::OutputError;
use crate::results::{RunDetail, Study};

/// What was written, and what a person reads at once.
#[derive(Clone, Debug)]
pub struct StudyReport {
    /// The page, the text, and the drawings.
    pub files: Vec<PathBuf>,
    /// For a terminal of 80 columns, in the letters of the locale.
    pub brief: String,
}

/// Writes `report.html`, `report.md` and `charts/*.svg` into a folder, which is made if it is not there.
///
/// # Errors
/// [`OutputError::Foreign`] if a file is in the way that no report has written; [`OutputError::Open`] if one
/// cannot be written.
pub fn report_study(study: &Study, details: &[RunDetail], out: &Path) -> Result<StudyReport, OutputError> {
    let page = Page::of(study, details);
    let html = html(&page).map_err(|error| OutputError::Layout(error.to_string()))?;
    let files = folder::write(out, &page, &html, &markdown(&page))?;
    Ok(StudyReport { files, brief: brief(study, details, &page, Letters::of_locale()) })
}
