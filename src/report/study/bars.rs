//! Bars of text: eighths of a letter where the terminal has them, and whole letters elsewhere.

use std::env;

use crate::text::printable;

/// From an eighth to a whole letter.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// What stands for letters that ASCII does not have.
const PLAIN: [(char, &str); 6] = [('⁹', "^9"), ('µ', "u"), ('–', "-"), ('×', "x"), ('≤', "<="), ('…', "...")];

/// Which letters a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Unicode,
    Ascii,
}

impl Letters {
    /// Asks the environment, as the C library does: the first of three variables that says anything.
    pub(super) fn of_locale() -> Self {
        let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| env::var(name).ok());
        Self::named(said.into_iter().find(|locale| !locale.is_empty()).as_deref())
    }

    fn named(locale: Option<&str>) -> Self {
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { Self::Unicode } else { Self::Ascii }
    }

    /// A bar of a share, 0 to 1, of so many letters, and blanks behind it.
    pub(super) fn bar(self, share: f64, width: usize) -> String {
        let share = share.clamp(0.0, 1.0);
        let mut bar = String::new();
        match self {
            Self::Ascii => bar.extend(std::iter::repeat_n('#', (share * width as f64).round() as usize)),
            Self::Unicode => {
                let eighths = (share * width as f64 * 8.0).round() as usize;
                bar.extend(std::iter::repeat_n(EIGHTHS[7], eighths / 8));
                bar.extend((eighths % 8).checked_sub(1).map(|last| EIGHTHS[last]));
            }
        }
        let blanks = width.saturating_sub(bar.chars().count());
        bar.extend(std::iter::repeat_n(' ', blanks));
        bar
    }

    /// Text as the terminal can show it, and in which it obeys nothing but the ends of lines.
    pub(super) fn shown(self, text: &str) -> String {
        let text: String = text.lines().flat_map(|line| [printable(line), "\n".into()]).collect();
        if self == Self::Unicode || text.is_ascii() {
            return text;
        }
        let mut shown = String::with_capacity(text.len());
        for letter in text.chars() {
            match PLAIN.iter().find(|(one, _)| *one == letter) {
                Some((_, plain)) => shown.push_str(plain),
                None => shown.push(if letter.is_ascii() { letter } else { '?' }),
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths_where_there_are_any() {
        let bars = [0.0, 0.5, 0.53125, 1.0, 2.0].map(|share| Letters::Unicode.bar(share, 4));
        assert_eq!(bars, ["    ", "██  ", "██▏ ", "████", "████"]);
        assert_eq!([0.0, 0.6, 1.0].map(|share| Letters::Ascii.bar(share, 4)), ["    ", "##  ", "####"]);
        assert_eq!(Letters::Unicode.bar(f64::NAN, 2), "  ");
    }

    #[test]
    fn the_locale_tells_which_letters_there_are() {
        let named = ["C.UTF-8", "de_DE.utf8", "C", "POSIX", ""].map(|name| Letters::named(Some(name)));
        use Letters::{Ascii, Unicode};
        assert_eq!(named, [Unicode, Unicode, Ascii, Ascii, Ascii]);
        assert_eq!(Letters::named(None), Ascii);
        assert_eq!(Letters::Ascii.shown("1.2 µs – ü\n\x1b[2J\n"), "1.2 us - ?\n?[2J\n");
        assert_eq!(Letters::Unicode.shown("µ\x1b\n"), "µ?\n");
    }
}
