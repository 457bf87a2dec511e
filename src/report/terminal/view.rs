//! Where progress is shown: a bar on a terminal, lines now and then elsewhere, or nowhere.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::stage::Stage;

/// Looking and repairing may take turns for long: their last lines are said so often at most.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(10);

/// A stage shorter than this gets no line before it ends.
const FIRST_LINE: Duration = Duration::from_secs(2);

/// Frames a second at most.
const FRAMES: u8 = 10;

/// What is known of where text goes.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Screen {
    /// Whether lines can be drawn over.
    pub(super) redraws: bool,
    /// Whether colours are welcome.
    pub(in crate::report) colour: bool,
}

impl Screen {
    pub(super) fn stderr() -> Self {
        Self::of(&io::stderr())
    }

    pub(in crate::report) fn stdout() -> Self {
        Self::of(&io::stdout())
    }

    /// Asks the process: `TERM=dumb` cannot redraw, and `NO_COLOR` (<https://no-color.org>) wants no colour.
    fn of(stream: &impl IsTerminal) -> Self {
        let redraws = stream.is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { redraws, colour: redraws && !plain }
    }
}

/// Where progress is shown.
pub(super) enum View {
    /// On a terminal.
    Bar { bar: Option<ProgressBar>, colour: bool },
    /// In a log: few lines, and never one over another.
    Lines { out: Box<dyn Write + Send>, due: Duration, unsaid: Option<String>, said: Option<Instant> },
    /// Nowhere; warnings still pass.
    Quiet(Box<dyn Write + Send>),
}

impl View {
    pub(super) fn bar(colour: bool) -> Self {
        Self::Bar { bar: None, colour }
    }

    pub(super) fn lines(out: Box<dyn Write + Send>) -> Self {
        Self::Lines { out, due: FIRST_LINE, unsaid: None, said: None }
    }

    /// Shows how far a stage is.
    pub(super) fn show(&mut self, stage: &Stage) {
        match self {
            Self::Bar { .. } => self.draw(heading(stage), stage.keys, stage.of, stage.words()),
            Self::Lines { out, due, unsaid, said } => {
                let line = format!("{}  {}", heading(stage), stage.words());
                if stage.elapsed >= *due {
                    *due = stage.elapsed + patience(stage.elapsed);
                    (*unsaid, *said) = (None, Some(Instant::now()));
                    put(out, &line);
                } else {
                    *unsaid = Some(line);
                }
            }
            Self::Quiet(_) => {}
        }
    }

    /// Draws the bar, where there is one: so much of it is done.
    pub(super) fn draw(&mut self, heading: String, part: u64, of: u64, words: String) {
        if let Self::Bar { bar, colour } = self {
            let bar = bar.get_or_insert_with(|| new_bar(*colour));
            bar.set_prefix(heading);
            bar.set_length(of);
            bar.set_position(part);
            bar.set_message(words);
        }
    }

    /// The stage is over: takes the bar away, or says the last line that was not due. One that came
    /// `again` says it only if nothing was said for some time.
    pub(super) fn close(&mut self, again: bool) {
        match self {
            Self::Bar { bar, .. } => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
            }
            Self::Lines { out, due, unsaid, said } => {
                let is_wanted = !again || said.is_none_or(|at| at.elapsed() >= BETWEEN_ROUNDS);
                if let Some(line) = unsaid.take().filter(|_| is_wanted) {
                    put(out, &line);
                    *said = Some(Instant::now());
                }
                *due = FIRST_LINE;
            }
            Self::Quiet(_) => {}
        }
    }

    /// Says something that only the curious need.
    pub(super) fn say(&mut self, text: &str) {
        if !matches!(self, Self::Quiet(_)) {
            self.insist(text);
        }
    }

    /// Says something that must be read, above the bar if there is one.
    pub(super) fn insist(&mut self, text: &str) {
        match self {
            Self::Bar { bar: Some(bar), .. } => bar.suspend(|| put(&mut io::stderr(), text)),
            Self::Bar { bar: None, .. } => put(&mut io::stderr(), text),
            Self::Lines { out, .. } | Self::Quiet(out) => put(out, text),
        }
    }
}

/// A closed stderr is no reason to end a fill.
fn put(out: &mut dyn Write, text: &str) {
    let _ = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
}

/// How long to wait for the next line: a short fill wants to be seen, a long one not to fill the log.
fn patience(elapsed: Duration) -> Duration {
    Duration::from_secs(if elapsed < Duration::from_secs(30) { 5 } else { 30 })
}

/// `filling  42%`. The bar's own figure would be rounded up, to 100% before the end.
fn heading(stage: &Stage) -> String {
    format!("{} {:>3}%", stage.name(), stage.percent())
}

fn new_bar(colour: bool) -> ProgressBar {
    let bar = if colour { "{bar:14.cyan/dim}" } else { "{bar:14}" };
    let style = ProgressStyle::with_template(&format!("{{prefix}} {bar} {{wide_msg}}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(FRAMES)).with_style(style)
}
