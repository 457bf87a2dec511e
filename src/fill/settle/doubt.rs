//! What the masters at one moment after the sending are worth to a fill: where a count of keys proves nothing, and
//! what was seen before that may no longer be so.

use crate::cluster::audit;
use crate::cluster::{Change, Mode, Moment, Said, Topology};
use crate::results::IncidentKind;
use crate::slots::SLOTS;

use crate::fill::prepare::Prepared;
use crate::fill::send::Sent;

/// The masters as they were when the fill began.
pub(in crate::fill) fn at_the_start(prepared: &Prepared) -> Moment {
    let infos = prepared.infos().into_iter();
    let said = infos.map(|info| info.map_or(Said::Hidden, Said::from)).collect();
    Moment { topology: prepared.topology.clone(), said }
}

/// The masters as they were seen last while keys were sent.
pub(in crate::fill) fn as_sent(sent: &Sent) -> Moment {
    let topology = Topology { mode: sent.topology.mode, masters: sent.masters.clone() };
    let said = sent.infos.iter().map(|info| info.clone().map_or(Said::Nothing, Said::from)).collect();
    Moment { topology, said }
}

/// For each present master, why a count there proves nothing.
pub(in crate::fill) fn suspicion(now: &Moment, prepared: &Prepared, sent: &Sent) -> Vec<Option<String>> {
    let masters = now.topology.masters.iter().zip(&now.said);
    let of_master = masters.map(|(master, said)| {
        let Some(index) = prepared.topology.place_of(master) else {
            return Some("it owned no slots when the fill began".into());
        };
        let (command, commands) = sent.commands_of(index);
        match (&prepared.nodes[index].info, said.info(), commands) {
            (Some(before), Some(now), Some(commands)) => audit::suspicion(before, now, &command, commands),
            (_, _, None) => Some("what it executed is not known".into()),
            _ => Some("it does not show its counters".into()),
        }
    });
    of_master.collect()
}

/// For each slot, whether its owner is the one that was planned.
pub(in crate::fill) fn stayed(now: &Moment, prepared: &Prepared) -> Vec<bool> {
    let mut stayed = vec![true; usize::from(SLOTS)];
    prepared.topology.moved_slots(&now.topology).for_each(|slot| stayed[usize::from(slot)] = false);
    stayed
}

/// What happened between two moments that makes doubtful what was seen of slots meanwhile. Beside what happens to
/// masters: a server that is in no cluster and follows another owns no key, for as long as it does.
pub(in crate::fill) fn changes(before: &Moment, now: &Moment) -> Vec<Change> {
    demoted(now).map_or_else(|| before.changes(now), |change| vec![change])
}

fn demoted(now: &Moment) -> Option<Change> {
    let (Mode::Standalone, [master], [said]) = (now.topology.mode, &*now.topology.masters, &*now.said) else {
        return None;
    };
    let text = |field| said.info()?.text(field);
    let role = text("role").filter(|role| *role != "master")?;
    let why = match (text("master_host"), text("master_port")) {
        (Some(host), Some(port)) => format!("it is a replica of {host}:{port} now"),
        _ => format!("it is a {role} now"),
    };
    let slots = master.slots.iter().cloned().flatten().collect();
    Some(Change { master: master.address.clone(), kind: Some(IncidentKind::RoleChanged), why, slots })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Info;
    use crate::net::Address;

    #[test]
    fn a_server_alone_that_follows_another_owns_nothing() {
        let moment = |text: &str| {
            let topology = Topology::standalone(Address::tcp("h", 1));
            Moment { topology, said: vec![Info::parse(text).into()] }
        };
        let master = moment("run_id:a\nrole:master");
        let replica = moment("run_id:a\nrole:slave\nmaster_host:other\nmaster_port:7000");
        assert_eq!(changes(&master, &master), []);
        for before in [&master, &replica] {
            let [Change { kind, why, slots, .. }] = &changes(before, &replica)[..] else { panic!() };
            assert_eq!((*kind, slots.len()), (Some(IncidentKind::RoleChanged), usize::from(SLOTS)));
            assert_eq!(why, "it is a replica of other:7000 now");
        }
        // Once it is a master again, it has to be looked at anew.
        assert_eq!(changes(&replica, &master).len(), 1);
        assert_eq!(changes(&moment("run_id:a"), &moment("run_id:a")), []);
    }
}
