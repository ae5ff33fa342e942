//! The repository's own shape: files, tables, sizes, logs. What a reviewer would otherwise have to look for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use autoscalebot::backend::Registry;

/// What may stand at the top level.
const TOP_LEVEL: [&str; 12] = [
    ".ci",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "config",
    "python",
    "src",
    "tests", // and what git and cargo make:
    ".git",
];

/// How many lines a file may have before its tests.
const MOST_LINES: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file under a folder, by its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[track_caller]
fn none(what: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

#[test]
fn only_known_names_at_the_top_level() {
    let entries = fs::read_dir(root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let strange = names.filter(|name| !TOP_LEVEL.contains(&name.as_str()) && name != "target");
    none("these have no place at the top level", strange.collect());
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut faults = Vec::new();
    for folder in ["src", "tests", "benches"] {
        let silent = sources(folder)
            .into_iter()
            .filter(|(_, text)| !text.starts_with("//! "));
        faults.extend(silent.map(|(name, _)| name));
    }
    none("these do not begin with `//!`", faults);
}

#[test]
fn no_file_is_long() {
    let mut faults = Vec::new();
    for (name, text) in sources("src") {
        let lines: Vec<&str> = text.lines().collect();
        let begin_tests =
            |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests");
        let before = lines
            .windows(2)
            .position(begin_tests)
            .unwrap_or(lines.len());
        let is_test = name.ends_with("/tests.rs") || name.ends_with("/testing.rs");
        if before > MOST_LINES && !is_test {
            faults.push(format!("{name}: {before} lines before its tests"));
        }
    }
    none(&format!("at most {MOST_LINES} lines a file"), faults);
}

/// A room's name in `src/` and the names in its table.
fn rooms() -> [(&'static str, Vec<&'static str>); 4] {
    let registry = Registry::built_in();
    [
        (
            "measurement",
            registry.measurement.iter().map(|row| row.name).collect(),
        ),
        (
            "decision",
            registry.decision.iter().map(|row| row.name).collect(),
        ),
        (
            "scaling",
            registry.scaling.iter().map(|row| row.name).collect(),
        ),
        (
            "notification",
            registry.notification.iter().map(|row| row.name).collect(),
        ),
    ]
}

#[test]
fn every_backends_file_is_in_its_rooms_table() {
    let mut faults = Vec::new();
    for (room, names) in rooms() {
        let unique: BTreeSet<_> = names.iter().collect();
        if unique.len() != names.len() {
            faults.push(format!(
                "src/{room}: a name is in the table twice: {names:?}"
            ));
        }
        for (file, text) in sources(&format!("src/{room}")) {
            let declares = text.lines().any(|line| line.contains("BACKEND: Backend<"));
            let stem = file.trim_end_matches("/mod.rs").trim_end_matches(".rs");
            let stem = stem.rsplit('/').next().unwrap();
            if declares && !names.contains(&stem) {
                faults.push(format!(
                    "{file} has a BACKEND, but the table has no `{stem}`"
                ));
            }
        }
        for name in names {
            let own = [
                format!("src/{room}/{name}.rs"),
                format!("src/{room}/{name}/mod.rs"),
            ];
            // What serves all rooms alike may stand beside them.
            let common = [format!("src/{name}.rs"), format!("src/{name}/mod.rs")];
            let is_file = |path: &String| root().join(path).is_file();
            if !own.iter().chain(&common).any(is_file) {
                faults.push(format!("`{name}` of {room} has no file of its name"));
            }
        }
    }
    none("tables and files differ", faults);
}

#[test]
fn a_backend_is_two_adjacent_lines_in_its_room() {
    for (room, names) in rooms() {
        let text = fs::read_to_string(root().join("src").join(room).join("mod.rs")).unwrap();
        for name in names {
            assert!(
                text.contains(&format!("{name}::BACKEND")),
                "src/{room}/mod.rs lists {name}"
            );
        }
    }
}

#[test]
fn log_messages_are_written_alike() {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        for message in log_messages(&text) {
            let mut letters = message.chars();
            let capital = letters.next().is_some_and(char::is_uppercase);
            // `SIGHUP: …` is a name.
            let word = letters.next().is_some_and(char::is_lowercase);
            if capital && word {
                faults.push(format!("{file}: \"{message}\" starts with a capital"));
            }
            if message.ends_with('.') && !message.ends_with("...") {
                faults.push(format!("{file}: \"{message}\" ends in a full stop"));
            }
        }
    }
    none(
        "log messages start lower-case and end without a full stop",
        faults,
    );
}

/// The message of every log macro in a text.
fn log_messages(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for level in ["error!(", "warn!(", "info!(", "debug!(", "trace!("] {
        for (at, _) in text.match_indices(level) {
            let line = text[..at].rsplit('\n').next().unwrap_or_default();
            if line.trim_start().starts_with("//") {
                continue;
            }
            found.extend(message(&text[at + level.len()..]));
        }
    }
    found
}

/// The message in a macro's arguments: the first string after the key-value fields, which end with `;`.
fn message(arguments: &str) -> Option<String> {
    let mut depth = 1;
    let mut first = None;
    let mut letters = arguments.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ';' if depth == 1 => first = None,
            '"' => {
                let mut text = String::new();
                while let Some(letter) = letters.next() {
                    match letter {
                        '"' => break,
                        '\\' => text.extend(letters.next()),
                        other => text.push(other),
                    }
                }
                if depth == 1 {
                    first.get_or_insert(text);
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    first
}

#[test]
fn message_tests_do_not_wait_for_the_wall_clock() {
    let mut faults = Vec::new();
    for (file, text) in sources("tests/message") {
        for clock in [
            "thread::sleep",
            "Instant::now",
            "SystemTime",
            "Utc::now",
            "Local::now",
        ] {
            if text.contains(clock) {
                faults.push(format!("{file} uses {clock}"));
            }
        }
    }
    none("tests/message runs on the paused clock alone", faults);
}

#[test]
fn nothing_names_this_machine() {
    let mut faults = Vec::new();
    let files = ["src", "tests", "benches"].into_iter().flat_map(sources);
    for (file, text) in files {
        // In two parts, so that this file does not find itself.
        for path in [concat!("/wo", "rk/"), concat!("/ro", "ot/")] {
            if text.contains(path) {
                faults.push(format!("{file} has {path}"));
            }
        }
    }
    none("paths of one machine", faults);
}

#[test]
fn the_log_scanner_finds_messages() {
    let text =
        r#"warn!(process:% = p; "dropped {p}: {}", x("a")); info!("stopped"); // error!("No.")"#;
    assert_eq!(log_messages(text), ["No.", "dropped {p}: {}", "stopped"]);
    let path: PathBuf = root().join("src");
    assert!(path.is_dir());
}
