//! What a staleness key is made of: hashes of a processor's own parts, of the inputs and of the layers it reads.

use dateline_processor::core::{
    ContentHash, Document, DocumentInput, Hints, MarkKind, Metadata, SourceInfo, StalenessKey,
};
use dateline_processor::{Descriptor, Input};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Number of this way of making keys; a change of it re-runs everything.
const KEY_SCHEME: &str = "dateline-key-2";

/// The short hash of a layer or input that is not there.
pub(crate) const ABSENT: u32 = 0;

/// Hashes of a document's input layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHashes {
    hashes: [ContentHash; 5],
}

impl InputHashes {
    /// The hashes of one document's inputs.
    #[must_use]
    pub fn of(input: &DocumentInput) -> InputHashes {
        let document = &input.document;
        InputHashes {
            hashes: [
                text_hash(document),
                ContentHash::of_fields(document.title.iter().map(String::as_bytes)),
                metadata_hash(&document.metadata),
                source_hash(&input.source),
                hints_hash(&input.hints),
            ],
        }
    }

    /// The hash of one input.
    #[must_use]
    pub fn get(&self, input: Input) -> ContentHash {
        self.hashes[position(input)]
    }

    /// Replaces the hash of one input, for tests and for callers that know it already.
    #[must_use]
    pub fn with(mut self, input: Input, hash: ContentHash) -> InputHashes {
        self.hashes[position(input)] = hash;
        self
    }
}

fn position(input: Input) -> usize {
    match input {
        Input::Text => 0,
        Input::Title => 1,
        Input::Metadata => 2,
        Input::Source => 3,
        Input::Hints => 4,
    }
}

fn text_hash(document: &Document) -> ContentHash {
    let mut marks = Vec::with_capacity(document.marks.len() * 9);
    for mark in &document.marks {
        marks.extend_from_slice(&mark.span.start.to_le_bytes());
        marks.extend_from_slice(&mark.span.end.to_le_bytes());
        marks.push(match mark.kind {
            MarkKind::DateHeader => 1,
            MarkKind::WireMarker => 2,
        });
    }
    ContentHash::of_fields([document.text.as_bytes(), marks.as_slice()])
}

fn metadata_hash(metadata: &Metadata) -> ContentHash {
    ContentHash::of_fields(metadata.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]))
}

fn source_hash(source: &SourceInfo) -> ContentHash {
    let mtime = source.mtime.map(|time| time.as_nanosecond().to_le_bytes());
    ContentHash::of_fields([source.path.as_bytes(), mtime.as_ref().map_or(&[][..], <[u8; 16]>::as_slice)])
}

pub(crate) fn hints_hash(hints: &Hints) -> ContentHash {
    if *hints == Hints::default() {
        return ContentHash::of_fields([]);
    }
    let json = serde_json::to_vec(hints).unwrap_or_else(|_| format!("{hints:?}").into_bytes());
    ContentHash::of_fields([json.as_slice()])
}

/// The parts of a key that are the same for every document, and what `explain` keeps of them.
#[derive(Clone, Debug)]
pub(crate) struct FixedPart {
    prefix: ContentHash,
    pub(crate) short: [u32; 3],
}

/// Positions of the fixed parts in [`dateline_processor::core::Outcome::parts`].
pub(crate) const OPTIONS_PART: usize = 0;
/// See [`OPTIONS_PART`].
pub(crate) const RESOURCES_PART: usize = 1;
/// See [`OPTIONS_PART`].
pub(crate) const DECLARATION_PART: usize = 2;
/// Where the inputs start.
pub(crate) const FIRST_INPUT_PART: usize = 3;

impl FixedPart {
    pub(crate) fn new(descriptor: &Descriptor, options: &Value, resources: ContentHash) -> FixedPart {
        let options = ContentHash::of(canonical_json(options).as_bytes());
        let declaration = ContentHash::of(declaration(descriptor).as_bytes());
        let prefix = ContentHash::of_fields([
            KEY_SCHEME.as_bytes(),
            descriptor.name().as_bytes(),
            &descriptor.version().to_le_bytes(),
            &options.0,
            &resources.0,
            &declaration.0,
        ]);
        FixedPart { prefix, short: [short(options), short(resources), short(declaration)] }
    }

    /// The key and its short parts, from the hashes of inputs and layers in their declared order.
    pub(crate) fn key(&self, read: &[Option<ContentHash>]) -> (StalenessKey, Vec<u32>) {
        let mut bytes = Vec::with_capacity(32 + read.len() * 33);
        bytes.extend_from_slice(&self.prefix.0);
        let mut parts = Vec::with_capacity(self.short.len() + read.len());
        parts.extend_from_slice(&self.short);
        for hash in read {
            bytes.push(u8::from(hash.is_some()));
            bytes.extend_from_slice(&hash.map_or([0; 32], |hash| hash.0));
            parts.push(hash.map_or(ABSENT, short));
        }
        (StalenessKey::of(&bytes), parts)
    }
}

/// The first four bytes of a hash; never [`ABSENT`].
pub(crate) fn short(hash: ContentHash) -> u32 {
    let bytes = [hash.0[0], hash.0[1], hash.0[2], hash.0[3]];
    u32::from_le_bytes(bytes).max(1)
}

/// What a processor declares, as text: a change of it may change what it gives or is allowed to give.
fn declaration(descriptor: &Descriptor) -> String {
    let mut text = String::new();
    for input in descriptor.inputs() {
        text.push_str(&format!("input {}\n", input.name()));
    }
    for layer in descriptor.required() {
        text.push_str(&format!("reads {:?} optional={}\n", layer.spec, layer.optional));
    }
    for layer in descriptor.assigned() {
        text.push_str(&format!("writes {layer:?}\n"));
    }
    for facet in descriptor.facets() {
        text.push_str(&format!("facet {} {:?}\n", facet.name, facet.kind));
    }
    text.push_str(&format!("{:?}\n", descriptor.cost()));
    text
}

/// A JSON value as text with the keys of every object sorted: equal options give equal text.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    fn write(value: &Value, text: &mut String) {
        match value {
            Value::Object(fields) => {
                let mut keys: Vec<&String> = fields.keys().collect();
                keys.sort_unstable();
                text.push('{');
                for key in keys {
                    text.push_str(&Value::from(key.as_str()).to_string());
                    text.push(':');
                    write(&fields[key], text);
                    text.push(',');
                }
                text.push('}');
            }
            Value::Array(items) => {
                text.push('[');
                for item in items {
                    write(item, text);
                    text.push(',');
                }
                text.push(']');
            }
            other => text.push_str(&other.to_string()),
        }
    }
    let mut text = String::new();
    write(value, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::{FixedPart, InputHashes, canonical_json};
    use dateline_processor::core::{ContentHash, DocumentInput, Genre, Mark, MarkKind, Span};
    use dateline_processor::{Descriptor, Input, Limits};
    use serde_json::json;

    fn changed(edit: impl FnOnce(&mut DocumentInput)) -> Vec<Input> {
        let mut input = DocumentInput::default();
        input.document.text = "text".to_owned();
        let before = InputHashes::of(&input);
        edit(&mut input);
        let after = InputHashes::of(&input);
        Input::ALL.into_iter().filter(|input| before.get(*input) != after.get(*input)).collect()
    }

    #[test]
    fn each_field_changes_its_own_input_only() {
        let mark = Mark { span: Span::new(0, 1), kind: MarkKind::DateHeader };
        assert_eq!(changed(|input| input.document.text.push('!')), [Input::Text]);
        assert_eq!(changed(|input| input.document.marks.push(mark)), [Input::Text]);
        assert_eq!(changed(|input| input.document.title = Some(String::new())), [Input::Title]);
        assert_eq!(changed(|input| input.document.metadata.push("a", "b")), [Input::Metadata]);
        assert_eq!(changed(|input| input.source.path.push('x')), [Input::Source]);
        assert_eq!(changed(|input| input.source.mtime = Some(Default::default())), [Input::Source]);
        assert_eq!(changed(|input| input.hints.genre = Some(Genre::News)), [Input::Hints]);
        assert_eq!(changed(|input| input.document.origin.line = 4), []);
    }

    #[test]
    fn each_part_changes_the_key() {
        let read = [Some(ContentHash::of(b"x")), None];
        let descriptor = |version| Descriptor::new("a", version, "about");
        let base = FixedPart::new(&descriptor(1), &json!({}), ContentHash::of(b"")).key(&read).0;
        let others = [
            FixedPart::new(&descriptor(2), &json!({}), ContentHash::of(b"")).key(&read).0,
            FixedPart::new(&Descriptor::new("b", 1, ""), &json!({}), ContentHash::of(b"")).key(&read).0,
            FixedPart::new(&descriptor(1), &json!({"a": 1}), ContentHash::of(b"")).key(&read).0,
            FixedPart::new(&descriptor(1), &json!({}), ContentHash::of(b"!")).key(&read).0,
            FixedPart::new(&descriptor(1).reads(Input::Text), &json!({}), ContentHash::of(b"")).key(&read).0,
            FixedPart::new(
                &descriptor(1).limits(Limits { facets: 1, ..Limits::default() }),
                &json!({}),
                ContentHash::of(b""),
            )
            .key(&read)
            .0,
            FixedPart::new(&descriptor(1), &json!({}), ContentHash::of(b"")).key(&[None, read[0]]).0,
            FixedPart::new(&descriptor(1), &json!({}), ContentHash::of(b"")).key(&[read[0]]).0,
        ];
        for other in others {
            assert_ne!(base, other);
        }
        let same = FixedPart::new(&Descriptor::new("a", 1, "other words"), &json!({}), ContentHash::of(b""));
        assert_eq!(same.key(&read).0, base, "what is only for people changes no key");
    }

    #[test]
    fn the_order_of_options_does_not_matter() {
        let one: serde_json::Value =
            serde_json::from_str(r#"{"b": [1, {"y": 1, "x": "\n"}], "a": null}"#).expect("JSON");
        let two: serde_json::Value =
            serde_json::from_str(r#"{"a": null, "b": [1, {"x": "\n", "y": 1}]}"#).expect("JSON");
        assert_eq!(canonical_json(&one), canonical_json(&two));
        assert_ne!(canonical_json(&json!(["a,b"])), canonical_json(&json!(["a", "b"])));
    }
}
