//! What the bot serves.

pub mod settings;
