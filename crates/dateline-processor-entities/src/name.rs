//! Knowledge about names that needs no document: titles, particles, and the keys under which spellings of one name meet.

use crate::token::fold;

/// Titles and roles that stand before a name and are no part of it, folded.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "doctor",
    "sir",
    "dame",
    "lord",
    "lady",
    "madam",
    "madame",
    "mme",
    "mlle",
    "monsieur",
    "herr",
    "frau",
    "señor",
    "senor",
    "senora",
    "don",
    "dona",
    "president",
    "premier",
    "prime",
    "minister",
    "minster",
    "ministers",
    "chancellor",
    "secretary",
    "general",
    "gen",
    "sen",
    "senator",
    "senators",
    "rep",
    "representative",
    "congressman",
    "congresswoman",
    "gov",
    "governor",
    "mayor",
    "king",
    "queen",
    "prince",
    "princess",
    "crown",
    "emperor",
    "empress",
    "sultan",
    "emir",
    "sheikh",
    "shaikh",
    "sheik",
    "imam",
    "ayatollah",
    "mullah",
    "mufti",
    "rabbi",
    "pope",
    "cardinal",
    "bishop",
    "archbishop",
    "father",
    "fr",
    "rev",
    "reverend",
    "pastor",
    "sister",
    "brother",
    "saint",
    "col",
    "colonel",
    "lt",
    "lieutenant",
    "maj",
    "major",
    "capt",
    "captain",
    "sgt",
    "sergeant",
    "cpl",
    "corporal",
    "adm",
    "admiral",
    "cmdr",
    "commander",
    "marshal",
    "brigadier",
    "brig",
    "chief",
    "chairman",
    "chairwoman",
    "chairperson",
    "chair",
    "director",
    "deputy",
    "vice",
    "acting",
    "interim",
    "ambassador",
    "envoy",
    "spokesman",
    "spokeswoman",
    "spokesperson",
    "judge",
    "justice",
    "attorney",
    "prosecutor",
    "inspector",
    "constable",
    "detective",
    "officer",
    "coach",
    "manager",
    "ceo",
    "cfo",
    "cto",
    "mp",
    "mep",
    "speaker",
    "leader",
    "foreign",
    "defence",
    "defense",
    "finance",
    "interior",
    "economist",
    "analyst",
    "pm",
    "president-elect",
    "ex-president",
    "co-chair",
    "hon",
    "honourable",
    "honorable",
    "comrade",
    "citizen",
    "lawmaker",
    "police",
    "superintendent",
    "vice-president",
    "vice-chancellor",
    "taoiseach",
    "duke",
    "duchess",
    "earl",
    "count",
    "countess",
    "baron",
    "baroness",
    "messrs",
    "pres",
    "sec",
    "supt",
    "field",
    "first",
    "former",
    "then",
    "late",
    "hajj",
    "hajji",
    "haji",
    "al-hajj",
    "pvt",
    "insp",
    "barrister",
    "engr",
    "chief-of-staff",
    "commissioner",
    "councillor",
    "councilor",
    "alderman",
    "sheriff",
    "president's",
    "tsar",
    "czar",
    "kaiser",
    "shah",
    "maharaja",
    "mahatma",
    "guru",
    "sri",
    "shri",
    "smt",
    "dato",
    "datuk",
    "tan",
    "tun",
    "seri",
    "u",
    "daw",
    "ustaz",
    "maulana",
    "sayyid",
    "syed",
];

/// Titles that say nothing else: never a name themselves, always stripped.
const PLAIN_TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "dame",
    "madam",
    "madame",
    "mme",
    "mlle",
    "monsieur",
    "herr",
    "frau",
    "senor",
    "senora",
    "president",
    "premier",
    "minister",
    "minster",
    "chancellor",
    "senator",
    "sen",
    "rep",
    "gov",
    "governor",
    "gen",
    "col",
    "colonel",
    "lt",
    "maj",
    "capt",
    "captain",
    "sgt",
    "sergeant",
    "adm",
    "admiral",
    "ayatollah",
    "rev",
    "reverend",
    "cardinal",
    "archbishop",
    "bishop",
    "ambassador",
    "hon",
    "messrs",
    "representative",
    "congressman",
    "congresswoman",
    "secretary",
    "spokesman",
    "spokeswoman",
    "chairman",
    "pm",
    "ceo",
    "lieutenant",
    "corporal",
    "cpl",
    "sheikh",
    "sheik",
    "shaikh",
    "mullah",
    "imam",
    "pope",
    "king",
    "queen",
    "prince",
    "princess",
    "lord",
    "lady",
    "general",
    "judge",
    "justice",
    "mayor",
    "commander",
    "major",
];

/// Offices and roles that stand for who holds them and are hardly ever a name, folded.
const OFFICES: &[&str] = &[
    "administrator",
    "ambassador",
    "analyst",
    "ceo",
    "cfo",
    "chairman",
    "chairperson",
    "chairwoman",
    "chancellor",
    "coach",
    "commissioner",
    "congressman",
    "congresswoman",
    "councilor",
    "councillor",
    "democrat",
    "director",
    "economist",
    "editor",
    "founder",
    "governor",
    "lawmaker",
    "manager",
    "mep",
    "minister",
    "mp",
    "premier",
    "president",
    "professor",
    "prosecutor",
    "republican",
    "secretary",
    "secretary-general",
    "senator",
    "spokesman",
    "spokesperson",
    "spokeswoman",
    "superintendent",
];

/// Honorifics that tell a man.
const MALE: &[&str] = &[
    "mr",
    "sir",
    "lord",
    "king",
    "prince",
    "monsieur",
    "herr",
    "senor",
    "father",
    "brother",
    "congressman",
    "pope",
    "duke",
    "count",
    "baron",
    "emperor",
    "sultan",
];

/// Honorifics that tell a woman.
const FEMALE: &[&str] = &[
    "mrs",
    "ms",
    "miss",
    "dame",
    "lady",
    "queen",
    "princess",
    "madame",
    "madam",
    "mme",
    "mlle",
    "frau",
    "senora",
    "sister",
    "congresswoman",
    "duchess",
    "countess",
    "baroness",
    "empress",
];

/// Small words inside a family name, folded.
const PARTICLES: &[&str] = &[
    "al", "el", "bin", "ibn", "bint", "ben", "abu", "umm", "van", "von", "der", "den", "de", "del", "della", "di",
    "da", "dos", "das", "do", "du", "des", "la", "le", "les", "ter", "ten", "zu", "zur", "y", "e", "af", "av", "abd",
    "ad", "as", "ar", "an", "ash", "at", "ul", "ur", "mac", "st", "san",
];

/// All titles, folded.
pub(crate) fn titles() -> impl Iterator<Item = &'static str> {
    TITLES.iter().copied()
}

/// All small words inside family names, folded.
pub(crate) fn particles() -> impl Iterator<Item = &'static str> {
    PARTICLES.iter().copied()
}

/// What an honorific says of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// Mr, Sir, King ...
    Male,
    /// Mrs, Ms, Queen ...
    Female,
}

fn bare(word: &str) -> String {
    fold(word.trim_end_matches(['.', ',']))
}

/// Whether `word` is a title or role that may stand before a name.
#[must_use]
pub fn is_title(word: &str) -> bool {
    TITLES.contains(&bare(word).as_str())
}

/// Whether `word` is a title and nothing else: it is taken off the front of a person's name wherever it stands.
#[must_use]
pub fn is_plain_title(word: &str) -> bool {
    PLAIN_TITLES.contains(&bare(word).as_str())
}

/// Whether `word` is an office or role, which names nobody but stands for who holds it.
#[must_use]
pub(crate) fn is_office(word: &str) -> bool {
    OFFICES.contains(&bare(word).as_str())
}

/// Whether `word` is a short name of a state or union that stands before a title: `US President`.
#[must_use]
pub(crate) fn is_state_acronym(word: &str) -> bool {
    matches!(word, "US" | "U.S." | "U.S" | "UK" | "U.K." | "EU" | "UN" | "U.N." | "UAE")
}

/// Whether `word` (folded) is a small word inside a family name.
#[must_use]
pub fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

/// What a title says of the person who bears it.
#[must_use]
pub fn gender(title: &str) -> Option<Gender> {
    let title = bare(title);
    if MALE.contains(&title.as_str()) {
        Some(Gender::Male)
    } else {
        FEMALE.contains(&title.as_str()).then_some(Gender::Female)
    }
}

/// The key under which transliterations of one name part meet: Zelensky, Zelenskiy, Zelenskyy, Zelenskyj, Selenskyj.
///
/// Two words with one key are not yet one name: the caller compares type and the other name parts.
#[must_use]
pub fn sound_key(folded: &str) -> String {
    let letters: Vec<char> = folded.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut key = String::with_capacity(letters.len());
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let (sound, used) = sound(rest, at == 0);
        for letter in sound.chars() {
            if !key.ends_with(letter) {
                key.push(letter);
            }
        }
        at += used;
    }
    // Endings of Slavic adjectives (-skiy, -skyi, -sky, -ski, -skij) all come out as "i".
    while key.len() > 3 && key.ends_with("ii") {
        key.pop();
    }
    key
}

/// Spellings of several letters and their sound; none follows one that it begins with.
const SPELLINGS: &[(&str, &str)] = &[
    ("shch", "s"),
    ("tsch", "c"),
    ("sch", "s"),
    ("tch", "c"),
    ("iyy", "i"),
    ("yyi", "i"),
    ("yij", "i"),
    ("yev", "ev"),
    ("iev", "ev"),
    ("yov", "ev"),
    ("off", "ov"),
    ("eff", "ev"),
    ("oou", "u"),
    ("iy", "i"),
    ("yy", "i"),
    ("yi", "i"),
    ("ij", "i"),
    ("yj", "i"),
    ("ii", "i"),
    ("ie", "e"),
    ("ye", "e"),
    ("je", "e"),
    ("yu", "u"),
    ("iu", "u"),
    ("ju", "u"),
    ("ya", "a"),
    ("ia", "a"),
    ("ja", "a"),
    ("yo", "o"),
    ("jo", "o"),
    ("io", "o"),
    ("kh", "h"),
    ("ch", "c"),
    ("cz", "c"),
    ("sh", "s"),
    ("sz", "s"),
    ("zh", "z"),
    ("rz", "z"),
    ("dj", "j"),
    ("dzh", "j"),
    ("ts", "z"),
    ("tz", "z"),
    ("ph", "f"),
    ("gh", "g"),
    ("th", "t"),
    ("dh", "d"),
    ("ck", "k"),
    ("qu", "k"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ae", "e"),
    ("oe", "o"),
    ("ue", "u"),
    ("aa", "a"),
    ("ks", "x"),
];

/// The sound of the front of `letters` and how many of them it takes.
fn sound(letters: &[char], first: bool) -> (&'static str, usize) {
    for (spelt, sound) in SPELLINGS {
        if letters.len() >= spelt.len() && spelt.chars().zip(letters).all(|(one, other)| one == *other) {
            return (sound, spelt.len());
        }
    }
    let sound = match letters[0] {
        'q' | 'c' => "k",
        'w' => "v",
        'y' | 'j' if !first => "i",
        'j' | 'y' => "i",
        's' if first && letters.len() > 1 && "aeiou".contains(letters[1]) => "z",
        letter => return (single(letter), 1),
    };
    (sound, 1)
}

fn single(letter: char) -> &'static str {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    LETTERS.find(letter).map_or("", |at| &LETTERS[at..=at])
}

/// Whether one edit (insert, drop, change, swap of neighbours) makes one word the other; equal words count.
#[must_use]
pub fn one_edit(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one == other {
        return true;
    }
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let front = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (a, b) = (&one[front..], &other[front..]);
    let swapped = a.len() == b.len() && a.len() >= 2 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..];
    let changed = a.len() == b.len() && !a.is_empty() && a[1..] == b[1..];
    let dropped = a.len() == b.len() + 1 && a[1..] == *b;
    let added = b.len() == a.len() + 1 && b[1..] == *a;
    swapped || changed || dropped || added
}

#[cfg(test)]
mod tests {
    use super::{Gender, gender, is_title, one_edit, sound_key};

    #[test]
    fn spellings_of_one_name_meet_and_others_do_not() {
        for group in [
            &["zelensky", "zelenskiy", "zelenskyy", "zelenskyj", "zelenski", "selenskyj"][..],
            &["lavrov", "lawrow"][..],
            &["medvedev", "medvedyev", "medwedew"],
            &["gaddafi", "gadafi"],
            &["yanukovych", "janukovich"],
            &["sergei", "sergey", "sergej"],
            &["khodorkovsky", "khodorkovskiy", "hodorkovski"],
        ] {
            let keys: Vec<String> = group.iter().map(|name| sound_key(name)).collect();
            assert!(keys.iter().all(|key| *key == keys[0]), "{group:?} {keys:?}");
        }
        for (one, other) in [("putin", "pushkin"), ("wang", "zhang"), ("kim", "kin"), ("biden", "baden"), ("li", "liu")]
        {
            assert_ne!(sound_key(one), sound_key(other), "{one} {other}");
        }
    }

    #[test]
    fn one_edit_is_one_edit() {
        assert!(
            one_edit("vladimir", "vladmir") && one_edit("abc", "acb") && one_edit("abc", "abd") && one_edit("a", "a")
        );
        assert!(!one_edit("abcd", "badc") && !one_edit("abc", "a") && !one_edit("martin", "merten"));
    }

    #[test]
    fn titles_tell_gender() {
        assert_eq!(gender("Mrs."), Some(Gender::Female));
        assert_eq!(gender("Mr"), Some(Gender::Male));
        assert_eq!(gender("President"), None);
        assert!(is_title("Foreign") && is_title("Gen.") && !is_title("Xi"));
    }
}
