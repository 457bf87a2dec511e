//! The records of sweeps beside their runs: what was to be run.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::LoadError;
use super::files::{DEPTH_MAX, files_in, whole};
use crate::results::{SWEEP_FILE, Sweep};

/// A sweep, and where it is.
#[derive(Clone, Debug)]
pub struct FoundSweep {
    /// What was to be run.
    pub sweep: Sweep,
    /// Its folder, and any other that has the same record.
    pub folders: Vec<PathBuf>,
}

/// What a live comparison has come to, in its folder.
const COMPARISON: &str = "comparison.json";

/// The folders of live comparisons that these are, or that are in these.
///
/// # Errors
/// [`LoadError`] if one cannot be read.
pub fn comparisons(paths: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
    let mut found = BTreeSet::new();
    for folder in paths.iter().filter(|path| path.is_dir()) {
        let files = files_in(folder, DEPTH_MAX)?.into_iter().filter(|file| file.ends_with(COMPARISON));
        found.extend(files.filter_map(|file| Some(file.parent()?.to_owned())));
    }
    Ok(found.into_iter().collect())
}

/// The sweeps whose folders these are, or are in these.
///
/// # Errors
/// [`LoadError`] if one cannot be read.
pub fn sweeps(paths: &[PathBuf]) -> Result<Vec<FoundSweep>, LoadError> {
    let mut found: Vec<FoundSweep> = Vec::new();
    for folder in paths.iter().filter(|path| path.is_dir()) {
        for file in files_in(folder, DEPTH_MAX)?.into_iter().filter(|file| file.ends_with(SWEEP_FILE)) {
            let other = |text: String| LoadError::OtherKind { path: file.clone(), text };
            let text = String::from_utf8(whole(&file)?).map_err(|error| other(error.to_string()))?;
            let sweep = Sweep::parse(&text).map_err(|error| other(error.to_string()))?;
            let folder = file.parent().unwrap_or(folder).to_owned();
            match found.iter_mut().find(|known| known.sweep.sweep == sweep.sweep) {
                Some(known) => known.folders.push(folder),
                None => found.push(FoundSweep { sweep, folders: vec![folder] }),
            }
        }
    }
    Ok(found)
}
