//! Servers that tests start and stop: each on a free port of the loopback, gone when it is dropped.

pub(crate) mod heroku;
