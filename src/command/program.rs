//! What a `command` table says is run, and how it is started.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use serde::Deserialize;

use super::CommandError;
use super::mask::{Known, Mask};
use super::running::Running;
use crate::backend::BuildError;
use crate::settings::schema::Section;
use crate::settings::secret::Secret;

/// The command of a table.
pub(super) struct Program {
    words: Vec<String>,
    environment: BTreeMap<String, Secret>,
    directory: Option<PathBuf>,
    mask: Mask,
}

impl Program {
    pub(super) fn new(section: &Section, known: Rc<Known>) -> Result<Self, BuildError> {
        #[derive(Deserialize)]
        struct Wanted {
            command: Vec<String>,
            environment: Option<BTreeMap<String, Secret>>,
            working_directory: Option<PathBuf>,
        }
        let wanted: Wanted = section.read()?;
        let environment = wanted.environment.unwrap_or_default();
        Ok(Self {
            words: wanted.command,
            mask: Mask::new(environment.values().map(Secret::expose), known),
            environment,
            directory: wanted.working_directory,
        })
    }

    /// A text from the command on one line of at most `most` characters, without its secrets.
    pub(super) fn line(&self, text: &str, most: usize) -> String {
        self.mask.line(text, most)
    }

    /// The same for bytes that may be no text at all.
    pub(super) fn quote(&self, bytes: &[u8], most: usize) -> String {
        self.mask.quote(bytes, most)
    }

    pub(super) fn start(&self) -> Result<Running, CommandError> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err(CommandError::Failed("the command has no words".to_owned()));
        };
        let mut command = tokio::process::Command::new(program);
        command.args(arguments);
        for (name, value) in &self.environment {
            match value.expose() {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        if let Some(directory) = &self.directory {
            if !directory.is_dir() {
                return Err(CommandError::Failed(format!(
                    "{self} cannot be started: there is no directory {} (working_directory)",
                    directory.display()
                )));
            }
            command.current_dir(directory);
        }
        Running::start(command)
            .map_err(|error| CommandError::Failed(format!("{self} cannot be started: {error}")))
    }
}

/// Its first word: the others may be secrets.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.words.first().map_or("", String::as_str);
        write!(f, "the command `{}`", self.mask.line(first, 200))
    }
}
