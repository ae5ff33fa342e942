//! `[server]` and `[[server.source]]`.

use super::table::{Place, Walk, WrittenTable};
use super::value::named;
use crate::backend::no_check;
use crate::model::ProcessName;
use crate::server::settings::{
    SERVER, SOURCE, ServerSettings, SourceSettings, check, check_source, read, read_source,
};

/// The name of a source's table under `[server]`.
const SOURCES: &str = "source";

impl Walk<'_> {
    /// Reads and checks `[server]`, if there is one; `Err` when it is not good.
    pub(super) fn server(&mut self, root: &WrittenTable<'_>) -> Result<Option<ServerSettings>, ()> {
        if root.find("server").is_none() {
            return Ok(None);
        }
        let written = self.table_at(root, "server").ok_or(())?;
        let mut table = self.plain("[server]", SERVER, Some(&written), &[SOURCES]);
        table.checks = [check, no_check];
        super::across::backend(self, &table);
        let sources = self.sources(root, &written, table.section().text("token"));
        if !table.spoilt.is_empty() {
            return Err(());
        }
        Ok(Some(read(&table.section(), sources?)))
    }

    fn sources(
        &mut self,
        root: &WrittenTable<'_>,
        server: &WrittenTable<'_>,
        token: Option<&str>,
    ) -> Result<Vec<SourceSettings>, ()> {
        let Some((place, value)) = server.find(SOURCES) else {
            return Ok(Vec::new());
        };
        let Some(list) = value.get_ref().as_array() else {
            let wrong = format!("{} does not belong here", named(value.get_ref()));
            self.find(
                &place,
                wrong,
                "a table for each source, that begins with `[[server.source]]`",
            );
            return Err(());
        };
        let mut sources: Vec<SourceSettings> = Vec::new();
        let mut is_good = true;
        for element in list {
            let place = Place {
                span: element.span(),
                path: place.path.clone(),
            };
            let Some(written) = element.get_ref().as_table() else {
                let wrong = format!("{} does not belong here", named(element.get_ref()));
                self.find(&place, wrong, "tables that begin with `[[server.source]]`");
                is_good = false;
                continue;
            };
            let written = WrittenTable::new(place.clone(), written);
            let mut table = self.plain("[[server.source]]", SOURCE, Some(&written), &[]);
            table.checks = [check_source, no_check];
            super::across::backend(self, &table);
            let source = read_source(&table.section());
            let before = self.findings.len();
            self.unlike(&table.place_of("token"), &source, &sources, token);
            if !table.spoilt.contains("feeds") {
                self.feeds(root, &table.place_of("feeds"), &source.processes);
            }
            is_good &= table.spoilt.is_empty() && self.findings.len() == before;
            sources.push(source);
        }
        if is_good { Ok(sources) } else { Err(()) }
    }

    /// By its token a source is known.
    fn unlike(
        &mut self,
        place: &Place,
        source: &SourceSettings,
        before: &[SourceSettings],
        server: Option<&str>,
    ) {
        let right = "a token of its own: by it the bot knows who sends, and what may be believed";
        if server.is_some_and(|token| token == source.token.expose()) {
            self.find(place, "the server has the same token", right);
        }
        for other in before {
            if other.token == source.token {
                let wrong = format!("the source `{}` has the same token", other.name);
                self.find(place, wrong, right);
            }
            if other.name == source.name {
                let wrong = format!("there are two sources `{}`", other.name);
                self.find(place, wrong, "a name of its own for each source");
            }
        }
    }

    /// A source feeds processes that there are.
    fn feeds(&mut self, root: &WrittenTable<'_>, place: &Place, processes: &[ProcessName]) {
        let table = root.find("processes");
        let table = table.and_then(|(_, value)| value.get_ref().as_table());
        let there = || table.iter().flat_map(|table| table.iter());
        for process in processes {
            if !there().any(|(key, _)| key.get_ref() == process.as_str()) {
                let names = || there().map(|(key, _)| key.get_ref().as_ref());
                let right = match super::similar::nearest(process.as_str(), names()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("one of {}", super::similar::listed(names())),
                };
                self.find(place, format!("there is no process `{process}`"), right);
            }
        }
    }
}
