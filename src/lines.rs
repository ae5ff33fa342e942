//! Lines out of a stream of bytes, each of a bounded length: what a command says, what a log session sends. Pure.

/// Gathers bytes into lines.
#[derive(Debug)]
pub struct Lines {
    most: usize,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no line's end.
    searched: usize,
    /// In the rest of a line that was too long.
    skipping: bool,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A whole line, without its end.
    Line(Vec<u8>),
    /// The beginning of a line that is too long; its rest is skipped.
    TooLong(Vec<u8>),
}

impl Lines {
    /// Lines of at most `most` bytes.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            buffer: Vec::new(),
            searched: 0,
            skipping: false,
        }
    }

    /// Takes what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line, if it is complete (or too long already).
    pub fn take(&mut self) -> Option<Found> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(end) = unsearched.iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                return self.overlong();
            };
            let rest = self.buffer.split_off(self.searched + end + 1);
            let mut line = std::mem::replace(&mut self.buffer, rest);
            self.searched = 0;
            line.pop();
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if line.len() > self.most {
                line.truncate(self.most);
                return Some(Found::TooLong(line));
            }
            return Some(Found::Line(line));
        }
    }

    /// Nothing more will come: what stands after the last line's end is a line too. Says whether there is one.
    pub fn end(&mut self) -> bool {
        let open = !self.buffer.is_empty() && !self.skipping;
        if open {
            self.buffer.push(b'\n');
        }
        open
    }

    fn overlong(&mut self) -> Option<Found> {
        if self.skipping || self.buffer.len() > self.most {
            self.searched = 0;
            let mut start = std::mem::take(&mut self.buffer);
            if !std::mem::replace(&mut self.skipping, true) {
                start.truncate(self.most);
                return Some(Found::TooLong(start));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_and_bounded() {
        use Found::{Line, TooLong};
        let line = |text: &str| Line(text.as_bytes().to_vec());
        let long = |text: &str| TooLong(text.as_bytes().to_vec());
        for (reads, found, because) in [
            (
                vec!["a\nb\n"],
                vec![line("a"), line("b")],
                "two lines in one read",
            ),
            (
                vec!["a", "b\nc"],
                vec![line("ab"), line("c")],
                "a line in two reads, and one without its end",
            ),
            (vec!["\n\n"], vec![line(""), line("")], "empty lines"),
            (
                vec!["12345\n"],
                vec![line("12345")],
                "exactly as long as allowed",
            ),
            (
                vec!["123456\nb\n"],
                vec![long("12345"), line("b")],
                "too long by one",
            ),
            (
                vec!["123", "456", "78", "9\nb\n"],
                vec![long("12345"), line("b")],
                "too long over several reads; its rest is skipped",
            ),
            (
                vec!["1234567"],
                vec![long("12345")],
                "too long and never ended",
            ),
        ] {
            let mut lines = Lines::new(5);
            let mut seen = Vec::new();
            for read in reads {
                lines.push(read.as_bytes());
                while let Some(next) = lines.take() {
                    seen.push(next);
                }
            }
            if lines.end() {
                seen.extend(lines.take());
            }
            assert_eq!(seen, found, "{because}");
        }
    }
}
