//! Does each backend speak its service's language? Real servers on loopback, a real clock.

#[cfg(test)]
mod heroku;
#[cfg(test)]
mod heroku_log_session;
#[cfg(test)]
mod heroku_refusals;
#[cfg(test)]
mod heroku_service_time;
#[cfg(test)]
mod servers;
