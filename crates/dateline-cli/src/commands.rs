//! Turns arguments into requests, and picks who renders the answer.

use crate::args::{
    AlertArgs, Cli, Clocks, Command, DateAction, EntitiesAction, ExplainArgs, ExportArgs, Format, Global, MatchWord,
    SearchArgs, Selection, ShowArgs, StepWord, TailArgs, TimelineArgs, WhatWord,
};
use crate::ask::{Each, Flush, Outcome, Present, Whole, ask, json_lines};
use crate::connect::connect;
use crate::failure::Failure;
use crate::render::{self, Renderer};
use crate::screen::{Screen, style};
use crate::{csv, output, passthrough, reference};
use dateline_config::Environment;
use dateline_protocol::{self as protocol, Detail, EntityAction, Exit, ExportWhat, Match, Request, TimelineStep};
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

/// Runs one command.
pub(crate) fn run(cli: &Cli, screen: &Screen) -> Result<Exit, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Annotate(arguments) => Err(passthrough::annotate(global, arguments)),
        Command::Try(arguments) => Err(passthrough::try_chain(global, arguments)),
        Command::Config => show_config(global, screen),
        Command::Completions(arguments) => {
            output::show(&reference::completions(arguments.shell)?, &Screen { pager: false, ..screen.clone() })?;
            Ok(Exit::Found)
        }
        Command::Man(arguments) => reference::manual(arguments.directory.as_deref()).map(|()| Exit::Found),
        command => {
            let (request, present) = plan(command, screen)?;
            let needs_daemon = request.needs_daemon().then_some(request.op());
            let patience = patience(&request, global);
            let connection = connect(global, needs_daemon)?;
            let mut out = BufWriter::new(io::stdout().lock());
            let mut errors = io::stderr();
            let Outcome { exit, text } = ask(connection, request, patience, present, screen, (&mut out, &mut errors))?;
            drop(out);
            match (text, file_of(command)) {
                (Some(text), Some(file)) if exit == Exit::Found => write_file(file, &text)?,
                (Some(text), None) => output::show(&text, screen)?,
                _ => {}
            }
            Ok(exit)
        }
    }
}

/// The file a command's output goes to, where it has one.
fn file_of(command: &Command) -> Option<&Path> {
    match command {
        Command::Timeline(arguments) => arguments.html.as_deref(),
        _ => None,
    }
}

/// Writes a whole file, or leaves what was there.
fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, path)).map_err(failed)
}

/// Answers that go on, or that write much, have no deadline.
fn patience(request: &Request, global: &Global) -> Option<Duration> {
    match request {
        Request::Tail(_) | Request::Export(_) | Request::Backup(_) => None,
        Request::Rescan(rescan) if rescan.wait => None,
        _ => Some(global.timeout.0),
    }
}

/// The request of a command and what becomes of its items.
fn plan<'a>(command: &'a Command, screen: &'a Screen) -> Result<(Request, Present<'a>), Failure> {
    let (request, renderer) = match command {
        Command::Search(arguments) => return Ok(search(arguments, screen)),
        Command::Show(arguments) => return Ok(show(arguments, screen)),
        Command::Timeline(arguments) => timeline(arguments)?,
        Command::Explain(arguments) => explain(arguments)?,
        Command::Tail(arguments) => return Ok(tail(arguments, screen)),
        Command::Alert(arguments) => return Ok(alert(arguments, screen)),
        Command::Export(arguments) => return export(arguments, screen),
        command => simple(command)?,
    };
    Ok((request, together(renderer, screen)))
}

/// JSON Lines where they were asked for, else the renderer.
fn together<'a>(renderer: Renderer, screen: &Screen) -> Present<'a> {
    match screen.json {
        true => Present::Each(json_lines(), Flush::AtEnd),
        false => Present::Together(renderer),
    }
}

/// Commands whose request is little more than their arguments.
fn simple(command: &Command) -> Result<(Request, Renderer), Failure> {
    let found = match command {
        Command::Status => (Request::Status, render::status()),
        Command::Failures(arguments) => {
            let (path, processor) = (arguments.path.clone(), arguments.processor.clone());
            let failures = protocol::Failures { path, processor, limit: arguments.limit };
            (Request::Failures(failures), render::failures())
        }
        Command::Retry(arguments) => {
            let (document, processor) = (arguments.document.clone(), arguments.processor.clone());
            (Request::Retry(protocol::Retry { document, processor }), render::retried())
        }
        Command::On(arguments) => {
            let (interval, limit) = (arguments.date, Some(arguments.limit));
            let on = protocol::On { interval, selection: selection(&arguments.selection), limit };
            (Request::On(on), render::day())
        }
        Command::Who(arguments) => {
            let (selection, kind) = (selection(&arguments.selection), arguments.kind.map(|kind| kind.word()));
            (Request::Who(protocol::Who { selection, kind, limit: Some(arguments.limit) }), render::who())
        }
        Command::Similar(arguments) => {
            let (document, diff) = (arguments.document.clone(), arguments.diff);
            let similar = protocol::Similar { document, limit: Some(arguments.limit), diff };
            (Request::Similar(similar), render::similar(arguments.diff))
        }
        Command::Conflicts(arguments) => {
            let selection = selection(&arguments.selection);
            (Request::Conflicts(protocol::Conflicts { selection, limit: Some(arguments.limit) }), render::conflicts())
        }
        Command::Why(arguments) => (Request::Why(protocol::Why { path: arguments.path.clone() }), render::why()),
        Command::Date(arguments) => (date(arguments)?, render::date()),
        Command::Undated(arguments) => {
            (Request::Undated(protocol::Undated { limit: arguments.limit }), render::undated())
        }
        Command::Entities(arguments) => entities(&arguments.action),
        Command::Quotes(arguments) => {
            let (by, selection) = (arguments.by.clone(), selection(&arguments.selection));
            (Request::Quotes(protocol::Quotes { by, selection, limit: Some(arguments.limit) }), render::quotes())
        }
        Command::Ask(arguments) => {
            let text = || serde_json::Value::String(arguments.question.clone());
            let question = serde_json::from_str(&arguments.question).unwrap_or_else(|_| text());
            (Request::Ask(protocol::Ask { name: arguments.name.clone(), question }), render::values())
        }
        Command::Plan(arguments) => {
            let config = arguments.new.as_deref().map(absolute).transpose()?;
            (Request::Plan(protocol::Plan { config }), render::plan())
        }
        Command::Doctor => (Request::Doctor, render::doctor()),
        Command::Backup(arguments) => {
            (Request::Backup(protocol::Backup { path: absolute(&arguments.file)? }), render::backup())
        }
        Command::Rescan(arguments) => (Request::Rescan(protocol::Rescan { wait: arguments.wait }), render::rescanned()),
        _ => return Err(Failure::Usage("this command asks nothing".to_owned())),
    };
    Ok(found)
}

fn absolute(path: &std::path::Path) -> Result<String, Failure> {
    let file = |source| Failure::File { path: path.to_owned(), source };
    let absolute = std::path::absolute(path).map_err(file)?;
    absolute.into_os_string().into_string().map_err(|_| file(io::ErrorKind::InvalidFilename.into()))
}

fn selection(arguments: &Selection) -> protocol::Selection {
    selected(arguments.query.join(" "), &arguments.clocks)
}

fn selected(query: String, clocks: &Clocks) -> protocol::Selection {
    protocol::Selection {
        query,
        matching: match clocks.matching {
            MatchWord::All => Match::All,
            MatchWord::Any => Match::Any,
        },
        as_of: clocks.as_of,
        known_at: clocks.known_at,
        undated: clocks.undated,
        literal: clocks.literal,
        expand: clocks.expand,
    }
}

fn search<'a>(arguments: &SearchArgs, screen: &Screen) -> (Request, Present<'a>) {
    let (limit, offset) = (arguments.limit, arguments.offset);
    let paths_only = (arguments.paths || arguments.null) && !screen.json;
    let request =
        Request::Search(protocol::Search { selection: selection(&arguments.selection), limit, offset, paths_only });
    let present = match paths_only {
        true => Present::Each(paths(if arguments.null { b"\0" } else { b"\n" }), Flush::AtEnd),
        false => together(render::hits(), screen),
    };
    (request, present)
}

/// Only the path of each hit, each path once.
fn paths(end: &'static [u8]) -> Each<'static> {
    let mut told = HashSet::new();
    Box::new(move |item, out| {
        let hit: protocol::wire::Hit = serde_json::from_str(item.get())?;
        if !told.contains(&hit.path) {
            out.write_all(hit.path.as_bytes())?;
            out.write_all(end)?;
            told.insert(hit.path);
        }
        Ok(())
    })
}

fn show<'a>(arguments: &ShowArgs, screen: &Screen) -> (Request, Present<'a>) {
    let request = Request::Show(protocol::Show {
        document: arguments.document.clone(),
        layers: arguments.layer.iter().cloned().collect(),
        revision: arguments.revision,
        diff: arguments.diff,
        known_at: arguments.known_at,
        at: arguments.at,
    });
    let renderer = match (&arguments.layer, arguments.text) {
        (Some(layer), _) => render::layer(layer.clone()),
        (None, true) => render::text(),
        (None, false) => render::document(arguments.at),
    };
    (request, together(renderer, screen))
}

fn timeline(arguments: &TimelineArgs) -> Result<(Request, Renderer), Failure> {
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && from > to
    {
        return Err(Failure::Usage(format!("`--from` is {from}, which is after `--to`, {to}")));
    }
    let by = match arguments.by {
        StepWord::Day => TimelineStep::Day,
        StepWord::Week => TimelineStep::Week,
        StepWord::Month => TimelineStep::Month,
    };
    let request = Request::Timeline(protocol::Timeline {
        selection: selection(&arguments.selection),
        from: arguments.from,
        to: arguments.to,
        by,
        top: arguments.top,
    });
    let renderer = match (&arguments.html, arguments.plot) {
        (Some(_), _) => render::page(asked(arguments)),
        (None, true) => render::plot(),
        (None, false) => render::timeline(),
    };
    Ok((request, renderer))
}

/// What a page says of the question.
fn asked(arguments: &TimelineArgs) -> render::Asked {
    let clocks = &arguments.selection.clocks;
    let limits = [
        arguments.from.map(|day| format!("from {day}")),
        arguments.to.map(|day| format!("to {day}")),
        clocks.as_of.map(|day| format!("written by {day}")),
        clocks.known_at.map(|time| format!("as known at {time}")),
    ];
    render::Asked { query: arguments.selection.query.join(" "), limits: limits.into_iter().flatten().collect() }
}

fn explain(arguments: &ExplainArgs) -> Result<(Request, Renderer), Failure> {
    let detail = arguments.detail.as_deref().map(read_detail).transpose()?;
    let request = Request::Explain(protocol::Explain { document: arguments.document.clone(), detail });
    Ok((request, render::explanation()))
}

/// A range of bytes where it looks like one, else the name of a processor.
fn read_detail(text: &str) -> Result<Detail, Failure> {
    let Some((start, end)) = text.split_once("..") else { return Ok(Detail::Processor(text.to_owned())) };
    match (start.parse::<u32>(), end.parse::<u32>()) {
        (Ok(start), Ok(end)) if start < end => Ok(Detail::Bytes { start, end }),
        _ => Err(Failure::Usage(format!("`{text}` is no range of bytes: write `120..128`"))),
    }
}

fn date(arguments: &crate::args::DateArgs) -> Result<Request, Failure> {
    Ok(match (&arguments.action, &arguments.document) {
        (Some(DateAction::Set { document, date }), _) => {
            Request::DateSet(protocol::DateSet { document: document.clone(), date: date.0 })
        }
        (Some(DateAction::Unset { document }), _) => {
            Request::DateUnset(protocol::DateUnset { document: document.clone() })
        }
        (None, Some(document)) => Request::DateShow(protocol::DateShow { document: document.clone() }),
        (None, None) => return Err(Failure::Usage("`date` needs a document".to_owned())),
    })
}

fn entities(action: &EntitiesAction) -> (Request, Renderer) {
    let (action, renderer) = match action {
        EntitiesAction::List { query, kind, limit } => {
            let query = Some(query.join(" ")).filter(|query| !query.is_empty());
            let kind = kind.map(|kind| kind.word());
            (EntityAction::List { query, kind, limit: Some(*limit) }, render::entities())
        }
        EntitiesAction::Show { entity } => (EntityAction::Show { entity: entity.clone() }, render::entity()),
        EntitiesAction::Suggest { limit } => (EntityAction::Suggest { limit: Some(*limit) }, render::suggestions()),
        EntitiesAction::Merge { entities } => (EntityAction::Merge { entities: entities.clone() }, render::decided()),
        EntitiesAction::Split { entity, names } => {
            (EntityAction::Split { entity: entity.clone(), names: names.clone() }, render::decided())
        }
        EntitiesAction::Rename { entity, name } => {
            (EntityAction::Rename { entity: entity.clone(), name: name.clone() }, render::decided())
        }
        EntitiesAction::Never { entities } => (EntityAction::Never { entities: entities.clone() }, render::decided()),
        EntitiesAction::Decisions => (EntityAction::Decisions, render::decided()),
        EntitiesAction::Undo { decision } => (EntityAction::Undo { decision: decision.clone() }, render::decided()),
    };
    (Request::Entities(protocol::Entities { action }), renderer)
}

fn tail<'a>(arguments: &TailArgs, screen: &'a Screen) -> (Request, Present<'a>) {
    let request = Request::Tail(protocol::Tail {
        from_sequence: arguments.from_sequence,
        selection: selection(&arguments.selection),
        once: false,
        follow: !arguments.no_follow,
    });
    (request, Present::Each(arrivals(screen), Flush::Always))
}

fn arrivals(screen: &Screen) -> Each<'_> {
    match screen.json {
        true => json_lines(),
        false => Box::new(|item, out| {
            let arrival = serde_json::from_str(item.get())?;
            Ok(out.write_all(render::arrival(&arrival, screen).as_bytes())?)
        }),
    }
}

fn alert<'a>(arguments: &'a AlertArgs, screen: &'a Screen) -> (Request, Present<'a>) {
    let request = Request::Tail(protocol::Tail {
        from_sequence: arguments.from_sequence,
        selection: selection(&arguments.selection),
        once: true,
        follow: true,
    });
    let mut print = arrivals(screen);
    let each: Each<'a> = Box::new(move |item, out| {
        print(item, out)?;
        match arguments.exec.split_first() {
            None => Ok(()),
            Some((program, rest)) => run_alert(program, rest, item.get()),
        }
    });
    (request, Present::Each(each, Flush::Always))
}

/// Runs a program, without a shell, with the item on its standard input. How it ends is its own business.
fn run_alert(program: &OsString, arguments: &[OsString], item: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Exec { program: program.into(), source };
    let mut child = Process::new(program).args(arguments).stdin(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input is none of our business either.
        let _ = input.write_all(item.as_bytes()).and_then(|()| input.write_all(b"\n"));
    }
    child.wait().map(|_| ()).map_err(failed)
}

fn export<'a>(arguments: &ExportArgs, screen: &Screen) -> Result<(Request, Present<'a>), Failure> {
    let what = match arguments.what {
        WhatWord::Documents => ExportWhat::Documents,
        WhatWord::Timexes => ExportWhat::Timexes,
        WhatWord::Entities => ExportWhat::Entities,
    };
    let present = match arguments.format {
        Format::Jsonl => Present::Each(json_lines(), Flush::AtEnd),
        Format::Csv => Present::Each(csv::lines(), Flush::AtEnd),
        Format::Parquet => Present::Whole(parquet_file(what, screen)?),
    };
    let selection = selection(&arguments.selection);
    Ok((Request::Export(protocol::Export { what, selection }), present))
}

/// A Parquet file on standard output, unless a person would have to read it.
#[cfg(feature = "parquet")]
fn parquet_file(what: ExportWhat, screen: &Screen) -> Result<Box<dyn Whole>, Failure> {
    match screen.width {
        None => crate::columns::file(what),
        Some(_) => Err(Failure::BinaryOnTerminal),
    }
}

/// Parquet is not in this build.
#[cfg(not(feature = "parquet"))]
fn parquet_file(_: ExportWhat, _: &Screen) -> Result<Box<dyn Whole>, Failure> {
    Err(Failure::NoParquet)
}

fn show_config(global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let config = dateline_config::load(&global.overrides(), &Environment::current())?;
    output::show(&render::config(&config, screen), screen)?;
    for warning in &config.warnings {
        let told = output::labelled("dateline:", style::WARNING, warning, &screen.for_errors());
        io::stderr().write_all(told.as_bytes())?;
    }
    Ok(Exit::Found)
}

#[cfg(test)]
mod tests {
    use super::{plan, read_detail};
    use crate::args::parse;
    use crate::screen::plain;
    use dateline_protocol::{Detail, Match, Request};

    fn request(line: &str) -> Request {
        let cli = parse(line.split_whitespace().map(Into::into)).unwrap_or_else(|error| panic!("{line}: {error}"));
        plan(&cli.command, &plain(None)).map(|(request, _)| request).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn arguments_become_requests() {
        let Request::Search(search) = request("dateline search peace talks --match any --as-of 2022-04 --undated")
        else {
            panic!("a search")
        };
        assert_eq!(search.selection.query, "peace talks");
        assert_eq!(search.selection.matching, Match::Any);
        assert_eq!(search.selection.as_of.map(|day| day.to_string()).as_deref(), Some("2022-04-30"));
        assert!(search.selection.undated);
        assert_eq!((search.limit, search.offset, search.paths_only), (10, 0, false));
        let Request::Search(search) = request("dateline search x -0") else { panic!("a search") };
        assert!(search.paths_only);
        let Request::DateSet(set) = request("dateline date set a.txt unknown") else { panic!("a decision") };
        assert_eq!((set.document.as_str(), set.date), ("a.txt", None));
        let Request::Tail(tail) = request("dateline alert grain --from-sequence 7") else { panic!("an alert") };
        assert!(tail.once && tail.follow && tail.from_sequence == Some(7));
        let Request::Ask(ask) = request("dateline ask index plain") else { panic!("a question") };
        assert_eq!(ask.question, "plain");
    }

    #[test]
    fn every_request_names_its_operation_on_the_wire() {
        for line in ["status", "failures", "retry", "doctor", "undated", "rescan", "why x", "who", "entities list"] {
            let request = request(&format!("dateline {line}"));
            let wire = serde_json::to_value(&request).unwrap();
            assert_eq!(wire["op"], request.op());
        }
    }

    #[test]
    fn ranges_are_told_from_names() {
        assert_eq!(read_detail("120..128").unwrap(), Detail::Bytes { start: 120, end: 128 });
        assert_eq!(read_detail("dating").unwrap(), Detail::Processor("dating".to_owned()));
        assert!(read_detail("8..3").is_err());
        assert!(read_detail("a..b").is_err());
    }
}
