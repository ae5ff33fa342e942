//! Does the program behave for a person? The built program, files, signals, loopback servers.

#[cfg(test)]
mod demo;
