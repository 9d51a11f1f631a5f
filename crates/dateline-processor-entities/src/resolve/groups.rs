//! Puts the mentions of one document into groups, one a entity: exact names first, then the longest names, then the short
//! ones that fit exactly one of them.

use super::{Form, Found, beside};
use crate::name::{Gender, is_particle, one_edit, sound_key};
use crate::token::fold;
use dateline_processor::core::layers::EntityType;
use rustc_hash::FxHashMap;

/// At most this many groups that share a word with a name are compared with it.
const CANDIDATES_MAX: usize = 64;
/// Shortest word, in letters, in which one edit is taken for a typo.
const TYPO_LETTERS_MIN: usize = 5;
/// Shortest lone name, in letters, that may be another transliteration of a known one.
const LONE_SOUND_LETTERS_MIN: usize = 6;

/// Given names and the short forms that stand for them.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("mike", "michael"),
    ("bill", "william"),
    ("will", "william"),
    ("billy", "william"),
    ("bob", "robert"),
    ("rob", "robert"),
    ("bobby", "robert"),
    ("joe", "joseph"),
    ("jim", "james"),
    ("jimmy", "james"),
    ("tom", "thomas"),
    ("tony", "anthony"),
    ("dick", "richard"),
    ("rick", "richard"),
    ("liz", "elizabeth"),
    ("beth", "elizabeth"),
    ("kate", "katherine"),
    ("katie", "katherine"),
    ("cathy", "catherine"),
    ("jack", "john"),
    ("johnny", "john"),
    ("chuck", "charles"),
    ("charlie", "charles"),
    ("ted", "edward"),
    ("ed", "edward"),
    ("eddie", "edward"),
    ("ned", "edward"),
    ("sasha", "alexander"),
    ("alex", "alexander"),
    ("volodya", "vladimir"),
    ("misha", "mikhail"),
    ("larry", "lawrence"),
    ("hank", "henry"),
    ("harry", "henry"),
    ("peggy", "margaret"),
    ("maggie", "margaret"),
    ("jerry", "gerald"),
    ("gerry", "gerald"),
    ("steve", "stephen"),
    ("steve", "steven"),
    ("bernie", "bernard"),
    ("andy", "andrew"),
    ("drew", "andrew"),
    ("pat", "patrick"),
    ("pat", "patricia"),
    ("nick", "nicholas"),
    ("chris", "christopher"),
    ("matt", "matthew"),
    ("dave", "david"),
    ("dan", "daniel"),
    ("danny", "daniel"),
    ("ben", "benjamin"),
    ("sam", "samuel"),
    ("greg", "gregory"),
    ("jeff", "jeffrey"),
    ("ron", "ronald"),
    ("don", "donald"),
    ("ken", "kenneth"),
    ("tim", "timothy"),
    ("vince", "vincent"),
    ("fred", "frederick"),
    ("al", "albert"),
    ("ray", "raymond"),
    ("walt", "walter"),
    ("gabby", "gabriela"),
    ("becky", "rebecca"),
    ("debbie", "deborah"),
    ("jenny", "jennifer"),
    ("sue", "susan"),
    ("vicky", "victoria"),
    ("pepe", "jose"),
    ("paco", "francisco"),
    ("lula", "luiz"),
];

struct Group {
    /// The names in it, the longest first.
    names: Vec<Vec<String>>,
    gender: Option<Gender>,
    reference: Option<String>,
    /// Start of its first mention.
    first: u32,
}

#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    /// Type and word (or its sound, or an acronym) to the groups that have it.
    words: FxHashMap<(EntityType, String), Vec<usize>>,
}

/// One spelling with one set of circumstances, and the mentions that have it.
struct Spelling<'a> {
    kind: EntityType,
    form: &'a Form,
    gender: Option<Gender>,
    reference: Option<&'a str>,
    mentions: Vec<usize>,
}

/// For each mention, the number of its group.
pub(super) fn group(text: &str, found: &[Found], forms: &[Form]) -> Vec<usize> {
    let offices = beside::offices(text, found, forms);
    let mut spellings = spellings(found, forms, &offices);
    let declared = declared_acronyms(text, found, forms);
    spellings.sort_by_key(|spelling| {
        let length = spelling.form.words.len();
        (std::cmp::Reverse(length), spelling.reference.is_none(), spelling.gender.is_none(), spelling.mentions[0])
    });
    let mut groups = Groups::default();
    let mut given = vec![0; found.len()];
    for spelling in &spellings {
        let start = found[spelling.mentions[0]].span.start;
        let home = groups.home(spelling, start, &declared, &given);
        let home = home.unwrap_or_else(|| groups.open(start));
        groups.join(home, spelling, start);
        for mention in &spelling.mentions {
            given[*mention] = home;
        }
    }
    for (office, holder) in &offices {
        given[*office] = given[*holder];
    }
    for (one, other) in beside::other_names(text, found, forms) {
        let (one, other) = (given[one], given[other]);
        if groups.may_be_one(one, other) {
            given.iter_mut().filter(|home| **home == other).for_each(|home| *home = one);
        }
    }
    given
}

/// Mentions by type, words and gender, but for the `offices` that stand for a name beside them.
fn spellings<'a>(found: &'a [Found], forms: &'a [Form], offices: &FxHashMap<usize, usize>) -> Vec<Spelling<'a>> {
    let mut places: FxHashMap<(EntityType, &[String], Option<bool>), usize> = FxHashMap::default();
    let mut spellings: Vec<Spelling<'a>> = Vec::new();
    for (at, (one, form)) in found.iter().zip(forms).enumerate().filter(|(at, _)| !offices.contains_key(at)) {
        let gender = form.gender.map(|gender| gender == Gender::Male);
        let place = *places.entry((one.kind, form.words.as_slice(), gender)).or_insert_with(|| {
            let reference = one.reference.as_ref().map(|(id, _)| id.as_str());
            spellings.push(Spelling { kind: one.kind, form, gender: form.gender, reference, mentions: Vec::new() });
            spellings.len() - 1
        });
        spellings[place].mentions.push(at);
        if spellings[place].reference.is_none() {
            spellings[place].reference = one.reference.as_ref().map(|(id, _)| id.as_str());
        }
    }
    spellings
}

/// `International Criminal Court (ICC)`: by mention, the mention it stands for.
fn declared_acronyms(text: &str, found: &[Found], forms: &[Form]) -> FxHashMap<String, usize> {
    let mut declared = FxHashMap::default();
    for at in 1..found.len() {
        let (long, short) = (&found[at - 1], &found[at]);
        let between = text.get(long.span.end as usize..short.span.start as usize).unwrap_or("");
        let closes = text.get(short.span.end as usize..).is_some_and(|rest| rest.starts_with(')'));
        if between == " (" && closes && forms[at].acronym && forms[at - 1].words.len() > 1 && long.kind == short.kind {
            let letters = forms[at].words.concat();
            let fits = long.kind == EntityType::Org || acronyms(&forms[at - 1].words).contains(&letters);
            if fits {
                declared.entry(letters).or_insert(at - 1);
            }
        }
    }
    declared
}

/// What a name's initials may be: with and without its small words.
fn acronyms(words: &[String]) -> Vec<String> {
    let parts = || words.iter().flat_map(|word| word.split('-'));
    let initials = |skip: &[&str]| -> String {
        parts().filter(|word| !skip.contains(word)).filter_map(|word| word.chars().next()).collect()
    };
    let mut all = vec![initials(&["of", "the", "and", "for", "in", "on", "de", "del", "la", "&"]), initials(&[])];
    all.dedup();
    all.retain(|one| one.chars().count() > 1);
    all
}

impl Groups {
    fn open(&mut self, first: u32) -> usize {
        self.groups.push(Group { names: Vec::new(), gender: None, reference: None, first });
        self.groups.len() - 1
    }

    /// Whether nothing is known that tells two groups apart.
    fn may_be_one(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.groups[one], &self.groups[other]);
        let differ = |told: bool, equal: bool| told && !equal;
        !differ(one.gender.is_some() && other.gender.is_some(), one.gender == other.gender)
            && !differ(one.reference.is_some() && other.reference.is_some(), one.reference == other.reference)
    }

    fn join(&mut self, home: usize, spelling: &Spelling<'_>, first: u32) {
        let words = &spelling.form.words;
        let group = &mut self.groups[home];
        group.gender = group.gender.or(spelling.gender);
        group.first = group.first.min(first);
        if group.reference.is_none() {
            group.reference = spelling.reference.map(str::to_owned);
        }
        if group.names.contains(words) {
            return;
        }
        group.names.push(words.clone());
        let mut keys: Vec<String> = words.clone();
        if spelling.kind == EntityType::Per {
            keys.extend(words.iter().map(|word| format!("~{}", sound_key(word))));
            keys.extend(words.iter().flat_map(|word| word.split('-').skip(1)).map(str::to_owned));
        } else {
            keys.push(format!("={}", words.concat()));
            keys.extend(acronyms(words).into_iter().map(|letters| format!("={letters}")));
        }
        if let Some(id) = spelling.reference {
            keys.push(format!("#{id}"));
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let entry = self.words.entry((spelling.kind, key)).or_default();
            if !entry.contains(&home) {
                entry.push(home);
            }
        }
    }

    fn having(&self, kind: EntityType, key: String) -> &[usize] {
        self.words.get(&(kind, key)).map_or(&[], Vec::as_slice)
    }

    /// The one group a spelling belongs to, if there is one.
    fn home(
        &self,
        spelling: &Spelling<'_>,
        start: u32,
        declared: &FxHashMap<String, usize>,
        given: &[usize],
    ) -> Option<usize> {
        let kind = spelling.kind;
        if kind == EntityType::Per {
            return self.person_home(spelling, start);
        }
        if let Some(id) = spelling.reference {
            return self.having(kind, format!("#{id}")).first().copied();
        }
        let words = &spelling.form.words;
        let whole = words.concat();
        if spelling.form.acronym
            && let Some(mention) = declared.get(&whole)
        {
            return Some(given[*mention]);
        }
        let same = self.having(kind, format!("={whole}"));
        let exact = |group: &&usize| self.groups[**group].names.iter().any(|name| name.concat() == whole);
        if let Some(home) = same.iter().find(exact) {
            return Some(*home);
        }
        if spelling.form.acronym && same.len() == 1 {
            return Some(same[0]);
        }
        if kind == EntityType::Org { self.organisation_home(words) } else { self.typo_home(kind, words) }
    }

    /// A short name of an organisation: the front of exactly one longer one.
    fn organisation_home(&self, words: &[String]) -> Option<usize> {
        let first = words.first()?;
        let fits = |group: &&usize| {
            self.groups[**group].names.iter().any(|name| name.len() > words.len() && name.starts_with(words))
        };
        let mut homes = self.having(EntityType::Org, first.clone()).iter().take(CANDIDATES_MAX).filter(fits);
        let home = homes.next().copied();
        if homes.next().is_some() {
            return None;
        }
        home.or_else(|| self.tail_home(words)).or_else(|| self.typo_home(EntityType::Org, words))
    }

    /// The tail of exactly one longer name: `Treasury Department`, or a club's nickname (`Eagles`).
    fn tail_home(&self, words: &[String]) -> Option<usize> {
        let last = words.last()?;
        if words.len() == 1 && !(last.ends_with('s') && last.chars().count() > 4) {
            return None;
        }
        let fits = |group: &&usize| {
            self.groups[**group]
                .names
                .iter()
                .any(|name| (1..=2).contains(&name.len().saturating_sub(words.len())) && name.ends_with(words))
        };
        let mut homes = self.having(EntityType::Org, last.clone()).iter().take(CANDIDATES_MAX).filter(fits);
        let home = homes.next().copied();
        if homes.next().is_some() { None } else { home }
    }

    /// A name of two words or more that differs from a known one by a typo in one of them.
    fn typo_home(&self, kind: EntityType, words: &[String]) -> Option<usize> {
        if words.len() < 2 {
            return None;
        }
        let mut homes: Vec<usize> = words
            .iter()
            .flat_map(|word| self.having(kind, word.clone()).iter().take(CANDIDATES_MAX))
            .copied()
            .filter(|group| self.groups[*group].names.iter().any(|name| differs_by_typo(name, words)))
            .collect();
        homes.sort_unstable();
        homes.dedup();
        (homes.len() == 1).then(|| homes[0])
    }

    fn person_home(&self, spelling: &Spelling<'_>, start: u32) -> Option<usize> {
        let words = &spelling.form.words;
        let mut near: Vec<usize> = Vec::new();
        for word in words {
            near.extend(self.having(EntityType::Per, word.clone()).iter().take(CANDIDATES_MAX));
            near.extend(self.having(EntityType::Per, format!("~{}", sound_key(word))).iter().take(CANDIDATES_MAX));
        }
        if let Some(id) = spelling.reference {
            near.extend(self.having(EntityType::Per, format!("#{id}")).iter().take(CANDIDATES_MAX));
        }
        near.sort_unstable();
        near.dedup();
        let mut ranked: Vec<(u8, usize)> = Vec::new();
        for at in near {
            let group = &self.groups[at];
            let opposed = matches!((group.gender, spelling.gender), (Some(one), Some(other)) if one != other);
            let mut fit =
                if opposed { 0 } else { group.names.iter().map(|name| person_fit(name, words)).max().unwrap_or(0) };
            let same_reference = spelling.reference.is_some() && group.reference.as_deref() == spelling.reference;
            let other_reference = words.len() > 1
                && matches!((&group.reference, spelling.reference), (Some(one), Some(other)) if one != other);
            if same_reference {
                // The listed person, unless the document introduces somebody else of that name first.
                fit = fit.max(5);
            } else if other_reference || spelling.reference.is_some() && words.len() == 1 && group.first > start {
                fit = 0;
            }
            if fit > 0 {
                ranked.push((fit, at));
            }
        }
        let best = ranked.iter().map(|(fit, _)| *fit).max()?;
        let mut homes: Vec<usize> = ranked.into_iter().filter(|(fit, _)| *fit == best).map(|(_, at)| at).collect();
        if homes.len() > 1 && words.len() == 1 {
            // Whoever was the only bearer when the lone name was first used keeps it when another turns up.
            homes.retain(|at| self.groups[*at].first < start);
        }
        if homes.len() == 1 { homes.pop() } else { None }
    }
}

/// How well a name fits a longer (or equally long) one of a person: 0 not at all, 9 the same.
fn person_fit(long: &[String], short: &[String]) -> u8 {
    if long == short {
        return 9;
    }
    match (long.len(), short.len()) {
        (_, 0) | (0, _) => 0,
        (1, 1) => u8::from(lone_sound(&long[0], &short[0])) * 3,
        (_, 1) => lone_fit(long, &short[0]),
        (1, _) => 0,
        _ => full_fit(long, short),
    }
}

fn lone_sound(one: &str, other: &str) -> bool {
    let long_enough = one.chars().count().min(other.chars().count()) >= LONE_SOUND_LETTERS_MIN;
    long_enough && sound_key(one) == sound_key(other)
}

/// A lone word against a full name: family name, then given (or Asian family) name.
fn lone_fit(long: &[String], word: &str) -> u8 {
    let last = &long[long.len() - 1];
    let bare =
        |name: &str| name.split_once('-').filter(|(front, _)| is_particle(front)).map(|(_, rest)| rest.to_owned());
    if last == word || bare(last).as_deref() == Some(word) || bare(word).as_deref() == Some(last.as_str()) {
        return 8;
    }
    if lone_sound(last, word) {
        return 6;
    }
    if long[0] == word {
        return 5;
    }
    let hyphenated = last.split('-').any(|part| part == word && part.chars().count() > 2);
    if hyphenated || long.iter().any(|part| part == word && part.chars().count() > 2) { 4 } else { 0 }
}

/// Two names of two words or more.
fn full_fit(long: &[String], short: &[String]) -> u8 {
    let (long_last, short_last) = (&long[long.len() - 1], &short[short.len() - 1]);
    // Particles and a shared tail: "van der Bellen" in "Alexander van der Bellen".
    if long.len() > short.len() && long.ends_with(short) && (is_particle(&short[0]) || short.len() > 1) {
        return 8;
    }
    let mut turned = long.to_vec();
    turned.rotate_left(1);
    let turned_equal = long.len() == short.len()
        && (turned == short || {
            turned.rotate_left(long.len().saturating_sub(2));
            turned == short
        });
    if turned_equal {
        return 7;
    }
    let glued = |words: &[String]| words.concat().replace('-', "");
    if glued(long) == glued(short) {
        return 8;
    }
    let (long_first, short_first) = (&long[0], &short[0]);
    if long_last == short_last {
        return first_fit(long_first, short_first, long.len() > 2 && is_subsequence(short, long));
    }
    // A front of the name: "Kim Jong" of "Kim Jong Un", "Luiz Inacio" of "Luiz Inacio Lula da Silva".
    if long.len() > short.len() && long.starts_with(short) {
        return 6;
    }
    if long_first == short_first && word_alike(long_last, short_last) {
        return 6;
    }
    let sounds = sound_key(long_last) == sound_key(short_last) && long_last.chars().count() >= TYPO_LETTERS_MIN;
    if sounds && first_fit(long_first, short_first, false) > 0 { 5 } else { 0 }
}

fn first_fit(long: &str, short: &str, subsequence: bool) -> u8 {
    let initial = |one: &str, other: &str| one.chars().count() == 1 && other.starts_with(one);
    if long == short || subsequence {
        8
    } else if initial(short, long) || initial(long, short) {
        7
    } else if word_alike(long, short) || is_short_for(long, short) || is_short_for(short, long) {
        6
    } else {
        0
    }
}

fn is_subsequence(short: &[String], long: &[String]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|word| rest.any(|other| other == word))
}

/// Whether two name parts are one, but for a typo or transliteration.
fn word_alike(one: &str, other: &str) -> bool {
    let letters = one.chars().count().min(other.chars().count());
    letters >= TYPO_LETTERS_MIN
        && (one_edit(one, other) && !differ_in_gender(one, other) || sound_key(one) == sound_key(other))
        || letters >= 4 && sound_key(one) == sound_key(other)
}

/// `Alexander` and `Alexandra`, `Mario` and `Maria`, `Ivanov` and `Ivanova` differ by one letter and are two people.
fn differ_in_gender(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    if letters(one) == letters(other) {
        return false; // two letters swapped
    }
    let ends = |name: &str| name.ends_with('a') || name.ends_with('e');
    ends(one) != ends(other) || one.ends_with('a') != other.ends_with('a')
}

fn is_short_for(short: &str, long: &str) -> bool {
    SHORT_NAMES.iter().any(|(one, other)| *one == short && *other == long)
}

fn differs_by_typo(name: &[String], words: &[String]) -> bool {
    let close = |one: &String, other: &String| {
        one == other
            || one.chars().count().min(other.chars().count()) > TYPO_LETTERS_MIN
                && one_edit(one, other)
                && fold(one) != *other
    };
    name.len() == words.len()
        && name.iter().zip(words).all(|(one, other)| close(one, other))
        && name.iter().zip(words).filter(|(one, other)| one != other).count() == 1
}
