//! How every error is shown, whichever room it comes from.

use super::words::wrap;

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
