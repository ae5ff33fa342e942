//! Text from elsewhere, made fit for one line of ours: a log line, a mail's subject, a quotation in an error.

/// `text` on one line of at most `most` characters: every run of white space, control and direction-changing
/// characters becomes one space, and what is too long ends in `…`.
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    let mut length = 0;
    for word in text.split(breaks).filter(|word| !word.is_empty()) {
        let gap = usize::from(length > 0);
        for c in std::iter::repeat_n(' ', gap).chain(word.chars()) {
            if length == most {
                line.pop();
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

/// What ends a word: white space (the Unicode line separators are among it), control characters, and the invisible
/// characters that would let a text rewrite the look of the line it stands in.
fn breaks(c: char) -> bool {
    let turns =
        matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_whitespace() || c.is_control() || turns || c == '\u{FEFF}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_bounded() {
        for (text, most, expected, because) in [
            (
                "all is well",
                20,
                "all is well",
                "plain text stays as it is",
            ),
            (
                "one\r\n  two\tthree\n",
                20,
                "one two three",
                "white space is folded",
            ),
            (
                "a\u{0}b\u{1b}[31mc",
                20,
                "a b [31mc",
                "control characters go",
            ),
            (
                "a\u{2028}b\u{85}c",
                20,
                "a b c",
                "so do the other line ends",
            ),
            (
                "abc\u{202e}fed",
                20,
                "abc fed",
                "and what turns the direction",
            ),
            ("12345", 5, "12345", "exactly as long as allowed"),
            ("123456", 5, "1234…", "too long by one"),
            ("1234 6", 5, "1234…", "cut at a gap"),
            ("äöüßé€", 3, "äö…", "counted in characters"),
            ("", 5, "", "nothing stays nothing"),
            (" \n ", 5, "", "white space alone is nothing"),
        ] {
            assert_eq!(one_line(text, most), expected, "{because}");
        }
    }
}
