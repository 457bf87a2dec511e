//! The files of a report. Each appears whole or not at all, and only files of an earlier report are
//! replaced: each holds a mark by which it is known again.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::page::Page;
use crate::report::OutputError;
use crate::report::disk::failed;

/// The page.
const PAGE: &str = "report.html";

/// The text.
const TEXT: &str = "report.md";

/// The folder of the drawings.
pub(super) const CHARTS: &str = "charts";

/// What each file holds near its beginning or its end.
pub(super) const MARK: &str = "<!-- fillbench report -->";

/// The mark is so near to an end of the file.
const NEAR: u64 = 256;

/// Less the process's umask, as for any new file.
const MODE: u32 = 0o666;

/// Writes a report into a folder, which is made if it is not there, and names what was written.
///
/// # Errors
/// [`OutputError::Foreign`] if a file that is none of a report's is in the way: nothing is written then.
/// [`OutputError::Open`] if a file cannot be written.
pub(super) fn write(
    folder: &Path,
    page: &Page,
    html: &str,
    markdown: &str,
) -> Result<Vec<PathBuf>, OutputError> {
    let charts = folder.join(CHARTS);
    let mut files = vec![(folder.join(PAGE), html.to_owned()), (folder.join(TEXT), markdown.to_owned())];
    files.extend(
        page.figures()
            .map(|figure| (charts.join(&figure.file), format!("{}\n{MARK}\n", figure.svg.trim_end()))),
    );
    for (path, _) in &files {
        if path.symlink_metadata().is_ok() && !is_ours(path) {
            return Err(OutputError::Foreign(path.clone()));
        }
    }
    let deepest = if page.figures().next().is_some() { &charts } else { folder };
    fs::create_dir_all(deepest).map_err(failed(deepest))?;
    for (path, text) in &files {
        put(path, text).map_err(failed(path))?;
    }
    // What an earlier report drew and this one does not would be taken for a part of it.
    let written: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    for stale in drawings_in(&charts).into_iter().filter(|path| !written.contains(path)) {
        fs::remove_file(&stale).map_err(failed(&stale))?;
    }
    Ok(written)
}

/// The drawings of an earlier report. A folder that cannot be read holds none that anybody could take away.
fn drawings_in(charts: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(charts) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "svg") && is_ours(path))
        .collect()
}

fn is_ours(path: &Path) -> bool {
    // A link would be replaced, and not what it leads to.
    let is_file = path.symlink_metadata().is_ok_and(|about| about.is_file());
    is_file && ends_of(path).is_ok_and(|ends| ends.windows(MARK.len()).any(|part| part == MARK.as_bytes()))
}

fn ends_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut ends = Vec::new();
    Read::by_ref(&mut file).take(NEAR).read_to_end(&mut ends)?;
    // What is between them must not make a mark of two halves.
    ends.push(0);
    file.seek(SeekFrom::Start(length.saturating_sub(NEAR)))?;
    file.take(NEAR).read_to_end(&mut ends)?;
    Ok(ends)
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".report-")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_mark_at_either_end() {
        let folder = tempfile::tempdir().unwrap();
        let is_ours = |text: &str| {
            let path = folder.path().join("file");
            fs::write(&path, text).unwrap();
            is_ours(&path)
        };
        let long = "x".repeat(10_000);
        assert!(is_ours(&format!("<!doctype html>\n{MARK}{long}")) && is_ours(&format!("{long}{MARK}\n")));
        assert!(!is_ours("") && !is_ours(&long) && !is_ours(&format!("{long}{MARK}{long}")));
        assert!(!super::is_ours(folder.path()) && !super::is_ours(&folder.path().join("absent")));
    }

    #[test]
    fn what_is_put_can_be_read_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        put(&path, "a").unwrap();
        put(&path, "b").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
