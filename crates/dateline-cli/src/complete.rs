//! Completes what is being typed, from the running daemon: documents, entities, layers, processors, query fields. Where
//! none runs there is nothing to complete; a shell must not wait.

use crate::connect::connect_daemon;
use clap::Command;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use dateline_config::{Environment, Overrides};
use dateline_protocol::wire::Suggestion;
use dateline_protocol::{Complete, Completion, Request};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long a shell waits at most.
const PATIENCE: Duration = Duration::from_millis(500);
/// Words offered at most.
const WORDS_MAX: u32 = 50;

/// The variable that makes this program answer a shell's question instead of a person's.
pub(crate) const VARIABLE: &str = "COMPLETE";

/// What a shell runs to complete, in every shell there is a way for.
pub(crate) const SHELLS: Shells<'static> = Shells(&[&BASH, &Elvish, &Fish, &Powershell, &ZSH]);

/// A shell that loads a function of ours; everything else is as clap has it.
struct OwnFunction {
    stock: &'static (dyn EnvCompleter + Sync),
    /// Its text: `NAME`, `VARIABLE` and `PROGRAM` stand for what they say.
    function: &'static str,
}

/// Bash parts words at colons, and so `entity:zel` in three. Its words are put together again before they are completed, and
/// what bash believes to be there already is cut from the candidates. Blanks and the like in them are escaped.
const BASH: OwnFunction = OwnFunction { stock: &Bash, function: include_str!("complete.bash") };

/// Zsh drops candidates that do not begin with what was typed, and puts a blank behind `path:`. This way it does neither.
const ZSH: OwnFunction = OwnFunction { stock: &Zsh, function: include_str!("complete.zsh") };

impl EnvCompleter for OwnFunction {
    fn name(&self) -> &'static str {
        self.stock.name()
    }

    fn is(&self, name: &str) -> bool {
        self.stock.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        _: &str,
        program: &str,
        out: &mut dyn io::Write,
    ) -> Result<(), io::Error> {
        let program = format!("'{}'", program.replace('\'', r"'\''"));
        let function = self.function.replace("VARIABLE", variable).replace("NAME", name).replace("PROGRAM", &program);
        out.write_all(function.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        arguments: Vec<OsString>,
        directory: Option<&Path>,
        out: &mut dyn io::Write,
    ) -> Result<(), io::Error> {
        self.stock.write_complete(command, arguments, directory, out)
    }
}

/// A path or id of a document.
pub(crate) fn document(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Document, typed, ("", ""))
}

/// A name or id of an entity.
pub(crate) fn entity(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Entity, typed, ("", ""))
}

/// The name of a layer.
pub(crate) fn layer(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Layer, typed, ("", ""))
}

/// The name of a processor.
pub(crate) fn processor(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Processor, typed, ("", ""))
}

/// One word of a query: a field, or the value of a field that names entities or paths.
pub(crate) fn query(typed: &OsStr) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    match text.split_once(':') {
        Some((field, value)) => {
            let Some(what) = completed_by(field) else { return Vec::new() };
            candidates(what, OsStr::new(value), (&format!("{field}:"), ""))
        }
        None => candidates(Completion::Field, typed, ("", ":")),
    }
}

/// What stands behind a field.
fn completed_by(field: &str) -> Option<Completion> {
    Some(match field {
        "entity" => Completion::Entity,
        "person" => Completion::Person,
        "org" => Completion::Organisation,
        "place" => Completion::Place,
        "path" => Completion::Document,
        _ => return None,
    })
}

fn candidates(what: Completion, typed: &OsStr, (before, after): (&str, &str)) -> Vec<CompletionCandidate> {
    let mut found = suggestions(what, typed).unwrap_or_default();
    // A shell replaces what was typed by what all candidates begin with: those that hold it elsewhere come second.
    let prefix = typed.to_string_lossy().to_lowercase();
    let begins = |found: &Suggestion| found.value.to_lowercase().starts_with(&prefix);
    if found.iter().any(begins) {
        found.retain(begins);
    }
    let candidate = |found: Suggestion| {
        CompletionCandidate::new(format!("{before}{}{after}", found.value)).help(found.about.map(Into::into))
    };
    found.into_iter().map(candidate).collect()
}

fn suggestions(what: Completion, typed: &OsStr) -> Option<Vec<Suggestion>> {
    let config = dateline_config::load(&Overrides::default(), &Environment::current()).ok()?;
    let mut client = connect_daemon(&config.state, PATIENCE).ok()?;
    let request = Request::Complete(Complete { what, prefix: typed.to_str()?.to_owned(), limit: WORDS_MAX });
    let mut answer = client.ask(request, Some(PATIENCE)).ok()?;
    let mut found = Vec::new();
    while let Some(item) = answer.next_item().ok()? {
        found.push(serde_json::from_str(item.get()).ok()?);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{SHELLS, VARIABLE};
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    /// What bash fills in for a line, from a program that offers these candidates whatever it is asked.
    fn completed(line: &str, candidates: &str) -> Option<Vec<String>> {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("it's a program");
        let asked = place.path().join("asked");
        let script = format!("#!/bin/sh\nprintf '%s|' \"$@\" > '{}'\nprintf '{candidates}'\n", asked.display());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut function = Vec::new();
        let bash = SHELLS.completer("bash").unwrap();
        bash.write_registration(VARIABLE, "dateline", "dateline", program.to_str().unwrap(), &mut function).unwrap();
        let function = String::from_utf8(function).unwrap();
        let run = format!(
            "{function}\nCOMP_LINE=\"{line}\" COMP_POINT={} COMP_TYPE=9\n_complete_dateline\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"; cat '{}'",
            line.len(),
            asked.display()
        );
        let ran = Command::new("bash").args(["--norc", "-c", &run]).output().ok()?;
        Some(String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect())
    }

    /// What zsh, with a `compadd` that tells what it is given, is offered for a word.
    fn offered(word: &str, candidates: &str) -> Option<Vec<String>> {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("it's a program");
        std::fs::write(&program, format!("#!/bin/sh\nprintf '{candidates}'\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut function = Vec::new();
        let zsh = SHELLS.completer("zsh").unwrap();
        zsh.write_registration(VARIABLE, "dateline", "dateline", program.to_str().unwrap(), &mut function).unwrap();
        let function = String::from_utf8(function).unwrap();
        let run = format!(
            "compdef() {{ :; }}\ncompadd() {{ print -r -- \"$*[1,-2]\"; print -rl -- ${{(P)@[-1]}}; }}\n{function}\n\
             typeset -A compstate; words=(dateline show {word}) CURRENT=3 PREFIX={word}\n\
             _complete_dateline; print -r -- \"$compstate[insert]\""
        );
        let ran = Command::new("zsh").args(["-f", "-c", &run]).output().ok()?;
        Some(String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn zsh_gets_what_begins_otherwise_too() {
        let Some(found) = offered("zel", "per\\\\:zela:Maria Zela\\norg\\\\:zela:Zela") else { return };
        assert_eq!(found, ["-U -V dateline -l -d whole_shown -a", "per:zela", "org:zela", "menu"]);
        let found = offered("pa", "path\\\\:").unwrap();
        assert_eq!(found, ["-U -V dateline -l -d open_shown -S  -a", "path:", ""]);
    }

    #[test]
    fn bash_gets_whole_words() {
        let Some(found) = completed("dateline search peace entity:zel", "entity:zelensky \\013entity:per:zela ") else {
            // Where there is no bash there is nobody to complete for.
            return;
        };
        assert_eq!(found, ["zelensky ", "per:zela ", "--|dateline|search|peace|entity:zel|"]);
        let found = completed("dateline show a", "a b.txt ").unwrap();
        assert_eq!(found, [r"a\ b.txt ", "--|dateline|show|a|"]);
        let found = completed("dateline show ", "").unwrap();
        assert_eq!(found.last().map(String::as_str), Some("--|dateline|show||"));
    }
}
