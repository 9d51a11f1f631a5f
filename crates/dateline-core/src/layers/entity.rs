//! Layer `entity`: names in the text and which of them are one entity in this document.

use crate::span::Placed;
use crate::{Layer, LayerCheck, Span};
use serde::{Deserialize, Serialize};

/// Mentions in text order, never overlapping, and the entities they name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityLayer {
    /// Every mention.
    #[serde(with = "crate::span::in_order")]
    pub mentions: Vec<Mention>,
    /// Every entity; a mention points here by position.
    pub entities: Vec<Entity>,
}

/// Type of an entity, as in CoNLL-2003.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntityType {
    /// A person.
    Per,
    /// An organisation.
    Org,
    /// A place, facilities too.
    Loc,
    /// Another name: nationalities, events, works, products.
    Misc,
}

impl EntityType {
    /// All types, in the order of the tags.
    pub const ALL: [EntityType; 4] = [EntityType::Per, EntityType::Org, EntityType::Loc, EntityType::Misc];

    /// The tag: `PER`, `ORG`, `LOC`, `MISC`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EntityType::Per => "PER",
            EntityType::Org => "ORG",
            EntityType::Loc => "LOC",
            EntityType::Misc => "MISC",
        }
    }

    /// The type a tag names.
    #[must_use]
    pub fn parse(word: &str) -> Option<EntityType> {
        EntityType::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One mention of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Where it stands.
    pub span: Span,
    /// Its type.
    pub kind: EntityType,
    /// Position in [`EntityLayer::entities`].
    pub entity: u32,
}

/// One entity of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its type.
    pub kind: EntityType,
    /// Fullest name the document gives it, or its watchlist name.
    pub name: String,
    /// Watchlist id, when it is on one.
    pub reference: Option<String>,
}

impl Placed for Mention {
    fn place(&mut self) -> &mut Span {
        &mut self.span
    }
}

impl Layer for EntityLayer {
    const NAME: &'static str = "entity";
    const SCHEMA: u32 = 2;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.mentions.iter().map(|mention| mention.span), text)
    }
}
