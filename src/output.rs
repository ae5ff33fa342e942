//! Standard output for answers, standard error for complaints; the log is elsewhere.

use std::io::{ErrorKind, Write};

/// Prints an answer. A reader that has seen enough (`| head`) is no error.
pub fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a complaint.
pub fn complain(text: &str) {
    // When nobody can be told on standard error, the exit code still says it.
    std::io::stderr()
        .lock()
        .write_all(text.as_bytes())
        .unwrap_or_default();
}
