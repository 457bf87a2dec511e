//! How wide text will be, and how it is broken or shortened to fit. The reader's font is not known, so
//! letters count as in DejaVu Sans, one of the widest that browsers fall back on.

/// Width of a text in units, at a size of font in units.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// Width of a letter as a share of the font's size.
fn advance(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '\'' | '|' => 0.29,
        ' ' | '.' | ',' | ':' | ';' | '!' | 'I' | 'J' | '/' | '\\' | '\u{a0}' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' => 0.42,
        's' | 'z' | 'c' | 'k' | '*' | '"' | '_' | '?' => 0.56,
        'm' | 'M' | 'W' | '%' | '@' | '…' | '—' => 1.0,
        'w' | '+' | '=' | '<' | '>' | '~' | '#' => 0.84,
        '0'..='9' | 'a'..='z' => 0.64,
        'A'..='Z' => 0.78,
        letter if letter >= '\u{1100}' && !('\u{2000}'..'\u{2e80}').contains(&letter) => 1.0,
        _ => 0.7,
    }
}

/// The text if it fits into a width, or as much of its beginning as does, with an ellipsis.
pub(super) fn shorten(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut left = most / size - advance('…');
    let fits = |letter: &char| {
        left -= advance(*letter);
        left >= 0.0
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

/// The text in lines that fit into a width, broken at spaces; what is left over after `most_lines` is
/// cut off with an ellipsis.
pub(super) fn wrap(text: &str, size: f64, most: f64, most_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size) <= most || lines.len() + 1 == most_lines {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|line| shorten(line, size, most)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(shorten("SET", 10.0, 100.0), "SET");
        assert_eq!(wrap("one two", 10.0, 200.0, 2), ["one two"]);
        assert!(wrap("", 10.0, 200.0, 2).is_empty());
    }

    #[test]
    fn what_does_not_fit_is_cut_to_the_width() {
        let text = "redis-cluster-announce-hostname.example.org:7001";
        for most in [5.0, 50.0, 120.0, 300.0] {
            let short = shorten(text, 12.0, most);
            assert!(short.ends_with('…'), "{short}");
            assert!(width(&short, 12.0) <= most.max(12.0), "{short}");
        }
    }

    #[test]
    fn lines_are_broken_at_spaces_and_are_so_many_at_most() {
        let text = "throughput against the size of values for each size of keys";
        let lines = wrap(text, 20.0, 300.0, 9);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 20.0) <= 300.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        let cut = wrap(text, 20.0, 300.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…') && width(&cut[1], 20.0) <= 300.0, "{cut:?}");
    }
}
