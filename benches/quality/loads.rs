//! The loads: the traces of a folder, or those that the program generates.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::scenario::{Scenario, scoreboard};
use autoscalebot::simulation::trace::Trace;
use autoscalebot::simulation::trace::generator::Shape;
use autoscalebot::simulation::trace::read::read;

/// How long a generated trace is, in days.
const DAYS: u32 = 7;

/// What each kind of process is tried on where nothing is given.
const WEB: [Shape; 4] = [
    Shape::DailyWave,
    Shape::FlashCrowd,
    Shape::Ramp,
    Shape::Noise,
];
const QUEUE: [Shape; 3] = [Shape::DailyWave, Shape::FlashCrowd, Shape::JobBursts];

/// The public traces that are only one kind of load, or that no table is made of.
const NOT_WEB: [&str; 2] = ["fb2009_jobs", "azure_llm_code"];
const NOT_QUEUE: [&str; 5] = [
    "nasa_jul95",
    "nyc_taxi_oct",
    "wikipedia_h",
    "google_noisy",
    // Fifty-seven minutes of nothing and bursts: no policy is better than chance on it.
    "azure_llm_code",
];

/// How the plant differs from the scoreboard's.
#[derive(Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) slots: u32,
    pub(crate) drift: f64,
    pub(crate) erlang: f64,
}

/// A trace, or what draws one.
pub(crate) struct Named {
    pub(crate) name: String,
    source: Source,
}

enum Source {
    Read(Trace),
    Drawn(Shape),
}

/// A load to run on.
pub(crate) struct Load {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) scenario: Scenario,
}

/// The traces for a kind of process.
pub(crate) fn traces(folder: Option<&Path>, kind: Kind) -> Result<Vec<Named>> {
    let Some(folder) = folder else {
        let shapes: &[Shape] = match kind {
            Kind::Web => &WEB,
            Kind::Queue => &QUEUE,
        };
        let drawn = shapes.iter().map(|shape| Named {
            name: shape.name().to_owned(),
            source: Source::Drawn(*shape),
        });
        return Ok(drawn.collect());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let skipped = match kind {
            Kind::Web => NOT_WEB.contains(&name.as_str()),
            Kind::Queue => NOT_QUEUE.contains(&name.as_str()),
        };
        if !skipped && path.extension().is_some_and(|ending| ending == "csv") {
            let source = Source::Read(read(&path)?);
            found.push(Named { name, source });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

impl Named {
    /// The load of a seed. What is generated is drawn by it too.
    pub(crate) fn load(&self, kind: Kind, variant: Variant, seed: u64) -> Result<Load> {
        let drawn;
        let trace = match &self.source {
            Source::Read(trace) => trace,
            Source::Drawn(shape) => {
                drawn = shape.trace(DAYS, seed)?;
                &drawn
            }
        };
        let (plant, scale) = scoreboard(trace, kind, variant.erlang);
        let plant = Plant {
            slots: variant.slots,
            drift: variant.drift,
            ..plant
        };
        Ok(Load {
            name: format!("{}-{seed}", self.name),
            kind,
            scenario: Scenario::new(trace, plant, scale, seed),
        })
    }
}
