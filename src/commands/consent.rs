//! Whether masters may be emptied that hold keys: a person says so once, or their keys are those of the run before.

use std::fmt;
use std::io::IsTerminal;

use super::place::Stop;
use crate::args::UsageError;
use crate::fill::Prepared;
use crate::limits::Limits;
use crate::report::{ask, tell};
use crate::results::{Record, Verdict};
use crate::units::{plural, show_count};

/// What may be deleted before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MayDelete {
    /// Everything: somebody has said so, or the servers are there for nothing else.
    All,
    /// So many keys: what the run before left, or none. Others were not there to be asked about.
    Own(u64),
}

/// What masters hold.
struct Held {
    masters: Vec<String>,
    /// `None` if one of them would not say.
    keys: Option<u64>,
}

impl Held {
    fn by(prepared: &[&Prepared]) -> Self {
        let addresses = prepared.iter().flat_map(|prepared| prepared.addresses());
        let keys = prepared.iter().map(|one| one.existing_keys()).sum();
        Self { masters: addresses.map(ToString::to_string).collect(), keys }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hold = if self.masters.len() == 1 { "holds" } else { "hold" };
        let masters = self.masters.join(", ");
        match self.keys {
            Some(keys) => write!(f, "{masters} {hold} {}", plural(keys, "key")),
            None => write!(f, "{masters} may hold keys"),
        }
    }
}

/// Emptying masters that hold keys wants a yes; `who` would empty them. Where there are none, nobody is asked.
///
/// # Errors
/// [`UsageError`] in a [`Stop`] if nobody can be asked, or the answer is no; and if there is no answer before a limit.
pub(super) async fn consent(prepared: &[&Prepared], who: &str, limits: &Limits) -> Result<MayDelete, Stop> {
    let asked = limits.within(ask_for(prepared, who)).await.inspect_err(|_| {
        // The question's line is still open.
        tell("\n");
    })?;
    asked.map_err(|error| Stop::Error(error.into()))
}

async fn ask_for(prepared: &[&Prepared], who: &str) -> Result<MayDelete, UsageError> {
    let held = Held::by(prepared);
    if held.keys == Some(0) {
        return Ok(MayDelete::Own(0));
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let text = format!("{held}, which {who} deletes: give --yes if that is meant");
        return Err(UsageError::new(text));
    }
    let them = if held.keys == Some(1) { "it" } else { "them all" };
    let question = format!("{held}. Delete {them}?");
    // Reading a terminal cannot be interrupted, but need not be waited for.
    match tokio::task::spawn_blocking(move || ask(&question)).await {
        Ok(true) => Ok(MayDelete::All),
        _ => Err(UsageError::new("nothing was deleted, and nothing filled: the answer was no")),
    }
}

impl MayDelete {
    /// Checks that masters hold no more than that.
    ///
    /// # Errors
    /// What they hold, and what would do.
    pub(super) fn check(self, prepared: &Prepared) -> Result<(), UsageError> {
        self.check_held(&Held::by(&[prepared]))
    }

    fn check_held(self, held: &Held) -> Result<(), UsageError> {
        let own = match self {
            Self::All => return Ok(()),
            Self::Own(own) if held.keys.is_some_and(|keys| keys <= own) => return Ok(()),
            Self::Own(0) => "had none before".into(),
            Self::Own(own) => format!("had {} of the run before", show_count(own)),
        };
        Err(UsageError::new(format!(
            "{held}, and {own}: somebody else writes there, too; give --yes if all of it may be deleted"
        )))
    }

    /// A run is over: what it wrote may be deleted before the next.
    pub(super) fn ended(&mut self, record: &Record) {
        let Self::Own(own) = self else { return };
        let left = record.account.planned - record.account.missing.unwrap_or(0).min(record.account.planned);
        // One that failed may have left what was there before it.
        *own = if record.verdict == Verdict::Failed { left.max(*own) } else { left };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Account, Options};

    fn held(keys: Option<u64>) -> Held {
        Held { masters: vec!["a:1".into()], keys }
    }

    fn record(verdict: Verdict, planned: u64, missing: Option<u64>) -> Record {
        let record = Record::new("r".into(), "2026-11-20T10:11:12Z".into(), Options::default());
        Record { verdict, account: Account { planned, missing, ..Account::default() }, ..record }
    }

    #[test]
    fn what_a_run_left_may_be_deleted_and_no_more() {
        let mut may = MayDelete::Own(0);
        let is_fine = |may: MayDelete, keys| may.check_held(&held(keys)).is_ok();
        assert!(is_fine(may, Some(0)) && !is_fine(may, Some(1)) && !is_fine(may, None));
        may.ended(&record(Verdict::Exact, 1_000, Some(0)));
        assert!(is_fine(may, Some(1_000)) && !is_fine(may, Some(1_001)) && !is_fine(may, None));
        may.ended(&record(Verdict::Missing, 500, Some(20)));
        assert_eq!(may, MayDelete::Own(480));
        // It may have flushed nothing, or written all of it.
        may.ended(&record(Verdict::Failed, 10, None));
        assert_eq!(may, MayDelete::Own(480));
        may.ended(&record(Verdict::Failed, 2_000, None));
        assert_eq!(may, MayDelete::Own(2_000));
        let mut all = MayDelete::All;
        all.ended(&record(Verdict::Exact, 7, Some(0)));
        assert!(is_fine(all, Some(u64::MAX)) && is_fine(all, None));
    }

    #[test]
    fn what_others_wrote_is_told_with_what_would_do() {
        let told = |may: MayDelete, keys| may.check_held(&held(keys)).unwrap_err().to_string();
        let cure = "somebody else writes there, too; give --yes if all of it may be deleted";
        assert_eq!(
            told(MayDelete::Own(5_000), Some(5_001)),
            format!("a:1 holds 5,001 keys, and had 5,000 of the run before: {cure}")
        );
        assert!(told(MayDelete::Own(0), Some(1)).starts_with("a:1 holds 1 key, and had none before: "));
        assert!(told(MayDelete::Own(0), None).starts_with("a:1 may hold keys, and had none before: "));
    }
}
