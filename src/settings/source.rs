//! The text of a configuration file and its name; where in it a byte stands, as people count.

use std::fmt;
use std::ops::Range;

/// A configuration file that was read. It holds secrets as they were written, so its `Debug` shows the name alone.
#[derive(Clone)]
pub struct Source {
    /// The file's name, as problems show it.
    pub name: String,
    text: String,
}

impl Source {
    /// A file's name and its text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line in which a byte stands.
    pub(super) fn line_at(&self, offset: usize) -> Line<'_> {
        let offset = self.boundary(offset);
        let before = self.text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let text = rest.split('\n').next().unwrap_or_default();
        let text = text.strip_suffix('\r').unwrap_or(text);
        let lead = before.get(start..).unwrap_or_default();
        Line {
            number: before.matches('\n').count() + 1,
            column: lead.trim_start_matches('\u{feff}').chars().count() + 1,
            range: start..start + text.len(),
            text,
        }
    }

    /// The nearest byte at or before `offset` where a character begins.
    fn boundary(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        (0..=offset)
            .rev()
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(0)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name, self.text.len())
    }
}

/// One line, and a place in it.
#[derive(Clone)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    /// The place, in characters counted from 1.
    pub(super) column: usize,
    /// Where the line stands in the whole text.
    pub(super) range: Range<usize>,
    /// The line, without its end.
    pub(super) text: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, offset: usize, expected: (usize, usize, &str)) {
        let source = Source::new("x", text);
        let line = source.line_at(offset);
        assert_eq!((line.number, line.column, line.text), expected);
        assert_eq!(&text[line.range], line.text);
    }

    #[test]
    fn finds_line_and_column() {
        check("", 0, (1, 1, ""));
        check("a = 1\nb = 2\n", 6, (2, 1, "b = 2"));
        check("a = 1\nb = 2\n", 10, (2, 5, "b = 2"));
        check("a = 1\r\nb = 2\r\n", 4, (1, 5, "a = 1"));
        check("ä = \"ö\"", 6, (1, 6, "ä = \"ö\""));
        check("ä = 1", 1, (1, 1, "ä = 1"));
        check("a\n", 2, (2, 1, ""));
        check("a", 99, (1, 2, "a"));
        check("\u{feff}a = 1", 3, (1, 1, "\u{feff}a = 1"));
    }

    #[test]
    fn debug_shows_no_text() {
        let source = Source::new("bot.toml", "api_key = 'hunter2'");
        assert_eq!(format!("{source:?}"), "Source(\"bot.toml\", 19 bytes)");
    }
}
