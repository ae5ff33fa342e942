//! Does it hold for histories that nobody thought of? Generated inputs against the pure rules and the actors.

#[cfg(test)]
mod adaptive;
#[cfg(test)]
mod cooldown;
#[cfg(test)]
mod cycles;
#[cfg(test)]
mod decision;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod heroku_replies;
#[cfg(test)]
mod lease;
#[cfg(test)]
mod presets;
#[cfg(test)]
mod rapid;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod runner;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod scoreboard;
#[cfg(test)]
mod settings;
