//! Who stands between wish and deed, and picks up what falls over.
//!
//! The rules are plain values and functions, each in a file of its own. None of them reads a clock or knows an actor:
//! whoever asks says when it is, so that a test may say anything.

pub mod actor;
pub mod cooldown;
pub mod cycle;
pub mod desk;
pub mod gate;
pub mod group;
pub mod guard;
pub mod inject;
pub mod ledger;
pub mod memory;
pub mod plan;
pub mod rapid;
pub mod restarts;
pub mod spread;
pub mod status;
pub mod works;
