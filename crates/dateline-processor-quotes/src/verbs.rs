//! Verbs of speech in all their forms, and the small words around them. Data; knows no grammar.

use std::collections::BTreeMap;

/// Regular verbs that come before or after what somebody says.
const REGULAR: &str = "accuse acknowledge add address admit admonish advise affirm agree allege allow announce answer \
    apologize apologise argue ask assail assert assess assure attack attest attribute bark beg bellow berate blame blast \
    blog boast brand call caution challenge champion chant characterize characterise charge chide chime chuckle cite claim \
    clarify comment compare complain concede conclude concur condemn confess confide confirm congratulate contend \
    continue correct counsel counter cry criticize criticise declare decline decry defend define demand denounce \
    deny deride describe detail direct disclose discuss dismiss dispute dub echo elaborate email emphasize emphasise \
    encourage endorse enthuse estimate exclaim explain explode express fault fear fret gripe groan growl grumble \
    guarantee hail hint hope howl implore imply indicate inform inquire insist instruct interject introduce invite \
    invoke joke label lament laud laugh lecture liken list lobby maintain marvel mention mock moan mourn murmur muse \
    mutter name nickname note object observe offer opine order paraphrase plead pledge post praise pray preach predict \
    press proclaim profess promise pronounce propose protest publish question quip quote rail rally rant rave \
    reaffirm reason reassure recall recite recommend recount refer reference reflect reiterate remark remember remind \
    repeat reply report request respond retort reveal ridicule roar rule scoff scold scream shout shriek sigh slam \
    sneer snap speculate state stress suggest summarize summarise testify text thank theorize threaten thunder tout trash tweet \
    retweet urge voice volunteer vow wail warn welcome whisper wonder worry yell applaud project hit urge tease stump preach vent spit disagree grant specify \
    reject concur lobby conceal estimate commend rebuke rip bash mandate";

/// Irregular verbs with the forms that a regular one would not have.
const IRREGULAR: &str = "say says said saying;tell tells told telling;write writes wrote written writing;read reads reading;\
    speak speaks spoke spoken speaking;think thinks thought thinking;shoot shoots shot shooting;\
    sing sings sang sung singing;swear swears swore sworn swearing;put puts putting;go goes went;hold holds held holding;\
    mean means meant;get gets got;find finds found finding;feel feels felt feeling;know knows knew;believe believes \
    believed believing;begin begins began;quote quotes quoted quoting;issue issues issued issuing;\
    quip quips quipped quipping;rap raps rapped rapping;admit admits admitted admitting;dub dubs dubbed dubbing;\
    slam slams slammed slamming;snap snaps snapped snapping;chat chats chatted chatting;want wants wanted;\
    learn learns learned learnt;fire fires fired;lash lashes lashed lashing;point points pointed pointing;\
    release releases released;send sends sent;deliver delivers delivered;see sees saw;consider considers considered;\
    claim claims claimed;show shows showed;portray portrays portrayed portraying;depict depicts depicted depicting;\
    urge urges urged urging;refer refers referred referring;deter;use uses used using;\
    rail rails railed railing;pen penned penning;credit credits credited crediting;commit commits committed";

/// Verbs that are about more than speech, so that the words between must tell.
const WEAK: &str = "think thinks thought thinking put puts putting go goes went hold holds held holding mean means meant \
    get gets got find finds found finding feel feels felt feeling know knows knew believe believes believed believing \
    begin begins began want wants wanted learn learns learned learnt fire fires fired send sends sent deliver \
    delivers delivered see sees saw consider considers considered show shows showed release releases released \
    use uses used using name names named naming list lists listed listing post posts posted rule rules ruled ruling \
    read reads point points pointed issue issues issued commit commits committed rally rallies rallied address addresses \
    addressed attack attacks attacked compare compared correct corrected direct directed define defined defend defended \
    order ordered press pressed object offer offered invite invited laugh laughed discuss discussed deny denied \
    introduce introduced thank thanked hope hoped fear feared call calls question questions challenge report reports \
    email emails text texts note notes state states order orders request requests comment comments estimate charge charges \
    speak speaks spoke spoken speaking shot shooting shoot shoots lash lashes lashed lashing answer answers promise \
    promises claim claims quote quotes attack attacks address addresses voice tweet tweets post posts blog label labels \
    brand brands press threat protest protests protested demand demands joke jokes reference welcome welcomes welcomed";

/// How a verb stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `said`, `says`, `say`.
    Finite,
    /// `saying`.
    Participle,
}

/// One form of a verb of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verb {
    pub(crate) form: Form,
    /// Whether it is a verb of speech whatever stands around it.
    pub(crate) strong: bool,
}

/// The verbs of speech, by lower-case form.
#[derive(Debug)]
pub(crate) struct Verbs(BTreeMap<String, Verb>);

impl Verbs {
    /// The built-in verbs and more regular ones.
    pub(crate) fn new<'a>(more: impl IntoIterator<Item = &'a str>) -> Verbs {
        let mut verbs = BTreeMap::new();
        for base in REGULAR.split_whitespace().chain(more) {
            for (word, form) in regular(base) {
                verbs.insert(word, Verb { form, strong: true });
            }
        }
        for word in IRREGULAR.split([';', ' ']).filter(|word| !word.is_empty()) {
            let form = if word.ends_with("ing") { Form::Participle } else { Form::Finite };
            verbs.insert(word.to_owned(), Verb { form, strong: true });
        }
        for word in WEAK.split_whitespace() {
            if let Some(verb) = verbs.get_mut(word) {
                verb.strong = false;
            }
        }
        Verbs(verbs)
    }

    /// The verb whose form `word` is, in lower case.
    pub(crate) fn get(&self, word: &str) -> Option<Verb> {
        self.0.get(word).copied()
    }
}

/// The forms of a regular verb.
fn regular(base: &str) -> [(String, Form); 4] {
    let vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
    let mut back = base.chars().rev();
    let (last, before) = (back.next(), back.next());
    let (third, past, stem) = match last {
        Some('e') => (format!("{base}s"), format!("{base}d"), base[..base.len() - 1].to_owned()),
        Some('y') if !vowel(before) => {
            let stem = &base[..base.len() - 1];
            (format!("{stem}ies"), format!("{stem}ied"), base.to_owned())
        }
        Some('s' | 'x' | 'h') if !matches!(before, Some('g')) => {
            (format!("{base}es"), format!("{base}ed"), base.to_owned())
        }
        _ => (format!("{base}s"), format!("{base}ed"), base.to_owned()),
    };
    let finite = |word| (word, Form::Finite);
    [finite(base.to_owned()), finite(third), finite(past), (format!("{stem}ing"), Form::Participle)]
}

/// See [`is_between`].
const BETWEEN: &[&str] = &[
    "has",
    "have",
    "had",
    "is",
    "was",
    "were",
    "are",
    "be",
    "been",
    "'s",
    "’s",
    "will",
    "would",
    "also",
    "then",
    "later",
    "now",
    "just",
    "once",
    "recently",
    "again",
    "not",
    "never",
    "even",
    "to",
    "first",
    "still",
    "often",
    "further",
    "soon",
    "could",
    "should",
    "can",
    "may",
    "might",
    "must",
    "did",
    "does",
    "do",
    "always",
    "ever",
    "himself",
    "herself",
    "themselves",
    "itself",
    "both",
    "all",
    "back",
    "on",
    "out",
    "who've",
    "instead",
    "too",
    "went",
    "goes",
    "came",
    "reportedly",
    "sometimes",
    "rather",
    "simply",
    "perhaps",
    "earlier",
    "already",
    "began",
    "begun",
    "kept",
    "so",
];

/// Words that may stand between a subject and its verb.
pub(crate) fn is_between(word: &str) -> bool {
    BETWEEN.contains(&word) || word.len() > 4 && word.ends_with("ly") && word != "family" && word != "ally"
}

/// Pronouns that may be who speaks.
pub(crate) fn is_pronoun(word: &str) -> bool {
    matches!(word, "he" | "she" | "they" | "it" | "we" | "i" | "who" | "you")
}

/// Words that a group of words around a noun cannot hold: it ends or starts there.
pub(crate) fn ends_group(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "that", "but", "as", "when", "while", "because", "if", "who", "which", "where", "since", "after", "before",
        "although", "though", "until", "than", "whether", "what", "how", "why", "so", "yet", "he", "she", "they", "it",
        "we", "i", "you", "is", "was", "were", "are", "be", "been", "has", "have", "had", "will", "would", "did",
        "does", "do", "could", "should", "can", "not", "there", "or", "nor", "them", "him", "me", "us", "during",
        "then",
    ];
    WORDS.contains(&word)
}

/// Prepositions that join a noun to the group before it.
pub(crate) fn is_preposition(word: &str) -> bool {
    matches!(
        word,
        "of" | "for"
            | "from"
            | "at"
            | "in"
            | "with"
            | "on"
            | "to"
            | "by"
            | "near"
            | "against"
            | "behind"
            | "under"
            | "inside"
            | "among"
            | "between"
            | "about"
            | "over"
            | "into"
            | "through"
            | "via"
    )
}

/// Words that start a group of words around a noun.
pub(crate) fn is_determiner(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "a"
            | "an"
            | "one"
            | "another"
            | "some"
            | "many"
            | "several"
            | "his"
            | "her"
            | "their"
            | "its"
            | "my"
            | "our"
            | "this"
            | "these"
            | "those"
            | "two"
            | "three"
            | "other"
            | "most"
            | "few"
            | "each"
            | "no"
            | "both"
    )
}

#[cfg(test)]
mod tests {
    use super::{Form, Verb, Verbs};

    #[test]
    fn verbs_are_known_in_all_forms() {
        let verbs = Verbs::new(["grouse"]);
        for word in [
            "said", "says", "argued", "cries", "cried", "stresses", "argues", "quipped", "grouses", "grousing",
            "laughs",
        ] {
            assert!(verbs.get(word).is_some(), "{word}");
        }
        assert_eq!(verbs.get("arguing"), Some(Verb { form: Form::Participle, strong: true }));
        assert_eq!(verbs.get("thought").map(|verb| verb.strong), Some(false));
        assert_eq!(verbs.get("walked"), None);
    }
}
