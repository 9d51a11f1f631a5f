//! The contract of `dateline annotate`: JSON Lines in, JSON Lines out. Running the chain is not here.

use super::Days;
use dateline_core::layers::{Candidate, Dct, DctLayer, DctRole, EntityLayer, EntityType, TimexLayer};
use dateline_core::{
    Date, DateInterval, DateTime, DctHint, Genre, Hints, MentionHint, Metadata, Outcome, OutcomeState, Span,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One line of input. Keys that are not listed here, and nulls, are ignored, so that gold files can be piped in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(expecting = "an object with `text`")]
pub struct AnnotateInput {
    /// Given back as it is; the number of the line when absent.
    #[serde(default)]
    pub id: Value,
    /// The text. All offsets point into it.
    pub text: String,
    /// Headline.
    #[serde(default)]
    pub title: Option<String>,
    /// When it was written: `2022`, `2022-04`, `2022-04-05`, `A..B`, or an RFC 3339 time. Wins over what the text says.
    #[serde(default)]
    pub dct: Option<String>,
    /// A path whose name may hold a date.
    #[serde(default)]
    pub path: Option<String>,
    /// `news`, `narrative` or `colloquial`; any other word is ignored.
    #[serde(default)]
    pub genre: Option<String>,
    /// Where given, exactly these mentions are resolved.
    #[serde(default)]
    pub mentions: Option<Vec<MentionIn>>,
    /// What the source says beside the text: strings, numbers, or lists of them.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, Value>>,
}

/// A mention given from outside.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct MentionIn {
    /// First byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// `PER`, `ORG`, `LOC` or `MISC`, or a name for one of these (`PERSON`, `GPE`, `FAC`); anything else is `MISC`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
}

/// Why a line of input was not annotated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadLine {
    /// It is not JSON, or `text` is missing.
    #[error("line is not a document")]
    Json(#[source] serde_json::Error),
    /// `dct` is neither date nor time.
    #[error("`dct` is `{0}`: write `2022-04-05`, `2022-04`, `2022` or an RFC 3339 time")]
    Date(String),
    /// A mention does not fit the text.
    #[error("mention does not fit the text")]
    Mention(#[source] dateline_core::SpanError),
}

impl AnnotateInput {
    /// Reads one line.
    ///
    /// # Errors
    /// [`BadLine::Json`].
    pub fn parse(line: &[u8]) -> Result<AnnotateInput, BadLine> {
        serde_json::from_slice(line).map_err(BadLine::Json)
    }

    /// What the caller says about the document, checked against the text.
    ///
    /// # Errors
    /// [`BadLine::Date`], [`BadLine::Mention`].
    pub fn hints(&self) -> Result<Hints, BadLine> {
        let dct = self.dct.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let dct = dct.map(|text| read_dct(text).ok_or_else(|| BadLine::Date(text.to_owned()))).transpose()?;
        let genre = match self.genre.as_deref() {
            Some("news") => Some(Genre::News),
            Some("narrative") => Some(Genre::Narrative),
            Some("colloquial") => Some(Genre::Colloquial),
            _ => None,
        };
        let mentions = self.mentions.as_ref().map(|mentions| self.check_mentions(mentions)).transpose()?;
        Ok(Hints { dct, genre, mentions })
    }

    /// Given mentions in text order, each once.
    fn check_mentions(&self, mentions: &[MentionIn]) -> Result<Vec<MentionHint>, BadLine> {
        let hint = |mention: &MentionIn| {
            let span = Span { start: mention.start, end: mention.end };
            span.check(&self.text).map_err(BadLine::Mention)?;
            Ok(MentionHint { span, kind: entity_type(mention.kind.as_deref()) })
        };
        let mut hints = mentions.iter().map(hint).collect::<Result<Vec<MentionHint>, BadLine>>()?;
        hints.sort_by_key(|hint| hint.span);
        hints.dedup_by_key(|hint| hint.span);
        Ok(hints)
    }

    /// The metadata as processors see it: keys in lower case, one entry per value, anything but text and numbers as
    /// compact JSON.
    #[must_use]
    pub fn facts(&self) -> Metadata {
        let mut facts = Metadata::default();
        for (key, value) in self.metadata.iter().flatten() {
            let key = key.to_lowercase();
            match value {
                Value::Array(values) => values.iter().for_each(|value| push_fact(&mut facts, &key, value)),
                value => push_fact(&mut facts, &key, value),
            }
        }
        facts
    }
}

fn push_fact(facts: &mut Metadata, key: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => facts.push(key, text),
        other => facts.push(key, other.to_string()),
    }
}

fn entity_type(word: Option<&str>) -> EntityType {
    match word {
        Some("PERSON" | "person") => EntityType::Per,
        Some("ORGANIZATION" | "ORGANISATION" | "organization") => EntityType::Org,
        Some("LOCATION" | "GPE" | "FAC" | "place") => EntityType::Loc,
        word => word.and_then(EntityType::parse).unwrap_or(EntityType::Misc),
    }
}

/// A civil interval, or a time in whatever zone it was given in.
fn read_dct(text: &str) -> Option<DctHint> {
    if let Ok(interval) = DateInterval::parse(text) {
        return Some(DctHint { interval: Some(interval), time: None, decided: false });
    }
    let local: DateTime = text.trim_end_matches(['Z', 'z']).parse().ok()?;
    let has_time = text.len() > "2022-04-05".len();
    Some(DctHint {
        interval: Some(DateInterval::day(local.date())),
        time: has_time.then(|| local.time()),
        decided: false,
    })
}

/// One line of output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnnotateOutput {
    /// As given.
    pub id: Value,
    /// When it was written, and why; `null` when that is not known.
    pub dct: Option<DocumentDct>,
    /// Temporal expressions, in text order, never overlapping.
    pub timex: Vec<TimexOut>,
    /// Names, in text order, never overlapping.
    pub entities: Vec<MentionOut>,
    /// Quotations, in text order, never overlapping.
    pub quotes: Vec<QuoteOut>,
    /// How each processor fared, by name.
    pub outcomes: BTreeMap<String, OutcomeOut>,
}

/// What is written for a line that could not be annotated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnnotateError {
    /// As given, where it could be read.
    pub id: Value,
    /// Number of the line in the input, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub error: String,
}

impl AnnotateError {
    /// The record for a bad line, causes included.
    #[must_use]
    pub fn new(id: Value, line: u64, error: &dyn std::error::Error) -> AnnotateError {
        let mut message = error.to_string();
        for cause in std::iter::successors(error.source(), |cause| cause.source()) {
            message.push_str(": ");
            message.push_str(&cause.to_string());
        }
        AnnotateError { id, line, error: message }
    }
}

/// A document's own date with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentDct {
    /// First day it may be.
    #[schemars(with = "String")]
    pub earliest: Date,
    /// Last day it may be.
    #[schemars(with = "String")]
    pub latest: Date,
    /// `time`, `day`, `week`, `month`, `year` or `interval`.
    pub precision: String,
    /// In percent, 1 to 100.
    pub confidence: u8,
    /// What speaks for it and what lost, best first.
    pub evidence: Vec<Evidence>,
}

impl DocumentDct {
    /// The date of a layer, when it has one.
    #[must_use]
    pub fn of(layer: &DctLayer) -> Option<DocumentDct> {
        let dct: &Dct = layer.dct.as_ref()?;
        Some(DocumentDct {
            earliest: dct.interval.earliest,
            latest: dct.interval.latest,
            precision: dct.precision.word().to_owned(),
            confidence: dct.confidence,
            evidence: layer.candidates.iter().map(Evidence::of).collect(),
        })
    }

    /// The days it may be.
    #[must_use]
    pub fn days(&self) -> Days {
        Days { earliest: self.earliest, latest: self.latest }
    }
}

/// One piece of evidence for a document's date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Where it comes from: `header`, `front-matter`, `json-ld`, `dateline`, `file-name`, `decision` ...
    pub kind: String,
    /// What was read there, as written.
    pub quote: String,
    /// First byte of it in the text, when it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// The byte after its last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
    /// First day it speaks for.
    #[schemars(with = "String")]
    pub earliest: Date,
    /// Last day it speaks for.
    #[schemars(with = "String")]
    pub latest: Date,
    /// `published`, `updated`, `lower-bound` or `upper-bound`.
    pub role: String,
    /// In percent.
    pub weight: u8,
    /// Whether the date rests on it.
    pub accepted: bool,
    /// Why it was accepted or lost.
    pub note: String,
}

impl Evidence {
    /// The evidence of a candidate.
    #[must_use]
    pub fn of(candidate: &Candidate) -> Evidence {
        let role = match candidate.role {
            DctRole::Published => "published",
            DctRole::Updated => "updated",
            DctRole::LowerBound => "lower-bound",
            DctRole::UpperBound => "upper-bound",
        };
        Evidence {
            kind: candidate.kind.clone(),
            quote: candidate.quote.clone(),
            start: candidate.span.map(|span| span.start),
            end: candidate.span.map(|span| span.end),
            earliest: candidate.interval.earliest,
            latest: candidate.interval.latest,
            role: role.to_owned(),
            weight: candidate.weight,
            accepted: candidate.accepted,
            note: candidate.note.clone(),
        }
    }
}

/// One temporal expression (TIMEX3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimexOut {
    /// First byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// `DATE`, `TIME`, `DURATION` or `SET`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Normalised value.
    pub value: String,
    /// The words.
    pub text: String,
    /// First day it may mean; absent when the value is underspecified, a length or a set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub earliest: Option<Date>,
    /// Last day it may mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub latest: Option<Date>,
    /// TIMEX3 `mod`.
    #[serde(default, rename = "mod", skip_serializing_if = "Option::is_none")]
    pub modifier: Option<String>,
    /// TIMEX3 `quant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quant: Option<String>,
    /// TIMEX3 `freq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freq: Option<String>,
    /// The rule that gave the value.
    pub rule: String,
}

impl TimexOut {
    /// The expressions of a layer over `text`; spans that do not fit it are left out.
    #[must_use]
    pub fn all(layer: &TimexLayer, text: &str) -> Vec<TimexOut> {
        let out = |timex: &dateline_core::layers::Timex| {
            Some(TimexOut {
                start: timex.span.start,
                end: timex.span.end,
                kind: timex.kind.word().to_owned(),
                value: timex.value.clone(),
                text: timex.span.slice(text)?.to_owned(),
                earliest: timex.earliest,
                latest: timex.latest,
                modifier: timex.modifier.clone(),
                quant: timex.quant.clone(),
                freq: timex.freq.clone(),
                rule: timex.rule.clone(),
            })
        };
        layer.0.iter().filter_map(out).collect()
    }
}

/// One mention of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MentionOut {
    /// First byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// `PER`, `ORG`, `LOC` or `MISC`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The words.
    pub text: String,
    /// Which entity of this document, from 1; the same for all its mentions.
    pub entity: u32,
    /// The entity's fullest name in the document, or its watchlist name.
    pub name: String,
    /// Watchlist id, when it is on one.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl MentionOut {
    /// The mentions of a layer over `text`; mentions that fit neither the text nor an entity are left out.
    #[must_use]
    pub fn all(layer: &EntityLayer, text: &str) -> Vec<MentionOut> {
        let out = |mention: &dateline_core::layers::Mention| {
            let entity = layer.entities.get(mention.entity as usize)?;
            Some(MentionOut {
                start: mention.span.start,
                end: mention.span.end,
                kind: mention.kind.word().to_owned(),
                text: mention.span.slice(text)?.to_owned(),
                entity: mention.entity + 1,
                name: entity.name.clone(),
                reference: entity.reference.clone(),
            })
        };
        layer.mentions.iter().filter_map(out).collect()
    }
}

/// One stretch between quotation marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteOut {
    /// First byte, the mark's.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// `direct`, or `mixed` where the words are part of the article's own sentence.
    pub kind: String,
    /// The words, marks included.
    pub text: String,
    /// Number from 1 of what was said in one go, in one stretch or several.
    pub utterance: u32,
    /// The words for the speaker: a name, a pronoun, `the minister`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// First byte of the words for the speaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker_start: Option<u32>,
    /// The byte after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker_end: Option<u32>,
    /// The speaker by the fullest name the document gives, where the words name an entity or mean one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which entity of this document that is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<u32>,
    /// Its watchlist id, when it is on one.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The words that say that somebody speaks: `said`, `according to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cue: Option<String>,
    /// First byte of the cue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cue_start: Option<u32>,
    /// The byte after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cue_end: Option<u32>,
}

/// How a processor fared on a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeOut {
    /// `done`, `failed` or `skipped`.
    pub state: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The layer whose absence made it skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// What was odd about the document: `code: message`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<String>,
}

impl OutcomeOut {
    /// The outcome of one processor.
    #[must_use]
    pub fn of(outcome: &Outcome) -> OutcomeOut {
        let (state, reason, missing) = match &outcome.state {
            OutcomeState::Done => ("done", None, None),
            OutcomeState::Failed { reason } => ("failed", Some(reason.clone()), None),
            OutcomeState::Skipped { missing } => ("skipped", None, Some(missing.clone())),
        };
        let diagnostics = outcome.diagnostics.iter().map(|found| format!("{}: {}", found.code, found.message));
        OutcomeOut { state: state.to_owned(), reason, missing, diagnostics: diagnostics.collect() }
    }

    /// The outcomes of all processors, by name.
    #[must_use]
    pub fn all<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> BTreeMap<String, OutcomeOut> {
        outcomes.into_iter().map(|outcome| (outcome.processor.clone(), OutcomeOut::of(outcome))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{AnnotateInput, AnnotateOutput, BadLine, MentionOut, OutcomeOut};
    use dateline_core::layers::{Entity, EntityLayer, EntityType, Mention};
    use dateline_core::{Genre, Span};
    use serde_json::json;

    fn parse(line: &str) -> AnnotateInput {
        AnnotateInput::parse(line.as_bytes()).expect("reads")
    }

    #[test]
    fn unknown_keys_and_nulls_are_ignored() {
        let input = parse(
            r#"{"id":7,"text":"x","title":null,"dct":null,"genre":"fiction","mentions":null,"metadata":null,
                "timex":[{"start":0}],"note":"gold"}"#,
        );
        assert_eq!(input.id, json!(7));
        assert_eq!(input.hints().unwrap(), dateline_core::Hints::default());
        assert_eq!(parse(r#"{"text":"x"}"#).id, serde_json::Value::Null);
    }

    #[test]
    fn dates_and_times_are_read_in_the_zone_they_are_given_in() {
        let hint = |dct: &str| {
            let input = AnnotateInput { dct: Some(dct.to_owned()), ..AnnotateInput::default() };
            let hint = input.hints().map(|hints| hints.dct).unwrap()?;
            Some((hint.interval?.to_string(), hint.time.map(|time| time.to_string())))
        };
        let day = |time: Option<&str>| Some(("2022-04-05".to_owned(), time.map(str::to_owned)));
        assert_eq!(hint("2022-04-05"), day(None));
        assert_eq!(hint("2022-04-05T23:30:00+09:00"), day(Some("23:30:00")));
        assert_eq!(hint("2022-04-05T23:30:00Z"), day(Some("23:30:00")));
        assert_eq!(hint("2022-04-05T15:44:00"), day(Some("15:44:00")));
        assert_eq!(hint("2022-04"), Some(("2022-04".to_owned(), None)));
        assert_eq!(hint(" "), None);
        let bad = AnnotateInput { dct: Some("yesterday".to_owned()), ..AnnotateInput::default() };
        assert!(matches!(bad.hints(), Err(BadLine::Date(text)) if text == "yesterday"));
    }

    #[test]
    fn given_mentions_are_sorted_and_checked() {
        let input = parse(
            r#"{"text":"Kyïv and Xi","genre":"narrative","mentions":[{"start":10,"end":12,"type":"PERSON"},
                {"start":0,"end":5,"type":"GPE"},{"start":0,"end":5,"type":"LOC"}]}"#,
        );
        let hints = input.hints().unwrap();
        assert_eq!(hints.genre, Some(Genre::Narrative));
        let kinds: Vec<_> = hints.mentions.unwrap().iter().map(|hint| (hint.span.start, hint.kind)).collect();
        assert_eq!(kinds, [(0, EntityType::Loc), (10, EntityType::Per)]);
        let cut = parse(r#"{"text":"Kyïv","mentions":[{"start":0,"end":3}]}"#);
        assert!(matches!(cut.hints(), Err(BadLine::Mention(_))));
    }

    #[test]
    fn metadata_becomes_facts() {
        let input = parse(r#"{"text":"","metadata":{"Author":["A","B"],"page":3,"none":null}}"#);
        let facts: Vec<_> = input.facts().iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(facts, ["author=A", "author=B", "page=3"]);
    }

    #[test]
    fn the_order_of_keys_is_the_contract() {
        let layer = EntityLayer {
            mentions: vec![Mention { span: Span::new(0, 2), kind: EntityType::Per, entity: 0 }],
            entities: vec![Entity { kind: EntityType::Per, name: "Xi Jinping".to_owned(), reference: None }],
        };
        let done = OutcomeOut { state: "done".to_owned(), reason: None, missing: None, diagnostics: Vec::new() };
        let output = AnnotateOutput {
            id: json!("a"),
            dct: None,
            timex: Vec::new(),
            entities: MentionOut::all(&layer, "Xi"),
            quotes: Vec::new(),
            outcomes: [("entities".to_owned(), done)].into(),
        };
        assert_eq!(
            serde_json::to_string(&output).unwrap(),
            r#"{"id":"a","dct":null,"timex":[],"entities":[{"start":0,"end":2,"type":"PER","text":"Xi","entity":1,"name":"Xi Jinping"}],"quotes":[],"outcomes":{"entities":{"state":"done"}}}"#
        );
    }
}
