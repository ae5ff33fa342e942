//! A batch of Heroku's log drain: `<bytes> <message>` again and again, with nothing between. A message may hold newlines, so
//! that only the counts tell where one ends. Read are the router's lines, `log-runtime-metrics`, queue times that the
//! application logs, and notices of lost lines; everything else is only counted.

use super::delivery::{Headers, Malformed, digest, name, plausible, process_type};
use crate::measurement::heroku_service_time::router_line::parse_router_line;

/// The most messages of one batch. Logplex sends about a hundred kilobytes at a time.
const MOST_MESSAGES: usize = 100_000;

/// What Heroku sends.
const CONTENT_TYPE: &str = "application/logplex-1";

/// Heroku's router sends requests to this process type alone; where it has no dyno, its line names none.
const ROUTED: &str = "web";

/// One batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// The same for a repetition; nothing where the batch has no id.
    pub id: Option<u64>,
    /// What was read.
    pub lines: Vec<Line>,
    /// How many messages say nothing that is measured.
    pub others: u64,
    /// How many messages are known to be lost.
    pub dropped: u64,
}

/// A message that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// The router tells of a request.
    Request {
        /// The process type that it went to.
        process: String,
        /// Milliseconds that the dyno took to answer.
        service_ms: Option<f64>,
        /// Milliseconds until it was connected.
        connect_ms: Option<f64>,
        /// The status that the client got.
        status: Option<u16>,
        /// The router's error (`H12`).
        code: Option<String>,
    },
    /// The application logs how long a request waited.
    Queued {
        /// The process type that logs it.
        process: String,
        /// Milliseconds.
        ms: f64,
    },
    /// How loaded a dyno is.
    Runtime {
        /// The dyno (`web.1`).
        dyno: String,
        /// Its load average over a minute.
        load: Option<f64>,
        /// Its memory in MB.
        memory_mb: Option<f64>,
        /// The most that it may have, in MB.
        quota_mb: Option<f64>,
    },
}

/// The fields before a message's text.
struct Head<'a> {
    app: &'a str,
    process: &'a str,
    text: &'a str,
}

/// Reads a batch.
pub fn parse(headers: &Headers<'_>, body: &[u8]) -> Result<Frames, Malformed> {
    let kind = headers.content_type.unwrap_or(CONTENT_TYPE);
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(CONTENT_TYPE) {
        return Err(Malformed::new(format!(
            "Content-Type {CONTENT_TYPE} is wanted"
        )));
    }
    let mut frames = Frames {
        id: headers.frame_id.map(|id| {
            let drain = headers.drain_token.unwrap_or_default();
            digest(&[drain.as_bytes(), id.as_bytes()])
        }),
        lines: Vec::new(),
        others: 0,
        dropped: 0,
    };
    let mut messages: usize = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let (message, after) = frame(rest, messages + 1)?;
        rest = after;
        messages += 1;
        if messages > MOST_MESSAGES {
            let words = format!("more than {MOST_MESSAGES} messages in one batch");
            return Err(Malformed::new(words));
        }
        frames.read(&String::from_utf8_lossy(message));
    }
    let said: Option<usize> = headers
        .msg_count
        .and_then(|count| count.trim().parse().ok());
    let missing = said
        .unwrap_or_default()
        .min(MOST_MESSAGES)
        .saturating_sub(messages);
    frames.lose(u64::try_from(missing).unwrap_or_default());
    Ok(frames)
}

/// The first message, and what follows it.
fn frame(bytes: &[u8], number: usize) -> Result<(&[u8], &[u8]), Malformed> {
    let wrong = |what: &str| Malformed::new(format!("message {number}: {what}"));
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (count, rest) = bytes.split_at(digits);
    let count = std::str::from_utf8(count)
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    let (Some(count), Some((b' ', rest))) = (count, rest.split_first()) else {
        return Err(wrong("it does not begin with its length and a blank"));
    };
    rest.split_at_checked(count)
        .ok_or_else(|| wrong("it is shorter than its length says"))
}

impl Frames {
    fn read(&mut self, message: &str) {
        let line = head(message).and_then(|head| match (head.app, head.process) {
            ("heroku", "logplex") => {
                self.lose(lost(head.text).unwrap_or_default());
                None
            }
            ("heroku", "router") => request(head.text),
            ("heroku", _) => runtime(head.text),
            _ => queued(&head),
        });
        match line {
            Some(line) => self.lines.push(line),
            None => self.others += 1,
        }
    }

    fn lose(&mut self, many: u64) {
        self.dropped = self.dropped.saturating_add(many);
    }
}

/// `<PRI>1 TIMESTAMP host APP PROCESS - TEXT`.
fn head(message: &str) -> Option<Head<'_>> {
    let mut parts = message.splitn(7, ' ');
    let priority = parts.next()?;
    if !priority.starts_with('<') || !priority.ends_with(">1") {
        return None;
    }
    let (_time, _host) = (parts.next()?, parts.next()?);
    let (app, process) = (parts.next()?, parts.next()?);
    let _id = parts.next()?;
    Some(Head {
        app,
        process,
        text: parts.next()?,
    })
}

/// How many lines a notice says are lost. Each notice is of one at least.
fn lost(text: &str) -> Option<u64> {
    let (_, told) = text.split_once("Error L10")?;
    let (_, told) = told.split_once(": ").unwrap_or_default();
    let count = told.split(' ').next().and_then(|count| count.parse().ok());
    Some(count.unwrap_or(1).clamp(1, 1_000_000_000))
}

fn request(text: &str) -> Option<Line> {
    let line = parse_router_line(text)?;
    let dyno = line.dyno.as_deref().unwrap_or_default();
    let is_code = |code: &String| {
        let digits = code.strip_prefix('H').unwrap_or_default();
        digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    Some(Line::Request {
        process: name(process_type(dyno).unwrap_or(ROUTED))?,
        service_ms: line.service_ms.and_then(plausible),
        connect_ms: line.connect_ms.and_then(plausible),
        status: line.status.filter(|status| (100..600).contains(status)),
        code: line.code.filter(is_code),
    })
}

fn queued(head: &Head<'_>) -> Option<Line> {
    // At its beginning, as the library prints it: anywhere else a visitor may have put it there.
    let told = head
        .text
        .trim_start()
        .strip_prefix("[hirefire:router] queue=")?;
    let (ms, _) = told.split_once("ms")?;
    Some(Line::Queued {
        process: name(process_type(head.process)?)?,
        ms: plausible(ms.parse().ok()?)?,
    })
}

/// `source=web.1 dyno=… sample#load_avg_1m=2.46 …`. Its `dyno=` is no dyno's name.
fn runtime(text: &str) -> Option<Line> {
    let field = |wanted: &str| {
        let mut words = text.split_whitespace();
        words.find_map(|word| word.strip_prefix(wanted)?.strip_prefix('='))
    };
    let megabytes = |wanted| plausible(field(wanted)?.strip_suffix("MB")?.parse().ok()?);
    let load = field("sample#load_avg_1m").and_then(|load| plausible(load.parse().ok()?));
    let memory_mb = megabytes("sample#memory_total");
    if load.is_none() && memory_mb.is_none() {
        return None;
    }
    Some(Line::Runtime {
        dyno: name(field("source")?)?,
        load,
        memory_mb,
        quota_mb: megabytes("sample#memory_quota"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(messages: &[&str]) -> Vec<u8> {
        let framed = messages.iter().map(|text| format!("{} {text}", text.len()));
        framed.collect::<String>().into_bytes()
    }

    fn read(message: &str) -> Frames {
        parse(&Headers::default(), &framed(&[message])).unwrap()
    }

    #[test]
    fn the_routers_lines() {
        let router = "<158>1 2026-01-01T00:00:00+00:00 host heroku router - ";
        for (text, process, service_ms, status, code) in [
            (
                "at=error code=H14 desc=\"No web processes running\" dyno= connect= service= status=503",
                "web",
                None,
                Some(503),
                Some("H14"),
            ),
            (
                "at=info dyno=api.3 connect=1ms service=2ms status=999 code=X",
                "api",
                Some(2.0),
                None,
                None,
            ),
            (
                "sock=backend at=error code=H18 dyno=web.1 service=9ms",
                "web",
                Some(9.0),
                None,
                Some("H18"),
            ),
        ] {
            let frames = read(&format!("{router}{text}"));
            let [
                Line::Request {
                    process: to,
                    service_ms: ms,
                    status: told,
                    code: error,
                    ..
                },
            ] = frames.lines.as_slice()
            else {
                panic!("{text}: {frames:?}");
            };
            assert_eq!(
                (to.as_str(), *ms, *told, error.as_deref()),
                (process, service_ms, status, code),
                "{text}"
            );
        }
    }

    #[test]
    fn what_an_application_writes_is_never_the_routers() {
        let queued = Line::Queued {
            process: "web".into(),
            ms: 131.0,
        };
        for (message, expected) in [
            (
                "<190>1 t host app web.1 - [hirefire:router] queue=131ms",
                Some(queued),
            ),
            (
                "<190>1 t host app web.1 - GET /?q=[hirefire:router] queue=131ms",
                None,
            ),
            (
                "<190>1 t host app web.1 - at=info dyno=web.1 service=2ms status=200",
                None,
            ),
            (
                "<190>1 t host app router - at=info dyno=web.1 service=2ms",
                None,
            ),
            (
                "<190>1 t host app web.1 - [hirefire:router] queue=-1ms",
                None,
            ),
            (
                "<190>1 t host app web.1 - [hirefire:router] queue=NaNms",
                None,
            ),
            ("<190>1 t host app run - [hirefire:router] queue=1ms", None),
            (
                "<45>1 t host heroku web.1 - State changed from starting to up",
                None,
            ),
            (
                "<45>1 t host heroku web.1 - source=web.1 sample#load_avg_1m=x",
                None,
            ),
            ("no head", None),
            ("", None),
            ("<45>1 t host heroku", None),
        ] {
            let frames = read(message);
            assert_eq!(frames.lines.first(), expected.as_ref(), "{message}");
            assert_eq!(frames.others, u64::from(expected.is_none()), "{message}");
        }
    }

    #[test]
    fn lost_lines_are_counted() {
        let head = "<172>1 t host heroku logplex - ";
        for (text, expected) in [
            (
                "Error L10 (output buffer overflow): 44 messages dropped since t.",
                44,
            ),
            ("Error L10 (output buffer overflow): many", 1),
            ("Error L10", 1),
            ("Error L11 (tail buffer overflow)", 0),
        ] {
            assert_eq!(read(&format!("{head}{text}")).dropped, expected, "{text}");
        }
        // An application may print what it likes.
        assert_eq!(
            read("<190>1 t host app web.1 - Error L10: 44 messages").dropped,
            0
        );
        let headers = Headers {
            msg_count: Some("5"),
            ..Headers::default()
        };
        let frames = parse(&headers, &framed(&["a", "b"])).unwrap();
        assert_eq!((frames.dropped, frames.others), (3, 2));
    }

    #[test]
    fn wrong_lengths_are_refused_with_words() {
        for body in [
            &b"5 ab"[..],
            b"x",
            b" 5 abcde",
            b"-1 a",
            b"5",
            b"5\nabcde",
            b"99999999999999999999999 a",
            b"18446744073709551615 a",
            b"2 abc",
            b"1 a\n",
            b"\xff 1",
        ] {
            let error = parse(&Headers::default(), body).expect_err("refused");
            assert!(error.to_string().starts_with("message "), "{error}");
        }
        assert!(
            parse(&Headers::default(), b"").is_ok(),
            "nothing is nothing"
        );
        assert!(parse(&Headers::default(), b"0 0 ").is_ok());
        let json = Headers {
            content_type: Some("application/json"),
            ..Headers::default()
        };
        assert!(parse(&json, b"").is_err());
        let many = "0 ".repeat(MOST_MESSAGES + 1);
        assert!(parse(&Headers::default(), many.as_bytes()).is_err());
    }

    #[test]
    fn a_newline_ends_nothing() {
        let text = "<190>1 t host app web.1 - é中\n7 <158>1 t host heroku router - at=info dyno=web.1 service=9ms";
        let frames = parse(&Headers::default(), &framed(&[text, "x"])).unwrap();
        assert_eq!((frames.lines.len(), frames.others), (0, 2));
    }
}
