//! What cannot be gone on with is refused before anything is sent, and says what would do.

use fillbench::server::{Server as Embedded, ServerOptions};

use crate::common::{ask, connect, eventually, fillbench, key_counts};
use crate::fill::data::Data;
use crate::fill::run::begin;
use crate::resume::kept::{Kept, assert_exact};
use crate::verify::place::Place;

/// A place whose fill was cut off.
fn cut_off(masters: Option<u16>, data: &Data) -> (Place, Kept) {
    let (place, kept) = (Place::embedded(masters), Kept::new());
    kept.cut_off(&place, data, "--rate 40000", 2);
    (place, kept)
}

#[test]
fn another_target_is_refused() {
    let data = Data::of(100_000);
    for (masters, others, cause) in [
        (Some(3), Some(3), "none of its nodes was in the cluster that was filled"),
        (Some(2), None, "it was a cluster, and is a standalone server"),
        (None, Some(1), "it was a standalone server, and is a cluster"),
        (None, None, "it was 127.0.0.1:"),
    ] {
        let (place, kept) = cut_off(masters, &data);
        let other = Place::embedded(others);
        kept.rewrite(|record| record["options"]["address"] = other.masters()[0].to_string().into());
        let before = kept.record();
        let run = kept.resume("").end();
        assert_eq!(run.code, 1, "{run:?}");
        run.assert_error(&["began another fill", cause, "go on where it was begun"]);
        assert_eq!(kept.record(), before);
        assert_eq!(key_counts(other.masters()).iter().sum::<u64>(), 0);
        // It can still be gone on with where it was begun.
        kept.rewrite(|record| record["options"]["address"] = place.masters()[0].to_string().into());
        assert_exact(&kept.resume("").end(), &place, &data);
    }
}

#[test]
fn another_dataset_is_refused() {
    let data = Data::of(100_000);
    let (place, kept) = cut_off(None, &data);
    kept.rewrite(|record| record["options"]["seed"] = 2.into());
    let run = kept.resume("").end();
    assert_eq!(run.code, 1, "{run:?}");
    run.assert_error(&["its keys or values are others than these options make"]);
    assert!(key_counts(place.masters())[0] < data.keys);
}

#[test]
fn a_cluster_after_failovers_is_the_same() {
    let options = ServerOptions { masters: Some(2), replicas: 1, ..ServerOptions::default() };
    let server = Embedded::start(&options).unwrap();
    let masters = server.addresses()[..2].to_vec();
    let (place, kept, data) = (Place::of(server), Kept::new(), Data::of(100_000));
    kept.cut_off(&place, &data, "--rate 40000", 2);
    let replicas = place.masters()[2..].to_vec();
    for &replica in &replicas {
        ask::<()>(replica, "CLUSTER FAILOVER");
        eventually(&true, || ask::<String>(replica, "INFO replication").contains("role:master"));
    }
    eventually(&true, || {
        masters.iter().all(|&one| ask::<String>(one, "INFO replication").contains("role:slave"))
    });
    let record = assert_exact(&kept.resume("").end(), &place, &data);
    assert!(record.resumed.keys_before > 0);
    let filled: Vec<_> = record.servers.iter().map(|server| server.address.clone()).collect();
    assert!(replicas.iter().all(|replica| filled.contains(&replica.to_string())), "{filled:?}");
}

#[test]
fn servers_that_were_started_for_a_fill_are_gone() {
    let kept = Kept::new();
    let out = kept.out.display().to_string();
    let run = begin(&["--embedded", "--keys", "1000", "--json", "--out", &out].map(String::from), &[]).end();
    assert_eq!(run.assert_exact().resume_command, None);
    assert_eq!(kept.journal(), "");
    let run = kept.resume("").end();
    assert_eq!(run.code, 2, "{run:?}");
    let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("that it had started itself, and that are gone: begin anew"), "{told}");
}

#[test]
fn one_fill_is_not_gone_on_with_twice_at_a_time() {
    let (place, kept, data) = (Place::embedded(None), Kept::new(), Data::of(60_000));
    let mut running = kept.begin(&place, &data, "--rate 30000");
    running.until(|| kept.out.join("run.json").exists());
    let run = kept.resume("").end();
    assert_eq!(run.code, 1, "{run:?}");
    run.assert_error(&["another fillbench is writing to", "wait for its end"]);
    running.end().assert_exact();
    assert_exact(&kept.resume("").end(), &place, &data);
}

#[test]
fn a_password_is_needed_again_and_kept_nowhere() {
    let options =
        ServerOptions { masters: None, requirepass: "s3cret-word".into(), ..ServerOptions::default() };
    let server = Embedded::start(&options).unwrap();
    let node = server.addresses()[0];
    let (place, kept, data) = (Place::of(server), Kept::new(), Data::of(100_000));
    kept.cut_off(&place, &data, "--rate 40000 -a s3cret-word", 2);
    for entry in std::fs::read_dir(&kept.out).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("s3cret"));
    }
    let run = kept.resume("").end();
    assert_eq!((run.code, run.record().resume_command.is_some()), (1, true), "{run:?}");
    run.assert_error(&["NOAUTH"]);
    let record = kept.resume("-a s3cret-word").end().assert_exact();
    assert!(record.resumed.keys_before > 0);
    let client = redis::Client::open(format!("redis://:s3cret-word@{node}")).unwrap();
    let keys: u64 = redis::cmd("DBSIZE").query(&mut client.get_connection().unwrap()).unwrap();
    assert_eq!(keys, data.keys);
}

/// What is told of a command line that makes no sense.
#[track_caller]
fn usage(args: &[&str], cause: &str) {
    let output = fillbench(args).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{told}");
    assert!(told.contains(cause), "{cause:?} is not in {told:?}");
}

#[test]
fn nothing_but_credentials_and_outputs_goes_with_it() {
    for option in [
        "--keys 5",
        "--data=1",
        "--seed 2",
        "-P 7",
        "--flush",
        "--yes",
        "--rate 5",
        "-h localhost",
        "-p 7",
        "-n 1",
        "-s /tmp/x",
        "-u redis://h",
        "--embedded",
        "--spawn=1",
        "--threads 1",
        "--deadline 1s",
        "--out x",
        "--address-map a=b",
        "--connect-timeout 1s",
        "--command set",
    ] {
        let args: Vec<_> = ["--resume", "nowhere"].into_iter().chain(option.split(' ')).collect();
        usage(&args, "does not go with --resume: what was asked is in its folder");
    }
    for option in ["-a x", "--user u -a x", "--tls", "--insecure --tls", "--json", "-q", "--csv x", "-c"] {
        let args: Vec<_> = ["--resume", "nowhere"].into_iter().chain(option.split(' ')).collect();
        usage(&args, "there is no folder nowhere: give another to --resume");
    }
}

#[test]
fn a_folder_of_no_use_is_told_with_what_would_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let resume = ["--resume", path.as_str()];
    usage(&resume, "holds no run.json: give --resume the folder that a fill was given with --out");
    std::fs::write(folder.path().join("run.json.part"), "").unwrap();
    usage(&resume, "has sent nothing yet, or was killed before it did: begin anew");
    std::fs::write(folder.path().join("run.json"), "{").unwrap();
    usage(&resume, "holds no record of a fill");

    let (place, kept) = cut_off(None, &Data::of(100_000));
    let out = kept.out.display().to_string();
    std::fs::remove_file(kept.out.join("journal.log")).unwrap();
    usage(&["--resume", &out], "journal.log: no such file or directory");
    let before = key_counts(place.masters())[0];
    let _: () = redis::cmd("PING").exec(&mut connect(place.masters()[0])).unwrap();
    assert_eq!(key_counts(place.masters())[0], before);
}
