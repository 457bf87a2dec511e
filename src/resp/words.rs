//! A line typed by hand to words, with quotes, as Redis splits it. It knows nothing of what the words mean.

use std::ops::Range;

/// Quotes without an end, or letters right behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unbalanced;

/// Appends the words of a line to `out`, without their quotes, and where each is to `places`. The
/// line must be shorter than 4 GiB, and hold no zero byte.
pub(super) fn split_words(
    line: &[u8],
    out: &mut Vec<u8>,
    places: &mut Vec<Range<u32>>,
) -> Result<(), Unbalanced> {
    let mut rest = line;
    loop {
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        rest = &rest[blanks..];
        if rest.is_empty() {
            return Ok(());
        }
        let start = out.len() as u32;
        rest = word(rest, out)?;
        places.push(start..out.len() as u32);
    }
}

/// Takes one word off the front. Quotes may start in its middle, and end it.
fn word<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        match rest {
            // Of the blanks, these end a word; the others only stand between words.
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(rest),
            [quote @ (b'"' | b'\''), inside @ ..] => {
                let behind = quoted(*quote, inside, out)?;
                return if behind.first().is_none_or(|byte| is_blank(*byte)) {
                    Ok(behind)
                } else {
                    Err(Unbalanced)
                };
            }
            [byte, behind @ ..] => {
                out.push(*byte);
                rest = behind;
            }
        }
    }
}

/// Takes what is inside of quotes, and the quote at the end.
fn quoted<'a>(quote: u8, mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        let (byte, behind) = match (quote, rest) {
            (_, []) => return Err(Unbalanced),
            (_, [byte, behind @ ..]) if *byte == quote => return Ok(behind),
            (b'"', [b'\\', b'x', high, low, behind @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (digit(*high) << 4 | digit(*low), behind)
            }
            (b'"', [b'\\', letter, behind @ ..]) => (escaped(*letter), behind),
            (_, [b'\\', b'\'', behind @ ..]) => (b'\'', behind),
            (_, [byte, behind @ ..]) => (*byte, behind),
        };
        out.push(byte);
        rest = behind;
    }
}

fn escaped(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn digit(hexadecimal: u8) -> u8 {
    char::from(hexadecimal).to_digit(16).unwrap_or_default() as u8
}

/// As C has it: one more than Rust's.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(line: &str) -> Result<Vec<Vec<u8>>, Unbalanced> {
        let (mut out, mut places) = (Vec::new(), Vec::new());
        split_words(line.as_bytes(), &mut out, &mut places)?;
        Ok(places.iter().map(|place| out[place.start as usize..place.end as usize].to_vec()).collect())
    }

    #[test]
    fn words_are_split_and_unquoted() {
        let right: [(&str, &[&[u8]]); 9] = [
            ("", &[]),
            (" \t\x0b ", &[]),
            ("set  a\tb ", &[b"set", b"a", b"b"]),
            ("a\x0bb", &[b"a\x0bb"]),
            (r#"get "a b" 'c d'"#, &[b"get", b"a b", b"c d"]),
            (r#""\x00\xfF\xg0\n\r\t\b\a\\\"\q""#, &[b"\0\xffxg0\n\r\t\x08\x07\\\"q"]),
            (r"'\'\n\x00'", &[br"'\n\x00"]),
            (r#""" '' a"b""#, &[b"", b"", b"ab"]),
            (r#""a"	'b'"#, &[b"a", b"b"]),
        ];
        for (line, words) in right {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn quotes_have_to_end_and_a_blank_has_to_follow() {
        for line in [r#"""#, "'", r#"a "b"#, r#""a"b"#, "'a'b", r#""a\""#, r"'a\'", r#""\"#, r#""a"'b'"#] {
            assert_eq!(split(line), Err(Unbalanced), "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_out_as_it_was(words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6)) {
            let quoted = words.iter().map(|word| {
                let escaped: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                format!("\"{escaped}\"")
            });
            prop_assert_eq!(split(&quoted.collect::<Vec<_>>().join(" ")).unwrap(), words);
        }
    }
}
