//! What `make-secrets.sh` makes: certificates that are good for a while, in files that nobody else can read. It takes
//! openssl, and no engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::engine::run;
use super::project::FOLDER;

/// A copy of the folder with the script, since it writes beside itself.
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        // The Compose file names the folder of the Dockerfile, two above.
        fs::create_dir_all(place.folder()).unwrap();
        for name in ["docker-compose.yml", "make-secrets.sh"] {
            fs::copy(format!("{FOLDER}/standalone-tls/{name}"), place.path(name)).unwrap();
        }
        place
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.0.path().join("docker-cluster/standalone-tls")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(super) fn script(&self, args: &[&str]) -> Output {
        // From elsewhere, and where files are closed or open by default as the tester likes.
        Command::new(self.path("make-secrets.sh")).args(args).current_dir("/").output().unwrap()
    }

    pub(super) fn password(&self) -> String {
        let text = fs::read_to_string(self.path(".env")).unwrap();
        text.trim().strip_prefix("FILLER_PASSWORD=").unwrap().to_owned()
    }

    fn server(&self, name: &str) -> String {
        self.path("secrets/server").join(name).to_str().unwrap().to_owned()
    }

    /// Who may do what with a file: 0644.
    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }
}

#[test]
fn certificates_are_good_for_the_names_and_the_time_that_were_asked() {
    let place = Place::new();
    for (args, days) in [(&[][..], 30), (&["2"], 2)] {
        assert!(place.script(args).status.success());
        let (authority, certificate) = (place.server("ca.crt"), place.server("server.crt"));
        run(&["openssl", "verify", "-purpose", "sslserver", "-CAfile", &authority, &certificate]);
        for name in ["server", "localhost"] {
            run(&["openssl", "verify", "-verify_hostname", name, "-CAfile", &authority, &certificate]);
        }
        for address in ["127.0.0.1", "::1"] {
            run(&["openssl", "verify", "-verify_ip", address, "-CAfile", &authority, &certificate]);
        }
        for file in [&authority, &certificate] {
            let lives = |days: f64| {
                let seconds = (days * 86_400.0).to_string();
                let mut command = Command::new("openssl");
                command.args(["x509", "-noout", "-checkend", &seconds, "-in", file]);
                command.output().unwrap().status.success()
            };
            let days = f64::from(days);
            assert!(lives(days - 0.01) && !lives(days), "{file}");
        }
    }
}

#[test]
fn nobody_else_reads_what_it_makes_and_nothing_is_kept_that_is_not_needed() {
    let place = Place::new();
    assert!(place.script(&[]).status.success());
    let (password, key) = (place.password(), fs::read(place.server("server.key")).unwrap());
    // Those of the outer folder count on this machine, those of the inner one in the container.
    assert_eq!((place.mode("secrets"), place.mode(".env")), (0o700, 0o600));
    assert_eq!((place.mode("secrets/server"), place.mode("secrets/server/server.key")), (0o755, 0o644));
    let files = |folder: PathBuf| {
        let names =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    assert_eq!(files(place.path("secrets/server")), ["ca.crt", "server.crt", "server.key", "users.acl"]);
    assert_eq!(files(place.path("secrets")), ["server"]);
    assert_eq!(files(place.folder()), [".env", "docker-compose.yml", "make-secrets.sh", "secrets"]);
    assert!(!fs::read_to_string(place.server("users.acl")).unwrap().contains(&password));

    assert!(place.script(&[]).status.success());
    assert_ne!((place.password(), fs::read(place.server("server.key")).unwrap()), (password, key));
    assert_eq!(files(place.path("secrets")), ["server"]);
}

#[test]
fn a_time_that_is_none_is_refused_and_changes_nothing() {
    let place = Place::new();
    for days in ["0", "-1", "", "forever", "1 2"] {
        let output = place.script(&[days]);
        assert_eq!(output.status.code(), Some(2), "{days}: {output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("DAYS"));
    }
    assert!(!place.path("secrets").exists() && !place.path(".env").exists());
}
