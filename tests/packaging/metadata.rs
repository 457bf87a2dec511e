//! The Debian package's list of files, and the script that makes what is on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// Where each file comes from, and where it goes.
fn assets() -> Vec<(String, String)> {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap().iter();
    let word = |asset: &toml::Value, place: usize| asset[place].as_str().unwrap().to_owned();
    assets.map(|asset| (word(asset, 0), word(asset, 1))).collect()
}

#[test]
fn what_is_packed_is_there_or_made() {
    let script = read("packaging/build.sh");
    let assets = assets();
    for (source, goes_to) in &assets {
        let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
        if let Some(made) = folder.strip_prefix("target/package/") {
            let made = format!("$OUT/{made}{}", if name == "*" { String::new() } else { format!("/{name}") });
            assert!(script.contains(&format!("\"{made}\"")), "{made}");
        } else if folder != "target/release" {
            let ending = name.trim_start_matches('*');
            let files = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
            let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
            assert!(names.iter().any(|name| name.ends_with(ending)), "{source}");
        }
        assert!(goes_to.starts_with("usr/"), "{goes_to}");
    }
    let places: BTreeSet<_> = assets.iter().collect();
    assert_eq!(places.len(), assets.len());
}

#[test]
fn the_copyright_file_holds_the_whole_licence() {
    let copyright = read("packaging/copyright");
    // An empty line is a dot there.
    let words =
        |text: &str| text.split_whitespace().filter(|word| *word != ".").collect::<Vec<_>>().join(" ");
    let licence = read("LICENSE-MIT");
    let (holders, terms) = licence.split_once("\n\nPermission").unwrap();
    assert!(words(&copyright).contains(&words(&format!("Permission{terms}"))));
    let holders = holders.rsplit_once("(c) ").unwrap().1;
    assert!(copyright.contains(&holders.replacen(' ', ", ", 1)), "{holders}");
}
