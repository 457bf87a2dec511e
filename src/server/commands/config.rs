//! CONFIG: the settings that there are here, and what is true of the others that clients ask for.

use super::parse::is;
use crate::resp::Request;
use crate::server::config::{Config, Policy};
use crate::server::execute::{Context, Refusal, quoted};
use crate::server::glob;
use crate::server::node::Node;

/// Least of a limit in bytes that may be set.
const LEAST_LIMIT_BYTES: u64 = 1 << 20;

/// A setting: how it is shown, and how it is set, with the reason where that is refused.
struct Setting {
    name: &'static str,
    show: fn(&Node) -> String,
    set: fn(&mut Config, &str) -> Result<(), String>,
}

/// In the order of their names.
static SETTINGS: &[Setting] = &[
    Setting { name: "appendonly", show: |_| "no".into(), set: |_, value| only(value, "no") },
    Setting { name: "bind", show: |node| node.address.ip().to_string(), set: immutable },
    Setting {
        name: "client-query-buffer-limit",
        show: |node| node.config.client_query_buffer_limit.to_string(),
        set: |config, value| limit(value).map(|bytes| config.client_query_buffer_limit = bytes),
    },
    Setting {
        name: "cluster-enabled",
        show: |node| yes_or_no(node.cluster.is_some()).into(),
        set: immutable,
    },
    Setting {
        name: "cluster-require-full-coverage",
        show: |node| yes_or_no(node.config.cluster_require_full_coverage).into(),
        set: |config, value| flag(value).map(|on| config.cluster_require_full_coverage = on),
    },
    Setting { name: "databases", show: |_| "1".into(), set: immutable },
    Setting {
        name: "maxclients",
        show: |node| node.config.maxclients.to_string(),
        set: |config, value| number(value, 1..=u32::MAX.into()).map(|most| config.maxclients = most as usize),
    },
    Setting {
        name: "maxmemory",
        show: |node| node.config.maxmemory.to_string(),
        set: |config, value| bytes(value).map(|bytes| config.maxmemory = bytes),
    },
    Setting {
        name: "maxmemory-policy",
        show: |node| node.config.maxmemory_policy.name().into(),
        set: |config, value| policy(value).map(|policy| config.maxmemory_policy = policy),
    },
    Setting { name: "port", show: |node| node.address.port().to_string(), set: immutable },
    Setting {
        name: "proto-max-bulk-len",
        show: |node| node.config.proto_max_bulk_len.to_string(),
        set: |config, value| limit(value).map(|bytes| config.proto_max_bulk_len = bytes),
    },
    Setting {
        name: "requirepass",
        show: |node| node.config.requirepass.clone(),
        set: |config, value| {
            config.requirepass = value.into();
            Ok(())
        },
    },
    Setting { name: "save", show: |_| String::new(), set: |_, value| only(value, "") },
    Setting { name: "timeout", show: |_| "0".into(), set: |_, value| only(value, "0") },
];

pub(super) fn get(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let node = &context.node;
    // A setting that is named is shown as it was spelt.
    let asked = |setting: &'static Setting| {
        let own = setting.name.as_bytes();
        let name = request.from(2).find_map(|word| match word.iter().any(|byte| b"[*?".contains(byte)) {
            true => glob::matches(word, own, true).then_some(own),
            false => is(word, setting.name).then_some(word),
        })?;
        Some((name, (setting.show)(node)))
    };
    let found: Vec<_> = SETTINGS.iter().filter_map(asked).collect();
    let reply = context.reply();
    reply.map(found.len());
    for (name, value) in found {
        reply.bulk(name);
        reply.bulk(value);
    }
    Ok(())
}

/// Sets all or nothing.
pub(super) fn set(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    if !request.len().is_multiple_of(2) {
        return Err(super::parse::SYNTAX.into());
    }
    let mut config = context.node.config.clone();
    let mut seen = Vec::new();
    let mut words = request.from(2);
    while let Some((name, value)) = words.next().zip(words.next()) {
        let Some(setting) = SETTINGS.iter().find(|setting| is(name, setting.name)) else {
            let text = "ERR Unknown option or number of arguments for CONFIG SET";
            return Err(format!("{text} - '{}'", quoted(name)).into());
        };
        let failed = |reason: String| {
            format!("ERR CONFIG SET failed (possibly related to argument '{}') - {reason}", setting.name)
        };
        if seen.contains(&setting.name) {
            return Err(failed("duplicate parameter".into()).into());
        }
        seen.push(setting.name);
        let value = std::str::from_utf8(value).map_err(|_| failed("argument must be text".into()))?;
        (setting.set)(&mut config, value).map_err(failed)?;
    }
    context.node.config = config;
    context.reply().ok();
    Ok(())
}

pub(super) fn reset_stat(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    context.node.stats.reset();
    context.node.keys.expired = 0;
    context.reply().ok();
    Ok(())
}

pub(super) fn rewrite(_: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    Err("ERR The server is running without a config file".into())
}

fn immutable(_: &mut Config, _: &str) -> Result<(), String> {
    Err("can't set immutable config".into())
}

/// What is so, and cannot be otherwise here, may be set to what it is.
fn only(value: &str, right: &str) -> Result<(), String> {
    if value.eq_ignore_ascii_case(right) { Ok(()) } else { Err(format!("argument must be '{right}' here")) }
}

fn yes_or_no(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

fn flag(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("argument must be 'yes' or 'no'".into()),
    }
}

fn number(value: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let number: i64 = value.parse().map_err(|_| "argument couldn't be parsed into an integer".to_owned())?;
    in_range(u64::try_from(number).ok(), range)
}

fn in_range(number: Option<u64>, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let (least, most) = (*range.start(), *range.end());
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("argument must be between {least} and {most} inclusive"))
}

fn limit(value: &str) -> Result<u64, String> {
    in_range(Some(bytes(value)?), LEAST_LIMIT_BYTES..=i64::MAX as u64)
}

/// Bytes with or without a unit; with a `b` at its end it is a power of 1024.
fn bytes(value: &str) -> Result<u64, String> {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" => Some(1000),
        "kb" => Some(1 << 10),
        "m" => Some(1_000_000),
        "mb" => Some(1 << 20),
        "g" => Some(1_000_000_000),
        "gb" => Some(1 << 30),
        _ => None,
    };
    // No digits are 0, in Redis too.
    let number = if number.is_empty() { Some(0) } else { number.parse::<u64>().ok() };
    let bytes = number.zip(factor).and_then(|(number, factor): (u64, u64)| number.checked_mul(factor));
    bytes.ok_or_else(|| "argument must be a memory value".into())
}

fn policy(value: &str) -> Result<Policy, String> {
    Policy::named(value).ok_or_else(|| {
        let names: Vec<_> = Policy::ALL.iter().map(|policy| policy.name()).collect();
        format!("argument(s) must be one of the following: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_redis_reads_them() {
        let right = [
            ("0", 0),
            ("", 0),
            ("kb", 0),
            ("7", 7),
            ("7b", 7),
            ("1k", 1000),
            ("1kb", 1024),
            ("2Mb", 2 << 20),
            ("1G", 1_000_000_000),
        ];
        right.iter().for_each(|(text, size)| assert_eq!(bytes(text), Ok(*size), "{text}"));
        for wrong in ["-1", "1tb", "1 k", "99999999999999999999", "18446744073709551615kb"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_are_in_order() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
    }
}
