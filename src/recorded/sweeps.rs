//! The records of sweeps beside their runs: what was to be run.

use std::fs;
use std::path::PathBuf;

use super::LoadError;
use super::files::{DEPTH_MAX, files_in, unreadable};
use crate::results::Sweep;

/// The record of a sweep in its folder.
const SWEEP: &str = "sweep.json";

/// The sweeps whose folders these are, or are in these.
///
/// # Errors
/// [`LoadError`] if one cannot be read.
pub fn sweeps(paths: &[PathBuf]) -> Result<Vec<Sweep>, LoadError> {
    let mut sweeps: Vec<Sweep> = Vec::new();
    for folder in paths.iter().filter(|path| path.is_dir()) {
        for file in files_in(folder, DEPTH_MAX)?.into_iter().filter(|file| file.ends_with(SWEEP)) {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            let other = |error: crate::results::SweepError| LoadError::OtherKind {
                path: file.clone(),
                text: error.to_string(),
            };
            let sweep = Sweep::parse(&text).map_err(other)?;
            if sweeps.iter().all(|known| known.sweep != sweep.sweep) {
                sweeps.push(sweep);
            }
        }
    }
    Ok(sweeps)
}
