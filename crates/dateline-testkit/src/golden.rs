//! Golden cases: prose, an article, and every annotation that must be found in it, in one Markdown file.
//!
//! Says nothing about how good a processor is: that is what an evaluation over a corpus measures.

use dateline_pipeline::processor::core::{
    DateInterval, DateTime, DctHint, Document, DocumentInput, FacetValue, Genre, Hints, Layer, OutcomeState, Span,
};
use dateline_pipeline::{Annotated, Chain, Member, Previous, RunOptions};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Name of the environment variable that rewrites the cases instead of comparing them.
const UPDATE: &str = "UPDATE_GOLDEN";

/// One annotation as a golden case shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where it stands; `None` for what belongs to the whole document, shown as `= layer: label`.
    pub span: Option<Span>,
    /// Its value in the words of the case.
    pub label: String,
}

impl Note {
    /// A note under the text it stands on.
    #[must_use]
    pub fn at(span: Span, label: impl Into<String>) -> Note {
        Note { span: Some(span), label: label.into() }
    }

    /// A note on the whole document.
    #[must_use]
    pub fn whole(label: impl Into<String>) -> Note {
        Note { span: None, label: label.into() }
    }
}

type Project = Box<dyn Fn(&Chain, &Annotated, &str) -> Vec<(String, Note)>>;
type MakeDocument = Box<dyn Fn(String, Option<String>) -> Document>;

/// Runs the golden cases of a directory.
///
/// A case is a heading, prose, and a fenced block. Lines of carets stand under the line of text they speak of:
///
/// ````text
/// ## "Yesterday" counts from the article's own date, not from today
///
/// ```article dated=2024-03-05 title="Bank closes"
/// LONDON, March 5 - The bank said yesterday it would close.
///         ^^^^^^^ timex: 2024-03-05
///                                 ^^^^^^^^^ timex: 2024-03-04
/// = dct: 2024-03-05
/// ```
/// ````
///
/// - Every annotation of the layers under test must be listed, so a case also says what must not be found.
/// - Carets count characters. `^^^+12` runs on for 12 characters behind the end of its line, line breaks included.
/// - `= layer: label` speaks of the whole document. A failed processor shows as `= outcome: NAME failed: ...`.
/// - A line of text that looks like a marker is written with a `\` before it.
/// - Keys, quoted with `"` where the value has blanks: `dated=` (a date, `2024-03`, an interval `a..b`, or with a time
///   of day `2024-03-05T14:00`), `decided=` (the same as the user's decision; `unknown` too), `title=`, `genre=news`,
///   `path=` and `mtime=` of the source, and `meta.KEY=` for metadata.
/// - The text has no line break at its end.
pub struct Golden {
    directory: PathBuf,
    members: Vec<Member>,
    projections: Vec<Project>,
    document: MakeDocument,
}

impl std::fmt::Debug for Golden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Golden").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// What came of running cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of cases.
    pub cases: usize,
    /// One entry per case that differs, with the difference, ready to print.
    pub failures: Vec<String>,
    /// The file with its cases as they came out.
    pub rewritten: String,
}

impl Golden {
    /// Cases of every `*.md` in `directory`.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Golden {
        let document = |text, title| Document { text, title, ..Document::default() };
        Golden {
            directory: directory.into(),
            members: Vec::new(),
            projections: Vec::new(),
            document: Box::new(document),
        }
    }

    /// Adds an annotator to the chain under test; the order does not matter.
    #[must_use]
    pub fn annotator(mut self, annotator: impl Into<Member>) -> Golden {
        self.members.push(annotator.into());
        self
    }

    /// Puts a layer under test: `project` turns it into notes.
    #[must_use]
    pub fn layer<T: Layer>(mut self, project: impl Fn(&T, &str) -> Vec<Note> + 'static) -> Golden {
        self.projections.push(Box::new(move |chain, annotated, text| {
            let record = annotated.layers.iter().find(|record| record.name == T::NAME);
            let value = record.zip(chain.layer(T::NAME)).and_then(|(record, spec)| spec.decode(record).ok());
            let notes = value.as_ref().and_then(|value| value.downcast_ref::<T>()).map(|layer| project(layer, text));
            notes.unwrap_or_default().into_iter().map(|note| (T::NAME.to_owned(), note)).collect()
        }));
        self
    }

    /// Puts the facets under test, as `= facet: NAME=VALUE`.
    #[must_use]
    pub fn facets(mut self) -> Golden {
        self.projections.push(Box::new(|_, annotated, _| {
            let shown = annotated.facets.iter().map(|facet| format!("{}={}", facet.name, show_facet(&facet.value)));
            shown.map(|label| ("facet".to_owned(), Note::whole(label))).collect()
        }));
        self
    }

    /// Puts the diagnostics of all annotators under test, as `diagnostic: CODE`.
    #[must_use]
    pub fn diagnostics(mut self) -> Golden {
        self.projections.push(Box::new(|_, annotated, _| {
            let all = annotated.outcomes.iter().flat_map(|outcome| &outcome.diagnostics);
            let notes = all.map(|found| Note { span: found.span, label: found.code.clone() });
            notes.map(|note| ("diagnostic".to_owned(), note)).collect()
        }));
        self
    }

    /// Makes documents another way than by their bare text, as with the parser's marks.
    #[must_use]
    pub fn document(mut self, make: impl Fn(String, Option<String>) -> Document + 'static) -> Golden {
        self.document = Box::new(make);
        self
    }

    /// Runs every case; with `UPDATE_GOLDEN=1` it rewrites them instead.
    ///
    /// # Panics
    /// When a case differs, is malformed, or there is none at all.
    pub fn run(self) {
        let directory = self.directory.clone();
        let (chain, case) = self.ready();
        let mut cases = 0;
        let mut failures = Vec::new();
        for file in markdown_files(&directory) {
            let source =
                std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("cannot read {}: {e}", file.display()));
            let report =
                check(&file.display().to_string(), &source, &|input| case.notes(&chain, input), &case.document);
            cases += report.cases;
            if std::env::var_os(UPDATE).is_some_and(|value| value != "0" && !value.is_empty()) {
                if report.rewritten != source {
                    std::fs::write(&file, report.rewritten)
                        .unwrap_or_else(|e| panic!("cannot write {}: {e}", file.display()));
                }
            } else {
                failures.extend(report.failures);
            }
        }
        assert!(cases > 0, "no golden case in `{}`", directory.display());
        let summary = format!("{} of {cases} golden cases differ; {UPDATE}=1 rewrites them", failures.len());
        assert!(failures.is_empty(), "\n{}\n{summary}\n", failures.join("\n"));
    }

    /// Runs the cases of one file's text, for tests of this runner.
    ///
    /// # Panics
    /// When the annotators do not fit together.
    #[must_use]
    pub fn check(self, name: &str, source: &str) -> Report {
        let (chain, case) = self.ready();
        check(name, source, &|input| case.notes(&chain, input), &case.document)
    }

    fn ready(self) -> (Chain, Case) {
        assert!(!self.projections.is_empty(), "BUG: no layer is under test");
        let chain = Chain::new(self.members).unwrap_or_else(|error| panic!("the chain cannot be built: {error}"));
        (chain, Case { projections: self.projections, document: self.document })
    }
}

struct Case {
    projections: Vec<Project>,
    document: MakeDocument,
}

impl Case {
    fn notes(&self, chain: &Chain, input: &DocumentInput) -> Vec<(String, Note)> {
        let annotated = chain.run(input, &Previous::default(), &RunOptions::default());
        let project = |project: &Project| project(chain, &annotated, &input.document.text);
        let mut notes: Vec<(String, Note)> = self.projections.iter().flat_map(project).collect();
        for outcome in &annotated.outcomes {
            let what = match &outcome.state {
                OutcomeState::Done => continue,
                OutcomeState::Failed { reason } => format!("{} failed: {reason}", outcome.processor),
                OutcomeState::Skipped { missing } => format!("{} skipped: `{missing}` is missing", outcome.processor),
            };
            notes.push(("outcome".to_owned(), Note::whole(what)));
        }
        notes
    }
}

fn show_facet(value: &FacetValue) -> String {
    match value {
        FacetValue::Keyword(word) => word.clone(),
        FacetValue::Integer(number) => number.to_string(),
        FacetValue::Number(number) => number.to_string(),
        FacetValue::Date(date) => date.to_string(),
    }
}

fn markdown_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|e| panic!("cannot list `{}`: {e}", directory.display()));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.sort();
    files
}

type Annotate<'a> = &'a dyn Fn(&DocumentInput) -> Vec<(String, Note)>;

/// Walks a Markdown file: everything but the bodies of `article` blocks is passed on unchanged.
fn check(name: &str, source: &str, annotate: Annotate<'_>, document: &MakeDocument) -> Report {
    let mut report = Report::default();
    let mut heading = "";
    let mut lines = source.split_inclusive('\n').enumerate();
    while let Some((number, line)) = lines.next() {
        report.rewritten.push_str(line);
        let bare = line.trim_end();
        if let Some(title) = bare.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim();
        }
        let fence: String = bare.chars().take_while(|letter| *letter == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let mut body = Vec::new();
        let mut end = "";
        for (_, line) in lines.by_ref() {
            if line.trim_end() == fence {
                end = line;
                break;
            }
            body.push(line.trim_end_matches(['\n', '\r']));
        }
        let place = format!("{name}:{}", number + 1);
        assert!(!end.is_empty(), "{place}: the block is not closed");
        match bare[fence.len()..].strip_prefix("article") {
            Some(keys) if keys.is_empty() || keys.starts_with(' ') => {
                report.cases += 1;
                let block = run_block(&place, keys, &body, annotate, document);
                if block.trim_end_matches('\n') != body.join("\n").trim_end_matches('\n') {
                    report.failures.push(show_difference(&place, heading, &body.join("\n"), &block));
                }
                report.rewritten.push_str(&block);
            }
            _ => body.iter().for_each(|line| {
                report.rewritten.push_str(line);
                report.rewritten.push('\n');
            }),
        }
        report.rewritten.push_str(end);
    }
    report
}

/// The body of a block as it should be.
fn run_block(place: &str, keys: &str, body: &[&str], annotate: Annotate<'_>, document: &MakeDocument) -> String {
    let text: Vec<&str> = body.iter().filter(|line| !is_marker(line)).map(|line| unescape(line)).collect();
    let input = input(keys, text.join("\n"), document).unwrap_or_else(|reason| panic!("{place}: {reason}"));
    // A document maker may change the text; markers are shown under what the annotators saw.
    let text = input.document.text.clone();
    let mut notes = annotate(&input);
    notes.sort_by(|(layer, note), (other_layer, other)| {
        let key = |note: &Note| note.span.map_or((u32::MAX, u32::MAX), |span| (span.start, span.end));
        key(note).cmp(&key(other)).then_with(|| layer.cmp(other_layer)).then_with(|| note.label.cmp(&other.label))
    });
    render(&text, &notes)
}

fn is_marker(line: &str) -> bool {
    if let Some(rest) = line.strip_prefix("= ") {
        return rest.split_once(':').map_or(rest, |(layer, _)| layer).chars().all(is_layer_letter);
    }
    let rest = line.trim_start_matches(' ');
    let carets = rest.trim_start_matches('^');
    if carets.len() == rest.len() {
        return false;
    }
    let carets = carets.strip_prefix('+').map_or(carets, |more| more.trim_start_matches(|c: char| c.is_ascii_digit()));
    let Some(label) = carets.strip_prefix(' ') else { return false };
    label.split_once(':').map_or(label, |(layer, _)| layer).chars().all(is_layer_letter)
}

fn is_layer_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "._-".contains(letter)
}

fn unescape(line: &str) -> &str {
    line.strip_prefix('\\').filter(|rest| is_marker(rest) || rest.starts_with('\\')).unwrap_or(line)
}

fn escape(line: &str) -> String {
    let looks_escaped = line.starts_with('\\') && unescape(line) != line;
    if is_marker(line) || looks_escaped { format!("\\{line}") } else { line.to_owned() }
}

fn render(text: &str, notes: &[(String, Note)]) -> String {
    let mut shown = String::new();
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        let _ = writeln!(shown, "{}", escape(line));
        // The line break belongs to its line, so that a span which starts there has a place.
        let here = |span: &Span| (start..=end).contains(&(span.start as usize));
        for (layer, note) in notes {
            if let Some(span) = note.span.filter(here) {
                let _ = writeln!(shown, "{}", caret_line(text, start, end, span, layer, &note.label));
            }
        }
        start = end + 1;
    }
    for (layer, note) in notes {
        match note.span {
            None => {
                let _ = writeln!(shown, "= {}", tail(layer, &note.label));
            }
            Some(span) if span.start as usize > text.len() => {
                let _ = writeln!(shown, "= {} (at {span}, outside the text)", tail(layer, &note.label));
            }
            Some(_) => {}
        }
    }
    shown
}

fn caret_line(text: &str, line_start: usize, line_end: usize, span: Span, layer: &str, label: &str) -> String {
    let count = |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
    let (start, end) = (span.start as usize, (span.end as usize).min(text.len()));
    let here = count(start, end.min(line_end));
    let more = count(line_end.max(start), end.max(line_end.max(start)));
    let mut line = " ".repeat(count(line_start, start));
    // A span that starts at the line break still shows one caret, under the break itself.
    let carets = if here == 0 { 1 } else { here };
    let more = if here == 0 { more.saturating_sub(1) } else { more };
    line.push_str(&"^".repeat(carets));
    if more > 0 {
        let _ = write!(line, "+{more}");
    }
    let _ = write!(line, " {}", tail(layer, label));
    line
}

fn tail(layer: &str, label: &str) -> String {
    let label = label.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    if label.is_empty() { layer.to_owned() } else { format!("{layer}: {label}") }
}

fn show_difference(place: &str, heading: &str, expected: &str, actual: &str) -> String {
    let mut shown = format!("{place}: {heading}\n");
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    for line in diff(&expected, &actual) {
        let _ = writeln!(shown, "    {line}");
    }
    shown
}

/// Lines with `-` (expected only), `+` (found only) or blank, by the longest common subsequence.
fn diff(expected: &[&str], actual: &[&str]) -> Vec<String> {
    let mut common = vec![vec![0_usize; actual.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..actual.len()).rev() {
            common[i][j] = if expected[i] == actual[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < expected.len() || j < actual.len() {
        if i < expected.len() && j < actual.len() && expected[i] == actual[j] {
            lines.push(format!("  {}", expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == actual.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(format!("- {}", expected[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", actual[j]));
            j += 1;
        }
    }
    lines
}

fn input(keys: &str, text: String, make: &MakeDocument) -> Result<DocumentInput, String> {
    let keys = parse_keys(keys)?;
    let title = keys.iter().find(|(key, _)| key == "title").map(|(_, value)| value.clone());
    let mut input = DocumentInput { document: make(text, title), ..DocumentInput::default() };
    for (key, value) in keys {
        match key.as_str() {
            "title" => {}
            "dated" => input.hints.dct = Some(dct_hint(&value, false)?),
            "decided" => input.hints.dct = Some(dct_hint(&value, true)?),
            "genre" => input.hints = Hints { genre: Some(genre(&value)?), ..input.hints },
            "path" => input.source.path = value,
            "mtime" => input.source.mtime = Some(value.parse().map_err(|e| format!("`mtime={value}`: {e}"))?),
            _ => match key.strip_prefix("meta.") {
                Some(name) => input.document.metadata.push(name, value),
                None => return Err(format!("`{key}` is no key of an article block")),
            },
        }
    }
    Ok(input)
}

fn dct_hint(value: &str, decided: bool) -> Result<DctHint, String> {
    if value == "unknown" {
        return Ok(DctHint { interval: None, time: None, decided });
    }
    if value.contains('T') {
        let moment: DateTime = value.parse().map_err(|e| format!("`{value}`: {e}"))?;
        return Ok(DctHint { interval: Some(DateInterval::day(moment.date())), time: Some(moment.time()), decided });
    }
    let interval = DateInterval::parse(value).map_err(|e| format!("`{value}`: {e}"))?;
    Ok(DctHint { interval: Some(interval), time: None, decided })
}

fn genre(word: &str) -> Result<Genre, String> {
    match word {
        "news" => Ok(Genre::News),
        "narrative" => Ok(Genre::Narrative),
        "colloquial" => Ok(Genre::Colloquial),
        _ => Err(format!("`{word}` is no genre: news, narrative or colloquial")),
    }
}

/// `a=b c="d e"`; inside quotes `\"` and `\\` stand for themselves.
fn parse_keys(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut keys = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(|| format!("`{rest}` is not `key=value`"))?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted)?,
            None => {
                let end = after.find(' ').unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        keys.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(keys)
}

fn quoted_value(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    Err(format!("`\"{text}` has no closing quote"))
}

#[cfg(test)]
mod tests {
    use super::{Golden, Note, parse_keys};
    use crate::doc_example::{ShoutLayer, Shouting};

    fn golden() -> Golden {
        Golden::new("unused")
            .annotator(Shouting::default())
            .layer(|layer: &ShoutLayer, text| {
                layer
                    .0
                    .iter()
                    .map(|span| Note::at(*span, span.slice(text).unwrap_or_default().to_lowercase()))
                    .collect()
            })
            .facets()
    }

    const GOOD: &str = "# Shouting\n\nProse with `code`.\n\n```article\nKYÏV, Ukraine - NATO met.\n^^^^ shout: kyïv\n                \
                        ^^^^ shout: nato\nno FUN\n= facet: shouted=2\n```\n\n```toml\nNOT A CASE\n```\nend";

    #[test]
    fn a_case_that_holds_is_left_as_it_is() {
        let report = golden().check("good.md", GOOD);
        assert_eq!(report.failures, Vec::<String>::new());
        assert_eq!(report.rewritten, GOOD);
        assert_eq!(report.cases, 1);
    }

    #[test]
    fn missing_spurious_and_moved_annotations_fail() {
        for (from, to) in [
            ("^^^^ shout: kyïv\n", ""),
            ("                ^^^^ shout: nato\n", "                ^^^ shout: nato\n"),
            ("shout: nato", "shout: otan"),
            ("no FUN\n", "no FUN\n   ^^^ shout: fun\n"),
            ("shouted=2", "shouted=3"),
        ] {
            let broken = GOOD.replace(from, to);
            assert_ne!(broken, GOOD);
            let report = golden().check("bad.md", &broken);
            assert_eq!(report.failures.len(), 1, "{broken}");
            assert!(report.failures[0].starts_with("bad.md:5: Shouting\n"), "{}", report.failures[0]);
            assert_eq!(report.rewritten, GOOD, "rewriting puts it right");
        }
    }

    #[test]
    fn text_that_looks_like_a_marker_is_kept_apart() {
        let source = "```article\n\\^^^^ shout: x\n\\= x\n\\\\= y\n= facet: shouted=0\n```\n";
        let report = golden().check("odd.md", source);
        assert_eq!((report.failures, report.rewritten.as_str()), (Vec::new(), source));
    }

    #[test]
    fn spans_over_lines_say_how_far_they_run() {
        let golden = Golden::new("unused").annotator(Shouting::default()).layer(|_: &ShoutLayer, text| {
            let end = text.len();
            vec![Note::at(dateline_pipeline::processor::core::Span::new(2, end), "all")]
        });
        let source = "```article\nab\u{e9}d\nef\n  ^^+3 shout: all\n```\n";
        let report = golden.check("lines.md", source);
        assert_eq!(report.rewritten, "```article\nab\u{e9}d\n  ^^+3 shout: all\nef\n```\n");
    }

    #[test]
    fn keys_may_be_quoted() {
        let keys = parse_keys(r#" dated=2024-03-05 title="A \"B\" c" meta.date=x"#).expect("parses");
        let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(keys, [("dated", "2024-03-05"), ("title", "A \"B\" c"), ("meta.date", "x")]);
        assert!(parse_keys("title=\"open").is_err());
        assert!(parse_keys("loose").is_err());
    }
}
