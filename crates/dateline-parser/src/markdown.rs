//! Markdown: front matter to metadata, the rest to prose without markup.

use crate::decode::Decoded;
use crate::html;
use crate::json;
use crate::limits;
use crate::options::ParserOptions;
use crate::record::Draft;
use dateline_core::{Diagnostic, Origin};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde_json::{Map, Value};

/// The head of a Markdown file.
struct FrontMatter<'a> {
    source: &'a str,
    toml: bool,
    /// Where the body starts.
    body: usize,
}

/// Whether a text starts with front matter that closes.
pub(crate) fn has_front_matter(text: &str) -> bool {
    front_matter(text).is_some_and(|found| found.source.lines().any(|line| line.contains([':', '='])))
}

/// The document of a Markdown file.
pub(crate) fn read(decoded: &Decoded<'_>, options: &ParserOptions) -> Draft {
    let text = &*decoded.text;
    let mut draft = Draft::default();
    draft.diagnostics.extend(decoded.diagnostic());
    let mut start = 0;
    if let Some(found) = front_matter(text) {
        start = found.body;
        match fields(&found) {
            Ok(record) => json::record_facts(&record, &options.json, &mut draft),
            Err(reason) => {
                draft.diagnostics.push(Diagnostic::new("bad-front-matter", reason));
                json::record_facts(&lines(found.source), &options.json, &mut draft);
            }
        }
    }
    start += text[start..].len() - text[start..].trim_start_matches(['\n', '\r']).len();
    let body = &text[start..];
    let prose = prose(body);
    if draft.title.is_none() {
        draft.title = prose.title;
    }
    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let same = body.starts_with(prose.text.as_str());
    let offset = decoded.offset.filter(|_| same).map(|at| at + start as u64);
    draft.origin = Origin { offset, line: u32::try_from(line).unwrap_or(u32::MAX), by_line: same };
    draft.text = prose.text;
    draft
}

/// Finds `---` or `+++` lines around the head of a file.
fn front_matter(text: &str) -> Option<FrontMatter<'_>> {
    let first = text.lines().next()?.trim_end();
    let toml = match first {
        "---" => false,
        "+++" => true,
        _ => return None,
    };
    let start = text.find('\n')? + 1;
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let closes = line.trim_end() == first || (!toml && line.trim_end() == "...");
        if closes {
            return Some(FrontMatter { source: &text[start..at], toml, body: at + line.len() });
        }
        at += line.len();
        if at > limits::FRONT_MATTER_BYTES_MAX {
            return None;
        }
    }
    None
}

fn fields(found: &FrontMatter<'_>) -> Result<Map<String, Value>, String> {
    if found.toml {
        let table: toml::Table = found.source.parse().map_err(|error: toml::de::Error| first_line(error.message()))?;
        return Ok(table.into_iter().map(|(name, value)| (name, from_toml(value))).collect());
    }
    match serde_yaml_ng::from_str::<Value>(found.source) {
        Ok(Value::Object(record)) => Ok(record),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err("the front matter is not a list of fields".to_owned()),
        Err(error) => Err(first_line(&error.to_string())),
    }
}

fn first_line(message: &str) -> String {
    format!("the front matter could not be read: {}", message.lines().next().unwrap_or_default())
}

/// TOML's own dates become the text they were written as.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::from(truth),
        toml::Value::Array(values) => values.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(name, value)| (name, from_toml(value))).collect(),
    }
}

/// `name: value` lines of front matter that is not valid, so that a stray quote does not cost the date.
fn lines(source: &str) -> Map<String, Value> {
    let pairs =
        source.lines().filter(|line| !line.starts_with([' ', '-', '#'])).filter_map(|line| line.split_once([':', '=']));
    let clean = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    pairs.map(|(name, value)| (clean(name), Value::String(clean(value)))).collect()
}

#[derive(Default)]
struct Prose {
    text: String,
    title: Option<String>,
    /// Depth of elements whose content is no prose.
    skipped: usize,
    /// Where the current level-one heading starts.
    heading: Option<usize>,
    lists: usize,
    html: String,
}

/// The prose of a Markdown text; its first level-one heading is its title when nothing stands before it.
fn prose(body: &str) -> Prose {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES | Options::ENABLE_TASKLISTS;
    let mut prose = Prose::default();
    for event in Parser::new_ext(body, options) {
        prose.event(event);
    }
    let kept = prose.text.trim_end().len();
    prose.text.truncate(kept);
    prose
}

impl Prose {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) if self.skipped == 0 => self.text.push_str(&text),
            Event::InlineHtml(markup) if markup.trim_start_matches('<').starts_with("br") => self.text.push('\n'),
            Event::Html(markup) => self.html.push_str(&markup),
            Event::SoftBreak if self.skipped == 0 => self.text.push(' '),
            Event::HardBreak if self.skipped == 0 => self.text.push('\n'),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level: HeadingLevel::H1, .. } if self.title.is_none() && self.text.is_empty() => {
                self.heading = Some(0);
            }
            Tag::Image { .. } | Tag::MetadataBlock(_) => self.skipped += 1,
            Tag::List(_) => {
                self.lists += 1;
                self.separate(if self.lists > 1 { "\n" } else { "\n\n" });
            }
            Tag::Item | Tag::TableRow | Tag::TableHead => self.separate("\n"),
            Tag::TableCell if !self.text.is_empty() && !self.text.ends_with('\n') => self.text.push(' '),
            Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::BlockQuote(_) if self.lists == 0 => {
                self.separate("\n\n");
            }
            Tag::HtmlBlock => self.html.clear(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                if let Some(start) = self.heading.take() {
                    self.title = Some(self.text[start..].trim().to_owned()).filter(|title| !title.is_empty());
                }
                self.separate("\n\n");
            }
            TagEnd::Image | TagEnd::MetadataBlock(_) => self.skipped = self.skipped.saturating_sub(1),
            TagEnd::List(_) => {
                self.lists = self.lists.saturating_sub(1);
                self.separate(if self.lists > 0 { "\n" } else { "\n\n" });
            }
            TagEnd::Paragraph if self.lists > 0 => self.separate("\n"),
            TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::BlockQuote(_) | TagEnd::Table => self.separate("\n\n"),
            TagEnd::HtmlBlock => {
                let text = html::fragment(&std::mem::take(&mut self.html));
                if !text.is_empty() {
                    self.separate("\n\n");
                    self.text.push_str(&text);
                    self.separate("\n\n");
                }
            }
            _ => {}
        }
    }

    /// Sees to it that the text ends with `gap`, unless it is empty.
    fn separate(&mut self, gap: &str) {
        let kept = self.text.trim_end_matches([' ', '\t']).len();
        self.text.truncate(kept);
        if !self.text.is_empty() {
            while !self.text.ends_with(gap) {
                self.text.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{has_front_matter, prose};

    #[test]
    fn markup_is_left_out_and_words_stay() {
        let read = prose(
            "# Grain *sails*\n\nThe [first ship](http://x) left\nOdesa ![map](m.png).\n\n- one\n- two\n\n> He said `no`.\n",
        );
        assert_eq!(read.title.as_deref(), Some("Grain sails"));
        assert_eq!(read.text, "Grain sails\n\nThe first ship left Odesa .\n\none\ntwo\n\nHe said no.");
    }

    #[test]
    fn html_inside_is_no_prose() {
        assert_eq!(
            prose("<div><p>One &amp; two</p></div>\n\nThree<br>four <b>x</b>\n").text,
            "One & two\n\nThree\nfour x"
        );
    }

    #[test]
    fn front_matter_must_close() {
        assert!(has_front_matter("---\ntitle: x\n---\ntext"));
        assert!(has_front_matter("+++\ntitle = 'x'\n+++\ntext"));
        assert!(!has_front_matter("---\ntitle: x\n\ntext"));
        assert!(!has_front_matter("---\n\nA rule.\n\n---\n"));
    }
}
