//! Completions, manual pages and the reference page, all from the definitions of the arguments.

use crate::args::command;
use crate::complete;
use crate::failure::Failure;
use clap::{Arg, Command};
use clap_complete::Shell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// What a shell reads to complete commands, options, documents and entities: it asks this program.
pub(crate) fn completions(shell: Shell) -> Result<String, Failure> {
    let name = shell.to_string();
    let unknown = || Failure::Usage(format!("there are no completions for `{name}`"));
    let completer = complete::SHELLS.completer(&name).ok_or_else(unknown)?;
    let mut text = Vec::new();
    completer.write_registration(complete::VARIABLE, "dateline", "dateline", "dateline", &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Prints the main manual page, or writes the pages of all commands to a directory.
pub(crate) fn manual(directory: Option<&Path>) -> Result<(), Failure> {
    let mut root = command();
    root.build();
    match directory {
        None => Ok(std::io::stdout().write_all(&page(&root)?)?),
        Some(directory) => {
            std::fs::create_dir_all(directory).map_err(|source| Failure::File { path: directory.into(), source })?;
            write_pages(&root, directory)
        }
    }
}

fn write_pages(command: &Command, directory: &Path) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = directory.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).map_err(|source| Failure::File { path, source })?;
    let mut shown = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    shown.try_for_each(|command| write_pages(command, directory))
}

fn page(command: &Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

/// The reference page in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut root = command();
    root.build();
    let mut text = String::from("# `dateline`\n\n<!-- Generated from the definitions of the arguments. -->\n\n");
    write_about(&mut text, &root);
    let is_global = |argument: &&Arg| argument.is_global_set();
    text.push_str("Every command takes these, before or after its name:\n\n");
    write_options(&mut text, root.get_arguments().filter(is_global));
    for command in shown(&root) {
        write_command(&mut text, command);
    }
    text
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn write_command(text: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let _ = write!(text, "\n## `{name}`\n\n");
    write_about(text, command);
    let usage = command.clone().render_usage().to_string();
    let _ = write!(text, "```\n{}\n```\n\n", usage.trim_start_matches("Usage: ").trim());
    let own = |argument: &&Arg| !argument.is_global_set() && !matches!(argument.get_id().as_str(), "help" | "version");
    write_options(text, command.get_arguments().filter(own));
    if let Some(after) = command.get_after_help() {
        let _ = write!(text, "\n```\n{}\n```\n", after.to_string().trim());
    }
    for command in shown(command) {
        write_command(text, command);
    }
}

fn write_about(text: &mut String, command: &Command) {
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        let about = about.to_string();
        let end = if about.ends_with(['.', '?', '!']) { "" } else { "." };
        let _ = write!(text, "{about}{end}\n\n");
    }
}

fn write_options<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let rows: Vec<String> = arguments.filter(|argument| !argument.is_hide_set()).map(row).collect();
    if !rows.is_empty() {
        let _ = write!(text, "| argument | meaning |\n| --- | --- |\n{}", rows.concat());
    }
}

fn row(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default().join(" ").replace('|', "\\|");
    let takes_value = argument.get_action().takes_values();
    let mut names = Vec::new();
    names.extend(argument.get_short().map(|short| format!("-{short}")));
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    let name = match (names.is_empty(), takes_value) {
        (true, _) => values,
        (false, true) => format!("{} {values}", names.join(", ")),
        (false, false) => names.join(", "),
    };
    let help = argument.get_long_help().or_else(|| argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let paragraphs = help.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<&str>>().join(" "));
    let mut meaning = paragraphs.collect::<Vec<String>>().join(". ").replace('|', "\\|");
    let words: Vec<String> =
        argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if takes_value && !words.is_empty() && words.len() < 10 {
        let _ = write!(meaning, ": {}", words.join(", "));
    }
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if takes_value && !defaults.is_empty() {
        let _ = write!(meaning, " (default {})", defaults.join(", "));
    }
    format!("| `{}` | {meaning} |\n", name.trim())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reference_page_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REFERENCE.md");
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(path, super::reference()).expect("writes");
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(published == super::reference(), "REFERENCE.md is stale: run the tests with UPDATE_GENERATED=1");
    }

    #[test]
    fn every_shell_is_completed() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let text = super::completions(shell).expect("a script");
            assert!(text.contains("dateline") && text.contains("COMPLETE"), "{shell}: {text}");
        }
    }

    #[test]
    fn every_command_has_a_manual_page() {
        let directory = tempfile::tempdir().expect("a directory");
        super::manual(Some(directory.path())).expect("writes");
        for page in ["dateline.1", "dateline-search.1", "dateline-entities-merge.1"] {
            assert!(directory.path().join(page).is_file(), "{page}");
        }
    }
}
