//! Programs of the configuration (`[[processor.exec]]`): asked once what they are, before anything runs. Only commands
//! that may start programs come here; how a program is run stands in `dateline-worker`.

use super::Program;
use crate::errors::Fatal;
use dateline_config::ExecEntry;
use dateline_pipeline::exec::{EXEC_TABLE, ExecDescriptor, ExecProgram};
use dateline_worker::Launcher;
use std::path::Path;

/// This program, whatever became of its file.
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";

impl Program {
    /// The program with those that its configuration names. Starts each of them for a moment.
    ///
    /// # Errors
    /// When the configuration may not name programs, one does not say what it is, or the chain does not fit together.
    pub(crate) fn with_programs(mut self) -> Result<Program, Fatal> {
        if self.config.exec.is_empty() {
            return Ok(self);
        }
        self.config.check_trust().map_err(std::io::Error::other)?;
        let launcher = Launcher::new(THIS_PROGRAM);
        let directory = self.config.resource_directory();
        let mut described = Vec::new();
        for entry in &self.config.exec {
            let known = dateline_worker::describe(&launcher, undescribed(entry, &directory));
            described.push(known.map_err(|reason| {
                let message = format!("{}: program `{}`: {reason}", entry.origin, entry.section.name);
                Fatal::hinted(std::io::Error::other(message), "see what it says on standard error")
            })?);
        }
        let table = serde_json::to_value(described).map_err(std::io::Error::other)?;
        self.tables.insert(EXEC_TABLE.to_owned(), table);
        let chain = self.registry.build(&self.tables, &self.resources)?;
        self.processors = super::processors(&chain);
        Ok(self)
    }
}

/// File beside the state in which the programs stand as they described themselves, for answers: those start none.
const REMEMBERED: &str = "programs.json";

impl Program {
    /// Writes down what its programs said they are, for answers that come when nothing runs.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub(crate) fn remember_programs(&self) -> std::io::Result<()> {
        let path = self.state.join(REMEMBERED);
        let Some(table) = self.tables.get(EXEC_TABLE) else {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let unfinished = path.with_extension("new");
        std::fs::write(&unfinished, table.to_string())?;
        std::fs::rename(unfinished, path)
    }

    /// The program with those of its configuration's programs that were described when they last ran: their layers can
    /// be shown and their facets asked for. Starts none of them; one that was changed since is left out.
    pub(crate) fn with_remembered_programs(mut self) -> Program {
        let text = std::fs::read_to_string(self.state.join(REMEMBERED)).unwrap_or_default();
        let remembered: Vec<ExecProgram> = serde_json::from_str(&text).unwrap_or_default();
        let directory = self.config.resource_directory();
        let configured: Vec<ExecProgram> =
            self.config.exec.iter().map(|entry| undescribed(entry, &directory)).collect();
        let same = |one: &ExecProgram, other: &ExecProgram| {
            (&one.name, &one.command, &one.options) == (&other.name, &other.command, &other.options)
        };
        let known: Vec<ExecProgram> =
            remembered.into_iter().filter(|known| configured.iter().any(|entry| same(entry, known))).collect();
        if known.is_empty() {
            return self;
        }
        let Ok(table) = serde_json::to_value(known) else { return self };
        self.tables.insert(EXEC_TABLE.to_owned(), table);
        match self.registry.build(&self.tables, &self.resources) {
            Ok(chain) => self.processors = super::processors(&chain),
            // What the programs said no longer fits the rest: answers do without them.
            Err(_) => drop(self.tables.remove(EXEC_TABLE)),
        }
        self
    }
}

fn undescribed(entry: &ExecEntry, directory: &Path) -> ExecProgram {
    let section = &entry.section;
    let mut command = section.command.clone();
    // A name without a slash is looked up in the search path; a path counts from the configuration file.
    if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
        *program = directory.join(&*program).display().to_string();
    }
    ExecProgram {
        name: section.name.clone(),
        command,
        directory: directory.to_owned(),
        time_max: section.time_max.0,
        memory_max: section.memory_max.0,
        options: serde_json::Value::Object(section.options.clone()),
        descriptor: ExecDescriptor::default(),
    }
}
