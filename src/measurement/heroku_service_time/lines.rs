//! Cuts the bytes of a log session into log lines, in bounded memory. Heroku sends them as plain text, one a line, or as
//! an event stream (`id: …`, `data: <line>`, a blank line); both are understood without asking which it is.

use crate::lines::{self, Found};

/// The longest line that is kept. The router's are far shorter; Logplex cuts a message at 10,000 bytes.
const LONGEST: usize = 16 * 1024;

/// What has arrived of the line that is not whole yet.
#[derive(Debug)]
pub struct Lines(lines::Lines);

impl Default for Lines {
    fn default() -> Self {
        Self(lines::Lines::new(LONGEST))
    }
}

impl Lines {
    /// Takes what arrived and hands each line that it completes to `each`. One that is too long is left out.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        self.0.push(bytes);
        while let Some(found) = self.0.take() {
            let Found::Line(line) = found else {
                continue;
            };
            let text = String::from_utf8_lossy(&line);
            let line = text.strip_prefix("data:").unwrap_or(&text).trim();
            if !line.is_empty() {
                each(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut found = Vec::new();
        let mut lines = Lines::default();
        for chunk in chunks {
            lines.feed(chunk, |line| found.push(line.to_owned()));
        }
        found
    }

    #[test]
    fn plain_lines_in_any_pieces() {
        let pieces: [&[u8]; 4] = [b"one\ntw", b"", b"o\r\n\nthree", b"\nfour"];
        assert_eq!(lines(&pieces), ["one", "two", "three"]);
    }

    #[test]
    fn events() {
        let pieces: [&[u8]; 2] = [b"id: 1001\ndata: one\n\n: keep-alive\n", b"data:two\n\n"];
        assert_eq!(
            lines(&pieces),
            ["id: 1001", "one", ": keep-alive", "two"],
            "what is no log line is harmless to the router line's reader"
        );
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let long = vec![b'x'; LONGEST];
        let pieces: [&[u8]; 4] = [&long, &long, b"tail\n", b"next\n"];
        assert_eq!(lines(&pieces), ["next"]);
        let mut whole = vec![b'x'; LONGEST + 1];
        whole.extend_from_slice(b"\nnext\n");
        assert_eq!(lines(&[&whole]), ["next"], "too long in one piece");
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert_eq!(lines(&[b"\xff\xfe\n"]).len(), 1);
    }
}
