//! Calls the address. One call at a time, under a deadline; nothing waits for it.

use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler, Message, Supervised,
    WrapFuture as _,
};
use log::{info, warn};
use reqwest::{Client, Url};

use super::HeartbeatSettings;
use super::rounds::{Call, Expected, Rounds};
use crate::clock::Clock;
use crate::cluster::leadership::Leadership;
use crate::http::{Http, Wanted, trouble};
use crate::messages::Recorded;
use crate::model::ProcessName;
use crate::record::Outcome;
use crate::run::Always;
use crate::server::views::{HealthView, Overview};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::guard::{self, Life};
use crate::supervisor::shown::{GetOverview, ShowTo};
use crate::supervisor::works::Works;

/// How many ended cycles may wait.
const MAILBOX: usize = 1024;

/// How long the supervisor may take to say how everybody stands.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often is looked: a quarter of the longest interval, in these bounds.
const PACE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// The heart, before the bot has started.
#[derive(Debug)]
pub struct Plan {
    settings: Option<HeartbeatSettings>,
    works: (Clock, Http, Leadership, guard::Census),
}

impl Plan {
    /// What the settings say.
    pub fn of(settings: Option<&HeartbeatSettings>, works: &Works) -> Self {
        let (http, leadership) = (works.http.clone(), works.leadership.clone());
        Self {
            settings: settings.cloned(),
            works: (works.clock, http, leadership, works.census.clone()),
        }
    }

    /// It beats from now on.
    pub fn start(self, supervisor: &Addr<SupervisorActor>) -> Heart {
        let (clock, http, leadership, census) = self.works;
        let actor = HeartActor {
            supervisor: supervisor.clone(),
            settings: self.settings,
            clock,
            http,
            leadership,
            rounds: Rounds::new(clock.now().mono),
            is_calling: false,
            is_failing: false,
        };
        let watch = Rc::new(Always("heartbeat"));
        let (address, life) = guard::spawn(clock, &census, MAILBOX, watch, |_, _| actor);
        let audience = address.clone().recipient();
        if supervisor.try_send(ShowTo(audience)).is_err() {
            warn!("the supervisor is too busy to show what happens: there will be no heartbeat");
        }
        Heart {
            address,
            _life: life,
        }
    }
}

/// The beating heart; dropped, it stops.
#[derive(Debug)]
pub struct Heart {
    address: Addr<HeartActor>,
    _life: Life,
}

impl Heart {
    /// The settings are others now.
    pub fn reloaded(&self, settings: Option<&HeartbeatSettings>) {
        let changed = Changed(settings.cloned());
        if self.address.try_send(changed).is_err() {
            warn!("the heartbeat is the one of before");
        }
    }
}

/// The settings are others now.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Changed(Option<HeartbeatSettings>);

/// Counts the rounds, and calls.
#[derive(Debug)]
struct HeartActor {
    supervisor: Addr<SupervisorActor>,
    settings: Option<HeartbeatSettings>,
    clock: Clock,
    http: Http,
    leadership: Leadership,
    rounds: Rounds,
    is_calling: bool,
    /// Whether the last call failed.
    is_failing: bool,
}

impl Actor for HeartActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.ask(ctx);
    }
}

impl Supervised for HeartActor {
    /// A call that was under way is gone.
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.is_calling = false;
    }
}

impl HeartActor {
    /// Asks who there is, now and again.
    fn ask(&self, ctx: &mut Context<Self>) {
        if self.settings.is_none() {
            ctx.run_later(PACE.1, |heart, ctx| heart.ask(ctx));
            return;
        }
        let asked = tokio::time::timeout(PATIENCE, self.supervisor.send(GetOverview));
        ctx.spawn(asked.into_actor(self).map(|answer, heart, ctx| {
            if let Ok(Ok(overview)) = answer {
                heart.rounds.expect(expected(&overview));
            }
            heart.look(ctx);
            let pace = (heart.rounds.longest() / 4).clamp(PACE.0, PACE.1);
            ctx.run_later(pace, |heart, ctx| heart.ask(ctx));
        }));
    }

    /// Calls, if it is time to.
    fn look(&mut self, ctx: &mut Context<Self>) {
        let Some(settings) = self.settings.clone().filter(|_| !self.is_calling) else {
            return;
        };
        let leads = self.leadership.since().is_some();
        let Some(call) = self.rounds.next(leads, self.clock.now().mono) else {
            return;
        };
        if let Call::Incomplete(why) = &call {
            warn!("the heartbeat tells of a failure: {why}");
        }
        self.is_calling = true;
        let client = self.http.client(&Wanted::default());
        let calling = async move {
            let client = client.map_err(|error| error.to_string())?;
            match tokio::time::timeout(settings.timeout, made(&client, &settings, call)).await {
                Ok(answer) => answer,
                Err(_elapsed) => Err(format!("no answer within {:?}", settings.timeout)),
            }
        };
        ctx.spawn(calling.into_actor(self).map(|answer, heart, _| {
            heart.is_calling = false;
            heart.called(answer);
        }));
    }

    /// A failure is told when it begins and when it ends.
    fn called(&mut self, answer: Result<(), String>) {
        match &answer {
            Ok(()) if self.is_failing => info!("the heartbeat gets through again"),
            Err(why) if !self.is_failing => {
                warn!(
                    "the heartbeat does not get through, and whoever watches it may raise an alarm: {why}"
                );
            }
            Ok(()) | Err(_) => {}
        }
        self.is_failing = answer.is_err();
        if self.is_failing {
            self.rounds.unheard();
        }
    }
}

impl Handler<Recorded> for HeartActor {
    type Result = ();

    fn handle(&mut self, Recorded { record, .. }: Recorded, ctx: &mut Context<Self>) {
        if self.settings.is_none() {
            return;
        }
        let measured = record.inputs.iter().any(|input| input.error.is_none());
        let measured = measured && record.outcome != Outcome::Lost;
        self.rounds.ended(&record.process, measured);
        self.look(ctx);
    }
}

impl Handler<Changed> for HeartActor {
    type Result = ();

    fn handle(&mut self, Changed(settings): Changed, _: &mut Context<Self>) {
        if self.settings != settings {
            self.rounds = Rounds::new(self.clock.now().mono);
            self.settings = settings;
        }
    }
}

fn expected(overview: &Overview) -> Vec<Expected> {
    let processes = overview.processes.iter();
    let known = processes.filter_map(|process| {
        Some(Expected {
            process: ProcessName::new(&process.name).ok()?,
            interval: Duration::try_from_secs_f64(process.interval_seconds).ok()?,
            degraded: process.health == HealthView::Degraded,
        })
    });
    known.collect()
}

/// The call itself. No sentence has the address in it.
async fn made(client: &Client, settings: &HeartbeatSettings, call: Call) -> Result<(), String> {
    let bad = || "heartbeat_url is not an address that can be called".to_owned();
    let mut url = Url::parse(settings.url.expose()).map_err(|_bad| bad())?;
    let request = match call {
        Call::Complete => client.get(url),
        Call::Incomplete(why) => {
            url.path_segments_mut()
                .map_err(|()| bad())?
                .pop_if_empty()
                .push("fail");
            client.post(url).body(why)
        }
    };
    let answer = request.send().await.map_err(trouble)?;
    let status = answer.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(format!("it answered {}", status.as_u16()))
    }
}
