//! Dated events from the user's lists: what a text names that had happened, it was not written before.
//!
//! Finds the names of events in a text. Knows nothing of names of persons or places, and weighs nothing.

use aho_corasick::{AhoCorasick, MatchKind};
use dateline_processor::core::{DateInterval, Span};
use dateline_processor::{BuildError, Resources};
use serde::Deserialize;

/// Most events of one text that are looked at.
const EVENTS_PER_TEXT_MAX: usize = 8;
/// How quotes are typed in names: straight in lists, either way in texts.
const APOSTROPHES: [&str; 2] = ["'", "\u{2019}"];

/// One file of events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EventFile {
    #[serde(default, rename = "note")]
    _note: Option<String>,
    #[serde(default, rename = "entry")]
    entries: Vec<EventEntry>,
}

/// One event of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EventEntry {
    id: String,
    name: String,
    /// When it happened or began: `2022-02-24`, `2022-02`, `2022` or `A..B`.
    date: String,
    #[serde(default)]
    aliases: Vec<String>,
    /// Words of which one must stand in the text too, for names that other events share.
    #[serde(default)]
    beside: Vec<String>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

/// An event as it is looked for.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its id in the list.
    pub(crate) id: String,
    /// When it happened or began.
    pub(crate) date: DateInterval,
    beside: Vec<String>,
}

/// All events of the lists.
#[derive(Debug, Default)]
pub(crate) struct Events {
    events: Vec<Event>,
    /// Finds names; none when there are no events.
    names: Option<AhoCorasick>,
    /// The event of each name.
    named: Vec<usize>,
}

impl Events {
    /// Reads the lists.
    ///
    /// # Errors
    /// When a file is no list of events, a date is none, or a name is empty.
    pub(crate) fn read(resources: &Resources) -> Result<Events, BuildError> {
        let mut found = Events::default();
        let mut names = Vec::new();
        for file in resources.files() {
            let wrong = |what: &str| BuildError::new(format!("list of events `{}` {what}", file.path));
            let text = std::str::from_utf8(&file.bytes).map_err(|source| wrong("is not UTF-8").because(source))?;
            let list: EventFile = toml::from_str(text).map_err(|source| wrong("does not read").because(source))?;
            for entry in list.entries {
                let date = DateInterval::parse(&entry.date)
                    .map_err(|source| wrong(&format!("has no date for `{}`", entry.id)).because(source))?;
                for name in std::iter::once(&entry.name).chain(&entry.aliases) {
                    if name.trim().is_empty() {
                        return Err(wrong(&format!("has an empty name for `{}`", entry.id)));
                    }
                    let count = if name.contains(APOSTROPHES[0]) { APOSTROPHES.len() } else { 1 };
                    names.extend(APOSTROPHES[..count].iter().map(|sign| name.replace(APOSTROPHES[0], sign)));
                    found.named.extend(std::iter::repeat_n(found.events.len(), count));
                }
                found.events.push(Event { id: entry.id, date, beside: entry.beside });
            }
        }
        if !names.is_empty() {
            let built =
                AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(names);
            found.names = Some(built.map_err(|source| BuildError::new("the events are too many").because(source))?);
        }
        Ok(found)
    }

    /// The events that `text` names, in its order, each name as whole words.
    pub(crate) fn named_in<'a>(&'a self, text: &str) -> Vec<(Span, &'a Event)> {
        let Some(names) = &self.names else { return Vec::new() };
        let bytes = text.as_bytes();
        let joins = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
        let mut found = Vec::new();
        for hit in names.find_iter(text) {
            let whole = !joins(hit.start().checked_sub(1).and_then(|at| bytes.get(at))) && !joins(bytes.get(hit.end()));
            let event = &self.events[self.named[hit.pattern().as_usize()]];
            let meant = event.beside.is_empty() || event.beside.iter().any(|word| text.contains(word.as_str()));
            if whole && meant {
                found.push((Span::new(hit.start(), hit.end()), event));
            }
            if found.len() == EVENTS_PER_TEXT_MAX {
                break;
            }
        }
        found
    }
}
