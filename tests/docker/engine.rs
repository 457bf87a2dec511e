//! The engine of this machine and the kinds of Compose that drive it, as far as they are there.

use std::sync::LazyLock;
use std::time::Duration;

use crate::common::tell_skipped;

/// How long anything may take that is asked of the engine. A cluster that does not come up says so after a minute.
const LIMIT: Duration = Duration::from_secs(100);
/// How long it may take to say that it is there.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The two kinds of Compose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compose {
    /// The program `docker-compose` in its last version, 1.29.
    V1,
    /// The plugin of `docker`, which is 2 or newer.
    V2,
}

impl Compose {
    /// What its commands begin with.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::V1 => &["docker-compose"],
            Self::V2 => &["docker", "compose"],
        }
    }

    /// Those that this machine has, the newer one first.
    pub(super) fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Compose>> = LazyLock::new(|| {
            let is_there = |compose: &Compose| {
                let version = attempt(&[compose.words(), &["version", "--short"]].concat(), ANSWER_LIMIT);
                // `docker-compose` may also be a newer one under the old name.
                version.is_ok_and(|version| *compose == Compose::V2 || version.starts_with("1."))
            };
            [Compose::V2, Compose::V1].into_iter().filter(is_there).collect()
        });
        &ALL
    }

    /// This kind, if there is an engine for it; else says on behalf of which test it is missed.
    pub(super) fn find(self, test: &str) -> Option<Self> {
        any_compose(test)?;
        if !Self::all().contains(&self) {
            skip(test, &format!("no `{}` of this kind", self.words().join(" ")));
            return None;
        }
        Some(self)
    }
}

/// Any kind of Compose, if there is an engine for it; else says on behalf of which test that is missed.
pub(super) fn any_compose(test: &str) -> Option<Compose> {
    static WHY_NOT: LazyLock<Option<String>> = LazyLock::new(why_not);
    match (&*WHY_NOT, Compose::all().first()) {
        (None, Some(compose)) => return Some(*compose),
        (None, None) => skip(test, "no Compose"),
        (Some(why), _) => skip(test, why),
    }
    None
}

fn why_not() -> Option<String> {
    if setting().as_deref() == Some("0") {
        return Some("FILLBENCH_TEST_DOCKER is 0".into());
    }
    if !cfg!(target_os = "linux") {
        return Some("only Linux reaches the addresses of containers".into());
    }
    let engine = attempt(&["docker", "version", "--format", "{{.Server.Os}}"], ANSWER_LIMIT);
    engine.err().map(|_| "no Docker engine answers".into())
}

/// What the tester wants: `1` that all of this is tested, `0` that nothing is.
fn setting() -> Option<String> {
    std::env::var("FILLBENCH_TEST_DOCKER").ok()
}

fn skip(test: &str, why: &str) {
    assert!(setting().as_deref() != Some("1"), "{test} may not be skipped: {why}");
    tell_skipped(test, why);
}

/// Runs a program, which has to succeed; gives what it printed.
#[track_caller]
pub(super) fn run(words: &[&str]) -> String {
    attempt(words, LIMIT).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Runs a program; gives what it printed on stdout, or what went wrong.
pub(super) fn attempt(words: &[&str], limit: Duration) -> Result<String, String> {
    let mut command = assert_cmd::Command::new(words[0]);
    let output = command.args(&words[1..]).timeout(limit).output();
    let what = words.join(" ");
    let output = output.map_err(|error| format!("`{what}`: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let (shown, told) = (text(&output.stdout), text(&output.stderr));
    if output.status.success() {
        Ok(shown)
    } else {
        Err(format!("`{what}` ended with {}:\n{shown}\n{told}", output.status))
    }
}
