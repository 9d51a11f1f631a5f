//! Who is in some articles: their entities, counted over documents and mentions.

use dateline_core::layers::{EntityLayer, EntityType};
use dateline_processor_index::words::Folder;
use rustc_hash::FxHashMap;

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

/// What entities are told apart by: an id, or else type and folded name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Identity {
    Listed(String),
    Named(EntityType, Vec<String>),
}

#[derive(Default)]
struct Count {
    names: FxHashMap<String, usize>,
    documents: usize,
    mentions: usize,
}

/// The entities of some articles, those in most articles first.
#[must_use]
pub fn who<'l>(layers: impl IntoIterator<Item = &'l EntityLayer>, limit: usize) -> Vec<Counted> {
    let mut folder = Folder::default();
    let mut counts: FxHashMap<(Identity, EntityType), Count> = FxHashMap::default();
    for layer in layers {
        let mut here: FxHashMap<(Identity, EntityType), usize> = FxHashMap::default();
        let mut mentioned = vec![0; layer.entities.len()];
        for mention in &layer.mentions {
            if let Some(count) = mentioned.get_mut(mention.entity as usize) {
                *count += 1;
            }
        }
        for (entity, mentions) in layer.entities.iter().zip(mentioned) {
            let identity = match &entity.reference {
                Some(reference) => Identity::Listed(reference.clone()),
                None => Identity::Named(entity.kind, folder.folded_words(&entity.name)),
            };
            let key = (identity, entity.kind);
            let count = counts.entry(key.clone()).or_default();
            *count.names.entry(entity.name.clone()).or_insert(0) += 1;
            *here.entry(key).or_insert(0) += mentions;
        }
        for (key, mentions) in here {
            let count = counts.entry(key).or_default();
            count.documents += 1;
            count.mentions += mentions;
        }
    }
    let mut counted: Vec<Counted> =
        counts.into_iter().map(|((identity, kind), count)| named(identity, kind, count)).collect();
    counted.sort_by(|one, other| {
        let most = other.documents.cmp(&one.documents).then(other.mentions.cmp(&one.mentions));
        most.then_with(|| one.name.cmp(&other.name))
            .then(one.kind.cmp(&other.kind))
            .then(one.reference.cmp(&other.reference))
    });
    counted.truncate(limit);
    counted
}

fn named(identity: Identity, kind: EntityType, count: Count) -> Counted {
    let best = count.names.into_iter().max_by(|one, other| one.1.cmp(&other.1).then_with(|| other.0.cmp(&one.0)));
    Counted {
        kind,
        name: best.map(|(name, _)| name).unwrap_or_default(),
        reference: match identity {
            Identity::Listed(reference) => Some(reference),
            Identity::Named(..) => None,
        },
        documents: count.documents,
        mentions: count.mentions,
    }
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
        assert_eq!(found, [("Volodymyr Zelenskyy".to_owned(), 3, 5), ("ANN EXAMPLE".to_owned(), 2, 3)]);
    }
}
