//! The run as it goes, event by event.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::stage::{Stage, Work};
use super::summary::{headline, summary};
use super::view::{Screen, View};
use super::words::{keys, wrap};
use crate::results::{Event, Observer, Record, Verdict};
use crate::units::show_bytes;

/// A proof shorter than this is not shown while it goes.
const SHORT_PROOF: Duration = Duration::from_millis(300);

/// Shows events on stderr: a bar on a terminal, and lines now and then in a log.
pub struct Progress {
    state: Mutex<State>,
    quiet: bool,
    colour: bool,
}

struct State {
    view: View,
    planned: u64,
    stage: Option<(Stage, Instant)>,
}

impl Progress {
    /// Progress on stderr; if `quiet`, warnings and errors only.
    pub fn stderr(quiet: bool) -> Self {
        let Screen { redraws, colour } = Screen::stderr();
        let view = match (quiet, redraws) {
            (true, _) => View::Quiet(Box::new(io::stderr())),
            (false, true) => View::bar(colour),
            (false, false) => View::lines(Box::new(io::stderr())),
        };
        Self::new(view, quiet, colour)
    }

    fn new(view: View, quiet: bool, colour: bool) -> Self {
        Self { state: Mutex::new(State { view, planned: 0, stage: None }), quiet, colour }
    }

    /// Takes the bar away and shows the summary; if quiet, only what went wrong.
    pub fn finish(&self, record: &Record) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.end_stage();
        if !self.quiet {
            state.view.insist(&summary(record, self.colour));
        } else if record.verdict != Verdict::Exact || record.error.is_some() {
            state.view.insist(&headline(record, self.colour));
        }
    }
}

impl Observer for Progress {
    fn event(&self, event: Event) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take(event);
    }
}

impl State {
    fn take(&mut self, event: Event) {
        match event {
            Event::Planned { target, how, keys: count, payload_bytes } => {
                self.planned = count;
                let what = format!("{} ({}) into {target}", keys(count), show_bytes(payload_bytes));
                self.view.say(&(wrap("filling ", 8, &what) + &wrap("   with ", 8, &how)));
            }
            Event::Warning(text) => self.view.insist(&wrap("warning: ", 9, &text)),
            Event::Filling { keys, payload_bytes, elapsed } => {
                let planned = self.planned;
                self.stage(Work::Filling, planned).0.advance(keys, payload_bytes, elapsed);
                self.show();
            }
            Event::Proving { keys, of } => {
                let (stage, began) = self.stage(Work::Proving, of);
                stage.of = of;
                stage.advance(keys, 0, began.elapsed());
                if stage.elapsed >= SHORT_PROOF {
                    self.show();
                }
            }
            Event::Second(_) => {}
            Event::Finished => self.end_stage(),
        }
    }

    /// The stage that does `work`, begun if another or none was under way.
    fn stage(&mut self, work: Work, of: u64) -> &mut (Stage, Instant) {
        if self.stage.as_ref().is_some_and(|(stage, _)| stage.work != work) {
            self.end_stage();
        }
        self.stage.get_or_insert_with(|| (Stage::new(work, of), Instant::now()))
    }

    fn show(&mut self) {
        if let Some((stage, _)) = &self.stage {
            self.view.show(stage);
        }
    }

    fn end_stage(&mut self) {
        self.stage = None;
        self.view.close();
    }
}
