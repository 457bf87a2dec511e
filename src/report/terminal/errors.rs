//! How every error is shown, whichever room it comes from, and how a question is asked.

use std::io::{self, Write};

use super::words::wrap;

/// Writes text to stderr. If even that is closed, nobody is there to be told.
pub fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Asks on stderr, and reads the answer from stdin: only a yes is a yes. It blocks. Whoever does not
/// wait for the answer has to end the line.
pub fn ask(question: &str) -> bool {
    tell(&format!("{} [y/N] ", wrap("fillbench: ", 11, question).trim_end()));
    let mut answer = String::new();
    if !io::stdin().read_line(&mut answer).is_ok_and(|bytes| bytes > 0) {
        tell("\n");
    }
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// An error and what to do about it, as lines for stderr, the colons one below the other.
pub fn error_lines(message: &str, cure: Option<&str>) -> String {
    let cure = cure.map_or_else(String::new, |cure| wrap("      try: ", 11, cure));
    wrap("fillbench: ", 11, message) + &cure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cure_stands_below_the_message() {
        assert_eq!(
            error_lines("127.0.0.1:7001 refused the connection", Some("start it, or name another with -p")),
            "fillbench: 127.0.0.1:7001 refused the connection\n      try: start it, or name another with -p\n"
        );
        assert_eq!(error_lines("no room", None), "fillbench: no room\n");
    }
}
