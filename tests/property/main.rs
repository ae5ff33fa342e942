//! Does it hold for histories that nobody thought of? Generated inputs against the pure rules and the actors.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it did not expect fails, and says where"
)]

mod cooldown;
mod decision;
mod gate;
mod rapid;
mod restarts;
mod runner;
