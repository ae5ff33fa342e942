//! From a file's text to [`Settings`], or to every problem in it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use chrono_tz::{TZ_VARIANTS, Tz};
use toml::Spanned;
use toml::de::DeTable;

use super::defaults::Defaults;
use super::environment::Environment;
use super::known_secrets::Secrets;
use super::mask::Mask;
use super::problem::Problems;
use super::rooms::Rooms;
use super::schema::Section;
use super::sent::Fed;
use super::similar::nearest;
use super::source::Source;
use super::table::{Place, Walk, WrittenTable};
use super::value::named;
use super::{ProcessSettings, Settings, top};
use crate::backend::Registry;
use crate::model::ProcessName;

/// The tables at the top of the file.
pub(super) const TABLES: [&str; 7] = [
    "supervision",
    "limits",
    "state",
    "cluster",
    "server",
    "defaults",
    "processes",
];

/// The name under which a process is read whose own cannot be one.
const STAND_IN: &str = "unnamed";

/// Reads and checks a file, with the variables of this process.
pub fn load_file(path: &Path, registry: &Registry) -> Result<Settings, Problems> {
    load(&read(path)?, registry, &variable)
}

/// Reads a file's text.
pub(super) fn read(path: &Path) -> Result<Source, Problems> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| {
        let right = if error.kind() == ErrorKind::NotFound {
            "write the file, or name another with --config or in AUTOSCALEBOT_CONFIG"
        } else {
            "a file that this user may read"
        };
        Problems::unreadable(&file, format!("cannot read {file}: {error}"), right)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(good);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        let wrong = format!("{file} is not UTF-8 text (see line {line})");
        Problems::unreadable(&file, wrong, "a file that is saved as UTF-8")
    })?;
    Ok(Source::new(&file, text))
}

/// A variable of this process.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Checks a text under a file's name, with the variables of this process.
pub fn load_text(file: &str, text: &str, registry: &Registry) -> Result<Settings, Problems> {
    load(&Source::new(file, text), registry, &variable)
}

/// Checks a file's text, with variables from `environment`.
pub fn load(
    source: &Source,
    registry: &Registry,
    environment: Environment<'_>,
) -> Result<Settings, Problems> {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        return Err(Problems::unparsed(source, &errors));
    }
    let rooms = Rooms::new(registry);
    let mut walk = Walk {
        rooms: &rooms,
        environment,
        clustered: false,
        fed: Fed::default(),
        findings: Vec::new(),
        secrets: Secrets::default(),
    };
    let settings = walk.document(&document);
    match settings {
        Some(settings) if walk.findings.is_empty() => Ok(settings),
        Some(_) | None => {
            let mask = Mask::new(document.get_ref(), source.text(), &rooms);
            Err(Problems::new(source, &mask, walk.findings))
        }
    }
}

impl Walk<'_> {
    fn document(&mut self, document: &Spanned<DeTable<'_>>) -> Option<Settings> {
        let root = WrittenTable::root(document.get_ref());
        let top = self.plain_table(top::TIME_ZONE, Some(&root), &TABLES);
        let supervision = self.table_at(&root, "supervision");
        let supervision = self.plain_table(top::SUPERVISION, supervision.as_ref(), &[]);
        let time_zone = self.time_zone(&root, &top);
        let limits = self.table_at(&root, "limits");
        let limits = self.plain_table(top::LIMITS, limits.as_ref(), &[]);
        let state = self.state(&root);
        let cluster = self.cluster(&root);
        let server = self.server(&root);
        self.fed = match &server {
            Err(()) => Fed::Unknown,
            Ok(None) => Fed::NoServer,
            Ok(Some(server)) => {
                let fed = server.sources.iter().flat_map(|source| &source.processes);
                Fed::By(fed.cloned().collect())
            }
        };
        let defaults = self.defaults(&root);
        let processes = self.processes(&root, &defaults);
        Some(Settings {
            time_zone: time_zone?,
            supervision: top::supervision(&supervision),
            heartbeat: crate::heartbeat::read(&supervision),
            max_total_processes: top::max_total(&limits),
            state: state.ok()?,
            cluster: cluster.ok()?,
            server: server.ok()?,
            processes: processes?,
            secrets: std::mem::take(&mut self.secrets),
        })
    }

    /// The table under a name; something else there is told.
    pub(super) fn table_at<'t>(
        &mut self,
        root: &WrittenTable<'t>,
        name: &str,
    ) -> Option<WrittenTable<'t>> {
        let (place, value) = root.find(name)?;
        let Some(table) = value.get_ref().as_table() else {
            let wrong = format!("{} does not belong here", named(value.get_ref()));
            self.find(
                &place,
                wrong,
                format!("a table that begins with `[{}]`", place.path),
            );
            return None;
        };
        Some(WrittenTable::new(place, table))
    }

    pub(super) fn time_zone(&mut self, root: &WrittenTable<'_>, top: &Section) -> Option<Tz> {
        let name = top.text("time_zone")?;
        if let Ok(zone) = name.parse() {
            return Some(zone);
        }
        let (place, value) = root.find("time_zone")?;
        let place = Place {
            span: value.span(),
            ..place
        };
        let near = nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let right = match near.filter(|_| !top.is_veiled("time_zone")) {
            Some(zone) => format!("did you mean \"{zone}\"?"),
            None => "an IANA name, as in \"Europe/Vienna\" or \"UTC\"".to_owned(),
        };
        let shown = top.shown("time_zone", &format!("{name:?}"));
        self.find(&place, format!("{shown} is not a known time zone"), right);
        None
    }

    fn processes(
        &mut self,
        root: &WrittenTable<'_>,
        defaults: &Defaults<'_>,
    ) -> Option<Vec<ProcessSettings>> {
        let right = "a table for each process type, as in `[processes.web.measurement]`";
        let Some((place, _)) = root.find("processes") else {
            // A misspelt one was told as an unknown key.
            let misspelt = |name: &str| nearest(name, ["processes"]).is_some();
            if !root.table.iter().any(|(key, _)| misspelt(key.get_ref())) {
                self.find(&root.place, "there is no process to manage", right);
            }
            return None;
        };
        let written = self.table_at(root, "processes")?;
        if written.table.is_empty() {
            self.find(&place, "there is no process to manage", right);
        }
        let mut processes: Vec<Option<ProcessSettings>> = Vec::new();
        for (key, _) in written.table {
            let name = key.get_ref().as_ref();
            let Some(table) = self.table_at(&written, name) else {
                continue;
            };
            let name = ProcessName::new(name).or_else(|error| {
                let wrong = format!("{name:?} cannot be a process's name");
                self.find(&table.place, wrong, error.to_string());
                // What else is wrong with it is told as well.
                ProcessName::new(STAND_IN)
            });
            if let Ok(name) = name {
                let mut process = self.process(&name, &table, defaults);
                if let (Some(process), Some(Some(before))) = (&mut process, processes.last()) {
                    process.share(before);
                }
                processes.push(process);
            }
        }
        processes.into_iter().collect()
    }
}
