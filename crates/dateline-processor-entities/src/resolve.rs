//! Which mentions of one document name one entity: rules over the names themselves, longest first. Never merges across
//! types, never looks outside the document but for watchlist ids, and leaves apart what is ambiguous.

mod beside;
mod forms;
mod groups;

pub use forms::{Form, person_words};

use dateline_processor::core::Span;
use dateline_processor::core::layers::{Entity, EntityLayer, EntityType, Mention};

/// A name found in the text, to be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub span: Span,
    /// Its type.
    pub kind: EntityType,
    /// Watchlist id and name, when it is on one.
    pub reference: Option<(String, String)>,
}

/// Resolves `found` (sorted, without overlaps) to the entities of the document.
#[must_use]
pub fn resolve(text: &str, found: &[Found]) -> EntityLayer {
    let forms: Vec<Form> = found.iter().map(|one| Form::of(text, one)).collect();
    let groups = groups::group(text, found, &forms);
    let mut layer = EntityLayer::default();
    let mut places: Vec<Option<u32>> = vec![None; groups.iter().copied().max().map_or(0, |last| last + 1)];
    for (at, one) in found.iter().enumerate() {
        let group = groups[at];
        let entity = *places[group].get_or_insert_with(|| {
            layer.entities.push(Entity { kind: one.kind, name: String::new(), reference: None });
            u32::try_from(layer.entities.len() - 1).unwrap_or(u32::MAX)
        });
        layer.mentions.push(Mention { span: one.span, kind: one.kind, entity });
    }
    name_entities(found, &forms, &mut layer);
    layer
}

/// Gives each entity its watchlist name, or the fullest name the document has for it.
fn name_entities(found: &[Found], forms: &[Form], layer: &mut EntityLayer) {
    let mut ranks: Vec<(usize, usize)> = vec![(0, 0); layer.entities.len()];
    for ((one, form), mention) in found.iter().zip(forms).zip(&layer.mentions) {
        let at = mention.entity as usize;
        let entity = &mut layer.entities[at];
        if let (Some((id, name)), None) = (&one.reference, &entity.reference) {
            entity.reference = Some(id.clone());
            entity.name.clone_from(name);
        }
        let mixed_case = usize::from(form.shown.chars().any(char::is_lowercase) || form.words.len() == 1);
        let rank = (form.words.len() * 2 + mixed_case * usize::from(form.words.len() > 1), form.shown.len());
        if entity.reference.is_none() && (entity.name.is_empty() || rank.0 > ranks[at].0) {
            entity.name.clone_from(&form.shown);
            ranks[at] = rank;
        }
    }
}
