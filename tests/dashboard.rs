//! Does the dashboard ask for what there is? Every name in its queries is one that `/metrics` tells, and every family that
//! it tells is shown somewhere.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use autoscalebot::server::exposition::families::FAMILIES;
use serde_json::Value;

fn dashboard() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana-dashboard.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The texts of all queries, of panels and of variables.
fn queries(dashboard: &Value) -> Vec<String> {
    let panels = dashboard.get("panels").unwrap().as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel.get("targets").unwrap().as_array().unwrap());
    let variables = dashboard
        .pointer("/templating/list")
        .unwrap()
        .as_array()
        .unwrap()
        .iter();
    targets
        .filter_map(|target| target.get("expr")?.as_str())
        .chain(variables.filter_map(|variable| variable.get("definition")?.as_str()))
        .map(str::to_owned)
        .collect()
}

/// The words of a query that can only be metrics: all others are functions, labels or variables.
fn metrics(query: &str) -> BTreeSet<String> {
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("autoscalebot_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn it_asks_only_for_what_there_is() {
    let known: BTreeSet<String> = FAMILIES.iter().flat_map(|family| family.names()).collect();
    let queries = queries(&dashboard());
    assert!(queries.len() > 20, "{}", queries.len());
    let mut asked = BTreeSet::new();
    for query in &queries {
        let names = metrics(query);
        assert!(!names.is_empty(), "no metric in: {query}");
        for name in names {
            assert!(known.contains(&name), "there is no {name}: {query}");
            asked.insert(name);
        }
    }
    for family in FAMILIES {
        let shown = family.names().iter().any(|name| asked.contains(name));
        assert!(shown, "nothing shows {}", family.name);
    }
}

#[test]
fn it_can_be_imported_for_any_source_and_process() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    let variables = dashboard
        .pointer("/templating/list")
        .unwrap()
        .as_array()
        .unwrap();
    let names: Vec<_> = variables.iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["datasource", "process"]);
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["id"]);
    }
}
