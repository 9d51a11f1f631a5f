//! RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom. One entry after another, so that a feed cut off or broken in its middle
//! gives the entries before and after. Loads nothing a feed links to.

use crate::ParseError;
use crate::decode::Decoded;
use crate::html::{self, dom, entities};
use crate::json::Lines;
use crate::record::{Draft, Facts, Sink, one_line};
use crate::xml::{Piece, Reader};
use dateline_core::{Origin, keys};
use std::ops::ControlFlow;

/// Most elements of one entry that are looked at.
const FIELDS_MAX: usize = 500;

/// Whether an XML root element is that of a feed.
pub(crate) fn is_feed(root: &str) -> bool {
    matches!(local(root), "rss" | "feed" | "RDF" | "channel")
}

/// Reads the entries of a feed.
pub(crate) fn read(decoded: &Decoded<'_>, sink: &mut Sink<'_>) -> Result<(), ParseError> {
    let source = &*decoded.text;
    let mut walk = Walk {
        source,
        decoded,
        lines: Lines::new(source),
        channel: Channel::default(),
        entry: None,
        field: None,
        context: Vec::new(),
    };
    let mut reader = Reader::new(source);
    let mut flow = ControlFlow::Continue(());
    while flow.is_continue()
        && let Some((at, piece)) = reader.next()
    {
        flow = walk.piece(at, reader.offset(), piece, sink);
    }
    if flow.is_continue()
        && let Some(entry) = walk.entry.take()
    {
        sink.fail(entry.id().as_deref(), entry.line, "the file ends inside this entry");
    }
    match sink.first_failure() {
        Some(failure) if sink.documents() == 0 => Err(ParseError::broken(format!(
            "no entry could be read; the first, on line {}: {}",
            failure.line, failure.reason
        ))),
        _ => Ok(()),
    }
}

/// What the feed says about all its entries.
#[derive(Default)]
struct Channel {
    title: Option<String>,
    language: Option<String>,
}

/// An element of an entry (or channel) whose end is awaited.
struct Field<'a> {
    name: &'a str,
    attributes: &'a str,
    content: usize,
    /// Elements of the same name open inside.
    nested: usize,
    /// Whether it has elements inside.
    markup: bool,
}

#[derive(Default)]
struct Entry<'a> {
    name: &'a str,
    line: u32,
    about: Option<String>,
    fields: Vec<(&'a str, &'a str, Content<'a>)>,
}

#[derive(Clone, Copy)]
struct Content<'a> {
    raw: &'a str,
    markup: bool,
}

struct Walk<'a, 'd> {
    source: &'a str,
    decoded: &'d Decoded<'a>,
    lines: Lines<'a>,
    channel: Channel,
    entry: Option<Entry<'a>>,
    field: Option<Field<'a>>,
    /// Names of the elements open around entries; only the last is looked at.
    context: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn piece(&mut self, at: usize, behind: usize, piece: Piece<'a>, sink: &mut Sink<'_>) -> ControlFlow<()> {
        match piece {
            Piece::Text => {}
            Piece::Start { name, attributes, empty } => return self.start(at, behind, name, attributes, empty, sink),
            Piece::End { name } => return self.end(at, name, sink),
        }
        ControlFlow::Continue(())
    }

    fn start(
        &mut self,
        at: usize,
        behind: usize,
        name: &'a str,
        attributes: &'a str,
        empty: bool,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        if matches!(name, "item" | "entry" | "rss:item" | "atom:entry") && !empty {
            if let Some(open) = self.entry.take() {
                sink.fail(open.id().as_deref(), open.line, "the entry has no end");
            }
            let about =
                dom::attributes(attributes).find(|(name, _)| *name == "rdf:about").map(|(_, value)| text(value));
            self.field = None;
            self.entry = Some(Entry { name, line: self.lines.line(at), about, fields: Vec::new() });
            return ControlFlow::Continue(());
        }
        match &mut self.field {
            Some(field) => {
                field.markup = true;
                field.nested += usize::from(field.name == name && !empty);
            }
            None if empty => self.keep(name, attributes, Content { raw: "", markup: false }),
            None if self.entry.is_some() || is_channel_field(name, self.context.last().copied()) => {
                self.field = Some(Field { name, attributes, content: behind, nested: 0, markup: false });
            }
            None => {
                self.context.truncate(64);
                self.context.push(name);
            }
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, at: usize, name: &'a str, sink: &mut Sink<'_>) -> ControlFlow<()> {
        if let Some(field) = &mut self.field {
            if field.name == name {
                if field.nested > 0 {
                    field.nested -= 1;
                } else {
                    let content = Content { raw: &self.source[field.content..at], markup: field.markup };
                    let (name, attributes) = (field.name, field.attributes);
                    self.field = None;
                    self.keep(name, attributes, content);
                }
                return ControlFlow::Continue(());
            }
            if self.entry.as_ref().is_none_or(|entry| entry.name != name) {
                return ControlFlow::Continue(());
            }
        }
        if self.entry.as_ref().is_some_and(|entry| entry.name == name)
            && let Some(entry) = self.entry.take()
        {
            self.field = None;
            return self.finish(&entry, sink);
        }
        if self.context.last() == Some(&name) {
            self.context.pop();
        }
        ControlFlow::Continue(())
    }

    fn keep(&mut self, name: &'a str, attributes: &'a str, content: Content<'a>) {
        match &mut self.entry {
            Some(entry) if entry.fields.len() < FIELDS_MAX => entry.fields.push((name, attributes, content)),
            Some(_) => {}
            None => match local(name) {
                "title" => self.channel.title = self.channel.title.take().or_else(|| Some(headline(content))),
                "language" => self.channel.language = self.channel.language.take().or_else(|| Some(text(content.raw))),
                _ => {}
            },
        }
    }

    fn finish(&mut self, entry: &Entry<'a>, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let part_id = entry.id();
        let title = entry.field(&["title"]).map(headline).filter(|title| !title.is_empty());
        let bodies = [
            "content:encoded",
            "content",
            "atom:content",
            "xhtml:body",
            "body",
            "description",
            "summary",
            "atom:summary",
            "dc:description",
        ];
        let found =
            bodies.iter().filter_map(|name| entry.field(&[name])).map(prose).find(|text| !text.trim().is_empty());
        let Some(text) = found.or_else(|| title.clone()) else {
            sink.fail(part_id.as_deref(), entry.line, "the entry has neither text nor title");
            return ControlFlow::Continue(());
        };
        let origin = Origin { offset: None, line: entry.line, by_line: false };
        let mut draft = Draft { part_id, title, text, origin, ..Draft::default() };
        draft.diagnostics.extend(self.decoded.diagnostic());
        self.facts(entry, &mut draft.facts);
        sink.accept(draft)
    }

    fn facts(&self, entry: &Entry<'a>, facts: &mut Facts) {
        for (name, attributes, content) in &entry.fields {
            let value = || text(content.raw);
            match *name {
                "pubDate" | "published" | "dc:date" | "issued" | "date" | "dcterms:created" | "dcterms:issued"
                | "created" | "atom:published" => {
                    facts.push(keys::PUBLISHED, &value());
                }
                "updated" | "modified" | "atom:updated" | "dcterms:modified" => facts.push(keys::UPDATED, &value()),
                "link" | "atom:link" => link(attributes, content, facts),
                "author" | "dc:creator" | "atom:author" | "creator" => facts.push(keys::AUTHOR, &author(content)),
                "category" | "dc:subject" => {
                    let term = attribute(attributes, "term").unwrap_or_else(value);
                    facts.push("category", &term);
                }
                "source" | "dc:publisher" if !content.markup => facts.push(keys::SOURCE, &value()),
                "dc:language" => facts.push(keys::LANGUAGE, &value()),
                _ => {}
            }
        }
        if facts.get(keys::SOURCE).is_none() {
            facts.push(keys::SOURCE, self.channel.title.as_deref().unwrap_or_default());
        }
        if facts.get(keys::LANGUAGE).is_none() {
            facts.push(keys::LANGUAGE, self.channel.language.as_deref().unwrap_or_default());
        }
    }
}

impl<'a> Entry<'a> {
    /// The first element with one of these names that says something.
    fn field(&self, names: &[&str]) -> Option<Content<'a>> {
        let named = self.fields.iter().filter(|(name, _, _)| names.contains(name));
        named.map(|(_, _, content)| *content).find(|content| !content.raw.trim().is_empty())
    }

    fn id(&self) -> Option<String> {
        let id = self.field(&["guid", "id", "atom:id"]).map(|content| text(content.raw)).filter(|id| !id.is_empty());
        id.or_else(|| self.about.clone().filter(|id| !id.is_empty()))
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Fields of the feed itself; those of its picture or text box are not.
fn is_channel_field(name: &str, context: Option<&str>) -> bool {
    let around = context.map(local);
    matches!(name, "title" | "language" | "atom:title") && matches!(around, Some("channel" | "feed"))
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let found = dom::attributes(attributes).find(|(found, _)| *found == name)?;
    Some(entities::decode(found.1).trim().to_owned()).filter(|value| !value.is_empty())
}

fn link(attributes: &str, content: &Content<'_>, facts: &mut Facts) {
    match attribute(attributes, "href") {
        Some(address) => {
            if attribute(attributes, "rel").is_none_or(|rel| rel == "alternate") {
                facts.push(keys::URL, &address);
            }
        }
        None => facts.push(keys::URL, &text(content.raw)),
    }
}

/// A name: the text of the element, or of the `name` inside it (Atom).
fn author(content: &Content<'_>) -> String {
    if !content.markup {
        return text(content.raw);
    }
    let mut reader = Reader::new(content.raw);
    let mut start = None;
    while let Some((at, piece)) = reader.next() {
        match piece {
            Piece::Start { name, empty: false, .. } if local(name) == "name" => start = Some(reader.offset()),
            Piece::End { name } if local(name) == "name" => {
                return start.map(|start| text(&content.raw[start..at])).unwrap_or_default();
            }
            _ => {}
        }
    }
    String::new()
}

/// The text of an element: CDATA as it stands, references replaced elsewhere.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once("<![CDATA[") {
        entities::decode_into(before.trim(), &mut out);
        let (inside, behind) = after.split_once("]]>").unwrap_or((after, ""));
        out.push_str(inside);
        rest = behind;
    }
    entities::decode_into(rest.trim(), &mut out);
    out.trim().to_owned()
}

/// A headline may hold escaped markup or references escaped twice.
fn headline(content: Content<'_>) -> String {
    one_line(&prose(content))
}

/// The prose of an element that holds text, escaped HTML or elements.
fn prose(content: Content<'_>) -> String {
    let held = if content.markup && !content.raw.trim_start().starts_with("<![CDATA[") {
        content.raw.to_owned()
    } else {
        text(content.raw)
    };
    html::prose(&held)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn cdata_is_kept_and_references_elsewhere_replaced() {
        assert_eq!(text(" a &amp; b <![CDATA[<p>&amp;</p>]]> "), "a & b<p>&amp;</p>");
        assert_eq!(text("<![CDATA[open"), "open");
    }
}
