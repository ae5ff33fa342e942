//! What outlives the program, at its start and its end: opens the store, reads what the processes go on from, passes on
//! what is to be told of the store, and sees to it that the last word is written.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::Addr;
use anyhow::Result;
use log::{info, warn};
use tokio::sync::mpsc::Receiver;

use crate::messages::StoreChanged;
use crate::model::ProcessName;
use crate::settings::Settings;
use crate::state::journal::Journal;
use crate::state::journal::health::StoreEvent;
use crate::state::{self, Snapshot};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::keeping::Kept;
use crate::supervisor::works::Works;

/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);

/// The store of this run.
#[derive(Debug)]
pub struct Keeper {
    journal: Journal,
    events: Receiver<StoreEvent>,
}

impl Keeper {
    /// Opens the store that the settings name, if they name one, and hands the works what the processes go on from. A store
    /// that cannot be read stops nobody: they begin anew, and scale nothing down before their windows are full.
    pub async fn open(works: &mut Works, settings: &Settings) -> Result<Option<Self>> {
        let Some(chosen) = &settings.state else {
            return Ok(None);
        };
        let store = state::open(chosen, works.clock)?;
        let place = store.place().to_owned();
        let (journal, events) = Journal::start(store, chosen.limits, chosen.timeout, works.clock);
        match journal.load().await {
            Ok(snapshots) => {
                works.kept = kept(snapshots);
                let known = works.kept.len();
                info!("state is kept in {place}, which knows {known} processes");
            }
            Err(error) => warn!("{error}; every process begins anew"),
        }
        works.journal = Some(journal.clone());
        Ok(Some(Self { journal, events }))
    }

    /// Passes on what is to be told of the store, for as long as it is polled.
    pub async fn pass_on(&mut self, supervisor: &Addr<SupervisorActor>) {
        while let Some(event) = self.events.recv().await {
            if event.is_an_end() {
                info!("{event}");
            } else {
                warn!("{event}");
            }
            if supervisor.try_send(StoreChanged(event)).is_err() {
                warn!("nobody could be told of it");
            }
        }
        std::future::pending::<()>().await;
    }

    /// The journal of this run.
    pub fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// Writes the last word.
    pub async fn close(self) {
        if let Err(error) = self.journal.flush(LAST_WORD).await {
            warn!("the last state was not kept: {error}");
        }
    }
}

/// What can be read of the snapshots.
pub(crate) fn kept(snapshots: Vec<Snapshot>) -> BTreeMap<ProcessName, Kept> {
    let mut all = BTreeMap::new();
    for Snapshot { process, text, .. } in snapshots {
        match Kept::read(&text) {
            Ok(kept) => {
                all.insert(process, kept);
            }
            Err(why) => {
                warn!(process:% = process; "what was kept of {process} cannot be read, and it begins anew: {why}");
            }
        }
    }
    all
}
