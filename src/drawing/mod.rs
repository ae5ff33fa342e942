//! What every picture is drawn with: the pictures of `simulate`, `backtest` and `tune`, and the charts of the server's page.
//! SVG written by hand: it is a few shapes, and no crate draws them lighter.
//!
//! | what | file |
//! | --- | --- |
//! | times and numbers along the edges | [`axis`] |
//! | lines, stairs, bands and marks of many values | [`shapes`] |

pub mod axis;
pub mod shapes;

/// What is there to do.
pub(crate) const DEMAND: &str = "#1f2933";
/// Processes that serve.
pub(crate) const READY: &str = "#3b82c4";
/// Processes that were ordered.
pub(crate) const ORDERED: &str = "#1b4f8a";
/// What is measured.
pub(crate) const DELAY: &str = "#6b4fa0";
/// What is too much.
pub(crate) const LATE: &str = "#d64545";
/// A scale up.
pub(crate) const UP: &str = "#2f9e5b";
/// A scale down.
pub(crate) const DOWN: &str = "#d98b1f";

/// Where charts lie from left to right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Their left edge.
    pub left: f64,
    /// Their right edge.
    pub right: f64,
}

impl Frame {
    /// Where a second lies.
    pub fn x_of(self, second: u32, seconds: u32) -> f64 {
        let part = f64::from(second) / f64::from(seconds.max(1));
        self.left + (self.right - self.left) * part
    }
}

/// A text in XML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                safe.push(' ');
            }
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_xml() {
        assert_eq!(escaped("a<b>&\"c\"\u{1}"), "a&lt;b&gt;&amp;&quot;c&quot; ");
    }

    #[test]
    fn seconds_lie_between_the_edges() {
        let (left, right) = (10.0, 110.0);
        let frame = Frame { left, right };
        for (at, of, x) in [(0, 60, 10.0), (30, 60, 60.0), (60, 60, 110.0), (0, 0, 10.0)] {
            assert!((frame.x_of(at, of) - x).abs() < 1e-9, "{at} of {of}");
        }
    }
}
