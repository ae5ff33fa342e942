//! Reads a line that Heroku's router writes about one request. Pure, and the target of a fuzzer: any text gives a line
//! or nothing, never a panic.

/// What the router says about one request, as far as measuring cares. A field that is missing or empty is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterLine {
    /// `info`, `warning` or `error`.
    pub at: String,
    /// The error's code (`H12`).
    pub code: Option<String>,
    /// The error's name (`Request timeout`).
    pub desc: Option<String>,
    /// The request's id: ours, when we sent one.
    pub request_id: Option<String>,
    /// The dyno that it went to (`web.1`).
    pub dyno: Option<String>,
    /// Milliseconds until that was connected.
    pub connect_ms: Option<f64>,
    /// Milliseconds that the dyno took to answer.
    pub service_ms: Option<f64>,
    /// The status that the client got.
    pub status: Option<u16>,
}

/// The router's line in `line`: a line of the app's log (`2026-… heroku[router]: at=info …`) or the message alone.
/// `None` for all else; what an application writes is never taken for the router's.
pub fn parse_router_line(line: &str) -> Option<RouterLine> {
    let mut found = RouterLine::default();
    let mut rest = message(line)?;
    while let Some((key, value, after)) = next_field(rest) {
        rest = after;
        let text = || Some(value.clone()).filter(|text| !text.is_empty());
        match key {
            // The first of two wins: a path comes after `at` and before what could be forged in it.
            "at" if found.at.is_empty() => found.at = value,
            "code" => keep(&mut found.code, text()),
            "desc" => keep(&mut found.desc, text()),
            "request_id" => keep(&mut found.request_id, text()),
            "dyno" => keep(&mut found.dyno, text()),
            "connect" => keep(&mut found.connect_ms, milliseconds(&value)),
            "service" => keep(&mut found.service_ms, milliseconds(&value)),
            "status" => keep(&mut found.status, value.parse().ok()),
            _ => {}
        }
    }
    (!found.at.is_empty()).then_some(found)
}

/// What follows the head of a log line, when the head says that the router wrote it.
fn message(line: &str) -> Option<&str> {
    let line = line.trim();
    let (first, rest) = split_word(line);
    if first.contains('=') {
        return Some(line);
    }
    let (source, rest) = split_word(rest);
    (source == "heroku[router]:").then_some(rest)
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

/// The first `key=value` of `text`, and what follows it. Words without a `=` are skipped.
fn next_field(text: &str) -> Option<(&str, String, &str)> {
    let mut text = text.trim_start();
    loop {
        let (word, after) = split_word(text);
        if word.is_empty() {
            return None;
        }
        let Some((key, _)) = word.split_once('=') else {
            text = after.trim_start();
            continue;
        };
        let (_, value) = text.split_once('=')?;
        let Some(quoted) = value.strip_prefix('"') else {
            let (bare, after) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
            return Some((key, bare.to_owned(), after));
        };
        let (value, after) = unquote(quoted);
        return Some((key, value, after));
    }
}

/// The text up to the closing quote, and what follows. Only a quote before a blank or the end closes, so that one that
/// was not escaped does no harm; where none does, the text goes on to the end.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.extend(chars.next()),
            '"' if chars
                .as_str()
                .chars()
                .next()
                .is_none_or(char::is_whitespace) =>
            {
                return (value, chars.as_str());
            }
            _ => value.push(c),
        }
    }
    (value, "")
}

fn milliseconds(text: &str) -> Option<f64> {
    let number: f64 = text.strip_suffix("ms")?.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn keep<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parsed(line: &str) -> RouterLine {
        parse_router_line(line).unwrap_or_else(|| panic!("not taken for the router's: {line}"))
    }

    #[test]
    fn the_router_of_today() {
        let line = parsed(
            r#"at=info method=GET path="/" host=www.example.com request_id=407b fwd="45.134.142.196" dyno=web.1 connect=7001ms service=459ms status=200 bytes=15225 protocol=http1.1 tls=true tls_version=tls1.3"#,
        );
        let expected = RouterLine {
            at: "info".into(),
            code: None,
            desc: None,
            request_id: Some("407b".into()),
            dyno: Some("web.1".into()),
            connect_ms: Some(7001.0),
            service_ms: Some(459.0),
            status: Some(200),
        };
        assert_eq!(line, expected);
    }

    #[test]
    fn the_older_router() {
        let line = parsed(
            r#"2022-06-13T14:52:23.622778+00:00 heroku[router]: at=info method=GET path="/" host=x.herokuapp.com request_id=59da fwd="181.167.87.140" dyno=web.1 connect=0ms service=3ms status=200 bytes=6979 protocol=https"#,
        );
        assert_eq!(
            (line.request_id.as_deref(), line.service_ms),
            (Some("59da"), Some(3.0))
        );
    }

    #[test]
    fn errors() {
        let line = parsed(
            r#"at=error code=H12 desc="Request timeout" method=GET path=/slow host=a.b fwd="1.2.3.4, 5.6.7.8" dyno=web.1 connect= service=30000ms status=503 bytes=0"#,
        );
        assert_eq!(line.code.as_deref(), Some("H12"));
        assert_eq!(line.desc.as_deref(), Some("Request timeout"));
        assert_eq!((line.service_ms, line.status), (Some(30000.0), Some(503)));

        let line = parsed(
            r#"sock=backend at=error code=H18 desc="Server Request Interrupted" method=POST path="/x" dyno=web.1 connect=0ms service=139ms status=503 bytes=287 protocol=http"#,
        );
        assert_eq!(
            (line.at.as_str(), line.code.as_deref()),
            ("error", Some("H18"))
        );

        let line = parsed(
            r#"at=error code=H14 desc="No web processes running" path="/" request_id=1 dyno= connect= service= status=503"#,
        );
        assert_eq!((line.status, line.service_ms), (Some(503), None), "empty");
    }

    #[test]
    fn quotes() {
        let rows = [
            (
                r#"at=info desc="/slow?q=\"x\"" service=1ms"#,
                r#"/slow?q="x""#,
            ),
            (
                r#"at=info desc="/slow?q="x"y" service=1ms"#,
                r#"/slow?q="x"y"#,
            ),
            (r#"at=info desc="/a\\" service=1ms"#, r"/a\"),
            (
                r#"at=info desc="/?service=9ms request_id=forged" service=1ms"#,
                "/?service=9ms request_id=forged",
            ),
        ];
        for (line, text) in rows {
            let line = parsed(line);
            assert_eq!(line.desc.as_deref(), Some(text));
            assert_eq!(
                (line.service_ms, line.request_id),
                (Some(1.0), None),
                "{text}"
            );
        }
    }

    #[test]
    fn all_else_is_not_the_routers() {
        let rows = [
            "",
            " ",
            "=",
            "at=",
            "at",
            "2026-01-01T00:00:00+00:00 app[web.1]: at=info request_id=1 service=1ms",
            "2026-01-01T00:00:00+00:00 app[web.1]: heroku[router]: at=info request_id=1 service=1ms",
            "2026-01-01T00:00:00+00:00 heroku[web.1]: State changed from starting to up",
            "2026-01-01T00:00:00+00:00 heroku[router]:",
            "source=web.1 dyno=heroku.2808254.d97d0ea7 sample#load_avg_1m=2.46",
        ];
        for line in rows {
            assert_eq!(parse_router_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn odd_lines_do_no_harm() {
        let rows = [
            (r#"at=info path="never closed service=1ms"#, None),
            ("at=info service=ms", None),
            ("at=info service=-1ms", None),
            ("at=info service=infms", None),
            ("at=info service=12", None),
            ("at=info ü=ö service=2ms service=3ms", Some(2.0)),
            ("at=info =x service=2ms\\", None),
            ("at=info word service=4ms", Some(4.0)),
            (r#"at=info path="\"#, None),
        ];
        for (line, expected) in rows {
            assert_eq!(parsed(line).service_ms, expected, "{line:?}");
        }
    }
}
