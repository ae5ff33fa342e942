//! Does each backend speak its service's language? Real servers on loopback, a real clock.

#[cfg(test)]
mod local;
