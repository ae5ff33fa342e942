//! What the bot serves.

pub mod settings;
pub mod views;
