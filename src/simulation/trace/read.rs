//! Reads a trace from a file, whatever its format: it is told by how the text begins.

use std::fs;
use std::path::Path;

use super::{Trace, TraceError, access_log, csv, prometheus, router_log};
use crate::measurement::heroku_service_time::router_line::parse_router_line;

/// The largest file that is read, in bytes: a day of a busy site's log.
const LARGEST: u64 = 2 << 30;

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `seconds,rate`.
    Csv,
    /// A web server's, common or combined.
    AccessLog,
    /// A Heroku app's.
    RouterLog,
    /// An answer to a range query.
    Prometheus,
}

/// The trace in a file.
pub fn read(path: &Path) -> Result<Trace, TraceError> {
    let unread = |error: std::io::Error| TraceError {
        place: format!("{}: ", path.display()),
        wrong: format!("it cannot be read ({error})"),
        right: "name a file that this user may read".to_owned(),
    };
    let size = fs::metadata(path).map_err(unread)?.len();
    if size > LARGEST {
        let wrong = format!("{} has {size} bytes", path.display());
        return Err(TraceError::whole(
            wrong,
            format!("cut out at most {LARGEST}"),
        ));
    }
    let bytes = fs::read(path).map_err(unread)?;
    parse(&String::from_utf8_lossy(&bytes)).map_err(|error| TraceError {
        place: format!("{}: {}", path.display(), error.place),
        ..error
    })
}

/// The trace in a text.
pub fn parse(text: &str) -> Result<Trace, TraceError> {
    match format(text) {
        Some(Format::Csv) => csv::parse(text),
        Some(Format::AccessLog) => access_log::parse(text),
        Some(Format::RouterLog) => router_log::parse(text),
        Some(Format::Prometheus) => prometheus::parse(text),
        None => Err(TraceError::line(
            1,
            "this is no trace",
            "a trace is a CSV with the head `seconds,rate`, an access log (common or combined), a Heroku app's log, or a \
             Prometheus range query's JSON",
        )),
    }
}

/// What a text is, by how it begins. An app's log may begin with other lines than the router's.
pub fn format(text: &str) -> Option<Format> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first = text.lines().next()?;
    if text.starts_with('{') {
        return Some(Format::Prometheus);
    }
    if access_log::second(first).is_some() {
        return Some(Format::AccessLog);
    }
    if text
        .lines()
        .take(1000)
        .any(|line| parse_router_line(line).is_some())
    {
        return Some(Format::RouterLog);
    }
    // A head that is written wrong is the table's to explain.
    first.contains(',').then_some(Format::Csv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        for (text, expected) in [
            ("seconds,rate\n0,1\n", Some(Format::Csv)),
            ("time,rate\n0,1\n", Some(Format::Csv)),
            (
                "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1",
                Some(Format::AccessLog),
            ),
            (
                "2026-01-01T00:00:00+00:00 app[web.1]: hi\n2026-01-01T00:00:00+00:00 heroku[router]: at=info",
                Some(Format::RouterLog),
            ),
            (" {\"status\":\"success\"}", Some(Format::Prometheus)),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(format(text), expected, "{text}");
        }
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("load.csv");
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("load.csv: it cannot be read (No such file"),
            "{error}"
        );
        fs::write(&path, "seconds,rate\n0,1\n60,many\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("load.csv: line 3: `many` is no rate"),
            "{error}"
        );
        fs::write(&path, "seconds,rate\n0,1\n60,2\n").unwrap();
        assert_eq!(read(&path).unwrap().rates(), [1.0, 2.0]);
    }
}
