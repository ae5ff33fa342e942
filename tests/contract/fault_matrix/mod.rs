//! No fault of a source scales down: every kind of fault with every measurement backend, as one table.
//!
//! Each cell is a process of one and the same bot: real backends, real servers on the loopback, a real clock. It has 5
//! processes, 4 more than its minimum, and whatever is measured is low enough to scale down. Failures are ignored by the
//! history (`on_failure = "ignore"`), so that it fills up with low results all the same: what holds the count is that they
//! are not trusted. While a source is well it is so for half a window of results, then ill until a result shows it. The
//! first row, in which nothing goes wrong, shows that every column does scale down.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most rows of the matrix are alike in most places"
)]

mod cells;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::{Backend, Registry, no_check};
use autoscalebot::clock::Clock;
use autoscalebot::model::{Count, ProcessName};
use autoscalebot::run::Bot;
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use autoscalebot::settings::{Settings, Source, load};
use autoscalebot::supervisor::works::Works;
use autoscalebot::wire::Tap;
use tempfile::TempDir;

use crate::servers::redis::RedisServer;
use cells::{Column, GAP, Row, Shared};
use watch::{Seen, Watched};

/// How many results a scale down rests on.
const WINDOW: usize = 6;

/// How many processes each cell has.
const COUNT: Count = 5;

/// How long all cells together may take.
const AT_MOST: Duration = Duration::from_secs(90);

/// Counts that nobody but the bot changes.
#[derive(Default)]
struct Counts(RefCell<BTreeMap<ProcessName, Count>>);

struct Counted(ProcessName, Rc<Counts>);

static COUNTED: Backend<dyn ScalingBackend> = Backend {
    name: "counted",
    summary: "a number in memory",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, site| Ok(Rc::new(Counted(site.process.clone(), site.shared.get()))),
};

#[async_trait::async_trait(?Send)]
impl ScalingBackend for Counted {
    async fn count(&self) -> Result<Observed, ScaleError> {
        let counts = self.1.0.borrow();
        Ok(Observed::ready(
            counts.get(&self.0).copied().unwrap_or(COUNT),
        ))
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        self.1.0.borrow_mut().insert(self.0.clone(), to);
        Ok(to)
    }

    fn target(&self) -> String {
        String::new()
    }
}

/// A cell's process in the configuration.
fn tables(name: &str, row: Row, column: Column, source: &str) -> String {
    let backend = match column {
        Column::AppByApp => "app_decision",
        Column::CommandByApp => "command",
        _ => Column::ALL
            .iter()
            .find(|(one, _)| *one == column)
            .map_or("", |(_, name)| *name),
    };
    let decision = if column.is_by_app() {
        "backend = \"app_decision\"".to_owned()
    } else {
        format!(
            "backend = \"average_threshold\"\nnumber_of_measurements_to_average = {WINDOW}\n\
             min_measurement_value = 1_000_000\nmax_measurement_value = 2_000_000"
        )
    };
    let patience = match row {
        Row::Hangs => "timeout_in_seconds = 0.4".to_owned(),
        Row::Suspended => format!(
            "timeout_in_seconds = 5\nmax_age_in_seconds = {}",
            GAP.as_secs_f64()
        ),
        _ => "timeout_in_seconds = 1".to_owned(),
    };
    format!(
        "[processes.{name}.measurement]\nbackend = \"{backend}\"\n{source}\n{patience}\n\
         measurement_interval_in_seconds = 0.25\non_failure = \"ignore\"\n\
         [processes.{name}.decision]\nmin_processes = 1\nmax_processes = 9\n\
         post_scale_wait_time_seconds = 0\n{decision}\n\
         [processes.{name}.scaling]\nbackend = \"counted\"\n\
         [[processes.{name}.notification]]\nbackend = \"test\"\n"
    )
}

type Cells = BTreeMap<(usize, usize), Result<Rc<Watched>, &'static str>>;

/// All cells, and the configuration of those that there are.
fn cells(shared: &Shared<'_>) -> (Cells, String) {
    let (mut cells, mut text) = (Cells::new(), String::new());
    for (y, (row, _)) in Row::ALL.into_iter().enumerate() {
        for (x, (column, _)) in Column::ALL.into_iter().enumerate() {
            let name = format!("cell-{y}-{x}");
            let made = cells::source(row, column, &name, shared).map(|(source, table)| {
                text.push_str(&tables(&name, row, column, &table));
                Rc::new(Watched::new(&name, row, source))
            });
            cells.insert((y, x), made);
        }
    }
    (cells, text)
}

fn settings(text: &str, registry: &Registry) -> Settings {
    let source = Source::new("matrix.toml", text);
    load(&source, registry, &|_| None).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The table, and below it why there is nothing in some places.
fn table(cells: &Cells) -> String {
    let mut text = String::new();
    let width = |x: usize| Column::ALL[x].1.len().max(24);
    let mut line = |first: &str, rest: &dyn Fn(usize) -> String| {
        write!(text, "{first:<27}").unwrap();
        for x in 0..Column::ALL.len() {
            write!(text, "| {:<1$} ", rest(x), width(x)).unwrap();
        }
        text.push('\n');
    };
    line("", &|x| Column::ALL[x].1.to_owned());
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (y, (_, what)) in Row::ALL.into_iter().enumerate() {
        for x in 0..Column::ALL.len() {
            if let Err(why) = &cells[&(y, x)] {
                let place = format!("{what} × {}", Column::ALL[x].1);
                match reasons.iter_mut().find(|(known, _)| known == why) {
                    Some((_, places)) => places.push(place),
                    None => reasons.push((*why, vec![place])),
                }
            }
        }
        let cell = |x: usize| match &cells[&(y, x)] {
            Ok(cell) => cell.shown(),
            Err(why) => {
                let at = reasons.iter().position(|(known, _)| known == why);
                format!("cannot be [{}]", at.map_or(0, |at| at + 1))
            }
        };
        line(what, &cell);
    }
    for (at, (why, places)) in reasons.iter().enumerate() {
        writeln!(text, "[{}] {why}: {}", at + 1, places.join("; ")).unwrap();
    }
    text
}

#[actix_rt::test]
#[expect(
    clippy::print_stdout,
    reason = "the table is what the test is read for"
)]
async fn no_fault_of_any_source_scales_down() {
    let (redis, folder) = (RedisServer::start(), TempDir::new().unwrap());
    let shared = Shared {
        redis: &redis,
        folder: folder.path(),
    };
    let (cells, text) = cells(&shared);
    let there: Vec<Rc<Watched>> = cells
        .values()
        .filter_map(|cell| cell.as_ref().ok().cloned())
        .collect();
    let mut registry = Registry::built_in();
    registry.scaling.push(&COUNTED);
    let settings = settings(&text, &registry);
    let mut works = Works::new(registry, Clock::system(), PathBuf::new());
    let watched = there.clone();
    works.tap = Tap::new(move |message| {
        let of = |cell: &&Rc<Watched>| cell.name() == message.process().as_str();
        if let Some(cell) = watched.iter().find(of) {
            cell.see(message);
        }
    });
    let bot = Bot::start(works, settings).unwrap();
    let all = async {
        while !there.iter().all(|cell| cell.is_done()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(AT_MOST, all).await;
    bot.stop().await;

    let table = table(&cells);
    println!("{table}");
    let of = |seen: Seen| there.iter().filter(|cell| cell.seen() == seen).count();
    let names = |seen: Seen| -> Vec<&str> {
        let these = there.iter().filter(|cell| cell.seen() == seen);
        these.map(|cell| cell.name()).collect()
    };
    assert_eq!(
        names(Seen::Wrong),
        [""; 0],
        "scaled down, or the control not:\n{table}"
    );
    assert!(
        in_time.is_ok(),
        "not seen in time: {:?}\n{table}",
        names(Seen::Unfinished)
    );
    assert_eq!(of(Seen::Right), there.len());
}
