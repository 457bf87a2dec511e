//! Where each node's `nodes.conf` is: written whenever what it says changes, read at the start.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rand_xoshiro::Xoshiro256PlusPlus;

use super::nodes_conf::{NodesConf, file_text, parse};
use super::state::{Member, MemberIndex, State, random_id};

/// The name that Redis gives it.
const FILE: &str = "nodes.conf";

/// A folder with a folder for each node, named by its port.
#[derive(Debug)]
pub(crate) struct Archive {
    dir: PathBuf,
}

/// Why it could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The system did not let it.
    #[error("failed to use {path}: {cause}")]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// It is not what a node writes.
    #[error("line {line} of {path} is broken: {reason}; mend it, or remove the folder to start anew")]
    Broken {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Archive {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.into() }
    }

    /// The nodes as they were, and new ones that know nobody where nothing was kept. Where nothing was kept of
    /// any, so many are masters of a new cluster, and the others their replicas. In either case all is kept from
    /// now on.
    pub(crate) fn open(
        &self,
        addresses: &[SocketAddr],
        masters: usize,
        random: &mut Xoshiro256PlusPlus,
    ) -> Result<State, ArchiveError> {
        let kept = addresses.iter().map(|address| self.read(*address)).collect::<Result<Vec<_>, _>>()?;
        let state = if kept.iter().all(Option::is_none) {
            State::of_masters(addresses, masters, random)
        } else {
            self.restore(addresses, &kept, random)?
        };
        (0..addresses.len()).try_for_each(|member| self.write(&state, member))?;
        Ok(state)
    }

    /// Writes the files of those for which something changed.
    pub(super) fn keep(&self, old: &State, new: &State) -> Result<(), ArchiveError> {
        let mut changed: Vec<MemberIndex> = (0..new.members.len())
            .filter(|member| file_text(old, *member) != file_text(new, *member))
            .collect();
        // Who gains a slot says so before the one that loses it: if it ends between the two, the
        // slot has two owners, of which the epoch names one, and never none.
        changed.sort_by_key(|member| old.members[*member].slots.len() >= new.members[*member].slots.len());
        for (done, member) in changed.iter().enumerate() {
            if let Err(error) = self.write(new, *member) {
                // As well as it goes, what was written before is what it was.
                changed[..done].iter().for_each(|member| drop(self.write(old, *member)));
                return Err(error);
            }
        }
        Ok(())
    }

    fn path(&self, address: SocketAddr) -> PathBuf {
        self.dir.join(address.port().to_string()).join(FILE)
    }

    fn read(&self, address: SocketAddr) -> Result<Option<NodesConf>, ArchiveError> {
        let path = self.path(address);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let conf = parse(&text);
                conf.map(Some).map_err(|(line, reason)| ArchiveError::Broken { path, line, reason })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(ArchiveError::Io { path, cause }),
        }
    }

    fn write(&self, state: &State, member: MemberIndex) -> Result<(), ArchiveError> {
        let path = self.path(state.members[member].address);
        let write = || {
            let folder = path.parent().unwrap_or(&self.dir);
            fs::create_dir_all(folder)?;
            let new = path.with_extension("conf.new");
            let mut file = File::create(&new)?;
            file.write_all(file_text(state, member).as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            // The name itself.
            File::open(folder)?.sync_all()
        };
        write().map_err(|cause| ArchiveError::Io { path: path.clone(), cause })
    }

    fn restore(
        &self,
        addresses: &[SocketAddr],
        kept: &[Option<NodesConf>],
        random: &mut Xoshiro256PlusPlus,
    ) -> Result<State, ArchiveError> {
        let members = addresses.iter().zip(kept).enumerate().map(|(island, (address, conf))| {
            let Some(conf) = conf else { return Member::alone(random_id(random), *address, island) };
            Member {
                config_epoch: conf.config_epoch,
                current_epoch: conf.current_epoch.max(conf.config_epoch),
                slots: conf.slots.clone(),
                ..Member::alone(conf.id.clone(), *address, island)
            }
        });
        let mut state = State { members: members.collect() };
        let places: BTreeMap<String, MemberIndex> =
            state.members.iter().enumerate().map(|(index, member)| (member.id.clone(), index)).collect();
        for (me, conf) in kept.iter().enumerate().filter_map(|(me, conf)| Some((me, conf.as_ref()?))) {
            if places.get(&conf.id) != Some(&me) {
                let (path, reason) = (self.path(addresses[me]), "another node has the same name");
                return Err(ArchiveError::Broken { path, line: 1, reason });
            }
        }
        let mut known = Vec::new();
        for (me, conf) in kept.iter().enumerate().filter_map(|(me, conf)| Some((me, conf.as_ref()?))) {
            for (id, line) in &conf.others {
                let broken = || ArchiveError::Broken {
                    path: self.path(addresses[me]),
                    line: *line,
                    reason: "it names a node that is not started here",
                };
                known.push((me, *places.get(id).ok_or_else(broken)?));
            }
            let place = |moves: &BTreeMap<u16, String>| {
                moves.iter().filter_map(|(slot, id)| Some((*slot, *places.get(id)?))).collect()
            };
            state.members[me].migrating = place(&conf.migrating);
            state.members[me].importing = place(&conf.importing);
            state.members[me].replica_of = conf.replica_of.as_ref().and_then(|id| places.get(id).copied());
        }
        state.settle_roles();
        known.iter().for_each(|(me, other)| state.meet(*me, *other));
        for me in 0..kept.len() {
            let island = state.members[me].island;
            let is_forgotten = |other: &MemberIndex| {
                *other != me && state.members[*other].island == island && !known.contains(&(me, *other))
            };
            let forgotten = (0..kept.len()).filter(is_forgotten).collect();
            state.members[me].forgotten = forgotten;
        }
        Ok(state)
    }
}
