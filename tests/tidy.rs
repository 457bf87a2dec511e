//! The rules of the source that a compiler does not hold: which room may use which, how long a file
//! is, what it opens with, and what it must not hold. Each rule is a function of text, seen to fail on
//! a bad example before it is trusted with the sources.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::Path;

/// Lines in a file of the library, its tests apart: those at its end, and those in a `…tests.rs`.
const MAX_LINES: usize = 400;

/// Lines in `main.rs`.
const MAX_MAIN_LINES: usize = 40;

/// The levels of the rooms: the higher may use the lower.
type Map = BTreeMap<String, u32>;

/// Reads the map in the documentation of `lib.rs`: lines of a level and its rooms, which end in `/`
/// or `.rs`. A line without a level belongs to the level above it.
fn map_in(lib: &str) -> Map {
    let mut map = Map::new();
    let mut level = None;
    for line in lib.lines().filter_map(|line| line.strip_prefix("//!")) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.first().and_then(|word| word.strip_prefix('L')?.parse().ok()) {
            Some(number) => level = Some(number),
            None if words.first().is_some_and(|word| word.starts_with("```")) => level = None,
            None => (),
        }
        let Some(level) = level else { continue };
        for word in words {
            if let Some(room) = word.strip_suffix('/').or(word.strip_suffix(".rs")) {
                map.insert(room.into(), level);
            }
        }
    }
    map
}

/// Rooms that are declared and not on the map, or on the map and not declared.
fn wrong_in_map(lib: &str) -> Vec<String> {
    let map = map_in(lib);
    let declared: Vec<_> =
        statements(lib).filter_map(|line| line.strip_prefix("pub mod ").map(String::from)).collect();
    let unmapped = declared.iter().filter(|room| !map.contains_key(*room));
    let undeclared = map.keys().filter(|room| !declared.contains(room));
    unmapped
        .map(|room| format!("{room} is not on the map"))
        .chain(undeclared.map(|room| format!("{room} is on the map only")))
        .collect()
}

/// The file without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

/// The file without the tests at its end.
fn without_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod tests").map_or(text, |(code, _)| code)
}

/// What the file uses of its own crate: the first names after `crate::`, those in braces too.
fn rooms_used(text: &str) -> Vec<String> {
    let code = code(text);
    let mut rooms = Vec::new();
    for (_, after) in code.match_indices("crate::").map(|(at, name)| (at, &code[at + name.len()..])) {
        let Some(group) = after.strip_prefix('{') else {
            rooms.push(first_name(after));
            continue;
        };
        let (mut depth, mut start) = (1, 0);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => (),
            }
            if depth == 0 || (depth == 1 && letter == ',') {
                rooms.push(first_name(group[start..at].trim()));
                start = at + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// Whether the code of a module `depth` levels below the crate leaves its room by `super::`.
fn leaves_by_super(code: &str, depth: usize) -> bool {
    let longest = (1..9).take_while(|&count| code.contains(&"super::".repeat(count))).last();
    longest.is_some_and(|count| count >= depth)
}

/// How many levels below the crate the module of a file is: `units.rs` and `net/mod.rs` are one.
fn depth(path: &str) -> usize {
    path.trim_end_matches("/mod.rs").split('/').count()
}

/// What a file of the library uses and must not.
fn wrong_uses(map: &Map, path: &str, text: &str) -> Vec<String> {
    let Some(room) = room(path) else { return Vec::new() };
    let mut wrong = Vec::new();
    let (own, tests) = text.split_at(without_tests(text).len());
    if leaves_by_super(&code(own), depth(path)) || leaves_by_super(&code(tests), depth(path) + 1) {
        wrong.push("leaves its room by `super::`: write `crate::ROOM::`".into());
    }
    for used in rooms_used(text) {
        let is_below = matches!((map.get(&used), map.get(room)), (Some(used), Some(own)) if used < own);
        if used != room && !is_below {
            wrong.push(format!("uses {used}, which is not below {room}"));
        }
    }
    wrong
}

/// What a file has whose matter is only to say which others there are.
fn statements(text: &str) -> impl Iterator<Item = String> {
    let code = code(text);
    let lines = code.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join(" ");
    let statements: Vec<_> = joined.split(';').map(|statement| statement.trim().to_owned()).collect();
    statements.into_iter().filter(|statement| !statement.is_empty())
}

fn more_than_modules(text: &str) -> Vec<String> {
    let is_plain = |statement: &String| {
        let mut words = statement.split(' ').skip_while(|word| word.starts_with("pub"));
        match words.next() {
            Some("mod") => !statement.contains('{'),
            first => first == Some("use"),
        }
    };
    let wrong = statements(text).filter(|statement| !is_plain(statement));
    wrong.map(|statement| format!("has more than modules and re-exports: {statement}")).collect()
}

fn too_long(text: &str, max_lines: usize) -> Vec<String> {
    let lines = without_tests(text).lines().count();
    if lines > max_lines { vec![format!("has {lines} lines, of {max_lines} at most")] } else { Vec::new() }
}

fn opens_without_purpose(text: &str) -> Vec<String> {
    let opens_well = text.starts_with("//! ") && !text.starts_with("//! (");
    if opens_well { Vec::new() } else { vec!["does not open with `//! ` and what it is for".into()] }
}

fn holding(text: &str, words: &[&str]) -> Vec<String> {
    words.iter().filter(|word| text.contains(**word)).map(|word| format!("holds `{word}`")).collect()
}

fn prints_or_exits(text: &str) -> Vec<String> {
    let words = ["println!", "print!(", "eprintln!", "eprint!(", "dbg!(", "process::exit"];
    let mut wrong = holding(&code(without_tests(text)), &words);
    wrong.dedup();
    wrong
}

fn unfinished(text: &str) -> Vec<String> {
    holding(text, &["todo!", "unimplemented!", "for now", "TODO", "FIXME", "HACK"])
}

/// The room that a file belongs to; none for `lib.rs` and `main.rs`.
fn room(path: &str) -> Option<&str> {
    match path.split_once('/') {
        Some((room, _)) => Some(room),
        None => path.strip_suffix(".rs").filter(|room| !["lib", "main"].contains(room)),
    }
}

/// One file of the library.
struct Source {
    /// From `src/`.
    path: String,
    text: String,
}

impl Source {
    fn is_named(&self, names: &[&str]) -> bool {
        self.path.rsplit('/').next().is_some_and(|name| names.contains(&name))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                sources.push(Source { path, text });
            }
        }
    }
    assert!(sources.len() > 10, "too few files to be the whole library");
    sources
}

fn lib() -> String {
    sources().into_iter().find(|source| source.path == "lib.rs").unwrap().text
}

/// Fails with everything that a rule finds wrong in any file.
fn hold(rule: impl Fn(&Source) -> Vec<String>) {
    let wrong: Vec<_> = sources()
        .iter()
        .flat_map(|source| {
            rule(source).into_iter().map(|wrong| format!("src/{} {wrong}", source.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_room_is_on_the_map() {
    assert_eq!(wrong_in_map(&lib()), Vec::<String>::new());
}

#[test]
fn rooms_use_lower_rooms_only() {
    let map = map_in(&lib());
    hold(|source| wrong_uses(&map, &source.path, &source.text));
}

#[test]
fn files_are_not_long() {
    hold(|source| match source.path.as_str() {
        "main.rs" => too_long(&source.text, MAX_MAIN_LINES),
        path if path.ends_with("tests.rs") => Vec::new(),
        _ => too_long(&source.text, MAX_LINES),
    });
}

#[test]
fn a_rooms_own_file_only_says_what_is_in_it() {
    hold(
        |source| {
            if source.is_named(&["mod.rs", "lib.rs"]) { more_than_modules(&source.text) } else { Vec::new() }
        },
    );
}

#[test]
fn every_file_opens_with_its_purpose() {
    hold(|source| opens_without_purpose(&source.text));
}

#[test]
fn only_reports_print_and_only_main_exits() {
    hold(|source| match room(&source.path) {
        Some("report") | None => Vec::new(),
        Some(_) => prints_or_exits(&source.text),
    });
}

#[test]
fn nothing_is_left_for_later() {
    hold(|source| unfinished(&source.text));
}

mod rules {
    //! Each rule on examples that it has to tell apart.

    use super::*;

    const LIB: &str = "\
//! Words with a slash/ before the map.
//!
//! ```text
//! L2 top/    one, two
//! L1 left/   three     right/ four
//!    under/  five
//! L0 base.rs
//! ```
//! Words after/ it.

pub mod base;
pub mod left;
pub mod right;
pub mod top;
pub mod under;
";

    fn uses(room: &str, text: &str) -> Vec<String> {
        wrong_uses(&map_in(LIB), &format!("{room}/file.rs"), text)
    }

    #[test]
    fn the_map_is_read_from_the_documentation() {
        let map: Vec<_> = map_in(LIB).into_iter().collect();
        let expected = [("base", 0), ("left", 1), ("right", 1), ("top", 2), ("under", 1)];
        assert_eq!(map, expected.map(|(room, level)| (room.to_owned(), level)));
        assert!(wrong_in_map(LIB).is_empty());
        let unmapped = LIB.replace("     right/ four", "");
        assert_eq!(wrong_in_map(&unmapped), ["right is not on the map"]);
        let undeclared = LIB.replace("pub mod top;\n", "");
        assert_eq!(wrong_in_map(&undeclared), ["top is on the map only"]);
    }

    #[test]
    fn a_room_uses_itself_and_what_is_below() {
        assert!(uses("top", "use crate::left::A;\nuse crate::{base::B, right::{C, d::E}};").is_empty());
        assert!(uses("left", "use crate::left::x::A;\nuse super::B;\nlet c = crate::base::D;").is_empty());
        assert!(uses("base", "//! See [`crate::top`].\nfn f() {} // like crate::top").is_empty());
    }

    #[test]
    fn a_room_uses_nothing_beside_or_above_it() {
        assert_eq!(uses("left", "use crate::top::A;"), ["uses top, which is not below left"]);
        assert_eq!(uses("left", "let a = crate::right::f();"), ["uses right, which is not below left"]);
        assert_eq!(uses("left", "use crate::unknown::A;"), ["uses unknown, which is not below left"]);
        let group = "use crate::{\n    base::A,\n    right::{B, C},\n    top,\n};";
        assert_eq!(rooms_used(group), ["base", "right", "top"]);
        assert_eq!(uses("left", group).len(), 2);
    }

    #[test]
    fn a_room_is_not_left_by_super() {
        let wrong = |path: &str, text: &str| wrong_uses(&map_in(LIB), path, text).len();
        let (two, three) = ("use super::super::A;", "use super::super::super::A;");
        assert_eq!((wrong("base.rs", "use super::A;"), wrong("left/mod.rs", "use super::A;")), (1, 1));
        assert_eq!((wrong("left/file.rs", "use super::A;"), wrong("left/file.rs", two)), (0, 1));
        assert_eq!((wrong("left/part/file.rs", two), wrong("left/part/file.rs", three)), (0, 1));
        let in_tests = |text: &str| format!("#[cfg(test)]\nmod tests {{\n{text}\n}}\n");
        assert_eq!(wrong("left/file.rs", &in_tests(two)), 0);
        assert_eq!(wrong("left/file.rs", &in_tests(three)), 1);
    }

    #[test]
    fn length_is_counted_without_the_tests() {
        let text = "a\nb\nc\n#[cfg(test)]\nmod tests {\n    d\n}\n";
        assert!(too_long(text, 3).is_empty());
        assert_eq!(too_long(text, 2), ["has 3 lines, of 2 at most"]);
        assert_eq!(too_long("#[cfg(test)]\nfn f() {}\n", 1), ["has 2 lines, of 1 at most"]);
    }

    #[test]
    fn a_rooms_own_file_has_modules_and_re_exports() {
        let plain =
            "//! A room.\n\nmod a;\n#[cfg(test)]\nmod tests;\npub mod b;\npub use a::{\n    A,\n    B,\n};\n";
        assert!(more_than_modules(plain).is_empty(), "{:?}", more_than_modules(plain));
        for extra in ["pub const A: u8 = 1;", "fn f() {}", "mod a { fn f() {} }", "pub struct A;"] {
            assert_eq!(more_than_modules(&format!("{plain}{extra}\n")).len(), 1, "{extra}");
        }
    }

    #[test]
    fn a_file_opens_with_its_purpose() {
        assert!(opens_without_purpose("//! Counts.\n").is_empty());
        for bad in ["", "use a;\n", "\n//! Late.\n", "// Not documentation.\n", "//!\n", "//! (to come)\n"] {
            assert_eq!(opens_without_purpose(bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn printing_and_exiting_are_found_outside_of_tests() {
        for bad in
            ["println!(\"a\");", "eprintln!();", "dbg!(a);", "std::process::exit(1);", "print!(\"a\");"]
        {
            assert!(!prints_or_exits(bad).is_empty(), "{bad}");
        }
        assert!(prints_or_exits("// Never println!\n#[cfg(test)]\nmod tests {\n println!();\n}").is_empty());
    }

    #[test]
    fn what_is_unfinished_is_found() {
        for bad in ["todo!()", "unimplemented!()", "// good enough for now", "// TODO", "// FIXME: a"] {
            assert_eq!(unfinished(bad).len(), 1, "{bad}");
        }
        assert!(unfinished("/// A method that waits for nothing.").is_empty());
    }
}
