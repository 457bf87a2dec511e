//! A string as it stands in a dump of Redis (RDB), which is what DUMP answers and RESTORE takes: its kind,
//! the string, the version of the format, and a checksum. It knows of no other kinds.

/// The version of Redis 7.0. Newer ones are not read.
const VERSION: u16 = 10;
const KIND_STRING: u8 = 0;
/// Bytes of version and checksum.
const FOOTER_BYTES: usize = 10;
const CHECKSUM_BYTES: usize = 8;
/// Strings up to here are looked at for whether they are short as numbers.
const MAX_NUMBER_BYTES: usize = 11;
/// Bytes of the longest string that is read.
const MAX_STRING_BYTES: u64 = 512 << 20;

/// Why a dump is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadDump {
    /// Of another version, or not what it was when it was made.
    Footer,
    /// No string.
    Format,
}

/// The dump of a string.
pub(crate) fn dump(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + 9 + value.len() + FOOTER_BYTES);
    out.push(KIND_STRING);
    match short_number(value) {
        Some(number) => write_number(&mut out, number),
        None => {
            write_length(&mut out, value.len() as u64);
            out.extend_from_slice(value);
        }
    }
    out.extend_from_slice(&VERSION.to_le_bytes());
    let checksum = checksum(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    out
}

/// The string of a dump.
pub(crate) fn load(dump: &[u8]) -> Result<Vec<u8>, BadDump> {
    check_footer(dump)?;
    let mut rest = dump;
    match take(&mut rest, 1) {
        Some([KIND_STRING]) => string(&mut rest).ok_or(BadDump::Format),
        _ => Err(BadDump::Format),
    }
}

/// Whether a dump is whole, and of a version that is read.
pub(crate) fn check_footer(dump: &[u8]) -> Result<(), BadDump> {
    let (covered, sum) = dump.split_last_chunk::<CHECKSUM_BYTES>().ok_or(BadDump::Footer)?;
    let (_, version) = covered.split_last_chunk().ok_or(BadDump::Footer)?;
    let is_good = u16::from_le_bytes(*version) <= VERSION && checksum(covered) == u64::from_le_bytes(*sum);
    if is_good { Ok(()) } else { Err(BadDump::Footer) }
}

/// A number of 32 bits that is spelt as its digits are.
fn short_number(value: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= MAX_NUMBER_BYTES)?;
    text.parse().ok().filter(|number: &i32| number.to_string() == text)
}

fn write_number(out: &mut Vec<u8>, number: i32) {
    if let Ok(number) = i8::try_from(number) {
        out.push(0xc0);
        out.extend_from_slice(&number.to_le_bytes());
    } else if let Ok(number) = i16::try_from(number) {
        out.push(0xc1);
        out.extend_from_slice(&number.to_le_bytes());
    } else {
        out.push(0xc2);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn write_length(out: &mut Vec<u8>, length: u64) {
    match length {
        0..0x40 => out.push(length as u8),
        0x40..0x4000 => out.extend_from_slice(&(0x4000 | length as u16).to_be_bytes()),
        _ => match u32::try_from(length) {
            Ok(length) => {
                out.push(0x80);
                out.extend_from_slice(&length.to_be_bytes());
            }
            Err(_) => {
                out.push(0x81);
                out.extend_from_slice(&length.to_be_bytes());
            }
        },
    }
}

fn take<'a>(rest: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(bytes)?;
    *rest = behind;
    Some(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

fn string(rest: &mut &[u8]) -> Option<Vec<u8>> {
    match *rest.first()? {
        0xc0 => array(rest).map(|[_, number]: [u8; 2]| (number as i8).to_string().into()),
        0xc1 => array(rest).map(|[_, a, b]| i16::from_le_bytes([a, b]).to_string().into()),
        0xc2 => array(rest).map(|[_, a, b, c, d]| i32::from_le_bytes([a, b, c, d]).to_string().into()),
        0xc3 => {
            take(rest, 1)?;
            let (packed, length) = (length(rest)?, length(rest)?);
            let packed = take(rest, usize::try_from(packed).ok()?)?;
            unpack(packed, usize::try_from(length).ok()?)
        }
        _ => {
            let length = length(rest)?;
            take(rest, usize::try_from(length).ok()?).map(<[u8]>::to_vec)
        }
    }
}

fn length(rest: &mut &[u8]) -> Option<u64> {
    let [first] = array(rest)?;
    let length = match first {
        0..0x40 => first.into(),
        0x40..0x80 => u64::from(first & 0x3f) << 8 | u64::from(array::<1>(rest)?[0]),
        0x80 => u32::from_be_bytes(array(rest)?).into(),
        0x81 => u64::from_be_bytes(array(rest)?),
        _ => return None,
    };
    Some(length).filter(|length| *length <= MAX_STRING_BYTES)
}

/// What LZF packed, which has to come to exactly so many bytes. It is bytes as they are, a count before
/// them, or how far back the same bytes stood, and how many.
fn unpack(mut packed: &[u8], length: usize) -> Option<Vec<u8>> {
    // It grows as it comes: the length may be a lie.
    let mut out = Vec::with_capacity(length.min(packed.len().saturating_mul(4)));
    while let Some([control]) = array(&mut packed) {
        let control = usize::from(control);
        if control < 32 {
            out.extend_from_slice(take(&mut packed, control + 1)?);
        } else {
            let more = if control >> 5 == 7 { array::<1>(&mut packed)?[0].into() } else { 0usize };
            let count = (control >> 5) + more + 2;
            let back = ((control & 0x1f) << 8) + usize::from(array::<1>(&mut packed)?[0]) + 1;
            let from = out.len().checked_sub(back)?;
            // What is copied may be what the copy itself wrote.
            for at in from..from + count {
                out.push(out[at]);
            }
        }
        if out.len() > length {
            return None;
        }
    }
    Some(out).filter(|out| out.len() == length)
}

/// CRC-64 of Jones' polynomial, as Redis has it: reflected, from 0.
fn checksum(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
    const TABLE: [u64; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut sum, mut bit) = (byte as u64, 0);
            while bit < 8 {
                sum = (sum >> 1) ^ if sum & 1 == 1 { POLYNOMIAL } else { 0 };
                bit += 1;
            }
            table[byte] = sum;
            byte += 1;
        }
        table
    };
    bytes.iter().fold(0, |sum: u64, byte| (sum >> 8) ^ TABLE[usize::from(sum as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_footer(body: &[u8]) -> Vec<u8> {
        let mut dump = [body, &VERSION.to_le_bytes()].concat();
        dump.extend_from_slice(&checksum(&dump).to_le_bytes());
        dump
    }

    #[test]
    fn the_checksum_is_that_of_redis() {
        assert_eq!(checksum(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn numbers_are_short_and_lengths_have_four_forms() {
        for (value, head) in [
            (&b"-128"[..], &[0, 0xc0, 0x80][..]),
            (b"128", &[0, 0xc1, 0x80, 0]),
            (b"2147483647", &[0, 0xc2, 0xff, 0xff, 0xff, 0x7f]),
            (b"2147483648", b"\0\x0a2147483648"),
            (b"01", b"\0\x0201"),
            (b"+1", b"\0\x02+1"),
            (b"-0", b"\0\x02-0"),
            (&[b'x'; 64], &[0, 0x40, 0x40, b'x']),
            (&[b'x'; 20_000], &[0, 0x80, 0, 0, 0x4e, 0x20, b'x']),
        ] {
            let dump = dump(value);
            assert!(dump.starts_with(head), "{dump:x?}");
            assert_eq!(load(&dump).as_deref(), Ok(value));
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_within_its_bounds() {
        // `ab` as they are, then six bytes that stood two back.
        let packed = [1, b'a', b'b', 4 << 5, 1];
        assert_eq!(unpack(&packed, 8).as_deref(), Some(&b"abababab"[..]));
        assert_eq!((unpack(&packed, 7), unpack(&packed, 9), unpack(&packed[..4], 8)), (None, None, None));
        assert_eq!(unpack(&[0, b'a', 32, 1], 4), None, "before the start");
        assert_eq!(
            load(&with_footer(&[0, 0xc3, 5, 8, 1, b'a', b'b', 4 << 5, 1])).as_deref(),
            Ok(&b"abababab"[..])
        );
    }

    #[test]
    fn what_is_no_dump_of_a_string_is_told() {
        let good = dump(b"value");
        assert_eq!(load(&good[2..]), Err(BadDump::Footer));
        assert_eq!(load(&good[..9]), Err(BadDump::Footer));
        for body in [&[][..], &[1, 1, b'x'], &[0, 0x81, 0, 0, 0, 9, 0, 0, 0, 0], &[0, 0xc4], &[0, 60, b'x']] {
            assert_eq!(load(&with_footer(body)), Err(BadDump::Format), "{body:x?}");
        }
        let mut newer = [&[0, 1, b'x'][..], &11u16.to_le_bytes()].concat();
        newer.extend_from_slice(&checksum(&newer).to_le_bytes());
        assert_eq!(load(&newer), Err(BadDump::Footer));
    }

    proptest! {
        #[test]
        fn a_dump_gives_back_its_value(value: Vec<u8>) {
            prop_assert_eq!(load(&dump(&value)), Ok(value));
        }

        #[test]
        fn no_dump_does_harm(body: Vec<u8>) {
            let _ = load(&with_footer(&[&[0, 0xc3][..], &body].concat()));
            let _ = load(&with_footer(&body));
        }
    }
}
