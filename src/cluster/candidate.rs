//! The task that competes for the lease: asks the referee when the rules say so, tells the [`Leadership`] what came of it,
//! and logs who leads. It waits for nobody but the referee, and nobody waits for it.

use std::rc::Rc;
use std::time::Duration;

use log::{debug, error, info, warn};
use tokio::sync::Notify;

use super::leadership::Leadership;
use super::lease::{Candidacy, Standing, Terms};
use super::referee::Referee;
use crate::clock::Clock;
use crate::supervisor::caught::caught_io;
use crate::supervisor::desk::fenced;

/// How long it rests after a panic.
const REST: Duration = Duration::from_secs(1);

/// How often it looks, at the end, whether the last call to the platform is done.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// One replica's part in the competition.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) clock: Clock,
    pub(super) cluster: String,
    /// Who it is in the referee's books: no other, and no other life of it, is called the same.
    pub(super) owner: String,
    pub(super) terms: Terms,
    pub(super) referee: Referee,
    pub(super) leadership: Leadership,
    pub(super) leaving: Rc<Leaving>,
    pub(super) candidacy: Candidacy,
    /// What was logged last.
    pub(super) told: Option<Standing>,
    /// Why the referee cannot be asked, if so.
    pub(super) trouble: Option<String>,
}

/// The word to leave.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    pub(super) said: std::cell::Cell<bool>,
    pub(super) heard: Notify,
}

impl Candidate {
    /// Competes until it is told to leave, and then gives the lease back, if it has it.
    pub(super) async fn compete(mut self) {
        while !(self.leaving.said.get() && self.leadership.is_idle()) {
            if let Err(panic) = caught_io(self.round()).await {
                error!(
                    "competing for the lease panicked: {panic}; it goes on in {} s",
                    REST.as_secs()
                );
                tokio::time::sleep(REST).await;
            }
        }
        self.leave().await;
    }

    async fn round(&mut self) {
        self.wait().await;
        let now = self.clock.boot();
        if now >= self.candidacy.next() {
            self.ask().await;
        }
        self.tell();
    }

    /// Until the next question, the end of the lease, or the word to leave.
    async fn wait(&self) {
        let now = self.clock.boot();
        let next = self.candidacy.next();
        let due = self
            .candidacy
            .changes(now)
            .map_or(next, |end| end.min(next));
        let wait = due.saturating_sub(now);
        if self.leaving.said.get() {
            tokio::time::sleep(wait.min(LOOK_AGAIN)).await;
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.leaving.heard.notified() => {}
        }
    }

    async fn ask(&mut self) {
        let sent = self.clock.boot();
        let patience = self.terms.patience();
        let answer = fenced(patience, self.referee.ask(&self.owner)).await;
        let answer = answer.unwrap_or_else(|| Err(self.too_slow()));
        let now = self.clock.boot();
        match answer {
            Ok(answer) => {
                self.candidacy.answered(answer, sent, now);
                self.leadership.set(self.candidacy.tenure());
                if self.trouble.take().is_some() {
                    info!(
                        "cluster {}: {} answers again",
                        self.cluster,
                        self.referee.shown()
                    );
                }
            }
            Err(why) => {
                self.candidacy.failed(now);
                self.in_trouble(why);
            }
        }
    }

    fn too_slow(&self) -> String {
        let seconds = self.terms.patience().as_secs_f64();
        format!(
            "{} did not answer within {seconds:.1} s",
            self.referee.shown()
        )
    }

    fn in_trouble(&mut self, why: String) {
        if self.trouble.is_none() {
            let next = match self.candidacy.standing(self.clock.boot()) {
                Standing::Leading { until, .. } => {
                    let left = until.saturating_sub(self.clock.boot()).as_secs_f64();
                    format!(
                        "it leads for another {left:.1} s, and then orders nothing until it is answered"
                    )
                }
                Standing::Standby { .. } | Standing::Holding { .. } => {
                    "it orders nothing until it is answered".to_owned()
                }
            };
            warn!("cluster {}: {why}; {next}", self.cluster);
        } else {
            debug!("cluster {}: {why}", self.cluster);
        }
        self.trouble = Some(why);
    }

    /// Logs what this replica is, when it has become that.
    fn tell(&mut self) {
        let standing = self.candidacy.standing(self.clock.boot());
        let is_same = match (&standing, &self.told) {
            (Standing::Leading { token, .. }, Some(Standing::Leading { token: told, .. })) => {
                token == told
            }
            (now, Some(told)) => now == told,
            (_, None) => false,
        };
        if is_same {
            return;
        }
        let (cluster, owner) = (&self.cluster, &self.owner);
        match &standing {
            Standing::Leading { token, .. } => {
                info!(token = *token, owner:% = owner; "cluster {cluster}: {owner} (this replica) leads from now on, token {token}");
            }
            Standing::Standby {
                leader: Some((token, leader)),
            } => {
                info!(token = *token, owner:% = leader; "cluster {cluster}: standby: {leader} leads, token {token}; this replica, {owner}, measures and orders nothing");
            }
            Standing::Standby { leader: None } => {
                info!(owner:% = owner; "cluster {cluster}: standby: nobody is known to lead yet; this replica, {owner}, measures and orders nothing");
            }
            Standing::Holding { token } => {
                warn!(token = *token, owner:% = owner; "cluster {cluster}: holding: the lease of {owner} (this replica), token {token}, has ended and could not be renewed; it orders nothing until Redis answers");
            }
        }
        self.told = Some(standing);
    }

    async fn leave(&mut self) {
        self.leadership.set(None);
        if let Standing::Standby { leader: Some(_) } = self.candidacy.standing(self.clock.boot()) {
            return;
        }
        // Also without a lease that it knows of: an answer may have been lost.
        let given = fenced(self.terms.patience(), self.referee.give_back(&self.owner)).await;
        let cluster = &self.cluster;
        match (
            given.unwrap_or_else(|| Err(self.too_slow())),
            self.candidacy.tenure(),
        ) {
            (Ok(true), tenure) => {
                let token = tenure.map(|tenure| tenure.token);
                info!(token:?; "cluster {cluster}: the lease is given back");
            }
            (Err(why), Some(_)) => {
                let lease = self.terms.lease().as_secs_f64();
                warn!(
                    "cluster {cluster}: the lease could not be given back, and ends by itself within {lease} s: {why}"
                );
            }
            (Ok(false) | Err(_), _) => {}
        }
    }
}
