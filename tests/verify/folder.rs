//! `--from DIR`: the folder that a fill left says what should be there, and where.

use std::fs;
use std::path::Path;

use crate::common::fillbench;
use crate::fill::data::Data;
use crate::verify::place::{Place, Verified, everywhere};

/// Verifies what a folder tells, without a word about the server.
fn verify(folder: &Path, args: &str) -> std::process::Output {
    let folder = folder.display().to_string();
    let words = ["verify", "--from", folder.as_str(), "--json"].into_iter().chain(args.split_whitespace());
    fillbench(words).output().unwrap()
}

/// What is told of a folder that is of no use.
#[track_caller]
fn refused(folder: &Path, args: &str, cause: &str) {
    let output = verify(folder, args);
    let told = String::from_utf8(output.stderr).unwrap();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{told}");
    assert!(told.contains(cause), "{cause:?} is not in {told:?}");
}

everywhere! {
    fn everything_is_taken_from_it(place: &Place) {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let data = Data { prefix: "app:", seed: 7, ..Data::sized(20_000, 40, 100) };
        place.fill(&data, &format!("--ttl 1000 --out {}", out.display()));
        let verified = Verified::of(verify(&out, ""));
        verified.assert_exact(data.keys);
        let asked = &verified.record.options;
        assert_eq!((asked.keys, asked.key_size, asked.value_size, asked.seed), (data.keys, 40, 100, 7));
        assert_eq!((asked.key_prefix.as_str(), asked.ttl_seconds), ("app:", Some(1000.0)));
        assert_eq!(asked.address, place.masters()[0].to_string());

        let key = data.key_in(77);
        // Shorter than what can be left of what was given such a short time ago.
        place.about(&key, "PEXPIRE K 500000");
        let verified = Verified::of(verify(&out, ""));
        assert_eq!((verified.code, &verified.record.found.named.wrong_ttl), (3, &vec![key]), "{verified:?}");
        assert_eq!(Verified::of(verify(&out, "--repair")).code, 0);
        Verified::of(verify(&out, "--check size")).assert_exact(data.keys);
        // Another server than the one that was filled.
        let nobody = Verified::of(verify(&out, "-p 1"));
        assert_eq!(nobody.code, 1);
        assert!(nobody.told.contains("127.0.0.1:1"), "{nobody:?}");
    }
}

/// Changes a record that a fill left.
fn rewrite(out: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let path = out.join("run.json");
    let mut record = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut record);
    fs::write(path, record.to_string()).unwrap();
}

#[test]
fn a_folder_of_no_use_is_told_with_what_would_do() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    refused(&out, "", "there is no folder");
    refused(folder.path(), "", "holds no run.json: give --from the folder that a fill was given with --out");
    fs::write(folder.path().join("run.json.part"), "").unwrap();
    refused(
        folder.path(),
        "",
        "has sent nothing yet, or was killed before it did: say what the fill was given",
    );

    let place = Place::embedded(Some(1));
    place.fill(&Data::of(1_000), &format!("--out {}", out.display()));
    for option in
        ["--keys 5", "--data 1", "--key-size 9", "--value-size 9", "--seed 2", "--ttl 5", "--key-prefix a"]
    {
        refused(&out, option, "cannot be used with");
    }
    rewrite(&out, |record| record["verdict"] = "unfinished".into());
    let verified = Verified::of(verify(&out, ""));
    assert!(verified.told.contains("has not ended, or was killed: fillbench --resume"), "{verified:?}");
    rewrite(&out, |record| record["verdict"] = "interrupted".into());
    let verified = Verified::of(verify(&out, ""));
    assert_eq!(verified.code, 0);
    assert!(
        verified.told.contains("ended as `interrupted`, with 1,000 of 1,000 keys executed"),
        "{verified:?}"
    );
    assert_eq!(verified.record.warnings.len(), 1);
    rewrite(&out, |record| {
        record["options"]["ttl_seconds"] = 5.into();
        record["started_at"] = "2026-01-01T00:00:00Z".into();
    });
    let verified = Verified::of(verify(&out, ""));
    assert_eq!((verified.code, verified.record.found.wrong_ttl), (3, 1_000));
    assert!(verified.told.contains("those that are gone may have expired"), "{verified:?}");

    rewrite(&out, |record| record["options"]["tls"] = true.into());
    refused(&out, "", "that run spoke TLS: give --tls");
    rewrite(&out, |record| record["options"]["address"] = "".into());
    refused(&out, "", "filled servers that it had started itself, and that are gone: name a server");
    rewrite(&out, |record| record["options"]["key_size"] = 3.into());
    refused(&out, "-p 1", "the smallest key size that does is 7");
    rewrite(&out, |record| record["verdict"] = "discarded".into());
    refused(&out, "", "(--discard): there is nothing to verify");
    rewrite(&out, |record| record["schema"] = "fillbench.run/9".into());
    refused(&out, "", "is written as `fillbench.run/9`");
    fs::write(out.join("run.json"), "{").unwrap();
    refused(&out, "", "holds no record of a fill");
}
