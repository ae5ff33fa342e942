//! Who stands between wish and deed, and picks up what falls over.
//!
//! ```text
//!  SupervisorActor ── owns ─▶ Group "web" ── lends ─▶ Memory: history, cooldown, ledger, next tick, told, restarts
//!        ▲                      │                       ▲
//!        │ Fault, Restarted     ├─ guard ─ MeasureActor ┤
//!        └───────────────────── ├─ guard ─ DeciderActor ┤
//!                               ├─ guard ─ ScalerActor  ┤        four layers, each for what the one below cannot mend:
//!                               └─ guard ─ NotifierActor┘        1 a fence around each I/O: a failure is a value
//!                                                                2 the guard restarts one actor in place
//!                             Group "celery" …                   3 the group is rebuilt, then degraded and tried again
//!                                                                4 the program ends with 70 when its thread hangs
//! ```
//!
//! What it promises: a backend's error or time-out is a result, never a fault. A panic, an unasked end and a passed deadline
//! are faults: the actor alone is restarted, in place, with its address and mailbox; the cycle in which it happened yields a
//! failed result; history, cooldown and ledger are kept; no other group notices.
//!
//! The rules ([`cooldown`], [`ledger`], [`rapid`], [`restarts`], [`cycle`]) are plain values and functions. None of them
//! reads a clock or knows an actor: whoever asks says when it is, so that a test may say anything.

pub mod actor;
pub mod around;
mod awaited;
mod birth;
pub mod caught;
pub mod challenger;
pub mod cooldown;
pub mod cycle;
mod departure;
pub mod desk;
mod drain_handlers;
mod draining;
mod faults;
pub mod group;
pub mod guard;
pub mod inject;
pub mod keeping;
mod kept_view;
pub mod ledger;
mod lives;
pub mod manual;
pub mod memory;
pub mod metric;
pub mod plan;
pub mod rapid;
mod recording;
mod reload;
pub mod respect;
pub mod restarts;
pub mod shown;
pub mod spread;
pub mod standby;
pub mod status;
mod telling;
mod turning;
pub mod views;
mod weighing;
pub mod works;
