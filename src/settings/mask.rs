//! What of a file's text a problem may not show: secrets, what may be a misspelt secret, passwords and queries in
//! URLs, comments. It goes by the names of keys alone, wherever they stand, so that a secret in the wrong table is
//! masked too; in doubt it hides.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rooms::{Room, Rooms};
use super::schema::{Kind, Setting};
use super::similar::nearest;
use super::source::Line;

/// What stands in the place of a hidden value.
pub(super) const HIDDEN: &str = "***";

/// The hidden parts of one file, in order.
#[derive(Debug, Default)]
pub(super) struct Mask {
    hidden: Vec<Range<usize>>,
    /// Every string and key: a `#` in one of them begins no comment.
    texts: Vec<Range<usize>>,
}

/// What may be shown of the values under a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// All, but for what a URL hides.
    Open,
    /// As `Open`; and what has no URL's form may be a password alone.
    Url,
    /// Numbers and booleans, no strings: the key is not known.
    Numbers,
    /// Nothing.
    Closed,
}

impl Mask {
    /// The mask of a file.
    pub(super) fn new(document: &DeTable<'_>, text: &str, rooms: &Rooms) -> Self {
        let names = Names::new(rooms);
        let mut mask = Self::default();
        mask.table(document, text, &names, None);
        mask.hidden.sort_by_key(|range| range.start);
        mask.texts.sort_by_key(|range| range.start);
        mask
    }

    /// A line as it may be shown, and where in it `span` (of the whole text) now stands.
    pub(super) fn show(&self, line: &Line<'_>, span: &Range<usize>) -> (String, Range<usize>) {
        let end = self.comment(line).unwrap_or(line.range.end);
        let mut shown = String::new();
        let mut caret = 0..0;
        let mut at = line.range.start;
        let piece = |from: usize, to: usize| {
            let start = line.range.start;
            line.text.get(from - start..to - start).unwrap_or_default()
        };
        // Where a place of the text is in `shown`, once everything up to it was pushed.
        let mut mark = |shown: &str, from: usize, to: usize, hidden: bool| {
            let base = shown.len();
            let place = |offset: usize| {
                if hidden { base } else { base + (offset - from) }
            };
            if (from..=to).contains(&span.start) {
                caret.start = place(span.start);
            }
            if (from..=to).contains(&span.end.min(end)) {
                let stop = span.end.min(end);
                caret.end = if hidden && stop > from {
                    base + HIDDEN.len()
                } else {
                    place(stop)
                };
            }
        };
        for hidden in &self.hidden {
            let (from, to) = (hidden.start.max(at), hidden.end.min(end));
            if from >= to {
                continue;
            }
            mark(&shown, at, from, false);
            shown.push_str(piece(at, from));
            mark(&shown, from, to, true);
            shown.push_str(HIDDEN);
            at = to;
        }
        if at <= end {
            mark(&shown, at, end, false);
            shown.push_str(piece(at, end));
        }
        (
            shown.trim_end().to_owned(),
            caret.start..caret.end.max(caret.start),
        )
    }

    /// Where a comment begins in a line.
    fn comment(&self, line: &Line<'_>) -> Option<usize> {
        let in_text = |at: usize| self.texts.iter().any(|text| text.contains(&at));
        let hashes = line.text.match_indices('#');
        let mut places = hashes.map(|(offset, _)| line.range.start + offset);
        places.find(|&at| !in_text(at))
    }

    fn table(&mut self, table: &DeTable<'_>, text: &str, names: &Names, under: Option<Sight>) {
        for (key, value) in table {
            self.texts.push(key.span());
            let sight = match under {
                // What is under a setting is a part of its value; a string there is out of place, and may be anything.
                Some(Sight::Open | Sight::Url | Sight::Numbers) => Some(Sight::Numbers),
                Some(Sight::Closed) => Some(Sight::Closed),
                None => names.sight(key.get_ref()),
            };
            self.value(value, text, names, sight);
        }
    }

    fn value(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        text: &str,
        names: &Names,
        sight: Option<Sight>,
    ) {
        let span = value.span();
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, text, names, sight),
            DeValue::Array(list) => {
                for element in list {
                    self.value(element, text, names, sight);
                }
            }
            DeValue::String(_) => {
                self.texts.push(span.clone());
                let written = text.get(span.clone()).unwrap_or_default();
                self.hidden.extend(string(written, &span, sight));
            }
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {
                if sight == Some(Sight::Closed) {
                    self.hidden.push(span);
                }
            }
        }
    }
}

/// What is hidden of a string as written, its quotes included, which stands at `span`.
fn string(written: &str, span: &Range<usize>, sight: Option<Sight>) -> Vec<Range<usize>> {
    let quote = |text: &str| text.starts_with("\"\"\"") || text.starts_with("'''");
    let quotes = if written.len() >= 6 && quote(written) {
        3
    } else {
        1
    };
    let Some(inside) = written.get(quotes..written.len().saturating_sub(quotes)) else {
        return vec![span.clone()];
    };
    let from = span.start + quotes;
    let all = from..from + inside.len();
    let is_url = match sight {
        None | Some(Sight::Numbers | Sight::Closed) => return vec![all],
        Some(Sight::Url) => true,
        Some(Sight::Open) => inside.contains("://"),
    };
    if !is_url {
        return Vec::new();
    }
    let shift = |secret: Range<usize>| from + secret.start..from + secret.end;
    url(inside).map_or_else(
        || vec![all],
        |secrets| secrets.into_iter().map(shift).collect(),
    )
}

/// A text as a sentence may hold it: with what is secret in it hidden, should there be a URL in it.
pub(super) fn veiled(text: &str) -> String {
    if text.contains("://") {
        without_secrets(text)
    } else {
        text.to_owned()
    }
}

/// A URL (or a path) with what is secret in it hidden.
pub(crate) fn without_secrets(text: &str) -> String {
    let Some(secrets) = url(text) else {
        return HIDDEN.to_owned();
    };
    let mut shown = String::new();
    let mut at = 0;
    for secret in secrets {
        shown.push_str(text.get(at..secret.start).unwrap_or_default());
        shown.push_str(HIDDEN);
        at = secret.end;
    }
    shown + text.get(at..).unwrap_or_default()
}

/// What of a URL (or a path) is hidden, in order: what stands before its `@`, and its query. `None` when it looks like
/// no URL.
pub(super) fn url(text: &str) -> Option<Vec<Range<usize>>> {
    if text.contains('\\') {
        return None; // an escape may hide any of the marks below
    }
    let start = match text.find("://") {
        Some(at) => at + 3,
        None if text.starts_with('/') => 0,
        None if text.starts_with("file:") => return Some(Vec::new()),
        None => return None,
    };
    let after = text.get(start..)?;
    let query = after.find(['?', '#']).map(|at| start + at + 1);
    let host_end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let host = after.get(..host_end)?;
    let port_is_odd = |host: &str| {
        let port = host.rsplit_once(':').map(|(_, port)| port);
        port.is_some_and(|port| !port.chars().all(|c| c.is_ascii_digit() || c == ']'))
    };
    let end = text.len();
    let (before, behind) = match (after.rfind('@').map(|at| start + at), query) {
        // A password may hold a `?` that was not encoded.
        (Some(at), Some(query)) if at >= query => (Some(start..end), None),
        (Some(at), query) => (Some(start..at), query.map(|query| query..end)),
        (None, _) if start > 0 && port_is_odd(host) => (Some(start..end), None),
        (None, query) => (None, query.map(|query| query..end)),
    };
    Some(before.into_iter().chain(behind).collect())
}

/// The names of all settings, and what may be shown of their values.
struct Names {
    known: BTreeMap<&'static str, Sight>,
    secret: Vec<&'static str>,
}

impl Names {
    fn new(rooms: &Rooms) -> Self {
        let mut known: BTreeMap<&'static str, Sight> = BTreeMap::new();
        let room = rooms.all().iter().flat_map(Room::every_setting);
        let top = super::top::every_setting();
        for setting in room.chain(top) {
            let sight = sight(setting);
            // Two backends may have a setting of one name: the stricter counts.
            let strict = known.get(setting.name) == Some(&Sight::Closed);
            known.insert(setting.name, if strict { Sight::Closed } else { sight });
        }
        known.insert("backend", Sight::Open);
        known.insert("worker_name", Sight::Open);
        let closed = known.iter().filter(|(_, sight)| **sight == Sight::Closed);
        let secret = closed.map(|(name, _)| *name).collect();
        Self { known, secret }
    }

    /// What may be shown under a key; `None` when it is no setting: a table of settings, or nothing that is known.
    fn sight(&self, key: &str) -> Option<Sight> {
        if let Some(sight) = self.known.get(key) {
            return Some(*sight);
        }
        let near = nearest(key, self.secret.iter().copied());
        near.map(|_| Sight::Closed)
    }
}

fn sight(setting: &Setting) -> Sight {
    match setting.kind {
        _ if setting.secret => Sight::Closed,
        // A command's words may hold a token.
        Kind::TextTable | Kind::Words => Sight::Closed,
        Kind::Url(_) | Kind::UrlOrPath => Sight::Url,
        Kind::Text
        | Kind::OneOf(_)
        | Kind::Boolean
        | Kind::Whole(..)
        | Kind::Number(..)
        | Kind::Seconds
        | Kind::Texts
        | Kind::Wholes(..)
        | Kind::Schedule(..)
        | Kind::Periods
        | Kind::Step
        | Kind::Steps
        | Kind::Pointer => Sight::Open,
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::backend::Registry;
    use crate::settings::Source;

    /// The line that holds `at`, as it is shown, with the caret under `at`.
    fn shown(text: &str, at: &str) -> (String, String) {
        let (document, _) = DeTable::parse_recoverable(text);
        let rooms = Rooms::new(&Registry::built_in());
        let mask = Mask::new(document.get_ref(), text, &rooms);
        let source = Source::new("x", text);
        let start = text.find(at).unwrap();
        let (line, caret) = mask.show(&source.line_at(start), &(start..start + at.len()));
        let under = line[caret].to_owned();
        (line, under)
    }

    /// A line, the place to show, and the line as it is shown.
    const LINES: &[(&str, &str, &str)] = &[
        ("api_key = \"s3cret\" ", "api_key", "api_key = \"***\""),
        ("api_key = 's3cret'", "api_key", "api_key = '***'"),
        ("api_key = \"\"", "api_key", "api_key = \"\""),
        ("api_key = 12345", "api_key", "api_key = ***"),
        ("api_kye = 12345", "api_kye", "api_kye = ***"),
        (
            "key_of_api = \"s3cret\"",
            "key_of_api",
            "key_of_api = \"***\"",
        ),
        ("app_name = \"shop\"", "app_name", "app_name = \"shop\""),
        ("max_proceses = 3", "max_proceses", "max_proceses = 3"),
        (
            "a = { api_key = \"s3cret\", port = 6379, x = [\"s3cret\"] } # s3cret",
            "port",
            "a = { api_key = \"***\", port = 6379, x = [\"***\"] }",
        ),
        (
            "headers = { from = \"s3cret\", n = 5 }",
            "headers",
            "headers = { from = \"***\", n = *** }",
        ),
        (
            "heders = { from = \"s3cret\" }",
            "heders",
            "heders = { from = \"***\" }",
        ),
        (
            "measurement = [{ decision = { command = \"s3cret\", max_measurement_value = 7 } }]",
            "7",
            "measurement = [{ decision = { command = \"***\", max_measurement_value = 7 } }]",
        ),
        (
            "app_name = { from = \"s3cret\" }",
            "app_name",
            "app_name = { from = \"***\" }",
        ),
        (
            "redis_url = \"redis://u:s3cret@host:6379/0?p=s3cret\"",
            "redis_url",
            "redis_url = \"redis://***@host:6379/0?***\"",
        ),
        (
            "redis_url = \"redis://u:s3?cr@et@host/0\"",
            "redis_url",
            "redis_url = \"redis://***\"",
        ),
        (
            "redis_url = \"redis://:s3cret\"",
            "redis_url",
            "redis_url = \"redis://***\"",
        ),
        ("redis_url = \"s3cret\"", "redis_url", "redis_url = \"***\""),
        ("url = \"s3cret\"", "url", "url = \"***\""),
        // A webhook's is a secret as a whole, and a mask knows no table: so the store's is hidden too.
        ("url = \"rediss://:s3cret@host/1\"", "url", "url = \"***\""),
        ("url = \"file:state.db\"", "url", "url = \"***\""),
        (
            "base_url = \"http\\u003a//u:s3cret@host\"",
            "base_url",
            "base_url = \"***\"",
        ),
        (
            "measurement_url = \"/m/?token=s3cret\"",
            "measurement_url",
            "measurement_url = \"/m/?***\"",
        ),
        (
            "host = \"redis://u:s3cret@host\"",
            "host",
            "host = \"redis://***@host\"",
        ),
        (
            "command = [\"x\", \"--token=s3cret\"]",
            "command",
            "command = [\"***\", \"***\"]",
        ),
        (
            "min_processes = { \"0:00\" = 1, \"8:00\" = \"s3cret\" }",
            "\"8:00\"",
            "min_processes = { \"0:00\" = 1, \"8:00\" = \"***\" }",
        ),
        ("host = \"a#b\" # s3cret", "host", "host = \"a#b\""),
    ];

    #[test]
    fn masks_what_may_be_a_secret() {
        for (text, at, expected) in LINES {
            let (line, under) = shown(text, at);
            assert_eq!(&line, expected, "{text}");
            assert_eq!(&under, at, "{text}");
        }
    }

    #[test]
    fn masks_strings_of_several_lines() {
        let text = "a = { api_key = \"\"\"\ns3cret\ns3cret\"\"\", port = 1 }";
        assert_eq!(shown(text, "a = ").0, "a = { api_key = \"\"\"");
        assert_eq!(shown(text, "port").0, "***\"\"\", port = 1 }");
        assert_eq!(shown(text, "port").1, "port");
    }

    #[test]
    fn the_caret_stands_under_a_hidden_value() {
        let text = "x = { api_key = 's3cret', app_name = 5 }";
        assert_eq!(shown(text, "'s3cret'").1, "'***'");
        assert_eq!(shown(text, "5").1, "5");
    }
}
