//! Text of others, as it may be shown: a terminal obeys nothing in it, Markdown takes nothing in it for markup, and a
//! shell takes it for one word. Servers say what they like, and tables and records may come from anywhere.

use std::borrow::Cow;

/// What stands where a terminal would obey.
const REPLACEMENT: char = '?';

/// Text in which nothing moves a cursor, changes a colour, breaks a line or turns the direction of reading.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(is_obeyed) {
        true => text.chars().map(|letter| if is_obeyed(letter) { shown(letter) } else { letter }).collect(),
        false => text.into(),
    }
}

fn shown(letter: char) -> char {
    if letter.is_whitespace() { ' ' } else { REPLACEMENT }
}

fn is_obeyed(letter: char) -> bool {
    let is_direction = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    letter.is_control() || is_direction
}

/// Text in GitHub's Markdown, in one line: no letter of it is markup, and it calls nobody by `@name`, nor
/// points to an issue by `#1`. There, a backslash would not help: such are looked for in what is shown.
pub fn markdown_text(text: &str) -> String {
    let line = in_one_line(text);
    let mut escaped = String::with_capacity(line.len());
    for (at, letter) in line.char_indices() {
        if "\\`*<>[]|&~$".contains(letter) || (letter == '_' && !is_within_word(&line, at)) {
            escaped.push('\\');
        }
        escaped.push(letter);
        if "@#".contains(letter) {
            // A space of no width.
            escaped.push_str("&#8203;");
        }
    }
    escaped
}

/// Whether a letter of one byte stands between letters or digits, where an underscore is no markup.
fn is_within_word(line: &str, at: usize) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    is_word(line[..at].chars().next_back()) && is_word(line[at + 1..].chars().next())
}

/// Text as code in a line of Markdown, but not of a table. Backticks in it are fewer than those around it.
pub fn markdown_code(text: &str) -> String {
    let line = in_one_line(text);
    let longest = line.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One space on each side is no part of the code.
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

fn in_one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An option and its value as words of a shell's command line: in quotes what would not be one word without.
pub fn shell_option(name: &str, value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./-+:=@%,".contains(letter);
    let word = match !value.is_empty() && value.chars().all(is_plain) {
        true => value.into(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    };
    // A value that looks like an option is none after `=`.
    let separator = if value.starts_with('-') { '=' } else { ' ' };
    format!("{name}{separator}{word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing() {
        assert_eq!(printable("µs – Größe 鍵"), "µs – Größe 鍵");
        assert!(matches!(printable("as it is"), Cow::Borrowed(_)));
        assert_eq!(printable("a\x1b[31mb\u{9b}2J\u{7f}\u{0}"), "a?[31mb?2J??");
        assert_eq!(printable("one\r\ntwo\tthree\u{85}"), "one  two three ");
        assert_eq!(printable("abc\u{202e}fed\u{2066}"), "abc?fed?");
    }

    #[test]
    fn markdown_takes_nothing_for_markup() {
        assert_eq!(markdown_text("a_b|<c> _d_ e__f"), "a_b\\|\\<c\\> \\_d\\_ e\\_\\_f");
        assert_eq!(markdown_text("`x` *y* [z](u) ~w~ $v$"), "\\`x\\` \\*y\\* \\[z\\](u) \\~w\\~ \\$v\\$");
        assert_eq!(markdown_text("&lt;script&gt; &#64;all"), "\\&lt;script\\&gt; \\&#&#8203;64;all");
        assert_eq!(markdown_text("@team see #12"), "@&#8203;team see #&#8203;12");
        assert_eq!(markdown_text("a\n# b\n\n- c\x1b"), "a #&#8203; b - c?");
    }

    #[test]
    fn code_keeps_its_backticks() {
        assert_eq!(["a", "a`b", "``"].map(markdown_code), ["`a`", "`` a`b ``", "``` `` ```"]);
        assert_eq!(markdown_code("@team\n<b>"), "`@team <b>`");
    }

    #[test]
    fn a_shell_reads_the_value_as_it_is() {
        for (value, said) in [
            ("results/1", "--resume results/1"),
            ("/tmp/my runs", "--resume '/tmp/my runs'"),
            ("it's;rm", r"--resume 'it'\''s;rm'"),
            ("-x", "--resume=-x"),
            ("", "--resume ''"),
        ] {
            assert_eq!(shell_option("--resume", value), said);
        }
    }
}
