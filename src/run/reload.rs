//! A reload: the configuration is read again, and taken up if it is good and changes nothing that lasts.

use std::path::Path;

use log::{error, info, warn};

use super::Bot;
use crate::backend::Registry;
use crate::cluster::settings::ClusterSettings;
use crate::heartbeat::actor::Heart;
use crate::messages::{Changes, Reload, ReloadRefused};
use crate::server::service::Service;
use crate::server::settings::ServerSettings;
use crate::settings::{Problem, Problems, Settings};
use crate::state::settings::StateSettings;

/// What a reload cannot change.
pub(super) struct Lasting {
    pub(super) state: Option<StateSettings>,
    pub(super) cluster: Option<ClusterSettings>,
    pub(super) server: Option<ServerSettings>,
}

impl Lasting {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            state: settings.state.clone(),
            cluster: settings.cluster.clone(),
            server: settings.server.clone(),
        }
    }
}

/// Does it, and says what came of it.
pub(super) async fn reload(
    bot: &Bot,
    config: &Path,
    registry: &Registry,
    lasting: &Lasting,
    (service, heart): (Option<&Service>, &Heart),
) {
    let why = match crate::settings::load_file(config, registry) {
        Ok(settings) if settings.state != lasting.state => {
            "[state] has changed, which takes a new start".to_owned()
        }
        Ok(settings) if settings.cluster != lasting.cluster => {
            "[cluster] has changed, which takes a new start".to_owned()
        }
        Ok(settings) if settings.server != lasting.server => {
            "[server] has changed, which takes a new start".to_owned()
        }
        Ok(settings) => match bot.supervisor.send(Reload(settings.clone())).await {
            Ok(Ok(changes)) => {
                heart.reloaded(settings.heartbeat.as_ref());
                if let Some(service) = service {
                    service.reloaded(&settings, registry);
                }
                info!(
                    "SIGHUP: the configuration was read again: {}",
                    describe(&changes)
                );
                return;
            }
            Ok(Err(why)) => why,
            Err(gone) => gone.to_string(),
        },
        Err(problems) => {
            for problem in problems.lines() {
                error!("SIGHUP: {problem}");
            }
            headline(&problems)
        }
    };
    error!("SIGHUP: the new configuration was refused and changes nothing: {why}");
    if bot.supervisor.try_send(ReloadRefused(why)).is_err() {
        warn!("nobody could be told of the refused configuration");
    }
}

/// The first problem, and how many there are, for a notice.
fn headline(problems: &Problems) -> String {
    let first = problems
        .iter()
        .next()
        .map(Problem::message)
        .unwrap_or_default();
    match problems.iter().count() {
        1 => first,
        many => format!("{many} problems, the first: {first}"),
    }
}

fn describe(changes: &Changes) -> String {
    let list = |what: &str, names: &[crate::model::ProcessName]| {
        let names: Vec<_> = names
            .iter()
            .map(crate::model::ProcessName::as_str)
            .collect();
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let parts = [
        list("added", &changes.added),
        list("changed", &changes.changed),
        list("removed", &changes.removed),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "nothing has changed".to_owned()
    } else {
        parts.join("; ")
    }
}
