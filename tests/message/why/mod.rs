//! What `autoscalebot why` says, in full: after a hold for each reason of the safety envelope, and after everything else that
//! can become of a cycle. Each story is told by the real actors with a store; what is expected stands in `expected.txt`, to
//! be read by people. `WHY_WRITE=1` writes it anew.

mod outcomes;
mod rules;

use autoscalebot::cluster::lease::Tenure;
use autoscalebot::envelope::Rule;
use autoscalebot::harness::{Act, MemoryStore, Scenario, Script, World};
use autoscalebot::model::ProcessName;
use autoscalebot::orders::{Draft, Kind};
use autoscalebot::record::{CycleRecord, telling};
use autoscalebot::state::{StateStore as _, Wanted};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{process, seconds};

const HIGH: f64 = 5000.0;
const STEADY: f64 = 840.0;
const LOW: f64 = 120.0;

/// A process that takes one result for a scale, waits for nothing, and has these lines more in its decision table.
fn quick(more: &str) -> String {
    let decision = format!(
        "max_processes = 9\nnumber_of_fails_to_scale_up_after = 1\nnumber_of_passes_to_scale_down_after = 1\n{more}"
    );
    let without_a_wait = if more.contains("post_scale_wait_time_seconds") {
        decision
    } else {
        format!("{decision}\npost_scale_wait_time_seconds = 0")
    };
    process("web", &without_a_wait)
}

/// The same, whose wishes are scripted.
fn scripted(more: &str) -> String {
    let thresholds = "min_measurement_value = 400\nmax_measurement_value = 1200\n";
    let runs = "number_of_fails_to_scale_up_after = 1\nnumber_of_passes_to_scale_down_after = 1\n";
    let more = format!("backend = \"scripted\"\n{more}");
    quick(&more).replace(thresholds, "").replace(runs, "")
}

/// The same, with these more in its measurement table.
fn measured(more: &str, decision: &str) -> String {
    let shared = "timeout_in_seconds = 8 }";
    quick(decision).replace(shared, &format!("timeout_in_seconds = 8, {more} }}"))
}

/// What a story is told with.
struct Stage {
    world: World,
    store: MemoryStore,
    web: std::rc::Rc<Script>,
}

impl Stage {
    /// Nothing more happens until 5 s after the next cycle has begun.
    async fn cycles(&self, many: u64) {
        self.world.advance(seconds(10 * many)).await;
    }

    /// Measures this from now on.
    fn measures(&self, value: f64) {
        self.web.measures([Act::value(value)]);
    }

    /// An order of people, until 2:00.
    async fn order(&self, kind: Kind) {
        let draft = Draft {
            process: ProcessName::new("web").unwrap(),
            kind,
            owner: "ann".to_owned(),
            because: "database migration".to_owned(),
            begins: midnight(),
            ends: midnight() + TimeDelta::hours(2),
        };
        self.store.put(&draft).await.unwrap();
    }

    /// So many up, starting and crashed.
    fn are(&self, up: usize, starting: usize, crashed: usize) {
        crate::are(&self.web, up, starting, crashed);
    }

    /// Leads from now on.
    fn lead(&self) {
        let until = self.world.now() + seconds(600);
        self.world
            .leadership()
            .set(Some(Tenure { token: 7, until }));
    }

    async fn last(&self) -> CycleRecord {
        let wanted = Wanted::newest(None);
        let process = ProcessName::new("web").unwrap();
        let records = self.store.records(&process, wanted).await.unwrap();
        serde_json::from_str(&records.first().expect("a record").text).unwrap()
    }
}

fn midnight() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// The last cycle of a story, 5 s into which the first cycle is over; a cycle begins every 10 s.
fn last(configuration: &str, story: impl AsyncFnOnce(&Stage)) -> CycleRecord {
    last_of(Scenario::new(configuration), story)
}

fn last_of(scenario: Scenario, tell: impl AsyncFnOnce(&Stage)) -> CycleRecord {
    let (store, mut record) = (MemoryStore::default(), None);
    let into = &mut record;
    scenario.keeping_in(&store.clone()).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(STEADY)]);
        let stage = Stage { world, store, web };
        stage.world.advance(seconds(5)).await;
        tell(&stage).await;
        *into = Some(stage.last().await);
    });
    record.expect("the story was told")
}

/// A story's name, and its last cycle.
type Told = (&'static str, CycleRecord);

/// Every rule that there is: the names are serde's own list, in which none is missing.
fn all_rules() -> Vec<Rule> {
    let error = serde_json::from_str::<Rule>("\"?\"")
        .unwrap_err()
        .to_string();
    let (_, names) = error.split_once("expected one of ").unwrap();
    let names = names.split('`').skip(1).step_by(2);
    let rules: Vec<Rule> = names
        .map(|name| serde_json::from_str(&format!("\"{name}\"")).unwrap())
        .collect();
    assert!(rules.len() >= 15 && rules.is_sorted(), "{rules:?}");
    rules
}

#[test]
fn why_is_told_in_full() {
    let mut written = String::new();
    let mut tell = |(name, record): &Told| {
        let text = telling::told(record, chrono_tz::UTC);
        written.extend(["# ", name, "\n", &text, "\n"]);
    };
    for rule in all_rules() {
        let stories = rules::stories(rule);
        assert!(!stories.is_empty(), "{rule:?} has a story");
        for told in &stories {
            let held = told.1.clamps.iter().any(|clamp| clamp.rule == rule);
            assert!(held, "{}: {rule:?} has had its say in {:?}", told.0, told.1);
            tell(told);
        }
    }
    outcomes::stories().iter().for_each(tell);
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/message/why/expected.txt"
    );
    if std::env::var_os("WHY_WRITE").is_some() {
        std::fs::write(file, &written).unwrap();
    }
    let expected = include_str!("expected.txt");
    let sections = |text: &str| {
        let all = text.split("\n\n").map(str::trim);
        all.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    for (found, wanted) in sections(&written).iter().zip(sections(expected)) {
        assert_eq!(*found, wanted, "\n{found}\n");
    }
    assert_eq!(written, expected, "all stories, and no others");
}
