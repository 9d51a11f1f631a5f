//! What stands beside a name says who it is: an office in apposition (`Jane Doe, Director`), and another name in brackets
//! that the text gives more than once (`Abu Ammar (Arafat)`). Looks at neighbours only; groups nothing.

use super::{Form, Found};
use crate::name::is_office;
use dateline_processor::core::layers::EntityType;
use rustc_hash::FxHashMap;

/// At most this many words stand between a name and the office behind it.
const BETWEEN_WORDS_MAX: usize = 5;
/// At most this many bytes stand between a name and the office behind it.
const BETWEEN_BYTES_MAX: usize = 60;
/// A name in brackets counts as another name of the one before it from this many places on: once, it may be anybody.
const TIMES_MIN: usize = 2;

/// By mention that is an office and names nobody: the mention of who holds it, right behind it or before its comma.
pub(super) fn offices(text: &str, found: &[Found], forms: &[Form]) -> FxHashMap<usize, usize> {
    let mut held = FxHashMap::default();
    let person = |at: usize| found[at].kind == EntityType::Per;
    let names_nobody = |at: usize| person(at) && is_role(&forms[at]);
    let mut before: Option<usize> = None;
    for at in (0..found.len()).filter(|at| person(*at)) {
        if !names_nobody(at) {
            before = Some(at);
            continue;
        }
        let next = (at + 1 < found.len() && person(at + 1) && !names_nobody(at + 1)).then_some(at + 1);
        let behind = next.filter(|next| text.get(range(found, at, *next)) == Some(" "));
        let front = before.filter(|before| text.get(range(found, *before, at)).is_some_and(is_apposition));
        if let Some(holder) = behind.or(front) {
            held.insert(at, holder);
        }
    }
    held
}

/// Mentions of persons that are one because a lone name stands in brackets behind the other, at two places or more.
pub(super) fn other_names(text: &str, found: &[Found], forms: &[Form]) -> Vec<(usize, usize)> {
    let mut times: FxHashMap<(&[String], &[String]), usize> = FxHashMap::default();
    let mut pairs = Vec::new();
    for at in 1..found.len() {
        let (one, other) = (at - 1, at);
        let persons = found[one].kind == EntityType::Per && found[other].kind == EntityType::Per;
        if !persons || forms[other].words.len() != 1 {
            continue;
        }
        let between = text.get(range(found, one, other)).unwrap_or("");
        let behind = text.get(found[other].span.end as usize..).unwrap_or("");
        let opens = matches!(between, " (" | "'s (" | "’s (" | " 's (" | " ’s (");
        if opens && [")", "'s)", "’s)"].iter().any(|end| behind.starts_with(end)) {
            let count = times.entry((&forms[one].words, &forms[other].words)).or_default();
            *count += 1;
            if *count == TIMES_MIN {
                pairs.push((one, other));
            }
        }
    }
    pairs
}

fn range(found: &[Found], one: usize, other: usize) -> std::ops::Range<usize> {
    found[one].span.end as usize..found[other].span.start as usize
}

/// `Director`, `MP`, `NASA Administrator`: an office, with nothing but acronyms before it.
fn is_role(form: &Form) -> bool {
    let mut words = form.shown.split_whitespace().rev();
    let acronym = |word: &str| word.chars().all(|letter| letter.is_uppercase() || letter == '.');
    words.next().is_some_and(is_office) && words.all(|word| acronym(word) || is_office(word))
}

/// `, `, `, an Ottawa New Democrat `: a comma and a few words.
fn is_apposition(between: &str) -> bool {
    let Some(rest) = between.strip_prefix(", ") else { return false };
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '.' | '\'' | '’');
    rest.len() <= BETWEEN_BYTES_MAX
        && rest.chars().all(plain)
        && rest.split_whitespace().count() <= BETWEEN_WORDS_MAX
        && !rest.contains(". ")
        && !rest.split_whitespace().any(|word| matches!(word, "and" | "or" | "who" | "said"))
}

#[cfg(test)]
mod tests {
    use crate::resolve::{Found, resolve};
    use dateline_processor::core::Span;
    use dateline_processor::core::layers::EntityType;

    /// The entity of each of `names`, persons that stand in `text` in this order.
    fn entities(text: &str, names: &[&str]) -> Vec<u32> {
        let mut from = 0;
        let found = |name: &&str| {
            let start = text[from..].find(name).map(|at| from + at).expect("stands there");
            from = start + name.len();
            Found { span: Span::new(start, from), kind: EntityType::Per, reference: None }
        };
        let found: Vec<Found> = names.iter().map(found).collect();
        resolve(text, &found).mentions.iter().map(|mention| mention.entity).collect()
    }

    #[test]
    fn an_office_beside_a_name_is_who_holds_it() {
        let text = "Ada Blom, Director of the yard, met Cy Dorn, a Green MP. Later NASA Administrator Eve Falk spoke.";
        let names = ["Ada Blom", "Director", "Cy Dorn", "MP", "NASA Administrator", "Eve Falk"];
        assert_eq!(entities(text, &names), [0, 0, 1, 1, 2, 2]);
        let text = "Ada Blom met the Director. Cy Dorn, who told the Director, left.";
        let apart = entities(text, &["Ada Blom", "Director", "Cy Dorn", "Director"]);
        assert_eq!(apart, [0, 1, 2, 1]);
        assert_eq!(entities("Ada Blom, King and Dorn met", &["Ada Blom", "King", "Dorn"]), [0, 1, 2]);
    }

    #[test]
    fn a_name_in_brackets_is_another_name_when_the_text_says_so_twice() {
        let twice = "Abu Salt's (Dorn's) plan. Abu Salt (Dorn) spoke. Dorn left.";
        assert_eq!(entities(twice, &["Abu Salt", "Dorn", "Abu Salt", "Dorn", "Dorn"]), [0, 0, 0, 0, 0]);
        let once = "Abu Salt (Dorn) spoke. Dorn left.";
        assert_eq!(entities(once, &["Abu Salt", "Dorn", "Dorn"]), [0, 1, 1]);
    }
}
