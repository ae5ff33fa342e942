//! `autoscalebot compare`: reads what a process and its challenger have decided, and tells where they differed.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::command::{MOST, said};
use super::lines::read;
use super::{CycleRecord, compare};
use crate::exit::Exit;
use crate::model::ProcessName;
use crate::orders::command::Asked;
use crate::output::say;
use crate::state::{Record, Wanted};

/// Tells it.
pub(super) async fn compared(asked: &Asked, since: Duration, json: bool) -> Result<Exit> {
    let process = asked
        .named()
        .ok_or_else(|| anyhow!("no process was named"))?;
    let live = all_since(asked, process, since).await?;
    let challenger = all_since(asked, &process.challenger(), since).await?;
    let found = compare::compare(&live, &challenger);
    if json {
        say(&format!("{}\n", serde_json::to_string(&found)?))?;
    } else {
        say(&found.told(process.as_str(), asked.zone))?;
    }
    Ok(if found.cycles > 0 {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// Every record of a while.
pub(crate) async fn all_since(
    asked: &Asked,
    process: &ProcessName,
    since: Duration,
) -> Result<Vec<CycleRecord>> {
    let wanted = Wanted::since(asked.now, since, MOST);
    let mut all = Vec::new();
    let mut found = asked.store.records(process, wanted).await.map_err(said)?;
    while let Some(last) = found.last().map(Record::position) {
        for record in &found {
            all.push(read(record)?);
        }
        let after = asked.store.after(process, last, MOST);
        found = after.await.map_err(said)?;
    }
    Ok(all)
}
