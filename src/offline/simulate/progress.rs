//! How far long work is: a bar on standard error, where that is a terminal. A few lines; a crate would bring its own threads
//! and its own reading of the terminal.

use std::io::IsTerminal as _;

use crate::output::complain;
use crate::simulation::number::{place, whole};

/// How wide the bar is.
const WIDTH: u32 = 30;

/// A bar.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    pieces: f64,
    done: f64,
    last: Option<u32>,
}

impl Progress {
    /// Of so many pieces of work.
    pub fn of(pieces: f64) -> Self {
        Self {
            shown: std::io::stderr().is_terminal(),
            pieces: pieces.max(1.0),
            done: 0.0,
            last: None,
        }
    }

    /// So much of the piece in work is done, from 0 to 1.
    pub fn at(&mut self, what: &str, part: f64) {
        if !self.shown {
            return;
        }
        let part = ((self.done + part.clamp(0.0, 1.0)) / self.pieces).min(1.0);
        let percent = whole(100.0 * part);
        if self.last.replace(percent) != Some(percent) {
            complain(&bar(what, part));
        }
    }

    /// A piece is done.
    pub fn next(&mut self) {
        self.done += 1.0;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.last.is_some() {
            // The line is left empty.
            complain("\r\u{1b}[K");
        }
    }
}

fn bar(what: &str, part: f64) -> String {
    let full = whole(f64::from(WIDTH) * part).min(WIDTH);
    format!(
        "\r[{}{}] {:3.0} % {what}\u{1b}[K",
        "#".repeat(place(full)),
        " ".repeat(place(WIDTH - full)),
        (100.0 * part).floor()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills() {
        assert!(bar("web", 0.0).contains(&format!("[{}]   0 % web", " ".repeat(30))));
        assert!(bar("web", 0.5).contains(&format!("[{}{}]  50 %", "#".repeat(15), " ".repeat(15))));
        assert!(bar("web", 1.0).contains(&format!("[{}] 100 %", "#".repeat(30))));
    }
}
