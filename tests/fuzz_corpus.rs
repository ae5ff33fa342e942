//! Replays the fuzzer's corpus as ordinary tests, with any toolchain: each file of `tests/fuzz/corpus/<target>/` goes
//! through the very function that the fuzzer calls. What a fuzzer finds is put there, and stays mended.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it did not expect fails, and says where"
)]
#![expect(
    unreachable_pub,
    reason = "the bodies are public for the fuzz targets, which are crates of their own"
)]

#[path = "fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// The corpus of a target, in order.
fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has a corpus");
    files
}

#[track_caller]
fn replay(target: &str) {
    let (_, body) = bodies::TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .unwrap_or_else(|| panic!("{target} is a target"));
    let mut broken = Vec::new();
    for file in corpus(target) {
        let bytes = fs::read(&file).expect("a readable file");
        if catch_unwind(|| body(&bytes)).is_err() {
            broken.push(file);
        }
    }
    assert!(
        broken.is_empty(),
        "{target} does not bear {broken:#?}; each says above why"
    );
}

#[test]
fn settings() {
    replay("settings");
}

#[test]
fn router_line() {
    replay("router_line");
}

#[test]
fn queue_reply() {
    replay("queue_reply");
}

#[test]
fn formation_reply() {
    replay("formation_reply");
}

#[test]
fn intake() {
    replay("intake");
}

#[test]
fn every_target_is_built_by_the_fuzz_crate_and_has_a_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the fuzz crate");
    for (target, _) in bodies::TARGETS {
        assert!(
            manifest.contains(&format!("path = \"targets/{target}.rs\"")),
            "{target}"
        );
        assert!(
            root.join(format!("targets/{target}.rs")).exists(),
            "{target}"
        );
        assert!(!corpus(target).is_empty());
    }
    let folders = fs::read_dir(root.join("corpus"))
        .expect("the corpus")
        .count();
    assert_eq!(folders, bodies::TARGETS.len(), "no corpus without a target");
}

#[test]
fn the_settings_corpus_tries_the_mask() {
    let registry = autoscalebot::backend::Registry::built_in();
    let tried = corpus("settings").into_iter().filter(|file| {
        let text = fs::read_to_string(file).unwrap_or_default();
        bodies::secrets::only_in_secrets(&text, &registry)
    });
    let names: Vec<_> = tried
        .filter_map(|file| Some(file.file_name()?.to_owned()))
        .collect();
    assert!(
        names.len() >= 4,
        "files whose secret stands in secret places: {names:?}"
    );
}
