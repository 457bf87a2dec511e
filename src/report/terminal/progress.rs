//! The run as it goes, event by event.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::incidents;
use super::stage::{Stage, Work};
use super::summary::{headline, summary};
use super::verification::{verify_headline, verify_summary};
use super::view::{Screen, View};
use super::words::{keys, wrap};
use crate::results::{Event, Observer, Record, Verdict, Verification};
use crate::units::{show_bytes, show_count};

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
    /// What was done before the present stage.
    done: Vec<Work>,
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
        Self { state: Mutex::new(State { view, planned: 0, stage: None, done: Vec::new() }), quiet, colour }
    }

    /// Writes a line of something else to stderr, above the bar if there is one.
    pub(in crate::report) fn line(&self, text: &str) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).view.insist(text);
    }

    /// Writes what only the curious need, above the bar if there is one.
    pub(in crate::report) fn say(&self, text: &str) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).view.say(text);
    }

    /// Draws the bar of something else than a stage, where there is one.
    pub(in crate::report) fn draw(&self, heading: String, part: u64, of: u64, words: String) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).view.draw(heading, part, of, words);
    }

    /// Takes away what [`Self::draw`] has drawn.
    pub(in crate::report) fn undraw(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).view.close(true);
    }

    /// As [`Self::finish`], for a verification.
    pub fn finish_verification(&self, record: &Verification) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.end_stage();
        if !self.quiet {
            state.view.insist(&verify_summary(record, self.colour));
        } else if record.verdict != Verdict::Exact || record.error.is_some() {
            state.view.insist(&verify_headline(record, self.colour));
        }
    }

    /// Takes the bar away and shows the summary; if quiet, only what went wrong.
    pub fn finish(&self, record: &Record) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.end_stage();
        if !self.quiet {
            state.view.insist(&summary(record, self.colour));
        } else if !matches!(record.verdict, Verdict::Exact | Verdict::Discarded) || record.error.is_some() {
            state.view.insist(&headline(record, self.colour));
        }
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take(event);
    }
}

impl State {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Planned { target, how, keys: count, payload_bytes } => {
                self.planned = *count;
                let what = match count {
                    0 => target.clone(),
                    _ => format!("{} ({}) into {target}", keys(*count), show_bytes(*payload_bytes)),
                };
                self.view.say(&(wrap("filling ", 8, &what) + &wrap("   with ", 8, how)));
            }
            Event::Waiting { until } => {
                self.view.say(&wrap("waiting ", 8, &format!("to begin at {until}")));
            }
            Event::Incident(incident) => self.view.say(&incidents::begun(incident)),
            Event::Recovered(incidents) => self.view.say(&incidents::over(incidents)),
            Event::Expected { keys } => self.planned = *keys,
            Event::Warning(text) => self.view.insist(&wrap("warning: ", 9, text)),
            Event::Filling { keys, payload_bytes, elapsed } => {
                let planned = self.planned;
                let (stage, _) = self.stage(Work::Filling, planned);
                stage.of = planned;
                stage.advance(*keys, *payload_bytes, *elapsed);
                self.show();
            }
            Event::Proving { keys, of } => {
                let (stage, began) = self.stage(Work::Proving, *of);
                stage.of = *of;
                stage.advance(*keys, 0, began.elapsed());
                if stage.elapsed >= SHORT_PROOF {
                    self.show();
                }
            }
            Event::VerifyPlanned { target, how, keys: count, of } => {
                let sample = if count < of { format!(", of {}", show_count(*of)) } else { String::new() };
                let what = format!("{}{sample}, in {target}", keys(*count));
                self.view.say(&(wrap("verifying ", 10, &what) + &wrap("  looks at ", 11, how)));
            }
            Event::Verifying { keys, of } => self.go_through(Work::Verifying, *keys, *of),
            Event::Repairing { keys, of } => self.go_through(Work::Repairing, *keys, *of),
            Event::Second(_) | Event::Begun(_) => {}
        }
    }

    /// A stage of which only the keys are told.
    fn go_through(&mut self, work: Work, keys: u64, of: u64) {
        let (stage, began) = self.stage(work, of);
        stage.of = of;
        stage.advance(keys.min(of), 0, began.elapsed());
        if stage.elapsed >= SHORT_PROOF {
            self.show();
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
        if let Some((stage, _)) = self.stage.take() {
            let again = self.done.contains(&stage.work);
            self.view.close(again);
            if !again {
                self.done.push(stage.work);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use super::*;
    use crate::results::{IncidentKind, example};

    #[derive(Clone, Default)]
    struct Screenful(Arc<Mutex<Vec<u8>>>);

    impl Write for Screenful {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screenful {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn planned() -> Event {
        Event::Planned {
            target: "cluster of 3 masters, valkey 9.1.2".into(),
            how: "MSET of 183 keys, slot order, pipelines of 366 keys".into(),
            keys: 6_990_507,
            payload_bytes: 6_990_507 * 768,
        }
    }

    fn play(progress: &Progress, tenths: u64) {
        progress.event(&planned());
        for tenth in 1..=tenths {
            let keys = 6_990_507 * tenth / tenths;
            let elapsed = Duration::from_millis(100 * tenth);
            progress.event(&Event::Filling { keys, payload_bytes: keys * 768, elapsed });
            if tenth == tenths / 2 {
                progress.event(&Event::Warning("127.0.0.1:7001 has no replica".into()));
            }
        }
        progress.event(&Event::Proving { keys: 0, of: 6_990_507 });
    }

    #[test]
    fn a_log_gets_a_start_an_end_and_few_lines_between() {
        let screen = Screenful::default();
        play(&Progress::new(View::lines(Box::new(screen.clone())), false, false), 1000);
        insta::assert_snapshot!(screen.text());
    }

    #[test]
    fn a_fill_too_short_for_a_line_gets_its_last() {
        let screen = Screenful::default();
        play(&Progress::new(View::lines(Box::new(screen.clone())), false, false), 10);
        let text = screen.text();
        assert_eq!(text.matches("filling 100%").count(), 1, "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }

    #[test]
    fn rounds_of_repair_are_told_once_and_incidents_where_they_happen() {
        let screen = Screenful::default();
        let progress = Progress::new(View::lines(Box::new(screen.clone())), false, false);
        progress.event(&planned());
        let incident = example::incident(IncidentKind::MasterRestarted, "its run id is another");
        let filling =
            |keys| Event::Filling { keys, payload_bytes: keys * 768, elapsed: Duration::from_secs(3) };
        progress.event(&filling(1_000_000));
        progress.event(&Event::Incident(incident.clone()));
        progress.event(&filling(6_990_507));
        progress.event(&Event::Recovered(vec![incident]));
        for _ in 0..50 {
            for event in [Event::Proving { keys: 10, of: 10 }, Event::Repairing { keys: 10, of: 10 }] {
                progress.event(&event);
                // As if it had taken longer than what is too short to be shown.
                let mut state = progress.state.lock().unwrap();
                let (stage, _) = state.stage.as_mut().unwrap();
                stage.elapsed = SHORT_PROOF;
                state.show();
            }
        }
        // How fast ten keys were gone through is a matter of the moment.
        let steady = |line: &str| match line.split_once(" of 10  ") {
            Some((counted, _)) => format!("{counted} of 10"),
            None => line.to_owned(),
        };
        insta::assert_snapshot!(screen.text().lines().map(steady).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn quiet_keeps_warnings_and_what_went_wrong() {
        let screen = Screenful::default();
        let progress = Progress::new(View::Quiet(Box::new(screen.clone())), true, false);
        play(&progress, 100);
        progress.finish(&example::exact());
        assert_eq!(screen.text(), "warning: 127.0.0.1:7001 has no replica\n");
        progress.finish(&example::missing());
        assert!(screen.text().contains("missing: 12,034 of 6,990,507 keys"), "{}", screen.text());
    }
}
