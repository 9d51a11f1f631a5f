//! JSON and JSON Lines: one record after another, good ones kept when others are broken. Never a tree of the whole file.

use crate::decode::Decoded;
use crate::options::JsonFields;
use crate::record::{Draft, Facts, Sink};
use crate::{ParseError, ParserOptions, html};
use dateline_core::{Diagnostic, Origin, keys};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::ops::ControlFlow;

type Record = Map<String, Value>;

/// Deepest nesting of fields that is kept as metadata (`a.b.c`).
const METADATA_DEPTH_MAX: usize = 4;

/// Whether a text is JSON that may hold records: it starts with a whole object, or an array of them.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let start = text.trim_start();
    let first = start.strip_prefix('[').map_or(start, str::trim_start);
    first.starts_with('{') && first_value_ends(first).is_some()
}

/// Whether a text holds one object per line: its first line is a whole object, and another one starts below.
pub(crate) fn looks_like_lines(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    first.starts_with('{')
        && first_value_ends(first) == Some(first.len())
        && lines.next().is_some_and(|line| line.starts_with('{'))
}

fn first_value_ends(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// Reads one object per line.
pub(crate) fn read_lines(
    decoded: &Decoded<'_>,
    options: &ParserOptions,
    sink: &mut Sink<'_>,
) -> Result<(), ParseError> {
    let reader = Reader { fields: &options.json, decoded };
    let text = without_controls(&decoded.text, sink);
    for (number, line) in (1u32..).zip(text.split('\n')) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let flow = match serde_json::from_str::<Value>(line) {
            Ok(value) => reader.record(value, number, sink),
            Err(error) => {
                sink.fail(None, number, format!("not valid JSON: {}", without_line(&error)));
                ControlFlow::Continue(())
            }
        };
        if flow.is_break() {
            break;
        }
    }
    nothing_good(sink)
}

/// Reads one object, an array of objects, an object that holds such an array, or several of these after another.
pub(crate) fn read(decoded: &Decoded<'_>, options: &ParserOptions, sink: &mut Sink<'_>) -> Result<(), ParseError> {
    let reader = Reader { fields: &options.json, decoded };
    let text = &*without_controls(&decoded.text, sink);
    let start = text.len() - text.trim_start().len();
    let list = if text[start..].starts_with('[') {
        Some(start)
    } else {
        reader.list_inside(&text[start..]).map(|at| start + at)
    };
    let _ = match list {
        Some(at) => reader.array(text, at + 1, sink),
        None => reader.values(text, start, sink),
    };
    nothing_good(sink)
}

/// JSON forbids control characters in its strings; files that were damaged hold them all the same.
fn without_controls<'a>(text: &'a str, sink: &mut Sink<'_>) -> Cow<'a, str> {
    let control = |c: char| c.is_ascii_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{7f}');
    if !text.contains(control) {
        return Cow::Borrowed(text);
    }
    sink.diagnostics.push(Diagnostic::new("control-characters", "control characters were read as blanks"));
    Cow::Owned(text.replace(control, " "))
}

fn nothing_good(sink: &Sink<'_>) -> Result<(), ParseError> {
    match sink.first_failure() {
        Some(failure) if sink.documents() == 0 => Err(ParseError::broken(format!(
            "no record could be read; the first, on line {}: {}",
            failure.line, failure.reason
        ))),
        _ => Ok(()),
    }
}

struct Reader<'a> {
    fields: &'a JsonFields,
    decoded: &'a Decoded<'a>,
}

impl Reader<'_> {
    /// The elements of an array whose `[` stands just before `at`.
    fn array(&self, text: &str, mut at: usize, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let mut lines = Lines::new(text);
        loop {
            at += blanks(&text[at..]);
            match text.as_bytes().get(at) {
                None => {
                    sink.fail(None, lines.line(at), "the file ends inside a list");
                    return ControlFlow::Continue(());
                }
                Some(b']') => return ControlFlow::Continue(()),
                Some(b',') => {
                    at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let line = lines.line(at);
            match next_value(&text[at..]) {
                Ok((value, length)) => {
                    at += length.max(1);
                    self.record(value, line, sink)?;
                }
                Err(error) => {
                    sink.fail(
                        None,
                        line,
                        format!("not valid JSON, and nothing behind it was read: {}", without_line(&error)),
                    );
                    return ControlFlow::Continue(());
                }
            }
        }
    }

    /// Values after another, with nothing but white space between them.
    fn values(&self, text: &str, mut at: usize, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let mut lines = Lines::new(text);
        while at < text.len() {
            let line = lines.line(at);
            match next_value(&text[at..]) {
                Ok((value, length)) => {
                    at += length.max(1);
                    self.record(value, line, sink)?;
                }
                Err(error) => {
                    sink.fail(
                        None,
                        line,
                        format!("not valid JSON, and nothing behind it was read: {}", without_line(&error)),
                    );
                    break;
                }
            }
            at += blanks(&text[at..]);
        }
        ControlFlow::Continue(())
    }

    /// Where the `[` of the list of records stands in an object that is no record itself.
    ///
    /// Found without parsing the object as a whole, so that a list that is cut off gives the records before the cut.
    fn list_inside(&self, text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        let (mut depth, mut at) = (0usize, 0usize);
        let mut key = "";
        let mut found = None;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    if depth == 1
                        && *byte == b'['
                        && found.is_none()
                        && self.fields.records.iter().any(|name| name == key)
                    {
                        found = Some(at);
                    }
                    depth += 1;
                }
                b'}' | b']' if depth <= 1 => break,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    let Some(end) = string_end(bytes, at + 1) else { break };
                    let name = depth == 1 && text[end + 1..].trim_start().starts_with(':');
                    if name {
                        key = &text[at + 1..end];
                        if self.fields.text.iter().any(|name| name == key) {
                            return None;
                        }
                    }
                    at = end;
                }
                _ => {}
            }
            at += 1;
        }
        found
    }

    fn text(&self, record: &Record) -> Option<String> {
        let found = self.fields.text.iter().filter_map(|name| lookup(record, name));
        let texts = found.filter_map(prose).find(|text| !text.trim().is_empty());
        // Some services put web markup into their text fields.
        texts
            .map(|text| if is_markup(&text) { html::fragment(&text) } else { text })
            .filter(|text| !text.trim().is_empty())
    }

    fn record(&self, value: Value, line: u32, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let Value::Object(record) = value else {
            sink.fail(None, line, "the record is not a JSON object");
            return ControlFlow::Continue(());
        };
        let part_id = part_id(&record, self.fields);
        let Some(text) = self.text(&record) else {
            let names = self.fields.text.join("`, `");
            sink.fail(part_id.as_deref(), line, format!("the record has no text in `{names}`"));
            return ControlFlow::Continue(());
        };
        let mut draft =
            Draft { part_id, text, origin: Origin { offset: None, line, by_line: false }, ..Draft::default() };
        draft.diagnostics.extend(self.decoded.diagnostic());
        record_facts(&record, self.fields, &mut draft);
        sink.accept(draft)
    }
}

fn part_id(record: &Record, fields: &JsonFields) -> Option<String> {
    fields.id.iter().filter_map(|name| lookup(record, name)).find_map(scalar)
}

/// Fills title and metadata of a draft from a record, or from front matter.
pub(crate) fn record_facts(record: &Record, fields: &JsonFields, draft: &mut Draft) {
    let title = fields.title.iter().filter_map(|name| lookup(record, name)).find_map(text_or_rendered);
    draft.title = title.map(|title| if html::dom::has_tags(&title) { html::prose(&title) } else { title });
    facts(record, fields, &mut draft.facts);
}

/// The known fields under their keys first, then all others under their own names.
fn facts(record: &Record, fields: &JsonFields, facts: &mut Facts) {
    let JsonFields { id, title, text, date, url, source, author, records: _ } = fields;
    let mut taken: Vec<&str> = [id, title, text].into_iter().flatten().map(String::as_str).collect();
    let known = [(keys::DATE, date), (keys::URL, url), (keys::SOURCE, source), (keys::AUTHOR, author)];
    for (key, names) in known {
        let found = names.iter().find_map(|name| lookup(record, name).map(|value| (name, value)));
        if let Some((name, value)) = found {
            push_known(facts, key, value);
            taken.push(name);
        }
    }
    for (name, value) in record {
        if !taken.contains(&name.as_str()) {
            push_value(facts, key_of(name).as_ref(), value, 0);
        }
    }
}

/// Names under which records give their times of publication and change.
const PUBLISHED: &[&str] = &[
    "pubdate",
    "published_at",
    "publishedat",
    "publish_date",
    "publishdate",
    "date_published",
    "datepublished",
    "publication_date",
];
const UPDATED: &[&str] =
    &["lastmod", "modified", "date_modified", "datemodified", "updated_at", "updatedat", "last_modified"];

fn key_of(name: &str) -> Cow<'static, str> {
    let lower = name.to_lowercase();
    match lower.as_str() {
        known if PUBLISHED.contains(&known) => keys::PUBLISHED.into(),
        known if UPDATED.contains(&known) => keys::UPDATED.into(),
        "language" => keys::LANGUAGE.into(),
        _ => lower.into(),
    }
}

/// The field called `name`, or where `name` has dots and no field is called so, the field it leads to.
fn lookup<'a>(record: &'a Record, name: &str) -> Option<&'a Value> {
    if let Some(value) = record.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    match record.get(first)? {
        Value::Object(inner) => lookup(inner, rest),
        _ => None,
    }
}

fn text_or_rendered(value: &Value) -> Option<String> {
    scalar(value).or_else(|| value.get("rendered").and_then(scalar))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a text field holds HTML: it starts with a tag, or has the end of a paragraph in it.
fn is_markup(text: &str) -> bool {
    (text.trim_start().starts_with('<') && html::dom::has_tags(text)) || text.contains("</p>") || text.contains("<br")
}

/// A text, a list of paragraphs, or an object that holds its text as `value` (Atom as JSON) or `rendered` (WordPress).
fn prose(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            parts.map(|parts| parts.join("\n\n"))
        }
        Value::Object(inner) => {
            ["value", "rendered"].iter().find_map(|name| inner.get(*name)?.as_str().map(str::to_owned))
        }
        _ => None,
    }
}

fn push_known(facts: &mut Facts, key: &str, value: &Value) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| push_known(facts, key, value)),
        Value::Object(inner) => {
            if let Some(name) = inner.get("name").and_then(scalar) {
                facts.push(key, &name);
            }
        }
        _ => {
            if let Some(value) = scalar(value) {
                facts.push(key, &value);
            }
        }
    }
}

fn push_value(facts: &mut Facts, key: &str, value: &Value, depth: usize) {
    match value {
        Value::Null => {}
        Value::String(text) => facts.push(key, text),
        Value::Bool(_) | Value::Number(_) => facts.push(key, &value.to_string()),
        Value::Array(values) if depth < METADATA_DEPTH_MAX => {
            values.iter().for_each(|value| push_value(facts, key, value, depth + 1));
        }
        Value::Object(inner) if depth < METADATA_DEPTH_MAX => {
            for (name, value) in inner {
                push_value(facts, &format!("{key}.{}", name.to_lowercase()), value, depth + 1);
            }
        }
        Value::Array(_) | Value::Object(_) => {}
    }
}

/// The value at the start of `text` and its length in bytes.
fn next_value(text: &str) -> Result<(Value, usize), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok((value, values.byte_offset())),
        Some(Err(error)) => Err(error),
        None => Ok((Value::Null, text.len())),
    }
}

/// Where the string that starts at `from` ends.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The error's own words; serde_json counts lines from where the record starts, which would mislead.
fn without_line(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Line numbers of offsets that only grow.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Lines<'a> {
        Lines { bytes: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line, from 1, of the byte `offset`.
    pub(crate) fn line(&mut self, offset: usize) -> u32 {
        let offset = offset.clamp(self.at, self.bytes.len());
        let breaks = memchr::memchr_iter(b'\n', &self.bytes[self.at..offset]).count();
        self.at = offset;
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.line
    }
}
