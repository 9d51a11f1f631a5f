//! The page of questions and answers is what the program answers: its commands are run over the sample articles and their
//! output is compared with the page. `UPDATE_GENERATED=1` writes the answers anew.
#![allow(missing_docs)]

#[path = "harness/mod.rs"]
mod harness;

use harness::Lab;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/QUESTIONS.md");
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../seeds");
/// When all sample files were written for all anybody knows: 2024-01-01.
const WRITTEN: Duration = Duration::from_secs(1_704_067_200);
/// How a command stands in the page.
const PROMPT: &str = "$ dateline ";

/// The words of a command line, with single and double quotes taken away.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, character) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn answer(lab: &Lab, command: &str) -> String {
    let words = shell_words(command);
    let ran = lab.dateline(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(ran.code() <= 1, "`dateline {command}` gave {}: {}", ran.code(), ran.stderr);
    format!("{}{}", ran.stderr, ran.stdout)
}

/// The page with every answer as the program gives it now.
fn answered(lab: &Lab, page: &str) -> (String, usize) {
    let (mut out, mut commands, mut inside) = (String::new(), 0, false);
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ => {}
        }
        let command = line.strip_prefix(PROMPT).filter(|_| inside);
        // Old answers are left out: the new one follows its command.
        if !inside || line == "```console" || command.is_some() {
            out.push_str(line);
            out.push('\n');
        }
        if let Some(command) = command {
            out.push_str(&answer(lab, command));
            commands += 1;
        }
    }
    (out, commands)
}

#[test]
fn the_answers_are_what_the_page_says() {
    let lab = Lab::new();
    for entry in fs::read_dir(SAMPLES).expect("samples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        lab.write(name, fs::read(Path::new(&path)).expect("reads"));
        // The time of a file is evidence for its date, and shown.
        let file = fs::File::options().write(true).open(lab.root().join(name)).expect("opens");
        file.set_modified(SystemTime::UNIX_EPOCH + WRITTEN).expect("is set");
    }
    lab.once();
    let page = fs::read_to_string(PAGE).expect("the page");
    let (now, commands) = answered(&lab, &page);
    assert!(commands >= 10, "{commands} commands");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(PAGE, &now).expect("writes");
        return;
    }
    if let Some((old, new)) = page.lines().zip(now.lines()).find(|(old, new)| old != new) {
        panic!("the page is not up to date: run this test with UPDATE_GENERATED=1\n  page: {old}\n  now:  {new}");
    }
    assert_eq!(page.lines().count(), now.lines().count());
}
