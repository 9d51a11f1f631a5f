//! The layers that quotations are found with, made by plain rules: what the real chain gives is another crate's matter.

use dateline_processor::core::Span;
use dateline_processor::core::layers::{Entity, EntityLayer, EntityType, Mention, SentenceLayer};
use dateline_processor::{Annotator, BuildAnnotator, Descriptor, DocumentView, Input, Output, ProcessError, Resources};
use dateline_processor_quotes::{Quotes, QuotesConfig};

/// Names the cases use, with the entity each means.
const NAMES: [(&str, usize); 7] = [
    ("Mr. Tarn", 0),
    ("Ada Tarn", 1),
    ("Tarn", 1),
    ("Bo Lind", 2),
    ("Lind", 2),
    ("Harbour Ministry", 3),
    ("Ostfjord", 4),
];
const ENTITIES: [(&str, EntityType); 5] = [
    ("Emil Tarn", EntityType::Per),
    ("Ada Tarn", EntityType::Per),
    ("Bo Lind", EntityType::Per),
    ("Harbour Ministry", EntityType::Org),
    ("Ostfjord", EntityType::Loc),
];

/// The annotator under test, with its default options.
pub(crate) fn quotes() -> Quotes {
    Quotes::build(QuotesConfig::default(), &Resources::default()).expect("the defaults build")
}

/// Writes `sentence` and `entity`.
pub(crate) struct Layers(Descriptor);

impl Default for Layers {
    fn default() -> Layers {
        let descriptor = Descriptor::new("layers", 1, "sentences and names by plain rules").reads(Input::Text);
        Layers(descriptor.assigns::<SentenceLayer>().assigns::<EntityLayer>())
    }
}

impl Annotator for Layers {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        output.assign(SentenceLayer(sentences(text)))?;
        output.assign(names(text))
    }
}

/// A sentence ends at a sign of its end, closing marks included, before a blank and a letter that is no small one; and at a
/// line break.
fn sentences(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut ended = false;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        if letter == '\n' || ended && before.is_whitespace() && !letter.is_lowercase() {
            push(text, start, at, &mut spans);
            start = at;
            ended = false;
        } else if matches!(letter, '.' | '!' | '?') {
            ended = !text[..at].ends_with("Mr");
        } else if !letter.is_whitespace() && !matches!(letter, '"' | '”' | '’' | '\'') {
            ended = false;
        }
        before = letter;
    }
    push(text, start, text.len(), &mut spans);
    spans
}

fn push(text: &str, start: usize, end: usize, spans: &mut Vec<Span>) {
    let piece = &text[start..end];
    let begin = start + piece.len() - piece.trim_start().len();
    if !piece.trim().is_empty() {
        spans.push(Span::new(begin, begin + piece.trim().len()));
    }
}

fn names(text: &str) -> EntityLayer {
    let mut mentions: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let known = NAMES.iter().find(|(name, _)| text[at..].starts_with(name));
        if let Some((name, entity)) = known {
            let span = Span::new(at, at + name.len());
            mentions.push(Mention { span, kind: ENTITIES[*entity].1, entity: u32::try_from(*entity).expect("few") });
            at += name.len();
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    let entity = |(name, kind): &(&str, EntityType)| Entity { kind: *kind, name: (*name).to_owned(), reference: None };
    EntityLayer { mentions, entities: ENTITIES.iter().map(entity).collect() }
}
