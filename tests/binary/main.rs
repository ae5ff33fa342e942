//! Does the program behave for a person? The built program, files, signals, loopback servers.

#[cfg(test)]
mod app;
#[cfg(test)]
mod backtest;
#[cfg(test)]
mod bot;
#[cfg(test)]
mod broker;
#[cfg(test)]
mod broker_away;
#[cfg(test)]
mod celery_busy;
#[cfg(test)]
mod celery_drain;
#[cfg(test)]
mod celery_heroku;
#[cfg(test)]
mod celery_plant;
#[cfg(test)]
mod celery_stops;
#[cfg(test)]
mod celery_wave;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod decide;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod heartbeat;
#[cfg(test)]
mod heroku_app;
#[cfg(test)]
mod heroku_mended;
#[cfg(test)]
mod heroku_release;
#[cfg(test)]
mod lasting;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod page;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod server;
#[cfg(test)]
#[path = "../contract/servers/mod.rs"]
#[expect(
    dead_code,
    reason = "the contract tests' servers, of which not everything is used here"
)]
mod servers;
#[cfg(test)]
mod service_time;
#[cfg(test)]
mod silent_names;
#[cfg(test)]
mod simulate;
#[cfg(test)]
mod stops;
#[cfg(test)]
mod trial;
#[cfg(test)]
mod tune;
#[cfg(test)]
mod watcher;
#[cfg(test)]
mod webhook;
