//! How good are decisions? A process under virtual time: a load, a plant that serves it, a policy that sees what can be
//! measured and asks for a count, and the figures of what came of it.
//!
//! ```text
//!   trace ─▶ scenario ─▶ arrivals (drawn once) ─┐
//!                                               ▼
//!            policy ── desired ──▶ fleet ──▶ plant ──▶ figures
//!               ▲                                │
//!               └────────── sight ◀── meter ◀────┘
//! ```
//!
//! Pure values and functions: no actor, no clock. Only [`trace`] reads files. A second costs tens of nanoseconds, so a
//! week of load is a matter of milliseconds.
//!
//! | what | file |
//! | --- | --- |
//! | rates over time, where they come from | [`trace`] |
//! | the load of one run: kind of process, service time, target, every second's arrivals | [`scenario`] |
//! | how a process answers or works off a queue | [`plant`] |
//! | how processes come and go, and what is paid | [`fleet`] |
//! | what a policy sees, and the run itself | [`policy`], [`sight`], [`run`](mod@run) |
//! | what a run is judged by | [`figures`] |
//! | the best that one who knows the future can do | [`clairvoyant`] |
//! | the rules of other autoscalers | [`peers`] |

pub mod clairvoyant;
pub mod figures;
pub mod fleet;
pub mod number;
pub mod peers;
pub mod plant;
pub mod policy;
pub mod random;
pub mod run;
pub mod scenario;
pub mod sight;
pub mod trace;
