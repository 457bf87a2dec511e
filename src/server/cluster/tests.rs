//! Orders given to members, in any sequence.

use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::nodes_conf::{file_text, parse};
use super::state::{MemberIndex, SlotState, State, random_id};

fn state(masters: u16) -> State {
    let addresses: Vec<_> = (0..masters).map(|node| ([127, 0, 0, 1], 7000 + node).into()).collect();
    State::of_masters(&addresses, addresses.len(), &mut Xoshiro256PlusPlus::seed_from_u64(1))
}

fn id(state: &State, member: MemberIndex) -> Vec<u8> {
    state.members[member].id.clone().into_bytes()
}

#[test]
fn a_slot_moves_as_it_is_ordered() {
    let mut state = state(3);
    let (source, target) = (id(&state, 0), id(&state, 1));
    assert_eq!(state.set_migrating(1, 5, &source), Err("ERR I'm not the owner of hash slot 5".into()));
    state.set_importing(1, 5, &source).unwrap();
    state.set_migrating(0, 5, &target).unwrap();
    let seen = |state: &State| [0, 1, 2].map(|me| state.view(me)[5]);
    assert_eq!(seen(&state), [SlotState::Migrating(1), SlotState::Importing(0), SlotState::Other(0)]);
    assert!(state.set_owner(0, 5, &target, 3).unwrap_err().contains("while I still hold keys"));
    // A third can tell whatever it likes.
    state.set_owner(2, 5, &target, 0).unwrap();
    assert_eq!(state.owner(2, 5), Some(0));
    state.set_owner(1, 5, &target, 9).unwrap();
    state.set_owner(0, 5, &target, 0).unwrap();
    assert_eq!(seen(&state), [SlotState::Other(1), SlotState::Own, SlotState::Other(1)]);
    assert_eq!((state.members[1].config_epoch, state.members[2].current_epoch), (4, 4));
}

#[test]
fn a_slot_that_is_disowned_is_the_owners_again_unless_the_claim_has_the_greater_epoch() {
    let mut state = state(2);
    let owners = |state: &State| [0, 1].map(|me| state.owner(me, 16000));
    let (own, other) = (SlotState::Own, SlotState::Other(1));
    let busy = Err("ERR Slot 16000 is already busy".to_owned());
    assert_eq!(state.add_slots(0, &[16000]), busy);
    state.delete_slots(0, &[16000]).unwrap();
    assert_eq!(owners(&state), [None, Some(1)]);
    assert_eq!((state.view(0)[16000], state.view(1)[16000]), (SlotState::Unowned, own));
    assert_eq!(state.seen_by(0).members[1].slots.len(), 8191);
    assert_eq!(state.delete_slots(0, &[16000]), Err("ERR Slot 16000 is already unassigned".into()));
    state.add_slots(0, &[16000]).unwrap();
    assert_eq!((owners(&state), state.view(0)[16000]), ([Some(0), Some(1)], own));
    assert_eq!(state.add_slots(0, &[16000]), busy);
    state.hear(0);
    assert_eq!((owners(&state), state.view(0)[16000]), ([Some(1); 2], other));
    // Now with an epoch that makes it true.
    state.delete_slots(0, &[16000]).unwrap();
    state.add_slots(0, &[16000]).unwrap();
    assert!(state.bump_epoch(0));
    assert_eq!((owners(&state), state.view(1)[16000]), ([Some(0); 2], SlotState::Other(0)));
    // At once, since it has the greater epoch.
    state.delete_slots(0, &[16001]).unwrap();
    state.add_slots(0, &[16001]).unwrap();
    assert_eq!(state.owner(1, 16001), Some(0));
    // The owner gives it up meanwhile.
    state.delete_slots(1, &[5]).unwrap();
    state.add_slots(1, &[5]).unwrap();
    state.delete_slots(0, &[5]).unwrap();
    state.hear(1);
    assert_eq!([0, 1].map(|me| state.owner(me, 5)), [Some(1); 2]);
}

#[test]
fn a_node_that_is_forgotten_and_reset_is_alone_until_it_is_met() {
    let mut state = state(3);
    let gone = id(&state, 2);
    state.forget(0, &gone).unwrap();
    assert_eq!(state.find(0, &gone), None);
    // The others are told in turn.
    state.forget(1, &gone).unwrap();
    assert_eq!(state.owner(1, 16383), None);
    state.reset(2, None);
    assert_eq!((state.known_to(2).count(), state.members[2].config_epoch), (1, 3));
    assert!(state.set_config_epoch(2, 9).unwrap_err().contains("already non-zero"));
    state.meet(0, 2);
    assert!((0..3).all(|me| state.known_to(me).count() == 3));
    assert_eq!(state.owner(1, 16383), None);
}

#[test]
fn of_two_that_meet_with_the_same_slots_the_greater_epoch_has_them() {
    let mut state = state(2);
    state.reset(1, Some("f".repeat(40)));
    state.add_slots(1, &[1, 2, 16000]).unwrap();
    state.members[1].config_epoch = 7;
    state.meet(0, 1);
    assert_eq!([1, 3, 16000, 16001].map(|slot| state.owner(0, slot)), [Some(1), Some(0), Some(1), None]);
    assert_eq!(state.members[0].current_epoch, 7);
}

#[test]
fn what_is_kept_is_what_is_read() {
    let mut state = state(3);
    let (source, target) = (id(&state, 0), id(&state, 1));
    state.set_importing(1, 5, &source).unwrap();
    state.set_migrating(0, 5, &target).unwrap();
    state.delete_slots(0, &[7, 100]).unwrap();
    let conf = parse(&file_text(&state, 0)).unwrap();
    assert_eq!((conf.id.as_bytes(), conf.config_epoch, conf.current_epoch), (&source[..], 1, 3));
    assert_eq!((&conf.slots, conf.others.len()), (&state.members[0].slots, 2));
    assert_eq!(conf.migrating.get(&5).map(String::as_bytes), Some(&target[..]));
    assert_eq!(parse(&file_text(&state, 1)).unwrap().importing.len(), 1);
}

#[test]
fn a_replica_takes_over_and_the_file_says_so() {
    let addresses: Vec<_> = (0..6).map(|node| ([127, 0, 0, 1], 7000 + node).into()).collect();
    let mut state = State::of_masters(&addresses, 2, &mut Xoshiro256PlusPlus::seed_from_u64(1));
    assert_eq!((state.replicas(1, 0), state.replicas(0, 1)), (vec![2, 4], vec![3, 5]));
    assert!(state.take_over(0).is_err() && state.replicate(0, &id(&state, 1), 0).is_err());
    state.ask_to_take_over(2).unwrap();
    assert_eq!(state.members[0].hands_over_to.unwrap().0, 2);
    state.take_over(2).unwrap();
    assert_eq!((state.replicas(1, 2), state.members[0].hands_over_to.is_some()), (vec![0, 4], false));
    assert_eq!((state.owner(5, 0), state.config_epoch(0), state.is_whole(0)), (Some(2), 3, true));
    assert!([0, 4].iter().all(|member| state.members[*member].shard == state.members[2].shard));
    let conf = parse(&file_text(&state, 0)).unwrap();
    assert_eq!(conf.replica_of.map(String::into_bytes), Some(id(&state, 2)));
    assert_eq!((conf.slots.len(), conf.config_epoch), (0, 3));
    state.fail(2, None);
    assert!(!state.is_whole(1) && state.ask_to_take_over(0).unwrap_err().contains("FORCE"));
    state.take_over(0).unwrap();
    assert!(state.is_whole(1));
}

#[test]
fn an_emptied_master_copies_the_one_that_emptied_it() {
    let mut state = state(3);
    let (first, second) = (id(&state, 0), id(&state, 1));
    state.replicate(2, &second, 0).unwrap_err();
    for slot in 0..5461 {
        state.set_importing(1, slot, &first).unwrap();
        state.set_owner(1, slot, &second, 0).unwrap();
    }
    assert_eq!((state.owner(2, 0), state.members[0].replica_of), (Some(1), None));
    state.set_importing(1, 5461, &first).unwrap();
    state.set_owner(1, 5461, &second, 0).unwrap();
    assert_eq!(state.members[0].replica_of, Some(1));
}

#[test]
fn a_broken_file_is_told_with_its_line() {
    let text = file_text(&state(2), 0);
    let at = |text: &str| parse(text).unwrap_err().0;
    assert_eq!(at(""), 1);
    assert_eq!(at(&text.replace("0-8191", "0-819x")), 1);
    assert_eq!(at(&text.replace("0-8191", "0-16384")), 1);
    assert_eq!(at(&text.replace("0-8191", "[5->-]-")), 1);
    assert_eq!(at(&text.replace("master - 0 0 2", "master,myself - 0 0 2")), 2);
    assert_eq!(at(&text.replace("currentEpoch 2", "currentEpoch two")), 3);
    assert_eq!(at(&text.replace("myself,", "")), 3);
    assert_eq!(at(text.trim_end()), 3);
    assert_eq!(at(text.lines().next().unwrap()), 1);
}

fn obey(state: &mut State, (order, me, other, slot): (u8, usize, usize, u16)) {
    let name = id(state, other);
    // Most are refused, as they should be.
    let _ = match order {
        0 => state.add_slots(me, &[slot, slot + 1]),
        1 => state.delete_slots(me, &[slot]),
        2 => state.set_migrating(me, slot, &name),
        3 => state.set_importing(me, slot, &name),
        4 | 5 => state.set_owner(me, slot, &name, 0),
        6 => state.forget(me, &name),
        7 => {
            state.meet(me, other);
            Ok(())
        }
        8 => {
            state.reset(me, None);
            Ok(())
        }
        9 => {
            state.bump_epoch(me);
            Ok(())
        }
        10 => {
            state.set_stable(me, slot);
            Ok(())
        }
        11 => state.replicate(me, &name, 0),
        12 => state.take_over(me),
        13 => state.ask_to_take_over(me),
        14 => {
            state.hear(me);
            Ok(())
        }
        _ => state.set_config_epoch(me, slot.into()),
    };
}

proptest! {
    #[test]
    fn a_slot_has_one_owner_at_most_and_epochs_grow(
        orders in prop::collection::vec((0u8..16, 0usize..4, 0usize..4, 0u16..8), 0..60)
    ) {
        let mut state = state(4);
        for order in orders {
            let before = state.clone();
            obey(&mut state, order);
            for (index, member) in state.members.iter().enumerate() {
                let was_replica = before.members[index].replica_of.is_some();
                prop_assert!(was_replica || member.config_epoch >= before.members[index].config_epoch);
                if let Some(master) = member.replica_of {
                    prop_assert_eq!(member.slots.len(), 0);
                    prop_assert_eq!(state.members[master].replica_of, None);
                    // One that was reset knows its replicas no more.
                    let is_known = state.knows(index, master);
                    prop_assert!(!is_known || state.members[master].shard == member.shard);
                }
                prop_assert!(member.current_epoch >= before.members[index].current_epoch);
                prop_assert!(member.current_epoch >= member.config_epoch);
                // What a member would not know by itself is as the others tell it when it has heard them.
                let mut heard = state.clone();
                heard.hear(index);
                let seen = heard.seen_by(index);
                prop_assert!((0..10).all(|slot| heard.owner(index, slot) == heard.told_owner(index, slot)));
                prop_assert!(seen.members.iter().zip(&heard.members).all(|(a, b)| a.slots == b.slots));
                for slot in 0..10 {
                    let owners = state.members.iter().filter(|other| {
                        other.island == member.island && other.slots.contains(slot)
                    });
                    prop_assert!(owners.count() <= 1, "slot {} after {:?}", slot, order);
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n]{0,200}", line in 0usize..3) {
        let mut lines: Vec<String> = file_text(&state(2), 0).lines().map(Into::into).collect();
        lines.insert(line, text.clone());
        let _ = (parse(&text), parse(&lines.join("\n")));
    }

    #[test]
    fn names_are_forty_digits(seed: u64) {
        let id = random_id(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        prop_assert!(id.len() == 40 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
}
