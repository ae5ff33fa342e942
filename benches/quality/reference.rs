//! The clairvoyant's figures, found once: they are kept in `target/quality`, under a name that all that they depend on goes
//! into.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use autoscalebot::output::complain;
use autoscalebot::simulation::clairvoyant;
use autoscalebot::simulation::figures::Figures;
use autoscalebot::simulation::run::Conditions;

use crate::loads::Load;

/// The part of the requests that may be late, in a hundred.
const BUDGET: f64 = 1.0;

/// To be raised when the clairvoyant itself changes.
const VERSION: u32 = 1;

/// Its figures for a load.
pub(crate) fn best(load: &Load, conditions: &Conditions) -> Result<Figures> {
    let path = path(load, conditions);
    if let Some(kept) = kept(&path) {
        return Ok(kept);
    }
    let mut told = 0.0;
    let best = clairvoyant::best(&load.scenario, conditions, BUDGET, &mut |part| {
        if part >= told {
            complain(&format!(
                "\rclairvoyant, {} {:?}: {:3.0} % ",
                load.name,
                load.kind,
                100.0 * part
            ));
            told = part + 0.01;
        }
    });
    let gap = 100.0 * (best.figures.hours / best.bound - 1.0);
    complain(&format!(
        "\rclairvoyant, {} {:?}: {:.1} h, {:.1} h at the least ({gap:.1} % apart), {:.2} % late\n",
        load.name, load.kind, best.figures.hours, best.bound, best.figures.late
    ));
    fs::create_dir_all(path.parent().context("a folder")?)?;
    fs::write(&path, serde_json::to_string(&best.figures)?)
        .with_context(|| path.display().to_string())?;
    Ok(best.figures)
}

fn kept(path: &Path) -> Option<Figures> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

fn path(load: &Load, conditions: &Conditions) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    VERSION.hash(&mut hasher);
    load.scenario.arrivals.hash(&mut hasher);
    load.scenario.demand.hash(&mut hasher);
    format!("{:?} {conditions:?}", load.scenario.plant).hash(&mut hasher);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/quality");
    root.join(format!("{}-{:016x}.json", load.name, hasher.finish()))
}
