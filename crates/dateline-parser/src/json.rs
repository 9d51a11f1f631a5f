//! JSON and JSON Lines: one record after another, good ones kept when others are broken. Never a tree of the whole file.

use crate::decode::Decoded;
use crate::options::JsonFields;
use crate::record::{Draft, Facts, Sink};
use crate::{ParseError, ParserOptions};
use dateline_core::{Origin, keys};
use serde_json::{Map, Value};
use std::ops::ControlFlow;

type Record = Map<String, Value>;

/// Deepest nesting of fields that is kept as metadata (`a.b.c`).
const METADATA_DEPTH_MAX: usize = 4;

/// Whether a text of unknown kind is JSON that holds records: it parses, and is or starts with an object.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let start = text.trim_start();
    if !start.starts_with('{')
        && !start.starts_with("[{")
        && !start.replacen(['\n', '\r', '\t', ' '], "", 8).starts_with("[{")
    {
        return false;
    }
    let body = start.strip_prefix('[').unwrap_or(start);
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<serde::de::IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
}

/// Reads one object per line.
pub(crate) fn read_lines(
    decoded: &Decoded<'_>,
    options: &ParserOptions,
    sink: &mut Sink<'_>,
) -> Result<(), ParseError> {
    let reader = Reader { fields: &options.json, diagnostic: decoded };
    for (number, line) in (1u32..).zip(decoded.text.split('\n')) {
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
    let reader = Reader { fields: &options.json, diagnostic: decoded };
    let text = &*decoded.text;
    let start = text.len() - text.trim_start().len();
    if text[start..].starts_with('[') {
        let _ = reader.array(text, start + 1, sink);
    } else {
        let _ = reader.values(text, start, sink);
    }
    nothing_good(sink)
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
    diagnostic: &'a Decoded<'a>,
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
                    self.record_or_list(value, line, sink)?;
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

    fn record_or_list(&self, value: Value, line: u32, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let Value::Object(mut record) = value else { return self.record(value, line, sink) };
        if self.text(&record).is_some() {
            return self.record(Value::Object(record), line, sink);
        }
        let is_list = |name: &&String| record.get(*name).is_some_and(|value| matches!(value, Value::Array(_)));
        let Some(name) = self.fields.records.iter().find(is_list).cloned() else {
            return self.record(Value::Object(record), line, sink);
        };
        let Some(Value::Array(items)) = record.remove(&name) else { return ControlFlow::Continue(()) };
        for item in items {
            self.record(item, line, sink)?;
        }
        ControlFlow::Continue(())
    }

    fn text(&self, record: &Record) -> Option<String> {
        let found = self.fields.text.iter().filter_map(|name| lookup(record, name));
        found.filter_map(prose).find(|text| !text.trim().is_empty())
    }

    fn record(&self, value: Value, line: u32, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let Value::Object(record) = value else {
            sink.fail(None, line, "the record is not a JSON object");
            return ControlFlow::Continue(());
        };
        let part_id = self.fields.id.iter().filter_map(|name| lookup(&record, name)).find_map(scalar);
        let Some(text) = self.text(&record) else {
            let names = self.fields.text.join("`, `");
            sink.fail(part_id.as_deref(), line, format!("the record has no text in `{names}`"));
            return ControlFlow::Continue(());
        };
        let mut draft = Draft { part_id, text, origin: Origin { offset: None, line }, ..Draft::default() };
        draft.diagnostics.extend(self.diagnostic.diagnostic());
        draft.title = self.fields.title.iter().filter_map(|name| lookup(&record, name)).find_map(scalar);
        self.facts(&record, &mut draft.facts);
        sink.accept(draft)
    }

    /// The known fields under their keys first, then all others under their own names.
    fn facts(&self, record: &Record, facts: &mut Facts) {
        let JsonFields { id, title, text, date, url, source, author, records: _ } = self.fields;
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
                push_value(facts, &name.to_lowercase(), value, 0);
            }
        }
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

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
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
