//! Patterns such as `user:*`, as Redis matches them: in KEYS, SCAN and CONFIG GET. It knows bytes alone.

/// Whether the whole text fits the pattern. `*` is any bytes, `?` one, `[a-c]` and `[^a-c]` one of a
/// class or one outside of it, and a backslash takes the next byte for itself. Where the letters' case
/// does not count, it is that of ASCII. The work is at most the product of both lengths: only the last
/// `*` ever has to give way, since what stands before it fits as early as it can.
pub(crate) fn matches(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        // Redis looks at no pattern then, not even at `*`.
        return pattern.is_empty();
    }
    let (mut at, mut place) = (0, 0);
    // Behind the last star, and where in the text that was tried.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        if pattern.get(at) == Some(&b'*') {
            at += stars(&pattern[at..]);
            if at == pattern.len() {
                return true;
            }
            star = Some((at, place));
            continue;
        }
        match pattern
            .get(at..)
            .filter(|rest| !rest.is_empty())
            .map(|rest| one(rest, text[place], ignore_case))
        {
            Some((true, length)) => (at, place) = (at + length, place + 1),
            _ => match &mut star {
                Some((behind, tried)) => {
                    *tried += 1;
                    (at, place) = (*behind, *tried);
                }
                None => return false,
            },
        }
    }
    at + stars(&pattern[at..]) == pattern.len()
}

fn stars(pattern: &[u8]) -> usize {
    pattern.iter().take_while(|byte| **byte == b'*').count()
}

/// Whether a byte fits what the pattern starts with, which is no star, and how long that is.
fn one(pattern: &[u8], byte: u8, ignore_case: bool) -> (bool, usize) {
    let same = |wanted: u8| match ignore_case {
        true => wanted.eq_ignore_ascii_case(&byte),
        false => wanted == byte,
    };
    match pattern {
        [b'?', ..] => (true, 1),
        [b'[', ..] => class(pattern, byte, ignore_case),
        [b'\\', wanted, ..] => (same(*wanted), 2),
        [wanted, ..] => (same(*wanted), 1),
        [] => (false, 0),
    }
}

/// A class; one that nothing closes ends with the pattern.
fn class(pattern: &[u8], byte: u8, ignore_case: bool) -> (bool, usize) {
    let is_negated = pattern.get(1) == Some(&b'^');
    let mut at = if is_negated { 2 } else { 1 };
    let fold = |byte: u8| if ignore_case { byte.to_ascii_lowercase() } else { byte };
    let mut fits = false;
    loop {
        match pattern[at..] {
            [] => break,
            [b'\\', wanted, ..] => {
                // Its case counts, even where no other does.
                fits |= wanted == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [from, b'-', to, ..] => {
                // Signed, as the compilers of C have it here: it matters for bytes beyond ASCII only.
                let (from, to) = if from as i8 > to as i8 { (to, from) } else { (from, to) };
                fits |= (fold(from) as i8..=fold(to) as i8).contains(&(fold(byte) as i8));
                at += 3;
            }
            [wanted, ..] => {
                fits |= fold(wanted) == fold(byte);
                at += 1;
            }
        }
    }
    (fits != is_negated, at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes(), false)
    }

    #[test]
    fn what_fits_a_pattern() {
        for (pattern, text) in [
            ("", ""),
            ("*", "x"),
            ("a*", "a"),
            ("a*b*c", "a-b-b-c"),
            ("a?c", "abc"),
            ("*ab", "aab"),
            ("[a-c]x", "bx"),
            ("[c-a]x", "bx"),
            ("[^a-c]", "d"),
            ("[a\\]]", "]"),
            ("[^", "x"),
            ("[abc", "b"),
            ("[a-", "-"),
            ("\\*", "*"),
            ("\\", "\\"),
            ("*a*", "bab"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_does_not() {
        for (pattern, text) in [
            ("*", ""),
            ("", "x"),
            ("a", "b"),
            ("a?", "a"),
            ("*a", "ab"),
            ("[", "x"),
            ("[]", "]"),
            ("\\*", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(matches(b"MAX*[X-Z]", b"maxmemory", true) && !fits("MAX*", "maxmemory"));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "a*".repeat(1000) + "b";
        assert!(!fits(&pattern, &"a".repeat(20_000)));
    }

    /// As the definition has it, however long that takes.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|from| plainly(rest, &text[from..])),
            _ => match text {
                [] => false,
                [byte, text @ ..] => {
                    let (fits, length) = one(pattern, *byte, false);
                    fits && plainly(&pattern[length..], text)
                }
            },
        }
    }

    proptest! {
        #[test]
        fn stars_are_what_they_are_said_to_be(pattern in "[ab*?]{0,8}", text in "[ab]{1,8}") {
            prop_assert_eq!(fits(&pattern, &text), plainly(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn no_pattern_does_harm(pattern: Vec<u8>, text: Vec<u8>, ignore_case: bool) {
            matches(&pattern, &text, ignore_case);
        }
    }
}
