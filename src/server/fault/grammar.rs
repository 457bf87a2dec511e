//! How faults are written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::units::{parse_bytes, parse_count, parse_time_above_zero};

/// The longest pause that can be asked for.
const MAX_PAUSE: Duration = Duration::from_secs(3600);

/// Errors that writes can be refused with: names, and what is answered. `{slot}` and `{node}` are
/// the key's slot, and a node that does not have it.
pub(super) const REFUSALS: &[(&str, &str)] = &[
    ("moved", "MOVED {slot} {node}"),
    ("ask", "ASK {slot} {node}"),
    ("tryagain", "TRYAGAIN Multiple keys request during rehashing of slot"),
    ("clusterdown", "CLUSTERDOWN The cluster is down"),
    ("loading", "LOADING Redis is loading the dataset in memory"),
    ("masterdown", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    ("oom", "OOM command not allowed when used memory > 'maxmemory'."),
    ("readonly", "READONLY You can't write against a read only replica."),
    (
        "misconf",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
         Commands that may modify the data set are disabled, because this instance is configured to report \
         errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check \
         the Redis logs for details about the RDB error.",
    ),
    ("noreplicas", "NOREPLICAS Not enough good replicas to write."),
];

/// One thing to do wrong: `NAME[=VALUE][/EVERY][@AFTER]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(super) kind: Kind,
    /// Every how many writes it happens.
    pub(super) every: u64,
    /// How many writes pass before it begins.
    pub(super) after: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers a write with an error, and does not execute it. Its place in [`REFUSALS`].
    Refuse(usize),
    /// Ends each connection that has sent so many bytes.
    Drop(u64),
    /// Reads nothing, from anybody, for so long; once.
    Stall(Duration),
    /// Lets each command wait.
    Delay(Duration),
    /// Reads, and neither executes nor answers.
    Swallow,
    /// Loses all keys and connections, and goes on as a new process would; once.
    Restart,
    /// Is gone for good, and with it what it wrote for so long before: replicas have it no earlier.
    Crash(Duration),
}

/// Why a fault was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no fault: {problem}. Write NAME[=VALUE][/EVERY][@AFTER], for instance oom/100, drop=1MB, \
     stall=2s, delay=5ms, swallow@5000, restart@5000, crash=100ms@5000"
)]
pub struct FaultError {
    text: String,
    problem: String,
}

/// A fault, and which node has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFault {
    /// The node, counted from 1; `None` is each of them.
    pub node: Option<u16>,
    /// What it does wrong.
    pub fault: Fault,
}

impl FromStr for NodeFault {
    type Err = FaultError;

    /// Reads `[NODE:]FAULT`.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let Some((node, fault)) = text.split_once(':') else {
            return Ok(Self { node: None, fault: text.parse()? });
        };
        match node.parse() {
            Ok(node) if node > 0 => Ok(Self { node: Some(node), fault: fault.parse()? }),
            _ => Err(FaultError {
                text: text.into(),
                problem: format!("`{node}` is no node, which are counted from 1"),
            }),
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::read(text).map_err(|problem| FaultError { text: text.into(), problem })
    }
}

impl Fault {
    fn read(text: &str) -> Result<Self, String> {
        let (rest, after) = match text.split_once('@') {
            Some((rest, after)) => (rest, parse_count(after).map_err(|error| error.to_string())?),
            None => (text, 0),
        };
        let (rest, every) = match rest.split_once('/') {
            Some((rest, every)) => (rest, Some(parse_count(every).map_err(|error| error.to_string())?)),
            None => (rest, None),
        };
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name.to_ascii_lowercase(), Some(value)),
            None => (rest.to_ascii_lowercase(), None),
        };
        let time = |value: &str| match parse_time_above_zero(value) {
            Ok(time) if time <= MAX_PAUSE => Ok(time),
            Ok(_) => Err("an hour is the longest".into()),
            Err(error) => Err(error.to_string()),
        };
        let kind = match (name.as_str(), value) {
            ("drop", Some(bytes)) => match parse_bytes(bytes).map_err(|error| error.to_string())? {
                0 => return Err("nothing can be dropped after 0 bytes".into()),
                bytes => Kind::Drop(bytes),
            },
            ("stall", Some(value)) => Kind::Stall(time(value)?),
            ("delay", Some(value)) => Kind::Delay(time(value)?),
            ("drop" | "stall" | "delay", None) => return Err(format!("{name} needs a value")),
            ("crash", None) => Kind::Crash(Duration::ZERO),
            ("crash", Some(value)) => Kind::Crash(time(value)?),
            (_, Some(_)) => return Err(format!("{name} has no value")),
            ("swallow", None) => Kind::Swallow,
            ("restart", None) => Kind::Restart,
            (name, None) => {
                let place = REFUSALS.iter().position(|(known, _)| *known == name);
                Kind::Refuse(place.ok_or_else(|| {
                    let names: Vec<_> = REFUSALS.iter().map(|(name, _)| *name).collect();
                    format!("there are {}, drop, stall, delay, swallow, restart and crash", names.join(", "))
                })?)
            }
        };
        match every {
            Some(0) => Err("every 0th is none".into()),
            Some(_) if !matches!(kind, Kind::Refuse(_)) => {
                Err("only errors come every so many writes".into())
            }
            _ => Ok(Self { kind, every: every.unwrap_or(1), after }),
        }
    }
}

/// As it was read, in the shortest form.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Refuse(place) => f.write_str(REFUSALS[place].0)?,
            Kind::Drop(bytes) => write!(f, "drop={bytes}")?,
            Kind::Stall(time) => write!(f, "stall={}", humantime::format_duration(time))?,
            Kind::Delay(time) => write!(f, "delay={}", humantime::format_duration(time))?,
            Kind::Swallow => f.write_str("swallow")?,
            Kind::Restart => f.write_str("restart")?,
            Kind::Crash(Duration::ZERO) => f.write_str("crash")?,
            Kind::Crash(lag) => write!(f, "crash={}", humantime::format_duration(lag))?,
        }
        if self.every > 1 {
            write!(f, "/{}", self.every)?;
        }
        if self.after > 0 {
            write!(f, "@{}", self.after)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_shown_as_it_is_read() {
        for text in [
            "moved",
            "ask/7",
            "tryagain@9",
            "clusterdown",
            "loading",
            "masterdown",
            "oom/100@5000",
            "readonly",
            "misconf",
            "noreplicas",
            "drop=1000000",
            "stall=2s",
            "delay=5ms",
            "swallow@1",
            "restart@12",
            "crash",
            "crash=100ms@12",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        assert_eq!("OOM/1@0".parse::<Fault>().unwrap().to_string(), "oom");
        assert_eq!("Drop=1MB".parse::<Fault>().unwrap().to_string(), "drop=1000000");
        assert_eq!("stall=0.5".parse::<Fault>().unwrap().to_string(), "stall=500ms");
    }

    #[test]
    fn what_is_no_fault_is_told() {
        for (text, problem) in [
            ("", "there are moved,"),
            ("what", "there are moved,"),
            ("oom=1", "has no value"),
            ("drop", "drop needs a value"),
            ("drop=0", "0 bytes"),
            ("drop=x", "not a size"),
            ("stall=-1", "not a length of time"),
            ("stall=0", "not a length of time"),
            ("delay=2h", "an hour"),
            ("oom/0", "0th"),
            ("oom/x", "not a count"),
            ("oom@-1", "not a count"),
            ("swallow/2", "only errors"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("oom/100"), "{text}: {error}");
        }
    }

    #[test]
    fn a_node_may_be_named() {
        let fault: Fault = "oom/2".parse().unwrap();
        assert_eq!("oom/2".parse(), Ok(NodeFault { node: None, fault: fault.clone() }));
        assert_eq!("3:oom/2".parse(), Ok(NodeFault { node: Some(3), fault }));
        for text in ["0:oom", "x:oom", ":oom", "70000:oom"] {
            assert!(text.parse::<NodeFault>().unwrap_err().to_string().contains("no node"), "{text}");
        }
        assert!("1:what".parse::<NodeFault>().is_err());
    }
}
