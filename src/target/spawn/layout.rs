//! Which servers to start, and which slots each of them gets. Pure.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::slots::SLOTS;

/// The most masters that one machine is asked to run.
pub const MAX_MASTERS: u16 = 64;

/// Which servers to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One server that is no cluster.
    Standalone,
    /// A cluster: for each master, the slots that it owns.
    Cluster(Vec<Vec<RangeInclusive<u16>>>),
}

/// Why a layout was not understood, or cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Neither the word nor a number in range.
    #[error(
        "`{0}` is not a layout: write `standalone`, or the number of masters of a cluster, 1 to {MAX_MASTERS}"
    )]
    Unknown(String),
    /// A cluster that cannot be.
    #[error("slot {slot} has {owners} owners: give each of the {SLOTS} slots to exactly one master")]
    Owners {
        /// The first slot that is wrong.
        slot: u16,
        /// How many masters have it.
        owners: usize,
    },
}

/// As `--spawn` takes it.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standalone => f.write_str("standalone"),
            Self::Cluster(masters) => write!(f, "{}", masters.len()),
        }
    }
}

impl Layout {
    /// A cluster whose masters own equal parts, as near as can be, each one range.
    pub fn even(masters: u16) -> Self {
        Self::shares(&vec![1; usize::from(masters)])
    }

    /// A cluster whose masters own one range each, of these sizes relative to each other. A master
    /// with a share of nothing owns nothing.
    pub fn shares(shares: &[u32]) -> Self {
        let whole: u64 = shares.iter().copied().map(u64::from).sum();
        let (mut below, mut first) = (0_u64, 0_u16);
        let owned = shares.iter().map(|&share| {
            below += u64::from(share);
            // At most SLOTS, so it fits.
            let end = (below * u64::from(SLOTS) / whole.max(1)) as u16;
            let slots = if end > first { vec![first..=end - 1] } else { Vec::new() };
            first = end;
            slots
        });
        Self::Cluster(owned.collect())
    }

    /// Whether this is a cluster.
    pub fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// How many masters it has; a standalone server counts as one.
    pub fn masters(&self) -> usize {
        match self {
            Self::Standalone => 1,
            Self::Cluster(owned) => owned.len(),
        }
    }

    /// Checks that each slot of a cluster has one owner.
    ///
    /// # Errors
    /// [`LayoutError::Owners`] with the first slot that has none, or several.
    pub fn check(&self) -> Result<(), LayoutError> {
        let Self::Cluster(owned) = self else { return Ok(()) };
        for slot in 0..SLOTS {
            let owners = owned.iter().flatten().filter(|range| range.contains(&slot)).count();
            if owners != 1 {
                return Err(LayoutError::Owners { slot, owners });
            }
        }
        Ok(())
    }
}

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, LayoutError> {
        match (text, text.parse::<u16>()) {
            ("standalone", _) => Ok(Self::Standalone),
            (_, Ok(masters)) if (1..=MAX_MASTERS).contains(&masters) => Ok(Self::even(masters)),
            _ => Err(LayoutError::Unknown(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_word_or_a_number_of_masters() {
        assert_eq!("standalone".parse(), Ok(Layout::Standalone));
        assert_eq!("3".parse(), Ok(Layout::even(3)));
        assert_eq!("1".parse(), Ok(Layout::Cluster(vec![vec![0..=16383]])));
        for text in ["", "0", "65", "-1", "3.5", "three", "Standalone", "99999999"] {
            assert_eq!(text.parse::<Layout>(), Err(LayoutError::Unknown(text.into())));
        }
        let message = "0".parse::<Layout>().unwrap_err().to_string();
        assert!(message.ends_with("number of masters of a cluster, 1 to 64"), "{message}");
    }

    #[test]
    fn even_parts_differ_by_one_slot_at_most() {
        for masters in 1..=MAX_MASTERS {
            let layout = Layout::even(masters);
            assert_eq!((layout.check(), layout.masters()), (Ok(()), usize::from(masters)));
            let Layout::Cluster(owned) = layout else { unreachable!() };
            let sizes: Vec<_> = owned.iter().map(|ranges| ranges[0].len()).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn shares_are_in_proportion_and_may_be_nothing() {
        let layout = Layout::shares(&[1, 0, 3]);
        assert_eq!(layout, Layout::Cluster(vec![vec![0..=4095], vec![], vec![4096..=16383]]));
        assert_eq!(layout.check(), Ok(()));
    }

    #[test]
    fn a_slot_without_an_owner_or_with_two_is_found() {
        let hole = Layout::Cluster(vec![vec![0..=99], vec![101..=16383]]);
        assert_eq!(hole.check(), Err(LayoutError::Owners { slot: 100, owners: 0 }));
        let overlap = Layout::Cluster(vec![vec![0..=100], vec![100..=16383]]);
        assert_eq!(overlap.check(), Err(LayoutError::Owners { slot: 100, owners: 2 }));
        assert!(Layout::shares(&[]).check().is_err());
        assert!(Layout::shares(&[0, 0]).check().is_err());
    }
}
