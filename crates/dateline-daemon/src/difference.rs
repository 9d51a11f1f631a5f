//! The difference between two texts, by lines. Long stretches that are the same are left out.

use dateline_protocol::wire::{Difference, DifferenceKind};
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Unchanged lines kept around a change.
const CONTEXT_LINES: usize = 2;
/// Time after which the difference is taken coarsely; texts that share nothing are slow to compare.
const TIME_MAX: Duration = Duration::from_millis(500);

/// The changes that lead from `before` to `after`.
pub(crate) fn lines(before: &str, after: &str) -> Vec<Difference> {
    let diff = TextDiff::configure().timeout(TIME_MAX).diff_lines(before, after);
    let mut found: Vec<Difference> = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if number > 0 {
            found.push(Difference { kind: DifferenceKind::Skipped, text: String::new() });
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let kind = match change.tag() {
                ChangeTag::Equal => DifferenceKind::Same,
                ChangeTag::Insert => DifferenceKind::Added,
                ChangeTag::Delete => DifferenceKind::Removed,
            };
            let text = change.value().trim_end_matches('\n').to_owned();
            found.push(Difference { kind, text });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::lines;
    use dateline_protocol::wire::DifferenceKind::{Added, Removed, Same, Skipped};

    #[test]
    fn only_changes_and_their_surroundings_are_shown() {
        let before: String = (0..20).map(|line| format!("line {line}\n")).collect();
        let after = before.replace("line 3\n", "third line\n").replace("line 15\n", "");
        let kinds: Vec<_> = lines(&before, &after).iter().map(|change| change.kind).collect();
        assert_eq!(kinds, [Same, Same, Removed, Added, Same, Same, Skipped, Same, Same, Removed, Same, Same]);
        assert!(lines(&before, &before).is_empty());
    }
}
