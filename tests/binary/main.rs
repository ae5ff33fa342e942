//! Does the program behave for a person? The built program, files, signals, loopback servers.

#[cfg(test)]
mod bot;
#[cfg(test)]
mod broker;
#[cfg(test)]
mod celery_wave;
#[cfg(test)]
mod demo;
#[cfg(test)]
#[path = "../contract/servers/mod.rs"]
#[expect(
    dead_code,
    reason = "the contract tests' servers, of which not everything is used here"
)]
mod servers;
