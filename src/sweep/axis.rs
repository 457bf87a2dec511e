//! Lists and ranges as they are written: `64,256,512`, `512..8192*2`, `1..4+1`. Pure.

use super::Param;
use crate::results::Setting;
use crate::units::{parse_bytes, write_size};

/// What one parameter is set to at most.
pub(super) const MAX_SETTINGS: usize = 1000;

/// Reads what a parameter is to be set to, in the order in which that is written. What is too much is not read to
/// its end, and left to [`check`].
///
/// # Errors
/// What is wrong with it, and what would do.
pub(super) fn read(param: Param, text: &str) -> Result<Vec<Setting>, String> {
    let mut settings = Vec::new();
    for item in text.split(',').map(str::trim) {
        match item.split_once("..") {
            _ if item.is_empty() => {
                return Err(format!("`{text}` has nothing between two commas, or at an end"));
            }
            Some((first, rest)) => settings.extend(range(param, item, first, rest)?),
            None => settings.push(param.read(item)?),
        }
        if settings.len() > MAX_SETTINGS {
            break;
        }
    }
    Ok(settings)
}

/// Checks what was read, maybe in several parts.
///
/// # Errors
/// What is there too often, or that it is too much.
pub(super) fn check(settings: &[Setting]) -> Result<(), String> {
    if settings.is_empty() {
        return Err("has nothing in it".into());
    }
    if settings.len() > MAX_SETTINGS {
        return Err(format!("has more than {MAX_SETTINGS} settings"));
    }
    let mut sorted: Vec<_> = settings.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(format!("has {} twice: to run it again, use repeat", twice[0])),
        None => Ok(()),
    }
}

/// How a range goes on.
enum Steps {
    Times(u64),
    Plus(u64),
}

fn range(param: Param, item: &str, first: &str, rest: &str) -> Result<Vec<Setting>, String> {
    let without = || format!("`{item}` does not say its steps: write 512..8192*2, or 1..4+1");
    let (last, by) = rest.split_once(['*', '+']).ok_or_else(without)?;
    let (first, last) = (Amount::read(param, first)?, Amount::read(param, last)?);
    let in_bytes = first.in_bytes;
    let in_same = |amount: Amount| match amount.in_bytes == in_bytes {
        true => Ok(amount.number),
        false => Err(format!("`{item}` counts in bytes here, and in something else there")),
    };
    let (first, last) = (first.number, in_same(last)?);
    let steps = match rest.contains('*') {
        true => Steps::Times(by.trim().parse::<u64>().ok().filter(|by| *by >= 2).ok_or_else(|| {
            format!("`{item}` is multiplied by `{}`: write a whole number from 2 on", by.trim())
        })?),
        false => Steps::Plus(in_same(Amount::read(param, by)?)?),
    };
    if matches!(steps, Steps::Plus(0)) || (matches!(steps, Steps::Times(_)) && first == 0) {
        return Err(format!("`{item}` never comes to its end"));
    }
    if first > last {
        return Err(format!("`{item}` ends before it begins"));
    }
    let next = |at: &u64| match steps {
        Steps::Times(by) => at.checked_mul(by),
        Steps::Plus(by) => at.checked_add(by),
    };
    let places = std::iter::successors(Some(first), next).take_while(|at| *at <= last);
    let setting = |number| match in_bytes {
        true => Setting::Word(write_size(number)),
        false => Setting::Number(number),
    };
    // One more than there may be is enough to be refused.
    Ok(places.take(MAX_SETTINGS + 1).map(setting).collect())
}

/// An end of a range, or its step.
struct Amount {
    number: u64,
    /// Whether it is bytes where a bare number is something else.
    in_bytes: bool,
}

impl Amount {
    fn read(param: Param, text: &str) -> Result<Self, String> {
        match param.read(text)? {
            Setting::Number(number) => Ok(Self { number, in_bytes: false }),
            Setting::Word(word) => match parse_bytes(&word) {
                Ok(number) => Ok(Self { number, in_bytes: true }),
                Err(_) => Err(format!("`{word}` is no number, and only numbers have ranges")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(param: Param, text: &str) -> Vec<u64> {
        let number = |setting| match setting {
            Setting::Number(number) => number,
            Setting::Word(word) => panic!("{word}"),
        };
        read(param, text).unwrap().into_iter().map(number).collect()
    }

    #[test]
    fn lists_and_ranges_are_read_in_their_order() {
        for (text, expected) in [
            ("64", &[64][..]),
            ("512, 64,256", &[512, 64, 256]),
            ("512..8192*2", &[512, 1024, 2048, 4096, 8192]),
            ("512..8191*2", &[512, 1024, 2048, 4096]),
            ("1..4+1,16", &[1, 2, 3, 4, 16]),
            ("1KiB..1MiB*32", &[1 << 10, 1 << 15, 1 << 20]),
            ("0..10+5", &[0, 5, 10]),
            ("7..7*2", &[7]),
        ] {
            assert_eq!(numbers(Param::KeySize, text), expected, "{text}");
        }
        assert_eq!(numbers(Param::Data, "0.5,2"), [1 << 29, 2 << 30]);
        let words = ["auto", "100"].map(|word| Param::PipelineDepth.read(word).unwrap());
        assert_eq!(read(Param::PipelineDepth, "auto,100").unwrap(), words);
        assert_eq!(words[0], Setting::Word("auto".into()));
    }

    #[test]
    fn a_depth_in_bytes_is_a_word_and_has_ranges_too() {
        let told = |text: &str| {
            let settings = read(Param::PipelineDepth, text).unwrap();
            assert!(settings.iter().all(|setting| Param::PipelineDepth.takes(setting)));
            settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("auto,256KiB,0.5MiB,1000"), "auto 256KiB 512KiB 1000");
        assert_eq!(told("64KiB..256KiB*2,1kB..3kB+1000B"), "64KiB 128KiB 256KiB 1000B 2000B 3000B");
        let twice = check(&read(Param::PipelineDepth, "512KiB,0.5MiB").unwrap()).unwrap_err();
        assert!(twice.starts_with("has 512KiB twice"), "{twice}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (param, text, says) in [
            (Param::KeySize, "", "nothing between"),
            (Param::KeySize, "64,,128", "nothing between"),
            (Param::KeySize, "64..128", "does not say its steps"),
            (Param::KeySize, "64..128*1", "multiplied by `1`"),
            (Param::KeySize, "64..128*1.5", "multiplied by `1.5`"),
            (Param::KeySize, "0..128*2", "never comes to its end"),
            (Param::KeySize, "1..128+0", "never comes to its end"),
            (Param::KeySize, "128..64*2", "ends before it begins"),
            (Param::KeySize, "large", "`large` is not a size"),
            (Param::Keys, "1.5", "`1.5` is not a count"),
            (Param::Writers, "0", "`0` is neither a number from 1 to 256 nor `auto`"),
            (Param::Writers, "auto..4+1", "only numbers have ranges"),
            (Param::PipelineDepth, "many", "`many` is not a depth: write keys"),
            (Param::PipelineDepth, "0", "like 512KiB, or `auto`"),
            (Param::PipelineDepth, "100..1MiB*2", "counts in bytes here, and in something else there"),
            (Param::PipelineDepth, "1KiB..1MiB+1", "counts in bytes here, and in something else there"),
            (Param::Command, "set,get", "`get` is none of auto, set, mset"),
            (Param::Command, "set..mset*2", "`set` is no number"),
        ] {
            let error = read(param, text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        let many = "1..1000+1,".repeat(50) + "1";
        assert_eq!(read(Param::KeySize, &many).unwrap().len(), 2 * MAX_SETTINGS);
        for (text, says) in
            [("64,128,64", "64 twice"), ("1..5000+1", "more than 1000"), (&many, "more than 1000")]
        {
            let error = check(&read(Param::KeySize, text).unwrap()).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_range_stays_within_its_ends_and_keeps_its_step(
            first in 1_u64..50, length in 0_u64..2_000, by in 2_u64..5, plus in 1_u64..20,
        ) {
            let last = first + length;
            let times = numbers(Param::Keys, &format!("{first}..{last}*{by}"));
            prop_assert_eq!(times[0], first);
            prop_assert!(times.iter().all(|at| *at <= last) && times.last().unwrap() * by > last);
            prop_assert!(times.windows(2).all(|pair| pair[1] == pair[0] * by));
            let sums = numbers(Param::Keys, &format!("{first}..{last}+{plus}"));
            prop_assert!(sums.windows(2).all(|pair| pair[1] == pair[0] + plus));
            let expected = (length / plus + 1).min(MAX_SETTINGS as u64 + 1);
            prop_assert_eq!(sums.len() as u64, expected);
        }
    }
}
