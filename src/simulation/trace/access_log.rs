//! A web server's access log, in the common or the combined format:
//! `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`. Each line is a request.

use chrono::DateTime;

use super::tally::Tally;
use super::{Trace, TraceError};

/// How such a log writes a time.
const TIME: &str = "%d/%b/%Y:%H:%M:%S %z";

/// The trace in an access log.
pub fn parse(text: &str) -> Result<Trace, TraceError> {
    let mut tally = Tally::default();
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let second = second(line).ok_or_else(|| {
            let wrong = format!("`{}` has no time", start(line));
            TraceError::line(
                number,
                wrong,
                "a time is `[10/Oct/2000:13:55:36 -0700]`, after host and user",
            )
        })?;
        tally.count(second);
    }
    tally.trace("request")
}

/// The second of the epoch in which a request came. A user's name may have a bracket in it.
pub(super) fn second(line: &str) -> Option<i64> {
    line.match_indices('[').find_map(|(at, _)| {
        let (time, _) = line.get(at + 1..)?.split_once(']')?;
        DateTime::parse_from_str(time, TIME)
            .ok()
            .map(|time| time.timestamp())
    })
}

/// The beginning of a line, for an error.
fn start(line: &str) -> String {
    line.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: &str =
        r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326"#;
    const COMBINED: &str = r#"::1 - - [10/Oct/2000:20:55:41 +0000] "GET /?[x] HTTP/1.1" 200 5 "http://a/" "Mozilla/5.0 [en]""#;

    #[test]
    fn both_formats_and_all_zones() {
        let trace = parse(&format!("{COMMON}\n{COMBINED}\n\n")).unwrap();
        assert_eq!((trace.bin(), trace.rates()), (10, [0.2].as_slice()));
        let odd = COMMON.replace("frank", "fr[ank]");
        assert_eq!(second(&odd), second(COMMON), "a bracket in a name");
    }

    #[test]
    fn a_line_without_a_time_is_named() {
        for line in [
            "hello",
            "1.2.3.4 - - [yesterday] \"GET /\"",
            "1.2.3.4 - - [32/Oct/2000:13:55:36 -0700]",
            "[",
            "[",
        ] {
            let error = parse(&format!("{COMMON}\n{line}\n"))
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with(&format!("line 2: `{line}` has no time; a time is")),
                "{error}"
            );
        }
    }
}
