//! Who stands between wish and deed, and picks up what falls over.
//!
//! The rules are plain values and functions, each in a file of its own. None of them reads a clock or knows an actor:
//! whoever asks says when it is, so that a test may say anything.

pub mod actor;
mod birth;
pub mod cooldown;
pub mod cycle;
mod departure;
pub mod desk;
mod faults;
pub mod gate;
pub mod group;
pub mod guard;
pub mod inject;
pub mod ledger;
pub mod memory;
pub mod plan;
pub mod rapid;
mod reload;
pub mod restarts;
mod spread;
pub mod status;
mod telling;
pub mod works;
