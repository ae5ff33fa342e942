//! autoscalebot keeps each process type of an application at the right count.

pub mod backend;
pub mod cli;
pub mod clock;
pub mod command;
pub mod decision;
pub mod demo;
pub mod errand;
pub mod exit;
#[cfg(feature = "harness")]
pub mod harness;
pub mod http;
pub mod measurement;
pub mod messages;
pub mod model;
pub mod notification;
pub mod one_line;
pub mod output;
pub mod run;
pub mod scaling;
pub mod settings;
pub mod supervisor;
pub mod telemetry;
pub mod trial;
pub mod wire;
