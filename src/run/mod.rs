//! Runs the bot: starts the actor system, turns signals into messages, and says why it ended.

mod reload;
mod signals;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use actix::Addr;
use anyhow::{Context as _, Result};
use futures_util::future::join;
use log::{error, info, warn};

use crate::backend::Registry;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::exit::Exit;
use crate::heartbeat::actor as heartbeat;
use crate::keeper::Keeper;
use crate::messages::Shutdown;
use crate::server::service::{Plan, Service};
use crate::settings::Settings;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::guard::{self, Cause, Life, Watch};
use crate::supervisor::metric::Metric;
use crate::supervisor::works::Works;
use crate::watcher::Watcher;
use reload::{Lasting, reload};
use signals::{Signals, Told};

/// A running bot.
#[derive(Debug)]
pub struct Bot {
    supervisor: Addr<SupervisorActor>,
    _life: Life,
}

impl Bot {
    /// Starts the supervisor and its groups. Must be called inside an actix system.
    pub fn start(works: Works, settings: Settings) -> Result<Self> {
        let (clock, census, mailbox) = (
            works.clock,
            works.census.clone(),
            SupervisorActor::mailbox(&settings),
        );
        let actor = SupervisorActor::new(works, settings)?;
        let (supervisor, life) = guard::spawn(
            clock,
            &census,
            mailbox,
            Rc::new(Always("supervisor")),
            |_, _| actor,
        );
        Ok(Self {
            supervisor,
            _life: life,
        })
    }

    /// The supervisor, for whoever wants to ask it something.
    pub fn supervisor(&self) -> &Addr<SupervisorActor> {
        &self.supervisor
    }

    /// Lets go of everything in order. The time that it may take is the settings'.
    pub async fn stop(self) {
        if self.supervisor.send(Shutdown).await.is_err() {
            warn!("the supervisor was gone before it could shut down");
        }
    }
}

/// Who is always restarted: above the supervisor there is only the dyno manager.
pub(crate) struct Always(pub(crate) &'static str);

impl Watch for Always {
    fn fault(&self, cause: Cause) -> Option<Duration> {
        let Self(name) = self;
        error!("the {name} {cause}; it works again in 1 s");
        Some(Duration::from_secs(1))
    }

    fn restarted(&self) {
        let Self(name) = self;
        info!("the {name} works again");
    }
}

/// Runs until told to stop, with the backends of `registry`: the built-in ones, and those that a program of another
/// crate adds. `settings` are those of the file `config`, which is read again at a SIGHUP.
pub fn run(config: &Path, settings: Settings, registry: Registry, clock: Clock) -> Result<Exit> {
    let works = Works::new(registry, clock, own_program()?);
    crate::system::block_on(serve(config, works, settings))
}

/// This program's executable, which `local` starts its copies through.
pub fn own_program() -> Result<PathBuf> {
    std::env::current_exe().context("this program cannot find its own file")
}

async fn serve(config: &Path, mut works: Works, settings: Settings) -> Result<Exit> {
    // Before anything is logged: a log that nobody reads any more would be the first thing to hang on.
    let _watcher = Watcher::start();
    let mut signals = Signals::new()?;
    let (registry, lasting) = (works.registry.clone(), Lasting::of(&settings));
    introduce(&settings);
    let mut keeper = Keeper::open(&mut works, &settings).await?;
    let cluster = lasting.cluster.as_ref();
    let cluster = cluster.map(|cluster| Cluster::enter(cluster, works.clock));
    let cluster = cluster.transpose()?;
    if let Some(cluster) = &cluster {
        works.leadership = cluster.leadership().clone();
    }
    let service = Plan::of(&settings, &works);
    let heart = heartbeat::Plan::of(settings.heartbeat.as_ref(), &works);
    let bot = Bot::start(works, settings)?;
    let supervisor = bot.supervisor.clone();
    let heart = heart.start(&supervisor);
    let service = service
        .map(|service| service.start(&supervisor, keeper.as_ref().map(Keeper::journal)))
        .transpose();
    let service = match service {
        Ok(service) => service,
        Err(error) => {
            bot.stop().await;
            return Err(error);
        }
    };
    tokio::select! {
        name = until_told(&bot, config, &registry, &lasting, (service.as_ref(), &heart), &mut signals) => announce(name),
        () = pass_on(&mut keeper, &supervisor) => {}
    }
    // No more rounds are counted.
    drop(heart);
    let stop = async {
        if let Some(service) = service {
            service.stop().await;
        }
        tokio::select! {
            () = bot.stop() => {}
            () = pass_on(&mut keeper, &supervisor) => {}
        }
        if let Some(keeper) = keeper {
            keeper.close().await;
        }
    };
    tokio::select! {
        ((), ()) = join(stop, leave(cluster)) => {
            info!("stopped");
            Ok(Exit::Success)
        }
        _ = signals.stop() => {
            warn!("a second signal: stopped at once");
            Ok(Exit::Failure)
        }
    }
}

/// Which process is worked by what.
fn introduce(settings: &Settings) {
    for process in &settings.processes {
        let (name, scaled) = (&process.name, &process.scaling.backend);
        let measured: Vec<String> = process
            .metrics()
            .filter_map(|metric| Some(Metric::new(metric).ok()?.name))
            .collect();
        let measured = measured.join(" and ");
        info!(process:% = name; "{name} is measured by {measured}, decided by {} and scaled by {scaled}", process.decision.backend);
    }
}

/// Reads the configuration again whenever that is asked for, until a signal to stop comes.
async fn until_told(
    bot: &Bot,
    config: &Path,
    registry: &Registry,
    lasting: &Lasting,
    (service, heart): (Option<&Service>, &heartbeat::Heart),
    signals: &mut Signals,
) -> &'static str {
    loop {
        match signals.next().await {
            Told::Reload => tokio::select! {
                () = reload(bot, config, registry, lasting, (service, heart)) => {}
                // A reload waits for scales in flight, and an end cannot wait for that as well.
                name = signals.stop() => return name,
            },
            Told::Stop(name) => return name,
        }
    }
}

/// Passes on what is to be told of the store, if there is one.
async fn pass_on(keeper: &mut Option<Keeper>, supervisor: &Addr<SupervisorActor>) {
    match keeper {
        Some(keeper) => keeper.pass_on(supervisor).await,
        None => std::future::pending().await,
    }
}

fn announce(signal: &str) {
    info!("{signal}: stopping; nothing is measured any more");
}

/// The others need not wait until all of this one's last words are said.
async fn leave(cluster: Option<Cluster>) {
    if let Some(cluster) = cluster {
        cluster.leave().await;
    }
}
