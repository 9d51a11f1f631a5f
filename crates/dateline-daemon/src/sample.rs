//! `try --sample`: the chain of this program and configuration over some of the folder's documents, compared with what is
//! stored of them. Writes nothing; what is stored is asked of whoever may read it, so a running daemon is no hindrance.

use crate::attempt::{chain_of, check_name, json_layer};
use crate::decisions::{About, hints_for, name_by_id};
use crate::difference;
use crate::errors::Fatal;
use crate::program::Program;
use crate::program::programs::THIS_PROGRAM;
use crate::setup;
use dateline_core::{DocumentId, DocumentInput, PartNames, SourceInfo, SourcePath, Timestamp};
use dateline_parser::ParsedDocument;
use dateline_pipeline::{Chain, Previous, RunOptions, error_chain};
use dateline_protocol::wire::{
    DifferenceKind, LayerCounts, LayerDifference, SampleDifference, SampleTally, Shown, Status,
};
use dateline_protocol::{Client, Hello, Request, Show};
use dateline_watch::{ReadLimits, Root};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for an answer about one document.
const PATIENCE: Duration = Duration::from_secs(30);
/// Documents whose differences are printed; the rest is counted.
const SHOWN_MAX: usize = 10;
/// Lines printed of one layer of one document.
const LINES_MAX: usize = 30;

/// What is stored, as the daemon or a child of ours tells it.
struct Stored(Client);

impl Stored {
    fn reach(program: &Program) -> Result<Stored, Fatal> {
        let failed = |error: dateline_protocol::ClientError| std::io::Error::other(error_chain(&error));
        let hello = Hello::new(None);
        if let Ok(client) = Client::connect(&setup::socket_of(program), &hello, PATIENCE) {
            return Ok(Stored(client));
        }
        if !program.state.is_dir() {
            let message = format!("there is no state at `{}` to compare with", program.state.display());
            return Err(Fatal::hinted(
                std::io::Error::other(message),
                "`--state DIR` names another; `datelined once` makes one",
            ));
        }
        let mut command = Command::new(THIS_PROGRAM);
        command.arg("answer").arg("--state").arg(&program.state);
        if let Some(config) = &program.config_file {
            command.arg("--config").arg(config);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into());
        };
        // It ends when its input does, which is when this process does.
        let client = Client::over(OwnedFd::from(stdout), Box::new(stdin), &hello, PATIENCE).map_err(failed)?;
        Ok(Stored(client))
    }

    /// Fails when what is stored came from another folder than this program's.
    fn check_root(&mut self, program: &Program) -> Result<(), Fatal> {
        let failed = |error: dateline_protocol::ClientError| std::io::Error::other(error_chain(&error));
        let mut answer = self.0.ask(Request::Status, Some(PATIENCE)).map_err(failed)?;
        let item = answer.next_item().map_err(failed)?;
        while answer.next_item().map_err(failed)?.is_some() {}
        let status = item.and_then(|item| serde_json::from_str::<Status>(item.get()).ok());
        let Some(root) = status.and_then(|status| status.root) else { return Ok(()) };
        if root == program.root.display().to_string() {
            return Ok(());
        }
        let own = program.root.display();
        let message = format!("what is stored came from `{root}`, and this configuration watches `{own}`");
        let hint = format!("name the daemon's configuration with `--config FILE`, or set DATELINE_ROOT='{root}'");
        Err(Fatal::hinted(std::io::Error::other(message), hint))
    }

    fn show(&mut self, document: &str, layer: Option<&str>) -> Result<Shown, String> {
        let layers = layer.map(str::to_owned).into_iter().collect();
        let request = Request::Show(Show { document: document.to_owned(), layers, ..Show::default() });
        let mut answer = self.0.ask(request, Some(PATIENCE)).map_err(|error| error_chain(&error))?;
        let item = answer.next_item().map_err(|error| error_chain(&error))?.ok_or("no answer")?;
        // The end of the answer is taken too: the next one follows it.
        while answer.next_item().map_err(|error| error_chain(&error))?.is_some() {}
        serde_json::from_str(item.get()).map_err(|error| error.to_string())
    }
}

/// A document's layers that differ: name and the lines that changed.
type Changed = Vec<(String, Vec<(char, String)>)>;

#[derive(Default)]
struct Tally {
    layers: BTreeMap<String, LayerCounts>,
    compared: usize,
    skipped: usize,
    shown: usize,
}

/// Compares `count` documents, spread evenly over the folder.
///
/// # Errors
/// When the folder or what is stored cannot be read, or no processor has the name asked for.
pub(crate) fn sample(program: &Arc<Program>, count: usize, only: Option<&str>, as_json: bool) -> Result<(), Fatal> {
    check_name(program, only)?;
    let chain = chain_of(program)?;
    let mut stored = Stored::reach(program)?;
    stored.check_root(program)?;
    let root = Root::open_with(&program.watch_options()).map_err(std::io::Error::other)?;
    let decisions = program.decisions.all()?;
    let by_id = name_by_id(&decisions);
    let mut tally = Tally::default();
    let files: Vec<(SourcePath, i64)> =
        setup::scan(program)?.entries.iter().map(|(path, identity)| (path.clone(), identity.mtime_ns)).collect();
    let step = (files.len() / count.max(1)).max(1);
    let mut output = std::io::stdout().lock();
    for (path, mtime_ns) in files.iter().step_by(step) {
        let limits = ReadLimits { file_bytes_max: program.file_bytes_max() };
        let Ok(file) = root.read(path, limits) else { continue };
        let mut documents: Vec<ParsedDocument> = Vec::new();
        let left = count - tally.compared;
        // A file that cannot be parsed has no documents to compare; `dateline failures` lists it.
        let _ = dateline_parser::parse(path, &file.bytes, &program.parser, &mut |parsed| {
            documents.push(parsed);
            if documents.len() < left { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let mut names = PartNames::default();
        for parsed in documents {
            let (part, _) = names.next(parsed.part_id.as_deref(), parsed.number);
            let name = format!("{}#{part}", path.display());
            // Only what is stored has an id.
            let shown = by_id.then(|| stored.show(&name, None).ok()).flatten();
            let document = shown.filter(|shown| !shown.deleted).map(|shown| DocumentId(shown.document));
            let hints = hints_for(&decisions, &About { document, path, part: &part });
            let mtime = Timestamp::from_nanosecond((*mtime_ns).into()).ok();
            let source = SourceInfo { path: path.display(), mtime };
            let input = DocumentInput { document: parsed.document, source, hints };
            let changed = compare(&chain, &input, &name, only, &mut stored, &mut tally)?;
            report(&mut output, &name, &changed, as_json, &mut tally)?;
        }
        if tally.compared >= count {
            break;
        }
    }
    finish(&mut output, &tally, as_json)?;
    Ok(())
}

/// Runs the chain on a document and gives what differs from what is stored of it.
fn compare(
    chain: &Chain,
    input: &DocumentInput,
    name: &str,
    only: Option<&str>,
    stored: &mut Stored,
    tally: &mut Tally,
) -> Result<Changed, Fatal> {
    let before = stored.show(name, None).ok().filter(|shown| shown.text == input.document.text && !shown.deleted);
    let Some(before) = before else {
        // New, changed since it was read, or not taken in: there is nothing to compare with.
        tally.skipped += 1;
        return Ok(Vec::new());
    };
    tally.compared += 1;
    let annotated = chain.run(input, &Previous::default(), &RunOptions::default());
    let mut changed = Vec::new();
    for descriptor in chain.descriptors().filter(|descriptor| only.is_none_or(|only| only == descriptor.name())) {
        for spec in descriptor.assigned() {
            let now = json_layer(spec, &annotated, &input.document.text)?;
            let has = before.layer_names.iter().any(|known| known == spec.name());
            let was = has.then(|| stored.show(name, Some(spec.name())).ok()).flatten();
            let was = was.and_then(|shown| shown.layers.get(spec.name()).cloned()).map(|mut layer| {
                crate::attempt::quote_spans(&mut layer, &input.document.text);
                layer
            });
            let counts = tally.layers.entry(spec.name().to_owned()).or_default();
            counts.documents += 1;
            if was != now {
                counts.differ += 1;
                let lines = changes(was.as_ref(), now.as_ref());
                counts.added += lines.iter().filter(|(sign, _)| *sign == '+').count();
                counts.removed += lines.iter().filter(|(sign, _)| *sign == '-').count();
                changed.push((spec.name().to_owned(), lines));
            }
        }
    }
    Ok(changed)
}

/// One line for each annotation of a layer.
fn lines(layer: Option<&Value>) -> String {
    let line = |value: &Value| format!("{value}\n");
    match layer {
        None => String::new(),
        Some(Value::Array(items)) => items.iter().map(line).collect(),
        Some(Value::Object(fields)) => {
            let field = |(name, value): (&String, &Value)| match value {
                Value::Array(items) => items.iter().map(|item| format!("{name}: {item}\n")).collect(),
                other => format!("{name}: {other}\n"),
            };
            fields.iter().map(field).collect::<Vec<String>>().concat()
        }
        Some(other) => line(other),
    }
}

fn changes(was: Option<&Value>, now: Option<&Value>) -> Vec<(char, String)> {
    let sign = |kind| match kind {
        DifferenceKind::Added => Some('+'),
        DifferenceKind::Removed => Some('-'),
        _ => None,
    };
    let found = difference::lines(&lines(was), &lines(now));
    found.into_iter().filter_map(|change| Some((sign(change.kind)?, change.text))).collect()
}

fn report(
    output: &mut impl Write,
    name: &str,
    changed: &Changed,
    as_json: bool,
    tally: &mut Tally,
) -> std::io::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    if as_json {
        let layer = |(layer, lines): &(String, Vec<(char, String)>)| {
            let of = |wanted: char| lines.iter().filter(move |(sign, _)| *sign == wanted).map(|(_, line)| line.clone());
            (layer.clone(), LayerDifference { removed: of('-').collect(), added: of('+').collect() })
        };
        let difference = SampleDifference { document: name.to_owned(), layers: changed.iter().map(layer).collect() };
        return writeln!(output, "{}", json!(difference));
    }
    tally.shown += 1;
    if tally.shown > SHOWN_MAX {
        return Ok(());
    }
    writeln!(output, "{}", dateline_core::terminal::escape_line(name))?;
    for (layer, lines) in changed {
        writeln!(output, "  {layer}")?;
        for (sign, line) in lines.iter().take(LINES_MAX) {
            writeln!(output, "  {sign} {}", dateline_core::terminal::escape_line(line))?;
        }
        if lines.len() > LINES_MAX {
            writeln!(output, "    and {} lines more", lines.len() - LINES_MAX)?;
        }
    }
    Ok(())
}

fn finish(output: &mut impl Write, tally: &Tally, as_json: bool) -> std::io::Result<()> {
    if as_json {
        let Tally { compared, skipped, layers, .. } = tally;
        let counted = SampleTally { compared: *compared, skipped: *skipped, layers: layers.clone() };
        return writeln!(output, "{}", json!(counted));
    }
    if tally.shown > SHOWN_MAX {
        writeln!(output, "and {} documents more", tally.shown - SHOWN_MAX)?;
    }
    writeln!(output, "{} documents compared", tally.compared)?;
    if tally.skipped > 0 {
        writeln!(output, "{} left out: not stored, or changed since", tally.skipped)?;
    }
    for (name, counts) in &tally.layers {
        let LayerCounts { documents, differ, added, removed } = counts;
        writeln!(output, "  {name}: {} the same, {differ} differ (+{added} -{removed})", documents - differ)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::changes;
    use serde_json::json;

    #[test]
    fn annotations_are_compared_one_by_one() {
        let found = changes(Some(&json!([{"a": 1}, {"a": 2}])), Some(&json!([{"a": 1}, {"a": 3}])));
        assert_eq!(found, [('-', r#"{"a":2}"#.to_owned()), ('+', r#"{"a":3}"#.to_owned())]);
        assert_eq!(changes(None, Some(&json!([{"a": 1}]))), [('+', r#"{"a":1}"#.to_owned())]);
        assert!(changes(Some(&json!({"a": [1]})), Some(&json!({"a": [1]}))).is_empty());
    }
}
