//! A headless browser, as Debian has it: `FILLBENCH_TEST_CHROMIUM`, or `chromium` on PATH.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to show a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) struct Browser {
    binary: PathBuf,
}

impl Browser {
    /// The browser, if this machine has it; else says on behalf of which test it is missed.
    pub(crate) fn find(test: &str) -> Option<Self> {
        let named = std::env::var_os("FILLBENCH_TEST_CHROMIUM").map(PathBuf::from);
        let on_path = || {
            let folders = std::env::var_os("PATH")?;
            std::env::split_paths(&folders).map(|folder| folder.join("chromium")).find(|path| path.is_file())
        };
        let binary = named.or_else(on_path);
        if binary.is_none() {
            crate::common::skip(test, "no chromium");
        }
        Some(Self { binary: binary? })
    }

    /// What a page has become when it was loaded and its scripts have run, for a reader who likes
    /// it light or dark.
    pub(crate) fn dom(&self, page: &Path, is_dark: bool) -> String {
        let light = format!("--blink-settings=preferredColorScheme={}", u8::from(!is_dark));
        self.show(page, &[&light, "--dump-dom"])
    }

    /// Prints a page into a file.
    pub(crate) fn print(&self, page: &Path, pdf: &Path) {
        self.show(page, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display())]);
    }

    /// Shows a page, and gives what the browser then says.
    fn show(&self, page: &Path, args: &[&str]) -> String {
        let profile = tempfile::tempdir().unwrap();
        let out = profile.path().join("stdout");
        let mut child = Command::new(&self.binary)
            // Its sandbox will not start for root, in containers. The page is our own.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-extensions", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(args)
            .arg(format!("file://{}", page.display()))
            .stdout(std::fs::File::create(&out).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > PAGE_TIMEOUT {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the browser did not show {} within {PAGE_TIMEOUT:?}", page.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(status.success(), "{status} for {}", page.display());
        std::fs::read_to_string(out).unwrap()
    }
}
