//! What copies are made of and how they are stopped: the settings of `local`, typed, and what is wrong with them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;

use crate::settings::problem::Fault;
use crate::settings::schema::Section;
use crate::settings::secret::Secret;

/// All that a copy depends on: when it changes, the copies are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recipe {
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Secret>,
    working_directory: Option<PathBuf>,
    port: Option<u16>,
}

impl Recipe {
    /// The words of the command, the program first.
    pub fn words(&self) -> &[String] {
        &self.command
    }

    /// The program: the one word of the command that is safe to show.
    pub fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// Where a copy runs, when that is not where the bot runs.
    pub fn directory(&self) -> Option<&Path> {
        self.working_directory.as_deref()
    }

    /// The variables that a copy has otherwise than the bot; `None` removes one.
    pub fn variables(&self, process_type: &str, number: u32) -> BTreeMap<&str, Option<String>> {
        let mut variables: BTreeMap<_, _> = BTreeMap::new();
        for (name, value) in &self.environment {
            let text = value.expose();
            variables.insert(name.as_str(), (!text.is_empty()).then(|| text.to_owned()));
        }
        variables.insert("DYNO", Some(format!("{process_type}.{number}")));
        if let Some(port) = self.port {
            variables.insert("PORT", Some(port.to_string()));
        }
        variables
    }

    /// Looks whether a copy could be started, as the system will: the directory, and the program in it or in `PATH`.
    /// The error says what to mend.
    pub fn find(&self, inherited_path: Option<OsString>) -> Result<(), String> {
        let here = self.working_directory.as_deref().unwrap_or(Path::new("."));
        if !here.is_dir() {
            return Err(format!(
                "the working_directory {} is not a directory; create it, or mend the setting",
                here.display()
            ));
        }
        let program = self.program();
        if program.contains('/') {
            if is_executable(&here.join(program)) {
                return Ok(());
            }
            return Err(format!(
                "the command `{program}` is not an executable file (seen from {}); mend `command`",
                here.display()
            ));
        }
        let path = match self.environment.get("PATH") {
            Some(own) if own.expose().is_empty() => None,
            Some(own) => Some(own.expose().into()),
            None => inherited_path,
        };
        let path = path.unwrap_or_else(|| "/bin:/usr/bin".into());
        let found = std::env::split_paths(&path)
            .any(|folder| is_executable(&here.join(folder).join(program)));
        if found {
            return Ok(());
        }
        Err(format!(
            "the command `{program}` is in no folder of PATH; install it, write its full path in `command`, or set PATH \
             in `environment`"
        ))
    }
}

fn is_executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// How a copy is stopped. It may change while copies run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// What asks it to end.
    pub signal: Signal,
    /// How long it then has.
    pub grace: Duration,
}

impl Manner {
    /// What holds unless the settings say otherwise.
    pub const DEFAULT: Self = Self {
        signal: Signal::TERM,
        grace: Duration::from_secs(30),
    };

    /// The manner that the settings ask for.
    pub fn of(section: &Section) -> Self {
        let signal = section.text("stop_signal").and_then(signal);
        let grace = section
            .number("stop_grace_in_seconds")
            .map(Duration::try_from_secs_f64);
        Self {
            signal: signal.unwrap_or(Self::DEFAULT.signal),
            grace: grace.map_or(Self::DEFAULT.grace, |grace| grace.unwrap_or(Duration::MAX)),
        }
    }
}

/// The signals that a program may take as "please end".
const SIGNALS: [(&str, Signal); 9] = [
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("HUP", Signal::HUP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("ALRM", Signal::ALARM),
    ("ABRT", Signal::ABORT),
    ("KILL", Signal::KILL),
];

fn signal(name: &str) -> Option<Signal> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    SIGNALS
        .iter()
        .find(|(known, _)| *known == bare)
        .map(|(_, signal)| *signal)
}

/// What the schema cannot say.
pub fn check(section: &Section) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Ok(recipe) = section.read::<Recipe>() else {
        // A setting of the wrong type has been told by the schema.
        return faults;
    };
    if recipe.program().is_empty() {
        faults.push(Fault::at(
            "command",
            "has no program as its first word",
            "the program and its arguments",
        ));
    }
    if recipe.command.iter().any(|word| word.contains('\0')) {
        faults.push(Fault::at(
            "command",
            "has a NUL character in it",
            "words without it",
        ));
    }
    if section
        .text("stop_signal")
        .is_some_and(|name| signal(name).is_none())
    {
        let names: Vec<_> = SIGNALS
            .iter()
            .map(|(name, _)| format!("SIG{name}"))
            .collect();
        faults.push(Fault::at(
            "stop_signal",
            "is not the name of a signal that stops",
            names.join(", "),
        ));
    }
    faults.extend(
        recipe
            .environment
            .iter()
            .filter_map(|(name, value)| variable_fault(name, value)),
    );
    if recipe.port.is_some() && recipe.environment.contains_key("PORT") {
        faults.push(Fault::at(
            "port",
            "is set, and `environment` sets PORT too",
            "one of the two",
        ));
    }
    faults
}

fn variable_fault(name: &str, value: &Secret) -> Option<Fault> {
    let at = |wrong: &str, right: &str| Some(Fault::at("environment", wrong, right));
    if name.is_empty() || name.contains(['=', '\0']) {
        return at(
            "has a name that no variable can have",
            "names without `=`, and not empty",
        );
    }
    if name == "DYNO" {
        return at(
            "sets DYNO, which is each copy's own name",
            "to leave DYNO to autoscalebot, or another name",
        );
    }
    if value.expose().contains('\0') {
        return at(
            &format!("has a NUL character in the value of `{name}`"),
            "values without it",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn section(value: Value) -> Section {
        let Value::Object(values) = value else {
            panic!("a table")
        };
        let written = values.keys().cloned().collect();
        Section::new(values, written)
    }

    fn recipe(value: Value) -> Recipe {
        section(value).read().unwrap()
    }

    #[test]
    fn what_the_schema_cannot_say_is_told() {
        let cases = [
            (
                json!({"command": ["true"], "stop_signal": "SIGTERM"}),
                "",
                "all is well",
            ),
            (
                json!({"command": ["true"], "stop_signal": "int", "port": 80}),
                "",
                "any case, without SIG",
            ),
            (json!({"command": [""]}), "command", "an empty program"),
            (
                json!({"command": ["a", "b\u{0}"]}),
                "command",
                "exec would refuse it",
            ),
            (
                json!({"command": ["true"], "stop_signal": "SIGSTOP"}),
                "stop_signal",
                "SIGSTOP ends nothing",
            ),
            (
                json!({"command": ["true"], "environment": {"A=B": "c"}}),
                "environment",
                "not a name",
            ),
            (
                json!({"command": ["true"], "environment": {"DYNO": "c"}}),
                "environment",
                "ours",
            ),
            (
                json!({"command": ["true"], "environment": {"PORT": "1"}, "port": 2}),
                "port",
                "twice",
            ),
            (
                json!({"command": ["true"], "environment": {"PORT": "1"}}),
                "",
                "PORT alone is the user's",
            ),
        ];
        for (settings, expected, because) in cases {
            let found: Vec<_> = check(&section(settings))
                .into_iter()
                .map(|fault| fault.setting)
                .collect();
            assert_eq!(found.join(" "), expected, "{because}");
        }
    }

    #[test]
    fn a_copy_gets_its_name_its_port_and_the_environment() {
        let recipe =
            recipe(json!({"command": ["x"], "port": 8000, "environment": {"A": "1", "GONE": ""}}));
        let variables = recipe.variables("web", 2);
        let text = |name: &str| variables[name].as_deref();
        assert_eq!(text("DYNO"), Some("web.2"));
        assert_eq!(text("PORT"), Some("8000"));
        assert_eq!(text("A"), Some("1"));
        assert_eq!(text("GONE"), None, "an empty value removes a variable");
    }

    #[test]
    fn a_command_that_cannot_be_started_is_told_with_what_to_mend() {
        let find = |value| recipe(value).find(Some("/usr/bin:/bin".into()));
        assert_eq!(find(json!({"command": ["sh"]})), Ok(()));
        assert_eq!(find(json!({"command": ["/bin/sh"]})), Ok(()));
        assert_eq!(
            find(json!({"command": ["./sh"], "working_directory": "/bin"})),
            Ok(())
        );
        for (settings, part) in [
            (
                json!({"command": ["no-such-program"]}),
                "`no-such-program` is in no folder of PATH",
            ),
            (
                json!({"command": ["/bin/no-such"]}),
                "`/bin/no-such` is not an executable file",
            ),
            (
                json!({"command": ["/etc/passwd"]}),
                "is not an executable file",
            ),
            (
                json!({"command": ["sh"], "environment": {"PATH": "/nowhere"}}),
                "in no folder of PATH",
            ),
            (
                json!({"command": ["sh"], "working_directory": "/nowhere"}),
                "/nowhere is not a directory",
            ),
        ] {
            let error = find(settings).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_environments_values_are_not_shown() {
        let recipe = recipe(json!({"command": ["x"], "environment": {"TOKEN": "swordfish"}}));
        assert!(!format!("{recipe:?}").contains("swordfish"));
    }
}
