//! Whether a sweep that is gone on with is the one that was begun: asked the same, by the same program on the same
//! machine, and to the same servers. Runs of others would not be comparable with those that are there.

use crate::args::{ThrowawayArgs, UsageError};
use crate::results::{Host, Options, Sweep, Target};
use crate::sweep::{GridFile, difference};

/// The sweep that is to be gone on with is another.
pub(super) fn other(how: &str) -> UsageError {
    UsageError::new(format!(
        "the sweep in the folder that --resume names {how}: leave that out, or begin anew with --out and another \
         folder"
    ))
}

/// Checks that what is said again is what was said before.
pub(super) fn same_asked(
    past: &Sweep,
    given: &GridFile,
    throwaway: &ThrowawayArgs,
) -> Result<(), UsageError> {
    if !given.grid.is_empty()
        && let Some(difference) = difference(&past.grid, &given.grid.recorded())
    {
        return Err(other(&format!("has another grid: {difference}")));
    }
    let numbers =
        [("repeat", given.repeat, past.repeat), ("shuffle-seed", given.shuffle_seed, past.shuffle_seed)];
    for (name, now, then) in numbers {
        if let Some(now) = now.filter(|now| *now != then) {
            return Err(other(&format!("has --{name} {then}, and not {now}")));
        }
    }
    if let Some(now) = given.warm_up_percent.filter(|now| *now != past.warm_up_percent) {
        return Err(other(&format!("has --warm-up {}%, and not {now}%", past.warm_up_percent)));
    }
    let mut now = Options::default();
    throwaway.describe(&mut now);
    let brings = |options: &Options| {
        (options.embedded.clone(), options.discard, options.spawn.clone(), options.server_binary.clone())
    };
    if throwaway.option().is_some() && brings(&now) != brings(&past.options) {
        return Err(other("went to other servers than --embedded or --spawn say here"));
    }
    Ok(())
}

/// Checks that this version of the program, on this machine, began it.
pub(super) fn same_client(past: &Sweep, version: &str, host: &Host) -> Result<(), UsageError> {
    let then = &past.program.version;
    if then != version {
        let how = format!("was begun by fillbench {then}, and this is {version}");
        return Err(not_comparable(&how, "go on with that version"));
    }
    // One that does not say where it was begun is older than this question.
    if past.host != Host::default() && !past.host.is_like(host) {
        let (then, now) = (past.host.describe(), host.describe());
        return Err(not_comparable(
            &format!("was begun on another machine ({then}) than this one ({now})"),
            "go on there",
        ));
    }
    Ok(())
}

/// Checks that these are the servers that it began on. Replicas may come and go.
pub(super) fn same_target(then: &Target, now: &Target) -> Result<(), UsageError> {
    let told = |target: &Target| {
        let Target { kind, mode, server, version, masters, replicas: _ } = target;
        format!("{kind} {mode} of {masters} with {server} {version}")
    };
    let (then, now) = (told(then), told(now));
    if then == now {
        return Ok(());
    }
    let how = format!("began on other servers ({then}) than are there now ({now})");
    Err(not_comparable(&how, "go on with those"))
}

/// Runs that are made now would not belong to the sweep.
fn not_comparable(how: &str, cure: &str) -> UsageError {
    UsageError::new(format!("the sweep {how}: {cure}, or begin anew with --out and another folder"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Program, example};

    #[test]
    fn another_version_or_machine_began_it() {
        let host = example::exact().client.host;
        let past =
            Sweep { program: Program { version: "0.1.0".into() }, host: host.clone(), ..example::sweep() };
        assert_eq!(same_client(&past, "0.1.0", &host), Ok(()));
        let told = |version: &str, host: &Host| same_client(&past, version, host).unwrap_err().to_string();
        assert!(
            told("0.1.1", &host).starts_with("the sweep was begun by fillbench 0.1.0, and this is 0.1.1: ")
        );
        let other = Host { cpus: host.cpus + 1, ..host.clone() };
        assert!(told("0.1.0", &other).starts_with("the sweep was begun on another machine (2 × Intel"));
        // Another kernel may tell of a little less memory, and old records tell of no machine.
        let like = Host { memory_bytes: host.memory_bytes - host.memory_bytes / 100, ..host.clone() };
        assert_eq!(same_client(&past, "0.1.0", &like), Ok(()));
        assert_eq!(same_client(&Sweep { host: Host::default(), ..past }, "0.1.0", &host), Ok(()));
    }

    #[test]
    fn other_servers_are_told_apart_and_replicas_may_come_and_go() {
        let then =
            Target { server: "valkey".into(), version: "9.1.2".into(), masters: 3, ..Target::default() };
        assert_eq!(same_target(&then, &Target { replicas: 3, ..then.clone() }), Ok(()));
        for target in [
            Target { version: "9.1.3".into(), ..then.clone() },
            Target { masters: 4, ..then.clone() },
            Target { kind: "spawned".into(), ..then.clone() },
        ] {
            let told = same_target(&then, &target).unwrap_err().to_string();
            assert!(told.starts_with("the sweep began on other servers ("), "{told}");
        }
    }
}
