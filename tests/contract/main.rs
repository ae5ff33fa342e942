//! Does each backend speak its service's language? Real servers on loopback, a real clock.

#[cfg(test)]
mod command;
#[cfg(test)]
mod log_capture;
#[cfg(test)]
mod making;
#[cfg(test)]
mod notification_console;
#[cfg(test)]
mod notification_email;
#[cfg(test)]
mod notification_local;
#[cfg(test)]
mod servers;
