//! Keeping what was executed, so that another run can go on; and where such a run begins. What goes wrong
//! with the disk is a warning, and never the end of a fill.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cluster::{Mode, Topology, node_ids};
use crate::dataset::Values;
use crate::journal::{Header, JOURNAL_FILE, Journal, JournalError, Place, dataset_digest};
use crate::results::{Event, IncidentKind, Incidents, Observer};
use crate::slots::SLOTS;
use crate::target::Site;
use crate::units::show_count;

use super::nodes::Node;
use super::{FillError, FillOptions, Keeping};

/// How often what was executed is written down.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long beginning it may take, which the first key waits for.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);
/// How long the last record may take, at the end.
const LAST_RECORD: Duration = Duration::from_secs(2);

/// What tells these servers from others.
pub(super) async fn place(site: &Site, topology: &Topology, nodes: &mut [Node]) -> Result<Place, FillError> {
    let cluster = topology.mode == Mode::Cluster;
    let mut ids: Vec<String> = topology.masters.iter().map(|master| master.node.clone()).collect();
    if let Some(node) = nodes.first_mut().filter(|_| cluster) {
        ids.extend(node_ids(&mut node.connection).await?);
    }
    ids.retain(|id| !id.is_empty());
    ids.sort_unstable();
    ids.dedup();
    let database = site.connector.database;
    Ok(Place { cluster, address: site.address.to_string(), database, nodes: ids })
}

/// Sees to it that a fill goes on where it was begun.
pub(super) fn check_place(keeping: &Keeping, place: &Place) -> Result<(), FillError> {
    let past = keeping.past.as_ref();
    match past.and_then(|past| past.header.place.difference(place)) {
        Some(difference) => Err(FillError::OtherFill { folder: keeping.folder.clone(), difference }),
        None => Ok(()),
    }
}

/// For each slot, how many of its first keys need not be sent: what earlier runs executed, unless the slot
/// is empty now, so that they cannot be there any more.
pub(super) fn starts(options: &FillOptions, empty: &[bool]) -> Arc<[u64]> {
    let past = options.keeping.as_ref().and_then(|keeping| keeping.past.as_ref());
    let Some(past) = past else { return vec![0; usize::from(SLOTS)].into() };
    let slots = (0..SLOTS).zip(&past.executed).zip(empty);
    let start = |((slot, executed), empty): ((u16, &u64), &bool)| match empty {
        true => 0,
        false => options.spec.keys_in_slot(slot).min(*executed),
    };
    slots.map(start).collect()
}

/// The journal of a fill, if it has one.
pub(super) struct Keeper {
    journal: Option<Journal>,
    command: Option<String>,
    observer: Arc<dyn Observer>,
    incidents: Arc<Incidents>,
    noted: Instant,
    /// What the user was told.
    warnings: Vec<String>,
}

impl Keeper {
    /// Begins the journal, if there is to be one, with what is executed already.
    ///
    /// # Errors
    /// [`FillError::OtherFill`] if these are other keys than those of the earlier runs.
    pub async fn open(
        options: &FillOptions,
        place: &Place,
        values: &Values,
        executed: &Arc<[u64]>,
        observer: &Arc<dyn Observer>,
        incidents: &Arc<Incidents>,
    ) -> Result<Self, FillError> {
        let mut keeper = Self {
            journal: None,
            command: None,
            observer: observer.clone(),
            incidents: incidents.clone(),
            noted: Instant::now(),
            warnings: Vec::new(),
        };
        let Some(Keeping { folder, past, command }) = options.keeping.clone() else { return Ok(keeper) };
        let mut header = Header::new(dataset_digest(&options.spec, values), place.clone());
        if let Some(past) = past {
            if past.header.dataset != header.dataset {
                let difference = "its keys or values are others than these options make".into();
                return Err(FillError::OtherFill { folder, difference });
            }
            // Once all its nodes have been replaced one by one, it is still the cluster that was filled.
            header.place.nodes.extend(past.header.place.nodes.iter().cloned());
            header.place.nodes.sort_unstable();
            header.place.nodes.dedup();
        }
        let (executed, path) = (executed.clone(), folder.join(JOURNAL_FILE));
        let beginning = tokio::task::spawn_blocking(move || Journal::begin(&folder, &header, &executed));
        let begun = match tokio::time::timeout(BEGINS_WITHIN, beginning).await {
            Ok(begun) => begun?,
            // Should the disk take it after all, what it says is true: it has what earlier runs executed.
            Err(_) => Err(JournalError::Slow { path, after: BEGINS_WITHIN }),
        };
        match begun {
            Ok(journal) => (keeper.journal, keeper.command) = (Some(journal), Some(command)),
            Err(error) => keeper.warn(&error, "the fill goes on, and cannot be resumed"),
        }
        Ok(keeper)
    }

    /// The command that goes on; `None` if nothing is kept to go on from.
    pub fn command(&self) -> Option<String> {
        self.command.clone()
    }

    /// To be called about ten times a second with what barriers have answered for.
    pub fn tick(&mut self, executed: &[u64]) {
        let Some(journal) = &self.journal else { return };
        if let Some(trouble) = journal.trouble() {
            self.warn(&trouble, "the fill goes on, and can be resumed only from what was written before");
        }
        if self.noted.elapsed() >= INTERVAL {
            self.noted = Instant::now();
            self.note(executed);
        }
    }

    /// Takes note of what is executed, or no longer.
    pub fn note(&self, executed: &[u64]) {
        if let Some(journal) = &self.journal {
            journal.note(executed);
        }
    }

    /// Takes the last note, sees to it that it is on the disk, and returns all warnings there were.
    pub async fn close(mut self, executed: &[u64]) -> Vec<String> {
        self.note(executed);
        let Some(journal) = self.journal.take() else { return self.warnings };
        // The thread cannot fail, and if it did, there would be nothing to say of the disk.
        let Ok(kept) = tokio::task::spawn_blocking(move || journal.close(LAST_RECORD)).await else {
            return self.warnings;
        };
        if !kept.complete {
            let until = format!("--resume goes on from the first {} keys that it has", show_count(kept.keys));
            match kept.trouble {
                Some(trouble) => self.warn(&trouble, &until),
                None => self.tell(format!("not all that was executed is in the journal: {until}")),
            }
        }
        self.warnings
    }

    fn warn(&mut self, trouble: &JournalError, so: &str) {
        // It is no master's matter.
        self.incidents.report(&"", IncidentKind::JournalFailed, &trouble.to_string(), 0);
        self.tell(format!("{trouble}: {so}; {}", trouble.cure()));
    }

    fn tell(&mut self, warning: String) {
        self.observer.event(&Event::Warning(warning.clone()));
        self.warnings.push(warning);
    }
}
