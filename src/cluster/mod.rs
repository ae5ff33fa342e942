//! Two bots at once: replicas with one configuration, of which one leads. The others measure and decide as it does, order
//! nothing, and stand in for it within its lease when it dies.
//!
//! ```text
//!   replica 1   ├──── leads, token 7 ────────────┤ killed
//!   replica 2   ──── standby: warm ────────────────────────────├──── leads, token 8 ─────
//!   replica 3   ──── standby: warm ────────────────────────────── standby ───────────────
//!   Redis       7 ──▲──▲──▲──▲──▲──▲──▲───────────────────────8 ──▲──▲──▲──▲──▲──▲──▲────
//!                   │ renewed at a third of its time         └ the key has ended; the first who asks has it
//! ```
//!
//! There is no consensus of our own: a Redis is the referee ([`referee`]). The leader holds a *lease*, a key that ends by
//! itself, and renews it; [`lease`] has the rules, `candidate.rs` the task that keeps to them, [`leadership`] the question
//! that is asked before anything is ordered. A replica that does not lead goes through its cycles to the last rule of
//! the [`envelope`](crate::envelope) (what it would have done is in its log at debug level) and tells nobody of anything;
//! its log says `standby`. One that takes over orders nothing before a cycle of its own has been through, from its
//! measurement on, so that no order rests on a count from before. A change of the count that it saw standing by counts
//! for it as a scale: the cooldown begins, and the history is empty.
//!
//! # What that gives
//!
//! * *One leader.* As long as Redis keeps what it has taken, and its clock and the replicas' run alike to within a
//!   twentieth of the lease, no two replicas think at one moment that they lead. Each counts its lease from before it sent
//!   the question, and ends it a twentieth sooner than Redis does. It counts on `CLOCK_BOOTTIME`, which runs on while the program
//!   is stopped (as `CLOCK_MONOTONIC` does) and while the machine is suspended (as that does not).
//! * *No new call by one that slept.* The lease is looked at before each step of a call to the platform, the first
//!   included, and a call under way is broken off when the lease ends. A replica that was stopped for longer than its lease
//!   and goes on sends nothing before it is renewed, but for what its check had already let through when it was stopped:
//!   the instant between that check and the write to the socket, and what the kernel had taken.
//! * *A successor.* A leader that dies, hangs, sleeps or is cut off from Redis is replaced when its key ends, a lease
//!   after its last renewal: so between two thirds of the lease and the whole of it after it fell silent, and at most
//!   [`Terms::look`](lease::Terms::look) later where the others could not know that end. Its first orders follow with the
//!   first cycle that begins then. One that is told to stop (SIGTERM) gives the lease back as soon as its last
//!   call is done; the others see that within the same look.
//! * *Redis lost.* Nobody new takes over. The leader goes on until its lease would have ended, and then holds. When
//!   Redis is back, whoever asks first leads. When it comes back empty, nobody leads for one lease: somebody may be
//!   left who does not know.
//!
//! # What it does not give
//!
//! * The platform does not know of leases. Heroku takes a `PATCH` from whoever has the key, without asking for a
//!   token: a call that was sent in time and is delivered late (a slow network, a queue at the platform's side) is carried out after
//!   the next leader has begun. Two counts in the wrong order are the worst that comes of it, and the next cycle reads
//!   what is there. The token is in the log, for people; only a platform that refused smaller tokens could close this.
//! * A Redis that forgets what it had taken, but not all of it, can name a second leader while the first still leads, for
//!   at most a lease: a failover to a copy that lagged behind, a restart from an older file, `DEL` by hand, an eviction (so:
//!   `maxmemory-policy noeviction`). So can a step of its clock, by which it ends keys: its key may end too soon by so much.
//! * A virtual machine that is frozen from outside, and whose boot clock does not know, takes up its lease where it was.
//! * All replicas need the same `lease_in_seconds`; where it is changed, the longer one holds after all have it.
//! * Each replica reads the count and measures by itself: three replicas make three times these calls. The hooks `setup`
//!   and `teardown` of a backend are run by each as well; `scale` and the `heartbeat_start` before it by the leader alone.
//! * What the old leader has told, the new one does not know: a condition that still holds is told again, and the
//!   end of one that ended in between is not. With `[state]` in a Redis the leader alone writes to it; a replica reads it
//!   when it starts, and not again when it takes over. With `[state]` in a file, each has what it did while it led itself.
//! * One that stands by takes every change of the count for the leader's. So a change by hand that the old leader has told
//!   and respected (`respect_manual_scale_for_seconds`) is for the next one a scale of the old, and is not respected further.
//! * `local` is refused under `[cluster]`: its copies are each machine's own, and two machines' copies are not one count.

mod candidate;
pub mod leadership;
pub mod lease;
pub mod referee;
pub mod settings;

use std::rc::Rc;

use log::info;

use crate::backend::BuildError;
use crate::clock::Clock;
use crate::settings::Settings;
use candidate::{Candidate, Leaving};
use leadership::Leadership;
use lease::{Candidacy, Terms};
use settings::ClusterSettings;

pub use referee::Referee;

/// This program's membership in a cluster.
#[derive(Debug)]
pub struct Cluster {
    leadership: Leadership,
    leaving: Rc<Leaving>,
    competing: tokio::task::JoinHandle<()>,
}

impl Cluster {
    /// Enters the competition. Must be called inside an actix system.
    #[expect(
        clippy::disallowed_methods,
        reason = "the task is owned by the membership, which ends it"
    )]
    pub fn enter(settings: &ClusterSettings, clock: Clock) -> Result<Self, BuildError> {
        let referee = Referee::new(settings)?;
        let owner = owner(settings);
        let seconds = settings.lease.as_secs_f64();
        info!(owner:% = owner; "cluster {}: {owner} competes at {}, for leases of {seconds} s", settings.name, referee.shown());
        if referee.is_unverified() {
            info!(
                "the certificate of {} is not verified, as ssl_cert_reqs in url asks",
                referee.shown()
            );
        }
        let terms = Terms::new(settings.lease);
        let (leadership, leaving) = (Leadership::contested(clock), Rc::new(Leaving::default()));
        let candidate = Candidate {
            clock,
            cluster: settings.name.clone(),
            owner,
            terms,
            referee,
            leadership: leadership.clone(),
            leaving: Rc::clone(&leaving),
            candidacy: Candidacy::new(terms, clock.boot()),
            told: None,
            trouble: None,
        };
        Ok(Self {
            leadership,
            leaving,
            competing: actix_rt::spawn(candidate.compete()),
        })
    }

    /// Whether this program leads, for whoever is about to order something.
    pub fn leadership(&self) -> &Leadership {
        &self.leadership
    }

    /// Orders nothing more, and gives the lease back when the calls under way are done.
    pub async fn leave(mut self) {
        self.leadership.retire();
        self.leaving.said.set(true);
        self.leaving.heard.notify_one();
        // A panic in it was logged.
        (&mut self.competing).await.unwrap_or_default();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.competing.abort();
    }
}

/// Why these settings' cluster cannot be entered, if so. Opens nothing but the certificates' file.
pub fn rehearse(settings: &Settings) -> Option<BuildError> {
    let cluster = settings.cluster.as_ref()?;
    Referee::new(cluster).err()
}

/// Who this replica is: what it is called, and what no other is.
fn owner(settings: &ClusterSettings) -> String {
    let dyno = || std::env::var("DYNO").ok().filter(|name| !name.is_empty());
    let host = || {
        rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned()
    };
    let label = settings.owner.clone().or_else(dyno).unwrap_or_else(host);
    format!("{label}/{}", uuid::Uuid::new_v4().simple())
}
