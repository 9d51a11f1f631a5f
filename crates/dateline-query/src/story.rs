//! Whether two articles tell one story, as strictly as contradictions need it: what one is about is named in the other,
//! they begin with the same names, and they share much of their vocabulary. No clustering, and nothing about wording.

use crate::figure::Figure;
use crate::vocabulary::{Set, Vocabulary, common, has};
use rustc_hash::FxHashMap;

/// Share of the names an article begins with, of the article with fewer, that the other must have there too.
const LEAD_SHARED_MIN: f64 = 0.5;
/// Least cosine of the rarities of the words two articles have: events of one kind share less.
const CLOSENESS_MIN: f64 = 0.3;
/// The same for tolls, about which reporters say little in common.
const CLOSENESS_TOLL_MIN: f64 = 0.2;

/// Uses of a word from which on it says what an article is about.
const KEYWORD_USES_MIN: usize = 3;

/// What is kept of an article.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// Stems of its words that say something, as numbers, sorted.
    pub(crate) words: Vec<u32>,
    /// Its names, folded.
    pub(crate) named: Set,
    /// The names it begins with.
    pub(crate) lead: Set,
    /// Whom it names most often, of those the first.
    pub(crate) subject: Option<u32>,
    /// The word it uses most often, when it does so again and again.
    pub(crate) keyword: Option<u32>,
    /// All its figures.
    pub(crate) figures: Vec<Figure>,
}

impl Story {
    /// Takes the words as they were gathered, each as often as it is used, and keeps each once.
    pub(crate) fn close(&mut self) {
        self.words.sort_unstable();
        let runs = self.words.chunk_by(|one, other| one == other).map(|run| (run.len(), std::cmp::Reverse(run[0])));
        let most = runs.max().filter(|(count, _)| *count >= KEYWORD_USES_MIN);
        self.keyword = most.map(|(_, word)| word.0);
        self.words.dedup();
    }

    /// Whether its subject is known to the other.
    fn is_known_to(&self, other: &Story, vocabulary: &Vocabulary) -> bool {
        let is_meant = |subject: u32, name: &u32| is_one_name(vocabulary.word(subject), vocabulary.word(*name));
        self.subject.is_none_or(|subject| other.named.iter().any(|name| is_meant(subject, name)))
    }

    /// Whether some figure of its own fits another one: it says that too.
    pub(crate) fn says(&self, figure: &Figure) -> bool {
        self.figures.iter().any(|own| own.unit == figure.unit && !own.contradicts(figure) && own.is_about_same(figure))
    }
}

/// Whether a name is the other, or its beginning or end: `Time`, `Time Inc`.
fn is_one_name(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let rest = long.strip_prefix(short).map(|rest| rest.starts_with(' '));
    let end = long.strip_suffix(short).map(|rest| rest.ends_with(' '));
    short == long || rest.unwrap_or(false) || end.unwrap_or(false)
}

/// How rare each word is among some stories.
pub(crate) fn rarities<'s>(stories: impl Iterator<Item = &'s Story>) -> FxHashMap<u32, f64> {
    let (mut counts, mut all) = (FxHashMap::<u32, u32>::default(), 0.0);
    for story in stories {
        all += 1.0;
        story.words.iter().for_each(|word| *counts.entry(*word).or_default() += 1);
    }
    counts.into_iter().map(|(word, count)| (word, (1.0 + all / f64::from(count)).ln())).collect()
}

/// Whether two articles tell one story. Of tolls it is enough that one knows whom the other is about.
pub(crate) fn is_one_story(
    one: &Story,
    other: &Story,
    is_toll: bool,
    rarities: &FxHashMap<u32, f64>,
    vocabulary: &Vocabulary,
) -> bool {
    let known = [one.is_known_to(other, vocabulary), other.is_known_to(one, vocabulary)];
    let is_known = if is_toll { known[0] || known[1] } else { known[0] && known[1] };
    let shared = common(&one.lead, &other.lead).count();
    let fewer = one.lead.len().min(other.lead.len());
    shared > 0
        && shared as f64 >= LEAD_SHARED_MIN * fewer as f64
        && is_known
        && one.keyword.is_none_or(|word| has(&other.words, word))
        && other.keyword.is_none_or(|word| has(&one.words, word))
        && closeness(one, other, rarities) >= if is_toll { CLOSENESS_TOLL_MIN } else { CLOSENESS_MIN }
}

fn closeness(one: &Story, other: &Story, rarities: &FxHashMap<u32, f64>) -> f64 {
    let square = |word: &u32| rarities.get(word).copied().unwrap_or_default().powi(2);
    let length = |story: &Story| story.words.iter().map(square).sum::<f64>().sqrt();
    let both: f64 = common(&one.words, &other.words).map(|word| square(&word)).sum();
    both / (length(one) * length(other)).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::{Story, is_one_name, is_one_story, rarities};
    use crate::vocabulary::Vocabulary;

    fn story(subject: &str, words: &[u32], vocabulary: &mut Vocabulary) -> Story {
        let names = vocabulary.set(["treasury", subject]);
        Story {
            words: words.to_vec(),
            named: names.clone(),
            lead: names,
            subject: vocabulary.get(subject),
            ..Story::default()
        }
    }

    #[test]
    fn stories_of_one_kind_differ_in_whom_they_are_about_or_in_their_words() {
        let mut vocabulary = Vocabulary::default();
        let stories = [
            story("acme", &[1, 2, 3, 4], &mut vocabulary),
            story("acme corp", &[1, 2, 3, 5], &mut vocabulary),
            story("bolt", &[1, 2, 3, 4], &mut vocabulary),
            story("acme", &[1, 6, 7, 8], &mut vocabulary),
        ];
        let rarities = rarities(stories.iter());
        let is_one =
            |one: usize, other: usize| is_one_story(&stories[one], &stories[other], false, &rarities, &vocabulary);
        assert!(is_one(0, 1) && is_one(1, 0));
        assert!(!is_one(0, 2), "about somebody else in the same words");
        assert!(!is_one(0, 3), "about something else");
        assert!(is_one_name("time", "time inc") && !is_one_name("time", "times"));
    }
}
