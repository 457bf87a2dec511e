//! The faults that a node has at present, and when they strike.

use std::time::{Duration, Instant};

use super::grammar::{Fault, Kind, REFUSALS};

/// Faults that a node keeps at a time.
pub(crate) const MAX_FAULTS: usize = 16;

/// What happens to a command instead of being run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// It is refused with this error, in which `{slot}` and `{node}` are still to be filled in.
    Refuse(&'static str),
    /// Nobody learns that it came.
    Swallow,
    /// The node restarts.
    Restart,
    /// The node is gone for good.
    Crash,
}

/// What a node does wrong at present.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: Vec<Active>,
    stalled_until: Option<Instant>,
    /// How long the command that has just run is not answered.
    pause: Option<Duration>,
}

#[derive(Debug)]
struct Active {
    fault: Fault,
    /// Writes that have come since it was set,
    writes: u64,
    /// which was then.
    since: Instant,
}

impl Active {
    fn has_begun(&self) -> bool {
        self.writes >= self.fault.after
    }

    /// Whether the node is to be gone now. It has to last until what it wrote is held back for long enough.
    fn crashes(&self) -> bool {
        matches!(self.fault.kind, Kind::Crash(lag) if self.has_begun() && self.since.elapsed() >= lag)
    }
}

impl Faults {
    /// Adds one. What happens once, and at once, is for the caller to do: it gets it back.
    pub(crate) fn add(&mut self, fault: Fault) -> Result<Option<Strike>, &'static str> {
        match fault.kind {
            Kind::Restart if fault.after == 0 => return Ok(Some(Strike::Restart)),
            Kind::Stall(time) if fault.after == 0 => self.stalled_until = Some(Instant::now() + time),
            _ if self.set.len() == MAX_FAULTS => return Err("ERR too many faults, switch them off first"),
            _ => self.set.push(Active { fault, writes: 0, since: Instant::now() }),
        }
        Ok(None)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn list(&self) -> impl ExactSizeIterator<Item = String> {
        self.set.iter().map(|active| active.fault.to_string())
    }

    #[inline]
    pub(crate) fn are_set(&self) -> bool {
        !self.set.is_empty()
    }

    /// A command has come: says what is done to it, if it is not simply run.
    pub(crate) fn strike(&mut self, is_write: bool) -> Option<Strike> {
        let mut struck = None;
        self.set.retain_mut(|active| {
            let (begun, every) = (active.has_begun(), active.fault.every);
            let counted = active.writes.saturating_sub(active.fault.after) + 1;
            active.writes += u64::from(is_write);
            if !begun {
                return true;
            }
            match active.fault.kind {
                Kind::Refuse(place) if is_write && counted.is_multiple_of(every) => {
                    struck = struck.take().or(Some(Strike::Refuse(REFUSALS[place].1)));
                }
                Kind::Swallow => struck = Some(Strike::Swallow),
                Kind::Restart => struck = Some(Strike::Restart),
                Kind::Stall(time) => {
                    self.stalled_until = Some(Instant::now() + time);
                    self.pause = self.pause.max(Some(time));
                }
                Kind::Delay(time) => self.pause = self.pause.max(Some(time)),
                Kind::Crash(_) if active.crashes() => struck = Some(Strike::Crash),
                Kind::Refuse(_) | Kind::Drop(_) | Kind::Crash(_) => {}
            }
            !matches!(active.fault.kind, Kind::Restart | Kind::Stall(_))
        });
        struck
    }

    /// How long the command that has just run is not answered, told once.
    #[inline]
    pub(crate) fn take_pause(&mut self) -> Option<Duration> {
        self.pause.take()
    }

    /// How long nothing is read from now on.
    pub(crate) fn stalled(&mut self) -> Option<Duration> {
        let left = self.stalled_until?.checked_duration_since(Instant::now());
        if left.is_none_or(|left| left.is_zero()) {
            self.stalled_until = None;
        }
        left.filter(|left| !left.is_zero())
    }

    /// Whether the node is to be gone now, though no command comes.
    pub(crate) fn crashes(&self) -> bool {
        self.set.iter().any(Active::crashes)
    }

    /// How old what is written has to be before replicas have it.
    pub(crate) fn lag(&self) -> Duration {
        let lag =
            |active: &Active| if let Kind::Crash(lag) = active.fault.kind { lag } else { Duration::ZERO };
        self.set.iter().map(lag).max().unwrap_or_default()
    }

    /// How many bytes a connection may send before it is ended.
    pub(crate) fn bytes_allowed(&self) -> Option<u64> {
        let begun = self.set.iter().filter(|active| active.has_begun());
        begun
            .filter_map(|active| if let Kind::Drop(bytes) = active.fault.kind { Some(bytes) } else { None })
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(specs: &[&str]) -> Faults {
        let mut faults = Faults::default();
        specs.iter().for_each(|spec| assert_eq!(faults.add(spec.parse().unwrap()), Ok(None)));
        faults
    }

    #[test]
    fn errors_come_every_so_many_writes_and_reads_pass() {
        let mut faults = faults(&["oom/3@2"]);
        let refused: Vec<bool> = (0..11).map(|_| faults.strike(true).is_some()).collect();
        let wanted = [0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1].map(|refused| refused == 1);
        assert_eq!(refused, wanted);
        assert_eq!(faults.strike(false), None);
    }

    #[test]
    fn what_happens_once_is_over_then() {
        let mut faults = faults(&["restart@2", "stall=1h@1"]);
        assert_eq!((faults.strike(true), faults.stalled()), (None, None));
        assert_eq!(faults.strike(true), None);
        assert!(faults.stalled().is_some() && faults.take_pause().is_some() && faults.take_pause().is_none());
        assert_eq!(faults.strike(false), Some(Strike::Restart));
        assert_eq!(faults.strike(true), None);
        assert!(!faults.are_set() && faults.stalled().is_some());
        faults.clear();
        assert_eq!(faults.stalled(), None);
        assert_eq!(faults.add("restart".parse().unwrap()), Ok(Some(Strike::Restart)));
    }

    #[test]
    fn the_worst_of_several_faults_happens() {
        let mut faults = faults(&["oom", "swallow@1", "delay=1ms", "delay=5ms", "drop=9@1", "drop=7@2"]);
        assert!(matches!(faults.strike(true), Some(Strike::Refuse(text)) if text.starts_with("OOM")));
        assert_eq!(faults.take_pause(), Some(Duration::from_millis(5)));
        assert_eq!(faults.bytes_allowed(), Some(9));
        assert_eq!(faults.strike(true), Some(Strike::Swallow));
        assert_eq!(faults.bytes_allowed(), Some(7));
    }

    #[test]
    fn there_is_an_end_to_faults() {
        let mut faults = faults(&["oom"; MAX_FAULTS]);
        assert!(faults.add("oom".parse().unwrap()).is_err());
        assert_eq!(faults.list().len(), MAX_FAULTS);
    }
}
