//! A Heroku app's log, as `heroku logs` or a log drain gives it: each line of the router is a request. What the
//! application itself writes is passed over.

use chrono::DateTime;

use super::tally::Tally;
use super::{Trace, TraceError};
use crate::measurement::heroku_service_time::router_line::parse_router_line;

/// The trace in a log with a router's lines.
pub fn parse(text: &str) -> Result<Trace, TraceError> {
    let mut tally = Tally::default();
    for (line, number) in text.lines().zip(1..) {
        if parse_router_line(line).is_none() {
            continue;
        }
        let time = line
            .trim_start()
            .split(char::is_whitespace)
            .next()
            .unwrap_or_default();
        let time = DateTime::parse_from_rfc3339(time).map_err(|error| {
            let wrong = format!("`{time}` is no time ({error})");
            let right = "a router's line begins with one, as in `2026-01-31T12:00:00.5+00:00 heroku[router]: at=info …`";
            TraceError::line(number, wrong, right)
        })?;
        tally.count(time.timestamp());
    }
    tally.trace("router's line (`heroku[router]: at=info …`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"2026-06-13T14:52:23.622778+00:00 heroku[router]: at=info method=GET path="/" dyno=web.1 connect=0ms service=3ms status=200"#;
    const OTHER: &str =
        "2026-06-13T14:52:24.1+00:00 app[web.1]: heroku[router]: at=info service=1ms";

    #[test]
    fn only_the_routers_lines_count() {
        let trace = parse(&format!(
            "{LINE}\n{OTHER}\n{}\n",
            LINE.replace("at=info", "at=error code=H12")
        ))
        .unwrap();
        assert_eq!((trace.bin(), trace.rates()), (10, [0.2].as_slice()));
    }

    #[test]
    fn what_is_missing_is_said() {
        for (text, expected) in [
            (OTHER.to_owned(), "there is no router's line"),
            (
                "at=info method=GET service=1ms".to_owned(),
                "line 1: `at=info` is no time (",
            ),
            (
                LINE.replace("2026-06", "2026-16"),
                "line 1: `2026-16-13T14:52:23.622778+00:00` is no time (",
            ),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
