//! The labels of the chain: which type a token belongs to and where in its name it stands. No scores here.

use dateline_processor::core::layers::EntityType;

/// Number of labels; a model row has one weight for each.
pub const LABELS: usize = 16;
/// Outside any name.
pub const OUTSIDE: usize = 0;

/// Where in its name a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// First of several.
    Begin,
    /// Neither first nor last (for `MISC` also the last).
    Inside,
    /// Last of several.
    End,
    /// The only one.
    Single,
}

/// The label of a token in a name: three types with begin, inside, end and single, `MISC` with begin, inside and single.
#[must_use]
pub fn label(kind: EntityType, place: Place) -> usize {
    let place_number = match place {
        Place::Begin => 0,
        Place::Inside => 1,
        Place::End => 2,
        Place::Single => 3,
    };
    match kind {
        EntityType::Per => 1 + place_number,
        EntityType::Org => 5 + place_number,
        EntityType::Loc => 9 + place_number,
        EntityType::Misc => 13 + [0, 1, 1, 2][place_number],
    }
}

/// The type a label stands for, and the place; `None` outside.
#[must_use]
pub fn parts(label: usize) -> Option<(EntityType, Place)> {
    let places = [Place::Begin, Place::Inside, Place::End, Place::Single];
    match label {
        1..=4 => Some((EntityType::Per, places[label - 1])),
        5..=8 => Some((EntityType::Org, places[label - 5])),
        9..=12 => Some((EntityType::Loc, places[label - 9])),
        13 => Some((EntityType::Misc, Place::Begin)),
        14 => Some((EntityType::Misc, Place::Inside)),
        15 => Some((EntityType::Misc, Place::Single)),
        _ => None,
    }
}

/// Whether `after` may follow `before`. The start and the end of a stretch count as outside.
#[must_use]
pub fn may_follow(before: usize, after: usize) -> bool {
    let open = match parts(before) {
        Some((kind, Place::Begin | Place::Inside)) => Some(kind),
        _ => None,
    };
    let wants = match parts(after) {
        Some((kind, Place::Inside | Place::End)) => Some(kind),
        _ => None,
    };
    match (open, wants) {
        (Some(one), Some(other)) => one == other,
        // The inside of a MISC name may also be its end.
        (Some(EntityType::Misc), None) => before == 14,
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{LABELS, Place, label, may_follow, parts};
    use dateline_processor::core::layers::EntityType;

    #[test]
    fn labels_and_their_parts_are_one_to_one_but_for_the_end_of_misc() {
        for number in 1..LABELS {
            let (kind, place) = parts(number).expect("a name's label");
            assert_eq!(label(kind, place), number);
        }
        assert_eq!(label(EntityType::Misc, Place::End), label(EntityType::Misc, Place::Inside));
    }

    #[test]
    fn names_are_closed_before_others_open() {
        let (begin, end) = (label(EntityType::Org, Place::Begin), label(EntityType::Org, Place::End));
        assert!(may_follow(begin, end) && !may_follow(begin, 0) && !may_follow(0, end));
        assert!(!may_follow(begin, label(EntityType::Per, Place::End)));
        assert!(may_follow(14, 0) && may_follow(14, 14) && may_follow(13, 14) && !may_follow(13, 0));
    }
}
