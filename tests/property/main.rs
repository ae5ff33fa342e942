//! Does it hold for histories that nobody thought of? Generated inputs against the pure rules and the actors.

#[cfg(test)]
mod settings;
