//! The rooms of `src/` are in one order, and each imports only from those before it, so that there is no circle. What a
//! room may know is told in docs/architecture.md.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail a test by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms: files or folders of `src/`, each with all that is in it.
const ROOMS: [&str; 10] =
    ["arena", "json", "kubernetes", "workload", "settings", "admission", "merge", "rollout", "admit", "lib"];

fn place_of(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The lines of `code` that import from a room later than `room`, or from none of the rooms. An import is a path that
/// begins with `crate::`, anywhere but in a comment.
fn later_rooms_in<'c>(room: &str, code: &'c str) -> Vec<&'c str> {
    let is_later = |line: &&str| {
        let code = line.split("//").next().unwrap_or_default();
        code.match_indices("crate::").any(|(at, found)| {
            let rest = &code[at + found.len()..];
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            place_of(name).is_none_or(|place| place > place_of(room).unwrap())
        })
    };
    code.lines().filter(is_later).collect()
}

#[test]
fn a_room_imports_only_from_those_before_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = Vec::new();
    for file in files(&src) {
        let first = file.strip_prefix(&src).unwrap().iter().next().unwrap();
        let room = Path::new(first).file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(place_of(&room).is_some(), "{}: {room} is none of the rooms", file.display());
        let code = fs::read_to_string(&file).unwrap();
        assert_eq!(later_rooms_in(&room, &code), [""; 0], "{}", file.display());
        // `super` of a room's root file is the crate, and so every room.
        let is_root = file == src.join(first) || file == src.join(first).join("mod.rs");
        let uses_super =
            code.lines().any(|line| line.starts_with("use super::") || line.starts_with("pub use super::"));
        assert!(!is_root || !uses_super, "{}: name the room, as crate::...", file.display());
        rooms.push(room);
    }
    for room in ROOMS {
        assert!(rooms.iter().any(|known| known == room), "{room} is not a room of src/");
    }
}

#[test]
fn an_import_from_a_later_room_is_found() {
    for (line, is_later) in [
        ("use crate::json::Node;", false),
        ("use crate::workload::Kind;", false),
        ("use crate::settings::{Settings, words};", true),
        ("    fn plan(of: &crate::merge::Record) {}", true),
        ("use crate::elsewhere;", true),
        ("// what crate::merge does with it", false),
        ("use super::merge;", false),
    ] {
        assert_eq!(!later_rooms_in("workload", line).is_empty(), is_later, "{line}");
    }
}
