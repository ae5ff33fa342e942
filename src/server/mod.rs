//! What the bot serves: the page, the API, the metrics; and what applications send it.
//!
//! ```text
//!  a thread of its own (actix-web)                 the main thread (actors)
//!  ───────────────────────────────                 ────────────────────────
//!  access: who may; limits; bodies are parsed ──▶ FrontActor ──▶ SupervisorActor, the store, the board
//!  events ◀───────────── broadcast ─────────────── FrontActor ◀── Recorded (each cycle that ended)
//! ```
//!
//! A slow or hostile client holds up its own connection and nothing else: what crosses to the main thread is small, typed
//! and under a deadline ([`front`]).

pub mod access;
pub mod api;
pub mod board;
pub mod chart;
pub mod events;
pub mod exposition;
pub mod front;
pub mod ledger;
pub mod page;
mod past;
pub mod service;
pub mod settings;
pub mod start;
#[cfg(test)]
pub(crate) mod testing;
pub mod views;
