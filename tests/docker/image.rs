//! Images of what this machine has: a server, made as the official images are, and the program, made by the Dockerfile
//! of this repository.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;

use super::engine::run;
use super::janitor;
use crate::common::Server;

/// What the official images have beside the server, as far as it is needed: a shell, what it calls, and what gives up
/// the rights of root.
const TOOLS: [&str; 14] = [
    "sh", "cat", "chown", "cp", "date", "find", "grep", "id", "mkdir", "rm", "sed", "setpriv", "sleep",
    "timeout",
];
const MORE_TOOLS: [&str; 2] = ["touch", "true"];

/// Does what the entry points of the official images do: a server may be called by its options alone, owns its
/// folder, and is nobody in particular. `SERVER` is its name.
const ENTRY_POINT: &str = r#"#!/bin/sh
set -e
case $1 in -* | *.conf) set -- SERVER "$@" ;; esac
if [ "$1" = SERVER ] && [ "$(id -u)" = 0 ]; then
    find . ! -user 999 -exec chown 999:999 {} +
    exec setpriv --reuid=999 --regid=999 --clear-groups "$0" "$@"
fi
umask 0077
exec "$@"
"#;

/// Stands in for cargo, since compiling takes minutes: it wants the sources, and what comes of them is there already.
const CARGO: &str = r#"#!/bin/sh
set -e
[ "$*" = "build --locked --release --target here" ]
[ "$RUSTFLAGS" = "-C target-feature=+crt-static" ]
[ -f Cargo.toml ] && [ -f Cargo.lock ]
if [ -s src/lib.rs ]; then [ -s src/main.rs ] && [ -s src/args/mod.rs ] && [ -s slot-tags/tags.txt ]; fi
mkdir -p target/here/release
cp /fillbench target/here/release/
"#;
const RUSTC: &str = "#!/bin/sh\necho host: here\n";

/// The files of an image, while they are gathered.
struct Root(TempDir);

impl Root {
    /// With the tools.
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        for tool in TOOLS.iter().chain(&MORE_TOOLS) {
            root.put(&on_path(tool), &format!("bin/{tool}"));
        }
        root.folder("tmp", 0o1777);
        root
    }

    fn path(&self, place: &str) -> PathBuf {
        let path = self.0.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn folder(&self, place: &str, mode: u32) {
        let path = self.path(place);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn write(&self, place: &str, text: &str) {
        fs::write(self.path(place), text).unwrap();
        fs::set_permissions(self.path(place), Permissions::from_mode(0o755)).unwrap();
    }

    /// A program of this machine, and the libraries that it needs.
    fn put(&self, program: &Path, place: &str) {
        fs::copy(program, self.path(place)).unwrap();
        for library in libraries(program) {
            let path = self.path(library.trim_start_matches('/'));
            if !path.exists() {
                fs::copy(library, path).unwrap();
            }
        }
    }

    /// Makes an image of it.
    fn import(self, name: &str, changes: &[&str]) {
        janitor::will_run(&["docker", "image", "rm", name]);
        let archive = self.0.path().with_extension("tar");
        let (root, file) = (self.0.path().to_str().unwrap(), archive.to_str().unwrap());
        run(&["tar", "--owner=0", "--group=0", "-C", root, "-cf", file, "."]);
        let changes = changes.iter().flat_map(|change| ["--change", change]);
        run(&["docker", "import"].into_iter().chain(changes).chain([file, name]).collect::<Vec<_>>());
        fs::remove_file(archive).unwrap();
    }
}

/// Makes something once.
fn once<T: Clone>(made: &Mutex<Option<T>>, make: impl FnOnce() -> T) -> T {
    // A test that failed to make it leaves it to the next.
    let mut made = made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    made.get_or_insert_with(make).clone()
}

fn named(what: &str) -> String {
    format!("fillbench-test-{}-{what}", std::process::id())
}

/// An image with a server: the one that the tester names, or one with a server of this machine.
pub(super) fn of_server(server: &Server) -> String {
    static REDIS: Mutex<Option<String>> = Mutex::new(None);
    static VALKEY: Mutex<Option<String>> = Mutex::new(None);
    if let Ok(image) = std::env::var("FILLBENCH_TEST_SERVER_IMAGE") {
        return image;
    }
    once(if server.name == "redis" { &REDIS } else { &VALKEY }, || {
        let (root, program) = (Root::new(), format!("{}-server", server.name));
        root.put(&server.binary, &format!("usr/local/bin/{program}"));
        // Valkey's own is nowhere packaged; it is the same in what it is needed for.
        root.put(&on_path("redis-cli"), &format!("usr/local/bin/{}-cli", server.name));
        root.write("usr/local/bin/docker-entrypoint.sh", &ENTRY_POINT.replace("SERVER", &program));
        root.folder("data", 0o755);
        let image = named(&format!("server-{}", server.name));
        root.import(&image, &["WORKDIR /data", r#"ENTRYPOINT ["docker-entrypoint.sh"]"#]);
        image
    })
}

/// The image of the program, made by the Dockerfile. It is as it will be but for the program itself, which is the one
/// that all tests run, and is not static: so the base is not empty.
pub(super) fn of_program() -> String {
    static PROGRAM: Mutex<Option<String>> = Mutex::new(None);
    once(&PROGRAM, || {
        let root = Root::new();
        root.write("usr/local/bin/cargo", CARGO);
        root.write("usr/local/bin/rustc", RUSTC);
        root.write("etc/ssl/certs/ca-certificates.crt", "");
        let program = root.path("fillbench");
        root.put(Path::new(env!("CARGO_BIN_EXE_fillbench")), "fillbench");
        // Its debugging information is ten times as large.
        run(&["strip", program.to_str().unwrap()]);
        let (base, image) = (named("base"), named("program"));
        root.import(&base, &[]);
        let (folder, stage) = (env!("CARGO_MANIFEST_DIR"), format!("{image}-build"));
        let [builder, base] = ["BUILDER", "BASE"].map(|name| format!("{name}={base}"));
        let build = ["docker", "build", "--quiet", "--build-arg", &builder, "--build-arg", &base];
        // The first stage has a name, so that it can be taken away.
        for (tag, target) in [(&stage, vec!["--target", "build"]), (&image, vec![])] {
            janitor::will_run(&["docker", "image", "rm", tag]);
            run(&[&build[..], &["--tag", tag], &target, &[folder]].concat());
        }
        image
    })
}

fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no {program}"))
}

/// The files of a program's libraries; none if it is static.
fn libraries(program: &Path) -> Vec<String> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(Into::into).collect()
}
