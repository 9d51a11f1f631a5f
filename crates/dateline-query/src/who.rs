//! Who is in some articles: their entities, counted over documents and mentions.

use dateline_core::layers::{EntityLayer, EntityType};
use dateline_processor_index::words::Folder;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// One entity of several articles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its type.
    pub kind: EntityType,
    /// The name most articles give it.
    pub name: String,
    /// Its watchlist id, when it is on one.
    pub reference: Option<String>,
    /// Articles it is in.
    pub documents: usize,
    /// Mentions in them.
    pub mentions: usize,
}

/// What entities are told apart by: an id, or else the folded name. A name is not counted twice because a tagger takes it
/// for a person here and for an organisation there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Identity {
    Listed(String, EntityType),
    Named(Vec<String>),
}

#[derive(Default)]
struct Count {
    names: FxHashMap<String, usize>,
    /// Mentions by type.
    kinds: BTreeMap<EntityType, usize>,
    documents: usize,
}

/// The entities of some articles, those in most articles first.
#[must_use]
pub fn who<'l>(layers: impl IntoIterator<Item = &'l EntityLayer>, limit: usize) -> Vec<Counted> {
    let mut folder = Folder::default();
    let mut counts: FxHashMap<Identity, Count> = FxHashMap::default();
    for layer in layers {
        let mut here: FxHashSet<Identity> = FxHashSet::default();
        let mut mentioned = vec![0; layer.entities.len()];
        for mention in &layer.mentions {
            if let Some(count) = mentioned.get_mut(mention.entity as usize) {
                *count += 1;
            }
        }
        for (entity, mentions) in layer.entities.iter().zip(mentioned) {
            let identity = match &entity.reference {
                Some(reference) => Identity::Listed(reference.clone(), entity.kind),
                None => Identity::Named(folder.folded_words(&entity.name)),
            };
            let is_first = here.insert(identity.clone());
            let count = counts.entry(identity).or_default();
            *count.names.entry(entity.name.clone()).or_insert(0) += 1;
            *count.kinds.entry(entity.kind).or_insert(0) += mentions;
            count.documents += usize::from(is_first);
        }
    }
    let mut counted: Vec<Counted> = counts.into_iter().filter_map(|(identity, count)| named(identity, count)).collect();
    counted.sort_by(|one, other| {
        let most = other.documents.cmp(&one.documents).then(other.mentions.cmp(&one.mentions));
        most.then_with(|| one.name.cmp(&other.name))
            .then(one.kind.cmp(&other.kind))
            .then(one.reference.cmp(&other.reference))
    });
    counted.truncate(limit);
    counted
}

/// An entity with the name and the type it has most often; a name in capitals is shown only when there is no other.
fn named(identity: Identity, count: Count) -> Option<Counted> {
    let has_small = |name: &str| name.chars().any(char::is_lowercase);
    let best = count.names.into_iter().max_by(|(one, one_count), (other, other_count)| {
        has_small(one).cmp(&has_small(other)).then(one_count.cmp(other_count)).then_with(|| other.cmp(one))
    });
    let mentions = count.kinds.values().sum();
    let kind = count.kinds.into_iter().max_by_key(|(kind, mentions)| (*mentions, std::cmp::Reverse(*kind)))?.0;
    Some(Counted {
        kind,
        name: best?.0,
        reference: match identity {
            Identity::Listed(reference, _) => Some(reference),
            Identity::Named(_) => None,
        },
        documents: count.documents,
        mentions,
    })
}

#[cfg(test)]
mod tests {
    use super::who;
    use dateline_core::Span;
    use dateline_core::layers::{Entity, EntityLayer, EntityType, Mention};

    fn layer(entities: &[(&str, Option<&str>, usize)]) -> EntityLayer {
        let mut layer = EntityLayer::default();
        for (number, (name, reference, mentions)) in (0u32..).zip(entities) {
            layer.entities.push(Entity {
                kind: EntityType::Per,
                name: (*name).to_owned(),
                reference: reference.map(str::to_owned),
            });
            let one = |at| Mention { span: Span::new(at, at + 1), kind: EntityType::Per, entity: number };
            layer.mentions.extend((0..*mentions).map(one));
        }
        layer
    }

    #[test]
    fn entities_are_counted_by_id_or_name() {
        let layers = [
            layer(&[("Volodymyr Zelenskyy", Some("p1"), 3), ("Ann Example", None, 1)]),
            layer(&[("Zelensky", Some("p1"), 1), ("ANN EXAMPLE", None, 2)]),
            layer(&[("Volodymyr Zelenskyy", Some("p1"), 1), ("Someone Else", None, 9)]),
        ];
        let found: Vec<(String, usize, usize)> =
            who(&layers, 2).into_iter().map(|one| (one.name, one.documents, one.mentions)).collect();
        assert_eq!(found, [("Volodymyr Zelenskyy".to_owned(), 3, 5), ("Ann Example".to_owned(), 2, 3)]);
    }

    #[test]
    fn a_name_of_two_types_is_one() {
        let mut organisation = layer(&[("Kremlin", None, 3)]);
        organisation.entities[0].kind = EntityType::Org;
        let found = who(&[layer(&[("Kremlin", None, 1)]), organisation], 9);
        let found: Vec<_> = found.iter().map(|one| (one.kind, one.documents, one.mentions)).collect();
        assert_eq!(found, [(EntityType::Org, 2, 4)]);
    }
}
